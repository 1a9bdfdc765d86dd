//! Fault injection: rules that replace or damage the next responses of a provider, in the order in which they were added.
//!
//! A request counts for the first rule that matches it and for no other, so that three rules for one path affect three
//! requests in a row. The pipeline calls `take` once per request.

mod check;
mod fault;
mod json;
mod rule;

use std::sync::Mutex;

use serde::{Deserialize, Serialize};

pub use self::fault::{Chunks, CloseAt, Damage, Encoding, Fault, FaultEnd, Part, TlsFlaw};
pub(crate) use self::rule::Matched;
use self::rule::always;
pub use self::rule::{Effect, FaultRule};
use crate::framework::random::Random;
use crate::framework::sync::lock;

/// The maximum number of active rules.
const CAPACITY: usize = 1000;

/// A rule that is not used up yet. `times` and `after` count down.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use auth_emulator::{Emulator, Fault, FaultRule};
///
/// let emulator = Emulator::start().await?;
/// let rule = FaultRule::new("virtuous", Fault::status(503));
/// assert_eq!(emulator.add_fault(rule.clone())?.rule, rule);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ActiveFault {
    /// The id for removing the rule.
    pub id: u64,
    /// The rule with its current counts.
    #[serde(flatten)]
    pub rule: FaultRule,
}

/// A fault rule was rejected.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use auth_emulator::{Emulator, Fault, FaultRule};
///
/// let emulator = Emulator::start().await?;
/// let error = emulator.add_fault(FaultRule::new("virtuous", Fault::status(99))).unwrap_err();
/// assert_eq!(error.to_string(), "status: 99 is not between 200 and 599");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FaultError(pub(crate) String);

/// The active rules.
#[derive(Debug)]
pub(crate) struct Faults {
    seed: u64,
    /// The rules at start, which were checked.
    initial: Vec<FaultRule>,
    active: Mutex<Active>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Active {
    last_id: u64,
    rules: Vec<ActiveFault>,
    /// For probabilities.
    random: Random,
}

impl Active {
    fn new(seed: u64, rules: &[FaultRule]) -> Self {
        let rules: Vec<_> =
            (1..).zip(rules).map(|(id, rule)| ActiveFault { id, rule: rule.clone() }).collect();
        Self { last_id: rules.len() as u64, rules, random: Random::new(seed, "faults") }
    }
}

impl SavedFaults {
    /// Checks rules that come from a file, also with `check`, which may change them.
    pub(crate) fn check(
        &mut self,
        check: impl Fn(&mut FaultRule) -> Result<(), FaultError>,
    ) -> Result<(), FaultError> {
        let Active { last_id, rules, .. } = &mut self.0;
        if rules.len() > CAPACITY {
            return Err(FaultError(format!("there are more than {CAPACITY} rules")));
        }
        // JavaScript has no larger whole numbers.
        if *last_id > 1 << 53 {
            return Err(FaultError("last_id: is too large".to_owned()));
        }
        let mut before = 0;
        for active in rules {
            if active.id <= before || active.id > *last_id {
                return Err(FaultError(format!(
                    "id: {} is not between the ids of the other rules",
                    active.id
                )));
            }
            before = active.id;
            active.rule.check()?;
            check(&mut active.rule)?;
        }
        Ok(())
    }

    /// Drops the rules for connections, which a namespace does not have.
    pub(crate) fn without_connections(mut self) -> Self {
        self.0.rules.retain(|active| !active.rule.is_of_connection());
        self
    }
}

/// The rules in a snapshot.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct SavedFaults(Active);

impl Faults {
    pub(crate) fn new(seed: u64, initial: Vec<FaultRule>) -> Self {
        Self { seed, active: Mutex::new(Active::new(seed, &initial)), initial }
    }

    /// Restores the rules at start. Ids start over.
    pub(crate) fn reset(&self) {
        *lock(&self.active) = Active::new(self.seed, &self.initial);
    }

    pub(crate) fn add(&self, rule: FaultRule) -> Result<ActiveFault, FaultError> {
        rule.check()?;
        let mut active = lock(&self.active);
        if active.rules.len() >= CAPACITY {
            return Err(FaultError(format!("there are {CAPACITY} active rules already; delete some")));
        }
        active.last_id += 1;
        let added = ActiveFault { id: active.last_id, rule };
        active.rules.push(added.clone());
        Ok(added)
    }

