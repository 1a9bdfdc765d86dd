//! The emulated vendors, one folder each, and the registry that mounts them.
//!
//! # How to add a provider
//!
//! 1. Create `src/providers/<name>/` with a `provider.rs`. It contains a type that holds all state of the provider, settings
//!    included, and implements `Emulate`. Time, ids, codes, side effects and the provider's own address come from the `Context`:
//!    `context.clock`, `context.random()`, `context.effect("sms_sent")`, `context.origin`.
//! 2. Describe the provider in a `static SPEC: Spec`: its name, its route table (every operation of the vendor; those that are
//!    not implemented get `.unimplemented()` and return 501), its relaxations, and the few headers and query
//!    parameters whose values the journal may show. All other values are redacted.
//! 3. `handle` executes one request synchronously and notes each check in `Checks`, in the order in which the vendor would make
//!    them. `reject` formats the response to requests that the framework rejects (unknown path, wrong method, body too large).
//!    `env` returns exactly the variables that the client reads. Implement `pending_codes` and `decide` if there are codes, and
//!    `expire_tokens` and `revoke_tokens` if there are tokens.
//! 4. Write the `Settings` struct. Every field has a default that is either documented by the vendor or a named assumption.
//! 5. Define the typed handle with `typed_handle!` in `handle.rs`.
//! 6. Register the provider: one line in `mod.rs`, one in the table in `registry.rs`, one in `emulator/accessors.rs`. Add it at
//!    the end of the table, because its order is the order of the ports. Ports, `Host` check, body limit, faults, journal,
//!    explanations, request ids, ready line and control API need no further work.
//!
//! A provider whose API spans several hosts sets `extra_listeners` (in its `Spec`, or in `Emulate` if the number is a setting).
//! Their addresses are in `context.extra_origins`; `call.listener` is the index of the listener that received a request.
//!
//! # What the framework offers
//!
//! - `Call`: `param`, `header_once`, `has_content_type`, and the raw request for signatures: `path`, `query`, `host`, `headers`,
//!   `body`.
//! - `Checks`: `pass`, `fail`, `fail_with` (with data, such as the string that should have been signed), `fail_unless_relaxed` (for
//!   checks that `--relax` can disable).
//! - `Reply`: `json`, `text`, `empty`, `header`, `unimplemented`, `full` (for the limits on stored data, which every provider must
//!   have).
//! - `Fields` for JSON bodies, `totp` for app codes, `Random` for ids, digits and UUIDs, `PendingCode` and `Decision` for codes.
//! - Routes: `cargo xtask codegen` writes `generated/routes.rs` from the API descriptions, with the operation ids of the clients.
//!   Routes that no description has stand beside the provider. A template has `{id}`, or `{id:int}` for digits only; a literal
//!   takes precedence over a parameter.
//!
//! `reset` starts a new `context.random()`, so that the same calls return the same ids again.
//!
//! Unit tests for rules are beside the code; behavior over a socket is tested in `tests/<name>.rs` with the client in
//! `tests/common`.

pub(crate) mod registry;
pub mod revesecure;
pub mod vaultvision;
pub mod verigator;
pub mod virtuous;
pub mod vise;
