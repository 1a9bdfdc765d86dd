//! The operations and derived fields of the record store that have their own code.

use serde_json::{Value, json};

use super::engine::{self, each, find, insert, listed, one_of};
use super::relations::follow;
use super::render;
use super::resource::{Moment, Resource};
use crate::providers::virtuous::base::operation::Operation;
use crate::providers::virtuous::base::record::{JsonFields, Record};
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::violations::{NOT_VALID, REQUIRED};
use crate::providers::virtuous::base::{dates, money};
use crate::providers::virtuous::data::contacts::Part;
use crate::providers::virtuous::data::job::{Job, Outcome, Output};
use crate::providers::virtuous::data::store::Store;
use crate::providers::virtuous::operations::contacts::save;
use crate::providers::virtuous::operations::gifts::render as gifts;

/// The frequencies on the vendor's pages on planned gifts and on pledges.
pub(super) const OF_PLANNED_GIFTS: &[&str] =
    &["Once", "Monthly", "Quarterly", "Semiannually", "Annually", "Biennially"];
pub(super) const OF_PLEDGES: &[&str] =
    &["Once", "Weekly", "Monthly", "Quarterly", "Semiannually", "Annually", "Biennially", "Custom"];

/// The records of a resource whose field refers to `id`.
pub(crate) fn children<'s>(
    store: &'s Store,
    resource: &str,
    field: &'s str,
    id: i64,
) -> impl Iterator<Item = &'s Record> {
    let table = store.records(resource).ok();
    let of = move |one: &&Record| one.int(field) == Some(id);
    table.into_iter().flat_map(|table| table.stored()).filter(of)
}

pub(super) fn parent_project(record: &Record, store: &Store, wanted: &str) -> Value {
    let parent =
        record.int("projectId").and_then(|id| store.projects.get(id)).and_then(|one| one.int("parentId"));
    let parent = parent.and_then(|id| store.projects.get(id));
    parent.and_then(|parent| parent.fields.get(wanted).cloned()).unwrap_or_default()
}

/// A time of the attendee's event, for display.
pub(super) fn of_event(record: &Record, store: &Store, field: &str) -> Value {
    let at = follow(record, "eventId", field, store);
    json!(at.as_str().and_then(dates::parse).map(dates::display_time))
}

/// The sum of the hours of attendances.
pub(super) fn hours(store: &Store, field: &str, id: i64) -> Value {
    let attended = children(store, "volunteer_attendances", field, id);
    money::json(money::sum(attended.map(|one| one.amount("hours"))))
}

fn percentage(part: i64, whole: i64) -> Value {
    let percent = if whole <= 0 { 0 } else { (part.saturating_mul(100) / whole).min(100) };
    money::json(percent * 10_000)
}

pub(super) fn need_filled(opportunity: &Record, store: &Store) -> Value {
    let volunteers =
        children(store, "opportunity_volunteers", "volunteerOpportunityId", opportunity.id).count();
    percentage(
        i64::try_from(volunteers).unwrap_or_default(),
        opportunity.int("currentNeed").unwrap_or_default(),
    )
}

pub(super) fn hours_filled(opportunity: &Record, store: &Store) -> Value {
    let hours = hours(store, "volunteerOpportunityId", opportunity.id);
    percentage(money::of(&hours).unwrap_or_default(), opportunity.amount("preferredNumberOfHours"))
}

/// An opportunity with volunteers or organizers can't be deleted.
pub(super) fn keep_staffed(job: &mut Job<'_>, record: &mut Record, moment: Moment) -> Result<(), Problem> {
    let staff = ["opportunity_volunteers", "opportunity_organizers"];
    let has = |resource| children(job.store, resource, "volunteerOpportunityId", record.id).next().is_some();
    if moment == Moment::Delete && staff.into_iter().any(has) {
        let words = "An opportunity with volunteers or organizers can't be deleted.";
        return Err(Problem::field("volunteerOpportunityId", words));
    }
    Ok(())
}

