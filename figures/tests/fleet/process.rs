//! The processes of the fleet: this test program itself, started again with variables that say what to do.

use async_trait::async_trait;
use auth_client_core::provider::auth_core::store::{
    LockError, LockedToken, StoreError, StoreKey, StoredToken, TokenStore,
};
use auth_token_store::{KeyRing, PostgresStore, RedisStore, redis};
use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use virtuous_client::Client;

/// The store, the base URL, the user name and the password.
const VARIABLES: [&str; 4] =
    ["FIGURES_FLEET_STORE", "FIGURES_FLEET_URL", "FIGURES_FLEET_USER", "FIGURES_FLEET_PASSWORD"];

const ACCOUNT: &str = "anna@example.org";

/// Calls at once of each process.
const CALLS: usize = 2;

/// Time for a process to start, or to log in while another one died with the lease.
const LIMIT: Duration = Duration::from_secs(120);

/// Processes that share a login.
pub(crate) struct Fleet {
    environment: [String; 4],
    processes: Vec<Process>,
    started: usize,
    lines: Receiver<(usize, String)>,
    sender: Sender<(usize, String)>,
    /// Lines that were received while another process was killed.
    pending: VecDeque<(usize, String)>,
}

struct Process {
    child: Child,
    stdin: ChildStdin,
    /// Number of this process among all that were started.
    number: usize,
    is_refreshing: bool,
}

/// What a process says.
#[derive(Debug)]
pub(crate) enum Event {
    /// It may send the refresh token.
    Begun,
    /// Its calls have ended.
    Called { served: u64, failures: Vec<String> },
}

impl Fleet {
    pub(crate) fn start(count: usize, environment: &[String; 4]) -> Self {
        let (sender, lines) = channel();
        let environment = environment.clone();
        let (processes, pending) = (Vec::new(), VecDeque::new());
        let mut fleet = Self { environment, processes, started: 0, lines, sender, pending };
        fleet.processes = (0..count).map(|_| fleet.spawn()).collect();
        for _ in 0..count {
            let ready = fleet.lines.recv_timeout(LIMIT);
            assert_eq!(ready.expect("a process did not start").1, "ready");
        }
        fleet
    }

    pub(crate) fn len(&self) -> usize {
        self.processes.len()
    }

    fn spawn(&mut self) -> Process {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["another_process", "--exact", "--nocapture"])
            .envs(VARIABLES.iter().zip(&self.environment))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        self.started += 1;
        let (number, sender) = (self.started, self.sender.clone());
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                // The test harness prints its own lines, without an end.
                if let Some((_, line)) = line.split_once("fleet: ") {
                    let _ = sender.send((number, line.to_owned()));
                }
            }
            let _ = sender.send((number, "ended".to_owned()));
        });
        let stdin = child.stdin.take().unwrap();
        Process { child, stdin, number, is_refreshing: false }
    }

    /// Lets every process make calls.
    pub(crate) fn call(&mut self) {
        self.processes.iter_mut().for_each(|process| process.tell("call"));
    }

    /// Lets one process log in.
    pub(crate) fn log_in(&mut self, slot: usize) {
        self.processes[slot].tell("log in");
        let number = self.processes[slot].number;
        loop {
            let (from, line) = self.lines.recv_timeout(LIMIT).expect("no login in time");
            if from == number {
                assert_eq!(line, "logged in");
                return;
            }
        }
    }

    /// Returns what a process says next, if that is in time.
    pub(crate) fn next(&mut self, limit: Duration) -> Option<(usize, Event)> {
        loop {
            let (from, line) = match self.pending.pop_front() {
                Some(line) => line,
                None => self.lines.recv_timeout(limit).ok()?,
            };
            let slot = self.processes.iter().position(|process| process.number == from);
            if let Some(event) = slot.and_then(|slot| self.processes[slot].says(&line)) {
                return Some((slot?, event));
            }
        }
    }

    /// Kills a process, which has no chance to clean up, and starts another one, which makes calls at once. Returns whether
    /// a refresh was under way: its token may have been sent, and its response was not certainly saved.
    pub(crate) fn kill(&mut self, slot: usize) -> bool {
        self.processes[slot].child.kill().unwrap();
        self.processes[slot].child.wait().unwrap();
        let number = self.processes[slot].number;
        // Everything that it has said before.
        let mut lines = std::mem::take(&mut self.pending);
        loop {
            let next = lines.pop_front();
            let next =
                next.unwrap_or_else(|| self.lines.recv_timeout(LIMIT).expect("a killed process did not end"));
            match next.0 == number {
                true if next.1 == "ended" => break,
                true => drop(self.processes[slot].says(&next.1)),
                false => self.pending.push_back(next),
            }
        }
        self.pending.append(&mut lines);
        let mut next = self.spawn();
        next.tell("call");
        std::mem::replace(&mut self.processes[slot], next).is_refreshing
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.child.kill();
            let _ = process.child.wait();
        }
    }
}

