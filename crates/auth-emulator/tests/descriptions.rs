//! Every operation of the emulator: its responses, with the default settings, are validated against the descriptions that
//! the clients are made from. Those of Virtuous are in `virtuous_descriptions.rs`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

mod common;

use auth_emulator::Emulator;
use auth_emulator::providers::verigator::CreateStatus;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::Request;
use common::described::Described;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

/// Makes calls by their path templates, and compares the responses.
struct Walk<S> {
    described: Described,
    send: S,
}

impl<S: AsyncFn(&str, &str, Option<Value>) -> common::Response> Walk<S> {
    async fn call(&self, method: &str, template: &str, fill: &[&str], body: Option<Value>) -> Value {
        let response = (self.send)(method, &filled(template, fill), body).await;
        self.described.check(method, template, &response);
        if response.body.is_empty() { Value::Null } else { response.json() }
    }

    async fn get(&self, template: &str, fill: &[&str]) -> Value {
        self.call("GET", template, fill, None).await
    }

    async fn delete(&self, template: &str, fill: &[&str]) -> Value {
        self.call("DELETE", template, fill, None).await
    }

    async fn post(&self, template: &str, fill: &[&str], body: Value) -> Value {
        self.call("POST", template, fill, Some(body)).await
    }

    async fn put(&self, template: &str, fill: &[&str], body: Value) -> Value {
        self.call("PUT", template, fill, Some(body)).await
    }

    /// A call that is rejected with this status, in the described form.
    async fn rejected(&self, status: u16, method: &str, template: &str, fill: &[&str], body: Option<Value>) {
        let response = (self.send)(method, &filled(template, fill), body).await;
        assert_eq!(response.status, status, "{method} {template}: {}", response.text());
        self.described.check_any(method, template, &response);
    }
}

/// The path with its parameters, in order.
fn filled(template: &str, fill: &[&str]) -> String {
    let mut fill = fill.iter();
    let parts =
        template.split('/').map(|part| if part.starts_with('{') { fill.next().unwrap() } else { part });
    parts.collect::<Vec<_>>().join("/")
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}"))
}

#[tokio::test]
async fn verigator() {
    let emulator = Emulator::start().await.unwrap();
    let verigator = emulator.verigator();
    // Described is the page's status.
    verigator.set_create_status(CreateStatus::Created);
    let send = async |method: &str, path: &str, body: Option<Value>| {
        let credential = format!("{}:{}", verigator.username(), verigator.password());
        let request = Request::new(method, &format!("{}/v1/service{path}", verigator.base_url()))
            .header("X-Service-Auth", &credential)
            .header("Accept", "application/json");
        match body {
            Some(body) => request.json(&body).send().await,
            None => request.header("Content-Type", "application/json").send().await,
        }
    };
    let walk = Walk { described: Described::read("verigator-client/openapi.json"), send };
    let (service, users) = ("/service/{service_id}", "/service/{service_id}/users");
    let (user, auth) =
        ("/service/{service_id}/users/{user_id}", "/service/{service_id}/users/{user_id}/auth");
    let coffee = json!({ "fqdn": "coffeeshop.com", "name": "CoffeeShop" });
    let made = walk.post("/service", &[], coffee.clone()).await;
    let id = text(&made, "id");
    walk.get(service, &[id]).await;
    let anna = json!({ "id_in_service": "anna", "phone_number": "+37251000001" });
    let made_user = walk.post(users, &[id], anna.clone()).await;
    let both = [id, text(&made_user, "id")];
    walk.get(users, &[id]).await;
    walk.get(user, &both).await;
    walk.rejected(404, "PUT", auth, &both, Some(json!({ "token": "123456" }))).await;
    walk.post(auth, &both, json!({ "method": "totp" })).await;
    walk.put(auth, &both, json!({ "token": "wrong" })).await;
    let code = verigator.pending_codes_for("anna")[0].code.clone();
    walk.put(auth, &both, json!({ "token": code })).await;
    for (status, method, template, fill, body) in [
        (409, "POST", "/service", &[][..], Some(coffee)),
        (422, "POST", "/service", &[], Some(json!({}))),
        (409, "POST", users, &[id], Some(anna)),
        (404, "GET", user, &[id, "nobody"], None),
        (409, "DELETE", service, &[id], None),
        (404, "DELETE", service, &["none"], None),
    ] {
        walk.rejected(status, method, template, fill, body).await;
    }
    let credential = format!("{}:{}", verigator.username(), verigator.password());
    for (accept, status) in [("text/html", 406), ("application/json", 415)] {
        let request = Request::new("POST", &format!("{}/v1/service/service", verigator.base_url()));
        let request = request.header("X-Service-Auth", &credential).header("Accept", accept);
        let response = request.header("Content-Type", "text/html").body("{}").send().await;
        assert_eq!(response.status, status, "{}", response.text());
        walk.described.check_any("POST", "/service", &response);
    }
    verigator.configure(|settings| settings.forbidden = true);
    walk.rejected(403, "GET", users, &[id], None).await;
    verigator.configure(|settings| settings.forbidden = false);
    walk.delete(user, &both).await;
    walk.delete(service, &[id]).await;
    walk.described.end();
}

