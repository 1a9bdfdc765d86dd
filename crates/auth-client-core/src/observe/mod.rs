//! Observation of calls: events for a trait, and spans for logs.
//!
//! Spans and events are for people who read logs; this is for programs that count and measure. Nothing here can hold a
//! secret: no URL, no query, no header, no body, and no text that came from outside.

pub(crate) mod spans;
pub(crate) mod tracker;

use crate::error::ErrorKind;
use crate::operation::Idempotency;
use crate::transport::{Fault, Phase};
use http::StatusCode;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Is told about calls while they happen: for counters, histograms and alarms.
///
/// Set with `.observer(…)` of every client's builder. All methods do nothing until they are written; those that the SDK
/// gets later do so too. One call is told as
///
/// ```text
/// call_started   (rate_limited | attempt_ended | retrying | renewal_ended)…   call_ended
/// ```
///
/// and `call_ended` comes for every call that has started, also for one whose future was dropped. A call with an
/// argument that can't be used never starts. Renewals run in tasks of their own, so `renewal_ended` may come at any
/// time, for several calls at once or for none. All times are of the client's own clock.
///
/// The methods run on the task of the call and hold it up: they must neither block nor panic. A panic unwinds into the
/// caller as if the call itself had panicked.
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
    /// A call begins.
    fn call_started(&self, event: &CallStarted) {
        let _ = event;
    }

    /// The client's own limit holds an attempt back, or refuses it; see [`RateLimiter`](crate::RateLimiter).
    fn rate_limited(&self, event: &RateLimited) {
        let _ = event;
    }

    /// An attempt was answered or has failed.
    fn attempt_ended(&self, event: &AttemptEnded) {
        let _ = event;
    }

    /// The call will be sent again after a delay.
    fn retrying(&self, event: &Retrying) {
        let _ = event;
    }

    /// A credential was renewed, or could not be.
    fn renewal_ended(&self, event: &RenewalEnded) {
        let _ = event;
    }

    /// A call is over.
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

/// Which call an event belongs to: few values, fit for labels.
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
    /// The operation, such as `services.create`; `request` for a path of one's own.
    pub operation: &'static str,
    /// Whether it may be repeated.
    pub idempotency: Idempotency,
}

/// A call begins.
///
/// ```
/// /// Labels of a counter of calls.
/// fn labels(event: &auth_client_core::observe::CallStarted) -> [&'static str; 2] {
///     [event.call.provider, event.call.operation]
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallStarted {
    /// Which call.
    pub call: CallName,
}

/// The client's own limit did not let an attempt pass at once.
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
    /// Which call.
    pub call: CallName,
    /// How long the attempt has to wait.
    pub wait: Duration,
    /// Whether the call fails instead of waiting, because the limit says so or its time would be over.
    pub rejected: bool,
}

/// An attempt was answered or has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptEnded {
    /// Which call.
    pub call: CallName,
    /// Which attempt of it, from 1.
    pub attempt: u32,
    /// From sending to the last byte of the answer, or to the failure.
    pub elapsed: Duration,
    /// What came of it.
    pub outcome: AttemptOutcome,
}

/// What came of an attempt.
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
    /// A response, whatever its status.
    Response(StatusCode),
    /// No whole answer: how far the request got, and why no further.
    Failed(Phase, Fault),
}

/// The call will be sent again.
///
/// ```
/// fn line(event: &auth_client_core::observe::Retrying) -> String {
///     format!("{} again in {:?}: {}", event.call.operation, event.delay, event.reason.as_str())
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retrying {
    /// Which call.
    pub call: CallName,
    /// The attempt that has failed, from 1.
    pub attempt: u32,
    /// Why it may be sent again.
    pub reason: RetryReason,
    /// How long it waits before that.
    pub delay: Duration,
    /// How long the server asks to wait, where it does.
    pub asked: Option<Duration>,
}

/// Why a call is sent again.
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
    /// The answer was lost.
    Lost,
    /// The server says that it was too much.
    Throttled,
    /// The server says that it failed for now.
    Transient,
    /// The credential was refused and another is asked for. This happens once per call at most, and without a delay; the
    /// call fails if no other is to be had.
    CredentialRefused,
}

impl RetryReason {
    /// A short name that stays the same, fit for a label: `not_sent`, `lost`, `throttled`, `transient`,
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

/// A renewal of a credential is over: a login, a refresh, the opening of a session.
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
    /// What came of it.
    pub outcome: RenewalOutcome,
    /// How long it took.
    pub elapsed: Duration,
}

/// What came of a renewal.
///
/// ```
/// use auth_client_core::observe::RenewalOutcome;
///
/// assert_eq!(RenewalOutcome::Adopted.as_str(), "adopted");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RenewalOutcome {
    /// The server made a new credential.
    Renewed,
    /// A new one was there already, renewed by another process that shares the store.
    Adopted,
    /// None was to be had for now.
    Failed,
    /// None will be had without another login.
    Ended,
    /// Other material was put in meanwhile, so what came of it is not used.
    Superseded,
}

impl RenewalOutcome {
    /// A short name that stays the same, fit for a label: `renewed`, `adopted`, `failed`, `ended`, `superseded`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Renewed => "renewed",
            Self::Adopted => "adopted",
            Self::Failed => "failed",
            Self::Ended => "ended",
            Self::Superseded => "superseded",
        }
    }
}

/// A call is over.
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
    /// Which call.
    pub call: CallName,
    /// How it ended. Helpers that judge the value further, after the call, are not told of.
    pub outcome: CallOutcome,
    /// The status of the last answer, if there was one.
    pub status: Option<StatusCode>,
    /// How many times the request was sent, or tried to be; an attempt that was broken off counts.
    pub attempts: u32,
    /// How long the call took, waits included.
    pub elapsed: Duration,
    /// Whether it was sent again with a renewed credential.
    pub replayed: bool,
}

/// How a call ended.
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
    /// With its value.
    Success,
    /// With an error of this kind.
    Failed(ErrorKind),
    /// Its future was dropped.
    Cancelled,
}

impl CallOutcome {
    /// Whether the call came to its value.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::Success
    }

    /// A short name that stays the same, fit for a label: `success`, `cancelled`, or that of the
    /// [kind](ErrorKind::as_str).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed(kind) => kind.as_str(),
            Self::Cancelled => "cancelled",
        }
    }
}
