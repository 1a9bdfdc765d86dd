//! Contacts: households and organizations, each with at least one person.
//!
//! The rooms: `model.rs` is a contact and the seeded ones, `book.rs` all of them with their indexes, `render.rs` how reads
//! show them, `write.rs` creation and update; `query.rs` what can be asked of contacts and people; `individuals.rs`,
//! `addresses.rs`, `methods.rs`, `notes.rs`, `tags.rs` the parts. This file has the reads, references and archiving.

mod addresses;
pub(super) mod book;
mod individuals;
mod methods;
pub(super) mod model;
mod notes;
mod query;
mod render;
pub(super) mod tags;
pub(super) mod write;

use serde_json::{Value, json};

use self::model::Contact;
use super::custom::{self, Owner};
use super::job::{Answer, Job, Outcome, envelope};
use super::replies::Problem;
use super::shape::{Member, int, text};
use super::table::Row;

/// The types of contacts. The last one is the organization's own, and an `Organization` to the vendor.
pub(super) const TYPES: &[&str] = &["Household", "Organization", "Foundation", "Church"];
const PREFIXES: [&str; 5] = ["Mr.", "Mrs.", "Ms.", "Dr.", "Rev."];

const SEARCH: &[Member] = &[text("search")];
const REFERENCE: &[Member] =
    &[int("contactId").required(), text("referenceSource").required(), text("referenceId").required()];
const REASON: &[Member] = &[text("archiveReason")];

/// Carries out an operation on contacts or their parts. None: it is none of these.
pub(super) fn carry_out(job: &mut Job<'_>) -> Option<Outcome> {
    Some(match job.call.operation {
        "get_contact" => get(job),
        "contact_by_source" => by_source(job),
        "contact_by_reference" => by_reference(job),
        "contacts_by_tag" => tags::contacts(job),
        "find_contact" => find(job),
        "search_contacts" => search(job),
        "create_contact" => write::create(job),
        "update_contact" => write::update(job),
        "archive_contact" => archive(job, true),
        "unarchive_contact" => archive(job, false),
        "contact_prefixes" => Ok(Answer::Json(json!(PREFIXES))),
        "contact_types" => Ok(Answer::Json(types())),
        "contact_custom_fields" => Ok(Answer::Json(custom::listed(Owner::Contact))),
        "contact_query_options" => Ok(Answer::Json(super::query::listed(&query::CONTACTS, job.store))),
        "query_contacts" => query::contacts(job, false),
        "query_full_contacts" => query::contacts(job, true),
        "create_contact_reference" => create_reference(job),
        "delete_contact_reference" => delete_reference(job),
        "list_tags" | "search_tags" => tags::list(job),
        "contact_tags_by_contact" => tags::by_contact(job),
        "create_contact_tag" => tags::create(job),
        "delete_contact_tag" => tags::delete(job),
        _ => {
            return individuals::carry_out(job)
                .or_else(|| addresses::carry_out(job))
                .or_else(|| methods::carry_out(job))
                .or_else(|| notes::carry_out(job));
        }
    })
}

/// Keeps a contact that was changed and tells the webhooks.
pub(super) fn changed(job: &mut Job<'_>, mut contact: Contact) -> Result<(), Problem> {
    contact.record.audit.touch(job.call.now);
    let event = render::for_webhooks(&contact, job.store);
    job.store.contacts.put(contact)?;
    job.event("contactUpdate", "contact", event);
    Ok(())
}

/// Keeps a contact that was made and tells the webhooks.
pub(super) fn added(job: &mut Job<'_>, contact: Contact) -> Result<(), Problem> {
    let event = render::for_webhooks(&contact, job.store);
    job.store.contacts.put(contact)?;
    job.event("contactCreate", "contact", event);
    Ok(())
}

fn types() -> Value {
    let parent = |kind| if kind == "Church" { "Organization" } else { kind };
    TYPES.iter().map(|kind| json!({ "parentType": parent(kind), "type": kind })).collect()
}

