//! Exports: what is in the file, and that a run that was killed at any moment loses and repeats nothing.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_client_core::testing::{ManualTime, ScriptedTransport};
use auth_emulator::Emulator;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;
use virtuous_client::export::{Export, ExportError, ExportedRow, Progress, Resource};
use virtuous_client::models::{ContactCreate, ContactType, NewContactIndividual};
use virtuous_client::query::parameter;
use virtuous_client::{Client, ErrorKind, Query};

/// A separate folder for a test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("virtuous-export-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("rows.jsonl")
    }

    fn ids(&self) -> Vec<i64> {
        let text = fs::read_to_string(self.file()).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "no half line stays");
        text.lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_i64().unwrap())
            .collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn emulator(contacts: u64) -> (Emulator, Client) {
    let settings = |settings: &mut auth_emulator::providers::virtuous::Settings| {
        settings.contacts = contacts;
        settings.calls_per_hour = 100_000;
    };
    let emulator = Emulator::builder().virtuous(settings).start().await.unwrap();
    let virtuous = emulator.virtuous();
    let client = Client::builder().api_key(virtuous.api_key()).base_url(virtuous.base_url()).build().unwrap();
    (emulator, client)
}

#[tokio::test]
async fn every_resource_of_the_emulator_is_exported_and_a_second_run_adds_what_is_new() {
    let (emulator, client) = emulator(700).await;
    for (resource, rows) in
        [(Resource::Contacts, Some(700)), (Resource::GiftsFull, None), (Resource::Projects, None)]
    {
        let folder = Folder::new(resource.name());
        let told = Arc::new(Mutex::new(Vec::<Progress>::new()));
        let listener = Arc::clone(&told);
        let exported = Export::new(&client, resource)
            .take(300)
            .on_progress(move |progress| listener.lock().unwrap().push(progress.clone()))
            .to_file(folder.file())
            .await
            .unwrap();
        let ids = folder.ids();
        assert_eq!((ids.len(), exported.resumed), (usize::try_from(exported.rows).unwrap(), 0), "{resource}");
        assert!(ids.is_sorted() && ids.len() > 1 && rows.is_none_or(|rows| rows == ids.len()), "{resource}");
        let last = told.lock().unwrap().last().cloned().unwrap();
        assert_eq!((last.rows, last.total), (exported.rows, Some(exported.rows)), "{resource}");

        let again = Export::new(&client, resource).to_file(folder.file()).await.unwrap();
        assert_eq!((again.rows, again.resumed), (exported.rows, exported.rows), "{resource}");
        assert_eq!(folder.ids(), ids);
        if resource == Resource::Contacts {
            let individual = NewContactIndividual::first_name("Ola").last_name("Nordmann");
            let made = client.contacts().create(ContactCreate::new(
                ContactType::Household,
                "Nordmann",
                [individual],
            ));
            let made = made.await.unwrap().id;
            let again = Export::new(&client, resource).to_file(folder.file()).await.unwrap();
            assert_eq!((again.rows, folder.ids().last()), (exported.rows + 1, Some(&made)));
        }
    }
    drop(emulator);
}

#[tokio::test]
async fn batches_have_the_rows_of_a_file_and_resume_at_any_of_them() {
    let (_emulator, client) = emulator(700).await;
    // The emulator can't query communications by id, so these are read with `skip`.
    for resource in [Resource::Contacts, Resource::Communications] {
        let folder = Folder::new(&format!("batches-{resource}"));
        Export::new(&client, resource).to_file(folder.file()).await.unwrap();
        let file = fs::read_to_string(folder.file()).unwrap();
        let lines: Vec<&str> = file.lines().collect();
        let (mut read, mut last_id) = (Vec::new(), None);
        loop {
            // Each batch by its own run.
            let at = u64::try_from(read.len()).unwrap();
            let mut batches = Export::new(&client, resource).take(300).batches().resume(at, last_id);
            let Some(rows) = batches.next().await.unwrap() else { break };
            assert_eq!(batches.rows(), at + u64::try_from(rows.len()).unwrap());
            assert_eq!(batches.total(), u64::try_from(lines.len()).ok());
            last_id = rows.last().unwrap().id;
            read.extend(rows);
        }
        assert_eq!(read.iter().map(|row| row.json.as_str()).collect::<Vec<_>>(), lines, "{resource}");
        let mut whole = Export::new(&client, resource).take(300).batches();
        let mut rows = Vec::new();
        while let Some(batch) = whole.next().await.unwrap() {
            rows.extend(batch);
        }
        assert_eq!(rows, read, "{resource}");
    }
}

