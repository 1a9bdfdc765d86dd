//! The records of a provider, for people: what its state contains, as tables with the fields that say which record it is. Fields are
//! shown if they are known not to be secret.

use serde_json::{Map, Value, json};

use crate::framework::provider::{Provider, RecordGroup};
use crate::framework::redact::Secrets;
use crate::framework::settings::ActionError;

/// The maximum depth of nested records: the users of a service.
const DEPTH: usize = 6;

/// Names of fields that say which record it is, in lower case and without underscores.
const FIELDS: &[&str] = &[
    "id",
    "name",
    "title",
    "kind",
    "type",
    "status",
    "active",
    "isactive",
    "enabled",
    "disabled",
    "isprivate",
    "isdeleted",
    "archived",
    "fqdn",
    "domain",
    "host",
    "email",
    "emailverified",
    "username",
    "loginname",
    "displayname",
    "contactname",
    "firstname",
    "lastname",
    "idinservice",
    "phonenumber",
    "contactnumber",
    "countrycode",
    "userid",
    "serviceid",
    "tenantid",
    "clientid",
    "contactid",
    "giftid",
    "transactionsource",
    "transactionid",
    "referencesource",
    "referenceid",
    "projectid",
    "campaignid",
    "segmentid",
    "contacttype",
    "gifttype",
    "giftdate",
    "amount",
    "frequency",
    "startdate",
    "enddate",
    "createdatetimeutc",
    "modifieddatetimeutc",
    "ctime",
    "created",
    "createdat",
    "updatedat",
    "policy",
    "subject",
    "organization",
];

/// The records by kind: `[{kind, count, records}]`. Ids of sessions and of other records may be secret.
pub(crate) fn list(provider: &dyn Provider) -> Result<Value, ActionError> {
    let mut shown = groups(provider)?;
    let mut secrets = Secrets::default();
    secrets.add_of(provider);
    secrets.add_issued_in(provider, &[shown.to_string()]);
    secrets.hide_value(&mut shown);
    Ok(shown)
}

fn groups(provider: &dyn Provider) -> Result<Value, ActionError> {
    if let Some(groups) = provider.records() {
        let shown = |group: RecordGroup| {
            let rows = group.last.iter().filter_map(Value::as_object).map(shown_fields);
            json!({ "kind": group.kind, "count": group.count, "records": rows.collect::<Vec<_>>() })
        };
        return Ok(groups.into_iter().map(shown).collect());
    }
    let state = provider.export()?;
    let mut groups = Vec::new();
    let mut state = state.get("state").cloned().unwrap_or_default();
    parse(&mut state);
    collect(&state, "", DEPTH, &mut groups);
    let groups = groups.into_iter().map(|(kind, rows)| {
        let shown = rows.get(rows.len().saturating_sub(RecordGroup::SHOWN)..).unwrap_or_default();
        json!({ "kind": kind, "count": rows.len(), "records": shown })
    });
    Ok(groups.collect())
}

/// Objects inside of records whose fields are those of the record.
const PARTS: [&str; 3] = ["value", "entry", "profile"];

/// Reads objects that a provider saves as a string, so that they stay exact, and unites records with their parts.
fn parse(value: &mut Value) {
    match value {
        Value::String(text) if text.starts_with('{') => {
            if let Ok(object) = serde_json::from_str(text) {
                *value = object;
                parse(value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(parse),
        Value::Object(fields) => {
            fields.values_mut().for_each(parse);
            for part in PARTS {
                if !fields.get(part).is_some_and(Value::is_object) {
                    continue;
                }
                if let Some(Value::Object(inner)) = fields.remove(part) {
                    for (name, value) in inner {
                        fields.entry(name).or_insert(value);
                    }
                }
            }
        }
        _ => {}
    }
}

type Groups = Vec<(String, Vec<Map<String, Value>>)>;

fn collect(value: &Value, kind: &str, depth: usize, groups: &mut Groups) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match value {
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                if let Value::Object(fields) = item {
                    add(kind, None, fields, groups, Some(number));
                }
                collect(item, kind, depth, groups);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                // A map of records by id, or a record with records inside.
                let is_map = !value.is_null() && fields.values().all(Value::is_object);
                if let (true, Value::Object(inner)) = (is_map, value) {
                    add(kind, Some(name), inner, groups, None);
                    collect(value, kind, depth, groups);
                } else {
                    collect(value, name, depth, groups);
                }
            }
        }
        _ => {}
    }
}

/// The fields that say which record it is.
fn shown_fields(fields: &Map<String, Value>) -> Map<String, Value> {
    let is_shown = |name: &str| FIELDS.contains(&name.replace('_', "").to_ascii_lowercase().as_str());
    fields
        .iter()
        .filter(|(name, value)| is_shown(name) && !value.is_object() && !value.is_array() && !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Adds a row. A record of a list that has none of the fields is shown by its number.
fn add(
    kind: &str,
    id: Option<&str>,
    fields: &Map<String, Value>,
    groups: &mut Groups,
    number: Option<usize>,
) {
    let mut row = shown_fields(fields);
    if let Some(number) = number.filter(|_| row.is_empty()) {
        row.insert("number".to_owned(), Value::from(number));
    }
    // Without a kind it is the state itself.
    if row.is_empty() || kind.is_empty() {
        return;
    }
    // Keys are numbers where records have them; a key that is a string may be a secret, such as a token.
    if let Some(id) = id.filter(|id| !row.contains_key("id") && id.parse::<i64>().is_ok()) {
        row.insert("id".to_owned(), Value::from(id));
    }
    match groups.iter_mut().find(|(name, _)| name == kind) {
        Some((_, rows)) => rows.push(row),
        None => groups.push((kind.to_owned(), vec![row])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_found_at_every_depth_without_what_may_be_secret() {
        let state = json!({
            "services": [
                { "id": "s1", "fqdn": "coffeeshop.com", "secret": "canary", "users": [
                    { "id": "u1", "id_in_service": "anna", "totp_key": "canary", "attempt": { "code": "canary" } },
                ] },
            ],
            "contacts": { "17": { "name": "Anna", "note": "canary" }, "18": { "name": "Bert" } },
            "tokens": { "canary-1": { "status": "live" }, "canary-2": { "password": "canary" } },
            "counter": 3,
        });
        let mut groups = Vec::new();
        collect(&state, "", DEPTH, &mut groups);
        let groups = json!(groups);
        assert!(!groups.to_string().contains("canary"), "{groups}");
        let expected = json!([
            ["contacts", [{ "id": "17", "name": "Anna" }, { "id": "18", "name": "Bert" }]],
            ["services", [{ "fqdn": "coffeeshop.com", "id": "s1" }]],
            ["tokens", [{ "status": "live" }]],
            ["users", [{ "id": "u1", "id_in_service": "anna" }]],
        ]);
        let mut groups: Vec<Value> = groups.as_array().unwrap().clone();
        groups.sort_by_key(|group| group[0].as_str().unwrap().to_owned());
        assert_eq!(json!(groups), expected);
    }
}
