//! Reports one call to its span and to the client's observer.
//!
//! The call's future owns its tracker, so that a dropped future is reported too. Without an observer or span it is an
//! empty pointer, because every call has one.

use crate::error::ErrorKind;
use crate::observe::spans::{self, Span};
use crate::observe::{
    AttemptEnded, AttemptOutcome, CallEnded, CallName, CallOutcome, CallStarted, Observer, RateLimited,
    RetryReason, Retrying, contain,
};
use crate::operation::Operation;
use auth_core::{Clock, Now};
use http::StatusCode;
use std::sync::Arc;
use std::time::Duration;

pub(crate) struct CallTracker(Option<Box<Tracked>>);

struct Tracked {
    span: Span,
    observer: Option<Arc<dyn Observer>>,
    clock: Arc<dyn Clock>,
    call: CallName,
    /// `None` until the call has started.
    started: Option<Now>,
    attempts: u32,
    renewed: bool,
    status: Option<StatusCode>,
    /// Result and duration of the call; if it is dropped before they are set, the caller canceled it.
    end: Option<(CallOutcome, Duration)>,
}

impl CallTracker {
    /// For what is not a call.
    pub(crate) fn off() -> Self {
        Self(None)
    }

    pub(crate) fn new(
        provider: &'static str,
        operation: &Operation,
        span: &Span,
        observer: Option<&Arc<dyn Observer>>,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        if observer.is_none() && spans::is_off(span) {
            return Self(None);
        }
        Self(Some(Box::new(Tracked {
            span: span.clone(),
            observer: observer.cloned(),
            clock: Arc::clone(clock),
            call: CallName { provider, operation: operation.id(), idempotency: operation.idempotency() },
            started: None,
            attempts: 0,
            renewed: false,
            status: None,
            end: None,
        })))
    }

    pub(crate) fn started(&mut self, now: Now) {
        if let Some(tracked) = &mut self.0 {
            tracked.started = Some(now);
            let call = tracked.call;
            tracked.tell(|observer| observer.call_started(&CallStarted { call }));
        }
    }

    pub(crate) fn rate_limited(&self, wait: Duration, rejected: bool) {
        spans::rate_limited(wait, rejected);
        if let Some(tracked) = &self.0 {
            let call = tracked.call;
            tracked.tell(|observer| observer.rate_limited(&RateLimited { call, wait, rejected }));
        }
    }

    pub(crate) fn attempt_started(&mut self) {
        if let Some(tracked) = &mut self.0 {
            tracked.attempts += 1;
        }
    }

    pub(crate) fn attempt_ended(&mut self, attempt: u32, outcome: AttemptOutcome, elapsed: Duration) {
        spans::attempt_ended(attempt, outcome, elapsed);
        if let Some(tracked) = &mut self.0 {
            if let AttemptOutcome::Response(status) = outcome {
                tracked.status = Some(status);
            }
            let event = AttemptEnded { call: tracked.call, attempt, elapsed, outcome };
            tracked.tell(|observer| observer.attempt_ended(&event));
        }
    }

    pub(crate) fn retrying(
        &self,
        attempt: u32,
        reason: RetryReason,
        delay: Duration,
        asked: Option<Duration>,
    ) {
        spans::retrying(attempt, reason, delay);
        if let Some(tracked) = &self.0 {
            let event = Retrying { call: tracked.call, attempt, reason, delay, asked };
            tracked.tell(|observer| observer.retrying(&event));
        }
    }

    /// The credential was rejected and there is another; `replays` is set if the call is sent again with it.
    pub(crate) fn credential_refused(&mut self, attempt: u32, replays: bool) {
        spans::credential_refused(attempt);
        if let Some(tracked) = self.0.as_mut().filter(|_| replays) {
            tracked.renewed = true;
            let (reason, delay) = (RetryReason::CredentialRefused, Duration::ZERO);
            let event = Retrying { call: tracked.call, attempt, reason, delay, asked: None };
            tracked.tell(|observer| observer.retrying(&event));
        }
    }

    /// The last byte has arrived. A failure to decode it is reported by [`failed`](Self::failed).
    pub(crate) fn succeeded(&mut self, elapsed: Duration) {
        self.end(CallOutcome::Success, elapsed);
    }

    pub(crate) fn failed(&mut self, kind: ErrorKind, elapsed: Duration) {
        self.end(CallOutcome::Failed(kind), elapsed);
    }

    fn end(&mut self, outcome: CallOutcome, elapsed: Duration) {
        if let Some(tracked) = &mut self.0 {
            tracked.end = Some((outcome, elapsed));
        }
    }
}

impl Tracked {
    fn tell(&self, event: impl FnOnce(&dyn Observer)) {
        if let Some(observer) = &self.observer {
            contain(|| event(&**observer));
        }
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        let Some(started) = self.started else { return };
        let (call, status, attempts) = (self.call, self.status, self.attempts);
        let (outcome, elapsed) =
            self.end.unwrap_or_else(|| (CallOutcome::Cancelled, self.clock.now().since(started)));
        spans::call_ended(&self.span, attempts, status, outcome);
        let replayed = self.renewed && attempts > 1;
        self.tell(|observer| {
            observer.call_ended(&CallEnded { call, outcome, status, attempts, elapsed, replayed });
        });
    }
}
