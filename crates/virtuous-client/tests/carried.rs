//! `modify` of every object: all fields that were read go back to a server that clears what it isn't sent, those that the
//! client knows under the name and in the form of a request, the others as they came.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_client_core::testing::ScriptedTransport;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use virtuous_client::{Client, Error, ErrorKind};

fn description() -> Value {
    serde_json::from_str(include_str!("../openapi.json")).unwrap()
}

/// An object of a schema with every field, and with an unknown one in every object.
fn instance(api: &Value, schema: &Value, depth: usize) -> Value {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/components/schemas/")) {
        return match name {
            "DateTime" => json!("2023-12-07T00:00:00"),
            "Flag" => json!("True"),
            "CustomFields" => {
                json!([{ "name": "shirt", "value": "M", "newField": { "keep": "me" }, "displayName": "Shirt" }])
            }
            _ => instance(api, &api["components"]["schemas"][name], depth),
        };
    }
    if let Some(choice) = schema["anyOf"].get(0) {
        return instance(api, choice, depth);
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    let types = &schema["type"];
    match types.as_str().or(types[0].as_str()) {
        Some("object") => {
            let mut object = Map::new();
            for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                // A gift that has payments that have the gift.
                if depth < 5 {
                    object.insert(name.clone(), instance(api, property, depth + 1));
                }
            }
            object.insert("newField".to_owned(), json!({ "keep": "me" }));
            Value::Object(object)
        }
        Some("array") => json!([instance(api, &schema["items"], depth)]),
        // No two fields have the same value, so that one in another's place is noticed.
        Some("integer") => json!(next()),
        Some("number") => json!(next() as f64 + 0.5),
        Some("boolean") => json!(true),
        _ => json!(format!("{}.5", next())),
    }
}

fn next() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(100);
    LAST.fetch_add(1, Ordering::Relaxed)
}

fn resolved<'a>(api: &'a Value, schema: &'a Value) -> &'a Value {
    let choice = schema["anyOf"].get(0).unwrap_or(schema);
    let name = choice["$ref"].as_str().and_then(|path| path.strip_prefix("#/components/schemas/"));
    name.map_or(choice, |name| &api["components"]["schemas"][name])
}

/// Whether a value that is sent is the one that was read, maybe a number for its digits or a boolean for its word.
fn is_same(read: &Value, sent: &Value) -> bool {
    let plain = |value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_lowercase);
        text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
    };
    read == sent || !read.is_object() && !read.is_array() && plain(read) == plain(sent)
}

/// The fields of a request that have not the value that was read; returns how many have.
fn compare(
    api: &Value,
    schema: &Value,
    read: &Value,
    sent: &Value,
    path: &str,
    wrong: &mut Vec<String>,
) -> usize {
    let schema = resolved(api, schema);
    if path.ends_with("/customFields") {
        // A request has their names and values; what else a response displays of them is the vendor's.
        assert_eq!([&sent[0]["name"], &sent[0]["value"]], [&read[0]["name"], &read[0]["value"]], "{path}");
        return 1;
    }
    if let (Value::Array(read), Value::Array(sent)) = (read, sent) {
        assert_eq!(read.len(), sent.len(), "{path}");
        let each = read.iter().zip(sent);
        return each.map(|(read, sent)| compare(api, &schema["items"], read, sent, path, wrong)).sum();
    }
    let Some(properties) =
        schema["properties"].as_object().filter(|_| read.is_object() && !schema["x-sdk-from"].is_null())
    else {
        // A payment is sent as its amount.
        let read = if read.is_object() && sent.is_number() { &read["amount"] } else { read };
        let same = is_same(read, sent);
        if !same {
            wrong.push(format!("{path}: {sent} for {read}"));
        }
        return usize::from(same);
    };
    let fields = properties.iter().map(|(name, property)| {
        let renamed = schema["x-sdk-from"]["names"][name].as_str();
        (name, property, &read[renamed.unwrap_or(name)])
    });
    let fields = fields.filter(|(.., read)| !read.is_null());
    fields
        .map(|(name, property, read)| {
            compare(api, property, read, &sent[name], &format!("{path}/{name}"), wrong)
        })
        .sum()
}

