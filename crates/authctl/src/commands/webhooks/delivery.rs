//! What is printed of a delivery: its event, its records, and whether it came before.

use std::collections::hash_map::RandomState;
use std::collections::{HashSet, VecDeque};
use std::hash::BuildHasher as _;
use virtuous_client::webhook::Delivery;

/// Deliveries that are remembered to mark duplicates.
const REMEMBERED: usize = 10_000;
/// Records of a batch that are named.
const NAMED: usize = 5;

/// What a body says about itself.
#[derive(Debug, Default)]
pub(super) struct About {
    pub(super) event: Option<String>,
    /// The records, as name and id: deliveries have no separate id.
    pub(super) id: Option<String>,
    /// Event, records and times of change, if all of them are there.
    identity: Option<String>,
    /// Why there is no event.
    pub(super) problem: Option<String>,
}

impl About {
    pub(super) fn new(body: &[u8]) -> Self {
        let delivery = match Delivery::parse(body) {
            Ok(delivery) => delivery,
            Err(error) => return Self { problem: Some(error.to_string()), ..Self::default() },
        };
        let event = delivery.event.as_str().to_owned();
        let records: Vec<_> = delivery.payloads.iter().filter_map(|payload| payload.identity()).collect();
        let mut id: Vec<String> =
            records.iter().take(NAMED).map(|(name, id, _)| format!("{name}:{id}")).collect();
        if records.len() > NAMED {
            id.push(format!("{} more", records.len() - NAMED));
        }
        let complete = !records.is_empty()
            && records.len() == delivery.payloads.len()
            && records.iter().all(|(_, _, time)| time.is_some());
        let identity = complete.then(|| format!("{event} {records:?}"));
        Self {
            event: Some(event),
            id: Some(id.join(",")).filter(|id| !id.is_empty()),
            identity,
            problem: None,
        }
    }
}

/// Deliveries that came before, the last ones only.
#[derive(Debug, Default)]
pub(super) struct Seen {
    state: RandomState,
    order: VecDeque<u64>,
    known: HashSet<u64>,
}

impl Seen {
    /// Remembers a delivery and returns whether it came before: the same records with the same times of change, or the same bytes.
    pub(super) fn again(&mut self, about: &About, body: &[u8]) -> bool {
        let key = match &about.identity {
            Some(identity) => self.state.hash_one(identity),
            None => self.state.hash_one(body),
        };
        if !self.known.insert(key) {
            return true;
        }
        self.order.push_back(key);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_are_the_same_records_at_the_same_time_or_the_same_bytes() {
        let mut seen = Seen::default();
        let mut again = |body: &str| seen.again(&About::new(body.as_bytes()), body.as_bytes());
        let first = r#"{"event":"GiftUpdate","gift":{"id":1,"modifiedDateTimeUtc":"2026-01-02T03:04:05"}}"#;
        assert!(!again(first));
        assert!(again(first));
        assert!(again(&first.replace(":{", ": {")), "other bytes, the same change");
        assert!(!again(&first.replace(":05", ":06")));
        assert!(!again(&first.replace("Update", "Delete")));
        let timeless = r#"{"event":"GiftDelete","gift":{"id":1}}"#;
        assert!(!again(timeless));
        assert!(again(timeless));
        assert!(!again(&timeless.replace(":{", ": {")), "no time: only the same bytes");
        assert!(!again("no JSON"));
        assert!(again("no JSON"));
    }

    #[test]
    fn only_the_last_deliveries_are_remembered() {
        let mut seen = Seen::default();
        for number in 0..=REMEMBERED {
            assert!(!seen.again(&About::default(), &number.to_le_bytes()));
        }
        assert_eq!((seen.order.len(), seen.known.len()), (REMEMBERED, REMEMBERED));
        assert!(!seen.again(&About::default(), &0_usize.to_le_bytes()), "forgotten");
    }
}
