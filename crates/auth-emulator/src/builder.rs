//! How an emulator is started: what can be chosen, and what can go wrong. `start` binds every port before it mounts a
//! provider, because providers have to know their own address.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::clock::{Clock, ClockStart};
use crate::control;
use crate::controls::{Controls, Ready, ReadyControl, ReadyProvider};
use crate::effects::Ledger;
use crate::emulator::Emulator;
use crate::faults::Faults;
use crate::journal::Journal;
use crate::lax::{Lax, LaxRule};
use crate::pipeline::{Core, Mounted, answer};
use crate::providers::{Context, ProviderSettings, Providers, SPECS, Spec};
use crate::random::{Random, unpredictable_token};
use crate::server::{bind, serve};

/// The seed where none is given.
const DEFAULT_SEED: u64 = 0x6175_7468;
/// Requests that the journal keeps where nothing is said.
const DEFAULT_JOURNAL: usize = 1000;

/// The emulator could not be started. Nothing of it is left running.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use auth_emulator::{Emulator, StartError};
///
/// let error = Emulator::builder().lax("verigator.nonsense").start().await.unwrap_err();
/// assert!(matches!(error, StartError::UnknownLaxRule { .. }));
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A port could not be had; most often another program has it.
    #[error("port {port} of 127.0.0.1 can't be used for {what}: {source}")]
    Bind {
        /// The port that was asked for; 0 if any would have done.
        port: u16,
        /// What was to listen there.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The first port leaves too few for all listeners.
    #[error("the listeners need {needed} ports from {port} on, which goes beyond 65535")]
    PortTooHigh {
        /// The first port.
        port: u16,
        /// How many ports are needed.
        needed: usize,
    },
    /// A relaxation that does not exist.
    #[error("there is no rule {rule:?} to relax; there are: {known}")]
    UnknownLaxRule {
        /// What was asked for.
        rule: String,
        /// What there is.
        known: String,
    },
}

/// What can be chosen about an emulator. Made by [`Emulator::builder`].
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
    lax: Vec<String>,
    pub(crate) settings: ProviderSettings,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            port: 0,
            seed: None,
            clock: ClockStart::System,
            journal_capacity: DEFAULT_JOURNAL,
            lax: Vec::new(),
            settings: ProviderSettings::default(),
        }
    }

    /// Listens on fixed ports: the control API on `port`, the providers on the next ones in the order of
    /// [`Builder::providers`]. 0, the default, lets the system choose every port.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The seed of all ids, codes and credentials, and of the control token. Without one, ids and codes are the same at each
    /// start too, but the control token is not.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// How the clock begins.
    pub fn clock(mut self, start: ClockStart) -> Self {
        self.clock = start;
        self
    }

    /// How many requests the journal keeps; 1000 unless said otherwise.
    pub fn journal_capacity(mut self, requests: usize) -> Self {
        self.journal_capacity = requests;
        self
    }

    /// Relaxes one check, by its name in [`Builder::lax_rules`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use auth_emulator::{Builder, Emulator};
    ///
    /// let rule = Builder::lax_rules()[0];
    /// let emulator = Emulator::builder().lax(rule.name).start().await?;
    /// # let _ = emulator;
    /// # Ok(()) }
    /// ```
    pub fn lax(mut self, rule: &str) -> Self {
        self.lax.push(rule.to_owned());
        self
    }

    /// Every check that can be relaxed.
    ///
    /// ```
    /// let rules = auth_emulator::Builder::lax_rules();
    /// assert!(rules.iter().all(|rule| rule.name.contains('.')), "the provider's name, a dot, and the check");
    /// ```
    #[must_use]
    pub fn lax_rules() -> Vec<LaxRule> {
        SPECS.iter().flat_map(|spec| spec.lax_rules.iter().copied()).collect()
    }

    /// The names of the providers, in the order of their ports.
    ///
    /// ```
    /// let providers = auth_emulator::Builder::providers();
    /// assert!(providers.contains(&"verigator") && providers.contains(&"virtuous"));
    /// ```
    #[must_use]
    pub fn providers() -> Vec<&'static str> {
        SPECS.iter().map(|spec| spec.name).collect()
    }

    /// Starts it. When this returns, every listener is up. Needs a tokio runtime with I/O and time enabled.
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
    /// When a port can't be had or a relaxation does not exist.
    pub async fn start(self) -> Result<Emulator, StartError> {
        let lax = self.checked_lax()?;
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
            lax,
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
        let controls = Arc::new(Controls { core: Arc::clone(&core), ledger, providers, list, ready });

        let (stop, stopped) = watch::channel(false);
        let control_router = control::router(Arc::clone(&controls), control_address.port());
        let mut tasks = vec![tokio::spawn(serve(control_listener, control_router, stopped.clone()))];
        for (provider, (name, listeners)) in controls.list.iter().zip(bound) {
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
        Ok(Emulator::new(controls, stop, tasks))
    }

    fn checked_lax(&self) -> Result<Lax, StartError> {
        let known: Vec<_> = Self::lax_rules().iter().map(|rule| rule.name).collect();
        match self.lax.iter().find(|rule| !known.contains(&rule.as_str())) {
            Some(rule) => Err(StartError::UnknownLaxRule { rule: rule.clone(), known: known.join(", ") }),
            None => Ok(Lax::new(self.lax.iter().cloned())),
        }
    }
}

// One handler for every path: which operation a path stands for is data of the provider, so that a fault or the journal can
// name it before the provider sees it.
fn provider_router(mounted: Mounted) -> Router {
    Router::new()
        .fallback(|State(mounted): State<Arc<Mounted>>, request: Request| async move {
            answer(&mounted, request).await
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
    /// `extra` is what each provider asks for beside its first listener.
    fn new(first: u16, extra: &[usize]) -> Result<Self, StartError> {
        let needed = 1 + extra.iter().map(|count| 1 + count).sum::<usize>();
        if first != 0 && usize::from(first) + needed > 1 + usize::from(u16::MAX) {
            return Err(StartError::PortTooHigh { port: first, needed });
        }
        Ok(Self { next: first })
    }

    async fn next(&mut self, what: &'static str) -> Result<Bound, StartError> {
        let port = self.next;
        if port != 0 {
            self.next = port.saturating_add(1);
        }
        bind(port).await.map_err(|source| StartError::Bind { port, what, source })
    }
}