#[tokio::test]
async fn vault_vision() {
    let builder = Emulator::builder().vaultvision(|settings| settings.bcrypt_cost = 4);
    let emulator = builder.start().await.unwrap();
    let vault = emulator.vaultvision();
    let send = async |method: &str, path: &str, body: Option<Value>| {
        let request = Request::new(method, &format!("{}{path}", vault.base_url()))
            .header("Authorization", &format!("Bearer {}", vault.api_key()));
        match body {
            Some(body) => request.json(&body).send().await,
            None => request.send().await,
        }
    };
    let walk = Walk { described: Described::read("vaultvision-client/openapi.json"), send };
    let (tenants, tenant) = ("/v1/tenants", "/v1/tenants/{tenant_id}");
    let list = walk.get(tenants, &[]).await;
    let id = text(&list["data"][0], "id");
    let read = walk.get(tenant, &[id]).await;
    walk.post(tenant, &[id], read).await;
    walk.rejected(400, "POST", tenant, &[id], Some(json!([]))).await;
    walk.rejected(404, "GET", tenant, &["none"], None).await;
    for (resource, key, body) in [
        ("applications", "application_id", json!({ "type": "Application", "name": "MyNewApp" })),
        ("users", "user_id", json!({ "profile": { "email": "test01@example.test" } })),
    ] {
        let all = format!("{tenant}/{resource}");
        let one = format!("{all}/{{{key}}}");
        let made = walk.post(&all, &[id], body.clone()).await;
        let fill = [id, text(&made, "id")];
        walk.get(&all, &[id]).await;
        let read = walk.get(&one, &fill).await;
        walk.post(&one, &fill, read).await;
        if resource == "users" {
            walk.rejected(409, "POST", &all, &[id], Some(body)).await;
            let all = format!("{one}/credentials");
            let one = format!("{all}/{{credential_id}}");
            let password = json!({ "alg": "plain", "hash": "1234567890" });
            walk.post(&all, &fill, json!({ "type": "PasswordCredential", "password": password })).await;
            walk.get(&all, &fill).await;
            let fill = [fill[0], fill[1], "password"];
            let read = walk.get(&one, &fill).await;
            walk.post(&one, &fill, read).await;
            walk.delete(&one, &fill).await;
        }
        walk.delete(&one, &fill).await;
    }
    vault.configure(|settings| settings.calls_per_window = Some(0));
    walk.rejected(429, "GET", tenants, &[], None).await;
    vault.configure(|settings| {
        settings.calls_per_window = None;
        settings.misconfigured_tenants = vec![id.to_owned()];
    });
    walk.rejected(500, "GET", tenant, &[id], None).await;
    vault.configure(|settings| settings.key_enabled = false);
    walk.rejected(401, "GET", tenants, &[], None).await;
    walk.described.end();
}

