//! Reading and finding contacts, references, archiving.

use serde_json::{Value, json};

use super::{render, save};
use crate::providers::virtuous::base::fields::{Field, int, text};
use crate::providers::virtuous::base::organization;
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::settings::Settings;
use crate::providers::virtuous::base::table::Row;
use crate::providers::virtuous::data::contact;
use crate::providers::virtuous::data::job::{Job, Outcome, Output, envelope};

pub(crate) const PREFIXES: [&str; 5] = ["Mr.", "Mrs.", "Ms.", "Dr.", "Rev."];

const SEARCH: &[Field] = &[text("search")];
const REFERENCE: &[Field] =
    &[int("contactId").required(), text("referenceSource").required(), text("referenceId").required()];
const REASON: &[Field] = &[text("archiveReason")];

pub(crate) fn types(settings: &Settings) -> Value {
    organization::contact_types(settings)
        .map(|(kind, parent)| json!({ "parentType": parent, "type": kind }))
        .collect()
}

pub(crate) fn get(job: &mut Job<'_>) -> Outcome {
    let contact = job.store.contacts.find(job.id("contactId"))?;
    Ok(save::followed(&contact, job))
}

pub(crate) fn by_source(job: &mut Job<'_>) -> Outcome {
    let (source, id) = (job.call.param("referenceSource"), job.call.param("referenceId"));
    let id = job.store.contacts.by_reference(Some(source), id).ok_or(Problem::NotFound)?;
    let contact = job.store.contacts.find(id)?;
    Ok(save::followed(&contact, job))
}

pub(crate) fn by_reference(job: &mut Job<'_>) -> Outcome {
    let id = job.store.contacts.by_reference(None, job.call.param("referenceId")).ok_or(Problem::NotFound)?;
    let contact = job.store.contacts.find(id)?;
    Ok(Output::Json(render::by_reference(&contact, job.store)))
}

/// By reference or email address; the reference takes precedence.
pub(crate) fn find(job: &mut Job<'_>) -> Outcome {
    let reference = job.parameters.text("referenceSource").zip(job.parameters.text("referenceId"));
    let contacts = &job.store.contacts;
    let id = match (reference, job.parameters.text("email")) {
        (Some((source, id)), _) => contacts.by_reference(Some(source), id),
        (None, Some(email)) => contacts.by_email(email),
        (None, None) => {
            let words = "An e-mail address, or a source and an id, are needed.";
            return Err(Problem::field("email", words));
        }
    };
    let contact = job.store.contacts.find(id.ok_or(Problem::NotFound)?)?;
    Ok(Output::Json(Value::Object(render::full(&contact, job.store))))
}

/// Assumption (contact-search): the search covers names and methods of people, and the name of the contact.
pub(crate) fn search(job: &mut Job<'_>) -> Outcome {
    let search = job.search("search", SEARCH)?;
    let contacts = &job.store.contacts;
    let (skip, take) = (job.parameters.page.skip, job.parameters.page.take);
    let mut found = Vec::new();
    let mut total = 0;
    for (_, row) in contacts.rows() {
        if matches!(row, Row::Seeded(number) if !contact::mentions(number, &search)) {
            continue;
        }
        let contact = contacts.materialize(&row);
        if contact.record.archived {
            continue;
        }
        let by_name = contact.record.text("name").to_lowercase().contains(&search);
        for individual in &contact.individuals {
            let name =
                format!("{} {}", individual.record.text("firstName"), individual.record.text("lastName"));
            let reached = |value: &str| value.to_lowercase().contains(&search);
            if by_name
                || reached(&name)
                || individual.methods.iter().any(|method| reached(method.text("value")))
            {
                total += 1;
                if total > skip && found.len() < take {
                    found.push(render::hit(&contact, individual));
                }
            }
        }
    }
    Ok(envelope(found, total))
}

pub(crate) fn archive(job: &mut Job<'_>, archived: bool) -> Outcome {
    let mut contact = job.store.contacts.find(job.id("contactId"))?.into_owned();
    if archived {
        job.optional_fields("archive", REASON)?;
    }
    contact.record.archived = archived;
    save::changed(job, contact)?;
    // In the vendor's samples, one response is empty and the other an object.
    Ok(if archived { Output::Empty } else { Output::Json(json!({})) })
}

pub(crate) fn create_reference(job: &mut Job<'_>) -> Outcome {
    let given = job.fields("contactReference", REFERENCE)?;
    let string_of = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (source, id) = (string_of("referenceSource"), string_of("referenceId"));
    let mut contact = job.contact_of_body("contactReference", &given)?;
    // Another contact may have it, see the assumption "shared-reference".
    if contact.references.contains(&(source.clone(), id.clone())) {
        return Err(Problem::field(
            "contactReference.referenceId",
            "The contact has this reference already.",
        ));
    }
    if contact.references.len() >= 100 {
        return Err(Problem::Full("references of a contact"));
    }
    contact.references.push((source, id));
    save::changed(job, contact)?;
    Ok(Output::Empty)
}

pub(crate) fn delete_reference(job: &mut Job<'_>) -> Outcome {
    let source = job.call.param("referenceSource").to_owned();
    let id = job.parameters.text("referenceId").unwrap_or_default().to_owned();
    let contact = job.store.contacts.by_reference(Some(&source), &id).ok_or(Problem::NotFound)?;
    let mut contact = job.store.contacts.find(contact)?.into_owned();
    contact.references.retain(|(held_source, held_id)| (held_source, held_id) != (&source, &id));
    save::changed(job, contact)?;
    Ok(Output::Json(json!({})))
}
