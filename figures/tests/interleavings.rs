//! Token renewal under every interleaving of its callers, its renewal and a login.
//!
//! The state machine is the real one. What surrounds it locks, waits and wakes as `RenewingCredential` of auth-client-core
//! does, with the locks of loom in place of those of std and tokio: loom then runs each scenario once per order in which its
//! threads can take them.

#![allow(clippy::panic, clippy::unwrap_used, reason = "in a test, a panic is the report")]

use auth_core::Now;
use auth_core::token::{Decision, Failure, Lifetime, RenewalSettings, RenewalState, Ticket};
use loom::sync::{Arc, Condvar, Mutex, MutexGuard};
use loom::thread;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

type Outcome = Result<u32, &'static str>;

/// What the callers of one renewal wait for.
#[derive(Default)]
struct Waiters {
    outcome: Mutex<Option<Outcome>>,
    known: Condvar,
}

impl Waiters {
    fn wait(&self) -> Outcome {
        let mut outcome = self.outcome.lock().unwrap();
        loop {
            match *outcome {
                Some(known) => return known,
                None => outcome = self.known.wait(outcome).unwrap(),
            }
        }
    }

    fn end(&self, with: Outcome) {
        *self.outcome.lock().unwrap() = Some(with);
        self.known.notify_all();
    }
}

struct State {
    machine: RenewalState<u32, &'static str>,
    flight: Option<(Ticket, Arc<Waiters>)>,
    renewals: u32,
    running: u32,
}

/// A credential of which each renewal returns the next number, from 1.
#[derive(Clone)]
struct Source {
    state: Arc<Mutex<State>>,
    /// What a renewal ends with; `None` for one that is dropped without a result.
    result: Option<Result<(), &'static str>>,
}

fn at(seconds: u64) -> Now {
    let since = Duration::from_secs(seconds);
    Now::new(SystemTime::UNIX_EPOCH + since, since)
}

const HOUR: Lifetime = Lifetime::For(Duration::from_secs(3600));

impl Source {
    fn new(result: Option<Result<(), &'static str>>) -> Self {
        let machine = RenewalState::new(RenewalSettings::default());
        let state = State { machine, flight: None, renewals: 0, running: 0 };
        Self { state: Arc::new(Mutex::new(state)), result }
    }

    fn obtain(&self, now: Now) -> Outcome {
        let waiters = {
            let mut state = self.state.lock().unwrap();
            match state.machine.decide(now) {
                Decision::Serve(issued) => return Ok(*issued.material),
                Decision::ServeAndRenew(issued, ticket) => {
                    self.start(state, ticket, now);
                    return Ok(*issued.material);
                }
                Decision::Renew(ticket) => self.start(state, ticket, now),
                Decision::Wait(_) => Arc::clone(&state.flight.as_ref().unwrap().1),
                Decision::Fail { error, .. } => return Err(error),
            }
        };
        waiters.wait()
    }

    /// In CI, the caller's thread makes the renewal, so that two threads are gone through in seconds; otherwise a third does.
    fn start(&self, mut state: MutexGuard<'_, State>, ticket: Ticket, now: Now) -> Arc<Waiters> {
        let waiters = Arc::new(Waiters::default());
        state.flight = Some((ticket, Arc::clone(&waiters)));
        state.renewals += 1;
        let number = state.renewals;
        drop(state);
        let source = self.clone();
        if figures::is_whole() {
            drop(thread::spawn(move || source.renew(ticket, number, now)));
        } else {
            source.renew(ticket, number, now);
        }
        waiters
    }

    fn renew(&self, ticket: Ticket, number: u32, now: Now) {
        {
            let mut state = self.state.lock().unwrap();
            // A superseded renewal may still run while the next one does.
            let current = state.flight.as_ref().is_some_and(|(flight, _)| *flight == ticket);
            assert!(!current || state.running == 0, "two renewals at once");
            state.running += u32::from(current);
        }
        let mut state = self.state.lock().unwrap();
        state.running = 0;
        let outcome = match self.result.unwrap_or(Err("interrupted")) {
            Ok(()) => match state.machine.succeed(ticket, number, HOUR, 0.0, now) {
                Some(issued) => Ok(*issued.material),
                None => return,
            },
            Err(error) => {
                state.machine.fail(ticket, Failure { definitive: false, retry_after: None, error }, now);
                Err(error)
            }
        };
        let ours = state.flight.as_ref().is_some_and(|(flight, _)| *flight == ticket);
        let flight = if ours { state.flight.take() } else { None };
        drop(state);
        if let Some((_, waiters)) = flight {
            waiters.end(outcome);
        }
    }

