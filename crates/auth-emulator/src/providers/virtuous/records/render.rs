//! Formats a record: each field of the response comes from the record, from what its resource derives, or from a rule that
//! holds for a name of a field everywhere.

use serde_json::{Value, json};

use super::relations::follow;
use super::resource::{Derived, Resource};
use crate::providers::virtuous::base::custom;
use crate::providers::virtuous::base::fields::{Field, Kind};
use crate::providers::virtuous::base::operation::Operation;
use crate::providers::virtuous::base::record::{JsonFields, Record, USER};
use crate::providers::virtuous::base::{dates, money};
use crate::providers::virtuous::data::store::Store;

/// Fields of audits, which documented rows of roles and of the contacts of an event lack.
const AUDIT: [&str; 4] = ["createDateTimeUtc", "createdByUser", "modifiedDateTimeUtc", "modifiedByUser"];
/// Fields that are whole numbers in documented rows of volunteering, and decimals in single reads.
const WHOLE: [&str; 5] = [
    "preferredNumberOfHours",
    "totalVolunteerHours",
    "currentNeedFilledPercentage",
    "hoursFilledPercentage",
    "totalHours",
];

/// A record as a row of a list; the rows of `event_contacts.get` are those in their event.
pub(crate) fn row(record: &Record, operation: &Operation, resource: &Resource, store: &Store) -> Value {
    let mut row = shown(record, operation.response.fields(), resource, store);
    let Some(fields) = row.as_object_mut() else { return row };
    match operation.id {
        "project_roles.by_contact" | "project_roles.by_project" | "event_contacts.get" => {
            fields.retain(|name, _| !AUDIT.contains(&name.as_str()));
        }
        "volunteer_opportunities.list"
        | "volunteer_opportunities.query"
        | "volunteers.search"
        | "volunteers.query" => {
            fields
                .iter_mut()
                .filter(|(name, _)| WHOLE.contains(&name.as_str()))
                .for_each(|(_, value)| money::shorten(value));
        }
        _ => {}
    }
    row
}

/// A record with these fields.
pub(crate) fn shown(record: &Record, fields: &[Field], resource: &Resource, store: &Store) -> Value {
    let field = |field: &Field| (field.name.to_owned(), value(record, field, resource, store));
    Value::Object(fields.iter().map(field).collect::<JsonFields>())
}

fn value(record: &Record, field: &Field, resource: &Resource, store: &Store) -> Value {
    if let Some((_, derived)) = resource.derived.iter().find(|(name, _)| *name == field.name) {
        return derive(record, *derived, store);
    }
    if let Some(stored) = record.fields.get(field.name) {
        return stored.clone();
    }
    match (field.name, field.kind) {
        ("id", _) => json!(record.id),
        ("createDateTimeUtc" | "createdDateTimeUtc", _) => json!(record.audit.created),
        ("modifiedDateTimeUtc" | "lastModifiedDateTimeUtc", _) => json!(record.audit.modified),
        ("createdByUser" | "modifiedByUser", _) => json!(USER),
        (_, Kind::Custom) => {
            custom::shown(resource.custom.map(|kind| store.custom(kind)).unwrap_or_default(), &record.custom)
        }
        (name, kind) => match (general(name), kind) {
            (Some(rule), _) => derive(record, rule, store),
            (None, Kind::Flag) => json!(false),
            (None, Kind::Strings | Kind::Ints | Kind::Items(_)) => json!([]),
            _ => Value::Null,
        },
    }
}

/// The rules for names of fields that mean the same in all responses.
fn general(name: &str) -> Option<Derived> {
    use Derived::{Of, Path};
    Some(match name {
        "contactUrl" | "contactViewUrl" => Path("/api/Contact/{contactId}"),
        "contactName" | "contact" | "contactDisplayName" => Of("contactId", "name"),
        "projectUrl" => Path("/api/Project/{projectId}"),
        "project" | "projectName" => Of("projectId", "name"),
        "projectCode" => Of("projectId", "projectCode"),
        "segmentUrl" => Path("/api/Segment/{segmentId}"),
        "segment" => Of("segmentId", "name"),
        "segmentCode" => Of("segmentId", "code"),
        "displayName" | "invitee" | "contactIndividual" => Of("contactIndividualId", "name"),
        "firstName" => Of("contactIndividualId", "firstName"),
        "avatarUrl" => Of("contactIndividualId", "avatarUrl"),
        "primaryEmail" | "emailAddress" => Of("contactIndividualId", "email"),
        "primaryPhone" => Of("contactIndividualId", "phone"),
        "eventViewUrl" => Path("/api/Event/{eventId}"),
        "volunteerOpportunityUrl" => Path("/api/VolunteerOpportunity/{volunteerOpportunityId}"),
        _ => return None,
    })
}

pub(crate) fn derive(record: &Record, derived: Derived, store: &Store) -> Value {
    match derived {
        Derived::Path(template) => path(record, template).map_or(Value::Null, Value::from),
        Derived::Of(field, wanted) => follow(record, field, wanted, store),
        Derived::Money(field) => match record.fields.get(field).and_then(money::of) {
            Some(amount) => json!(money::display(amount)),
            None => Value::Null,
        },
        Derived::Day(field) => json!(dates::parse_day(record.text(field)).map(dates::display)),
        Derived::Time(field) => json!(dates::parse(record.text(field)).map(dates::display_time)),
        Derived::Local(field) => {
            let local = |at| dates::to_the_second(dates::local(at, record.text("timeZone")));
            json!(dates::parse(record.text(field)).map(local))
        }
        Derived::Words(field) => json!(if record.flag(field) { "True" } else { "False" }),
        Derived::Same(field) => record.fields.get(field).cloned().unwrap_or_default(),
        Derived::Text(text) => json!(text),
        Derived::With(of) => of(record, store),
    }
}

/// Fills a template such as `/api/Event/{eventId}/Contacts/{id}`.
fn path(record: &Record, template: &str) -> Option<String> {
    let mut pieces = template.split('{');
    let mut filled = pieces.next()?.to_owned();
    for piece in pieces {
        let (field, rest) = piece.split_once('}')?;
        let id = if field == "id" { record.id } else { record.int(field)? };
        filled.push_str(&format!("{id}{rest}"));
    }
    Some(filled)
}
