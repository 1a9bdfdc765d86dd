//! Lists page by page: their ends, their guards, and going on after an interruption.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use auth_client_core::provider::Engine;
use auth_client_core::testing::ScriptedTransport;
use auth_client_core::{Error, ErrorKind, Pages, decode};
use common::{READ, Setup};

type Page = (Vec<u64>, Option<String>);

fn pages(engine: &Engine, start: &str) -> Pages<Page, String, Error> {
    let engine = engine.clone();
    Pages::new(
        "items.list",
        start.to_owned(),
        move |cursor: &String| {
            engine.request(&READ, &["7".into()]).query("cursor", cursor).call(decode::json)
        },
        |_, page: &Page, _| Ok(page.1.clone().into()),
    )
}

#[tokio::test]
async fn rows_come_in_order_until_the_last_page() {
    let transport = ScriptedTransport::new()
        .json(200, r#"[[1,2],"b"]"#)
        .json(200, r#"[[],"c"]"#)
        .json(200, r#"[[3],null]"#);
    let engine = Setup::new(transport.clone()).engine();
    let mut rows = pages(&engine, "a").items(|page| page.0);
    let mut seen = Vec::new();
    while let Some(row) = rows.next().await {
        seen.push(row.unwrap());
    }
    assert_eq!(seen, [1, 2, 3]);
    let cursors: Vec<_> = transport.requests().iter().map(|r| r.uri.query().unwrap().to_owned()).collect();
    assert_eq!(cursors, ["cursor=a", "cursor=b", "cursor=c"]);
}

#[tokio::test]
async fn a_repeated_position_ends_the_list_with_an_error() {
    for cycle in [vec!["a"], vec!["b", "a"], vec!["b", "c", "d", "b"]] {
        let mut transport = ScriptedTransport::new();
        for next in &cycle {
            transport = transport.json(200, format!(r#"[[1],"{next}"]"#));
        }
        let engine = Setup::new(transport.clone()).engine();
        let mut list = pages(&engine, "a");
        let mut result = list.next_page().await;
        while let Some(Ok(_)) = result {
            result = list.next_page().await;
        }
        assert_eq!(result.unwrap().unwrap_err().kind(), ErrorKind::Paging, "{cycle:?}");
        assert!(list.next_page().await.is_none(), "it has ended");
        assert_eq!(transport.remaining(), 0);
    }
}

#[tokio::test]
async fn after_an_error_the_same_page_is_asked_for_again() {
    let transport = ScriptedTransport::new().json(200, r#"[[1],"b"]"#).status(404).json(200, r#"[[2],null]"#);
    let engine = Setup::new(transport).engine();
    let mut list = pages(&engine, "a");
    assert!(list.next_page().await.unwrap().is_ok());
    assert!(list.next_page().await.unwrap().is_err());
    assert_eq!(list.position().map(String::as_str), Some("b"));
    assert_eq!(list.next_page().await.unwrap().unwrap().0, [2]);
    assert!(list.next_page().await.is_none());
}

#[tokio::test]
async fn a_stored_position_resumes_where_it_stopped_and_pages_can_be_limited() {
    let transport = ScriptedTransport::new().json(200, r#"[[1],"b"]"#).json(200, r#"[[2],"c"]"#);
    let engine = Setup::new(transport.clone()).engine();
    let mut list = pages(&engine, "a").limit_pages(1);
    assert!(list.next_page().await.unwrap().is_ok());
    assert!(list.next_page().await.is_none());
    let kept = list.position().unwrap().clone();
    assert_eq!(pages(&engine, &kept).next_page().await.unwrap().unwrap().0, [2]);
}
