//! The embedded index of operations: sorted lines of a key, a tab and JSON, written by `cargo xtask codegen`.
//!
//! A look-up is a binary search over the lines; only the record that is used is parsed. Commands, completion, help and whatever
//! else needs to know the operations of a provider start here.

mod pattern;
mod record;
pub(crate) mod schema;
pub(crate) mod synonyms;

pub(crate) use record::{Body, Class, FieldType, Operation, Parameter, Place};
pub(crate) use schema::Schema;

use std::borrow::Cow;

static LINES: &str = include_str!("../generated/operations.tsv");

/// The providers, in the order of help and lists.
pub(crate) const PROVIDERS: [&str; 5] = ["revesecure", "vaultvision", "verigator", "virtuous", "vise"];

/// The names of an operation, without its record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) provider: &'static str,
    pub(crate) resource: &'static str,
    pub(crate) name: &'static str,
    json: &'static str,
}

impl Key {
    /// Reads a line: `PROVIDER/RESOURCE/NAME`, a tab, and the record.
    pub(crate) fn parse(line: &'static str) -> Option<Self> {
        let (key, json) = line.split_once('\t')?;
        let mut words = key.split('/');
        let (provider, resource, name) = (words.next()?, words.next()?, words.next()?);
        Some(Self { provider, resource, name, json })
    }

    /// Parses the record. `None` only if the index is damaged, which a test rules out.
    pub(crate) fn operation(self) -> Option<Operation> {
        let mut operation: Operation = serde_json::from_str(self.json).ok()?;
        operation.key = self;
        Some(operation)
    }
}

/// Returns the operation with exactly these names.
pub(crate) fn find(provider: &str, resource: &str, name: &str) -> Option<Key> {
    line(&format!("{provider}/{resource}/{name}")).and_then(Key::parse)
}

/// Returns the operations of a provider, sorted.
pub(crate) fn operations(provider: &str) -> impl Iterator<Item = Key> + use<> {
    let prefix = format!("{provider}/");
    let start = position(&prefix);
    let lines = LINES.get(start..).unwrap_or_default().lines();
    lines.take_while(move |line| line.starts_with(&prefix)).filter_map(Key::parse)
}

/// Returns the resources of a provider, sorted.
pub(crate) fn resources(provider: &str) -> Vec<&'static str> {
    let mut names: Vec<_> = operations(provider).map(|key| key.resource).collect();
    names.dedup();
    names
}

/// Returns the schema that a reference names.
pub(crate) fn schema(provider: &str, name: &str) -> Option<Schema> {
    let (_, json) = line(&format!("{provider}/#{name}"))?.split_once('\t')?;
    serde_json::from_str(json).ok()
}

/// Follows the reference of a schema, if it is one.
pub(crate) fn resolve<'s>(provider: &str, schema: &'s Schema) -> Cow<'s, Schema> {
    match schema.reference.as_ref().and_then(|name| self::schema(provider, name)) {
        Some(mut target) => {
            if schema.description.is_some() {
                target.description.clone_from(&schema.description);
            }
            Cow::Owned(target)
        }
        None => Cow::Borrowed(schema),
    }
}

fn line(key: &str) -> Option<&'static str> {
    let start = position(&format!("{key}\t"));
    let line = LINES.get(start..)?.lines().next()?;
    line.strip_prefix(key).is_some_and(|rest| rest.starts_with('\t')).then_some(line)
}

/// Returns where the first line begins that is not less than `wanted`.
fn position(wanted: &str) -> usize {
    let bytes = LINES.as_bytes();
    let (mut low, mut high) = (0, bytes.len());
    while low < high {
        let middle = low + (high - low) / 2;
        // The line around the middle.
        let before = bytes.get(low..middle).unwrap_or_default();
        let start = low + before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let rest = bytes.get(start..high).unwrap_or_default();
        let end = start + rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
        if bytes.get(start..end).unwrap_or_default() < wanted.as_bytes() {
            low = end;
        } else {
            high = start;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_found_by_its_key_and_parses() {
        let mut before = "";
        let mut counts = [0; 2];
        for text in LINES.lines() {
            assert!(before < text, "sorted: {text}");
            before = text;
            let (key, json) = text.split_once('\t').unwrap();
            assert_eq!(line(key), Some(text));
            if let Some((provider, name)) = key.split_once("/#") {
                let schema = schema(provider, name);
                assert!(schema.is_some(), "{key}: {:?}", serde_json::from_str::<Schema>(json).err());
                counts[0] += 1;
                continue;
            }
            let key = Key::parse(text).unwrap();
            assert!(PROVIDERS.contains(&key.provider), "{}", key.provider);
            assert_eq!(find(key.provider, key.resource, key.name), Some(key));
            let parsed = serde_json::from_str::<Operation>(json);
            assert!(parsed.is_ok(), "{text}: {:?}", parsed.err());
            counts[1] += 1;
        }
        assert!(counts[0] > 50 && counts[1] > 350, "{counts:?}");
        assert_eq!(PROVIDERS.map(|provider| operations(provider).count()).iter().sum::<usize>(), counts[1]);
    }

    #[test]
    fn the_metadata_of_an_operation_is_built_once() {
        let built = || find("virtuous", "contacts", "get").and_then(Key::operation).unwrap().metadata();
        assert_eq!(built().id(), "contacts.get");
        assert!(std::ptr::eq(built().path(), built().path()));
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for (provider, resource, name) in [
            ("", "", ""),
            ("virtuous", "contacts", "ge"),
            ("virtuous", "contacts", "gett"),
            ("virtuous", "contacts", "get\t"),
            ("virtuous", "#ContactCreate", ""),
            ("zzz", "a", "b"),
        ] {
            assert_eq!(find(provider, resource, name), None, "{provider} {resource} {name}");
        }
        assert_eq!(operations("zzz").count(), 0);
        assert_eq!(operations("virt").count(), 0);
        assert!(resources("virtuous").contains(&"contact_addresses"));
    }
}
