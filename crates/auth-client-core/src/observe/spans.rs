//! Spans and events of a call, behind the feature `tracing`. Their names and fields are documented at the crate
//! root and are stable.
//!
//! A call is one span, `api_call`; each attempt, delay and rejected credential is an event inside it. A renewal has its
//! own span, because it runs in its own task. Names follow OpenTelemetry where it defines one. Bodies, headers, URLs
//! and secrets are never recorded.
//!
//! A panic of the subscriber ends here: it must not cost a call its response, or a renewal the pair that the server has
//! just issued.

#[cfg(not(feature = "tracing"))]
pub(crate) use off::*;
#[cfg(feature = "tracing")]
pub(crate) use on::*;

#[cfg(feature = "tracing")]
mod on {
    use crate::observe::{AttemptOutcome, CallOutcome, RenewalOutcome, RetryReason, contain};
    use crate::operation::Operation;
    use http::StatusCode;
    use pin_project_lite::pin_project;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use std::time::Duration;
    use tracing::field::Empty;
    use tracing::span::Entered;

    /// A span; `None` if nothing is recorded for it.
    pub(crate) struct Span(Option<tracing::Span>);

    impl Span {
        fn new(create: impl FnOnce() -> tracing::Span) -> Self {
            Self(contain(create).filter(|span| !span.is_disabled()))
        }

        fn with(&self, use_it: impl FnOnce(&tracing::Span)) {
            if let Some(span) = &self.0 {
                contain(|| use_it(span));
            }
        }
    }

    impl Clone for Span {
        fn clone(&self) -> Self {
            Self(self.0.as_ref().and_then(|span| contain(|| span.clone())))
        }
    }

    /// Notifies the subscriber.
    impl Drop for Span {
        fn drop(&mut self) {
            if let Some(span) = self.0.take() {
                contain(|| drop(span));
            }
        }
    }

    pub(crate) fn call(provider: &'static str, operation: &Operation, host: &str) -> Span {
        Span::new(|| {
            tracing::debug_span!(
                "api_call",
                otel.kind = "client",
                provider,
                operation = operation.id(),
                server.address = host,
                http.request.method = operation.method().as_str(),
                http.response.status_code = Empty,
                http.request.resend_count = Empty,
                error.type = Empty,
            )
        })
    }

    /// Returns whether nothing is recorded for this span.
    pub(crate) fn is_off(span: &Span) -> bool {
        span.0.is_none()
    }

    pub(crate) fn call_ended(span: &Span, attempts: u32, status: Option<StatusCode>, outcome: CallOutcome) {
        span.with(|span| {
            if let Some(status) = status {
                span.record("http.response.status_code", status.as_u16());
            }
            if attempts > 1 {
                span.record("http.request.resend_count", attempts - 1);
            }
            if !outcome.is_success() {
                span.record("error.type", outcome.as_str());
            }
        });
    }

    pub(crate) fn attempt_ended(attempt: u32, outcome: AttemptOutcome, elapsed: Duration) {
        let elapsed_ms = millis(elapsed);
        contain(|| match outcome {
            AttemptOutcome::Response(status) => tracing::debug!(
                name: "api_call.response",
                attempt,
                http.response.status_code = status.as_u16(),
                elapsed_ms,
                "answered"
            ),
            AttemptOutcome::Failed(phase, fault) => tracing::debug!(
                name: "api_call.attempt_failed",
                attempt,
                phase = phase.as_str(),
                error.type = fault.as_str(),
                elapsed_ms,
                "attempt failed"
            ),
        });
    }

    pub(crate) fn retrying(attempt: u32, reason: RetryReason, delay: Duration) {
        contain(|| {
            tracing::info!(
                name: "api_call.retrying",
                attempt,
                reason = reason.as_str(),
                delay_ms = millis(delay),
                "retrying"
            );
        });
    }

    pub(crate) fn rate_limited(wait: Duration, rejected: bool) {
        contain(|| {
            tracing::info!(
                name: "api_call.rate_limited",
                wait_ms = millis(wait),
                rejected,
                "limited by the client's rate limiter"
            );
        });
    }

    pub(crate) fn credential_refused(attempt: u32) {
        contain(|| {
            tracing::info!(name: "api_call.credential_refused", attempt, "credential refused, requesting another");
        });
    }

    /// A root span, because a canceled call must not stay open for it.
    pub(crate) fn renewal(provider: &'static str) -> Span {
        let span =
            Span::new(|| tracing::debug_span!(parent: None, "credential_renewal", provider, outcome = Empty));
        // Guarded too, so that no span is dropped while a panic of the subscriber unwinds, which would abort.
        let current = Span::new(tracing::Span::current);
        span.with(|span| {
            span.follows_from(current.0.as_ref().and_then(tracing::Span::id));
        });
        span
    }

    pub(crate) fn renewal_ended(span: &Span, outcome: RenewalOutcome, elapsed: Duration) {
        span.with(|span| {
            span.record("outcome", outcome.as_str());
        });
        let report = || {
            tracing::info!(
                name: "credential_renewal.ended",
                outcome = outcome.as_str(),
                elapsed_ms = millis(elapsed),
                "renewal ended"
            );
        };
        let _entered = Entry::of(span);
        contain(report);
    }

    pub(crate) fn within<F: Future>(span: Span, future: F) -> impl Future<Output = F::Output> {
        Within { future, span }
    }

    pin_project! {
        /// A future in a span. Unlike `Instrumented` of tracing, it drops the future without entering the span first: if
        /// the subscriber panicked there, the future would never be dropped.
        struct Within<F> {
            #[pin]
            future: F,
            span: Span,
        }
    }

    impl<F: Future> Future for Within<F> {
        type Output = F::Output;

        fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
            let this = self.project();
            let _entered = Entry::of(this.span);
            this.future.poll(context)
        }
    }

    /// Exits the span on drop.
    struct Entry<'a>(Option<Entered<'a>>);

    impl<'a> Entry<'a> {
        fn of(span: &'a Span) -> Self {
            Self(span.0.as_ref().and_then(|span| contain(|| span.enter())))
        }
    }

    impl Drop for Entry<'_> {
        fn drop(&mut self) {
            if let Some(entered) = self.0.take() {
                contain(|| drop(entered));
            }
        }
    }

    fn millis(duration: Duration) -> u64 {
        u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(not(feature = "tracing"))]
mod off {
    use crate::observe::{AttemptOutcome, CallOutcome, RenewalOutcome, RetryReason};
    use crate::operation::Operation;
    use http::StatusCode;
    use std::time::Duration;

    #[derive(Clone)]
    pub(crate) struct Span;

    pub(crate) fn call(_: &'static str, _: &Operation, _: &str) -> Span {
        Span
    }

    pub(crate) fn is_off(_: &Span) -> bool {
        true
    }

    pub(crate) fn call_ended(_: &Span, _: u32, _: Option<StatusCode>, _: CallOutcome) {}

    pub(crate) fn attempt_ended(_: u32, _: AttemptOutcome, _: Duration) {}

    pub(crate) fn retrying(_: u32, _: RetryReason, _: Duration) {}

    pub(crate) fn rate_limited(_: Duration, _: bool) {}

    pub(crate) fn credential_refused(_: u32) {}

    pub(crate) fn renewal(_: &'static str) -> Span {
        Span
    }

    pub(crate) fn renewal_ended(_: &Span, _: RenewalOutcome, _: Duration) {}

    pub(crate) fn within<F: Future>(_: Span, future: F) -> F {
        future
    }
}
