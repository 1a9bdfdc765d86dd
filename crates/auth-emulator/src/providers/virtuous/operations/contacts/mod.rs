//! Operations on contacts (households and organizations, each with at least one person) and on their parts.
//!
//! `reads.rs` reads, finds and archives contacts, `write.rs` creates and updates them, `save.rs` stores them, `render.rs` formats
//! them, `query.rs` evaluates queries over contacts and people; `individuals.rs`, `addresses.rs`, `methods.rs`, `notes.rs` and
//! `tags.rs` are the parts.

mod addresses;
mod individuals;
mod methods;
mod notes;
mod query;
mod reads;
mod render;
pub(crate) mod save;
mod tags;
pub(crate) mod write;

use serde_json::json;

use crate::providers::virtuous::base::custom::{self, Owner};
use crate::providers::virtuous::data::job::{Job, Outcome, Output};
use crate::providers::virtuous::query::options;

/// Executes an operation on contacts or their parts. `None`: another kind of operation.
pub(crate) fn execute(job: &mut Job<'_>) -> Option<Outcome> {
    Some(match job.call.operation {
        "get_contact" => reads::get(job),
        "contact_by_source" => reads::by_source(job),
        "contact_by_reference" => reads::by_reference(job),
        "contacts_by_tag" => tags::contacts(job),
        "find_contact" => reads::find(job),
        "search_contacts" => reads::search(job),
        "create_contact" => write::create(job),
        "update_contact" => write::update(job),
        "archive_contact" => reads::archive(job, true),
        "unarchive_contact" => reads::archive(job, false),
        "contact_prefixes" => Ok(Output::Json(json!(reads::PREFIXES))),
        "contact_types" => Ok(Output::Json(reads::types())),
        "contact_custom_fields" => Ok(Output::Json(custom::listed(Owner::Contact))),
        "contact_query_options" => Ok(Output::Json(options(&query::CONTACTS, job.store))),
        "query_contacts" => query::contacts(job, false),
        "query_full_contacts" => query::contacts(job, true),
        "contact_individual_query_options" => Ok(Output::Json(options(&query::INDIVIDUALS, job.store))),
        "query_contact_individuals" => query::individuals(job),
        "create_contact_reference" => reads::create_reference(job),
        "delete_contact_reference" => reads::delete_reference(job),
        "list_tags" | "search_tags" => tags::list(job),
        "contact_tags_by_contact" => tags::by_contact(job),
        "create_contact_tag" => tags::create(job),
        "delete_contact_tag" => tags::delete(job),
        _ => {
            return individuals::execute(job)
                .or_else(|| addresses::execute(job))
                .or_else(|| methods::execute(job))
                .or_else(|| notes::execute(job));
        }
    })
}
