//! What a transaction adds its person to: an event, e-mail lists, and volunteer opportunities.

use serde_json::{Value, json};

use crate::providers::virtuous::base::record::JsonFields;
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::{dates, money};
use crate::providers::virtuous::data::job::Job;
use crate::providers::virtuous::data::store::Store;
use crate::providers::virtuous::data::transactions::string_of;
use crate::providers::virtuous::records::special::join;
use crate::providers::virtuous::records::{Resource, engine};

/// The records that a transaction names.
pub(super) struct Joined {
    event: Option<i64>,
    lists: Vec<i64>,
    /// Opportunities, each with the fields of an attendance.
    attendances: Vec<(i64, JsonFields)>,
}

/// The record with this id or name, if one is given. `None`: there is no such record.
fn named(store: &Store, resource: &str, id: Option<i64>, name: &str) -> Option<Option<i64>> {
    if id.is_none() && name.is_empty() {
        return Some(None);
    }
    let is_it = |id: Option<i64>, held: i64, held_name: &str| match id {
        Some(id) => id == held,
        None => held_name.eq_ignore_ascii_case(name),
    };
    let mut records = store.records(resource).ok()?.stored();
    records.find(|one| is_it(id, one.id, one.text("name"))).map(|one| Some(one.id))
}

/// `None`: staff must correct the transaction.
pub(super) fn find(store: &Store, given: &JsonFields) -> Option<Joined> {
    let items = |name: &str| given.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let int = |fields: &JsonFields, name: &str| fields.get(name).and_then(Value::as_i64);
    let lists: Option<Vec<Option<i64>>> = items("emailLists")
        .iter()
        .map(|name| named(store, "email_lists", None, name.as_str().unwrap_or_default()))
        .collect();
    let mut attendances = Vec::new();
    for item in items("volunteerAttendances") {
        let item = item.as_object()?;
        let (id, name) = (int(item, "volunteerOpportunityId"), string_of(item, "volunteerOpportunityName"));
        let opportunity = named(store, "volunteer_opportunities", id, name)??;
        let mut fields = JsonFields::new();
        fields.insert("volunteerOpportunityId".to_owned(), json!(opportunity));
        fields.insert("hours".to_owned(), money::json(money::parse(string_of(item, "hours"))?));
        let day = dates::parse_day(string_of(item, "date")).map(dates::midnight);
        fields.insert("startDateTimeUtc".to_owned(), json!(day));
        attendances.push((opportunity, fields));
    }
    Some(Joined {
        event: named(store, "events", int(given, "eventId"), string_of(given, "eventName"))?,
        lists: lists?.into_iter().flatten().collect(),
        attendances,
    })
}

/// Adds a person to the records.
pub(super) fn add(job: &mut Job<'_>, given: &JsonFields, joined: Joined, person: i64) -> Result<(), Problem> {
    if let Some(event) = joined.event {
        let mut attendee = join(job, "event_attendees", "eventId", event, person)?;
        for flag in ["invited", "rsvp", "rsvpResponse", "attended"] {
            if let Some(value) = given.get(flag) {
                attendee.set(flag, value.clone());
            }
        }
        job.store.records_mut("event_attendees")?.put(attendee.id, attendee)?;
    }
    for list in joined.lists {
        join(job, "subscriptions", "emailListId", list, person)?;
    }
    let attendances = Resource::by_name("volunteer_attendances").ok_or(Problem::NotFound)?;
    for (opportunity, mut fields) in joined.attendances {
        let volunteer = join(job, "opportunity_volunteers", "volunteerOpportunityId", opportunity, person)?;
        fields.insert("volunteerId".to_owned(), json!(volunteer.id));
        engine::insert(job, fields, attendances)?;
    }
    Ok(())
}
