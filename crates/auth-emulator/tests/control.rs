//! The control API, route by route, and its typed counterparts.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use auth_emulator::{
    ClockStart, DecisionError, Effect, Emulator, Fault, FaultRule, Namespace, Reset, Timestamp, TokensError,
};
use common::{Request, Response, until};
use serde_json::{Value, json};

const START: i64 = 1_700_000_010;

async fn start() -> Emulator {
    let clock = ClockStart::Frozen(Timestamp::from_unix_seconds(START));
    Emulator::builder().clock(clock).start().await.unwrap()
}

fn control(emulator: &Emulator, method: &str, path: &str) -> Request {
    let bearer = format!("Bearer {}", emulator.control_token());
    Request::new(method, &format!("{}{path}", emulator.control_url())).header("Authorization", &bearer)
}

async fn get(emulator: &Emulator, path: &str) -> Value {
    let response = control(emulator, "GET", path).send().await;
    assert_eq!(response.status, 200, "{path}: {}", response.text());
    response.json()
}

async fn post(emulator: &Emulator, path: &str, body: &Value) -> Response {
    control(emulator, "POST", path).json(body).send().await
}

fn error_code(response: &Response) -> (u16, String) {
    let body = response.json();
    assert!(!body["error"]["message"].as_str().expect("no message").is_empty());
    (response.status, body["error"]["code"].as_str().expect("no code").to_owned())
}

fn provider(emulator: &Emulator, method: &str, path: &str) -> Request {
    let verigator = emulator.verigator();
    let credential = format!("{}:{}", verigator.username(), verigator.password());
    Request::new(method, &format!("{}/v1/service{path}", verigator.base_url()))
        .header("X-Service-Auth", &credential)
        .header("Accept", "application/json")
        .header("Content-Type", "application/json")
}

/// A service with a user and a started authentication: its path, and the user's id.
async fn started(emulator: &Emulator, name: &str) -> (String, String) {
    let service = json!({ "fqdn": format!("{name}.example"), "name": "CoffeeShop" });
    let service = provider(emulator, "POST", "/service").json(&service).send().await.json();
    let users = format!("/service/{}/users", service["id"].as_str().unwrap());
    let user = json!({ "id_in_service": name, "phone_number": "+37251000001" });
    let user = provider(emulator, "POST", &users).json(&user).send().await.json();
    let id = user["id"].as_str().unwrap().to_owned();
    let auth = format!("{users}/{id}/auth");
    let begun = provider(emulator, "POST", &auth).json(&json!({ "method": "sms" })).send().await;
    assert_eq!(begun.status, 200);
    (auth, id)
}

#[tokio::test]
async fn every_route_requires_the_token() {
    let emulator = start().await;
    let token = emulator.control_token().to_owned();
    for path in ["/health", "/pending-codes", "/journal", "/no/such/path"] {
        let bare = control(&emulator, "GET", path).without("authorization");
        for attempt in [
            bare.clone(),
            bare.clone().header("Authorization", &token),
            bare.clone().header("Authorization", "Bearer "),
            bare.clone().header("Authorization", &format!("Bearer {token}x")),
            bare.clone().header("Authorization", &format!("Basic {token}")),
            bare.clone()
                .header("Authorization", &format!("Bearer {token}"))
                .header("Authorization", &format!("Bearer {token}")),
            bare.clone().header("X-Token", &token),
        ] {
            let refused = attempt.send().await;
            assert_eq!(error_code(&refused), (401, "unauthorized".to_owned()), "{attempt:?}");
            assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
        }
    }
    let reset = control(&emulator, "POST", "/reset/all").without("authorization").send().await;
    assert_eq!(reset.status, 401);
}

/// Names that must exist: each is compiled as a value.
macro_rules! library {
    ($($path:path),+ $(,)?) => {{
        $(let _ = $path;)+
        [$(stringify!($path)),+]
    }};
}

