//! The exact request of every operation; the tests are generated from the examples of `openapi.json`.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;
#[path = "../../auth-client-core/tests/common/exchange.rs"]
mod exchange;
mod generated;
