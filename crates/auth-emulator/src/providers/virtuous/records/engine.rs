//! Carries out the actions on the records of a resource.

use serde_json::{Value, json};

use super::relations::{self, Target};
use super::render;
use super::resource::{Action, Moment, Resource, lookup};
use crate::providers::virtuous::base::custom::{self, RecordKind};
use crate::providers::virtuous::base::fields;
use crate::providers::virtuous::base::operation::{Operation, Shape};
use crate::providers::virtuous::base::record::{JsonFields, Record};
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::violations::{NOT_VALID, REQUIRED, Violations};
use crate::providers::virtuous::data::contacts::Part;
use crate::providers::virtuous::data::job::{Job, Outcome, Output, envelope, new_record};
use crate::providers::virtuous::operations::gifts::query as gifts;
use crate::providers::virtuous::query::{self, Cell, Schema, Type, cell_of};

/// Executes an operation. `None`: it does not belong to the record store.
pub(crate) fn execute(job: &mut Job<'_>) -> Option<Outcome> {
    let (resource, action) = lookup(job.call.operation)?;
    let operation = Operation::find(job.call.operation)?;
    Some(match action {
        Action::List => list(job, resource, operation, |_| true),
        Action::Only(field, words) => list(job, resource, operation, |one| words.contains(&one.text(field))),
        Action::Get => find(job, resource).map(|one| one_of(job, &one, resource, operation)),
        Action::By(field) => by(job, resource, operation, field),
        Action::Query => query(job, resource, operation),
        Action::QueryOptions => Ok(Output::Json(query::options(&schema(resource), job.store))),
        Action::Search => search(job, resource, operation),
        Action::Create => create(job, resource, operation),
        Action::Update => update(job, resource, operation),
        Action::Delete => delete(job, resource, operation),
        Action::CustomFields => Ok(Output::Json(custom::listed(
            resource.custom.map(|kind| job.store.custom(kind)).unwrap_or_default(),
        ))),
        Action::WordList => {
            Ok(Output::Json(json!(resource.words.map(|(_, words)| words).unwrap_or_default())))
        }
        Action::Fixed(text) => Ok(Output::Json(serde_json::from_str(text).unwrap_or_default())),
        Action::Custom(run) => run(job, resource, operation),
    })
}

/// The response with one record.
pub(crate) fn one_of(job: &Job<'_>, one: &Record, resource: &Resource, operation: &Operation) -> Output {
    Output::Json(render::shown(one, operation.response.fields(), resource, job.store))
}

/// The part of a list that was requested, in the form that the operation has.
pub(crate) fn listed(job: &Job<'_>, rows: Vec<Value>, operation: &Operation) -> Outcome {
    let total = rows.len();
    Ok(match operation.response {
        Shape::Page(_) => envelope(job.parameters.page.of(rows), total),
        _ => Output::Json(Value::Array(rows)),
    })
}

/// Path parameters as fields of records, without the record's own id if there is one.
fn path_fields(job: &Job<'_>, resource: &Resource, own: bool) -> Vec<(&'static str, i64)> {
    let params = &job.call.params;
    let count = params.len() - usize::from(own);
    let field =
        |(name, value): &(&'static str, String)| (resource.field_of(name), value.parse().unwrap_or(-1));
    params.iter().take(count).map(field).collect()
}

/// The id in the path.
pub(crate) fn own_id(job: &Job<'_>) -> i64 {
    job.call.params.last().and_then(|(_, value)| value.parse().ok()).unwrap_or(-1)
}

/// The record that the path names, if it belongs to the records that the path names before it.
pub(crate) fn find(job: &Job<'_>, resource: &Resource) -> Result<Record, Problem> {
    let found = job.store.records(resource.name)?.find(own_id(job))?.into_owned();
    let belongs = path_fields(job, resource, true).iter().all(|(field, id)| found.int(field) == Some(*id));
    if belongs { Ok(found) } else { Err(Problem::NotFound) }
}

/// Checks that the records exist that the path names.
fn check_path(job: &Job<'_>, fields: &[(&'static str, i64)]) -> Result<(), Problem> {
    for (field, id) in fields {
        if relations::target(field).is_some_and(|target| !relations::exists(target, *id, job.store)) {
            return Err(Problem::NotFound);
        }
    }
    Ok(())
}

fn mentions(row: &Value, names: &[&str], text: &str) -> bool {
    names.iter().any(|name| {
        row.get(name).and_then(Value::as_str).is_some_and(|held| held.to_lowercase().contains(text))
    })
}

/// Whether a field has a value: strings contain it, everything else equals it.
fn equals(row: &Value, record: &Record, field: &str, wanted: &str) -> bool {
    let held = match field {
        "id" => Some(json!(record.id)),
        _ => row.get(field).filter(|held| !held.is_null()).or_else(|| record.fields.get(field)).cloned(),
    };
    match held {
        Some(Value::String(held)) => held.to_lowercase().contains(&wanted.to_lowercase()),
        Some(held) => wanted.parse::<Value>().is_ok_and(|wanted| wanted == held),
        None => false,
    }
}

