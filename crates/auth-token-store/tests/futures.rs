//! Futures are `Send`, so that they can be spawned on a runtime with several threads.

#![cfg(feature = "conformance")]

use auth_token_store::conformance::{self, Subject, budgets};

fn is_send<T: Send>(_: T) {}

/// Compiling this function is the test of the futures that it names.
fn checks(subject: &dyn Subject, budget: &dyn budgets::Subject) {
    is_send(conformance::check(subject));
    is_send(budgets::check(budget));
}

/// Compiling this function is the test of the futures that it names.
#[cfg(any(feature = "postgres", feature = "redis"))]
fn budget(budget: &auth_token_store::RateBudget) {
    is_send(budget.status());
}

#[test]
fn futures_are_send() {
    let _: fn(&dyn Subject, &dyn budgets::Subject) = checks;
    #[cfg(any(feature = "postgres", feature = "redis"))]
    let _: fn(&auth_token_store::RateBudget) = budget;
}
