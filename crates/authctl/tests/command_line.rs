//! The program as a user runs it: against an emulator, with its output, its exit codes and its secrets.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use auth_emulator::providers::verigator::CreateStatus;
use auth_emulator::{Emulator, Fault, FaultRule};
use common::{Home, LIMIT, Outcome, PROGRAM};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

async fn emulator() -> Emulator {
    Emulator::builder().seed(7).start().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_donor_is_found_and_changed() {
    let emulator = emulator().await;
    let home = Home::of(&emulator);
    let found = home
        .run(&["virtuous", "contacts", "search", "--search", "Larsson", "--jq", ".list[].id"])
        .expect(0, "17");
    assert_eq!(found.out, "17\n");
    let contact = home.run(&["virtuous", "contacts", "get", "17"]).expect(0, "");
    assert_eq!(contact.json()["id"], 17);

    let addresses = home.run(&["virtuous", "contact_addresses", "by_contact", "17", "--jq", ".[0].id"]);
    let id = addresses.expect(0, "").out.trim().to_owned();
    let arguments = [
        "virtuous",
        "contact-addresses",
        "update",
        &id,
        "--label",
        "Home",
        "--address1",
        "2 Main Street",
        "--postal",
        "01234",
    ];
    home.run(&arguments).expect(0, "2 Main Street");
    let postal = home.run(&["virtuous", "contact_addresses", "get", &id, "--jq", ".postal", "-o", "json"]);
    assert_eq!(postal.expect(0, "").out, "\"01234\"\n", "a string stays one");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_provider_can_be_called() {
    let emulator = emulator().await;
    let home = Home::of(&emulator);
    home.run(&["verigator", "services", "create", "--fqdn", "shop.example.com", "--name", "Shop"])
        .expect(0, "\"name\": \"Shop\"");
    // Any 2xx is a success, whatever is documented.
    emulator.verigator().set_create_status(CreateStatus::Created);
    home.run(&["verigator", "services", "create", "--fqdn", "mall.example.com", "--name", "Mall"])
        .expect(0, "\"name\": \"Mall\"");
    home.run(&["revesecure", "users", "list"]).expect(0, "[");
    home.run(&["vaultvision", "tenants", "list", "-o", "ndjson"]).expect(0, "\"id\":");
    home.run(&["api", "virtuous", "get", "/api/Contact/Types"]).expect(0, "Household");
    let domains = home.run(&["vise", "domains"]).expect(0, "has_phrase").json();
    assert!(domains.to_string().find("phrase\":\"").is_none(), "{domains}");
    let host = domains[0]["host"].as_str().unwrap();
    home.run(&["vise", host, "get", "/domains"]).expect(0, "shop-1.example");
    let each = home.run(&["vise", "each", "get", "/domains"]).expect(0, "").json();
    assert_eq!(each.as_array().unwrap().len(), 3);
    home.run(&["vise", "each", "get", "/nowhere"]).expect(9, "3 of 3 hosts failed");
    home.run(&["vise", "127.0.0.1:1", "get", "/domains"]).expect(5, "no host");
}

#[tokio::test(flavor = "multi_thread")]
async fn formats_agree_and_pages_are_merged() {
    let emulator = emulator().await;
    let home = Home::of(&emulator);
    for name in ["Berg", "Dahl", "Holm", "Lund", "Moe"] {
        let individuals = format!(r#"{{"contactIndividuals":[{{"firstName":"Ola","lastName":"{name}"}}]}}"#);
        let arguments = [
            "virtuous",
            "contacts",
            "create",
            "--contact-type",
            "Household",
            "--name",
            name,
            "--data",
            &individuals,
        ];
        home.run(&arguments).expect(0, name);
    }
    let query = ["virtuous", "contacts", "query", "--data", r#"{"groups":[]}"#];
    let with = |more: &[&'static str]| home.run(&[&query as &[_], more].concat());
    let all = with(&["--all", "--take", "2"]).expect(0, "").json();
    let ids: Vec<i64> = all.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect();
    assert!(ids.len() >= 6, "{ids:?}");
    let lines: Vec<i64> = with(&["--all", "--take", "3", "-o", "ndjson"])
        .expect(0, "")
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_i64().unwrap())
        .collect();
    assert_eq!(lines, ids, "whatever the size of a page");
    let csv = with(&["--all", "-o", "csv"]).expect(0, "");
    assert_eq!(
        csv.out.lines().next(),
        Some("id,name,contactType,contactName,address,email,phone,contactViewUrl")
    );
    assert_eq!(csv.out.lines().count(), ids.len() + 1);
    let filtered = with(&["--all", "--take", "2", "-o", "csv", "--columns", "n", "--jq", "{n: length}"]);
    assert_eq!(filtered.expect(0, "").out, format!("n\n{}\n", ids.len()), "a filter sees all pages");
    assert_eq!(with(&["--limit", "3", "--take", "2"]).expect(0, "").json().as_array().unwrap().len(), 3);
    let table = with(&["--limit", "3", "-o", "table"]).expect(0, "id ");
    assert!(table.out.lines().all(|line| line.chars().count() <= 80), "{}", table.out);
    home.run(&["virtuous", "contacts", "get", "17", "--all"]).expect(2, "returns no list");

    let one = ["virtuous", "contacts", "get", "17", "-o", "table", "--columns", "name,address.city"];
    assert_eq!(home.run(&one).expect(0, "").out, "name          Anna Larsson\naddress.city  Phoenix\n");

    // The third page fails: what was printed is no complete document.
    emulator
        .add_fault(
            FaultRule::new("virtuous", Fault::status(400)).operation("contacts.query").after(2).times(1),
        )
        .unwrap();
    let broken = with(&["--all", "--take", "2"]).expect(3, "400");
    assert!(
        broken.out.starts_with("[\n") && serde_json::from_str::<Value>(&broken.out).is_err(),
        "{broken:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_say_what_to_do() {
    let emulator = emulator().await;
    let mut home = Home::of(&emulator);
    let fault = |status: u16, operation: &str| {
        emulator
            .add_fault(FaultRule::new("virtuous", Fault::status(status)).operation(operation).times(20))
            .unwrap();
    };
    home.run(&["virtuous", "contacts", "get", "999999"]).expect(5, "not found");
    home.run(&["virtuous", "contacts", "get", "twelve"]).expect(2, "CONTACT_ID: must be an integer");
    home.run(&["virtuous", "contact_addresses", "delete", "231"]).expect(8, "--yes");
    fault(503, "contacts.types");
    home.run(&["virtuous", "contacts", "types", "--timeout", "2"]).expect(6, "safe to run again");
    fault(403, "contacts.prefixes");
    home.run(&["virtuous", "contacts", "prefixes"]).expect(3, "403");
    emulator
        .add_fault(
            FaultRule::new("virtuous", Fault::close_before_response())
                .operation("contacts.toggle_follow")
                .times(9),
        )
        .unwrap();
    let unclear = home.run(&["virtuous", "contacts", "toggle_follow", "17", "-o", "json"]).expect(7, "");
    let error: Value = serde_json::from_str(&unclear.err).unwrap();
    assert_eq!(error["error"]["may_have_executed"], true, "{error}");
    assert_eq!(
        (&error["error"]["exit"], &error["error"]["operation"]),
        (&7.into(), &"contacts.toggle_follow".into())
    );
    emulator.clear_faults();
    home.env.retain(|(name, _)| *name != "VIRTUOUS_API_KEY");
    home.env.push(("VIRTUOUS_API_KEY", "wrong".to_owned()));
    home.run(&["virtuous", "contacts", "types"]).expect(4, "authctl status virtuous");
    home.env.clear();
    home.run(&["virtuous", "contacts", "types"]).expect(4, "there are no credentials");
    home.run(&["verigator", "services", "get", "x", "--output", "xml"]).expect(2, "xml");
    #[cfg(target_os = "linux")]
    {
        let full = std::fs::File::create("/dev/full").unwrap();
        let child = home.command(&["list"]).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        Outcome::of(child).expect(1, "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_found_before_anything_is_sent() {
    let emulator = emulator().await;
    let home = Home::of(&emulator);
    let create = ["virtuous", "contacts", "create"];
    let with = |more: &[&'static str]| home.run(&[&create as &[_], more].concat());
    with(&[])
        .expect(2, "contactType: is required (set --contact-type)")
        .expect(2, "contactIndividuals: is required (pass it in --data)");
    with(&["--nmae", "x"]).expect(2, "--name");
    let gift = ["virtuous", "gifts", "create", "--contact-id", "17", "--gift-type", "Cash"];
    let gift = |amount: &'static str| {
        let more = ["--gift-date", "2026-11-28", "--amount", amount, "--dry-run"];
        home.run(&[&gift as &[_], &more].concat())
    };
    for amount in ["abc", "$10.50", "1,000", "1e3", ""] {
        gift(amount).expect(2, "authctl: --amount: must be a decimal number, such as 10.50\n");
    }
    for amount in ["10", "-5", "12345678901234567890.10"] {
        gift(amount).expect(0, &format!("\"amount\": \"{amount}\""));
    }
    with(&["--name", "a", "--name", "b"]).expect(2, "set 2 times");
    with(&["--data", "{name}"]).expect(2, "not JSON (line 1, column 2)");
    with(&["--data", "@missing.json"]).expect(1, "missing.json");
    with(&["--data", r#"{"contactType":"H","name":"a","contactIndividuals":[{"firstNam":"A"}]}"#])
        .expect(2, "did you mean firstName?");
    with(&["--anniversary-month", "June"]).expect(2, "--anniversary-month: must be an integer");
    home.run(&["virtuous", "contacts", "by_source", "crm", ".."]).expect(2, "dot segment");
    home.run(&["virtuous", "contacts", "get", "17", "--jq", ".["]).expect(2, "syntax error");
    home.run(&["virtuous", "contacts", "get", "17", "18"]).expect(2, "18");
    home.run(&["virtous"]).expect(2, "did you mean virtuous?");
    home.run(&["api", "virtuous", "gte", "/x"]).expect(2, "did you mean GET");
    assert!(emulator.journal().is_empty(), "{:?}", emulator.journal());
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_in_no_output() {
    let emulator = emulator().await;
    let home = Home::of(&emulator);
    let mut seen = String::new();
    let mut add = |outcome: Outcome| seen.push_str(&format!("{}\n{}\n", outcome.out, outcome.err));
    for arguments in [
        &["virtuous", "contacts", "get", "17", "--trace"] as &[_],
        &["virtuous", "contacts", "get", "17", "--dry-run"],
        &["revesecure", "validation", "user", "--login-name", "root", "--user-name", "anna", "--dry-run"],
        &["revesecure", "validation", "check_key", "--dry-run"],
        &["revesecure", "users", "list", "--trace"],
        &["vaultvision", "tenants", "list", "--trace", "--dry-run"],
        &["verigator", "services", "get", "x", "--trace"],
        &["verigator", "services", "get", "x", "--dry-run"],
        &["vise", "domains", "--trace"],
        &["vise", "each", "get", "/domains", "--trace"],
        &["status"],
        &["status", "virtuous", "-o", "table"],
    ] {
        let outcome = home.run(arguments);
        assert!(outcome.code == 0 || !arguments.contains(&"--dry-run"), "{outcome:?}");
        add(outcome);
    }
    let canary = "s3cret-canary";
    for arguments in [
        &["login", "virtuous", "--password", canary] as &[_],
        &["login", "virtuous", "--password=s3cret-canary"],
        &["status", "--token", canary],
        &["api", "virtuous", "GET", "/x?otp=s3cret-canary"],
        &["api", "virtuous", "GET", "/x", "--query", "client_secret=s3cret-canary"],
        &["api", "virtuous", "POST", "/x", "--data", r#"[{"code":"s3cret-canary"}]"#, "--dry-run"],
        &[
            "api",
            "virtuous",
            "POST",
            "/Token",
            "--content-type",
            "application/x-www-form-urlencoded",
            "--data",
            "grant_type=password&password=s3cret-canary",
        ],
        &["vise", "each", "get", "/x?refresh_token=s3cret-canary", "--dry-run"],
        &["vise", "each", "post", "/x", "--data", r#"{"password":"s3cret-canary"}"#, "--dry-run"],
        &["virtuous", "contacts", "get", "17", "--api-key", canary],
        &[
            "vaultvision",
            "credentials",
            "create",
            "t",
            "u",
            "--data",
            r#"{"type":"PasswordCredential","password":{"alg":"plain","hash":"s3cret-canary"}}"#,
        ],
    ] {
        add(home.run(arguments).expect(2, "visible in process lists"));
    }
    let path = "/v1/tenants/t/users/u/credentials";
    let body = r#"{"type":"PasswordCredential","password":{"alg":"plain","hash":"s3cret-canary"}}"#;
    add(home
        .run(&["api", "vaultvision", "POST", path, "--data", body])
        .expect(2, "visible in process lists"));
    add(home
        .run_with(&["api", "vaultvision", "POST", path, "--data", "-", "--dry-run"], body)
        .expect(0, "[redacted]"));
    let form = "grant_type=password&username=anna&password=s3cret-canary&otp=s3cret-canary";
    let login = ["api", "virtuous", "POST", "/Token", "--data", "-", "--trace"];
    let of_form = ["--content-type", "application/x-www-form-urlencoded"];
    add(home.run_with(&[&login as &[_], &of_form].concat(), form));
    add(home
        .run_with(&[&login as &[_], &of_form, &["--dry-run"]].concat(), form)
        .expect(0, "username=anna&password=[redacted]&otp=[redacted]"));
    home.file("code", "s3cret-canary\n");
    let get = ["api", "virtuous", "GET", "/x?a=1", "--query", "otp=@code", "--dry-run"];
    add(home.run(&get).expect(0, "/x?a=1&otp=[redacted]"));
    let get = ["vise", "each", "get", "/x", "--query", "token=-", "--dry-run"];
    add(home.run_with(&get, canary).expect(0, "/x?token=[redacted]"));
    add(home
        .run_with(&["vaultvision", "credentials", "create", "t", "u", "--data", "-", "--dry-run"], body)
        .expect(0, "[redacted]"));
    assert!(!seen.contains(canary), "{seen}");
    for (name, value) in
        emulator.env().iter().filter(|(name, _)| !name.ends_with("_URL") && !name.ends_with("USERNAME"))
    {
        assert!(!seen.contains(value.as_str()), "{name} in {seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_logs_in_with_a_code() {
    let emulator = Emulator::builder().seed(7).virtuous(|settings| settings.two_factor = true);
    let emulator = emulator.start().await.unwrap();
    let mut home = Home::new();
    let at = emulator.virtuous();
    home.env = vec![("VIRTUOUS_BASE_URL", at.base_url())];
    home.run(&["login", "virtuous", "--user", "anna", "--password-stdin"])
        .expect(2, "standard input has no password");
    let wrong =
        home.run_with(&["login", "virtuous", "--user", &at.username(), "--password-stdin"], "wrong\n");
    wrong.expect(4, "the server rejected the login");
    let arguments = ["login", "virtuous", "--user", &at.username(), "--password-stdin", "--code-stdin"];
    let mut child = home.command(&arguments).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(format!("{}\n", at.password()).as_bytes()).unwrap();
    let code = async {
        loop {
            if let Some(code) = at.pending_codes().pop() {
                return code.code;
            }
            tokio::task::yield_now().await;
        }
    };
    let code = tokio::time::timeout(LIMIT, code).await.expect("a code");
    stdin.write_all(format!("{code}\n").as_bytes()).unwrap();
    drop(stdin);
    Outcome::of(child).expect(0, "Logged in as");
    home.run(&["virtuous", "contacts", "get", "17"]).expect(0, "Larsson");
    let status = home.run(&["status", "virtuous"]).expect(0, "login in profile default").json();
    assert!(
        status[0]["expires"].as_str().is_some_and(|text| text.ends_with('Z'))
            && status[0]["state"] == "renewable",
        "{status}"
    );
    let shown = home.run(&["status", "virtuous", "-o", "table"]).expect(0, " UTC").expect(0, "renewable").out;
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    // The session is sent to its own address only.
    home.env = vec![("VIRTUOUS_BASE_URL", "https://other.example".to_owned())];
    home.run(&["virtuous", "contacts", "get", "17"]).expect(4, "another address");
    home.env.clear();
    home.run(&["virtuous", "contacts", "get", "17"]).expect(0, "Larsson");
    // A session that has ended is called so until the next login.
    assert!(at.revoke_all_tokens() > 0);
    let ended = home.run(&["virtuous", "contacts", "get", "17"]);
    let ended = ended.expect(4, "contacts.get: the session has ended: the server rejected its renewal\n");
    assert!(ended.err.contains("hint: authctl login virtuous") && !ended.err.contains("retry"), "{ended:?}");
    let status = home.run(&["status", "virtuous"]).expect(4, "the session has ended").json();
    assert_eq!(status[0]["state"], "expired", "{status}");
    home.run(&["logout", "virtuous"]).expect(0, "Logged out");
    home.run(&["virtuous", "contacts", "get", "17"]).expect(4, "there are no credentials");
    // The hint is about the profile that was chosen.
    let of_profile = home.run(&["--profile", "team", "virtuous", "contacts", "get", "17"]);
    let of_profile = of_profile.expect(4, "run authctl --profile team login virtuous");
    assert!(!of_profile.err.contains("VIRTUOUS_API_KEY"), "{of_profile:?}");
    home.run(&["login", "verigator"]).expect(2, "VERIGATOR_PASSWORD");
}

#[tokio::test(flavor = "multi_thread")]
async fn profiles_name_the_place_of_secrets() {
    let emulator = emulator().await;
    let mut home = Home::new();
    let at = emulator.verigator();
    let config = format!(
        "[profiles.work.verigator]\nusername = \"{}\"\npassword = \"file:verigator.secret\"\nbase_url = \"{}\"\n",
        at.username(),
        at.base_url()
    );
    home.file(".config/authctl/config.toml", &config);
    let secret = home.file(".config/authctl/verigator.secret", format!("{}\n", at.password()));
    let create =
        ["verigator", "services", "create", "--fqdn", "a.example", "--name", "A", "--profile", "work"];
    home.run(&create).expect(0, "\"name\": \"A\"");
    home.run(&["verigator", "services", "get", "x"]).expect(4, "there are no credentials");
    home.run(&["status", "verigator", "--profile", "work"]).expect(0, "profile work");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).unwrap();
        home.run(&create).expect(4, "chmod 600");
    }
    let _ = Path::new(&secret);
    home.env = vec![(
        "AUTHCTL_CONFIG",
        home.file("other.toml", "[profiles.a.verigator]\npassword = \"s3cret\"").display().to_string(),
    )];
    let refused = home.run(&["verigator", "services", "get", "x"]).expect(2, "is a secret");
    assert!(!refused.err.contains("s3cret"), "{refused:?}");
}

#[test]
fn help_costs_nothing_and_a_closed_pipe_is_no_failure() {
    let home = Home::new();
    home.run(&["--version"]).expect(0, env!("CARGO_PKG_VERSION"));
    home.run(&["--help"]).expect(0, "130  interrupted");
    home.run(&["virtuous", "--help"]).expect(0, "contact_addresses");
    home.run(&["virtuous", "contacts", "--help"]).expect(0, "get CONTACT_ID");
    home.run(&["virtuous"]).expect(2, "a resource is missing");
    home.run(&["-o", "json", "virtuous", "contacts", "get", "--help"])
        .expect(0, "$ authctl --emulator virtuous contacts get 17");
    home.run(&["list", "virtuous", "unicorn"]).expect(0, "[]");
    home.run(&["man"]).expect(0, ".TH AUTHCTL");
    home.run(&["man", "virtuous", "contacts", "get"]).expect(0, "CONTACT_ID");
    home.run(&["man", "vise", "domains", "list"]).expect(2, "authctl vise --help");
    home.run(&["emulator", "routes", "--provider", "verigator"]).expect(0, "services.create");
    // The emulator calls itself as it was called.
    for arguments in [
        &["emulator", "--help"] as &[&str],
        &["emulator", "serve", "--help"],
        &["emulator", "routes", "--help"],
    ] {
        let help = home.run(arguments).expect(0, "$ authctl emulator ").out;
        assert!(!help.contains("auth-emulator "), "{help}");
    }
    let help = home.run(&["emulator", "--help"]).expect(0, "eval \"$(authctl emulator env)\"").out;
    assert_eq!(help.matches("The emulator that a command talks to").count(), 0, "{help}");
    home.run(&["emulator", "health"]).expect(1, "start one with the command `serve`");

    let mut child = home.command(&["list", "-o", "ndjson"]).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(Outcome::of(child).expect(0, "").err, "");
}

#[test]
fn every_command_runs_without_an_account() {
    let home = Home::new();
    for arguments in [
        &["--emulator", "virtuous", "contacts", "get", "17"] as &[_],
        &["revesecure", "users", "list", "--emulator"],
        &["vaultvision", "tenants", "list", "--emulator"],
        &["vise", "domains", "--emulator"],
        &["--emulator", "vise", "each", "get", "/domains"],
        &["--emulator", "api", "virtuous", "GET", "/api/Contact/17"],
    ] {
        home.run(arguments).expect(0, "");
    }
}

#[cfg(unix)]
#[test]
fn a_shell_completes_operations_flags_and_values() {
    let home = Home::new();
    let complete =
        |words: &[&str]| home.run(&[&["__complete", "bash"] as &[_], words].concat()).expect(0, "").out;
    assert_eq!(complete(&["virtu"]), "virtuous\n");
    assert_eq!(complete(&["--emulator", "virtuous", "contact_a"]), "contact_addresses\n");
    assert_eq!(complete(&["virtuous", "contacts", "ge"]), "get\n");
    assert_eq!(complete(&["virtuous", "contacts", "create", "--contact-t"]), "--contact-type\n");
    assert_eq!(complete(&["virtuous", "contacts", "create", "--is-private", ""]), "true\nfalse\n");
    assert_eq!(complete(&["virtuous", "contacts", "get", "17", "--output", "n"]), "ndjson\n");
    assert_eq!(complete(&["completions", "z"]), "zsh\n");
    // Commands of this program have flags and values too.
    assert_eq!(complete(&["virtuous", "exp"]), "export\n");
    assert_eq!(complete(&["virtuous", "export", "contacts-"]), "contacts-full\n");
    assert_eq!(complete(&["virtuous", "export", "contacts", "--res"]), "--restart\n");
    assert_eq!(complete(&["virtuous", "webhooks", "listen", "--forw"]), "--forward-to\n");
    assert_eq!(complete(&["login", "virtuous", "--store", "f"]), "file\n");
    assert_eq!(complete(&["login", "virtuous", "--pass"]), "--password-stdin\n");
    assert_eq!(complete(&["vise", "each", "get", "/", "--conc"]), "--concurrency\n");
    assert_eq!(complete(&["emulator", "tokens", "r"]), "revoke\n");
    assert_eq!(complete(&["emulator", "serve", "--fro"]), "--frozen-at\n");
    assert_eq!(complete(&["emulator", "serve", "--outp"]), "", "no option of authctl");
    assert_eq!(complete(&["virtuous", "webhooks", "trigger", "GiftC"]), "GiftCreate\n");
    assert_eq!(complete(&["policy", "ex"]), "explain\n");
    assert_eq!(complete(&["man", "virtuous", "exp"]), "export\n");
    assert_eq!(complete(&["nothing", "of", "that"]), "");
    // Words are inserted as the shell reads them.
    let kind = |shell: &str, word: &str| {
        let words = ["__complete", shell, "virtuous", "contact_methods", "create", "--type", word];
        home.run(&words).expect(0, "").out
    };
    assert_eq!(kind("bash", "Home"), "Home\\ Email\nHome\\ Phone\n");
    assert_eq!(kind("bash", "Home\\ P"), "Home\\ Phone\n");
    assert_eq!(kind("bash", "'Home P"), "Home Phone\n");
    assert_eq!(kind("powershell", "'Home P"), "'Home Phone'\n");
    assert_eq!(
        (kind("zsh", "Home\\ P"), kind("fish", "Home P")),
        ("Home Phone\n".into(), "Home Phone\n".into())
    );
    assert!(
        home.run(&["__complete", "fish", "virtuous", "contacts", "get"]).out.contains("get\tGets a contact.")
    );

    let script = "source <(authctl completions bash); COMP_WORDS=(authctl verigator services c); COMP_CWORD=3; _authctl; echo ${COMPREPLY[@]}; COMP_WORDS=(authctl virtuous contact_methods create --type 'Home\\ ' ''); COMP_CWORD=5; _authctl; printf '%s\n' \"${COMPREPLY[@]}\"";
    let program = Path::new(PROGRAM).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let mut bash = Command::new("bash");
    bash.args(["-c", script])
        .env("PATH", path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Outcome::of(bash.spawn().unwrap()).expect(0, "create\nHome\\ Email\nHome\\ Phone\n");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_says_whether_a_write_may_have_been_executed() {
    let emulator = emulator().await;
    let home = Home::of(&emulator);
    for (arguments, operation, code) in [
        (["virtuous", "contacts", "get", "17"], "contacts.get", 130),
        (["virtuous", "contacts", "toggle_follow", "17"], "contacts.toggle_follow", 7),
    ] {
        emulator.add_fault(FaultRule::new("virtuous", Fault::delay_ms(50_000)).operation(operation)).unwrap();
        let mut child = home.command(&[&arguments as &[_], &["--trace"]].concat()).spawn().unwrap();
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        err.read_line(&mut line).unwrap();
        assert!(line.contains("started"), "{line}");
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        Outcome::of(child).expect(code, "");
        let mut rest = String::new();
        err.read_to_string(&mut rest).unwrap();
        assert!(rest.contains("interrupted"), "{rest}");
        emulator.clear_faults();
    }
}
