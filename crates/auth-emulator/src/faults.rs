//! Faults on demand: rules that spoil the next answers of a provider, in the order in which they were added.
//!
//! A request is counted by the first rule that fits it and by no other, so that three rules for one path are three answers
//! in a row. `pipeline.rs` asks here once per request and carries out what it gets.

use std::collections::BTreeMap;
use std::sync::Mutex;

use http::{HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

use crate::sync::lock;

/// Rules that can wait at the same time.
const CAPACITY: usize = 1000;
/// Bytes of headers and body of one rule.
const LARGEST_ANSWER: usize = 64 * 1024;
/// The longest delay, in milliseconds: one hour.
const LONGEST_DELAY: u64 = 3_600_000;

/// What goes wrong.
///
/// ```
/// use auth_emulator::Fault;
///
/// let faults = [
///     Fault::status(503),
///     Fault::answer(429, &[("retry-after", "2")], "slow down"),
///     Fault::delay_ms(250),
///     Fault::close_before_answer(),
///     Fault::cut_body_after(10),
/// ];
/// # let _ = faults;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
#[non_exhaustive]
pub enum Fault {
    /// Another answer in place of the provider's.
    Status {
        /// Its status, 200 to 599.
        status: u16,
        /// Its headers.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// Its body.
        #[serde(default)]
        body: String,
    },
    /// The answer comes late. Real time: the clock of the emulator does not shorten it.
    Delay {
        /// Milliseconds to wait.
        delay_ms: u64,
    },
    /// The connection is closed.
    Close {
        /// When.
        close: CloseAt,
    },
    /// The connection is closed in the middle of the answer's body.
    Cut {
        /// Bytes of the body that are still sent.
        cut_body_after: usize,
    },
}

/// When the connection is closed.
///
/// ```
/// use auth_emulator::{CloseAt, Fault};
///
/// assert_eq!(Fault::close_before_answer(), Fault::Close { close: CloseAt::BeforeAnswer });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CloseAt {
    /// After the whole request was read and before one byte was answered.
    BeforeAnswer,
}

/// Where the operation stands when the fault hits: whether its effect comes before the fault or after it.
///
/// ```
/// use auth_emulator::{Effect, Fault, FaultRule};
///
/// // The vendor creates it, and the client never hears of it.
/// let rule = FaultRule::new("verigator", Fault::close_before_answer()).method("POST").effect(Effect::Before);
/// # let _ = rule;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Effect {
    /// The operation is carried out first, then the fault hits: the client hears of a failure, the server has done it.
    Before,
    /// The fault hits first. A delay and a cut still lead to the operation; another status and a closed connection never
    /// do.
    #[default]
    After,
}

/// A fault, and which requests it hits.
///
/// ```
/// use auth_emulator::{Effect, Fault, FaultRule};
///
/// let rule = FaultRule::new("verigator", Fault::status(503))
///     .method("POST")
///     .path_prefix("/v1/service/service")
///     .times(2)
///     .effect(Effect::Before);
/// # let _ = rule;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    pub(crate) provider: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path_prefix: Option<String>,
    #[serde(default = "once")]
    times: u32,
    #[serde(default)]
    after: u32,
    fault: Fault,
    #[serde(default)]
    effect: Effect,
}

fn once() -> u32 {
    1
}

/// A rule that waits, with the number it can be removed by. `times` and `after` count down.
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WaitingFault {
    /// Its number.
    pub id: u64,
    /// The rule as it stands now.
    #[serde(flatten)]
    pub rule: FaultRule,
}

/// A rule was not accepted.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use auth_emulator::{Emulator, Fault, FaultRule};
///
/// let emulator = Emulator::start().await?;
/// let error = emulator.add_fault(FaultRule::new("virtuous", Fault::status(99))).unwrap_err();
/// assert_eq!(error.to_string(), "status 99 is not between 200 and 599");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FaultError(pub(crate) String);

impl Fault {
    /// Another answer with this status, no headers and no body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Status { status, headers: BTreeMap::new(), body: String::new() }
    }

    /// Another answer with this status, headers and body.
    ///
    /// ```
    /// use auth_emulator::{Fault, FaultRule};
    ///
    /// let rule = FaultRule::new("virtuous", Fault::answer(429, &[("retry-after", "2")], "slow down"));
    /// # let _ = rule;
    /// ```
    #[must_use]
    pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self::Status { status, headers, body: body.to_owned() }
    }

    /// An answer that comes so many milliseconds late.
    #[must_use]
    pub fn delay_ms(delay_ms: u64) -> Self {
        Self::Delay { delay_ms }
    }

    /// No answer: the connection is closed once the request was read.
    #[must_use]
    pub fn close_before_answer() -> Self {
        Self::Close { close: CloseAt::BeforeAnswer }
    }

    /// An answer of which only so many bytes of the body arrive.
    #[must_use]
    pub fn cut_body_after(bytes: usize) -> Self {
        Self::Cut { cut_body_after: bytes }
    }

    /// For the journal.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Status { status, .. } => format!("status {status}"),
            Self::Delay { delay_ms } => format!("delay of {delay_ms} ms"),
            Self::Close { close: CloseAt::BeforeAnswer } => "closed before the answer".to_owned(),
            Self::Cut { cut_body_after } => format!("body cut after {cut_body_after} bytes"),
        }
    }

    fn check(&self) -> Result<(), FaultError> {
        let refuse = |words: String| Err(FaultError(words));
        match self {
            Self::Status { status, headers, body } => {
                if !(200..=599).contains(status) || StatusCode::from_u16(*status).is_err() {
                    return refuse(format!("status {status} is not between 200 and 599"));
                }
                let size =
                    headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() + body.len();
                if size > LARGEST_ANSWER {
                    return refuse(format!("headers and body are more than {LARGEST_ANSWER} bytes"));
                }
                for (name, value) in headers {
                    if HeaderName::try_from(name).is_err() || HeaderValue::try_from(value).is_err() {
                        return refuse(format!("the header {name:?} can't be sent"));
                    }
                }
                Ok(())
            }
            Self::Delay { delay_ms } if *delay_ms > LONGEST_DELAY => {
                refuse(format!("delay_ms is more than {LONGEST_DELAY}"))
            }
            _ => Ok(()),
        }
    }
}

