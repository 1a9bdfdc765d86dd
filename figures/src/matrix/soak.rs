//! R20: long-lived clients of all providers against random faults, and the rules that hold after each call.

use super::vendors::{Ready, Tuning, prepare};
use super::watch::secret_in;
use super::{ATTEMPT, Class, DEADLINE, GRACE, Inject, Scope, Seen, Variant, Vendor, all};
use auth_client_core::ErrorKind;
use auth_emulator::{Effect, Emulator, Fault, FaultRule, Reset};
use std::time::{Duration, Instant};
use tokio::runtime::Builder;

/// After so many calls, the server forgets what the clients have created, so that it does not grow.
const GENERATION: u64 = 300;
/// The time after which a soak says something about memory; what less time allocates says nothing about an hour.
const LONG: Duration = Duration::from_secs(300);

/// What a soak has measured.
#[derive(Clone, Copy, Debug, Default)]
pub struct Soaked {
    /// The number of calls.
    pub calls: u64,
    /// The number of calls that failed, each as it may.
    pub failed: u64,
    /// The time of the slowest call.
    pub slowest: Duration,
    /// Resident memory after a fifth of the time and at the end, in bytes; `None` if it does not say anything: below 5
    /// minutes, and where the system does not report it.
    pub memory: Option<[u64; 2]>,
}

/// Calls for this time with the faults that the seed chooses.
///
/// # Errors
///
/// In words: the first rule that was broken.
pub fn soak(seed: u64, time: Duration) -> Result<Soaked, String> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(run(seed, time))
}

async fn run(seed: u64, time: Duration) -> Result<Soaked, String> {
    let builder = Emulator::builder().seed(seed).vaultvision(|settings| settings.bcrypt_cost = 4);
    let builder = builder.virtuous(|settings| settings.calls_per_hour = 100_000_000).journal_capacity(200);
    let emulator = builder.start().await.map_err(|error| error.to_string())?;
    let variants: Vec<(Variant, Fault)> = all().into_iter().filter_map(single).collect();
    let mut random = fastrand::Rng::with_seed(seed);
    let clients = clients_of(&emulator).await?;
    let (mut soaked, mut warm) = (Soaked::default(), None);
    #[expect(clippy::disallowed_methods, reason = "the servers take real time")]
    let start = Instant::now();
    while start.elapsed() < time {
        if soaked.calls % GENERATION == 0 {
            forget(&emulator, &clients).await.map_err(|failed| format!("seed {seed}: {failed}"))?;
            if warm.is_none() && start.elapsed() > time / 5 {
                warm = resident();
            }
        }
        if random.u8(0..10) == 0 {
            break_something(&emulator, &variants, &mut random)?;
        }
        let (vendor, class, ready) = &clients[random.usize(..clients.len())];
        let count = || ready.effect.map_or(0, |effect| emulator.effects().count(vendor.name(), effect));
        let before = count();
        #[expect(clippy::disallowed_methods, reason = "the servers take real time")]
        let called = Instant::now();
        let outcome = tokio::time::timeout(5 * DEADLINE, (ready.op)()).await;
        let elapsed = called.elapsed();
        let Ok(outcome) = outcome else {
            return Err(format!(
                "seed {seed}, call {} ({} {class:?}) did not end",
                soaked.calls,
                vendor.name()
            ));
        };
        let broken = |what: &str| {
            let printed = outcome
                .as_ref()
                .err()
                .map_or("success", |failed| failed.printed.lines().next().unwrap_or_default());
            Err(format!(
                "seed {seed}, call {} ({} {class:?}, {elapsed:?}): {what}: {printed}",
                soaked.calls,
                vendor.name()
            ))
        };
        if elapsed > DEADLINE + GRACE {
            return broken("it took too long");
        }
        let effects = count() - before;
        let certain = outcome.as_ref().err().is_some_and(|failed| !failed.maybe_executed);
        if *class == Class::Write && (effects > 1 || certain && effects > 0) {
            return broken(&format!("{effects} effects"));
        }
        if let Err(failed) = &outcome {
            if secret_in(&failed.printed, &ready.secrets).is_some() {
                return broken("a secret is printed");
            }
            soaked.failed += 1;
        }
        soaked.calls += 1;
        soaked.slowest = soaked.slowest.max(elapsed);
    }
    soaked.memory = warm.zip(resident()).filter(|_| time >= LONG).map(|(warm, end)| [warm, end]);
    Ok(soaked)
}

