//! Converts a failed attempt to the error of its call.

use super::retry::Reason;
use super::rules::ResponseView;
use super::runtime::NO_RUNTIME;
use super::state::CallState;
use super::{Exchange, Inner, Outgoing, skew};
use crate::decode::{self, DecodeFailure, explain, text};
use crate::error::{ApiError, Delivery, Error, ErrorKind, ErrorResponse, Renewal, Report};
use crate::operation::{Idempotency, Operation};
use crate::transport::{Fault, Phase, Received, TransportError};
use auth_core::Origin;
use bytes::Bytes;
use http::{HeaderMap, header};
use std::borrow::Cow;
use std::time::Duration;

/// The result of an attempt that did not succeed.
pub(super) enum AttemptFailure {
    /// The credential was rejected and replaced: the call is sent again.
    CredentialReplaced,
    /// The credential was rejected and can be replaced, but the provider's rules don't allow sending the call again.
    NotReplayed(Box<Failure>),
    Failed(Box<Failure>),
}

/// A failed attempt.
pub(super) struct Failure {
    pub(super) kind: ErrorKind,
    /// `None` if a retry can't succeed.
    pub(super) reason: Option<Reason>,
    /// The delay that the server requested.
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
            (Fault::Tls | Fault::Address | Fault::Proxy, _) => (ErrorKind::Connect, false),
            (Fault::Protocol, _) => (ErrorKind::Protocol, false),
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
    /// Returns the error of a call that ends with this failure.
    pub(super) fn call_error(&self, operation: &Operation, failure: Failure, state: &mut CallState) -> Error {
        let Failure { kind, reason, retry_after, response, source } = failure;
        let api = response
            .as_ref()
            .map_or_else(ApiError::new, |received| self.rules.api_error(ResponseView::of(received)));
        let is_sensitive = operation.is_sensitive();
        let mut report = response
            .as_ref()
            .map(|received| Report::read(&received.response, is_sensitive))
            .unwrap_or_default();
        report.messages.retain(|message| api.code.as_ref() != Some(message));
        let detail = match (&response, &source) {
            (Some(received), _) => detail(kind, &received.response),
            (None, Some(error)) => error.reason().unwrap_or_default(),
            (None, None) => Cow::default(),
        };
        let mut error = Error::new(kind, operation.id(), detail);
        if let Some(source) = source {
            error = error.with_source(source);
        }
        if let Some(skew) = state.wrong_clock.filter(|skew| *skew != 0 && names_credential(kind)) {
            error = error.edit(|inner| inner.detail = skew::describe(skew).into());
        }
        let error = error.edit(|inner| {
            inner.retry_after = retry_after;
            inner.retryable = reason.is_some() && may_call_again(operation, state);
            inner.api = api;
            inner.report = report;
            inner.response = response.map(|received| ErrorResponse::from(*received));
        });
        self.complete(error, state)
    }

