//! Testing code that calls an API, without a server and without waiting.
//!
//! [`ScriptedTransport`] answers from a script and remembers what was asked; [`ManualTime`] is a clock and a timer that
//! a test moves by hand; both go into any provider's client builder. [`WireServer`] shows the very bytes of requests. Available with the feature `testing`.

mod canary;
mod scripted;
mod time;
mod wire;

pub use canary::Canary;
pub use scripted::{Recorded, ScriptedTransport};
pub use time::ManualTime;
pub use wire::{WireRequest, WireServer};
