//! The commands: one module each.

pub(crate) mod api;
pub(crate) mod complete;
pub(crate) mod doctor;
pub(crate) mod emulator;
pub(crate) mod export;
pub(crate) mod list;
pub(crate) mod login;
pub(crate) mod man;
pub(crate) mod mcp;
pub(crate) mod operation;
pub(crate) mod policy;
pub(crate) mod proxy;
pub(crate) mod run;
pub(crate) mod status;
pub(crate) mod vise;
pub(crate) mod webhooks;
