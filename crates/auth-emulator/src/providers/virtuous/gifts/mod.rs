//! Gifts, and what comes with them.
//!
//! The rooms: `book.rs` holds all gifts and the seeded ones, `write.rs` creates and changes them, `render.rs` is how reads
//! show them, `query.rs` what can be asked of them and of their designations, `giving.rs` the sums of a contact;
//! `transactions.rs` takes transactions in and `matching.rs` turns them into contacts and gifts; `recurring.rs` is the
//! schedules. This file has the reads.

pub(super) mod book;
pub(super) mod giving;
pub(super) mod matching;
mod query;
pub(super) mod recurring;
mod render;
pub(super) mod transactions;
mod write;

use serde_json::{Value, json};

use super::contacts::model::SOURCE;
use super::custom::{self, Owner};
use super::job::{Answer, Job, Outcome, envelope};
use super::query::Cell;
use super::replies::Problem;

/// The vendor's types of gifts.
pub(super) const TYPES: &[&str] = &[
    "Cash",
    "Check",
    "Credit",
    "Cryptocoin",
    "Electronic Funds Transfer",
    "Non-Cash",
    "Other",
    "Paypal",
    "Qualified Charitable Distribution",
    "Reversing Transaction",
    "Stock",
];

const NON_CASH: [(i64, &str, bool); 3] = [(1, "Goods", true), (2, "Services", true), (3, "Vehicle", false)];

/// Carries out an operation on gifts. None: it is none of these.
pub(super) fn carry_out(job: &mut Job<'_>) -> Option<Outcome> {
    Some(match job.call.operation {
        "gifts_by_contact" => by_contact(job),
        "gifts_by_reference" => by_reference(job),
        "get_gift" => get(job, job.id("giftId")),
        "gift_by_source" => by_source(job),
        "create_gift" => write::create(job),
        "create_gifts" => write::create_many(job),
        "reverse_gift" => write::reverse(job),
        "update_gift" => write::update(job),
        "patch_gifts" => write::patch(job),
        "delete_gift" => write::delete(job),
        "create_gift_transaction" => transactions::gift(job),
        "create_gift_transactions" => transactions::gifts(job),
        "create_contact_transaction" => transactions::contact(job),
        "create_contact_transactions" => transactions::contacts(job),
        "gift_custom_fields" => Ok(Answer::Json(custom::listed(Owner::Gift))),
        "non_cash_gift_types" => non_cash_types(job),
        "gift_query_options" => Ok(Answer::Json(super::query::listed(&query::GIFTS, job.store))),
        "query_gifts" => query::gifts(job, false),
        "query_full_gifts" => query::gifts(job, true),
        "gift_designation_query_options" => {
            Ok(Answer::Json(super::query::listed(&query::DESIGNATIONS, job.store)))
        }
        "query_gift_designations" => query::designations(job),
        _ => return recurring::carry_out(job),
    })
}

fn get(job: &Job<'_>, id: i64) -> Outcome {
    let gift = job.store.gifts.find(id)?;
    Ok(Answer::Json(Value::Object(render::full(&gift, job.store))))
}

fn by_source(job: &mut Job<'_>) -> Outcome {
    let (source, id) = (job.call.param("transactionSource"), job.call.param("transactionId"));
    let gift = job.store.gifts.by_source(source, id).ok_or(Problem::NotFound)?;
    get(job, gift)
}

fn by_contact(job: &mut Job<'_>) -> Outcome {
    let contact = job.id("contactId");
    job.store.contacts.find(contact)?;
    let sort = job.given.text("sortBy").map(str::to_ascii_lowercase);
    let gifts = job.store.gifts.of_contact(contact);
    let mut rows: Vec<(Cell, i64, Value)> = Vec::new();
    for id in gifts {
        let gift = job.store.gifts.find(id)?;
        let key = match sort.as_deref() {
            Some("giftdate") => Cell::date(gift.text("giftDate")),
            Some("amount") => Cell::Number(gift.amount("amount")),
            Some("batch") => Cell::text(gift.text("batch")),
            Some("createddatetime") => Cell::date(&gift.audit.created),
            _ => Cell::Number(id),
        };
        rows.push((key, id, Value::Object(render::summary(&gift, job.store))));
    }
    job.order(&mut rows);
    let total = rows.len();
    Ok(envelope(job.given.page.of(rows.into_iter().map(|(_, _, shown)| shown)), total))
}

/// Assumption: gifts that began at the reference's own source are those whose transactions carry its name.
fn by_reference(job: &mut Job<'_>) -> Outcome {
    let reference = job.call.param("referenceId");
    let contact = job.store.contacts.by_reference(None, reference).ok_or(Problem::NotFound)?;
    let exclude = job.given.flag("excludeReferenceOriginatedGifts");
    let mut shown = Vec::new();
    for id in job.store.gifts.of_contact(contact) {
        let gift = job.store.gifts.find(id)?;
        if !(exclude && gift.text("transactionSource") == SOURCE) {
            shown.push(render::summary_with_designations(&gift, job.store));
        }
    }
    let total = shown.len();
    Ok(envelope(job.given.page.of(shown), total))
}

fn non_cash_types(job: &mut Job<'_>) -> Outcome {
    let sort = job.given.text("sortBy").map(str::to_ascii_lowercase);
    let mut rows: Vec<(Cell, i64, Value)> = NON_CASH
        .iter()
        .map(|(id, name, enabled)| {
            let key = if sort.as_deref() == Some("name") { Cell::text(name) } else { Cell::Number(*id) };
            (key, *id, json!({ "id": id, "name": name, "isEnabled": enabled }))
        })
        .collect();
    job.order(&mut rows);
    let total = rows.len();
    Ok(envelope(job.given.page.of(rows.into_iter().map(|(_, _, shown)| shown)), total))
}
