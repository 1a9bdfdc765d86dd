//! The client and its builder.

use crate::auth;
use crate::error::{Error, Verigator};
use auth_client_core::Request;
use auth_client_core::provider::auth_core::{SecretString, StaticCredential};
use auth_client_core::provider::{BaseUrl, Engine, Settings, env};
use http::Method;
use std::fmt;
use std::sync::Arc;

const DEFAULT_HOST: &str = "https://api.verigator.com";
const DEFAULT_PREFIX: &str = "/v1/service";

const USERNAME: &str = "VERIGATOR_USERNAME";
const PASSWORD: &str = "VERIGATOR_PASSWORD";
const BASE_URL: &str = "VERIGATOR_BASE_URL";

/// Client for the Verigator API. Cheap to clone; clones share connections and the retry quota.
///
/// ```
/// use verigator_client::Client;
///
/// let verigator = Client::new("api-user", "api-password")?;
/// # Ok::<(), verigator_client::Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    engine: Engine,
    /// Who the client is at its server: `api-user@https://verigator.example`.
    account: Arc<str>,
}

impl Client {
    /// Creates a client with the default settings.
    ///
    /// ```
    /// let refused = verigator_client::Client::new("api:user", "api-password");
    /// assert!(refused.is_err(), "a user name must not contain a colon");
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if a credential is empty or contains a control
    /// character, or the username contains a colon. The error names the credential, and never contains its value.
    pub fn new(username: impl Into<String>, password: impl Into<SecretString>) -> Result<Self, Error> {
        Self::builder(username, password).build()
    }

    /// Returns a builder for a client with other settings.
    ///
    /// ```
    /// let verigator = verigator_client::Client::builder("api-user", "api-password")
    ///     .user_agent("coffeeshop/1.0")
    ///     .build()?;
    /// # let _ = verigator;
    /// # Ok::<(), verigator_client::Error>(())
    /// ```
    pub fn builder(username: impl Into<String>, password: impl Into<SecretString>) -> ClientBuilder {
        ClientBuilder {
            username: username.into(),
            password: password.into(),
            prefix: DEFAULT_PREFIX.to_owned(),
            separator: ':',
            content_type_without_body: true,
            from_env: false,
            settings: Settings::new(concat!("verigator-client/", env!("CARGO_PKG_VERSION"))),
        }
    }

    /// Creates a client with the credentials in `VERIGATOR_USERNAME` and `VERIGATOR_PASSWORD`, and the base URL
    /// in `VERIGATOR_BASE_URL` if that is set. An empty variable counts as unset.
    ///
    /// ```
    /// use verigator_client::Client;
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

    /// Creates a request to any path below the client's prefix, with the same authentication and retry rules as all
    /// calls.
    ///
    /// The path must be percent-encoded; add query parameters with [`query`](crate::Request::query). Only GET, HEAD,
    /// OPTIONS and TRACE are retried, unless you set another class with [`idempotency`](crate::Request::idempotency).
    ///
    /// ```no_run
    /// # async fn run(verigator: verigator_client::Client) -> Result<(), verigator_client::Error> {
    /// use verigator_client::{Call, RawJson, decode, http::Method};
    ///
    /// let services: Call<RawJson> =
    ///     verigator.request(Method::GET, "/service").call(decode::json);
    /// println!("{}", services.await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method, path: &str) -> Request {
        self.engine.raw(method, path)
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn account(&self) -> &str {
        &self.account
    }
}

/// Prints the base URL without credentials.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("origin", &self.engine.origin().to_string()).finish_non_exhaustive()
    }
}

/// Builder for [`Client`].
///
/// ```
/// use std::time::Duration;
/// use verigator_client::{Client, RetryPolicy};
///
/// let verigator = Client::builder("api-user", "api-password")
///     .user_agent("coffeeshop/1.0")
///     .operation_timeout(Duration::from_secs(20))
///     .retry(RetryPolicy::default().max_attempts(2))
///     .build()?;
/// # let _ = verigator;
/// # Ok::<(), verigator_client::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct ClientBuilder {
    username: String,
    password: SecretString,
    prefix: String,
    separator: char,
    content_type_without_body: bool,
    /// `true` if the credentials were read from the environment; errors then name the variable.
    from_env: bool,
    settings: Settings,
}

