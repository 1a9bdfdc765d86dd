//! The client and its builder.

use crate::auth;
use crate::error::{Error, VaultVision};
use auth_client_core::auth_core::{InvalidCredential, SecretString, StaticCredential};
use auth_client_core::provider::{BaseUrl, Engine, Settings, env};
use auth_client_core::{Request, RetryPolicy};
use http::Method;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

const DEFAULT_HOST: &str = "https://api.vaultvision.com";

const API_KEY: &str = "VV_API_KEY";
const BASE_URL: &str = "VV_BASE_URL";

/// The window over which the proxy in front of the API counts calls, from the vendor's own publication of its set-up.
/// Its 429 has no `Retry-After`, and coming back sooner only counts against the next window.
const RATE_WINDOW: Duration = Duration::from_secs(10);

/// Calls the management API of Vault Vision. Cheap to clone; clones share their connections and their retry quota.
///
/// ```
/// use vaultvision_client::Client;
///
/// let vault = Client::new("vv_0000000000000000000000000000000".to_owned())?;
/// # let _ = vault;
/// # Ok::<(), vaultvision_client::Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    engine: Engine,
}

impl Client {
    /// A client with the default settings.
    ///
    /// ```
    /// let refused = vaultvision_client::Client::new("a key with blanks".to_owned());
    /// assert_eq!(refused.unwrap_err().kind(), vaultvision_client::ErrorKind::Configuration);
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) when the key can't be used: it is empty, or has a
    /// space or a control character. The error doesn't show it.
    pub fn new(api_key: impl Into<SecretString>) -> Result<Self, Error> {
        Self::builder(api_key).build()
    }

    /// A builder for a client with other settings.
    ///
    /// ```
    /// let vault = vaultvision_client::Client::builder("vv_0000000000000000000000000000000".to_owned())
    ///     .user_agent("shop/1.0")
    ///     .build()?;
    /// # let _ = vault;
    /// # Ok::<(), vaultvision_client::Error>(())
    /// ```
    pub fn builder(api_key: impl Into<SecretString>) -> ClientBuilder {
        let mut settings = Settings::new(concat!("vaultvision-client/", env!("CARGO_PKG_VERSION")));
        settings.set_retry(RetryPolicy::default().throttle_delay(RATE_WINDOW));
        ClientBuilder { api_key: api_key.into(), from_env: false, settings }
    }

    /// A client with the key of `VV_API_KEY`, and the address of `VV_BASE_URL` if that is set. An empty variable counts as
    /// unset.
    ///
    /// ```
    /// use vaultvision_client::Client;
    ///
    /// match Client::from_env() {
    ///     Ok(client) => println!("{client:?}"),
    ///     // One line, which names the variable.
    ///     Err(error) => println!("{error}"),
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration), naming the variable that is missing or no good.
    pub fn from_env() -> Result<Self, Error> {
        ClientBuilder::from_env()?.build()
    }

    /// A request to a path that has no method here, with the same key and rules. The vendor's keys can be given rights to
    /// metrics, identity providers, mail providers and signing keys, and no path to them is documented.
    ///
    /// The path is taken as it is, percent-encoded already; the query goes into
    /// [`query`](auth_client_core::Request::query). What isn't a GET, HEAD, OPTIONS or TRACE is never repeated unless
    /// [`idempotency`](auth_client_core::Request::idempotency) says that it may be.
    ///
    /// ```no_run
    /// # async fn run(vault: vaultvision_client::Client) -> Result<(), vaultvision_client::Error> {
    /// use http::Method;
    ///
    /// let tenants: vaultvision_client::Call<serde_json::Value> =
    ///     vault.request(Method::GET, "/v1/tenants").call(auth_client_core::decode::json);
    /// println!("{}", tenants.await?["total"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method, path: &str) -> Request {
        self.engine.raw(method, path)
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }
}

/// Shows where calls go and no key.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("origin", &self.engine.origin().to_string()).finish_non_exhaustive()
    }
}

/// Builds a [`Client`].
///
/// A [`RetryPolicy`] that is handed to [`retry`](Self::retry) replaces the default one whole, and with it the wait of at
/// least 10 s after a 429: set its [`throttle_delay`](RetryPolicy::throttle_delay) too.
///
/// ```
/// use std::time::Duration;
/// use vaultvision_client::{Client, RetryPolicy};
///
/// let vault = Client::builder("vv_0000000000000000000000000000000".to_owned())
///     .retry(RetryPolicy::default().max_attempts(5).throttle_delay(Duration::from_secs(10)))
///     .build()?;
/// # let _ = vault;
/// # Ok::<(), vaultvision_client::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct ClientBuilder {
    api_key: SecretString,
    /// Where the key came from, for errors to name the variable.
    from_env: bool,
    settings: Settings,
}

impl ClientBuilder {
    auth_client_core::provider::shared_builder_methods!();

    /// A builder with the key and the address of the environment, see [`Client::from_env`].
    ///
    /// ```no_run
    /// # fn example() -> Result<(), vaultvision_client::Error> {
    /// let vault = vaultvision_client::ClientBuilder::from_env()?.user_agent("shop/1.0").build()?;
    /// # let _ = vault;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration), naming the variable that is missing.
    pub fn from_env() -> Result<Self, Error> {
        let read = || {
            let mut builder = Client::builder(env::required(API_KEY)?);
            builder.from_env = true;
            if let Some(url) = env::optional(BASE_URL)? {
                builder.settings.set_base_url(BASE_URL, url);
            }
            Ok(builder)
        };
        read().map_err(|error: auth_client_core::Error| Error::from(error.with_provider("vaultvision")))
    }

    /// Builds the client.
    ///
    /// ```
    /// let builder = vaultvision_client::Client::builder("vv_0000000000000000000000000000000".to_owned());
    /// let refused = builder.base_url("not an address").build();
    /// assert_eq!(refused.unwrap_err().kind(), vaultvision_client::ErrorKind::Configuration);
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) when the key or the base URL can't be used, or no
    /// transport is compiled in and none was handed in.
    pub fn build(self) -> Result<Client, Error> {
        let (source, url) = self.settings.base_url_or(DEFAULT_HOST);
        let build = || {
            let base = BaseUrl::parse(source, url)?;
            let named =
                |error: InvalidCredential| if self.from_env { error.with_field(API_KEY) } else { error };
            let signer = auth::signer(&self.api_key).map_err(named)?;
            let credential = StaticCredential::new(signer, base.origin().clone());
            Engine::new(&self.settings, base, VaultVision, Some(Arc::new(credential)))
        };
        match build() {
            Ok(engine) => Ok(Client { engine }),
            Err(error) => Err(error.with_provider("vaultvision").into()),
        }
    }
}

/// Shows the settings and no key.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("settings", &self.settings).finish_non_exhaustive()
    }
}
