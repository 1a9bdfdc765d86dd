//! Exports as a user runs them: what is in the file after a run, after a kill, on a full disk, and with a second run.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use auth_emulator::{Emulator, Fault, FaultRule};
use common::{Home, Outcome, PROGRAM, wait_until};
use serde_json::Value;
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A home directory, and an emulator with contacts.
struct Place {
    home: Home,
    emulator: Emulator,
}

impl Place {
    async fn new(contacts: u64) -> Self {
        let settings = |settings: &mut auth_emulator::providers::virtuous::Settings| {
            settings.contacts = contacts;
            settings.calls_per_hour = 100_000;
        };
        let emulator = Emulator::builder().seed(7).virtuous(settings).start().await.unwrap();
        Self { home: Home::of(&emulator), emulator }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.home.command(arguments)
    }

    #[track_caller]
    fn run(&self, arguments: &[&str], code: i32, part: &str) -> String {
        self.home.run(arguments).expect(code, part).out
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.home.folder.join(name)).unwrap()
    }

    fn ids(&self, name: &str) -> Vec<i64> {
        ids(&self.text(name))
    }

    fn length(&self, name: &str) -> u64 {
        fs::metadata(self.home.folder.join(name)).map_or(0, |metadata| metadata.len())
    }

    /// Makes one page wait, after some others.
    fn slow(&self, after: u32) {
        let rule = FaultRule::new("virtuous", Fault::delay_ms(60_000)).operation("contacts.query");
        self.emulator.add_fault(rule.after(after).times(1)).unwrap();
    }
}

