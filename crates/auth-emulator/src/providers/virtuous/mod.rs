//! Virtuous CRM: API keys, access tokens with one-time codes, signatures, rate limits, and a CRM with state: contacts, gifts,
//! projects, campaigns, queries over all of them, nightly transactions, webhooks.
//!
//! Documented by the vendor: the two grants at `/Token`, 202 when a one-time code is required, the format of a token, the bearer
//! header, the three rate limit headers, 429 with `Retry-After`, and the operations that accept a signature. The signature
//! follows the vendor's sample program.
//!
//! Everything else is an assumption, marked "Assumption" with its id where it is made; docs/assumptions.md lists them.
//! Assumptions that a client could notice are [`Settings`].
//!
//! Assumption (limit-scope): `/Token` does not count against the rate limit and has none of its headers. Rejected calls count.
//!
//! Assumption (check-order): a request is checked in the order path with the form of its ids, method, rate limit, credential, query
//! parameters, existence of the records in the path, body, conflict; the first failure determines the response.
//!
//! Modules. Access: `token.rs` is `/Token`, `tokens.rs` stores tokens and codes, `access.rs` checks credentials, `signature/`
//! signatures, `limit.rs` the rate limit. Execution: `base/` parses requests and has the
//! values and records, `query/` evaluates queries, `data/` stores everything, `operations/` implements
//! the operations that need their own code, `records/` all others, from the tables of the description in `generated/`.
//! Delivery: `outbox.rs`, and `webhooks.rs` in `base/`. `state.rs` and `provider.rs` are the provider, `handle.rs` is the typed
//! handle.

mod access;
mod base;
mod data;
mod generated;
mod handle;
mod limit;
mod operations;
mod outbox;
mod provider;
mod query;
mod records;
mod signature;
mod state;
mod token;
mod tokens;

pub use self::base::custom::{CustomField, CustomFieldType, RecordKind};
pub use self::base::organization::{ContactType, CustomCollection, ParentType, Tag};
pub use self::base::settings::{ErrorBody, OtpPlacement, Settings, WebhookEncoding};
pub use self::base::webhooks::WebhookDelivery;
pub use self::handle::Virtuous;
pub use self::operations::gifts::matching::MatchingResult;
pub(crate) use self::state::VirtuousProvider;