#[tokio::test]
async fn a_page_is_requested_ahead_and_neither_a_caller_that_gives_up_nor_a_failure_loses_a_row() {
    let options = json!({ "options": [{ "parameter": "Gift Id" }], "operatorOptions": [{ "operator": "GreaterThan" }] });
    let page = |ids: &[i64]| {
        let list: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
        json!({ "list": list, "total": 2 }).to_string()
    };
    for ahead in [false, true] {
        let transport = ScriptedTransport::new()
            .json(200, options.to_string())
            .json(200, page(&[1]))
            .status(400)
            .json(200, page(&[2]))
            .json(200, page(&[]));
        let client =
            Client::builder().api_key("v_example".to_owned()).transport(transport.clone()).build().unwrap();
        let batches = Export::new(&client, Resource::Gifts).take(1).batches();
        let mut batches = if ahead { batches.prefetch() } else { batches };
        if ahead {
            let mut next = Box::pin(batches.next());
            let polled = next.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_pending(), "the request is written first");
        }
        let ids = |rows: Option<Vec<ExportedRow>>| -> Vec<Option<i64>> {
            rows.into_iter().flatten().map(|row| row.id).collect()
        };
        assert_eq!(ids(batches.next().await.unwrap()), [Some(1)]);
        assert_eq!(transport.requests().len(), if ahead { 3 } else { 2 });
        assert_eq!(batches.rows(), 1);
        assert_eq!(batches.next().await.unwrap_err().kind(), ErrorKind::InvalidData);
        assert_eq!(ids(batches.next().await.unwrap()), [Some(2)]);
        assert_eq!(batches.next().await.unwrap(), None);
        assert_eq!(transport.requests().len(), 5);
    }
}

#[tokio::test]
async fn a_file_is_not_gone_on_with_for_something_else() {
    let (_emulator, client) = emulator(3).await;
    let folder = Folder::new("mismatch");
    Export::new(&client, Resource::Contacts).to_file(folder.file()).await.unwrap();
    let before = fs::read(folder.file()).unwrap();

    let narrower = Query::matching([parameter("Contact Id").greater_than(17)]);
    for export in
        [Export::new(&client, Resource::Contacts).query(narrower), Export::new(&client, Resource::Gifts)]
    {
        let error = export.to_file(folder.file()).await.unwrap_err();
        assert!(matches!(error, ExportError::Mismatch { .. }), "{error}");
        assert!(error.to_string().contains("another export"), "{error}");
    }
    fs::remove_file(folder.0.join("rows.jsonl.export")).unwrap();
    let error = Export::new(&client, Resource::Contacts).to_file(folder.file()).await.unwrap_err();
    assert!(error.to_string().contains("describes its content is missing"), "{error}");
    assert_eq!(fs::read(folder.file()).unwrap(), before, "nothing was touched");

    for foreign in [&b"{\"budget\": 7}"[..], b"no line break", b"\xff\xfe"] {
        fs::write(folder.file(), foreign).unwrap();
        let error = Export::new(&client, Resource::Contacts).to_file(folder.file()).await.unwrap_err();
        assert!(matches!(error, ExportError::Mismatch { .. }), "{error}");
        assert_eq!(fs::read(folder.file()).unwrap(), foreign, "what is not ours is not touched");
    }

    let nowhere = folder.0.join("no/such/folder.jsonl");
    let error = Export::new(&client, Resource::Contacts).to_file(&nowhere).await.unwrap_err();
    assert!(matches!(error, ExportError::File { doing: "written", .. }), "{error}");
}

