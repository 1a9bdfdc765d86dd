//! Observation of calls: events for metrics, and spans for logs.
//!
//! Spans and events are for logs, [`Observer`] for metrics. No event contains a URL, a header, a body, a secret, or any
//! other string from a request or a response.

pub(crate) mod spans;
pub(crate) mod tracker;

use crate::error::ErrorKind;
use crate::operation::Idempotency;
use crate::transport::{Fault, Phase};
use http::StatusCode;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// Runs foreign code that only observes. A panic in it must not cost a call its response, or a renewal its credential.
pub(crate) fn contain<T>(observe: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(observe)).ok()
}

/// Receives events about calls, for counters, histograms and alerts.
///
/// Set it with `.observer(…)` of a client's builder. The default implementation of each method does nothing, also of
/// methods that are added in later versions. The events of one call are
///
/// ```text
/// call_started   (rate_limited | attempt_ended | retrying | renewal_ended)…   call_ended
/// ```
///
/// and `call_ended` follows every `call_started`, even if the future of the call was dropped. A call with an invalid
/// argument has no events. Renewals run in separate tasks, so `renewal_ended` can occur at any time, once for several
/// calls or outside of any call. Durations are measured with the client's clock.
///
/// The methods run on the call's task and delay it, so they must not block. A panic in one is caught, and the call
/// continues.
///
/// ```
/// use auth_client_core::Observer;
/// use auth_client_core::observe::{AttemptEnded, CallEnded};
/// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
///
/// #[derive(Debug, Default)]
/// struct Counters {
///     attempts: AtomicU64,
///     failures: AtomicU64,
/// }
///
/// impl Observer for Counters {
///     fn attempt_ended(&self, _: &AttemptEnded) {
///         self.attempts.fetch_add(1, Relaxed);
///     }
///
///     fn call_ended(&self, event: &CallEnded) {
///         if !event.outcome.is_success() {
///             self.failures.fetch_add(1, Relaxed);
///         }
///     }
/// }
/// ```
pub trait Observer: Send + Sync + fmt::Debug {
    /// A call starts.
    fn call_started(&self, event: &CallStarted) {
        let _ = event;
    }

    /// The client-side limit delays or rejects an attempt; see [`RateLimiter`](crate::provider::RateLimiter).
    fn rate_limited(&self, event: &RateLimited) {
        let _ = event;
    }

    /// An attempt received a response or failed.
    fn attempt_ended(&self, event: &AttemptEnded) {
        let _ = event;
    }

    /// The call will be sent again after a delay.
    fn retrying(&self, event: &Retrying) {
        let _ = event;
    }

    /// A renewal of a credential succeeded or failed.
    fn renewal_ended(&self, event: &RenewalEnded) {
        let _ = event;
    }

    /// A call has ended.
    fn call_ended(&self, event: &CallEnded) {
        let _ = event;
    }
}

/// One observer for several clients: `.observer(Arc::clone(&metrics))`.
impl<T: Observer + ?Sized> Observer for Arc<T> {
    fn call_started(&self, event: &CallStarted) {
        (**self).call_started(event);
    }

    fn rate_limited(&self, event: &RateLimited) {
        (**self).rate_limited(event);
    }

    fn attempt_ended(&self, event: &AttemptEnded) {
        (**self).attempt_ended(event);
    }

    fn retrying(&self, event: &Retrying) {
        (**self).retrying(event);
    }

    fn renewal_ended(&self, event: &RenewalEnded) {
        (**self).renewal_ended(event);
    }

    fn call_ended(&self, event: &CallEnded) {
        (**self).call_ended(event);
    }
}

/// The call that an event belongs to. Each field has a small set of values and is suitable as a metric label.
///
/// ```
/// fn label(call: auth_client_core::observe::CallName) -> String {
///     format!("{}.{}", call.provider, call.operation)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct CallName {
    /// The provider, such as `verigator`.
    pub provider: &'static str,
    /// The operation, such as `services.create`; `request` for raw requests.
    pub operation: &'static str,
    /// The idempotency class of the operation.
    pub idempotency: Idempotency,
}

/// Event: a call starts.
///
/// ```
/// /// Labels for a counter of calls.
/// fn labels(event: &auth_client_core::observe::CallStarted) -> [&'static str; 2] {
///     [event.call.provider, event.call.operation]
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallStarted {
    /// The call.
    pub call: CallName,
}

/// Event: the client-side limit delays or rejects an attempt.
///
/// ```
/// fn line(event: &auth_client_core::observe::RateLimited) -> String {
///     let what = if event.rejected { "refused" } else { "waits" };
///     format!("{} {what} for {:?}", event.call.operation, event.wait)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimited {
    /// The call.
    pub call: CallName,
    /// Delay of the attempt.
    pub wait: Duration,
    /// `true` if the call fails instead of waiting, because the limiter rejects it or its deadline is earlier.
    pub rejected: bool,
}

/// Event: an attempt received a response or failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptEnded {
    /// The call.
    pub call: CallName,
    /// Number of the attempt, from 1.
    pub attempt: u32,
    /// Time from sending to the last byte of the response, or to the failure.
    pub elapsed: Duration,
    /// Result of the attempt.
    pub outcome: AttemptOutcome,
}

