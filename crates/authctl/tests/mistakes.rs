//! Mistakes in use: what was executed is never reported as not sent, and no option is ignored.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use auth_emulator::{Emulator, Fault, FaultRule};
use common::{Home, Outcome, wait_until};
use serde_json::{Value, json};
use std::io::Read as _;
use std::process::Command;

async fn emulator() -> Emulator {
    Emulator::builder().seed(7).start().await.unwrap()
}

/// Creates a service, with further options.
fn create(home: &Home, fqdn: &str, more: &[&str]) -> Command {
    home.command(&[&["verigator", "services", "create", "--name", "A", "--fqdn", fqdn], more].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_executed_write_is_never_reported_as_not_sent() {
    let emulator = emulator().await;
    let home = Home::of(&emulator);
    let filters = [r#"error("x")"#, ".id|keys", "halt_error", "halt", "halt_error(2)"];
    for (filter, fqdn) in
        filters.into_iter().zip(["a.example", "b.example", "c.example", "d.example", "e.example"])
    {
        let child = create(&home, fqdn, &["--jq", filter]).spawn().unwrap();
        let failed = Outcome::of(child).expect(7, "the call was executed").expect(7, "response: {");
        assert!(failed.err.contains("\"id\":\""), "the response: {failed:?}");
    }
    let child = create(&home, "f.example", &["--jq", "error", "-o", "json"]).spawn().unwrap();
    let failed = Outcome::of(child).expect(7, "");
    let error: Value = serde_json::from_str(&failed.err).unwrap();
    assert_eq!(error["error"]["may_have_executed"], true, "{error}");
    assert_eq!(error["error"]["response"]["name"], "A", "{error}");
    // A read that can't be printed is a local failure.
    home.run(&["virtuous", "contacts", "get", "17", "--jq", "halt_error(42)"]).expect(1, "--jq");
    #[cfg(target_os = "linux")]
    {
        let full = std::fs::File::create("/dev/full").unwrap();
        let child = create(&home, "g.example", &[]).stdout(full).spawn().unwrap();
        Outcome::of(child).expect(7, "the call was executed");
    }
    // What is known before is refused before.
    let sent = emulator.journal().len();
    home.run(&["vaultvision", "applications", "create", "t", "--name", "App", "-o", "raw"])
        .expect(2, "--show-secrets");
    home.run(&["virtuous", "contacts", "query", "--data", r#"{"groups":[]}"#, "--take", "1001"])
        .expect(2, "--take: must be at most 1000");
    assert_eq!(emulator.journal().len(), sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotent_write_that_failed_can_be_made_again() {
    let emulator = emulator().await;
    let home = Home::of(&emulator);
    let update =
        ["virtuous", "contact_addresses", "update", "231", "--label", "Home", "--address1", "2 Main"];
    let fault =
        FaultRule::new("virtuous", Fault::status(500)).operation("contact_addresses.update").times(99);
    emulator.add_fault(fault).unwrap();
    home.run(&[&update as &[_], &["--timeout", "5"]].concat()).expect(6, "safe to run again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_changes_nothing_and_shows_no_call_that_would_fail() {
    let emulator = emulator().await;
    let mut home = Home::new();
    let at = emulator.virtuous();
    home.env = vec![("VIRTUOUS_BASE_URL", at.base_url())];
    let user = at.username();
    let login = ["login", "virtuous", "--user", &user, "--password-stdin", "--dry-run"];
    home.run_with(&login, &format!("{}\n", at.password())).expect(2, "--dry-run");
    home.run(&["logout", "virtuous", "--dry-run"]).expect(2, "--dry-run");
    assert!(emulator.journal().is_empty());

    home.env.clear();
    let get = ["virtuous", "contacts", "get", "17", "--dry-run"];
    home.run(&get).expect(0, "nothing was sent");
    home.run(&[&get as &[_], &["--profile", "none"]].concat()).expect(4, "profile none");
    home.run(&["api", "virtuous", "GET", "/x", "--dry-run", "--profile", "none"]).expect(4, "profile none");
    home.file(".config/authctl/config.toml", "[profiles.a.virtuous]\napi_key = \"env:UNSET_KEY\"\n");
    home.run(&[&get as &[_], &["--profile", "a"]].concat()).expect(4, "UNSET_KEY");
    home.file(".config/authctl/config.toml", "[profiles");
    home.run(&get).expect(2, "config.toml");
    home.file(".config/authctl/config.toml", "");
    home.run(&["vise", "a.example", "get", "/x", "--dry-run"]).expect(4, "VISE_API_TOKEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_was_accepted_is_said_so() {
    let emulator = Emulator::builder().virtuous(|settings| settings.two_factor = true).start().await.unwrap();
    let mut home = Home::new();
    let at = emulator.virtuous();
    home.env = vec![("VIRTUOUS_BASE_URL", at.base_url())];
    let user = at.username();
    let login = ["login", "virtuous", "--user", &user, "--password-stdin"];
    home.run_with(&login, &format!("{}\n", at.password())).expect(4, "a code was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_has_a_time_limit_and_can_be_interrupted() {
    let emulator = emulator().await;
    let home = Home::of(&emulator);
    let filter =
        ["virtuous", "contacts", "get", "17", "--trace", "--jq", "[range(1e12)|select(false)]|length"];
    home.run(&[&filter as &[_], &["--timeout", "1"]].concat()).expect(1, "not done after 1 s");
    #[cfg(unix)]
    {
        use std::io::{BufRead as _, BufReader};
        let mut child = home.command(&filter).spawn().unwrap();
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("ended") {
            line.clear();
            assert!(err.read_line(&mut line).unwrap() > 0);
        }
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        Outcome::of(child).expect(130, "");
        let mut rest = String::new();
        err.read_to_string(&mut rest).unwrap();
        assert!(rest.contains("interrupted"), "{rest}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_option_of_the_output_loses_data() {
    let emulator = emulator().await;
    let home = Home::of(&emulator);
    let query = ["virtuous", "contacts", "query", "--data", r#"{"groups":[]}"#];
    let with = |more: &[&'static str]| home.run(&[&query as &[_], more].concat());
    let ids = with(&["--jq", ".list[].id", "-o", "csv"]).expect(0, "");
    assert!(ids.out.lines().all(|line| line.parse::<u64>().is_ok()) && !ids.out.is_empty(), "{ids:?}");
    let rows = with(&["--jq", ".list[]|{id,name}", "-o", "csv"]).expect(0, "");
    assert_eq!(rows.out.lines().next(), Some("id,name"));
    let spaced = with(&["--columns", "id, name", "-o", "csv"]).expect(0, "");
    assert_eq!(spaced.out.lines().next(), Some("id,name"));
    assert!(!spaced.out.lines().nth(1).unwrap().ends_with(','), "{spaced:?}");
    for chosen in [&["--columns", "name, id"] as &[_], &["--columns", "name,id", "--all"]] {
        let rows = with(chosen).expect(0, "").json();
        assert_eq!(rows[0], json!({ "name": "Anna Larsson", "id": 17 }), "{chosen:?}");
    }
    let absent = with(&["--columns", "name,x", "--all", "-o", "ndjson"]).expect(0, "no row has x");
    assert_eq!(absent.out.lines().next(), Some(r#"{"name":"Anna Larsson","x":null}"#));
    let one = home.run(&["virtuous", "contacts", "get", "17", "--columns", "id,name"]).expect(0, "").json();
    assert_eq!(one, json!({ "id": 17, "name": "Anna Larsson" }));
    with(&["--columns", "Id", "-o", "csv"]).expect(2, "did you mean id?");
    with(&["--columns", "id,", "-o", "csv"]).expect(2, "a name is empty");
    with(&["--columns", "id", "-o", "raw"]).expect(2, "raw output");
    with(&["--columns", "id", "--jq", ".", "-o", "json"]).expect(2, "the filter of --jq chooses the fields");
    with(&["--limit", "2", "-o", "raw"]).expect(2, "raw");
    with(&["--all", "-o", "raw"]).expect(2, "raw");
    home.run(&["api", "virtuous", "GET", "/api/Contact/Types", "--all"]).expect(2, "--all");
    home.run(&["api", "virtuous", "GET", "/api/Contact/Types", "--limit", "1"]).expect(2, "--limit");
}

#[test]
fn what_is_wrong_is_named() {
    let mut home = Home::new();
    home.run(&["list", "virtuous", "nosuchword"]).expect(0, "[]");
    home.run(&["list", "nosuchword"]).expect(0, "[]");
    home.run(&["list", "virtous"]).expect(2, "did you mean virtuous?");
    home.run(&["-o", "json", "emulator", "health"]).expect(2, "after its own name");
    home.run(&["help", "virtuous", "contacts", "get"]).expect(2, "authctl virtuous contacts get --help");
    home.run(&["virtuous", "contacts", "get", " 17", "--dry-run"]).expect(2, "must be an integer");
    home.run(&["--emulator", "vise", "each", "get", "domains"]).expect(2, "must start with /");
    home.run(&["virtuous", "contacts", "create", "--data", "\u{feff}{}"]).expect(2, "byte order mark");
    home.run(&["virtuous", "gifts", "create", "--notes", "-5"]).expect(2, "--amount=-5");
    home.run(&["virtuous", "contacts", "create", "--data", "[1]"]).expect(2, "--data: must be an object\n");
    home.run(&["virtuous", "contacts", "create", "--data", "[1]", "--name", "a"])
        .expect(2, "--data must be an object");
    let bare = home.run(&[]).expect(2, "authctl: a command is missing\n");
    assert!(bare.err.contains("authctl list WORD") && bare.err.contains("authctl --help"), "{bare:?}");
    let verigator = home.run(&["status", "verigator"]).expect(4, "set variables");
    assert!(!verigator.err.contains("login virtuous"), "{verigator:?}");
    let usage = home.run(&["status", "--nonsense"]).expect(2, "--nonsense");
    assert!(!usage.err.contains("For more information"), "{usage:?}");
    let wide = home.run(&["list", "virtuous", "contacts", "-o", "table"]).expect(0, "");
    assert!(wide.err.contains("Not shown: ") || wide.out.contains("path"), "{wide:?}");
    // Half a pair of keys, alone and next to a key that would do.
    let (application, private) = ("VIRTUOUS_APPLICATION_KEY", "VIRTUOUS_PRIVATE_KEY");
    for (is, missing) in [(application, private), (private, application)] {
        for more in [None, Some(("VIRTUOUS_API_KEY", "k".to_owned()))] {
            home.env = std::iter::once((is, "eA==".to_owned())).chain(more).collect();
            let problem = format!("{missing} is not set");
            let failed = home.run(&["virtuous", "contacts", "get", "17"]).expect(4, &problem);
            assert!(failed.err.contains("are a pair"), "{failed:?}");
            home.run(&["status", "virtuous"]).expect(4, &problem);
        }
    }
    home.env = vec![("VERIGATOR_USERNAME", "u".to_owned())];
    home.run(&["status", "verigator"]).expect(4, "VERIGATOR_PASSWORD is not set");
    home.env = vec![("AUTHCTL_PROFILE", String::new()), ("VV_API_KEY", "k".to_owned())];
    home.run(&["status", "vaultvision"]).expect(0, "environment");
    let body = r#"{"password":{"hash":"SECRETPW"},"apiToken":"SECRETPW"}"#;
    let shown = home.run(&["virtuous", "contacts", "create", "--no-check", "-d", body, "--dry-run"]);
    assert!(!shown.expect(0, "[redacted]").out.contains("SECRETPW"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_cannot_work_is_refused_early() {
    let emulator = emulator().await;
    let mut home = Home::new();
    let at = emulator.virtuous();
    home.env = vec![("VIRTUOUS_BASE_URL", at.base_url())];
    let user = at.username();
    let login = ["login", "virtuous", "--user", &user, "--password-stdin"];
    home.run_with(&login, &format!("{}\n", at.password())).expect(0, "Logged in");
    home.run(&["login", "virtuous", "--user", "other"]).expect(2, "authctl logout virtuous first");
    home.env.clear();
    home.file(".local/state/authctl/default.virtuous.json", "damaged");
    home.run(&["status", "virtuous"]).expect(4, "no usable credentials");
}

#[test]
fn a_field_that_is_set_twice_is_an_error_and_a_flag_replaces_one_of_the_data() {
    let home = Home::new();
    let update = ["virtuous", "contact_addresses", "update", "231", "--address1", "2 Main", "--dry-run"];
    let data = r#"{"address1":"1 Main","label":"Home","city":"Phoenix"}"#;
    let shown = home.run(&[&update as &[_], &["--data", data]].concat()).expect(0, "nothing was sent");
    let (_, body) = shown.out.split_once("\n\n").unwrap();
    let (body, _) = body.rsplit_once("\n\n").unwrap();
    let expected = json!({ "address1": "2 Main", "label": "Home", "city": "Phoenix" });
    assert_eq!(serde_json::from_str::<Value>(body).unwrap(), expected, "{shown:?}");
    let create =
        |data: &str| home.run(&["virtuous", "contacts", "create", "--dry-run", "--no-check", "--data", data]);
    create(r#"{"name":"a","name":"b"}"#).expect(2, "sets name twice");
    create(r#"{"x":[{"a":{"b":1,"\u0062":2}}]}"#).expect(2, "sets x.a.b twice");
    home.run(&["api", "virtuous", "POST", "/x", "--dry-run", "--data", r#"{"a":1,"a":1}"#])
        .expect(2, "twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_would_clear_a_record_is_refused() {
    let emulator = emulator().await;
    let home = Home::of(&emulator);
    let update = ["virtuous", "contact_addresses", "update", "117"];
    for body in [&[] as &[&str], &["--data", "{}"]] {
        home.run(&[&update, body].concat())
            .expect(2, "no field is given, and the fields that are not sent are cleared");
    }
    assert!(emulator.journal_of("virtuous").is_empty());
    home.run(&[&update[..], &["--label", "Home"]].concat()).expect(0, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_option_without_effect_is_refused_before_anything_happens() {
    let emulator = emulator().await;
    let mut home = Home::of(&emulator);
    home.env.push(("VIRTUOUS_WEBHOOK_SECRET", "s".to_owned()));
    let listen = ["virtuous", "webhooks", "listen", "--count", "1"];
    for (command, options) in [
        (
            &listen as &[&str],
            &["--dry-run", "--all", "--limit=1", "--columns=a", "--output=csv", "--output=table"]
                as &[&str],
        ),
        (&["virtuous", "webhooks", "trigger", "GiftCreate"], &["--all", "--limit=1", "--columns=nope"]),
        (
            &["virtuous", "webhooks", "verify", "x", "--signature=x"],
            &["--all", "--dry-run", "--columns=nope"],
        ),
        (
            &["virtuous", "export", "contacts", "--to=-"],
            &["--limit=1", "--jq=.", "--columns=id", "--output=csv"],
        ),
        (&["vise", "each", "get", "/domains"], &["--limit=1", "--all"]),
        (&["vise", "127.0.0.1", "get", "/domains"], &["--limit=1", "--all"]),
        (&["vise", "domains"], &["--all"]),
        (&["api", "virtuous", "GET", "/api/Contact/17"], &["--limit=1", "--all"]),
        (&["virtuous", "contacts", "get", "17"], &["--limit=1", "--all"]),
        (&["list"], &["--columns=nope", "--all", "--dry-run"]),
        (&["status"], &["--columns=nope", "--all", "--dry-run", "--limit=1", "--emulator"]),
        (&["man"], &["--jq=.", "--output=csv", "--limit=1"]),
        (&["completions", "bash"], &["--jq=.", "--output=csv", "--limit=1"]),
        (&["logout", "virtuous"], &["--dry-run", "--emulator", "--output=csv"]),
    ] {
        for option in options {
            let name = option.split('=').next().unwrap();
            home.run(&[command, &[option]].concat()).expect(2, name);
        }
    }
    assert!(emulator.journal().is_empty());
    // The environment sets the format of every command, those without a choice included.
    home.env.push(("AUTHCTL_OUTPUT", "csv".to_owned()));
    home.run(&["man"]).expect(0, ".TH AUTHCTL");
    home.run(&["list", "virtuous", "contacts", "--columns", "operation"])
        .expect(0, "virtuous contacts get\n");
    // Empty is not set; other values and an empty option are mistakes.
    home.env = vec![("AUTHCTL_OUTPUT", String::new())];
    let listed = home.run(&["list", "virtuous", "contacts"]).expect(0, "");
    assert!(listed.json().as_array().is_some_and(|rows| !rows.is_empty()), "the default without a terminal");
    home.run(&["nosuch"]).expect(2, "authctl: ");
    home.run(&["list", "virtuous", "contacts", "--output="]).expect(2, "--output");
    home.env = vec![("AUTHCTL_OUTPUT", "yaml".to_owned())];
    home.run(&["list", "virtuous", "contacts"]).expect(2, "'yaml'");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_encoded_once_and_a_path_has_no_dot_segment() {
    let emulator = emulator().await;
    let home = Home::of(&emulator);
    home.run(&[
        "api",
        "virtuous",
        "GET",
        "/api/Contact/Types?q=a%20b&r=%26c",
        "--query",
        "s=%41",
        "--dry-run",
    ])
    .expect(0, "/api/Contact/Types?q=a%20b&r=%26c&s=%2541\n");
    let before = emulator.journal().len();
    for value in ["..", "%2e%2E", ".%2e", ""] {
        home.run(&["virtuous", "contacts", "by_source", "crm", value]).expect(2, "referenceId");
    }
    assert_eq!(emulator.journal().len(), before);
}

/// Waits until a program handles Ctrl-C and its first thread sleeps.
#[cfg(target_os = "linux")]
fn wait_for_a_read(process: u32) {
    wait_until(|| {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim();
        let handled = u64::from_str_radix(field("SigCgt:"), 16).unwrap();
        field("State:").starts_with('S') && handled & 2 != 0
    });
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_at_a_question_ends_the_program() {
    use std::io::Write as _;
    let emulator = emulator().await;
    let home = Home::of(&emulator);
    for (arguments, question, answer, code) in [
        ("virtuous contact_addresses delete 231", "[y/N]", "\u{3}", 130),
        ("login virtuous --user a --profile p", "Password:", "\u{3}", 130),
        ("login virtuous --profile p", "User:", "\u{3}", 130),
        ("virtuous contact_addresses delete 231", "[y/N]", "n\n", 8),
    ] {
        let line = format!("{} {arguments}", common::PROGRAM);
        let mut script = home.prepared("script", &["-qec", &line, "/dev/null"]);
        script.env("SHELL", "/bin/sh").env("PATH", "/usr/bin:/bin").stdin(std::process::Stdio::piped());
        let mut child = script.spawn().unwrap();
        let mut terminal = child.stdin.take().unwrap();
        let (mut out, mut shown) = (child.stdout.take().unwrap(), Vec::new());
        while !String::from_utf8_lossy(&shown).contains(question) {
            let mut byte = [0];
            assert_eq!(out.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&shown));
            shown.extend(byte);
        }
        terminal.write_all(answer.as_bytes()).unwrap();
        let mut rest = String::new();
        let _ = out.read_to_string(&mut rest);
        assert_eq!(Outcome::of(child).code, code, "{arguments}: {}{rest}", String::from_utf8_lossy(&shown));
    }
    assert!(emulator.journal().is_empty());
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_a_program_that_waits_for_input() {
    let emulator = emulator().await;
    let home = Home::of(&emulator);
    for arguments in [
        &["virtuous", "contacts", "create", "--data", "-"] as &[&str],
        &["api", "virtuous", "POST", "/api/Contact", "--data", "-"],
        &["virtuous", "webhooks", "verify", "-", "--signature", "x"],
        &["vise", "each", "post", "/domains", "--data", "-"],
        &["login", "virtuous", "--user", "a", "--password-stdin", "--profile", "p"],
    ] {
        let mut command = home.command(arguments);
        command.env("VIRTUOUS_WEBHOOK_SECRET", "s").stdin(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take().unwrap();
        wait_for_a_read(child.id());
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        Outcome::of(child).expect(130, "authctl: interrupted");
        drop(input);
    }
    assert!(emulator.journal().is_empty());
}

#[test]
fn operations_are_found_by_the_words_of_operators() {
    let home = Home::new();
    let found = |words: &[&str]| -> Vec<String> {
        let listed = home.run(&[&["list"] as &[_], words, &["--jq", ".[].operation"]].concat());
        listed.expect(0, "").out.lines().map(str::to_owned).collect()
    };
    for (words, expected) in [
        (&["donor"] as &[_], "virtuous contacts find"),
        (&["find a donor"], "virtuous contacts find"),
        (&["virtuous", "donations"], "virtuous gifts get"),
        (&["virtuous", "fix", "address"], "virtuous contact_addresses update"),
        (&["mfa"], "revesecure validation"),
        (&["birthday"], "virtuous contact_individuals"),
    ] {
        let found = found(words);
        assert!(found.iter().take(5).any(|row| row.starts_with(expected)), "{words:?}: {found:?}");
    }
    assert_eq!(found(&["virtuous", "unicorns"]), [""; 0]);
    home.run(&["list", "birthday"]).expect(0, "these operations have them in a field");
    home.run(&["virtuous", "donors", "list"]).expect(2, "did you mean contacts?");
}

/// No line of prose is cut twice, and no command to copy is cut at all.
#[test]
fn help_fits_narrow_terminals() {
    let mut home = Home::new();
    for width in [40, 80, 120] {
        home.env = vec![("COLUMNS", width.to_string())];
        for command in [
            &["doctor"] as &[&str],
            &["run"],
            &["proxy"],
            &["mcp"],
            &["policy"],
            &["vise"],
            &["status"],
            &["virtuous", "export"],
            &["virtuous", "webhooks", "listen"],
            &["virtuous", "webhooks", "trigger"],
            &["virtuous"],
            &["virtuous", "contacts"],
            &["virtuous", "contact_addresses", "update"],
            &[],
        ] {
            let help = home.run(&[command, &["--help"]].concat()).expect(0, "").out;
            // clap cuts the line of the usage itself.
            let (usage, help) = help.split_once("\n\n").unwrap_or_default();
            let help =
                if usage.contains("Usage:") { help } else { help.split_once("\n\n").unwrap_or_default().1 };
            let lines: Vec<&str> = help.lines().filter(|line| !line.starts_with("Usage:")).collect();
            for (at, line) in lines.iter().enumerate() {
                let is_one_word = line.split_whitespace().count() < 3;
                let is_example = line.trim_start().starts_with(['$', '[', '{', '#'])
                    || line.contains("# ")
                    || line.starts_with("       authctl vise HOST");
                let fits = line.chars().count() <= width || is_one_word || is_example;
                assert!(fits, "{command:?} {width}: {line}");
                assert!(!line.contains('\u{a0}'), "{line}");
                // A remainder of one word below a full line, and then the next line of the source.
                let next = lines.get(at + 1).copied().unwrap_or_default();
                let is_prose =
                    |line: &str| line.starts_with(|c: char| c.is_alphabetic()) && !line.contains(": ");
                if is_prose(line) && is_prose(next) {
                    let word = next.split(' ').next().unwrap_or_default().chars().count();
                    let could_be_longer = line.chars().count() + 1 + word <= width;
                    let ends = line.ends_with([':', '.']) || !next.starts_with(|c: char| c.is_lowercase());
                    assert!(!could_be_longer || ends, "{command:?} {width}: {line:?} {next:?}");
                }
            }
        }
    }
}

/// What a server claims of a list's length ends no list; its end is a page without a new row.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_ends_when_a_page_has_no_new_row() {
    let page = |ids: &[u32], total: Value| {
        let list: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
        let body = json!({ "list": list, "total": total, "at": ids.len() }).to_string();
        Fault::response(200, &[("Content-Type", "application/json")], &body)
    };
    let note = "states a total of";
    for (total, said) in [(json!(0), note), (json!(2), note), (json!(3), ""), (Value::Null, "")] {
        let emulator = emulator().await;
        let home = Home::of(&emulator);
        for ids in [vec![1, 2], vec![3], vec![]] {
            let rule = FaultRule::new("virtuous", page(&ids, total.clone())).operation("gifts.query");
            emulator.add_fault(rule).unwrap();
        }
        let list = ["virtuous", "gifts", "query", "--data", "{}", "--all", "-o", "ndjson"];
        let outcome = home.run(&list).expect(0, said);
        assert_eq!(outcome.out.lines().count(), 3, "{total}: {outcome:?}");
        assert!(!said.is_empty() || !outcome.err.contains(note), "{total}: {outcome:?}");
    }
    // A server that begins again after its last row, and one whose page behind the end is null.
    for (pages, code) in
        [(vec![json!([1, 2]), json!([3, 4]), json!([1, 2])], 0), (vec![json!([1, 2, 3, 4]), Value::Null], 0)]
    {
        let emulator = emulator().await;
        for ids in pages {
            let list = ids.as_array().map(|ids| ids.iter().map(|id| json!({ "id": id })).collect::<Vec<_>>());
            let body = json!({ "list": list, "total": 4 }).to_string();
            let fault = Fault::response(200, &[("Content-Type", "application/json")], &body);
            emulator.add_fault(FaultRule::new("virtuous", fault).operation("gifts.query")).unwrap();
        }
        let home = Home::of(&emulator);
        let list = ["virtuous", "gifts", "query", "--data", "{}", "--all", "-o", "ndjson"];
        assert_eq!(home.run(&list).expect(code, "").out.lines().count(), 4);
    }
    // A server that ignores the position: the list is complete, or it isn't.
    for (total, code, said) in [(json!(2), 0, ""), (json!(9), 3, "the same page twice")] {
        let emulator = emulator().await;
        let rule = FaultRule::new("virtuous", page(&[1, 2], total)).operation("gifts.query");
        emulator.add_fault(rule.times(9)).unwrap();
        let home = Home::of(&emulator);
        home.run(&["virtuous", "gifts", "query", "--data", "{}", "--all", "-o", "ndjson"]).expect(code, said);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_not_whole_says_so() {
    let emulator = emulator().await;
    let home = Home::of(&emulator);
    let users = r#"{"type":"List","total":250,"count":1,"limit":100,"data":[{"id":"u1"}]}"#;
    let gifts = r#"{"list":[{"id":1},{"id":2}],"total":"30"}"#;
    let json = [("Content-Type", "application/json")];
    let add = |provider: &str, operation: &str, body: &str| {
        let rule = FaultRule::new(provider, Fault::response(200, &json, body)).operation(operation);
        emulator.add_fault(rule.times(9)).unwrap();
    };
    add("vaultvision", "users.list", users);
    add("virtuous", "gifts.query", gifts);
    let list = |more: &[&'static str]| {
        home.run(&[&["vaultvision", "users", "list", "CmKJPDorO34hGJ0J"] as &[_], more].concat())
    };
    for format in ["json", "ndjson", "csv", "table", "raw"] {
        list(&["-o", format]).expect(0, "1 of 250 rows: the vendor documents no way to read the others");
    }
    list(&["--all"]).expect(2, "--all: the vendor documents no pages of users.list");
    assert_eq!(list(&["--limit", "1"]).expect(0, "").err, "");
    let query = |more: &[&'static str]| {
        home.run(&[&["virtuous", "gifts", "query", "--data", "{}"] as &[_], more].concat())
    };
    query(&[]).expect(0, "2 of 30 rows: --all reads the others");
    assert_eq!(query(&["--take", "2"]).expect(0, "").err, "");
    home.run(&["virtuous", "contacts", "get", "17", "--all"]).expect(2, "contacts.get returns no list");
}

/// Something in front of the API has responded: whether a write was executed is not known.
#[tokio::test(flavor = "multi_thread")]
async fn a_web_page_is_no_response_of_the_api() {
    let emulator = emulator().await;
    let home = Home::of(&emulator);
    let page = |operation: &str| {
        let page = Fault::response(200, &[("Content-Type", "text/html")], "<title>Maintenance</title>");
        emulator.add_fault(FaultRule::new("virtuous", page).operation(operation)).unwrap();
    };
    page("gifts.delete");
    let failed = home.run(&["virtuous", "gifts", "delete", "7", "--yes"]).expect(7, "a web page instead of");
    assert!(!failed.err.contains("was executed, but"), "{failed:?}");
    page("contacts.get");
    let failed = home.run(&["virtuous", "contacts", "get", "17"]).expect(3, "a web page instead of");
    assert!(failed.err.contains("--output raw"), "{failed:?}");
    page("contacts.get");
    home.run(&["virtuous", "contacts", "get", "17", "-o", "raw"]).expect(0, "<title>Maintenance</title>");
    let marked = Fault::response(200, &[("Content-Type", "application/json")], "\u{feff}{\"id\":17}");
    emulator.add_fault(FaultRule::new("virtuous", marked).operation("contacts.get")).unwrap();
    home.run(&["virtuous", "contacts", "get", "17", "-o", "ndjson"]).expect(0, "{\"id\":17}");
}
