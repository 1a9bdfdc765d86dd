//! The fields of an object by their paths, for comparisons.

use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The JSON of each field that is not zero, by path.
pub(crate) type Leaves = BTreeMap<String, Box<str>>;

/// Returns the leaf fields of an object by path, as JSON; zeros are omitted.
pub(crate) fn leaves<T: Serialize>(object: &T) -> Leaves {
    let mut found = Leaves::new();
    // Values that were decoded from JSON can be serialized as JSON.
    if let Ok(text) = serde_json::value::to_raw_value(object) {
        collect("", &text, &mut found);
    }
    found.remove("updated_at");
    found
}

fn collect(path: &str, value: &RawValue, found: &mut Leaves) {
    let text = value.get();
    if text.starts_with('{')
        && let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text)
    {
        for (name, value) in members {
            let path = if path.is_empty() { name } else { format!("{path}.{name}") };
            collect(&path, value, found);
        }
        return;
    }
    if !matches!(text, "\"\"" | "0" | "false" | "null" | "[]") {
        found.insert(path.to_owned(), text.into());
    }
}

/// Returns the paths at which two objects differ.
pub(crate) fn differences(one: &Leaves, other: &Leaves) -> Vec<String> {
    let mut paths: Vec<String> = one
        .iter()
        .filter(|(path, value)| other.get(*path) != Some(*value))
        .map(|(path, _)| path.clone())
        .collect();
    paths.extend(other.keys().filter(|path| !one.contains_key(*path)).cloned());
    paths.sort_unstable();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Leaves {
        leaves(&serde_json::from_str::<&RawValue>(json).unwrap())
    }

    #[test]
    fn absent_and_zero_are_the_same_and_long_numbers_are_not() {
        let one = of(r#"{"a":false,"b":{"c":1},"d":[],"e":"","f":0,"g":null,"h":{},"updated_at":"x"}"#);
        assert!(differences(&one, &of(r#"{"b":{"c":1}}"#)).is_empty());
        let long = |n| of(&format!(r#"{{"n":12345678901234567890123456789{n},"m":{{"x":[1,{{"y":0}}]}}}}"#));
        assert_eq!(differences(&long(0), &long(1)), ["n"]);
        assert_eq!(differences(&one, &of(r#"{"b":{"c":2},"z":1}"#)), ["b.c", "z"]);
    }
}
