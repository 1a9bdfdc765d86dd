//! Several processes that share one rotating token, against a server that takes everything back when a refresh token is
//! used twice; and processes that are killed between any two steps of a renewal.
//!
//! The other processes are this test program itself, started again with a variable that says what to do.

#![cfg(unix)]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]
#![allow(clippy::print_stdout, reason = "it is how the processes talk")]

use async_trait::async_trait;
use auth_client_core::provider::auth_core::store::{
    LockError, LockedToken, StoreError, StoreKey, StoredToken, TokenStore,
};
use auth_emulator::Emulator;
use auth_token_store::FileStore;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use virtuous_client::{Client, LoginStep, SessionProblem};

const ROLE: &str = "VIRTUOUS_TEST_ROLE";
const URL: &str = "VIRTUOUS_TEST_URL";
const FILE: &str = "VIRTUOUS_TEST_FILE";

const TIMEOUT: Duration = Duration::from_secs(60);
const ACCOUNT: &str = "anna@example.org";

/// A client on the shared file. Tokens end here faster than on any server.
fn client(url: &str, store: impl TokenStore + 'static) -> Client {
    Client::builder()
        .base_url(url)
        .token_store(store, ACCOUNT)
        .min_renewal_interval(Duration::ZERO)
        .build()
        .unwrap()
}

async fn call(client: &Client) -> Result<(), virtuous_client::Error> {
    client.organizations().current().await.map(drop)
}

/// Another process: its commands and what it prints.
struct Other {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
}

impl Other {
    fn start(role: &str, url: &str, file: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["other_process", "--exact", "--nocapture"])
            .env(ROLE, role)
            .env(URL, url)
            .env(FILE, file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let stdin = child.stdin.take().unwrap();
        Self { child, stdin, lines }
    }

    fn tell(&mut self, command: &str) {
        writeln!(self.stdin, "{command}").unwrap();
    }

