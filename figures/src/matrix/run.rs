//! One run: prepares a call, makes the fault, makes the call, and compares its end with the one that is expected.

use super::vendors::{Ready, Tuning, prepare};
use super::watch::{Log, secret_in, tasks_left};
use super::{ATTEMPT, Address, Class, DEADLINE, Expected, GRACE, Inject, Run, Seen, Vendor};
use crate::scheme::{Failed, Outcome};
use auth_client_core::ErrorKind;
use auth_emulator::{Effect, Emulator, Fault, FaultRule, Reset, StartError};
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{Builder, Runtime};

/// How often a fault is made that is made for every attempt: more often than any client tries.
const FOREVER: u32 = 100;
/// The most attempts of a call, by the clients' policy.
const ATTEMPTS: u64 = 3;
/// The time after which something does not end any more.
const FOR_EVER: Duration = DEADLINE.saturating_mul(5);

/// What was wrong with a run, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// A time limit was exceeded, as happens on a busy machine. Nothing else was wrong.
    Slow(String),
    /// A rule was broken.
    Rule(String),
}

impl Wrong {
    fn rule(what: impl Into<String>) -> Self {
        Self::Rule(what.into())
    }
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Slow(what) | Self::Rule(what)) = self;
        f.write_str(what)
    }
}

/// The servers of one thread: one run at a time uses them.
#[derive(Debug)]
pub struct Place {
    plain: Emulator,
    secure: Emulator,
    ca_pem: String,
}

impl Place {
    /// Starts them. `name` is one that no other place of this process has.
    ///
    /// # Errors
    ///
    /// Those of the emulator.
    pub async fn start(name: &str) -> Result<Self, StartError> {
        let file = std::env::temp_dir().join(format!("figures-{}-{name}.pem", std::process::id()));
        let builder = || Emulator::builder().vaultvision(|settings| settings.bcrypt_cost = 4);
        let (plain, secure) = (builder().start().await?, builder().tls(&file).start().await?);
        let _ = std::fs::remove_file(&file);
        let ca_pem = secure.ready().tls.as_ref().map(|tls| tls.ca_pem.clone()).unwrap_or_default();
        Ok(Self { plain, secure, ca_pem })
    }

    /// Stops them, and returns when all their sockets are closed.
    pub async fn stop(self) {
        self.plain.stop().await;
        self.secure.stop().await;
    }
}

/// What came of a call.
struct Ended {
    outcome: Outcome,
    elapsed: Duration,
    tasks: usize,
}

/// Makes a run, and returns how many effects the server has counted, if it counts any of this kind.
///
/// # Errors
///
/// Returns what was wrong: how it ended, and how it should have.
pub fn run(run: &Run, place: &Place) -> Result<Option<u64>, Wrong> {
    let emulator = if matches!(run.variant.inject, Inject::Tls(_)) { &place.secure } else { &place.plain };
    emulator.reset(Reset::All);
    let runtime =
        Builder::new_current_thread().enable_all().build().map_err(|error| Wrong::rule(error.to_string()))?;
    let (result, log) =
        Log::of(|| catch_unwind(AssertUnwindSafe(|| within(run, emulator, &place.ca_pem, &runtime))));
    let (seen, ready) = result.map_err(|_| Wrong::rule("it panicked"))??;
    judge(run, emulator, &seen, &ready, &log)
}

/// What is known of the server's side before the fault.
struct Before {
    effects: u64,
    requests: usize,
    operation: &'static str,
    effect: Option<&'static str>,
    secrets: Vec<String>,
}

/// What a future returns and how long it took; `None` if it does not end.
fn limited<T>(runtime: &Runtime, future: impl Future<Output = T>) -> (Option<T>, Duration) {
    #[expect(clippy::disallowed_methods, reason = "the servers take real time")]
    let start = Instant::now();
    let result = runtime.block_on(async { tokio::time::timeout(FOR_EVER, future).await.ok() });
    (result, start.elapsed())
}

/// Makes a call that must succeed before the one of interest.
fn prepared<T>(runtime: &Runtime, future: impl Future<Output = Result<T, Failed>>) -> Result<T, Wrong> {
    let (result, elapsed) = limited(runtime, future);
    let failed = match result {
        Some(Ok(done)) => return Ok(done),
        Some(Err(failed)) => failed.printed,
        None => "the preparation did not end".to_owned(),
    };
    Err(if elapsed < ATTEMPT { Wrong::Rule(failed) } else { Wrong::Slow(failed) })
}

