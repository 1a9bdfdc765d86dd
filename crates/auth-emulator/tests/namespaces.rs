//! Namespaces: tests in parallel share one process and don't see each other; requests are assigned by path, header or
//! credential; signatures and addresses in responses are right below a prefix.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use std::time::Duration;

use auth_emulator::{ClockStart, Emulator, Fault, FaultRule, Namespace, NamespaceError, Reset, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{Request, Response};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// A request like a foreign client's, which knows a base URL and a credential.
fn verigator(namespace: &Namespace, method: &str, path: &str, body: &Value) -> Request {
    let verigator = namespace.verigator();
    let request = Request::new(method, &format!("{}/v1/service{path}", verigator.base_url()))
        .header("X-Service-Auth", &format!("{}:{}", verigator.username(), verigator.password()))
        .header("Accept", "application/json")
        .header("Content-Type", "application/json");
    if body.is_null() { request } else { request.json(body) }
}

fn service(name: &str) -> Value {
    json!({ "fqdn": format!("{name}.example"), "name": name })
}

async fn created(namespace: &Namespace, name: &str) -> Response {
    verigator(namespace, "POST", "/service", &service(name)).send().await
}

/// A test of the usual form: data, a fault, a code, time that passes, and counts.
async fn usual_test(namespace: Namespace) {
    let response = created(&namespace, "coffeeshop").await;
    assert!(response.status < 300, "{}: the same fqdn exists in no other namespace", response.text());
    let users = format!("/service/{}/users", response.json()["id"].as_str().unwrap());
    let anna = json!({ "id_in_service": "anna", "phone_number": "+37251000001" });
    let user = verigator(&namespace, "POST", &users, &anna).send().await.json();
    let auth = format!("{users}/{}/auth", user["id"].as_str().unwrap());
    namespace.add_fault(FaultRule::new("verigator", Fault::status(503)).method("POST")).unwrap();
    let start = json!({ "method": "sms" });
    assert_eq!(verigator(&namespace, "POST", &auth, &start).send().await.status, 503);
    verigator(&namespace, "POST", &auth, &start).send().await;
    let codes = namespace.pending_codes();
    assert_eq!(codes.len(), 1, "{codes:?}");
    namespace.clock().advance(Duration::from_secs(301));
    let late = json!({ "token": codes[0].code });
    let late = verigator(&namespace, "PUT", &auth, &late).send().await.json();
    assert_eq!(late["verified"], false, "{late}");
    let contact = Request::new("GET", &format!("{}/api/Contact/17", namespace.virtuous().base_url()))
        .header("Authorization", &format!("Bearer {}", namespace.virtuous().api_key()));
    assert_eq!(contact.send().await.status, 200);
    assert_eq!(namespace.effects().count("verigator", "sms_sent"), 1);
    assert_eq!(namespace.journal_of("verigator").len(), 5);
    assert_eq!(namespace.journal_of("virtuous").len(), 1);
    assert!(namespace.faults().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_parallel_tests_share_an_emulator() {
    let start = ClockStart::Frozen(Timestamp::from_unix_seconds(1_700_000_000));
    let emulator = Emulator::builder().clock(start).start().await.unwrap();
    let mut tests = tokio::task::JoinSet::new();
    for number in 0..50 {
        tests.spawn(usual_test(emulator.namespace(&format!("test-{number}")).unwrap()));
    }
    let passed = tests.join_all().await.len();
    assert_eq!((passed, emulator.namespaces().len()), (50, 51));
    assert!(emulator.journal().is_empty() && emulator.effects().iter().count() == 0);
    assert_eq!(emulator.clock().now().unix_seconds(), 1_700_000_000);
    let first = journal(&emulator.namespace("test-0").unwrap());
    for number in 1..50 {
        let other = journal(&emulator.namespace(&format!("test-{number}")).unwrap());
        assert_ne!(other, first, "ids are different");
    }
    emulator.drop_namespace("test-0").unwrap();
    usual_test(emulator.namespace("test-0").unwrap()).await;
    let again = journal(&emulator.namespace("test-0").unwrap());
    assert_eq!(again, first, "the same requests in a namespace of the same name make the same journal");
}

fn journal(namespace: &Namespace) -> String {
    serde_json::to_string(&namespace.journal()).unwrap()
}

#[tokio::test]
async fn a_header_names_a_namespace_too() {
    let emulator = Emulator::start().await.unwrap();
    let request = verigator(&emulator, "POST", "/service", &service("a"));
    for (name, entries) in [("one", 1), ("two", 1), ("default", 1)] {
        let response = request.clone().header("X-Emulator-Namespace", name).send().await;
        assert!(response.status < 300, "{name}: {}", response.text());
        assert_eq!(emulator.namespace(name).unwrap().journal().len(), entries, "{name}");
    }
    assert_eq!(emulator.namespaces(), ["default", "one", "two"]);
    let one = emulator.namespace("one").unwrap();
    let both = verigator(&one, "GET", "/service/x", &Value::Null);
    assert_eq!(both.clone().header("X-Emulator-Namespace", "one").send().await.status, 404);
    let ambiguous = both.header("X-Emulator-Namespace", "two").send().await;
    assert_eq!(ambiguous.status, 400, "{}", ambiguous.text());
}

#[tokio::test]
async fn a_credential_of_its_own_leads_to_a_namespace() {
    let emulator = Emulator::start().await.unwrap();
    let own = emulator.namespace_with_seed("own", 7).unwrap();
    let shared = emulator.namespace("shared").unwrap();
    let virtuous = |key: &str| {
        Request::new("GET", &format!("{}/api/Contact/17", emulator.virtuous().base_url()))
            .header("Authorization", &format!("Bearer {key}"))
    };
    assert_eq!(virtuous(&own.virtuous().api_key()).send().await.status, 200);
    assert_eq!(virtuous(&shared.virtuous().api_key()).send().await.status, 200);
    assert_eq!(virtuous("v_emulator_wrong").send().await.status, 401);
    assert_eq!((own.journal().len(), shared.journal().len(), emulator.journal().len()), (1, 0, 2));
    let error = emulator.namespace_with_seed("own", 8).unwrap_err();
    assert_eq!(error, NamespaceError::OtherSeed("own".to_owned()));
    emulator.drop_namespace("own").unwrap();
    assert_eq!(virtuous(&own.virtuous().api_key()).send().await.status, 401);
}

/// A vendor's sample resolves the path of the discovery document against the issuer, which drops a prefix.
#[tokio::test]
async fn an_issuer_of_a_namespace_has_a_port_and_no_prefix() {
    let emulator = Emulator::start().await.unwrap();
    let discovery = "/.well-known/openid-configuration";
    let mut issuers = Vec::new();
    for name in ["default", "one", "two"] {
        let namespace = emulator.namespace(name).unwrap();
        let login = namespace.vaultvision().prepare_login("http://localhost:8090/auth/callback").unwrap();
        assert_eq!(namespace.ready().providers["vaultvision"].env["VV_ISSUER_URL"], login.issuer);
        assert_eq!(common::split_url(&login.issuer).1, "", "{}", login.issuer);
        let document = Request::new("GET", &format!("{}{discovery}", login.issuer)).send().await.json();
        assert_eq!(document["issuer"], login.issuer);
        let authorize = format!(
            "{}?response_type=code&scope=openid&client_id={}&redirect_uri=http%3A%2F%2Flocalhost%3A8090%2Fauth%2Fcallback",
            document["authorization_endpoint"].as_str().unwrap(),
            login.client_id
        );
        let page = Request::new("GET", &authorize).send().await;
        assert_eq!(page.status, 200, "{}", page.text());
        assert_eq!(namespace.journal().len(), 2, "{name}");
        issuers.push(login.issuer);
    }
    issuers.dedup();
    assert_eq!((issuers.len(), emulator.journal().len()), (3, 2));
    // An address that was built by hand is refused with the right way.
    let at_default = format!("{}/ns/one{discovery}", issuers[0]);
    let in_header = Request::new("GET", &format!("{}{discovery}", issuers[0]));
    for request in [Request::new("GET", &at_default), in_header.header("X-Emulator-Namespace", "one")] {
        let refused = request.send().await;
        assert_eq!(refused.status, 400);
        assert!(refused.text().contains("auth-emulator env --namespace one"), "{}", refused.text());
    }
    emulator.drop_namespace("one").unwrap();
    let (address, _) = common::split_url(&issuers[1]);
    common::until("closed", async || tokio::net::TcpStream::connect(address).await.is_err()).await;
    // A page that is open changes nothing about that.
    let (address, _) = common::split_url(&issuers[2]);
    let (control, _) = common::split_url(emulator.control_url());
    let mut events = tokio::net::TcpStream::connect(control).await.unwrap();
    let token = emulator.control_token();
    let head = format!(
        "GET /ns/two/events HTTP/1.1\r\nHost: {control}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    events.write_all(head.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    events.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    emulator.drop_namespace("two").unwrap();
    common::until("closed", async || tokio::net::TcpStream::connect(address).await.is_err()).await;
    events.read_to_end(&mut Vec::new()).await.unwrap();
}

#[tokio::test]
async fn every_kind_of_credential_leads_to_its_namespace() {
    let emulator = Emulator::start().await.unwrap();
    let own = emulator.namespace_with_seed("own", 7).unwrap();
    let listed =
        Request::new("GET", &format!("{}/v1/service/service/x/users", emulator.verigator().base_url()));
    let pair = format!("{}:{}", own.verigator().username(), own.verigator().password());
    let listed = listed.header("X-Service-Auth", &pair).header("Accept", "application/json");
    assert_eq!(listed.send().await.status, 404, "there is no such service");

    let virtuous = own.virtuous();
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let form = format!(
        "grant_type=password&username={}&password={}",
        encode(&virtuous.username()),
        encode(&virtuous.password())
    );
    let at = |path: &str| format!("{}{path}", emulator.virtuous().base_url());
    let issued = Request::new("POST", &at("/Token")).body(form);
    let issued = issued.header("Content-Type", "application/x-www-form-urlencoded").send().await;
    assert_eq!(issued.status, 200, "{}", issued.text());
    let bearer = format!("Bearer {}", issued.json()["access_token"].as_str().unwrap());
    let contact = Request::new("GET", &at("/api/Contact/17")).header("Authorization", &bearer);
    assert_eq!(contact.send().await.status, 200, "a token that was issued leads there, too");

    let host = emulator.vise().host(0);
    let phrase = encode(&own.vise().phrase(0));
    let opened = Request::new("GET", &format!("http://{host}/auth?pfk={phrase}")).send().await;
    assert_eq!(opened.status, 200, "{}", opened.text());
    assert_eq!((own.journal().len(), emulator.journal().len()), (4, 0));

    // A credential that two of them have names neither.
    let _same = emulator.namespace_with_seed("same", 7).unwrap();
    let ambiguous = listed.send().await;
    assert_eq!((ambiguous.status, emulator.journal().len()), (400, 0), "{}", ambiguous.text());
    emulator.drop_namespace("same").unwrap();
    assert_eq!(listed.send().await.status, 404);
}

#[tokio::test]
async fn invalid_names_and_too_many_namespaces_are_rejected() {
    let emulator = Emulator::builder().max_namespaces(3).start().await.unwrap();
    let at = |path: &str| Request::new("GET", &format!("{}{path}", emulator.virtuous().base_url()));
    for path in ["/ns/", "/ns//api/Contact/17", "/ns/a%20b/api/Contact/17", "/ns/../api/Contact/17"] {
        let response = at(path).send().await;
        assert_eq!(response.status, 400, "{path}");
        assert!(response.json()["message"].as_str().unwrap().starts_with("invalid namespace"), "{path}");
    }
    let foreign = at("/ns/evil/api/Contact/17").host("evil.example").send().await;
    assert_eq!((foreign.status, emulator.namespaces().len()), (403, 1));
    assert_eq!(at("/ns/one/api/Contact/17").send().await.status, 401);
    assert_eq!(at("/ns/two").send().await.status, 404);
    let full = at("/ns/three/x").send().await;
    assert_eq!(full.status, 507, "{}", full.text());
    emulator.drop_namespace("one").unwrap();
    assert_eq!(at("/ns/three/x").send().await.status, 404);
    assert_eq!(emulator.drop_namespace("one").unwrap_err(), NamespaceError::NotFound("one".to_owned()));
    assert_eq!(emulator.drop_namespace("default").unwrap_err(), NamespaceError::Default);
}

fn hmac256(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn signatures_cover_the_path_with_or_without_the_namespace() {
    let emulator = Emulator::start().await.unwrap();
    let namespace = emulator.namespace("signed").unwrap();
    let revesecure = namespace.revesecure();
    let key: Vec<u8> = (0..revesecure.secret_key().len() / 2)
        .map(|at| u8::from_str_radix(&revesecure.secret_key()[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let date = "Tue, 21 Aug 2012 17:29:18 -0000";
    for (signed_path, status) in
        [("/ns/signed/rest/v1/users", 200), ("/rest/v1/users", 200), ("/ns/other/rest/v1/users", 401)]
    {
        let text = format!("{date}\nGET\n127.0.0.1\n{signed_path}\n");
        let pair = format!("{}:{}", revesecure.api_key(), hex(&hmac256(&key, &text)));
        let request = Request::new("GET", &format!("{}/rest/v1/users", revesecure.base_url()))
            .header("Date", date)
            .header("Authorization", &format!("Basic {}", STANDARD.encode(pair)));
        let response = request.send().await;
        assert_eq!(response.status, status, "{signed_path}: {}", response.text());
    }
}

#[tokio::test]
async fn a_redirect_stays_in_the_namespace() {
    let emulator = Emulator::start().await.unwrap();
    let namespace = emulator.namespace("vise").unwrap();
    let vise = namespace.vise();
    vise.configure(|settings| {
        settings.opened_response = auth_emulator::providers::vise::OpenedResponse::RedirectFirst;
    });
    let phrase: String = vise.phrase(0).bytes().map(|byte| format!("%{byte:02X}")).collect();
    let opened = Request::new("GET", &format!("http://{}/auth?pfk={phrase}", vise.host(0))).send().await;
    assert_eq!(opened.header("location"), Some("/ns/vise/welcome?from=auth"), "{opened:?}");
}

#[tokio::test]
async fn the_control_api_acts_on_a_namespace() {
    let emulator = Emulator::start().await.unwrap();
    let namespace = emulator.namespace("one").unwrap();
    created(&namespace, "a").await;
    let token = format!("Bearer {}", emulator.control_token());
    let at = |path: &str| Request::new("GET", &format!("{}{path}", emulator.control_url()));
    let journal = |request: Request| {
        let request = request.header("Authorization", &token);
        async move { request.send().await.json().as_array().unwrap().len() }
    };
    assert_eq!(journal(at("/journal")).await, 0);
    assert_eq!(journal(at("/ns/one/journal?limit=5")).await, 1);
    assert_eq!(journal(at("/journal").header("X-Emulator-Namespace", "one")).await, 1);
    let url = format!("{}/journal", namespace.control_url());
    assert_eq!(journal(Request::new("GET", &url)).await, 1);
    assert_eq!(at("/ns/new/journal").send().await.status, 401, "no token");
    let unknown = at("/ns/new/journal").header("Authorization", &token).send().await;
    assert_eq!((unknown.status, emulator.namespaces().len()), (404, 2), "a read creates none");
    let clear = Request::new("POST", &format!("{}/ns/new/reset/journal", emulator.control_url()));
    assert_eq!(clear.header("Authorization", &token).send().await.status, 200);
    assert_eq!(emulator.namespaces(), ["default", "new", "one"]);
}

#[tokio::test]
async fn snapshots_restore_data_settings_clock_and_faults() {
    let start = ClockStart::Frozen(Timestamp::from_unix_seconds(1_700_000_000));
    let emulator = Emulator::builder().clock(start).start().await.unwrap();
    let id = created(&emulator, "a").await.json()["id"].as_str().unwrap().to_owned();
    emulator.add_fault(FaultRule::new("virtuous", Fault::status(503))).unwrap();
    emulator.verigator().configure(|settings| settings.code_lifetime_seconds = 7);
    emulator.save("one service").unwrap();
    let get = |namespace: &Namespace| verigator(namespace, "GET", &format!("/service/{id}"), &Value::Null);

    let later = created(&emulator, "b").await.json();
    emulator.reset(Reset::All);
    emulator.clock().advance(Duration::from_secs(60));
    assert_eq!(get(&emulator).send().await.status, 404);
    emulator.restore("one service").unwrap();
    assert_eq!(get(&emulator).send().await.status, 200);
    assert_eq!(emulator.clock().now().unix_seconds(), 1_700_000_000);
    assert_eq!((emulator.faults().len(), emulator.verigator().settings().code_lifetime_seconds), (1, 7));
    assert_eq!(created(&emulator, "b").await.json(), later, "ids continue where they were");

    let fork = emulator.fork("fork").unwrap();
    assert_eq!(get(&fork).send().await.status, 200);
    assert_eq!(emulator.fork("fork").err(), Some(NamespaceError::Exists("fork".to_owned())));
    let elsewhere = emulator.namespace("elsewhere").unwrap();
    assert_eq!(get(&elsewhere).send().await.status, 404);
    elsewhere.restore("one service").unwrap();
    assert_eq!(get(&elsewhere).send().await.status, 200);
    verigator(&elsewhere, "DELETE", &format!("/service/{id}"), &Value::Null).send().await;
    assert_eq!(get(&elsewhere).send().await.status, 404);
    assert_eq!((get(&fork).send().await.status, get(&emulator).send().await.status), (200, 200));
}

/// The tokens and ids that each provider issues.
async fn issued(namespace: &Namespace) -> Vec<String> {
    let virtuous = namespace.virtuous();
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let form = format!(
        "grant_type=password&username={}&password={}",
        encode(&virtuous.username()),
        encode(&virtuous.password())
    );
    let request = Request::new("POST", &format!("{}/Token", virtuous.base_url())).body(form);
    let token = request.header("Content-Type", "application/x-www-form-urlencoded").send().await.json();
    let vise = namespace.vise();
    let url = format!("http://{}/auth?pfk={}", vise.host(0), encode(&vise.phrase(0)));
    let session = Request::new("GET", &url).header("X-Emulator-Namespace", namespace.name()).send().await;
    let login = namespace.vaultvision().prepare_login("http://localhost:8090/callback").unwrap();
    let service = created(namespace, "issued").await.json();
    vec![
        token["access_token"].as_str().unwrap().to_owned(),
        token["refresh_token"].as_str().unwrap().to_owned(),
        format!("{:?}", session.headers.iter().filter(|(name, _)| name == "set-cookie").collect::<Vec<_>>()),
        login.client_secret,
        login.client_id,
        service["id"].as_str().unwrap().to_owned(),
    ]
}

#[tokio::test]
async fn namespaces_issue_different_tokens_and_ids() {
    let start = async || {
        let clock = ClockStart::Frozen(Timestamp::from_unix_seconds(1_700_000_000));
        let emulator = Emulator::builder().clock(clock).start().await.unwrap();
        emulator.save("empty").unwrap();
        emulator.verigator().configure(|_| {});
        emulator.save("used").unwrap();
        let exported = emulator.export().unwrap();
        let fork = emulator.fork("fork").unwrap();
        let mut all = vec![issued(&emulator).await];
        for name in ["one", "two"] {
            all.push(issued(&emulator.namespace(name).unwrap()).await);
        }
        for snapshot in ["empty", "used"] {
            let restored = emulator.namespace(&format!("restored-{snapshot}")).unwrap();
            restored.restore(snapshot).unwrap();
            all.push(issued(&restored).await);
        }
        let imported = emulator.namespace("imported").unwrap();
        imported.import(&exported).unwrap();
        all.push(issued(&imported).await);
        all.push(issued(&fork).await);
        (emulator, all)
    };
    let (emulator, all) = start().await;
    assert_eq!(start().await.1, all, "seed and name determine them");
    for kind in 0..all[0].len() {
        let distinct: std::collections::BTreeSet<_> = all.iter().map(|issued| &issued[kind]).collect();
        assert_eq!(distinct.len(), all.len(), "{distinct:?}");
    }
    let other = emulator.namespace("one").unwrap();
    let contact = Request::new("GET", &format!("{}/api/Contact/17", other.virtuous().base_url()));
    let foreign = contact.header("Authorization", &format!("Bearer {}", all[0][0])).send().await;
    assert_eq!(foreign.status, 401, "a token of another namespace");
    assert_eq!(emulator.vise().phrase(0), other.vise().phrase(0), "the credentials are the same");
    emulator.restore("used").unwrap();
    assert_eq!(issued(&emulator).await, all[0], "its own snapshot continues where it was");
    // A given seed is used as it is.
    let seeded = |name: &str| emulator.namespace_with_seed(name, 7).unwrap();
    assert_eq!(created(&seeded("a"), "x").await.json(), created(&seeded("b"), "x").await.json());
    let error = emulator.namespace_with_seed("one", 0x6175_7468).unwrap_err();
    assert_eq!(
        error,
        NamespaceError::OtherSeed("one".to_owned()),
        "it has another one than the default namespace"
    );
}

#[tokio::test]
async fn the_same_seed_and_requests_make_the_same_journal() {
    let start = ClockStart::Frozen(Timestamp::from_unix_seconds(1_700_000_000));
    let emulator = Emulator::builder().seed(7).clock(start).start().await.unwrap();
    let run = async || {
        let mut responses = Vec::new();
        for name in ["a", "a", "b"] {
            responses.push(format!("{:?}", created(&emulator, name).await));
        }
        emulator.add_fault(FaultRule::new("verigator", Fault::status(503))).unwrap();
        responses.push(format!("{:?} {:?}", created(&emulator, "c").await, emulator.faults()));
        let entries = emulator.journal();
        let ids = entries.iter().map(|entry| emulator.explain(&entry.request_id)).collect::<Vec<_>>();
        (responses, serde_json::to_string(&ids).unwrap())
    };
    let first = run().await;
    emulator.clock().advance(Duration::from_secs(5));
    emulator.reset(Reset::All);
    assert_eq!(run().await, first);
}

#[tokio::test]
async fn the_control_api_manages_namespaces_and_snapshots() {
    let emulator = Emulator::start().await.unwrap();
    let token = format!("Bearer {}", emulator.control_token());
    let call = async |method: &str, path: &str, body: Value| {
        let request = Request::new(method, &format!("{}{path}", emulator.control_url()));
        let response = request.header("Authorization", &token).json(&body).send().await;
        (response.status, response.json())
    };
    created(&emulator, "a").await;
    assert_eq!(call("POST", "/snapshots/one", json!({})).await.0, 201);
    assert_eq!(call("GET", "/snapshots", json!({})).await, (200, json!(["one"])));
    let (status, made) = call("POST", "/namespaces", json!({ "name": "copy", "from": "default" })).await;
    assert_eq!(
        (status, &made["providers"]["verigator"]["base_url"]),
        (201, &json!(emulator.namespace("copy").unwrap().verigator().base_url()))
    );
    let copy = emulator.namespace("copy").unwrap();
    assert_eq!(created(&copy, "a").await.status, 409, "it was copied");
    assert!(created(&copy, "b").await.status < 300);
    assert_eq!(call("POST", "/namespaces", json!({ "name": "copy", "from": "default" })).await.0, 422);
    assert_eq!(created(&copy, "b").await.status, 409, "it was not replaced");
    assert_eq!(call("POST", "/namespaces", json!({ "name": "other", "seed": 9 })).await.0, 201);
    assert_eq!(call("GET", "/namespaces", json!({})).await.1, json!(["default", "copy", "other"]));
    assert_eq!(call("POST", "/ns/other/snapshots/one/restore", json!({})).await.0, 200);
    assert_eq!(call("DELETE", "/namespaces/copy", json!({})).await.0, 200);
    assert_eq!(call("DELETE", "/snapshots/one", json!({})).await.0, 200);
    for (method, path, body, status) in [
        ("POST", "/namespaces", json!({ "name": "a/b" }), 422),
        ("POST", "/namespaces", json!({ "name": "x", "from": "nobody" }), 404),
        ("POST", "/namespaces", json!({ "name": "x", "sed": 1 }), 422),
        ("POST", "/namespaces", json!({ "name": "other", "seed": 10 }), 422),
        ("DELETE", "/namespaces/copy", json!({}), 404),
        ("DELETE", "/namespaces/default", json!({}), 422),
        ("POST", "/snapshots/one/restore", json!({}), 404),
        ("DELETE", "/snapshots/one", json!({}), 404),
    ] {
        assert_eq!(call(method, path, body).await.0, status, "{method} {path}");
    }
    assert_eq!(emulator.namespaces(), ["default", "other"]);
}
