//! Counts calls, attempts and retries per operation, and measures latencies, with an observer.
//!
//! ```sh
//! cargo run --example metrics
//! ```
//!
//! Two clients share one observer. Its events contain operations, outcomes and durations, but no request data, so they
//! can be exported to any monitoring system. The example starts the emulator in this process and injects faults.

#![allow(clippy::print_stdout, reason = "the example prints a table")]

use auth_emulator::{Emulator, Fault, FaultRule};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use verigator_client::Observer;
use verigator_client::models::{NewService, NewUser};
use verigator_client::observe::{AttemptEnded, CallEnded, CallName, RenewalEnded, Retrying};

/// Upper bounds of the histogram's buckets. One more bucket counts longer attempts.
const BUCKETS: [Duration; 5] = [
    Duration::from_millis(1),
    Duration::from_millis(5),
    Duration::from_millis(25),
    Duration::from_millis(250),
    Duration::from_secs(1),
];

/// The numbers of one operation.
#[derive(Debug, Default)]
struct Row {
    calls: u64,
    attempts: u64,
    /// Number of retries by reason.
    retries: BTreeMap<&'static str, u64>,
    /// Number of calls by outcome.
    outcomes: BTreeMap<&'static str, u64>,
    /// Number of attempts by bucket.
    latency: [u64; BUCKETS.len() + 1],
}

#[derive(Debug, Default)]
struct Numbers {
    operations: BTreeMap<(&'static str, &'static str), Row>,
    renewals: BTreeMap<(&'static str, &'static str), u64>,
}

/// Collects the numbers. A program with many concurrent calls would use atomic counters instead of a mutex.
#[derive(Debug, Default)]
struct Metrics(Mutex<Numbers>);

impl Metrics {
    fn numbers(&self) -> MutexGuard<'_, Numbers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, call: CallName, change: impl FnOnce(&mut Row)) {
        change(self.numbers().operations.entry((call.provider, call.operation)).or_default());
    }
}

impl Observer for Metrics {
    fn attempt_ended(&self, event: &AttemptEnded) {
        self.of(event.call, |row| {
            row.attempts += 1;
            let bucket = BUCKETS.iter().take_while(|end| event.elapsed > **end).count();
            if let Some(count) = row.latency.get_mut(bucket) {
                *count += 1;
            }
        });
    }

    fn retrying(&self, event: &Retrying) {
        self.of(event.call, |row| *row.retries.entry(event.reason.as_str()).or_default() += 1);
    }

    fn renewal_ended(&self, event: &RenewalEnded) {
        *self.numbers().renewals.entry((event.provider, event.outcome.as_str())).or_default() += 1;
    }

    fn call_ended(&self, event: &CallEnded) {
        self.of(event.call, |row| {
            row.calls += 1;
            *row.outcomes.entry(event.outcome.as_str()).or_default() += 1;
        });
    }
}

#[tokio::main]
async fn main() -> auth_client_examples::Result {
    let metrics = Arc::new(Metrics::default());
    let emulator = Emulator::start().await?;
    verigator(&emulator, &metrics).await?;
    virtuous(&emulator, &metrics).await?;
    print(&metrics.numbers());
    Ok(())
}

/// Makes reads while the server fails twice, and one read of an unknown user.
async fn verigator(emulator: &Emulator, metrics: &Arc<Metrics>) -> auth_client_examples::Result {
    let verigator = emulator.verigator();
    let client = verigator_client::Client::builder(verigator.username(), verigator.password())
        .base_url(verigator.base_url())
        .observer(Arc::clone(metrics))
        .build()?;
    let service = client.services().create(NewService::fqdn("coffeeshop.com").name("CoffeeShop")).await?;
    let users = client.users(&service.id);
    for number in 0..20 {
        let name = format!("user-{number}@example.com");
        users.create(NewUser::id_in_service(name).phone_number("+37251000001")).await?;
    }
    emulator.add_fault(FaultRule::new("verigator", Fault::status(503)).method("GET").times(2))?;
    for _ in 0..20 {
        users.list().await?;
    }
    if let Ok(user) = users.get("nobody").await {
        return Err(format!("unexpected user {user:?}").into());
    }
    Ok(())
}

/// Concurrent calls with an expired token.
async fn virtuous(emulator: &Emulator, metrics: &Arc<Metrics>) -> auth_client_examples::Result {
    let virtuous = emulator.virtuous();
    let client = virtuous_client::Client::builder()
        .session()
        .base_url(virtuous.base_url())
        .observer(Arc::clone(metrics))
        .build()?;
    client.login(virtuous.username(), virtuous.password()).await?;
    virtuous.expire_access_tokens();
    let calls: Vec<_> =
        (0..30).map(|_| tokio::spawn(client.organizations().current().into_future())).collect();
    for call in calls {
        call.await??;
    }
    Ok(())
}

fn print(numbers: &Numbers) {
    let bounds = ["≤1 ms", "≤5 ms", "≤25 ms", "≤250 ms", "≤1 s", "more"].map(|bound| format!("{bound:>8}"));
    println!("{:<34}{:>6}{:>9}{}", "operation", "calls", "attempts", bounds.concat());
    for ((provider, operation), row) in &numbers.operations {
        let name = format!("{provider} {operation}");
        let latency = row.latency.map(|count| format!("{count:>8}")).concat();
        println!("{name:<34}{:>6}{:>9}{latency}", row.calls, row.attempts);
        println!("    outcomes: {}", list(&row.outcomes));
        if !row.retries.is_empty() {
            println!("    retries: {}", list(&row.retries));
        }
    }
    for ((provider, outcome), count) in &numbers.renewals {
        println!("{provider} credential renewals: {outcome} {count}");
    }
}

fn list(counts: &BTreeMap<&'static str, u64>) -> String {
    counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}
