//! Queries over contacts and people.

use serde_json::Value;

use super::{render, save};
use crate::providers::virtuous::base::custom::Owner;
use crate::providers::virtuous::base::record::Record;
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::table::Row;
use crate::providers::virtuous::data::contact::{
    Contact, FIRST, INDIVIDUAL, Individual, TYPES, cell as quick, sort_of,
};
use crate::providers::virtuous::data::contacts::Contacts;
use crate::providers::virtuous::data::giving::Giving;
use crate::providers::virtuous::data::job::{Job, Outcome, envelope};
use crate::providers::virtuous::data::store::Store;
use crate::providers::virtuous::data::tags;
use crate::providers::virtuous::query::{Cell, Schema, Source, Type, Values, cell_of, parameter};

pub(crate) static CONTACTS: Schema = Schema {
    parameters: &[
        parameter("Contact Id", Type::Int, "id"),
        parameter("Contact Name", Type::String, "name"),
        parameter("Informal Name", Type::String, "informalName"),
        parameter("Contact Type", Type::List, "contactType").among(Values::Fixed(TYPES)),
        parameter("First Name", Type::String, "firstName"),
        parameter("Last Name", Type::String, "lastName"),
        parameter("Email Address", Type::String, "email"),
        parameter("Phone Number", Type::String, "phone"),
        parameter("City", Type::String, "city"),
        parameter("State", Type::String, "state"),
        parameter("Postal", Type::String, "postal"),
        parameter("Tag", Type::Lookup, "tags").among(Values::Tags),
        parameter("Reference Source", Type::String, "referenceSource"),
        parameter("Reference Id", Type::String, "referenceId"),
        parameter("Origin Segment", Type::Lookup, "originSegment").among(Values::Segments),
        parameter("Is Private", Type::Boolean, "isPrivate"),
        parameter("Archived", Type::Boolean, "archived"),
        parameter("Life To Date Giving", Type::Decimal, "lifeToDate"),
        parameter("Last Gift Amount", Type::Decimal, "lastGiftAmount"),
        parameter("Last Gift Date", Type::Date, "lastGiftDate"),
        parameter("Create DateTime UTC", Type::Date, "created"),
        parameter("Last Modified Date", Type::Date, "modified"),
    ],
    sorts: &[
        ("Id", "id", Type::Int),
        ("Name", "name", Type::String),
        ("CreatedDateTime", "created", Type::Date),
    ],
    custom: Some(Owner::Contact),
};

pub(crate) static INDIVIDUALS: Schema = Schema {
    parameters: &[
        parameter("Id", Type::Int, "id"),
        parameter("Contact Id", Type::Int, "contactId"),
        parameter("First Name", Type::String, "firstName"),
        parameter("Last Name", Type::String, "lastName"),
        parameter("Email Address", Type::String, "email"),
        parameter("Phone Number", Type::String, "phone"),
        parameter("Gender", Type::String, "gender"),
        parameter("Birth Month", Type::Int, "birthMonth"),
        parameter("Birth Year", Type::Int, "birthYear"),
        parameter("Is Primary", Type::Boolean, "isPrimary"),
        parameter("Is Deceased", Type::Boolean, "isDeceased"),
        parameter("Create DateTime UTC", Type::Date, "created"),
        parameter("Last Modified Date", Type::Date, "modified"),
    ],
    sorts: &[("CreatedDateTime", "created", Type::Date)],
    custom: Some(Owner::Individual),
};

fn owned(texts: Vec<&str>) -> Cell {
    Cell::strings(texts.into_iter().map(str::to_owned).collect())
}

fn cell(contact: &Contact, source: Source, store: &Store) -> Cell {
    let record = &contact.record;
    let of_people = |name: &str| owned(contact.individuals.iter().map(|one| one.record.text(name)).collect());
    let of_addresses =
        |name: &str| owned(contact.addresses.iter().map(|address| address.text(name)).collect());
    match source.field {
        _ if source.custom => cell_of(record, source),
        "firstName" | "lastName" => of_people(source.field),
        "city" | "state" | "postal" => of_addresses(source.field),
        "email" => owned(contact.reached_by("Email")),
        "phone" => owned(contact.reached_by("Phone")),
        "tags" => {
            owned(contact.tags.iter().filter_map(|tagged| Some(tags::by_id(tagged.tag)?.name)).collect())
        }
        "referenceSource" => owned(contact.references.iter().map(|(source, _)| source.as_str()).collect()),
        "referenceId" => owned(contact.references.iter().map(|(_, id)| id.as_str()).collect()),
        "originSegment" => {
            let segment = record.int("originSegmentId").and_then(|id| store.segments.get(id));
            segment.map_or(Cell::Unknown, |segment| Cell::text(segment.text("name")))
        }
        _ => cell_of(record, source),
    }
}

