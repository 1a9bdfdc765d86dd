//! The doctor against an emulator: with its defaults nothing differs; each setting that a read can show is found and named.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use auth_emulator::{Builder, Emulator};
use common::Home;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The findings of a doctor, with `--strict`.
async fn findings(builder: Builder, provider: &'static str) -> (i32, Vec<Value>) {
    let emulator = builder.seed_file(include_str!("../src/sample.yaml")).unwrap().start().await.unwrap();
    let home = Home::of(&emulator);
    if provider == "vaultvision" {
        // Two users, one with a field that is false.
        let tenants = home.run(&["vaultvision", "tenants", "list", "--jq", ".data[0].id"]);
        for user in [r#"{"disabled":false}"#, "{}"] {
            home.run(&["vaultvision", "users", "create", tenants.out.trim(), "--data", user]);
        }
    }
    let run = move || home.run(&["doctor", provider, "--strict", "-o", "ndjson"]);
    let outcome = tokio::task::spawn_blocking(run).await.unwrap();
    assert!(!outcome.err.contains("panicked"), "{outcome:?}");
    let rows = outcome.out.lines().map(|line| serde_json::from_str(line).unwrap());
    (outcome.code, rows.collect())
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
        ],
    )
    .await;
    for (settings, id) in [
        (json!({ "challenge": "page" }), "challenge"),
        (json!({ "challenge": "forbidden" }), "challenge"),
        (json!({ "auth_path": "/login/start" }), "auth-request"),
        (json!({ "auth_parameter": "key" }), "auth-request"),
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
    home.run(&["doctor", "revesecure"]).expect(4, "the signature was rejected in");
    home.env.clear();
    home.run(&["doctor", "revesecure"]).expect(4, "REVESECURE_API_KEY");
}
