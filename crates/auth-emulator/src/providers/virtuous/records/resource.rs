//! What a resource of the record store is, and which action an operation performs on which resource.

use serde_json::Value;

use super::irregular::IRREGULAR;
use super::resources::RESOURCES;
use crate::providers::virtuous::base::custom::RecordKind;
use crate::providers::virtuous::base::operation::Operation;
use crate::providers::virtuous::base::record::Record;
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::data::job::{Job, Outcome};
use crate::providers::virtuous::data::store::Store;
use crate::providers::virtuous::query::Parameter;

/// A kind of record.
#[derive(Debug)]
pub(crate) struct Resource {
    /// The part of operation ids before the dot.
    pub name: &'static str,
    /// The name of one record: in error messages, and in payloads of webhooks.
    pub one: &'static str,
    /// The id of the first record.
    pub first: i64,
    /// The records that exist from the start, as a JSON array of their fields.
    pub seeds: &'static str,
    pub custom: Option<RecordKind>,
    /// Fields of reads that are not stored.
    pub derived: &'static [(&'static str, Derived)],
    /// Fields of new records, as JSON.
    pub defaults: &'static [(&'static str, &'static str)],
    /// Fields that a record can't be without, although the description doesn't require them. If they refer to a record that is
    /// removed, the record goes with it.
    pub needed: &'static [&'static str],
    /// A field, and the values that it can have.
    pub words: Option<(&'static str, &'static [&'static str])>,
    /// The fields that searches and filters cover.
    pub searched: &'static [&'static str],
    /// Names of parameters, with the fields of records that they stand for.
    pub aliases: &'static [(&'static str, &'static str)],
    /// Fields that no two records may share.
    pub unique: Option<&'static str>,
    /// Whether changes cause webhooks.
    pub events: bool,
    /// The operation that queries the records.
    pub query: &'static str,
    /// The parameters that they share with gifts.
    pub shared: &'static [Parameter<'static>],
    /// Checks and completes a record before it is stored or removed.
    pub hook: Option<Hook>,
}

impl Resource {
    pub(crate) const fn new(name: &'static str, one: &'static str, first: i64) -> Self {
        Self {
            name,
            one,
            first,
            seeds: "[]",
            custom: None,
            derived: &[],
            defaults: &[],
            needed: &[],
            words: None,
            searched: &["name"],
            aliases: &[],
            unique: None,
            events: false,
            query: "",
            shared: &[],
            hook: None,
        }
    }

    pub(crate) fn by_name(name: &str) -> Option<&'static Self> {
        RESOURCES.iter().find(|resource| resource.name == name)
    }

    /// The field that a parameter stands for.
    pub(crate) fn field_of<'n>(&self, parameter: &'n str) -> &'n str {
        self.aliases.iter().find(|(name, _)| *name == parameter).map_or(parameter, |(_, field)| field)
    }
}

/// Checks and completes a record.
pub(crate) type Hook = fn(&mut Job<'_>, &mut Record, Moment) -> Result<(), Problem>;

/// Why a hook is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Create,
    Update,
    Delete,
}

/// Where a field of a read comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Derived {
    /// A path, in which `{field}` stands for a field of the record. Null if the record lacks it.
    Path(&'static str),
    /// A field of the record that this field refers to.
    Of(&'static str, &'static str),
    /// `$10.50`.
    Money(&'static str),
    /// `12/7/2023`.
    Day(&'static str),
    /// `12/7/2023 10:30 AM`.
    Time(&'static str),
    /// The time in the record's `timeZone`.
    Local(&'static str),
    /// `True` or `False`.
    Words(&'static str),
    /// Another field as it is.
    Same(&'static str),
    Text(&'static str),
    With(fn(&Record, &Store) -> Value),
}

/// What an operation does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    List,
    /// The records whose field has one of these values.
    Only(&'static str, &'static [&'static str]),
    Get,
    /// The record with this value of a field.
    By(&'static str),
    Query,
    QueryOptions,
    Search,
    Create,
    Update,
    Delete,
    CustomFields,
    /// The values of `Resource::words`.
    WordList,
    /// A constant response.
    Fixed(&'static str),
    Custom(fn(&mut Job<'_>, &'static Resource, &'static Operation) -> Outcome),
}

/// The resource and the action of an operation; `None` if it does not belong to the record store.
pub(crate) fn lookup(operation: &str) -> Option<(&'static Resource, Action)> {
    if let Some((_, resource, action)) = IRREGULAR.iter().find(|(id, ..)| *id == operation) {
        return Some((Resource::by_name(resource)?, *action));
    }
    let (resource, action) = operation.split_once('.')?;
    let resource = Resource::by_name(resource)?;
    let action = match action {
        "list" | "by_contact" | "by_project" => Action::List,
        "get" => Action::Get,
        "by_code" => Action::By("code"),
        "by_reference" => Action::By("referenceId"),
        "query" => Action::Query,
        "query_options" => Action::QueryOptions,
        "search" => Action::Search,
        "create" => Action::Create,
        "update" => Action::Update,
        "delete" => Action::Delete,
        "custom_fields" => Action::CustomFields,
        "types" => Action::WordList,
        _ => return None,
    };
    Some((resource, action))
}

/// Whether the response to an operation is a guess: the vendor shows at most a sample, and nobody has recorded it.
pub(crate) fn assumed(operation: &str) -> bool {
    const RECORDED: &[&str] = &["organization_groups", "relationships"];
    let resource = operation.split('.').next().unwrap_or_default();
    lookup(operation).is_some() && !RECORDED.contains(&resource)
}
