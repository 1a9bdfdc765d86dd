//! Tests of code that calls an API, without a server and without waiting.
//!
//! [`ScriptedTransport`] returns scripted responses and records requests. [`ManualTime`] is a clock and a timer
//! under the control of a test. Both go into any provider's client builder. [`Canary`] searches
//! output for a secret. Available with the feature `testing`.

mod canary;
pub(crate) mod random;
mod scripted;
mod time;

pub use canary::Canary;
pub use scripted::{RecordedRequest, ScriptedTransport};
pub use time::ManualTime;