    /// The next line that begins so; the test harness of the other process prints its own lines.
    fn wait_for(&self, beginning: &str) -> String {
        loop {
            let line =
                self.lines.recv_timeout(TIMEOUT).unwrap_or_else(|_| panic!("no line `{beginning}` came"));
            if let Some(at) = line.find(beginning) {
                return line[at..].to_owned();
            }
        }
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder that is gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("virtuous-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self) -> String {
        self.0.join("tokens.json").to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Not a separate test: what another process does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_process() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let (url, file) = (std::env::var(URL).unwrap(), std::env::var(FILE).unwrap());
    if role == "worker" {
        return work(&client(&url, FileStore::at(file))).await;
    }
    let store = Pausing { inner: FileStore::at(file), at: role };
    let client = client(&url, store);
    println!("ended {}", call(&client).await.is_ok());
}

/// Makes ten calls at once for each line that it reads, and says how many went wrong.
async fn work(client: &Client) {
    println!("ready");
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        if line != "go" {
            break;
        }
        let calls: Vec<_> = (0..10)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { call(&client).await })
            })
            .collect();
        let mut failures = Vec::new();
        for call in calls {
            failures.extend(call.await.unwrap().err().map(|error| error.to_string()));
        }
        println!("done {} {}", failures.len(), failures.join("; "));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_processes_share_a_rotating_token_and_never_lose_it() {
    const ROUNDS: u64 = 12;
    let folder = Folder::new("eight");
    let builder = Emulator::builder().virtuous(|settings| settings.calls_per_hour = 1_000_000);
    let emulator = builder.start().await.unwrap();
    let virtuous = emulator.virtuous();
    let first = client(&virtuous.base_url(), FileStore::at(folder.file()));
    let step = first.login(virtuous.username(), virtuous.password()).await.unwrap();
    assert!(matches!(step, LoginStep::LoggedIn(_)));

    let mut others: Vec<Other> =
        (0..8).map(|_| Other::start("worker", &virtuous.base_url(), &folder.file())).collect();
    tokio::task::block_in_place(|| others.iter().for_each(|other| drop(other.wait_for("ready"))));
    for round in 1..=ROUNDS {
        virtuous.expire_access_tokens();
        tokio::task::block_in_place(|| {
            others.iter_mut().for_each(|other| other.tell("go"));
            for other in &others {
                let done = other.wait_for("done");
                assert!(done.starts_with("done 0 "), "round {round}: {done}");
            }
        });
        assert_eq!(virtuous.effect("token_refreshed"), round, "one refresh for all of them");
    }
    assert_eq!((virtuous.effect("refresh_token_reused"), virtuous.effect("family_revoked")), (0, 0));
    assert_eq!(virtuous.effect("login"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_processes_whose_session_ended_recover_with_one_login_elsewhere() {
    let folder = Folder::new("revived");
    let emulator = Emulator::start().await.unwrap();
    let virtuous = emulator.virtuous();
    // They start before anybody has logged in.
    let mut others: Vec<Other> =
        (0..8).map(|_| Other::start("worker", &virtuous.base_url(), &folder.file())).collect();
    tokio::task::block_in_place(|| others.iter().for_each(|other| drop(other.wait_for("ready"))));
    let all_fail = |others: &mut Vec<Other>| {
        tokio::task::block_in_place(|| {
            others.iter_mut().for_each(|other| other.tell("go"));
            for other in others {
                assert!(other.wait_for("done").starts_with("done 10 "));
            }
        });
    };
    all_fail(&mut others);
    for logins in 1..=2 {
        let anna = client(&virtuous.base_url(), FileStore::at(folder.file()));
        anna.login(virtuous.username(), virtuous.password()).await.unwrap();
        tokio::task::block_in_place(|| {
            for other in &mut others {
                // The store is read again every two seconds.
                let recovered = (0..100).any(|_| {
                    other.tell("go");
                    let done = other.wait_for("done");
                    std::thread::sleep(Duration::from_millis(100));
                    done.starts_with("done 0 ")
                });
                assert!(recovered, "after login {logins}");
            }
        });
        virtuous.revoke_all_tokens();
        all_fail(&mut others);
    }
    assert_eq!(virtuous.effect("login"), 2);
}

/// A store that stops at a step, says so, and never continues.
#[derive(Clone, Debug)]
struct Pausing {
    inner: FileStore,
    at: String,
}

#[derive(Debug)]
struct PausingLock {
    store: Pausing,
    inner: Option<Box<dyn LockedToken>>,
    saves: u32,
}

impl Pausing {
    fn pass(&self, step: &str) {
        if self.at == step {
            println!("paused at {step}");
            let _ = std::io::stdin().read(&mut [0]);
            std::process::exit(1);
        }
    }
}

#[async_trait]
impl TokenStore for Pausing {
    async fn load(&self, key: &StoreKey) -> Result<Option<StoredToken>, StoreError> {
        self.inner.load(key).await
    }

    async fn lock(&self, key: &StoreKey) -> Result<Box<dyn LockedToken>, LockError> {
        self.pass("before the lock");
        let inner = self.inner.lock(key).await?;
        self.pass("locked");
        Ok(Box::new(PausingLock { store: self.clone(), inner: Some(inner), saves: 0 }))
    }
}

#[async_trait]
impl LockedToken for PausingLock {
    async fn load(&mut self) -> Result<Option<StoredToken>, StoreError> {
        let loaded = self.inner.as_mut().unwrap().load().await;
        self.store.pass("loaded");
        loaded
    }

    async fn save(&mut self, token: &StoredToken) -> Result<(), StoreError> {
        self.saves += 1;
        // The first save is the mark, the second the new pair.
        self.store.pass(if self.saves == 1 { "before the mark" } else { "answered" });
        let saved = self.inner.as_mut().unwrap().save(token).await;
        self.store.pass(if self.saves == 1 { "marked" } else { "saved" });
        saved
    }

    async fn clear(&mut self) -> Result<(), StoreError> {
        self.inner.as_mut().unwrap().clear().await
    }
}

impl Drop for PausingLock {
    fn drop(&mut self) {
        drop(self.inner.take());
        self.store.pass("released");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_between_any_two_steps_costs_at_most_one_login_that_says_so() {
    let mut steps = 0;
    for (step, lost) in [
        ("before the lock", false),
        ("locked", false),
        ("loaded", false),
        ("before the mark", false),
        ("marked", false),
        ("answered", true),
        ("saved", false),
        ("released", false),
    ] {
        let folder = Folder::new(&format!("kill-{steps}"));
        let emulator = Emulator::start().await.unwrap();
        let virtuous = emulator.virtuous();
        let next = client(&virtuous.base_url(), FileStore::at(folder.file()));
        next.login(virtuous.username(), virtuous.password()).await.unwrap();
        virtuous.expire_access_tokens();

        let mut other = Other::start(step, &virtuous.base_url(), &folder.file());
        tokio::task::block_in_place(|| other.wait_for("paused at"));
        // SIGKILL: the process has no chance to clean up.
        other.child.kill().unwrap();
        other.child.wait().unwrap();

        for next in [next, client(&virtuous.base_url(), FileStore::at(folder.file()))] {
            match call(&next).await {
                Ok(()) => assert!(!lost, "{step}: the token was spent and not saved"),
                Err(error) => {
                    assert!(lost, "{step}: {error}");
                    assert_eq!(error.session_problem(), Some(SessionProblem::RefreshLost), "{step}");
                    next.login(virtuous.username(), virtuous.password()).await.unwrap();
                    call(&next).await.unwrap();
                }
            }
            if lost {
                break;
            }
        }
        assert_eq!(virtuous.effect("login"), 1 + u64::from(lost), "{step}");
        // The next one finds everything in order.
        call(&client(&virtuous.base_url(), FileStore::at(folder.file()))).await.unwrap();
        steps += 1;
    }
    assert_eq!(steps, 8);
}
