//! Configuring and starting an emulator. `start` binds every port before it mounts a provider, because providers need to know
//! their own address.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::handle::Namespace;
use super::running::Emulator;
use crate::control::actions::{Actions, Addresses, ReadyControl, ReadyTls};
use crate::control::router;
use crate::framework::clock::{Clock, ClockStart};
use crate::framework::random::{Random, unpredictable_token};
use crate::framework::relaxation::{Relaxation, Relaxations};
use crate::framework::settings::ActionError;
use crate::namespace::registry::{MAX_NAMESPACES, Registry};
use crate::namespace::seed_file::{SeedError, SeedFile};
use crate::namespace::space::Blueprint;
use crate::providers::registry::{SPECS, Settings};
use crate::server::host::{Hosts, bracketed};
use crate::server::listener::{CONNECTIONS, Limits, Listener, bind, serve};
use crate::server::pipeline::{Mounted, respond};
use crate::server::threads::Threads;
use crate::server::tls::Tls;

/// The default idle time of a connection. Longer than the 90 seconds after which most clients drop one themselves.
const DEFAULT_IDLE: Duration = Duration::from_secs(120);
/// The default seed.
const DEFAULT_SEED: u64 = 0x6175_7468;
/// The default capacity of the journal, in requests.
const DEFAULT_JOURNAL: usize = 1000;

/// The emulator could not be started. Nothing is left running.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use auth_emulator::{Emulator, StartError};
///
/// let error = Emulator::builder().relax("verigator.no-such-check").start().await.unwrap_err();
/// assert!(matches!(error, StartError::UnknownRelaxation { .. }));
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A port could not be bound; usually another program uses it.
    #[error(
        "port {port} of {ip} is not available for {listener}; choose another one, or 0 for any free port"
    )]
    #[non_exhaustive]
    Bind {
        /// The address.
        ip: IpAddr,
        /// The requested port; 0 means any free port.
        port: u16,
        /// The name of the provider, or "the control API".
        listener: &'static str,
        /// The operating system's error.
        source: io::Error,
    },
    /// The first port leaves too few ports for all listeners.
    #[error(
        "the listeners need {needed} consecutive ports, but port {port} leaves fewer; choose a lower one"
    )]
    #[non_exhaustive]
    PortTooHigh {
        /// The first port.
        port: u16,
        /// The number of ports required.
        needed: usize,
    },
    /// A Unix socket could not be bound, for example because another emulator uses it.
    #[error("the Unix socket {} can't be bound", path.display())]
    #[non_exhaustive]
    Socket {
        /// The path of the socket.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// Others can reach the address, so that a name is required by which they do.
    #[error("{ip} can be reached by others: also allow a host name by which they reach it")]
    #[non_exhaustive]
    NoAllowedHost {
        /// The address.
        ip: IpAddr,
    },
    /// The allowed host is no host name without a port.
    #[error("{host:?} is not a host name such as emulator or api.test")]
    #[non_exhaustive]
    InvalidHost {
        /// The host.
        host: String,
    },
    /// A setting does not exist or has an invalid value.
    #[error("{setting}: {problem}")]
    #[non_exhaustive]
    Setting {
        /// The setting.
        setting: String,
        /// What is wrong.
        problem: ActionError,
    },
    /// The certificate could not be made, or the file of the certification authority could not be written.
    #[error("TLS can't be used with the CA file {}", ca_file.display())]
    #[non_exhaustive]
    Tls {
        /// The file.
        ca_file: PathBuf,
        /// The error.
        source: io::Error,
    },
    /// The operating system refuses more threads.
    #[error("the emulator's threads could not be started")]
    #[non_exhaustive]
    Threads {
        /// The operating system's error.
        source: io::Error,
    },
    /// A part of the seed file is refused.
    #[error("seed file: {problem}")]
    #[non_exhaustive]
    Seed {
        /// What is wrong, with its line.
        problem: SeedError,
    },
    /// The relaxation does not exist.
    #[error("unknown relaxation {name:?}; known are: {known}")]
    #[non_exhaustive]
    UnknownRelaxation {
        /// The requested name.
        name: String,
        /// The names of all relaxations, separated by commas.
        known: String,
    },
}