#[test]
fn every_control_has_its_counterpart_in_the_library() {
    use auth_emulator::providers::verigator::Verigator;
    use auth_emulator::{Clock, controls};
    let methods = library![
        Clock::advance,
        Clock::read,
        Namespace::add_fault,
        Namespace::approve,
        Namespace::clear_faults,
        Namespace::deny,
        Namespace::effects,
        Namespace::expire_code,
        Namespace::expire_tokens,
        Namespace::explain,
        Namespace::faults,
        Namespace::journal,
        Namespace::pending_codes,
        Namespace::ready,
        Namespace::records,
        Namespace::remove_fault,
        Namespace::reset,
        Namespace::revoke_tokens,
        Emulator::start,
        Verigator::change_settings,
        Verigator::install_app,
        Verigator::settings,
        controls,
        Emulator::namespaces,
        Emulator::namespace,
        Emulator::drop_namespace,
        Namespace::snapshots,
        Namespace::save,
        Namespace::restore,
        Namespace::delete_snapshot,
        Namespace::expect,
        Namespace::export,
        Namespace::import,
    ];
    for control in controls() {
        // stringify! may put spaces around the colons.
        let found = methods.iter().any(|method| method.replace(' ', "") == control.library);
        assert!(found, "{}: add {:?} to the list above", control.name, control.library);
    }
}

#[test]
fn the_readme_lists_every_control() {
    let readme = include_str!("../README.md");
    for control in auth_emulator::controls() {
        let (method, path) = (control.method, control.path.replace("{request_id}", "{request-id}"));
        let line = readme.lines().find(|line| {
            line.starts_with("| `")
                && line.contains(&path)
                && line.split(&path).next().unwrap().contains(method)
        });
        assert!(line.is_some(), "{method} {path} is missing in the table of the README");
    }
}

#[tokio::test]
async fn the_catalog_describes_the_controls() {
    let emulator = start().await;
    let catalog = get(&emulator, "/catalog").await;
    let names: Vec<_> = catalog.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    let expected: Vec<_> = auth_emulator::controls().iter().map(|control| control.name).collect();
    assert_eq!(names, expected);
    let reset = catalog.as_array().unwrap().iter().find(|one| one["name"] == "reset").unwrap();
    let expected = json!({
        "name": "reset", "method": "POST", "path": "/reset/{what}", "status": 200, "token": true,
        "library": "Namespace::reset", "help": "Restore a part to its state at start.",
        "arguments": [{
            "name": "what", "required": true,
            "kind": { "choice": ["journal", "state", "faults", "clock", "all"] },
            "help": "the part; journal includes the effects, all includes the settings",
        }, {
            "name": "provider", "required": false, "kind": "text", "help": "limits state and all to one provider",
        }],
    });
    assert_eq!(*reset, expected);
    // Without a token, but not under a foreign name.
    let livez = control(&emulator, "GET", "/livez").without("authorization");
    assert_eq!(livez.send().await.json(), json!({ "status": "ok" }));
    assert_eq!(livez.host("rebound.example").send().await.status, 403);
}

#[tokio::test]
async fn health_lists_the_providers() {
    let emulator = start().await;
    let health = get(&emulator, "/health").await;
    assert_eq!(health["status"], "ok");
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    assert!(health["providers"].as_array().unwrap().contains(&json!("verigator")));
    assert_eq!((&health["relaxed"], &health["env_command"]), (&json!([]), &Value::Null));
    let providers = get(&emulator, "/providers").await;
    assert_eq!(providers[3]["name"], "virtuous");
    assert_eq!(providers[3]["setting_words"]["otp_placement"], json!(["either", "form", "header"]));
}

#[tokio::test]
async fn unknown_paths_and_methods_are_json_errors() {
    let emulator = start().await;
    let unknown = control(&emulator, "GET", "/nothing").send().await;
    assert_eq!(error_code(&unknown), (404, "not_found".to_owned()));
    let method = control(&emulator, "DELETE", "/health").send().await;
    assert_eq!(error_code(&method), (405, "method_not_allowed".to_owned()));
    assert_eq!(method.header("allow"), Some("GET,HEAD"));
    let large = control(&emulator, "POST", "/clock").body("x".repeat(4 * 1024 * 1024 + 1)).send().await;
    assert_eq!(error_code(&large).0, 413);
}

