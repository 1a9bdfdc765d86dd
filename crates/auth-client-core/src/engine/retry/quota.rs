//! Retry quota: a token bucket drained by retries and refilled by successes.

use super::Reason;
use std::sync::atomic::{AtomicU32, Ordering};

/// A bucket of retry tokens, shared by all calls of a client.
///
/// A retry after a throttled response takes 5 tokens, any other retry 14, so that 500 tokens suffice for about 35
/// consecutive retries. A successful retry returns its tokens; a call that succeeds on the first attempt adds one
/// token.
#[derive(Debug)]
pub(crate) struct Quota {
    tokens: AtomicU32,
    capacity: u32,
}

impl Quota {
    /// Creates a full bucket. The default capacity is 500.
    pub(crate) fn new(capacity: u32) -> Self {
        Self { tokens: AtomicU32::new(capacity), capacity }
    }

    /// Returns the number of tokens left.
    pub(crate) fn available(&self) -> u32 {
        self.tokens.load(Ordering::Relaxed)
    }

    /// Takes the tokens for a retry; `None` if there are too few.
    pub(crate) fn take(&self, reason: Reason) -> Option<u32> {
        let price = if reason == Reason::Throttled { 5 } else { 14 };
        self.tokens
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| tokens.checked_sub(price))
            .ok()
            .map(|_| price)
    }

    /// Returns tokens after a success: those of the last retry, or one.
    pub(crate) fn give(&self, taken: Option<u32>) {
        if taken.is_none() && self.available() == self.capacity {
            return;
        }
        let more = taken.unwrap_or(1);
        let _ = self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| {
            Some(tokens.saturating_add(more).min(self.capacity))
        });
    }
}

impl Default for Quota {
    fn default() -> Self {
        Self::new(500)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_runs_dry_and_fills_again() {
        let quota = Quota::default();
        let taken = std::iter::from_fn(|| quota.take(Reason::Transient)).count();
        assert_eq!(taken, 35);
        assert_eq!(quota.take(Reason::Throttled), Some(5), "throttling is cheaper");
        assert_eq!(quota.take(Reason::Throttled), Some(5));
        assert_eq!(quota.take(Reason::Throttled), None);
        quota.give(Some(14));
        assert_eq!(quota.take(Reason::Lost), Some(14));
        for _ in 0..1000 {
            quota.give(None);
        }
        assert_eq!(quota.available(), 500, "never above the capacity");
    }
}
