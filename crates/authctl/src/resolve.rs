//! From names to an operation, with suggestions for typos.

use crate::failure::Failure;
use crate::index::{self, Key, PROVIDERS, synonyms};
use crate::words;

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
    let mut near = words::did_you_mean(resource, resources.iter().copied());
    let meant = synonyms::resources(&synonyms::forms(resource));
    if let Some(meant) = meant.iter().find(|meant| near.is_empty() && resources.contains(meant)) {
        near = format!("; did you mean {meant}?");
    }
    Failure::usage(format!("{provider} has no resource {resource:?}{near}"))
        .hint(format!("authctl list {provider} lists the operations"))
}

/// Returns the failure for a first word that is neither a command nor a provider.
pub(crate) fn no_command<'w>(word: &str, commands: impl Iterator<Item = &'w str>) -> Failure {
    let near = words::did_you_mean(word, commands.chain(PROVIDERS));
    Failure::usage(format!("there is no command {word:?}{near}")).hint("authctl --help lists the commands")
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
        assert!(text(operation("virtuous", "donors", "get").unwrap_err()).contains("did you mean contacts?"));
        assert!(text(operation("virtuous", "contacts", "gte").unwrap_err()).contains("did you mean get"));
        assert!(text(no_command("virtuos", ["list"].into_iter())).contains("did you mean virtuous?"));
    }
}
