//! The Vault Vision emulator over a real socket: keys, permissions, whole objects, formats of responses.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

mod common;

use std::time::Duration;

use auth_emulator::providers::vaultvision::{CreateStatus, Permission, Permissions, VaultVision};
use auth_emulator::{ClockStart, Emulator, Outcome, Reset, Timestamp};
use common::{Request, Response};
use serde_json::{Value, json};

const TENANT: &str = "/v1/tenants/CmKJPDorO34hGJ0J";

async fn start() -> (Emulator, VaultVision) {
    let clock = ClockStart::Frozen(Timestamp::from_unix_seconds(1_700_000_010));
    let builder = Emulator::builder().clock(clock).vaultvision(|settings| settings.bcrypt_cost = 4);
    let emulator = builder.start().await.unwrap();
    let vault = emulator.vaultvision();
    (emulator, vault)
}

async fn call(vault: &VaultVision, method: &str, path: &str, body: Option<&Value>) -> Response {
    let request = Request::new(method, &format!("{}{path}", vault.base_url()))
        .header("Authorization", &format!("Bearer {}", vault.api_key()));
    match body {
        Some(body) => request.json(body).send().await,
        None => request.send().await,
    }
}

async fn get(vault: &VaultVision, path: &str) -> Value {
    let response = call(vault, "GET", path, None).await;
    assert_eq!(response.status, 200, "{path}");
    response.json()
}

#[tokio::test]
async fn keys_are_checked_and_rejections_explained() {
    let (emulator, vault) = start().await;
    let url = format!("{}/v1/tenants", vault.base_url());
    for (header, reason) in [
        (None, "Authorization is missing"),
        (Some("Basic x".to_owned()), "does not start with `Bearer `"),
        (Some("Bearer vv_wrong".to_owned()), "the API key is wrong"),
    ] {
        let mut request = Request::new("GET", &url);
        if let Some(header) = &header {
            request = request.header("Authorization", header);
        }
        let response = request.send().await;
        assert_eq!(response.status, 401);
        let error = response.json();
        assert_eq!((&error["type"], &error["code"]), (&json!("Error"), &json!("authentication_failure")));
        assert_eq!((error["status_code"].as_u64(), error["uuid"].as_str().unwrap().len()), (Some(401), 36));
        let explained = emulator.explain(&response.request_id()).unwrap();
        let failed = explained.checks.iter().find(|check| check.outcome == Outcome::Fail).unwrap();
        assert!(failed.reason.as_ref().unwrap().contains(reason), "{failed:?}");
    }
    assert!(vault.api_key().starts_with("vv_"));
    let issuer = vault.issuer(&vault.tenant_ids()[0]).unwrap();
    let env = [("VV_API_KEY", vault.api_key()), ("VV_BASE_URL", vault.base_url()), ("VV_ISSUER_URL", issuer)];
    assert_eq!(vault.env(), env);
}

#[tokio::test]
async fn null_is_as_an_absent_field() {
    let (_emulator, vault) = start().await;
    let body = json!({
        "metadata": { "a": null, "b": "c" },
        "settings": { "allow_unverified": null, "allow_signups": true, "company_name": null },
    });
    let response = call(&vault, "POST", TENANT, Some(&body)).await;
    assert_eq!(response.status, 200, "{}", response.text());
    assert!(!response.text().contains("null"), "{}", response.text());
    assert_eq!(response.json()["metadata"], json!({ "b": "c" }));
}

