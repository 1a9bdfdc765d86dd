//! The state of one call.

use crate::error::Delivery;
use crate::observe::tracker::CallTracker;
use auth_core::Now;
use std::time::Duration;

/// The state of one call, over all of its attempts.
pub(super) struct CallState {
    pub(super) tracker: CallTracker,
    pub(super) started: Now,
    pub(super) attempts: u32,
    pub(super) delivery: Delivery,
    /// Set when a rejected credential is replaced, which happens at most once per call.
    pub(super) renewed: bool,
    /// The clock skew that the last attempt was signed with, in seconds.
    pub(super) skew: i64,
    /// The difference of the clocks that may have caused a rejection, in seconds.
    pub(super) wrong_clock: Option<i64>,
    /// The retry tokens that the last retry cost.
    pub(super) retry_cost: Option<u32>,
}

impl CallState {
    pub(super) fn new(tracker: CallTracker, started: Now) -> Self {
        Self {
            tracker,
            started,
            attempts: 0,
            delivery: Delivery::NotSent,
            renewed: false,
            skew: 0,
            wrong_clock: None,
            retry_cost: None,
        }
    }

    /// Returns the time left of a limit for the whole call.
    pub(super) fn left(&self, limit: Duration, now: Now) -> Duration {
        limit.saturating_sub(now.since(self.started))
    }
}
