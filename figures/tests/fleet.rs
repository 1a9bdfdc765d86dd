//! R8 with real servers: processes share one login through Redis or PostgreSQL, its access token expires again and again,
//! and processes are killed with SIGKILL at random moments, among them the one that is refreshing.
//!
//! With `AUTH_TOKEN_STORE_TEST_SERVERS`, as by `cargo xtask ci --only stores`. `FIGURES=whole` runs 64 processes and 1,000
//! expiries; `FIGURES_SEED` makes the same plan again.

#![cfg(unix)]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]
#![allow(clippy::print_stdout, reason = "it is how the processes talk")]
#![expect(clippy::disallowed_methods, reason = "processes are killed at real moments")]

#[path = "fleet/process.rs"]
mod process;
#[path = "../../crates/auth-token-store/src/servers.rs"]
#[allow(dead_code, reason = "the servers of another crate's tests")]
mod servers;

use auth_emulator::providers::virtuous::Virtuous;
use auth_emulator::{Effect, Emulator, Fault, FaultRule};
use figures::cases;
use process::{Event, Fleet};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Longest time without news: other processes wait for 32 s after a process died during a refresh, twice if the next one
/// dies as well, and a process that was started since for 30 s more.
const PATIENCE: Duration = Duration::from_secs(150);

/// Time between the server's new token and its response, in which a kill loses the token.
const RESPONSE_MS: u64 = 60;

/// Time for a refresh to reach the server, after a process has said that it begins.
const ARRIVAL: Duration = Duration::from_secs(20);

/// How often the store is read after a failure that only a login ends.
const STORE_INTERVAL: Duration = Duration::from_millis(2_200);

