//! Refresh storms on simulated time: thousands of processes whose access token ends at the same moment. They run the decisions of
//! sessions and of the shared store; the store and the token endpoint have delays.

#![expect(clippy::disallowed_methods, reason = "the clock of the simulation")]

use super::key;
use crate::budget::simulation::{Reached, Simulated, Store};
use crate::shared::{KeyRing, Shared};
use auth_core::session::{Event, Failure, Pair, Renewal, Session, Situation, Step, Stored};
use auth_core::store::{LockedToken, StoredToken, TokenStore as _};
use auth_core::{Clock as _, secret::ExposeSecret as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// Life of an access token.
const LIFE: Duration = Duration::from_secs(120);

/// A pair as it is stored.
#[derive(Clone, Debug)]
struct Held(StoredToken);

impl Pair for Held {
    fn generation(&self) -> u64 {
        self.0.generation
    }

    fn can_refresh(&self) -> bool {
        true
    }

    fn has_refresh_token_of(&self, other: &Self) -> bool {
        number(&self.0) == number(&other.0)
    }

    fn expires_at(&self) -> Option<SystemTime> {
        self.0.expires_at
    }
}

fn number(token: &StoredToken) -> u64 {
    token.refresh.as_ref().unwrap().expose_secret().parse().unwrap()
}

/// A token endpoint that replaces refresh tokens, which are numbers.
#[derive(Debug, Default)]
struct Endpoint {
    current: AtomicU64,
    refreshes: AtomicU64,
    reuses: AtomicU64,
}

impl Endpoint {
    async fn refresh(&self, spent: u64) -> u64 {
        tokio::time::sleep(Duration::from_millis(150)).await;
        let next = spent + 1;
        if self.current.compare_exchange(spent, next, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            self.reuses.fetch_add(1, Ordering::SeqCst);
        }
        self.refreshes.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(150)).await;
        next
    }
}

struct Process {
    store: Shared<Reached>,
    time: Simulated,
    session: Session<Held>,
    held: Option<Held>,
}

impl Process {
    fn token(&self, generation: u64, number: u64) -> Held {
        let mut token = StoredToken::new(generation, format!("access-{number}").into());
        token.refresh = Some(number.to_string().into());
        token.expires_at = Some(self.time.now().wall + LIFE);
        Held(token)
    }

    /// Performs a renewal, as the clients do.
    async fn renew(&mut self, endpoint: &Endpoint) -> Result<(), Failure> {
        let now = |time: &Simulated| time.now().wall;
        let stored = |token: StoredToken| Stored { is_refreshing: token.is_refreshing(), pair: Held(token) };
        let mut locked: Option<Box<dyn LockedToken>> = None;
        let mut known = self.held.as_ref().map_or(0, Pair::generation);
        let (mut renewal, mut step) =
            Renewal::start(&mut self.session, self.held.clone(), Situation::default(), now(&self.time));
        loop {
            let event = match &step {
                Step::Use(pair) => {
                    self.held = Some(pair.clone());
                    if let Some(locked) = locked {
                        locked.release().await;
                    }
                    return Ok(());
                }
                Step::Fail(failure) => return Err(*failure),
                Step::Load => match self.store.load(&key()).await {
                    Ok(token) => {
                        known = known.max(token.as_ref().map_or(0, |token| token.generation));
                        Event::Loaded(token.map(stored))
                    }
                    Err(_) => Event::Failed,
                },
                Step::Lock => match self.store.lock_unless_newer(&key(), known).await {
                    Ok(mut held) => {
                        let token = held.load().await.unwrap();
                        locked = Some(held);
                        Event::Locked { stored: token.map(stored), was_cleared: false }
                    }
                    Err(_) => Event::Failed,
                },
                Step::Begin(pair) => match locked.as_mut().unwrap().begin(&pair.0).await {
                    Ok(_) => Event::Begun,
                    Err(_) => Event::Failed,
                },
                Step::Send(pair) => {
                    let spent = number(&pair.0);
                    let generation = self.session.next_generation(Some(pair));
                    Event::Granted(self.token(generation, endpoint.refresh(spent).await))
                }
                Step::Save(pair) => match locked.as_mut().unwrap().save(&pair.0).await {
                    Ok(()) => Event::Saved,
                    Err(_) => Event::Failed,
                },
                other => panic!("{other:?}"),
            };
            step = renewal.next(&mut self.session, event, now(&self.time));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_ten_thousand_processes_causes_one_refresh() {
    // Fewer in tests without servers, which are quick.
    let processes = if crate::servers::wanted() { 10_000 } else { 1_000 };
    fastrand::seed(7);
    let start = Instant::now();
    let store = Arc::new(Store::new(start));
    let endpoint = Arc::new(Endpoint::default());
    let process = || {
        let wall = 1_600_000_000 + fastrand::u64(..400_000_000);
        let (keys, time) = (KeyRing::new("k1", [7; 32]), Arc::new(Simulated { start, wall }));
        let store = Shared::with_time(Reached(Arc::clone(&store)), keys, time);
        Process { store, time: Simulated { start, wall }, session: Session::default(), held: None }
    };
    let mut all: Vec<Process> = (0..processes).map(|_| process()).collect();
    let mut locked = all[0].store.lock(&key()).await.unwrap();
    locked.save(&all[0].token(1, 0).0).await.unwrap();
    locked.release().await;
    for process in &mut all {
        process.held = process.store.load(&key()).await.unwrap().map(Held);
    }
    for round in 1..=2 {
        tokio::time::sleep(LIFE + Duration::from_secs(10)).await;
        let before = store.operations.load(Ordering::Relaxed);
        let slowest = Arc::new(Mutex::new(Duration::ZERO));
        let renewals = all.into_iter().map(|mut process| {
            let (endpoint, slowest) = (Arc::clone(&endpoint), Arc::clone(&slowest));
            tokio::spawn(async move {
                // All make a call within a second.
                tokio::time::sleep(Duration::from_micros(fastrand::u64(..1_000_000))).await;
                let asked = Instant::now();
                process.renew(&endpoint).await.unwrap();
                let took = Instant::now().duration_since(asked);
                let mut slowest = slowest.lock().unwrap();
                *slowest = took.max(*slowest);
                process
            })
        });
        all = Vec::new();
        for renewal in renewals.collect::<Vec<_>>() {
            all.push(renewal.await.unwrap());
        }
        let operations = store.operations.load(Ordering::Relaxed) - before;
        let slowest = *slowest.lock().unwrap();
        println!("{processes} processes: {operations} operations of the store, the slowest took {slowest:?}");
        assert_eq!(endpoint.refreshes.load(Ordering::SeqCst), round, "one refresh for all");
        assert!(all.iter().all(|process| process.held.as_ref().unwrap().0.generation == round + 1));
        // What the refresh takes, a poll, and a little for the store.
        assert!(slowest < Duration::from_secs(1), "{slowest:?}");
        assert!(operations < 8 * processes, "{operations} operations");
    }
    assert_eq!(endpoint.reuses.load(Ordering::SeqCst), 0);
}