impl Process {
    fn tell(&mut self, command: &str) {
        writeln!(self.stdin, "{command}").unwrap();
    }

    fn says(&mut self, line: &str) -> Option<Event> {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("begun", _) => {
                self.is_refreshing = true;
                Some(Event::Begun)
            }
            ("saved", _) => {
                self.is_refreshing = false;
                None
            }
            ("called", results) => {
                let mut failures: Vec<String> = results.split("; ").map(str::to_owned).collect();
                let all = failures.len() as u64;
                failures.retain(|result| result != "served");
                Some(Event::Called { served: all - failures.len() as u64, failures })
            }
            ("ready", _) => None,
            _ => panic!("process {}: {line}", self.number),
        }
    }
}

/// What another process does: a command for each line that it reads.
pub(crate) async fn run() {
    let Ok(store) = std::env::var(VARIABLES[0]) else { return };
    let [url, user, password] = [1, 2, 3].map(|index| std::env::var(VARIABLES[index]).unwrap());
    let client = Client::builder()
        .base_url(&url)
        .token_store(Telling(open(&store)), ACCOUNT)
        // Tokens end here faster than on any server.
        .min_renewal_interval(Duration::ZERO)
        .build()
        .unwrap();
    say("ready");
    // The background tasks of the client run in the meantime.
    let (sender, mut commands) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
        // The test is over.
        std::process::exit(0);
    });
    while let Some(command) = commands.recv().await {
        if command == "log in" {
            client.login(&user, password.as_str()).await.unwrap();
            say("logged in");
            continue;
        }
        let calls: Vec<_> = (0..CALLS).map(|_| tokio::spawn(call(client.clone()))).collect();
        let mut results = Vec::new();
        for call in calls {
            results.push(call.await.unwrap());
        }
        say(&format!("called {}", results.join("; ")));
    }
}

fn say(line: &str) {
    println!("fleet: {line}");
}

async fn call(client: Client) -> String {
    match client.organizations().current().await {
        Ok(_) => "served".to_owned(),
        Err(error) => match error.session_problem() {
            Some(problem) => format!("{problem:?}"),
            None => error.to_string().replace(';', ","),
        },
    }
}

fn open(store: &str) -> Box<dyn TokenStore> {
    let keys = KeyRing::new("k1", [7; 32]);
    match store.split_once(' ').unwrap() {
        ("redis", url) => Box::new(RedisStore::new(redis::Client::open(url).unwrap(), keys)),
        (_, url) => Box::new(PostgresStore::new(url, keys).unwrap()),
    }
}

/// A store that says when a refresh token may be sent, and when the response is saved.
#[derive(Debug)]
struct Telling(Box<dyn TokenStore>);

#[derive(Debug)]
struct TellingLock {
    inner: Box<dyn LockedToken>,
    has_begun: bool,
}

#[async_trait]
impl TokenStore for Telling {
    async fn load(&self, key: &StoreKey) -> Result<Option<StoredToken>, StoreError> {
        self.0.load(key).await
    }

    async fn lock(&self, key: &StoreKey) -> Result<Box<dyn LockedToken>, LockError> {
        Ok(Box::new(TellingLock { inner: self.0.lock(key).await?, has_begun: false }))
    }

    async fn lock_unless_newer(&self, key: &StoreKey, known: u64) -> Result<Box<dyn LockedToken>, LockError> {
        let inner = self.0.lock_unless_newer(key, known).await?;
        Ok(Box::new(TellingLock { inner, has_begun: false }))
    }
}

#[async_trait]
impl LockedToken for TellingLock {
    async fn load(&mut self) -> Result<Option<StoredToken>, StoreError> {
        self.inner.load().await
    }

    fn was_cleared(&self) -> bool {
        self.inner.was_cleared()
    }

    async fn begin(&mut self, token: &StoredToken) -> Result<Duration, LockError> {
        let limit = self.inner.begin(token).await?;
        self.has_begun = true;
        say("begun");
        Ok(limit)
    }

    async fn save(&mut self, token: &StoredToken) -> Result<(), StoreError> {
        self.inner.save(token).await?;
        if std::mem::take(&mut self.has_begun) {
            say("saved");
        }
        Ok(())
    }

    async fn clear(&mut self) -> Result<(), StoreError> {
        self.inner.clear().await
    }

    async fn release(self: Box<Self>) {
        self.inner.release().await;
    }
}
