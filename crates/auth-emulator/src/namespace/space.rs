//! One namespace: what all providers of it share, and the providers. A provider is created when it is first used, so that a
//! namespace costs little.

use std::sync::{Arc, LazyLock, Mutex};

use tokio::sync::watch;

use crate::framework::clock::{Clock, ClockStart};
use crate::framework::effects::Ledger;
use crate::framework::faults::{ActiveFault, FaultError, FaultRule, Faults};
use crate::framework::journal::Journal;
use crate::framework::provider::{Context, Origins, Provider, Spec};
use crate::framework::random::Random;
use crate::framework::relaxation::Relaxations;
use crate::framework::seed::ProviderSeed;
use crate::framework::suggest::did_you_mean;
use crate::framework::sync::lock;
use crate::providers::registry::{Providers, Settings};

/// State that the requests of all providers share.
#[derive(Debug)]
pub(crate) struct Core {
    pub clock: Clock,
    pub journal: Journal,
    pub faults: Faults,
    pub relaxations: Relaxations,
}

/// A listener that only one namespace has.
pub(crate) struct OwnListener {
    pub namespace: String,
    /// The position of the provider in `SPECS`.
    pub provider: usize,
    /// As in `Call::listener`.
    pub index: usize,
    /// Closed with the namespace.
    pub life: watch::Receiver<()>,
}

/// Opens a listener and returns its origin; `None` if that failed.
pub(crate) type Open = Arc<dyn Fn(OwnListener) -> Option<String> + Send + Sync>;

/// How a namespace starts.
pub(crate) struct Blueprint {
    pub settings: Settings,
    pub seed: u64,
    pub clock: ClockStart,
    pub journal_capacity: usize,
    pub relaxations: Relaxations,
    /// The addresses of each provider's listeners, in the order of `SPECS`.
    pub origins: Vec<Vec<String>>,
    pub open: Option<Open>,
    /// The runtime of the providers' background work.
    pub runtime: Option<tokio::runtime::Handle>,
    /// Credentials and records of each provider, in the order of `SPECS`.
    pub starts: Vec<Arc<ProviderSeed>>,
    pub faults: Vec<FaultRule>,
}

pub(crate) struct Space {
    pub name: String,
    /// The beginning of the paths of its requests; empty for the default one.
    pub prefix: String,
    /// The seed of its credentials.
    pub credential_seed: u64,
    /// The seed of everything else. Unlike the credentials, tokens and ids of two namespaces differ, so that a test notices one
    /// that comes from another namespace. But a seed that is given is used as it is: two namespaces with the same seed issue the
    /// same tokens.
    pub seed: u64,
    pub core: Core,
    pub ledger: Ledger,
    pub providers: Providers,
    /// In the order of `SPECS`.
    pub list: Vec<Arc<dyn Provider>>,
    /// The request ids of each provider.
    ids: Vec<Mutex<Random>>,
    turns: Vec<tokio::sync::Mutex<()>>,
    /// Dropped with the namespace, which closes its listeners.
    _life: watch::Sender<()>,
}

