//! The target of a request: from a method, a path and a query to the request that is sent, and to the operation that the policy
//! decides about.

use super::caller;
use super::policy::{RAW, Subject};
use super::problem::Problem;
use super::vise;
use crate::index::Class;
use crate::json;
use crate::routes::{Found, Misled, Route, Routes, class_of};
use crate::target;
use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Verigator's operations are below `/v1/service/service`; the vendor has samples with one `service` too.
const VERSION: &str = "v1";
const SERVICE: &str = "service";

/// The login of the sessions of VISE, which the proxy opens itself.
pub(super) const VISE_LOGIN: &str = "/auth";

/// The operation that lists the domains of VISE.
pub(crate) const VISE_DOMAINS: &str = "domains.list";

/// The target of a request.
#[derive(Debug)]
pub(crate) struct Target {
    /// The host of a session of VISE.
    pub(crate) host: Option<String>,
    pub(crate) method: Method,
    /// Encoded anew.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    /// The operation, if there is one with this path.
    pub(crate) route: Option<&'static Route>,
    pub(crate) class: Class,
}

impl Target {
    /// The body with the key of the account, where the client would fill in its own: what a caller has is a token.
    pub(crate) fn with_own_key(&self, key: Option<&str>, body: Bytes) -> Bytes {
        let filled = self.route.map(Route::filled_fields).unwrap_or_default();
        let Some(key) = key.filter(|_| !filled.is_empty()) else { return body };
        let Some(fields) = std::str::from_utf8(&body).ok().and_then(json::object) else { return body };
        let is_other = |value: &RawValue| {
            serde_json::from_str::<String>(value.get()).is_ok_and(|value| !caller::is_token(&value))
        };
        let is_given = |name: &String| fields.iter().any(|(own, value)| own == name && is_other(value));
        let key = json::quote(key);
        let own = filled.iter().filter(|name| !is_given(name)).map(|name| (name, key.as_str()));
        let kept = fields.iter().filter(|(name, value)| !filled.contains(name) || is_other(value));
        Bytes::from(json::object_of(own.chain(kept.map(|(name, value)| (name, value.get())))))
    }
}

/// A request that leads somewhere, with what decides about it.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) target: Target,
    /// The id for the policy.
    pub(crate) id: String,
    pub(super) is_known: bool,
    returns_secrets: bool,
    /// The names and values of the path parameters.
    pub(super) ids: Vec<(String, String)>,
}

