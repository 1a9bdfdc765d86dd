//! Addresses of contacts. Archived ones are hidden in their contact, but can be read by id.

use serde_json::Value;

use super::save::changed;
use super::{render, write};
use crate::providers::virtuous::base::fields::{Field, flag, int, text};
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::data::contacts::Part;
use crate::providers::virtuous::data::job::{Job, Outcome, Output, new_record};

const CREATE: &[Field] = &[
    int("contactId").required(),
    text("label"),
    text("address1"),
    text("address2"),
    text("city"),
    text("state"),
    text("postal"),
    text("country"),
    flag("setAsPrimary"),
    int("startMonth"),
    int("startDay"),
    int("endMonth"),
    int("endDay"),
];
/// All fields except the contact.
const UPDATE: &[Field] = CREATE.split_at(1).1;

pub(crate) fn execute(job: &mut Job<'_>) -> Option<Outcome> {
    Some(match job.call.operation {
        "contact_addresses.by_contact" => by_contact(job),
        "contact_addresses.get" => shown(job, job.id("contactAddressId")),
        "contact_addresses.create" => create(job),
        "contact_addresses.update" => update(job),
        "contact_addresses.archive" => archive(job, true),
        "contact_addresses.unarchive" => archive(job, false),
        "contact_addresses.delete" => delete(job),
        _ => return None,
    })
}

fn by_contact(job: &mut Job<'_>) -> Outcome {
    let contact = job.store.contacts.find(job.id("contactId"))?;
    let live = contact.addresses.iter().filter(|address| !address.archived);
    Ok(Output::Json(live.map(render::address).collect()))
}

fn shown(job: &Job<'_>, id: i64) -> Outcome {
    let contact = job.store.contacts.owner(Part::Address, id)?;
    let address = contact.addresses.iter().find(|address| address.id == id).ok_or(Problem::NotFound)?;
    Ok(Output::Json(render::address(address)))
}

fn create(job: &mut Job<'_>) -> Outcome {
    let mut given = job.fields("address", CREATE)?;
    let mut contact = job.contact_of_body("address", &given)?;
    if contact.addresses.len() >= write::MAX_PARTS {
        return Err(Problem::Full("addresses of a contact"));
    }
    given.remove("contactId");
    let primary = given.remove("setAsPrimary") == Some(Value::Bool(true));
    let id = job.store.contacts.next_part(Part::Address);
    contact.addresses.push(new_record(id, given, job));
    if primary {
        write::promote(contact.addresses.iter_mut(), id, "isPrimary");
    }
    write::normalize_addresses(&mut contact.addresses);
    changed(job, contact)?;
    shown(job, id)
}

fn update(job: &mut Job<'_>) -> Outcome {
    let id = job.id("contactAddressId");
    let mut contact = job.store.contacts.owner(Part::Address, id)?.into_owned();
    let mut given = job.change("address", UPDATE)?;
    if given.remove("setAsPrimary") == Some(Value::Bool(true)) {
        write::promote(contact.addresses.iter_mut(), id, "isPrimary");
    }
    let address = contact.addresses.iter_mut().find(|address| address.id == id).ok_or(Problem::NotFound)?;
    job.replace(address, given, "address", UPDATE)?;
    changed(job, contact)?;
    shown(job, id)
}

fn archive(job: &mut Job<'_>, archived: bool) -> Outcome {
    let id = job.id("contactAddressId");
    let mut contact = job.store.contacts.owner(Part::Address, id)?.into_owned();
    let address = contact.addresses.iter_mut().find(|address| address.id == id).ok_or(Problem::NotFound)?;
    address.archived = archived;
    address.audit.touch(job.store.now);
    write::normalize_addresses(&mut contact.addresses);
    changed(job, contact)?;
    Ok(Output::Empty)
}

fn delete(job: &mut Job<'_>) -> Outcome {
    let id = job.id("contactAddressId");
    let mut contact = job.store.contacts.owner(Part::Address, id)?.into_owned();
    contact.addresses.retain(|address| address.id != id);
    write::normalize_addresses(&mut contact.addresses);
    changed(job, contact)?;
    Ok(Output::Empty)
}
