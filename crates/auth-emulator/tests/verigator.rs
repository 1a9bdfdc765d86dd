//! The Verigator emulator over a real socket: every operation, every rejection, every setting.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

mod common;

use std::time::Duration;

use auth_emulator::providers::verigator::{
    AuthIdFormat, CreateStatus, CredentialSeparator, CtimeFormat, DeleteStatus, ErrorBody, ServiceWithUsers,
    Verigator,
};
use auth_emulator::{ClockStart, Emulator, Outcome, Timestamp};
use common::{Request, Response};
use serde_json::{Value, json};

const START: i64 = 1_700_000_010;

async fn start() -> Emulator {
    let clock = ClockStart::Frozen(Timestamp::from_unix_seconds(START));
    Emulator::builder().clock(clock).start().await.unwrap()
}

/// A client without mistakes.
struct Client {
    verigator: Verigator,
}

impl Client {
    fn of(emulator: &Emulator) -> Self {
        Self { verigator: emulator.verigator() }
    }

    /// With the required headers; of a request with a body, `json` or the test sets `Content-Type`.
    fn request(&self, method: &str, path: &str) -> Request {
        let url = format!("{}/v1/service{path}", self.verigator.base_url());
        let credential = format!("{}:{}", self.verigator.username(), self.verigator.password());
        Request::new(method, &url).header("X-Service-Auth", &credential).header("Accept", "application/json")
    }

    async fn get(&self, path: &str) -> Response {
        self.request("GET", path).header("Content-Type", "application/json").send().await
    }

    async fn delete(&self, path: &str) -> Response {
        self.request("DELETE", path).header("Content-Type", "application/json").send().await
    }

    async fn post(&self, path: &str, body: &Value) -> Response {
        self.request("POST", path).json(body).send().await
    }

    async fn put(&self, path: &str, body: &Value) -> Response {
        self.request("PUT", path).json(body).send().await
    }

    async fn service(&self, fqdn: &str) -> String {
        let made = self.post("/service", &json!({ "fqdn": fqdn, "name": "CoffeeShop" })).await;
        made.json()["id"].as_str().expect("no id").to_owned()
    }

    /// The path of a user's authentication, and the user's id.
    async fn user(&self, service: &str, name: &str) -> (String, String) {
        let body = json!({ "id_in_service": name, "phone_number": "+37251000001" });
        let made = self.post(&format!("/service/{service}/users"), &body).await;
        let id = made.json()["id"].as_str().expect("no id").to_owned();
        (format!("/service/{service}/users/{id}/auth"), id)
    }

    fn code(&self, subject: &str) -> String {
        let codes = self.verigator.pending_codes_for(subject);
        assert_eq!(codes.len(), 1, "{codes:?}");
        codes[0].code.clone()
    }
}

fn wrong(code: &str) -> &'static str {
    if code == "111111" { "222222" } else { "111111" }
}

#[tokio::test]
async fn services_are_created_read_and_deleted() {
    let emulator = start().await;
    let client = Client::of(&emulator);
    let made = client.post("/service", &json!({ "fqdn": "coffeeshop.com", "name": "CoffeeShop" })).await;
    assert_eq!(made.status, 200);
    assert_eq!(made.header("content-type"), Some("application/json"));
    let service = made.json();
    let id = service["id"].as_str().unwrap();
    assert_eq!(id.len(), 36);
    assert_eq!(service, json!({ "id": id, "name": "CoffeeShop", "ctime": "2023-11-14T22:13:30.000Z" }));

    let read = client.get(&format!("/service/{id}")).await;
    assert_eq!((read.status, read.json()), (200, service.clone()));

    let gone = client.delete(&format!("/service/{id}")).await;
    assert_eq!(
        (gone.status, gone.text().as_str()),
        (202, "{}"),
        "JSON, which the vendor's Python client needs"
    );
    assert_eq!(client.get(&format!("/service/{id}")).await.status, 404);
    assert_eq!(client.delete(&format!("/service/{id}")).await.status, 404);
    assert_eq!(emulator.verigator().effect("service_created"), 1);
    assert_eq!(emulator.verigator().effect("service_deleted"), 1);
}

#[tokio::test]
async fn a_domain_name_is_that_of_one_service() {
    let emulator = start().await;
    let client = Client::of(&emulator);
    client.service("http://coffeeshop.com").await;
    for fqdn in ["coffeeshop.com", "CoffeeShop.com.", "https://COFFEESHOP.com:8443/menu"] {
        let again = client.post("/service", &json!({ "fqdn": fqdn, "name": "x" })).await;
        assert_eq!(again.status, 409, "{fqdn}");
    }
    client.service("www.coffeeshop.com").await;
}

