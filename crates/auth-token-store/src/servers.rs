//! Database servers of the tests, each in its own folder, on a loopback port that was free.

#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Set by `cargo xtask ci --only stores`: the tests start servers, and fail without them. Other runs need none.
const VARIABLE: &str = "AUTH_TOKEN_STORE_TEST_SERVERS";

/// Time limit for a server to start or stop.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Whether tests with servers run.
pub(crate) fn wanted() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

/// A folder that is gone with the test.
#[derive(Debug)]
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("token-store-{name}-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A running server, which ends with the test.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    _folder: Folder,
}

impl Server {
    /// Sends a signal, such as `STOP`: the server responds to nothing until `CONT`.
    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([&format!("-{signal}"), &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Sends a signal to the server and to the processes that it has started.
    pub(crate) fn signal_all(&self, signal: &str) {
        let pid = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        let mut kill = Command::new("kill");
        kill.arg(format!("-{signal}")).args(children.split_whitespace()).arg(pid.to_string());
        // A connection may have ended since.
        let _ = kill.stderr(Stdio::null()).status();
    }

    pub(crate) fn redis_url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // PostgreSQL ends the processes that it has started.
        let _ = Command::new("kill").args(["-QUIT", &self.child.id().to_string()]).status();
        for _ in 0..100 {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts a server; another program may take the free port first, so several are tried.
fn start(name: &str, command: impl Fn(&Path, u16) -> Command, is_up: impl Fn(u16) -> bool) -> Server {
    for _ in 0..5 {
        let (folder, port) = (Folder::new(name), free_port());
        let mut command = command(&folder.0, port);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!("{:?} can't be started ({error}): install it, see CONTRIBUTING.md", command.get_program())
        });
        let step = Duration::from_millis(50);
        for _ in 0..START_LIMIT.as_millis() / step.as_millis() {
            if is_up(port) {
                return Server { child, port, _folder: folder };
            }
            if child.try_wait().unwrap().is_some() {
                break;
            }
            std::thread::sleep(step);
        }
        let _ = child.kill();
        let _ = child.wait();
    }
    panic!("{name} does not start")
}

/// `redis-server`, or the program that `AUTH_TOKEN_STORE_TEST_REDIS` names, such as `valkey-server`.
fn redis_program() -> String {
    std::env::var("AUTH_TOKEN_STORE_TEST_REDIS").unwrap_or_else(|_| "redis-server".to_owned())
}

/// Redis or Valkey at an address, with its data in a folder.
fn redis_in(folder: &Path, address: &str) -> Command {
    let mut command = Command::new(redis_program());
    command.args(["--bind", address, "--save", "", "--appendonly", "yes", "--dir"]).arg(folder);
    command
}

/// Starts Redis or Valkey.
pub(crate) fn redis(arguments: &[&str]) -> Server {
    let command = |folder: &Path, port: u16| {
        let mut command = redis_in(folder, "127.0.0.1");
        command.arg("--port").arg(port.to_string()).args(arguments);
        command
    };
    start("redis", command, |port| responds(port, "127.0.0.1"))
}

/// Starts a node of a cluster that is not formed yet. A node is considered to have failed after this time.
pub(crate) fn redis_of_a_cluster(timeout: Duration) -> Server {
    let (bus, timeout) = (free_port().to_string(), timeout.as_millis().to_string());
    let mut settings = vec!["--cluster-enabled", "yes", "--cluster-port", &bus];
    settings.extend(["--cluster-node-timeout", &timeout]);
    // A replica that has not heard of its primary for long is promoted nevertheless.
    settings.extend(["--cluster-replica-validity-factor", "0"]);
    redis(&settings)
}

/// Starts Redis on all addresses, and waits until it responds at this one.
pub(crate) fn redis_at(address: &str) -> Server {
    let command = |folder: &Path, port: u16| {
        let mut command = redis_in(folder, address);
        command.args(["--protected-mode", "no", "--port"]).arg(port.to_string());
        command
    };
    start("redis", command, |port| responds(port, address))
}

/// Starts Redis with TLS only, by this certificate.
pub(crate) fn redis_with_tls(certificate: &Certificate) -> Server {
    let command = |folder: &Path, port: u16| {
        let mut command = redis_in(folder, "127.0.0.1");
        command.args(["--port", "0", "--tls-auth-clients", "no", "--tls-port"]).arg(port.to_string());
        command.arg("--tls-cert-file").arg(&certificate.certificate);
        command.arg("--tls-key-file").arg(&certificate.key);
        command.arg("--tls-ca-cert-file").arg(&certificate.certificate);
        command
    };
    start("redis with TLS", command, |port| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok())
}

/// Starts a Sentinel that watches a primary, under the name `fleet`, and promotes a replica after half a second.
pub(crate) fn sentinel(primary: &Server) -> Server {
    let command = |folder: &Path, port: u16| {
        let settings = folder.join("sentinel.conf");
        let text = format!(
            "bind 127.0.0.1\nport {port}\ndir {}\nsentinel monitor fleet 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds fleet 500\nsentinel failover-timeout fleet 5000\n",
            folder.display(),
            primary.port
        );
        std::fs::write(&settings, text).unwrap();
        let mut command = Command::new(redis_program());
        command.arg(settings).arg("--sentinel");
        command
    };
    start("sentinel", command, |port| responds(port, "127.0.0.1"))
}

fn responds(port: u16, address: &str) -> bool {
    use std::io::{Read as _, Write as _};
    let Ok(mut stream) = std::net::TcpStream::connect((address, port)) else { return false };
    let mut reply = [0; 5];
    let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
    stream.write_all(b"PING\r\n").is_ok() && stream.read_exact(&mut reply).is_ok() && &reply == b"+PONG"
}

/// A certificate for `localhost` that signs itself, and its key.
pub(crate) struct Certificate {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    _folder: Folder,
}

impl Certificate {
    pub(crate) fn new() -> Self {
        let folder = Folder::new("tls");
        let (certificate, key) = (folder.0.join("certificate"), folder.0.join("key"));
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
        openssl.args(["-days", "30", "-subj", "/CN=test", "-addext", "subjectAltName=DNS:localhost"]);
        openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
        let made = openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate).output();
        assert!(made.unwrap().status.success(), "openssl failed");
        // PostgreSQL refuses a key of somebody else.
        if is_root() {
            let owned = Command::new("chown").args(["-R", "postgres"]).arg(&folder.0).status();
            assert!(owned.unwrap().success());
        }
        Self { certificate, key, _folder: folder }
    }

    /// The settings of a PostgreSQL with this certificate.
    pub(crate) fn of_postgres(&self) -> Vec<String> {
        let setting = |name: &str, path: &Path| ["-c".to_owned(), format!("{name}={}", path.display())];
        let files = [setting("ssl_cert_file", &self.certificate), setting("ssl_key_file", &self.key)];
        files.into_iter().flatten().chain(["-c".to_owned(), "ssl=on".to_owned()]).collect()
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.starts_with(b"0\n"))
}

/// Starts `postgres` with a new database, as the user `postgres` if this one is root, as which it refuses to run.
pub(crate) fn postgres(settings: &[&str]) -> Server {
    let programs = postgres_programs();
    let is_root = is_root();
    let run = |program: &str| {
        let program = programs.join(program);
        if !is_root {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
        command
    };
    let command = |folder: &Path, port: u16| {
        if is_root {
            assert!(Command::new("chown").arg("postgres").arg(folder).status().unwrap().success());
        }
        let data = folder.join("data");
        let mut initdb = run("initdb");
        initdb.args(["--no-sync", "--auth=trust", "--username=postgres", "--pgdata"]).arg(&data);
        let made = initdb.current_dir(folder).stdout(Stdio::null()).status();
        assert!(made.unwrap().success(), "initdb failed");
        let mut postgres = run("postgres");
        postgres.current_dir(folder).arg("-D").arg(&data).arg("-p").arg(port.to_string());
        postgres.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
        postgres.args(["-c", "fsync=off"]).args(settings);
        postgres
    };
    let is_up = |port: u16| {
        let mut ready = Command::new(programs.join("pg_isready"));
        ready.args(["--quiet", "--host=127.0.0.1", "--port"]).arg(port.to_string());
        ready.status().is_ok_and(|status| status.success())
    };
    start("postgres", command, is_up)
}

/// Debian keeps the programs of each version in a folder that is not on the search path.
fn postgres_programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.pop().unwrap_or_default()
}