    /// Returns the error of a call that is not sent again after its rejected credential was renewed.
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
                true => "the credential was renewed, but the call was not sent again".into(),
                false => "the credential could not be renewed, and the call was not sent again".into(),
            };
            inner.renewal = if renewed { Renewal::NotReplayed } else { inner.renewal };
            inner.retryable = retryable;
        })
    }

    /// Returns the error of a call that the client's rate limiter would delay beyond the call's deadline.
    pub(super) fn rate_limit_error(
        &self,
        operation: &Operation,
        wait: Duration,
        state: &mut CallState,
    ) -> Error {
        let retryable = may_call_again(operation, state);
        let error = Error::new(ErrorKind::Throttled, operation.id(), "rejected by the client's rate limiter");
        let error = error.edit(|inner| {
            inner.retry_after = Some(wait);
            inner.retryable = retryable;
        });
        self.complete(error, state)
    }

    /// Returns the error of a call outside a tokio runtime.
    pub(super) fn no_runtime(&self, operation: &Operation, state: &mut CallState) -> Error {
        let error = Error::configuration("runtime", NO_RUNTIME);
        self.complete(error.edit(|inner| inner.operation = operation.id()), state)
    }

    /// Returns the error of a call whose deadline passed before an attempt was sent.
    pub(super) fn timeout(
        &self,
        operation: &Operation,
        detail: impl Into<Cow<'static, str>>,
        state: &mut CallState,
    ) -> Error {
        let retryable = may_call_again(operation, state);
        let error = Error::new(ErrorKind::Timeout, operation.id(), detail);
        self.complete(error.edit(|inner| inner.retryable = retryable), state)
    }

    /// Adds what is known about the whole call to an error.
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

    /// Returns the error of a successful response that could not be decoded.
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
                let mismatch = explain::explain(body, &error);
                (mismatch.path, mismatch.reason, mismatch.cut)
            }
            DecodeFailure::Rule(reason) => ("$".to_owned(), reason.to_owned(), false),
            DecodeFailure::Mismatch(reason) => ("$".to_owned(), reason, false),
        };
        let operation = &outgoing.operation;
        let idempotency = operation.idempotency();
        // Without a content length, the body ends with the connection: incomplete JSON was truncated in transit. A
        // write whose status was received was executed nevertheless, so a retry is out of the question.
        let (kind, detail) =
            if is_blank(body) && (idempotency != Idempotency::Read || !received.close_delimited) {
                (ErrorKind::EmptyResponse, String::new())
            } else if let Some(reason) = compressed(&received.response) {
                (ErrorKind::Decode, reason)
            } else if cut && received.close_delimited {
                (ErrorKind::Transport, "the connection was closed in the middle of the response".to_owned())
            } else {
                (ErrorKind::Decode, reason)
            };
        tracker.failed(kind, elapsed);
        let report = match operation.is_sensitive() {
            true => Report::default(),
            false => Report::read_success(&received.response),
        };
        let error = Error::new(kind, operation.id(), detail).edit(|inner| {
            inner.report = report;
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

/// Returns whether the call can be sent again without a second effect, given its progress.
fn may_call_again(operation: &Operation, state: &CallState) -> bool {
    operation.idempotency() != Idempotency::Write || state.delivery != Delivery::MaybeExecuted
}

/// Returns whether a failure of this kind may be about the credential.
fn names_credential(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Unauthenticated | ErrorKind::Forbidden | ErrorKind::Api | ErrorKind::InvalidData
    )
}

/// Returns what a response of this kind says about its cause, in words that contain nothing secret.
fn detail(kind: ErrorKind, response: &http::Response<Bytes>) -> Cow<'static, str> {
    match (kind, response.status().as_u16()) {
        (_, 407) => "the proxy requires a user name and a password".into(),
        (ErrorKind::Redirect, _) => redirect_target(response.headers()).unwrap_or_default().into(),
        _ => compressed(response).map_or_else(Cow::default, Cow::from),
    }
}

/// Returns scheme and host of a redirect's target; its path and query may contain secrets.
fn redirect_target(headers: &HeaderMap) -> Option<String> {
    let location = headers.get(header::LOCATION)?.to_str().ok()?;
    match location.parse().ok().as_ref().and_then(Origin::of) {
        Some(origin) => Some(format!("to {origin}")),
        None => Some("to another path".to_owned()),
    }
}

/// Returns the reason why a compressed body is unreadable.
fn compressed(response: &http::Response<Bytes>) -> Option<String> {
    let found = decode::compression_of(response)?;
    let why = match found.is_declared {
        true => ", which the request did not allow",
        false => ", and its headers do not say so",
    };
    Some(format!("its body is compressed with {}{why}", found.coding))
}

/// Whether a body has nothing in it.
fn is_blank(body: &[u8]) -> bool {
    matches!(text::without_mark(body).trim_ascii(), b"" | b"null")
}
