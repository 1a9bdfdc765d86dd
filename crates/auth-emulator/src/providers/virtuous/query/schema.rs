//! The parameters of a kind of record that queries can use.

use crate::providers::virtuous::base::custom::{self, Owner};
use crate::providers::virtuous::query::operators::Also;

/// The types of parameters, by the vendor's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Int,
    String,
    Date,
    Decimal,
    Boolean,
    List,
    Lookup,
    /// Something that is there or not.
    Object,
}

/// The values that a parameter can be compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Values {
    Any,
    Fixed(&'static [&'static str]),
    Projects,
    Campaigns,
    Segments,
    Tags,
}

/// A parameter of a kind of record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter {
    /// The name in conditions, compared case-sensitively.
    pub name: &'static str,
    pub kind: Type,
    /// The source of the value; usually the name of a field.
    pub field: &'static str,
    pub values: Values,
    pub also: Also,
}

pub(crate) const fn parameter(name: &'static str, kind: Type, field: &'static str) -> Parameter {
    Parameter { name, kind, field, values: Values::Any, also: Also::Nothing }
}

impl Parameter {
    pub(crate) const fn among(mut self, values: Values) -> Self {
        self.values = values;
        self
    }

    /// Adds `IsKnown` and `IsNotKnown`.
    pub(crate) const fn known(mut self) -> Self {
        self.also = Also::Known;
        self
    }

    pub(crate) const fn with(mut self, also: Also) -> Self {
        self.also = also;
        self
    }

    pub(crate) fn source(&self) -> Source {
        Source { field: self.field, kind: self.kind, custom: false }
    }
}

/// The queryable parameters of a kind of record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema {
    pub parameters: &'static [Parameter],
    /// Parameters that several kinds of records have; they come before others of the same name.
    pub shared: &'static [Parameter],
    /// Additional names for `sortBy`, with the fields that they stand for.
    pub sorts: &'static [(&'static str, &'static str, Type)],
    /// The kind of record whose custom fields are parameters too.
    pub custom: Option<Owner>,
}

impl Schema {
    pub(crate) fn all(&self) -> impl Iterator<Item = &'static Parameter> {
        let (shared, own) = (self.shared, self.parameters);
        let is_own = move |own: &&Parameter| !shared.iter().any(|one| one.name == own.name);
        shared.iter().chain(own.iter().filter(is_own))
    }
}

/// The source of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub field: &'static str,
    pub kind: Type,
    pub custom: bool,
}

impl Source {
    /// Whether it is the id of the row.
    pub(crate) fn is_id(self) -> bool {
        self.field == "id" && !self.custom
    }
}

/// The names that parameters of type `Lookup` accept.
pub(crate) trait Lookups {
    fn names(&self, values: Values) -> Vec<String>;
}

/// Finds a parameter by name, including custom fields; returns also whether it is one.
pub(crate) fn find(schema: &Schema, name: &str) -> Option<(Parameter, bool)> {
    if let Some(known) = schema.all().find(|known| known.name == name) {
        return Some((*known, false));
    }
    let field = custom::definitions(schema.custom?).iter().find(|field| field.name == name)?;
    Some((of_custom(field), true))
}

/// The parameter that stands for a custom field.
pub(crate) fn of_custom(field: &'static custom::Definition) -> Parameter {
    if field.options.is_empty() {
        parameter(field.name, Type::String, field.name).known()
    } else {
        parameter(field.name, Type::List, field.name).among(Values::Fixed(field.options))
    }
}