#[tokio::test]
async fn a_body_replaces_the_whole_object() {
    let (_emulator, vault) = start().await;
    let before = get(&vault, TENANT).await;
    assert_eq!(before["settings"]["allow_signups"], true);
    let body = json!({
        "type": "X", "id": "other", "created_at": "x", "name": "n", "unheard_of": 1,
        "settings": { "domain": "stolen.test", "allow_social": false, "remember_login_seconds": 0, "typo": 1 },
    });
    let response = call(&vault, "POST", TENANT, Some(&body)).await;
    assert_eq!(response.status, 200);
    let after = response.json();
    assert_eq!(after, get(&vault, TENANT).await);
    assert_eq!((&after["id"], &after["created_at"]), (&before["id"], &before["created_at"]));
    assert_eq!(
        after["settings"],
        json!({ "domain": "acme01.vvkey.test" }),
        "zeros, unknown and left-out fields go"
    );
    assert!(after.get("unheard_of").is_none());
    assert_ne!(after["updated_at"], before["updated_at"]);

    vault.configure(|settings| {
        settings.omit_zeros = false;
        settings.updated_at_moves = false;
    });
    let again = call(&vault, "POST", TENANT, Some(&body)).await.json();
    assert_eq!(
        (&again["settings"]["allow_social"], &again["updated_at"]),
        (&json!(false), &after["updated_at"])
    );
}

#[tokio::test]
async fn undocumented_fields_stay_until_a_body_omits_them() {
    let (emulator, vault) = start().await;
    let object = "tenants/CmKJPDorO34hGJ0J";
    let value = "[123456789012345678901234567890,1.10]";
    vault.add_undocumented_field(object, "settings.require_mfa", value).unwrap();
    vault.add_undocumented_field(object, "zero", "null").unwrap();
    let response = call(&vault, "GET", TENANT, None).await;
    let text = String::from_utf8(response.body.clone()).unwrap();
    assert!(text.contains(&format!("\"require_mfa\":{value}")) && text.contains("\"zero\":null"), "{text}");
    call(&vault, "POST", TENANT, Some(&json!({ "name": "n" }))).await;
    assert!(!vault.stored_json(object).unwrap().contains("require_mfa"));
    assert!(vault.add_undocumented_field("tenants/none", "a", "1").is_err());
    assert!(vault.add_undocumented_field(object, "a", "{").is_err());
    emulator.reset(Reset::All);
    assert_eq!(get(&vault, TENANT).await["name"], "acme01");
}

#[tokio::test]
async fn permissions_gate_each_row() {
    let (_emulator, vault) = start().await;
    let users = format!("{TENANT}/users");
    let body = json!({ "profile": { "email": "a@example.test" } });
    vault.configure(|settings| {
        let mut permissions = Permissions::of_all(Permission::None);
        permissions.users = Permission::Read;
        settings.permissions = permissions;
    });
    for (method, path, body, status) in [
        ("GET", "/v1/tenants", None, 403),
        ("GET", TENANT, None, 403),
        ("GET", users.as_str(), None, 200),
        ("POST", users.as_str(), Some(&body), 403),
        ("GET", &format!("{TENANT}/applications"), None, 403),
        ("GET", &format!("{users}/u/credentials"), None, 403),
    ] {
        assert_eq!(call(&vault, method, path, body).await.status, status, "{method} {path}");
    }
    vault.configure(|settings| {
        let grant = Permissions::of_all(Permission::Write);
        settings.restricted = Some([("CmKJPDorO34hGJ0J".to_owned(), grant)].into_iter().collect());
    });
    assert_eq!(get(&vault, "/v1/tenants").await["total"], 1);
    assert_eq!(call(&vault, "POST", &users, Some(&body)).await.status, 200);
    assert_eq!(call(&vault, "GET", "/v1/tenants/i1JfrfWIwQiQ", None).await.status, 404);
}

