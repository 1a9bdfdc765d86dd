//! Walking a description: every value knows its place, and what nobody asked for is refused.
//!
//! A reader takes the fields that it knows out of an object, and [`Place::object`] refuses the rest. So a construct that
//! the generator doesn't understand can't be passed over in silence.

use super::json::Node;
use std::fmt;

pub(crate) type Result<T> = std::result::Result<T, Refusal>;

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

/// Refuses what has a pointer unless a condition holds.
macro_rules! ensure {
    ($condition:expr, $place:expr, $($sentence:tt)+) => {
        if !$condition {
            return Err($crate::codegen::walk::Refusal::new(&$place.pointer, format!($($sentence)+)));
        }
    };
}
pub(crate) use ensure;

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) node: &'a Node,
    pub(crate) pointer: String,
    /// The whole description, for references.
    root: &'a Node,
}

/// What a value is read as.
pub(crate) trait Read<'a>: Sized {
    fn read(place: &Place<'a>) -> Result<Self>;
}

impl<'a> Place<'a> {
    pub(crate) fn root(node: &'a Node) -> Self {
        Self { node, pointer: "#".to_owned(), root: node }
    }

    fn inner(&self, node: &'a Node, name: &str) -> Self {
        let name = name.replace('~', "~0").replace('/', "~1");
        Self { node, pointer: format!("{}/{name}", self.pointer), root: self.root }
    }

    pub(crate) fn refuse(&self, sentence: impl Into<String>) -> Refusal {
        Refusal::new(&self.pointer, sentence)
    }

    fn expected(&self, what: &str) -> Refusal {
        self.refuse(format!("this is {}; write {what}", self.node.kind()))
    }

    pub(crate) fn text(&self) -> Result<&'a str> {
        let text = self.node.as_text().ok_or_else(|| self.expected("a string"))?;
        ensure!(!text.trim().is_empty(), self, "this text is empty; fill it in");
        Ok(text)
    }

    /// The fields of an object whose names are free.
    pub(crate) fn entries(&self) -> Result<Vec<(&'a str, Place<'a>)>> {
        let Node::Object(members) = self.node else { return Err(self.expected("an object")) };
        Ok(members.iter().map(|(name, node)| (name.as_str(), self.inner(node, name))).collect())
    }

    /// Reads an object and refuses fields that were not asked for; `what` names it, such as "an operation".
    pub(crate) fn object<T>(
        &self,
        what: &'static str,
        read: impl FnOnce(&mut Members<'a>) -> Result<T>,
    ) -> Result<T> {
        let rest = self.entries()?;
        let mut members = Members { pointer: self.pointer.clone(), what, rest, asked: Vec::new() };
        let value = read(&mut members)?;
        let Some((name, unknown)) = members.rest.first() else { return Ok(value) };
        members.asked.sort_unstable();
        members.asked.dedup();
        let known = members.asked.join(", ");
        Err(unknown.refuse(format!("the generator does not know `{name}` in {what}; it knows {known}")))
    }

    /// The name behind a reference such as `#/components/schemas/User`; `kind` is the folder.
    pub(crate) fn reference(&self, kind: &str) -> Result<&'a str> {
        let name = self.text()?.strip_prefix(&format!("#/components/{kind}/"));
        name.filter(|name| !name.contains('/'))
            .ok_or_else(|| self.refuse(format!("a reference here is to #/components/{kind}/… of this file")))
    }

    /// A component of the description.
    pub(crate) fn component(&self, kind: &str, name: &str) -> Option<Place<'a>> {
        let node = self.root.get("components")?.get(kind)?.get(name)?;
        Some(Self { node, pointer: format!("#/components/{kind}/{name}"), root: self.root })
    }

    /// Whether something in the description refers to a component.
    pub(crate) fn is_referred_to(&self, kind: &str, name: &str) -> bool {
        self.root.to_string().contains(&format!("\"#/components/{kind}/{name}\""))
    }

    /// The value, or the component that it refers to; `what` is the name of one.
    pub(crate) fn followed(&self, kind: &str, what: &str) -> Result<Place<'a>> {
        if self.node.get("$ref").is_none() {
            return Ok(self.clone());
        }
        self.object("a reference", |members| {
            let target: Place<'a> = members.need("$ref", "")?;
            let name = target.reference(kind)?;
            let missing = || target.refuse(format!("there is no {what} `{name}` in the components"));
            self.component(kind, name).ok_or_else(missing)
        })
    }
}

