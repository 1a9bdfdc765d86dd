//! Control of a running emulator from outside the vendors' APIs: the actions, the catalogue of controls, and the HTTP API that
//! is made of it.

pub(crate) mod actions;
pub(crate) mod catalog;
pub(crate) mod controls;
mod error;
mod namespaces;
pub(crate) mod router;