pub(crate) fn list(
    job: &mut Job<'_>,
    resource: &'static Resource,
    operation: &'static Operation,
    fits: impl Fn(&Record) -> bool,
) -> Outcome {
    let path = path_fields(job, resource, false);
    check_path(job, &path)?;
    let of_path = |one: &&Record| path.iter().all(|(field, id)| one.int(field) == Some(*id));
    let shown = |one: &Record| render::row(one, operation, resource, job.store);
    let mut rows: Vec<(&Record, Value)> = job
        .store
        .records(resource.name)?
        .stored()
        .filter(of_path)
        .filter(|one| fits(one))
        .map(|one| (one, shown(one)))
        .collect();
    let mut sort = None;
    for parameter in operation.query {
        let Some(given) = job.parameters.text(parameter.name) else { continue };
        match parameter.name {
            "sortBy" => sort = Some(given),
            "descending" | "count" | "take" => {}
            "filter" | "search.search" => {
                let text = given.to_lowercase();
                rows.retain(|(_, row)| mentions(row, resource.searched, &text));
            }
            name => rows.retain(|(one, row)| equals(row, one, resource.field_of(name), given)),
        }
    }
    let mut keyed: Vec<(Cell, i64, Value)> = rows
        .into_iter()
        .map(|(one, row)| {
            let key = match sort {
                None => Cell::Number(one.id),
                Some(name) if name.eq_ignore_ascii_case("Id") => Cell::Number(one.id),
                Some(name) if name.eq_ignore_ascii_case("CreatedDateTime") => Cell::date(&one.audit.created),
                Some(name) => {
                    let field = row
                        .as_object()
                        .and_then(|row| row.iter().find(|(held, _)| held.eq_ignore_ascii_case(name)));
                    field.map_or(Cell::Unknown, |(_, value)| Cell::of(value, Type::String))
                }
            };
            (key, one.id, row)
        })
        .collect();
    job.order(&mut keyed);
    listed(job, keyed.into_iter().map(|(_, _, row)| row).collect(), operation)
}

fn by(job: &Job<'_>, resource: &'static Resource, operation: &'static Operation, field: &str) -> Outcome {
    let wanted = job.call.params.last().map(|(_, value)| value.as_str()).unwrap_or_default();
    let mut records = job.store.records(resource.name)?.stored();
    let found = records.find(|one| one.text(field).eq_ignore_ascii_case(wanted)).ok_or(Problem::NotFound)?;
    Ok(one_of(job, found, resource, operation))
}

fn search(job: &mut Job<'_>, resource: &'static Resource, operation: &'static Operation) -> Outcome {
    // An empty string finds everything.
    let text = job.search("search", &[fields::text("search")])?;
    let shown = |one: &Record| render::row(one, operation, resource, job.store);
    let rows = job.store.records(resource.name)?.stored().map(shown);
    let rows = rows.filter(|row| mentions(row, resource.searched, &text)).collect();
    listed(job, rows, operation)
}

/// The parameters of queries: the fields of the response, by names in words.
pub(crate) fn schema(resource: &Resource) -> Schema {
    let operation = Operation::find(resource.query);
    let parameters = operation.map_or(&[][..], |operation| operation.parameters);
    Schema { parameters, shared: resource.shared, sorts: &[], custom: resource.custom }
}

fn query(job: &mut Job<'_>, resource: &'static Resource, operation: &'static Operation) -> Outcome {
    let query = job.query(&schema(resource))?;
    let shown = |one: &Record| render::row(one, operation, resource, job.store);
    let table = job.store.records(resource.name)?;
    let rows: Vec<(i64, (&Record, Value))> = table.stored().map(|one| (one.id, (one, shown(one)))).collect();
    let (ids, total) =
        query.plan.run(rows.iter().map(|(id, row)| (*id, row)), job.parameters.page, |_, row, source| {
            let (record, row) = row;
            match source.field {
                _ if source.custom => cell_of(record, source),
                "id" => Cell::Number(record.id),
                field => match row.get(field) {
                    Some(value) => Cell::of(value, source.kind),
                    None => gifts::cell(record, source, job.store),
                },
            }
        });
    let row_of = |id: &i64| rows.iter().find(|(held, _)| held == id).map(|(_, (_, row))| row.clone());
    Ok(envelope(ids.iter().filter_map(row_of).collect(), total))
}

/// Takes the custom fields out of a body, and replaces them with their values by name.
fn read_custom(job: &Job<'_>, given: &mut JsonFields, resource: &Resource) -> Result<(), Problem> {
    let (Some(kind), Some(value)) = (resource.custom, given.remove("customFields")) else { return Ok(()) };
    if value.is_null() {
        return Ok(());
    }
    let mut violations = Violations::of(job.settings);
    let at = format!("{}.customFields", resource.one);
    let values = custom::read_list(kind, &value, &at, &mut violations);
    given.insert("customFields".to_owned(), violations.or(values)?);
    Ok(())
}

