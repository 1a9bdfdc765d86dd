//! The attempt loop: authenticate, send, classify, recover.
//!
//! Requests are encoded before and responses decoded after this loop. It doesn't depend on the types of an operation,
//! so it is compiled once, regardless of the number of operations.

use super::failure::{AttemptFailure, Failure};
use super::retry::{self, Reason};
use super::rules::{self, Classification, ResponseView};
use super::runtime::Sending;
use super::state::CallState;
use super::{CallOptions, Exchange, Inner, Outgoing, signing, skew};
use crate::error::{Delivery, Error, ErrorKind};
use crate::observe::AttemptOutcome;
use crate::observe::tracker::CallTracker;
use crate::operation::{Idempotency, Operation};
use crate::transport::{Fault, Phase, Progress, Received, TransportError, has_body};
use auth_core::rate_limit::{RateLimitReport, RateLimiterDecision};
use auth_core::{Credential, CredentialSource, Now, Recovery};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

impl Inner {
    pub(super) async fn attempts(
        &self,
        outgoing: &Outgoing,
        options: Option<&CallOptions>,
        mut tracker: CallTracker,
    ) -> Result<Exchange, Error> {
        let operation = &*outgoing.operation;
        let policy = options.and_then(|options| options.retry.as_ref()).unwrap_or(&self.retry);
        let operation_limit =
            options.and_then(|options| options.operation_timeout).unwrap_or(self.timeouts.operation);
        let attempt_limit =
            options.and_then(|options| options.attempt_timeout).unwrap_or(self.timeouts.attempt);
        // Reading the clock costs as much as a small allocation, so the loop reads it once per step.
        let mut now = self.clock.now();
        tracker.started(now);
        let mut state = CallState::new(tracker, now);
        if !self.timer.works() {
            return Err(self.no_runtime(operation, &mut state));
        }
        // The number of attempts that the policy counts; the one after a renewal is not counted.
        let mut counted = 0;
        loop {
            // Rare waits are boxed to keep the future of every call small.
            let mut permit = None;
            if self.rate_limiter.is_some() {
                (permit, now) =
                    Box::pin(self.pass_rate_limiter(operation, &mut state, operation_limit, now)).await?;
            }
            let mut credential = self.current(operation, now);
            if credential.is_none() {
                let left = state.left(operation_limit, now);
                (credential, now) = Box::pin(self.credential(operation, &mut state, left, now)).await?;
            }
            state.skew = self.skew.get();
            let signed = self.signed(outgoing, credential.as_ref(), now, state.skew);
            let (request, progress) = signed.map_err(|error| self.complete(error, &mut state))?;
            state.attempts += 1;
            state.tracker.attempt_started();
            counted += 1;
            if let Some(permit) = permit {
                permit.spend();
            }
            let outcome = self
                .timer
                .within(
                    attempt_limit.min(state.left(operation_limit, now)),
                    Sending(self.transport.send(request, self.limits)),
                )
                .await
                .unwrap_or_else(|| {
                    let phase = progress.as_ref().map_or(Phase::Sending, Progress::abandon);
                    Err(TransportError::new(phase, Fault::Deadline))
                });
            let sent_at = now;
            now = self.clock.now();
            let failure =
                match self.classify(operation, outcome, credential.as_ref(), sent_at, now, &mut state) {
                    Ok(received) => {
                        self.quota.give(state.retry_cost);
                        let elapsed = now.since(state.started);
                        let CallState { mut tracker, attempts, .. } = state;
                        tracker.succeeded(elapsed);
                        return Ok(Exchange { received, attempts, elapsed, tracker });
                    }
                    Err(AttemptFailure::CredentialReplaced) => {
                        counted -= 1;
                        continue;
                    }
                    Err(AttemptFailure::NotReplayed(failure)) => {
                        let left = state.left(operation_limit, now);
                        let renewed =
                            Box::pin(self.credential(operation, &mut state, left, now)).await.is_ok();
                        return Err(self.not_replayed(operation, *failure, &mut state, renewed));
                    }
                    Err(AttemptFailure::Failed(failure)) => *failure,
                };
            let Some(reason) = failure.reason.filter(|_| counted < policy.attempts()) else {
                return Err(self.call_error(operation, failure, &mut state));
            };
            let not_executed = failure
                .response
                .as_ref()
                .is_some_and(|received| operation.is_not_executed(received.response.status()));
            let delay = policy.delay(counted, reason, failure.retry_after, fastrand::f64());
            let left = state.left(operation_limit, now);
            let Some(delay) = delay
                .filter(|delay| *delay < left)
                .filter(|_| retry::may_retry(operation.idempotency(), reason, not_executed))
            else {
                return Err(self.call_error(operation, failure, &mut state));
            };
            state.retry_cost = self.quota.take(reason);
            if state.retry_cost.is_none() {
                return Err(self.call_error(operation, failure, &mut state));
            }
            state.tracker.retrying(state.attempts, reason.into(), delay, failure.retry_after);
            self.timer.sleep(delay).await;
            now = self.clock.now();
        }
    }