impl Space {
    /// Without a seed, the credentials are those of the default namespace.
    pub(crate) fn new(name: &str, prefix: &str, seed: Option<u64>, blueprint: &Blueprint) -> Self {
        let credential_seed = seed.unwrap_or(blueprint.seed);
        let seed = match seed {
            None if !prefix.is_empty() => Random::new(blueprint.seed, &format!("namespace/{name}")).next(),
            _ => credential_seed,
        };
        // Connections belong to the default namespace.
        let faults = blueprint.faults.iter().filter(|rule| prefix.is_empty() || !rule.is_of_connection());
        let core = Core {
            clock: Clock::new(blueprint.clock),
            journal: Journal::new(blueprint.journal_capacity),
            faults: Faults::new(seed, faults.cloned().collect()),
            relaxations: blueprint.relaxations.clone(),
        };
        let ledger = Ledger::default();
        let (life, lives) = watch::channel(());
        let mut origins = blueprint.origins.iter().enumerate();
        let mut starts = blueprint.starts.iter();
        let providers = Providers::mount(blueprint.settings.clone(), |spec: &'static Spec| {
            let (position, origins) = origins.next().unzip();
            let mut shared = origins.into_iter().flatten().map(|origin| format!("{origin}{prefix}"));
            let origin = shared.next().unwrap_or_default();
            let shared: Vec<_> = shared.collect();
            let (open, namespace, life) = (blueprint.open.clone(), name.to_owned(), lives.clone());
            let extra_origins: Box<dyn FnOnce() -> Vec<String> + Send> = match (open, position) {
                (Some(open), Some(provider)) if !prefix.is_empty() && spec.extra_listeners > 0 => {
                    let own = move |index| {
                        let (namespace, life) = (namespace.clone(), life.clone());
                        open(OwnListener { namespace, provider, index, life })
                    };
                    Box::new(move || (1..=spec.extra_listeners).map_while(own).collect())
                }
                _ => Box::new(|| shared),
            };
            Context {
                spec,
                origin,
                extra_origins: Origins::new(LazyLock::new(extra_origins)),
                clock: core.clock.clone(),
                seed,
                credential_seed,
                ledger: ledger.clone(),
                runtime: blueprint.runtime.clone(),
                start: starts.next().cloned().unwrap_or_default(),
            }
        });
        let list = providers.list();
        let ids = list.iter().map(|provider| Mutex::new(request_ids(seed, provider.as_ref()))).collect();
        let turns = list.iter().map(|_| tokio::sync::Mutex::default()).collect();
        Self {
            name: name.to_owned(),
            prefix: prefix.to_owned(),
            credential_seed,
            seed,
            core,
            ledger,
            providers,
            list,
            ids,
            turns,
            _life: life,
        }
    }

    pub(crate) fn provider(&self, name: &str) -> Option<&Arc<dyn Provider>> {
        self.list.iter().find(|provider| provider.spec().name == name)
    }

    /// Adds a fault rule.
    pub(crate) fn add_fault(&self, mut rule: FaultRule, tls: bool) -> Result<ActiveFault, FaultError> {
        self.check_fault(&mut rule, tls)?;
        self.core.faults.add(rule)
    }

    /// Checks that a rule can apply in this namespace, and hides a caller that may be secret.
    pub(crate) fn check_fault(&self, rule: &mut FaultRule, tls: bool) -> Result<(), FaultError> {
        let Some(provider) = self.provider(&rule.provider) else {
            let known = self.list.iter().map(|provider| provider.spec().name);
            let hint = did_you_mean(&rule.provider, known);
            return Err(FaultError(format!("unknown provider {:?}{hint}", rule.provider)));
        };
        if let Some(operation) = &rule.operation {
            let known: Vec<_> = provider.spec().operations().collect();
            if !known.contains(&operation.as_str()) {
                let hint = did_you_mean(operation, known);
                let message = format!("unknown operation {operation:?} of {}{hint}", rule.provider);
                return Err(FaultError(message));
            }
            let spec = provider.spec();
            let routes = spec.routes.iter().chain(spec.extra_routes).copied().flatten();
            let routes = routes.filter(|route| route.operation == operation);
            // Settings choose its method and path.
            if operation != "session.open" {
                rule.check_route(routes.map(|route| (route.method.as_str(), route.template)))?;
            }
        }
        if rule.is_of_connection() && !self.prefix.is_empty() {
            let reason =
                "connections belong to the default namespace, and so do faults that come before a request";
            return Err(FaultError(reason.to_owned()));
        }
        if rule.is_of_tls() && !tls {
            return Err(FaultError("tls: this emulator serves plain HTTP; start it with TLS".to_owned()));
        }
        let (env, secret) = (provider.env(), provider.spec().secret_variables);
        rule.hide_caller(|caller| env.iter().any(|(name, value)| value == caller && !secret.contains(name)));
        Ok(())
    }

    /// A provider by its position in `SPECS`.
    #[expect(clippy::indexing_slicing, reason = "every namespace has every provider")]
    pub(crate) fn provider_at(&self, position: usize) -> Arc<dyn Provider> {
        Arc::clone(&self.list[position])
    }

    /// Held while a provider, by its position, executes a request.
    #[expect(clippy::indexing_slicing, reason = "every namespace has every provider")]
    pub(crate) fn turn(&self, position: usize) -> &tokio::sync::Mutex<()> {
        &self.turns[position]
    }

    /// The next `x-emulator-request-id` of a provider, by its position in `list`.
    pub(crate) fn request_id(&self, provider: usize) -> String {
        let id = self.ids.get(provider).map(|ids| lock(ids).hex(12));
        format!("emu-{}", id.unwrap_or_default())
    }

    /// Deletes the journal and the counts of side effects. Request ids start over.
    pub(crate) fn clear_journal(&self) {
        self.core.journal.clear();
        self.ledger.clear();
        for (ids, provider) in self.ids.iter().zip(&self.list) {
            *lock(ids) = request_ids(self.seed, provider.as_ref());
        }
    }
}

fn request_ids(seed: u64, provider: &dyn Provider) -> Random {
    Random::new(seed, &format!("{}/request-ids", provider.spec().name))
}

#[cfg(test)]
impl Space {
    /// A namespace with other providers.
    pub(crate) fn with_list(list: Vec<Arc<dyn Provider>>) -> Self {
        let ids = list.iter().map(|provider| Mutex::new(request_ids(1, provider.as_ref()))).collect();
        Self { list, ids, ..Self::new("default", "", None, &Blueprint::for_tests()) }
    }
}

#[cfg(test)]
impl Blueprint {
    pub(crate) fn for_tests() -> Self {
        Self {
            settings: Settings::default(),
            seed: 1,
            clock: ClockStart::System,
            journal_capacity: 10,
            relaxations: Relaxations::default(),
            origins: Vec::new(),
            open: None,
            runtime: None,
            starts: Vec::new(),
            faults: Vec::new(),
        }
    }
}