/// Checks what a record refers to, what it must have and what must be unique.
pub(crate) fn check(job: &Job<'_>, record: &Record, resource: &Resource) -> Result<(), Problem> {
    let mut wrong = Vec::new();
    let mut note =
        |field: &str, words: &str| wrong.push((format!("{}.{field}", resource.one), words.to_owned()));
    for (field, words) in relations::broken(record, job.store) {
        note(field, &words);
    }
    for field in resource.needed {
        if record.fields.get(*field).is_none_or(|value| value.is_null() || value.as_str() == Some("")) {
            note(field, REQUIRED);
        }
    }
    if let Some((field, words)) = resource.words {
        let given = record.text(field);
        if !given.is_empty() && !words.iter().any(|word| word.eq_ignore_ascii_case(given)) {
            note(field, NOT_VALID);
        }
    }
    if let Some(field) = resource.unique.filter(|field| !record.text(field).is_empty()) {
        let same = |other: &Record| {
            other.id != record.id && other.text(field).eq_ignore_ascii_case(record.text(field))
        };
        if job.store.records(resource.name)?.stored().any(same) {
            note(field, "Another record has this value.");
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Problem::Invalid(wrong)) }
}

/// A person stands for its contact.
fn complete_contact(job: &Job<'_>, record: &mut Record) {
    if record.int("contactId").is_none()
        && let Some(individual) = record.int("contactIndividualId")
        && let Ok(contact) = job.store.contacts.owner(Part::Individual, individual)
    {
        let id = contact.id();
        record.set("contactId", id);
    }
}

/// Creates a record from parsed fields.
pub(crate) fn insert(
    job: &mut Job<'_>,
    mut given: JsonFields,
    resource: &'static Resource,
) -> Result<Record, Problem> {
    read_custom(job, &mut given, resource)?;
    let id = job.store.records_mut(resource.name)?.next_id();
    let mut record = new_record(id, given, job);
    for (name, value) in resource.defaults {
        if !record.fields.contains_key(*name) {
            record.set(name, serde_json::from_str::<Value>(value).unwrap_or_default());
        }
    }
    complete_contact(job, &mut record);
    store(job, record, resource, Moment::Create)
}

/// Checks a record, stores it, and notes the event for webhooks.
pub(crate) fn store(
    job: &mut Job<'_>,
    mut record: Record,
    resource: &'static Resource,
    moment: Moment,
) -> Result<Record, Problem> {
    check(job, &record, resource)?;
    if let Some(hook) = resource.hook {
        hook(job, &mut record, moment)?;
    }
    let (id, kept) = (record.id, record.clone());
    job.store.records_mut(resource.name)?.put(id, record)?;
    announce(job, &kept, resource, moment);
    Ok(kept)
}

/// Notes a change for webhooks and in the list of effects.
fn announce(job: &mut Job<'_>, record: &Record, resource: &'static Resource, moment: Moment) {
    if !resource.events {
        return;
    }
    let fields =
        Operation::find("events.get").map(|operation| operation.response.fields()).unwrap_or_default();
    let mut body = render::shown(record, fields, resource, job.store);
    if let Some(body) = body.as_object_mut() {
        body.insert(
            "customFields".to_owned(),
            custom::as_map(job.store.custom(RecordKind::Event), &record.custom),
        );
    }
    let switch = match moment {
        Moment::Create => "eventCreate",
        Moment::Update => "eventUpdate",
        Moment::Delete => "eventDelete",
    };
    // `event` is the name of the event in a payload.
    job.event(switch, "generosityEvent", body);
}

fn create(job: &mut Job<'_>, resource: &'static Resource, operation: &'static Operation) -> Outcome {
    let path = path_fields(job, resource, false);
    check_path(job, &path)?;
    let mut given = job.fields(resource.one, operation.body.fields())?;
    given.extend(path.into_iter().map(|(field, id)| (field.to_owned(), json!(id))));
    let record = insert(job, given, resource)?;
    Ok(one_of(job, &record, resource, operation))
}

fn update(job: &mut Job<'_>, resource: &'static Resource, operation: &'static Operation) -> Outcome {
    let mut record = find(job, resource)?;
    let mut given = job.change(resource.one, operation.body.fields())?;
    read_custom(job, &mut given, resource)?;
    job.replace(&mut record, given, resource.one, operation.body.fields())?;
    let record = store(job, record, resource, Moment::Update)?;
    Ok(one_of(job, &record, resource, operation))
}

fn delete(job: &mut Job<'_>, resource: &'static Resource, _: &'static Operation) -> Outcome {
    let mut record = find(job, resource)?;
    if let Some(hook) = resource.hook {
        hook(job, &mut record, Moment::Delete)?;
    }
    announce(job, &record, resource, Moment::Delete);
    job.store.records_mut(resource.name)?.remove(record.id)?;
    relations::release(job.store, Target::Record(resource.name), record.id)?;
    Ok(Output::Empty)
}

/// Parses a list in a body, item by item.
pub(crate) fn each(given: &mut JsonFields, name: &str) -> Vec<JsonFields> {
    fields::objects(given, name)
}

/// A contact that the path names must exist.
pub(crate) fn contact_in_path(job: &Job<'_>) -> Result<i64, Problem> {
    let id = job.id("contactId");
    if relations::exists(Target::Contact, id, job.store) { Ok(id) } else { Err(Problem::NotFound) }
}