/// The object that an update reads first.
fn read(api: &Value, update: &str) -> String {
    let operations = || {
        let paths = api["paths"].as_object().unwrap().values();
        paths
            .flat_map(|path| path.as_object().unwrap().values())
            .filter(|value| value["operationId"].is_string())
    };
    let update = operations().find(|operation| operation["operationId"] == update).unwrap();
    let read = operations().find(|operation| operation["operationId"] == update["x-sdk-modify"]).unwrap();
    let schema = &read["responses"]["200"]["content"]["application/json"]["schema"];
    instance(api, schema, 0).to_string()
}

/// The paths of the objects that have no unknown field.
fn without(value: &Value, path: &str, found: &mut Vec<String>, objects: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) if object.contains_key("keep") => {}
        Value::Object(object) => {
            objects.insert(path.to_owned());
            if object.get("newField") != Some(&json!({ "keep": "me" })) {
                found.push(path.to_owned());
            }
            object.iter().for_each(|(name, value)| without(value, &format!("{path}/{name}"), found, objects));
        }
        Value::Array(list) => list.iter().for_each(|value| without(value, path, found, objects)),
        _ => {}
    }
}

macro_rules! modify_all {
    ($with:ident: $($operation:literal => $resource:ident($($of:literal)?).$modify:ident,)*) => {
        [$(($operation, $with($operation, async |client: Client| client.$resource($($of)?).$modify(7, |_| {}).await.map(drop)).await)),*]
    };
}

/// What is sent after an object was read.
async fn modified(
    update: &str,
    object: &str,
    modify: impl AsyncFnOnce(Client) -> Result<(), Error>,
) -> Value {
    let transport = ScriptedTransport::new().json(200, object.to_owned()).json(200, object.to_owned());
    let client =
        Client::builder().api_key("v_example".to_owned()).transport(transport.clone()).build().unwrap();
    modify(client).await.unwrap_or_else(|error| panic!("{update}: {error} {:?}", error.field()));
    let requests = transport.requests();
    assert_eq!((requests.len(), requests[1].method.as_str()), (2, "PUT"), "{update}");
    requests[1].json().unwrap()
}

/// Gives the fields that the update has under another name that name in the object that is read.
fn rename(api: &Value, schema: &Value, read: &mut Value, sent: &Value, renamed: &mut usize) {
    let schema = resolved(api, schema);
    if let (Value::Array(read), Value::Array(sent)) = (&mut *read, sent) {
        let each = read.iter_mut().zip(sent);
        return each.for_each(|(read, sent)| rename(api, &schema["items"], read, sent, renamed));
    }
    let (Some(object), Some(properties)) = (read.as_object_mut(), schema["properties"].as_object()) else {
        return;
    };
    for (name, property) in properties {
        let is_plain = !sent[name].is_object() && !sent[name].is_array() && !sent[name].is_null();
        match schema["x-sdk-from"]["names"][name].as_str() {
            Some(from) if is_plain && !object.contains_key(name) => {
                object.remove(from);
                object.insert(name.clone(), sent[name].clone());
                *renamed += 1;
            }
            Some(_) => {}
            None => {
                if let Some(read) = object.get_mut(name) {
                    rename(api, property, read, &sent[name], renamed);
                }
            }
        }
    }
}

