//! The operations of a description and the routes of the emulator, brought together.

use serde::Deserialize;

/// A line of the emulator's own list.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Route {
    pub(super) provider: String,
    pub(super) operation: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) implemented: bool,
}

/// What is known about one operation of a description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    pub(super) path: String,
    /// Whether the emulator carries it out; none when it does not know it.
    pub(super) implemented: Option<bool>,
}

/// A provider, with what its description has and what the emulator has besides.
#[derive(Clone, Debug)]
pub(super) struct Provider {
    pub(super) name: String,
    pub(super) operations: Vec<Operation>,
    /// Routes that no description has: logins, and providers without a description.
    pub(super) others: Vec<Route>,
}

impl Provider {
    /// From triples of id, method and whole path.
    pub(super) fn described(name: String, operations: Vec<(String, String, String)>) -> Self {
        let operations = operations
            .into_iter()
            .map(|(id, method, path)| Operation { id, method, path, implemented: None })
            .collect();
        Self { name, operations, others: Vec::new() }
    }

    /// How many operations of the description are in this state.
    pub(super) fn count(&self, implemented: Option<bool>) -> usize {
        self.operations.iter().filter(|operation| operation.implemented == implemented).count()
    }

    /// Lines for the operations that the emulator does not know.
    pub(super) fn unknown(&self) -> Vec<String> {
        let unknown = self.operations.iter().filter(|operation| operation.implemented.is_none());
        unknown.map(|one| format!("  {} {}: {} {}", self.name, one.id, one.method, one.path)).collect()
    }
}

/// Gives every route to its operation, or to the others of its provider. Providers come out sorted by name.
pub(super) fn bring_together(mut providers: Vec<Provider>, routes: Vec<Route>) -> Vec<Provider> {
    for route in routes {
        let index = providers.iter().position(|provider| provider.name == route.provider);
        let index = index.unwrap_or_else(|| {
            providers.push(Provider::described(route.provider.clone(), Vec::new()));
            providers.len() - 1
        });
        let Some(provider) = providers.get_mut(index) else { continue };
        let same = |operation: &&mut Operation| {
            // The second of two routes of one form is another operation's.
            operation.implemented.is_none()
                && operation.method.eq_ignore_ascii_case(&route.method)
                && form(&operation.path) == form(&route.path)
        };
        match provider.operations.iter_mut().find(same) {
            Some(operation) => operation.implemented = Some(route.implemented),
            None => provider.others.push(route),
        }
    }
    providers.sort_by(|a, b| a.name.cmp(&b.name));
    providers
}

/// A path with its parameters as `{}`, in small letters.
fn form(path: &str) -> String {
    let segments = path.split('/').map(|segment| {
        let parameter = segment.starts_with('{') && segment.ends_with('}');
        if parameter { "{}".to_owned() } else { segment.to_lowercase() }
    });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(provider: &str, method: &str, path: &str, implemented: bool) -> Route {
        Route {
            provider: provider.to_owned(),
            operation: "known_as".to_owned(),
            method: method.to_owned(),
            path: path.to_owned(),
            implemented,
        }
    }

    fn described(operations: &[(&str, &str)]) -> Vec<Provider> {
        let operations = operations
            .iter()
            .map(|(method, path)| ("x.y".to_owned(), (*method).to_owned(), (*path).to_owned()))
            .collect();
        vec![Provider::described("b".to_owned(), operations)]
    }

    #[test]
    fn names_of_parameters_and_case_do_not_count() {
        let providers = described(&[("GET", "/Api/Things/{thingId}"), ("PUT", "/api/things/{id}")]);
        let routes = vec![
            route("b", "GET", "/api/things/{n:int}", true),
            route("b", "PUT", "/api/Things/{id}", false),
        ];
        let found = bring_together(providers, routes);
        assert_eq!((found[0].count(Some(true)), found[0].count(Some(false))), (1, 1));
        assert!(found[0].others.is_empty() && found[0].unknown().is_empty());
    }

    #[test]
    fn method_and_literal_segments_do_count() {
        for (method, path) in
            [("POST", "/a/{x}"), ("GET", "/b/{x}"), ("GET", "/a"), ("GET", "/a/{x}/c"), ("GET", "/a/x")]
        {
            let found = bring_together(described(&[("GET", "/a/{x}")]), vec![route("b", method, path, true)]);
            assert_eq!((found[0].count(None), found[0].others.len()), (1, 1), "{method} {path}");
            assert_eq!(found[0].unknown(), ["  b x.y: GET /a/{x}"]);
        }
    }

    #[test]
    fn a_route_serves_one_operation_and_providers_without_description_are_kept() {
        let providers = described(&[("GET", "/a/{x}"), ("GET", "/a/{y}")]);
        let found =
            bring_together(providers, vec![route("b", "GET", "/a/{z}", true), route("a", "GET", "/q", true)]);
        assert_eq!(found.iter().map(|provider| provider.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((found[1].count(Some(true)), found[1].count(None), found[0].others.len()), (1, 1, 1));
    }
}
