//! Messente Verigator: services, their users, and one-time codes by text message or app.
//!
//! Documented by the vendor: the nine calls, the `X-Service-Auth: username:password` header, JSON bodies, `Accept` and
//! `Content-Type` on every request, 202 without a body for the deletion of a user, 401, 403, 404, 409 and 422, an invalid code as 200
//! with `"verified": false`, and `totp` falling back to `sms` for a user without the app.
//!
//! Everything else is an assumption, marked "Assumption" with its id where it is made; docs/assumptions.md lists them.
//! Assumptions that a client could notice are [`Settings`].
//!
//! Assumption (path-prefix): paths contain `service` twice, `/v1/service/service/…`, as on all of the vendor's pages but one.
//!
//! Assumption (check-order): a request is checked in the order path, method, credential, `Accept`, `Content-Type`, body, existence,
//! conflict; the first failure determines the response.
//!
//! Modules: `spec.rs` lists the routes, `access.rs` checks credential and headers, `body.rs` parses request bodies, `state.rs`
//! stores services and users, `authentication.rs` has the rules for codes, `replies.rs` formats responses, `settings.rs` the
//! settings, `provider.rs` executes requests, `handle.rs` is the typed handle.

mod access;
mod authentication;
mod body;
mod handle;
mod provider;
mod replies;
mod settings;
mod spec;
mod state;

pub use self::handle::Verigator;
pub(crate) use self::provider::VerigatorProvider;
pub use self::settings::{
    AuthIdFormat, CreateStatus, CredentialSeparator, CtimeFormat, DeleteStatus, ErrorBody, ServiceWithUsers,
    Settings,
};