#[tokio::test]
async fn a_run_that_was_killed_while_it_began_can_be_run_again() {
    let (_emulator, client) = emulator(3).await;
    let folder = Folder::new("begun");
    for note in ["", "{\"resou"] {
        fs::write(folder.file(), "").unwrap();
        fs::write(folder.0.join("rows.jsonl.export"), note).unwrap();
        Export::new(&client, Resource::Contacts).to_file(folder.file()).await.unwrap();
        assert_eq!(folder.ids(), [17, 18, 19]);
        fs::remove_file(folder.file()).unwrap();
    }
}

#[tokio::test]
async fn half_a_line_at_the_end_is_taken_off_and_written_again() {
    let (_emulator, client) = emulator(50).await;
    let folder = Folder::new("half");
    Export::new(&client, Resource::Contacts).to_file(folder.file()).await.unwrap();
    let whole = fs::read(folder.file()).unwrap();
    for cut in [1, 2, 40, whole.len() / 2, whole.len() - 1] {
        fs::write(folder.file(), &whole[..whole.len() - cut]).unwrap();
        Export::new(&client, Resource::Contacts).take(7).to_file(folder.file()).await.unwrap();
        assert!(fs::read(folder.file()).unwrap() == whole, "{cut} bytes off the end");
    }
}

#[tokio::test]
async fn an_export_waits_when_it_is_throttled_and_then_resumes() {
    let options = json!({ "options": [{ "parameter": "Gift Id" }], "operatorOptions": [{ "operator": "GreaterThan" }] });
    let mut transport = ScriptedTransport::new().response(429, &[("Retry-After", "900")], "");
    transport = transport.json(200, options.to_string());
    transport = transport.json(200, json!({ "list": [{ "id": 1 }], "total": 2 }).to_string());
    transport = transport.response(429, &[("Retry-After", "1800")], "");
    transport = transport.json(200, json!({ "list": [{ "id": 2 }], "total": 1 }).to_string());
    transport = transport.json(200, json!({ "list": [], "total": 0 }).to_string());
    let time = ManualTime::auto();
    let client = Client::builder()
        .api_key("v_example".to_owned())
        .transport(transport.clone())
        .time(time.clock(), Arc::new(time))
        .build()
        .unwrap();
    let folder = Folder::new("throttled");
    let waits = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&waits);
    let exported = Export::new(&client, Resource::Gifts)
        .take(1)
        .on_progress(move |progress| listener.lock().unwrap().extend(progress.waiting))
        .to_file(folder.file())
        .await
        .unwrap();
    assert_eq!((exported.rows, folder.ids()), (2, vec![1, 2]));
    assert_eq!(*waits.lock().unwrap(), [Duration::from_secs(900), Duration::from_secs(1800)]);
}

/// A server that throttles every call; the waits of an export, and how it ends.
async fn throttled(
    name: &str,
    first: ScriptedTransport,
    head: &[(&str, &str)],
) -> (Vec<Duration>, ErrorKind, u64) {
    let transport = (0..60).fold(first, |transport, _| transport.response(429, head, ""));
    let time = ManualTime::auto();
    let client = Client::builder()
        .api_key("v_example".to_owned())
        .transport(transport)
        .retry(virtuous_client::RetryPolicy::none())
        .time(time.clock(), Arc::new(time))
        .build()
        .unwrap();
    let folder = Folder::new(name);
    let waits = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&waits);
    let export = Export::new(&client, Resource::Gifts)
        .take(1)
        .on_progress(move |progress| listener.lock().unwrap().extend(progress.waiting));
    let ExportError::Api(error) = export.to_file(folder.file()).await.unwrap_err() else {
        panic!("a call fails")
    };
    let waits = waits.lock().unwrap().clone();
    (waits, error.kind(), folder.ids().len() as u64)
}

