//! The vendors behind the proxy: one client of the SDK for each provider with credentials.
//!
//! A client is built when it is needed. After a call whose credentials were refused, the next call looks whether the settings have
//! changed since, by a login for example, and builds the client anew.

use super::problem::Problem;
use super::scrub::{SHORTEST, Scrubbing};
use super::threads::PerThread;
use crate::client::{Client, Options, vise};
use crate::emulate;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::index::{Class, PROVIDERS};
use crate::output::note;
use crate::routes::Routes;
use crate::settings::{self, Settings};
use auth_client_core::{Call, Request};
use auth_emulator::Emulator;
use http::{Method, StatusCode};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use vise_client::{AccountDomain, Session};

/// Calls to one provider at the same time; further ones wait, so that a vendor doesn't get a connection for each caller.
const CALLS: usize = 256;
/// The longest wait.
const WAIT: Duration = Duration::from_secs(30);
/// The largest response, also of an error: what a client would accept as a response.
const MAX_RESPONSE: usize = 16 << 20;

/// The providers of one server.
#[derive(Debug)]
pub(crate) struct Backends {
    /// The only provider that is served, if there is one.
    only: Option<&'static str>,
    globals: Globals,
    /// Serves as long as it exists.
    emulator: Option<Emulator>,
    built: RwLock<Vec<Arc<Backend>>>,
    /// Held while one is built, so that calls at the same time share it.
    building: Mutex<()>,
}

impl Backends {
    /// Without any backend yet. With `--emulator`, the emulator starts.
    pub(crate) async fn new(only: Option<&'static str>, globals: &Globals) -> Result<Self, Failure> {
        let emulator = if globals.emulator { Some(emulate::start().await?) } else { None };
        let (built, building) = (RwLock::default(), Mutex::default());
        Ok(Self { only, globals: globals.clone(), emulator, built, building })
    }

    /// Builds those of all providers with credentials, of which there must be one.
    pub(crate) fn build_all(&self) -> Result<(), Failure> {
        for provider in PROVIDERS.into_iter().filter(|one| self.serves(one)) {
            // Of the only one, the failure says what is missing.
            if self.only.is_some()
                || self.emulator.is_some()
                || Settings::find(provider, &self.globals)?.is_some()
            {
                self.get(provider)?;
            }
        }
        if self.all().is_empty() {
            return Err(Failure::credentials("there are no credentials for any provider").hint(
                "authctl status shows where they are looked for; to try it without an account: --emulator",
            ));
        }
        Ok(())
    }

    pub(crate) fn only(&self) -> Option<&'static str> {
        self.only
    }

    pub(crate) fn serves(&self, provider: &str) -> bool {
        self.only.is_none_or(|only| only == provider)
    }

    /// Returns those that are built.
    pub(crate) fn all(&self) -> Vec<Arc<Backend>> {
        self.built.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the backend of a provider, which is built if it is missing or if its settings have changed after a refusal.
    pub(crate) fn get(&self, provider: &'static str) -> Result<Arc<Backend>, Failure> {
        if let Some(backend) = self.current(provider).filter(|one| !one.is_refused()) {
            return Ok(backend);
        }
        let _building = self.building.lock().unwrap_or_else(PoisonError::into_inner);
        let settings = match &self.emulator {
            Some(emulator) => emulate::settings(emulator, provider),
            None => Settings::load(provider, &self.globals)?,
        };
        if let Some(same) = self.current(provider).filter(|one| one.settings == settings) {
            return Ok(same);
        }
        let backend = Arc::new(Backend::new(settings, Options::of(&self.globals))?);
        let mut built = self.built.write().unwrap_or_else(PoisonError::into_inner);
        built.retain(|one| one.provider != provider);
        built.push(Arc::clone(&backend));
        Ok(backend)
    }

    fn current(&self, provider: &str) -> Option<Arc<Backend>> {
        let built = self.built.read().unwrap_or_else(PoisonError::into_inner);
        built.iter().find(|one| one.provider == provider).cloned()
    }
}

