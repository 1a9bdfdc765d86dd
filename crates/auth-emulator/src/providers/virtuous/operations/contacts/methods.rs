//! Contact methods: email addresses, phone numbers, web pages.

use serde_json::{Value, json};

use super::save::changed;
use super::{render, write};
use crate::providers::virtuous::base::fields::{Field, flag, int, one_of, text};
use crate::providers::virtuous::base::record::Record;
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::data::contact::{Contact, METHOD_TYPES, TAKEN_METHOD_TYPES, sort_of};
use crate::providers::virtuous::data::contacts::Part;
use crate::providers::virtuous::data::job::{Job, Outcome, Output, new_record};

const CREATE: &[Field] = &[
    int("contactIndividualId").required(),
    one_of("type", TAKEN_METHOD_TYPES).required(),
    text("value").required(),
    flag("isOptedIn"),
    flag("setAsPrimary"),
];
/// A replacement needs `isOptedIn`, as recorded.
const UPDATE: &[Field] = &[
    one_of("type", TAKEN_METHOD_TYPES).required(),
    text("value").required(),
    flag("isOptedIn").required(),
    flag("setAsPrimary"),
];

pub(crate) fn execute(job: &mut Job<'_>) -> Option<Outcome> {
    Some(match job.call.operation {
        "contact_methods.types" => Ok(Output::Json(json!(METHOD_TYPES))),
        "contact_methods.related_types" => related(job),
        "contact_methods.get" => shown(job, job.id("contactMethodId")),
        "contact_methods.create" => create(job),
        "contact_methods.update" => update(job),
        "contact_methods.archive" => archive(job, true),
        "contact_methods.unarchive" => archive(job, false),
        "contact_methods.delete" => delete(job),
        _ => return None,
    })
}

/// Assumption (related-types): related types are those of the same category, for example all kinds of phones; an unknown type is
/// like `Other`, as recorded.
fn related(job: &mut Job<'_>) -> Outcome {
    let name = job.parameters.text("name").unwrap_or_default();
    let known = METHOD_TYPES.iter().find(|kind| kind.eq_ignore_ascii_case(name)).unwrap_or(&"Other");
    let related: Vec<&&str> = METHOD_TYPES.iter().filter(|kind| sort_of(kind) == sort_of(known)).collect();
    Ok(Output::Json(json!(related)))
}

/// The methods of the person who has this method.
fn siblings(contact: &mut Contact, id: i64) -> Result<&mut Vec<Record>, Problem> {
    let mut people = contact.individuals.iter_mut();
    let person = people.find(|person| person.methods.iter().any(|method| method.id == id));
    person.map(|person| &mut person.methods).ok_or(Problem::NotFound)
}

fn shown(job: &Job<'_>, id: i64) -> Outcome {
    let contact = job.store.contacts.owner(Part::Method, id)?;
    let mut methods = contact.individuals.iter().flat_map(|person| &person.methods);
    let method = methods.find(|method| method.id == id).ok_or(Problem::NotFound)?;
    Ok(Output::Json(render::method(method)))
}

/// Makes a method the primary one of its category.
fn promote(methods: &mut [Record], id: i64) {
    let kind = methods.iter().find(|method| method.id == id).map(|method| method.text("type").to_owned());
    let sort = kind.as_deref().map(sort_of).unwrap_or_default();
    write::promote(methods.iter_mut().filter(|method| sort_of(method.text("type")) == sort), id, "isPrimary");
}

fn create(job: &mut Job<'_>) -> Outcome {
    let mut given = job.fields("contactMethod", CREATE)?;
    let person = given.remove("contactIndividualId").and_then(|id| id.as_i64()).unwrap_or_default();
    let unknown = || Problem::field("contactMethod.contactIndividualId", "There is no such individual.");
    let mut contact = job.store.contacts.owner(Part::Individual, person).map_err(|_| unknown())?.into_owned();
    let string_of = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default();
    write::check_email(job, string_of("type"), string_of("value"), Some(contact.id()))?;
    let primary = given.remove("setAsPrimary") == Some(Value::Bool(true));
    let id = job.store.contacts.next_part(Part::Method);
    let method = new_record(id, given, job);
    let person = contact.individuals.iter_mut().find(|one| one.record.id == person).ok_or_else(unknown)?;
    if person.methods.len() >= write::MAX_PARTS {
        return Err(Problem::Full("methods of an individual"));
    }
    person.methods.push(method);
    if primary {
        promote(&mut person.methods, id);
    }
    write::normalize_methods(&mut person.methods);
    changed(job, contact)?;
    shown(job, id)
}

fn update(job: &mut Job<'_>) -> Outcome {
    let id = job.id("contactMethodId");
    let mut contact = job.store.contacts.owner(Part::Method, id)?.into_owned();
    let mut given = job.change("updateContactMethod", UPDATE)?;
    let owner = contact.id();
    let primary = given.remove("setAsPrimary") == Some(Value::Bool(true));
    let methods = siblings(&mut contact, id)?;
    if let Some(method) = methods.iter_mut().find(|method| method.id == id) {
        job.replace(method, given, "updateContactMethod", UPDATE)?;
        write::check_email(job, method.text("type"), method.text("value"), Some(owner))?;
    }
    if primary {
        promote(methods, id);
    }
    write::normalize_methods(methods);
    changed(job, contact)?;
    shown(job, id)
}

fn archive(job: &mut Job<'_>, archived: bool) -> Outcome {
    let id = job.id("contactMethodId");
    let mut contact = job.store.contacts.owner(Part::Method, id)?.into_owned();
    let methods = siblings(&mut contact, id)?;
    for method in methods.iter_mut().filter(|method| method.id == id) {
        method.archived = archived;
        method.audit.touch(job.store.now);
    }
    write::normalize_methods(methods);
    changed(job, contact)?;
    Ok(Output::Empty)
}

fn delete(job: &mut Job<'_>) -> Outcome {
    let id = job.id("contactMethodId");
    let mut contact = job.store.contacts.owner(Part::Method, id)?.into_owned();
    let methods = siblings(&mut contact, id)?;
    methods.retain(|method| method.id != id);
    write::normalize_methods(methods);
    changed(job, contact)?;
    Ok(Output::Empty)
}
