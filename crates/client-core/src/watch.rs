//! What is told of one call, to its span and to the client's observer.
//!
//! A watch is made when a call starts and lives in its future, so that it also sees the future being dropped. Without
//! an observer it is a few counters and no allocation.

use crate::engine::Inner;
use crate::error::ErrorKind;
use crate::observe::{self, Span};
use crate::observer::{
    AttemptEnded, AttemptOutcome, CallEnded, CallName, CallOutcome, CallStarted, HeldBack, Observer,
    RetryReason, Retrying,
};
use crate::operation::Operation;
use auth_core::{Clock, Now};
use http::StatusCode;
use std::sync::Arc;
use std::time::Duration;

pub(crate) struct Watch {
    span: Span,
    observed: Option<Box<Observed>>,
    pub(crate) started: Now,
    pub(crate) attempts: u32,
    /// Set once a refused credential is to be replaced; it happens once per call.
    pub(crate) renewed: bool,
    status: Option<StatusCode>,
    /// How it has ended; until that is known, dropping it means that the caller went away.
    outcome: CallOutcome,
    elapsed: Duration,
}

/// What an observer costs, for those who have one.
struct Observed {
    observer: Arc<dyn Observer>,
    clock: Arc<dyn Clock>,
    call: CallName,
}

impl Observed {
    fn retrying(&self, attempt: u32, reason: RetryReason, delay: Duration, asked: Option<Duration>) {
        self.observer.retrying(&Retrying { call: self.call, attempt, reason, delay, asked });
    }
}

impl Watch {
    pub(crate) fn start(client: &Inner, operation: &Operation, span: Span, started: Now) -> Self {
        let observed = client.observer.as_ref().map(|observer| {
            let provider = client.vendor.name();
            let call = CallName { provider, operation: operation.id(), class: operation.class() };
            observer.call_started(&CallStarted { call });
            Box::new(Observed { observer: Arc::clone(observer), clock: Arc::clone(&client.clock), call })
        });
        Self {
            span,
            observed,
            started,
            attempts: 0,
            renewed: false,
            status: None,
            outcome: CallOutcome::Cancelled,
            elapsed: Duration::ZERO,
        }
    }

    pub(crate) fn held_back(&self, wait: Duration, refused: bool) {
        observe::held_back(wait, refused);
        if let Some(observed) = &self.observed {
            observed.observer.admission(&HeldBack { call: observed.call, wait, refused });
        }
    }

    pub(crate) fn attempt_ended(&mut self, outcome: AttemptOutcome, elapsed: Duration) {
        if let AttemptOutcome::Answered(status) = outcome {
            self.status = Some(status);
        }
        observe::attempt_ended(self.attempts, outcome, elapsed);
        if let Some(observed) = &self.observed {
            let (call, attempt) = (observed.call, self.attempts);
            observed.observer.attempt_ended(&AttemptEnded { call, attempt, elapsed, outcome });
        }
    }

    pub(crate) fn retrying(&self, reason: RetryReason, delay: Duration, asked: Option<Duration>) {
        observe::retrying(self.attempts, reason, delay);
        if let Some(observed) = &self.observed {
            observed.retrying(self.attempts, reason, delay, asked);
        }
    }

    /// The credential was refused and there is another; `replays` says whether the call is sent again with it.
    pub(crate) fn credential_refused(&mut self, replays: bool) {
        self.renewed |= replays;
        observe::credential_refused(self.attempts);
        if let Some(observed) = self.observed.as_ref().filter(|_| replays) {
            observed.retrying(self.attempts, RetryReason::CredentialRefused, Duration::ZERO, None);
        }
    }

    /// The last byte has come. What is left is to read it, and a failure of that is told by [`failed`](Self::failed).
    pub(crate) fn succeeded(&mut self, now: Now) {
        self.outcome = CallOutcome::Success;
        self.elapsed = now.since(self.started);
    }

    pub(crate) fn failed(&mut self, kind: ErrorKind, elapsed: Duration) {
        self.outcome = CallOutcome::Failed(kind);
        self.elapsed = elapsed;
    }

    /// Whether the call was sent again with a renewed credential.
    pub(crate) fn replayed(&self) -> bool {
        self.renewed && self.attempts > 1
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.elapsed
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let Self { attempts, status, outcome, .. } = *self;
        observe::call_ended(&self.span, attempts, status, outcome);
        if let Some(observed) = &self.observed {
            let elapsed = match outcome {
                CallOutcome::Cancelled => observed.clock.now().since(self.started),
                _ => self.elapsed,
            };
            let (call, replayed) = (observed.call, self.replayed());
            observed.observer.call_ended(&CallEnded { call, outcome, status, attempts, elapsed, replayed });
        }
    }
}
