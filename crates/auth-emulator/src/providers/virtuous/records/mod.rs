//! The record store: kinds of records that need no separate code.
//!
//! An operation is a resource, an action and parameters. The description has the fields of bodies and responses
//! (`generated/`), `resources.rs` what it can't express: which fields are derived from others, which are required after all,
//! what exists from the start, `irregular.rs` the operations with other ids, `seeded.rs` those that only seed files have. `engine.rs` carries out the actions, `render.rs` formats records, `relations.rs` follows
//! references; `special.rs`, `relationships.rs` and `reminders.rs` have the few operations that are unlike all others.
//!
//! Assumption (record-store): the vendor shows samples of these operations and hardly describes them. Responses are marked
//! with `x-emulator-assumed`.

pub(crate) mod engine;
mod irregular;
pub(crate) mod relations;
mod relationships;
mod reminders;
pub(crate) mod render;
pub(crate) mod resource;
mod resources;
pub(crate) mod seeded;
pub(crate) mod special;

pub(crate) use self::engine::{execute, schema};
pub(crate) use self::resource::{Resource, assumed};
pub(crate) use self::resources::{RESOURCES, TRIBUTES};
