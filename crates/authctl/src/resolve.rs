//! From names or a path to an operation.
//!
//! Everything that acts on operations resolves them here first, and then encodes the parameters anew (`target`), so that what was
//! checked is what is sent.

use crate::failure::Failure;
use crate::index::{self, Key, Operation, PROVIDERS, Place};
use crate::{target, words};

/// Returns the provider with this name.
pub(crate) fn provider(name: &str) -> Result<&'static str, Failure> {
    let found = PROVIDERS.into_iter().find(|provider| *provider == name);
    found.ok_or_else(|| Failure::usage(no_provider(name)))
}

pub(crate) fn no_provider(name: &str) -> String {
    let near = words::did_you_mean(name, PROVIDERS.into_iter());
    format!("there is no provider {name:?}{near}")
}

/// Returns the operation with these names. `-` is read as `_`.
pub(crate) fn operation(provider: &str, resource: &str, name: &str) -> Result<Key, Failure> {
    let (resource, name) = (resource.replace('-', "_"), name.replace('-', "_"));
    if let Some(key) = index::find(provider, &resource, &name) {
        return Ok(key);
    }
    let names = || index::operations(provider).filter(|key| key.resource == resource).map(|key| key.name);
    if names().next().is_none() {
        return Err(no_resource(provider, &resource));
    }
    let near = words::did_you_mean(&name, names());
    Err(Failure::usage(format!("{provider} {resource} has no operation {name:?}{near}"))
        .hint(format!("authctl {provider} {resource} --help lists the operations")))
}

pub(crate) fn no_resource(provider: &str, resource: &str) -> Failure {
    let resources = index::resources(provider);
    let near = words::did_you_mean(resource, resources.into_iter());
    Failure::usage(format!("{provider} has no resource {resource:?}{near}"))
        .hint(format!("authctl list {provider} lists the operations"))
}

/// Returns the failure for a first word that is neither a command nor a provider.
pub(crate) fn no_command<'w>(word: &str, commands: impl Iterator<Item = &'w str>) -> Failure {
    let near = words::did_you_mean(word, commands.chain(PROVIDERS));
    Failure::usage(format!("there is no command {word:?}{near}")).hint("authctl --help lists the commands")
}

/// An operation that a request leads to, with the decoded values of its path parameters.
#[derive(Debug)]
pub(crate) struct Match {
    pub(crate) operation: Operation,
    pub(crate) values: Vec<String>,
}

/// Returns the operation that a method and a path lead to. The path is split before anything is decoded, and each segment is
/// decoded once; a segment that could lead somewhere else than it seems to matches nothing.
///
/// A template with more fixed segments wins, as in the vendors' routers: `/api/Contact/Find` before `/api/Contact/{contactId}`.
pub(crate) fn path(provider: &str, method: &str, path: &str) -> Option<Match> {
    let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
    let decoded: Vec<String> = segments.iter().map(|raw| segment(raw)).collect::<Option<_>>()?;
    let candidates =
        index::operations(provider).filter_map(Key::operation).filter(|one| one.method == method);
    let matched = candidates.filter_map(|operation| {
        let template: Vec<&str> = operation.path.strip_prefix('/')?.split('/').collect();
        if template.len() != segments.len() {
            return None;
        }
        let mut values = Vec::new();
        for (own, (raw, value)) in template.iter().zip(segments.iter().zip(&decoded)) {
            if own.starts_with('{') {
                values.push(value.clone());
            } else if own != raw {
                return None;
            }
        }
        let parameters = operation.parameters.iter().filter(|parameter| parameter.place == Place::Path);
        let fits = parameters.zip(&values).all(|(parameter, value)| {
            parameter.schema.plain(provider).is_none_or(|plain| plain.json(value).is_ok())
        });
        fits.then_some(Match { operation, values })
    });
    matched.min_by_key(|found| found.values.len())
}

/// Decodes one segment. `None` if it is empty, a dot segment, not UTF-8, or contains what separates segments.
fn segment(segment: &str) -> Option<String> {
    let text = target::decode(segment)?;
    let unsafe_character = |c: char| c.is_control() || matches!(c, '/' | '\\' | '%' | ';');
    (!text.is_empty() && text != "." && text != ".." && !text.contains(unsafe_character)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_operations_and_typos_to_suggestions() {
        let key = operation("virtuous", "contact-addresses", "by-contact").unwrap();
        assert_eq!((key.resource, key.name), ("contact_addresses", "by_contact"));
        let text = |failure: Failure| failure.text(false);
        assert!(
            text(operation("virtuous", "contcats", "get").unwrap_err()).contains("did you mean contacts")
        );
        assert!(text(operation("virtuous", "contacts", "gte").unwrap_err()).contains("did you mean get"));
        assert!(text(no_command("virtuos", ["list"].into_iter())).contains("did you mean virtuous?"));
    }

    #[test]
    fn a_path_leads_to_the_operation_that_the_vendor_would_route_it_to() {
        let id = |method: &str, at: &str| {
            path("virtuous", method, at).map(|found| (found.operation.id(), found.values))
        };
        let found = |id: &str, values: &[&str]| {
            Some((id.to_owned(), values.iter().map(|v| (*v).to_owned()).collect()))
        };
        assert_eq!(id("GET", "/api/Contact/12"), found("contacts.get", &["12"]));
        assert_eq!(id("GET", "/api/Contact/Find"), found("contacts.find", &[]));
        assert_eq!(id("GET", "/api/Contact/crm/a%20b"), found("contacts.by_source", &["crm", "a b"]));
        for (method, at) in [
            ("DELETE", "/api/Contact/12"),
            ("GET", "/api/Contact/../Gift"),
            ("GET", "/api/Contact/%2e%2e"),
            ("GET", "/api/Contact/crm/a%2Fb"),
            ("GET", "/api/Contact/crm/a%252Fb"),
            ("GET", "/api/Contact/crm/a;b"),
            ("GET", "/api/Contact/crm/"),
            ("GET", "/api/Contact/crm/%ff"),
            ("GET", "/api/Contact/crm/%4"),
            ("GET", "/api/%43ontact/12"),
            ("GET", "/api/Contact/twelve"),
            ("GET", "api/Contact/12"),
        ] {
            assert_eq!(id(method, at), None, "{method} {at}");
        }
    }

    #[test]
    fn every_operation_is_found_by_its_own_path() {
        for provider in PROVIDERS.into_iter().filter(|provider| *provider != "vise") {
            for own in index::operations(provider).filter_map(Key::operation) {
                let mut at = own.path.clone();
                for parameter in own.parameters.iter().filter(|parameter| parameter.place == Place::Path) {
                    at = at.replace(&format!("{{{}}}", parameter.name), "7");
                }
                let found = path(provider, &own.method, &at).map(|found| found.operation.id());
                assert_eq!(found, Some(own.id()), "{} {at}", own.method);
            }
        }
    }
}
