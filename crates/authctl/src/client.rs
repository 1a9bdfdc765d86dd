//! One client of the SDK for any provider, built from settings. Signing, retries, deadlines and redaction are the SDK's.

use crate::assumptions;
use crate::dry_run::Capture;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::index::Class;
use crate::settings::{Settings, Source};
use crate::state::{Store, token_file};
use crate::trace::Trace;
use async_trait::async_trait;
use auth_client_core::Request;
use auth_client_core::provider::auth_core::Origin;
use auth_client_core::provider::auth_core::store::{
    LockError, LockedToken, StoreError, StoreKey, StoredToken, TokenStore,
};
use auth_client_core::transport::Transport;
use http::Method;
use std::sync::Arc;
use std::time::Duration;

/// A client of any provider but VISE, whose calls go to a host of a domain.
#[derive(Debug)]
pub(crate) enum Client {
    ReveSecure(revesecure_client::Client),
    VaultVision(vaultvision_client::Client),
    Verigator(verigator_client::Client),
    Virtuous(virtuous_client::Client),
}

/// What the command line changes in a client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) timeout: Option<Duration>,
    pub(crate) trace: bool,
    /// Instead of the client's own.
    pub(crate) transport: Option<Arc<dyn Transport>>,
    pub(crate) max_error_bytes: Option<usize>,
}

impl Options {
    pub(crate) fn of(globals: &Globals) -> Self {
        Self { timeout: globals.timeout(), trace: globals.trace, ..Self::default() }
    }
}

/// Applies the settings that all builders have.
macro_rules! configured {
    ($builder:expr, $settings:expr, $options:expr, $url:literal) => {{
        let mut builder = $builder.user_agent(crate::USER_AGENT);
        if let Some(url) = $settings.get($url) {
            builder = builder.base_url(url);
        }
        if let Some(timeout) = $options.timeout {
            builder = builder.operation_timeout(timeout);
        }
        if $options.trace {
            builder = builder.observer(Trace);
        }
        if let Some(transport) = &$options.transport {
            builder = builder.transport(transport.clone());
        }
        if let Some(limit) = $options.max_error_bytes {
            builder = builder.max_error_bytes(limit);
        }
        builder
    }};
}

impl Client {
    pub(crate) fn new(settings: &Settings, options: &Options) -> Result<Self, Failure> {
        let failed =
            |error: &auth_client_core::Error| Failure::call(settings.provider, Class::Read, true, error);
        match settings.provider {
            "revesecure" => {
                revesecure(settings, options)?.build().map(Self::ReveSecure).map_err(|error| failed(&error))
            }
            "vaultvision" => {
                vaultvision(settings, options)?.build().map(Self::VaultVision).map_err(|error| failed(&error))
            }
            "verigator" => {
                verigator(settings, options)?.build().map(Self::Verigator).map_err(|error| failed(&error))
            }
            "virtuous" => {
                virtuous(settings, options)?.build().map(Self::Virtuous).map_err(|error| failed(&error))
            }
            other => Err(Failure::usage(format!("{other} has no operations of this form"))),
        }
    }

    /// Creates a request to a path below the prefix of the provider.
    pub(crate) fn request(&self, method: Method, path: &str) -> Request {
        match self {
            Self::ReveSecure(client) => client.request(method, path),
            Self::VaultVision(client) => client.request(method, path),
            Self::Verigator(client) => client.request(method, path),
            Self::Virtuous(client) => client.request(method, path),
        }
    }

    /// Waits for a renewal in the background, so that its result is saved.
    pub(crate) async fn close(&self) {
        if let Self::Virtuous(client) = self {
            client.close().await;
        }
    }
}

/// Checks whether a client can be built from settings, without a call.
pub(crate) fn check(settings: &Settings) -> Result<(), Failure> {
    let options = Options { transport: Some(Arc::new(Capture::default())), ..Options::default() };
    match settings.provider {
        "vise" => vise(settings, &options)?
            .build()
            .map(drop)
            .map_err(|error| Failure::call(settings.provider, Class::Read, true, &error)),
        _ => Client::new(settings, &options).map(drop),
    }
}

/// Builder for ReveSecure.
pub(crate) fn revesecure(
    settings: &Settings,
    options: &Options,
) -> Result<revesecure_client::ClientBuilder, Failure> {
    let keys = (settings.need("REVESECURE_API_KEY")?, settings.need("REVESECURE_SECRET_KEY")?);
    let builder = revesecure_client::Client::builder(keys.0, keys.1);
    let builder = assumptions::revesecure(builder, &settings.assumed);
    Ok(configured!(builder, settings, options, "REVESECURE_BASE_URL"))
}

/// Builder for Vault Vision.
pub(crate) fn vaultvision(
    settings: &Settings,
    options: &Options,
) -> Result<vaultvision_client::ClientBuilder, Failure> {
    let builder = vaultvision_client::Client::builder(settings.need("VV_API_KEY")?);
    Ok(configured!(builder, settings, options, "VV_BASE_URL"))
}

/// Builder for Verigator.
pub(crate) fn verigator(
    settings: &Settings,
    options: &Options,
) -> Result<verigator_client::ClientBuilder, Failure> {
    let user = (settings.need("VERIGATOR_USERNAME")?, settings.need("VERIGATOR_PASSWORD")?);
    let builder = verigator_client::Client::builder(user.0, user.1);
    let builder = assumptions::verigator(builder, &settings.assumed);
    Ok(configured!(builder, settings, options, "VERIGATOR_BASE_URL"))
}

