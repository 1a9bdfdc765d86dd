//! What contacts have besides their parts: followers, activity, receipts, avatars, places, notes by e-mail, and the
//! search over everything.
//!
//! Assumption (record-store): the last changes to contacts are their activity; a gift with a receipt date has a receipt.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{notes, render, save};
use crate::providers::virtuous::base::fields;
use crate::providers::virtuous::base::operation::Operation;
use crate::providers::virtuous::base::organization;
use crate::providers::virtuous::base::record::{JsonFields, Record};
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::table::Row;
use crate::providers::virtuous::base::violations::{NOT_VALID, REQUIRED, Violations};
use crate::providers::virtuous::data::contact::{self, Contact};
use crate::providers::virtuous::data::contacts::Part;
use crate::providers::virtuous::data::giving::Giving;
use crate::providers::virtuous::data::job::{Job, Outcome, Output, envelope};

/// Executes an operation. `None`: another kind of operation.
pub(crate) fn execute(job: &mut Job<'_>) -> Option<Outcome> {
    Some(match job.call.operation {
        "contacts.proximity" => proximity(job),
        "contacts.activity" => activity(job),
        "contacts.following" => following(job),
        "contacts.toggle_follow" => toggle_follow(job),
        "contacts.receipts" => receipts(job),
        "contacts.receipt" => receipt(job),
        "contact_individuals.avatar" => {
            save::individual(job, job.id("contactIndividualId")).map(Output::Json)
        }
        "contact_individuals.upload_avatar" => upload_avatar(job),
        "contact_notes.create_from_email" => note_by_email(job),
        "search.all" => search(job),
        _ => return None,
    })
}