#[tokio::test]
async fn an_export_does_not_wait_for_ever() {
    let hour = Duration::from_secs(3600);
    let (waits, kind, rows) =
        throttled("for-ever", ScriptedTransport::new(), &[("Retry-After", "3600")]).await;
    assert_eq!((waits, kind, rows), (vec![hour; 24], ErrorKind::Throttled, 0));

    // A page ends the count.
    let options = json!({ "options": [{ "parameter": "Gift Id" }], "operatorOptions": [{ "operator": "GreaterThan" }] });
    let first =
        ScriptedTransport::new().response(429, &[("Retry-After", "3600")], "").json(200, options.to_string());
    let first = first.json(200, json!({ "list": [{ "id": 1 }], "total": 2 }).to_string());
    let (waits, kind, rows) = throttled("for-ever-later", first, &[]).await;
    assert_eq!((waits.len(), kind, rows), (25, ErrorKind::Throttled, 1));
    assert_eq!(waits[1..], [Duration::from_secs(60); 24], "without a Retry-After");
}

#[tokio::test]
async fn resources_whose_id_is_no_parameter_are_skipped_through() {
    let options =
        json!({ "options": [{ "parameter": "Name" }], "operatorOptions": [{ "operator": "GreaterThan" }] });
    let page = |ids: &[i64]| {
        let list: Vec<Value> = ids.iter().map(|id| json!({ "id": id, "name": "a" })).collect();
        json!({ "list": list, "total": 3 }).to_string()
    };
    let transport = ScriptedTransport::new()
        .json(200, options.to_string())
        .json(200, page(&[1, 2]))
        .json(200, page(&[2, 3]))
        .json(200, page(&[3]));
    let client =
        Client::builder().api_key("v_example".to_owned()).transport(transport.clone()).build().unwrap();
    let folder = Folder::new("skipped");
    let exported = Export::new(&client, Resource::Pledges).take(2).to_file(folder.file()).await.unwrap();
    assert_eq!((exported.rows, folder.ids()), (3, vec![1, 2, 3]));
    let queries: Vec<String> = transport.requests().iter().map(|request| request.uri.to_string()).collect();
    assert!(queries[1].contains("skip=0") && queries[2].contains("skip=1"), "{queries:?}");
}

#[tokio::test]
async fn rows_without_an_id_of_their_own_come_once_also_when_it_is_run_again() {
    let page = |names: &[&str]| {
        let list: Vec<Value> =
            names.iter().map(|name| json!({ "campaignId": 3, "campaignName": name })).collect();
        json!({ "list": list, "total": 3 }).to_string()
    };
    let transport = ScriptedTransport::new()
        .json(200, page(&["a", "b"]))
        .json(200, page(&["c"]))
        .json(200, page(&[]))
        .json(200, page(&[]));
    let client =
        Client::builder().api_key("v_example".to_owned()).transport(transport.clone()).build().unwrap();
    let folder = Folder::new("communications");
    for resumed in [0, 3] {
        let exported =
            Export::new(&client, Resource::Communications).take(2).to_file(folder.file()).await.unwrap();
        assert_eq!((exported.rows, exported.resumed), (3, resumed));
    }
    let text = fs::read_to_string(folder.file()).unwrap();
    let names: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["campaignName"].clone())
        .collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_resource_without_pages_comes_whole_or_as_an_error() {
    let options = r#"{"options":[]}"#;
    let rows = |ids: std::ops::RangeInclusive<i64>| ids.map(|id| json!({ "id": id })).collect::<Vec<_>>();
    let part = json!({ "list": rows(1..=10), "total": 50 }).to_string();
    let transport = ScriptedTransport::new()
        .json(200, options)
        .json(200, Value::from(rows(1..=1200)).to_string())
        .json(200, Value::from(rows(1..=1200)).to_string())
        .json(200, options)
        .json(200, Value::from(rows(1..=1201)).to_string())
        .json(200, Value::from(rows(1..=1201)).to_string())
        .json(200, options)
        .json(200, part.clone())
        .json(200, part);
    let client =
        Client::builder().api_key("v_example".to_owned()).transport(transport.clone()).build().unwrap();
    let (whole, partial) = (Folder::new("unpaged"), Folder::new("unpaged-part"));
    for (count, resumed) in [(1200, 0), (1201, 1200)] {
        let exported = Export::new(&client, Resource::Volunteers).to_file(whole.file()).await.unwrap();
        assert_eq!((exported.rows, exported.resumed), (count, resumed));
    }
    assert_eq!(whole.ids(), (1..=1201).collect::<Vec<_>>());
    let error = Export::new(&client, Resource::Volunteers).to_file(partial.file()).await.unwrap_err();
    assert!(
        matches!(&error, ExportError::Api(error) if error.kind() == virtuous_client::ErrorKind::Paging),
        "{error}"
    );
    assert_eq!(transport.requests().len(), 9);
}