pub(super) fn groups_of_contact(
    job: &mut Job<'_>,
    resource: &'static Resource,
    operation: &'static Operation,
) -> Outcome {
    let contact = engine::contact_in_path(job)?;
    let groups = children(job.store, "organization_group_contacts", "contactId", contact);
    let groups =
        groups.filter_map(|one| job.store.records(resource.name).ok()?.get(one.int("organizationGroupId")?));
    let shown = |one: std::borrow::Cow<'_, Record>| {
        render::shown(&one, operation.response.fields(), resource, job.store)
    };
    let rows = groups.map(shown).collect();
    listed(job, rows, operation)
}

/// The names of a contact's groups.
pub(crate) fn group_names(store: &Store, contact: i64) -> Vec<Value> {
    let groups = children(store, "organization_group_contacts", "contactId", contact);
    groups.map(|one| follow(one, "organizationGroupId", "name", store)).collect()
}

fn membership(job: &Job<'_>) -> Result<(i64, i64, Option<Record>), Problem> {
    let (group, contact) = (job.id("organizationGroupId"), engine::contact_in_path(job)?);
    job.store.records("organization_groups")?.find(group)?;
    let mut members = children(job.store, "organization_group_contacts", "organizationGroupId", group);
    let held = members.find(|one| one.int("contactId") == Some(contact)).cloned();
    Ok((group, contact, held))
}

/// Adds a contact to a group; a second time changes nothing.
pub(super) fn join_group(
    job: &mut Job<'_>,
    resource: &'static Resource,
    operation: &'static Operation,
) -> Outcome {
    let (group, contact, held) = membership(job)?;
    let member = match held {
        Some(held) => held,
        None => {
            let mut fields = JsonFields::new();
            fields.insert("organizationGroupId".to_owned(), json!(group));
            fields.insert("contactId".to_owned(), json!(contact));
            let member = insert(job, fields, resource)?;
            change_contact(job, contact)?;
            member
        }
    };
    Ok(one_of(job, &member, resource, operation))
}

pub(super) fn leave_group(job: &mut Job<'_>, resource: &'static Resource, _: &'static Operation) -> Outcome {
    let (_, contact, held) = membership(job)?;
    job.store.records_mut(resource.name)?.remove(held.ok_or(Problem::NotFound)?.id)?;
    change_contact(job, contact)?;
    Ok(Output::Empty)
}

/// The names of its groups are a part of a contact, as its tags are.
fn change_contact(job: &mut Job<'_>, id: i64) -> Result<(), Problem> {
    let contact = job.store.contacts.find(id)?.into_owned();
    save::changed(job, contact)
}

/// The gifts that were given for an ask, a grant or a planned gift.
pub(super) fn gifts_of(job: &mut Job<'_>, resource: &'static Resource, _: &'static Operation) -> Outcome {
    let record = find(job, resource)?;
    let field = match resource.name {
        "gift_asks" => "giftAskId",
        "grants" => "grantId",
        _ => "plannedGiftId",
    };
    let given = job.store.gifts.stored().filter(|gift| gift.int(field) == Some(record.id));
    Ok(Output::Json(given.map(|gift| Value::Object(gifts::full(gift, job.store))).collect()))
}

/// Numbers the payments of a pledge, which refer to gifts by `pledgePayments` of the gift.
pub(super) fn complete_pledge(job: &mut Job<'_>, record: &mut Record, moment: Moment) -> Result<(), Problem> {
    if moment == Moment::Delete {
        return Ok(());
    }
    let (from, amount) = (record.text("pledgeDate").to_owned(), record.amount("amountPledged"));
    if dates::parse_day(record.text("expectedFulfillmentDate")) < dates::parse_day(&from) {
        return Err(Problem::field("pledge.expectedFulfillmentDate", "It is before the date of the pledge."));
    }
    let planned =
        record.list("payments").iter().filter_map(|one| one.get("expectedAmount").and_then(money::of));
    if !record.list("payments").is_empty() && money::sum(planned) != amount {
        return Err(Problem::field("pledge.payments", "The payments do not sum up to the amount."));
    }
    let mut payments = record.list("payments").to_vec();
    for payment in payments.iter_mut().filter_map(Value::as_object_mut) {
        let id = job.store.next_payment();
        payment.entry("id").or_insert_with(|| json!(id));
    }
    record.set("payments", payments);
    Ok(())
}

pub(crate) fn id_of(value: &Value) -> Option<i64> {
    value.get("id").and_then(Value::as_i64)
}