fn within(run: &Run, emulator: &Emulator, ca_pem: &str, runtime: &Runtime) -> Result<(Ended, Before), Wrong> {
    let nowhere = match run.variant.inject {
        Inject::Address(address) => Some(address.url().map_err(Wrong::Rule)?),
        _ => None,
    };
    let tuning = Tuning {
        // Parsing the system's authorities takes longer than most calls.
        ca_pem: matches!(run.variant.inject, Inject::Tls(_) | Inject::Address(_)).then(|| ca_pem.to_owned()),
        // Of a server that is there, the limit of an attempt is enough.
        connect: if nowhere.is_some() { ATTEMPT / 2 } else { 10 * ATTEMPT },
        keep: matches!(run.variant.inject, Inject::Before(_)),
        nowhere,
    };
    let ready = prepared(runtime, prepare(run.vendor, run.class, emulator, &tuning))?;
    let Ready { op, operation, needs, before: (before, before_operation), effect, secrets } = ready;
    let rule = |fault: &Fault| FaultRule::new(run.vendor.name(), fault.clone());
    let times = if run.forever { FOREVER } else { 1 };
    let order = if run.executed { Effect::Before } else { Effect::After };
    // The connection of the call that finds out that the token has ended.
    let first = u32::from(run.class == Class::TokenRefresh);
    let rules = match &run.variant.inject {
        Inject::Address(_) => Vec::new(),
        Inject::Connection(fault) => vec![rule(fault).times(times).after(first)],
        Inject::Tls(tls) => vec![rule(&Fault::Tls { tls: *tls }).times(times).after(first)],
        Inject::Exchange(faults) => {
            faults.iter().map(|fault| rule(fault).operation(operation).times(times).effect(order)).collect()
        }
        Inject::Before(fault) => vec![rule(fault).operation(before_operation)],
    };
    let add = |rules: Vec<FaultRule>| {
        rules
            .into_iter()
            .try_for_each(|rule| emulator.add_fault(rule).map(drop))
            .map_err(|error| Wrong::rule(error.to_string()))
    };
    add(rules)?;
    if matches!(run.variant.inject, Inject::Before(_)) && run.class != Class::TokenRefresh {
        // Of a refresh, the call that finds out that the token has ended comes before it on the connection.
        prepared(runtime, before())?;
    }
    let count = || effect.map_or(0, |effect| emulator.effects().count(run.vendor.name(), effect));
    let of_operation = |entry: &auth_emulator::JournalEntry| entry.operation == Some(operation);
    let requests = emulator.journal_of(run.vendor.name()).iter().filter(|entry| of_operation(entry)).count();
    let known = Before { effects: count(), requests, operation, effect, secrets };
    let (outcome, elapsed) = limited(runtime, op());
    let outcome = outcome.ok_or_else(|| Wrong::rule("it did not end"))?;
    drop((op, before, needs));
    let tasks = runtime.block_on(tasks_left());
    Ok((Ended { outcome, elapsed, tasks }, known))
}

/// The rules that no busy machine excuses come first.
fn judge(
    run: &Run,
    emulator: &Emulator,
    seen: &Ended,
    before: &Before,
    log: &str,
) -> Result<Option<u64>, Wrong> {
    let printed = seen.outcome.as_ref().err().map_or("", |failed| &failed.printed);
    for (what, text) in [("the error", printed), ("the log", log)] {
        if let Some(form) = secret_in(text, &before.secrets) {
            return Err(Wrong::Rule(format!("{what} shows a secret: {form}")));
        }
    }
    if seen.tasks > 0 {
        return Err(Wrong::Rule(format!("{} tasks are left", seen.tasks)));
    }
    let found = match &seen.outcome {
        Ok(()) => Expected::Success,
        Err(failed) => Expected::Error(failed.kind, failed.maybe_executed),
    };
    let effects = before
        .effect
        .map(|effect| emulator.effects().count(run.vendor.name(), effect).saturating_sub(before.effects));
    if let Some(effects) = effects
        && !run.allowed_effects(found).contains(&effects)
    {
        return Err(Wrong::Rule(format!("{found:?} with {effects} effects at the server")));
    }
    let journal = emulator.journal_of(run.vendor.name());
    let requests =
        journal.iter().filter(|entry| entry.operation == Some(before.operation)).count() - before.requests;
    let is_write = matches!(run.class, Class::Write | Class::IdempotentWrite);
    if is_write && requests > 0 && matches!(found, Expected::Error(_, false)) && !run.refuses() {
        return Err(Wrong::Rule(format!("{found:?}, although the server has read {requests} requests")));
    }
    ended(run, seen, found)?;
    let most = match run.variant.seen {
        // Once more with another credential, or with another clock.
        Seen::CredentialRejected(_) | Seen::Success | Seen::Broken(_) | Seen::Fatal(_) => 2,
        Seen::NotSent(_) | Seen::Lost(_) | Seen::Throttled(true) => ATTEMPTS,
        Seen::Throttled(false) => 1,
    };
    if requests as u64 > most {
        let what = format!("{requests} requests, at most {most} are allowed");
        return Err(if seen.elapsed < ATTEMPT { Wrong::Rule(what) } else { Wrong::Slow(what) });
    }
    let handshakes =
        emulator.faults().first().and_then(|rule| serde_json::to_value(rule).ok()?.get("times")?.as_u64());
    if let (Inject::Tls(_), Some(left)) = (&run.variant.inject, handshakes)
        && run.forever
        && left != u64::from(FOREVER) - 1
    {
        return Err(Wrong::Rule(format!("{} handshakes", u64::from(FOREVER) - left)));
    }
    Ok(effects)
}