/// What is sent after an object with every field was read; every field is compared. The same is sent if the object has its
/// fields under the names of the update.
async fn sent(update: &str, modify: impl AsyncFn(Client) -> Result<(), Error>) -> Value {
    let api = description();
    let object = read(&api, update);
    let sent = modified(update, &object, &modify).await;
    let paths = api["paths"].as_object().unwrap().values();
    let mut operations = paths.flat_map(|path| path.as_object().unwrap().values());
    let operation = operations.find(|operation| operation["operationId"] == update).unwrap();
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let mut wrong = Vec::new();
    let mut object = serde_json::from_str(&object).unwrap();
    let carried = compare(&api, schema, &object, &sent, update, &mut wrong);
    assert!(carried > 1 && wrong.is_empty(), "{update}: {carried} fields carried, wrong are {wrong:#?}");
    let mut renamed = 0;
    rename(&api, schema, &mut object, &sent, &mut renamed);
    assert!(renamed > 0 || update != "planned_gifts.update");
    assert_eq!(
        modified(update, &object.to_string(), &modify).await,
        sent,
        "{update}, with {renamed} fields renamed"
    );
    sent
}

#[tokio::test]
async fn every_object_keeps_unknown_fields_at_every_depth_when_it_is_modified() {
    let sent = modify_all! { sent:
        "contacts.update" => contacts().modify,
        "contact_individuals.update" => contact_individuals().modify,
        "contact_addresses.update" => contact_addresses().modify,
        "contact_methods.update" => contact_methods().modify,
        "contact_notes.update" => contact_notes().modify,
        "gifts.update" => gifts().modify,
        "gift_asks.update" => gift_asks().modify,
        "planned_gifts.update" => planned_gifts().modify,
        "pledges.update" => pledges().modify,
        "premiums.update" => premiums().modify,
        "recurring_gifts.update" => recurring_gifts().modify,
        "segments.update" => segments().modify,
        "projects.update" => projects().modify,
        "project_expenses.update" => project_expenses().modify,
        "project_notes.update" => project_notes().modify,
        "events.update" => events().modify,
        "event_attendees.update" => event_attendees(3).modify,
        "grants.update" => grants().modify,
        "volunteer_opportunities.update" => volunteer_opportunities().modify,
        "opportunity_volunteers.update_attendance" => opportunity_volunteers(3).modify_attendance,
        "webhooks.update" => webhooks().modify,
    };
    let all = description().to_string().matches("\"x-sdk-modify\"").count();
    assert_eq!(sent.len(), all, "an update that can be modified is missing");
    let mut nested = BTreeSet::new();
    for (update, body) in &sent {
        let mut missing = Vec::new();
        without(body, update, &mut missing, &mut nested);
        assert!(missing.is_empty(), "no unknown field in {missing:?}: {body}");
        let names = serde_json::to_string(body).unwrap();
        assert!(!names.contains("null"), "{names}");
    }
    for path in
        ["contacts.update/customFields", "gifts.update/giftDesignations", "gifts.update/pledgePayments"]
    {
        assert!(nested.contains(path), "{path} is not in {nested:?}");
    }
}

fn scripted(responses: &[Value]) -> (Client, ScriptedTransport) {
    let transport = responses
        .iter()
        .fold(ScriptedTransport::new(), |script, response| script.json(200, response.to_string()));
    let client =
        Client::builder().api_key("v_example".to_owned()).transport(transport.clone()).build().unwrap();
    (client, transport)
}

#[tokio::test]
async fn a_field_of_the_update_that_only_this_response_has_is_read_or_refused_and_never_sent_twice() {
    let gift = json!({ "id": 5, "anticipatedAmount": "$3", "assignedUserId": "81", "new": 12345678901234567890_u64 });
    let (client, transport) = scripted(&[gift, json!({ "id": 5 })]);
    client.planned_gifts().modify(5, |gift| gift.segment_id = Some(2)).await.unwrap();
    let body = String::from_utf8(transport.requests()[1].body.to_vec()).unwrap();
    let expected = json!({ "anticipatedAmount": 3, "assignedUserId": 81, "segmentId": 2, "new": 12345678901234567890_u64 });
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected);
    assert_eq!(body.matches("assignedUserId").count(), 1, "{body}");

    for nothing in [Value::Null, json!(""), json!(" ")] {
        let gift = json!({ "id": 5, "assignedUserId": nothing });
        let (client, transport) = scripted(&[gift, json!({ "id": 5 })]);
        client.planned_gifts().modify(5, |_| {}).await.unwrap();
        assert_eq!(transport.requests()[1].json().unwrap(), json!({}));
    }

    let (client, transport) = scripted(&[json!({ "id": 5, "assignedUserId": "Anna" })]);
    let error = client.planned_gifts().modify(5, |_| {}).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("assignedUserId")));
    assert!(!error.to_string().contains("Anna"), "{error}");
    assert_eq!(transport.requests().len(), 1, "nothing was written");
}