/// Builder for Virtuous: an API key, a session with stored tokens, or a key pair.
pub(crate) fn virtuous(
    settings: &Settings,
    options: &Options,
) -> Result<virtuous_client::ClientBuilder, Failure> {
    let mut builder = assumptions::virtuous(virtuous_client::Client::builder(), &settings.assumed);
    let pair = ["VIRTUOUS_APPLICATION_KEY", "VIRTUOUS_PRIVATE_KEY"];
    if pair.iter().any(|name| settings.get(name).is_some()) {
        let [application, private] = pair.map(|name| half(settings, name));
        builder = builder.hmac(virtuous_client::HmacKeys::new(application?, private?));
    }
    if let Source::Login(profile, login) = &settings.source {
        builder = builder.session().token_store(token_store(login.store, profile)?, login.user.clone());
    } else if let Some(key) = settings.get("VIRTUOUS_API_KEY") {
        builder = builder.api_key(key.to_owned());
    } else if settings.get("VIRTUOUS_USERNAME").is_some()
        || settings.get("VIRTUOUS_APPLICATION_KEY").is_none()
    {
        let Some(user) = settings.get("VIRTUOUS_USERNAME") else { return Err(no_user(settings)) };
        let file = settings.get("VIRTUOUS_TOKEN_FILE");
        if let Some(file) = file {
            builder = builder.token_store(auth_token_store::FileStore::at(file), user);
        }
        if let Some(password) = settings.get("VIRTUOUS_PASSWORD") {
            builder = builder.user(user, password.to_owned());
        } else if file.is_none() {
            settings.need("VIRTUOUS_PASSWORD")?;
        }
    }
    Ok(configured!(builder, settings, options, "VIRTUOUS_BASE_URL"))
}

/// The store with the tokens of a profile.
pub(crate) fn token_store(store: Store, profile: &str) -> Result<StoreOf, Failure> {
    match store {
        Store::File => Ok(StoreOf::File(auth_token_store::FileStore::at(token_file(profile)?))),
        #[cfg(feature = "keyring")]
        Store::Keyring => {
            auth_token_store::KeyringStore::new("authctl").map(StoreOf::Keyring).map_err(|error| {
                Failure::credentials(error.to_string())
                    .hint("--store file keeps the tokens in a file that only you can read")
            })
        }
    }
}

/// One of the stores.
#[derive(Debug)]
pub(crate) enum StoreOf {
    File(auth_token_store::FileStore),
    #[cfg(feature = "keyring")]
    Keyring(auth_token_store::KeyringStore),
}

impl StoreOf {
    fn inner(&self) -> &dyn TokenStore {
        match self {
            Self::File(store) => store,
            #[cfg(feature = "keyring")]
            Self::Keyring(store) => store,
        }
    }
}

#[async_trait]
impl TokenStore for StoreOf {
    async fn load(&self, key: &StoreKey) -> Result<Option<StoredToken>, StoreError> {
        self.inner().load(key).await
    }

    async fn lock(&self, key: &StoreKey) -> Result<Box<dyn LockedToken>, LockError> {
        self.inner().lock(key).await
    }
}

/// A key of the pair for signatures, which is useless without the other one.
fn half(settings: &Settings, name: &'static str) -> Result<String, Failure> {
    settings.need(name).map_err(|failure| failure.hint("the application key and the private key are a pair"))
}

fn no_user(settings: &Settings) -> Failure {
    match settings.need("VIRTUOUS_API_KEY") {
        Err(failure) => failure.hint("or VIRTUOUS_USERNAME and VIRTUOUS_PASSWORD, or authctl login virtuous"),
        Ok(_) => Failure::credentials("VIRTUOUS_USERNAME is not set"),
    }
}

/// Builder for VISE.
pub(crate) fn vise(settings: &Settings, options: &Options) -> Result<vise_client::ClientBuilder, Failure> {
    let builder = vise_client::Client::builder(settings.need("VISE_API_TOKEN")?);
    let builder = assumptions::vise(builder, &settings.assumed);
    let host = settings.get("VISE_HOST");
    let dashboard = settings.get("VISE_DASHBOARD_URL");
    if host.is_none() && dashboard.is_none() {
        settings.need("VISE_DASHBOARD_URL")?;
    }
    let mut builder = configured!(builder, settings, options, "VISE_DASHBOARD_URL");
    builder = builder.host_policy(vise_hosts(settings));
    if let Some(host) = host {
        builder = builder.default_host(host, settings.need("VISE_PHRASE")?);
    }
    Ok(builder)
}

/// The hosts of VISE that may be called.
pub(crate) fn vise_hosts(settings: &Settings) -> vise_client::HostPolicy {
    let policy = vise_client::HostPolicy::new();
    let mut addresses = ["VISE_DASHBOARD_URL", "VISE_HOST"].into_iter().filter_map(|name| settings.get(name));
    match addresses.any(is_loopback) {
        true => policy.dangerously_allow_loopback_for_tests(),
        false => policy,
    }
}

/// Plain http with a loopback address is always intentional.
fn is_loopback(url: &str) -> bool {
    let origin = url.parse().ok().and_then(|uri| Origin::of(&uri));
    origin.is_some_and(|origin| !origin.is_secure() && origin.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_loopback_addresses_are_test_hosts() {
        for (url, expected) in [
            ("http://127.0.0.1:8080/x", true),
            ("http://localhost", true),
            ("http://[::1]:1", true),
            ("https://127.0.0.1", false),
            ("http://127.0.0.1.example.org", false),
            ("http://127.0.0.1@example.org", false),
        ] {
            assert_eq!(is_loopback(url), expected, "{url}");
        }
    }
}