/// Values that are derived from a contact's gifts.
fn giving_cell(contact: i64, source: Source, store: &Store) -> Option<Cell> {
    Some(match source.field {
        _ if source.custom => return None,
        "lifeToDate" => Cell::Number(Giving::of(contact, store).life_to_date()),
        "lastGiftAmount" => Cell::number(Giving::of(contact, store).last_amount()),
        "lastGiftDate" => Cell::number(Giving::of(contact, store).last_instant()),
        _ => return None,
    })
}

/// Whether an address is within top, left, bottom and right. Contacts without coordinates are never.
fn is_within(contact: &Contact, [top, left, bottom, right]: [f64; 4]) -> bool {
    let degrees = |address: &Record, name: &str| address.fields.get(name).and_then(Value::as_f64);
    contact.addresses.iter().filter(|address| !address.archived).any(|address| {
        match (degrees(address, "latitude"), degrees(address, "longitude")) {
            (Some(latitude), Some(longitude)) => {
                (bottom..=top).contains(&latitude) && (left..=right).contains(&longitude)
            }
            _ => false,
        }
    })
}

/// `contacts.query`, and with `full` `contacts.query_full`.
pub(crate) fn contacts(job: &mut Job<'_>, full: bool) -> Outcome {
    let query = job.query(&CONTACTS)?;
    let store = &*job.store;
    let contacts = &store.contacts;
    let rows = contacts.rows_of(&query.plan).filter(|(_, row)| {
        let seeded = matches!(row, Row::Seeded(_));
        let shown = query.include_archived || seeded || !contacts.materialize(row).record.archived;
        shown && query.location.is_none_or(|location| is_within(&contacts.materialize(row), location))
    });
    let (ids, total) = query.plan.run(rows, job.parameters.page, |id, row, source| {
        Contacts::cell_without_record(row, source)
            .or_else(|| giving_cell(id, source, store))
            .unwrap_or_else(|| cell(&contacts.materialize(row), source, store))
    });
    let shown = |id: &i64| {
        contacts.find(*id).map(|contact| {
            if full { Value::Object(render::full(&contact, store)) } else { render::summary(&contact) }
        })
    };
    let found: Result<Vec<Value>, Problem> = ids.iter().map(shown).collect();
    Ok(envelope(found?, total))
}

/// A person as a row: of a seeded contact, by its number, or of a stored one.
enum Person<'t> {
    Seeded(i64),
    Stored(i64, &'t Individual),
}

impl Person<'_> {
    fn cell(&self, source: Source) -> Cell {
        match self {
            Self::Seeded(number) => match source.field {
                "id" if !source.custom => Cell::Number(FIRST + number + INDIVIDUAL),
                "contactId" => Cell::Number(FIRST + number),
                "firstName" | "lastName" | "email" | "created" | "modified" => {
                    quick(*number, source).unwrap_or(Cell::Unknown)
                }
                // A seeded person is the primary one of its contact and has no other fields.
                "isPrimary" => Cell::Flag(true),
                "isDeceased" => Cell::Flag(false),
                _ => Cell::Unknown,
            },
            Self::Stored(contact, person) => match source.field {
                "contactId" => Cell::Number(*contact),
                "email" => owned(reached(person, "Email")),
                "phone" => owned(reached(person, "Phone")),
                _ => cell_of(&person.record, source),
            },
        }
    }
}

fn reached<'p>(person: &'p Individual, sort: &str) -> Vec<&'p str> {
    let live = person.methods.iter().filter(|method| !method.archived);
    live.filter(|method| sort_of(method.text("type")) == sort).map(|method| method.text("value")).collect()
}

/// `query_contact_individuals`, without people of archived contacts.
pub(crate) fn individuals(job: &mut Job<'_>) -> Outcome {
    let query = job.query(&INDIVIDUALS)?;
    let contacts = &job.store.contacts;
    let people = contacts.rows().flat_map(|(contact, row)| match row {
        Row::Seeded(number) => vec![(FIRST + number + INDIVIDUAL, Person::Seeded(number))],
        Row::Stored(kept) if kept.record.archived => Vec::new(),
        Row::Stored(kept) => kept
            .individuals
            .iter()
            .map(|person| (person.record.id, Person::Stored(contact, person)))
            .collect(),
    });
    let (ids, total) = query.plan.run(people, job.parameters.page, |_, person, source| person.cell(source));
    let found: Result<Vec<Value>, Problem> = ids.iter().map(|id| save::individual(job, *id)).collect();
    Ok(envelope(found?, total))
}
