//! Storing a contact, with the event for webhooks.

use serde_json::{Value, json};

use super::render;
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::data::contact::Contact;
use crate::providers::virtuous::data::contacts::Part;
use crate::providers::virtuous::data::job::{Job, Output};

/// Stores a changed contact and notes the event for webhooks.
pub(crate) fn changed(job: &mut Job<'_>, mut contact: Contact) -> Result<(), Problem> {
    contact.record.audit.touch(job.store.now);
    number(job, &mut contact);
    let event = render::for_webhooks(&contact, job.store);
    job.store.contacts.put(contact)?;
    job.event("contactUpdate", "contact", event);
    Ok(())
}

/// Gives ids to new records in collections.
fn number(job: &mut Job<'_>, contact: &mut Contact) {
    let people = contact.individuals.iter_mut().map(|one| &mut one.record);
    for record in std::iter::once(&mut contact.record).chain(people) {
        for entry in record.collections.iter_mut().filter(|entry| entry.id == 0) {
            entry.id = job.store.next_payment();
        }
    }
}

/// Stores a new contact and notes the event for webhooks.
pub(crate) fn added(job: &mut Job<'_>, mut contact: Contact) -> Result<(), Problem> {
    number(job, &mut contact);
    let event = render::for_webhooks(&contact, job.store);
    job.store.contacts.put(contact)?;
    job.event("contactCreate", "contact", event);
    Ok(())
}

/// A contact in the response of `GET /api/Contact/{contactId}`.
pub(crate) fn followed(contact: &Contact, job: &Job<'_>) -> Output {
    let mut shown = render::full(contact, job.store);
    shown.insert("isCurrentUserFollowing".to_owned(), json!(job.store.followed.contains(&contact.id())));
    Output::Json(Value::Object(shown))
}

/// The person with this id, as in responses.
pub(crate) fn individual(job: &Job<'_>, id: i64) -> Result<Value, Problem> {
    let contact = job.store.contacts.owner(Part::Individual, id)?;
    let individual = contact.individuals.iter().find(|one| one.record.id == id).ok_or(Problem::NotFound)?;
    Ok(render::individual(contact.id(), individual, job.store))
}
