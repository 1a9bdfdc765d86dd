//! Control of a running emulator from outside the vendors' APIs: the actions, the catalogue of controls, the HTTP API that is made
//! of it, and a page that uses it.

pub(crate) mod actions;
mod assertions;
pub(crate) mod catalog;
pub(crate) mod controls;
mod error;
mod handlers;
mod namespaces;
mod page;
mod provider_actions;
pub(crate) mod records;
pub(crate) mod router;
