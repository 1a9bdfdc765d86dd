//! Fault injection: rules that replace or damage the next responses of a provider, in the order in which they were added.
//!
//! A request counts for the first rule that matches it and for no other, so that three rules for one path affect three
//! requests in a row. The pipeline calls `take` once per request.

use std::collections::BTreeMap;
use std::sync::Mutex;

use http::{HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

use crate::framework::sync::lock;

/// The maximum number of active rules.
const CAPACITY: usize = 1000;
/// The maximum size of headers and body of one rule, in bytes.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;
/// The maximum delay: one hour.
const MAX_DELAY_MS: u64 = 3_600_000;

/// A failure to inject.
///
/// ```
/// use auth_emulator::Fault;
///
/// let faults = [
///     Fault::status(503),
///     Fault::response(429, &[("retry-after", "2")], "slow down"),
///     Fault::delay_ms(250),
///     Fault::close_before_response(),
///     Fault::cut_body_after(10),
/// ];
/// # let _ = faults;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
#[non_exhaustive]
pub enum Fault {
    /// A response that replaces the provider's.
    Status {
        /// The status, 200 to 599.
        status: u16,
        /// The headers.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// The body.
        #[serde(default)]
        body: String,
    },
    /// A delayed response. The delay is real time; the emulator's clock does not affect it.
    Delay {
        /// The delay in milliseconds.
        delay_ms: u64,
    },
    /// A closed connection.
    Close {
        /// When the connection is closed.
        close: CloseAt,
    },
    /// A response whose connection is closed in the middle of the body.
    Cut {
        /// The number of body bytes sent before the connection is closed.
        cut_body_after: usize,
    },
}

/// The time at which the connection is closed.
///
/// ```
/// use auth_emulator::{CloseAt, Fault};
///
/// assert_eq!(Fault::close_before_response(), Fault::Close { close: CloseAt::BeforeResponse });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CloseAt {
    /// After the request was read, before any byte of the response.
    BeforeResponse,
}

/// Whether the operation is executed before the fault occurs.
///
/// ```
/// use auth_emulator::{Effect, Fault, FaultRule};
///
/// // The vendor creates the object, and the client never learns about it.
/// let rule = FaultRule::new("verigator", Fault::close_before_response()).method("POST").effect(Effect::Before);
/// # let _ = rule;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Effect {
    /// The operation is executed, then the fault occurs: the client sees a failure although the operation succeeded.
    Before,
    /// The fault occurs first. After a delay or with a cut body, the operation is still executed; with another status or a closed
    /// connection, it is not.
    #[default]
    After,
}

/// A fault, and the requests that it affects.
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

impl Fault {
    /// A response with this status, no headers and no body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Status { status, headers: BTreeMap::new(), body: String::new() }
    }

    /// A response with this status, headers and body.
    ///
    /// ```
    /// use auth_emulator::{Fault, FaultRule};
    ///
    /// let rule = FaultRule::new("virtuous", Fault::response(429, &[("retry-after", "2")], "slow down"));
    /// # let _ = rule;
    /// ```
    #[must_use]
    pub fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self::Status { status, headers, body: body.to_owned() }
    }

    /// A response that is delayed by this number of milliseconds.
    #[must_use]
    pub fn delay_ms(delay_ms: u64) -> Self {
        Self::Delay { delay_ms }
    }

    /// No response: the connection is closed after the request was read.
    #[must_use]
    pub fn close_before_response() -> Self {
        Self::Close { close: CloseAt::BeforeResponse }
    }

    /// A response whose body breaks off after this number of bytes.
    #[must_use]
    pub fn cut_body_after(bytes: usize) -> Self {
        Self::Cut { cut_body_after: bytes }
    }

    /// A description for the journal.
    pub(crate) fn description(&self) -> String {
        match self {
            Self::Status { status, .. } => format!("status {status}"),
            Self::Delay { delay_ms } => format!("delay of {delay_ms} ms"),
            Self::Close { close: CloseAt::BeforeResponse } => {
                "connection closed before the response".to_owned()
            }
            Self::Cut { cut_body_after } => format!("body cut after {cut_body_after} bytes"),
        }
    }

    fn check(&self) -> Result<(), FaultError> {
        let invalid = |message: String| Err(FaultError(message));
        match self {
            Self::Status { status, headers, body } => {
                if !(200..=599).contains(status) || StatusCode::from_u16(*status).is_err() {
                    return invalid(format!("status: {status} is not between 200 and 599"));
                }
                let size =
                    headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() + body.len();
                if size > MAX_RESPONSE_BYTES {
                    return invalid(format!("headers and body are larger than {MAX_RESPONSE_BYTES} bytes"));
                }
                for (name, value) in headers {
                    if HeaderName::try_from(name).is_err() || HeaderValue::try_from(value).is_err() {
                        return invalid(format!("headers: {name:?} has an invalid name or value"));
                    }
                }
                Ok(())
            }
            Self::Delay { delay_ms } if *delay_ms > MAX_DELAY_MS => {
                invalid(format!("delay_ms: the maximum is {MAX_DELAY_MS}"))
            }
            _ => Ok(()),
        }
    }
}

