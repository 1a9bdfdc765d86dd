//! The rules and loops of the vendors' pages, from the command line: objects that are read, changed and posted back, rules that are
//! checked before anything is sent, and settings for contradictory pages.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use auth_emulator::Emulator;
use auth_emulator::providers::revesecure::HmacDigest;
use auth_emulator::providers::verigator::CredentialSeparator;
use common::Home;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn an_object_without_its_secrets_is_not_posted_back() {
    let emulator = Emulator::start().await.unwrap();
    emulator.vaultvision().configure(|settings| settings.new_applications_have_secret = true);
    let home = Home::of(&emulator);
    let tenant = home.run(&["vaultvision", "tenants", "list", "--jq", ".data[0].id"]).expect(0, "").out;
    let tenant = tenant.trim();
    let made =
        home.run(&["vaultvision", "applications", "create", tenant, "--name", "App"]).expect(0, "").json();
    let id = made["id"].as_str().unwrap();
    let get = ["vaultvision", "applications", "get", tenant, id];
    let update = ["vaultvision", "applications", "update", tenant, id, "--data", "@-"];
    let changed = |mut application: Value| {
        application["metadata"] = json!({ "mykey1": "myval1" });
        application.to_string()
    };
    let redacted = changed(home.run(&get).expect(0, "[redacted]").json());
    let whole = home.run(&[&get[..], &["--show-secrets"]].concat()).expect(0, "").json();
    let path = format!("/v1/tenants/{tenant}/applications/{id}");
    let post = ["api", "vaultvision", "post", &path, "--data", "-"];
    let nested = format!(r#"[{{"a":[{redacted}]}}]"#);
    for (arguments, body) in [
        (&update[..], &redacted),
        (&[&update[..], &["--no-check"]].concat(), &redacted),
        (&[&update[..], &["--dry-run"]].concat(), &redacted),
        (&post[..], &redacted),
        (&post[..], &nested),
        (&[&post[..], &["--content-type", "text/plain"]].concat(), &redacted),
        (&["vise", "each", "post", "/domains", "--data", "-"], &redacted),
    ] {
        let refused = home.run_with(arguments, body).expect(2, "--show-secrets");
        assert!(refused.err.contains("secret is \"[redacted]\""), "{refused:?}");
    }
    home.run(&["vaultvision", "users", "create", tenant, "--data", r#"{"metadata":{"a":"[redacted]"}}"#])
        .expect(2, "metadata.a");
    home.run(&["virtuous", "contact_addresses", "update", "1", "--label", "[redacted]"])
        .expect(2, "[redacted]");
    assert_eq!(emulator.journal().iter().filter(|entry| entry.method == "POST").count(), 1, "the creation");

    home.run_with(&update, &changed(whole.clone())).expect(0, "myval1");
    let now = home.run(&[&get[..], &["--show-secrets"]].concat()).expect(0, "myval1").json();
    assert_eq!(now["secret"], whole["secret"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_of_a_list_is_posted_back_as_text() {
    let emulator =
        Emulator::builder().vaultvision(|settings| settings.bcrypt_cost = 4).start().await.unwrap();
    let home = Home::of(&emulator);
    let tenant = home.run(&["vaultvision", "tenants", "list", "--jq", ".data[0].id"]).expect(0, "").out;
    let tenant = tenant.trim();
    let user = r#"{"profile":{"email":"test01@example.test"}}"#;
    let user = home.run(&["vaultvision", "users", "create", tenant, "--data", user]).expect(0, "").json();
    let user = user["id"].as_str().unwrap();
    let password = r#"{"type":"PasswordCredential","password":{"alg":"plain","hash":"1234567890"}}"#;
    let both = [tenant, user];
    let run = |name: &str, more: &[&str], input: &str| {
        home.run_with(&[&["vaultvision", "credentials", name], &both[..], more].concat(), input)
            .expect(0, "")
            .out
    };
    run("create", &["--data", "-"], password);
    let stored =
        || -> Value { serde_json::from_str(&run("get", &["password", "--show-secrets"], "")).unwrap() };
    let before = stored();
    let listed = run("list", &["--show-secrets", "--jq", ".data[0] | .disabled = true"], "");
    assert!(listed.contains("\"cost\""), "{listed}");
    run("update", &["password", "--data", "@-"], &listed);
    assert_eq!(stored()["password"], before["password"]);
    assert_eq!(stored()["disabled"], true);
    let path = format!("/v1/tenants/{tenant}/users/{user}/credentials/password");
    let enabled = listed.replace("true", "false");
    home.run_with(&["api", "vaultvision", "post", &path, "--data", "@-"], &enabled).expect(0, "");
    assert_eq!(stored()["password"], before["password"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_of_the_descriptions_are_checked_before_anything_is_sent() {
    let emulator = Emulator::start().await.unwrap();
    let home = Home::of(&emulator);
    let keys: Vec<String> = (0..21).map(|number| format!("\"k{number}\":1")).collect();
    let many = format!(r#"{{"metadata":{{{}}}}}"#, keys.join(","));
    let long_name = format!(r#"{{"metadata":{{"{}":1}}}}"#, "k".repeat(101));
    let long_value = format!(r#"{{"metadata":{{"k":"{}"}}}}"#, "v".repeat(1001));
    let update = ["revesecure", "users", "update", "--user-id", "u"];
    for (arguments, problem) in [
        (&update[..], "one of Email, FirstName, LastName, UserName, CountryCode, ContactNumber is required"),
        (
            &[&update[..], &["--country-code", "91"]].concat(),
            "ContactNumber is required together with CountryCode",
        ),
        (
            &[&update[..], &["--contact-number", "81"]].concat(),
            "CountryCode is required together with ContactNumber",
        ),
        (&["revesecure", "services", "update", "--service-id", "s"], "one of ServiceName is required"),
        (
            &["revesecure", "tokens", "update", "--token-id", "t"],
            "one of TokenName, TokenBlocked is required",
        ),
        (
            &["revesecure", "bypass_codes", "create", "--user-id", "u", "--number", "0"],
            "number: must be at least 1",
        ),
        (&["revesecure", "users", "range", "5", "2"], "the end of the range"),
        (&["revesecure", "tokens", "range", "--", "-1", "2"], "START_INDEX: must be at least 0"),
        (
            &["revesecure", "services", "map", "--data", r#"{"ServiceId":"s","UserId":[]}"#],
            "UserId: must have at least 1 element",
        ),
        (&["vaultvision", "users", "create", "t", "--data", &many], "metadata: must have at most 20 fields"),
        (
            &["vaultvision", "users", "create", "t", "--data", &long_name],
            "metadata: a name must have at most 100",
        ),
        (
            &["vaultvision", "users", "create", "t", "--data", &long_value],
            "metadata.k: must have at most 1000",
        ),
        (
            &["virtuous", "contacts", "query", "--data", r#"{"groups":[{"conditions":[]}]}"#],
            "conditions: must have at least 1",
        ),
        (
            &[
                "virtuous",
                "gifts",
                "query",
                "--data",
                r#"{"groups":[{"conditions":[{"parameter":"Id","operator":"IsAnyOf","values":[]}]}]}"#,
            ],
            "values: must have at least 1",
        ),
    ] {
        home.run(arguments).expect(2, problem);
    }
    assert!(emulator.journal().is_empty(), "{:?}", emulator.journal());
    // Values that the description lists, and others: a service of the vendor's plugin.
    home.run(&["revesecure", "services", "create", "--name", "blog", "--type", "WordPress"]).expect(0, "");
    home.run(&["revesecure", "users", "range", "0", "0"]).expect(0, "");
    let camp = ["virtuous", "contacts", "create", "--contact-type", "Camp", "--name", "Camp"];
    home.run(&[&camp[..], &["--data", r#"{"contactIndividuals":[]}"#, "--dry-run"]].concat())
        .expect(0, "Camp");
}

/// The sample: `'CountryCode' : 91, 'ContactNumber' : 8123456789`.
#[test]
fn digits_are_numbers_where_the_page_prints_numbers() {
    let home = Home::new();
    let update = |number: &str| {
        let arguments = ["revesecure", "users", "update", "--user-id", "u", "--country-code", "91"];
        home.run(&[&arguments[..], &["--contact-number", number, "--dry-run"]].concat()).expect(0, "").out
    };
    let sent = update("8123456789");
    assert!(
        sent.contains("\"CountryCode\": 91,") && sent.contains("\"ContactNumber\": 8123456789"),
        "{sent}"
    );
    for kept in ["08123456789", "1234567890123456", "+81"] {
        let sent = update(kept);
        assert!(sent.contains(&format!("\"ContactNumber\": \"{kept}\"")), "no digit is lost: {sent}");
    }
    let create = ["revesecure", "users", "create", "--country-code", "91", "--contact-number", "8123465790"];
    let sent = home.run(&[&create[..], &["--dry-run"]].concat()).expect(0, "").out;
    assert!(sent.contains("\"CountryCode\": \"91\""), "a string in the sample of a creation: {sent}");
}

#[test]
fn every_provider_has_dry_runs_without_credentials() {
    let home = Home::new();
    for arguments in [
        &["revesecure", "users", "list"] as &[_],
        &["revesecure", "validation", "check_key"],
        &["revesecure", "validation", "user", "--login-name", "root", "--user-name", "anna"],
        &["vaultvision", "tenants", "list"],
        &["verigator", "services", "get", "x"],
        &["virtuous", "contacts", "get", "17"],
        &["api", "revesecure", "get", "/rest/v1/users"],
    ] {
        let shown = home.run(&[arguments, &["--dry-run"]].concat()).expect(0, "nothing was sent");
        assert!(shown.out.contains("[redacted]"), "{shown:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_sets_what_a_page_contradicts() {
    let emulator = Emulator::start().await.unwrap();
    let (verigator, revesecure) = (emulator.verigator(), emulator.revesecure());
    verigator.configure(|settings| settings.credential_separator = CredentialSeparator::Semicolon);
    revesecure.configure(|settings| {
        settings.separator = " ".to_owned();
        settings.digest = HmacDigest::Sha512;
    });
    let home = Home::new();
    home.file("password", verigator.password());
    home.file("secret", revesecure.secret_key());
    home.file("key", revesecure.api_key());
    let config = |verigator_keys: &str, revesecure_keys: &str| {
        let text = format!(
            "[profiles.default.verigator]\nusername = '{}'\npassword = 'file:{}'\nbase_url = '{}'\n{verigator_keys}\n\
             [profiles.default.revesecure]\napi_key = 'file:{}'\nsecret_key = 'file:{}'\nbase_url = '{}'\n{revesecure_keys}\n",
            verigator.username(),
            home.folder.join("password").display(),
            verigator.base_url(),
            home.folder.join("key").display(),
            home.folder.join("secret").display(),
            revesecure.base_url(),
        );
        home.file(".config/authctl/config.toml", text);
    };
    let get = ["verigator", "services", "get", "x"];
    let list = ["revesecure", "users", "list"];
    config("", "");
    home.run(&get).expect(4, "401");
    home.run(&list).expect(4, "401");
    config("credential_separator = ';'", "separator = ' '\ndigest = 'sha512'");
    home.run(&get).expect(5, "not found");
    home.run(&list).expect(0, "[");
    home.run(&[&get[..], &["--dry-run"]].concat()).expect(0, "/v1/service/service/x");
    config("path_prefix = '/v1'", "");
    home.run(&[&get[..], &["--dry-run"]].concat()).expect(0, "/v1/service/x");
    config("credential_separator = ';;'", "");
    home.run(&get).expect(2, "`credential_separator` must be a string of one character");
    config("", "digset = 'sha1'");
    home.run(&get).expect(2, "did you mean digest?");
}
