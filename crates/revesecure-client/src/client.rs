//! The client and its builder.

use crate::auth::Signing;
use crate::error::{Error, ReveSecure};
use auth_client_core::Request;
use auth_client_core::provider::auth_core::scheme::{DateFormat, HmacDigest, KeyEncoding, SignedQuery};
use auth_client_core::provider::auth_core::{ExposeSecret, SecretString, StaticCredential};
use auth_client_core::provider::{BaseUrl, Engine, JsonStyle, Settings, env};
use http::Method;
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

const DEFAULT_HOST: &str = "https://dashboard.revesecure.com";
const API_KEY: &str = "REVESECURE_API_KEY";
const SECRET_KEY: &str = "REVESECURE_SECRET_KEY";
const BASE_URL: &str = "REVESECURE_BASE_URL";

/// Client for the ReveSecure API. Cheap to clone; clones share connections and the retry quota.
///
/// ```
/// use revesecure_client::Client;
///
/// let secret_key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// let revesecure = Client::new("api-key", secret_key)?;
/// # Ok::<(), revesecure_client::Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    engine: Engine,
    api_key: Arc<SecretString>,
    /// API key in the bodies of validations.
    service_key: Arc<SecretString>,
}

impl Client {
    /// Creates a client with the default settings from the API key and secret key of a service, as shown in the
    /// vendor's dashboard.
    ///
    /// ```
    /// let refused = revesecure_client::Client::new("api-key", "not hexadecimal");
    /// assert_eq!(refused.unwrap_err().kind(), revesecure_client::ErrorKind::Configuration);
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if a key is empty or contains a control character,
    /// the API key contains a colon, or the secret key is not hexadecimal or has an odd number of digits. The error
    /// names the key, and never contains its value.
    pub fn new(api_key: impl Into<SecretString>, secret_key: impl Into<SecretString>) -> Result<Self, Error> {
        Self::builder(api_key, secret_key).build()
    }

    /// Returns a builder for a client with other settings.
    ///
    /// ```
    /// let revesecure = revesecure_client::Client::builder("api-key", "000102030405")
    ///     .user_agent("shop/1.0")
    ///     .build()?;
    /// # let _ = revesecure;
    /// # Ok::<(), revesecure_client::Error>(())
    /// ```
    pub fn builder(api_key: impl Into<SecretString>, secret_key: impl Into<SecretString>) -> ClientBuilder {
        ClientBuilder {
            api_key: api_key.into(),
            secret_key: secret_key.into(),
            signing: Signing::default(),
            json_style: JsonStyle::Ascii,
            strict_envelope: false,
            from_env: false,
            settings: Settings::new(concat!("revesecure-client/", env!("CARGO_PKG_VERSION"))),
        }
    }

    /// Creates a client with the keys in `REVESECURE_API_KEY` and `REVESECURE_SECRET_KEY`, and the base URL in
    /// `REVESECURE_BASE_URL` if that is set. An empty variable counts as unset.
    ///
    /// ```
    /// use revesecure_client::Client;
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

    /// Returns a client for logins to another service of the organization: it signs with the keys of this client, and
    /// sends that service's API key in the bodies of validations. Assumption (api-keys): a service accepts it; the
    /// vendor's sample has different keys in request and response.
    ///
    /// ```no_run
    /// # async fn run(revesecure: revesecure_client::Client) -> Result<(), revesecure_client::Error> {
    /// use revesecure_client::SecondFactor;
    ///
    /// let shop = revesecure.for_service("api-key-of-the-shop".to_owned());
    /// let login = SecondFactor::of("anna@example.com").begin(&shop).await?;
    /// # let _ = login;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn for_service(&self, api_key: impl Into<SecretString>) -> Self {
        Self { service_key: Arc::new(api_key.into()), ..self.clone() }
    }

    /// Creates a request to any path, with the same authentication and retry rules as all calls.
    ///
    /// The path must be percent-encoded; it is sent and signed unchanged. Only GET, HEAD, OPTIONS and TRACE are
    /// retried, unless you set another class with [`idempotency`](crate::Request::idempotency).
    ///
    /// ```no_run
    /// # async fn run(revesecure: revesecure_client::Client) -> Result<(), revesecure_client::Error> {
    /// use revesecure_client::{Call, RawJson, decode, http::Method};
    ///
    /// let users: Call<RawJson> =
    ///     revesecure.request(Method::GET, "/rest/v1/users").call(decode::json);
    /// println!("{}", users.await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method, path: &str) -> Request {
        self.engine.raw(method, path)
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn api_key(&self) -> &str {
        self.api_key.expose_secret()
    }

    pub(crate) fn service_key(&self) -> &str {
        self.service_key.expose_secret()
    }

    /// Adds the API key of the service to the body of a validation call that doesn't set another one.
    pub(crate) fn with_api_key<'a, T: Serialize>(
        &'a self,
        given: Option<&SecretString>,
        body: &'a T,
    ) -> WithApiKey<'a, T> {
        WithApiKey { api_key: given.is_none().then(|| self.service_key()), body }
    }
}

