//! The doctor against an emulator: with its defaults nothing differs; each setting that a read can show is found and named.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use auth_emulator::{Builder, Emulator, Fault, FaultRule};
use common::{Home, Outcome};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The findings of a doctor, with `--strict`.
async fn findings(builder: Builder, provider: &'static str) -> (i32, Vec<Value>) {
    findings_with(builder, provider, Vec::new()).await
}

/// The same, while an emulator has faults.
async fn findings_with(
    builder: Builder,
    provider: &'static str,
    faults: Vec<FaultRule>,
) -> (i32, Vec<Value>) {
    let emulator = builder.seed_file(include_str!("../src/sample.yaml")).unwrap().start().await.unwrap();
    let home = Home::of(&emulator);
    if provider == "vaultvision" {
        // Two users, one with a field that is false.
        let tenants = home.run(&["vaultvision", "tenants", "list", "--jq", ".data[0].id"]);
        for user in [r#"{"disabled":false}"#, "{}"] {
            home.run(&["vaultvision", "users", "create", tenants.out.trim(), "--data", user]);
        }
    }
    for fault in faults {
        emulator.add_fault(fault.times(1000)).unwrap();
    }
    let run = move || home.run(&["doctor", provider, "--strict", "-o", "ndjson"]);
    let outcome = tokio::task::spawn_blocking(run).await.unwrap();
    assert!(!outcome.err.contains("panicked"), "{outcome:?}");
    let rows = outcome.out.lines().map(|line| serde_json::from_str(line).unwrap());
    (outcome.code, rows.collect())
}

/// The results and what was observed about one assumption.
fn about<'f>(findings: &'f [Value], id: &str) -> Vec<(&'f str, &'f str)> {
    let rows = findings.iter().filter(|row| row["assumption"] == id);
    rows.map(|row| (row["result"].as_str().unwrap(), row["observed"].as_str().unwrap())).collect()
}

fn differing(findings: &[Value]) -> BTreeSet<&str> {
    let differs = findings.iter().filter(|row| row["result"] == "differs");
    differs.map(|row| row["assumption"].as_str().unwrap()).collect()
}

