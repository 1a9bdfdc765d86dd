//! People. A contact has at least one, so the last one can't be deleted.

use serde_json::{Value, json};

use super::book::Part;
use super::model::Individual;
use super::{changed, query, render, write};
use crate::providers::virtuous::custom::{self, Owner};
use crate::providers::virtuous::job::{Answer, Job, Outcome};
use crate::providers::virtuous::query as queries;
use crate::providers::virtuous::record::Members;
use crate::providers::virtuous::replies::Problem;
use crate::providers::virtuous::shape::{Member, custom_list, flag, ignored, int, items, text, time};

const CREATE: &[Member] = &[
    int("contactId").required(),
    text("firstName").required(),
    text("lastName").required(),
    items("contactMethods", write::METHOD),
    text("prefix"),
    text("middleName"),
    text("suffix"),
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
    custom_list(Owner::Individual),
    ignored("customCollections"),
];
const UPDATE: &[Member] = &[
    text("firstName").required(),
    text("lastName").required(),
    text("prefix"),
    text("middleName"),
    text("suffix"),
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
    custom_list(Owner::Individual),
    ignored("customCollections"),
];

pub(super) fn carry_out(job: &mut Job<'_>) -> Option<Outcome> {
    Some(match job.call.operation {
        "contact_individuals_by_contact" => by_contact(job),
        "get_contact_individual" => get(job),
        "find_contact_individual" => find(job),
        "create_contact_individual" => create(job),
        "update_contact_individual" => update(job),
        "delete_contact_individual" => delete(job),
        "contact_individual_custom_fields" => Ok(Answer::Json(custom::listed(Owner::Individual))),
        "contact_individual_query_options" => {
            Ok(Answer::Json(queries::listed(&query::INDIVIDUALS, job.store)))
        }
        "query_contact_individuals" => query::individuals(job),
        _ => return None,
    })
}

fn by_contact(job: &mut Job<'_>) -> Outcome {
    let contact = job.store.contacts.find(job.id("contactId"))?;
    let shown: Value = contact.individuals.iter().map(|one| render::individual(contact.id(), one)).collect();
    Ok(Answer::Json(shown))
}

/// The person of this id, as it is answered.
pub(super) fn shown(job: &Job<'_>, id: i64) -> Result<Value, Problem> {
    let contact = job.store.contacts.owner(Part::Individual, id)?;
    let individual = contact.individuals.iter().find(|one| one.record.id == id).ok_or(Problem::NotFound)?;
    Ok(render::individual(contact.id(), individual))
}

fn get(job: &mut Job<'_>) -> Outcome {
    shown(job, job.id("contactIndividualId")).map(Answer::Json)
}

fn find(job: &mut Job<'_>) -> Outcome {
    let email = job.given.text("email").unwrap_or_default().to_lowercase();
    let contact = job.store.contacts.by_email(&email).ok_or(Problem::NotFound)?;
    let contact = job.store.contacts.find(contact)?;
    let has = |one: &&Individual| {
        one.methods.iter().any(|method| !method.archived && method.text("value").to_lowercase() == email)
    };
    let individual = contact.individuals.iter().find(has).ok_or(Problem::NotFound)?;
    Ok(Answer::Json(render::individual(contact.id(), individual)))
}

/// Takes the two marks out of what was given and sets them. A mark that is not given, or is false, changes nothing.
fn mark(individuals: &mut [Individual], given: &mut Members, id: i64) {
    for (command, mark) in [("setAsPrimary", "isPrimary"), ("setAsSecondary", "isSecondary")] {
        if given.remove(command) == Some(Value::Bool(true)) {
            write::promote(individuals.iter_mut().map(|one| &mut one.record), id, mark);
        }
    }
    write::settle_individuals(individuals);
}

fn create(job: &mut Job<'_>) -> Outcome {
    let mut given = job.members("individual", CREATE)?;
    let mut contact = job.contact_of_body("individual", &given)?;
    if contact.individuals.len() >= write::MOST_PARTS {
        return Err(Problem::Full("individuals of a contact"));
    }
    given.remove("contactId");
    let mut marks = Members::new();
    for command in ["setAsPrimary", "setAsSecondary"] {
        marks.insert(command.to_owned(), given.remove(command).unwrap_or_default());
    }
    let individual = write::individual(job, given)?;
    let id = individual.record.id;
    contact.individuals.push(individual);
    mark(&mut contact.individuals, &mut marks, id);
    changed(job, contact)?;
    shown(job, id).map(Answer::Json)
}

fn update(job: &mut Job<'_>) -> Outcome {
    let id = job.id("contactIndividualId");
    let mut contact = job.store.contacts.owner(Part::Individual, id)?.into_owned();
    let mut given = job.change("individual", UPDATE)?;
    mark(&mut contact.individuals, &mut given, id);
    let individual =
        contact.individuals.iter_mut().find(|one| one.record.id == id).ok_or(Problem::NotFound)?;
    job.replace(&mut individual.record, given, "individual", UPDATE)?;
    let deceased = individual.record.members.get("deceasedDate").cloned();
    changed(job, contact)?;
    let mut shown = shown(job, id)?;
    if let Some(members) = shown.as_object_mut() {
        members.insert("deceasedDate".to_owned(), json!(deceased));
    }
    Ok(Answer::Json(shown))
}

fn delete(job: &mut Job<'_>) -> Outcome {
    let id = job.id("contactIndividualId");
    let mut contact = job.store.contacts.owner(Part::Individual, id)?.into_owned();
    if contact.individuals.len() == 1 {
        return Err(Problem::field("contactIndividualId", "A contact has to have an individual."));
    }
    contact.individuals.retain(|one| one.record.id != id);
    write::settle_individuals(&mut contact.individuals);
    changed(job, contact)?;
    Ok(Answer::Empty)
}