    /// Counts a request and returns the fault that affects it, if any.
    pub(crate) fn take(&self, request: &Matched<'_>) -> Option<(Fault, Effect)> {
        self.take_first(|rule| rule.matches(request))
    }

    /// Counts a connection that was accepted and returns the fault that affects it, if any.
    pub(crate) fn take_on_connect(&self, provider: &str) -> Option<Fault> {
        self.take_first(|rule| rule.matches_connection(provider)).map(|(fault, _)| fault)
    }

    fn take_first(&self, matches: impl Fn(&FaultRule) -> bool) -> Option<(Fault, Effect)> {
        let mut active = lock(&self.active);
        let Active { rules, random, .. } = &mut *active;
        let index = rules.iter().position(|rule| matches(&rule.rule))?;
        let rule = &mut rules.get_mut(index)?.rule;
        if rule.after > 0 {
            rule.after -= 1;
            return None;
        }
        if rule.probability != always() && random.fraction() >= rule.probability.0 {
            return None;
        }
        let fault = (rule.fault.clone(), rule.effect);
        if rule.times != u32::MAX {
            rule.times -= 1;
        }
        if rule.times == 0 {
            rules.remove(index);
        }
        Some(fault)
    }

    /// Whether any rule is active; most requests need no look at them.
    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.active).rules.is_empty()
    }

    pub(crate) fn list(&self) -> Vec<ActiveFault> {
        lock(&self.active).rules.clone()
    }

    pub(crate) fn remove(&self, id: u64) -> bool {
        let mut active = lock(&self.active);
        let before = active.rules.len();
        active.rules.retain(|rule| rule.id != id);
        active.rules.len() < before
    }

    /// Removes every rule. Ids start over.
    pub(crate) fn clear(&self) {
        *lock(&self.active) = Active::new(self.seed, &[]);
    }

    pub(crate) fn save(&self) -> SavedFaults {
        SavedFaults(lock(&self.active).clone())
    }

    pub(crate) fn restore(&self, saved: SavedFaults) {
        *lock(&self.active) = saved.0;
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn request(headers: &HeaderMap) -> Matched<'_> {
        let (operation, caller) = (Some("things.get"), Some("anna"));
        Matched { provider: "p", operation, method: "GET", path: "/a/b", caller, headers }
    }

    fn hits(faults: &Faults, count: usize) -> Vec<Option<Fault>> {
        (0..count).map(|_| faults.take(&request(&HeaderMap::new())).map(|(fault, _)| fault)).collect()
    }

    #[test]
    fn rules_are_used_up_in_order() {
        let faults = Faults::new(1, Vec::new());
        faults.add(FaultRule::new("p", Fault::status(503)).times(2).after(1)).unwrap();
        faults.add(FaultRule::new("p", Fault::status(429))).unwrap();
        let (five, four) = (Some(Fault::status(503)), Some(Fault::status(429)));
        assert_eq!(hits(&faults, 5), [None, five.clone(), five, four, None]);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn rules_for_others_are_not_counted() {
        let faults = Faults::new(1, Vec::new());
        faults.add(FaultRule::new("q", Fault::status(500))).unwrap();
        faults.add(FaultRule::new("p", Fault::status(501)).method("POST")).unwrap();
        faults.add(FaultRule::new("p", Fault::status(502)).path_prefix("/b")).unwrap();
        faults.add(FaultRule::new("p", Fault::status(503)).path_prefix("/a").method("get")).unwrap();
        assert_eq!(hits(&faults, 2), [Some(Fault::status(503)), None]);
        assert_eq!(faults.list().len(), 3);
    }

    #[test]
    fn rules_are_read_from_json_strictly() {
        let read = serde_json::from_str::<FaultRule>;
        let rule = read(r#"{"provider":"p","times":3,"fault":{"delay_ms":5},"effect":"before"}"#).unwrap();
        assert_eq!(rule, FaultRule::new("p", Fault::delay_ms(5)).times(3).effect(Effect::Before));
        let rule = read(r#"{"provider":"p","fault":{"status":503,"headers":{"a":"b"},"body":"x"}}"#).unwrap();
        assert_eq!(rule, FaultRule::new("p", Fault::response(503, &[("a", "b")], "x")));
        let rule = read(r#"{"provider":"p","fault":{"close":"before_response"}}"#).unwrap();
        assert_eq!(rule, FaultRule::new("p", Fault::close_before_response()));
        let rule = read(r#"{"provider":"p","fault":{"cut_body_after":0}}"#).unwrap();
        assert_eq!(rule, FaultRule::new("p", Fault::cut_body_after(0)));
        for bad in [
            r#"{"fault":{"delay_ms":5}}"#,
            r#"{"provider":"p"}"#,
            r#"{"provider":"p","fault":{}}"#,
            r#"{"provider":"p","fault":{"delay_ms":-5}}"#,
            r#"{"provider":"p","fault":{"delay_ms":5},"tmies":2}"#,
            r#"{"provider":"p","fault":{"status":503,"delay_ms":5}}"#,
            r#"{"provider":"p","fault":{"close":"some_day"}}"#,
            r#"{"provider":"p","fault":{"delay_ms":5,"end":"reset"}}"#,
            r#"{"provider":"p","fault":{"delay_ms":5,"body":"x"}}"#,
            r#"{"provider":"p","fault":{"end":"reset"}}"#,
            r#"{"provider":"p","fault":{"status":"503"}}"#,
            r#"{"provider":"p","fault":{"status":70000}}"#,
            r#"{"provider":"p","fault":{"close":"before_response","cut_body_after":3}}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn invalid_rules_are_rejected() {
        let faults = Faults::new(1, Vec::new());
        for fault in [
            Fault::status(99),
            Fault::status(600),
            Fault::status(101),
            Fault::response(200, &[("a b", "c")], ""),
            Fault::response(200, &[("", "c")], ""),
            Fault::response(200, &[("a", "\u{7f}")], ""),
            Fault::response(200, &[("Content-Length", "5")], ""),
            Fault::response(200, &[("transfer-encoding", "chunked")], ""),
            Fault::response(200, &[("Connection", "close")], ""),
            Fault::response(200, &[("a", "1"), ("A", "2")], ""),
            Fault::response(204, &[], "x"),
            Fault::response(205, &[], "x"),
            Fault::response(304, &[], "x"),
            Fault::Raw { raw: String::new() },
            Fault::Interim { interim: 102 },
            Fault::Depth { json_depth: usize::MAX },
            Fault::Flood { flood_bytes: u64::MAX },
            Fault::Bomb { bomb: Encoding::Gzip, bomb_bytes: u64::MAX },
            Fault::Headers { extra_headers: 10_000, header_bytes: usize::MAX },
            Fault::Idle { close_idle_after_ms: u64::MAX, end: FaultEnd::Close },
            Fault::Drip { drip: Part::Head, every_ms: u64::MAX },
            Fault::Skew { skew_seconds: i64::MIN },
        ] {
            assert!(faults.add(FaultRule::new("p", fault.clone())).is_err(), "{fault:?}");
        }
        assert!(faults.add(FaultRule::new("p", Fault::response(200, &[("a", "b\nc")], ""))).is_err());
        let large = "x".repeat(check::MAX_RESPONSE_BYTES + 1);
        assert!(faults.add(FaultRule::new("p", Fault::response(200, &[], &large))).is_err());
        assert!(faults.add(FaultRule::new("p", Fault::delay_ms(check::MAX_DELAY_MS + 1))).is_err());
        assert!(faults.add(FaultRule::new("p", Fault::status(500)).times(0)).is_err());
        let rule = || FaultRule::new("p", Fault::status(500));
        for probability in [0.0, -0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(faults.add(rule().probability(probability)).is_err(), "{probability}");
        }
        assert!(faults.add(rule().method("G T")).is_err());
        assert!(faults.add(rule().path_prefix("api")).is_err());
        assert!(faults.add(rule().header("a b", "c")).is_err());
        let early = Fault::Close { close: CloseAt::AfterHead, end: FaultEnd::Reset };
        assert!(faults.add(FaultRule::new("p", early.clone())).is_ok());
        assert!(faults.add(FaultRule::new("p", early).effect(Effect::Before)).is_err());
    }

    #[test]
    fn a_fault_of_a_connection_affects_connections_and_no_request() {
        let faults = Faults::new(1, Vec::new());
        let closed = Fault::Close { close: CloseAt::AfterAccept, end: FaultEnd::Reset };
        let rule = || FaultRule::new("p", closed.clone());
        faults.add(rule().after(1)).unwrap();
        assert_eq!(hits(&faults, 3), [None, None, None]);
        assert_eq!(faults.take_on_connect("q"), None);
        assert_eq!(faults.take_on_connect("p"), None, "one passes first");
        assert_eq!(faults.take_on_connect("p"), Some(closed.clone()));
        assert!(faults.list().is_empty());
        for invalid in [
            rule().operation("things.get"),
            rule().caller("anna"),
            rule().method("GET"),
            rule().path_prefix("/"),
            rule().header("a", "b"),
            rule().effect(Effect::Before),
        ] {
            assert!(faults.add(invalid.clone()).is_err(), "{invalid:?}");
        }
    }

    #[test]
    fn rules_match_operation_caller_and_headers() {
        let mut headers = HeaderMap::new();
        headers.insert("x-test", "one".parse().unwrap());
        for (rule, expected) in [
            (FaultRule::new("p", Fault::status(500)).operation("things.get"), true),
            (FaultRule::new("p", Fault::status(500)).operation("things.list"), false),
            (FaultRule::new("p", Fault::status(500)).caller("anna"), true),
            (FaultRule::new("p", Fault::status(500)).caller("bert"), false),
            (FaultRule::new("p", Fault::status(500)).header("X-Test", "one"), true),
            (FaultRule::new("p", Fault::status(500)).header("x-test", "two"), false),
        ] {
            let faults = Faults::new(1, Vec::new());
            faults.add(rule.clone()).unwrap();
            assert_eq!(faults.take(&request(&headers)).is_some(), expected, "{rule:?}");
        }
    }

    #[test]
    fn a_probability_depends_on_the_seed_only() {
        let run = |seed| {
            let faults = Faults::new(seed, Vec::new());
            faults.add(FaultRule::new("p", Fault::status(500)).probability(0.25).always()).unwrap();
            hits(&faults, 1000).iter().map(Option::is_some).collect::<Vec<_>>()
        };
        let first = run(1);
        assert_eq!(run(1), first);
        assert_ne!(run(2), first);
        let count = first.iter().filter(|hit| **hit).count();
        assert!((200..300).contains(&count), "{count}");
    }

    #[test]
    fn every_fault_reads_what_it_writes() {
        let end = FaultEnd::Hang;
        for fault in [
            Fault::response(503, &[("a", "b")], "x"),
            Fault::Raw { raw: "x".to_owned() },
            Fault::delay_ms(1),
            Fault::Close { close: CloseAt::AfterHead, end },
            Fault::Close { close: CloseAt::AfterAccept, end },
            Fault::Tls { tls: TlsFlaw::UnknownIssuer },
            Fault::CutHead { cut_head_after: 1, end },
            Fault::Cut { cut_body_after: 1, end },
            Fault::Drip { drip: Part::Body, every_ms: 1 },
            Fault::Chunks { chunks: Chunks::BadSize },
            Fault::Length { content_length: u64::MAX },
            Fault::Trailing { trailing: "x".to_owned() },
            Fault::Interim { interim: 103 },
            Fault::Damage { damage: Damage::Nul },
            Fault::Depth { json_depth: 1 },
            Fault::Flood { flood_bytes: 1 },
            Fault::Bomb { bomb: Encoding::Zstd, bomb_bytes: 1 },
            Fault::Headers { extra_headers: 1, header_bytes: 1 },
            Fault::Idle { close_idle_after_ms: 1, end },
            Fault::Skew { skew_seconds: -1 },
        ] {
            let text = serde_json::to_string(&fault).unwrap();
            assert_eq!(serde_json::from_str::<Fault>(&text).unwrap(), fault, "{text}");
            assert!(!fault.description().is_empty());
        }
    }

    #[test]
    fn the_list_is_bounded_and_rules_can_be_removed() {
        let faults = Faults::new(1, Vec::new());
        for _ in 0..CAPACITY {
            faults.add(FaultRule::new("p", Fault::status(500))).unwrap();
        }
        assert!(faults.add(FaultRule::new("p", Fault::status(500))).is_err());
        assert!(faults.remove(1));
        assert!(!faults.remove(1));
        assert_eq!(faults.list().len(), CAPACITY - 1);
        faults.clear();
        assert!(faults.list().is_empty());
    }
}