#[tokio::test]
async fn users_are_created_listed_read_and_deleted() {
    let emulator = start().await;
    let client = Client::of(&emulator);
    let service = client.service("coffeeshop.com").await;
    let users = format!("/service/{service}/users");
    assert_eq!(client.get(&users).await.json(), json!({ "users": [], "total": 0, "count": 0 }));

    let body = json!({ "id_in_service": "anna@coffeeshop.com", "phone_number": "+37251000001" });
    let made = client.post(&users, &body).await;
    assert_eq!(made.status, 200);
    let anna = made.json();
    let id = anna["id"].as_str().unwrap();
    let expected =
        json!({ "id": id, "ctime": "2023-11-14T22:13:30.000Z", "id_in_service": "anna@coffeeshop.com" });
    assert_eq!(anna, expected);
    let (_, berta) = client.user(&service, "berta").await;

    let list = client.get(&users).await;
    assert_eq!(list.status, 200);
    assert_eq!(list.json()["total"], 2);
    let ids: Vec<_> = list.json()["users"].as_array().unwrap().iter().map(|u| u["id"].clone()).collect();
    assert_eq!(ids, [json!(id), json!(berta)], "in the order of creation");

    let read = client.get(&format!("{users}/{id}")).await;
    assert_eq!((read.status, read.json()), (200, anna.clone()));
    let gone = client.delete(&format!("{users}/{id}")).await;
    assert_eq!((gone.status, gone.text().as_str()), (202, "{}"));
    assert_eq!(client.get(&format!("{users}/{id}")).await.status, 404);
    assert_eq!(client.get(&users).await.json()["total"], 1);
}

#[tokio::test]
async fn a_code_by_text_message_verifies_once() {
    let emulator = start().await;
    let client = Client::of(&emulator);
    let service = client.service("coffeeshop.com").await;
    let (auth, id) = client.user(&service, "anna").await;
    assert_eq!(client.put(&auth, &json!({ "token": "123456" })).await.status, 404, "nothing was started");

    let started = client.post(&auth, &json!({ "method": "sms" })).await;
    assert_eq!(started.status, 200);
    assert_eq!(started.json()["method"], "sms");
    let pending = client.verigator.pending_codes_for("anna");
    assert_eq!(started.json()["auth_id"], json!(pending[0].id));
    assert_eq!((pending[0].kind, pending[0].code.len()), ("sms", 6));
    assert_eq!(pending[0].expires_at.unix_seconds(), START + 300);
    assert_eq!(client.verigator.pending_codes_for(&id), pending);
    assert_eq!(client.verigator.pending_codes_for("+37251000001"), pending);

    let code = client.code("anna");
    let refused = client.put(&auth, &json!({ "token": wrong(&code) })).await;
    assert_eq!(refused.status, 200);
    let expected = json!({ "verified": false, "method": "sms", "status":
        { "throttled": false, "expired": false, "invalid": true, "result": "INVALID" } });
    assert_eq!(refused.json(), expected);

    let verified = client.put(&auth, &json!({ "token": code })).await;
    assert_eq!((verified.status, verified.json()), (200, json!({ "verified": true, "method": "sms" })));
    assert_eq!(client.put(&auth, &json!({ "token": code })).await.status, 404, "a code works once");
    assert!(emulator.pending_codes().is_empty());
    assert_eq!(client.verigator.effect("sms_sent"), 1);
    assert_eq!(client.verigator.effect("pin_checked"), 2);
}

#[tokio::test]
async fn codes_expire_by_the_emulators_clock() {
    let emulator = start().await;
    let client = Client::of(&emulator);
    let service = client.service("coffeeshop.com").await;
    let (auth, _) = client.user(&service, "anna").await;
    client.post(&auth, &json!({ "method": "sms" })).await;
    let code = client.code("anna");
    emulator.clock().advance(Duration::from_secs(300));
    let late = client.put(&auth, &json!({ "token": code })).await;
    let expected = json!({ "verified": false, "method": "sms", "status":
        { "throttled": false, "expired": true, "invalid": false, "result": "EXPIRED" } });
    assert_eq!((late.status, late.json()), (200, expected));
    assert!(emulator.pending_codes().is_empty());

    client.verigator.set_code_lifetime(Duration::from_secs(1000));
    client.post(&auth, &json!({ "method": "sms" })).await;
    emulator.clock().advance(Duration::from_secs(999));
    let in_time = client.put(&auth, &json!({ "token": client.code("anna") })).await;
    assert_eq!(in_time.json()["verified"], true);
}