#[tokio::test]
async fn what_is_displayed_is_written_as_the_same_value_or_not_at_all() {
    for (field, display, written) in [
        ("currentValue", "\u{2212}$1,000.50", Some("-1000.50")),
        ("currentValue", "1,000.50\u{a0}€-", Some("-1000.50")),
        ("currentValue", "(1,000.50)", Some("-1000.50")),
        ("currentValue", "(1,000.50", None),
        ("currentValue", "~-$5", None),
        ("currentValue", "5k", None),
        ("anticipatedStartDate", "3/27/2022 12:30\u{202f}PM", Some("\"2022-03-27T12:30:00\"")),
        ("anticipatedStartDate", "3/27/2022, 1:30 p. m.", Some("\"2022-03-27T13:30:00\"")),
        ("anticipatedStartDate", "3/27/2022 13:30 XM", None),
        ("anticipatedStartDate", "27/3/2022", None),
        ("thankYouDate", "12/7/2023", Some("\"2023-12-07\"")),
        ("thankYouDate", "soon", None),
    ] {
        let (client, transport) = scripted(&[json!({ "id": 5, field: display }), json!({ "id": 5 })]);
        let result = client.planned_gifts().modify(5, |_| {}).await;
        match written {
            Some(written) => {
                result.unwrap();
                let body = String::from_utf8(transport.requests()[1].body.to_vec()).unwrap();
                assert_eq!(body, format!("{{\"{field}\":{written}}}"), "{display}");
            }
            None => {
                let error = result.unwrap_err();
                assert_eq!(
                    (error.kind(), error.field()),
                    (ErrorKind::InvalidInput, Some(field)),
                    "{display}"
                );
                assert_eq!(transport.requests().len(), 1, "{display}");
            }
        }
    }
}

