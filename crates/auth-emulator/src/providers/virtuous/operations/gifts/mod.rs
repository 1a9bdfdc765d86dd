//! Operations on gifts, and the nightly run over transactions.
//!
//! `reads.rs` reads gifts, `write.rs` creates and changes them, `render.rs` formats them, `query.rs` evaluates queries over gifts
//! and their designations; `transactions.rs` accepts transactions and `matching.rs` turns them into contacts and gifts;
//! `recurring.rs` is recurring gifts.

pub(crate) mod matching;
mod query;
mod reads;
mod recurring;
mod render;
mod transactions;
mod write;

use crate::providers::virtuous::base::custom::{self, Owner};
use crate::providers::virtuous::data::job::{Job, Outcome, Output};
use crate::providers::virtuous::query::options;

/// Executes an operation on gifts. `None`: another kind of operation.
pub(crate) fn execute(job: &mut Job<'_>) -> Option<Outcome> {
    Some(match job.call.operation {
        "gifts_by_contact" => reads::by_contact(job),
        "gifts_by_reference" => reads::by_reference(job),
        "get_gift" => reads::get(job, job.id("giftId")),
        "gift_by_source" => reads::by_source(job),
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
        "gift_custom_fields" => Ok(Output::Json(custom::listed(Owner::Gift))),
        "non_cash_gift_types" => reads::non_cash_types(job),
        "gift_query_options" => Ok(Output::Json(options(&query::GIFTS, job.store))),
        "query_gifts" => query::gifts(job, false),
        "query_full_gifts" => query::gifts(job, true),
        "gift_designation_query_options" => Ok(Output::Json(options(&query::DESIGNATIONS, job.store))),
        "query_gift_designations" => query::designations(job),
        _ => return recurring::execute(job),
    })
}