#[tokio::test]
async fn too_many_wrong_codes_throttle_until_the_next_start() {
    let emulator = start().await;
    let client = Client::of(&emulator);
    let service = client.service("coffeeshop.com").await;
    let (auth, _) = client.user(&service, "anna").await;
    client.post(&auth, &json!({ "method": "sms" })).await;
    let code = client.code("anna");
    for _ in 0..5 {
        let refused = client.put(&auth, &json!({ "token": wrong(&code) })).await;
        assert_eq!(refused.json()["status"]["result"], "INVALID");
    }
    let throttled = client.put(&auth, &json!({ "token": code })).await;
    let expected = json!({ "verified": false, "method": "sms", "status":
        { "throttled": true, "expired": false, "invalid": false, "result": "THROTTLED" } });
    assert_eq!((throttled.status, throttled.json()), (200, expected));

    client.post(&auth, &json!({ "method": "sms" })).await;
    let verified = client.put(&auth, &json!({ "token": client.code("anna") })).await;
    assert_eq!(verified.json()["verified"], true);
}

#[tokio::test]
async fn totp_falls_back_to_sms_without_the_app_and_uses_the_app_with_it() {
    let emulator = start().await;
    let client = Client::of(&emulator);
    let service = client.service("coffeeshop.com").await;
    let (auth, id) = client.user(&service, "anna").await;
    let fallen_back = client.post(&auth, &json!({ "method": "totp" })).await;
    assert_eq!(fallen_back.json()["method"], "sms");
    assert!(fallen_back.json()["auth_id"].is_string());

    client.verigator.install_app(&id).unwrap();
    let by_app = client.post(&auth, &json!({ "method": "totp" })).await;
    assert_eq!(by_app.json(), json!({ "method": "totp", "auth_id": null }));
    let first = client.code("anna");
    let verified = client.put(&auth, &json!({ "token": first })).await;
    assert_eq!(verified.json(), json!({ "verified": true, "method": "totp" }));

    client.post(&auth, &json!({ "method": "totp" })).await;
    let again = client.put(&auth, &json!({ "token": first })).await;
    assert_eq!(again.json()["status"]["result"], "EXPIRED", "an app code works once");
    emulator.clock().advance(Duration::from_secs(30));
    let next = client.code("anna");
    assert_ne!(next, first);
    assert_eq!(client.put(&auth, &json!({ "token": next })).await.json()["verified"], true);

    client.verigator.remove_app(&id).unwrap();
    assert_eq!(client.post(&auth, &json!({ "method": "totp" })).await.json()["method"], "sms");
    assert!(client.verigator.install_app("nobody").is_err());
    assert_eq!(client.verigator.effect("sms_sent"), 2);
    assert_eq!(client.verigator.effect("totp_started"), 2);
}

#[tokio::test]
async fn the_older_formats_of_verify_are_accepted_and_checked() {
    let emulator = start().await;
    let client = Client::of(&emulator);
    let service = client.service("coffeeshop.com").await;
    let (auth, _) = client.user(&service, "anna").await;
    let id = client.post(&auth, &json!({ "method": "sms" })).await.json()["auth_id"].clone();
    let code = client.code("anna");
    for other in [
        json!({ "token": code, "method": "totp" }),
        json!({ "token": code, "method": "sms", "auth_id": "another" }),
    ] {
        assert_eq!(client.put(&auth, &other).await.status, 404, "{other}");
    }
    client.verigator.configure(|settings| settings.verify_needs_method = true);
    assert_eq!(client.put(&auth, &json!({ "token": code })).await.status, 422);
    let right = json!({ "token": code, "method": "sms", "auth_id": id });
    assert_eq!(client.put(&auth, &right).await.json()["verified"], true);
}