#[tokio::test]
async fn a_response_that_is_no_list_ends_an_export_without_a_line() {
    let transport = ScriptedTransport::new().json(200, r#"{"message":"under maintenance"}"#);
    let client = Client::builder().api_key("v_example".to_owned()).transport(transport).build().unwrap();
    let folder = Folder::new("no-list");
    let error = Export::new(&client, Resource::Communications).to_file(folder.file()).await.unwrap_err();
    assert!(
        matches!(&error, ExportError::Api(error) if error.kind() == virtuous_client::ErrorKind::Decode),
        "{error}"
    );
    assert_eq!(fs::read(folder.file()).unwrap(), b"");
}

const URL: &str = "VIRTUOUS_EXPORT_TEST_URL";
const KEY: &str = "VIRTUOUS_EXPORT_TEST_KEY";
const FILE: &str = "VIRTUOUS_EXPORT_TEST_FILE";

/// The other process: it exports until it is done or killed.
#[tokio::test]
async fn other_process() {
    let Ok(url) = std::env::var(URL) else { return };
    let (key, file) = (std::env::var(KEY).unwrap(), std::env::var(FILE).unwrap());
    let client = Client::builder().api_key(key).base_url(url).build().unwrap();
    Export::new(&client, Resource::ContactsFull).take(150).to_file(file).await.unwrap();
}

#[test]
fn an_export_that_is_killed_ten_times_gives_every_row_once() {
    const CONTACTS: u64 = 6_000;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (emulator, _) = runtime.block_on(emulator(CONTACTS));
    let virtuous = emulator.virtuous();
    let folder = Folder::new("killed");
    let start = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["other_process", "--exact"])
            .env(URL, virtuous.base_url())
            .env(KEY, virtuous.api_key())
            .env(FILE, folder.file())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    // What is killed is chosen by how far the file has got, so that every run is killed while it writes or waits.
    let mut kills = 0;
    for kill in 1_u64..=10 {
        let mut child = start();
        let goal = |length: u64| length > kill * 120_000 + kill * 7_919;
        while !goal(fs::metadata(folder.file()).map_or(0, |meta| meta.len())) {
            if child.try_wait().unwrap().is_some() {
                break;
            }
            std::thread::yield_now();
        }
        kills += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(kills >= 5, "only {kills} runs were killed before they were done");
    assert!(start().wait().unwrap().success());
    let ids = folder.ids();
    assert_eq!(u64::try_from(ids.len()), Ok(CONTACTS));
    assert!(ids.windows(2).all(|two| two[0] < two[1]), "every row once");
}
