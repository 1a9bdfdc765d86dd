//! Records in the custom collections of a contact or of an individual.

use super::extras::body_fields;
use super::save;
use crate::providers::virtuous::base::custom::{self, RecordKind};
use crate::providers::virtuous::base::organization::{
    self, CollectionRecord, CustomCollection, MAX_COLLECTION_RECORDS,
};
use crate::providers::virtuous::base::record::Record;
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::violations::Violations;
use crate::providers::virtuous::data::contacts::Part;
use crate::providers::virtuous::data::job::{Job, Outcome, Output};

/// Executes an operation. `None`: another kind of operation.
pub(super) fn execute(job: &mut Job<'_>) -> Option<Outcome> {
    Some(match job.call.operation {
        "contact_collections.add" | "individual_collections.add" => add(job),
        "contact_collections.update" | "individual_collections.update" => update(job),
        "contact_collections.delete" | "individual_collections.delete" => delete(job),
        _ => return None,
    })
}

fn kind(job: &Job<'_>) -> RecordKind {
    let individual = job.call.operation.starts_with("individual_");
    if individual { RecordKind::Individual } else { RecordKind::Contact }
}

/// Changes the contact or individual that the path names.
fn with_collections<T>(
    job: &mut Job<'_>,
    change: impl FnOnce(&mut Record, &mut Job<'_>) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let individual = kind(job) == RecordKind::Individual;
    let (mut contact, id) = if individual {
        let id = job.id("contactIndividualId");
        (job.store.contacts.owner(Part::Individual, id)?.into_owned(), id)
    } else {
        let id = job.id("contactId");
        (job.store.contacts.find(id)?.into_owned(), id)
    };
    let record = if individual {
        let mut people = contact.individuals.iter_mut();
        &mut people.find(|one| one.record.id == id).ok_or(Problem::NotFound)?.record
    } else {
        &mut contact.record
    };
    let done = change(record, job)?;
    record.audit.touch(job.store.now);
    save::changed(job, contact)?;
    Ok(done)
}

/// Sets the values of the body, checked against the definition.
fn set_values(record: &mut CollectionRecord, job: &mut Job<'_>, collection: &CustomCollection) -> Outcome {
    let table = body_fields(job);
    let given = job.fields("collection", table)?;
    let mut violations = Violations::of(job.settings);
    let values = given.get("fields").map(|fields| {
        custom::values_of_list(&collection.fields, fields, "collection.fields", &mut violations)
    });
    custom::apply(&mut record.values, violations.or(values)?, job.settings.put_merges);
    record.shown(job.settings, kind(job)).map(Output::Json).ok_or(Problem::NotFound)
}

fn add(job: &mut Job<'_>) -> Outcome {
    let (settings, id) = (job.settings, job.id("collectionId"));
    let mut known = organization::collections(settings, kind(job));
    let (_, collection) = known.find(|(known, _)| *known == id).ok_or(Problem::NotFound)?;
    with_collections(job, |record, job| {
        if record.collections.len() >= MAX_COLLECTION_RECORDS {
            return Err(Problem::Full("records in collections"));
        }
        let mut added =
            CollectionRecord { collection: collection.name.clone(), ..CollectionRecord::default() };
        added.id = job.store.next_payment();
        let shown = set_values(&mut added, job, collection)?;
        record.collections.push(added);
        Ok(shown)
    })
}

/// The id of the record in a collection; deleting one of an individual has it in the query.
fn instance_id(job: &Job<'_>) -> i64 {
    let in_query = job.parameters.text("collectionInstanceId").and_then(|id| id.parse().ok());
    in_query.unwrap_or_else(|| job.id("collectionId"))
}

fn update(job: &mut Job<'_>) -> Outcome {
    let (id, settings, kind) = (instance_id(job), job.settings, kind(job));
    with_collections(job, |record, job| {
        let found = record.collections.iter_mut().find(|one| one.id == id).ok_or(Problem::NotFound)?;
        let known = organization::collection(settings, kind, &found.collection);
        let (_, collection) = known.ok_or(Problem::NotFound)?;
        set_values(found, job, collection)
    })
}

fn delete(job: &mut Job<'_>) -> Outcome {
    let id = instance_id(job);
    with_collections(job, |record, _| {
        let at = record.collections.iter().position(|one| one.id == id).ok_or(Problem::NotFound)?;
        record.collections.remove(at);
        Ok(Output::Empty)
    })
}