#[tokio::test]
async fn every_operation_rejects_a_bad_credential() {
    let emulator = start().await;
    let client = Client::of(&emulator);
    let service = client.service("coffeeshop.com").await;
    let (auth, id) = client.user(&service, "anna").await;
    let user = format!("/service/{service}/users/{id}");
    let (name, password) = (client.verigator.username(), client.verigator.password());
    for (method, path) in [
        ("POST", "/service".to_owned()),
        ("GET", format!("/service/{service}")),
        ("DELETE", format!("/service/{service}")),
        ("POST", format!("/service/{service}/users")),
        ("GET", format!("/service/{service}/users")),
        ("GET", user.clone()),
        ("DELETE", user.clone()),
        ("POST", auth.clone()),
        ("PUT", auth.clone()),
    ] {
        let bare = client.request(method, &path).without("x-service-auth");
        let right = format!("{name}:{password}");
        let attempts = [
            bare.clone(),
            bare.clone().header("X-Service-Auth", ""),
            bare.clone().header("X-Service-Auth", &name),
            bare.clone().header("X-Service-Auth", &format!("{name};{password}")),
            bare.clone().header("X-Service-Auth", &format!("{name}:{password}x")),
            bare.clone().header("X-Service-Auth", &format!("{name}:")),
            bare.clone().header("X-Service-Auth", &format!("{}:{password}", name.to_uppercase())),
            bare.clone().header("X-Service-Auth", &format!("Basic {right}")),
            bare.clone().header("X-Service-Auth", &right).header("X-Service-Auth", &right),
            bare.clone().header("Authorization", &right),
        ];
        for attempt in attempts {
            let refused = attempt.send().await;
            assert_eq!(refused.status, 401, "{attempt:?}");
            assert!(refused.json()["message"].is_string());
        }
    }
    assert_eq!(client.get(&user).await.status, 200, "nothing was carried out");
    assert_eq!(client.verigator.effect("sms_sent"), 0);

    client.verigator.set_credentials("renewed", "with:colon");
    assert_eq!(client.get(&user).await.status, 200);
    let old = client.request("GET", &user).without("x-service-auth");
    let old = old.header("X-Service-Auth", &format!("{name}:{password}"));
    assert_eq!(old.send().await.status, 401);
}

/// Every byte left out, added, or replaced by every other one that a header may have; and mistakes that people make.
#[tokio::test]
async fn no_changed_credential_is_accepted() {
    let emulator = start().await;
    let client = Client::of(&emulator);
    let path = format!("/service/{}", client.service("coffeeshop.com").await);
    let (name, password) = (client.verigator.username(), client.verigator.password());
    let right = format!("{name}:{password}");
    let mut wrong: Vec<String> = [
        format!("{password}:{name}"),
        format!("{name}: {password}"),
        format!("{name}::{password}"),
        format!("\"{right}\""),
        format!("{right},{right}"),
        format!("{right}{right}"),
        format!("Bearer {password}"),
        format!("{name}:{}", password.to_uppercase()),
        "null:null".to_owned(),
        "*".to_owned(),
    ]
    .into();
    for at in 0..=right.len() {
        let (before, after) = right.split_at(at);
        wrong.extend([format!("{before}x{after}"), before.to_owned()]);
        let Some(own) = after.chars().next() else { continue };
        let rest = &after[1..];
        // White space is left out: at the ends of a value it does not count.
        let others = ('!'..='~').chain(['\u{e9}']).filter(|other| *other != own);
        wrong.extend(others.map(|other| format!("{before}{other}{rest}")));
        wrong.push(format!("{before}{rest}"));
    }
    wrong.retain(|credential| *credential != right);
    assert!(wrong.len() > 3_000, "{}", wrong.len());
    let bare =
        client.request("GET", &path).without("x-service-auth").header("Content-Type", "application/json");
    for credential in wrong {
        let refused = bare.clone().header("X-Service-Auth", &credential).send().await;
        assert_eq!(refused.status, 401, "{credential:?}");
    }
    assert_eq!(client.get(&path).await.status, 200, "the right one is accepted, before and after");
}

