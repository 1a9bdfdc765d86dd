//! A rule: a fault, and the requests that it affects.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName};
use serde::{Deserialize, Serialize};

use super::FaultError;
use super::fault::{CloseAt, Fault};
use crate::framework::caller::{is_caller, unnamed};

/// The methods of HTTP.
const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

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
    pub(crate) operation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caller: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path_prefix: Option<String>,
    #[serde(default = "once")]
    pub(super) times: u32,
    #[serde(default)]
    pub(super) after: u32,
    #[serde(default = "always", skip_serializing_if = "is_always")]
    pub(super) probability: Probability,
    pub(super) fault: Fault,
    #[serde(default)]
    pub(super) effect: Effect,
}

fn once() -> u32 {
    1
}

/// Compared exactly; never NaN, because rules are checked.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Probability(pub(super) f64);

impl Eq for Probability {}

pub(super) fn always() -> Probability {
    Probability(1.0)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_always(probability: &Probability) -> bool {
    *probability == always()
}

impl FaultRule {
    /// A rule for the next request to `provider`; the operation is not executed before the fault.
    #[must_use]
    pub fn new(provider: &str, fault: Fault) -> Self {
        Self {
            provider: provider.to_owned(),
            operation: None,
            caller: None,
            headers: BTreeMap::new(),
            method: None,
            path_prefix: None,
            times: 1,
            after: 0,
            probability: always(),
            fault,
            effect: Effect::After,
        }
    }

    /// Limits the rule to one operation, by its id.
    ///
    /// ```
    /// use auth_emulator::{Fault, FaultRule};
    ///
    /// let rule = FaultRule::new("virtuous", Fault::status(503)).operation("contacts.get");
    /// # let _ = rule;
    /// ```
    #[must_use]
    pub fn operation(mut self, operation: &str) -> Self {
        self.operation = Some(operation.to_owned());
        self
    }

    /// Limits the rule to requests with this credential: a user name, an API key or a token, or a caller of the journal.
    #[must_use]
    pub fn caller(mut self, credential: &str) -> Self {
        self.caller = Some(credential.to_owned());
        self
    }

    /// Limits the rule to requests with this header. Can be repeated; all must be present.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Makes the rule affect each matching request with this probability, above 0 and at most 1. The emulator's seed determines
    /// which ones.
    #[must_use]
    pub fn probability(mut self, probability: f64) -> Self {
        self.probability = Probability(probability);
        self
    }

    /// Makes the rule affect every matching request until it is removed.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = u32::MAX;
        self
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

    pub(crate) fn check(&self) -> Result<(), FaultError> {
        let invalid = |message: &str| Err(FaultError(message.to_owned()));
        if self.times == 0 {
            return invalid("times: must be at least 1");
        }
        if !(self.probability.0 > 0.0 && self.probability.0 <= 1.0) {
            return invalid("probability: must be above 0 and at most 1");
        }
        if let Some(method) = &self.method
            && !METHODS.iter().any(|known| known.eq_ignore_ascii_case(method))
        {
            return Err(FaultError(format!("method: not one of {}", METHODS.join(", "))));
        }
        if self.caller.as_deref() == Some("") {
            return invalid("caller: is empty");
        }
        if self.path_prefix.as_deref().is_some_and(|prefix| !prefix.starts_with('/')) {
            return invalid("path_prefix: must start with a slash");
        }
        if let Some(name) = self.headers.keys().find(|name| HeaderName::try_from(*name).is_err()) {
            return Err(FaultError(format!("headers: {name:?} is not a header name")));
        }
        if self.fault.is_of_connection() {
            let others = (&self.operation, &self.caller, &self.method, &self.path_prefix);
            if others != (&None, &None, &None, &None) || !self.headers.is_empty() {
                return invalid(
                    "this fault comes before a request is read, so its rule can name a provider only",
                );
            }
            if self.effect == Effect::Before {
                return invalid("effect: nothing can be executed before a request was read");
            }
        }
        let early = matches!(self.fault, Fault::Close { close: CloseAt::AfterHead, .. });
        if early && self.effect == Effect::Before {
            return invalid("effect: nothing can be executed before the body of the request was read");
        }
        self.fault.check()
    }

    /// Checks that a rule for an operation names no method or path that the operation does not have.
    pub(crate) fn check_route<'r>(
        &self,
        mut routes: impl Iterator<Item = (&'r str, &'r str)>,
    ) -> Result<(), FaultError> {
        let begins = |one: &str, other: &str| {
            one.get(..other.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(other))
        };
        let fits = |(method, template): (&str, &str)| {
            // What comes before the first parameter.
            let fixed = template.split('{').next().unwrap_or_default();
            self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
                && self.path_prefix.as_deref().is_none_or(|prefix| {
                    begins(prefix, fixed) && fixed != template
                        || begins(template, prefix)
                        || begins(fixed, prefix)
                })
        };
        if routes.any(fits) {
            return Ok(());
        }
        Err(FaultError(
            "operation: has another method or path than the rule, which would match nothing".to_owned(),
        ))
    }

    /// Replaces a caller that may be secret by its fingerprint, which matches the same requests.
    pub(crate) fn hide_caller(&mut self, is_public: impl Fn(&str) -> bool) {
        if let Some(caller) = self.caller.as_mut().filter(|caller| !caller.is_empty() && !is_public(caller)) {
            *caller = unnamed(caller);
        }
    }

    pub(crate) fn is_of_connection(&self) -> bool {
        self.fault.is_of_connection()
    }

    pub(crate) fn is_of_tls(&self) -> bool {
        matches!(self.fault, Fault::Tls { .. })
    }

    /// Whether the rule affects a connection to this provider that was just accepted.
    pub(super) fn matches_connection(&self, provider: &str) -> bool {
        self.provider == provider && self.fault.is_of_connection()
    }

    pub(super) fn matches(&self, request: &Matched<'_>) -> bool {
        self.provider == request.provider
            && !self.fault.is_of_connection()
            && self.operation.as_deref().is_none_or(|wanted| Some(wanted) == request.operation)
            && self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(request.method))
            && self.path_prefix.as_deref().is_none_or(|prefix| request.path.starts_with(prefix))
            && self.caller.as_deref().is_none_or(|wanted| is_caller(wanted, request.caller))
            && self.headers.iter().all(|(name, wanted)| {
                request.headers.get_all(name).iter().any(|value| value.as_bytes() == wanted.as_bytes())
            })
    }
}

/// The parts of a request that a rule can match.
#[derive(Clone, Copy)]
pub(crate) struct Matched<'r> {
    pub provider: &'r str,
    pub operation: Option<&'r str>,
    pub method: &'r str,
    /// Without the part that names the namespace.
    pub path: &'r str,
    pub caller: Option<&'r str>,
    pub headers: &'r HeaderMap,
}
