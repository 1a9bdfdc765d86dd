//! The Redis store on two hosts, in network namespaces, and a partition between them.
//!
//! Needs root and `ip`. `cargo xtask ci --only stores` sets the variable where that is permitted, and says so where it is not.

#![expect(clippy::disallowed_methods, reason = "servers take real time")]

use super::keys;
use crate::redis_store::RedisStore;
use crate::servers;
use crate::shared::tests::{key, pair};
use ::redis::Client;
use auth_core::store::{LockedToken, TokenStore};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const VARIABLE: &str = "AUTH_TOKEN_STORE_TEST_NAMESPACES";
const CHILD: &str = "AUTH_TOKEN_STORE_TEST_HOST";

/// Longer than an operation that fails, and than a lock that waits for a lease.
const LIMIT: Duration = Duration::from_secs(70);

/// This host, another one, and the link between them.
struct Hosts {
    name: String,
    address: String,
}

impl Hosts {
    fn new() -> Self {
        let id = std::process::id();
        let (name, subnet) = (format!("authc{}", id % 1_000_000), format!("10.203.{}", id % 256));
        ip(&format!("netns add {name}"));
        let hosts = Self { name: name.clone(), address: format!("{subnet}.1") };
        ip(&format!("link add {name} type veth peer name other netns {name}"));
        ip(&format!("addr add {subnet}.1/30 dev {name}"));
        ip(&format!("-n {name} addr add {subnet}.2/30 dev other"));
        ip(&format!("-n {name} link set other up"));
        hosts.set_connected(true);
        hosts
    }

    fn set_connected(&self, connected: bool) {
        ip(&format!("link set {} {}", self.name, if connected { "up" } else { "down" }));
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.name]).status();
    }
}

fn ip(arguments: &str) {
    let done = Command::new("ip").args(arguments.split(' ')).status();
    assert!(done.is_ok_and(|status| status.success()), "ip {arguments}");
}

/// A process on the other host.
struct Other {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
}

impl Other {
    fn start(hosts: &Hosts, url: &str) -> Self {
        let mut child = Command::new("ip")
            .args(["netns", "exec", &hosts.name])
            .arg(std::env::current_exe().unwrap())
            .args(["redis_store::tests::partition::another_host", "--exact", "--nocapture"])
            .env(CHILD, url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let (stdin, stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if let Some((_, line)) = line.split_once("host: ") {
                    let _ = sender.send(line.to_owned());
                }
            }
        });
        Self { child, stdin, lines }
    }

    /// Lets it do something, and returns the result.
    fn run(&mut self, command: &str) -> String {
        writeln!(self.stdin, "{command}").unwrap();
        self.lines.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("{command} takes more than {LIMIT:?}"))
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Not a separate test: what the process on the other host does.
#[tokio::test]
async fn another_host() {
    let Ok(url) = std::env::var(CHILD) else { return };
    let store = RedisStore::new(Client::open(url).unwrap(), keys());
    let mut locked: Option<Box<dyn LockedToken>> = None;
    for command in std::io::stdin().lock().lines().map_while(Result::ok) {
        let done = match (command.as_str(), &mut locked) {
            ("load", _) => store.load(&key()).await.map(drop).map_err(|error| error.to_string()),
            ("lock", _) => {
                locked = None;
                match store.lock(&key()).await {
                    Ok(held) => {
                        locked = Some(held);
                        Ok(())
                    }
                    Err(error) => Err(error.to_string()),
                }
            }
            ("begin", Some(locked)) => match locked.load().await {
                Ok(stored) => {
                    let begun = locked.begin(&stored.unwrap()).await;
                    begun.map(drop).map_err(|error| error.to_string())
                }
                Err(error) => Err(error.to_string()),
            },
            ("save", Some(locked)) => {
                locked.save(&pair(2, "second")).await.map_err(|error| error.to_string())
            }
            other => panic!("{}", other.0),
        };
        println!("host: {}", done.err().unwrap_or_else(|| "done".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partition_between_two_hosts_stops_refreshes_and_loses_no_token() {
    if !servers::wanted() || std::env::var_os(VARIABLE).is_none() {
        return;
    }
    let hosts = Hosts::new();
    let server = servers::redis_at(&hosts.address);
    let url = format!("redis://{}:{}", hosts.address, server.port);
    let store = RedisStore::new(Client::open(url.as_str()).unwrap(), keys());
    let mut locked = store.lock(&key()).await.unwrap();
    locked.load().await.unwrap();
    locked.save(&pair(1, "first")).await.unwrap();
    locked.release().await;

    // The other host has sent the refresh token, and can't save the response.
    let mut other = Other::start(&hosts, &url);
    assert_eq!([other.run("lock"), other.run("begin")], ["done", "done"]);
    hosts.set_connected(false);
    for command in ["save", "load"] {
        let failed = other.run(command);
        assert!(failed.contains("Redis") || failed.contains("no response"), "{command}: {failed}");
    }
    // This one sees that, and sends nothing.
    assert!(store.load(&key()).await.unwrap().unwrap().is_refreshing());
    let locking = tokio::time::timeout(Duration::from_secs(2), store.lock(&key())).await;
    assert!(locking.is_err(), "the lease of the other host has not ended");
    hosts.set_connected(true);
    let connected = Instant::now();
    while other.run("save") != "done" {
        assert!(connected.elapsed() < Duration::from_secs(60), "no connection again");
    }
    let stored = store.load(&key()).await.unwrap().unwrap();
    assert_eq!((stored.generation, stored.is_refreshing()), (2, false));

    // Without the store, no refresh begins; afterwards one does.
    hosts.set_connected(false);
    let refused = other.run("begin");
    assert!(refused.contains("Redis") || refused.contains("no response"), "{refused}");
    assert!(!store.load(&key()).await.unwrap().unwrap().is_refreshing(), "nothing is marked");
    hosts.set_connected(true);
    while other.run("lock") != "done" || other.run("begin") != "done" {
        assert!(connected.elapsed() < Duration::from_secs(120), "no connection again");
    }
}
