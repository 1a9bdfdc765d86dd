//! Counters and a histogram of latencies per operation: `cargo run --example metrics`.
//!
//! One observer serves two clients. It knows operations, outcomes and times, and nothing that was sent: whatever is
//! exported from here can go to any monitoring system. The emulator runs in this process and is told to misbehave.

#![allow(clippy::print_stdout, reason = "the table is what this is for")]

use auth_emulator::{Emulator, Fault, FaultRule};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use verigator_client::Observer;
use verigator_client::models::{NewService, NewUser};
use verigator_client::observe::{AttemptEnded, CallEnded, CallName, RenewalEnded, Retrying};

/// Upper ends of the histogram's buckets; what takes longer goes into one more.
const BUCKETS: [Duration; 5] = [
    Duration::from_millis(1),
    Duration::from_millis(5),
    Duration::from_millis(25),
    Duration::from_millis(250),
    Duration::from_secs(1),
];

/// What is known about one operation.
#[derive(Debug, Default)]
struct Row {
    calls: u64,
    attempts: u64,
    /// Why attempts were repeated.
    retries: BTreeMap<&'static str, u64>,
    /// How calls ended.
    outcomes: BTreeMap<&'static str, u64>,
    /// How many attempts took how long.
    latency: [u64; BUCKETS.len() + 1],
}

#[derive(Debug, Default)]
struct Numbers {
    operations: BTreeMap<(&'static str, &'static str), Row>,
    renewals: BTreeMap<(&'static str, &'static str), u64>,
}

/// Keeps the numbers. A lock that is held for an addition is no waiting; busier programs take atomic counters.
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

/// Reads that meet a server which fails twice, and one that asks for what is not there.
async fn verigator(emulator: &Emulator, metrics: &Arc<Metrics>) -> auth_client_examples::Result {
    let verigator = emulator.verigator();
    let client = verigator_client::Client::builder(verigator.username(), verigator.password().to_owned())
        .base_url(verigator.base_url())
        .observer(Arc::clone(metrics))
        .build()?;
    let service = client.services().create(NewService::fqdn("coffeeshop.com").name("CoffeeShop")).await?;
    let users = client.users(&service.id);
    for number in 0..20 {
        let name = format!("barista-{number}@coffeeshop.com");
        users.create(NewUser::id_in_service(name).phone_number("+3725100000")).await?;
    }
    emulator.add_fault(FaultRule::new("verigator", Fault::status(503)).method("GET").times(2))?;
    for _ in 0..20 {
        users.list().await?;
    }
    if let Ok(user) = users.get("nobody").await {
        return Err(format!("{user:?} must not be there").into());
    }
    Ok(())
}

/// Calls that find their token expired, all at once.
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
    println!("{:<34}{:>6}{:>9}  latency of attempts: ≤1 ms ≤5 ≤25 ≤250 ≤1 s more", "", "calls", "attempts");
    for ((provider, operation), row) in &numbers.operations {
        let name = format!("{provider} {operation}");
        let latency = row.latency.map(|count| count.to_string()).join(" ");
        println!("{name:<34}{:>6}{:>9}  {latency}", row.calls, row.attempts);
        println!("    ended: {}", list(&row.outcomes));
        if !row.retries.is_empty() {
            println!("    sent again: {}", list(&row.retries));
        }
    }
    for ((provider, outcome), count) in &numbers.renewals {
        println!("{provider} credentials {outcome}: {count}");
    }
}

fn list(counts: &BTreeMap<&'static str, u64>) -> String {
    counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}
