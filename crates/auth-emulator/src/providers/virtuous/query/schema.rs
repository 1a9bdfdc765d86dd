//! The parameters of a kind of record that queries can use.

use crate::providers::virtuous::base::custom::{
    self, CustomField, CustomFieldType, CustomFields, RecordKind,
};
use crate::providers::virtuous::base::fields::Kind;
use crate::providers::virtuous::query::operators::Also;
use crate::providers::virtuous::query::relative::EARLIER_PHRASES;

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

impl Type {
    /// The type of a field; `None` for objects and lists.
    pub(crate) fn of(kind: Kind) -> Option<Self> {
        Some(match kind {
            Kind::String | Kind::OneOf(_) => Self::String,
            Kind::Int => Self::Int,
            Kind::Number => Self::Decimal,
            Kind::Flag => Self::Boolean,
            Kind::Day | Kind::Time => Self::Date,
            _ => return None,
        })
    }
}

/// The values that a parameter can be compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Values<'a> {
    Any,
    /// Those that writes take too; conditions have no others.
    Fixed(&'static [&'static str]),
    /// Those that `QueryOptions` lists; writes take others, and so do conditions.
    Usual(&'static [&'static str]),
    GiftTypes,
    /// The options of a custom field.
    Options(&'a [String]),
    Projects,
    Campaigns,
    Segments,
    Tags,
    ContactTypes,
}

/// A parameter of a kind of record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter<'a> {
    /// The name in conditions, compared case-sensitively.
    pub name: &'a str,
    pub kind: Type,
    /// The source of the value; usually the name of a field.
    pub field: &'a str,
    pub values: Values<'a>,
    pub also: Also,
}

pub(crate) const fn parameter<'a>(name: &'a str, kind: Type, field: &'a str) -> Parameter<'a> {
    Parameter { name, kind, field, values: Values::Any, also: Also::Nothing }
}

/// A date with the phrases that earlier recordings list.
pub(crate) const fn earlier_date(name: &'static str, field: &'static str) -> Parameter<'static> {
    parameter(name, Type::Date, field).among(Values::Fixed(EARLIER_PHRASES))
}

impl<'a> Parameter<'a> {
    pub(crate) const fn among(mut self, values: Values<'a>) -> Self {
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

    pub(crate) fn source(&self) -> Source<'a> {
        Source { field: self.field, kind: self.kind, custom: false }
    }
}

/// The queryable parameters of a kind of record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema {
    pub parameters: &'static [Parameter<'static>],
    /// Parameters that several kinds of records have; they come before others of the same name.
    pub shared: &'static [Parameter<'static>],
    /// Additional names for `sortBy`, with the fields that they stand for.
    pub sorts: &'static [(&'static str, &'static str, Type)],
    /// The kind of record whose custom fields are parameters too.
    pub custom: Option<RecordKind>,
}

impl Schema {
    pub(crate) fn all(&self) -> impl Iterator<Item = &'static Parameter<'static>> + use<> {
        let (shared, own) = (self.shared, self.parameters);
        let is_own = move |own: &&Parameter<'_>| !shared.iter().any(|one| one.name == own.name);
        shared.iter().chain(own.iter().filter(is_own))
    }
}

/// The source of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source<'a> {
    pub field: &'a str,
    pub kind: Type,
    pub custom: bool,
}

impl Source<'_> {
    /// Whether it is the id of the row.
    pub(crate) fn is_id(self) -> bool {
        self.field == "id" && !self.custom
    }
}

/// What the organization has defined: the names that parameters of type `Lookup` accept, and custom fields.
pub(crate) trait Lookups {
    fn names(&self, values: Values<'_>) -> Vec<String>;

    fn custom(&self, kind: RecordKind) -> &[CustomField];
}

/// Finds a parameter by name, including custom fields; returns also whether it is one.
pub(crate) fn find<'a>(
    schema: &Schema,
    custom: &'a CustomFields,
    name: &str,
) -> Option<(Parameter<'a>, bool)> {
    if let Some(known) = schema.all().find(|known| known.name == name) {
        return Some((*known, false));
    }
    let field = custom::definitions(custom, schema.custom?).iter().find(|field| field.name == name)?;
    Some((of_custom(field), true))
}

/// The parameter that stands for a custom field.
pub(crate) fn of_custom(field: &CustomField) -> Parameter<'_> {
    let kind = match field.data_type {
        CustomFieldType::Text | CustomFieldType::Link => Type::String,
        CustomFieldType::List | CustomFieldType::Dropdown => Type::List,
        CustomFieldType::Number => Type::Decimal,
        CustomFieldType::Date | CustomFieldType::DateTime => Type::Date,
        CustomFieldType::Boolean => Type::Boolean,
    };
    let parameter = parameter(&field.name, kind, &field.name);
    match kind {
        Type::List => parameter.among(Values::Options(&field.options)),
        Type::Boolean => parameter,
        _ => parameter.known(),
    }
}
