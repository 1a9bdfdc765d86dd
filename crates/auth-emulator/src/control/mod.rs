//! Control of a running emulator from outside the vendors' APIs: the actions, and the HTTP API on top of them.

pub(crate) mod actions;
mod error;
pub(crate) mod router;
mod routes;