/// The payments of all pledges.
pub(crate) fn payments(store: &Store) -> impl Iterator<Item = &Value> {
    let pledges = store.records("pledges").ok().into_iter().flat_map(|pledges| pledges.stored());
    pledges.flat_map(|pledge| pledge.list("payments"))
}

/// A payment of a pledge, with the gift that fulfilled it. Assumption (record-store): without an amount, by the whole gift.
fn payment(payment: &Value, store: &Store) -> Value {
    let paid = |gift: &'_ Record| {
        let part = gift.list("pledgePayments").iter().find(|part| id_of(part) == id_of(payment))?;
        let amount = part.get("amount").filter(|amount| !amount.is_null());
        Some((gift.id, amount.or(gift.fields.get("amount")).cloned()))
    };
    let (gift, amount) = store.gifts.stored().find_map(paid).unzip();
    json!({
        "id": payment.get("id"), "expectedPaymentDate": payment.get("expectedPaymentDate"),
        "expectedAmount": payment.get("expectedAmount"), "giftId": gift, "actualAmount": amount,
    })
}

/// The payments of a pledge.
pub(super) fn pledge_payments(pledge: &Record, store: &Store) -> Value {
    pledge.list("payments").iter().map(|one| payment(one, store)).collect()
}

/// The payments of pledges that a gift fulfilled.
pub(crate) fn payments_of_gift(gift: &Record, store: &Store) -> Value {
    let paid = |one: &&Value| gift.list("pledgePayments").iter().any(|part| id_of(part) == id_of(one));
    payments(store).filter(paid).map(|one| payment(one, store)).collect()
}

pub(super) fn write_off(
    job: &mut Job<'_>,
    resource: &'static Resource,
    operation: &'static Operation,
) -> Outcome {
    let mut pledge = find(job, resource)?;
    let given = job.fields("writeOff", operation.body.fields())?;
    let reason = given.get("reason").and_then(Value::as_str).unwrap_or_default().to_owned();
    if reason.chars().count() > 100 {
        return Err(Problem::field("writeOff.reason", "At most 100 characters."));
    }
    if pledge.text("status") != "Open" {
        return Err(Problem::field("pledgeId", "The pledge is written off already."));
    }
    pledge.set("status", "Written Off");
    pledge.set("writeOffReason", reason);
    pledge.audit.touch(job.store.now);
    job.store.records_mut(resource.name)?.put(pledge.id, pledge.clone())?;
    Ok(one_of(job, &pledge, resource, operation))
}

/// `premiums.increment` takes a positive number, 1 by default, and `premiums.decrement` a negative one, -1 by default.
pub(super) fn count_premium(
    job: &mut Job<'_>,
    resource: &'static Resource,
    operation: &'static Operation,
) -> Outcome {
    let mut premium = find(job, resource)?;
    let (name, sign) =
        if operation.id == "premiums.increment" { ("incrementor", 1) } else { ("decrementor", -1) };
    let by = job.parameters.text(name).map_or(Some(sign), |given| given.parse().ok());
    let by = by.filter(|by: &i64| by.signum() == sign).ok_or_else(|| Problem::field(name, NOT_VALID))?;
    let count = premium.int("inventoryCount").unwrap_or_default() + by;
    if i32::try_from(count).is_err() {
        return Err(Problem::field(name, NOT_VALID));
    }
    if count < 0 {
        return Err(Problem::field(name, "There are not as many."));
    }
    premium.set("inventoryCount", count);
    premium.audit.touch(job.store.now);
    job.store.records_mut(resource.name)?.put(premium.id, premium.clone())?;
    Ok(one_of(job, &premium, resource, operation))
}