#[tokio::test]
async fn revesecure() {
    let emulator = Emulator::start().await.unwrap();
    let secure = emulator.revesecure();
    let key = secure.secret_key();
    let key: Vec<u8> =
        (0..key.len()).step_by(2).map(|at| u8::from_str_radix(&key[at..at + 2], 16).unwrap()).collect();
    let send = async |method: &str, path: &str, body: Option<Value>| {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let signed = format!("12-12-12\n{method}\n127.0.0.1\n{path}\n{body}");
        let mac = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(signed).finalize().into_bytes();
        let signature: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        let basic = STANDARD.encode(format!("{}:{signature}", secure.api_key()));
        let request = Request::new(method, &format!("{}{path}", secure.base_url()))
            .header("Date", "12-12-12")
            .header("Authorization", &format!("Basic {basic}"));
        if body.is_empty() {
            return request.send().await;
        }
        request.header("Content-Type", "application/json").body(body).send().await
    };
    let walk = Walk { described: Described::read("revesecure-client/openapi.json"), send };
    let path = |rest: &str| format!("/rest/v1/{rest}");
    walk.get(&path("organization"), &[]).await;
    walk.get(&path("billing"), &[]).await;

    let anna = json!({ "ContactNumber": "8123465790", "CountryCode": "91", "UserName": "anna" });
    walk.post(&path("users"), &[], anna.clone()).await;
    walk.rejected(409, "POST", &path("users"), &[], Some(anna)).await;
    let users = walk.get(&path("users"), &[]).await;
    let user = text(&users[0], "UserId");
    walk.get(&path("users/{startIndex}/{endIndex}"), &["0", "10"]).await;
    walk.rejected(400, "GET", &path("users/{startIndex}/{endIndex}"), &["10", "0"], None).await;
    walk.get(&path("users/{userId}"), &[user]).await;
    walk.put(&path("users"), &[], json!({ "UserId": user, "FirstName": "Anna" })).await;

    walk.post(&path("services"), &[], json!({ "name": "test_service", "type": "WEB_API" })).await;
    let services = walk.get(&path("services"), &[]).await;
    let named = |service: &&Value| service["ServiceName"] == "test_service";
    let service = text(services.as_array().unwrap().iter().find(named).unwrap(), "ServiceId");
    walk.get(&path("services/{startIndex}/{endIndex}"), &["0", "10"]).await;
    walk.get(&path("services/{serviceId}"), &[service]).await;
    walk.put(&path("services"), &[], json!({ "ServiceId": service, "ServiceName": "test1_service" })).await;
    walk.post(&path("services/map"), &[], json!({ "ServiceId": service, "UserId": [user] })).await;
    let pair = json!({ "ServiceId": service, "UserId": user });
    walk.post(&path("services/unmap"), &[], pair.clone()).await;
    walk.rejected(409, "POST", &path("services/unmap"), &[], Some(pair)).await;
    walk.delete(&path("services/{serviceId}"), &[service]).await;

    let hardware =
        json!({ "TokenName": "test_token", "SerialNumber": "1656565465", "HardwareType": "Seamon-3000" });
    walk.post(&path("tokens"), &[], hardware).await;
    let tokens = walk.get(&path("tokens"), &[]).await;
    let of = |kind: &str| {
        let found = tokens.as_array().unwrap().iter().find(|token| token["TokenType"] == kind).unwrap();
        text(found, "TokenId").to_owned()
    };
    let (token, phone) = (of("Hardware"), of("Software"));
    walk.get(&path("tokens/{startIndex}/{endIndex}"), &["0", "10"]).await;
    walk.get(&path("tokens/{tokenId}"), &[&token]).await;
    walk.get(&path("tokens/{tokenId}"), &[&phone]).await;
    walk.put(&path("tokens"), &[], json!({ "TokenId": token, "TokenName": "test1_token" })).await;
    let pair = json!({ "UserId": user, "TokenId": token });
    walk.post(&path("tokens/assign"), &[], pair.clone()).await;
    walk.post(&path("tokens/unassign"), &[], pair.clone()).await;
    walk.rejected(409, "POST", &path("tokens/unassign"), &[], Some(pair)).await;
    walk.delete(&path("tokens/{tokenId}"), &[&token]).await;
    walk.rejected(404, "GET", &path("tokens/{tokenId}"), &[&token], None).await;
    // Values that the page doesn't print: the status of a user without codes, the type of the vendor's plugin.
    let none = walk.get(&path("bypassCodes/{userId}"), &[user]).await;
    assert_ne!(none["bypassCodeStatus"], "Enabled");
    let plugin = json!({ "name": "blog", "type": "WordPress" });
    walk.post(&path("services"), &[], plugin).await;
    let services = walk.get(&path("services"), &[]).await;
    assert!(services.to_string().contains("WordPress"), "{services}");
    walk.post(&path("bypassCodes"), &[], json!({ "userId": user, "number": 1 })).await;
    walk.get(&path("bypassCodes/{userId}"), &[user]).await;

    let map = json!({ "ServiceId": secure.service_id(), "UserId": [user] });
    walk.post(&path("services/map"), &[], map).await;
    let api_key = secure.api_key();
    let login = |more: Value| {
        let mut body = json!({ "ApiKey": api_key, "LoginName": "root", "UserName": "anna" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    walk.get(&path("validate/check/{apiKey}"), &[&api_key]).await;
    let found = walk.post(&path("validate/user"), &[], login(json!({ "IP": "2.2.2.2" }))).await;
    assert_eq!(
        found["data"]["AuthMethods"],
        json!(["Software", "BypassCode", "Push"]),
        "the form of the plugin"
    );
    let otp = login(json!({ "EndUserIP": "2.2.2.2", "OTP": "000000", "AuthType": "S" }));
    walk.post(&path("validate/user/otp"), &[], otp).await;
    let push = login(json!({ "EndUserIP": "2.2.2.2", "TokenId": phone }));
    let started = walk.post(&path("validate/user/push"), &[], push).await;
    let push = json!({ "ApiKey": api_key, "PushTxnId": started["data"]["PushTxnId"] });
    walk.post(&path("validate/user/push/status"), &[], push).await;
    let registration =
        json!({ "ApiKey": api_key, "LoginName": "root", "DeviceUID": "DeviceUID", "R2faStatus": true });
    walk.post(&path("validate/register/user"), &[], registration).await;

    walk.delete(&path("bypassCodes/{userId}"), &[user]).await;
    walk.delete(&path("users/{userId}"), &[user]).await;
    walk.described.end();
}

#[tokio::test]
async fn vise() {
    let emulator = Emulator::start().await.unwrap();
    let vise = emulator.vise();
    let bearer = format!("Bearer {}", vise.token());
    let dashboard = async |_: &str, path: &str, _: Option<Value>| {
        let url = format!("{}{path}", vise.dashboard_url());
        Request::new("GET", &url).header("Authorization", &bearer).send().await
    };
    let walk = Walk { described: Described::read("vise-client/openapi/dashboard.json"), send: dashboard };
    walk.get("/domains", &[]).await;
    walk.described.end();

    let described = Described::read("vise-client/openapi/host.json");
    let url = format!("http://{}", vise.host(0));
    let opened = Request::new("GET", &format!("{url}/auth?pfk={}", vise.phrase(0))).send().await;
    assert_eq!(opened.status, 200);
    described.check("GET", "/auth", &opened);
    let cookies = opened.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let cookies: Vec<&str> = cookies.map(|(_, value)| value.split(';').next().unwrap()).collect();
    let request = Request::new("GET", &format!("{url}/domains")).header("Cookie", &cookies.join("; "));
    described.check("GET", "/domains", &request.header("Authorization", &bearer).send().await);
    described.end();
}
