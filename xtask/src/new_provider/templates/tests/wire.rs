//! Every operation on the wire, byte for byte; the tests are generated from the examples of `openapi.json`.

mod common;
mod generated;
