//! The operations of VISE for agents: the list of domains, and a call of any path of a host, since the vendor documents none.

use crate::index::{Key, Operation};
use crate::routes::Route;
use std::sync::OnceLock;

/// The resource and the name of the call of a host.
const CALL: (&str, &str) = ("hosts", "call");

/// Lines like those of the index. A call of a host counts as a write, since nothing is known of its path.
const LINES: [&str; 2] = [
    concat!(
        "vise/domains/list\t",
        r#"{"method":"GET","path":"/domains","class":"read","list":true,
        "columns":["domain_vise_host","domain_vise_url"],
        "summary":"Lists the domains of the account and their VISE hosts."}"#
    ),
    concat!(
        "vise/hosts/call\t",
        r#"{"method":"POST","path":"/{host}/{method}/{path}","class":"write",
        "summary":"Calls a path of a VISE host, with the session of the host.",
        "description":"The vendor documents no path. GET /domains is known by its name, VISE Domains endpoint.",
        "parameters":[
            {"name":"host","in":"path","required":true,"schema":{"type":"string"},
             "description":"domain_vise_host of vise:domains.list"},
            {"name":"method","in":"path","required":true,
             "schema":{"type":"string","enum":["GET","POST","PUT","PATCH","DELETE"]}},
            {"name":"path","in":"path","required":true,"schema":{"type":"string"},
             "description":"Percent-encoded, with its query, such as /domains"}
        ],
        "body":{"schema":{}}}"#
    ),
];

/// The operations.
pub(super) fn routes() -> &'static [Route] {
    static BUILT: OnceLock<Vec<Route>> = OnceLock::new();
    BUILT.get_or_init(|| {
        let operations = LINES.into_iter().filter_map(Key::parse).filter_map(Key::operation);
        operations.map(|operation| Route::new("vise", operation)).collect()
    })
}

/// Returns `true` for the call of a host.
pub(super) fn is_call(operation: &Operation) -> bool {
    operation.provider() == "vise" && (operation.key.resource, operation.key.name) == CALL
}

/// Returns `true` if the call of a host, with these values of its parameters, deletes something.
pub(super) fn deletes(operation: &Operation, values: &[String]) -> bool {
    is_call(operation) && values.get(1).is_some_and(|method| method == "DELETE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_are_those_of_operations() {
        assert_eq!(routes().len(), LINES.len());
        assert_eq!(routes().iter().filter(|route| is_call(&route.operation)).count(), 1);
        let names: Vec<&str> = routes()[1].names().collect();
        assert_eq!(names, ["host", "method", "path"]);
    }
}
