//! The attempt loop: authenticate, send, classify, recover.
//!
//! What comes in is encoded already, what goes out is judged and not yet decoded. Nothing here knows an operation's
//! types, so it is compiled once however many operations a vendor has.

use crate::call::CallOptions;
use crate::engine::{Exchange, Inner};
use crate::error::{Answer, ApiError, Error, ErrorKind};
use crate::gate::Admission;
use crate::observer::AttemptOutcome;
use crate::operation::{Class, Operation};
use crate::request::Outgoing;
use crate::retry::{self, Reason};
use crate::signing;
use crate::transport::{Fault, Phase, Progress, Received, TransportError};
use crate::vendor::{AnswerView, Verdict};
use crate::watch::Watch;
use auth_core::{Credential, CredentialSource, Now, Origin, Recovery};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// What has happened in a call so far.
struct Course {
    watch: Watch,
    started: Now,
    attempts: u32,
    /// Set once a refused credential is to be replaced; it happens once per call.
    renewed: bool,
    sent: bool,
    executed: bool,
    /// The tokens that the last repeat cost.
    taken: Option<u32>,
}

/// An attempt that was no success.
struct Failed {
    kind: ErrorKind,
    /// `None` when no repeat can help.
    reason: Option<Reason>,
    /// How long the server asks to wait.
    asked: Option<Duration>,
    answer: Option<Box<Received>>,
    source: Option<TransportError>,
}

impl Inner {
    pub(crate) async fn attempts(
        &self,
        outgoing: &Outgoing,
        options: Option<&CallOptions>,
        mut watch: Watch,
    ) -> Result<Exchange, Error> {
        let operation = &*outgoing.operation;
        let policy = options.and_then(|options| options.retry.as_ref()).unwrap_or(&self.retry);
        let operation_limit =
            options.and_then(|options| options.operation_timeout).unwrap_or(self.timeouts.operation);
        let attempt_limit =
            options.and_then(|options| options.attempt_timeout).unwrap_or(self.timeouts.attempt);
        // A reading of the clock costs as much as a small allocation, so each moment is read once.
        let mut now = self.clock.now();
        watch.started(now);
        let mut course = Course {
            watch,
            started: now,
            attempts: 0,
            renewed: false,
            sent: false,
            executed: false,
            taken: None,
        };
        // Attempts as the policy counts them; the one after a renewal is not counted.
        let mut counted = 0;
        loop {
            // What is rarely waited for is boxed, so that the future of every call stays small.
            if self.gate.is_some() {
                now = Box::pin(self.pass_gate(operation, &mut course, operation_limit, now)).await?;
            }
            let left = operation_limit.saturating_sub(now.since(course.started));
            let mut credential = self.current(operation, now);
            if credential.is_none() {
                (credential, now) = Box::pin(self.credential(operation, &mut course, left, now)).await?;
            }
            let signed = self.signed(outgoing, credential.as_ref(), now);
            let (request, progress) = signed.map_err(|error| self.complete(error, &mut course))?;
            course.attempts += 1;
            course.watch.attempt_started();
            counted += 1;
            let left = operation_limit.saturating_sub(now.since(course.started));
            let outcome = self
                .timer
                .within(attempt_limit.min(left), self.transport.send(request, self.limits))
                .await
                .unwrap_or_else(|| {
                    let phase = progress.as_ref().map_or(Phase::Sending, Progress::abandon);
                    Err(TransportError::new(phase, Fault::Deadline))
                });
            let sent_at = now;
            now = self.clock.now();
            let failed =
                match self.classify(operation, outcome, credential.as_ref(), sent_at, now, &mut course) {
                    Ok(received) => {
                        self.quota.give(course.taken);
                        let elapsed = now.since(course.started);
                        let Course { mut watch, attempts, .. } = course;
                        watch.succeeded(elapsed);
                        return Ok(Exchange { received, attempts, elapsed, watch });
                    }
                    Err(Refusal::Renewed) => {
                        counted -= 1;
                        continue;
                    }
                    Err(Refusal::NotReplayed(failed)) => {
                        let left = operation_limit.saturating_sub(now.since(course.started));
                        let renewed =
                            Box::pin(self.credential(operation, &mut course, left, now)).await.is_ok();
                        return Err(self.not_replayed(operation, *failed, &mut course, renewed));
                    }
                    Err(Refusal::Failed(failed)) => *failed,
                };
            let Some(reason) = failed.reason.filter(|_| counted < policy.attempts()) else {
                return Err(self.give_up(operation, failed, &mut course));
            };
            let not_executed = failed
                .answer
                .as_ref()
                .is_some_and(|answer| operation.is_not_executed(answer.response.status()));
            let delay = policy.delay(counted, reason, failed.asked, fastrand::f64());
            let left = operation_limit.saturating_sub(now.since(course.started));
            let Some(delay) = delay
                .filter(|delay| *delay < left)
                .filter(|_| retry::may_repeat(operation.class(), reason, not_executed))
            else {
                return Err(self.give_up(operation, failed, &mut course));
            };
            course.taken = self.quota.take(reason);
            if course.taken.is_none() {
                return Err(self.give_up(operation, failed, &mut course));
            }
            course.watch.retrying(course.attempts, reason.into(), delay, failed.asked);
            self.timer.sleep(delay).await;
            now = self.clock.now();
        }
    }

