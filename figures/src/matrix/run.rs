//! One run: prepares a call, makes the fault, makes the call, and compares its end with the one that is expected.

use super::vendors::{Ready, Tuning, prepare};
use super::watch::{Log, secret_in, tasks_left};
use super::{Address, Class, DEADLINE, Expected, GRACE, Inject, Run, Seen};
use crate::scheme::{Failed, Outcome};
use auth_emulator::{Effect, Emulator, Fault, FaultRule, Reset, StartError};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{Builder, Runtime};

/// How often a fault is made that is made for every attempt: more often than any client tries.
const FOREVER: u32 = 100;
/// The most attempts of a call, by the clients' policy.
const ATTEMPTS: u64 = 3;

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
}

/// What came of a call.
struct Ended {
    outcome: Outcome,
    elapsed: Duration,
    tasks: usize,
}

/// Makes a run, and returns what was wrong with it.
///
/// # Errors
///
/// In words: how it ended, and how it should have.
pub fn run(run: &Run, place: &Place) -> Result<(), String> {
    let emulator = if matches!(run.variant.inject, Inject::Tls(_)) { &place.secure } else { &place.plain };
    emulator.reset(Reset::All);
    let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let (result, log) =
        Log::of(|| catch_unwind(AssertUnwindSafe(|| within(run, emulator, &place.ca_pem, &runtime))));
    let (seen, ready) = match result {
        Err(_) => return Err("it panicked".to_owned()),
        Ok(Err(failed)) => return Err(failed.printed),
        Ok(Ok(done)) => done,
    };
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

fn within(
    run: &Run,
    emulator: &Emulator,
    ca_pem: &str,
    runtime: &Runtime,
) -> Result<(Ended, Before), Failed> {
    let nowhere = match run.variant.inject {
        Inject::Address(address) => Some(address.url().map_err(Failed::setup)?),
        _ => None,
    };
    let tuning = Tuning {
        // Parsing the system's authorities takes longer than most calls.
        ca_pem: matches!(run.variant.inject, Inject::Tls(_) | Inject::Address(_)).then(|| ca_pem.to_owned()),
        // Of a server that is there, the limit of an attempt is enough.
        connect: if nowhere.is_some() { super::ATTEMPT / 2 } else { 10 * super::ATTEMPT },
        keep: matches!(run.variant.inject, Inject::Before(_)),
        nowhere,
    };
    let ready = runtime.block_on(prepare(run.vendor, run.class, emulator, &tuning))?;
    let Ready { op, operation, before: (before, before_operation), effect, secrets } = ready;
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
            .map_err(|error| Failed::setup(error.to_string()))
    };
    add(rules)?;
    if matches!(run.variant.inject, Inject::Before(_)) && run.class != Class::TokenRefresh {
        // Of a refresh, the call that finds out that the token has ended comes before it on the connection.
        runtime.block_on(before())?;
    }
    let count = || effect.map_or(0, |effect| emulator.effects().count(run.vendor.name(), effect));
    let of_operation = |entry: &auth_emulator::JournalEntry| entry.operation == Some(operation);
    let requests = emulator.journal_of(run.vendor.name()).iter().filter(|entry| of_operation(entry)).count();
    let known = Before { effects: count(), requests, operation, effect, secrets };
    #[expect(clippy::disallowed_methods, reason = "the servers take real time")]
    let start = Instant::now();
    let outcome = runtime.block_on(op());
    let elapsed = start.elapsed();
    drop((op, before));
    let tasks = runtime.block_on(tasks_left());
    Ok((Ended { outcome, elapsed, tasks }, known))
}

fn judge(run: &Run, emulator: &Emulator, seen: &Ended, before: &Before, log: &str) -> Result<(), String> {
    let vendor = run.vendor.name();
    let found = match &seen.outcome {
        Ok(()) => Expected::Success,
        Err(failed) => Expected::Error(failed.kind, failed.maybe_executed),
    };
    let is_as = |expected: Expected| match (expected, found) {
        // Only writes are in doubt. Of the requests for tokens, the call that needs them was not sent.
        (Expected::Error(kind, executed), Expected::Error(found, says)) => {
            kind == found
                && match run.class {
                    Class::Write | Class::IdempotentWrite => executed == says,
                    Class::TokenFetch => true,
                    Class::Read | Class::TokenRefresh => !says,
                }
        }
        (expected, found) => expected == found,
    };
    if !run.expected().any(is_as) {
        let expected: Vec<Expected> = run.expected().collect();
        let printed =
            seen.outcome.as_ref().err().map(|failed| failed.printed.lines().next().unwrap_or_default());
        return Err(format!("{found:?} instead of {expected:?}: {printed:?}"));
    }
    if seen.elapsed > DEADLINE + GRACE {
        return Err(format!("it took {:?}", seen.elapsed));
    }
    if seen.tasks > 0 {
        return Err(format!("{} tasks are left", seen.tasks));
    }
    let printed = seen.outcome.as_ref().err().map_or("", |failed| &failed.printed);
    for (what, text) in [("the error", printed), ("the log", log)] {
        if let Some(form) = secret_in(text, &before.secrets) {
            return Err(format!("{what} shows a secret: {form}"));
        }
    }
    let effects = before.effect.map_or(0, |effect| emulator.effects().count(vendor, effect)) - before.effects;
    let journal = emulator.journal_of(vendor);
    let requests =
        journal.iter().filter(|entry| entry.operation == Some(before.operation)).count() - before.requests;
    let once = match run.class {
        Class::Write | Class::TokenFetch | Class::TokenRefresh => {
            run.vendor != super::Vendor::Vise || run.class == Class::Write
        }
        Class::Read | Class::IdempotentWrite => false,
    };
    let most = if once { 1 } else { ATTEMPTS };
    if effects > most {
        return Err(format!("{effects} effects at the server, at most {most} are allowed"));
    }
    // A write that is not in doubt: with success exactly one effect, after an error none. A fault can claim a success.
    if run.class == Class::Write && (run.executed || !run.variant.has_two_orders()) {
        let certain = match found {
            Expected::Success => Some(1),
            Expected::Error(_, true) => None,
            Expected::Error(_, false) => Some(0),
        };
        if certain.is_some_and(|certain| certain != effects) {
            return Err(format!("{found:?} with {effects} effects"));
        }
    }
    let passes = matches!(run.variant.seen, Seen::NotSent(_) | Seen::Lost(_) | Seen::Throttled(true));
    let most = match run.variant.seen {
        // Once more with another credential, or with another clock.
        Seen::CredentialRejected(_) | Seen::Success | Seen::Broken(_) | Seen::Fatal(_) => 2,
        _ if passes => ATTEMPTS,
        _ => 1,
    };
    if requests as u64 > most {
        return Err(format!("{requests} requests, at most {most} are allowed"));
    }
    let handshakes =
        emulator.faults().first().and_then(|rule| serde_json::to_value(rule).ok()?.get("times")?.as_u64());
    if let (Inject::Tls(_), Some(left)) = (&run.variant.inject, handshakes)
        && run.forever
        && left != u64::from(FOREVER) - 1
    {
        return Err(format!("{} handshakes", u64::from(FOREVER) - left));
    }
    Ok(())
}

impl Address {
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