/// A contact as `GET /api/Contact/{contactId}` has it.
fn followed(contact: &Contact, job: &Job<'_>) -> Answer {
    let mut shown = render::full(contact, job.store);
    shown.insert("isCurrentUserFollowing".to_owned(), json!(false));
    Answer::Json(Value::Object(shown))
}

fn get(job: &mut Job<'_>) -> Outcome {
    let contact = job.store.contacts.find(job.id("contactId"))?;
    Ok(followed(&contact, job))
}

fn by_source(job: &mut Job<'_>) -> Outcome {
    let (source, id) = (job.call.param("referenceSource"), job.call.param("referenceId"));
    let id = job.store.contacts.by_reference(Some(source), id).ok_or(Problem::NotFound)?;
    let contact = job.store.contacts.find(id)?;
    Ok(followed(&contact, job))
}

fn by_reference(job: &mut Job<'_>) -> Outcome {
    let id = job.store.contacts.by_reference(None, job.call.param("referenceId")).ok_or(Problem::NotFound)?;
    let contact = job.store.contacts.find(id)?;
    Ok(Answer::Json(render::by_reference(&contact, job.store)))
}

/// By reference or by e-mail address; the reference is preferred where both are given.
fn find(job: &mut Job<'_>) -> Outcome {
    let reference = job.given.text("referenceSource").zip(job.given.text("referenceId"));
    let contacts = &job.store.contacts;
    let id = match (reference, job.given.text("email")) {
        (Some((source, id)), _) => contacts.by_reference(Some(source), id),
        (None, Some(email)) => contacts.by_email(email),
        (None, None) => {
            let words = "An e-mail address, or a source and an id, are needed.";
            return Err(Problem::field("email", words));
        }
    };
    let contact = job.store.contacts.find(id.ok_or(Problem::NotFound)?)?;
    Ok(Answer::Json(Value::Object(render::full(&contact, job.store))))
}

/// Assumption: a search looks for its text in the names and methods of people and in the name of the contact.
fn search(job: &mut Job<'_>) -> Outcome {
    let search = job.search("search", SEARCH)?;
    let contacts = &job.store.contacts;
    let (skip, take) = (job.given.page.skip, job.given.page.take);
    let mut found = Vec::new();
    let mut total = 0;
    for (_, row) in contacts.rows() {
        if matches!(row, Row::Seeded(number) if !model::mentions(number, &search)) {
            continue;
        }
        let contact = contacts.whole(&row);
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

fn archive(job: &mut Job<'_>, archived: bool) -> Outcome {
    if archived {
        job.optional_members("archive", REASON)?;
    }
    let mut contact = job.store.contacts.find(job.id("contactId"))?.into_owned();
    contact.record.archived = archived;
    changed(job, contact)?;
    // The vendor's sample of the one is empty and that of the other an object.
    Ok(if archived { Answer::Empty } else { Answer::Json(json!({})) })
}

fn create_reference(job: &mut Job<'_>) -> Outcome {
    let given = job.members("contactReference", REFERENCE)?;
    let word = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (source, id) = (word("referenceSource"), word("referenceId"));
    let mut contact = job.contact_of_body("contactReference", &given)?;
    if job.store.contacts.by_reference(Some(&source), &id).is_some() {
        return Err(Problem::field("contactReference.referenceId", "A contact has this reference already."));
    }
    if contact.references.len() >= 100 {
        return Err(Problem::Full("references of a contact"));
    }
    contact.references.push((source, id));
    changed(job, contact)?;
    Ok(Answer::Empty)
}

fn delete_reference(job: &mut Job<'_>) -> Outcome {
    let source = job.call.param("referenceSource").to_owned();
    let id = job.given.text("referenceId").unwrap_or_default().to_owned();
    let contact = job.store.contacts.by_reference(Some(&source), &id).ok_or(Problem::NotFound)?;
    let mut contact = job.store.contacts.find(contact)?.into_owned();
    contact.references.retain(|(held_source, held_id)| (held_source, held_id) != (&source, &id));
    changed(job, contact)?;
    Ok(Answer::Json(json!({})))
}
