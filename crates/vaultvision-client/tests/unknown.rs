//! What is not understood survives: every sample of the vendor's comes back equal, and fields that nobody has a name for
//! come back to the last digit, at every level.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_client_core::provider::record::{Exposed, Field};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use vaultvision_client::models::{
    Application, ApplicationList, Credential, CredentialList, ErrorBody, NewApplication, NewPassword,
    NewUser, PasswordCredential, Tenant, TenantList, User, UserList,
};

/// JSON that a parser which takes numbers apart would change.
const VALUES: [&str; 12] = [
    "123456789012345678901234567890",
    "-9223372036854775809",
    "0.12345678901234567890",
    "1.50",
    "1e400",
    "-0.0",
    "null",
    r#"[1,[2,{"a":[null,0.30]}],"x"]"#,
    r#"{"deep":{"deeper":[18446744073709551616]}}"#,
    r#""2023-08-21T15:06:43.49365588Z""#,
    r#""A\ud83d\ude00\/""#,
    "false",
];

/// Reads JSON and writes what an update sends.
fn again<T: Field + DeserializeOwned>(json: &str) -> String {
    let value: T = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"));
    serde_json::to_string(&Exposed(&value)).unwrap()
}

/// Reads and writes a sample as the type that the description gives it.
fn again_as(schema: &str, json: &str) -> String {
    match schema {
        "Tenant" => again::<Tenant>(json),
        "TenantList" => again::<TenantList>(json),
        "Application" => again::<Application>(json),
        "ApplicationList" => again::<ApplicationList>(json),
        "NewApplication" => again::<NewApplication>(json),
        "User" => again::<User>(json),
        "UserList" => again::<UserList>(json),
        "NewUser" => again::<NewUser>(json),
        "Credential" => again::<Credential>(json),
        "CredentialList" => again::<CredentialList>(json),
        "PasswordCredential" => again::<PasswordCredential>(json),
        "NewPassword" => again::<NewPassword>(json),
        other => panic!("no type for {other}"),
    }
}

