//! Exports to databases: the same cases with SQLite, and with a real PostgreSQL if `AUTH_TOKEN_STORE_TEST_SERVERS` is set, as by
//! `cargo xtask ci --only stores`.

#![cfg(all(feature = "postgres", feature = "sqlite"))]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;
#[path = "../../auth-token-store/src/servers.rs"]
#[allow(dead_code, reason = "the servers of another crate's tests")]
mod servers;

use auth_emulator::{Emulator, Fault, FaultRule};
use common::{Home, Outcome, PROGRAM};
use serde_json::{Value, json};
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A database of a test.
enum Database {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Database {
    /// A database that doesn't exist yet.
    fn sqlite(home: &Home) -> Self {
        Self::Sqlite(home.folder.join("crm.db"))
    }

    /// A new database of a server.
    async fn postgres(server: &servers::Server, name: &str) -> Self {
        let admin = Self::Postgres(format!("postgres://postgres@127.0.0.1:{}/postgres", server.port));
        admin.query(&format!("CREATE DATABASE {name}")).await;
        Self::Postgres(format!("postgres://postgres@127.0.0.1:{}/{name}", server.port))
    }

    fn to(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            Self::Postgres(url) => url.clone(),
        }
    }

    /// The rows of a query, as text, with `-` for null.
    async fn query(&self, sql: &str) -> Vec<String> {
        self.try_query(sql).await.unwrap()
    }

    async fn try_query(&self, sql: &str) -> Result<Vec<String>, String> {
        match self {
            Self::Sqlite(path) => {
                use rusqlite::types::ValueRef;
                let failed = |error: rusqlite::Error| error.to_string();
                let connection = rusqlite::Connection::open(path).map_err(failed)?;
                connection.busy_timeout(Duration::from_secs(30)).map_err(failed)?;
                let mut statement = connection.prepare(sql).map_err(failed)?;
                let count = statement.column_count();
                let rows = statement.query_map([], |row| {
                    let cells = (0..count).map(|index| match row.get_ref(index)? {
                        ValueRef::Null => Ok("-".to_owned()),
                        ValueRef::Integer(number) => Ok(number.to_string()),
                        ValueRef::Real(number) => Ok(number.to_string()),
                        ValueRef::Text(text) => Ok(String::from_utf8(text.to_vec()).unwrap()),
                        other => panic!("a value as {:?}", other.data_type()),
                    });
                    Ok(cells.collect::<Result<Vec<_>, rusqlite::Error>>()?.join("|"))
                });
                rows.map_err(failed)?.collect::<Result<_, _>>().map_err(failed)
            }
            Self::Postgres(url) => {
                let failed = |error: tokio_postgres::Error| format!("{error:?}");
                let (client, connection) =
                    tokio_postgres::connect(url, tokio_postgres::NoTls).await.map_err(failed)?;
                tokio::spawn(connection);
                let messages = client.simple_query(sql).await.map_err(failed)?;
                let rows = messages.iter().filter_map(|message| match message {
                    tokio_postgres::SimpleQueryMessage::Row(row) => Some(row),
                    _ => None,
                });
                let cells = |row: &tokio_postgres::SimpleQueryRow| {
                    (0..row.len()).map(|index| row.get(index).unwrap_or("-").to_owned()).collect::<Vec<_>>()
                };
                Ok(rows.map(|row| cells(row).join("|")).collect())
            }
        }
    }

    /// The number of rows that the state of the last run counts, 0 before the first.
    async fn rows(&self, table: &str) -> u64 {
        let sql = format!("SELECT state FROM _authctl_export WHERE table_name = '{table}'");
        let state = self.try_query(&sql).await.unwrap_or_default();
        state
            .first()
            .map_or(0, |state| serde_json::from_str::<Value>(state).unwrap()["run"]["rows"].as_u64().unwrap())
    }
}

/// A home directory, an emulator with contacts, and a database.
struct Place {
    home: Home,
    emulator: Emulator,
    database: Database,
}

impl Place {
    async fn new(contacts: u64, server: Option<(&servers::Server, &str)>) -> Self {
        let settings = |settings: &mut auth_emulator::providers::virtuous::Settings| {
            settings.contacts = contacts;
            settings.calls_per_hour = 100_000;
        };
        let emulator = Emulator::builder().seed(7).virtuous(settings).start().await.unwrap();
        let home = Home::of(&emulator);
        let database = match server {
            Some((server, name)) => Database::postgres(server, name).await,
            None => Database::sqlite(&home),
        };
        Self { home, emulator, database }
    }

