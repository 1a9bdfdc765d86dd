//! Creation and update of contacts, without de-duplication, unlike transactions.
//!
//! Assumption (shared-reference): of two contacts created with the same reference, the first is found. Assumption
//! (put-required): a replacement without type or name keeps them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{render, save};
use crate::providers::virtuous::base::custom::RecordKind;
use crate::providers::virtuous::base::fields::{
    Field, collections, contact_type, custom_list, custom_map, flag, int, items, number, objects, one_of,
    text,
};
use crate::providers::virtuous::base::record::{JsonFields, Record};
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::violations::NOT_VALID;
use crate::providers::virtuous::data::contact::{Contact, Individual, TAKEN_METHOD_TYPES, sort_of};
use crate::providers::virtuous::data::contacts::Part;
use crate::providers::virtuous::data::job::{Job, Outcome, Output, new_record};

/// The maximum number of parts of one kind.
pub(crate) const MAX_PARTS: usize = 100;

/// A contact method that is created with a person.
pub(crate) const METHOD: &[Field] = &[
    one_of("type", TAKEN_METHOD_TYPES).required(),
    text("value").required(),
    flag("isOptedIn"),
    flag("isPrimary"),
];
const INDIVIDUAL: &[Field] = &[
    text("firstName").required(),
    text("lastName").required(),
    text("prefix"),
    text("middleName"),
    text("suffix"),
    int("birthMonth"),
    int("birthDay"),
    int("birthYear"),
    int("approximateAge"),
    text("gender"),
    text("passion"),
    flag("isPrimary"),
    flag("isSecondary"),
    flag("isDeceased"),
    items("contactMethods", METHOD),
    custom_map(RecordKind::Individual),
    collections(&[RecordKind::Individual]),
];
const ADDRESS: &[Field] = &[
    text("label"),
    text("address1"),
    text("address2"),
    text("city"),
    text("stateCode").read_as("state"),
    text("postal"),
    text("countryCode").read_as("country"),
    flag("isPrimary"),
    number("latitude"),
    number("longitude"),
];
const CREATE: &[Field] = &[
    contact_type().required(),
    text("name").required(),
    text("referenceSource"),
    text("referenceId"),
    text("informalName"),
    text("description"),
    text("website"),
    text("maritalStatus"),
    int("anniversaryMonth"),
    int("anniversaryDay"),
    int("anniversaryYear"),
    int("originSegmentId"),
    flag("isPrivate"),
    flag("isArchived"),
    items("contactAddresses", ADDRESS),
    items("contactIndividuals", INDIVIDUAL).required(),
    custom_map(RecordKind::Contact),
    collections(&[RecordKind::Contact]),
];
const UPDATE: &[Field] = &[
    contact_type().required(),
    text("name").required(),
    text("informalName"),
    text("formalContactName"),
    text("alternateContactName"),
    text("preferredSalutationName"),
    text("preferredAddresseeName"),
    text("description"),
    text("website"),
    text("maritalStatus"),
    int("anniversaryMonth"),
    int("anniversaryDay"),
    int("anniversaryYear"),
    int("originSegmentId"),
    flag("isPrivate"),
    custom_list(RecordKind::Contact),
    collections(&[RecordKind::Contact]),
];

/// Fields that a replacement keeps if they are missing, as recorded for the name.
const KEPT: &[&str] = &["contactType", "name"];

/// Sets a flag on the record with this id only.
pub(crate) fn promote<'r>(records: impl Iterator<Item = &'r mut Record>, id: i64, mark: &str) {
    for record in records {
        let chosen = record.id == id;
        record.set(mark, chosen);
    }
}

/// Ensures that each category has one primary method that is not archived.
pub(crate) fn normalize_methods(methods: &mut [Record]) {
    let sorts: BTreeSet<String> =
        methods.iter().map(|method| sort_of(method.text("type")).to_owned()).collect();
    for sort in sorts {
        normalize(methods, |method| sort_of(method.text("type")) == sort);
    }
}

/// Ensures that one address that is not archived is the primary one.
pub(crate) fn normalize_addresses(addresses: &mut [Record]) {
    normalize(addresses, |_| true);
}

fn normalize(records: &mut [Record], of_group: impl Fn(&Record) -> bool) {
    let mut live = records.iter().filter(|one| of_group(one) && !one.archived);
    let chosen = live.clone().find(|one| one.flag("isPrimary")).or_else(|| live.next());
    let chosen = chosen.map_or(-1, |one| one.id);
    promote(records.iter_mut().filter(|one| of_group(one)), chosen, "isPrimary");
}

/// Ensures that exactly one person is the primary one, and at most one the secondary.
pub(crate) fn normalize_individuals(individuals: &mut [Individual]) {
    let marked = |mark: &str| individuals.iter().find(|one| one.record.flag(mark)).map(|one| one.record.id);
    let primary = marked("isPrimary").or_else(|| individuals.first().map(|one| one.record.id));
    let secondary = marked("isSecondary").filter(|secondary| Some(*secondary) != primary);
    for (mark, chosen) in [("isPrimary", primary), ("isSecondary", secondary)] {
        promote(individuals.iter_mut().map(|one| &mut one.record), chosen.unwrap_or(-1), mark);
    }
}

