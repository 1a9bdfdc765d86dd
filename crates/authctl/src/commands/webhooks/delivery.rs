//! What is printed of a delivery: its event, its records, and whether it came before.

use crate::json;
use crate::json::quote;
use std::collections::hash_map::RandomState;
use std::collections::{HashSet, VecDeque};
use std::fmt::Write as _;
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
    /// The records, as name and id: deliveries have no id of their own.
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

/// A JSON object on one line, built field by field.
#[derive(Debug)]
pub(super) struct Line(String);

impl Line {
    pub(super) fn new(kind: &str) -> Self {
        Self(format!("{{\"type\":{}", quote(kind)))
    }

    /// Adds a field whose value is JSON.
    pub(super) fn json(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        // Writing to a String can't fail.
        let _ = write!(self.0, ",{}:{value}", quote(name));
        self
    }

    /// Adds a string, or null.
    pub(super) fn text(self, name: &str, value: Option<&str>) -> Self {
        self.json(name, value.map_or("null".to_owned(), quote))
    }

    /// Adds a body: JSON as it is, anything else as a string.
    pub(super) fn body(self, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let valid = serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok();
        let value = if valid { json::format(&text, false, &[]) } else { quote(&text) };
        self.json("body", value)
    }

    /// Ends the object. Characters that could change a terminal are escaped; they occur in strings only.
    pub(super) fn end(self) -> String {
        let mut out = String::with_capacity(self.0.len() + 1);
        for c in self.0.chars() {
            let harmful = c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
            if harmful {
                // Writing to a String can't fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            } else {
                out.push(c);
            }
        }
        out.push('}');
        out
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

    #[test]
    fn lines_are_json_without_characters_that_change_a_terminal() {
        let line = Line::new("delivery").text("event", Some("a\u{1b}[31m\u{202e}\u{9b}b")).text("id", None);
        let line = line.body("{\n \"a\": 1.50,\"\u{202e}\":\"\u{7f}\"}".as_bytes()).end();
        assert!(line.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{line}");
        assert!(line.contains("1.50"), "{line}");
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["event"], "a\u{1b}[31m\u{202e}\u{9b}b");
        assert_eq!(value["body"]["\u{202e}"], "\u{7f}");
        let binary: serde_json::Value =
            serde_json::from_str(&Line::new("delivery").body(b"\xff\x00").end()).unwrap();
        assert_eq!(binary["body"], "\u{fffd}\0");
    }
}