/// Configures an emulator. Created by [`Emulator::builder`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use auth_emulator::{ClockStart, Emulator, Timestamp};
///
/// let emulator = Emulator::builder()
///     .seed(7)
///     .clock(ClockStart::Frozen(Timestamp::from_unix_seconds(1_700_000_000)))
///     .journal_capacity(50)
///     .start()
///     .await?;
/// assert_eq!(emulator.clock().now().unix_seconds(), 1_700_000_000);
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use = "nothing runs before `start`"]
pub struct Builder {
    port: u16,
    seed: Option<u64>,
    clock: ClockStart,
    journal_capacity: usize,
    max_namespaces: usize,
    relaxed: Vec<String>,
    ip: IpAddr,
    allowed: Vec<String>,
    idle: Duration,
    sockets: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    changes: Vec<(String, Value)>,
    seed_file: SeedFile,
    pub(super) settings: Settings,
}

impl Emulator {
    /// Returns a builder with the defaults: free ports, system time, the default seed, every check strict.
    ///
    /// ```
    /// let builder = auth_emulator::Emulator::builder().seed(7).virtuous(|settings| settings.two_factor = true);
    /// # let _ = builder;
    /// ```
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Starts an emulator with the defaults of [`Emulator::builder`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// assert!(emulator.virtuous().base_url().starts_with("http://127.0.0.1:"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`Builder::start`].
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }
}

impl Builder {
    fn new() -> Self {
        Self {
            port: 0,
            seed: None,
            clock: ClockStart::System,
            journal_capacity: DEFAULT_JOURNAL,
            max_namespaces: MAX_NAMESPACES,
            relaxed: Vec::new(),
            ip: Ipv4Addr::LOCALHOST.into(),
            allowed: Vec::new(),
            idle: DEFAULT_IDLE,
            sockets: None,
            ca_file: None,
            changes: Vec::new(),
            seed_file: SeedFile::default(),
            settings: Settings::default(),
        }
    }

    /// Uses fixed ports: `port` for the control API, the following ones for the providers in the order of
    /// [`Builder::providers`]. Default: 0, any free ports.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the seed of all ids, codes, credentials and the control token. By default, ids and codes are the same at each start,
    /// but the control token is random.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Sets how the clock starts. Default: system time.
    pub fn clock(mut self, start: ClockStart) -> Self {
        self.clock = start;
        self
    }

    /// Sets the maximum number of requests in the journal. Default: 1000.
    pub fn journal_capacity(mut self, requests: usize) -> Self {
        self.journal_capacity = requests;
        self
    }

    /// Sets the maximum number of namespaces, the default one included. Default: 1000.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::builder().max_namespaces(2).start().await?;
    /// assert!(emulator.namespace("one").is_ok() && emulator.namespace("two").is_err());
    /// # Ok(()) }
    /// ```
    pub fn max_namespaces(mut self, namespaces: usize) -> Self {
        self.max_namespaces = namespaces;
        self
    }

