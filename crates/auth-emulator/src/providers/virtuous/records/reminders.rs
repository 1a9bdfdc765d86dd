//! Reminders: completed, dismissed, and saved as recurring or for a milestone.

use serde_json::{Value, json};

use super::engine::{self, find, insert, one_of, own_id};
use super::resource::{Moment, Resource};
use crate::providers::virtuous::base::dates;
use crate::providers::virtuous::base::fields::read_names;
use crate::providers::virtuous::base::operation::Operation;
use crate::providers::virtuous::base::record::JsonFields;
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::violations::REQUIRED;
use crate::providers::virtuous::data::job::{Job, Outcome};
use crate::providers::virtuous::operations::contacts::notes;

/// Completes or dismisses a reminder. Assumption (record-store): a completion with a note adds the note to the contact.
pub(super) fn resolve_reminder(
    job: &mut Job<'_>,
    resource: &'static Resource,
    operation: &'static Operation,
) -> Outcome {
    let mut reminder = find(job, resource)?;
    let complete = operation.id == "reminders.complete";
    let given = if complete {
        job.optional_fields("completion", operation.body.fields())?
    } else {
        JsonFields::new()
    };
    if reminder.text("taskStatus") != "Pending" {
        return Err(Problem::field("id", "The reminder is completed or dismissed already."));
    }
    if let (Some(note), Some(contact)) =
        (given.get("note").and_then(Value::as_str), reminder.int("contactId"))
    {
        let kind = given.get("noteTypeName").and_then(Value::as_str).unwrap_or("General");
        let flag = |name: &str| given.get(name).and_then(Value::as_bool).unwrap_or_default();
        let fields = json!({ "contactId": contact, "type": kind, "note": note, "important": flag("isImportant"), "private": flag("isPrivate") });
        notes::add(job, fields)?;
    }
    reminder.set("taskStatus", if complete { "Completed" } else { "Dismissed" });
    reminder.set("targetResolutionDateUtc", dates::audit(job.store.now));
    reminder.audit.touch(job.store.now);
    job.store.records_mut(resource.name)?.put(reminder.id, reminder.clone())?;
    Ok(one_of(job, &reminder, resource, operation))
}

/// A recurring reminder or one for a milestone.
pub(super) fn save_reminder(
    job: &mut Job<'_>,
    resource: &'static Resource,
    operation: &'static Operation,
) -> Outcome {
    let mut given = job.fields(resource.one, operation.body.fields())?;
    let kind = if operation.id.ends_with("recurring") { "Recurring" } else { "Milestone" };
    let needed: &[&str] =
        if kind == "Recurring" { &["name", "reminderFrequency"] } else { &["name", "milestoneType"] };
    let missing = needed.iter().filter(|name| given.get(**name).is_none_or(Value::is_null));
    let missing: Vec<_> =
        missing.map(|name| (format!("{}.{name}", resource.one), REQUIRED.to_owned())).collect();
    if !missing.is_empty() {
        return Err(Problem::Invalid(missing));
    }
    given.insert("reminderSourceType".to_owned(), json!(kind));
    let record = insert(job, given, resource)?;
    Ok(one_of(job, &record, resource, operation))
}

pub(super) fn update_reminder(
    job: &mut Job<'_>,
    resource: &'static Resource,
    operation: &'static Operation,
) -> Outcome {
    let mut record = job.store.records(resource.name)?.find(own_id(job))?.into_owned();
    let kind = if operation.id.ends_with("recurring") { "Recurring" } else { "Milestone" };
    if record.text("reminderSourceType") != kind {
        return Err(Problem::NotFound);
    }
    let body = job.body(resource.one)?;
    let given = job.read(&body, resource.one, operation.body.fields())?;
    record.write(
        given,
        read_names(operation.body.fields()).filter(|name| *name != "id"),
        job.settings.put_merges,
    );
    let record = engine::store(job, record, resource, Moment::Update)?;
    Ok(one_of(job, &record, resource, operation))
}