/// All or none.
pub(super) fn create_expenses(
    job: &mut Job<'_>,
    resource: &'static Resource,
    operation: &'static Operation,
) -> Outcome {
    let mut given = job.fields("batch", operation.body.fields())?;
    let expenses = each(&mut given, "projectExpenses");
    for (index, expense) in expenses.iter().enumerate() {
        let candidate = Record::new(
            -1,
            expense.clone(),
            crate::providers::virtuous::base::record::Audit::at(job.store.now),
        );
        engine::check(job, &candidate, resource).map_err(|problem| match problem {
            Problem::Invalid(fields) => Problem::Invalid(
                fields
                    .into_iter()
                    .map(|(field, words)| {
                        let name = field.rsplit('.').next().unwrap_or_default();
                        (format!("batch.projectExpenses[{index}].{name}"), words)
                    })
                    .collect(),
            ),
            other => other,
        })?;
    }
    job.store.records(resource.name)?.has_capacity(expenses.len())?;
    for expense in expenses {
        insert(job, expense, resource)?;
    }
    Ok(Output::Empty)
}

/// The sum of a project's expenses, in total or of a year.
pub(crate) fn expenses(store: &Store, project: i64, year: Option<i64>) -> Value {
    let of_year = |one: &&Record| {
        let day = dates::parse_day(one.text("expenseDate"));
        year.is_none_or(|year| day.is_some_and(|day| dates::civil(day).0 == year))
    };
    let spent = children(store, "project_expenses", "projectId", project).filter(of_year);
    money::json(money::sum(spent.map(|one| one.amount("expenseAmount"))))
}

/// The effect `email_sent` counts the e-mails.
pub(super) fn send_email(
    job: &mut Job<'_>,
    resource: &'static Resource,
    operation: &'static Operation,
) -> Outcome {
    let given = job.fields("email", operation.body.fields())?;
    let id = given.get("emailId").and_then(Value::as_i64).unwrap_or_default();
    if job.store.records(resource.name)?.get(id).is_none() {
        return Err(Problem::field("email.emailId", "There is no such e-mail."));
    }
    let list = |name: &str| given.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let personal = list("personalizations")
        .into_iter()
        .filter_map(|one| one.get("contactId").cloned())
        .collect::<Vec<_>>();
    let contacts: Vec<i64> = list("contactIds").iter().chain(&personal).filter_map(Value::as_i64).collect();
    if contacts.is_empty() {
        return Err(Problem::field("email.contactIds", REQUIRED));
    }
    if contacts.iter().any(|contact| !job.store.contacts.has(*contact)) {
        return Err(Problem::field("email.contactIds", "There is no such contact."));
    }
    let contacts: std::collections::BTreeSet<i64> = contacts.into_iter().collect();
    contacts.iter().for_each(|_| job.context.effect("email_sent"));
    Ok(Output::Json(json!({})))
}

/// Assumption (record-store): the vendor queues this for up to four hours, the emulator does it at once.
pub(super) fn subscribe(job: &mut Job<'_>, _: &'static Resource, operation: &'static Operation) -> Outcome {
    let given = job.fields("emailList", operation.body.fields())?;
    let ids = |name: &str| given.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let (lists, people) = (ids("emailListIds"), ids("contactIndividualIds"));
    for list in lists.iter().filter_map(Value::as_i64) {
        if job.store.records("email_lists")?.get(list).is_none() {
            return Err(Problem::field("emailList.emailListIds", "There is no such list."));
        }
    }
    for person in people.iter().filter_map(Value::as_i64) {
        if job.store.contacts.owner(Part::Individual, person).is_err() {
            return Err(Problem::field("emailList.contactIndividualIds", "There is no such individual."));
        }
    }
    for list in lists.iter().filter_map(Value::as_i64) {
        for person in people.iter().filter_map(Value::as_i64) {
            join(job, "subscriptions", "emailListId", list, person)?;
        }
    }
    Ok(Output::Accepted)
}

/// The record by which a person belongs to another record, such as an attendee of an event; creates it if it is missing.
pub(crate) fn join(
    job: &mut Job<'_>,
    resource: &str,
    field: &str,
    id: i64,
    person: i64,
) -> Result<Record, Problem> {
    let resource = Resource::by_name(resource).ok_or(Problem::NotFound)?;
    let is_of = |one: &&Record| one.int("contactIndividualId") == Some(person);
    let held = children(job.store, resource.name, field, id).find(is_of).cloned();
    if let Some(held) = held {
        return Ok(held);
    }
    let mut fields = JsonFields::new();
    fields.insert(field.to_owned(), json!(id));
    fields.insert("contactIndividualId".to_owned(), json!(person));
    insert(job, fields, resource)
}
