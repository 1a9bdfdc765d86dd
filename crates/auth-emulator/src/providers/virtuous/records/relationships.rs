//! Relationships of contacts, which both sides have.

use serde_json::json;

use super::engine::listed;
use super::render;
use super::resource::Resource;
use crate::providers::virtuous::base::operation::Operation;
use crate::providers::virtuous::base::record::Record;
use crate::providers::virtuous::data::job::{Job, Outcome, Output};

/// Group, relationship, and the relationship from the other side.
const RELATIONSHIPS: [(&str, &str, &str); 7] = [
    ("Family", "Spouse", "Spouse"),
    ("Family", "Parent", "Child"),
    ("Family", "Child", "Parent"),
    ("Family", "Sibling", "Sibling"),
    ("Social", "Friend", "Friend"),
    ("Professional", "Employer", "Employee"),
    ("Professional", "Employee", "Employer"),
];

pub(super) fn types(_: &mut Job<'_>, _: &'static Resource, _: &'static Operation) -> Outcome {
    let shown = RELATIONSHIPS.map(|(group, name, inverse)| {
        json!({ "group": group, "relationship": name, "inverseRelationship": inverse })
    });
    Ok(Output::Json(json!(shown)))
}

/// Assumption (inverse-relationships): a contact's relationships include those that began at the other contact, with the inverse
/// type and the same id.
pub(super) fn by_contact(
    job: &mut Job<'_>,
    resource: &'static Resource,
    operation: &'static Operation,
) -> Outcome {
    // An unknown contact has no relationships: 200 and an empty list, as recorded.
    let contact = Some(job.id("contactId"));
    let rows = job.store.records(resource.name)?.stored().filter_map(|one| {
        let seen = if one.int("contactId") == contact {
            one.clone()
        } else if one.int("relatedContactId") == contact {
            inverse(one)
        } else {
            return None;
        };
        Some(render::shown(&seen, operation.response.fields(), resource, job.store))
    });
    listed(job, rows.collect(), operation)
}

fn inverse(relationship: &Record) -> Record {
    let mut seen = relationship.clone();
    for (from, to) in
        [("contactId", "relatedContactId"), ("contactIndividualId", "relatedContactIndividualId")]
    {
        for (name, other) in [(from, to), (to, from)] {
            seen.set(name, relationship.fields.get(other).cloned().unwrap_or_default());
        }
    }
    let kind = relationship.text("relationshipType");
    let known = RELATIONSHIPS.iter().find(|(_, name, _)| name.eq_ignore_ascii_case(kind));
    seen.set("relationshipType", known.map_or(kind, |(.., inverse)| *inverse));
    seen
}
