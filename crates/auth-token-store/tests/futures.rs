//! Futures are `Send`, so that they can be spawned on a runtime with several threads.

#![cfg(feature = "conformance")]

#[cfg(any(feature = "postgres", feature = "redis"))]
use auth_core::store::StoreKey;
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

/// Compiling this function is the test of the futures that it names.
#[cfg(feature = "postgres")]
fn in_postgres(store: &auth_token_store::PostgresStore, key: &StoreKey) {
    is_send(store.status(key));
}

/// Compiling this function is the test of the futures that it names.
#[cfg(feature = "redis")]
fn in_redis(store: &auth_token_store::RedisStore, key: &StoreKey) {
    is_send(store.status(key));
}

#[test]
fn futures_are_send() {
    let _: fn(&dyn Subject, &dyn budgets::Subject) = checks;
    #[cfg(any(feature = "postgres", feature = "redis"))]
    let _: fn(&auth_token_store::RateBudget) = budget;
    #[cfg(feature = "postgres")]
    let _: fn(&auth_token_store::PostgresStore, &StoreKey) = in_postgres;
    #[cfg(feature = "redis")]
    let _: fn(&auth_token_store::RedisStore, &StoreKey) = in_redis;
}
