//! People. A contact must have at least one, so the last one can't be deleted.

use serde_json::{Value, json};

use super::save::{changed, individual as shown};
use super::{render, write};
use crate::providers::virtuous::base::custom::{self, RecordKind};
use crate::providers::virtuous::base::fields::{
    Field, collections, custom_list, flag, int, items, text, time,
};
use crate::providers::virtuous::base::organization;
use crate::providers::virtuous::base::record::JsonFields;
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::data::contact::Individual;
use crate::providers::virtuous::data::contacts::Part;
use crate::providers::virtuous::data::job::{Job, Outcome, Output};
use crate::providers::virtuous::records::relations::{Target, release};

const CREATE: &[Field] = &[
    int("contactId").required(),
    items("contactMethods", write::METHOD),
    text("firstName").required(),
    text("lastName").required(),
    text("prefix"),
    text("prefix2"),
    text("middleName"),
    text("preMarriageName"),
    text("suffix"),
    text("nickname"),
    text("gender"),
    flag("setAsPrimary"),
    flag("setAsSecondary"),
    int("birthMonth"),
    int("birthDay"),
    int("birthYear"),
    int("approximateAge"),
    flag("isDeceased"),
    time("deceasedDate"),
    text("passion"),
    text("avatarUrl"),
    custom_list(RecordKind::Individual),
    collections(&[RecordKind::Individual]),
];
/// All fields except the contact and its methods.
const UPDATE: &[Field] = CREATE.split_at(2).1;

pub(crate) fn execute(job: &mut Job<'_>) -> Option<Outcome> {
    Some(match job.call.operation {
        "contact_individuals.by_contact" => by_contact(job),
        "contact_individuals.get" => get(job),
        "contact_individuals.find" => find(job),
        "contact_individuals.create" => create(job),
        "contact_individuals.update" => update(job),
        "contact_individuals.delete" => delete(job),
        "contact_individuals.custom_fields" => {
            Ok(Output::Json(custom::listed(job.store.custom(RecordKind::Individual))))
        }
        "contact_individuals.custom_collections" => {
            Ok(Output::Json(organization::listed(job.settings, RecordKind::Individual)))
        }
        _ => return None,
    })
}

fn by_contact(job: &mut Job<'_>) -> Outcome {
    let contact = job.store.contacts.find(job.id("contactId"))?;
    let shown = contact.individuals.iter().map(|one| render::individual(contact.id(), one, job.store));
    Ok(Output::Json(shown.collect()))
}

fn get(job: &mut Job<'_>) -> Outcome {
    shown(job, job.id("contactIndividualId")).map(Output::Json)
}

fn find(job: &mut Job<'_>) -> Outcome {
    let email = job.parameters.text("email").unwrap_or_default().to_lowercase();
    let contact = job.store.contacts.by_email(&email).ok_or(Problem::NotFound)?;
    let contact = job.store.contacts.find(contact)?;
    let has = |one: &&Individual| {
        one.methods.iter().any(|method| !method.archived && method.text("value").to_lowercase() == email)
    };
    let individual = contact.individuals.iter().find(has).ok_or(Problem::NotFound)?;
    Ok(Output::Json(render::individual(contact.id(), individual, job.store)))
}

/// Removes the two flags from the given fields and sets them. A missing or false flag changes nothing.
fn mark(individuals: &mut [Individual], given: &mut JsonFields, id: i64) {
    for (command, mark) in [("setAsPrimary", "isPrimary"), ("setAsSecondary", "isSecondary")] {
        if given.remove(command) == Some(Value::Bool(true)) {
            write::promote(individuals.iter_mut().map(|one| &mut one.record), id, mark);
        }
    }
    write::normalize_individuals(individuals);
}

fn create(job: &mut Job<'_>) -> Outcome {
    let mut given = job.fields("individual", CREATE)?;
    let mut contact = job.contact_of_body("individual", &given)?;
    if contact.individuals.len() >= write::MAX_PARTS {
        return Err(Problem::Full("individuals of a contact"));
    }
    given.remove("contactId");
    let mut marks = JsonFields::new();
    for command in ["setAsPrimary", "setAsSecondary"] {
        marks.insert(command.to_owned(), given.remove(command).unwrap_or_default());
    }
    let individual = write::individual(job, given, Some(contact.id()))?;
    let id = individual.record.id;
    contact.individuals.push(individual);
    mark(&mut contact.individuals, &mut marks, id);
    changed(job, contact)?;
    shown(job, id).map(Output::Json)
}

fn update(job: &mut Job<'_>) -> Outcome {
    let id = job.id("contactIndividualId");
    let mut contact = job.store.contacts.owner(Part::Individual, id)?.into_owned();
    let mut given = job.change("individual", UPDATE)?;
    mark(&mut contact.individuals, &mut given, id);
    let individual =
        contact.individuals.iter_mut().find(|one| one.record.id == id).ok_or(Problem::NotFound)?;
    job.replace(&mut individual.record, given, "individual", UPDATE)?;
    let deceased = individual.record.fields.get("deceasedDate").cloned();
    changed(job, contact)?;
    let mut shown = shown(job, id)?;
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("deceasedDate".to_owned(), json!(deceased));
    }
    Ok(Output::Json(shown))
}

fn delete(job: &mut Job<'_>) -> Outcome {
    let id = job.id("contactIndividualId");
    let mut contact = job.store.contacts.owner(Part::Individual, id)?.into_owned();
    if contact.individuals.len() == 1 {
        return Err(Problem::field("contactIndividualId", "A contact has to have an individual."));
    }
    contact.individuals.retain(|one| one.record.id != id);
    write::normalize_individuals(&mut contact.individuals);
    changed(job, contact)?;
    release(job.store, Target::Individual, id)?;
    Ok(Output::Empty)
}