/// A body and the API key, which comes first as in the vendor's samples.
#[derive(Serialize)]
pub(crate) struct WithApiKey<'a, T> {
    #[serde(rename = "ApiKey", skip_serializing_if = "Option::is_none")]
    api_key: Option<&'a str>,
    #[serde(flatten)]
    body: &'a T,
}

/// Prints the base URL without keys.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("origin", &self.engine.origin().to_string()).finish_non_exhaustive()
    }
}

/// Builder for [`Client`].
///
/// ```
/// use revesecure_client::{Client, HmacDigest, KeyEncoding};
///
/// // An older server behind a tunnel.
/// let revesecure = Client::builder("api-key", "secret")
///     .base_url("https://tunnel.example:8443")
///     .signing_host("dashboard.revesecure.com")
///     .digest(HmacDigest::Sha1)
///     .key_encoding(KeyEncoding::Utf8)
///     .build()?;
/// # let _ = revesecure;
/// # Ok::<(), revesecure_client::Error>(())
/// ```
///
/// Settings for undocumented details:
///
/// ```
/// use revesecure_client::{Client, SignedQuery};
///
/// let revesecure = Client::builder("api-key", "000102030405")
///     .separator("\n")
///     .signed_query(SignedQuery::InPath)
///     .utf8_bodies(true)
///     .strict_envelope(true)
///     .build()?;
/// # let _ = revesecure;
/// # Ok::<(), revesecure_client::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct ClientBuilder {
    api_key: SecretString,
    secret_key: SecretString,
    signing: Signing,
    json_style: JsonStyle,
    strict_envelope: bool,
    /// `true` if the keys were read from the environment; errors then name the variables.
    from_env: bool,
    settings: Settings,
}

impl ClientBuilder {
    auth_client_core::provider::shared_builder_methods!();

