//! The Redis store against real servers.

use super::node::key_of;
use super::{Redis, RedisStore};
use crate::servers::{self, Server};
use crate::shared::tests::{key, pair};
use crate::shared::{KeyRing, Shared};
use ::redis::{AsyncCommands as _, Client};
use auth_core::secret::ExposeSecret as _;
use auth_core::store::{LockError, TokenStore};
use std::sync::Arc;
use std::time::Duration;

fn keys() -> KeyRing {
    KeyRing::new("k1", [7; 32])
}

fn store_of(server: &Server) -> RedisStore {
    RedisStore::new(Client::open(server.redis_url()).unwrap(), keys())
}

async fn connection(server: &Server) -> ::redis::aio::MultiplexedConnection {
    Client::open(server.redis_url()).unwrap().get_multiplexed_async_connection().await.unwrap()
}

/// A primary whose replica has caught up.
async fn replicated() -> (Server, Server) {
    let primary = servers::redis(&[]);
    let replica = servers::redis(&["--replicaof", "127.0.0.1", &primary.port.to_string()]);
    let mut connection = connection(&primary).await;
    for _ in 0..600 {
        let replicas: u32 = ::redis::cmd("WAIT").arg(1).arg(50).query_async(&mut connection).await.unwrap();
        if replicas == 1 {
            return (primary, replica);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the replica does not follow")
}

#[cfg(feature = "conformance")]
mod suite {
    use super::cluster::Cluster;
    use super::*;
    use crate::suite_tests::{self, REPLICATED};

    /// A primary, and its replica if there is one.
    struct Servers(Server, Option<Server>);

    #[async_trait::async_trait]
    impl suite_tests::Server for Cluster {
        type Backend = Redis;

        fn connect(&self) -> Redis {
            let node = Client::open(self.primaries[0].redis_url()).unwrap();
            Redis::new(super::super::route::Servers::cluster(&[node]))
        }

        async fn set_reachable(&self, reachable: bool) {
            self.primaries.iter().for_each(|node| node.signal(if reachable { "CONT" } else { "STOP" }));
        }

        async fn lose_everything(&self) {
            for node in &self.primaries {
                let mut connection = connection(node).await;
                let () = ::redis::cmd("FLUSHALL").query_async(&mut connection).await.unwrap();
            }
        }

        async fn set_replicated(&self, replicated: bool) -> bool {
            self.replicas.iter().for_each(|node| node.signal(if replicated { "CONT" } else { "STOP" }));
            true
        }
    }

    #[async_trait::async_trait]
    impl suite_tests::Server for Servers {
        type Backend = Redis;

        fn connect(&self) -> Redis {
            Redis::of(Client::open(self.0.redis_url()).unwrap())
        }

        async fn set_reachable(&self, reachable: bool) {
            self.0.signal(if reachable { "CONT" } else { "STOP" });
        }

        async fn lose_everything(&self) {
            let mut connection = connection(&self.0).await;
            let () = ::redis::cmd("FLUSHALL").query_async(&mut connection).await.unwrap();
        }

        async fn set_replicated(&self, replicated: bool) -> bool {
            let Some(replica) = &self.1 else { return false };
            replica.signal(if replicated { "CONT" } else { "STOP" });
            true
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn redis_passes_every_check_with_a_replica_and_alone() {
        if servers::wanted() {
            let (primary, replica) = replicated().await;
            suite_tests::stores_pass(Servers(primary, Some(replica)), &[]).await;
            suite_tests::stores_pass(Servers(servers::redis(&[]), None), &REPLICATED).await;
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_cluster_passes_every_check() {
        if servers::wanted() {
            // Longer than the checks stop the servers.
            let cluster = || Cluster::start(Duration::from_secs(120));
            suite_tests::stores_pass(cluster().await, &[]).await;
            suite_tests::budgets_pass(cluster().await).await;
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn budgets_in_redis_pass_every_check() {
        if servers::wanted() {
            suite_tests::budgets_pass(Servers(servers::redis(&[]), None)).await;
        }
    }
}

#[tokio::test]
async fn tokens_are_encrypted_and_keys_hide_the_account() {
    if !servers::wanted() {
        return;
    }
    let server = servers::redis(&[]);
    let store = store_of(&server);
    let mut locked = store.lock(&key()).await.unwrap();
    locked.save(&pair(1, "canary")).await.unwrap();
    let printed = format!("{store:?} {locked:?}");
    locked.release().await;
    let loaded = store_of(&server).load(&key()).await.unwrap().unwrap();
    assert_eq!(loaded.access.expose_secret(), "access-canary");

    let mut connection = connection(&server).await;
    let names: Vec<String> = connection.keys("*").await.unwrap();
    assert_eq!(names, [key_of(&crate::format::name_of(&key()))]);
    let record: String = connection.get(&names[0]).await.unwrap();
    let ttl: i64 = connection.ttl(&names[0]).await.unwrap();
    assert_eq!(ttl, -1, "a token does not expire with its key");
    for word in ["canary", "anna", "example.com"] {
        assert!(!format!("{record} {names:?} {printed}").contains(word), "{word}");
    }
}

#[tokio::test]
async fn servers_that_can_lose_or_fake_a_write_are_refused() {
    if !servers::wanted() {
        return;
    }
    let evicting = servers::redis(&["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]);
    let error = store_of(&evicting).load(&key()).await.unwrap_err().to_string();
    assert!(error.contains("allkeys-lru") && error.contains("noeviction"), "{error}");

    let (primary, replica) = replicated().await;
    for result in [store_of(&replica).load(&key()).await.map(drop), {
        let locked = store_of(&replica).lock(&key()).await.map(drop);
        locked.map_err(|error| match error {
            LockError::Unavailable(error) => error,
            error => panic!("{error}"),
        })
    }] {
        let error = result.unwrap_err().to_string();
        assert!(error.contains("replica") && error.contains("primary"), "{error}");
    }

    // Once there was a replica, a write without one is refused, also by a process that starts later.
    let save = async |store: RedisStore, generation| {
        let mut locked = store.lock(&key()).await.unwrap();
        locked.save(&pair(generation, "x")).await
    };
    save(store_of(&primary), 1).await.unwrap();
    drop(replica);
    let error = save(store_of(&primary), 2).await.unwrap_err().to_string();
    assert!(error.contains("0 of 1 replicas") && error.contains("replicas(0)"), "{error}");
    save(store_of(&primary).replicas(0), 3).await.unwrap();
}

#[tokio::test]
async fn a_store_that_is_down_fails_in_time_and_works_again_afterwards() {
    if !servers::wanted() {
        return;
    }
    let server = servers::redis(&[]);
    let store = store_of(&server);
    let mut locked = store.lock(&key()).await.unwrap();
    locked.save(&pair(1, "first")).await.unwrap();
    server.signal("STOP");
    let error = tokio::time::timeout(Duration::from_secs(5), store.load(&key())).await.unwrap().unwrap_err();
    assert!(
        error.to_string().contains("Redis did not respond") || error.to_string().contains("no response"),
        "{error}"
    );
    let begun = tokio::time::timeout(Duration::from_secs(10), locked.begin(&pair(1, "first"))).await.unwrap();
    assert!(matches!(begun, Err(LockError::Unavailable(_))), "{begun:?}");
    server.signal("CONT");
    assert_eq!(store.load(&key()).await.unwrap().unwrap().generation, 1);
}

#[tokio::test]
async fn connections_that_the_server_closes_when_idle_cost_no_operation() {
    if !servers::wanted() {
        return;
    }
    let server = servers::redis(&[]);
    let store = store_of(&server);
    let mut locked = store.lock(&key()).await.unwrap();
    locked.save(&pair(1, "first")).await.unwrap();
    locked.release().await;
    let mut connection = connection(&server).await;
    let mut kill = ::redis::cmd("CLIENT");
    kill.arg("KILL").arg("TYPE").arg("normal");
    for generation in 2..4 {
        let killed: u32 = kill.query_async(&mut connection).await.unwrap();
        assert!(killed > 0);
        let mut locked = store.lock(&key()).await.unwrap();
        let token = locked.load().await.unwrap().unwrap();
        locked.begin(&token).await.unwrap();
        let killed: u32 = kill.query_async(&mut connection).await.unwrap();
        assert!(killed > 0);
        locked.save(&pair(generation, "next")).await.unwrap();
        locked.release().await;
    }
}

#[tokio::test]
async fn connections_are_encrypted_and_the_server_is_verified() {
    if !servers::wanted() {
        return;
    }
    // The driver takes the provider of the process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificate = servers::Certificate::new();
    let server = servers::redis_with_tls(&certificate);
    let authority = std::fs::read(&certificate.certificate).unwrap();
    let store = |host: &str, authority: Option<Vec<u8>>| {
        let certificates = ::redis::TlsCertificates { client_tls: None, root_cert: authority };
        let address = format!("rediss://{host}:{}", server.port);
        RedisStore::new(Client::build_with_tls(address, certificates).unwrap(), keys())
    };
    let trusting = store("localhost", Some(authority.clone()));
    let mut locked = trusting.lock(&key()).await.unwrap();
    locked.save(&pair(1, "first")).await.unwrap();
    locked.release().await;
    assert_eq!(trusting.load(&key()).await.unwrap().unwrap().generation, 1);
    for store in [store("localhost", None), store("127.0.0.1", Some(authority))] {
        let error = store.load(&key()).await.unwrap_err().to_string();
        assert!(error.contains("Redis can't be reached") && error.contains("certificate"), "{error}");
    }
}

#[path = "cluster_tests.rs"]
mod cluster;
#[path = "failover_tests.rs"]
mod failover;
#[path = "partition_tests.rs"]
mod partition;

mod killed {
    use super::*;
    use crate::shared::record::{SECOND, Timing};
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::process::{Child, Command, Stdio};
    use std::sync::Mutex;
    use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
    use std::time::Duration;

    const CHILD: &str = "AUTH_TOKEN_STORE_TEST_CHILD";
    const PROCESSES: usize = 4;
    const KILLS: usize = 4;

    fn random(below: u64) -> u64 {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).unwrap();
        u64::from_le_bytes(bytes) % below
    }

    /// A token endpoint with rotating refresh tokens, which are numbers; a used one ends the session.
    #[derive(Debug, Default)]
    struct Endpoint {
        valid: Option<u64>,
        last: u64,
        reused: u64,
        logins: u64,
    }

    fn serve(endpoint: &Arc<Mutex<Endpoint>>) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let endpoint = Arc::clone(endpoint);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let endpoint = Arc::clone(&endpoint);
                std::thread::spawn(move || respond(stream, &endpoint));
            }
        });
        port
    }

    fn respond(stream: TcpStream, endpoint: &Mutex<Endpoint>) {
        let mut line = String::new();
        let _ = BufReader::new(&stream).read_line(&mut line);
        std::thread::sleep(Duration::from_millis(random(60)));
        let response = {
            let mut endpoint = endpoint.lock().unwrap();
            let spent = line.trim().parse::<u64>().ok();
            if spent.is_some() && spent != endpoint.valid {
                endpoint.reused += 1;
                endpoint.valid = None;
                "refused".to_owned()
            } else {
                endpoint.logins += u64::from(spent.is_none());
                endpoint.last += 1;
                endpoint.valid = Some(endpoint.last);
                endpoint.last.to_string()
            }
        };
        std::thread::sleep(Duration::from_millis(random(60)));
        let _ = writeln!(&stream, "{response}");
    }

    /// Sends a refresh token, or logs in.
    async fn request(port: u16, what: String) -> Option<u64> {
        let requesting = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            writeln!(stream, "{what}").unwrap();
            let mut line = String::new();
            BufReader::new(stream).read_line(&mut line).unwrap();
            line.trim().parse().ok()
        });
        requesting.await.unwrap()
    }

    fn numbered(generation: u64, number: u64) -> auth_core::store::StoredToken {
        let mut token = pair(generation, &number.to_string());
        token.refresh = Some(number.to_string().into());
        token
    }

    /// Not a separate test: a process that refreshes for ever.
    #[tokio::test]
    async fn another_process() {
        let Ok(ports) = std::env::var(CHILD) else { return };
        let (redis, endpoint) = ports.split_once(' ').unwrap();
        let endpoint: u16 = endpoint.parse().unwrap();
        let client = Client::open(format!("redis://127.0.0.1:{redis}")).unwrap();
        // Shorter than the real ones, and long enough for a busy machine: a request that is sent after its limit is a
        // reuse that no store can prevent.
        let timing = Timing { lease: 9 * SECOND, refresh: 5 * SECOND, step: SECOND, settle: SECOND };
        let store = Shared::new(Redis::of(client), keys()).with_timing(timing);
        loop {
            match renew(&store, endpoint).await {
                Ok(what) => println!("{what}"),
                Err(error) => println!("error {error}"),
            }
        }
    }

    async fn renew(store: &Shared<Redis>, endpoint: u16) -> Result<&'static str, LockError> {
        let mut locked = store.lock(&key()).await?;
        let stored = locked.load().await?;
        let next = stored.as_ref().map_or(1, |stored| stored.generation + 1);
        if let Some(stored) = stored {
            match locked.begin(&stored).await {
                Ok(limit) => {
                    let spent = stored.refresh.clone().unwrap().expose_secret().to_owned();
                    let requested = tokio::time::timeout(limit, request(endpoint, spent)).await;
                    if let Ok(Some(number)) = requested {
                        locked.save(&numbered(next, number)).await?;
                        locked.release().await;
                        return Ok("renewed");
                    }
                }
                // Two responses were lost, so nothing is sent.
                Err(LockError::InDoubt) => {}
                Err(error) => return Err(error),
            }
            locked.release().await;
            locked = store.lock(&key()).await?;
            if locked.load().await?.is_some_and(|current| current.generation > stored.generation) {
                locked.release().await;
                return Ok("renewed by another process");
            }
        }
        let number = request(endpoint, "login".to_owned()).await.unwrap();
        locked.save(&numbered(next, number)).await?;
        locked.release().await;
        Ok("logged in")
    }

    fn start(redis: u16, endpoint: u16, lines: &Sender<String>) -> Child {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["redis_store::tests::killed::another_process", "--exact", "--nocapture"])
            .env(CHILD, format!("{redis} {endpoint}"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdout, lines) = (BufReader::new(child.stdout.take().unwrap()), lines.clone());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = lines.send(line);
            }
        });
        child
    }

    /// Waits until processes have renewed so often.
    fn wait_for(lines: &Receiver<String>, renewals: usize) {
        let mut left = renewals;
        while left > 0 {
            match lines.recv_timeout(Duration::from_secs(60)) {
                Ok(line) if line.contains("renewed") || line.contains("logged in") => left -= 1,
                Ok(line) => assert!(!line.contains("panicked"), "{line}"),
                Err(RecvTimeoutError::Timeout) => panic!("nobody renews any more"),
                Err(RecvTimeoutError::Disconnected) => panic!("all processes are gone"),
            }
        }
    }

    #[test]
    fn processes_that_are_killed_at_random_cost_at_most_one_login_each() {
        if !servers::wanted() {
            return;
        }
        let server = servers::redis(&[]);
        let endpoint = Arc::<Mutex<Endpoint>>::default();
        let port = serve(&endpoint);
        let (sender, lines) = channel();
        let mut children: Vec<Child> = (0..PROCESSES).map(|_| start(server.port, port, &sender)).collect();
        wait_for(&lines, 20);
        for kill in 0..KILLS {
            std::thread::sleep(Duration::from_millis(random(200)));
            let child = &mut children[kill % PROCESSES];
            // SIGKILL: the process has no chance to clean up.
            child.kill().unwrap();
            child.wait().unwrap();
            *child = start(server.port, port, &sender);
            wait_for(&lines, 8);
            let endpoint = endpoint.lock().unwrap();
            let (reused, logins) = (endpoint.reused, endpoint.logins);
            // The token that a killed process has sent without saving the response.
            assert!(reused <= kill as u64 + 1, "{reused} tokens were sent twice after {} kills", kill + 1);
            assert!(logins <= reused + 1 + kill as u64 + 1, "{logins} logins, {reused} reuses");
        }
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert!(endpoint.lock().unwrap().last > 20);
    }
}
