//! The parameters of a kind of record that queries can use.

use crate::providers::virtuous::base::custom::{self, Owner};

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
}

pub(crate) const fn parameter(name: &'static str, kind: Type, field: &'static str) -> Parameter {
    Parameter { name, kind, field, values: Values::Any }
}

impl Parameter {
    pub(crate) const fn among(mut self, values: Values) -> Self {
        self.values = values;
        self
    }
}

/// The queryable parameters of a kind of record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema {
    pub parameters: &'static [Parameter],
    /// Additional names for `sortBy`, with the fields that they stand for.
    pub sorts: &'static [(&'static str, &'static str, Type)],
    /// The kind of record whose custom fields are parameters too.
    pub custom: Option<Owner>,
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

/// Finds a parameter by name, including custom fields.
pub(crate) fn find(schema: &Schema, name: &str) -> Option<(Source, Values)> {
    if let Some(known) = schema.parameters.iter().find(|known| known.name == name) {
        return Some((Source { field: known.field, kind: known.kind, custom: false }, known.values));
    }
    let field = custom::definitions(schema.custom?).iter().find(|field| field.name == name)?;
    let kind = if field.data_type == "List" { Type::List } else { Type::String };
    let values = if field.options.is_empty() { Values::Any } else { Values::Fixed(field.options) };
    Some((Source { field: field.name, kind, custom: true }, values))
}