    fn command(&self, resource: &str, more: &[&str]) -> Command {
        let to = self.database.to();
        self.home.command(&[&["virtuous", "export", resource, "--to", &to] as &[_], more].concat())
    }

    #[track_caller]
    fn export(&self, resource: &str, more: &[&str], code: i32, part: &str) -> String {
        Outcome::of(self.command(resource, more).spawn().unwrap()).expect(code, part).err
    }

    /// Changes a contact.
    fn touch(&self, id: &str) {
        let body =
            self.home.run(&["virtuous", "contacts", "get", id, "--jq", "{name, contactType} | tojson"]);
        let body = body.expect(0, "").out;
        self.home.run(&["virtuous", "contacts", "update", id, "--data", &body]).expect(0, "");
    }
}

/// All cases with both databases; each has its own emulator and database.
macro_rules! cases {
    ($($name:ident, $contacts:literal;)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(super::Place::new($contacts, None).await).await;
            })*
        }

        /// One server for all of them.
        #[tokio::test(flavor = "multi_thread")]
        async fn postgres() {
            if !servers::wanted() {
                return;
            }
            let server = servers::postgres(&[]);
            $($name(Place::new($contacts, Some((&server, stringify!($name)))).await).await;)*
        }
    };
}

cases! {
    rows_are_those_of_a_file, 1_200;
    a_killed_run_is_the_same_as_a_clean_one, 6_000;
    only_what_changed_is_read_again, 30;
    values_keep_their_digits_and_unknown_fields, 3;
    anything_else_is_refused, 30;
    a_second_run_is_refused, 2_500;
    a_run_whose_lock_was_lost_stops, 30;
    amounts_compare_as_numbers, 30;
}

/// Waits until a condition holds.
async fn wait_for(is_so: impl AsyncFn() -> bool) {
    let all = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), all).await.expect("the condition did not come true");
}

async fn rows_are_those_of_a_file(place: Place) {
    place.export("contacts-full", &[], 0, "contacts-full: 1200 rows in ");
    let file = ["virtuous", "export", "contacts-full", "--to", "contacts.ndjson"];
    place.home.run(&file).expect(0, "1200 rows");
    let text = fs::read_to_string(place.home.folder.join("contacts.ndjson")).unwrap();
    let raw = place.database.query("SELECT _raw FROM contacts_full ORDER BY id").await;
    assert_eq!(raw, text.lines().collect::<Vec<_>>());
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let columns = place
        .database
        .query("SELECT id, name, contactType, modifiedDateTimeUtc FROM contacts_full ORDER BY id")
        .await;
    let expected = rows.iter().map(|row| {
        let text = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
        format!("{}|{}|{}|{}", row["id"], text("name"), text("contactType"), text("modifiedDateTimeUtc"))
    });
    assert_eq!(columns, expected.collect::<Vec<_>>());

    // A further run refreshes the rows, also in small batches.
    place.touch("18");
    place.export("contacts-full", &["--batch", "100"], 0, "contacts-full: 1200 rows in ");
    let again = place.database.query("SELECT _raw FROM contacts_full ORDER BY id").await;
    let changed: Vec<usize> = (0..raw.len()).filter(|index| raw[*index] != again[*index]).collect();
    assert_eq!((again.len(), changed), (1200, vec![1]));
    assert_eq!(
        place.database.query("SELECT count(*) FROM contacts_full WHERE _exported_at IS NULL").await,
        ["0"]
    );

    // Every resource fits its table; a second one can have another name in the same database.
    for resource in ["campaigns", "gifts-full", "event_attendees", "projects", "tasks"] {
        place.export(resource, &["--table", &format!("x_{}", resource.replace('-', "_"))], 0, " rows in ");
    }
    // The emulator sends them as the vendor documents it: without an id.
    let none = place.export("communications", &[], 1, "a row of communications has no communicationId");
    assert!(none.contains("hint: export it to a file"), "{none}");
    let gifts = place.database.query("SELECT id FROM x_gifts_full WHERE amount IS NOT NULL").await;
    assert!(!gifts.is_empty());
}