#[tokio::test]
async fn pending_codes_are_listed_and_found_by_every_name() {
    let emulator = start().await;
    assert_eq!(get(&emulator, "/pending-codes").await, json!([]));
    let (auth, id) = started(&emulator, "anna").await;
    started(&emulator, "berta").await;
    let all = get(&emulator, "/pending-codes").await;
    assert_eq!(all.as_array().unwrap().len(), 2);
    let anna = get(&emulator, "/pending-codes?provider=verigator&subject=anna").await;
    let code = anna[0]["code"].as_str().unwrap();
    let expected = json!([{
        "provider": "verigator", "subject": "anna", "kind": "sms", "id": anna[0]["id"], "code": code,
        "service": "CoffeeShop", "expires_at": "2023-11-14T22:18:30.000Z",
    }]);
    assert_eq!(anna, expected);
    assert_eq!(get(&emulator, &format!("/pending-codes?subject={id}")).await, expected);
    for both in ["/pending-codes?subject=%2B37251000001", "/pending-codes?subject=+37251000001"] {
        assert_eq!(get(&emulator, both).await.as_array().unwrap().len(), 2, "{both}");
    }
    assert_eq!(get(&emulator, "/pending-codes?subject=nobody").await, json!([]));
    let typed = emulator.pending_codes_for("verigator", "anna");
    assert_eq!((typed.len(), typed[0].code.as_str()), (1, code));
    let verified = provider(&emulator, "PUT", &auth).json(&json!({ "token": code })).send().await;
    assert_eq!(verified.json()["verified"], true);
    assert_eq!(get(&emulator, "/pending-codes?subject=anna").await, json!([]));

    let misspelt = control(&emulator, "GET", "/pending-codes?provider=verigador").send().await;
    assert_eq!(error_code(&misspelt).0, 404);
    let misspelt = control(&emulator, "GET", "/pending-codes?subjekt=anna").send().await;
    assert_eq!(error_code(&misspelt).0, 422);
}

#[tokio::test]
async fn codes_can_be_expired_but_not_approved_where_they_are_typed() {
    let emulator = start().await;
    let (auth, _) = started(&emulator, "anna").await;
    let code = emulator.pending_codes()[0].clone();
    for decision in ["approve", "deny"] {
        let refused = post(&emulator, &format!("/pending-codes/{}/{decision}", code.id), &json!({})).await;
        assert_eq!(error_code(&refused), (422, "invalid".to_owned()));
    }
    assert!(matches!(emulator.approve(&code.id), Err(DecisionError::NotPossible(_))));
    assert!(matches!(emulator.deny(&code.id), Err(DecisionError::NotPossible(_))));
    assert_eq!(post(&emulator, &format!("/pending-codes/{}/eat", code.id), &json!({})).await.status, 404);
    assert_eq!(post(&emulator, "/pending-codes/none/expire", &json!({})).await.status, 404);
    assert!(matches!(emulator.expire_code("none"), Err(DecisionError::NotFound(_))));

    let expired = control(&emulator, "POST", &format!("/pending-codes/{}/expire", code.id)).send().await;
    assert_eq!(expired.status, 200);
    assert!(emulator.pending_codes().is_empty());
    let late = provider(&emulator, "PUT", &auth).json(&json!({ "token": code.code })).send().await;
    assert_eq!(late.json()["status"]["result"], "EXPIRED");
}

#[tokio::test]
async fn each_reset_affects_only_its_part() {
    let emulator = start().await;
    let fill = async || {
        started(&emulator, "anna").await;
        emulator.clock().advance(Duration::from_secs(60));
        emulator.verigator().set_max_wrong_tries(1);
        emulator.add_fault(FaultRule::new("verigator", Fault::status(503)).after(100)).unwrap();
    };
    // Prepares journal, effects, codes, faults, an advanced clock and a changed setting.
    let left = || {
        (
            !emulator.journal().is_empty(),
            emulator.effects().iter().count() > 0,
            !emulator.pending_codes().is_empty(),
            !emulator.faults().is_empty(),
            emulator.clock().now().unix_seconds() > START,
            emulator.verigator().settings().max_wrong_tries == 1,
        )
    };
    for (what, expected) in [
        ("journal", (false, false, true, true, true, true)),
        ("state", (true, true, false, true, true, true)),
        ("faults", (true, true, true, false, true, true)),
        ("clock", (true, true, true, true, false, true)),
        ("all", (false, false, false, false, false, false)),
    ] {
        emulator.reset(Reset::All);
        fill().await;
        assert_eq!(left(), (true, true, true, true, true, true));
        let response = control(&emulator, "POST", &format!("/reset/{what}")).send().await;
        assert_eq!((response.status, response.json()), (200, json!({ "ok": true })));
        assert_eq!(left(), expected, "{what}");
    }
    assert_eq!(control(&emulator, "POST", "/reset/everything").send().await.status, 404);
    fill().await;
    for (provider, what, status, has_codes) in [
        ("verigator", "clock", 422, true),
        ("nobody", "state", 404, true),
        ("virtuous", "state", 200, true),
        ("verigator", "state", 200, false),
    ] {
        let reset = post(&emulator, &format!("/reset/{what}"), &json!({ "provider": provider })).await;
        assert_eq!(
            (reset.status, !emulator.pending_codes().is_empty()),
            (status, has_codes),
            "{provider} {what}"
        );
    }
    assert_eq!(control(&emulator, "GET", "/reset/all").send().await.status, 405);
}