    /// The request of one attempt, and for a write a view of how far it gets: anything else is repeated all the same.
    ///
    /// Apart from the loop, for a request that is changed there would stay in the future of every call.
    fn signed(
        &self,
        outgoing: &Outgoing,
        credential: Option<&Credential>,
        now: Now,
    ) -> Result<(http::Request<Bytes>, Option<Progress>), Error> {
        let target = signing::Target { base: &self.base, user_agent: &self.user_agent };
        let mut request = signing::sign(target, outgoing, credential, now.wall)?;
        if outgoing.operation.class() != Class::Write {
            return Ok((request, None));
        }
        let progress = Progress::default();
        request.extensions_mut().insert(progress.clone());
        Ok((request, Some(progress)))
    }

    /// What signs this operation.
    fn source(&self, operation: &Operation) -> Option<&Arc<dyn CredentialSource>> {
        self.vendor.source_of(operation).or(self.credential.as_ref())
    }

    /// Waits where the client's own limit says so, and fails where it refuses. Gives back the time after that.
    async fn pass_gate(
        &self,
        operation: &Operation,
        course: &mut Course,
        limit: Duration,
        now: Now,
    ) -> Result<Now, Error> {
        let Some(gate) = &self.gate else { return Ok(now) };
        let left = limit.saturating_sub(now.since(course.started));
        let wait = match gate.admit(now) {
            Admission::Go => return Ok(now),
            Admission::GoAfter(wait) if wait < left => {
                course.watch.held_back(wait, false);
                self.timer.sleep(wait).await;
                return Ok(self.clock.now());
            }
            Admission::GoAfter(wait) | Admission::Refuse(wait) => wait,
        };
        course.watch.held_back(wait, true);
        let error = Error::new(ErrorKind::Throttled, operation.id(), "held back by this client's own limit");
        let error = error.edit(|inner| {
            inner.retry_after = Some(wait);
            inner.retryable = operation.class() != Class::Write || !course.executed;
        });
        Err(self.complete(error, course))
    }

    /// A snapshot of the credential, where it can be had without waiting.
    fn current(&self, operation: &Operation, now: Now) -> Option<Credential> {
        self.source(operation)?.current(now)
    }

    /// A snapshot of the credential, fetched within the time that is left, and the time after that.
    async fn credential(
        &self,
        operation: &Operation,
        course: &mut Course,
        left: Duration,
        now: Now,
    ) -> Result<(Option<Credential>, Now), Error> {
        let Some(source) = self.source(operation) else { return Ok((None, now)) };
        let error = match self.timer.within(left, source.obtain(now)).await {
            Some(Ok(credential)) => return Ok((Some(credential), self.clock.now())),
            Some(Err(error)) => Error::credentials(operation.id(), error),
            None => Error::new(ErrorKind::Timeout, operation.id(), "while waiting for a credential")
                .edit(|inner| inner.retryable = true),
        };
        Err(self.complete(error, course))
    }

    fn classify(
        &self,
        operation: &Operation,
        outcome: Result<Received, TransportError>,
        credential: Option<&Credential>,
        sent_at: Now,
        now: Now,
        course: &mut Course,
    ) -> Result<Received, Refusal> {
        let writes = operation.class() != Class::Read;
        let received = match outcome {
            Ok(received) => received,
            Err(error) => {
                let outcome = AttemptOutcome::Failed(error.phase(), error.fault());
                course.watch.attempt_ended(course.attempts, outcome, now.since(sent_at));
                if error.phase() != Phase::Connecting && error.fault() != Fault::Request {
                    course.sent = true;
                    course.executed |= writes;
                }
                return Err(Failed::transport(error).into());
            }
        };
        course.sent = true;
        let status = received.response.status();
        course.watch.attempt_ended(course.attempts, AttemptOutcome::Answered(status), now.since(sent_at));
        if let Some(gate) = &self.gate {
            gate.observe(status, received.response.headers(), now);
        }
        if let (Some(source), Some(credential)) = (self.source(operation), credential) {
            source.observe(credential.generation(), status, received.response.headers(), now);
        }
        let view = view_of(&received);
        let mut recovery = Recovery::Final;
        let (kind, reason) = match self.vendor.judge(operation, view) {
            Verdict::Success => return Ok(received),
            Verdict::Refused(kind) => {
                recovery = self.recover(operation, credential, course, now);
                if recovery == Recovery::TryAgain {
                    let replays = self.vendor.replay_after_renewal(operation);
                    course.watch.credential_refused(course.attempts, replays);
                    if replays {
                        course.renewed = true;
                        return Err(Refusal::Renewed);
                    }
                }
                (kind, None)
            }
            Verdict::Throttled => (ErrorKind::Throttled, Some(Reason::Throttled)),
            Verdict::Transient(kind) => (kind, Some(Reason::Transient)),
            Verdict::Permanent(kind) => (kind, None),
        };
        let denied = matches!(
            kind,
            ErrorKind::InvalidData
                | ErrorKind::Unauthenticated
                | ErrorKind::Forbidden
                | ErrorKind::NotFound
                | ErrorKind::Conflict
                | ErrorKind::Throttled
                | ErrorKind::Vendor
        );
        course.executed |= writes && !denied && !operation.is_not_executed(status);
        let asked = retry::retry_after(view.headers, now.wall)
            .or_else(|| reason.and_then(|_| self.vendor.wait_hint(view, now.wall)));
        let failed = Failed { kind, reason, asked, answer: Some(Box::new(received)), source: None };
        Err(match recovery {
            Recovery::TryAgain => Refusal::NotReplayed(Box::new(failed)),
            Recovery::Final => failed.into(),
        })
    }