#[tokio::test]
async fn bad_bodies_are_rejected_by_name() {
    let emulator = start().await;
    let client = Client::of(&emulator);
    let service = client.service("coffeeshop.com").await;
    let (auth, _) = client.user(&service, "anna").await;
    client.post(&auth, &json!({ "method": "sms" })).await;
    let users = format!("/service/{service}/users");
    for (method, path, body, word) in [
        ("POST", "/service", "", "body"),
        ("POST", "/service", "{", "body"),
        ("POST", "/service", "[]", "body"),
        ("POST", "/service", r#"{"name":"a"}"#, "fqdn"),
        ("POST", "/service", r#"{"fqdn":"a.example"}"#, "name"),
        ("POST", "/service", r#"{"fqdn":"","name":"a"}"#, "fqdn"),
        ("POST", "/service", r#"{"fqdn":"a.example","name":null}"#, "name"),
        ("POST", "/service", r#"{"fqdn":1,"name":"a"}"#, "fqdn"),
        ("POST", "/service", r#"{"fqdn":"a.example","name":"b","nmae":"c"}"#, "nmae"),
        ("POST", &users, r#"{"id_in_service":"a"}"#, "phone_number"),
        ("POST", &users, r#"{"id_in_service":"a","phone_number":37251000001}"#, "phone_number"),
        ("POST", &users, r#"{"id_in_service":"","phone_number":"+1"}"#, "id_in_service"),
        ("POST", &auth, r#"{}"#, "method"),
        ("POST", &auth, r#"{"method":""}"#, "method"),
        ("POST", &auth, r#"{"method":"SMS"}"#, "method"),
        ("POST", &auth, r#"{"method":"push"}"#, "method"),
        ("PUT", &auth, r#"{}"#, "token"),
        ("PUT", &auth, r#"{"token":""}"#, "token"),
        ("PUT", &auth, r#"{"token":123456}"#, "token"),
        ("PUT", &auth, r#"{"token":"123456","method":"push"}"#, "method"),
        ("PUT", &auth, r#"{"token":"123456","auth_id":7}"#, "auth_id"),
    ] {
        let request = client.request(method, path).header("Content-Type", "application/json").body(body);
        let refused = request.send().await;
        assert_eq!(refused.status, 422, "{method} {path} {body}");
        let message = refused.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(word), "{message} does not name {word}");
    }
    assert_eq!(client.verigator.effect("pin_checked"), 0);
}

#[tokio::test]
async fn bodies_must_have_a_json_content_type() {
    let emulator = start().await;
    let client = Client::of(&emulator);
    let body = json!({ "fqdn": "a.example", "name": "b" }).to_string();
    let request = || client.request("POST", "/service").body(body.clone());
    for refused in [
        request(),
        request().header("Content-Type", "text/plain"),
        request().header("Content-Type", "application/x-www-form-urlencoded"),
        request().header("Content-Type", "application/jsonp"),
        request().header("Content-Type", "application/json").header("Content-Type", "application/json"),
    ] {
        assert_eq!(refused.send().await.status, 415, "{refused:?}");
    }
    let charset = request().header("Content-Type", "Application/JSON; charset=utf-8").send().await;
    assert_eq!(charset.status, 200);
}

#[tokio::test]
async fn headers_without_a_body_are_required_only_by_the_setting() {
    let emulator = start().await;
    let client = Client::of(&emulator);
    let accepts = |accept: &'static str| {
        let request = client.request("GET", "/service/none").without("accept");
        request.header("Content-Type", "application/json").header("Accept", accept)
    };
    // (Accept, status by default, status if the headers are required)
    let cases = [
        ("text/html", 406, 406),
        ("text/*, image/png;q=0.5", 406, 406),
        ("application/json;q=0", 406, 406),
        ("application/json; Q=0.000, */*", 406, 406),
        ("application/*;q=0, */*", 406, 406),
        ("*/*;q=0", 406, 406),
        ("*/*", 404, 406),
        ("application/*", 404, 406),
        ("text/html, */*; q=0.01", 404, 406),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", 404, 406),
        ("application/json", 404, 404),
        ("application/json;charset=utf-8", 404, 404),
        ("application/json, application/*;q=0", 404, 404),
        ("text/html, application/json;q=0.1", 404, 404),
    ];
    for (accept, status, _) in cases {
        assert_eq!(accepts(accept).send().await.status, status, "{accept}");
        // It is the same with a body.
        let post = client.request("POST", "/service/none/users").without("accept").header("Accept", accept);
        let body = json!({ "id_in_service": "a", "phone_number": "+1" });
        assert_eq!(post.json(&body).send().await.status, status, "{accept}");
    }
    // The vendor's Python client sends neither header without a body.
    for method in ["GET", "DELETE"] {
        let bare = client.request(method, "/service/none").without("accept");
        assert_eq!(bare.send().await.status, 404, "{method}");
    }
    // "Always set Accept and Content-Type headers to application/json."
    client.verigator.configure(|settings| settings.require_headers = true);
    for (accept, _, status) in cases {
        assert_eq!(accepts(accept).send().await.status, status, "{accept}");
    }
    assert_eq!(accepts("*/*").without("accept").send().await.status, 406);
    for method in ["GET", "DELETE"] {
        let bare = client.request(method, "/service/none");
        assert_eq!(bare.send().await.status, 415, "{method}");
        let other = client.request(method, "/service/none").header("Content-Type", "text/plain");
        assert_eq!(other.send().await.status, 415, "{method}");
    }
}

#[tokio::test]
async fn values_are_those_of_the_samples_unless_the_setting_accepts_all() {
    let emulator = start().await;
    let client = Client::of(&emulator);
    let service = client.service("http://example.com").await;
    let users = format!("/service/{service}/users");
    let body = |fqdn: &str| json!({ "fqdn": fqdn, "name": "x" });
    let user = |number: &str| json!({ "id_in_service": number, "phone_number": number });
    let refused = client.post("/service", &body("no host")).await;
    assert_eq!((refused.status, refused.text().contains("fqdn")), (422, true));
    let refused = client.post(&users, &user("call me")).await;
    assert_eq!((refused.status, refused.text().contains("phone_number")), (422, true));
    assert_eq!(client.post(&users, &user("0123")).await.status, 200);
    client.verigator.configure(|settings| settings.check_values = false);
    assert_eq!(client.post("/service", &body("no host")).await.status, 200);
    assert_eq!(client.post(&users, &user("call me")).await.status, 200);
}

#[tokio::test]
async fn what_the_page_leaves_open_about_access_can_be_set() {
    let emulator = start().await;
    let client = Client::of(&emulator);
    client.verigator.configure(|settings| settings.credential_separator = CredentialSeparator::Semicolon);
    assert_eq!(client.get("/service/none").await.status, 401);
    let (user, password) = (client.verigator.username(), client.verigator.password());
    let semicolon = |path: &str| {
        let request = client.request("GET", path).without("x-service-auth");
        let request = request.header("Content-Type", "application/json");
        request.header("X-Service-Auth", &format!("{user};{password}"))
    };
    assert_eq!(semicolon("/service/none").send().await.status, 404);

    client.verigator.configure(|settings| settings.forbidden = true);
    let forbidden = semicolon("/service/none").send().await;
    assert_eq!((forbidden.status, &forbidden.json()["message"]), (403, &json!("Forbidden request")));
}

#[tokio::test]
async fn relaxations_work_only_if_enabled_and_mark_the_response() {
    let rules = ["verigator.content-type", "verigator.accept", "verigator.unknown-fields"];
    let builder = rules.iter().fold(Emulator::builder(), |builder, rule| builder.relax(rule));
    let emulator = builder.start().await.unwrap();
    let client = Client::of(&emulator);
    let odd = client.request("POST", "/service").without("accept").header("Accept", "text/html");
    let odd = odd.body(r#"{"fqdn":"a.example","name":"b","more":1}"#).send().await;
    assert_eq!(odd.status, 200);
    let marks = odd.header("x-emulator-relaxed").unwrap();
    assert!(rules.iter().all(|rule| marks.contains(rule)), "{marks}");
    let clean = client.post("/service", &json!({ "fqdn": "c.example", "name": "d" })).await;
    assert_eq!(clean.header("x-emulator-relaxed"), None, "what needed no relaxation is not marked");
    assert!(Emulator::builder().relax("verigator.nothing").start().await.is_err());
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let emulator = start().await;
    let client = Client::of(&emulator);
    let service = client.service("coffeeshop.com").await;
    let user = json!({ "id_in_service": "a", "phone_number": "+1" });
    assert_eq!(client.get("/service/none/users").await.status, 404);
    assert_eq!(client.post("/service/none/users", &user).await.status, 404);
    assert_eq!(client.get(&format!("/service/{service}/users/none")).await.status, 404);
    assert_eq!(client.delete(&format!("/service/{service}/users/none")).await.status, 404);
    let auth = format!("/service/{service}/users/none/auth");
    assert_eq!(client.post(&auth, &json!({ "method": "sms" })).await.status, 404);
    assert_eq!(client.put(&auth, &json!({ "token": "1" })).await.status, 404);

    let other = client.service("teashop.com").await;
    let (_, id) = client.user(&service, "anna").await;
    let elsewhere = client.get(&format!("/service/{other}/users/{id}")).await;
    assert_eq!(elsewhere.status, 404, "a user of one service is none of another");
    assert_eq!(elsewhere.json()["message"], "User not found");
}

#[tokio::test]
async fn what_is_there_already_is_409() {
    let emulator = start().await;
    let client = Client::of(&emulator);
    let service = client.service("coffeeshop.com").await;
    let again = client.post("/service", &json!({ "fqdn": "CoffeeShop.com", "name": "Other" })).await;
    assert_eq!((again.status, again.json()["message"].as_str()), (409, Some("Service already exists")));
    client.user(&service, "anna").await;
    let body = json!({ "id_in_service": "anna", "phone_number": "+2" });
    assert_eq!(client.post(&format!("/service/{service}/users"), &body).await.status, 409);
    let other = client.service("teashop.com").await;
    assert_eq!(client.post(&format!("/service/{other}/users"), &body).await.status, 200);
}

#[tokio::test]
async fn a_service_with_users_stays_unless_configured_otherwise() {
    let emulator = start().await;
    let client = Client::of(&emulator);
    let service = client.service("coffeeshop.com").await;
    client.user(&service, "anna").await;
    assert_eq!(client.delete(&format!("/service/{service}")).await.status, 409);
    assert_eq!(client.get(&format!("/service/{service}")).await.status, 200);
    client.verigator.set_service_with_users(ServiceWithUsers::Cascade);
    assert_eq!(client.delete(&format!("/service/{service}")).await.status, 202);
    assert_eq!(client.get(&format!("/service/{service}")).await.status, 404);
}

/// The vendor's page registers a service at a path with two `service`, and starts an authentication at one with one.
#[tokio::test]
async fn paths_with_one_and_with_two_services_are_the_same() {
    let emulator = start().await;
    let client = Client::of(&emulator);
    let service = client.service("coffeeshop.com").await;
    let (auth, user) = client.user(&service, "anna").await;
    let short = |method: &str, path: &str| {
        let url = format!("{}/v1/service{path}", client.verigator.base_url());
        let request = Request::new(method, &url).header("Content-Type", "application/json");
        let credential = format!("{}:{}", client.verigator.username(), client.verigator.password());
        request.header("Accept", "application/json").header("X-Service-Auth", &credential)
    };
    let path = format!("/{service}/users/{user}/auth");
    let started = short("POST", &path).body(r#"{"method": "totp"}"#).send().await;
    assert_eq!((started.status, &started.json()["method"]), (200, &json!("sms")));
    let body = json!({ "token": client.code("anna") });
    assert_eq!(client.put(&auth, &body).await.json()["verified"], true, "at the path with two");
    assert_eq!(short("GET", &format!("/{service}")).send().await.json()["name"], "CoffeeShop");
    assert_eq!(short("GET", &format!("/{service}/users")).send().await.json()["total"], 1);
    let made = short("POST", "").body(r#"{"fqdn":"teashop.com","name":"TeaShop"}"#).send().await;
    let tea = made.json()["id"].as_str().unwrap().to_owned();
    let berta = short("POST", &format!("/{tea}/users")).body(r#"{"id_in_service":"b","phone_number":"+1"}"#);
    let berta = berta.send().await.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(client.get(&format!("/service/{tea}/users/{berta}")).await.json()["id_in_service"], "b");
    assert_eq!(short("DELETE", &format!("/{tea}/users/{berta}")).send().await.status, 202);
    assert_eq!(short("DELETE", &format!("/{tea}")).send().await.status, 202);
    assert_eq!(client.get(&format!("/service/{tea}")).await.status, 404);
}

#[tokio::test]
async fn paths_and_methods_are_matched_exactly() {
    let emulator = start().await;
    let client = Client::of(&emulator);
    let service = client.service("coffeeshop.com").await;
    for path in [
        "/",
        "/services",
        "/service/",
        "/Service",
        "//service",
        &format!("/service/{service}/"),
        &format!("/service/{service}/user"),
        &format!("/service/{service}%2Fusers"),
        &format!("/service/{service}/users/../users"),
    ] {
        let unknown = client.get(path).await;
        assert_eq!(unknown.status, 404, "{path}");
        assert!(unknown.json()["message"].is_string());
        assert_eq!(unknown.header("x-emulator-unimplemented"), None);
    }
    for path in ["", "/", "/service", "/v1/services", "/v2/service/service"] {
        let url = format!("{}{path}", client.verigator.base_url());
        assert_eq!(Request::new("POST", &url).send().await.status, 404, "{path}");
    }
    assert_eq!(client.get("/service/%zz").await.status, 400);
    for (method, path, allow) in [
        // A path with two `service` is none with one and the id `service`.
        ("PUT", "/service".to_owned(), "POST"),
        ("GET", "/service".to_owned(), "POST"),
        ("DELETE", "/service".to_owned(), "POST"),
        ("POST", "/service/users".to_owned(), "DELETE, GET"),
        ("PUT", format!("/service/{service}"), "DELETE, GET"),
        ("HEAD", format!("/service/{service}"), "DELETE, GET"),
        ("PATCH", format!("/service/{service}/users"), "GET, POST"),
        ("GET", format!("/service/{service}/users/u/auth"), "POST, PUT"),
    ] {
        let refused = client.request(method, &path).send().await;
        assert_eq!((refused.status, refused.header("allow")), (405, Some(allow)), "{method} {path}");
    }
}

#[tokio::test]
async fn other_response_formats_can_be_configured() {
    let emulator = start().await;
    let client = Client::of(&emulator);
    client.verigator.set_create_status(CreateStatus::Created);
    client.verigator.set_delete_status(DeleteStatus::Ok);
    client.verigator.set_delete_with_json_body(false);
    client.verigator.set_auth_id(AuthIdFormat::Absent);
    client.verigator.set_ctime_format(CtimeFormat::WithoutZone);
    emulator.clock().advance(Duration::from_micros(274_438));
    let made = client.post("/service", &json!({ "fqdn": "a.example", "name": "b" })).await;
    assert_eq!((made.status, made.json()["ctime"].as_str()), (201, Some("2023-11-14T22:13:30.274438")));
    let service = made.json()["id"].as_str().unwrap().to_owned();
    client.verigator.set_ctime_format(CtimeFormat::UnixNumber);
    assert_eq!(client.get(&format!("/service/{service}")).await.json()["ctime"], json!(START));
    let (auth, id) = client.user(&service, "anna").await;
    let started = client.post(&auth, &json!({ "method": "sms" })).await;
    assert_eq!((started.status, started.json()), (201, json!({ "method": "sms" })));
    let gone = client.delete(&format!("/service/{service}/users/{id}")).await;
    assert_eq!((gone.status, gone.text().as_str(), gone.header("content-type")), (200, "", None));
    client.verigator.configure(|settings| settings.list_has_totals = false);
    assert_eq!(client.get(&format!("/service/{service}/users")).await.json(), json!({ "users": [] }));

    client.verigator.set_error_body(ErrorBody::Html);
    let page = client.get("/service/none").await;
    assert_eq!((page.status, page.header("content-type")), (404, Some("text/html; charset=utf-8")));
    assert!(page.text().starts_with("<html>"));
    client.verigator.set_error_body(ErrorBody::Empty);
    let bare = client.request("GET", "/service/none").without("x-service-auth").send().await;
    assert_eq!((bare.status, bare.body.len()), (401, 0));
    client.verigator.set_delete_status(DeleteStatus::NoContent);
    let gone = client.delete(&format!("/service/{service}")).await;
    assert_eq!((gone.status, gone.body.len()), (204, 0));
}

#[tokio::test]
async fn explanations_name_the_failed_check_and_no_secret() {
    let emulator = start().await;
    let client = Client::of(&emulator);
    let password = client.verigator.password();
    let bad = client.request("GET", "/service/none").without("x-service-auth");
    let bad = bad.header("X-Service-Auth", "emulator-user:canary-password").send().await;
    let explanation = emulator.explain(&bad.request_id()).unwrap();
    let checks: Vec<_> = explanation.checks.iter().map(|c| (c.check.as_str(), c.outcome)).collect();
    let expected = [("host", Outcome::Pass), ("route", Outcome::Pass), ("credential", Outcome::Fail)];
    assert_eq!(checks, expected);
    assert_eq!(explanation.checks[2].reason.as_deref(), Some("the password is wrong"));
    assert_eq!(explanation.request.operation, Some("services.get"));

    let missing = client.get("/service/none").await;
    let explanation = emulator.explain(&missing.request_id()).unwrap();
    let last = explanation.checks.last().unwrap();
    assert_eq!((last.check.as_str(), last.outcome), ("existence", Outcome::Fail));

    let everything = format!("{:?} {:?}", emulator.journal(), explanation);
    assert!(!everything.contains("canary-password") && !everything.contains(&password));
}

#[tokio::test]
async fn the_same_seed_and_calls_give_the_same_responses() {
    let run = async |seed| {
        let clock = ClockStart::Frozen(Timestamp::from_unix_seconds(START));
        let emulator = Emulator::builder().seed(seed).clock(clock).start().await.unwrap();
        let client = Client::of(&emulator);
        let service = client.service("coffeeshop.com").await;
        let (auth, _) = client.user(&service, "anna").await;
        let started = client.post(&auth, &json!({ "method": "sms" })).await;
        let token = emulator.control_token().to_owned();
        (
            service,
            auth,
            started.text(),
            started.request_id(),
            client.code("anna"),
            client.verigator.password(),
            token,
        )
    };
    let first = run(5).await;
    assert_eq!(first, run(5).await);
    let other = run(6).await;
    assert_ne!((&first.0, &first.4, &first.5, &first.6), (&other.0, &other.4, &other.5, &other.6));
}

#[tokio::test]
async fn a_reset_of_the_state_is_a_fresh_start() {
    let emulator = start().await;
    let client = Client::of(&emulator);
    let first = client.service("coffeeshop.com").await;
    emulator.reset(auth_emulator::Reset::State);
    assert_eq!(client.get(&format!("/service/{first}")).await.status, 404);
    assert_eq!(client.service("coffeeshop.com").await, first, "ids begin anew");
}