/// A client waits 10 s after rejected credentials. A longer wait is a failure, and no test that hangs.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// Resets the server. The clients stay, and each works again: at once, or when the wait is over that it announces because
/// its credentials were rejected.
async fn forget(emulator: &Emulator, clients: &[(Vendor, Class, Ready)]) -> Result<(), String> {
    for reset in [Reset::Faults, Reset::State, Reset::Journal] {
        emulator.reset(reset);
    }
    for (vendor, class, ready) in clients {
        let works = || {
            tokio::time::timeout(10 * DEADLINE, async {
                (ready.needs)().await?;
                (ready.op)().await
            })
        };
        let mut outcome = works().await;
        if let Ok(Err(failed)) = &outcome
            && failed.kind == ErrorKind::Credentials
            && let Some(wait) = failed.retry_after.filter(|wait| *wait <= LONGEST_WAIT)
        {
            tokio::time::sleep(wait).await;
            outcome = works().await;
        }
        let broken = |why: &str| Err(format!("{} {class:?}, without a fault: {why}", vendor.name()));
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(failed)) => return broken(&failed.printed),
            Err(_) => return broken("it did not end"),
        }
    }
    Ok(())
}

/// Faults of one exchange; those of connections and clocks have their own figures. Without those that announce a wait which a
/// call can't make: clients keep it for their credentials too, and an hour is longer than a generation.
fn single(variant: Variant) -> Option<(Variant, Fault)> {
    match &variant.inject {
        _ if variant.seen == Seen::Throttled(false) => None,
        Inject::Exchange(faults) if faults.len() == 1 && variant.scope != Scope::Tokens => {
            let fault = faults.first()?.clone();
            Some((variant, fault))
        }
        _ => None,
    }
}

/// Replaces the faults of a provider, or ends its tokens.
fn break_something(
    emulator: &Emulator,
    variants: &[(Variant, Fault)],
    random: &mut fastrand::Rng,
) -> Result<(), String> {
    let vendor = Vendor::ALL[random.usize(..Vendor::ALL.len())];
    if random.u8(0..5) == 0 {
        emulator.virtuous().expire_access_tokens();
        emulator.vise().expire_all_sessions();
    }
    emulator.clear_faults();
    let (variant, fault) = &variants[random.usize(..variants.len())];
    let order = match variant.has_two_orders() && random.bool() && variant.seen != Seen::Success {
        true => Effect::Before,
        false => Effect::After,
    };
    let rule = FaultRule::new(vendor.name(), fault.clone()).probability(0.3).times(20).effect(order);
    emulator.add_fault(rule).map(drop).map_err(|error| error.to_string())
}

async fn clients_of(emulator: &Emulator) -> Result<Vec<(Vendor, Class, Ready)>, String> {
    let tuning = Tuning { ca_pem: None, connect: 10 * ATTEMPT, keep: true, nowhere: None };
    let mut clients = Vec::new();
    for vendor in Vendor::ALL {
        for class in [Class::Read, Class::IdempotentWrite, Class::Write] {
            if vendor.lacks(class).is_none() {
                let ready = prepare(vendor, class, emulator, &tuning).await;
                clients.push((vendor, class, ready.map_err(|failed| failed.printed)?));
            }
        }
    }
    Ok(clients)
}

/// The resident memory of this process in bytes, by proc_pid_statm(5).
fn resident() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(statm.split(' ').nth(1)?.parse::<u64>().ok()? * 4096)
}
