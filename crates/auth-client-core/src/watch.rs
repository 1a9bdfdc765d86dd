//! What is told of one call, to its span and to the client's observer.
//!
//! A watch is made when a call starts and goes with it to its end, so that it also sees the future being dropped. Where
//! nobody listens it is an empty pointer, since every call carries one.

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

pub(crate) struct Watch(Option<Box<Watched>>);

struct Watched {
    span: Span,
    observer: Option<Arc<dyn Observer>>,
    clock: Arc<dyn Clock>,
    call: CallName,
    /// `None` until the call has begun.
    started: Option<Now>,
    attempts: u32,
    renewed: bool,
    status: Option<StatusCode>,
    /// How it has ended and how long it took; until that is known, dropping it means that the caller went away.
    end: Option<(CallOutcome, Duration)>,
}

impl Watch {
    pub(crate) fn new(client: &Inner, operation: &Operation, span: &Span) -> Self {
        if client.observer.is_none() && observe::is_off(span) {
            return Self(None);
        }
        let provider = client.vendor.name();
        Self(Some(Box::new(Watched {
            span: span.clone(),
            observer: client.observer.clone(),
            clock: Arc::clone(&client.clock),
            call: CallName { provider, operation: operation.id(), class: operation.class() },
            started: None,
            attempts: 0,
            renewed: false,
            status: None,
            end: None,
        })))
    }

    pub(crate) fn started(&mut self, now: Now) {
        if let Some(watched) = &mut self.0 {
            watched.started = Some(now);
            let call = watched.call;
            watched.tell(|observer| observer.call_started(&CallStarted { call }));
        }
    }

    pub(crate) fn held_back(&self, wait: Duration, refused: bool) {
        observe::held_back(wait, refused);
        if let Some(watched) = &self.0 {
            let call = watched.call;
            watched.tell(|observer| observer.admission(&HeldBack { call, wait, refused }));
        }
    }

    pub(crate) fn attempt_started(&mut self) {
        if let Some(watched) = &mut self.0 {
            watched.attempts += 1;
        }
    }

    pub(crate) fn attempt_ended(&mut self, attempt: u32, outcome: AttemptOutcome, elapsed: Duration) {
        observe::attempt_ended(attempt, outcome, elapsed);
        if let Some(watched) = &mut self.0 {
            if let AttemptOutcome::Answered(status) = outcome {
                watched.status = Some(status);
            }
            let event = AttemptEnded { call: watched.call, attempt, elapsed, outcome };
            watched.tell(|observer| observer.attempt_ended(&event));
        }
    }

    pub(crate) fn retrying(
        &self,
        attempt: u32,
        reason: RetryReason,
        delay: Duration,
        asked: Option<Duration>,
    ) {
        observe::retrying(attempt, reason, delay);
        if let Some(watched) = &self.0 {
            let event = Retrying { call: watched.call, attempt, reason, delay, asked };
            watched.tell(|observer| observer.retrying(&event));
        }
    }

    /// The credential was refused and there is another; `replays` says whether the call is sent again with it.
    pub(crate) fn credential_refused(&mut self, attempt: u32, replays: bool) {
        observe::credential_refused(attempt);
        if let Some(watched) = self.0.as_mut().filter(|_| replays) {
            watched.renewed = true;
            let (reason, delay) = (RetryReason::CredentialRefused, Duration::ZERO);
            let event = Retrying { call: watched.call, attempt, reason, delay, asked: None };
            watched.tell(|observer| observer.retrying(&event));
        }
    }

    /// The last byte has come. What is left is to read it, and a failure of that is told by [`failed`](Self::failed).
    pub(crate) fn succeeded(&mut self, elapsed: Duration) {
        self.end(CallOutcome::Success, elapsed);
    }

    pub(crate) fn failed(&mut self, kind: ErrorKind, elapsed: Duration) {
        self.end(CallOutcome::Failed(kind), elapsed);
    }

    fn end(&mut self, outcome: CallOutcome, elapsed: Duration) {
        if let Some(watched) = &mut self.0 {
            watched.end = Some((outcome, elapsed));
        }
    }
}

impl Watched {
    fn tell(&self, event: impl FnOnce(&dyn Observer)) {
        if let Some(observer) = &self.observer {
            event(&**observer);
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let Some(started) = self.started else { return };
        let (call, status, attempts) = (self.call, self.status, self.attempts);
        let (outcome, elapsed) =
            self.end.unwrap_or_else(|| (CallOutcome::Cancelled, self.clock.now().since(started)));
        observe::call_ended(&self.span, attempts, status, outcome);
        let replayed = self.renewed && attempts > 1;
        self.tell(|observer| {
            observer.call_ended(&CallEnded { call, outcome, status, attempts, elapsed, replayed });
        });
    }
}
