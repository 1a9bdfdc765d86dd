//! The generator against an API that nobody has and that uses every construct: the output is what is committed, it
//! compiles, and its own wire tests pass.
//!
//! The generated files are modules of this test, and `sample/world.rs` is what a provider crate has by hand around them.

#![allow(
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

// So that generated tests find the crate under its name.
extern crate self as sample_client;

#[path = "common/committed.rs"]
mod committed;
#[path = "common/engine.rs"]
mod engine;
#[path = "../../crates/auth-client-core/tests/common/exchange.rs"]
mod exchange;
#[path = "sample/src/generated/mod.rs"]
mod generated;
#[path = "sample/tests/generated/mod.rs"]
mod wire;
#[path = "sample/world.rs"]
mod world;

pub use auth_client_core::{ErrorKind, SecretString};
pub use engine::{Call, Client, Error};
pub use generated::{arguments, resources};
pub use world::{Lid, Money};
pub(crate) use world::{check_lid, check_nothing, check_range, common, decode_counting};

use arguments::*;
use generated::operations;
use models::*;

/// The models, as a provider crate exports them.
pub mod models {
    pub use crate::generated::models::*;
}

#[test]
fn the_output_is_what_is_committed() {
    committed::check("sample");
}

#[tokio::test]
async fn a_range_that_ends_before_it_begins_is_not_sent() {
    let client = common::client("http://127.0.0.1:9");
    let range = PotsBetween::from(3).to(2).kind(TeaKind::Green);
    let error = client.pots().between(range, Paging::new()).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("to")));
}

#[test]
fn what_no_example_may_show_is_read_too() {
    let pot: Pot = serde_json::from_str(r#"{"ID":7,"type":"rooibos","litres":1,"new":{}}"#).unwrap();
    assert_eq!(pot.id, 7);
    assert_eq!(pot.kind, TeaKind::from("rooibos"));
    let error = serde_json::from_str::<Pot>(r#"{"id":7,"type":"green","litres":null}"#).unwrap_err();
    assert!(error.to_string().contains("a number"), "a required field is not null: {error}");
}

#[test]
fn secrets_are_not_printed() {
    let login = Login::user("anna").password("canary-1").device("phone").age(30).code("canary-2");
    let session: Session =
        serde_json::from_str(r#"{"token":"canary-3","refresh":"canary-4","price":"1"}"#).unwrap();
    assert!(!format!("{login:?} {session:?} {:?}", Proof::new("canary-5")).contains("canary"));
}

#[test]
fn every_operation_is_listed() {
    let ids: Vec<&str> = operations::ALL.iter().map(|operation| operation.id()).collect();
    assert_eq!(ids.len(), 14);
    assert!(ids.contains(&"cups.fill"), "{ids:?}");
}

#[tokio::test]
async fn a_body_that_is_refused_is_not_sent() {
    let client = common::client("http://127.0.0.1:9");
    let lid: Lid = serde_json::from_str(r#"{"size":0,"id":"l1"}"#).unwrap();
    let error = client.pots().replace_lid(&lid).await.unwrap_err();
    assert_eq!((error.field(), error.may_have_been_sent()), (Some("size"), false));
}
