//! The options of an emulator. `start.rs` starts it.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::error::StartError;
use super::running::Emulator;
use crate::framework::clock::ClockStart;
use crate::framework::relaxation::Relaxation;
use crate::namespace::registry::MAX_NAMESPACES;
use crate::namespace::seed_file::{SeedError, SeedFile};
use crate::providers::registry::{SPECS, Settings};

/// The default idle time of a connection. Longer than the 90 seconds after which most clients drop one themselves.
const DEFAULT_IDLE: Duration = Duration::from_secs(120);
/// The default capacity of the journal, in requests.
const DEFAULT_JOURNAL: usize = 1000;

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
    pub(super) port: u16,
    pub(super) seed: Option<u64>,
    pub(super) clock: ClockStart,
    pub(super) journal_capacity: usize,
    pub(super) max_namespaces: usize,
    pub(super) relaxed: Vec<String>,
    pub(super) ip: IpAddr,
    pub(super) allowed: Vec<String>,
    pub(super) idle: Duration,
    pub(super) sockets: Option<PathBuf>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) changes: Vec<(String, Value)>,
    pub(super) seed_file: SeedFile,
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
}