/// Turns settings of an emulator, and compares the assumptions that differ.
async fn turned(provider: &'static str, cases: &[(Value, &[&str])]) {
    let (code, usual) = findings(Emulator::builder().seed(7), provider).await;
    assert_eq!(differing(&usual), BTreeSet::new(), "{usual:#?}");
    assert_eq!(code, 0, "{usual:#?}");
    let confirmed = usual.iter().filter(|row| row["result"] == "confirmed").count();
    assert!(confirmed > 2, "{usual:#?}");
    let mut wrong = Vec::new();
    for some in cases.chunks(4) {
        let runs =
            some.iter().map(|(settings, _)| tokio::spawn(findings(builder(provider, settings), provider)));
        let runs: Vec<_> = runs.collect();
        for (run, (settings, expected)) in runs.into_iter().zip(some) {
            let (code, found) = run.await.unwrap();
            let differs = differing(&found);
            if code != 9 || differs != expected.iter().copied().collect() {
                wrong.push(format!("{settings}: exit {code}, {differs:?} instead of {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn builder(provider: &str, settings: &Value) -> Builder {
    let mut builder = Emulator::builder().seed(7);
    for (name, value) in settings.as_object().unwrap() {
        builder = match name.strip_prefix("relax ") {
            Some(check) => builder.relax(check),
            None => builder.set(&format!("{provider}.{name}"), value.clone()),
        };
    }
    builder
}

#[tokio::test(flavor = "multi_thread")]
async fn every_deviation_of_revesecure_is_named() {
    turned(
        "revesecure",
        &[
            (json!({ "digest": "sha1" }), &["digest"]),
            (json!({ "digest": "sha512" }), &["digest"]),
            (json!({ "key_encoding": "utf8" }), &["key-encoding"]),
            (json!({ "separator": "\r\n" }), &["separator"]),
            (json!({ "separator": "|" }), &["separator"]),
            (
                json!({ "digest": "sha1", "key_encoding": "utf8", "separator": "" }),
                &["digest", "key-encoding", "separator"],
            ),
            (
                json!({ "signing_host": "dashboard.revesecure.com", "digest": "sha512" }),
                &["signed-host", "digest"],
            ),
            (json!({ "relax revesecure.signed-port": true }), &["signed-host"]),
            (json!({ "check_date": true }), &["date-format"]),
            (json!({ "date_window_seconds": 300 }), &["clock-difference", "date-format"]),
            (json!({ "relax revesecure.query": true }), &["signed-query"]),
            (json!({ "relax revesecure.unknown-fields": true }), &["strictness"]),
            (json!({ "relax revesecure.content-type": true }), &["strictness"]),
            (json!({ "envelope": "documented" }), &["envelope"]),
            (json!({ "envelope": "always" }), &["envelope"]),
            (json!({ "envelope": "never" }), &["envelope"]),
            (json!({ "error_flag_of_success": false }), &["error-flag"]),
            (json!({ "error_body": "html" }), &["error-bodies"]),
            (json!({ "error_body": "empty" }), &["error-bodies"]),
            (json!({ "errors_as_200": true }), &["error-bodies"]),
            (
                json!({ "errors_as_200": true, "error_body": "empty", "digest": "sha1" }),
                &["error-bodies", "digest"],
            ),
            (json!({ "alternative_formats": true }), &["value-types"]),
            (json!({ "auth_methods": "number" }), &["value-types"]),
            (json!({ "range_base": 1 }), &["ranges"]),
            (json!({ "range_end_included": true }), &["ranges"]),
            (json!({ "range_base": 1, "range_end_included": true }), &["ranges"]),
            (json!({ "allowed_user_count": 20 }), &["plan"]),
            (json!({ "allowed_service_count": 20 }), &["plan"]),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deviations_of_the_other_providers_are_named() {
    turned(
        "vaultvision",
        &[
            (json!({ "omit_zeros": false }), &["zeros"]),
            (json!({ "paging": true }), &["lists"]),
            (json!({ "restricted": {} }), &["permissions"]),
            (json!({ "permissions": { "all": "none", "tenants": "read" } }), &["permissions"]),
            (json!({ "omit_zeros": false, "paging": true }), &["zeros", "lists"]),
            (json!({ "plain_challenges": true }), &["pkce"]),
        ],
    )
    .await;
    turned(
        "verigator",
        &[
            (json!({ "credential_separator": "semicolon" }), &["credential-separator"]),
            (json!({ "forbidden": true }), &["forbidden"]),
            (json!({ "require_headers": true }), &["missing-headers"]),
            (json!({ "error_body": "html" }), &["error-bodies"]),
            (
                json!({ "error_body": "empty", "credential_separator": "semicolon" }),
                &["error-bodies", "credential-separator"],
            ),
        ],
    )
    .await;
    turned(
        "virtuous",
        &[
            (json!({ "calls_per_hour": 1500 }), &["hourly-limit"]),
            (json!({ "rate_limit_headers": false }), &["hourly-limit"]),
            (json!({ "error_body": "envelope" }), &["error-bodies"]),
            (json!({ "error_body": "empty" }), &["error-bodies"]),
            (json!({ "error_body": "html" }), &["error-bodies"]),
            (json!({ "fail_take_above": 500 }), &["paging-limits"]),
            (json!({ "fail_skip_above": 5000 }), &["paging-limits"]),
            (json!({ "exact_paths": true }), &["exact-paths"]),
            (json!({ "calls_per_hour": 1500, "error_body": "html" }), &["hourly-limit", "error-bodies"]),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deviations_of_vise_are_named() {
    turned(
        "vise",
        &[
            (json!({ "dashboard_token": { "header": "X-Token" } }), &["token-placement"]),
            (json!({ "vise_token": "authorization" }), &["token-placement"]),
            (json!({ "vise_token": { "query": "api_token" } }), &["token-placement"]),
            (json!({ "phrases": "encoded" }), &["phrase-encoding"]),
            (json!({ "phrases": "encoded", "wrong_phrase": "page" }), &["phrase-encoding"]),
            (json!({ "auth_method": "POST" }), &["auth-request"]),
            (json!({ "session_cookie": "sid", "sibling_cookies": true }), &["session-cookie"]),
            (
                json!({ "session_cookie": "sid", "vise_token": { "header": "x-api-key" }, "opened_response": "redirect_first" }),
                &["session-cookie", "token-placement"],
            ),
            (json!({ "domain_list": "other_names" }), &["domains-format"]),
            (json!({ "hostile": true }), &["hosts"]),
            (json!({ "calls_per_session": 2 }), &["session-lifetime"]),
            (
                json!({ "vise_token": "authorization", "auth_method": "POST", "phrases": "encoded" }),
                &["token-placement", "auth-request", "phrase-encoding"],
            ),
        ],
    )
    .await;
    for (settings, id) in [
        (json!({ "challenge": "page" }), "challenge"),
        (json!({ "challenge": "forbidden" }), "challenge"),
        (json!({ "auth_path": "/login/start" }), "auth-request"),
        (json!({ "auth_parameter": "key" }), "auth-request"),
        // A page, but not to calls without a session.
        (json!({ "auth_parameter": "key", "wrong_phrase": "page" }), "auth-request"),
    ] {
        let (code, found) = findings(builder("vise", &settings), "vise").await;
        assert_eq!((code, differing(&found)), (4, BTreeSet::from([id])), "{settings}: {found:#?}");
    }
}

/// What the client reads in every form is shown, and is no difference.
#[tokio::test(flavor = "multi_thread")]
async fn the_forms_of_vise_that_the_client_reads_are_shown() {
    for (settings, id, observed) in [
        (json!({ "domain_list": { "enveloped": "data" } }), "domains-format", "a JSON object; 3 of 3"),
        (json!({ "domain_list": "single" }), "domains-format", "a JSON object; 1 of 1"),
        (json!({ "domains_without_vise": 2 }), "domains-format", "3 of 5 domains"),
        (json!({ "cookie_expiry": "max_age" }), "session-lifetime", "Max-Age"),
        (json!({ "cookie_expiry": "expires" }), "session-lifetime", "Expires"),
        (json!({ "expired_response": "redirect" }), "session-expired", "302"),
        (json!({ "expired_response": "page" }), "session-expired", "200, a web page"),
        (json!({ "expired_response": "cleared_cookie" }), "session-expired", "the cookie is deleted"),
        (json!({ "opened_response": "no_content" }), "auth-response", "204, no body"),
        (json!({ "opened_response": "redirect" }), "auth-redirects", "1 redirect"),
        (json!({ "wrong_phrase": "forbidden" }), "phrase-refused", "403"),
        (json!({ "wrong_phrase": "redirect" }), "phrase-refused", "302"),
    ] {
        let (code, found) = findings(builder("vise", &settings), "vise").await;
        let row = found.iter().find(|row| row["assumption"] == id).unwrap();
        assert_eq!((code, &row["result"]), (0, &json!("confirmed")), "{settings}: {found:#?}");
        assert!(row["observed"].as_str().unwrap().contains(observed), "{settings}: {row}");
    }
}

const JSON: [(&str, &str); 1] = [("Content-Type", "application/json")];
const HTML: [(&str, &str); 1] = [("Content-Type", "text/html")];

/// A cookie that is set again is another thing than one that is deleted.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_calls_renew_has_not_ended() {
    let headers = |cookie| [JSON[0], ("Set-Cookie", cookie)];
    for (cookie, result, observed) in [
        ("session=renewed; Path=/; Max-Age=900", "confirmed", "calls set it again"),
        ("session=gone; Path=/; Max-Age=0", "differs", "a session ended within 3 calls"),
        ("lb=node-8; Path=/", "confirmed", "the cookie states no lifetime"),
    ] {
        let answer = Fault::response(200, &headers(cookie), r#"[{"domain":"shop-1.example"}]"#);
        let rule = FaultRule::new("vise", answer).operation("vise_domains.list");
        let (_, found) = findings_with(Emulator::builder().seed(7), "vise", vec![rule.after(1)]).await;
        let rows = about(&found, "session-lifetime");
        assert!(rows.iter().any(|(is, text)| *is == result && text.contains(observed)), "{cookie}: {rows:?}");
        assert_eq!(rows.iter().any(|(is, _)| *is == "differs"), result == "differs", "{cookie}: {rows:?}");
    }
    // A wrong phrase whose response deletes the cookie has opened no session.
    let refused = Fault::response(200, &[HTML[0], ("Set-Cookie", "session=; Max-Age=0")], "<p>no</p>");
    let rule = FaultRule::new("vise", refused).operation("session.open");
    let (code, found) = findings_with(Emulator::builder().seed(7), "vise", vec![rule]).await;
    assert_eq!((code, differing(&found)), (4, BTreeSet::from(["auth-request"])), "{found:#?}");
}

/// What a server responds instead of a list is named, and decides nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_no_list_confirms_nothing() {
    let missing = || Fault::response(404, &JSON, r#"{"message":"no such path"}"#);
    let page = || Fault::response(200, &HTML, "<title>Welcome</title>");
    let error = || Fault::response(200, &JSON, r#"{"message":"not today","errors":[]}"#);
    type Case = (&'static str, &'static str, Fault, i32, &'static str, &'static str, &'static str);
    let cases: [Case; 17] = [
        (
            "revesecure",
            "users.list",
            missing(),
            0,
            "value-types",
            "untested",
            "the list of users has status 404",
        ),
        ("revesecure", "users.list", missing(), 0, "ranges", "confirmed", "the first index is 0"),
        (
            "revesecure",
            "tokens.list",
            page(),
            0,
            "app",
            "untested",
            "the list of tokens has status 200, a web page",
        ),
        ("revesecure", "organization.get", missing(), 5, "digest", "untested", "status 404"),
        ("revesecure", "organization.get", Fault::status(503), 6, "digest", "untested", "status 503"),
        (
            "vaultvision",
            "users.list",
            missing(),
            9,
            "permissions",
            "differs",
            "the list of users has status 404",
        ),
        ("vaultvision", "users.list", page(), 9, "permissions", "differs", "status 200, a web page"),
        ("vaultvision", "users.list", error(), 9, "permissions", "differs", "status 200, a JSON object"),
        (
            "vaultvision",
            "openid.discovery",
            missing(),
            9,
            "oidc-paths",
            "differs",
            "the discovery document has status 404",
        ),
        ("vaultvision", "openid.discovery", page(), 9, "oidc-paths", "differs", "has status 200, a web page"),
        ("vaultvision", "openid.keys", error(), 9, "oidc-flow", "differs", "no signing keys"),
        (
            "virtuous",
            "contacts.query",
            missing(),
            3,
            "paging-limits",
            "untested",
            "the query of contacts has status 404",
        ),
        (
            "virtuous",
            "contacts.query",
            error(),
            3,
            "paging-honoured",
            "untested",
            "status 200, a JSON object",
        ),
        ("vise", "domains.list", missing(), 9, "domains-endpoint", "differs", "the list has status 404"),
        ("vise", "domains.list", error(), 9, "token-placement", "untested", "status 200, a JSON object"),
        ("vise", "vise_domains.list", missing(), 9, "vise-paths", "differs", "status 404, a JSON object"),
        (
            "vise",
            "vise_domains.list",
            missing(),
            9,
            "session-cookie",
            "untested",
            "status 404, a JSON object",
        ),
    ];
    for (provider, operation, fault, code, id, result, observed) in cases {
        let rule = FaultRule::new(provider, fault).operation(operation);
        let (exit, found) = findings_with(Emulator::builder().seed(7), provider, vec![rule]).await;
        let rows = about(&found, id);
        let is_there = rows.iter().any(|(is, text)| *is == result && text.contains(observed));
        assert!(is_there && exit == code, "{provider} {operation}: exit {exit}, {id} {rows:?}");
    }
    for (provider, operation) in
        [("verigator", "services.get"), ("vaultvision", "tenants.list"), ("virtuous", "contacts.query")]
    {
        let rule = FaultRule::new(provider, page()).operation(operation);
        let (code, found) = findings_with(Emulator::builder().seed(7), provider, vec![rule]).await;
        let confirmed =
            found.iter().filter(|row| row["result"] == "confirmed" && row["assumption"] != "rate-limits");
        assert_eq!((code, confirmed.count()), (3, 0), "{provider}: {found:#?}");
    }
}

/// A profile's settings are no observation.
#[tokio::test(flavor = "multi_thread")]
async fn settings_of_a_profile_are_named() {
    let emulator = builder("vise", &json!({ "auth_path": "/login/start" })).start().await.unwrap();
    let mut home = Home::of(&emulator);
    let value = |name: &str| home.env.iter().find(|(own, _)| *own == name).unwrap().1.clone();
    let (token, url) = (value("VISE_API_TOKEN"), value("VISE_DASHBOARD_URL"));
    let (key, secret, base) =
        (value("REVESECURE_API_KEY"), value("REVESECURE_SECRET_KEY"), value("REVESECURE_BASE_URL"));
    home.file("secret", &secret);
    home.file("key", &key);
    home.file("token", &token);
    let folder = home.folder.display();
    home.file(
        ".config/authctl/config.toml",
        format!(
            "[profiles.default.vise]\napi_token = \"file:{folder}/token\"\ndashboard_url = \"{url}\"\n\
             auth_path = \"/login/start\"\n\
             [profiles.default.revesecure]\napi_key = \"file:{folder}/key\"\n\
             secret_key = \"file:{folder}/secret\"\nbase_url = \"{base}\"\ndigest = \"sha512\"\n"
        ),
    );
    home.env.clear();
    let rows = |provider: &str| -> Vec<Value> {
        let outcome = home.run(&["doctor", provider, "-o", "ndjson"]).expect(0, "");
        outcome.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let (vise, revesecure) = (rows("vise"), rows("revesecure"));
    assert_eq!(
        about(&vise, "auth-request"),
        [("differs", "a session is opened by GET of /login/start with pfk; the profile sets auth_path")]
    );
    assert_eq!(about(&revesecure, "digest"), [("confirmed", "SHA-256 is accepted; the profile sets digest")]);
}

/// Further calls would make it worse, so that the command fails as after a call that was throttled.
#[tokio::test(flavor = "multi_thread")]
async fn a_doctor_that_is_throttled_ends() {
    let (code, found) =
        findings(builder("vaultvision", &json!({ "calls_per_window": 1 })), "vaultvision").await;
    assert_eq!((code, differing(&found)), (6, BTreeSet::from(["rate-limits"])), "{found:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doctor_writes_nothing_and_its_report_has_no_value() {
    let emulator =
        Emulator::builder().seed_file(include_str!("../src/sample.yaml")).unwrap().start().await.unwrap();
    let home = Home::of(&emulator);
    home.run(&["doctor", "revesecure", "--report", "report.json"]).expect(0, "confirmed");
    let report = std::fs::read_to_string(home.folder.join("report.json")).unwrap();
    let parsed: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((&parsed["version"], &parsed["provider"]), (&json!(1), &json!("revesecure")));
    assert!(parsed["findings"].as_array().unwrap().len() > 20);
    for (name, value) in home.env.iter().filter(|(name, _)| !name.ends_with("_URL")) {
        assert!(!report.contains(value), "{name}");
    }
    let journal = emulator.journal();
    assert_eq!(parsed["calls"], json!(journal.len()));
    for entry in &journal {
        let is_read =
            entry.method == "GET" || entry.operation.is_some_and(|id| id.starts_with("validation."));
        assert!(is_read, "{entry:?}");
        let user = entry.body.as_ref().and_then(|body| body["UserName"].as_str());
        assert!(user.is_none_or(|name| !report.contains(name)), "{user:?}");
    }
    assert_eq!(home.run(&["doctor", "revesecure", "--list"]).expect(0, "planned").code, 0);
    assert_eq!(emulator.journal().len(), journal.len());
}

/// Secrets, phrases, users and ids are in no output, whatever the server makes of them.
#[tokio::test(flavor = "multi_thread")]
async fn no_output_of_a_doctor_has_a_secret() {
    for provider in ["revesecure", "vaultvision", "verigator", "virtuous", "vise"] {
        for echo in [false, true] {
            let emulator = Emulator::builder().seed_file(include_str!("../src/sample.yaml")).unwrap();
            let emulator = emulator.start().await.unwrap();
            let home = Home::of(&emulator);
            let secret = |name: &str| !name.ends_with("_URL") && !name.ends_with("_HOST");
            let mut secrets: Vec<String> =
                home.env.iter().filter(|(name, _)| secret(name)).map(|(_, value)| value.clone()).collect();
            let domains = home.run(&["vise", "domains", "-o", "ndjson"]).out;
            for line in domains.lines() {
                let domain: Value = serde_json::from_str(line).unwrap();
                secrets.extend(
                    domain.as_object().unwrap().values().filter_map(Value::as_str).map(str::to_owned),
                );
            }
            secrets.retain(|secret| secret.len() >= 6);
            assert!(secrets.len() > 6, "{secrets:?}");
            if echo {
                // An error that quotes what it was sent.
                let body = json!({ "message": secrets.join(" "), "status": secrets }).to_string();
                let rule = FaultRule::new(provider, Fault::response(400, &JSON, &body));
                emulator.add_fault(rule.times(1000)).unwrap();
            }
            let run = ["--trace", "doctor", provider, "--report", "report.json", "-o", "json"];
            let Outcome { out, err, .. } = home.run(&run);
            let report = std::fs::read_to_string(home.folder.join("report.json")).unwrap_or_default();
            assert!(!out.is_empty() && (!report.is_empty() || echo), "{provider}: {out} {err}");
            for secret in &secrets {
                let coded: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
                for text in [&out, &err, &report] {
                    assert!(
                        !text.contains(secret) && !text.contains(&coded),
                        "{provider} {echo}: {secret} in {text}"
                    );
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doctor_says_why_it_stops() {
    let emulator = Emulator::builder().start().await.unwrap();
    let mut home = Home::of(&emulator);
    home.run(&["doctor", "revesecure", "--max-calls", "3"]).expect(8, "--max-calls allows more");
    home.run(&["doctor", "revesecure", "--only", "digset"]).expect(2, "did you mean digest?");
    home.run(&["doctor", "revesecure", "--only", "digest", "-o", "ndjson"]).expect(0, "\"digest\"");
    for (name, value) in &mut home.env {
        if *name == "REVESECURE_SECRET_KEY" {
            *value = "00".repeat(32);
        }
    }
    home.run(&["doctor", "revesecure"]).expect(4, "variants: status 401, a JSON object");
    home.env.clear();
    home.run(&["doctor", "revesecure"]).expect(4, "REVESECURE_API_KEY");
}

/// What a doctor names as settings is what a user can write: with them, the calls that failed succeed.
#[tokio::test(flavor = "multi_thread")]
async fn the_settings_that_are_named_work() {
    let settings = json!({ "digest": "sha512", "key_encoding": "utf8", "separator": "\r\n", "signing_host": "dashboard.revesecure.com" });
    let emulator = builder("revesecure", &settings).start().await.unwrap();
    let home = Home::of(&emulator);
    home.run(&["revesecure", "organization", "get"]).expect(4, "");
    let outcome = home.run(&["doctor", "revesecure", "-o", "ndjson"]).expect(0, "");
    assert!(outcome.err.starts_with("revesecure: ") && outcome.err.contains(" as expected, 4 differ, "));
    // The summary has the whole table of a profile, without a secret.
    let (_, shown) = outcome.err.split_once("config.toml:\n").unwrap();
    let (table, last) = shown.split_once("\nand add ").unwrap();
    assert_eq!(last, "--profile NAME to the commands\n");
    let keys =
        ["digest = \"sha512\"", "key_encoding = \"utf8\"", "separator = \"\\r\\n\"", "signing_host = "];
    for key in keys.iter().chain(&["api_key = \"env:REVESECURE_API_KEY\"", "[profiles.NAME.revesecure]"]) {
        assert!(table.contains(key), "{key}: {table}");
    }
    home.file(".config/authctl/config.toml", table);
    home.run(&["revesecure", "organization", "get", "--profile", "NAME"]).expect(0, "OrgName");

    let settings = json!({ "vise_token": { "header": "x-api-key" }, "dashboard_token": "authorization", "session_cookie": "sid", "phrases": "encoded" });
    let emulator = builder("vise", &settings).start().await.unwrap();
    let mut home = Home::of(&emulator);
    home.env.retain(|(name, _)| matches!(*name, "VISE_API_TOKEN" | "VISE_DASHBOARD_URL"));
    let outcome = home.run(&["doctor", "vise", "--report", "report.json"]).expect(0, "4 differ");
    let (_, shown) = outcome.err.split_once("config.toml:\n").unwrap();
    home.file(".config/authctl/config.toml", shown.split_once("\nand add ").unwrap().0);
    home.run(&["vise", "each", "get", "/domains", "--profile", "NAME"]).expect(0, "protected");
    let report = std::fs::read_to_string(home.folder.join("report.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&report).unwrap()["differs"], 4);
}

/// A path that the server does not have differs from an error of the API.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_the_other_path_is_named() {
    let emulator = Emulator::builder().seed(7).start().await.unwrap();
    let page = Fault::response(404, &HTML, "<title>Not here</title>");
    let home = Home::of(&emulator);
    let rows = |expected: &str| -> Vec<Value> {
        let outcome = home.run(&["doctor", "verigator", "-o", "ndjson"]).expect(0, expected);
        outcome.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    assert_eq!(about(&rows("0 differ"), "path-prefix")[0].0, "confirmed");
    // The first call only: the second one has the other path.
    emulator.add_fault(FaultRule::new("verigator", page).operation("services.get").times(1)).unwrap();
    let found = rows("path_prefix = \"/v1\"");
    assert_eq!(differing(&found), BTreeSet::from(["path-prefix"]), "{found:#?}");
}

/// A user's session is renewed only if that is allowed, and survives it.
#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_is_observed_if_it_is_allowed() {
    for (rotates, result) in [(true, "confirmed"), (false, "differs")] {
        let emulator = builder("virtuous", &json!({ "rotate_refresh_tokens": rotates }));
        let emulator = emulator.start().await.unwrap();
        let mut home = Home::new();
        let at = emulator.virtuous();
        home.env = vec![("VIRTUOUS_BASE_URL", at.base_url())];
        let login = ["login", "virtuous", "--user", &at.username(), "--password-stdin"];
        home.run_with(&login, &format!("{}\n", at.password())).expect(0, "Logged in");
        let renewals = || emulator.journal().iter().filter(|entry| entry.path == "/Token").count();
        let logins = renewals();
        let rows = |more: &[&'static str]| -> Vec<Value> {
            let doctor = [&["doctor", "virtuous", "-o", "ndjson"] as &[_], more].concat();
            let outcome = home.run(&doctor).expect(0, "as expected");
            outcome.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        };
        let untouched = rows(&[]);
        assert_eq!(about(&untouched, "refresh-rotation"), [("untested", "--allow-refresh is needed")]);
        assert_eq!(renewals(), logins);
        let renewed = rows(&["--allow-refresh"]);
        assert_eq!(renewals(), logins + 1);
        let rotation = about(&renewed, "refresh-rotation");
        assert!(rotation.len() == 1 && rotation[0].0 == result, "{rotation:?}");
        let lifetimes = about(&renewed, "token-lifetimes");
        assert!(
            lifetimes[0].1.contains("refresh_token") && lifetimes[0].1.contains("; expires_in is "),
            "{lifetimes:?}"
        );
        home.run(&["virtuous", "contacts", "types"]).expect(0, "Household");
    }
    let home = Home::new();
    home.run(&["doctor", "verigator", "--allow-refresh"]).expect(2, "no tokens to renew");
}

/// What queries offer is compared with the operators of the SDK.
#[tokio::test(flavor = "multi_thread")]
async fn operators_of_queries_that_the_sdk_does_not_know_are_named() {
    let option = |name: &str| json!({ "options": [{ "parameter": "Secret Club", "operatorOptions": [{ "operator": name }] }] });
    for (body, code, result, observed) in [
        (option("SoundsLike").to_string(), 9, "differs", "SoundsLike"),
        (option("Is").to_string(), 0, "confirmed", "1 operators, all of them known"),
        ("[]".to_owned(), 9, "differs", "a JSON array"),
    ] {
        let rule = FaultRule::new("virtuous", Fault::response(200, &JSON, &body));
        let rule = rule.operation("contacts.query_options");
        let (exit, found) = findings_with(Emulator::builder().seed(7), "virtuous", vec![rule]).await;
        let rows = about(&found, "query-operators");
        assert!(rows.iter().any(|(is, text)| *is == result && text.contains(observed)), "{rows:?}");
        assert_eq!(exit, code, "{rows:?}");
        assert!(!rows.iter().any(|(_, text)| text.contains("Secret Club")), "{rows:?}");
    }
    let contact = json!({ "id": 17, "createDateTimeUtc": "the day 3 of May" }).to_string();
    let rule = FaultRule::new("virtuous", Fault::response(200, &JSON, &contact)).operation("contacts.get");
    let (_, found) = findings_with(Emulator::builder().seed(7), "virtuous", vec![rule]).await;
    assert_eq!(differing(&found), BTreeSet::from(["formats"]), "{found:#?}");
}
