//! Tags, which only the vendor's pages can make, and which contact has which.

use serde_json::{Value, json};

use super::book::Part;
use crate::providers::virtuous::job::{Answer, Job, Outcome, envelope};
use crate::providers::virtuous::query::Cell;
use crate::providers::virtuous::record::{Audit, Members};
use crate::providers::virtuous::replies::Problem;
use crate::providers::virtuous::shape::{Member, int, text};
use crate::providers::virtuous::table::Row;

/// A tag.
#[derive(Debug)]
pub(crate) struct Tag {
    pub id: i64,
    pub name: &'static str,
    group: &'static str,
}

const fn tag(id: i64, name: &'static str, group: &'static str) -> Tag {
    Tag { id, name, group }
}

pub(crate) static TAGS: &[Tag] = &[
    tag(31, "Major Donor", "Giving"),
    tag(32, "Monthly Donor", "Giving"),
    tag(33, "Newsletter", "Interests"),
    tag(34, "Volunteer", "Interests"),
    tag(35, "Board Member", "Roles"),
];

/// The tag that every tenth seeded contact has, the three people excepted.
pub(super) const SEEDED: i64 = 32;

/// A tag on a contact.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tagged {
    pub id: i64,
    pub tag: i64,
    pub audit: Audit,
}

/// The tag with this id.
pub(super) fn by_id(id: i64) -> Option<&'static Tag> {
    TAGS.iter().find(|tag| tag.id == id)
}

/// The tag with this name, whose case does not count.
pub(crate) fn by_name(name: &str) -> Option<&'static Tag> {
    TAGS.iter().find(|tag| tag.name.eq_ignore_ascii_case(name))
}

fn url(tag: &Tag) -> String {
    format!("/api/Contact/ByTag/{}", tag.id)
}

const SEARCH: &[Member] = &[text("search")];
const CREATE: &[Member] = &[int("tagId").required(), int("contactId").required()];

/// `list_tags` and `search_tags`.
pub(crate) fn list(job: &mut Job<'_>) -> Outcome {
    let search =
        if job.call.operation == "search_tags" { job.search("search", SEARCH)? } else { String::new() };
    let found: Vec<Value> = TAGS
        .iter()
        .filter(|tag| tag.name.to_lowercase().contains(&search))
        .map(|tag| {
            json!({ "id": tag.id, "tagName": tag.name, "tagGroupName": tag.group, "contactsByTagUrl": url(tag) })
        })
        .collect();
    let total = found.len();
    Ok(envelope(job.given.page.of(found), total))
}

fn shown(tagged: &Tagged, job: &Job<'_>) -> Value {
    let mut members = Members::new();
    let tag = by_id(tagged.tag);
    members.insert("contactTagId".to_owned(), json!(tagged.id));
    members.insert("tagId".to_owned(), json!(tagged.tag));
    members.insert("name".to_owned(), json!(tag.map(|tag| tag.name)));
    members.insert("total".to_owned(), json!(holders(job, tagged.tag).count()));
    members.insert("contactsByTagUrl".to_owned(), json!(tag.map(url)));
    tagged.audit.write(&mut members);
    Value::Object(members)
}

/// The ids of the contacts that have a tag.
fn holders<'j>(job: &'j Job<'_>, tag: i64) -> impl Iterator<Item = i64> + 'j {
    let contacts = &job.store.contacts;
    contacts.rows().filter_map(move |(id, row)| {
        let has = match &row {
            Row::Seeded(number) => tag == SEEDED && *number >= 3 && *number % 10 == 0,
            Row::Kept(contact) => contact.tags.iter().any(|tagged| tagged.tag == tag),
        };
        has.then_some(id)
    })
}

/// `contacts_by_tag`. Archived contacts are left out.
pub(crate) fn contacts(job: &mut Job<'_>) -> Outcome {
    let tag = job.id("tagId");
    by_id(tag).ok_or(Problem::NotFound)?;
    let filter = job.given.text("filter").unwrap_or_default().to_lowercase();
    let ids: Vec<i64> = holders(job, tag).collect();
    let contacts = ids.iter().filter_map(|id| job.store.contacts.find(*id).ok());
    let mut rows: Vec<(Cell, i64, Value)> = contacts
        .filter(|contact| !contact.record.archived)
        .filter(|contact| contact.record.text("name").to_lowercase().contains(&filter))
        .map(|contact| {
            let key = match job.given.text("sortBy").map(str::to_ascii_lowercase).as_deref() {
                Some("name") => Cell::text(&contact.record.text("name").to_lowercase()),
                Some("createddatetime") => Cell::date(&contact.record.audit.created),
                _ => Cell::Number(contact.id()),
            };
            (key, contact.id(), super::render::summary(&contact))
        })
        .collect();
    job.order(&mut rows);
    let total = rows.len();
    Ok(envelope(job.given.page.of(rows.into_iter().map(|(_, _, shown)| shown)), total))
}

/// `contact_tags_by_contact`.
pub(crate) fn by_contact(job: &mut Job<'_>) -> Outcome {
    let contact = job.store.contacts.find(job.id("contactId"))?;
    let all: Vec<Value> = contact.tags.iter().map(|tagged| shown(tagged, job)).collect();
    let total = all.len();
    Ok(envelope(job.given.page.of(all), total))
}

/// `create_contact_tag`. A tag that the contact has already is answered again.
pub(crate) fn create(job: &mut Job<'_>) -> Outcome {
    let given = job.members("contactTag", CREATE)?;
    let number = |name: &str| given.get(name).and_then(Value::as_i64).unwrap_or_default();
    let tag = by_id(number("tagId")).ok_or_else(|| {
        Problem::field("contactTag.tagId", "There is no such tag; tags can't be made here.")
    })?;
    let mut contact = job.contact_of_body("contactTag", &given)?;
    let tagged = match contact.tags.iter().find(|tagged| tagged.tag == tag.id) {
        Some(tagged) => tagged.clone(),
        None => {
            let id = job.store.contacts.next_part(Part::Tagged);
            let tagged = Tagged { id, tag: tag.id, audit: Audit::now(job.call.now) };
            contact.tags.push(tagged.clone());
            super::changed(job, contact)?;
            tagged
        }
    };
    Ok(Answer::Json(shown(&tagged, job)))
}

/// `delete_contact_tag`.
pub(crate) fn delete(job: &mut Job<'_>) -> Outcome {
    let id = job.id("contactTagId");
    let mut contact = job.store.contacts.owner(Part::Tagged, id)?.into_owned();
    contact.tags.retain(|tagged| tagged.id != id);
    super::changed(job, contact)?;
    Ok(Answer::Empty)
}
