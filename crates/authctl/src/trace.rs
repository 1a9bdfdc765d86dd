//! `--trace`: what the engine reports about attempts, retries and renewals, on standard error.

use auth_client_core::observe::{
    AttemptEnded, CallEnded, CallStarted, Observer, RateLimited, RenewalEnded, Retrying,
};
use std::io::Write as _;
use std::time::Duration;

/// Prints a line per event. Events contain no URL, header, body or secret.
#[derive(Debug)]
pub(crate) struct Trace;

/// Milliseconds with one digit after the point.
fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

/// `FoundInStore` as `found in store`.
fn spelled(outcome: &impl std::fmt::Debug) -> String {
    let name = format!("{outcome:?}");
    if !name.chars().all(|c| c.is_ascii_alphanumeric()) {
        return name;
    }
    let mut text = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

fn line(text: &str) {
    // Ignored: standard error may be closed.
    let _ = writeln!(std::io::stderr(), "trace: {text}");
}

impl Observer for Trace {
    fn call_started(&self, event: &CallStarted) {
        line(&format!(
            "{} {} started ({:?})",
            event.call.provider, event.call.operation, event.call.idempotency
        ));
    }

    fn rate_limited(&self, event: &RateLimited) {
        line(&format!("{} waits {} for the rate limit", event.call.operation, ms(event.wait)));
    }

    fn attempt_ended(&self, event: &AttemptEnded) {
        line(&format!(
            "{} attempt {}: {} after {}",
            event.call.operation,
            event.attempt,
            spelled(&event.outcome),
            ms(event.elapsed)
        ));
    }

    fn retrying(&self, event: &Retrying) {
        line(&format!(
            "{} retries after {}: {}",
            event.call.operation,
            ms(event.delay),
            event.reason.as_str()
        ));
    }

    fn renewal_ended(&self, event: &RenewalEnded) {
        line(&format!("credential renewal: {}", spelled(&event.outcome)));
    }

    fn call_ended(&self, event: &CallEnded) {
        line(&format!(
            "{} ended: {} after {}",
            event.call.operation,
            spelled(&event.outcome),
            ms(event.elapsed)
        ));
    }
}
