//! Test helpers for code that calls an API, without a server and without delays.
//!
//! [`ScriptedTransport`] returns scripted responses and records requests. [`ManualTime`] is a clock and timer that a
//! test controls. Pass them to the builder of any provider's client. [`Canary`] searches output for a secret. Available
//! with the feature `testing`.

mod canary;
pub(crate) mod random;
mod scripted;
mod time;

pub use canary::Canary;
pub use scripted::{RecordedRequest, ScriptedTransport};
pub use time::ManualTime;
