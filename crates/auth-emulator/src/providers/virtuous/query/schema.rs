//! The parameters of a kind of record that queries can use, and where their values come from.

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

/// The values that a parameter can be compared with, where there is a list of them.
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
    /// The name in conditions; its case counts.
    pub name: &'static str,
    pub kind: Type,
    /// What the kind of record answers for it; most often the name of a member.
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

/// What can be queried of a kind of record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema {
    pub parameters: &'static [Parameter],
    /// Names for `sortBy` beside those of the parameters, with the fields that they stand for.
    pub sorts: &'static [(&'static str, &'static str, Type)],
    /// Whose custom fields join the parameters.
    pub custom: Option<Owner>,
}

/// Where a cell comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub field: &'static str,
    pub kind: Type,
    pub custom: bool,
}

impl Source {
    /// Whether it is the id of the row itself.
    pub(crate) fn is_id(self) -> bool {
        self.field == "id" && !self.custom
    }
}

/// The names that values of type `Lookup` refer to.
pub(crate) trait Lookups {
    fn names(&self, values: Values) -> Vec<String>;
}

/// The parameter of that name, custom fields included.
pub(crate) fn find(schema: &Schema, name: &str) -> Option<(Source, Values)> {
    if let Some(known) = schema.parameters.iter().find(|known| known.name == name) {
        return Some((Source { field: known.field, kind: known.kind, custom: false }, known.values));
    }
    let field = custom::definitions(schema.custom?).iter().find(|field| field.name == name)?;
    let kind = if field.data_type == "List" { Type::List } else { Type::String };
    let values = if field.options.is_empty() { Values::Any } else { Values::Fixed(field.options) };
    Some((Source { field: field.name, kind, custom: true }, values))
}
