//! What every provider is built from: requests and responses, routes, checks, the clock, the journal, faults, seeded random
//! values, and the traits and types that turn a provider's state into something the server can mount. Imports nothing from
//! the rest of the crate.

pub(crate) mod caller;
pub(crate) mod checks;
pub(crate) mod clock;
pub(crate) mod digest;
pub(crate) mod effects;
pub(crate) mod exchange;
pub(crate) mod expect;
pub(crate) mod faults;
pub(crate) mod fields;
pub(crate) mod form;
pub(crate) mod handle;
pub(crate) mod instance;
pub(crate) mod journal;
pub(crate) mod pending;
pub(crate) mod provider;
pub(crate) mod random;
pub(crate) mod redact;
pub(crate) mod relaxation;
pub(crate) mod route;
pub(crate) mod seed;
pub(crate) mod settings;
pub(crate) mod suggest;
pub(crate) mod sync;
pub(crate) mod timestamp;
pub(crate) mod totp;
