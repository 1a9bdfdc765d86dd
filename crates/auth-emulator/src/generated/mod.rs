//! Written by `cargo xtask codegen`; do not edit.

pub(crate) mod routes;