#[tokio::test]
async fn bodies_and_conflicts_are_rejected_by_code() {
    let (_emulator, vault) = start().await;
    let users = format!("{TENANT}/users");
    let with = |metadata: Value| json!({ "profile": { "email": "a@example.test" }, "metadata": metadata });
    let many: serde_json::Map<String, Value> = (0..21).map(|n| (n.to_string(), json!(""))).collect();
    vault.configure(|settings| {
        settings.create_status = CreateStatus::Created;
        (settings.require_email, settings.require_name) = (true, true);
    });
    let made = call(&vault, "POST", &users, Some(&with(json!({ "k".repeat(100): "v".repeat(1000) })))).await;
    assert_eq!(made.status, 201);
    let user = made.json()["id"].as_str().unwrap().to_owned();
    let credentials = format!("{users}/{user}/credentials");
    let import = |alg: &str, hash: &str| json!({ "password": { "alg": alg, "hash": hash } });
    for (path, body, status, code) in [
        (&users, with(json!({})), 409, "email_taken"),
        (&users, json!({}), 400, "invalid_request"),
        (&users, json!([]), 400, "invalid_request"),
        (&users, with(Value::Object(many)), 400, "invalid_metadata"),
        (&users, with(json!({ "k".repeat(101): "" })), 400, "invalid_metadata"),
        (&users, with(json!({ "k": "v".repeat(1001) })), 400, "invalid_metadata"),
        (&users, with(json!({ "k": ["v".repeat(1000)] })), 400, "invalid_metadata"),
        (&users, with(json!({ "k": 1 })), 400, "invalid_metadata"),
        (&users, json!({ "profile": { "email": 1 } }), 400, "invalid_request"),
        (&users, json!({ "profile": { "locale": 5 } }), 400, "invalid_request"),
        (&users, json!({ "profile": { "picture": {} } }), 400, "invalid_request"),
        (&format!("{TENANT}/applications"), json!({}), 400, "invalid_request"),
        (&format!("{users}/{user}"), json!({ "disabled": "true" }), 400, "invalid_request"),
        (&credentials, import("md5", "x"), 400, "invalid_request"),
        (&credentials, json!({ "type": "Passkey" }), 400, "invalid_request"),
        (&credentials, import("bcrypt", &format!("$2a$31${}", "a".repeat(53))), 400, "bcrypt_cost"),
        (&format!("{users}/none/credentials"), import("plain", "x"), 404, "not_found"),
    ] {
        let response = call(&vault, "POST", path, Some(&body)).await;
        assert_eq!(
            (response.status, response.json()["code"].as_str()),
            (status, Some(code)),
            "{path} {body}"
        );
    }
    assert_eq!(call(&vault, "PUT", &users, None).await.status, 405);
    assert_eq!(call(&vault, "GET", "/v2", None).await.json()["code"], "not_found");
}

#[tokio::test]
async fn what_the_page_does_not_forbid_is_accepted_by_default() {
    let (_emulator, vault) = start().await;
    let user = call(&vault, "POST", &format!("{TENANT}/users"), Some(&json!({}))).await.json();
    assert_eq!(user["type"], "User");
    let applications = format!("{TENANT}/applications");
    let made = call(&vault, "POST", &applications, Some(&json!({ "secret": "s3cret" }))).await.json();
    assert_eq!(made.get("secret"), None, "as in the sample");
    let application = format!("{applications}/{}", made["id"].as_str().unwrap());
    assert_eq!(get(&vault, &application).await["secret"], "s3cret");

    let users = format!("{TENANT}/users/{}", user["id"].as_str().unwrap());
    let verified = json!({ "verified_at": "2023-08-21T15:06:43.49365588Z" });
    let moved = json!({ "settings": { "domain": "other.test" } });
    for (writable, time, domain) in
        [(false, None, "acme01.vvkey.test"), (true, Some("2023-08-21T15:06:43.49365588Z"), "other.test")]
    {
        vault.configure(|settings| {
            (settings.verified_at_is_writable, settings.domain_is_writable) = (writable, writable);
        });
        let user = call(&vault, "POST", &users, Some(&verified)).await.json();
        assert_eq!(user.get("verified_at").and_then(Value::as_str), time);
        let tenant = call(&vault, "POST", TENANT, Some(&moved)).await.json();
        assert_eq!(tenant["settings"]["domain"], domain);
    }
    vault.configure(|settings| settings.check_types = false);
    assert_eq!(call(&vault, "POST", &users, Some(&json!({ "disabled": "yes" }))).await.status, 200);
}

