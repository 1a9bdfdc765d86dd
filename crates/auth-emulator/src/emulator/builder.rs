//! Configuring and starting an emulator. `start` binds every port before it mounts a provider, because providers need to know
//! their own address.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::handle::Emulator;
use crate::control::actions::{Actions, Ready, ReadyControl, ReadyProvider};
use crate::control::router;
use crate::framework::clock::{Clock, ClockStart};
use crate::framework::effects::Ledger;
use crate::framework::faults::Faults;
use crate::framework::journal::Journal;
use crate::framework::provider::{Context, Spec};
use crate::framework::random::{Random, unpredictable_token};
use crate::framework::relaxation::{Relaxation, Relaxations};
use crate::providers::registry::{Providers, SPECS, Settings};
use crate::server::listener::{bind, serve};
use crate::server::pipeline::{Core, Mounted, respond};

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
/// let error = Emulator::builder().relax("verigator.nonsense").start().await.unwrap_err();
/// assert!(matches!(error, StartError::UnknownRelaxation { .. }));
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A port could not be bound; usually another program uses it.
    #[error(
        "port {port} of 127.0.0.1 is not available for {listener}; choose another one, or 0 for any free port"
    )]
    #[non_exhaustive]
    Bind {
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
    relaxed: Vec<String>,
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
            relaxed: Vec::new(),
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

    /// Starts the emulator; every listener accepts connections when this returns. Requires a tokio runtime with I/O and time
    /// enabled.
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
    /// Returns an error if a port is not available or a relaxation does not exist.
    pub async fn start(self) -> Result<Emulator, StartError> {
        let relaxations = self.checked_relaxations()?;
        let extra = self.settings.extra_listeners();
        let mut ports = Ports::new(self.port, &extra)?;
        let (control_listener, control_address) = ports.next("the control API").await?;
        let mut bound = Vec::new();
        for spec in SPECS {
            bound.push((spec.name, vec![ports.next(spec.name).await?]));
        }
        // Extra listeners come last, so that the main ports stay where they are when a provider gains one.
        for (count, (name, listeners)) in extra.into_iter().zip(&mut bound) {
            for _ in 0..count {
                listeners.push(ports.next(name).await?);
            }
        }

        let seed = self.seed.unwrap_or(DEFAULT_SEED);
        let token = self.seed.map_or_else(unpredictable_token, |seed| Random::new(seed, "control").hex(16));
        let core = Arc::new(Core {
            clock: Clock::new(self.clock),
            journal: Journal::new(self.journal_capacity),
            faults: Faults::default(),
            relaxations,
        });
        let ledger = Ledger::default();
        let providers = Providers::mount(self.settings, |spec| {
            let mut origins = origins_of(&bound, spec).into_iter();
            Context {
                spec,
                origin: origins.next().unwrap_or_default(),
                extra_origins: origins.collect(),
                clock: core.clock.clone(),
                seed,
                ledger: ledger.clone(),
            }
        });
        let list = providers.list();
        let ready = Ready {
            version: env!("CARGO_PKG_VERSION"),
            control: ReadyControl { url: format!("http://{control_address}"), token },
            providers: list
                .iter()
                .map(|provider| {
                    let env = provider.env().into_iter().collect();
                    (provider.spec().name, ReadyProvider { base_url: provider.base_url(), env })
                })
                .collect(),
        };
        let actions = Arc::new(Actions { core: Arc::clone(&core), ledger, list, ready });

        let (stop, stopped) = watch::channel(false);
        let control_router = router::router(Arc::clone(&actions), control_address.port());
        let mut tasks = vec![tokio::spawn(serve(control_listener, control_router, stopped.clone()))];
        for (provider, (name, listeners)) in actions.list.iter().zip(bound) {
            let ids = Arc::new(Mutex::new(Random::new(seed, &format!("{name}/request-ids"))));
            for (index, (listener, address)) in listeners.into_iter().enumerate() {
                let mounted = Mounted {
                    core: Arc::clone(&core),
                    provider: Arc::clone(provider),
                    listener: index,
                    address,
                    ids: Arc::clone(&ids),
                };
                tasks.push(tokio::spawn(serve(listener, provider_router(mounted), stopped.clone())));
            }
        }
        Ok(Emulator::new(actions, providers, stop, tasks))
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

fn origins_of(bound: &[(&str, Vec<Bound>)], spec: &Spec) -> Vec<String> {
    bound
        .iter()
        .filter(|(name, _)| *name == spec.name)
        .flat_map(|(_, listeners)| listeners.iter().map(|(_, address)| format!("http://{address}")))
        .collect()
}

struct Ports {
    next: u16,
}

impl Ports {
    /// `extra` is the number of additional listeners of each provider.
    fn new(first: u16, extra: &[usize]) -> Result<Self, StartError> {
        let needed = 1 + extra.iter().map(|count| 1 + count).sum::<usize>();
        if first != 0 && usize::from(first) + needed > 1 + usize::from(u16::MAX) {
            return Err(StartError::PortTooHigh { port: first, needed });
        }
        Ok(Self { next: first })
    }

    async fn next(&mut self, listener: &'static str) -> Result<Bound, StartError> {
        let port = self.next;
        if port != 0 {
            self.next = port.saturating_add(1);
        }
        bind(port).await.map_err(|source| StartError::Bind { port, listener, source })
    }
}
