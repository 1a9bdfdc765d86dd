//! Reading gifts.

use serde_json::{Value, json};

use super::render;
use crate::providers::virtuous::base::record::Record;
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::data::contact::SOURCE;
use crate::providers::virtuous::data::job::{Job, Outcome, Output, envelope};
use crate::providers::virtuous::query::Cell;

pub(super) const NON_CASH: [(i64, &str, bool); 3] =
    [(1, "Goods", true), (2, "Services", true), (3, "Vehicle", false)];

pub(crate) fn get(job: &Job<'_>, id: i64) -> Outcome {
    let gift = job.store.gifts.find(id)?;
    Ok(Output::Json(Value::Object(render::full(&gift, job.store))))
}

pub(crate) fn by_source(job: &mut Job<'_>) -> Outcome {
    let (source, id) = (job.call.param("transactionSource"), job.call.param("transactionId"));
    let gift = job.store.gifts.by_source(source, id).ok_or(Problem::NotFound)?;
    get(job, gift)
}

/// The gifts of a contact, or those that passed through it.
pub(crate) fn by_contact(job: &mut Job<'_>, passthrough: bool) -> Outcome {
    let contact = job.id("contactId");
    job.store.contacts.find(contact)?;
    let sort = job.parameters.text("sortBy").map(str::to_ascii_lowercase);
    let gifts = if passthrough {
        let through = |gift: &&Record| gift.int("contactPassthroughId") == Some(contact);
        job.store.gifts.stored().filter(through).map(|gift| gift.id).collect()
    } else {
        job.store.gifts.of_contact(contact)
    };
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
    Ok(envelope(job.parameters.page.of(rows.into_iter().map(|(_, _, shown)| shown)), total))
}

/// Assumption (reference-gifts): gifts that began at the reference's own source are those whose transactions carry its name.
pub(crate) fn by_reference(job: &mut Job<'_>) -> Outcome {
    let reference = job.call.param("referenceId");
    let contact = job.store.contacts.by_reference(None, reference).ok_or(Problem::NotFound)?;
    let exclude = job.parameters.flag("excludeReferenceOriginatedGifts");
    let mut shown = Vec::new();
    for id in job.store.gifts.of_contact(contact) {
        let gift = job.store.gifts.find(id)?;
        if !(exclude && gift.text("transactionSource") == SOURCE) {
            shown.push(render::summary_with_designations(&gift, job.store));
        }
    }
    let total = shown.len();
    Ok(envelope(job.parameters.page.of(shown), total))
}

pub(crate) fn non_cash_types(job: &mut Job<'_>) -> Outcome {
    let sort = job.parameters.text("sortBy").map(str::to_ascii_lowercase);
    let mut rows: Vec<(Cell, i64, Value)> = NON_CASH
        .iter()
        .map(|(id, name, enabled)| {
            let key = if sort.as_deref() == Some("name") { Cell::text(name) } else { Cell::Number(*id) };
            (key, *id, json!({ "id": id, "name": name, "isEnabled": enabled }))
        })
        .collect();
    job.order(&mut rows);
    let total = rows.len();
    Ok(envelope(job.parameters.page.of(rows.into_iter().map(|(_, _, shown)| shown)), total))
}