    /// Starts every namespace with the content of a seed file, in YAML or JSON: `seed`, `clock` (the time at which it is stopped),
    /// `settings` by provider, `credentials` by environment variable, `records` that operations create, and `faults`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let seed = "
    /// clock: 2026-01-31T12:00:00Z
    /// credentials:
    ///   VERIGATOR_PASSWORD: correct horse
    /// records:
    ///   - provider: verigator
    ///     operation: services.create
    ///     body: {fqdn: coffeeshop.com, name: CoffeeShop}
    ///     as: coffee
    ///   - provider: verigator
    ///     operation: users.create
    ///     params: {service_id: '{{coffee.id}}'}
    ///     body: {id_in_service: anna, phone_number: '+37251000001'}
    /// ";
    /// let emulator = auth_emulator::Emulator::builder().seed_file(seed)?.start().await?;
    /// assert_eq!(emulator.verigator().password(), "correct horse");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error with the line of an unknown field or an invalid value. [`Builder::start`] returns one for settings,
    /// credentials and records that a provider refuses.
    pub fn seed_file(mut self, text: &str) -> Result<Self, SeedError> {
        let file = SeedFile::parse(text)?;
        self.seed = file.seed.or(self.seed);
        self.clock = file.clock.map_or(self.clock, ClockStart::Frozen);
        self.seed_file = file;
        Ok(self)
    }

    /// Disables one check, by its name in [`Builder::relaxations`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use auth_emulator::{Builder, Emulator};
    ///
    /// let relaxation = Builder::relaxations()[0];
    /// let emulator = Emulator::builder().relax(relaxation.name).start().await?;
    /// # let _ = emulator;
    /// # Ok(()) }
    /// ```
    pub fn relax(mut self, name: &str) -> Self {
        self.relaxed.push(name.to_owned());
        self
    }

    /// Lists every check that can be disabled.
    ///
    /// ```
    /// let relaxations = auth_emulator::Builder::relaxations();
    /// assert!(relaxations.iter().any(|relaxation| relaxation.name == "verigator.unknown-fields"));
    /// ```
    #[must_use]
    pub fn relaxations() -> Vec<Relaxation> {
        SPECS.iter().flat_map(|spec| spec.relaxations.iter().copied()).collect()
    }