impl Resolved {
    pub(crate) fn subject(&self, provider: &'static str) -> Subject<'_> {
        Subject {
            provider,
            id: &self.id,
            class: self.target.class,
            is_known: self.is_known,
            returns_secrets: self.returns_secrets,
        }
    }
}

/// Resolves a request to a provider, whose name is no longer part of the path. `own_key` is the key of the account, for the
/// parameters that clients fill in.
pub(crate) fn resolve(
    routes: &'static Routes,
    own_key: Option<&str>,
    method: &Method,
    path: &str,
    query: &str,
) -> Result<Resolved, Problem> {
    let provider = routes.provider();
    // The exact spelling: what is another method for this function may be the same one for a vendor.
    if !target::METHODS.contains(&method.as_str()) {
        let detail = "the method is not supported; methods are written in upper case";
        return Err(Problem::new(StatusCode::NOT_IMPLEMENTED, "method", detail));
    }
    let (host, path) = match provider {
        "vise" => {
            let (host, path) = first_segment(path);
            if vise::is_list(method, host, path) {
                return Ok(vise_domains());
            }
            (Some(host.to_ascii_lowercase()), Cow::Borrowed(path))
        }
        "verigator" => (None, Cow::Owned(below_service(path)?)),
        _ => (None, Cow::Borrowed(path)),
    };
    if host.as_ref().is_some_and(String::is_empty) {
        return Err(invalid("the path must begin with the host of a domain: /vise/HOST/…".to_owned()));
    }
    let query = decoded(query)?;
    match found(routes, method, &path).map_err(|error| invalid(error.to_string()))? {
        Found::Unknown(path) => {
            if host.is_some() && path.eq_ignore_ascii_case(VISE_LOGIN) {
                let detail = "the proxy opens the sessions of VISE itself";
                return Err(Problem::new(StatusCode::FORBIDDEN, "not_allowed", detail));
            }
            let id = host.clone().unwrap_or_else(|| RAW.to_owned());
            let class = class_of(method);
            let target = Target { host, method: method.clone(), path, query, route: None, class };
            Ok(Resolved { target, id, is_known: false, returns_secrets: false, ids: Vec::new() })
        }
        Found::Operation(route, values) => of_route(route, own_key, method, values, query),
    }
}

/// The list of the domains of VISE. Its response has no credentials by the time that a caller gets it.
fn vise_domains() -> Resolved {
    let (method, path) = (Method::GET, "/domains".to_owned());
    let target = Target { host: None, method, path, query: Vec::new(), route: None, class: Class::Read };
    Resolved { target, id: VISE_DOMAINS.to_owned(), is_known: true, returns_secrets: false, ids: Vec::new() }
}

/// Resolves a call that names its operation. `values` are those of the path parameters that a client doesn't fill in.
pub(super) fn called(
    routes: &'static Routes,
    own_key: Option<&str>,
    route: &'static Route,
    values: &[String],
    query: Vec<(String, String)>,
) -> Result<Resolved, Problem> {
    let mut given = values.iter();
    let values: Vec<String> = route
        .names()
        .map(|name| match route.is_filled(name) {
            // A caller has a token in the place of the key.
            true => caller::PREFIX.to_owned(),
            false => given.next().cloned().unwrap_or_default(),
        })
        .collect();
    let method = route.metadata.method();
    let path = filled(route, &values)?;
    let path = if routes.provider() == "verigator" { below_service(&path)? } else { path };
    // A value can be a word that leads to another operation at the vendor: `Find` in the place of an id.
    match found(routes, method, &path).map_err(|error| invalid(error.to_string()))? {
        Found::Operation(other, values) if std::ptr::eq(other, route) => {
            of_route(route, own_key, method, values, query)
        }
        _ => Err(invalid(format!("with these parameters, the path is not that of {}", route.metadata.id()))),
    }
}

/// Returns what a path leads to, below the prefix of its provider.
fn found(routes: &'static Routes, method: &Method, path: &str) -> Result<Found<'static>, Misled> {
    // HEAD is GET without the body.
    let name = if method == Method::HEAD { "GET" } else { method.as_str() };
    if matches!(path, "" | "/") {
        return Ok(Found::Unknown("/".to_owned()));
    }
    match routes.find(name, path) {
        // The other reading of a path of which the first `service` may be an id.
        Ok(Found::Unknown(unknown)) if routes.provider() == "verigator" => {
            match routes.find(name, &format!("/{SERVICE}{path}")) {
                Ok(Found::Unknown(_)) => Ok(Found::Unknown(unknown)),
                other => other,
            }
        }
        found => found,
    }
}

/// The call of an operation with the values of all of its path parameters.
fn of_route(
    route: &'static Route,
    own_key: Option<&str>,
    method: &Method,
    mut values: Vec<String>,
    query: Vec<(String, String)>,
) -> Result<Resolved, Problem> {
    // The key of the account is no id, and the caller has a token in its place.
    let mut ids = Vec::new();
    for (name, value) in route.names().zip(&mut values) {
        if !route.is_filled(name) {
            ids.push((name.to_owned(), value.clone()));
        } else if let Some(key) = own_key.filter(|_| caller::is_token(value)) {
            key.clone_into(value);
        }
    }
    // Vendors differ in which of the two counts.
    if let Some(name) = route.repeated(&query) {
        let detail = format!("the query parameter {name} occurs twice");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_query", detail));
    }
    let path = filled(route, &values)?;
    let class = route.operation.class;
    let target = Target { host: None, method: method.clone(), path, query, route: Some(route), class };
    let returns_secrets = !route.operation.secrets.is_empty();
    Ok(Resolved { target, id: route.metadata.id().to_owned(), is_known: true, returns_secrets, ids })
}

fn filled(route: &Route, values: &[String]) -> Result<String, Problem> {
    target::filled(&route.metadata, values).map_err(|error| invalid(error.to_string()))
}

fn invalid(detail: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "invalid_path", detail)
}

/// A path of Verigator in the form that the client has, `/service/…`: a client has all, a part or nothing of the prefix in its base
/// URL, and the vendor takes paths with one `service` and with two.
fn below_service(path: &str) -> Result<String, Problem> {
    let is = |segment: Option<&&str>, name: &str| {
        let text = segment.and_then(|segment| target::decode(segment));
        text.is_some_and(|text| text.eq_ignore_ascii_case(name))
    };
    let mut rest: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
    if is(rest.first(), VERSION) {
        rest.remove(0);
        if !is(rest.first(), SERVICE) {
            let detail = format!("the paths of Verigator begin with /{VERSION}/{SERVICE}");
            return Err(Problem::new(StatusCode::NOT_FOUND, "invalid_path", detail));
        }
    }
    for _ in 0..2 {
        if is(rest.first(), SERVICE) {
            rest.remove(0);
        }
    }
    Ok(rest.iter().fold(format!("/{SERVICE}"), |path, segment| path + "/" + segment))
}

/// Splits a path into its first segment and the path behind it.
pub(crate) fn first_segment(path: &str) -> (&str, &str) {
    let rest = path.strip_prefix('/').unwrap_or(path);
    rest.split_at(rest.find('/').unwrap_or(rest.len()))
}

/// Decodes a query once.
pub(super) fn decoded(text: &str) -> Result<Vec<(String, String)>, Problem> {
    target::query(text).ok_or_else(|| {
        Problem::new(StatusCode::BAD_REQUEST, "invalid_query", "the query is not percent-encoded UTF-8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn the_key_of_the_account_is_filled_in_whatever_the_form_of_the_body() {
        let routes = Routes::of("revesecure");
        let route = routes.iter().find(|route| route.filled_fields() == ["ApiKey"]).unwrap();
        let (host, method) = (None, route.metadata.method().clone());
        let class = route.operation.class;
        let target =
            Target { host, method, path: String::new(), query: Vec::new(), route: Some(route), class };
        let filled = |body: &str| target.with_own_key(Some("own \" key"), Bytes::from(body.to_owned()));
        let of = |key: &str| json!({"ApiKey": key, "a": {"b": [1, "\u{202e}\n"]}, "c": null});
        for given in ["", r#""ApiKey":"actl_token","#, "\n\t\"ApiKey\" :\r\nnull ,", r#""ApiKey":["x"],"#] {
            let body =
                format!("\n {{ {given}\n\t\"a\": {{\n\t\"b\":[1,\r\n\"\u{202e}\\n\"]\n}},\"c\":\tnull\n}}\n");
            let value: Value = serde_json::from_slice(&filled(&body)).unwrap();
            assert_eq!(value, of("own \" key"), "{body}");
        }
        // A key of the caller's own stays, and so does what is no object.
        for body in [r#"{"ApiKey":"other"}"#, "[1]", "no JSON", ""] {
            assert_eq!(filled(body), body, "{body}");
        }
    }

    #[test]
    fn a_value_that_leads_to_another_operation_is_refused() {
        let routes = Routes::of("virtuous");
        let get = routes.iter().find(|route| route.metadata.id() == "contacts.by_source").unwrap();
        let call = |value: &str| called(routes, None, get, &[value.to_owned(), "7".to_owned()], Vec::new());
        assert_eq!(call("a b").unwrap().target.path, "/api/Contact/a%20b/7");
        for bad in ["ByTag", "bytag", "Receipts", "", "..", "a/b", "a%2fb"] {
            assert_eq!(call(bad).unwrap_err().code, "invalid_path", "{bad}");
        }
    }
}
