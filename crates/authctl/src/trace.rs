//! `--trace`: what the engine reports about attempts, retries and renewals, on standard error.

use auth_client_core::observe::{
    AttemptEnded, CallEnded, CallStarted, Observer, RateLimited, RenewalEnded, Retrying,
};
use std::io::Write as _;

/// Prints a line per event. Events contain no URL, header, body or secret.
#[derive(Debug)]
pub(crate) struct Trace;

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
        line(&format!("{} waits {:?} for the rate limit", event.call.operation, event.wait));
    }

    fn attempt_ended(&self, event: &AttemptEnded) {
        line(&format!(
            "{} attempt {}: {:?} after {:?}",
            event.call.operation, event.attempt, event.outcome, event.elapsed
        ));
    }

    fn retrying(&self, event: &Retrying) {
        line(&format!("{} retries after {:?}: {}", event.call.operation, event.delay, event.reason.as_str()));
    }

    fn renewal_ended(&self, event: &RenewalEnded) {
        line(&format!("credential renewal: {:?}", event.outcome));
    }

    fn call_ended(&self, event: &CallEnded) {
        line(&format!("{} ended: {:?} after {:?}", event.call.operation, event.outcome, event.elapsed));
    }
}
