//! What a test asserts: the journal with conditions, waiting for requests, near misses; and that neither journal nor explanation
//! shows a secret.

mod common;

use std::time::Duration;

use auth_emulator::{Emulator, Namespace};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use common::{Request, Response};
use serde_json::{Value, json};

fn verigator(namespace: &Namespace, method: &str, path: &str, body: &Value) -> Request {
    let verigator = namespace.verigator();
    let request = Request::new(method, &format!("{}/v1/service{path}", verigator.base_url()))
        .header("X-Service-Auth", &format!("{}:{}", verigator.username(), verigator.password()))
        .header("Accept", "application/json")
        .header("Content-Type", "application/json");
    if body.is_null() { request } else { request.json(body) }
}

async fn control(emulator: &Emulator, method: &str, path: &str, body: Value) -> Response {
    let token = format!("Bearer {}", emulator.control_token());
    let request = Request::new(method, &format!("{}{path}", emulator.control_url()));
    let request = request.header("Authorization", &token);
    if body.is_null() { request.send().await } else { request.json(&body).send().await }
}

#[tokio::test]
async fn expectations_wait_and_name_what_came_instead() {
    let emulator = Emulator::start().await.unwrap();
    let expected = emulator.expect("verigator", "services.get").status(404).times(2);
    let waiting = tokio::spawn(expected.into_future());
    for _ in 0..2 {
        verigator(&emulator, "GET", "/service/none", &Value::Null).send().await;
    }
    let found = waiting.await.unwrap().unwrap();
    assert_eq!((found.len(), found[0].operation, found[0].status), (2, Some("services.get"), Some(404)));
    emulator
        .expect("verigator", "services.get")
        .at_least(1)
        .caller(&emulator.verigator().username())
        .await
        .unwrap();
    emulator.expect("verigator", "services.create").never().await.unwrap();

    let soon = Duration::from_millis(20);
    let unmet = emulator.expect("verigator", "services.get").status(200).within(soon).await.unwrap_err();
    assert_eq!((unmet.received(), unmet.near_misses().len()), (0, 2));
    assert_eq!(
        unmet.to_string(),
        "expected 1 or more requests services.get at verigator with status 200, received 0; near misses: \
         GET /v1/service/service/none (the status is 404); GET /v1/service/service/none (the status is 404)"
    );
    let more = emulator.expect("verigator", "services.get").times(1).await.unwrap_err();
    assert_eq!(more.received(), 2);
}

#[tokio::test]
async fn the_control_api_filters_and_waits() {
    let emulator = Emulator::start().await.unwrap();
    verigator(&emulator, "GET", "/service/none", &Value::Null).send().await;
    let service = json!({ "fqdn": "a.example", "name": "A" });
    verigator(&emulator, "POST", "/service", &service).send().await;
    let user = emulator.verigator().username();
    for (query, count) in [
        ("", 2),
        ("?operation=services.get", 1),
        ("?status=404", 1),
        ("?status=500", 0),
        ("?method=post", 1),
        (&format!("?caller={user}"), 2),
        (&format!("?caller={user}&status=404&path_prefix=/v1/service/service/none"), 1),
        ("?since=2999-01-01T00:00:00Z", 0),
        ("?since=2000-01-01T00:00:00Z&limit=1", 1),
    ] {
        let list = control(&emulator, "GET", &format!("/journal{query}"), Value::Null).await.json();
        assert_eq!(list.as_array().map(Vec::len), Some(count), "{query}: {list}");
    }
    for (query, message) in [
        ("?operation=service.get", "did you mean \"services.get\"?"),
        ("?statsu=404", "did you mean \"status\"?"),
        ("?since=yesterday", "RFC 3339"),
        ("?status=x", "integer"),
    ] {
        let refused = control(&emulator, "GET", &format!("/journal{query}"), Value::Null).await;
        assert!(
            refused.status == 422
                && refused.text().contains(message.trim_end_matches('"').split('"').next().unwrap()),
            "{}",
            refused.text()
        );
    }
    let wait = json!({ "operation": "services.get", "count": 2, "timeout_ms": 20_000 });
    let waiting = control(&emulator, "POST", "/journal/wait", wait);
    let sending = async {
        verigator(&emulator, "GET", "/service/none", &Value::Null).send().await;
    };
    let (waited, ()) = tokio::join!(waiting, sending);
    assert_eq!((waited.status, waited.json().as_array().map(Vec::len)), (200, Some(2)));
    let wait = json!({ "operation": "services.get", "status": 200, "timeout_ms": 10 });
    let late = control(&emulator, "POST", "/journal/wait", wait).await;
    assert_eq!(late.status, 408);
    assert!(late.text().contains("the status is 404"), "{}", late.text());
}