impl FaultRule {
    /// Hits the next request to `provider`, before the operation is carried out.
    #[must_use]
    pub fn new(provider: &str, fault: Fault) -> Self {
        let provider = provider.to_owned();
        Self { provider, method: None, path_prefix: None, times: 1, after: 0, fault, effect: Effect::After }
    }

    /// Only requests with this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only requests whose path, as on the wire, begins like this.
    #[must_use]
    pub fn path_prefix(mut self, prefix: &str) -> Self {
        self.path_prefix = Some(prefix.to_owned());
        self
    }

    /// How many requests it hits before it is used up; 1 unless said otherwise.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Lets so many requests through first.
    ///
    /// ```
    /// use auth_emulator::{Fault, FaultRule};
    ///
    /// // The third and the fourth request fail.
    /// let rule = FaultRule::new("virtuous", Fault::status(503)).after(2).times(2);
    /// # let _ = rule;
    /// ```
    #[must_use]
    pub fn after(mut self, requests: u32) -> Self {
        self.after = requests;
        self
    }

    /// Whether the operation is carried out before the fault hits.
    #[must_use]
    pub fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    fn check(&self) -> Result<(), FaultError> {
        if self.times == 0 {
            return Err(FaultError("times is 0, so the rule would never hit".to_owned()));
        }
        self.fault.check()
    }

    fn fits(&self, provider: &str, method: &str, path: &str) -> bool {
        self.provider == provider
            && self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path_prefix.as_deref().is_none_or(|prefix| path.starts_with(prefix))
    }
}

/// The waiting rules.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    last_id: u64,
    rules: Vec<WaitingFault>,
}

impl Faults {
    pub(crate) fn add(&self, rule: FaultRule) -> Result<WaitingFault, FaultError> {
        rule.check()?;
        let mut waiting = lock(&self.0);
        if waiting.rules.len() >= CAPACITY {
            return Err(FaultError(format!("{CAPACITY} rules are waiting already")));
        }
        waiting.last_id += 1;
        let added = WaitingFault { id: waiting.last_id, rule };
        waiting.rules.push(added.clone());
        Ok(added)
    }

    /// What hits this request, if anything. Counts it.
    pub(crate) fn take(&self, provider: &str, method: &str, path: &str) -> Option<(Fault, Effect)> {
        let mut waiting = lock(&self.0);
        let place = waiting.rules.iter().position(|waiting| waiting.rule.fits(provider, method, path))?;
        let rule = &mut waiting.rules.get_mut(place)?.rule;
        if rule.after > 0 {
            rule.after -= 1;
            return None;
        }
        rule.times -= 1;
        let hit = (rule.fault.clone(), rule.effect);
        if rule.times == 0 {
            waiting.rules.remove(place);
        }
        Some(hit)
    }

    pub(crate) fn list(&self) -> Vec<WaitingFault> {
        lock(&self.0).rules.clone()
    }

    pub(crate) fn remove(&self, id: u64) -> bool {
        let mut waiting = lock(&self.0);
        let before = waiting.rules.len();
        waiting.rules.retain(|rule| rule.id != id);
        waiting.rules.len() < before
    }

    pub(crate) fn clear(&self) {
        lock(&self.0).rules.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(faults: &Faults, count: usize) -> Vec<Option<Fault>> {
        (0..count).map(|_| faults.take("p", "GET", "/a/b").map(|(fault, _)| fault)).collect()
    }

    #[test]
    fn rules_are_used_up_in_order() {
        let faults = Faults::default();
        faults.add(FaultRule::new("p", Fault::status(503)).times(2).after(1)).unwrap();
        faults.add(FaultRule::new("p", Fault::status(429))).unwrap();
        let (five, four) = (Some(Fault::status(503)), Some(Fault::status(429)));
        assert_eq!(hits(&faults, 5), [None, five.clone(), five, four, None]);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn rules_for_others_are_not_counted() {
        let faults = Faults::default();
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
        assert_eq!(rule, FaultRule::new("p", Fault::answer(503, &[("a", "b")], "x")));
        let rule = read(r#"{"provider":"p","fault":{"close":"before_answer"}}"#).unwrap();
        assert_eq!(rule, FaultRule::new("p", Fault::close_before_answer()));
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
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn rules_that_could_not_be_carried_out_are_refused() {
        let faults = Faults::default();
        for fault in [
            Fault::status(99),
            Fault::status(600),
            Fault::status(101),
            Fault::answer(200, &[("a b", "c")], ""),
        ] {
            assert!(faults.add(FaultRule::new("p", fault.clone())).is_err(), "{fault:?}");
        }
        assert!(faults.add(FaultRule::new("p", Fault::answer(200, &[("a", "b\nc")], ""))).is_err());
        let large = "x".repeat(LARGEST_ANSWER + 1);
        assert!(faults.add(FaultRule::new("p", Fault::answer(200, &[], &large))).is_err());
        assert!(faults.add(FaultRule::new("p", Fault::delay_ms(LONGEST_DELAY + 1))).is_err());
        assert!(faults.add(FaultRule::new("p", Fault::status(500)).times(0)).is_err());
    }

    #[test]
    fn the_list_is_bounded_and_rules_can_be_removed() {
        let faults = Faults::default();
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