/// `local@domain.example`, without spaces.
fn is_email(value: &str) -> bool {
    let (local, domain) = value.rsplit_once('@').unwrap_or_default();
    let plain = !value.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    plain
        && !local.is_empty()
        && !local.contains('@')
        && domain.split('.').count() > 1
        && domain.split('.').all(|part| !part.is_empty())
}

/// Digits, with what people write between them, and an extension.
fn is_phone(value: &str) -> bool {
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let known = |letter: char| letter.is_ascii_digit() || " +-().,/#*extEXT".contains(letter);
    (3..=20).contains(&digits) && value.chars().all(known)
}

/// Rejects a malformed value, and an email address of another contact, if the settings require uniqueness.
pub(crate) fn check_email(job: &Job<'_>, kind: &str, value: &str, own: Option<i64>) -> Result<(), Problem> {
    let valid = match sort_of(kind) {
        "Email" => is_email(value),
        "Phone" | "Fax" => is_phone(value),
        _ => true,
    };
    if !valid {
        return Err(Problem::field("contactMethod.value", NOT_VALID));
    }
    let holder = || job.store.contacts.by_email(value).filter(|holder| Some(*holder) != own);
    let clash = job.settings.unique_emails && sort_of(kind) == "Email" && holder().is_some();
    if clash { Err(Problem::Conflict) } else { Ok(()) }
}

fn check_segment(job: &Job<'_>, given: &JsonFields, parameter: &str) -> Result<(), Problem> {
    match given.get("originSegmentId").and_then(Value::as_i64) {
        Some(segment) if job.store.segments.get(segment).is_none() => {
            Err(Problem::field(format!("{parameter}.originSegmentId"), "There is no such segment."))
        }
        _ => Ok(()),
    }
}

/// A person from parsed fields, with its methods.
pub(crate) fn individual(
    job: &mut Job<'_>,
    mut given: JsonFields,
    contact: Option<i64>,
) -> Result<Individual, Problem> {
    let methods = objects(&mut given, "contactMethods");
    if methods.len() > MAX_PARTS {
        return Err(Problem::Full("methods of an individual"));
    }
    let id = job.store.contacts.next_part(Part::Individual);
    let mut individual = Individual { record: new_record(id, given, job), methods: Vec::new() };
    for method in methods {
        let string_of = |name: &str| method.get(name).and_then(Value::as_str).unwrap_or_default();
        check_email(job, string_of("type"), string_of("value"), contact)?;
        let id = job.store.contacts.next_part(Part::Method);
        individual.methods.push(new_record(id, method, job));
    }
    normalize_methods(&mut individual.methods);
    Ok(individual)
}

/// `create_contact`.
pub(crate) fn create(job: &mut Job<'_>) -> Outcome {
    let mut given = job.fields("contact", CREATE)?;
    check_segment(job, &given, "contact")?;
    let string_of = |given: &mut JsonFields, name: &str| match given.remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    let (source, reference) =
        (string_of(&mut given, "referenceSource"), string_of(&mut given, "referenceId"));
    let archived = given.remove("isArchived").is_some_and(|archived| archived == Value::Bool(true));
    let people = objects(&mut given, "contactIndividuals");
    let places = objects(&mut given, "contactAddresses");
    if people.len() > MAX_PARTS || places.len() > MAX_PARTS {
        return Err(Problem::Full("parts of a contact"));
    }
    job.store.contacts.has_capacity(1)?;
    let references: Vec<_> = source.zip(reference).into_iter().collect();
    let mut individuals = Vec::new();
    for person in people {
        individuals.push(individual(job, person, None)?);
    }
    normalize_individuals(&mut individuals);
    let mut addresses = Vec::new();
    for place in places {
        let id = job.store.contacts.next_part(Part::Address);
        addresses.push(new_record(id, place, job));
    }
    normalize_addresses(&mut addresses);
    let id = job.store.contacts.next_id();
    let mut record = new_record(id, given, job);
    record.archived = archived;
    let contact = Contact { record, references, individuals, addresses, tags: Vec::new() };
    save::added(job, contact)?;
    let contact = job.store.contacts.find(id)?;
    Ok(Output::Json(Value::Object(render::full(&contact, job.store))))
}

/// `update_contact`.
pub(crate) fn update(job: &mut Job<'_>) -> Outcome {
    let mut contact = job.store.contacts.find(job.id("contactId"))?.into_owned();
    let mut given = job.change("contact", UPDATE)?;
    check_segment(job, &given, "contact")?;
    for name in KEPT {
        if let (false, Some(held)) = (given.contains_key(*name), contact.record.fields.get(*name)) {
            given.insert((*name).to_owned(), held.clone());
        }
    }
    job.replace(&mut contact.record, given, "contact", UPDATE)?;
    let id = contact.id();
    save::changed(job, contact)?;
    let contact = job.store.contacts.find(id)?;
    Ok(save::followed(&contact, job))
}