/// One provider.
#[derive(Debug)]
pub(crate) struct Backend {
    pub(crate) provider: &'static str,
    pub(crate) routes: &'static Routes,
    settings: Settings,
    client: Kind,
    /// The last call failed because of its credentials.
    refused: AtomicBool,
    calls: Semaphore,
}

#[derive(Debug)]
enum Kind {
    Client(Client),
    /// The client of the account, and the sessions that are open, by host.
    Vise(vise_client::Client, Mutex<HashMap<String, Session>>),
}

impl Backend {
    fn new(settings: Settings, options: Options) -> Result<Self, Failure> {
        let provider = settings.provider;
        let names = settings::variables(provider).iter().filter(|one| one.secret);
        let secrets: Vec<&str> = names
            .filter_map(|one| {
                let value = settings.get(one.name)?;
                if value.len() < SHORTEST {
                    note(&format!(
                        "{} is shorter than {SHORTEST} characters: responses are not searched for it",
                        one.name
                    ));
                }
                Some(value)
            })
            .collect();
        let transport = PerThread::new()
            .map_err(|error| Failure::local(format!("the HTTP client could not be started: {error}")))?;
        let transport = Scrubbing::new(transport, secrets.into_iter());
        let options =
            Options { transport: Some(Arc::new(transport)), max_error_bytes: Some(MAX_RESPONSE), ..options };
        let client = match provider {
            "vise" => {
                let built = vise(&settings, &options)?.build();
                let client = built.map_err(|error| Failure::call(provider, Class::Read, true, &error))?;
                Kind::Vise(client, Mutex::default())
            }
            _ => Kind::Client(Client::new(&settings, &options)?),
        };
        let (routes, refused) = (Routes::of(provider), AtomicBool::new(false));
        Ok(Self { provider, routes, settings, client, refused, calls: Semaphore::new(CALLS) })
    }

    /// Waits until the call can be made.
    pub(crate) async fn turn(&self) -> Result<SemaphorePermit<'_>, Problem> {
        // Nobody closes the semaphore.
        let turn = tokio::time::timeout(WAIT, self.calls.acquire()).await.ok().and_then(Result::ok);
        turn.ok_or_else(|| {
            let detail = format!("{} has as many calls in progress as it may have", self.provider);
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_calls", detail)
                .retry_after(Duration::from_secs(1))
        })
    }

    /// The key of the account, for the parameters and fields that clients fill in.
    pub(crate) fn own_key(&self) -> Option<&str> {
        self.settings.get("REVESECURE_API_KEY")
    }

    /// Notes whether the last call failed because of its credentials.
    pub(crate) fn note_refusal(&self, refused: bool) {
        self.refused.store(refused, Ordering::Relaxed);
    }

    fn is_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    /// Creates a request. `host` is that of a session of VISE.
    pub(crate) async fn request(
        &self,
        host: Option<&str>,
        method: Method,
        path: &str,
    ) -> Result<Request, Failure> {
        match &self.client {
            Kind::Client(client) => Ok(client.request(method, path)),
            Kind::Vise(client, sessions) => {
                let host = host.unwrap_or_default();
                let open = sessions.lock().unwrap_or_else(PoisonError::into_inner).get(host).cloned();
                let session = match open {
                    Some(session) => session,
                    None => {
                        let session = crate::commands::vise::session(client, host).await?;
                        let mut sessions = sessions.lock().unwrap_or_else(PoisonError::into_inner);
                        // Another call may have been faster: both use its session.
                        sessions.entry(host.to_owned()).or_insert(session).clone()
                    }
                };
                Ok(session.request(method, path))
            }
        }
    }

    /// The call that lists the domains of VISE.
    pub(crate) fn domains(&self) -> Option<Call<Vec<AccountDomain>, vise_client::Error>> {
        match &self.client {
            Kind::Vise(client, _) => Some(client.list_account_domains()),
            Kind::Client(_) => None,
        }
    }

    /// The host of VISE that is set without the list of domains.
    pub(crate) fn own_host(&self) -> Option<String> {
        self.settings.get("VISE_HOST").map(super::vise::authority)
    }

    /// Waits for a renewal in the background, so that its result is saved.
    pub(crate) async fn close(&self) {
        if let Kind::Client(client) = &self.client {
            client.close().await;
        }
    }
}
