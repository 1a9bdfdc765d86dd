//! The exact request of every operation; the tests are generated from the examples of `openapi.json`.

mod common;
mod generated;
