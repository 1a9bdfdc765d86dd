//! Tags of contacts.

use serde_json::{Value, json};

use super::{render, save};
use crate::providers::virtuous::base::fields::{Field, int, text};
use crate::providers::virtuous::base::organization::{self, Tag};
use crate::providers::virtuous::base::record::{Audit, JsonFields};
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::table::Row;
use crate::providers::virtuous::data::contact::{self, Contact};
use crate::providers::virtuous::data::contacts::Part;
use crate::providers::virtuous::data::job::{Job, Outcome, Output, envelope};
use crate::providers::virtuous::data::tags::{SEEDED, Tagged};
use crate::providers::virtuous::query::Cell;

fn url(id: i64) -> String {
    format!("/api/Contact/ByTag/{id}")
}

/// The tag with this id.
fn by_id<'j>(job: &Job<'j>, id: i64) -> Option<&'j Tag> {
    organization::tags(job.settings).find(|(known, _)| *known == id).map(|(_, tag)| tag)
}

const SEARCH: &[Field] = &[text("search")];
const CREATE: &[Field] = &[int("tagId").required(), int("contactId").required()];

/// `list_tags` and `search_tags`.
pub(crate) fn list(job: &mut Job<'_>) -> Outcome {
    let search =
        if job.call.operation == "tags.search" { job.search("search", SEARCH)? } else { String::new() };
    let found: Vec<Value> = organization::tags(job.settings)
        .filter(|(_, tag)| tag.name.to_lowercase().contains(&search))
        .map(|(id, tag)| {
            json!({ "id": id, "tagName": tag.name, "tagGroupName": tag.group, "contactsByTagUrl": url(id) })
        })
        .collect();
    let total = found.len();
    Ok(envelope(job.parameters.page.of(found), total))
}

/// `None`: the tag was removed from the settings.
fn shown(tagged: &Tagged, job: &Job<'_>) -> Option<Value> {
    let (id, tag) = organization::tag(job.settings, &tagged.tag)?;
    let mut fields = JsonFields::new();
    fields.insert("contactTagId".to_owned(), json!(tagged.id));
    fields.insert("tagId".to_owned(), json!(id));
    fields.insert("name".to_owned(), json!(tag.name));
    fields.insert("total".to_owned(), json!(count(job, &tag.name)));
    fields.insert("contactsByTagUrl".to_owned(), json!(url(id)));
    tagged.audit.write(&mut fields);
    Some(Value::Object(fields))
}

/// The ids of the contacts that have a tag.
fn holders<'j>(job: &'j Job<'_>, tag: &'j str) -> impl Iterator<Item = i64> + 'j {
    let contacts = &job.store.contacts;
    contacts.rows().filter_map(move |(id, row)| {
        let has = match &row {
            Row::Seeded(number) => contact::is_tagged(*number) && is_seeded(tag),
            Row::Stored(contact) => has_tag(contact, tag),
        };
        has.then_some(id)
    })
}

fn has_tag(contact: &Contact, tag: &str) -> bool {
    contact.tags.iter().any(|tagged| tagged.tag.eq_ignore_ascii_case(tag))
}

/// Whether contacts have the tag from the start.
fn is_seeded(tag: &str) -> bool {
    SEEDED.eq_ignore_ascii_case(tag)
}

/// The number of contacts that have a tag, without a visit to each.
fn count(job: &Job<'_>, tag: &str) -> i64 {
    let table = job.store.contacts.table();
    let of = |count: usize| i64::try_from(count).unwrap_or_default();
    let stored = of(table.stored().filter(|contact| has_tag(contact, tag)).count());
    if !is_seeded(tag) {
        return stored;
    }
    let at_start = (table.seeded_count() - 1).max(0) / 10;
    at_start - of(table.changed().filter(|number| contact::is_tagged(*number)).count()) + stored
}

/// `contacts_by_tag`, without archived contacts.
pub(crate) fn contacts(job: &mut Job<'_>) -> Outcome {
    let tag = &by_id(job, job.id("tagId")).ok_or(Problem::NotFound)?.name;
    let filter = job.parameters.text("filter").unwrap_or_default().to_lowercase();
    let ids: Vec<i64> = holders(job, tag).collect();
    let contacts = ids.iter().filter_map(|id| job.store.contacts.find(*id).ok());
    let mut rows: Vec<(Cell, i64, Value)> = contacts
        .filter(|contact| !contact.record.archived)
        .filter(|contact| contact.record.text("name").to_lowercase().contains(&filter))
        .map(|contact| {
            let key = match job.parameters.text("sortBy").map(str::to_ascii_lowercase).as_deref() {
                Some("name") => Cell::text(&contact.record.text("name").to_lowercase()),
                Some("createddatetime") => Cell::date(&contact.record.audit.created),
                _ => Cell::Number(contact.id()),
            };
            (key, contact.id(), render::summary(&contact))
        })
        .collect();
    job.order(&mut rows);
    let total = rows.len();
    Ok(envelope(job.parameters.page.of(rows.into_iter().map(|(_, _, shown)| shown)), total))
}

/// `contact_tags_by_contact`.
pub(crate) fn by_contact(job: &mut Job<'_>) -> Outcome {
    let contact = job.store.contacts.find(job.id("contactId"))?;
    let all: Vec<Value> = contact.tags.iter().filter_map(|tagged| shown(tagged, job)).collect();
    let total = all.len();
    Ok(envelope(job.parameters.page.of(all), total))
}

/// `create_contact_tag`. Returns an existing tag again.
pub(crate) fn create(job: &mut Job<'_>) -> Outcome {
    let given = job.fields("contactTag", CREATE)?;
    let number = |name: &str| given.get(name).and_then(Value::as_i64).unwrap_or_default();
    let tag = by_id(job, number("tagId")).ok_or_else(|| {
        Problem::field("contactTag.tagId", "There is no such tag; tags can't be made here.")
    })?;
    let mut contact = job.contact_of_body("contactTag", &given)?;
    let tagged = match contact.tags.iter().find(|tagged| tagged.tag.eq_ignore_ascii_case(&tag.name)) {
        Some(tagged) => tagged.clone(),
        None => {
            let id = job.store.contacts.next_part(Part::Tagged);
            let tagged = Tagged { id, tag: tag.name.clone(), audit: Audit::at(job.store.now) };
            contact.tags.push(tagged.clone());
            save::changed(job, contact)?;
            tagged
        }
    };
    shown(&tagged, job).map(Output::Json).ok_or(Problem::NotFound)
}

/// `delete_contact_tag`.
pub(crate) fn delete(job: &mut Job<'_>) -> Outcome {
    let id = job.id("contactTagId");
    let mut contact = job.store.contacts.owner(Part::Tagged, id)?.into_owned();
    contact.tags.retain(|tagged| tagged.id != id);
    save::changed(job, contact)?;
    Ok(Output::Empty)
}