#[tokio::test]
async fn the_journal_shows_bodies_without_secrets() {
    let emulator = Emulator::start().await.unwrap();
    let service = json!({ "fqdn": "a.example", "name": "A" });
    let id = verigator(&emulator, "POST", "/service", &service).send().await.json()["id"].clone();
    assert_eq!(emulator.journal()[0].body, Some(service));
    let users = format!("/service/{}/users", id.as_str().unwrap());
    let anna = json!({ "id_in_service": "anna", "phone_number": "+37251000001" });
    let user = verigator(&emulator, "POST", &users, &anna).send().await.json()["id"].clone();
    let auth = format!("{users}/{}/auth", user.as_str().unwrap());
    verigator(&emulator, "POST", &auth, &json!({ "method": "sms" })).send().await;
    let code = emulator.pending_codes()[0].code.clone();
    for body in [
        json!({ "token": code }),
        json!({ "method": "sms", "token": format!("{code}0") }),
        json!({ "unknown": format!("x{code}y") }),
        json!({ "fqdn": emulator.verigator().password(), "name": "x" }),
    ] {
        verigator(&emulator, "PUT", &auth, &body).send().await;
    }
    let virtuous = emulator.virtuous();
    let form = format!("grant_type=password&username=a&password={}&otp=canary-otp", "canary-password");
    let token = Request::new("POST", &format!("{}/Token", virtuous.base_url()))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form);
    token.send().await;
    let entries = emulator.journal();
    let shown = serde_json::to_string(&entries).unwrap();
    for secret in [code.as_str(), &emulator.verigator().password(), "canary"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
    let names = entries.last().unwrap().body.clone().unwrap();
    assert!(names.get("grant_type").is_some() && names.get("password").is_some(), "{names}");
}

/// A string in the forms in which it could be shown.
fn forms(secret: &str) -> Vec<String> {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let quoted = Value::from(secret).to_string().trim_matches('"').to_owned();
    vec![
        secret.to_owned(),
        hex.to_uppercase(),
        hex,
        percent,
        quoted,
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
    ]
}

#[tokio::test]
async fn explanations_show_no_code_and_no_secret_in_any_form() {
    let emulator = Emulator::start().await.unwrap();
    let revesecure = emulator.revesecure();
    let code = "73602184";
    let secret = "c4n\u{e4}ry \"secret\"+/";
    let body = json!({ "UserName": "anna", "OTP": code, "Password": secret }).to_string();
    let pair = STANDARD.encode(format!("{}:{}", revesecure.api_key(), "0".repeat(64)));
    let mut explained = String::new();
    for path in ["/rest/v1/auth", "/rest/v1/users"] {
        let response = Request::new("POST", &format!("{}{path}", revesecure.base_url()))
            .header("Date", "Tue, 21 Aug 2012 17:29:18 -0000")
            .header("Authorization", &format!("Basic {pair}"))
            .header("Content-Type", "application/json")
            .body(body.clone())
            .send()
            .await;
        let id = response.request_id();
        explained += &serde_json::to_string(&emulator.explain(&id)).unwrap();
    }
    let virtuous = emulator.virtuous();
    let response = Request::new("GET", &format!("{}/api/Contact/17?password={code}", virtuous.base_url()))
        .header(
            "Authorization",
            &format!("Hmac {}:{}:n:1", virtuous.application_key(), virtuous.private_key()),
        )
        .send()
        .await;
    explained += &serde_json::to_string(&emulator.explain(&response.request_id())).unwrap();
    assert!(explained.contains("[redacted]"), "{explained}");
    for canary in [code, secret, &revesecure.secret_key(), &virtuous.private_key()] {
        for form in forms(canary) {
            assert!(!explained.contains(&form), "{form}: {explained}");
        }
    }
}

