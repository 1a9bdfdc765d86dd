//! Operations on gifts, and the nightly run over transactions.
//!
//! `reads.rs` reads gifts, `write.rs` creates and changes them with the lists of `parts.rs`, `render.rs` formats them, `query.rs` evaluates queries over gifts
//! and their designations; `transactions.rs` accepts transactions and `matching.rs` turns them, with the people of `person.rs`, into contacts and gifts, `joining.rs` into attendees, volunteers and entries of e-mail lists;
//! `recurring.rs` is recurring gifts, and `schedules.rs` how gifts pay them.

mod joining;
pub(crate) mod matching;
mod parts;
mod person;
pub(crate) mod query;
mod reads;
pub(crate) mod recurring;
pub(crate) mod render;
mod schedules;
mod transactions;
mod write;

use crate::providers::virtuous::base::custom::{self, RecordKind};
use crate::providers::virtuous::data::job::{Job, Outcome, Output};
use crate::providers::virtuous::query::options;

/// Executes an operation on gifts. `None`: another kind of operation.
pub(crate) fn execute(job: &mut Job<'_>) -> Option<Outcome> {
    Some(match job.call.operation {
        "gifts.by_contact" => reads::by_contact(job, false),
        "gifts.passthrough_by_contact" => reads::by_contact(job, true),
        "gifts.by_reference" => reads::by_reference(job),
        "gifts.get" => reads::get(job, job.id("giftId")),
        "gifts.by_transaction" => reads::by_source(job),
        "gifts.create" => write::create(job),
        "gifts.create_bulk" => write::create_many(job),
        "gifts.reverse" => write::reverse(job),
        "gifts.update" => write::update(job),
        "gifts.patch" => write::patch(job),
        "gifts.delete" => write::delete(job),
        "gifts.create_transaction" => transactions::gift(job),
        "gifts.create_transactions" => transactions::gifts(job),
        "contacts.create_transaction" => transactions::contact(job),
        "contacts.create_batch" => transactions::contacts(job),
        "gifts.custom_fields" => Ok(Output::Json(custom::listed(job.store.custom(RecordKind::Gift)))),
        "gifts.non_cash_gift_types" => reads::non_cash_types(job),
        "gifts.query_options" => Ok(Output::Json(options(&query::GIFTS, job.store))),
        "gifts.query" => query::gifts(job, false),
        "gifts.query_full" => query::gifts(job, true),
        "gift_designations.query_options" => Ok(Output::Json(options(&query::DESIGNATIONS, job.store))),
        "gift_designations.query" => query::designations(job),
        _ => return recurring::execute(job),
    })
}
