//! The line of a part of a seed file. The file is read again, up to that part, by the parser that knows the lines.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A step from a part of a file to a part of that part.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// A field, compared case-insensitively.
    Key(String),
    Item(usize),
}

/// The steps of a path such as `records[0].body.name`.
fn steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let mut pieces = part.split('[');
        steps.extend(pieces.next().filter(|name| !name.is_empty()).map(|name| Step::Key(name.to_owned())));
        let index = |piece: &str| piece.strip_suffix(']')?.parse().ok();
        steps.extend(pieces.filter_map(index).map(Step::Item));
    }
    steps
}

/// The line of a part, or of the smallest part around it that exists; counted from 1.
pub(super) fn line(text: &str, path: &str) -> Option<usize> {
    let steps = steps(path);
    (1..=steps.len()).rev().find_map(|length| exact(text, steps.get(..length)?))
}

/// The line of a part; `None` if the file does not have it.
pub(super) fn line_of_part(text: &str, path: &str) -> Option<usize> {
    exact(text, &steps(path))
}

fn exact(text: &str, steps: &[Step]) -> Option<usize> {
    let error = Part(steps).deserialize(serde_yaml_ng::Deserializer::from_str(text)).err()?;
    error.location().map(|at| at.line())
}

/// Reads a value, and fails where the part begins: the parser adds the position to the error.
struct Part<'p>(&'p [Step]);

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the part")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (name, rest) = match self.0.split_first() {
            Some((Step::Key(name), rest)) => (name.as_str(), rest),
            _ => return Err(A::Error::custom("here")),
        };
        // Without the part, everything has to be read, or the parser complains.
        while let Some(found) = map.next_key_seed(Name { name, last: rest.is_empty() })? {
            if found {
                map.next_value_seed(Part(rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let (index, rest) = match self.0.split_first() {
            Some((Step::Item(index), rest)) => (*index, rest),
            _ => return Err(A::Error::custom("here")),
        };
        for _ in 0..index {
            if list.next_element::<IgnoredAny>()?.is_none() {
                return Ok(());
            }
        }
        list.next_element_seed(Part(rest))?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

/// Reads a key. Fails at that of the part.
struct Name<'p> {
    name: &'p str,
    last: bool,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<bool, E> {
        let found = name.eq_ignore_ascii_case(self.name);
        if found && self.last { Err(E::custom("here")) } else { Ok(found) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_in_every_style() {
        let text = "\
# a comment
records: [{provider: a,
  body: {x: 1,
    y: [2, 3]}}]
faults:
- provider: b
  fault:
    status: 5
-
  provider: c
";
        for (path, expected) in [
            ("records", 2),
            ("records[0]", 2),
            ("records[0].body", 3),
            ("records[0].body.y[1]", 4),
            ("records[0].Body.Z", 3),
            ("records[1]", 2),
            ("faults[0]", 6),
            ("faults[0].fault.status", 8),
            ("faults[1]", 10),
        ] {
            assert_eq!(line(text, path), Some(expected), "{path}");
        }
        assert_eq!((line(text, "clock"), line_of_part(text, "faults[0].x")), (None, None));
        assert_eq!(line("{\n \"seed\": 1,\n \"clock\": 2}", "clock"), Some(3));
    }
}
