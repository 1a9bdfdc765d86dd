//! The doctor against an emulator: what servers respond that the emulator has no setting for, logins, limits, and the report.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use auth_emulator::{Builder, Emulator, Fault, FaultRule};
use common::{Home, Outcome};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write as _;

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

fn builder(provider: &str, settings: &Value) -> Builder {
    let mut builder = Emulator::builder().seed(7);
    for (name, value) in settings.as_object().unwrap() {
        builder = builder.set(&format!("{provider}.{name}"), value.clone());
    }
    builder
}

const JSON: [(&str, &str); 1] = [("Content-Type", "application/json")];
const HTML: [(&str, &str); 1] = [("Content-Type", "text/html")];

/// A cookie that is set again is another thing than one that is deleted.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_calls_renew_has_not_ended() {
    let headers = |cookie| [JSON[0], ("Set-Cookie", cookie)];
    for (cookie, result, observed) in [
        ("session=renewed; Path=/; Max-Age=900", "confirmed", "calls set it again"),
        ("session=gone; Path=/; Max-Age=0", "differs", "a session ended within 50 calls"),
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
    let cases: [Case; 18] = [
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
        ("revesecure", "organization.get", missing(), 5, "digest", "not decided", "status 404"),
        ("revesecure", "organization.get", Fault::status(503), 6, "digest", "not decided", "status 503"),
        (
            "vaultvision",
            "users.list",
            missing(),
            9,
            "permissions",
            "differs",
            "the list of users has status 404",
        ),
        ("vaultvision", "users.list", missing(), 9, "server-errors", "not decided", "status 404"),
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
        ("vise", "domains.list", error(), 9, "token-placement", "not decided", "status 200, a JSON object"),
        ("vise", "vise_domains.list", missing(), 9, "vise-paths", "differs", "status 404, a JSON object"),
        (
            "vise",
            "vise_domains.list",
            missing(),
            9,
            "session-cookie",
            "not decided",
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
        // Logins need no API key, and signatures no list.
        let others = ["oidc-paths", "oidc-flow", "pkce", "signed-query", "clock-difference"];
        let is_other = |row: &Value| others.iter().any(|id| row["assumption"] == *id);
        let confirmed = found.iter().filter(|row| row["result"] == "confirmed" && !is_other(row));
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
    assert_eq!(about(&revesecure, "digest"), [("differs", "SHA-256 is accepted; the profile sets digest")]);
}

/// What was throttled is called again if the delay is short, and otherwise ends the command as it ends a call.
#[tokio::test(flavor = "multi_thread")]
async fn a_doctor_that_is_throttled_waits_or_ends() {
    let settings = json!({ "calls_per_window": 7, "omit_zeros": false, "list_limit": 50 });
    let (code, found) = findings(builder("vaultvision", &settings), "vaultvision").await;
    let expected = BTreeSet::from(["rate-limits", "zeros", "lists"]);
    assert_eq!((code, differing(&found)), (9, expected), "{found:#?}");
    let (code, found) = findings(builder("virtuous", &json!({ "calls_per_hour": 8 })), "virtuous").await;
    assert_eq!((code, differing(&found)), (6, BTreeSet::from(["hourly-limit"])), "{found:#?}");
    let settings = json!({ "calls_per_hour": 1, "retry_after": false, "rate_limit_headers": false });
    let (_, found) = findings(builder("virtuous", &settings), "virtuous").await;
    assert!(about(&found, "hourly-limit").contains(&("differs", "a 429 has no Retry-After")), "{found:#?}");
}

/// A path or a password that is wrong confirms nothing, and what needs neither is observed.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_rejected_confirms_nothing_else() {
    let emulator = Emulator::builder().seed(7).start().await.unwrap();
    let mut home = Home::of(&emulator);
    for (name, value) in &mut home.env {
        match *name {
            "VV_API_KEY" | "VERIGATOR_PASSWORD" => *value = "wrong".to_owned(),
            "REVESECURE_BASE_URL" => value.push_str("/other"),
            _ => {}
        }
    }
    let run = |provider: &str, code: i32| -> Vec<Value> {
        let outcome = home.run(&["doctor", provider, "-o", "ndjson"]).expect(code, "");
        outcome.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let verigator = run("verigator", 4);
    let why = "the credential is rejected with a colon and with a semicolon: status 401, a JSON object";
    assert_eq!(about(&verigator, "credential-separator"), [("not decided", why)]);
    assert_eq!(about(&verigator, "path-prefix")[0].0, "confirmed");
    assert_eq!(about(&verigator, "forbidden"), [("untested", "not reached")]);
    let vaultvision = run("vaultvision", 4);
    assert_eq!(about(&vaultvision, "permissions")[0].0, "differs");
    for id in ["oidc-paths", "oidc-flow", "pkce"] {
        assert_eq!(about(&vaultvision, id)[0].0, "confirmed", "{id}");
    }
    assert!(about(&run("revesecure", 5), "digest").iter().all(|(result, _)| *result == "not decided"));
    let base = home.env.iter_mut().find(|(name, _)| *name == "VERIGATOR_BASE_URL").unwrap();
    base.1.push_str("/other");
    let outcome =
        home.run(&["doctor", "verigator", "-o", "ndjson"]).expect(5, "check the base URL and path_prefix");
    assert!(!outcome.out.contains("\"confirmed\""), "{outcome:?}");
}

/// What the profile has is tried first, and is enough.
#[tokio::test(flavor = "multi_thread")]
async fn the_keys_of_a_profile_are_tried_first() {
    let settings = json!({ "separator": "~~", "signing_host": "api.internal", "digest": "sha512" });
    let emulator = builder("revesecure", &settings).start().await.unwrap();
    let home = Home::of(&emulator);
    let base = home.env.iter().find(|(name, _)| *name == "REVESECURE_BASE_URL").unwrap().1.clone();
    let keys = "separator = \"~~\"\nsigning_host = \"api.internal\"\ndigest = \"sha512\"";
    let config = format!(
        "[profiles.p.revesecure]\napi_key = \"env:REVESECURE_API_KEY\"\nsecret_key = \"env:REVESECURE_SECRET_KEY\"\n\
         base_url = \"{base}\"\n{keys}\n"
    );
    home.file(".config/authctl/config.toml", config);
    let outcome = home.run(&["doctor", "revesecure", "--profile", "p", "-o", "ndjson"]).expect(0, "");
    assert!(
        outcome.out.contains("the host of the profile is accepted, with the keys of the profile"),
        "{outcome:?}"
    );
    assert!(!outcome.err.contains("set in"), "{outcome:?}");
    let first = emulator.journal().into_iter().next().unwrap();
    assert_eq!(first.status, Some(200), "{first:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_must_be_an_https_url() {
    let mut home = Home::new();
    home.env = vec![("VV_API_KEY", "vv_x".to_owned()), ("VV_BASE_URL", "http://127.0.0.1:9".to_owned())];
    for issuer in [
        "example",
        "http://login.example.org",
        "https://",
        "https://a b",
        "https://u@x.org",
        "https://x.org?a=1",
        "",
    ] {
        home.run(&["doctor", "vaultvision", "--issuer", issuer]).expect(2, "is no https URL of an issuer");
    }
    home.env.push(("VV_ISSUER_URL", "login.example.org".to_owned()));
    home.run(&["doctor", "vaultvision"]).expect(2, "VV_ISSUER_URL: login.example.org is no https URL");
}

/// Where a server reads a one-time code is observed with two codes, if a login is allowed.
#[tokio::test(flavor = "multi_thread")]
async fn the_place_of_a_code_is_observed_by_two_logins() {
    for (place, result, observed) in [
        ("either", "confirmed", "a code is read in the form, and in the header"),
        ("form", "differs", "a code is read in the form alone"),
        ("header", "differs", "a code is read in the header alone"),
    ] {
        let settings = json!({ "two_factor": true, "otp_placement": place });
        let emulator = builder("virtuous", &settings).start().await.unwrap();
        let mut home = Home::of(&emulator);
        home.env = emulator.env();
        let arguments = ["doctor", "virtuous", "--allow-login", "-o", "ndjson"];
        let mut child = home.command(&arguments).stdin(std::process::Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let mut last = String::new();
        for _ in 0..2 {
            let next = || emulator.virtuous().pending_codes().first().map(|code| code.code.clone());
            common::wait_until(|| next().is_some_and(|code| code != last));
            last = next().unwrap();
            writeln!(input, "{last}").unwrap();
        }
        drop(input);
        let outcome = Outcome::of(child).expect(0, "");
        let found: Vec<Value> = outcome.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(about(&found, "otp-placement"), [(result, observed)], "{place}");
        assert_eq!(about(&found, "otp-request")[0].0, "confirmed");
        assert!(about(&found, "token-lifetimes").iter().all(|(_, text)| text.contains("expires_in")));
        let codes = "VIRTUOUS_USERNAME, VIRTUOUS_PASSWORD and two codes";
        home.run(&["doctor", "virtuous", "-o", "ndjson", "--only", "otp-placement"]).expect(0, codes);
    }
    let emulator = builder("virtuous", &json!({ "access_lifetime_seconds": 3600 })).start().await.unwrap();
    let mut home = Home::of(&emulator);
    home.env = emulator.env();
    let outcome = home.run(&["doctor", "virtuous", "--allow-login", "-o", "ndjson"]).expect(0, "");
    let found: Vec<Value> = outcome.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(about(&found, "otp-placement"), [("untested", "the account needs no code")]);
    assert_eq!(about(&found, "token-lifetimes")[0].0, "differs");
    home.run(&["doctor", "vise", "--allow-login"]).expect(2, "no logins of users");
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
    // With and without the credential: later calls have the other path.
    emulator.add_fault(FaultRule::new("verigator", page).operation("services.get").times(2)).unwrap();
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