#[tokio::test]
async fn what_an_action_or_a_rule_does_not_have_is_refused() {
    let emulator = start().await;
    for (action, input) in [
        ("vaultvision/actions/rotate-keys", json!({ "tenant": "zzz" })),
        ("vaultvision/actions/issuers", json!({ "bogus": 1 })),
        ("vise/actions/rotate-phrase", json!({ "host": 0, "bogus": 1 })),
        ("virtuous/actions/list-webhooks", json!({ "bogus": 1 })),
        ("vise/settings", json!({ "session_cookie": "a b" })),
        ("vise/settings", json!({ "session_cookie": "" })),
        ("vise/settings", json!({ "auth_path": "noslash" })),
        ("vise/settings", json!({ "auth_path": "/domains" })),
        ("vise/settings", json!({ "auth_parameter": "" })),
        ("vise/settings", json!({ "random_expiry_per_mille": 5000 })),
        ("revesecure/settings", json!({ "signing_host": "A B" })),
        ("vaultvision/settings", json!({ "misconfigured_tenants": ["nope"] })),
    ] {
        let refused = post(&emulator, &format!("/providers/{action}"), &input).await;
        assert_eq!(error_code(&refused), (422, "invalid".to_owned()), "{action} {input}");
    }
    let fault = json!({ "status": 503 });
    for rule in [
        json!({ "provider": "verigator", "method": "BREW", "fault": fault }),
        json!({ "provider": "verigator", "caller": "", "fault": fault }),
        json!({ "provider": "verigator", "operation": "services.create", "method": "GET", "fault": fault }),
        json!({ "provider": "verigator", "operation": "services.create", "path_prefix": "/v2", "fault": fault }),
        json!({ "provider": "verigator", "operation": "services.create", "path_prefix": "/v1/service/service/x", "fault": fault }),
    ] {
        assert_eq!(error_code(&post(&emulator, "/faults", &rule).await).0, 422, "{rule}");
    }
    for rule in [
        json!({ "provider": "verigator", "operation": "users.create", "path_prefix": "/v1/service/service/x", "fault": fault }),
        json!({ "provider": "verigator", "operation": "users.create", "path_prefix": "/v1", "method": "post", "fault": fault }),
        json!({ "provider": "verigator", "operation": "services.create", "path_prefix": "/v1/service", "fault": fault }),
    ] {
        assert_eq!(post(&emulator, "/faults", &rule).await.status, 201, "{rule}");
    }
    let both = json!({ "name": "copy", "seed": 7, "from": "default" });
    assert_eq!(error_code(&post(&emulator, "/namespaces", &both).await).0, 422);
    assert_eq!(control(&emulator, "GET", "/events?bogus=1").send().await.status, 400);
}

#[tokio::test]
async fn a_rule_shows_no_secret_and_affects_its_caller() {
    let emulator = start().await;
    let key = emulator.vaultvision().api_key();
    let rule = json!({ "provider": "vaultvision", "caller": key, "fault": { "status": 503 } });
    assert_eq!(post(&emulator, "/faults", &rule).await.status, 201);
    assert!(!get(&emulator, "/faults").await.to_string().contains(&key));
    let tenants = Request::new("GET", &format!("{}/v1/tenants", emulator.vaultvision().base_url()));
    let tenants = tenants.header("Authorization", &format!("Bearer {key}"));
    assert_eq!(tenants.send().await.status, 503);
}

#[tokio::test]
async fn records_of_every_provider_have_a_kind() {
    let emulator = start().await;
    started(&emulator, "anna").await;
    emulator.vaultvision().prepare_login("https://example.test/cb").unwrap();
    for (provider, kinds) in [
        ("verigator", &["services", "users"][..]),
        ("vaultvision", &["tenants", "users", "applications"]),
        ("vise", &["hosts"]),
        ("virtuous", &["contacts", "gifts", "projects", "emails"]),
    ] {
        let groups = get(&emulator, &format!("/providers/{provider}/records")).await;
        let groups = groups.as_array().unwrap();
        assert!(groups.iter().all(|group| group["kind"] != ""), "{groups:?}");
        for kind in kinds {
            assert!(groups.iter().any(|group| group["kind"] == *kind), "{kind}: {groups:?}");
        }
    }
}