/// Every example of an operation, with the name of its schema.
fn samples() -> Vec<(String, Value)> {
    fn collect(node: &Value, found: &mut Vec<(String, Value)>) {
        match node {
            Value::Object(members) => {
                if let (Some(schema), Some(examples)) = (members.get("schema"), members.get("examples")) {
                    let schema = schema["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
                    let examples = examples.as_object().unwrap().values();
                    found.extend(examples.map(|example| (schema.to_owned(), example["value"].clone())));
                }
                members.values().for_each(|member| collect(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    let description: Value = serde_json::from_str(include_str!("../openapi.json")).unwrap();
    // Bodies of errors stand in the components: they are read and never written.
    collect(&description["paths"], &mut found);
    found
}

#[test]
fn every_sample_comes_back_equal() {
    let samples = samples();
    assert!(samples.len() >= 28, "{}", samples.len());
    for (schema, sample) in samples {
        let back: Value = serde_json::from_str(&again_as(&schema, &sample.to_string())).unwrap();
        assert_eq!(back, sample, "{schema}");
    }
    for sample in [
        r#"{"type":"Error","uuid":"a31680a3-663e-4693-9152-e2cc9a093811","code":"authentication_failure","status_code":401}"#,
        r#"{"status_code":"429","status_text":"Too Many Requests"}"#,
    ] {
        assert_eq!(again::<ErrorBody>(sample), sample);
    }
}

/// The JSON of the vendor's page, in its order, compared with the examples of the description: an example that was edited
/// or lost is a failure. The page's other samples are commands.
#[test]
fn every_sample_of_the_page_is_an_example() {
    let description: Value = serde_json::from_str(include_str!("../openapi.json")).unwrap();
    let page: Vec<Value> = serde_json::from_str(include_str!("page_samples.json")).unwrap();
    assert_eq!(page.len(), 30);
    // Samples outside of the operation that they belong to.
    let elsewhere = |section: &str, json: &Value| match section {
        "Errors" => Some("/components/responses/Unauthenticated".to_owned()),
        _ if json["updated_at"] == "2023-08-22T17:49:09.616763917Z" => Some(
            "/paths/~1v1~1tenants~1{tenant_id}~1users~1{user_id}~1credentials~1{credential_id}".to_owned(),
        ),
        _ if section.starts_with("Example") => Some("/paths".to_owned()),
        _ => None,
    };
    for sample in page {
        let (section, part, json) =
            (sample["section"].as_str().unwrap(), sample["part"].as_str().unwrap(), &sample["json"]);
        let place = elsewhere(section, json).unwrap_or_else(|| {
            let (method, path) = section.split_once(' ').unwrap();
            let segments = path.split('/').map(|segment| match segment.strip_prefix(':') {
                Some(name) => format!("{{{name}}}"),
                None => segment.to_owned(),
            });
            let path = segments.collect::<Vec<_>>().join("~1");
            let part = if part == "request" { "requestBody" } else { "responses" };
            format!("/paths/{path}/{}/{part}", method.to_ascii_lowercase())
        });
        let node = description.pointer(&place).unwrap_or_else(|| panic!("{section}: no {place}"));
        let text = serde_json::to_string(json).unwrap();
        assert!(
            serde_json::to_string(node).unwrap().contains(&format!("\"value\":{text}")),
            "{section}: {part} {text}"
        );
    }
}

/// "You can specify up to 20 keys, with key names up to 100 characters long and values up to 1000 characters long."
#[test]
fn the_description_limits_metadata_as_the_page_does() {
    fn visit(node: &Value, seen: &mut usize) {
        if let Some(metadata) = node.pointer("/properties/metadata") {
            let limits =
                ["maxProperties", "propertyNames", "additionalProperties"].map(|name| &metadata[name]);
            assert_eq!(limits, [&json!(20), &json!({ "maxLength": 100 }), &json!({ "maxLength": 1000 })]);
            *seen += 1;
        }
        node.as_object().into_iter().flatten().for_each(|(_, inner)| visit(inner, seen));
    }
    let description: Value = serde_json::from_str(include_str!("../openapi.json")).unwrap();
    let mut seen = 0;
    visit(&description["components"]["schemas"], &mut seen);
    assert_eq!(seen, 8);
}

/// Puts `"x0":value` before the closing brace of every object of a sample, the rows of lists left out.
fn injected(sample: &Value, value: &str) -> String {
    match sample {
        Value::Object(members) => {
            let mut parts: Vec<String> = members
                .iter()
                .map(|(name, member)| format!("{}:{}", Value::from(name.as_str()), injected(member, value)))
                .collect();
            parts.push(format!(r#""x0":{value}"#));
            parts.push(format!(r#""é\n":{value}"#));
            format!("{{{}}}", parts.join(","))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| injected(item, value)).collect();
            format!("[{}]", items.join(","))
        }
        other => other.to_string(),
    }
}

#[test]
fn unknown_fields_survive_to_the_last_digit_at_every_level() {
    for (schema, sample) in samples() {
        for value in VALUES {
            let json = injected(&sample, value);
            let back = again_as(&schema, &json);
            // The text of each unknown field, name and value, is in the response as often as it was put in.
            let planted = [format!(r#""x0":{value}"#), format!("\"é\\n\":{value}")];
            for planted in planted {
                let (before, after) = (json.matches(&planted).count(), back.matches(&planted).count());
                assert!(before > 0);
                assert_eq!(before, after, "{schema} {value}\n{json}\n{back}");
            }
            assert_eq!(back.len(), again_as(&schema, &back).len(), "and once more");
        }
    }
}

#[test]
fn nulls_and_zeros_of_known_fields_come_back_as_they_came() {
    for json in [
        r#"{"id":"t","name":null,"metadata":null,"settings":{"allow_social":false,"allow_totp_app":null,"remember_login_seconds":0}}"#,
        r#"{"id":"t","metadata":{},"settings":{}}"#,
        r#"{"id":"t"}"#,
    ] {
        assert_eq!(again::<Tenant>(json), json);
    }
    let stated: Tenant =
        serde_json::from_str(r#"{"id":"t","settings":{"remember_login_seconds":0}}"#).unwrap();
    let absent: Tenant = serde_json::from_str(r#"{"id":"t","settings":{}}"#).unwrap();
    for tenant in [&stated, &absent] {
        assert_eq!(tenant.settings().remember_login_seconds(), 0);
        assert!(!tenant.settings().allow_social());
    }
    assert_eq!(stated.settings().stated_remember_login_seconds(), Some(0));
    assert_eq!(absent.settings().stated_remember_login_seconds(), None);
}

#[test]
fn what_is_set_is_sent_also_when_it_is_zero() {
    let mut tenant: Tenant = serde_json::from_str(r#"{"id":"t","settings":{"allow_social":true}}"#).unwrap();
    tenant.settings_mut().set_allow_social(false);
    tenant.settings_mut().set_remember_login_seconds(0);
    tenant.metadata_mut().insert("a", "b");
    tenant.metadata_mut().remove("a");
    assert_eq!(
        serde_json::to_string(&tenant).unwrap(),
        r#"{"id":"t","metadata":{},"settings":{"allow_social":false,"remember_login_seconds":0}}"#
    );
}

#[test]
fn lists_are_read_leniently() {
    for (json, rows, truncated) in [
        (r#"{"type":"List","total":0,"count":0,"limit":100,"data":[]}"#, 0, false),
        (r#"{"type":"List","limit":100,"data":null}"#, 0, false),
        (r#"{"type":"List","limit":100}"#, 0, false),
        (r#"{"total":4,"count":4,"limit":100,"data":[{"id":"u"}]}"#, 1, true),
        (r#"{"total":101,"count":100,"limit":100,"data":[{"type":"Robot","id":"u"}]}"#, 1, true),
        (r#"{"total":18446744073709551615,"data":[{"id":"u"}]}"#, 1, true),
    ] {
        let list: UserList = serde_json::from_str(json).unwrap();
        assert_eq!((list.items().len(), list.is_truncated()), (rows, truncated), "{json}");
        assert_eq!(again::<UserList>(json), json);
    }
    assert!(
        serde_json::from_str::<UserList>(r#"{"data":[{"type":"User"}]}"#).is_err(),
        "a user without an id"
    );
    assert!(serde_json::from_str::<UserList>("[]").is_err());
}

#[test]
fn a_credential_of_any_kind_is_read_wherever_its_type_stands() {
    for json in [
        r#"{"type":"Passkey","id":"k","password":"not an object"}"#,
        r#"{"id":"k","secret":1.10,"type":"Passkey","disabled":true}"#,
        r#"{"id":"k","type":null}"#,
        r#"{"id":"k","hash":"x"}"#,
    ] {
        let credential: Credential = serde_json::from_str(json).unwrap();
        assert!(credential.as_password().is_none(), "{json}");
        let back: Value = serde_json::from_str(&serde_json::to_string(&credential).unwrap()).unwrap();
        assert_eq!(back, serde_json::from_str::<Value>(json).unwrap());
    }
    let late =
        r#"{"id":"password","password":{"alg":"bcrypt","hash":"h","x":1.10},"type":"PasswordCredential"}"#;
    let credential: Credential = serde_json::from_str(late).unwrap();
    assert_eq!(credential.as_password().unwrap().password().alg(), "bcrypt");
    assert!(serde_json::to_string(&credential).unwrap().contains(r#""x":1.10"#));
    assert!(serde_json::from_str::<Credential>(r#"{"type":"Passkey"}"#).is_err(), "no id");
}

#[test]
fn serialize_leaves_secrets_out_and_the_rest_is_read_back_equal() {
    for json in [
        r#"{"type":"Application","id":"a1","secret":"canary","new":1.50}"#,
        r#"{"type":"Application","id":"a1","secret":null,"login_url":"https://example.test/"}"#,
    ] {
        let application: Application = serde_json::from_str(json).unwrap();
        let copy = serde_json::to_string(&application).unwrap();
        assert!(!copy.contains("canary") && !format!("{application:?}").contains("canary"), "{copy}");
        assert_eq!(serde_json::from_str::<Application>(&copy).unwrap(), application);
    }
    let json = r#"{"type":"List","total":1,"data":[{"type":"PasswordCredential","id":"password","password":{"alg":"bcrypt","hash":"canary"}}]}"#;
    let list: CredentialList = serde_json::from_str(json).unwrap();
    let copy = serde_json::to_string(&list).unwrap();
    assert!(!copy.contains("canary") && !format!("{list:?}").contains("canary"), "{copy}");
    assert_eq!(serde_json::from_str::<CredentialList>(&copy).unwrap(), list);
}

#[tokio::test]
async fn a_string_that_lost_characters_is_not_written() {
    use auth_client_core::testing::ScriptedTransport;
    use vaultvision_client::{Client, ErrorKind};

    let client =
        |transport: &ScriptedTransport| Client::builder("key").transport(transport.clone()).build().unwrap();
    for tenant in [
        &br#"{"type":"tenant","id":"t1","name":"cut \ud83d"}"#[..],
        b"{\"type\":\"tenant\",\"id\":\"t1\",\"name\":\"Zo\xeb\"}",
    ] {
        let transport = ScriptedTransport::new().json(200, tenant).json(200, tenant);
        let change = |tenant: &mut Tenant| tenant.settings_mut().set_allow_unverified(true);
        let error = client(&transport).tenants().modify("t1", change).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("name")), "{error}");
        assert_eq!(transport.requests().len(), 1, "nothing was written");

        let transport = ScriptedTransport::new()
            .json(200, tenant)
            .json(200, r#"{"type":"tenant","id":"t1","name":"Zoe"}"#);
        let change = |tenant: &mut Tenant| tenant.set_name("Zoe");
        let changed = client(&transport).tenants().modify("t1", change).skip_checks().await.unwrap();
        assert_eq!(changed.into_result().unwrap().name(), "Zoe");
    }
    // A name is sent back like a value, also that of a field without a value.
    for field in [r#""\ud83d":1"#, r#""\ud83d":false"#] {
        let tenant = format!(r#"{{"type":"tenant","id":"t1","name":"acme",{field}}}"#);
        let transport = ScriptedTransport::new().json(200, tenant);
        let error =
            client(&transport).tenants().modify("t1", |tenant| tenant.set_name("b")).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.field()),
            (ErrorKind::InvalidInput, Some("unknown field")),
            "{error}"
        );
    }
}
