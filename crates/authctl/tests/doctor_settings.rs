//! The doctor against every setting of the emulator: what a read can show is found and named, nothing wrong is confirmed, and
//! after the advice is followed, the doctor has no more and calls succeed.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use auth_emulator::{Builder, Emulator};
use common::{Home, Outcome};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use toml::Table;

const SAMPLE: &str = include_str!("../src/sample.yaml");

/// What a doctor says about a setting of the emulator.
#[derive(Clone, Copy, Debug)]
enum Expected {
    /// These assumptions differ.
    Differs(&'static [&'static str]),
    /// This assumption differs, but no value can be advised, so that calls fail.
    Stuck(&'static str),
    /// The row of this assumption has this text.
    Shown(&'static str, &'static str),
    /// No read shows it.
    Hidden,
}

use Expected::{Differs, Hidden, Shown, Stuck};

/// A setting of the emulator, or a check that is relaxed, with a value that is not the default.
type Case = (&'static str, Value, Expected);

fn revesecure() -> Vec<Case> {
    vec![
        ("digest", json!("sha1"), Differs(&["digest"])),
        ("digest", json!("sha512"), Differs(&["digest"])),
        ("key_encoding", json!("utf8"), Differs(&["key-encoding"])),
        ("separator", json!("\r\n"), Differs(&["separator"])),
        ("separator", json!(""), Differs(&["separator"])),
        ("separator", json!(" "), Differs(&["separator"])),
        ("separator", json!("~"), Stuck("separator")),
        ("signing_host", json!("api.internal"), Stuck("signed-host")),
        ("check_date", json!(true), Differs(&["date-format"])),
        ("date_window_seconds", json!(300), Differs(&["clock-difference", "date-format"])),
        ("envelope", json!("documented"), Differs(&["envelope"])),
        ("envelope", json!("always"), Differs(&["envelope"])),
        ("envelope", json!("never"), Differs(&["envelope"])),
        ("error_body", json!("html"), Differs(&["error-bodies"])),
        ("error_body", json!("empty"), Differs(&["error-bodies"])),
        ("errors_as_200", json!(true), Differs(&["error-bodies"])),
        ("error_flag_of_success", json!(false), Differs(&["error-flag"])),
        ("write_response", json!("echo"), Hidden),
        ("alternative_formats", json!(true), Differs(&["value-types"])),
        ("auth_methods", json!("number"), Differs(&["value-types"])),
        ("auth_result", json!("upper_case"), Hidden),
        ("range_base", json!(1), Differs(&["ranges"])),
        ("range_end_included", json!(true), Differs(&["ranges"])),
        ("check_values", json!(false), Hidden),
        ("service_types", json!([]), Hidden),
        ("new_users_have_app", json!(false), Differs(&["app"])),
        ("push_lifetime_seconds", json!(5), Hidden),
        ("push_send_error", json!(true), Hidden),
        ("bypass_lifetime_seconds", json!(5), Hidden),
        ("allowed_user_count", json!(20), Differs(&["plan"])),
        ("allowed_service_count", json!(20), Differs(&["plan"])),
        ("relax revesecure.signed-port", json!(true), Differs(&["signed-host"])),
        ("relax revesecure.query", json!(true), Differs(&["signed-query"])),
        ("relax revesecure.unknown-fields", json!(true), Differs(&["strictness"])),
        ("relax revesecure.content-type", json!(true), Differs(&["strictness"])),
    ]
}

fn vaultvision() -> Vec<Case> {
    vec![
        ("key_enabled", json!(false), Stuck("permissions")),
        ("permissions", json!({ "all": "none", "tenants": "read" }), Differs(&["permissions"])),
        (
            "permissions",
            json!({ "tenants": "read", "users": "read", "credentials": "read" }),
            Differs(&["permissions"]),
        ),
        (
            "permissions",
            json!({ "tenants": "read", "users": "read", "applications": "read" }),
            Differs(&["permissions"]),
        ),
        ("restricted", json!({}), Differs(&["permissions"])),
        ("create_status", json!(201), Hidden),
        ("omit_zeros", json!(false), Differs(&["zeros"])),
        ("updated_at_moves", json!(false), Hidden),
        ("drop_unknown", json!(false), Hidden),
        ("new_applications_have_secret", json!(true), Hidden),
        ("second_password", json!("fail"), Hidden),
        ("bcrypt_cost", json!(5), Hidden),
        ("bcrypt_tolerance", json!(0), Hidden),
        ("list_passwords_in_base64", json!(false), Differs(&["list-passwords"])),
        ("accept_base64_hashes", json!(true), Hidden),
        ("accept_wrapped_hashes", json!(false), Hidden),
        ("require_email", json!(true), Hidden),
        ("require_name", json!(true), Hidden),
        ("domain_is_writable", json!(true), Hidden),
        ("verified_at_is_writable", json!(true), Hidden),
        ("check_emails", json!(false), Hidden),
        ("check_types", json!(false), Hidden),
        ("list_limit", json!(1), Differs(&["lists"])),
        ("list_limit", json!(50), Differs(&["lists"])),
        ("paging", json!(true), Differs(&["lists"])),
        ("calls_per_window", json!(40), Differs(&["rate-limits"])),
        ("misconfigured_tenants", json!(["FIRST"]), Differs(&["server-errors"])),
        ("code_lifetime_seconds", json!(5), Hidden),
        ("access_token_lifetime_seconds", json!(5), Hidden),
        ("id_token_lifetime_seconds", json!(5), Hidden),
        ("plain_challenges", json!(true), Differs(&["pkce"])),
        ("public_clients_need_pkce", json!(false), Differs(&["pkce"])),
        ("published_keys", json!(1), Hidden),
        ("auto_login", json!("anna@example.org"), Differs(&["oidc-flow"])),
        ("id_token_flaw", json!("issuer"), Hidden),
    ]
}

fn verigator() -> Vec<Case> {
    vec![
        ("forbidden", json!(true), Stuck("forbidden")),
        ("credential_separator", json!("semicolon"), Differs(&["credential-separator"])),
        ("require_headers", json!(true), Differs(&["missing-headers"])),
        ("check_values", json!(false), Hidden),
        ("code_lifetime_seconds", json!(5), Hidden),
        ("max_wrong_tries", json!(1), Hidden),
        ("create_status", json!(201), Hidden),
        ("start_status", json!(201), Hidden),
        ("delete_status", json!(204), Hidden),
        ("delete_with_json_body", json!(false), Hidden),
        ("error_body", json!("html"), Differs(&["error-bodies"])),
        ("error_body", json!("empty"), Differs(&["error-bodies"])),
        ("ctime_format", json!("unix_number"), Hidden),
        ("service_with_users", json!("cascade"), Hidden),
        ("auth_id", json!("null"), Hidden),
        ("list_has_totals", json!(false), Hidden),
        ("verify_needs_method", json!(true), Hidden),
        ("new_users_have_app", json!(true), Hidden),
        ("relax verigator.accept", json!(true), Differs(&["missing-headers"])),
        ("relax verigator.content-type", json!(true), Hidden),
        ("relax verigator.unknown-fields", json!(true), Hidden),
    ]
}

fn virtuous() -> Vec<Case> {
    vec![
        ("access_lifetime_seconds", json!(3600), Hidden),
        ("refresh_lifetime_seconds", json!(5), Hidden),
        ("rotate_refresh_tokens", json!(false), Hidden),
        ("rotation_grace_seconds", json!(60), Hidden),
        ("reuse_revokes_family", json!(false), Hidden),
        ("two_factor", json!(true), Hidden),
        ("code_lifetime_seconds", json!(5), Hidden),
        ("max_wrong_codes", json!(1), Hidden),
        ("otp_placement", json!("header"), Hidden),
        ("calls_per_hour", json!(1500), Differs(&["hourly-limit"])),
        ("rate_limit_headers", json!(false), Differs(&["hourly-limit"])),
        ("retry_after", json!(false), Hidden),
        ("hmac_tolerance_seconds", json!(60), Differs(&["clock-difference"])),
        ("hmac_tolerance_seconds", json!(3600), Differs(&["clock-difference"])),
        ("error_body", json!("envelope"), Differs(&["error-bodies"])),
        ("error_body", json!("empty"), Differs(&["error-bodies"])),
        ("error_body", json!("html"), Differs(&["error-bodies"])),
        ("webhook_header", json!("x-signature"), Hidden),
        ("webhook_encoding", json!("hex"), Hidden),
        ("webhook_tries", json!(1), Hidden),
        ("webhook_retry_seconds", json!(1), Hidden),
        ("webhook_duplicates", json!(1), Hidden),
        ("loopback_webhooks", json!(true), Hidden),
        ("webhook_receivers", json!(["example.org"]), Hidden),
        ("api_keys", json!(false), Stuck("api-keys")),
        ("hmac_only", json!(false), Differs(&["hmac-only"])),
        ("contacts", json!(30), Hidden),
        ("gifts_per_contact", json!(2), Hidden),
        ("custom_fields", json!({ "contact": [] }), Hidden),
        ("custom_collections", json!({ "contact": [] }), Hidden),
        ("tags", json!([]), Hidden),
        ("contact_types", json!([]), Hidden),
        ("put_merges", json!(true), Hidden),
        ("repeated_transaction_status", json!(200), Hidden),
        ("unique_emails", json!(false), Hidden),
        ("exact_paths", json!(true), Differs(&["exact-paths"])),
        ("fail_take_above", json!(500), Differs(&["paging-limits"])),
        ("fail_skip_above", json!(5000), Differs(&["paging-limits"])),
        ("fail_skip_above", json!(500_000), Differs(&["paging-limits"])),
        ("ignore_paging", json!(true), Differs(&["paging-honoured"])),
    ]
}

fn vise() -> Vec<Case> {
    vec![
        ("hosts", json!(1), Shown("hosts", "all 1 hosts")),
        ("session_seconds", json!(60), Hidden),
        ("cookie_expiry", json!("max_age"), Shown("session-lifetime", "Max-Age, 900 s")),
        ("cookie_expiry", json!("expires"), Shown("session-lifetime", "Expires")),
        ("expired_response", json!("redirect"), Shown("session-expired", "302")),
        ("expired_response", json!("page"), Shown("session-expired", "200, a web page")),
        ("expired_response", json!("cleared_cookie"), Shown("session-expired", "the cookie is deleted")),
        ("calls_per_session", json!(2), Differs(&["session-lifetime"])),
        ("calls_per_session", json!(20), Differs(&["session-lifetime"])),
        ("random_expiry_per_mille", json!(300), Differs(&["session-lifetime"])),
        ("opened_response", json!("no_content"), Shown("auth-response", "204, no body")),
        ("opened_response", json!("redirect"), Shown("auth-redirects", "1")),
        ("opened_response", json!("redirect_first"), Shown("auth-redirects", "1")),
        ("auth_method", json!("POST"), Differs(&["auth-request"])),
        ("auth_path", json!("/login/start"), Stuck("auth-request")),
        ("auth_parameter", json!("key"), Stuck("auth-request")),
        ("phrases", json!("encoded"), Differs(&["phrase-encoding"])),
        ("phrases", json!("plain"), Shown("phrase-encoding", "no phrase has")),
        ("wrong_phrase", json!("forbidden"), Shown("phrase-refused", "403")),
        ("wrong_phrase", json!("page"), Shown("phrase-refused", "200, a web page")),
        ("wrong_phrase", json!("redirect"), Shown("phrase-refused", "302")),
        ("session_cookie", json!("sid"), Differs(&["session-cookie"])),
        ("sibling_cookies", json!(false), Hidden),
        ("dashboard_token", json!("authorization"), Differs(&["token-placement"])),
        ("dashboard_token", json!({ "header": "X-Token" }), Differs(&["token-placement"])),
        ("dashboard_token", json!({ "query": "api_key" }), Differs(&["token-placement"])),
        ("dashboard_token", json!({ "header": "X-Odd-Name" }), Stuck("token-placement")),
        ("vise_token", json!("authorization"), Differs(&["token-placement"])),
        ("vise_token", json!({ "header": "x-api-key" }), Differs(&["token-placement"])),
        ("vise_token", json!({ "query": "api_token" }), Differs(&["token-placement"])),
        ("vise_token", json!({ "header": "X-Odd-Name" }), Stuck("token-placement")),
        ("domain_list", json!({ "enveloped": "data" }), Shown("domains-format", "a JSON object; 3 of 3")),
        ("domain_list", json!("single"), Shown("domains-format", "a JSON object; 1 of 1")),
        ("domain_list", json!("other_names"), Stuck("domains-format")),
        ("domains_without_vise", json!(2), Shown("domains-format", "3 of 5")),
        ("hostile", json!(true), Stuck("hosts")),
        ("hostile_hosts", json!(["127.0.0.1"]), Hidden),
        ("challenge", json!("page"), Stuck("challenge")),
        ("challenge", json!("forbidden"), Stuck("challenge")),
    ]
}

/// Keys of profiles with values that the emulator's defaults reject, with what the doctor advises.
const WRONG: [(&str, &str, &str); 21] = [
    ("revesecure", "digest = \"sha512\"", "digest = \"sha256\""),
    ("revesecure", "key_encoding = \"utf8\"", "key_encoding = \"hex\""),
    ("revesecure", "separator = \"~\"", "separator = \"\\n\""),
    ("revesecure", "signing_host = \"other.example\"", "signing_host = \"127.0.0.1\""),
    ("revesecure", "strict_envelope = true", "strict_envelope = false"),
    ("verigator", "path_prefix = \"/api\"", "path_prefix = \"/v1/service\""),
    ("verigator", "credential_separator = \"|\"", "credential_separator = \":\""),
    ("verigator", "credential_separator = \";\"", "credential_separator = \":\""),
    ("vise", "domains_path = \"/list\"", "domains_path = \"/domains\""),
    ("vise", "domains_method = \"POST\"", "domains_method = \"GET\""),
    ("vise", "token_placement = \"authorization\"", "token_placement = \"bearer\""),
    ("vise", "vise_token_placement = \"query:token\"", "vise_token_placement = \"bearer\""),
    ("vise", "phrase_is_encoded = true", "phrase_is_encoded = false"),
    ("vise", "auth_method = \"POST\"", "auth_method = \"GET\""),
    ("vise", "auth_path = \"/login/start\"", "auth_path = \"/auth\""),
    ("vise", "auth_parameter = \"key\"", "auth_parameter = \"pfk\""),
    ("vise", "session_cookie = \"sid\"", "session_cookie = \"session\""),
    ("vise", "session_cookie = \"lb\"", "session_cookie = \"session\""),
    ("vise", "vise_prefix = \"/api\"", "vise_prefix = \"\""),
    ("vise", "vise_domains_path = \"/list\"", "vise_domains_path = \"/domains\""),
    (
        "vise",
        "auth_path = \"/x\"\nvise_prefix = \"/y\"\ntoken_placement = \"query:z\"",
        "auth_path = \"/auth\"",
    ),
];

/// Values of profiles that fit one setting of the emulator, and are wrong without it.
const FITTING: [(&str, &str, &str, &str, &str); 14] = [
    ("revesecure", "separator", "\"~\"", "separator = \"~\"", "separator"),
    ("revesecure", "separator", "\"~\"", "separator = \"~\"\ndigest = \"sha1\"", "separator"),
    ("revesecure", "signing_host", "\"api.internal\"", "signing_host = \"api.internal\"", "signed-host"),
    ("revesecure", "check_date", "true", "date_format = \"12-12-12\"", "date-format"),
    ("revesecure", "error_flag_of_success", "false", "strict_envelope = true", "error-flag"),
    (
        "verigator",
        "credential_separator",
        "\"semicolon\"",
        "credential_separator = \";\"",
        "credential-separator",
    ),
    ("verigator", "require_headers", "true", "content_type_without_body = false", "missing-headers"),
    (
        "vise",
        "auth_path",
        "\"/login/start\"",
        "auth_path = \"/login/start\"\nauth_parameter = \"x\"",
        "auth-request",
    ),
    ("vise", "auth_parameter", "\"key\"", "auth_parameter = \"key\"\nauth_path = \"/x\"", "auth-request"),
    (
        "vise",
        "vise_token",
        "{\"header\":\"X-Odd-Name\"}",
        "vise_token_placement = \"header:x-odd-name\"",
        "token-placement",
    ),
    (
        "vise",
        "dashboard_token",
        "{\"header\":\"X-Odd-Name\"}",
        "token_placement = \"header:x-odd-name\"",
        "token-placement",
    ),
    ("vise", "expired_response", "\"page\"", "html_ends_session = false", "session-expired"),
    ("vise", "opened_response", "\"redirect_first\"", "max_auth_redirects = 0", "auth-redirects"),
    ("vise", "session_cookie", "\"sid\"", "session_cookie = \"*\"", "session-cookie"),
];

fn cases(provider: &str) -> Vec<Case> {
    match provider {
        "revesecure" => revesecure(),
        "vaultvision" => vaultvision(),
        "verigator" => verigator(),
        "virtuous" => virtuous(),
        _ => vise(),
    }
}

/// An emulator with settings, and a home with a profile for it.
struct Bench {
    provider: &'static str,
    home: Home,
    profile: Table,
    _emulator: Emulator,
}

impl Bench {
    async fn new(provider: &'static str, settings: &[(&str, Value)], profile: &str) -> Self {
        let mut builder = Emulator::builder().seed_file(SAMPLE).unwrap();
        let mut later = Vec::new();
        for (name, value) in settings {
            builder = match name.strip_prefix("relax ") {
                Some(check) => builder.relax(check),
                // What the sample needs is changed when it is there, and ids are known.
                None if provider == "vaultvision" => {
                    later.push((*name, value.clone()));
                    builder
                }
                None => builder.set(&format!("{provider}.{name}"), value.clone()),
            };
        }
        let emulator = builder.start().await.unwrap();
        let mut home = Home::of(&emulator);
        home.env.retain(|(name, _)| !matches!(*name, "VISE_HOST" | "VISE_PHRASE"));
        if provider == "vaultvision" {
            prepare(&home);
            let first = home.run(&["vaultvision", "tenants", "list", "--jq", ".data[0].id"]).out;
            let text = serde_json::to_string(&later.into_iter().collect::<BTreeMap<_, _>>()).unwrap();
            let change: Value = serde_json::from_str(&text.replace("FIRST", first.trim())).unwrap();
            let mut changed = serde_json::to_value(emulator.vaultvision().settings()).unwrap();
            changed.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let changed = serde_json::from_value(changed).unwrap();
            emulator.vaultvision().configure(|settings| *settings = changed);
        }
        Self { provider, home, profile: toml::from_str(profile).unwrap(), _emulator: emulator }
    }

    /// Runs a command with the profile.
    fn run(&self, arguments: &[&str]) -> Outcome {
        let keys: [(&str, &str); 11] = [
            ("REVESECURE_API_KEY", "api_key"),
            ("REVESECURE_SECRET_KEY", "secret_key"),
            ("VV_API_KEY", "api_key"),
            ("VIRTUOUS_API_KEY", "api_key"),
            ("VIRTUOUS_APPLICATION_KEY", "application_key"),
            ("VIRTUOUS_PRIVATE_KEY", "private_key"),
            ("VERIGATOR_USERNAME", "username"),
            ("VERIGATOR_PASSWORD", "password"),
            ("VISE_API_TOKEN", "api_token"),
            ("VISE_DASHBOARD_URL", "dashboard_url"),
            ("_BASE_URL", "base_url"),
        ];
        let mut table = self.profile.clone();
        let of = if self.provider == "vaultvision" {
            "VV_".to_owned()
        } else {
            self.provider.to_uppercase() + "_"
        };
        for (name, value) in self.home.env.iter().filter(|(name, _)| name.starts_with(&of)) {
            let Some((_, key)) = keys.iter().find(|(suffix, _)| name.ends_with(suffix)) else { continue };
            let is_plain = name.ends_with("_URL") || name.ends_with("_USERNAME");
            let value = if is_plain { value.clone() } else { format!("env:{name}") };
            table.insert((*key).to_owned(), value.into());
        }
        let config = format!("[profiles.p.{}]\n{}", self.provider, lines(&table));
        self.home.file(".config/authctl/config.toml", config);
        self.home.run(&[arguments, &["--profile", "p"]].concat())
    }

    fn doctor(&self) -> Doctor {
        let mut arguments = vec!["doctor", self.provider, "-o", "ndjson"];
        let issuer =
            self.home.env.iter().find(|(name, _)| *name == "VV_ISSUER_URL").map(|(_, url)| url.clone());
        if let (Some(url), "vaultvision") = (&issuer, self.provider) {
            arguments.extend(["--issuer", url]);
        }
        Doctor::of(self.run(&arguments))
    }

    /// A call with the profile.
    fn call(&self) -> Outcome {
        let words: &[&str] = match self.provider {
            "revesecure" => &["revesecure", "organization", "get"],
            "vaultvision" => &["vaultvision", "tenants", "list"],
            // Exit code 5: the credential was accepted.
            "verigator" => &["verigator", "services", "get", "none"],
            "virtuous" => &["virtuous", "contacts", "types"],
            _ => &["vise", "each", "get", "/domains"],
        };
        self.run(words)
    }

    /// Follows the advice, and returns what is wrong then.
    fn follow(&mut self, doctor: &Doctor) -> Result<(), String> {
        let advised = lines(&doctor.advice);
        self.profile.extend(doctor.advice.clone());
        let again = self.doctor();
        if !again.advice.is_empty() || again.code != 0 {
            return Err(format!("after {advised}: exit {}, {:?}, {}", again.code, again.advice, again.err));
        }
        let call = self.call();
        if call.code != if self.provider == "verigator" { 5 } else { 0 } {
            return Err(format!("after {advised}: a call fails: {}", call.err));
        }
        Ok(())
    }
}

/// Two users, one with a password and a field that is false, and an application without a secret.
fn prepare(home: &Home) {
    let id = home.run(&["vaultvision", "tenants", "list", "--jq", ".data[0].id"]).out;
    let user = r#"{"disabled":false,"profile":{"email":"anna@example.org"}}"#;
    let user = home.run(&["vaultvision", "users", "create", id.trim(), "--data", user, "--jq", ".id"]).out;
    home.run(&["vaultvision", "users", "create", id.trim(), "--data", "{}"]).expect(0, "");
    let hash = r#"{"password":{"alg":"sha256","hash":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}"#;
    let create = ["vaultvision", "credentials", "create", id.trim(), user.trim(), "--data", "-"];
    home.run_with(&create, hash).expect(0, "");
    let application = r#"{"name":"Shop","redirect_urls":["https://shop.example.org/back"]}"#;
    home.run(&["vaultvision", "applications", "create", id.trim(), "--data", application]).expect(0, "");
}

/// A table as lines. The strings, numbers and booleans of JSON are those of TOML.
fn lines(table: &Table) -> String {
    let line = |(key, value)| format!("{key} = {}\n", serde_json::to_string(value).unwrap());
    table.iter().map(line).collect()
}

/// What a doctor has said.
#[derive(Debug)]
struct Doctor {
    code: i32,
    rows: Vec<(String, String, String)>,
    advice: Table,
    err: String,
}

impl Doctor {
    fn of(outcome: Outcome) -> Self {
        assert!(!outcome.err.contains("panicked"), "{outcome:?}");
        let rows = outcome.out.lines().map(|line| {
            let row: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            (text("assumption"), text("result"), text("observed"))
        });
        let table = outcome.err.split_once("\n  [profiles.").map_or("", |(_, table)| table);
        let keys = table.lines().skip(1).take_while(|line| line.starts_with("  "));
        let advice = toml::from_str(&keys.collect::<Vec<_>>().join("\n")).unwrap();
        Self { code: outcome.code, rows: rows.collect(), advice, err: outcome.err }
    }

    fn with(&self, result: &str) -> BTreeSet<&str> {
        self.rows.iter().filter(|(_, own, _)| own == result).map(|(id, ..)| id.as_str()).collect()
    }

    /// Whether an assumption is confirmed, and nothing else is said about it.
    fn only_confirms(&self, id: &str) -> bool {
        let mut rows = self.rows.iter().filter(|(own, ..)| own == id);
        rows.all(|(_, result, _)| result == "confirmed")
    }
}

/// Runs jobs, a few at a time, and collects what is wrong.
async fn all<F: Future<Output = Option<String>> + Send + 'static>(jobs: impl Iterator<Item = F>) {
    let mut wrong = Vec::new();
    let mut jobs = jobs.peekable();
    while jobs.peek().is_some() {
        let some: Vec<_> = jobs.by_ref().take(4).map(tokio::spawn).collect();
        for job in some {
            wrong.extend(job.await.unwrap());
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

const PROVIDERS: [&str; 5] = ["revesecure", "vaultvision", "verigator", "virtuous", "vise"];

/// Another setting of the emulator, or a renamed one, needs a case.
#[tokio::test(flavor = "multi_thread")]
async fn every_setting_of_the_emulator_has_a_case() {
    let emulator = Emulator::start().await.unwrap();
    for (provider, settings) in [
        ("revesecure", serde_json::to_value(emulator.revesecure().settings())),
        ("vaultvision", serde_json::to_value(emulator.vaultvision().settings())),
        ("verigator", serde_json::to_value(emulator.verigator().settings())),
        ("virtuous", serde_json::to_value(emulator.virtuous().settings())),
        ("vise", serde_json::to_value(emulator.vise().settings())),
    ] {
        let settings = settings.unwrap();
        let named: BTreeSet<&str> = cases(provider).into_iter().map(|(name, ..)| name).collect();
        for name in settings.as_object().unwrap().keys() {
            assert!(named.contains(name.as_str()), "{provider}.{name} has no case");
        }
        for check in Builder::relaxations().iter().filter(|check| check.name.starts_with(provider)) {
            assert!(named.contains(format!("relax {}", check.name).as_str()), "{} has no case", check.name);
        }
        for (name, value, _) in cases(provider) {
            assert!(
                name.starts_with("relax ") || settings[name] != value,
                "{provider}.{name}: {value} is the default"
            );
        }
    }
}

/// The doctor without any deviation.
#[tokio::test(flavor = "multi_thread")]
async fn the_defaults_of_the_emulator_are_confirmed() {
    for provider in PROVIDERS {
        let mut bench = Bench::new(provider, &[], "").await;
        let doctor = bench.doctor();
        assert_eq!((doctor.code, doctor.with("differs")), (0, BTreeSet::new()), "{provider}: {doctor:#?}");
        assert!(doctor.with("confirmed").len() > 3, "{provider}: {doctor:#?}");
        bench.follow(&doctor).unwrap();
    }
}

async fn single(provider: &'static str, (name, value, expected): Case) -> Option<String> {
    let mut bench = Bench::new(provider, &[(name, value.clone())], "").await;
    let doctor = bench.doctor();
    let differs = doctor.with("differs");
    let problem = match expected {
        Differs(ids) if differs != ids.iter().copied().collect() => {
            Some(format!("{differs:?} instead of {ids:?}"))
        }
        Differs(_) => bench.follow(&doctor).err(),
        Stuck(id) if doctor.only_confirms(id) => Some(format!("{id} is confirmed")),
        Stuck(_) if !doctor.advice.is_empty() => Some(format!("advises {}", lines(&doctor.advice))),
        Stuck(_) => None,
        Shown(id, text)
            if !doctor.rows.iter().any(|(own, _, observed)| own == id && observed.contains(text)) =>
        {
            Some(format!("{id} doesn't show {text:?}: {:?}", doctor.rows))
        }
        Shown(..) | Hidden if !differs.is_empty() => Some(format!("{differs:?} instead of nothing")),
        Shown(..) | Hidden => bench.follow(&doctor).err(),
    };
    problem.map(|problem| format!("{provider}.{name} = {value}: {problem}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_is_found_and_the_advice_works() {
    let jobs = PROVIDERS
        .into_iter()
        .flat_map(|provider| cases(provider).into_iter().map(move |case| (provider, case)));
    all(jobs.map(|(provider, case)| single(provider, case))).await;
}

async fn pair(provider: &'static str, one: Case, other: Case) -> Option<String> {
    let mut bench = Bench::new(provider, &[(one.0, one.1.clone()), (other.0, other.1.clone())], "").await;
    let doctor = bench.doctor();
    let (mut problems, mut is_stuck) = (Vec::new(), false);
    for (.., expected) in [&one, &other] {
        let ids: &[&str] = match expected {
            Differs(ids) => ids,
            Stuck(id) => {
                is_stuck = true;
                std::slice::from_ref(id)
            }
            Shown(..) | Hidden => &[],
        };
        problems
            .extend(ids.iter().filter(|id| doctor.only_confirms(id)).map(|id| format!("{id} is confirmed")));
    }
    if !is_stuck {
        problems.extend(bench.follow(&doctor).err());
    }
    let problems = problems.join("; ");
    let at = || format!("{provider}.{} = {}, {} = {}: {problems}", one.0, one.1, other.0, other.1);
    (!problems.is_empty()).then(at)
}

/// Pairs of settings that a read shows: one of them may hide the other, but is never taken for it.
async fn pairs(step: usize) {
    for provider in PROVIDERS {
        let mut cases = cases(provider);
        // Calls fail at random, whatever the doctor says.
        cases.retain(|(name, _, expected)| !matches!(expected, Hidden) && *name != "random_expiry_per_mille");
        let pairs = cases.iter().enumerate().flat_map(|(at, one)| {
            let others = cases[at + 1..].iter().filter(|other| other.0 != one.0);
            others.map(move |other| (one.clone(), other.clone()))
        });
        let jobs = pairs.step_by(step).map(|(one, other)| pair(provider, one, other));
        all(jobs.collect::<Vec<_>>().into_iter()).await;
    }
}

/// All pairs take minutes: `AUTHCTL_TEST_PAIRS=1` runs each, and any other number one in so many.
#[tokio::test(flavor = "multi_thread")]
async fn pairs_of_settings_are_found() {
    let step = std::env::var("AUTHCTL_TEST_PAIRS").ok().and_then(|step| step.parse().ok());
    pairs(step.filter(|step| *step > 0).unwrap_or(13)).await;
}

async fn wrong(
    provider: &'static str,
    settings: Vec<(&'static str, Value)>,
    profile: &'static str,
    advice: Option<&'static str>,
    id: Option<&'static str>,
) -> Option<String> {
    let mut bench = Bench::new(provider, &settings, profile).await;
    let doctor = bench.doctor();
    let at = |problem: String| Some(format!("{provider} {settings:?} with {profile:?}: {problem}"));
    if let Some(id) = id.filter(|id| doctor.only_confirms(id)) {
        return at(format!("{id} is confirmed: {doctor:?}"));
    }
    if let Some(advice) = advice {
        let advice: Table = toml::from_str(advice).unwrap();
        if let Some((key, value)) = advice.iter().find(|(key, value)| doctor.advice.get(*key) != Some(value))
        {
            return at(format!("{key} = {value:?} is not advised: {:?} {}", doctor.advice, doctor.err));
        }
    }
    bench.follow(&doctor).err().and_then(at)
}

/// Values of profiles that the server rejects.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_values_of_profiles_are_found_and_the_advice_works() {
    all(WRONG
        .into_iter()
        .map(|(provider, profile, advice)| wrong(provider, Vec::new(), profile, Some(advice), None)))
    .await;
    all(FITTING.into_iter().map(|(provider, name, value, profile, id)| {
        let value = serde_json::from_str(value).unwrap();
        wrong(provider, vec![(name, value)], profile, None, Some(id))
    }))
    .await;
}