#[tokio::test]
async fn records_of_virtuous_include_those_at_start() {
    let emulator = start().await;
    let kinds = async || {
        let groups = get(&emulator, "/providers/virtuous/records").await;
        let groups = groups.as_array().unwrap().iter();
        groups.map(|one| (one["kind"].as_str().unwrap().to_owned(), one.clone())).collect::<BTreeMap<_, _>>()
    };
    let groups = kinds().await;
    let names: Vec<_> =
        groups["contacts"]["records"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["Anna Larsson", "Bert O'Neil", "Zo\u{eb} M\u{fc}ller"]);
    assert_eq!((&groups["gifts"]["count"], &groups["projects"]["records"][0]["id"]), (&json!(3), &json!(51)));
    emulator.virtuous().configure(|settings| settings.contacts = 200_000);
    emulator.reset(Reset::State);
    let contacts = kinds().await.remove("contacts").unwrap();
    let last = contacts["records"].as_array().unwrap();
    assert_eq!((&contacts["count"], last.len(), &last[99]["id"]), (&json!(200_000), 100, &json!(200_016)));
}

#[tokio::test]
async fn secrets_in_paths_and_headers_are_hidden() {
    let emulator = start().await;
    started(&emulator, "anna").await;
    let code = emulator.pending_codes().remove(0).code;
    let password = emulator.verigator().password();
    let percent: String = password.bytes().map(|byte| format!("%{byte:02x}")).collect();
    for path in [format!("/service/{code}"), format!("/{password}"), format!("/service/x{percent}")] {
        provider(&emulator, "GET", &path).header("User-Agent", &format!("x/{password}")).send().await;
    }
    let journal = get(&emulator, "/journal").await.to_string();
    for secret in [&code, &password, &percent] {
        assert!(!journal.contains(secret.as_str()), "{secret}: {journal}");
    }
}

#[tokio::test]
async fn the_clock_moves_forward_only() {
    let emulator = start().await;
    let reading = get(&emulator, "/clock").await;
    assert_eq!((&reading["now"], &reading["mode"]), (&json!("2023-11-14T22:13:30.000Z"), &json!("frozen")));
    assert!(reading["offset_seconds"].as_i64().unwrap() < 0);

    let advanced = post(&emulator, "/clock", &json!({ "advance_seconds": 90 })).await;
    assert_eq!((advanced.status, &advanced.json()["now"]), (200, &json!("2023-11-14T22:15:00.000Z")));
    let set = post(&emulator, "/clock", &json!({ "set": "2023-11-15T01:00:00+01:00" })).await;
    assert_eq!(set.json()["now"], "2023-11-15T00:00:00.000Z");
    assert_eq!(emulator.clock().now().to_string(), "2023-11-15T00:00:00.000Z");

    let back = post(&emulator, "/clock", &json!({ "set": "2023-11-14T23:59:59Z" })).await;
    assert_eq!(error_code(&back), (422, "backwards".to_owned()));
    for bad in [
        json!({ "advance_seconds": -1 }),
        json!({ "advance_seconds": 1.5 }),
        json!({ "advance_seconds": u64::MAX }),
        json!({ "set": "yesterday" }),
        json!({ "mode": "reverse" }),
        json!({}),
        json!({ "advance_seconds": 1, "mode": "real" }),
        json!({ "advance": 1 }),
        json!([]),
    ] {
        assert_eq!(error_code(&post(&emulator, "/clock", &bad).await).0, 422, "{bad}");
    }
    assert_eq!(emulator.clock().now().to_string(), "2023-11-15T00:00:00.000Z", "refusals change nothing");

    let real = post(&emulator, "/clock", &json!({ "mode": "real" })).await.json();
    assert_eq!((&real["mode"], &real["offset_seconds"]), (&json!("real"), &json!(0)));
    let ahead = post(&emulator, "/clock", &json!({ "advance_seconds": 3600 })).await.json();
    assert_eq!((&ahead["mode"], &ahead["offset_seconds"]), (&json!("offset"), &json!(3600)));
    let frozen = post(&emulator, "/clock", &json!({ "mode": "frozen" })).await.json();
    assert_eq!(frozen["mode"], "frozen");
    assert_eq!(get(&emulator, "/clock").await["now"], frozen["now"]);
}

