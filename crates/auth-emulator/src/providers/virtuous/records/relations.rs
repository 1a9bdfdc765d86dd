//! References between records: which record a field refers to, and the record that it leads to.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::resources::RESOURCES;
use crate::providers::virtuous::base::record::Record;
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::data::contact::{Contact, INDIVIDUAL, Individual};
use crate::providers::virtuous::data::contacts::Part;
use crate::providers::virtuous::data::store::Store;

/// What a field can refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    Contact,
    Individual,
    Gift,
    /// A record of this resource.
    Record(&'static str),
}

impl Target {
    /// The name in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Individual => "individual",
            Self::Gift => "gift",
            Self::Record(_) => "record",
        }
    }
}

/// What a field refers to.
pub(crate) fn target(field: &str) -> Option<Target> {
    Some(match field {
        "contactId"
        | "relatedContactId"
        | "contactPassthroughId"
        | "grantingOrganizationId"
        | "receivingOrganizationId" => Target::Contact,
        "contactIndividualId"
        | "relatedContactIndividualId"
        | "acknowledgeeIndividualId"
        | "defaultAcknowledgeeIndividualId" => Target::Individual,
        "giftId" | "reversedGiftId" => Target::Gift,
        "projectId" | "projectDesignationId" | "parentId" => Target::Record("projects"),
        "segmentId" | "receiptSegmentId" => Target::Record("segments"),
        "campaignId" => Target::Record("campaigns"),
        "communicationId" => Target::Record("communications"),
        "eventId" => Target::Record("events"),
        "volunteerOpportunityId" => Target::Record("volunteer_opportunities"),
        "volunteerId" => Target::Record("opportunity_volunteers"),
        "giftAskId" | "passthroughGiftAskId" => Target::Record("gift_asks"),
        "plannedGiftId" => Target::Record("planned_gifts"),
        "tributeId" => Target::Record("tributes"),
        "grantId" => Target::Record("grants"),
        "emailListId" => Target::Record("email_lists"),
        "organizationGroupId" => Target::Record("organization_groups"),
        "projectRoleTypeId" => Target::Record("project_role_types"),
        _ => return None,
    })
}

/// Whether the record exists that a field refers to.
pub(crate) fn exists(target: Target, id: i64, store: &Store) -> bool {
    match target {
        Target::Contact => store.contacts.has(id),
        Target::Individual => store.contacts.owner(Part::Individual, id).is_ok(),
        Target::Gift => store.gifts.find(id).is_ok(),
        Target::Record(name) => store.table(name).is_some_and(|table| table.get(id).is_some()),
    }
}

/// The fields of a record that refer to nothing, each with a message.
pub(crate) fn broken<'r>(
    record: &'r Record,
    store: &'r Store,
) -> impl Iterator<Item = (&'r String, String)> + 'r {
    record.fields.iter().filter_map(move |(field, value)| {
        let (id, target) = (value.as_i64()?, target(field)?);
        (!exists(target, id, store)).then(|| (field, format!("There is no such {}.", target.name())))
    })
}

/// Records by kind and id.
type Removed = HashSet<(Target, i64)>;

/// The fields of a record that refer to removed ones.
fn referring<'r>(record: &'r Record, removed: &'r Removed) -> impl Iterator<Item = &'r String> + 'r {
    let refers = |field: &str, value: &Value| Some((target(field)?, value.as_i64()?));
    let fields = record.fields.iter();
    fields
        .filter(move |(field, value)| refers(field, value).is_some_and(|to| removed.contains(&to)))
        .map(|(field, _)| field)
}

/// Removes the fields of a record that refer to removed ones. Returns their names.
fn clear(record: &mut Record, removed: &Removed) -> Vec<String> {
    let fields: Vec<String> = referring(record, removed).cloned().collect();
    fields.iter().for_each(|field| drop(record.fields.remove(field)));
    fields
}

/// Assumption (dependents): a record that needs a removed one is removed too, with its own dependents; all other references are
/// cleared.
pub(crate) fn release(store: &mut Store, removed: Target, id: i64) -> Result<(), Problem> {
    let mut removed = Removed::from([(removed, id)]);
    while !removed.is_empty() {
        let mut dependents = Removed::new();
        for resource in RESOURCES {
            let stored = store.records(resource.name)?.stored();
            let found: Vec<Record> =
                stored.filter(|record| referring(record, &removed).next().is_some()).cloned().collect();
            for mut record in found {
                let cleared = clear(&mut record, &removed);
                if cleared.iter().any(|field| resource.needed.contains(&field.as_str())) {
                    store.records_mut(resource.name)?.remove(record.id)?;
                    dependents.insert((Target::Record(resource.name), record.id));
                } else {
                    store.records_mut(resource.name)?.put(record.id, record)?;
                }
            }
        }
        let mut gifts: Vec<i64> = store
            .gifts
            .stored()
            .filter(|gift| referring(gift, &removed).next().is_some())
            .map(|gift| gift.id)
            .collect();
        // Seeded gifts refer to the person of their contact.
        for (target, id) in &removed {
            if *target == Target::Individual {
                gifts.extend(store.gifts.of_contact(id.saturating_sub(INDIVIDUAL)));
            }
        }
        for gift in gifts {
            let mut gift = store.gifts.find(gift)?.into_owned();
            if !clear(&mut gift, &removed).is_empty() {
                store.gifts.put(gift)?;
            }
        }
        removed = dependents;
    }
    Ok(())
}

/// A field of the record that `field` refers to.
pub(crate) fn follow(record: &Record, field: &str, wanted: &str, store: &Store) -> Value {
    let (Some(id), Some(target)) = (record.int(field), target(field)) else { return Value::Null };
    match target {
        Target::Contact => {
            store.contacts.find(id).map(|found| of_contact(&found, wanted)).unwrap_or_default()
        }
        Target::Individual => {
            individual(id, store, |found, _| of_individual(found, wanted)).unwrap_or_default()
        }
        Target::Gift => Value::Null,
        Target::Record(name) => {
            let found = store.table(name).and_then(|table| table.get(id));
            found.and_then(|found| found.fields.get(wanted).cloned()).unwrap_or_default()
        }
    }
}

fn of_contact(contact: &Contact, wanted: &str) -> Value {
    match wanted {
        "email" => json!(contact.reached_by("Email").first()),
        "phone" => json!(contact.reached_by("Phone").first()),
        _ => contact.record.fields.get(wanted).cloned().unwrap_or_default(),
    }
}

/// Calls `of` with an individual and its contact.
pub(crate) fn individual<T>(
    id: i64,
    store: &Store,
    of: impl FnOnce(&Individual, &Contact) -> T,
) -> Option<T> {
    let contact = store.contacts.owner(Part::Individual, id).ok()?;
    let found = contact.individuals.iter().find(|one| one.record.id == id)?;
    Some(of(found, &contact))
}

fn of_individual(individual: &Individual, wanted: &str) -> Value {
    let reached = |sort: &str| {
        let mut methods = individual.methods.iter().filter(|method| !method.archived);
        let found = methods.find(|method| method.text("type").ends_with(sort));
        json!(found.map(|method| method.text("value")))
    };
    match wanted {
        "name" => {
            let record = &individual.record;
            json!(format!("{} {}", record.text("firstName"), record.text("lastName")).trim())
        }
        "email" => reached("Email"),
        "phone" => reached("Phone"),
        _ => individual.record.fields.get(wanted).cloned().unwrap_or_default(),
    }
}