/// Result of an attempt.
///
/// ```
/// use auth_client_core::observe::AttemptOutcome;
///
/// fn label(outcome: AttemptOutcome) -> String {
///     match outcome {
///         AttemptOutcome::Response(status) => status.as_u16().to_string(),
///         AttemptOutcome::Failed(_, fault) => fault.as_str().to_owned(),
///         _ => "other".to_owned(),
///     }
/// }
/// # assert_eq!(label(AttemptOutcome::Response(http::StatusCode::OK)), "200");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttemptOutcome {
    /// A response with this status.
    Response(StatusCode),
    /// No complete response was received: the phase in which the request failed, and the cause.
    Failed(Phase, Fault),
}

/// Event: the call will be sent again.
///
/// ```
/// fn line(event: &auth_client_core::observe::Retrying) -> String {
///     format!("{} again in {:?}: {}", event.call.operation, event.delay, event.reason.as_str())
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retrying {
    /// The call.
    pub call: CallName,
    /// Number of the failed attempt, from 1.
    pub attempt: u32,
    /// Reason of the retry.
    pub reason: RetryReason,
    /// Delay before the retry.
    pub delay: Duration,
    /// Delay that the server requested, if any.
    pub asked: Option<Duration>,
}

/// Reason of a retry.
///
/// ```
/// use auth_client_core::observe::RetryReason;
///
/// assert_eq!(RetryReason::NotSent.as_str(), "not_sent");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryReason {
    /// Nothing was sent.
    NotSent,
    /// The response was lost.
    Lost,
    /// The server throttled the request.
    Throttled,
    /// The server reported a transient failure.
    Transient,
    /// The server rejected the credential and the client obtains another. Occurs at most once per call, without a
    /// delay; the call fails if no other credential can be obtained.
    CredentialRefused,
}

impl RetryReason {
    /// Returns a stable short name for labels: `not_sent`, `lost`, `throttled`, `transient`,
    /// `credential_refused`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::Lost => "lost",
            Self::Throttled => "throttled",
            Self::Transient => "transient",
            Self::CredentialRefused => "credential_refused",
        }
    }
}

/// Event: a renewal of a credential has ended (a login, a refresh, the opening of a session).
///
/// ```
/// fn line(event: &auth_client_core::observe::RenewalEnded) -> String {
///     format!("{} {} after {:?}", event.provider, event.outcome.as_str(), event.elapsed)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RenewalEnded {
    /// The provider, such as `virtuous`.
    pub provider: &'static str,
    /// Result of the renewal.
    pub outcome: RenewalOutcome,
    /// Duration of the renewal.
    pub elapsed: Duration,
}

/// Result of a renewal.
///
/// ```
/// use auth_client_core::observe::RenewalOutcome;
///
/// assert_eq!(RenewalOutcome::FoundInStore.as_str(), "found_in_store");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RenewalOutcome {
    /// The server issued a new credential.
    Renewed,
    /// Another process that shares the store had already renewed it.
    FoundInStore,
    /// A temporary failure.
    Failed,
    /// A definitive failure: a new login is required.
    LoginRequired,
    /// Another credential was installed in the meantime, so the result is discarded.
    Superseded,
}

impl RenewalOutcome {
    /// Returns a stable short name for labels: `renewed`, `found_in_store`, `failed`, `login_required`,
    /// `superseded`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Renewed => "renewed",
            Self::FoundInStore => "found_in_store",
            Self::Failed => "failed",
            Self::LoginRequired => "login_required",
            Self::Superseded => "superseded",
        }
    }
}

/// Event: a call has ended.
///
/// ```
/// fn line(event: &auth_client_core::observe::CallEnded) -> String {
///     let (call, outcome) = (event.call.operation, event.outcome.as_str());
///     format!("{call} {outcome} after {} attempt(s), {:?}", event.attempts, event.elapsed)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallEnded {
    /// The call.
    pub call: CallName,
    /// Result of the call, without the checks that helper methods make on the value afterwards.
    pub outcome: CallOutcome,
    /// Status of the last response, if there was one.
    pub status: Option<StatusCode>,
    /// Number of attempts, including failed and interrupted ones.
    pub attempts: u32,
    /// Duration of the call, including delays.
    pub elapsed: Duration,
    /// `true` if it was sent again with a renewed credential.
    pub replayed: bool,
}

/// Result of a call.
///
/// ```
/// use auth_client_core::{ErrorKind, observe::CallOutcome};
///
/// assert!(CallOutcome::Success.is_success());
/// assert_eq!(CallOutcome::Failed(ErrorKind::Timeout).as_str(), "timeout");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallOutcome {
    /// The call succeeded.
    Success,
    /// The call failed with an error of this kind.
    Failed(ErrorKind),
    /// The future of the call was dropped.
    Cancelled,
}

impl CallOutcome {
    /// Returns `true` if the call succeeded.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::Success
    }

    /// Returns a stable short name for labels: `success`, `cancelled`, or that of the [kind](ErrorKind::as_str).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed(kind) => kind.as_str(),
            Self::Cancelled => "cancelled",
        }
    }
}