    /// Lists the names of the providers, in the order of their ports.
    ///
    /// ```
    /// let providers = auth_emulator::Builder::providers();
    /// assert!(providers.contains(&"verigator") && providers.contains(&"virtuous"));
    /// ```
    #[must_use]
    pub fn providers() -> Vec<&'static str> {
        SPECS.iter().map(|spec| spec.name).collect()
    }

    /// Lists the settings of all providers with their defaults, as [`Builder::set`] takes them.
    ///
    /// ```
    /// let settings = auth_emulator::Builder::default_settings();
    /// assert!(settings.iter().any(|(name, value)| name == "virtuous.calls_per_hour" && value.is_u64()));
    /// ```
    #[must_use]
    pub fn default_settings() -> Vec<(String, Value)> {
        let mut list = Vec::new();
        for (provider, values) in Settings::default().values() {
            let Value::Object(values) = values else { continue };
            list.extend(values.into_iter().map(|(name, value)| (format!("{provider}.{name}"), value)));
        }
        list
    }

    /// Changes a setting that the providers start with, by its name in [`Builder::default_settings`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use auth_emulator::Emulator;
    ///
    /// let emulator = Emulator::builder().set("virtuous.calls_per_hour", 10).start().await?;
    /// assert_eq!(emulator.virtuous().settings().calls_per_hour, 10);
    /// let error = Emulator::builder().set("virtuous.calls_per_huor", 10).start().await.unwrap_err();
    /// assert!(error.to_string().contains("did you mean `calls_per_hour`?"));
    /// # Ok(()) }
    /// ```
    pub fn set(mut self, setting: &str, value: impl Into<Value>) -> Self {
        self.changes.push((setting.to_owned(), value.into()));
        self
    }

    /// Listens on another address than 127.0.0.1. An address that others can reach requires [`Builder::allow_host`].
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    ///
    /// let builder = auth_emulator::Emulator::builder().listen(Ipv4Addr::UNSPECIFIED).allow_host("emulator");
    /// # let _ = builder;
    /// ```
    pub fn listen(mut self, ip: impl Into<IpAddr>) -> Self {
        self.ip = ip.into();
        self
    }

    /// Accepts requests whose `Host` is this name, with any port. The first one is also the name in the URLs of the providers if
    /// the emulator listens on an address that others can reach.
    pub fn allow_host(mut self, name: impl Into<String>) -> Self {
        self.allowed.push(name.into());
        self
    }

    /// Sets how long a connection may be idle, and how long a request may take to arrive. Default: two minutes.
    pub fn idle_timeout(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// Also listens on Unix sockets in this directory: `control.sock`, and one for each provider, such as `verigator.sock`. Only
    /// the same user can connect to them. Has no effect on other systems.
    pub fn socket_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.sockets = Some(directory.into());
        self
    }

    /// Serves the providers over HTTPS. The certificate of the certification authority, which is new at each start, is written to
    /// `ca_file` as PEM; clients must trust it. The control API and Unix sockets stay without TLS.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let ca_file = std::env::temp_dir().join("auth-emulator-doc-ca.pem");
    /// let emulator = auth_emulator::Emulator::builder().tls(&ca_file).start().await?;
    /// assert!(emulator.vaultvision().base_url().starts_with("https://127.0.0.1:"));
    /// let tls = emulator.ready().tls.as_ref().expect("TLS is on");
    /// assert_eq!(std::fs::read_to_string(&ca_file)?, tls.ca_pem);
    /// # std::fs::remove_file(&ca_file)?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "tls")]
    pub fn tls(mut self, ca_file: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(ca_file.into());
        self
    }

    /// Starts the emulator; every listener accepts connections when this returns. It has its own threads and requires no tokio
    /// runtime.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::builder().seed(7).start().await?;
    /// assert!(emulator.control_url().starts_with("http://127.0.0.1:"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if a port is not available, or a relaxation, a setting or a host name is invalid.
    pub async fn start(self) -> Result<Emulator, StartError> {
        // Nothing waits; async, so that it may one day.
        self.start_now()
    }

    fn start_now(mut self) -> Result<Emulator, StartError> {
        let relaxations = self.checked_relaxations()?;
        self.check_hosts()?;
        for (setting, value) in std::mem::take(&mut self.changes) {
            let (provider, name) = setting.split_once('.').unwrap_or((&setting, ""));
            self.settings
                .change(provider, &serde_json::json!({ name: value }))
                .map_err(|problem| StartError::Setting { setting: setting.clone(), problem })?;
        }
        let seed_file = std::mem::take(&mut self.seed_file);
        for (provider, settings) in &seed_file.settings {
            self.settings.change(provider, &Value::Object(settings.clone())).map_err(|problem| {
                StartError::Seed { problem: seed_file.of_setting(provider, problem.to_string()) }
            })?;
        }
        let (tls, ready_tls) = self.make_tls()?;
        let threads = Threads::start().map_err(|source| StartError::Threads { source })?;
        let entered = threads.control.enter();
        let extra = self.settings.extra_listeners();
        let mut ports = Ports::new(self.ip, self.port, &extra)?;
        let control = ports.next("the control API")?;
        drop(entered);
        let entered = threads.providers.enter();
        let mut bound = Vec::new();
        for spec in SPECS {
            bound.push((spec.name, vec![ports.next(spec.name)?]));
        }
        // Extra listeners come last, so that the main ports stay where they are when a provider gains one.
        for (count, (name, listeners)) in extra.into_iter().zip(&mut bound) {
            for _ in 0..count {
                listeners.push(ports.next(name)?);
            }
        }

        let token = self.seed.map_or_else(unpredictable_token, |seed| Random::new(seed, "control").hex(16));
        let blueprint = Blueprint {
            settings: self.settings.clone(),
            seed: self.seed.unwrap_or(DEFAULT_SEED),
            clock: self.clock,
            journal_capacity: self.journal_capacity,
            relaxations,
            origins: bound
                .iter()
                .map(|(_, listeners)| listeners.iter().map(|(_, address)| self.origin(*address)).collect())
                .collect(),
            runtime: Some(threads.providers.clone()),
            starts: SPECS
                .iter()
                .map(|spec| Arc::new(seed_file.providers.get(spec.name).cloned().unwrap_or_default()))
                .collect(),
            faults: seed_file.faults.clone(),
        };
        let namespaces = Arc::new(Registry::new(blueprint, self.max_namespaces));
        let addresses = Addresses {
            control: ReadyControl {
                url: format!("http://{}:{}", local_name(self.ip), control.1.port()),
                token,
                socket: self.socket_paths("control", 1).pop(),
            },
            sockets: bound.iter().map(|(name, all)| self.socket_paths(name, all.len())).collect(),
            tls: ready_tls,
        };
        let main = Arc::clone(namespaces.main());
        for provider in &main.list {
            provider
                .try_seed()
                .map_err(|problem| StartError::Seed { problem: seed_file.of_provider(problem) })?;
        }
        let default = Namespace::new(Actions::new(main, Arc::clone(&namespaces), Arc::new(addresses)));
        let actions = Arc::clone(&default.actions);

        let (stop, stopped) = watch::channel(false);
        let limits = Limits { connections: CONNECTIONS, idle: self.idle };
        let mut tasks = Vec::new();
        for (provider, (name, listeners)) in bound.into_iter().enumerate() {
            let paths = self.socket_paths(name, listeners.len());
            for (index, (listener, address)) in listeners.into_iter().enumerate() {
                let mounted = |hosts, scheme| Mounted {
                    namespaces: Arc::clone(&namespaces),
                    provider,
                    listener: index,
                    scheme,
                    hosts,
                    patience: self.idle,
                };
                let router = provider_router(mounted(self.hosts(address), self.scheme()));
                let serving = serve(Listener::Tcp(listener, tls.clone()), router, limits, stopped.clone());
                tasks.push(threads.providers.spawn(serving));
                if let Some(path) = paths.get(index) {
                    let router = provider_router(mounted(Hosts::of_socket(), "http"));
                    tasks.push(threads.providers.spawn(serve(
                        bind_socket(path)?,
                        router,
                        limits,
                        stopped.clone(),
                    )));
                }
            }
        }
        drop(entered);
        let entered = threads.control.enter();
        let control_router = router::router(Arc::clone(&actions), self.hosts(control.1));
        let serving = serve(Listener::Tcp(control.0, None), control_router, limits, stopped.clone());
        tasks.push(threads.control.spawn(serving));
        if let Some(path) = &actions.ready().control.socket {
            let router = router::router(Arc::clone(&actions), Hosts::of_socket());
            tasks.push(threads.control.spawn(serve(bind_socket(path)?, router, limits, stopped)));
        }
        drop(entered);
        Ok(Emulator::new(default, stop, tasks, threads))
    }

    /// The certificate, and its authority, which is written to the file.
    #[cfg(feature = "tls")]
    fn make_tls(&self) -> Result<(Option<Tls>, Option<ReadyTls>), StartError> {
        let Some(ca_file) = self.ca_file.clone() else { return Ok((None, None)) };
        let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        if !self.ip.is_unspecified() && !names.contains(&self.ip.to_string()) {
            names.push(self.ip.to_string());
        }
        names.extend(self.allowed.iter().cloned());
        // Clients compare with their own clock, not with the emulator's.
        let now = Clock::new(ClockStart::System).now().to_system_time();
        let made = Tls::generate(names, now).and_then(|(tls, ca_pem)| {
            std::fs::write(&ca_file, &ca_pem)?;
            Ok((tls, ca_pem))
        });
        match made {
            Ok((tls, ca_pem)) => Ok((Some(tls), Some(ReadyTls { ca_file, ca_pem }))),
            Err(source) => Err(StartError::Tls { ca_file, source }),
        }
    }

    #[cfg(not(feature = "tls"))]
    fn make_tls(&self) -> Result<(Option<Tls>, Option<ReadyTls>), StartError> {
        Ok((None, None))
    }

    fn check_hosts(&self) -> Result<(), StartError> {
        let is_name = |host: &str| {
            !host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        match self.allowed.iter().find(|host| !is_name(host)) {
            Some(host) => Err(StartError::InvalidHost { host: host.clone() }),
            None if !self.ip.is_loopback() && self.allowed.is_empty() => {
                Err(StartError::NoAllowedHost { ip: self.ip })
            }
            None => Ok(()),
        }
    }

    fn hosts(&self, address: SocketAddr) -> Hosts {
        let ip = (self.ip != Ipv4Addr::LOCALHOST && !self.ip.is_unspecified()).then_some(self.ip);
        Hosts { port: Some(address.port()), ip, allowed: self.allowed.clone() }
    }

    fn scheme(&self) -> &'static str {
        if self.ca_file.is_some() { "https" } else { "http" }
    }

    /// The URL of a provider's listener.
    fn origin(&self, address: SocketAddr) -> String {
        let scheme = self.scheme();
        let name = match self.allowed.first() {
            Some(name) if !self.ip.is_loopback() => name.clone(),
            _ => local_name(self.ip),
        };
        format!("{scheme}://{name}:{}", address.port())
    }

    /// The paths of a provider's Unix sockets.
    fn socket_paths(&self, name: &str, count: usize) -> Vec<PathBuf> {
        let Some(directory) = self.sockets.as_ref().filter(|_| cfg!(unix)) else { return Vec::new() };
        let file = |index| match index {
            0 => format!("{name}.sock"),
            index => format!("{name}-{index}.sock"),
        };
        (0..count).map(|index| directory.join(file(index))).collect()
    }

    fn checked_relaxations(&self) -> Result<Relaxations, StartError> {
        let known: Vec<_> = Self::relaxations().iter().map(|relaxation| relaxation.name).collect();
        match self.relaxed.iter().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(StartError::UnknownRelaxation { name: name.clone(), known: known.join(", ") }),
            None => Ok(Relaxations::new(self.relaxed.iter().cloned())),
        }
    }
}