#[tokio::test]
async fn lists_end_at_their_limit_and_have_pages_only_as_a_setting() {
    let (_emulator, vault) = start().await;
    let users = format!("{TENANT}/users");
    for number in 0..103 {
        let body = json!({ "profile": { "email": format!("{number}@example.test") } });
        assert_eq!(call(&vault, "POST", &users, Some(&body)).await.status, 200);
    }
    let numbers = |list: &Value| {
        let rows = list["data"].as_array().unwrap();
        let first = rows.first().map_or("", |row| row["profile"]["email"].as_str().unwrap());
        let rows = rows.len() as u64;
        assert_eq!(list["count"], rows);
        (list["total"].as_u64().unwrap(), list["limit"].as_u64().unwrap(), rows, first.to_owned())
    };
    let page = format!("{users}?offset=100&limit=2");
    assert_eq!(numbers(&get(&vault, &page).await), (103, 100, 100, "0@example.test".to_owned()));
    vault.configure(|settings| settings.paging = true);
    assert_eq!(numbers(&get(&vault, &page).await), (103, 2, 2, "100@example.test".to_owned()));
    assert_eq!(numbers(&get(&vault, &users).await), (103, 100, 100, "0@example.test".to_owned()));
    vault.configure(|settings| settings.list_limit = 1000);
    assert_eq!(numbers(&get(&vault, &users).await), (103, 1000, 103, "0@example.test".to_owned()));
}

#[tokio::test]
async fn tenants_and_verified_addresses_decide_about_logins() {
    let (_emulator, vault) = start().await;
    let users = format!("{TENANT}/users");
    let user = call(&vault, "POST", &users, Some(&json!({}))).await.json()["id"].as_str().unwrap().to_owned();
    let password = json!({ "password": { "alg": "plain", "hash": "1234567890" } });
    call(&vault, "POST", &format!("{users}/{user}/credentials"), Some(&password)).await;
    let logged_in = || vault.log_in("CmKJPDorO34hGJ0J", &user, "1234567890").unwrap();
    let set = async |allow_passwords: bool, allow_unverified: bool| {
        let settings = json!({ "allow_passwords": allow_passwords, "allow_unverified": allow_unverified });
        call(&vault, "POST", TENANT, Some(&json!({ "settings": settings }))).await;
    };
    assert!(logged_in());
    set(false, true).await;
    assert!(!logged_in(), "passwords are not allowed");
    set(true, false).await;
    assert!(!logged_in(), "the address is not verified");
    vault.verify_email("CmKJPDorO34hGJ0J", &user).unwrap();
    assert!(logged_in());
    let shown = get(&vault, &format!("{users}/{user}")).await;
    assert_eq!(shown["profile"]["email_verified"], true);
    assert!(shown["verified_at"].is_string());
    call(&vault, "POST", &format!("{users}/{user}"), Some(&json!({ "disabled": true }))).await;
    assert!(!logged_in(), "the user is disabled");
    assert!(vault.verify_email("CmKJPDorO34hGJ0J", "nobody").is_err());
}