impl ClientBuilder {
    auth_client_core::provider::shared_builder_methods!();

    /// Creates a builder with the credentials and base URL from the environment; see [`Client::from_env`].
    ///
    /// ```no_run
    /// # fn example() -> Result<(), verigator_client::Error> {
    /// let verigator = verigator_client::ClientBuilder::from_env()?.user_agent("coffeeshop/1.0").build()?;
    /// # let _ = verigator;
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
            let mut builder = Client::builder(env::required(USERNAME)?, env::required(PASSWORD)?);
            builder.from_env = true;
            if let Some(url) = env::optional(BASE_URL)? {
                builder.settings.set_base_url(BASE_URL, url);
            }
            Ok(builder)
        };
        read().map_err(|error: auth_client_core::Error| Error::from(error.with_provider("verigator")))
    }

    /// Sets the path between the host and the API's resources. Default: `/v1/service`, to which paths such as
    /// `/service/…` are appended.
    ///
    /// Assumption (path-prefix): one sample of the vendor has a single `service`, all others have two. If the server
    /// expects one, set the prefix to `/v1`. The vendor's page has two for the registration of a service and one for
    /// the authentication of a user; if the server expects the same, use two clients.
    ///
    /// ```
    /// let verigator =
    ///     verigator_client::Client::builder("api-user", "api-password").path_prefix("/v1").build()?;
    /// # let _ = verigator;
    /// # Ok::<(), verigator_client::Error>(())
    /// ```
    pub fn path_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets the character between username and password in the header `X-Service-Auth`. Default: a colon.
    ///
    /// Assumption (credential-separator): the vendor's text says semicolon; both of its examples and both of its
    /// clients use a colon.
    ///
    /// ```
    /// let verigator = verigator_client::Client::builder("api-user", "api-password")
    ///     .credential_separator(';')
    ///     .build()?;
    /// # let _ = verigator;
    /// # Ok::<(), verigator_client::Error>(())
    /// ```
    pub fn credential_separator(mut self, separator: char) -> Self {
        self.separator = separator;
        self
    }

    /// Sets whether requests without a body (GET and DELETE) also have the header `Content-Type: application/json`.
    /// Default: true.
    ///
    /// Assumption (content-type): the vendor's page says "Always set Accept and Content-Type headers to
    /// application/json"; both of its clients set it only with a body.
    ///
    /// ```
    /// let verigator = verigator_client::Client::builder("api-user", "api-password")
    ///     .content_type_without_body(false)
    ///     .build()?;
    /// # let _ = verigator;
    /// # Ok::<(), verigator_client::Error>(())
    /// ```
    pub fn content_type_without_body(mut self, on: bool) -> Self {
        self.content_type_without_body = on;
        self
    }

    /// Builds the client.
    ///
    /// ```
    /// let refused = verigator_client::Client::builder("api-user", "").build();
    /// assert_eq!(refused.unwrap_err().kind(), verigator_client::ErrorKind::Configuration);
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if a credential, the base URL or the prefix
    /// is invalid, or if no transport is compiled in and none was set.
    pub fn build(self) -> Result<Client, Error> {
        let (source, url) = self.settings.base_url_or(DEFAULT_HOST);
        let build = || {
            let base = BaseUrl::parse(source, url)?.with_prefix(&self.prefix)?;
            let signer =
                auth::signer(self.separator, &self.username, &self.password).map_err(|error| match error
                    .field()
                {
                    "username" if self.from_env => error.with_field(USERNAME),
                    "password" if self.from_env => error.with_field(PASSWORD),
                    _ => error,
                })?;
            let credential = StaticCredential::new(signer, base.origin().clone());
            let rules = Verigator { content_type_without_body: self.content_type_without_body };
            Engine::new(&self.settings, base, rules, Some(Arc::new(credential)))
        };
        match build() {
            Ok(engine) => {
                let account = format!("{}@{}", self.username, engine.origin()).into();
                Ok(Client { engine, account })
            }
            Err(error) => Err(error.with_provider("verigator").into()),
        }
    }
}

/// Prints the settings without credentials.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("prefix", &self.prefix)
            .field("separator", &self.separator)
            .field("content_type_without_body", &self.content_type_without_body)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