#[tokio::test]
async fn a_snapshot_is_exported_and_imported() {
    let emulator = Emulator::start().await.unwrap();
    let service = json!({ "fqdn": "a.example", "name": "A" });
    let id = verigator(&emulator, "POST", "/service", &service).send().await.json()["id"].clone();
    let path = format!("/service/{}", id.as_str().unwrap());
    emulator.verigator().configure(|settings| settings.code_lifetime_seconds = 7);
    let _ = emulator.revesecure().api_key();
    let _ = emulator.vise().phrase(0);
    let _ = emulator.vaultvision().api_key();
    let contact = |namespace: &Namespace, method: &str, path: &str| {
        Request::new(method, &format!("{}/api{path}", namespace.virtuous().base_url()))
            .header("Authorization", &format!("Bearer {}", namespace.virtuous().api_key()))
    };
    let new = json!({
        "contactType": "Household", "name": "Larsson",
        "contactIndividuals": [{ "firstName": "Anna", "lastName": "Larsson",
            "contactMethods": [{ "type": "Home Email", "value": "anna.l@example.org", "isPrimary": true }] }],
    });
    let made = contact(&emulator, "POST", "/Contact").json(&new).send().await;
    assert_eq!(made.status, 200, "{}", made.text());
    emulator.clock().freeze();
    let mut exported = emulator.export().unwrap();
    // In a namespace of another name, other ids would follow.
    exported["namespace"] = json!("imported");
    let text = serde_json::to_string(&exported).unwrap();

    let another = Emulator::builder().seed(99).start().await.unwrap();
    let test = another.namespace("imported").unwrap();
    test.import(&serde_json::from_str(&text).unwrap()).unwrap();
    assert_eq!(test.export().unwrap(), exported, "nothing is lost");
    assert_eq!(test.verigator().password(), emulator.verigator().password());
    assert_eq!(test.verigator().settings().code_lifetime_seconds, 7);
    assert_eq!(verigator(&test, "GET", &path, &Value::Null).send().await.status, 200);
    assert_eq!(verigator(&another, "GET", &path, &Value::Null).send().await.status, 404);
    let found = contact(&test, "GET", "/Contact/Find?email=anna.l@example.org").send().await;
    assert_eq!(found.json()["id"], made.json()["id"], "{}", found.text());
    let next = json!({ "fqdn": "b.example", "name": "B" });
    let (one, other) = (
        verigator(&emulator, "POST", "/service", &next).send().await.json()["id"].clone(),
        verigator(&test, "POST", "/service", &next).send().await.json()["id"].clone(),
    );
    assert_eq!(one, other, "ids continue where they were");

    let rule = |given: Value| {
        let mut rule = json!({ "id": 1, "fault": { "status": 503 } });
        rule.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
        json!([rule])
    };
    exported["faults"]["last_id"] = json!(1);
    for (pointer, value, message) in [
        ("/format", json!(1), "format 1"),
        ("/format", json!("next"), "format \"next\" of version"),
        ("/faults/last_id", json!(u64::MAX), "faults: last_id"),
        ("/faults/rules", rule(json!({ "id": 0, "provider": "virtuous" })), "faults: id: 0"),
        ("/faults/rules", rule(json!({ "provider": "virtuos" })), "did you mean \"virtuous\"?"),
        (
            "/faults/rules",
            rule(json!({ "provider": "virtuous", "operation": "contact.get" })),
            "\"contacts.get\"?",
        ),
        (
            "/faults/rules",
            rule(json!({ "provider": "virtuous", "operation": "contacts.get", "method": "PUT" })),
            "would match nothing",
        ),
        ("/faults/rules", rule(json!({ "provider": "virtuous", "times": 0 })), "faults: times"),
        (
            "/faults/rules",
            rule(json!({ "provider": "virtuous", "fault": { "close": "after_accept" } })),
            "default namespace",
        ),
        (
            "/faults/rules",
            rule(json!({ "provider": "virtuous", "fault": { "tls": "expired" } })),
            "namespace",
        ),
        (
            "/providers/virtuous/state/2/0/0/2",
            json!(i64::MAX),
            "virtuous: state: 9223372036854775807 is too large",
        ),
        ("/providers/virtuous/state/2/0/0/2", json!(5), "contacts: the next id"),
        ("/providers/verigator/state/1/services/0/ctime", json!(-(1_i64 << 60)), "verigator: state: "),
        ("/providers/verigator/settings/create_status", json!("x"), "verigator: settings: "),
        ("/providers/verigator/state", json!(5), "verigator: state: "),
    ] {
        let mut changed = exported.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        let error = test.import(&changed).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    let key = emulator.vaultvision().api_key();
    let mut ruled = exported.clone();
    ruled["faults"]["rules"] = rule(json!({ "provider": "vaultvision", "caller": key }));
    let third = another.namespace("third").unwrap();
    third.import(&ruled).unwrap();
    assert_eq!(third.faults().len(), 1);
    assert!(!serde_json::to_string(&third.faults()).unwrap().contains(&key), "a key is hidden");
    let mut unknown = exported.clone();
    unknown["provders"] = json!({});
    assert!(test.import(&unknown).unwrap_err().to_string().contains("did you mean \"providers\"?"));
    assert_eq!(verigator(&test, "GET", &path, &Value::Null).send().await.status, 200, "all or nothing");
    let over_http = control(&another, "GET", "/ns/imported/snapshot", Value::Null).await;
    assert_eq!(over_http.status, 200);
    let back = control(&another, "POST", "/snapshot", over_http.json()).await;
    assert_eq!(back.status, 200, "{}", back.text());
    assert_eq!(verigator(&another, "GET", &path, &Value::Null).send().await.status, 200);
}
