//! Walking a description: every value knows its place, and what nobody asked for is refused.
//!
//! A reader takes the fields that it knows out of an object and then calls [`Members::finish`], which refuses the
//! rest. So a construct that the generator doesn't understand can't be passed over in silence.

use super::json::Node;
use std::fmt;

/// Why a description is refused, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) pointer: String,
    pub(crate) sentence: String,
}

impl Refusal {
    pub(crate) fn new(pointer: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), sentence: sentence.into() }
    }
}

/// `#/paths/~1users/post: …`
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.pointer, self.sentence)
    }
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) node: &'a Node,
    pub(crate) pointer: String,
}

impl<'a> Place<'a> {
    pub(crate) fn root(node: &'a Node) -> Self {
        Self { node, pointer: "#".to_owned() }
    }

    pub(crate) fn refuse(&self, sentence: impl Into<String>) -> Refusal {
        Refusal::new(&self.pointer, sentence)
    }

    fn expected(&self, what: &str) -> Refusal {
        self.refuse(format!("this is {}; write {what}", self.node.kind()))
    }

    pub(crate) fn text(&self) -> Result<&'a str, Refusal> {
        match self.node {
            Node::Text(text) if text.trim().is_empty() => Err(self.refuse("this text is empty; fill it in")),
            Node::Text(text) => Ok(text),
            _ => Err(self.expected("a string")),
        }
    }

    pub(crate) fn boolean(&self) -> Result<bool, Refusal> {
        match self.node {
            Node::Bool(value) => Ok(*value),
            _ => Err(self.expected("true or false")),
        }
    }

    pub(crate) fn status(&self) -> Result<u16, Refusal> {
        match self.node {
            Node::Integer(value) if (100..=599).contains(value) => {
                u16::try_from(*value).map_err(|_| self.expected("a status"))
            }
            _ => Err(self.expected("a status such as 202")),
        }
    }

    pub(crate) fn items(&self) -> Result<Vec<Place<'a>>, Refusal> {
        let Node::Array(items) = self.node else { return Err(self.expected("an array")) };
        Ok(items
            .iter()
            .enumerate()
            .map(|(index, node)| Place { node, pointer: format!("{}/{index}", self.pointer) })
            .collect())
    }

    /// The fields of an object; `what` names it in refusals, such as "an operation".
    pub(crate) fn members(&self, what: &'static str) -> Result<Members<'a>, Refusal> {
        let Node::Object(members) = self.node else { return Err(self.expected("an object")) };
        Ok(Members { pointer: self.pointer.clone(), what, members, asked: Vec::new() })
    }
}

/// The fields of an object that is being read.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    pointer: String,
    what: &'static str,
    members: &'a [(String, Node)],
    asked: Vec<&'static str>,
}

impl<'a> Members<'a> {
    pub(crate) fn refuse(&self, sentence: impl Into<String>) -> Refusal {
        Refusal::new(&self.pointer, sentence)
    }

    /// A field that may be there.
    pub(crate) fn take(&mut self, name: &'static str) -> Option<Place<'a>> {
        self.asked.push(name);
        let (_, node) = self.members.iter().find(|(known, _)| known == name)?;
        Some(Place { node, pointer: format!("{}/{}", self.pointer, escaped(name)) })
    }

    /// A field that must be there; `why` says what it is for.
    pub(crate) fn need(&mut self, name: &'static str, why: &str) -> Result<Place<'a>, Refusal> {
        let missing = format!("{} without `{name}`: {why}", self.what);
        self.take(name).ok_or_else(|| self.refuse(missing))
    }

    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<String>, Refusal> {
        self.take(name).map(|place| place.text().map(str::to_owned)).transpose()
    }

    pub(crate) fn flag(&mut self, name: &'static str) -> Result<bool, Refusal> {
        self.take(name).map_or(Ok(false), |place| place.boolean())
    }

    pub(crate) fn statuses(&mut self, name: &'static str) -> Result<Vec<u16>, Refusal> {
        let Some(place) = self.take(name) else { return Ok(Vec::new()) };
        place.items()?.iter().map(Place::status).collect()
    }

    /// All fields, for objects whose names are free.
    pub(crate) fn all(self) -> impl Iterator<Item = (&'a str, Place<'a>)> {
        let pointer = self.pointer;
        self.members.iter().map(move |(name, node)| {
            (name.as_str(), Place { node, pointer: format!("{pointer}/{}", escaped(name)) })
        })
    }

    /// Refuses what was not asked for.
    pub(crate) fn finish(mut self) -> Result<(), Refusal> {
        let unknown = self.members.iter().find(|(name, _)| !self.asked.contains(&name.as_str()));
        let Some((name, _)) = unknown else { return Ok(()) };
        self.asked.sort_unstable();
        self.asked.dedup();
        Err(Refusal::new(
            format!("{}/{}", self.pointer, escaped(name)),
            format!(
                "the generator does not know `{name}` in {}; it knows {}",
                self.what,
                self.asked.join(", ")
            ),
        ))
    }
}

/// A name as a part of a JSON pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