    /// Builds the request of one attempt. For a write, also returns its progress; other requests are retried regardless
    /// of it.
    ///
    /// A separate function, because the edited request would otherwise be stored in the future of every call.
    fn signed(
        &self,
        outgoing: &Outgoing,
        credential: Option<&Credential>,
        now: Now,
        skew: i64,
    ) -> Result<(http::Request<Bytes>, Option<Progress>), Error> {
        let target = signing::Target { base: &self.base, user_agent: &self.user_agent };
        let mut request = signing::sign(target, outgoing, credential, skew::shift(now.wall, skew))?;
        if outgoing.operation.idempotency() != Idempotency::Write {
            return Ok((request, None));
        }
        let progress = Progress::default();
        request.extensions_mut().insert(progress.clone());
        Ok((request, Some(progress)))
    }

    /// Returns the credential source of this operation.
    fn source(&self, operation: &Operation) -> Option<&Arc<dyn CredentialSource>> {
        self.rules.source_of(operation).or(self.credential.as_ref())
    }

    /// Waits for the delay of the client's rate limiter, or fails if it rejects the attempt. Returns the permit of the
    /// attempt, and the time afterwards.
    async fn pass_rate_limiter(
        &self,
        operation: &Operation,
        state: &mut CallState,
        limit: Duration,
        mut now: Now,
    ) -> Result<(Option<Permit<'_>>, Now), Error> {
        let Some(rate_limiter) = &self.rate_limiter else { return Ok((None, now)) };
        let late = |state| Err(self.timeout(operation, "while waiting for the client's rate limiter", state));
        loop {
            let left = state.left(limit, now);
            let Some(decision) = self.timer.within(left, rate_limiter.check(now, left)).await else {
                return late(state);
            };
            now = self.clock.now();
            let left = state.left(limit, now);
            let (wait, proceeds) = match decision {
                RateLimiterDecision::Proceed => return Ok((Some(Permit(self)), now)),
                RateLimiterDecision::ProceedAfter(wait) => (wait, wait < left),
                RateLimiterDecision::CheckAfter(wait) if wait < left => {
                    state.tracker.rate_limited(wait, false);
                    self.timer.sleep(wait).await;
                    now = self.clock.now();
                    continue;
                }
                RateLimiterDecision::CheckAfter(wait) | RateLimiterDecision::Reject(wait) => (wait, false),
                _ => (Duration::ZERO, false),
            };
            let permit = matches!(decision, RateLimiterDecision::ProceedAfter(_)).then(|| Permit(self));
            state.tracker.rate_limited(wait, !proceeds);
            if !proceeds {
                return Err(self.rate_limit_error(operation, wait, state));
            }
            self.timer.sleep(wait).await;
            now = self.clock.now();
            let left = state.left(limit, now);
            let Some(pause) = self.timer.within(left, rate_limiter.pause(now)).await else {
                return late(state);
            };
            now = self.clock.now();
            if pause.is_none() {
                return Ok((permit, now));
            }
            // The permit goes back, and the attempt is checked again.
        }
    }

    /// Returns a snapshot of the credential if one is available without waiting.
    fn current(&self, operation: &Operation, now: Now) -> Option<Credential> {
        self.source(operation)?.current(now)
    }

    /// Obtains the credential of an operation within the time limit of a call, and sends nothing else.
    pub(super) async fn authenticate(&self, operation: &Operation) -> Result<(), Error> {
        let now = self.clock.now();
        // The requests by which the credential is obtained are calls, and are observed as such.
        let mut state = CallState::new(CallTracker::off(), now);
        if !self.timer.works() {
            return Err(self.no_runtime(operation, &mut state));
        }
        self.credential(operation, &mut state, self.timeouts.operation, now).await.map(drop)
    }

    /// Returns a snapshot of the credential, obtained within the remaining time, and the time afterwards.
    async fn credential(
        &self,
        operation: &Operation,
        state: &mut CallState,
        left: Duration,
        now: Now,
    ) -> Result<(Option<Credential>, Now), Error> {
        let Some(source) = self.source(operation) else { return Ok((None, now)) };
        match self.timer.within(left, source.obtain(now)).await {
            Some(Ok(credential)) => Ok((Some(credential), self.clock.now())),
            Some(Err(error)) => Err(self.complete(Error::credentials(operation.id(), error), state)),
            None => {
                let what = source.waits_for().map(|what| format!(": {what}")).unwrap_or_default();
                Err(self.timeout(operation, format!("while waiting for a credential{what}"), state))
            }
        }
    }