async fn a_killed_run_is_the_same_as_a_clean_one(place: Place) {
    place.export("contacts", &["--table", "clean"], 0, "6000 rows");
    let dump = async |table: &str| {
        place.database.query(&format!("SELECT id, name, address, _raw FROM {table} ORDER BY id")).await
    };
    let clean = dump("clean").await;
    // Between two batches: the vendor takes long for the next page.
    let small = ["--table", "killed", "--batch", "500"];
    for batches in [0, 1, 2, 5] {
        let before = place.database.rows("killed").await;
        let rule = FaultRule::new("virtuous", Fault::delay_ms(60_000)).operation("contacts.query");
        place.emulator.add_fault(rule.after(batches).times(1)).unwrap();
        let mut child = place.command("contacts", &small).stderr(Stdio::null()).spawn().unwrap();
        let goal = before + 500 * u64::from(batches);
        let is_there = async || place.database.rows("killed").await >= goal;
        wait_for(is_there).await;
        assert_eq!(place.database.rows("killed").await, goal);
        child.kill().unwrap();
        child.wait().unwrap();
        place.emulator.clear_faults();
    }
    assert_eq!(place.database.query("SELECT count(*) FROM killed").await, ["4000"]);
    let err = place.export("contacts", &small, 0, "contacts: 6000 rows in ");
    assert!(err.contains("table killed, 4000 of them from an earlier run"), "{err}");
    assert!(dump("killed").await == clean, "batch boundaries");

    // At random.
    let random = ["--table", "random", "--batch", "200"];
    let mut kills = 0;
    for part in 0..6_u64 {
        let random_number = RandomState::new().hash_one(part);
        let mut child = place.command("contacts", &random).stderr(Stdio::null()).spawn().unwrap();
        let goal = 800 * part + random_number % 800;
        loop {
            if place.database.rows("random").await > goal || child.try_wait().unwrap().is_some() {
                break;
            }
        }
        tokio::time::sleep(Duration::from_micros(random_number % 20_000)).await;
        kills += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(kills >= 3, "only {kills} runs were killed before they were done");
    place.export("contacts", &random, 0, "contacts: 6000 rows in ");
    assert!(dump("random").await == clean, "at random");
}

async fn only_what_changed_is_read_again(place: Place) {
    let last = ["--since", "last"];
    let err = place.export("contacts-full", &last, 0, "contacts-full: 30 rows in ");
    assert!(!err.contains("modified since"), "the first run reads all rows: {err}");
    let later = |days: u64, id: &str| {
        place.emulator.clock().advance(Duration::from_secs(days * 86_400));
        place.touch(id);
        place.emulator.clock().now().without_zone()[..10].to_owned()
    };
    later(10, "18");
    let raw = place.database.query("SELECT _raw FROM contacts_full WHERE id = 18").await;
    // Three contacts are as old as the last change that was seen.
    let err = place.export("contacts-full", &last, 0, "contacts-full: 3 rows in ");
    assert!(err.contains("modified since"), "{err}");
    assert_ne!(place.database.query("SELECT _raw FROM contacts_full WHERE id = 18").await, raw);
    assert_eq!(place.database.query("SELECT count(*) FROM contacts_full").await, ["30"]);
    // The mark is the vendor's time of the change, not this machine's.
    let day = later(10, "19");
    place.export("contacts-full", &last, 0, "contacts-full: 2 rows in ");
    let state =
        place.database.query("SELECT state FROM _authctl_export WHERE table_name = 'contacts_full'").await;
    let state: Value = serde_json::from_str(&state[0]).unwrap();
    assert_eq!(state["mark"].as_str().unwrap()[..10], day);
    place.export("contacts-full", &["--since", "last", "--overlap", "7d"], 0, "contacts-full: 1 row in ");
    place.export("contacts-full", &["--since", "last", "--overlap", "14d"], 0, "contacts-full: 2 rows in ");
    // Summaries have no time of a change: the vendor's clock counts.
    place.export("contacts", &last, 0, "contacts: 30 rows in ");
    later(3, "17");
    place.export("contacts", &last, 0, "contacts: 2 rows in ");
    // A killed incremental run resumes with its day, whatever happens in the meantime.
    place.export("contacts-full", &["--since", &day], 0, "contacts-full: 2 rows in ");
    let rule = FaultRule::new("virtuous", Fault::status(403)).operation("contacts.query_full").times(1);
    place.emulator.add_fault(rule.after(1)).unwrap();
    place.export(
        "contacts-full",
        &["--since", &day, "--batch", "1"],
        3,
        "1 row is kept: the same command resumes",
    );
    place.emulator.clear_faults();
    place.export(
        "contacts-full",
        &["--since", "2026-01-01"],
        2,
        &format!("modified since {day}, is not complete; --since last continues it"),
    );
    place.export("contacts-full", &last, 0, "2 rows in ");
}

async fn values_keep_their_digits_and_unknown_fields(place: Place) {
    let row = r#"{"id":7,"amount":12345678901234567890.1234567890,"contactId":"8","giftDate":"nul \u0000 here","batch":"a'b\"c\\","isPrivate":true,"giftType":null,"segmentId":"seven","tributes":{"new":1},"newField":[1.50,{"x":"\u00e9"}]}"#;
    let page = |list: &str| format!(r#"{{"list":[{list}],"total":1}}"#);
    let json = [("Content-Type", "application/json")];
    for list in [row, ""] {
        let fault = Fault::response(200, &json, &page(list));
        let rule = FaultRule::new("virtuous", fault).operation("gifts.query_full").times(1);
        place.emulator.add_fault(rule).unwrap();
    }
    let err = place.export("gifts-full", &[], 0, "gifts-full: 1 row in ");
    assert!(err.contains("are only in _raw: segmentId"), "{err}");
    let is_sqlite = matches!(place.database, Database::Sqlite(_));
    assert_eq!(err.contains("rounded, and exact only in _raw: amount"), is_sqlite, "{err}");
    let amount = if is_sqlite { "12345678901234567000" } else { "12345678901234567890.1234567890" };
    let found = place
        .database
        .query("SELECT id, amount, contactId, batch, giftType, segmentId, _raw FROM gifts_full")
        .await;
    assert_eq!(found, [format!("7|{amount}|8|a'b\"c\\|-|-|{row}")]);
    let private = place
        .database
        .query("SELECT count(*) FROM gifts_full WHERE isPrivate AND giftDate LIKE 'nul _ here'")
        .await;
    assert_eq!(private, ["1"]);
}

/// Also in a table of an earlier version, which had strings.
async fn amounts_compare_as_numbers(place: Place) {
    let gift = |id: u32, amount: &str| format!(r#"{{"id":{id},"amount":{amount}}}"#);
    let rows = [gift(1, "9.50"), gift(2, "\"100.10\""), gift(3, "1000")];
    let page = |rows: &[String]| format!(r#"{{"list":[{}],"total":3}}"#, rows.join(","));
    let export = async |rows: &[String]| {
        for rows in [rows, &[]] {
            let fault = Fault::response(200, &[("Content-Type", "application/json")], &page(rows));
            let rule = FaultRule::new("virtuous", fault).operation("gifts.query_full").times(1);
            place.emulator.add_fault(rule).unwrap();
        }
        let err = place.export("gifts-full", &["--restart"], 0, "rows in ");
        assert!(!err.contains("rounded"), "{err}");
    };
    let check = async || {
        let above = "SELECT id FROM gifts_full WHERE amount > 10 ORDER BY amount DESC";
        assert_eq!(place.database.query(above).await, ["3", "2"]);
        let sum = "SELECT count(*) FROM gifts_full WHERE amount = 100.1";
        assert_eq!(place.database.query(sum).await, ["1"]);
    };
    export(&rows).await;
    check().await;
    if !matches!(place.database, Database::Sqlite(_)) {
        return;
    }
    for sql in [
        "ALTER TABLE gifts_full DROP COLUMN amount",
        "ALTER TABLE gifts_full ADD COLUMN amount TEXT",
        "UPDATE gifts_full SET amount = json_extract(_raw, '$.amount')",
        "CREATE INDEX of_amount ON gifts_full (amount)",
    ] {
        place.database.query(sql).await;
    }
    let err = place.export("gifts-full", &[], 2, "can't be written: ");
    assert!(err.contains("of_amount") && err.contains("hint: drop the index"), "{err}");
    place.database.query("DROP INDEX of_amount").await;
    let fault = Fault::response(200, &[("Content-Type", "application/json")], &page(&[]));
    place.emulator.add_fault(FaultRule::new("virtuous", fault).operation("gifts.query_full")).unwrap();
    place.export("gifts-full", &[], 0, "rows in ");
    check().await;
    assert_eq!(
        place.database.query("SELECT DISTINCT typeof(amount) FROM gifts_full WHERE id < 3").await,
        ["real"]
    );
}

async fn anything_else_is_refused(place: Place) {
    place.export("contacts-full", &[], 0, "30 rows");
    let table = ["--table", "contacts_full"];
    place.export("contacts", &table, 2, "can't be continued: it contains contacts-full");
    place.export("contacts-full", &["--include-archived"], 2, "it was exported without --include-archived");
    let other = json!({ "organizationUserId": 95, "organizationName": "Another Charity" }).to_string();
    let fault = Fault::response(200, &[("Content-Type", "application/json")], &other);
    place
        .emulator
        .add_fault(FaultRule::new("virtuous", fault).operation("organizations.current").times(1))
        .unwrap();
    let err = place.export("contacts-full", &[], 2, "and the credentials are those of Another Charity");
    assert!(err.contains("hint: --table NAME writes to another table; --restart discards"), "{err}");
    place.export("contacts-full", &["--table", "a b"], 2, "--table a b: expected TABLE");
    // A table of somebody else, which no option overwrites.
    place.database.query("CREATE TABLE tasks (id int)").await;
    place.export("tasks", &[], 2, "the table exists and was not made by an export");
    place.export("tasks", &["--restart"], 2, "the table exists and was not made by an export");
    // Rows that the vendor has no more are gone after a new start.
    place.database.query("UPDATE contacts_full SET id = 999999 WHERE id = 17").await;
    place.export("contacts-full", &[], 0, "30 rows");
    assert_eq!(place.database.query("SELECT count(*) FROM contacts_full").await, ["31"]);
    place.export("contacts-full", &["--restart"], 0, "30 rows");
    assert_eq!(place.database.query("SELECT count(*) FROM contacts_full").await, ["30"]);
    // A column that is missing, as after an update of authctl.
    place.database.query("ALTER TABLE contacts_full DROP COLUMN website").await;
    place.export("contacts-full", &[], 0, "30 rows");
    place.database.query("SELECT website FROM contacts_full").await;
    // Another program has changed the state: this run doesn't overwrite it.
    place.database.query("DROP TABLE contacts_full").await;
    place.export("contacts-full", &[], 0, "30 rows");
}

async fn a_second_run_is_refused(place: Place) {
    let rule = FaultRule::new("virtuous", Fault::delay_ms(60_000)).operation("contacts.query");
    place.emulator.add_fault(rule.after(2).times(1)).unwrap();
    let first = place.command("contacts", &[]).spawn().unwrap();
    wait_for(async || place.database.rows("contacts").await == 2_000).await;
    let err = place.export("contacts", &[], 8, "another export to ");
    assert!(err.contains("table contacts is running"), "{err}");
    place.export("contacts", &["--restart"], 8, "wait for it, or choose another target");
    place.export("contacts-full", &[], 0, "2500 rows");
    assert!(Command::new("kill").args(["-INT", &first.id().to_string()]).status().unwrap().success());
    Outcome::of(first).expect(130, "interrupted\nhint: 2000 rows are kept: the same command resumes");
    place.emulator.clear_faults();
    place.export("contacts", &[], 0, "2000 of them from an earlier run");
    assert_eq!(
        place.database.query("SELECT count(*), count(DISTINCT id) FROM contacts").await,
        ["2500|2500"]
    );
}

/// As with a connection pool, or a file system without locks: another run has started in the meantime.
async fn a_run_whose_lock_was_lost_stops(place: Place) {
    place.export("contacts", &[], 0, "30 rows");
    let other = r#"{"of":"another run"}"#;
    let state = "SELECT state FROM _authctl_export WHERE table_name = 'contacts'";
    let change = format!("UPDATE _authctl_export SET state = '{other}' WHERE table_name = 'contacts'");
    let before = place.database.query(state).await[0].replace('\'', "''");
    let restore = format!("UPDATE _authctl_export SET state = '{before}' WHERE table_name = 'contacts'");
    for (operation, calls, arguments) in [
        // Between reading the state and the start, and between two batches.
        ("organizations.current", 0, &[] as &[&str]),
        ("organizations.current", 0, &["--restart"]),
        ("contacts.query", 1, &["--batch", "10"]),
    ] {
        let rule = FaultRule::new("virtuous", Fault::delay_ms(1_500)).operation(operation);
        place.emulator.add_fault(rule.after(calls).times(1)).unwrap();
        let count = place.emulator.journal().len();
        let run = place.command("contacts", arguments).spawn().unwrap();
        match calls {
            0 => wait_for(async || place.emulator.journal().len() > count).await,
            _ => wait_for(async || place.database.rows("contacts").await == 10).await,
        }
        place.database.query(&change).await;
        Outcome::of(run).expect(8, "another export to ");
        assert_eq!(place.database.query(state).await, [other], "{operation}");
        assert_eq!(place.database.query("SELECT count(*) FROM contacts").await, ["30"]);
        place.emulator.clear_faults();
        place.database.query(&restore).await;
    }
    // Two runs that both find no table.
    place.database.query("DELETE FROM _authctl_export WHERE table_name = 'contacts'").await;
    place.database.query("DROP TABLE contacts").await;
    let rule = FaultRule::new("virtuous", Fault::delay_ms(1_500)).operation("organizations.current");
    place.emulator.add_fault(rule.times(1)).unwrap();
    let count = place.emulator.journal().len();
    let run = place.command("contacts", &[]).spawn().unwrap();
    wait_for(async || place.emulator.journal().len() > count).await;
    place.database.query("INSERT INTO _authctl_export VALUES ('contacts', '{}')").await;
    Outcome::of(run).expect(8, "another export to ");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn two_spellings_of_a_file_or_a_table_are_one_lock() {
    let place = Place::new(1_500, None).await;
    let rule = FaultRule::new("virtuous", Fault::delay_ms(60_000)).operation("contacts.query");
    place.emulator.add_fault(rule.after(1).times(1)).unwrap();
    let mut first = place.command("contacts", &[]).spawn().unwrap();
    wait_for(async || place.database.rows("contacts").await == 1_000).await;
    std::os::unix::fs::symlink("crm.db", place.home.folder.join("link.db")).unwrap();
    for (to, table) in
        [("sqlite:crm.db", "CONTACTS"), ("sqlite:./crm.db", "contacts"), ("sqlite:link.db", "Contacts")]
    {
        let arguments = ["virtuous", "export", "contacts", "--to", to, "--table", table];
        place.home.run(&arguments).expect(8, "is running");
    }
    first.kill().unwrap();
    first.wait().unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_keeps_what_is_committed() {
    let place = Place::new(3_000, None).await;
    let to = place.database.to();
    let export = ["virtuous", "export", "contacts", "--to", &to, "--batch", "100"];
    // Files that can't get longer than 200 KB.
    let limited = ["-c", "trap '' XFSZ; ulimit -f 400; exec \"$0\" \"$@\"", PROGRAM];
    let mut limited = place.home.prepared("/bin/sh", &[&limited as &[_], &export].concat());
    let err = Outcome::of(limited.spawn().unwrap()).expect(1, "crm.db can't be written").err;
    let rows = place.database.rows("contacts").await;
    assert!(
        rows > 0 && err.contains(&format!("hint: {rows} rows are kept: the same command resumes")),
        "{rows} {err}"
    );
    place.export("contacts", &[], 0, "contacts: 3000 rows in ");
    let names: Vec<_> =
        fs::read_dir(&place.home.folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["crm.db"], "neither a lock nor a journal stays");
    fs::write(
        place.home.folder.join("text.db"),
        "this is no database, but it is long enough to be one".repeat(30),
    )
    .unwrap();
    for (to, code, part) in [
        ("sqlite:text.db", 2, "text.db is not a SQLite database"),
        ("sqlite:nowhere/a.db", 1, "can't be written: No such file or directory"),
        ("sqlite:.", 2, "is a folder"),
        ("sqlite::memory:", 2, "a file must be named"),
        ("sqlite:", 2, "a file must be named"),
    ] {
        place.home.run(&["virtuous", "export", "contacts", "--to", to]).expect(code, part);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_passwords_and_certificates() {
    let place = Place::new(3, None).await;
    let export = |to: &str, env: &[(&str, &str)], code: i32, part: &str| {
        let mut command = place.home.command(&["virtuous", "export", "contacts", "--to", to]);
        command.envs(env.iter().copied());
        Outcome::of(command.spawn().unwrap()).expect(code, part)
    };
    for to in [
        "postgres://app:canary@db.example/crm",
        "postgres://app:can/ary@db.example/crm",
        "postgres://db.example/crm?pass%77ord=canary",
    ] {
        export(to, &[], 2, "hint: set PGPASSWORD, or name a file by PGPASSFILE");
    }
    for to in [
        "postgres//app:canary@db/crm",
        "pg://app:canary@db/crm",
        "host=db password=canary",
        "sqlite:app:canary@db/",
    ] {
        export(to, &[], 2, "--to ");
    }
    export("postgres://app@a.example,b.example/crm", &[], 2, "several hosts");
    export("postgres://db.example/crm", &[], 2, "the address has no user");
    export("postgres://app@db.example/crm?sslmode=require", &[], 2, "only verify-full is accepted");
    export("postgres://app@127.0.0.1:1/crm", &[], 6, "postgres://app@127.0.0.1:1/crm can't be reached");
    let open = place.home.file("open.pgpass", "*:*:*:*:canary\n");
    fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    export("postgres://app@127.0.0.1:1/crm", &[("PGPASSFILE", "open.pgpass")], 4, "can be read by others");
    assert!(place.emulator.journal().is_empty(), "nothing was sent");
    if !servers::wanted() {
        return;
    }
    let folder = servers::Folder::new("authctl-tls");
    let hba = folder.0.join("hba");
    fs::write(&hba, "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        .unwrap();
    if Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.starts_with(b"0\n")) {
        assert!(Command::new("chown").args(["-R", "postgres"]).arg(&folder.0).status().unwrap().success());
    }
    let certificate = servers::Certificate::new();
    let mut settings = certificate.of_postgres();
    settings.extend(["-c".to_owned(), format!("hba_file={}", hba.display())]);
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let server = servers::postgres(&settings);
    let database = Database::postgres(&server, "crm").await;
    database.query("CREATE ROLE app LOGIN PASSWORD 'canary'; CREATE SCHEMA mine AUTHORIZATION app").await;
    let port = server.port;
    let to = |host: &str, more: &str| format!("postgres://app@{host}:{port}/crm?{more}");
    let to_local = to("127.0.0.1", "");
    export(&to_local, &[], 4, "the server asks for a password");
    export(&to_local, &[("PGPASSWORD", "wrong")], 4, "password authentication failed");
    let other = place.home.file("other.pgpass", "127.0.0.1:*:other:app:canary\n");
    export(&to_local, &[("PGPASSFILE", other.to_str().unwrap())], 4, "has no line for this server");
    place
        .home
        .file("pgpass", format!("# comment\n127.0.0.1:{port}:crm:app:canary\nlocalhost:*:*:*:canary\n"));
    let file = [("PGPASSFILE", "pgpass")];
    let denied = export(&to_local, &file, 1, "permission denied for schema public");
    assert!(denied.err.contains("--table SCHEMA.TABLE"), "{denied:?}");
    let mut command =
        place.home.command(&["virtuous", "export", "contacts", "--to", &to_local, "--table", "mine.Donors"]);
    Outcome::of(command.env("PGPASSFILE", "pgpass").spawn().unwrap()).expect(0, "table mine.Donors");
    assert_eq!(database.query("SELECT count(*) FROM mine.Donors").await, ["3"]);
    export(
        &to("127.0.0.1", "").replace("/crm", "/nowhere"),
        &[("PGPASSWORD", "canary")],
        2,
        "\"nowhere\" does not exist",
    );

    // The certificate is checked, and so is the name in it.
    let authority = format!(
        "sslmode=verify-full&options=-csearch_path%3Dmine&sslrootcert={}",
        certificate.certificate.display()
    );
    export(
        &to("localhost", &authority),
        &file,
        0,
        &format!("contacts: 3 rows in postgres://app@localhost:{port}/crm, table contacts"),
    );
    let wrong_name = export(&to("127.0.0.1", &authority), &file, 1, "no secure connection");
    assert!(wrong_name.err.contains("sslrootcert=FILE"), "{wrong_name:?}");
    export(&to("localhost", "sslmode=verify-full"), &file, 1, "no secure connection");
    export(&to("localhost", "sslmode=verify-full&sslrootcert=pgpass"), &file, 2, "no usable certificate");

    // A temporary lack of connections.
    database.query("ALTER ROLE app CONNECTION LIMIT 0").await;
    export(&to_local, &file, 6, "too many connections for role");
    database.query("ALTER ROLE app CONNECTION LIMIT -1").await;

    // A server that stops in the middle: run again when it is back.
    let rule = FaultRule::new("virtuous", Fault::delay_ms(2_000)).operation("contacts.query");
    place.emulator.add_fault(rule.after(1).times(1)).unwrap();
    let admin = format!("postgres://postgres@127.0.0.1:{port}/crm");
    let run = place
        .home
        .command(&["virtuous", "export", "contacts", "--to", &admin, "--batch", "1"])
        .spawn()
        .unwrap();
    let database = Database::Postgres(admin.clone());
    wait_for(async || database.rows("contacts").await == 1).await;
    let end =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'authctl export'";
    database.query(end).await;
    Outcome::of(run).expect(6, "the same command again: it resumes");
    export(&admin, &[], 0, "contacts: 3 rows in ");
}

/// Who refreshes, how long that takes, and the budget: in a row of JSON and as a table, for both stores.
#[cfg(feature = "fleet")]
#[tokio::test(flavor = "multi_thread")]
async fn status_shows_fleets_in_redis_and_postgres() {
    use auth_client_core::provider::BaseUrl;
    use auth_client_core::provider::auth_core::rate_limit::{RateLimitReport, RateLimiter as _};
    use auth_client_core::provider::auth_core::store::{StoreKey, StoredToken, TokenStore};
    use auth_client_core::provider::auth_core::{Clock as _, SecretString, SystemClock};
    use auth_token_store::{KeyRing, PostgresStore, RateBudget, RedisStore};

    let place = Place::new(3, None).await;
    let status = |more: &[&str], code: i32, part: &str| {
        place.home.run(&[&["status", "virtuous"], more].concat()).expect(code, part)
    };
    status(&["--account", "anna"], 2, "--fleet");
    status(&["--fleet", "redis://:canary@127.0.0.1"], 2, "env:NAME");
    status(&["--fleet", "mysql://127.0.0.1", "--account", "anna"], 2, "must begin with");
    status(&["--fleet", "redis://127.0.0.1:1", "--account", "anna"], 6, "Redis can't be reached");
    if !servers::wanted() {
        return;
    }
    let (redis, postgres) = (servers::redis(&[]), servers::postgres(&[]));
    let postgres_url = format!("postgresql://postgres@127.0.0.1:{}/postgres", postgres.port);
    let keys = || KeyRing::new("k1", [7; 32]);
    let client = redis::Client::open(redis.redis_url()).unwrap();
    let in_redis = RedisStore::new(client, keys()).instance("worker-7");
    let in_postgres = PostgresStore::new(&postgres_url, keys()).unwrap().instance("worker-7");
    let stores: [(String, RateBudget, Box<dyn TokenStore>); 2] = [
        (redis.redis_url(), in_redis.rate_budget("acme"), Box::new(in_redis)),
        (postgres_url, in_postgres.rate_budget("acme"), Box::new(in_postgres)),
    ];
    let base = BaseUrl::parse("URL", &place.emulator.virtuous().base_url()).unwrap();
    let key = StoreKey::new("virtuous", &base.origin().to_string(), "anna");
    for (url, budget, store) in stores {
        let fleet = ["--fleet", url.as_str(), "--account", "anna", "--budget", "acme"];
        let row = status(&[&fleet[..], &["-o", "json"]].concat(), 0, "no record").json();
        assert!(row[0]["budget_left"].is_null() && row[0]["refreshes"].is_null(), "{row}");

        let mut locked = store.lock(&key).await.unwrap();
        let mut token = StoredToken::new(1, SecretString::from("canary"));
        token.refresh = Some(SecretString::from("canary"));
        locked.save(&token).await.unwrap();
        locked.load().await.unwrap();
        locked.begin(&token).await.unwrap();
        let now = SystemClock::new().now();
        budget.check(now, Duration::from_secs(60)).await;
        let mut report = RateLimitReport::new(http::StatusCode::OK);
        (report.limit.limit, report.limit.remaining) = (Some(1_500), Some(900));
        report.limit.reset = Some(now.wall + Duration::from_secs(1_800));
        budget.observe(&report, now);
        wait_for(async || budget.status().await.unwrap().left.is_some()).await;

        let row = status(&[&fleet[..], &["-o", "json"]].concat(), 0, "worker-7").json();
        let number = |name: &str| row[0][name].as_f64().unwrap_or_else(|| panic!("{name}: {row}"));
        assert!(number("lease_held_s") < 30.0 && number("lease_ends_s") > 0.0, "{row}");
        assert!(number("refreshing_s") < 30.0 && number("wait_last_s") < 30.0, "{row}");
        assert_eq!((number("refreshes"), number("budget_limit")), (0.0, 1_500.0));
        assert!((880.0..=900.0).contains(&number("budget_left")), "{row}");
        assert!(!row.to_string().contains("canary"), "{row}");
        let columns = "lease,budget_left";
        status(&[&fleet[..], &["-o", "table", "--columns", columns]].concat(), 0, "worker-7");
        locked.save(&token).await.unwrap();
        locked.release().await;
        status(&[&fleet[..], &["--columns", columns, "-o", "csv"]].concat(), 0, "free,");
    }
}