    /// Whether another credential is to be had for a refused one.
    fn recover(
        &self,
        operation: &Operation,
        credential: Option<&Credential>,
        course: &Course,
        now: Now,
    ) -> Recovery {
        match (self.source(operation), credential) {
            (Some(source), Some(credential)) if !course.renewed => {
                source.refused(credential.generation(), now)
            }
            _ => Recovery::Final,
        }
    }

    /// The error of a call whose refused credential was renewed, and that must not be sent again by itself.
    fn not_replayed(
        &self,
        operation: &Operation,
        failed: Failed,
        course: &mut Course,
        renewed: bool,
    ) -> Error {
        let may_repeat = operation.class() != Class::Write || !course.executed;
        self.give_up(operation, failed, course).edit(|inner| {
            inner.detail = match renewed {
                true => "the credential was renewed, the call not replayed".into(),
                false => "the credential could not be renewed, and the call was not replayed".into(),
            };
            inner.renewed_not_replayed = renewed;
            inner.retryable = renewed && may_repeat;
        })
    }

    fn give_up(&self, operation: &Operation, failed: Failed, course: &mut Course) -> Error {
        let Failed { kind, reason, asked, answer, source } = failed;
        let api = answer.as_ref().map_or_else(ApiError::new, |answer| self.vendor.api_error(view_of(answer)));
        let redirect = (kind == ErrorKind::Redirect).then(|| redirect_target(answer.as_deref())).flatten();
        let mut error = Error::new(kind, operation.id(), redirect.unwrap_or_default());
        if let Some(source) = source {
            error = error.with_source(source);
        }
        let error = error.edit(|inner| {
            inner.retry_after = asked;
            inner.retryable = reason.is_some() && (operation.class() != Class::Write || !course.executed);
            inner.api = api;
            inner.answer = answer.map(|answer| Answer::from(*answer));
        });
        self.complete(error, course)
    }

    fn complete(&self, error: Error, course: &mut Course) -> Error {
        let elapsed = self.clock.now().since(course.started);
        course.watch.failed(error.kind(), elapsed);
        error.with_provider(self.vendor.name()).edit(|inner| {
            inner.attempts = course.attempts;
            inner.elapsed = elapsed;
            inner.sent = course.sent;
            inner.executed = course.executed;
            inner.renewed = course.renewed && course.attempts > 1;
        })
    }
}

enum Refusal {
    /// The credential was refused and there is another: go round again.
    Renewed,
    /// The credential was refused, there is another, and the vendor's rules forbid to send this call again with it.
    NotReplayed(Box<Failed>),
    Failed(Box<Failed>),
}

impl From<Failed> for Refusal {
    fn from(failed: Failed) -> Self {
        Self::Failed(Box::new(failed))
    }
}

impl Failed {
    fn transport(error: TransportError) -> Self {
        let (kind, may_pass) = match (error.fault(), error.phase()) {
            (Fault::Timeout, Phase::Connecting) => (ErrorKind::Connect, true),
            (Fault::Timeout | Fault::Deadline, _) => (ErrorKind::Timeout, true),
            (Fault::Io, Phase::Connecting) => (ErrorKind::Connect, true),
            (Fault::Io, _) => (ErrorKind::Transport, true),
            (Fault::Tls | Fault::Address, _) => (ErrorKind::Connect, false),
            (Fault::Protocol, _) => (ErrorKind::Transport, false),
            (Fault::TooLarge, _) => (ErrorKind::TooLarge, false),
            (Fault::Redirected, _) => (ErrorKind::Redirect, false),
            (Fault::Request, _) => (ErrorKind::Configuration, false),
        };
        let reason = if error.phase() == Phase::Connecting { Reason::NotSent } else { Reason::Unknown };
        Self { kind, reason: may_pass.then_some(reason), asked: None, answer: None, source: Some(error) }
    }
}

fn view_of(received: &Received) -> AnswerView<'_> {
    let response = &received.response;
    AnswerView::new(response.status(), response.headers(), response.body())
}

/// Scheme and host of a redirect's target: its path and query may hold what must not be printed.
fn redirect_target(received: Option<&Received>) -> Option<String> {
    let location = received?.response.headers().get(http::header::LOCATION)?.to_str().ok()?;
    match location.parse().ok().as_ref().and_then(Origin::of) {
        Some(origin) => Some(format!("to {origin}")),
        None => Some("to another path".to_owned()),
    }
}
