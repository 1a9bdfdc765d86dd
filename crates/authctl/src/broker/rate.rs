//! Calls per time of one caller: a bucket that fills steadily.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A number of calls per second, minute or hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rate {
    calls: u32,
    period: Duration,
}

impl Rate {
    /// Parses `60/min`.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "a rate is a number of calls per s, min or h, such as 60/min";
        let (calls, unit) = text.split_once('/').ok_or(FORM)?;
        let period = match unit {
            "s" => 1,
            "min" => 60,
            "h" => 3600,
            _ => return Err(FORM),
        };
        let calls = calls.parse().ok().filter(|calls| *calls > 0).ok_or(FORM)?;
        Ok(Self { calls, period: Duration::from_secs(period) })
    }

    /// The time after which one more call is allowed.
    fn interval(self) -> Duration {
        self.period / self.calls
    }
}

/// The calls that a caller may still make now.
#[derive(Debug)]
pub(crate) struct Bucket {
    rate: Rate,
    /// When the bucket will be full again, by the monotonic clock. It is empty if that is a period away.
    full_at: Mutex<Duration>,
}

impl Bucket {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, full_at: Mutex::default() }
    }

    pub(crate) fn rate(&self) -> Rate {
        self.rate
    }

    /// Takes one call, or returns how long to wait for it.
    pub(crate) fn take(&self, now: Duration) -> Result<(), Duration> {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let next = now.max(*full_at) + self.rate.interval();
        match next.saturating_sub(now).checked_sub(self.rate.period) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                *full_at = next;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_allows_its_number_at_once_and_then_one_per_interval() {
        let bucket = Bucket::new(Rate::parse("4/min").unwrap());
        let after = |seconds: u64| bucket.take(Duration::from_secs(7 + seconds));
        for _ in 0..4 {
            assert_eq!(after(0), Ok(()));
        }
        assert_eq!(after(0), Err(Duration::from_secs(15)));
        assert_eq!(after(10), Err(Duration::from_secs(5)));
        assert_eq!(after(15), Ok(()));
        assert_eq!(after(15), Err(Duration::from_secs(15)));
        // Time that passes without calls is worth one full bucket, not more.
        for _ in 0..4 {
            assert_eq!(after(10_000), Ok(()));
        }
        assert!(after(10_000).is_err());
    }

    #[test]
    fn rates_have_one_form() {
        for good in ["1/s", "60/min", "5000/h"] {
            assert!(Rate::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "60", "0/s", "-1/s", "1/m", "1 / min", "1.5/s", "60/minute", "/s"] {
            assert!(Rate::parse(bad).is_err(), "{bad}");
        }
    }
}