// One handler for every path: the pipeline looks up the operation in the provider's route table, so that faults and the
// journal can name it before the provider runs.
fn provider_router(mounted: Mounted) -> Router {
    Router::new()
        .fallback(|State(mounted): State<Arc<Mounted>>, request: Request| async move {
            respond(&mounted, request).await
        })
        .with_state(Arc::new(mounted))
}

type Bound = (TcpListener, SocketAddr);

/// The name by which programs on this machine reach an address.
fn local_name(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => bracketed(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => bracketed(Ipv6Addr::LOCALHOST.into()),
        ip => bracketed(ip),
    }
}

fn bind_socket(path: &Path) -> Result<Listener, StartError> {
    let failed = |source| StartError::Socket { path: path.to_owned(), source };
    #[cfg(unix)]
    return crate::server::socket::bind(path)
        .map(|(listener, file)| Listener::Unix { listener, _file: file })
        .map_err(failed);
    #[cfg(not(unix))]
    Err(failed(io::ErrorKind::Unsupported.into()))
}

struct Ports {
    ip: IpAddr,
    next: u16,
}

impl Ports {
    /// `extra` is the number of additional listeners of each provider.
    fn new(ip: IpAddr, first: u16, extra: &[usize]) -> Result<Self, StartError> {
        let needed = 1 + extra.iter().map(|count| 1 + count).sum::<usize>();
        if first != 0 && usize::from(first) + needed > 1 + usize::from(u16::MAX) {
            return Err(StartError::PortTooHigh { port: first, needed });
        }
        Ok(Self { ip, next: first })
    }

    /// Must be called inside a runtime.
    fn next(&mut self, listener: &'static str) -> Result<Bound, StartError> {
        let port = self.next;
        if port != 0 {
            self.next = port.saturating_add(1);
        }
        bind(self.ip, port).map_err(|source| StartError::Bind { ip: self.ip, port, listener, source })
    }
}