/// Not a separate test: what another process does.
#[tokio::test]
async fn another_process() {
    process::run().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_killed_at_random_lose_no_token_in_redis() {
    if !servers::wanted() {
        return figures::not_run("R8.fleet-redis", "AUTH_TOKEN_STORE_TEST_SERVERS is not set");
    }
    // Every write is on the disk, as in the settings that docs/fleet.md recommends.
    let server = servers::redis(&["--appendfsync", "always"]);
    let store = format!("redis {}", server.redis_url());
    killed("R8.fleet-redis", &store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_killed_at_random_lose_no_token_in_postgresql() {
    if !servers::wanted() {
        return figures::not_run("R8.fleet-postgresql", "AUTH_TOKEN_STORE_TEST_SERVERS is not set");
    }
    let server = servers::postgres(&["-c", "max_connections=300"]);
    let store = format!("postgres postgresql://postgres@127.0.0.1:{}/postgres", server.port);
    killed("R8.fleet-postgresql", &store).await;
}

async fn killed(figure: &str, store: &str) {
    let seed = std::env::var("FIGURES_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("FIGURES_SEED={seed}");
    fastrand::seed(seed);
    let builder = Emulator::builder().virtuous(|settings| settings.calls_per_hour = 1_000_000_000);
    let emulator = builder.start().await.unwrap();
    let virtuous = emulator.virtuous();
    let delay = Fault::delay_ms(RESPONSE_MS);
    let rule = FaultRule::new("virtuous", delay).operation("tokens.request").effect(Effect::Before).always();
    emulator.add_fault(rule).unwrap();
    let environment = [store.to_owned(), virtuous.base_url(), virtuous.username(), virtuous.password()];
    let processes = usize::try_from(cases(6, 64)).unwrap();
    tokio::task::block_in_place(|| {
        let mut run = Run::new(Fleet::start(processes, &environment), &virtuous);
        let expiries = cases(12, 1_000);
        for expiry in 1..=expiries {
            // In the small run, one process dies while it refreshes: the others wait for half a minute.
            let dies = if figures::is_whole() { fastrand::u8(..100) == 0 } else { expiry == 6 };
            let begun = figures::is_whole() && fastrand::bool();
            run.expire(dies.then_some(if begun { Death::Begun } else { Death::Rotated }));
        }
        assert!(run.losses > 0, "no process died with the only copy of a token");
        run.report(figure, expiries, seed);
    });
}

/// What has happened so far.
struct Run<'a> {
    fleet: Fleet,
    virtuous: &'a Virtuous,
    kills: u64,
    /// Kills between the mark of a refresh and its save.
    died_refreshing: u64,
    /// Refresh tokens that were sent twice, and the logins that were needed.
    reuses: u64,
    losses: u64,
    calls: u64,
    slowest: Duration,
}

/// When the process that refreshes is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Death {
    /// Soon after it has begun: before the server rotates the token, after that, or while the response is saved.
    Begun,
    /// After the server has rotated the token, and before it responds.
    Rotated,
}

impl<'a> Run<'a> {
    fn new(mut fleet: Fleet, virtuous: &'a Virtuous) -> Self {
        fleet.log_in(0);
        let (calls, slowest) = (0, Duration::ZERO);
        Self { fleet, virtuous, kills: 0, died_refreshing: 0, reuses: 0, losses: 0, calls, slowest }
    }

    /// Lets the access token expire, and all processes make calls. Kills one at a random moment in one of three rounds, and
    /// the first one that refreshes at a `death`.
    fn expire(&mut self, death: Option<Death>) {
        self.virtuous.expire_access_tokens();
        let refreshed = self.virtuous.effect("token_refreshed");
        let kills_any = fastrand::u8(..3) == 0;
        let round = self.round(kills_any, death);
        self.died_refreshing += round.died_refreshing;
        let reuses = self.virtuous.effect("refresh_token_reused") - self.reuses;
        self.reuses += reuses;
        let what = format!("{round:?}, {reuses} reuses, expiry {refreshed}");
        assert!(reuses <= 1 && reuses <= round.died_refreshing, "a token was sent twice: {what}");
        assert!(reuses == 0 || !round.failures.is_empty(), "a reuse was not reported: {what}");
        let refreshes = self.virtuous.effect("token_refreshed") - refreshed;
        if round.failures.is_empty() {
            assert_eq!(refreshes, 1, "one refresh serves all: {what}");
            return;
        }
        assert!(refreshes <= 1, "{what}");
        // Nobody has a valid token, and everybody says why.
        assert!(round.died_refreshing > 0 && round.served == 0, "calls with a valid token failed: {what}");
        // If the process that tries again was started since, or dies as well, others wait for longer than a lock may take.
        let is_said = |failure: &String| failure == "RefreshLost" || failure == "StoreLocked";
        assert!(reuses == 0 || round.failures.iter().any(|failure| failure == "RefreshLost"), "{what}");
        assert!(round.failures.iter().all(is_said), "{what}");
        self.losses += 1;
        self.fleet.log_in(fastrand::usize(..self.fleet.len()));
        std::thread::sleep(STORE_INTERVAL);
        let healed = self.round(false, None);
        assert!(healed.failures.is_empty(), "the login of another process did not help: {healed:?}");
        assert_eq!(self.virtuous.effect("login"), 1 + self.losses, "one login for each loss");
    }

    fn round(&mut self, kills_any: bool, mut death: Option<Death>) -> Round {
        let (started, mut round) = (Instant::now(), Round::default());
        let mut waiting: BTreeSet<usize> = (0..self.fleet.len()).collect();
        self.fleet.call();
        let soon = |ms: u64| Instant::now() + Duration::from_millis(fastrand::u64(..ms));
        let mut kills = Vec::new();
        if kills_any {
            kills.push((soon(200), fastrand::usize(..self.fleet.len())));
        }
        let refreshed = self.virtuous.effect("token_refreshed");
        while !waiting.is_empty() {
            kills.sort();
            let next = kills.first().map(|(at, _)| at.saturating_duration_since(Instant::now()));
            match self.fleet.next(next.unwrap_or(PATIENCE)) {
                None => {
                    let Some((_, victim)) = kills.first().copied() else {
                        panic!("no news of {waiting:?} for {PATIENCE:?}")
                    };
                    kills.remove(0);
                    self.kills += 1;
                    round.died_refreshing += u64::from(self.fleet.kill(victim));
                    waiting.insert(victim);
                }
                Some((slot, Event::Begun)) => match death.take() {
                    None => {}
                    Some(Death::Begun) => kills.push((soon(2 * RESPONSE_MS), slot)),
                    Some(Death::Rotated) => {
                        let limit = Instant::now() + ARRIVAL;
                        while self.virtuous.effect("token_refreshed") == refreshed && Instant::now() < limit {
                            std::thread::sleep(Duration::from_millis(1));
                        }
                        kills.push((soon(RESPONSE_MS / 2), slot));
                    }
                },
                Some((slot, Event::Called { served, failures })) => {
                    waiting.remove(&slot);
                    self.calls += served + failures.len() as u64;
                    round.served += served;
                    round.failures.extend(failures);
                }
            }
        }
        self.slowest = self.slowest.max(started.elapsed());
        round
    }

    fn report(&self, figure: &str, expiries: u64, seed: u64) {
        let Self { kills, died_refreshing, reuses, losses, calls, slowest, .. } = self;
        let processes = self.fleet.len();
        assert_eq!(self.virtuous.effect("login"), 1 + losses, "no token was lost otherwise");
        let measured = format!(
            "{processes} processes, {kills} kills, {died_refreshing} of them during a refresh: {reuses} tokens sent twice, \
             {losses} reported and each healed by one login; {calls} calls, 0 failed that had a valid token; slowest round \
             {} s; seed {seed}",
            slowest.as_secs()
        );
        figures::report(figure, expiries, &measured);
    }
}

/// What the processes of a round said.
#[derive(Debug, Default)]
struct Round {
    served: u64,
    failures: Vec<String>,
    /// Processes that were killed between the mark of a refresh and its save.
    died_refreshing: u64,
}
