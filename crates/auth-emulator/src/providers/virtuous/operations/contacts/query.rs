//! Queries over contacts and people.

use serde_json::Value;

use super::{render, save};
use crate::providers::virtuous::base::custom::RecordKind;
use crate::providers::virtuous::base::record::Record;
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::table::Row;
use crate::providers::virtuous::data::contact::{
    Contact, FIRST, INDIVIDUAL, Individual, cell as quick, sort_of,
};
use crate::providers::virtuous::data::contacts::Contacts;
use crate::providers::virtuous::data::giving::Giving;
use crate::providers::virtuous::data::job::{Job, Outcome, envelope};
use crate::providers::virtuous::data::store::Store;
use crate::providers::virtuous::query::{
    Cell, OF_CHOICE, OF_COUNTRY, OF_STATE, Schema, Source, Type, Values, cell_of, earlier_date, parameter,
};

/// The parameters of a recording of 2018 in its order, and those that clients use since beside them.
pub(crate) static CONTACTS: Schema = Schema {
    parameters: &[
        parameter("Contact Id", Type::Int, "id"),
        parameter("Legacy Contact Id", Type::String, "referenceId").known(),
        parameter("Contact Name", Type::String, "name"),
        parameter("Contact Type", Type::List, "contactType").among(Values::ContactTypes),
        earlier_date("Create Date", "created"),
        earlier_date("Last Modified Date", "modified"),
        earlier_date("Create DateTime UTC", "created"),
        earlier_date("Last Modified DateTime UTC", "modified"),
        parameter("First Name", Type::String, "firstName"),
        parameter("Last Name", Type::String, "lastName"),
        parameter("Phone Number", Type::String, "phone").known(),
        parameter("Phone", Type::String, "phone").known(),
        parameter("Email Address", Type::String, "email").known(),
        parameter("Fax", Type::String, "method:Fax").known(),
        parameter("Facebook", Type::String, "method:Facebook").known(),
        parameter("Twitter", Type::String, "method:Twitter").known(),
        parameter("LinkedIn", Type::String, "method:LinkedIn").known(),
        parameter("Skype", Type::String, "method:Skype").known(),
        parameter("Web", Type::String, "method:Web").known(),
        parameter("Other", Type::String, "method:Other").known(),
        parameter("Address", Type::Object, "address").known(),
        parameter("Address Line 1", Type::String, "address1").known(),
        parameter("Address Line 2", Type::String, "address2").known(),
        parameter("Address 1", Type::String, "address1").known(),
        parameter("Address 2", Type::String, "address2").known(),
        parameter("City", Type::String, "city").known(),
        parameter("State", Type::String, "state").with(OF_STATE),
        parameter("Postal", Type::String, "postal").known(),
        parameter("Country", Type::String, "country").with(OF_COUNTRY),
        parameter("Tag", Type::List, "tags").among(Values::Tags).with(OF_CHOICE),
        parameter("Tags", Type::List, "tags").among(Values::Tags).with(OF_CHOICE),
        // No operation shows or sets it.
        parameter("Owner", Type::List, "owner").with(OF_CHOICE),
        parameter("Financial Score", Type::Int, "financialScore").known(),
        parameter("Social Score", Type::Int, "socialScore").known(),
        parameter("Private", Type::Boolean, "isPrivate"),
        parameter("Is Private", Type::Boolean, "isPrivate"),
        parameter("Note", Type::String, "note"),
        earlier_date("Note Date", "noteDate"),
        parameter("Note Type", Type::String, "noteType"),
        parameter("Important Note", Type::Boolean, "importantNote"),
        parameter("Private Note", Type::Boolean, "privateNote"),
        parameter("First Gift Amount", Type::Decimal, "firstAmount"),
        earlier_date("First Gift Date", "firstDate").known(),
        parameter("Last Gift Amount", Type::Decimal, "lastAmount"),
        earlier_date("Last Gift Date", "lastDate").known(),
        parameter("Largest Gift Amount", Type::Decimal, "largestAmount"),
        earlier_date("Largest Gift Date", "largestDate").known(),
        parameter("Year to Date Giving", Type::Decimal, "year"),
        parameter("Year to Date Gift Count", Type::Int, "yearCount"),
        parameter("Year to Date Plus Passthrough Giving", Type::Decimal, "year"),
        parameter("Year to Date Plus Passthrough Gift Count", Type::Int, "yearCount"),
        parameter("Life to Date Giving", Type::Decimal, "life"),
        parameter("Life to Date Gift Count", Type::Int, "lifeCount"),
        parameter("Life to Date Plus Passthrough Giving", Type::Decimal, "life"),
        parameter("Life to Date Plus Passthrough Gift Count", Type::Int, "lifeCount"),
        parameter("Rolling 12 Month Giving", Type::Decimal, "rolling"),
        parameter("Rolling 12 Month Gift Count", Type::Int, "rollingCount"),
        parameter("Rolling 12 Month Plus Passthrough Giving", Type::Decimal, "rolling"),
        parameter("Rolling 12 Month Plus Passthrough Gift Count", Type::Int, "rollingCount"),
    ],
    shared: &[],
    sorts: &[],
    custom: Some(RecordKind::Contact),
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
    shared: &[],
    sorts: &[],
    custom: Some(RecordKind::Individual),
};

