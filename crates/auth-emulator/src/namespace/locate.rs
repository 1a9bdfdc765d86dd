//! The line of a part of a seed file. The file is read again, up to that part, by the parser that knows the lines.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

/// The line of a part such as `records[0].body.name`, or of the smallest part around it that exists; counted from 1.
pub(super) fn line(text: &str, path: &str) -> Option<usize> {
    let mut path = path;
    loop {
        if let Some(line) = line_of_part(text, path) {
            return Some(line);
        }
        path = path.get(..path.rfind(['.', '['])?)?;
    }
}

/// The line of a part; `None` if the file does not have it. Names are compared case-insensitively.
pub(super) fn line_of_part(text: &str, path: &str) -> Option<usize> {
    let error = Part(path).deserialize(serde_yaml_ng::Deserializer::from_str(text)).err()?;
    error.location().map(|at| at.line())
}

/// Reads a value, and fails where the part begins: the parser adds the position to the error.
struct Part<'p>(&'p str);

impl Part<'_> {
    /// The path in the item of a list.
    fn in_item(&self, index: usize) -> Option<&str> {
        self.0.strip_prefix(&format!("[{index}]")).map(|rest| rest.strip_prefix('.').unwrap_or(rest))
    }

    /// The path in the value of a key. A key can have dots.
    fn in_value(&self, key: &str) -> Option<&str> {
        let (start, rest) = self.0.split_at_checked(key.len())?;
        let rest =
            rest.strip_prefix('.').or_else(|| (rest.is_empty() || rest.starts_with('[')).then_some(rest))?;
        start.eq_ignore_ascii_case(key).then_some(rest)
    }
}

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
        if self.0.is_empty() {
            return Err(A::Error::custom("here"));
        }
        // Without the part, everything has to be read, or the parser complains.
        while let Some(found) = map.next_key_seed(Name(&self))? {
            match found {
                Some(rest) => map.next_value_seed(Part(rest))?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if self.0.is_empty() {
            return Err(A::Error::custom("here"));
        }
        for index in 0.. {
            let found = match self.in_item(index) {
                Some(rest) => list.next_element_seed(Part(rest))?,
                None => list.next_element::<IgnoredAny>()?.map(drop),
            };
            if found.is_none() {
                break;
            }
        }
        Ok(())
    }
}

/// Reads a key and returns the path in its value. Fails at that of the part.
struct Name<'n>(&'n Part<'n>);

impl<'de, 'n> DeserializeSeed<'de> for Name<'n> {
    type Value = Option<&'n str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'n> Visitor<'_> for Name<'n> {
    type Value = Option<&'n str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        match self.0.in_value(name) {
            Some("") => Err(E::custom("here")),
            found => Ok(found),
        }
    }
}

/// Rejects what a parser accepts silently, at any depth: a key that occurs twice, a merge key, a tag.
pub(super) fn check(text: &str) -> Result<(), serde_yaml_ng::Error> {
    Checked.deserialize(serde_yaml_ng::Deserializer::from_str(text))
}

struct Checked;

impl<'de> DeserializeSeed<'de> for Checked {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Checked {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        Err(E::custom("the file is empty"))
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<(), E> {
        Ok(())
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut keys = BTreeSet::new();
        while map.next_key_seed(NewKey(&mut keys))?.is_some() {
            map.next_value_seed(Self)?;
        }
        Ok(())
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(A::Error::custom("YAML tags such as !x have no meaning in a seed file"))
    }
}

/// Reads a key. Fails if the map has it.
struct NewKey<'k>(&'k mut BTreeSet<String>);

impl<'de> DeserializeSeed<'de> for NewKey<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NewKey<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name (a reference such as '{{name.field}}' must be in quotes)")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<(), E> {
        if name == "<<" {
            return Err(E::custom("merge keys are not supported; use an alias for a whole value"));
        }
        if self.0.insert(name.to_owned()) { Ok(()) } else { Err(E::custom(format!("{name:?} occurs twice"))) }
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
- a.b:
  - x
  - c: 1
";
        for (path, expected) in [
            ("records", 2),
            ("records[0]", 2),
            ("records[0].body", 3),
            ("records[0].body.y[1]", 4),
            ("records[0].Body.Z", 3),
            ("faults[2].a.b", 11),
            ("faults[2].A.B[1].c", 13),
            ("records[1]", 2),
            ("faults[0]", 6),
            ("faults[0].fault.status", 8),
            ("faults[1]", 10),
        ] {
            assert_eq!(line(text, path), Some(expected), "{path}");
        }
        assert_eq!((line(text, "clock"), line_of_part(text, "faults[0].x")), (None, None));
        let anchored = "a: &x\n  b:\n    c: 1\nd: *x\n";
        assert_eq!((line(anchored, "d.b.c"), line(anchored, "d")), (Some(3), Some(4)));
        assert_eq!(line("{\n \"seed\": 1,\n \"clock\": 2}", "clock"), Some(3));
    }
}
