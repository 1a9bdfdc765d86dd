//! The vendors behind the proxy: one client of the SDK for each provider with credentials.

use super::scrub::{SHORTEST, Scrubbing};
use crate::client::{Client, Options, Shared, vise};
use crate::failure::Failure;
use crate::index::Class;
use crate::output::note;
use crate::routes::Routes;
use crate::settings::{self, Settings};
use auth_client_core::Request;
use auth_client_core::transport::{HyperTransport, TransportSettings};
use http::Method;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use vise_client::Session;

/// The largest response, also of an error: what a client would accept as a response.
const MAX_RESPONSE: usize = 16 << 20;

/// One provider.
#[derive(Debug)]
pub(crate) struct Backend {
    pub(crate) provider: &'static str,
    pub(crate) routes: Routes,
    client: Kind,
}

#[derive(Debug)]
enum Kind {
    Client(Client),
    /// The client of the account, and the sessions that are open, by host.
    Vise(vise_client::Client, Mutex<HashMap<String, Session>>),
}

impl Backend {
    pub(crate) fn new(settings: &Settings, options: Options) -> Result<Self, Failure> {
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
        let transport = HyperTransport::new(TransportSettings::new())
            .map_err(|error| Failure::local(format!("the HTTP client could not be started: {error}")))?;
        let transport = Shared::new(Scrubbing::new(transport, secrets.into_iter()));
        let options = Options { transport: Some(transport), max_error_bytes: Some(MAX_RESPONSE), ..options };
        let client = match provider {
            "vise" => {
                let built = vise(settings, &options)?.build();
                let client = built.map_err(|error| Failure::call(provider, Class::Read, true, &error))?;
                Kind::Vise(client, Mutex::default())
            }
            _ => Kind::Client(Client::new(settings, &options)?),
        };
        let mut routes = Routes::new(provider);
        routes.own_key = settings.get("REVESECURE_API_KEY").map(str::to_owned);
        Ok(Self { provider, routes, client })
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

    /// Waits for a renewal in the background, so that its result is saved.
    pub(crate) async fn close(&self) {
        if let Kind::Client(client) = &self.client {
            client.close().await;
        }
    }
}
