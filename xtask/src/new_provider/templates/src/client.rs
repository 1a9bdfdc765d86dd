//! The client and its builder.

use crate::auth;
use crate::error::{Error, VendorName};
use auth_client_core::auth_core::{InvalidCredential, SecretString, StaticCredential};
use auth_client_core::Request;
use auth_client_core::provider::{BaseUrl, Engine, Settings, env};
use http::Method;
use std::fmt;
use std::sync::Arc;

const DEFAULT_URL: &str = "https://api.vendorname.example/v1";

const API_KEY: &str = "VENDORNAME_API_KEY";
const BASE_URL: &str = "VENDORNAME_BASE_URL";

/// Calls VendorName. Cheap to clone; clones share their connections and their retry quota.
///
/// ```
/// use vendorname_client::Client;
///
/// let vendorname = Client::new("api-key".to_owned())?;
/// # let _ = vendorname;
/// # Ok::<(), vendorname_client::Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    engine: Engine,
}

impl Client {
    /// A client with the default settings.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) when the key can't be used: it is empty, or has a
    /// space or a control character. The error doesn't show it.
    pub fn new(api_key: impl Into<SecretString>) -> Result<Self, Error> {
        Self::builder(api_key).build()
    }

    /// A builder for a client with other settings.
    pub fn builder(api_key: impl Into<SecretString>) -> ClientBuilder {
        ClientBuilder {
            api_key: api_key.into(),
            from_env: false,
            settings: Settings::new(concat!("vendorname-client/", env!("CARGO_PKG_VERSION"))),
        }
    }

    /// A client with the key of `VENDORNAME_API_KEY`, and the address of `VENDORNAME_BASE_URL` if that is set. An empty
    /// variable counts as unset.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration), naming the variable that is missing or invalid.
    pub fn from_env() -> Result<Self, Error> {
        ClientBuilder::from_env()?.build()
    }

    /// A request to a path that has no method here, with the same key and rules.
    ///
    /// The path is taken as it is, percent-encoded already; the query goes into
    /// [`query`](auth_client_core::Request::query). What isn't a GET, HEAD, OPTIONS or TRACE is never retried unless
    /// [`class`](auth_client_core::Request::class) says that it may be.
    ///
    /// ```no_run
    /// # async fn run(vendorname: vendorname_client::Client) -> Result<(), vendorname_client::Error> {
    /// use http::Method;
    ///
    /// let call: vendorname_client::Call<serde_json::Value> =
    ///     vendorname.request(Method::GET, "/status").call(vendorname_client::decode::json);
    /// println!("{}", call.await?);
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
        read().map_err(|error: auth_client_core::Error| Error::from(error.with_provider("vendorname")))
    }

    /// Builds the client.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) when the key or the base URL can't be used, or no
    /// transport is compiled in and none was passed.
    pub fn build(self) -> Result<Client, Error> {
        let (source, url) = self.settings.base_url_or(DEFAULT_URL);
        let build = || {
            let base = BaseUrl::parse(source, url)?;
            let named =
                |error: InvalidCredential| if self.from_env { error.with_field(API_KEY) } else { error };
            let signer = auth::signer(&self.api_key).map_err(named)?;
            let credential = StaticCredential::new(signer, base.origin().clone());
            Engine::new(&self.settings, base, VendorName, Some(Arc::new(credential)))
        };
        match build() {
            Ok(engine) => Ok(Client { engine }),
            Err(error) => Err(error.with_provider("vendorname").into()),
        }
    }
}

/// Shows the settings and no key.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("settings", &self.settings).finish_non_exhaustive()
    }
}
