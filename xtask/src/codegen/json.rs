//! JSON with its fields in the order of the file.
//!
//! The order of properties is the order of fields, of arguments and of fields on the wire, and `serde_json` keeps it
//! only by a feature that would change the maps of every crate that is built along. A field that comes twice is
//! refused.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use std::fmt;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    Array(Vec<Node>),
    Object(#[serde(serialize_with = "in_order")] Vec<(String, Node)>),
}

impl Node {
    /// Reads a document.
    pub(crate) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// What it is, for a sentence.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// The same with the fields of all objects by name: maps keep that order in every build of `serde_json`.
    pub(crate) fn sorted(&self) -> Self {
        match self {
            Self::Array(items) => Self::Array(items.iter().map(Self::sorted).collect()),
            Self::Object(members) => Self::Object(by_name(
                members.iter().map(|(name, node)| (name.clone(), node.sorted())).collect(),
            )),
            plain => plain.clone(),
        }
    }

    /// The field of an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.members().iter().find(|(key, _)| key == name).map(|(_, node)| node)
    }

    /// The fields of an object; none of anything else.
    pub(crate) fn members(&self) -> &[(String, Node)] {
        if let Self::Object(members) = self { members } else { &[] }
    }

    /// The items of an array; none of anything else.
    pub(crate) fn items(&self) -> &[Node] {
        if let Self::Array(items) = self { items } else { &[] }
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// A field that is a string.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_text()
    }

    /// Whether a field is true.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name) == Some(&Self::Bool(true))
    }

    /// The fields of a field.
    pub(crate) fn members_of(&self, name: &str) -> &[(String, Node)] {
        self.get(name).map_or(&[], Self::members)
    }

    /// The items of a field.
    pub(crate) fn items_of(&self, name: &str) -> &[Node] {
        self.get(name).map_or(&[], Self::items)
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Compact JSON.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

pub(crate) fn by_name(mut members: Vec<(String, Node)>) -> Vec<(String, Node)> {
    members.sort_by(|(one, _), (other, _)| one.cmp(other));
    members
}

fn in_order<S: Serializer>(members: &[(String, Node)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(members.iter().map(|(name, node)| (name, node)))
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyNode)
    }
}

struct AnyNode;

impl<'de> Visitor<'de> for AnyNode {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        i64::try_from(value).map(Node::Integer).map_err(|_| E::custom("an integer is larger than an i64"))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Number(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Node::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let mut object: Vec<(String, Node)> = Vec::new();
        while let Some((name, value)) = members.next_entry::<String, Node>()? {
            if object.iter().any(|(known, _)| *known == name) {
                return Err(A::Error::custom(format_args!("the field `{name}` comes twice")));
            }
            object.push((name, value));
        }
        Ok(Node::Object(object))
    }
}