#[tokio::test]
async fn a_password_from_a_list_is_not_the_password_that_an_update_takes() {
    let (_emulator, vault) = start().await;
    let users = format!("{TENANT}/users");
    let user = call(&vault, "POST", &users, Some(&json!({}))).await.json()["id"].as_str().unwrap().to_owned();
    let credentials = format!("{users}/{user}/credentials");
    let digest = "c775e7b757ede630cd0aa1113bd102661ab38829ca52a6422ab782862f268646";
    let password = json!({ "password": { "alg": "sha256", "hash": digest } });
    call(&vault, "POST", &credentials, Some(&password)).await;
    let listed = get(&vault, &credentials).await["data"][0].clone();
    assert_eq!(
        (&listed["password"]["cost"], &listed["password"]["alg"]),
        (&json!(4), &json!("sha256|bcrypt"))
    );
    let one = format!("{credentials}/password");
    let read = get(&vault, &one).await;
    assert!(read["password"]["hash"].as_str().unwrap().starts_with("$2a$04$"));
    assert_eq!(call(&vault, "POST", &one, Some(&listed)).await.status, 400);
    assert_eq!(call(&vault, "POST", &one, Some(&read)).await.status, 200);
    vault.configure(|settings| settings.accept_base64_hashes = true);
    assert_eq!(call(&vault, "POST", &one, Some(&listed)).await.status, 200);
    vault.configure(|settings| settings.accept_wrapped_hashes = false);
    assert_eq!(call(&vault, "POST", &one, Some(&read)).await.status, 400);
    assert!(vault.log_in("CmKJPDorO34hGJ0J", &user, "1234567890").unwrap(), "nothing was lost");
}

#[tokio::test]
async fn the_proxy_counts_over_ten_seconds() {
    let (emulator, vault) = start().await;
    vault.configure(|settings| settings.calls_per_window = Some(2));
    let statuses = async |count: usize| {
        let mut seen = Vec::new();
        for _ in 0..count {
            seen.push(call(&vault, "GET", "/v1/tenants", None).await.status);
        }
        seen
    };
    assert_eq!(statuses(3).await, [200, 200, 429]);
    let refused = call(&vault, "GET", "/v1/tenants", None).await;
    assert_eq!(refused.json(), json!({ "status_code": "429", "status_text": "Too Many Requests" }));
    assert!(refused.header("retry-after").is_none());
    emulator.clock().advance(Duration::from_secs(10));
    assert_eq!(statuses(1).await, [200]);
}

#[tokio::test]
async fn a_hash_blocks_no_other_request() {
    let (_emulator, vault) = start().await;
    vault.configure(|settings| settings.bcrypt_cost = 10);
    let users = format!("{TENANT}/users");
    let id = |made: &Response| made.json()["id"].as_str().unwrap().to_owned();
    let mut hashing = Vec::new();
    for _ in 0..8 {
        let user = id(&call(&vault, "POST", &users, Some(&json!({}))).await);
        let (vault, path) = (vault.clone(), format!("{users}/{user}/credentials"));
        let body = json!({ "password": { "alg": "plain", "hash": "1234567890" } });
        hashing.push(tokio::spawn(async move { call(&vault, "POST", &path, Some(&body)).await }));
    }
    // Each waits for all earlier requests of the same namespace.
    for _ in 0..5 {
        get(&vault, "/v1/tenants").await;
    }
    assert!(!hashing.iter().all(|one| one.is_finished()));
    let mut hashes = Vec::new();
    for one in hashing {
        let made = one.await.unwrap();
        assert_eq!(made.status, 200, "{}", made.text());
        hashes.push(made.json()["password"]["hash"].as_str().unwrap().to_owned());
    }
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), 8, "each has its salt");
}

#[tokio::test]
async fn a_password_that_the_proxy_refuses_is_not_hashed() {
    // A hash draws a salt, which changes the ids after it.
    let id_after = async |is_password: bool| {
        let (_emulator, vault) = start().await;
        let users = format!("{TENANT}/users");
        let create = async || call(&vault, "POST", &users, Some(&json!({}))).await.json()["id"].clone();
        let user = create().await;
        vault.configure(|settings| settings.calls_per_window = Some(0));
        let path = format!("{users}/{}/credentials", user.as_str().unwrap());
        let password = json!({ "password": { "alg": "plain", "hash": "1234567890" } });
        let (method, body) = if is_password { ("POST", Some(&password)) } else { ("GET", None) };
        assert_eq!(call(&vault, method, &path, body).await.status, 429);
        vault.configure(|settings| settings.calls_per_window = None);
        create().await
    };
    assert_eq!(id_after(true).await, id_after(false).await);
}