    /// Creates a builder with the keys and base URL from the environment; see [`Client::from_env`].
    ///
    /// ```no_run
    /// # fn example() -> Result<(), revesecure_client::Error> {
    /// let revesecure = revesecure_client::ClientBuilder::from_env()?.user_agent("shop/1.0").build()?;
    /// # let _ = revesecure;
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
            let mut builder = Client::builder(env::required(API_KEY)?, env::required(SECRET_KEY)?);
            builder.from_env = true;
            if let Some(url) = env::optional(BASE_URL)? {
                builder.settings.set_base_url(BASE_URL, url);
            }
            Ok(builder)
        };
        read().map_err(|error: auth_client_core::Error| Error::from(error.with_provider("revesecure")))
    }

    /// Sets the digest of the HMAC. Default: SHA-256.
    ///
    /// Assumption (digest): the documentation doesn't specify the digest; the vendor's plugin uses SHA-256.
    pub fn digest(mut self, digest: HmacDigest) -> Self {
        self.signing.digest = digest;
        self
    }

    /// Sets the encoding of the secret key. Default: hexadecimal digits.
    ///
    /// Assumption (key-encoding): the documentation doesn't specify the encoding; the vendor's plugin decodes
    /// hexadecimal digits.
    pub fn key_encoding(mut self, encoding: KeyEncoding) -> Self {
        self.signing.key_encoding = encoding;
        self
    }

    /// Sets the host to sign if it differs from the requested one, for a server behind a tunnel or reverse proxy.
    /// Default: the host of the base URL in lower case, without the port.
    ///
    /// Assumption (signed-host): a port is not signed.
    pub fn signing_host(mut self, host: impl Into<String>) -> Self {
        self.signing.host = Some(host.into());
        self
    }

    /// Sets the separator between the signed fields. Default: one line feed.
    ///
    /// Assumption (separator): the text of the page prints its sample in one line, with blanks between the fields. Its layout
    /// shows line breaks, which the vendor's plugin sends, and an empty line before the body, which the plugin lacks.
    pub fn separator(mut self, separator: impl Into<String>) -> Self {
        self.signing.separator = Some(separator.into());
        self
    }

    /// Sets the value of the `Date` header, which is signed too. Default: the time of each attempt, such as `Fri,
    /// 08 Dec 2017 17:29:18 -0000`. [`DateFormat::Fixed`] is for tests.
    ///
    /// Assumption (date-format): the zone is `-0000`, as in the vendor's sample.
    ///
    /// ```
    /// use revesecure_client::{Client, DateFormat};
    ///
    /// let date = DateFormat::Fixed("Fri, 08 Dec 2017 17:29:18 -0000".to_owned());
    /// let revesecure = Client::builder("api-key", "00ff").date_format(date).build()?;
    /// # let _ = revesecure;
    /// # Ok::<(), revesecure_client::Error>(())
    /// ```
    pub fn date_format(mut self, date: DateFormat) -> Self {
        self.signing.date = date;
        self
    }

    /// Sets how a query string is signed. Default: not signed. No known endpoint has a query string.
    ///
    /// Assumption (signed-query): the vendor doesn't mention queries.
    pub fn signed_query(mut self, query: SignedQuery) -> Self {
        self.signing.query = query;
        self
    }

    /// Sets whether non-ASCII characters in bodies are sent as UTF-8. Default: false; they are escaped as `\uXXXX`.
    ///
    /// Assumption (body-encoding): the documentation mentions an ASCII string, and the vendor's plugin escapes such
    /// characters.
    pub fn utf8_bodies(mut self, on: bool) -> Self {
        self.json_style = if on { JsonStyle::Utf8 } else { JsonStyle::Ascii };
        self
    }

    /// Sets whether `status.error` means a failure even if the code is 200. Default: false.
    ///
    /// Assumption (error-flag): the flag has no meaning, because both of the vendor's samples of a success set it.
    pub fn strict_envelope(mut self, on: bool) -> Self {
        self.strict_envelope = on;
        self
    }

    /// Builds the client.
    ///
    /// ```
    /// let refused = revesecure_client::Client::builder("api:key", "00ff").build();
    /// assert!(refused.is_err(), "an API key must not contain a colon");
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if a key, a setting or the base URL is
    /// invalid, or if no transport is compiled in and none was set.
    pub fn build(self) -> Result<Client, Error> {
        let (source, url) = self.settings.base_url_or(DEFAULT_HOST);
        let vendor = ReveSecure { style: self.json_style, strict: self.strict_envelope };
        let build = || {
            let base = BaseUrl::parse(source, url)?;
            let signer = self.signing.signer(self.api_key.expose_secret(), &self.secret_key);
            let signer = signer.map_err(|error| match error.field() {
                "API key" if self.from_env => error.with_field(API_KEY),
                "secret key" if self.from_env => error.with_field(SECRET_KEY),
                _ => error,
            })?;
            let credential = StaticCredential::new(signer, base.origin().clone());
            Engine::new(&self.settings, base, vendor, Some(Arc::new(credential)))
        };
        match build() {
            Ok(engine) => {
                let api_key = Arc::new(self.api_key.clone());
                Ok(Client { engine, service_key: Arc::clone(&api_key), api_key })
            }
            Err(error) => Err(error.with_provider("revesecure").into()),
        }
    }
}

/// Prints the settings without keys.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("signing", &self.signing)
            .field("json_style", &self.json_style)
            .field("strict_envelope", &self.strict_envelope)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
