//! The client and its builder.

use crate::auth;
use crate::error::{Error, VaultVision};
use auth_client_core::provider::auth_core::{InvalidCredential, SecretString, StaticCredential};
use auth_client_core::provider::{BaseUrl, Engine, Settings, env};
use auth_client_core::{Request, RetryPolicy};
use http::Method;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

const DEFAULT_HOST: &str = "https://api.vaultvision.com";

const API_KEY: &str = "VV_API_KEY";
const BASE_URL: &str = "VV_BASE_URL";

/// Window of the rate limit. Assumption (rate-limits): that of a proxy in front of the API, as in a sample repository
/// of the vendor. Its 429 has no `Retry-After`, and earlier retries count against the next window.
const RATE_WINDOW: Duration = Duration::from_secs(10);

/// Client for the Vault Vision management API. Cheap to clone; clones share connections and the retry quota.
///
/// ```
/// use vaultvision_client::Client;
///
/// let vault = Client::new("vv_0000000000000000000000000000000")?;
/// # let _ = vault;
/// # Ok::<(), vaultvision_client::Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    engine: Engine,
}

impl Client {
    /// Creates a client with the default settings.
    ///
    /// ```
    /// let refused = vaultvision_client::Client::new("a key with blanks");
    /// assert_eq!(refused.unwrap_err().kind(), vaultvision_client::ErrorKind::Configuration);
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the key is empty or contains a space or a
    /// control character. The error never contains the key.
    pub fn new(api_key: impl Into<SecretString>) -> Result<Self, Error> {
        Self::builder(api_key).build()
    }

    /// Returns a builder for a client with other settings.
    ///
    /// ```
    /// let vault = vaultvision_client::Client::builder("vv_0000000000000000000000000000000")
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

    /// Creates a client with the key in `VV_API_KEY`, and the base URL in `VV_BASE_URL` if that is set. An empty
    /// variable counts as unset.
    ///
    /// ```
    /// use vaultvision_client::Client;
    ///
    /// match Client::from_env() {
    ///     Ok(client) => println!("{client:?}"),
    ///     // One line that names the variable.
    ///     Err(error) => println!("{error}"),
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if a variable is missing or invalid; the
    /// error names it.
    pub fn from_env() -> Result<Self, Error> {
        ClientBuilder::from_env()?.build()
    }

    /// Creates a request to any path, with the same authentication and retry rules as all calls. Keys can have
    /// permissions for metrics, identity providers, mail providers and signing keys, for which the vendor documents no
    /// paths.
    ///
    /// The path must be percent-encoded; add query parameters with [`query`](crate::Request::query). Only GET, HEAD,
    /// OPTIONS and TRACE are retried, unless you set another class with [`idempotency`](crate::Request::idempotency).
    ///
    /// ```no_run
    /// # async fn run(vault: vaultvision_client::Client) -> Result<(), vaultvision_client::Error> {
    /// use vaultvision_client::models::TenantList;
    /// use vaultvision_client::{Call, decode, http::Method};
    ///
    /// let tenants: Call<TenantList> =
    ///     vault.request(Method::GET, "/v1/tenants").call(decode::json);
    /// println!("{:?}", tenants.await?.total());
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

/// Prints the base URL without the key.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("origin", &self.engine.origin().to_string()).finish_non_exhaustive()
    }
}

/// Builder for [`Client`].
///
/// A [`RetryPolicy`] passed to [`retry`](Self::retry) replaces the default policy, including its delay of at least 10
/// seconds after a 429; set [`throttle_delay`](RetryPolicy::throttle_delay) as well.
///
/// ```
/// use std::time::Duration;
/// use vaultvision_client::{Client, RetryPolicy};
///
/// let vault = Client::builder("vv_0000000000000000000000000000000")
///     .retry(RetryPolicy::default().max_attempts(5).throttle_delay(Duration::from_secs(10)))
///     .build()?;
/// # let _ = vault;
/// # Ok::<(), vaultvision_client::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct ClientBuilder {
    api_key: SecretString,
    /// `true` if the key was read from the environment; errors then name the variable.
    from_env: bool,
    settings: Settings,
}

impl ClientBuilder {
    auth_client_core::provider::shared_builder_methods!();

    /// Creates a builder with the key and base URL from the environment; see [`Client::from_env`].
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
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if a variable is missing; the error names
    /// it.
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
    /// let builder = vaultvision_client::Client::builder("vv_0000000000000000000000000000000");
    /// let refused = builder.base_url("not a URL").build();
    /// assert_eq!(refused.unwrap_err().kind(), vaultvision_client::ErrorKind::Configuration);
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the key or the base URL is invalid, or if
    /// no transport is compiled in and none was set.
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

/// Prints the settings without the key.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("settings", &self.settings).finish_non_exhaustive()
    }
}