pub(super) fn body_fields(job: &Job<'_>) -> &'static [crate::providers::virtuous::base::fields::Field] {
    Operation::find(job.call.operation).map(|operation| operation.body.fields()).unwrap_or_default()
}

/// Contacts with an address within a distance, by their coordinates.
fn proximity(job: &mut Job<'_>) -> Outcome {
    let table = body_fields(job);
    let body = job.body("contactProximitySearch")?;
    let mut violations = Violations::of(job.settings);
    let given = fields::read(&body, table, "contactProximitySearch", &mut violations);
    let number = |name: &str| given.get(name).and_then(Value::as_f64);
    // Reported with all others, as recorded.
    if number("distanceInMiles").is_some_and(|miles| !(1.0..=100.0).contains(&miles)) {
        let words = "Distance must be within 1 and 100 miles.";
        violations.push(("contactProximitySearch.DistanceInMiles".to_owned(), words.to_owned()));
    }
    violations.or(())?;
    let number = |name: &str| number(name).unwrap_or_default();
    let (latitude, longitude, miles) = (number("latitude"), number("longitude"), number("distanceInMiles"));
    let mut found = Vec::new();
    // Seeded contacts have no coordinates.
    for contact in job.store.contacts.table().stored() {
        let near = contact.addresses.iter().filter(|one| !one.archived && !contact.record.archived).find_map(
            |address| {
                let degrees = |name: &str| address.fields.get(name).and_then(Value::as_f64);
                let place = (degrees("latitude")?, degrees("longitude")?);
                (distance((latitude, longitude), place) <= miles).then_some(place)
            },
        );
        if let Some((latitude, longitude)) = near {
            let mut giving = JsonFields::new();
            Giving::of(contact.id(), job.store).write(&mut giving);
            found.push(json!({
                "id": contact.id(), "name": contact.record.text("name"),
                "address": contact.address().map(render::address_line),
                "lifeToDateGiving": giving.get("lifeToDateGiving"),
                "contactViewUrl": format!("/api/Contact/{}", contact.id()),
                "latitude": latitude, "longitude": longitude,
            }));
        }
    }
    Ok(Output::Json(json!(job.parameters.page.of(found))))
}

/// The distance of two points in miles.
fn distance(from: (f64, f64), to: (f64, f64)) -> f64 {
    let (from, to) = ((from.0.to_radians(), from.1.to_radians()), (to.0.to_radians(), to.1.to_radians()));
    let half = |difference: f64| (difference / 2.0).sin().powi(2);
    let a = half(to.0 - from.0) + from.0.cos() * to.0.cos() * half(to.1 - from.1);
    2.0 * 3958.8 * a.sqrt().min(1.0).asin()
}

fn activity(job: &mut Job<'_>) -> Outcome {
    let shown = job.store.activity.iter().rev().map(|(id, what)| {
        let contact = job.store.contacts.find(*id).ok();
        json!({
            "contactId": id, "contactName": contact.map(|contact| contact.record.text("name").to_owned()),
            "activity": what, "contactViewUrl": format!("/api/Contact/{id}"),
        })
    });
    let shown: Vec<Value> = shown.collect();
    let total = shown.len();
    Ok(envelope(job.parameters.page.of(shown), total))
}

fn following(job: &mut Job<'_>) -> Outcome {
    let found = job.store.followed.iter().filter_map(|id| job.store.contacts.find(*id).ok());
    let found: Vec<Value> = found.map(|contact| render::summary(&contact)).collect();
    let total = found.len();
    Ok(envelope(job.parameters.page.of(found), total))
}

fn toggle_follow(job: &mut Job<'_>) -> Outcome {
    let id = job.id("contactId");
    job.store.contacts.find(id)?;
    if !job.store.followed.remove(&id) {
        job.store.followed.insert(id);
    }
    Ok(Output::Empty)
}

fn receipt_of(gift: &Record, email: &str) -> Value {
    json!({
        "id": gift.id, "createdDateTimeUtc": gift.text("receiptDate"), "receiptType": "SingleGiftPerReceipt",
        "receiptMedium": "Email", "emialAddress": email, "receiptTitle": format!("Receipt for gift {}", gift.id),
    })
}

fn receipts(job: &mut Job<'_>) -> Outcome {
    let email = job.parameters.text("email").ok_or_else(|| Problem::field("email", REQUIRED))?;
    let contact = job.store.contacts.by_email(email);
    let gifts = contact.map(|contact| job.store.gifts.of_contact(contact)).unwrap_or_default();
    let gifts = gifts.into_iter().filter_map(|id| job.store.gifts.find(id).ok());
    let shown =
        gifts.filter(|gift| !gift.text("receiptDate").is_empty()).map(|gift| receipt_of(&gift, email));
    let shown: Vec<Value> = shown.collect();
    let total = shown.len();
    Ok(envelope(job.parameters.page.of(shown), total))
}

fn receipt(job: &mut Job<'_>) -> Outcome {
    let gift = job.store.gifts.find(job.id("receiptId"))?;
    if gift.text("receiptDate").is_empty() {
        return Err(Problem::NotFound);
    }
    let text = format!("Receipt for gift {} of {}.\n", gift.id, gift.text("giftDate"));
    Ok(Output::Json(json!({
        "fileStream": STANDARD.encode(text), "filePath": format!("receipt-{}.txt", gift.id), "contentType": "text/plain",
    })))
}

/// Takes any body; the picture itself is not kept.
fn upload_avatar(job: &mut Job<'_>) -> Outcome {
    let id = job.id("contactIndividualId");
    let mut contact = job.store.contacts.owner(Part::Individual, id)?.into_owned();
    if job.call.body.is_empty() {
        return Err(Problem::field("avatar", REQUIRED));
    }
    for individual in contact.individuals.iter_mut().filter(|one| one.record.id == id) {
        individual.record.set("avatarUrl", format!("/api/ContactIndividual/{id}/Avatar"));
        individual.record.audit.touch(job.store.now);
    }
    save::changed(job, contact)?;
    save::individual(job, id).map(Output::Json)
}

/// Adds a note to each contact that has one of the two addresses.
fn note_by_email(job: &mut Job<'_>) -> Outcome {
    let table = body_fields(job);
    let given = job.fields("email", table)?;
    let text = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut contacts: Vec<i64> =
        ["toEmail", "fromEmail"].iter().filter_map(|name| job.store.contacts.by_email(&text(name))).collect();
    contacts.sort_unstable();
    contacts.dedup();
    if contacts.is_empty() {
        return Err(Problem::NotFound);
    }
    let note = format!("{}\n{}", text("subject"), text("body"));
    let mut made = Vec::new();
    for contact in contacts {
        let fields = json!({ "contactId": contact, "type": "Email", "note": note.trim() });
        if let Output::Json(note) = notes::add(job, fields)? {
            made.push(note);
        }
    }
    Ok(Output::Json(json!(made)))
}

/// A field that contains a string, as a highlight.
fn highlight(fields: &[(&str, &str)], text: &str) -> Option<Value> {
    let (field, value) = fields.iter().find(|(_, value)| value.to_lowercase().contains(text))?;
    let start = value.to_lowercase().find(text)?;
    let marked =
        value.get(..start).zip(value.get(start..start + text.len())).zip(value.get(start + text.len()..));
    let snippet = marked.map_or((*value).to_owned(), |((a, b), c)| format!("{a}<mark>{b}</mark>{c}"));
    Some(json!([{ "field": field, "snippet": snippet }]))
}

fn contact_document(contact: &Contact, person: Option<&Record>, address: Option<String>) -> Value {
    let record = &contact.record;
    json!({
        "contactId": contact.id(), "contactType": record.text("contactType"), "contactSubtype": null,
        "contactName": record.text("name"), "informalName": record.fields.get("informalName"), "formalName": null,
        "alternateName": null, "individualId": person.map(|person| person.id),
        "individualName": person.map(|person| format!("{} {}", person.text("firstName"), person.text("lastName"))),
        "isPrimary": person.is_none_or(|person| person.flag("isPrimary")), "address": address,
        "email": contact.reached_by("Email").first(), "phoneNumber": contact.reached_by("Phone").first(),
        "isArchived": record.archived,
    })
}

const FILTERS: &[&str] = &["Contact", "Individual", "Campaign", "Project", "Segment", "Tag"];

/// Contacts, people and named things. The page applies to each of the three lists.
fn search(job: &mut Job<'_>) -> Outcome {
    let table = body_fields(job);
    let given = job.fields("search", table)?;
    let text = given.get("query").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let filters = given.get("filterTypes").and_then(Value::as_array).cloned().unwrap_or_default();
    let is = |filter: &Value, kind: &str| filter.as_str().is_some_and(|one| one.eq_ignore_ascii_case(kind));
    if !filters.iter().all(|filter| FILTERS.iter().any(|kind| is(filter, kind))) {
        return Err(Problem::field("search.filterTypes", NOT_VALID));
    }
    let wants = |kind: &str| filters.is_empty() || filters.iter().any(|filter| is(filter, kind));
    let (skip, take) = (job.parameters.page.skip, job.parameters.page.take);
    // Only the hits of the page are made.
    let hit = |(hits, total): &mut (Vec<Value>, usize), make: &dyn Fn() -> Value| {
        if (skip..skip.saturating_add(take)).contains(total) {
            hits.push(make());
        }
        *total += 1;
    };
    let (mut contacts, mut people, mut entities) = Default::default();
    for (_, row) in job.store.contacts.rows() {
        if matches!(row, Row::Seeded(number) if !contact::mentions(number, &text)) {
            continue;
        }
        let found = job.store.contacts.materialize(&row);
        let address = || found.address().map(render::address_line);
        let name = found.record.text("name");
        let email = found.reached_by("Email").first().copied().unwrap_or_default();
        if let Some(marks) =
            highlight(&[("contactName", name), ("email", email)], &text).filter(|_| wants("Contact"))
        {
            hit(
                &mut contacts,
                &|| json!({ "document": contact_document(&found, None, address()), "highlights": marks }),
            );
        }
        for person in found.individuals.iter().filter(|_| wants("Individual")) {
            let name = format!("{} {}", person.record.text("firstName"), person.record.text("lastName"));
            if let Some(marks) = highlight(&[("individualName", &name)], &text) {
                hit(&mut people, &|| {
                    let document = contact_document(&found, Some(&person.record), address());
                    json!({ "document": document, "highlights": marks })
                });
            }
        }
    }
    let mut entity = |id: i64, kind: &str, title: &str, code: &str| {
        if let Some(marks) = highlight(&[("title", title), ("code", code)], &text).filter(|_| wants(kind)) {
            let code = Some(code).filter(|code| !code.is_empty());
            hit(&mut entities, &|| {
                json!({ "document": {
                    "entityId": id, "entityType": kind, "title": title, "code": code, "description": null,
                    "metadata": null, "total": null }, "highlights": marks })
            });
        }
    };
    for (name, kind, code) in [
        ("campaigns", "Campaign", ""),
        ("projects", "Project", "projectCode"),
        ("segments", "Segment", "code"),
    ] {
        let Some(table) = job.store.table(name) else { continue };
        for (id, row) in table.rows() {
            let record = table.materialize(&row);
            entity(id, kind, record.text("name"), record.text(code));
        }
    }
    organization::tags(job.settings).for_each(|(id, tag)| entity(id, "Tag", &tag.name, ""));
    let page = |(hits, total): (Vec<Value>, usize)| json!({ "hits": hits, "total": total });
    Ok(Output::Json(
        json!({ "contacts": page(contacts), "individuals": page(people), "entities": page(entities) }),
    ))
}