/// Compares the end of a call with those that are expected.
fn ended(run: &Run, seen: &Ended, found: Expected) -> Result<(), Wrong> {
    let expected = run.expected();
    if !expected.contains(&found) {
        let printed = seen.outcome.as_ref().err().and_then(|failed| failed.printed.lines().next());
        let what = format!("{found:?} instead of {expected:?}: {printed:?}");
        // An attempt that took too long is its own error kind, or the cause of one without a credential.
        let late = matches!(found, Expected::Error(ErrorKind::Timeout | ErrorKind::Credentials, _));
        return Err(if late && seen.elapsed >= ATTEMPT { Wrong::Slow(what) } else { Wrong::Rule(what) });
    }
    if seen.elapsed > DEADLINE + GRACE {
        return Err(Wrong::Slow(format!("it took {:?}", seen.elapsed)));
    }
    Ok(())
}

impl Run {
    /// The number of effects at the server that a call with this end may have.
    fn allowed_effects(&self, found: Expected) -> RangeInclusive<u64> {
        // Opening a session of VISE and idempotent writes are retried.
        let once = match self.class {
            Class::Write => true,
            Class::TokenFetch | Class::TokenRefresh => self.vendor != Vendor::Vise,
            Class::Read | Class::IdempotentWrite => false,
        };
        let most = if once { 1 } else { ATTEMPTS };
        match found {
            // A fault can claim the success of a request that was not executed.
            Expected::Success => u64::from(self.executed || !self.variant.has_two_orders())..=most,
            Expected::Error(_, true) => 0..=most,
            Expected::Error(_, false) if self.is_credential() => 0..=most,
            Expected::Error(_, false) => 0..=0,
        }
    }
}

impl Address {
    /// Makes the address; it is kept until the process ends.
    ///
    /// # Errors
    ///
    /// Returns what the system said, in words.
    pub fn prepare(self) -> Result<(), String> {
        self.url().map(drop)
    }

    fn url(self) -> Result<String, String> {
        Ok(match self {
            // RFC 6761: no resolver knows a name of this domain.
            Self::Unknown => "https://no-such-host.invalid".to_owned(),
            Self::Closed => format!("http://{}", closed().as_ref().map_err(Clone::clone)?),
            Self::Silent => format!("http://{}", silent().as_ref().map_err(Clone::clone)?),
        })
    }
}

/// A port that is taken and at which nothing listens.
fn closed() -> &'static Result<SocketAddr, String> {
    static CLOSED: LazyLock<Result<(SocketAddr, TcpSocket), String>> = LazyLock::new(|| {
        let bound = TcpSocket::new_v4().and_then(|socket| {
            socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
            Ok((socket.local_addr()?, socket))
        });
        bound.map_err(|error| error.to_string())
    });
    static ADDRESS: LazyLock<Result<SocketAddr, String>> =
        LazyLock::new(|| CLOSED.as_ref().map(|(address, _)| *address).map_err(Clone::clone));
    &ADDRESS
}

/// A port whose queue of connections is full, so that no more are completed.
fn silent() -> &'static Result<SocketAddr, String> {
    type Held = (SocketAddr, Runtime, TcpListener, Vec<TcpStream>);
    static SILENT: LazyLock<Result<Held, String>> = LazyLock::new(|| {
        let filled = || -> std::io::Result<Held> {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let entered = runtime.enter();
            let socket = TcpSocket::new_v4()?;
            socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
            let listener = socket.listen(1)?;
            drop(entered);
            let address = listener.local_addr()?;
            let mut streams = Vec::new();
            while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
                streams.push(stream);
            }
            Ok((address, runtime, listener, streams))
        };
        filled().map_err(|error| error.to_string())
    });
    static ADDRESS: LazyLock<Result<SocketAddr, String>> =
        LazyLock::new(|| SILENT.as_ref().map(|(address, ..)| *address).map_err(Clone::clone));
    &ADDRESS
}