/// The ids of complete lines.
fn ids(text: &str) -> Vec<i64> {
    assert!(text.is_empty() || text.ends_with('\n'), "no half line stays");
    text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_i64().unwrap()).collect()
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_the_rows_of_the_vendor() {
    let place = Place::new(2_500).await;
    let export = ["virtuous", "export", "contacts", "--to", "contacts.ndjson"];
    let out = place.run(&export, 0, "contacts: 2500 rows in contacts.ndjson (");
    assert_eq!(out, "", "standard output is for rows");
    let listed = ["virtuous", "contacts", "query", "--data", r#"{"sortBy":"Id"}"#, "--all", "-o", "ndjson"];
    let listed = place.run(&listed, 0, "");
    let rows =
        |text: &str| -> Vec<Value> { text.lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
    assert_eq!(rows(&place.text("contacts.ndjson")), rows(&listed));
    place.run(&export, 0, "contacts: 2500 rows in contacts.ndjson, 2500 of them from an earlier run");
    assert_eq!(place.ids("contacts.ndjson").len(), 2_500);

    let streamed = place.run(&["virtuous", "export", "contacts", "--to", "-"], 0, "contacts: 2500 rows (");
    assert_eq!(streamed, place.text("contacts.ndjson"));
    let left: Vec<_> =
        fs::read_dir(&place.home.folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "the rows and their description: {left:?}");

    for (resource, file) in [("gifts-full", "gifts.jsonl"), ("event_attendees", "attendees.ndjson")] {
        place.run(&["--trace", "virtuous", "export", "--to", file, resource], 0, " rows in ");
        assert!(place.ids(file).is_sorted());
    }
    assert!(!place.ids("gifts.jsonl").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_is_killed_at_any_moment_has_every_row_once() {
    const CONTACTS: u64 = 20_000;
    let place = Place::new(CONTACTS).await;
    let export = ["virtuous", "export", "contacts", "--to", "contacts.ndjson"];
    // Its own run shows how long the file gets.
    place.run(&["virtuous", "export", "contacts", "--to", "whole.ndjson"], 0, "20000 rows");
    let whole = place.length("whole.ndjson");
    let mut kills = 0;
    for part in 0..6 {
        let random = RandomState::new().hash_one(part) % (whole / 6);
        let goal = whole / 6 * part + random;
        let mut child = place.command(&export).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_until(|| place.length("contacts.ndjson") > goal || child.try_wait().unwrap().is_some());
        // Up to the time of a page, so that a kill meets writing and waiting.
        std::thread::sleep(Duration::from_micros(random % 20_000));
        kills += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(kills >= 3, "only {kills} runs were killed before they were done");
    place.run(&export, 0, "contacts: 20000 rows in contacts.ndjson");
    assert!(place.text("contacts.ndjson") == place.text("whole.ndjson"), "every row once, in order");
}

/// The cells of a CSV file, read by other code than what writes it.
fn cells(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => cell.extend(characters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    assert!(cell.is_empty() && row.is_empty() && !quoted, "no half row stays");
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_csv_file_that_is_killed_at_any_moment_is_the_same_as_a_clean_one() {
    let place = Place::new(3_000).await;
    let export = |name| ["virtuous", "export", "contacts-full", "--to", name, "--batch", "200"];
    place.run(&export("whole.csv"), 0, "contacts-full: 3000 rows in whole.csv");
    let whole = place.length("whole.csv");
    let mut kills = 0;
    for part in 0..5 {
        let random = RandomState::new().hash_one(part) % (whole / 5);
        let goal = whole / 5 * part + random;
        let mut child =
            place.command(&export("killed.csv")).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_until(|| place.length("killed.csv") > goal || child.try_wait().unwrap().is_some());
        std::thread::sleep(Duration::from_micros(random % 20_000));
        kills += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(kills >= 3, "only {kills} runs were killed before they were done");
    place.run(&export("killed.csv"), 0, "contacts-full: 3000 rows in killed.csv");
    let text = place.text("whole.csv");
    assert!(place.text("killed.csv") == text, "every row once, in order");
    let rows = cells(&text);
    assert_eq!((rows.len(), rows[0][0].as_str(), rows[0].last().unwrap().as_str()), (3_001, "id", "_raw"));
    assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    place.run(&["virtuous", "export", "contacts-full", "--to", "whole.ndjson"], 0, "3000 rows");
    let names = &rows[0];
    for (row, line) in rows[1..].iter().zip(place.text("whole.ndjson").lines()).step_by(97) {
        let fields: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
        for (name, cell) in names.iter().zip(row) {
            let expected = match fields.get(name) {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text.clone(),
                Some(Value::Array(_) | Value::Object(_)) => continue,
                Some(other) => other.to_string(),
            };
            assert_eq!(*cell, expected, "{name}");
        }
    }

    // Another form, or a file that somebody has cut off, is refused.
    place.run(&[&export("whole.csv") as &[_], &["--csv-safe"]].concat(), 2, "it was exported as csv");
    fs::write(place.home.folder.join("whole.csv"), &text[..1000]).unwrap();
    place.run(&export("whole.csv"), 2, "it is shorter than at the end of the last export");
    place.run(&[&export("whole.csv") as &[_], &["--restart"]].concat(), 0, "3000 rows");
    assert!(place.text("whole.csv") == text);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_fields_and_formulas_in_a_csv_file() {
    let place = Place::new(3).await;
    let rows = r#"{"list":[{"id":7,"name":"=HYPERLINK(\"x\")","address":"-5.50","phone":"+1 555","new":{"a":1.50}}],"total":1}"#;
    let json = [("Content-Type", "application/json")];
    let answer = |rows| {
        let rule = FaultRule::new("virtuous", Fault::response(200, &json, rows)).operation("contacts.query");
        place.emulator.add_fault(rule.times(1)).unwrap();
    };
    answer(rows);
    answer(r#"{"list":[],"total":1}"#);
    place.run(&["virtuous", "export", "contacts", "--to", "a.csv", "--csv-safe"], 0, "1 row in a.csv");
    let rows = cells(&place.text("a.csv"));
    assert_eq!(
        rows[0],
        ["id", "name", "contactType", "contactName", "address", "email", "phone", "contactViewUrl", "_raw"]
    );
    assert_eq!(
        rows[1],
        ["7", "'=HYPERLINK(\"x\")", "", "", "-5.50", "", "'+1 555", "", "{\"new\":{\"a\":1.50}}"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn since_last_adds_what_changed_to_a_file() {
    let place = Place::new(30).await;
    let export = ["virtuous", "export", "contacts-full", "--to", "contacts.ndjson", "--since", "last"];
    place.run(&export, 0, "contacts-full: 30 rows in contacts.ndjson (");
    place.emulator.clock().advance(Duration::from_secs(5 * 86_400));
    place.run(&["virtuous", "contacts", "update", "18", "--data", &contact(&place)], 0, "");
    // Three contacts are as old as the last change that was seen, this one among them.
    place.run(&export, 0, "contacts-full: 3 rows in contacts.ndjson, modified since ");
    let ids = place.ids("contacts.ndjson");
    assert_eq!((ids.len(), &ids[30..]), (33, &[17, 18, 19][..]), "the last row of an id counts");
    let plain = ["virtuous", "export", "contacts-full", "--to", "contacts.ndjson"];
    place.run(&plain, 2, "contacts.ndjson can't be continued: its last export was of rows modified since ");
    place.run(&plain, 2, "; --since last continues it");
    let none = ["virtuous", "export", "tasks", "--to", "tasks.csv", "--since", "last"];
    let options = Fault::response(200, &[("Content-Type", "application/json")], r#"{"options":[]}"#);
    place
        .emulator
        .add_fault(FaultRule::new("virtuous", options).operation("tasks.query_options").times(1))
        .unwrap();
    place.run(&none, 2, "can't compare the time of the last change");
    assert!(!place.home.folder.join("tasks.csv").exists(), "found in the first run");
}

#[tokio::test(flavor = "multi_thread")]
async fn since_exports_what_was_modified_on_that_day_or_later() {
    let place = Place::new(30).await;
    let today = place.emulator.clock().now();
    let day = today.without_zone()[..10].to_owned();
    let tomorrow = today.plus(Duration::from_secs(86_400)).without_zone()[..10].to_owned();
    let address = place.run(&["virtuous", "contact_addresses", "by_contact", "17", "--jq", ".[0].id"], 0, "");
    assert!(!address.is_empty());
    place.run(&["virtuous", "contacts", "update", "18", "--data", &contact(&place)], 0, "");
    let export = |since: &str, more: &[&str], code: i32, part: &str| {
        let arguments = ["virtuous", "export", "contacts", "--to", "changed.ndjson", "--since", since];
        place.run(&[&arguments as &[_], more].concat(), code, part);
    };
    export(&day, &[], 0, "contacts: 1 row in changed.ndjson");
    assert_eq!(place.ids("changed.ndjson"), [18], "the day itself is included");
    export(&tomorrow, &[], 2, "its last export was of rows modified since ");
    export(&tomorrow, &[], 2, "--restart discards");
    export(&tomorrow, &["--restart"], 0, "contacts: 0 rows");
    assert_eq!(place.ids("changed.ndjson"), [0_i64; 0]);
    // Noon tomorrow: the day before it is today.
    export(&format!("{tomorrow}T12:00:00Z"), &["--restart"], 0, "contacts: 1 row");
    export("yesterday", &[], 2, "expected last, a date such as");
    let options = Fault::response(200, &[("Content-Type", "application/json")], r#"{"options":[]}"#);
    let rule = FaultRule::new("virtuous", options).operation("premiums.query_options").times(1);
    place.emulator.add_fault(rule).unwrap();
    place.run(
        &["virtuous", "export", "premiums", "--to", "p.ndjson", "--since", &day],
        2,
        "can't compare the time of the last change",
    );
    assert!(!place.home.folder.join("p.ndjson").exists());
    let shown = ["virtuous", "export", "gifts", "--to", "g.ndjson", "--since", "2026-11-28", "--dry-run"];
    let shown = place.run(&shown, 0, "");
    assert!(
        shown.contains("POST") && shown.contains("\"GreaterThanOrEqual\"") && shown.contains("2026-11-28")
    );
    assert!(shown.contains("nothing was sent") && !place.home.folder.join("g.ndjson").exists(), "{shown}");
}

/// The body of an update that changes nothing but the time of the last change.
fn contact(place: &Place) -> String {
    place.run(&["virtuous", "contacts", "get", "18", "--jq", "{name, contactType} | tojson"], 0, "")
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_is_refused_and_ctrl_c_keeps_what_is_written() {
    let place = Place::new(2_500).await;
    let export = ["virtuous", "export", "contacts", "--to", "contacts.ndjson"];
    place.slow(2);
    let first = place.command(&export).spawn().unwrap();
    wait_until(|| {
        fs::read_to_string(place.home.folder.join("contacts.ndjson"))
            .is_ok_and(|text| text.lines().count() == 2_000)
    });
    place.run(&export, 8, "another export to contacts.ndjson is running");
    place.run(&[&export as &[_], &["--restart"]].concat(), 8, "wait for it, or choose another target");
    interrupt(&first);
    Outcome::of(first).expect(130, "interrupted\nhint: 2000 rows are kept: the same command resumes");
    assert_eq!(place.ids("contacts.ndjson").len(), 2_000);
    place.emulator.clear_faults();
    place.run(&export, 0, "contacts: 2500 rows in contacts.ndjson, 2000 of them from an earlier run");
    let ids = place.ids("contacts.ndjson");
    assert!(ids.len() == 2_500 && ids.windows(2).all(|two| two[0] < two[1]));

    place.slow(1);
    let mut streamed = place.command(&["virtuous", "export", "contacts", "--to", "-"]);
    let streamed =
        streamed.stdout(fs::File::create(place.home.folder.join("streamed")).unwrap()).spawn().unwrap();
    wait_until(|| place.text("streamed").lines().count() == 1_000);
    interrupt(&streamed);
    Outcome::of(streamed).expect(130, "can't be resumed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_the_vendor_keeps_what_is_written() {
    let place = Place::new(1_500).await;
    let export = ["virtuous", "export", "contacts", "--to", "contacts.ndjson"];
    let rule = FaultRule::new("virtuous", Fault::status(403)).operation("contacts.query");
    place.emulator.add_fault(rule.after(1).times(1)).unwrap();
    place.run(&export, 3, "403");
    assert_eq!(place.ids("contacts.ndjson").len(), 1_000);
    place.run(&export, 0, "1500 rows in contacts.ndjson, 1000 of them from an earlier run");
}

/// Before the first page, too: the account and the query options.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_waits_for_the_limit_of_calls() {
    let place = Place::new(30).await;
    for operation in ["organizations.current", "contacts.query_options", "contacts.query_full"] {
        let limit = Fault::response(429, &[("Retry-After", "2")], "");
        place.emulator.add_fault(FaultRule::new("virtuous", limit).operation(operation).times(1)).unwrap();
    }
    // Shorter than the delay, so that the client doesn't wait itself.
    let export = ["--timeout", "1", "virtuous", "export", "contacts-full", "--to", "a.ndjson"];
    place.run(&[&export as &[_], &["--since", "last"]].concat(), 0, "30 rows in a.ndjson");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_nothing_is_named() {
    let place = Place::new(3).await;
    std::os::unix::fs::symlink("nowhere.ndjson", place.home.folder.join("link.ndjson")).unwrap();
    place.run(
        &["virtuous", "export", "contacts", "--to", "link.ndjson"],
        2,
        "a link to a file that doesn't exist",
    );
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_a_clear_line_and_loses_nothing() {
    let place = Place::new(3_000).await;
    place.run(
        &["virtuous", "export", "contacts", "--to", "/dev/full"],
        1,
        "/dev/full can't be written: No space left",
    );
    let full = fs::File::create("/dev/full").unwrap();
    let mut command = place.command(&["virtuous", "export", "contacts", "--to", "-"]);
    let full = Outcome::of(command.stdout(full).spawn().unwrap());
    full.expect(1, "standard output can't be written: No space left");

    // A file that can't get longer than 200 KB.
    let export = ["virtuous", "export", "contacts", "--to", "contacts.ndjson"];
    let limited = ["-c", "trap '' XFSZ; ulimit -f 400; exec \"$0\" \"$@\"", PROGRAM];
    let limited = place.home.prepared("/bin/sh", &[&limited as &[_], &export].concat());
    Outcome::of({ limited }.spawn().unwrap()).expect(1, "contacts.ndjson can't be written");
    assert!(place.length("contacts.ndjson") > 0);
    place.run(&export, 0, "contacts: 3000 rows in contacts.ndjson");
    let ids = place.ids("contacts.ndjson");
    assert!(ids.len() == 3_000 && ids.windows(2).all(|two| two[0] < two[1]), "every row once");

    // A description that can't replace the earlier one.
    fs::create_dir(place.home.folder.join("b.ndjson.export")).unwrap();
    place.run(&["virtuous", "export", "contacts", "--to", "b.ndjson"], 1, "b.ndjson.export can't be written");
    assert!(!place.home.folder.join("b.ndjson.export.new").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_pipe_is_an_incomplete_export() {
    let place = Place::new(3_000).await;
    let mut child = place.command(&["virtuous", "export", "contacts", "--to", "-"]).spawn().unwrap();
    drop(child.stdout.take());
    let ended = Outcome::of(child).expect(9, "the reader closed the output before all rows");
    assert!(ended.err.contains("can't be resumed"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_csv_file_of_something_else_is_not_continued() {
    let place = Place::new(3).await;
    let export = |what: &str, code: i32, part: &str| {
        place.run(&["virtuous", "export", what, "--to", "rows.csv"], code, part);
    };
    export("gifts", 0, "");
    export("gifts-full", 2, "rows.csv can't be continued: it contains gifts");
    let path = place.home.folder.join("rows.csv.export");
    let description = fs::read_to_string(&path).unwrap();
    fs::write(&path, description.replacen("[\"", "[\"other\",\"", 1)).unwrap();
    export("gifts", 2, "its columns are those of another version of authctl");
    export("gifts-full", 2, "it contains gifts");
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_found_before_anything_is_sent() {
    let place = Place::new(3).await;
    fs::write(place.home.folder.join("mine.ndjson"), "{\"budget\":7}\n").unwrap();
    let export = |arguments: &[&str], code: i32, part: &str| {
        place.run(&[&["virtuous", "export"] as &[_], arguments].concat(), code, part);
    };
    export(&[], 2, "--to");
    export(&["contacts"], 2, "--to");
    export(&["contcats", "--to", "a.ndjson"], 2, "did you mean contacts?");
    export(&["contacts", "--to", "a.txt"], 2, "must end with .ndjson, .jsonl or .csv");
    export(
        &["contacts", "--to", "mysql://localhost/crm"],
        2,
        "targets are FILE.ndjson, FILE.csv, sqlite:FILE",
    );
    export(&["contacts", "--to", "a.ndjson", "--table", "x"], 2, "--table: only a database has tables");
    export(&["contacts", "--to", "a.ndjson", "--csv-safe"], 2, "--csv-safe: only a CSV file");
    export(&["contacts", "--to", "-", "--since", "last"], 2, "has no earlier export");
    export(&["contacts", "--to", "a.csv", "--batch", "1001"], 2, "1001 is not in 1..=1000");
    export(&["contacts", "--to", "a.csv", "--overlap", "5"], 2, "expected a duration such as");
    export(&["contacts", "--to", "a.csv", "--overlap", "5m"], 2, "--overlap: only --since last");
    export(&["contacts", "--to", "a.csv", "--since", "last", "--dry-run"], 2, "name a day");
    export(&["contacts", "--to", "."], 2, "is a folder");
    export(&["contacts", "--to", "nowhere/a.ndjson"], 1, "nowhere/a.ndjson can't be written");
    export(
        &["contacts", "--to", "mine.ndjson"],
        2,
        "it was not written by an export, or its description is missing",
    );
    export(&["contacts", "--to", "mine.ndjson", "--restart"], 2, "was not written by an export");
    export(&["contacts", "--to", "-", "--restart"], 2, "has no earlier export");
    export(&["contacts", "--to", "a.ndjson", "--limit", "3"], 2, "--limit");
    export(&["gifts", "--to", "a.ndjson", "--include-archived"], 2, "only contacts are archived");
    export(&["contacts", "--to", "a.ndjson", "--password", "s3cret"], 2, "visible in process lists");
    assert_eq!(place.text("mine.ndjson"), "{\"budget\":7}\n");
    assert!(place.emulator.journal().is_empty(), "{:?}", place.emulator.journal());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_the_help_runs() {
    let place = Place::new(3).await;
    let help = place.run(&["virtuous", "export", "--help"], 0, "");
    assert!(help.contains("volunteer-opportunities") && help.contains("--since <last|DATE|TIME>"), "{help}");
    let examples: Vec<&str> =
        help.lines().filter_map(|line| line.trim().strip_prefix("$ authctl ")).collect();
    assert_eq!(examples.len(), 3, "{help}");
    for example in examples {
        let file = example.split(' ').nth(5).unwrap().trim_start_matches("sqlite:");
        // Twice: the emulator of the second run has another port.
        for _ in 0..2 {
            place.run(&example.split(' ').collect::<Vec<_>>(), 0, &format!(" rows in {file}"));
        }
    }
    assert_eq!(place.ids("contacts.ndjson"), [17, 18, 19]);
    assert!(
        place.run(&["virtuous", "--help"], 0, "").contains("authctl virtuous export RESOURCE --to TARGET")
    );
}
