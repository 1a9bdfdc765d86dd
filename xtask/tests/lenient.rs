//! The generator against an API whose responses are not what its reference says: what is read leniently, comes in pages, and
//! is changed by reading it and sending it back.
//!
//! The generated files are modules of this test, and `lenient/world.rs` is what a provider crate has by hand around them.

#![allow(
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

// So that generated tests find the crate under its name.
extern crate self as lenient_client;

#[path = "common/committed.rs"]
mod committed;
#[path = "common/engine.rs"]
mod engine;
#[path = "../../crates/auth-client-core/tests/common/exchange.rs"]
mod exchange;
#[path = "lenient/src/generated/mod.rs"]
mod generated;
#[path = "lenient/tests/generated/mod.rs"]
mod wire;
#[path = "lenient/world.rs"]
mod world;

pub use auth_client_core::{ErrorKind, SecretString};
pub use engine::{Call, Client, Error};
pub use generated::{arguments, resources};
pub use world::{Cover, Notes, Page, Price, Stamp};
pub(crate) use world::{common, convert, notes_by_name, read_cover, read_page, sheets};

use arguments::*;
use auth_client_core::ExposeSecret as _;
use auth_client_core::Idempotency;
use auth_client_core::provider::Paging as Rule;
use generated::operations;
use httpmock::Method::{GET, PUT};
use httpmock::MockServer;
use models::*;

/// The models, as a provider crate exports them.
pub mod models {
    pub use crate::generated::models::*;
}

#[test]
fn the_output_is_what_is_committed() {
    committed::check("lenient");
}

#[tokio::test]
async fn what_is_modified_keeps_what_the_answer_tells() {
    let book = r#"{"id":7,"name":"Emma","pages":"474","price":10.5,"cover":"hard","isbn":"canary","parts":[{"id":1,"heading":"One"}],"edition":"3"}"#;
    let expected = r#"{"name":"Emma, again","price":10.5,"binding":"hard","sheets":"237","parts":[{"heading":"One"}],"edition":3,"isbn":"canary"}"#;
    let server = MockServer::start_async().await;
    let read = server.mock(|when, then| {
        when.method(GET).path("/v2/books/7");
        then.status(200).header("content-type", "application/json").body(book);
    });
    let written = server.mock(|when, then| {
        when.method(PUT).path("/v2/books/7").body(expected);
        then.status(200).header("content-type", "application/json").body(r#"{"id":7}"#);
    });
    let client = common::client(&server.base_url());
    let result = client.books().modify(7, |book| book.name = "Emma, again".to_owned()).await;
    read.assert();
    written.assert();
    result.unwrap();
}

#[tokio::test]
async fn nothing_is_sent_when_the_answer_tells_too_little() {
    for (book, field) in [(r#"{"id":7}"#, "title"), (r#"{"id":7,"title":"a","pages":-1}"#, "pages")] {
        let server = MockServer::start_async().await;
        let read = server.mock(|when, then| {
            when.method(GET).path("/v2/books/7");
            then.status(200).header("content-type", "application/json").body(book);
        });
        let others = server.mock(|when, then| {
            when.any_request();
            then.status(200);
        });
        let error = common::client(&server.base_url()).books().modify(7, |_| {}).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some(field)));
        assert_eq!((read.calls(), others.calls()), (1, 0));
    }
}

#[test]
fn operations_know_their_pages_and_those_without_a_method_are_there() {
    assert_eq!(operations::BOOKS_LIST.paging(), Some(Rule::SkipTake { max_take: Some(50) }));
    assert_eq!(
        (operations::COVERS_UPLOAD.idempotency(), operations::ALL.len()),
        (Idempotency::IdempotentWrite, 8)
    );
}

#[tokio::test]
async fn more_than_the_vendor_gives_is_refused() {
    let error = common::client("http://127.0.0.1:9").books().list(Paging::new().take(51)).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("take")));
}

#[test]
fn secrets_are_read_and_not_printed() {
    let book: Book = serde_json::from_str(r#"{"id":1,"isbn":"canary"}"#).unwrap();
    assert_eq!(book.isbn.as_ref().unwrap().expose_secret(), "canary");
    assert!(!format!("{book:?}").contains("canary"));
}