#[tokio::test]
async fn a_number_in_a_field_that_is_a_string_keeps_its_digits() {
    for (number, sent) in [
        ("1234567890123456.75", r#""1234567890123456.75""#),
        ("12345678901234567890123.5", r#""12345678901234567890123.5""#),
        ("1.50", r#""1.50""#),
        ("0.10", r#""0.10""#),
        ("1e5", r#""1e5""#),
        ("-12345678901234567890", r#""-12345678901234567890""#),
    ] {
        let contact = format!(
            r#"{{"id":5,"name":"Zo\u00eb","description":{number},"customFields":[{{"name":{number},"value":{number}}}]}}"#
        );
        let transport = ScriptedTransport::new().json(200, contact).json(200, r#"{"id":5}"#);
        let client =
            Client::builder().api_key("v_example".to_owned()).transport(transport.clone()).build().unwrap();
        client.contacts().modify(5, |_| {}).await.unwrap_or_else(|error| panic!("{number}: {error}"));
        let body = String::from_utf8(transport.requests()[1].body.to_vec()).unwrap();
        let fields = format!(r#""customFields":[{{"name":{sent},"value":{number}}}]"#);
        assert!(
            body.contains(&format!(r#""description":{sent}"#)) && body.contains(&fields),
            "{number}: {body}"
        );
        assert!(body.contains(r#""name":"Zoë""#), "{body}");
    }
    for (field, number) in [
        ("anticipatedAmount", "12345678901234567890.125"),
        ("currentValue", "-0.10"),
        ("anticipatedStartDate", "1648384200.1234567891"),
    ] {
        let transport = ScriptedTransport::new()
            .json(200, format!(r#"{{"id":5,"{field}":{number}}}"#))
            .json(200, r#"{"id":5}"#);
        let client =
            Client::builder().api_key("v_example".to_owned()).transport(transport.clone()).build().unwrap();
        client.planned_gifts().modify(5, |_| {}).await.unwrap();
        let body = String::from_utf8(transport.requests()[1].body.to_vec()).unwrap();
        assert_eq!(body, format!(r#"{{"{field}":{number}}}"#));
    }
}

#[tokio::test]
async fn a_string_that_lost_characters_is_not_written() {
    let latin1 = [&br#"{"id":5,"name":"Zo"#[..], b"\xeb", br#""}"#].concat();
    for (contact, field) in [
        (latin1, "name"),
        (br#"{"id":5,"name":"cut \ud83d"}"#.to_vec(), "name"),
        (br#"{"id":5,"name":"Anna","newField":["\ud83d"],"description":"\ude00"}"#.to_vec(), "description"),
        (br#"{"id":5,"name":"Anna","na\ud83d":1}"#.to_vec(), "unknown field"),
        (
            br#"{"id":5,"name":"Anna","newField":{"na\ud83d":1},"description":"\ude00"}"#.to_vec(),
            "description",
        ),
        (br#"{"id":5,"name":"Anna\x""#.to_vec(), ""),
    ] {
        let shown = String::from_utf8_lossy(&contact).into_owned();
        let transport = ScriptedTransport::new().json(200, contact.clone()).json(200, r#"{"id":5}"#);
        let client =
            Client::builder().api_key("v_example".to_owned()).transport(transport.clone()).build().unwrap();
        let result = client.contacts().modify(5, |contact| contact.website = Some("x".to_owned())).await;
        if field.is_empty() {
            // Not JSON, so that nothing is read.
            assert_eq!((result.unwrap_err().kind(), transport.requests().len()), (ErrorKind::Decode, 1));
            continue;
        }
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some(field)), "{shown}: {error}");
        assert_eq!(transport.requests().len(), 1, "{shown}");

        let transport = ScriptedTransport::new().json(200, contact).json(200, r#"{"id":5}"#);
        let client =
            Client::builder().api_key("v_example".to_owned()).transport(transport.clone()).build().unwrap();
        let repaired = |contact: &mut virtuous_client::models::ContactUpdate| {
            contact.name = Some("Zoë".to_owned());
            contact.description = None;
            contact.unknown = virtuous_client::UnknownFields::new();
        };
        client.contacts().modify(5, repaired).await.unwrap();
    }
    // What is stored as U+FFFD, or not decoded at all, is written as it came.
    for contact in [
        "{\"id\":5,\"name\":\"Zo\u{fffd}\"}",
        r#"{"id":5,"name":"Zo\ufffd"}"#,
        r#"{"id":5,"name":"Anna","newField":"\ud83d"}"#,
        "{\"id\":5,\"name\":\"two\nlines\"}",
    ] {
        let transport = ScriptedTransport::new().json(200, contact).json(200, r#"{"id":5}"#);
        let client =
            Client::builder().api_key("v_example".to_owned()).transport(transport.clone()).build().unwrap();
        client.contacts().modify(5, |_| {}).await.unwrap_or_else(|error| panic!("{contact}: {error}"));
    }
}

#[tokio::test]
async fn a_write_whose_result_is_null_has_succeeded_and_says_so() {
    for body in ["null", "\u{feff}", "\u{feff}null\r\n"] {
        let transport = ScriptedTransport::new().json(200, body).json(200, body);
        let client =
            Client::builder().api_key("v_example".to_owned()).transport(transport.clone()).build().unwrap();
        let error =
            client.contacts().update(5, virtuous_client::models::ContactUpdate::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::EmptyResponse, "{body:?}: {error}");
        assert!(error.may_have_been_executed() && error.to_string().contains("succeeded without"), "{error}");
    }
}