    fn install(&self, number: u32, now: Now) {
        let mut state = self.state.lock().unwrap();
        let issued = state.machine.install(number, HOUR, 0.0, now);
        let flight = state.flight.take();
        drop(state);
        if let Some((_, waiters)) = flight {
            waiters.end(Ok(*issued.material));
        }
    }

    fn refused(&self, now: Now) {
        let mut state = self.state.lock().unwrap();
        let held = state.machine.held().unwrap();
        // Each caller was served the first token and hears of its rejection at its own time.
        if *held.material == 100 {
            state.machine.refuse(held.generation, now);
        }
    }

    fn renewals(&self) -> u32 {
        self.state.lock().unwrap().renewals
    }
}

/// Runs a scenario in every order, and returns how many there are.
fn explore(scenario: impl Fn() + Sync + Send + 'static) -> u64 {
    let orders = std::sync::Arc::new(AtomicU64::new(0));
    let counted = std::sync::Arc::clone(&orders);
    loom::model(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        scenario();
    });
    orders.load(Ordering::Relaxed)
}

/// Two callers at once, and what each got.
fn both(source: &Source, now: Now, before: fn(&Source, Now)) -> [Outcome; 2] {
    let other = source.clone();
    let other = thread::spawn(move || {
        before(&other, now);
        other.obtain(now)
    });
    before(source, now);
    let first = source.obtain(now);
    [first, other.join().unwrap()]
}

#[test]
fn no_order_of_two_callers_renews_twice_or_leaves_one_waiting() {
    let mut orders = 0;
    orders += explore(|| {
        let source = Source::new(Some(Ok(())));
        assert_eq!(both(&source, at(0), |_, _| {}), [Ok(1); 2]);
        assert_eq!(source.renewals(), 1);
    });
    // A failure is shared, and not tried again before its backoff.
    for result in [Some(Err("down")), None] {
        orders += explore(move || {
            let source = Source::new(result);
            let error = Err(result.and_then(Result::err).unwrap_or("interrupted"));
            assert_eq!(both(&source, at(0), |_, _| {}), [error; 2]);
            assert_eq!(source.renewals(), 1);
        });
    }
    // Two rejections of one token, in any order.
    orders += explore(|| {
        let source = Source::new(Some(Ok(())));
        source.install(100, at(0));
        assert_eq!(both(&source, at(60), Source::refused), [Ok(1); 2]);
        assert_eq!(source.renewals(), 1);
    });
    // In the early window both are served at once, and one renewal is started; a caller after its end has the new token.
    orders += explore(|| {
        let source = Source::new(Some(Ok(())));
        source.install(100, at(0));
        let served = both(&source, at(3400), |_, _| {});
        assert!(served.iter().all(|one| matches!(one, Ok(100 | 1))), "{served:?}");
        assert_eq!(source.renewals(), 1);
    });
    // A login while a caller renews: the caller gets one of both tokens, and the login's is kept.
    orders += explore(|| {
        let source = Source::new(Some(Ok(())));
        let login = source.clone();
        let login = thread::spawn(move || login.install(100, at(0)));
        let served = source.obtain(at(0));
        login.join().unwrap();
        assert!(matches!(served, Ok(100 | 1)), "{served:?}");
        assert_eq!(source.obtain(at(0)), Ok(100));
        assert!(source.renewals() <= 1);
    });
    assert!(orders > 20, "loom went through {orders} orders only");
    let renewing = if figures::is_whole() { "by a third thread" } else { "by the caller's thread" };
    figures::report(
        "R19.interleavings",
        orders,
        &format!("1 renewal in each, {renewing}, and no caller left waiting"),
    );
}
