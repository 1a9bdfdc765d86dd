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
    export(&tomorrow, &[], 2, "it contains another export");
    export(&tomorrow, &[], 2, "--restart discards");
    export(&tomorrow, &["--restart"], 0, "contacts: 0 rows");
    assert_eq!(place.ids("changed.ndjson"), [0_i64; 0]);
    // Noon tomorrow: the day before it is today.
    export(&format!("{tomorrow}T12:00:00Z"), &["--restart"], 0, "contacts: 1 row");
    export("yesterday", &[], 2, "expected a date such as");
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
    place.run(&[&export as &[_], &["--restart"]].concat(), 8, "wait for it");
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
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_pipe_ends_an_export_without_a_failure() {
    let place = Place::new(3_000).await;
    let mut child = place.command(&["virtuous", "export", "contacts", "--to", "-"]).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(Outcome::of(child).expect(0, "").err, "");
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
    export(&["contacts", "--to", "a.csv"], 2, "must end with .ndjson or .jsonl");
    export(&["contacts", "--to", "postgres://localhost/crm"], 2, "must end with .ndjson");
    export(&["contacts", "--to", "."], 2, "is a folder");
    export(&["contacts", "--to", "nowhere/a.ndjson"], 1, "nowhere/a.ndjson can't be written");
    export(&["contacts", "--to", "mine.ndjson"], 2, "the file that describes its content is missing");
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
    assert!(help.contains("volunteer-opportunities") && help.contains("--since <DATE|TIME>"), "{help}");
    let example = help.lines().find_map(|line| line.trim().strip_prefix("$ authctl ")).unwrap();
    place.run(&example.split(' ').collect::<Vec<_>>(), 0, "contacts: 3 rows in contacts.ndjson");
    assert_eq!(place.ids("contacts.ndjson"), [17, 18, 19]);
    assert!(place.run(&["virtuous", "--help"], 0, "").contains("authctl virtuous export RESOURCE --to FILE"));
}
