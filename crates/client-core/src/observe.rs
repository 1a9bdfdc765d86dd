//! Spans and events of a call, behind the feature `tracing`.
//!
//! A call is one span, `api_call`, with the provider, the operation and the host; inside it each attempt, wait and
//! renewal is an event. Bodies, headers, URLs and secrets are never part of either.

use crate::operation::Operation;
use std::time::Duration;

#[cfg(feature = "tracing")]
pub(crate) type Span = tracing::Span;

#[cfg(feature = "tracing")]
pub(crate) fn span(provider: &'static str, operation: &Operation, host: &str) -> Span {
    tracing::debug_span!("api_call", provider, operation = operation.id(), host)
}

#[cfg(feature = "tracing")]
pub(crate) fn answered(attempt: u32, status: http::StatusCode, elapsed: Duration) {
    tracing::debug!(attempt, status = status.as_u16(), elapsed_ms = millis(elapsed), "answered");
}

#[cfg(feature = "tracing")]
pub(crate) fn failed(attempt: u32, error: &crate::transport::TransportError, elapsed: Duration) {
    tracing::debug!(
        attempt,
        phase = ?error.phase(),
        fault = ?error.fault(),
        elapsed_ms = millis(elapsed),
        "attempt failed"
    );
}

#[cfg(feature = "tracing")]
pub(crate) fn waiting(attempt: u32, delay: Duration) {
    tracing::info!(attempt, delay_ms = millis(delay), "will try again");
}

#[cfg(feature = "tracing")]
pub(crate) fn credential_refused(attempt: u32) {
    tracing::info!(attempt, "credential refused, asking for another");
}

#[cfg(feature = "tracing")]
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(feature = "tracing")]
pub(crate) fn within<F: Future>(span: Span, future: F) -> impl Future<Output = F::Output> {
    use tracing::Instrument as _;
    future.instrument(span)
}

#[cfg(not(feature = "tracing"))]
pub(crate) struct Span;

#[cfg(not(feature = "tracing"))]
pub(crate) fn span(_: &'static str, _: &Operation, _: &str) -> Span {
    Span
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn answered(_: u32, _: http::StatusCode, _: Duration) {}

#[cfg(not(feature = "tracing"))]
pub(crate) fn failed(_: u32, _: &crate::transport::TransportError, _: Duration) {}

#[cfg(not(feature = "tracing"))]
pub(crate) fn waiting(_: u32, _: Duration) {}

#[cfg(not(feature = "tracing"))]
pub(crate) fn credential_refused(_: u32) {}

#[cfg(not(feature = "tracing"))]
pub(crate) fn within<F: Future>(_: Span, future: F) -> F {
    future
}
