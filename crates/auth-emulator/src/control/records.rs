//! The records of a provider, for people: what its state contains, as tables with the fields that say which record it is. Fields are
//! shown if they are known not to be secret.

use serde_json::{Map, Value, json};

use crate::framework::provider::Provider;
use crate::framework::settings::ActionError;

/// The maximum number of records of one kind that are returned, the last ones.
const SHOWN: usize = 100;
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

/// The records by kind: `[{kind, count, records}]`.
pub(crate) fn list(provider: &dyn Provider) -> Result<Value, ActionError> {
    let state = provider.export()?;
    let mut groups = Vec::new();
    collect(state.get("state").unwrap_or(&Value::Null), "", DEPTH, &mut groups);
    let groups = groups.into_iter().map(|(kind, rows)| {
        let shown = rows.get(rows.len().saturating_sub(SHOWN)..).unwrap_or_default();
        json!({ "kind": kind, "count": rows.len(), "records": shown })
    });
    Ok(groups.collect())
}

type Groups = Vec<(String, Vec<Map<String, Value>>)>;

fn collect(value: &Value, kind: &str, depth: usize, groups: &mut Groups) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match value {
        Value::Array(items) => {
            for item in items {
                if let Value::Object(fields) = item {
                    add(kind, None, fields, groups);
                }
                collect(item, kind, depth, groups);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                // A map of records by id, or a record with records inside.
                let is_map = !value.is_null() && fields.values().all(Value::is_object);
                if let (true, Value::Object(inner)) = (is_map, value) {
                    add(kind, Some(name), inner, groups);
                    collect(value, kind, depth, groups);
                } else {
                    collect(value, name, depth, groups);
                }
            }
        }
        _ => {}
    }
}

fn add(kind: &str, id: Option<&str>, fields: &Map<String, Value>, groups: &mut Groups) {
    let is_shown = |name: &str| FIELDS.contains(&name.replace('_', "").to_ascii_lowercase().as_str());
    let mut row: Map<String, Value> = fields
        .iter()
        .filter(|(name, value)| is_shown(name) && !value.is_object() && !value.is_array() && !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if row.is_empty() {
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