#[tokio::test]
async fn faults_apply_in_order_and_are_used_up() {
    let emulator = start().await;
    let rule = json!({ "provider": "verigator", "method": "GET", "path_prefix": "/v1/service/service/x",
        "times": 2, "after": 1,
        "fault": { "status": 503, "headers": { "Retry-After": "7" }, "body": "busy" } });
    let added = post(&emulator, "/faults", &rule).await;
    assert_eq!((added.status, &added.json()["id"], &added.json()["times"]), (201, &json!(1), &json!(2)));
    emulator.add_fault(FaultRule::new("verigator", Fault::status(500)).method("GET")).unwrap();
    assert_eq!(get(&emulator, "/faults").await.as_array().unwrap().len(), 2);

    let mut seen = Vec::new();
    for _ in 0..5 {
        let response = provider(&emulator, "GET", "/service/x").send().await;
        if response.status == 503 {
            assert_eq!((response.header("retry-after"), response.text().as_str()), (Some("7"), "busy"));
            let explanation = get(&emulator, &format!("/explain/{}", response.request_id())).await;
            assert_eq!(explanation["fault"], "status 503");
        }
        seen.push(response.status);
    }
    assert_eq!(seen, [404, 503, 503, 500, 404]);
    assert_eq!(get(&emulator, "/faults").await, json!([]));

    for bad in [
        json!({ "provider": "nobody", "fault": { "status": 503 } }),
        json!({ "provider": "verigator", "fault": { "status": 9 } }),
        json!({ "provider": "verigator", "fault": { "status": 503 }, "time": 2 }),
        json!({ "provider": "verigator" }),
    ] {
        assert_eq!(error_code(&post(&emulator, "/faults", &bad).await).0, 422, "{bad}");
    }
    let first = emulator.add_fault(FaultRule::new("verigator", Fault::status(500))).unwrap();
    emulator.add_fault(FaultRule::new("verigator", Fault::status(501))).unwrap();
    let gone = control(&emulator, "DELETE", &format!("/faults/{}", first.id)).send().await;
    assert_eq!(gone.status, 200);
    assert_eq!(control(&emulator, "DELETE", &format!("/faults/{}", first.id)).send().await.status, 404);
    assert_eq!(emulator.faults().len(), 1);
    assert_eq!(control(&emulator, "DELETE", "/faults").send().await.status, 200);
    assert!(emulator.faults().is_empty());
}

#[tokio::test]
async fn a_fault_occurs_before_or_after_the_operation() {
    let emulator = start().await;
    let post_service = async |name: &str| {
        let body = json!({ "fqdn": name, "name": name });
        provider(&emulator, "POST", "/service").json(&body).try_send().await
    };
    let done = || emulator.verigator().effect("service_created");
    for (number, (fault, effect, carried_out)) in [
        (json!({ "status": 503 }), "after", 0),
        (json!({ "status": 503 }), "before", 1),
        (json!({ "close": "before_response" }), "after", 0),
        (json!({ "close": "before_response" }), "before", 1),
        (json!({ "delay_ms": 1 }), "after", 1),
        (json!({ "delay_ms": 1 }), "before", 1),
        (json!({ "cut_body_after": 5 }), "after", 1),
        (json!({ "cut_body_after": 0 }), "before", 1),
    ]
    .into_iter()
    .enumerate()
    {
        emulator.reset(Reset::All);
        let rule = json!({ "provider": "verigator", "fault": fault, "effect": effect });
        assert_eq!(post(&emulator, "/faults", &rule).await.status, 201);
        let response = post_service(&format!("s{number}.example")).await;
        assert_eq!(done(), carried_out, "{rule}");
        let journal = emulator.journal();
        assert!(journal[0].fault.is_some());
        assert_eq!(journal[0].status, response.as_ref().map(|response| response.status), "{rule}");
        match (&fault, response) {
            (fault, None) => assert!(fault.get("close").is_some(), "{rule}"),
            (fault, Some(response)) if fault.get("status").is_some() => assert_eq!(response.status, 503),
            (fault, Some(response)) if fault.get("cut_body_after").is_some() => {
                assert_eq!(response.status, 200);
                let sent = usize::try_from(fault["cut_body_after"].as_u64().unwrap()).unwrap();
                assert_eq!(response.body.len(), sent, "exactly the bytes before the cut arrive");
                assert!(!response.is_whole());
            }
            (fault, Some(response)) => {
                assert!(fault.get("delay_ms").is_some(), "{rule}");
                assert!(response.status == 200 && response.is_whole());
            }
        }
    }
}

