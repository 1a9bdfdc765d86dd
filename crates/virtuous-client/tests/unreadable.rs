//! Responses with something in them that can't be read: half a character, a row of another type, a repeated field.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_client_core::testing::ScriptedTransport;
use std::sync::{Arc, Mutex};
use virtuous_client::arguments::Paging;
use virtuous_client::export::{Export, Resource};
use virtuous_client::{Client, ErrorKind, Query, UnreadableRow};

fn client(transport: &ScriptedTransport) -> Client {
    Client::builder().api_key("v_example".to_owned()).transport(transport.clone()).build().unwrap()
}

fn page(rows: &[&str]) -> String {
    format!(r#"{{"list":[{}],"total":99}}"#, rows.join(","))
}

fn script(pages: &[&[&str]]) -> ScriptedTransport {
    pages.iter().fold(ScriptedTransport::new(), |script, rows| script.json(200, page(rows)))
}

/// What was reported, and the function that reports.
fn reports() -> (Arc<Mutex<Vec<String>>>, impl Fn(&UnreadableRow) + Clone + Send + Sync + 'static) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    (seen, move |row: &UnreadableRow| told.lock().unwrap().push(format!("{row}")))
}

#[tokio::test]
async fn a_page_survives_half_a_character_wherever_it_stands() {
    for row in [
        r#"{"id":1,"tagName":"cut \ud83d"}"#,
        r#"{"id":1,"tagName":"cut \ude00\ud83d"}"#,
        r#"{"id":1,"tagName":"a","\ud83d":1}"#,
        r#"{"id":1,"tagName":"a","new":["\ud83d"]}"#,
        "{\"id\":1,\"tagName\":\"a\nb\"}",
        r#"{"id":1,"id":1,"tagName":"a","tagName":"b"}"#,
    ] {
        let transport = script(&[&[row, r#"{"id":2}"#]]);
        let page =
            client(&transport).tags().list(Paging::new()).await.unwrap_or_else(|e| panic!("{row}: {e}"));
        assert_eq!((page.list[0].id, page.list[1].id), (1, 2), "{row}");
    }
    let transport = ScriptedTransport::new().json(200, format!("\u{feff}{}", page(&[r#"{"id":1}"#])));
    assert_eq!(client(&transport).tags().list(Paging::new()).await.unwrap().list.len(), 1);
    let transport = ScriptedTransport::new().json(200, "null");
    assert!(client(&transport).tags().list(Paging::new()).await.unwrap().list.is_empty());
    let transport = ScriptedTransport::new().json(400, "\u{feff}{\"message\":\"cut \\ud83d\"}");
    let error = client(&transport).tags().list(Paging::new()).await.unwrap_err();
    assert_eq!(error.error_body().message(), Some("cut \u{fffd}"));
}

#[tokio::test]
async fn a_page_with_an_unreadable_row_fails_unless_it_may_be_left_out() {
    let rows = [r#"{"id":1}"#, r#"{"id":{}}"#, r#"{"id":3}"#];
    let error = client(&script(&[&rows])).tags().list(Paging::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("$.list[1].id: expected an integer"), "{error}");

    let (seen, report) = reports();
    let call = client(&script(&[&rows])).tags().list(Paging::new()).on_unreadable(report.clone());
    assert_eq!(call.await.unwrap().list.iter().map(|tag| tag.id).collect::<Vec<_>>(), [1, 3]);

    let transport = script(&[&rows, &["7", "8"], &["[]", "true"], &[r#"{"id":8}"#], &[]]);
    let mut tags = client(&transport).tags().list(Paging::new().take(3)).on_unreadable(report).items();
    let mut ids = Vec::new();
    while let Some(tag) = tags.next().await {
        ids.push(tag.unwrap().id);
    }
    assert_eq!((ids, tags.received()), (vec![1, 3, 8], 8));
    let skips: Vec<_> = transport.requests().iter().map(|r| r.uri.query().unwrap().to_owned()).collect();
    assert_eq!(skips, ["skip=0&take=3", "skip=3&take=3", "skip=5&take=3", "skip=7&take=3", "skip=8&take=3"]);
    let bad = "$.list[1].id: expected an integer";
    let objects = ["$.list[0]: expected an object", "$.list[1]: expected an object"];
    assert_eq!(*seen.lock().unwrap(), [&[bad, bad], &objects[..], &objects[..]].concat());
}

#[tokio::test]
async fn null_is_a_row_that_cannot_be_read_and_ends_no_list() {
    for body in [page(&[r#"{"id":1}"#, "null"]), r#"[{"id":1},null]"#.to_owned()] {
        let transport = ScriptedTransport::new().json(200, body);
        let error = client(&transport).tags().list(Paging::new()).await.unwrap_err();
        assert!(error.to_string().contains("[1]: expected an object"), "{error}");
    }

    let pages: [&[&str]; 5] =
        [&[r#"{"id":1}"#, "null", r#"{"id":3}"#], &["null", "null"], &["null"], &[r#"{"id":7}"#], &[]];
    let (seen, report) = reports();
    let transport = script(&pages);
    let mut tags = client(&transport).tags().list(Paging::new().take(3)).on_unreadable(report).items();
    let mut ids = Vec::new();
    while let Some(tag) = tags.next().await {
        ids.push(tag.unwrap().id);
    }
    assert_eq!((ids, tags.received(), seen.lock().unwrap().len()), (vec![1, 3, 7], 7, 4));
    let skips: Vec<_> = transport.requests().iter().map(|r| r.uri.query().unwrap().to_owned()).collect();
    assert_eq!(skips[4], "skip=7&take=3", "no row is requested twice");

    // With `skip`, a page begins with the last row of the one before.
    let mut joined = pages;
    joined[1] = &[r#"{"id":3}"#, "null", "null"];
    for (by_id, pages) in [(true, pages), (false, joined)] {
        let (seen, report) = reports();
        let transport = script(&pages);
        let owned = client(&transport);
        let fetch = move |query: &Query, paging| owned.gifts().query(query, paging);
        let walk = virtuous_client::Walk::new(Query::all(), fetch, |gift| Some(gift.id)).take(3);
        let mut walk = if by_id { walk.by("Gift Id") } else { walk }.on_unreadable(report);
        let mut ids = Vec::new();
        while let Some(gift) = walk.next().await {
            ids.push(gift.unwrap().id);
            if ids.len() == 3 {
                break;
            }
        }
        assert_eq!((ids, seen.lock().unwrap().len()), (vec![1, 3, 7], 4), "{by_id}");
    }
}

#[tokio::test]
async fn an_export_of_rows_that_are_null_is_complete_or_an_error() {
    let file = std::env::temp_dir().join(format!("virtuous-null-{}.jsonl", std::process::id()));
    let options = r#"{"options":[{"parameter":"Gift Id","operatorOptions":[{"operator":"GreaterThan"}]}]}"#;
    let pages: [&[&str]; 4] = [&[r#"{"id":1}"#], &["null", "null"], &[r#"{"id":4}"#], &[]];
    let transport = pages
        .iter()
        .fold(ScriptedTransport::new().json(200, options), |script, rows| script.json(200, page(rows)));
    let (seen, report) = reports();
    let client = client(&transport);
    let exported = Export::new(&client, Resource::Gifts).on_unreadable(report).to_file(&file).await.unwrap();
    assert_eq!((exported.rows, seen.lock().unwrap().len()), (2, 2));
    std::fs::remove_file(&file).unwrap();
    std::fs::remove_file(file.with_extension("jsonl.export")).unwrap();

    let transport = ScriptedTransport::new().json(200, options).json(200, page(pages[1]));
    let client = self::client(&transport);
    let error = Export::new(&client, Resource::Gifts).to_file(&file).await.unwrap_err();
    assert!(error.to_string().contains("expected an object"), "{error}");
    let _ = std::fs::remove_file(&file);
    let _ = std::fs::remove_file(file.with_extension("jsonl.export"));
}

#[tokio::test]
async fn a_walk_passes_over_unreadable_rows_by_id_and_by_position() {
    let pages: [&[&str]; 5] = [
        &[r#"{"id":1}"#, r#"{"id":2,"amount":{}}"#, r#"{"id":3}"#, r#"{"id":4,"amount":[]}"#],
        &[r#"{"id":"x"}"#, r#"{"id":"y"}"#],
        &[r#"{"id":"z"}"#, "7"],
        &[r#"{"id":9}"#],
        &[],
    ];
    let (seen, report) = reports();
    let transport = script(&pages);
    let mut walk = client(&transport).gifts().walk(Query::all()).take(4).on_unreadable(report);
    let mut ids = Vec::new();
    while let Some(gift) = walk.next().await {
        ids.push(gift.unwrap().id);
    }
    assert_eq!((ids, seen.lock().unwrap().len()), (vec![1, 3, 9], 6));
    // Behind the last row that could be read, those that could not are skipped.
    let skips: Vec<_> = transport.requests().iter().map(|r| r.uri.query().unwrap().to_owned()).collect();
    assert_eq!(
        skips,
        ["take=4", "take=4&skip=1", "take=4&skip=3", "take=4&skip=5", "take=4"].map(|query| {
            // The order of the call's own arguments.
            match query.split_once('&') {
                Some((take, skip)) => format!("{skip}&{take}"),
                None => query.to_owned(),
            }
        })
    );

    // Without leave to pass over, the same page fails each time, and says where.
    let transport = script(&[pages[0], pages[0]]);
    let mut walk = client(&transport).gifts().walk(Query::all());
    for _ in 0..2 {
        let error = walk.next().await.unwrap().unwrap_err();
        assert!(error.to_string().contains("$.list[1].amount"), "{error}");
    }

    // A server that ignores `skip` is noticed.
    let transport = script(&[pages[1], pages[1]]);
    let mut walk = client(&transport).gifts().walk(Query::all()).on_unreadable(|_| {});
    assert_eq!(walk.next().await.unwrap().unwrap_err().kind(), ErrorKind::Paging);

    let pages: [&[&str]; 4] =
        [&[r#"{"id":1}"#, "7"], &["8", r#"{"id":4}"#], &[r#"{"id":4}"#, r#"{"id":5}"#], &[]];
    let (seen, report) = reports();
    let transport = script(&pages);
    let owned = client(&transport);
    let fetch = move |query: &Query, paging| owned.gifts().query(query, paging);
    let mut walk =
        virtuous_client::Walk::new(Query::all(), fetch, |gift| Some(gift.id)).take(2).on_unreadable(report);
    let mut ids = Vec::new();
    while let Some(gift) = walk.next().await {
        ids.push(gift.unwrap().id);
        if ids.len() == 3 {
            break;
        }
    }
    assert_eq!((ids, seen.lock().unwrap().len()), (vec![1, 4, 5], 2));
}

#[tokio::test]
async fn an_export_passes_over_rows_that_are_no_rows() {
    let file = std::env::temp_dir().join(format!("virtuous-unreadable-{}.jsonl", std::process::id()));
    let options = r#"{"options":[{"parameter":"Gift Id","operatorOptions":[{"operator":"GreaterThan"}]}]}"#;
    let transport = ScriptedTransport::new()
        .json(200, options)
        .json(
            200,
            page(&[
                r#"{"id":1,"a":"\ud83d"}"#,
                "7",
                r#"{"id":[]}"#,
                r#"{"id":3,"id":3,"campaignId":{"new":1}}"#,
                r#"{"id":4,"b":12345678901234567890.125}"#,
            ]),
        )
        .json(200, page(&[]));
    let (seen, report) = reports();
    let client = client(&transport);
    let exported = Export::new(&client, Resource::Gifts).on_unreadable(report).to_file(&file).await.unwrap();
    let written = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    std::fs::remove_file(file.with_extension("jsonl.export")).unwrap();
    assert_eq!((exported.rows, seen.lock().unwrap().len()), (3, 2));
    assert!(written.ends_with("{\"id\":4,\"b\":12345678901234567890.125}\n"), "{written}");
}
