//! From a failed attempt to the error of its call.

use super::attempts::CallState;
use super::retry::Reason;
use super::rules::ResponseView;
use super::{Exchange, Inner, Outgoing};
use crate::decode::{DecodeFailure, explain};
use crate::error::{ApiError, Delivery, Error, ErrorKind, ErrorResponse, Renewal};
use crate::operation::{Idempotency, Operation};
use crate::transport::{Fault, Phase, Received, TransportError};
use auth_core::Origin;
use std::time::Duration;

/// Why an attempt did not end the call with a success.
pub(super) enum AttemptFailure {
    /// The credential was refused and replaced: the call is sent again.
    CredentialReplaced,
    /// The credential was refused and can be replaced, and the provider's rules leave it to the caller to call again.
    NotReplayed(Box<Failure>),
    Failed(Box<Failure>),
}

/// A failed attempt.
pub(super) struct Failure {
    pub(super) kind: ErrorKind,
    /// `None` when no retry can help.
    pub(super) reason: Option<Reason>,
    /// How long the server asks to wait.
    pub(super) retry_after: Option<Duration>,
    pub(super) response: Option<Box<Received>>,
    pub(super) source: Option<TransportError>,
}

impl From<Failure> for AttemptFailure {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

impl From<Received> for ErrorResponse {
    fn from(received: Received) -> Self {
        let (head, body) = received.response.into_parts();
        Self { status: head.status, headers: head.headers, body, body_truncated: received.truncated }
    }
}

impl Failure {
    pub(super) fn transport(error: TransportError) -> Self {
        let (kind, transient) = match (error.fault(), error.phase()) {
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
        let reason = if error.phase() == Phase::Connecting { Reason::NotSent } else { Reason::Lost };
        Self {
            kind,
            reason: transient.then_some(reason),
            retry_after: None,
            response: None,
            source: Some(error),
        }
    }
}

impl Inner {
    /// The error of a call that ends with this failure.
    pub(super) fn call_error(&self, operation: &Operation, failure: Failure, state: &mut CallState) -> Error {
        let Failure { kind, reason, retry_after, response, source } = failure;
        let api = response
            .as_ref()
            .map_or_else(ApiError::new, |received| self.rules.api_error(ResponseView::of(received)));
        let redirect = (kind == ErrorKind::Redirect).then(|| redirect_target(response.as_deref())).flatten();
        let mut error = Error::new(kind, operation.id(), redirect.unwrap_or_default());
        if let Some(source) = source {
            error = error.with_source(source);
        }
        let error = error.edit(|inner| {
            inner.retry_after = retry_after;
            inner.retryable = reason.is_some() && may_call_again(operation, state);
            inner.api = api;
            inner.response = response.map(|received| ErrorResponse::from(*received));
        });
        self.complete(error, state)
    }

    /// The error of a call whose refused credential was renewed, and that the engine does not send again itself.
    pub(super) fn not_replayed(
        &self,
        operation: &Operation,
        failure: Failure,
        state: &mut CallState,
        renewed: bool,
    ) -> Error {
        let retryable = renewed && may_call_again(operation, state);
        self.call_error(operation, failure, state).edit(|inner| {
            inner.detail = match renewed {
                true => "the credential was renewed, the call not replayed".into(),
                false => "the credential could not be renewed, and the call was not replayed".into(),
            };
            inner.renewal = if renewed { Renewal::NotReplayed } else { inner.renewal };
            inner.retryable = retryable;
        })
    }

    /// The error of a call that the client's own rate limiter holds back for longer than the call may take.
    pub(super) fn rate_limit_error(
        &self,
        operation: &Operation,
        wait: Duration,
        state: &mut CallState,
    ) -> Error {
        let retryable = may_call_again(operation, state);
        let error = Error::new(ErrorKind::Throttled, operation.id(), "held back by this client's own limit");
        let error = error.edit(|inner| {
            inner.retry_after = Some(wait);
            inner.retryable = retryable;
        });
        self.complete(error, state)
    }

    /// The error of a call whose credential did not arrive in time.
    pub(super) fn credential_timeout(&self, operation: &Operation, state: &mut CallState) -> Error {
        let error = Error::new(ErrorKind::Timeout, operation.id(), "while waiting for a credential");
        self.complete(error.edit(|inner| inner.retryable = true), state)
    }

    /// The error with what is known of the whole call.
    pub(super) fn complete(&self, error: Error, state: &mut CallState) -> Error {
        let elapsed = self.clock.now().since(state.started);
        state.tracker.failed(error.kind(), elapsed);
        error.with_provider(self.rules.name()).edit(|inner| {
            inner.attempts = state.attempts;
            inner.elapsed = elapsed;
            inner.delivery = state.delivery;
            if state.renewed && state.attempts > 1 {
                inner.renewal = Renewal::Replayed;
            }
        })
    }

    /// The error of a successful response that could not be decoded.
    pub(super) fn undecodable(
        &self,
        outgoing: &Outgoing,
        exchange: Exchange,
        failure: DecodeFailure,
    ) -> Error {
        let Exchange { received, attempts, elapsed, mut tracker } = exchange;
        let body = received.response.body();
        let (path, reason, cut) = match failure {
            DecodeFailure::Json(error) => {
                let misfit = explain::explain(body, &error);
                (misfit.path, misfit.reason, misfit.cut)
            }
            DecodeFailure::Rule(reason) => ("$".to_owned(), reason.to_owned(), false),
            DecodeFailure::Misfit(reason) => ("$".to_owned(), reason, false),
        };
        // Without a length, the end of the connection alone marks the end of the body: JSON that stops in the middle
        // was then cut off on the way.
        let (kind, detail) = if cut && received.close_delimited {
            (ErrorKind::Transport, "the connection ended in the middle of the response".to_owned())
        } else {
            (ErrorKind::Decode, reason)
        };
        tracker.failed(kind, elapsed);
        let operation = &outgoing.operation;
        let idempotency = operation.idempotency();
        let error = Error::new(kind, operation.id(), detail).edit(|inner| {
            inner.field = (kind == ErrorKind::Decode).then(|| path.into());
            inner.attempts = attempts;
            inner.elapsed = elapsed;
            inner.delivery =
                if idempotency == Idempotency::Read { Delivery::Sent } else { Delivery::MaybeExecuted };
            inner.retryable = kind == ErrorKind::Transport && idempotency != Idempotency::Write;
            inner.response = Some(ErrorResponse::from(received));
        });
        error.with_provider(self.rules.name())
    }
}

/// Whether making the same call again does no harm, as far as it got.
fn may_call_again(operation: &Operation, state: &CallState) -> bool {
    operation.idempotency() != Idempotency::Write || state.delivery != Delivery::MaybeExecuted
}

/// Scheme and host of a redirect's target: its path and query may hold secrets.
fn redirect_target(received: Option<&Received>) -> Option<String> {
    let location = received?.response.headers().get(http::header::LOCATION)?.to_str().ok()?;
    match location.parse().ok().as_ref().and_then(Origin::of) {
        Some(origin) => Some(format!("to {origin}")),
        None => Some("to another path".to_owned()),
    }
}