impl FaultRule {
    /// A rule for the next request to `provider`; the operation is not executed before the fault.
    #[must_use]
    pub fn new(provider: &str, fault: Fault) -> Self {
        let provider = provider.to_owned();
        Self { provider, method: None, path_prefix: None, times: 1, after: 0, fault, effect: Effect::After }
    }

    /// Limits the rule to requests with this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Limits the rule to requests whose path on the wire starts with `prefix`.
    #[must_use]
    pub fn path_prefix(mut self, prefix: &str) -> Self {
        self.path_prefix = Some(prefix.to_owned());
        self
    }

    /// Sets the number of requests that the rule affects. Default: 1.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Sets the number of matching requests that pass before the first fault. Default: 0.
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

    /// Sets whether the operation is executed before the fault. Default: [`Effect::After`].
    #[must_use]
    pub fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    fn check(&self) -> Result<(), FaultError> {
        if self.times == 0 {
            return Err(FaultError("times: must be at least 1".to_owned()));
        }
        self.fault.check()
    }

    fn matches(&self, provider: &str, method: &str, path: &str) -> bool {
        self.provider == provider
            && self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path_prefix.as_deref().is_none_or(|prefix| path.starts_with(prefix))
    }
}

/// The active rules.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Active>);

#[derive(Clone, Debug, Default)]
struct Active {
    last_id: u64,
    rules: Vec<ActiveFault>,
}

/// The rules in a snapshot.
#[derive(Clone, Debug)]
pub(crate) struct SavedFaults(Active);

impl Faults {
    pub(crate) fn add(&self, rule: FaultRule) -> Result<ActiveFault, FaultError> {
        rule.check()?;
        let mut active = lock(&self.0);
        if active.rules.len() >= CAPACITY {
            return Err(FaultError(format!("there are {CAPACITY} active rules already; delete some")));
        }
        active.last_id += 1;
        let added = ActiveFault { id: active.last_id, rule };
        active.rules.push(added.clone());
        Ok(added)
    }

    /// Counts a request and returns the fault that affects it, if any.
    pub(crate) fn take(&self, provider: &str, method: &str, path: &str) -> Option<(Fault, Effect)> {
        let mut active = lock(&self.0);
        let index = active.rules.iter().position(|rule| rule.rule.matches(provider, method, path))?;
        let rule = &mut active.rules.get_mut(index)?.rule;
        if rule.after > 0 {
            rule.after -= 1;
            return None;
        }
        rule.times -= 1;
        let fault = (rule.fault.clone(), rule.effect);
        if rule.times == 0 {
            active.rules.remove(index);
        }
        Some(fault)
    }

    pub(crate) fn list(&self) -> Vec<ActiveFault> {
        lock(&self.0).rules.clone()
    }

    pub(crate) fn remove(&self, id: u64) -> bool {
        let mut active = lock(&self.0);
        let before = active.rules.len();
        active.rules.retain(|rule| rule.id != id);
        active.rules.len() < before
    }

    /// Removes every rule. Ids start over.
    pub(crate) fn clear(&self) {
        *lock(&self.0) = Active::default();
    }

    pub(crate) fn save(&self) -> SavedFaults {
        SavedFaults(lock(&self.0).clone())
    }

    pub(crate) fn restore(&self, saved: &SavedFaults) {
        lock(&self.0).clone_from(&saved.0);
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
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn invalid_rules_are_rejected() {
        let faults = Faults::default();
        for fault in [
            Fault::status(99),
            Fault::status(600),
            Fault::status(101),
            Fault::response(200, &[("a b", "c")], ""),
        ] {
            assert!(faults.add(FaultRule::new("p", fault.clone())).is_err(), "{fault:?}");
        }
        assert!(faults.add(FaultRule::new("p", Fault::response(200, &[("a", "b\nc")], ""))).is_err());
        let large = "x".repeat(MAX_RESPONSE_BYTES + 1);
        assert!(faults.add(FaultRule::new("p", Fault::response(200, &[], &large))).is_err());
        assert!(faults.add(FaultRule::new("p", Fault::delay_ms(MAX_DELAY_MS + 1))).is_err());
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