fn owned(texts: Vec<&str>) -> Cell {
    Cell::strings(texts.into_iter().filter(|text| !text.is_empty()).map(str::to_owned).collect())
}

fn cell(contact: &Contact, source: Source<'_>, store: &Store) -> Cell {
    let record = &contact.record;
    let of_people = |name: &str| owned(contact.individuals.iter().map(|one| one.record.text(name)).collect());
    let of_addresses =
        |name: &str| owned(contact.addresses.iter().map(|address| address.text(name)).collect());
    match source.field {
        _ if source.custom => cell_of(record, source),
        "firstName" | "lastName" => of_people(source.field),
        "address1" | "address2" | "city" | "state" | "postal" | "country" => of_addresses(source.field),
        "address" => contact.address().map_or(Cell::Unknown, |one| Cell::text(&render::address_line(one))),
        "email" => owned(contact.reached_by("Email")),
        "phone" => owned(contact.reached_by("Phone")),
        "tags" => tags_of(contact, store),
        "referenceId" => owned(contact.references.iter().map(|(_, id)| id.as_str()).collect()),
        "note" | "noteType" | "noteDate" | "importantNote" | "privateNote" => {
            of_notes(contact.id(), source, store)
        }
        field => match field.strip_prefix("method:") {
            Some(kind) => {
                let methods = contact.individuals.iter().flat_map(|one| &one.methods);
                let methods = methods.filter(|method| !method.archived && method.text("type") == kind);
                owned(methods.map(|method| method.text("value")).collect())
            }
            None => cell_of(record, source),
        },
    }
}

/// The names of a contact's tags.
pub(crate) fn tags_of(contact: &Contact, store: &Store) -> Cell {
    owned(render::tags(contact, store).collect())
}

/// The value of a parameter about the notes of a contact.
fn of_notes(contact: i64, source: Source<'_>, store: &Store) -> Cell {
    let mut notes = store.notes.stored().filter(|note| note.int("contactId") == Some(contact));
    match source.field {
        "note" => owned(notes.map(|note| note.text("note")).collect()),
        "noteType" => owned(notes.map(|note| note.text("type")).collect()),
        "noteDate" => notes.next_back().map_or(Cell::Unknown, |note| Cell::date(note.text("noteDateTime"))),
        "importantNote" => Cell::Flag(notes.any(|note| note.flag("important"))),
        _ => Cell::Flag(notes.any(|note| note.flag("isPrivate"))),
    }
}

/// Values that are derived from a contact's gifts.
fn giving_cell(contact: i64, source: Source<'_>, store: &Store) -> Option<Cell> {
    let field = source.field;
    let (of, what) = field.split_at(field.find(['C', 'A', 'D']).unwrap_or(field.len()));
    if source.custom
        || !matches!(
            (of, what),
            ("life" | "year" | "rolling", "" | "Count") | ("first" | "last" | "largest", "Amount" | "Date")
        )
    {
        return None;
    }
    let giving = Giving::of(contact, store);
    let sum = match of {
        "life" => giving.life,
        "year" => giving.year,
        _ => giving.rolling,
    };
    let one = match of {
        "first" => giving.first,
        "last" => giving.last,
        _ => giving.largest,
    };
    Some(match what {
        "" => Cell::Number(sum.amount),
        "Count" => Cell::Number(sum.count),
        "Amount" => Cell::number(one.map(|(_, amount)| amount)),
        _ => Cell::number(one.map(|(day, _)| day * 86_400_000_000)),
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
    fn cell(&self, source: Source<'_>) -> Cell {
        match self {
            Self::Seeded(number) => match source.field {
                _ if source.custom => Cell::Unknown,
                "id" => Cell::Number(FIRST + number + INDIVIDUAL),
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
                _ if source.custom => cell_of(&person.record, source),
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