impl<'a> Read<'a> for Place<'a> {
    fn read(place: &Place<'a>) -> Result<Self> {
        Ok(place.clone())
    }
}

impl<'a> Read<'a> for Node {
    fn read(place: &Place<'a>) -> Result<Self> {
        Ok(place.node.clone())
    }
}

impl<'a> Read<'a> for String {
    fn read(place: &Place<'a>) -> Result<Self> {
        place.text().map(str::to_owned)
    }
}

impl<'a> Read<'a> for bool {
    fn read(place: &Place<'a>) -> Result<Self> {
        if let Node::Bool(value) = place.node { Ok(*value) } else { Err(place.expected("true or false")) }
    }
}

/// A status.
impl<'a> Read<'a> for u16 {
    fn read(place: &Place<'a>) -> Result<Self> {
        match place.node {
            Node::Integer(value @ 100..=599) => u16::try_from(*value).ok(),
            _ => None,
        }
        .ok_or_else(|| place.expected("a status such as 202"))
    }
}

impl<'a, T: Read<'a>> Read<'a> for Vec<T> {
    fn read(place: &Place<'a>) -> Result<Self> {
        let Node::Array(items) = place.node else { return Err(place.expected("an array")) };
        items.iter().enumerate().map(|(at, node)| T::read(&place.inner(node, &at.to_string()))).collect()
    }
}

/// The fields of an object that is being read.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    pub(crate) pointer: String,
    what: &'static str,
    /// Those that nobody asked for yet.
    rest: Vec<(&'a str, Place<'a>)>,
    asked: Vec<&'static str>,
}

impl<'a> Members<'a> {
    pub(crate) fn refuse(&self, sentence: impl Into<String>) -> Refusal {
        Refusal::new(&self.pointer, sentence)
    }

    pub(crate) fn take(&mut self, name: &'static str) -> Option<Place<'a>> {
        self.asked.push(name);
        let at = self.rest.iter().position(|(known, _)| *known == name)?;
        Some(self.rest.remove(at).1)
    }

    /// A field that may be there.
    pub(crate) fn get<T: Read<'a>>(&mut self, name: &'static str) -> Result<Option<T>> {
        self.take(name).map(|place| T::read(&place)).transpose()
    }

    /// A field that may be there: otherwise false, or an empty list.
    pub(crate) fn or_default<T: Read<'a> + Default>(&mut self, name: &'static str) -> Result<T> {
        self.get(name).map(Option::unwrap_or_default)
    }

    /// A field that must be there; `why` says what it is for.
    pub(crate) fn need<T: Read<'a>>(&mut self, name: &'static str, why: &str) -> Result<T> {
        let missing = self.refuse(format!("{} without `{name}`: {why}", self.what));
        self.get(name)?.ok_or(missing)
    }

    /// A string that may be there and has to be of some form.
    pub(crate) fn of_form(
        &mut self,
        name: &'static str,
        good: impl Fn(&str) -> bool,
        sentence: &str,
    ) -> Result<Option<String>> {
        let Some(place) = self.take(name) else { return Ok(None) };
        ensure!(good(place.text()?), place, "{sentence}");
        Ok(Some(place.text()?.to_owned()))
    }

    /// Passes over fields that are there for other readers of the file.
    pub(crate) fn skip(&mut self, names: &[&'static str]) {
        names.iter().for_each(|name| drop(self.take(name)));
    }

    pub(crate) fn skip_rest(&mut self) {
        self.rest.clear();
    }
}