#[tokio::test]
async fn a_delayed_response_does_not_block_others_and_a_lost_caller_is_noticed() {
    let emulator = start().await;
    // An hour: the test ends because the caller aborts, not because the delay ends.
    emulator
        .add_fault(FaultRule::new("verigator", Fault::delay_ms(3_600_000)).effect(Effect::Before))
        .unwrap();
    let body = json!({ "fqdn": "a.example", "name": "b" });
    let slow = provider(&emulator, "POST", "/service").json(&body);
    let slow = tokio::spawn(async move { slow.try_send().await });
    until("the operation is done", async || emulator.verigator().effect("service_created") == 1).await;
    assert_eq!(provider(&emulator, "GET", "/service/none").send().await.status, 404);
    assert_eq!(emulator.journal()[0].status, None, "still under way");
    slow.abort();
    assert!(slow.await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn the_journal_shows_requests_and_no_secrets() {
    let emulator = start().await;
    let (auth, _) = started(&emulator, "anna").await;
    let token = json!({ "token": "canary-token" });
    let last =
        provider(&emulator, "PUT", &auth).header("X-Canary", "canary-header").json(&token).send().await;
    provider(&emulator, "GET", "/service/x/unknown?canary=canary-query").send().await;

    let journal = get(&emulator, "/journal?provider=verigator").await;
    let entries = journal.as_array().unwrap();
    assert_eq!(entries.len(), 5);
    let entry = &entries[3];
    assert_eq!(entry["request_id"], json!(last.request_id()));
    assert_eq!(entry["method"], "PUT");
    assert_eq!(entry["path"], json!(format!("/v1/service{auth}")));
    assert_eq!(entry["operation"], "authentication.verify");
    assert_eq!(entry["status"], 200);
    assert_eq!(entry["time"], "2023-11-14T22:13:30.000Z");
    assert_eq!(entry["body_size"], json!(token.to_string().len()));
    assert_eq!(entry["headers"]["content-type"], json!(["application/json"]));
    assert_eq!(entry["headers"]["x-service-auth"], json!(["[redacted]"]));
    assert_eq!(entry["headers"]["x-canary"], json!(["[redacted]"]));
    assert_eq!((&entries[4]["operation"], &entries[4]["status"]), (&Value::Null, &json!(404)));
    let text = journal.to_string();
    assert!(!text.contains("canary-") && !text.contains(&emulator.verigator().password()), "{text}");

    let two = get(&emulator, "/journal?limit=2").await;
    assert_eq!(two.as_array().unwrap()[..], entries[3..], "the last two, oldest first");
    assert_eq!(control(&emulator, "GET", "/journal?limit=many").send().await.status, 422);
    assert_eq!(control(&emulator, "GET", "/journal?provider=nobody").send().await.status, 404);
}

#[tokio::test]
async fn the_journal_is_bounded() {
    let emulator = Emulator::builder().journal_capacity(3).start().await.unwrap();
    let first = provider(&emulator, "GET", "/service/none").send().await.request_id();
    for _ in 0..4 {
        provider(&emulator, "GET", "/service/none").send().await;
    }
    assert_eq!(emulator.journal().len(), 3);
    assert!(emulator.explain(&first).is_none());
}

#[tokio::test]
async fn effects_count_side_effects() {
    let emulator = start().await;
    assert_eq!(get(&emulator, "/effects").await, json!({}));
    let (auth, _) = started(&emulator, "anna").await;
    provider(&emulator, "POST", &auth).json(&json!({ "method": "sms" })).send().await;
    provider(&emulator, "POST", &auth).json(&json!({ "method": "push" })).send().await;
    provider(&emulator, "PUT", &auth).json(&json!({ "token": "1" })).send().await;
    let expected = json!({ "verigator":
        { "service_created": 1, "user_created": 1, "sms_sent": 2, "pin_checked": 1 } });
    assert_eq!(get(&emulator, "/effects").await, expected);
    assert_eq!(emulator.effects().count("verigator", "sms_sent"), 2);
}

#[tokio::test]
async fn explanations_list_the_checks_in_order() {
    let emulator = start().await;
    let refused = provider(&emulator, "POST", "/service").json(&json!({ "fqdn": "a.example" })).send().await;
    assert_eq!(refused.status, 422);
    let explanation = get(&emulator, &format!("/explain/{}", refused.request_id())).await;
    assert_eq!((&explanation["operation"], &explanation["status"]), (&json!("services.create"), &json!(422)));
    let expected = json!([
        { "check": "host", "outcome": "pass" },
        { "check": "route", "outcome": "pass" },
        { "check": "credential", "outcome": "pass" },
        { "check": "accept", "outcome": "pass" },
        { "check": "content type", "outcome": "pass" },
        { "check": "body", "outcome": "fail", "reason": "name: is missing" },
    ]);
    assert_eq!(explanation["checks"], expected);
    let unknown = control(&emulator, "GET", "/explain/none").send().await;
    assert_eq!(error_code(&unknown).0, 404);
}

#[tokio::test]
async fn tokens_can_only_be_ended_where_there_are_any() {
    let emulator = start().await;
    for end in ["expire", "revoke"] {
        let none = control(&emulator, "POST", &format!("/tokens/{end}?provider=verigator")).send().await;
        assert_eq!(error_code(&none), (422, "no_tokens".to_owned()));
        let none = post(&emulator, &format!("/tokens/{end}"), &json!({ "provider": "verigator" })).await;
        assert_eq!(error_code(&none), (422, "no_tokens".to_owned()));
        let unknown = post(&emulator, &format!("/tokens/{end}"), &json!({ "provider": "nobody" })).await;
        assert_eq!(error_code(&unknown), (404, "not_found".to_owned()));
    }
    assert_eq!(control(&emulator, "POST", "/tokens/eat").send().await.status, 404);
    let verigator = Some("verigator");
    assert!(matches!(emulator.expire_tokens(verigator), Err(TokensError::NoTokens(_))));
    assert!(matches!(emulator.revoke_tokens(Some("nobody")), Err(TokensError::UnknownProvider(_))));
}

#[tokio::test]
async fn settings_are_read_and_changed_as_json() {
    let emulator = start().await;
    let path = "/providers/verigator/settings";
    assert_eq!(get(&emulator, path).await["code_lifetime_seconds"], 300);
    let change = json!({ "code_lifetime_seconds": 60, "create_status": 201 });
    let changed = post(&emulator, path, &change).await;
    assert_eq!((changed.status, &changed.json()["create_status"]), (200, &json!(201)));
    assert_eq!(emulator.verigator().settings().code_lifetime_seconds, 60);
    let bad = json!({ "code_lifetime_seconds": 30, "no_such_setting": 1 });
    assert_eq!(error_code(&post(&emulator, path, &bad).await).0, 422);
    assert_eq!(emulator.verigator().settings().code_lifetime_seconds, 60, "all or nothing");
    assert_eq!(post(&emulator, "/providers/nobody/settings", &change).await.status, 404);
    assert_eq!(control(&emulator, "GET", "/providers/nobody/settings").send().await.status, 404);
}

#[tokio::test]
async fn an_action_installs_the_app() {
    let emulator = start().await;
    let (auth, id) = started(&emulator, "anna").await;
    let path = "/providers/verigator/actions/install-app";
    let given = post(&emulator, path, &json!({ "user_id": id })).await;
    assert_eq!((given.status, given.json()), (200, json!({ "user_id": id, "has_app": true })));
    let begun = provider(&emulator, "POST", &auth).json(&json!({ "method": "totp" })).send().await;
    assert_eq!(begun.json()["method"], "totp");
    let codes = get(&emulator, "/pending-codes?subject=anna").await;
    assert_eq!(
        (&codes[0]["kind"], &codes[0]["expires_at"]),
        (&json!("totp"), &json!("2023-11-14T22:14:00.000Z"))
    );
    let token = json!({ "token": codes[0]["code"] });
    assert_eq!(provider(&emulator, "PUT", &auth).json(&token).send().await.json()["verified"], true);

    assert_eq!(error_code(&post(&emulator, path, &json!({ "user_id": "none" })).await).0, 422);
    assert_eq!(error_code(&control(&emulator, "POST", path).send().await).0, 422);
    assert_eq!(post(&emulator, "/providers/verigator/actions/eat", &json!({})).await.status, 404);
}

#[tokio::test]
async fn each_listed_action_exists_and_names_what_it_lacks() {
    let emulator = start().await;
    for provider in ["verigator", "revesecure", "vaultvision", "vise", "virtuous"] {
        let path = format!("/providers/{provider}/actions");
        let listed = get(&emulator, &path).await;
        for action in listed.as_array().unwrap() {
            let name = action["name"].as_str().unwrap();
            let required = action["arguments"].as_array().unwrap().iter().find(|one| one["required"] == true);
            let done = post(&emulator, &format!("{path}/{name}"), &json!({})).await;
            match required {
                None => assert_eq!(done.status, 200, "{provider} {name}"),
                Some(argument) => {
                    let lacking = format!("{} is required: ", argument["name"].as_str().unwrap());
                    let message = done.json()["error"]["message"].as_str().unwrap().to_owned();
                    assert!(
                        done.status == 422 && message.starts_with(&lacking),
                        "{provider} {name}: {message}"
                    );
                }
            }
        }
    }
}
