//! Custom collections: records of a kind that the organization has defined, of a contact or of a person.

use serde_json::{Value, json};

use super::extras::body_fields;
use super::save;
use crate::providers::virtuous::base::record::{Audit, JsonFields, Record};
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::data::contacts::Part;
use crate::providers::virtuous::data::job::{Job, Outcome, Output};

/// A kind of collection: its id, its name, and its fields with their types.
struct Definition {
    id: i64,
    entity: &'static str,
    name: &'static str,
    fields: &'static [(&'static str, &'static str)],
}

const DEFINITIONS: [Definition; 2] = [
    Definition {
        id: 81,
        entity: "Contact",
        name: "Pets",
        fields: &[("Name", "Text"), ("Birthday", "DateTime")],
    },
    Definition {
        id: 82,
        entity: "ContactIndividual",
        name: "Education",
        fields: &[("School", "Text"), ("Graduated", "DateTime")],
    },
];

pub(super) fn definitions(entity: &str) -> Output {
    let audit = Audit::at_start();
    let of_entity = DEFINITIONS.iter().filter(|definition| definition.entity == entity);
    let shown = of_entity.map(|definition| {
        let fields: Vec<Value> = definition
            .fields
            .iter()
            .map(|(name, kind)| {
                json!({ "dataType": kind, "name": name, "displayName": name, "required": false, "options": [] })
            })
            .collect();
        let mut shown = JsonFields::new();
        shown.insert("id".to_owned(), json!(definition.id));
        shown.insert("entityType".to_owned(), json!(entity));
        audit.write(&mut shown);
        shown.insert("name".to_owned(), json!(definition.name));
        shown.insert("fields".to_owned(), json!(fields));
        Value::Object(shown)
    });
    Output::Json(shown.collect())
}

/// The contact that the path names, itself or by a person, and the record that has the collections.
fn with_collections<T>(
    job: &mut Job<'_>,
    change: impl FnOnce(&mut Record, &mut Job<'_>) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let individual = job.call.operation.starts_with("individual_");
    let (mut contact, id) = if individual {
        let id = job.id("contactIndividualId");
        (job.store.contacts.owner(Part::Individual, id)?.into_owned(), id)
    } else {
        let id = job.id("contactId");
        (job.store.contacts.find(id)?.into_owned(), id)
    };
    let record = if individual {
        let mut people = contact.individuals.iter_mut();
        &mut people.find(|one| one.record.id == id).ok_or(Problem::NotFound)?.record
    } else {
        &mut contact.record
    };
    let done = change(record, job)?;
    record.audit.touch(job.store.now);
    save::changed(job, contact)?;
    Ok(done)
}

/// The fields of a record in a collection, checked against the definition.
fn collection_fields(job: &mut Job<'_>, definition: &Definition) -> Result<Value, Problem> {
    let table = body_fields(job);
    let given = job.fields("collection", table)?;
    let list = given.get("fields").and_then(Value::as_array).cloned().unwrap_or_default();
    for field in &list {
        let name = field.get("name").and_then(Value::as_str).unwrap_or_default();
        if !definition.fields.iter().any(|(known, _)| *known == name) {
            let name: String = name.chars().take(64).collect();
            return Err(Problem::field("collection.fields", format!("The collection has no field {name}.")));
        }
    }
    Ok(json!(list))
}

fn definition(id: i64, entity: &str) -> Result<&'static Definition, Problem> {
    let found = DEFINITIONS.iter().find(|definition| definition.id == id && definition.entity == entity);
    found.ok_or(Problem::NotFound)
}

fn entity(job: &Job<'_>) -> &'static str {
    if job.call.operation.starts_with("individual_") { "ContactIndividual" } else { "Contact" }
}

/// The maximum number of records in the collections of a contact or a person.
const MAX_COLLECTIONS: usize = 100;

pub(super) fn add(job: &mut Job<'_>) -> Outcome {
    let definition = definition(job.id("collectionId"), entity(job))?;
    with_collections(job, |record, job| {
        let fields = collection_fields(job, definition)?;
        let mut list = record.list("customCollections").to_vec();
        if list.len() >= MAX_COLLECTIONS {
            return Err(Problem::Full("records in collections"));
        }
        let instance = json!({
            "customCollectionId": definition.id, "customCollectionName": definition.name,
            "collectionInstanceId": job.store.next_payment(), "fields": fields,
        });
        list.push(instance.clone());
        record.set("customCollections", list);
        Ok(Output::Json(instance))
    })
}

/// The id of the record in a collection; deleting one of a person has it in the query.
fn instance_id(job: &Job<'_>) -> i64 {
    let in_query = job.parameters.text("collectionInstanceId").and_then(|id| id.parse().ok());
    in_query.unwrap_or_else(|| job.id("collectionId"))
}

fn position(record: &Record, id: i64) -> Result<usize, Problem> {
    let mut list = record.list("customCollections").iter();
    let is_it = |one: &Value| one.get("collectionInstanceId").and_then(Value::as_i64) == Some(id);
    list.position(is_it).ok_or(Problem::NotFound)
}

pub(super) fn update(job: &mut Job<'_>) -> Outcome {
    let (id, entity) = (instance_id(job), entity(job));
    with_collections(job, |record, job| {
        let at = position(record, id)?;
        let mut list = record.list("customCollections").to_vec();
        let instance = list.get_mut(at).and_then(Value::as_object_mut).ok_or(Problem::NotFound)?;
        let of = instance.get("customCollectionId").and_then(Value::as_i64).unwrap_or_default();
        let fields = collection_fields(job, definition(of, entity)?)?;
        instance.insert("fields".to_owned(), fields);
        let shown = Value::Object(instance.clone());
        record.set("customCollections", list);
        Ok(Output::Json(shown))
    })
}

pub(super) fn delete(job: &mut Job<'_>) -> Outcome {
    let id = instance_id(job);
    with_collections(job, |record, _| {
        let at = position(record, id)?;
        let mut list = record.list("customCollections").to_vec();
        list.remove(at);
        record.set("customCollections", list);
        Ok(Output::Empty)
    })
}