    fn classify(
        &self,
        operation: &Operation,
        outcome: Result<Received, TransportError>,
        credential: Option<&Credential>,
        sent_at: Now,
        now: Now,
        state: &mut CallState,
    ) -> Result<Received, AttemptFailure> {
        // The point of an attempt after which the server may have executed the request.
        let executed = match operation.idempotency() {
            Idempotency::Read => Delivery::Sent,
            Idempotency::IdempotentWrite | Idempotency::Write => Delivery::MaybeExecuted,
        };
        let received = match outcome {
            Ok(received) if has_body(operation.method(), received.response.status()) => received,
            Ok(received) => received.without_body(),
            Err(error) => {
                let outcome = AttemptOutcome::Failed(error.phase(), error.fault());
                state.tracker.attempt_ended(state.attempts, outcome, now.since(sent_at));
                if error.phase() != Phase::Connecting && error.fault() != Fault::Request {
                    state.delivery = state.delivery.max(executed);
                } else if let Some(rate_limiter) = &self.rate_limiter {
                    rate_limiter.unused(now);
                }
                return Err(Failure::transport(error).into());
            }
        };
        let status = received.response.status();
        state.tracker.attempt_ended(state.attempts, AttemptOutcome::Response(status), now.since(sent_at));
        if let Some(rate_limiter) = &self.rate_limiter {
            let mut report = RateLimitReport::new(status);
            let headers = received.response.headers();
            report.limit = self.rules.rate_limit(headers);
            report.retry_after = retry::retry_after(headers, now.wall);
            rate_limiter.observe(&report, now);
        }
        if let (Some(source), Some(credential)) = (self.source(operation), credential) {
            source.observe(credential.generation(), status, received.response.headers(), now);
        }
        let view = ResponseView::of(&received);
        let classification = self.rules.classify(view);
        let refused = matches!(classification, Classification::CredentialRefused(_)) || status == 403;
        let signs_time = || credential.is_some_and(|credential| credential.signer().signs_time());
        let skew = ((refused || status == 400) && signs_time())
            .then(|| skew::measure(view.headers, state.skew, sent_at.wall, now.wall))
            .flatten();
        if refused && signs_time() {
            self.skew.reject(state.skew);
        }
        // After a correction, other responses than a refused credential have another cause.
        state.wrong_clock = skew.or(state.wrong_clock.filter(|_| refused));
        // A server may also reject a signature of another time with a 403.
        let classification = match classification {
            Classification::Permanent(kind @ ErrorKind::Forbidden) if skew.is_some() => {
                Classification::CredentialRefused(kind)
            }
            other => other,
        };
        let mut recovery = Recovery::Final;
        let (kind, reason) = match classification {
            Classification::Success => {
                if signs_time() {
                    self.skew.accept(state.skew);
                }
                state.delivery = state.delivery.max(Delivery::Sent);
                return Ok(received);
            }
            Classification::CredentialRefused(kind) => {
                recovery = self.recover(operation, credential, state, now);
                if recovery == Recovery::TryAgain {
                    let replays = self.rules.replay_after_renewal(operation);
                    state.tracker.credential_refused(state.attempts, replays);
                    if replays {
                        state.delivery = state.delivery.max(Delivery::Sent);
                        state.renewed = true;
                        return Err(AttemptFailure::CredentialReplaced);
                    }
                }
                (kind, None)
            }
            Classification::Throttled => (ErrorKind::Throttled, Some(Reason::Throttled)),
            Classification::Transient(kind) => (kind, Some(Reason::Transient)),
            Classification::Permanent(kind) => (kind, None),
        };
        let refused = kind.is_refusal() || rules::is_refusal(status) || operation.is_not_executed(status);
        state.delivery = state.delivery.max(match (refused, kind) {
            (true, ErrorKind::Connect) => Delivery::NotSent,
            (true, _) => Delivery::Sent,
            (false, _) => executed,
        });
        let retry_after = retry::retry_after(view.headers, now.wall)
            .or_else(|| reason.and_then(|_| self.rules.wait_hint(view, now.wall)));
        let failure = Failure { kind, reason, retry_after, response: Some(Box::new(received)), source: None };
        Err(match recovery {
            Recovery::TryAgain => AttemptFailure::NotReplayed(Box::new(failure)),
            Recovery::Final => failure.into(),
        })
    }

    /// Returns whether another credential is available in place of a rejected one.
    fn recover(
        &self,
        operation: &Operation,
        credential: Option<&Credential>,
        state: &CallState,
        now: Now,
    ) -> Recovery {
        match (self.source(operation), credential, state.wrong_clock) {
            _ if state.renewed => Recovery::Final,
            // Another call may have corrected the clock since this one was signed.
            (_, _, Some(skew)) => {
                self.skew.set(skew);
                Recovery::TryAgain
            }
            (Some(source), Some(credential), None) => source.refused(credential.generation(), now),
            _ => Recovery::Final,
        }
    }
}

/// The permission of the client's rate limiter for one attempt. It is returned if it is dropped before the attempt is
/// sent.
struct Permit<'a>(&'a Inner);

impl Permit<'_> {
    fn spend(self) {
        std::mem::forget(self);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if let Some(rate_limiter) = &self.0.rate_limiter {
            rate_limiter.unused(self.0.clock.now());
        }
    }
}
