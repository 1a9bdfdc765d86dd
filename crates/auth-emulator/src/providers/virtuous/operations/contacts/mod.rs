//! Operations on contacts (households and organizations, each with at least one person) and on their parts.
//!
//! `reads.rs` reads, finds and archives contacts, `write.rs` creates and updates them, `save.rs` stores them, `render.rs` formats
//! them, `query.rs` evaluates queries over contacts and people; `individuals.rs`, `addresses.rs`, `methods.rs`, `notes.rs` and
//! `tags.rs` are the parts, `extras.rs` everything else.

mod addresses;
mod collections;
mod extras;
mod individuals;
mod methods;
pub(crate) mod notes;
pub(crate) mod query;
mod reads;
mod render;
pub(crate) mod save;
mod tags;
pub(crate) mod write;

use serde_json::json;

use crate::providers::virtuous::base::custom::{self, RecordKind};
use crate::providers::virtuous::base::organization;
use crate::providers::virtuous::data::job::{Job, Outcome, Output};
use crate::providers::virtuous::query::options;

/// Executes an operation on contacts or their parts. `None`: another kind of operation.
pub(crate) fn execute(job: &mut Job<'_>) -> Option<Outcome> {
    Some(match job.call.operation {
        "contacts.get" => reads::get(job),
        "contacts.by_source" => reads::by_source(job),
        "contacts.by_reference" => reads::by_reference(job),
        "contacts.by_tag" => tags::contacts(job),
        "contacts.find" => reads::find(job),
        "contacts.search" => reads::search(job),
        "contacts.create" => write::create(job),
        "contacts.update" => write::update(job),
        "contacts.archive" => reads::archive(job, true),
        "contacts.unarchive" => reads::archive(job, false),
        "contacts.prefixes" => Ok(Output::Json(json!(reads::PREFIXES))),
        "contacts.types" => Ok(Output::Json(reads::types(job.settings))),
        "contacts.custom_fields" => Ok(Output::Json(custom::listed(job.store.custom(RecordKind::Contact)))),
        "contacts.custom_collections" => {
            Ok(Output::Json(organization::listed(job.settings, RecordKind::Contact)))
        }
        "contacts.query_options" => Ok(Output::Json(options(&query::CONTACTS, job.store))),
        "contacts.query" => query::contacts(job, false),
        "contacts.query_full" => query::contacts(job, true),
        "contact_individuals.query_options" => Ok(Output::Json(options(&query::INDIVIDUALS, job.store))),
        "contact_individuals.query" => query::individuals(job),
        "contact_references.create" => reads::create_reference(job),
        "contact_references.delete" => reads::delete_reference(job),
        "tags.list" | "tags.search" => tags::list(job),
        "contact_tags.by_contact" => tags::by_contact(job),
        "contact_tags.create" => tags::create(job),
        "contact_tags.delete" => tags::delete(job),
        _ => {
            return individuals::execute(job)
                .or_else(|| addresses::execute(job))
                .or_else(|| methods::execute(job))
                .or_else(|| notes::execute(job))
                .or_else(|| collections::execute(job))
                .or_else(|| extras::execute(job));
        }
    })
}
