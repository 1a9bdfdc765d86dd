//! The operations, by kind of record.

pub(crate) mod campaigns;
pub(crate) mod contacts;
pub(crate) mod gifts;
pub(crate) mod organizations;
pub(crate) mod projects;
pub(crate) mod subscriptions;

use crate::providers::virtuous::base::custom::RecordKind;
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

/// Whether queries over a kind of record have this parameter without custom fields.
pub(crate) fn is_parameter(kind: RecordKind, name: &str) -> bool {
    let own = [
        contacts::query::CONTACTS,
        contacts::query::INDIVIDUALS,
        contacts::notes::NOTES,
        gifts::query::GIFTS,
        gifts::recurring::SCHEMA,
        projects::SCHEMA,
    ];
    let schemas = own.into_iter().chain(records::RESOURCES.iter().map(records::schema));
    let mut parameters = schemas.filter(|one| one.custom == Some(kind)).flat_map(|one| one.all());
    parameters.any(|parameter| parameter.name == name)
}
