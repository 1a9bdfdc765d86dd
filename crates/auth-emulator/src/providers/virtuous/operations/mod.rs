//! The operations, by kind of record.

pub(crate) mod campaigns;
pub(crate) mod contacts;
pub(crate) mod gifts;
pub(crate) mod organizations;
pub(crate) mod projects;
pub(crate) mod subscriptions;

use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::data::job::{Job, Outcome};
use crate::providers::virtuous::records;

/// Executes an operation with a valid credential and valid parameters.
pub(crate) fn execute(job: &mut Job<'_>) -> Outcome {
    contacts::execute(job)
        .or_else(|| gifts::execute(job))
        .or_else(|| projects::execute(job))
        .or_else(|| campaigns::execute(job))
        .or_else(|| subscriptions::execute(job))
        .or_else(|| organizations::execute(job))
        .or_else(|| records::execute(job))
        .unwrap_or(Err(Problem::NotImplemented(job.call.operation)))
}
