//! The client's builder: credentials, token storage, and settings from the environment.

use crate::auth::endpoint::TokenEndpoint;
use crate::auth::hmac::HmacKeys;
use crate::auth::password::{CodeSource, Unattended};
use crate::auth::renewer::Renewer;
use crate::auth::session::{Held, Session};
use crate::auth::shared_store::SharedStore;
use crate::auth::tokens::Tokens;
use crate::client::Client;
use crate::error::{Error, PROVIDER, Virtuous};
use crate::rate_limit::RateLimiter;
use async_trait::async_trait;
use auth_client_core::RetryPolicy;
use auth_client_core::provider::auth_core::scheme::Bearer;
use auth_client_core::provider::auth_core::secret::{check_password, check_text, check_trimmed};
use auth_client_core::provider::auth_core::store::{StoreKey, TokenStore};
use auth_client_core::provider::auth_core::token::RenewalSettings;
use auth_client_core::provider::auth_core::{
    Credential, CredentialError, CredentialSource, ExposeSecret as _, InvalidCredential, Now, SecretString,
    StaticCredential,
};
use auth_client_core::provider::{BaseUrl, Engine, RenewingCredential, Settings, env};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

const DEFAULT_HOST: &str = "https://api.virtuoussoftware.com";

const API_KEY: &str = "VIRTUOUS_API_KEY";
const USERNAME: &str = "VIRTUOUS_USERNAME";
const PASSWORD: &str = "VIRTUOUS_PASSWORD";
const BASE_URL: &str = "VIRTUOUS_BASE_URL";
const TOKEN_FILE: &str = "VIRTUOUS_TOKEN_FILE";
const APPLICATION_KEY: &str = "VIRTUOUS_APPLICATION_KEY";
const PRIVATE_KEY: &str = "VIRTUOUS_PRIVATE_KEY";

/// Builder for [`Client`].
///
/// ```
/// use std::time::Duration;
/// use virtuous_client::{Client, RateGuard};
///
/// // A program that acts as a user without one-time codes, and leaves calls for other programs.
/// let virtuous = Client::builder()
///     .user("robot@example.org", "password")
///     .early_window(Duration::from_secs(600))
///     .min_renewal_interval(Duration::from_secs(30))
///     .rate_guard(RateGuard::pace_below(100))
///     .build()?;
/// # let _ = virtuous;
/// # Ok::<(), virtuous_client::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct ClientBuilder {
    api_key: Option<SecretString>,
    hmac: Option<HmacKeys>,
    session: bool,
    tokens: Option<Tokens>,
    store: Option<(Arc<dyn TokenStore>, String)>,
    login: Option<(String, SecretString)>,
    code: Option<CodeSource>,
    otp_header: bool,
    renewal: RenewalSettings,
    guard: Option<Arc<dyn RateLimiter>>,
    /// `true` if the credentials were read from the environment; errors then name the variable.
    from_env: bool,
    settings: Settings,
}

impl ClientBuilder {
    auth_client_core::provider::shared_builder_methods!();

    pub(crate) fn new() -> Self {
        Self {
            api_key: None,
            hmac: None,
            session: false,
            tokens: None,
            store: None,
            login: None,
            code: None,
            otp_header: true,
            renewal: RenewalSettings::default(),
            guard: None,
            from_env: false,
            settings: Settings::new(concat!("virtuous-client/", env!("CARGO_PKG_VERSION"))),
        }
    }

    /// Sets an API key. It is never renewed; if the server rejects it, the call returns the error.
    /// Assumption (api-keys): the server accepts it, as other pages of the vendor document; the page on authentication
    /// lists OAuth tokens, which it recommends, and HMAC only.
    pub fn api_key(mut self, api_key: impl Into<SecretString>) -> Self {
        self.api_key = Some(api_key.into());
        self
    }

    /// Sets a key pair for HMAC signatures. It signs the calls that accept only HMAC; without an API key and a session,
    /// it signs all calls. The vendor recommends OAuth tokens ([`user`](Self::user),
    /// [`Client::login`](crate::Client::login)) instead of HMAC, which is limited to few operations.
    ///
    /// ```
    /// use virtuous_client::{Client, HmacKeys};
    ///
    /// let keys = HmacKeys::new("DEMOAPP", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
    /// let virtuous = Client::builder().api_key("v_example").hmac(keys).build()?;
    /// # let _ = virtuous;
    /// # Ok::<(), virtuous_client::Error>(())
    /// ```
    pub fn hmac(mut self, keys: HmacKeys) -> Self {
        self.hmac = Some(keys);
        self
    }

    /// Selects a user's session that starts without a login. This is the default; call it only together with
    /// [`hmac`](Self::hmac), where the key pair would otherwise sign all calls.
    pub fn session(mut self) -> Self {
        self.session = true;
        self
    }

    /// Sets the initial tokens, for a program that stores them itself. With a token store, a renewal first sends the
    /// refresh token of the pair that expires later, and the other one if the server rejects it.
    pub fn tokens(mut self, tokens: Tokens) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Sets a store for the tokens of `account`, which is shared between runs and with other processes. New tokens are
    /// stored before they are used. `account` identifies the tokens and is usually an email address; processes that
    /// share a session must use the same value.
    pub fn token_store(mut self, store: impl TokenStore + 'static, account: impl Into<String>) -> Self {
        self.store = Some((Arc::new(store), account.into()));
        self
    }

    /// Sets the email address and password for automatic logins, which take place if there are no tokens and a
    /// refresh can't obtain any. Pass both as they are: the client URL-encodes them. If the user needs one-time
    /// codes, set a [`code_source`](Self::code_source) too, or use an [`api_key`](Self::api_key).
    pub fn user(mut self, user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        self.login = Some((user.into(), password.into()));
        self
    }

    /// Sets the source of one-time codes for automatic logins. It is called once per login, with a time limit of five
    /// minutes. Whitespace in a code is removed. `None` cancels the login; the next one starts after 30 seconds at the
    /// earliest, doubling up to an hour.
    ///
    /// ```
    /// use virtuous_client::Client;
    ///
    /// # async fn ask_on_the_pager() -> Option<virtuous_client::SecretString> { None }
    /// let virtuous = Client::builder()
    ///     .user("robot@example.org", "password")
    ///     .code_source(|| async { ask_on_the_pager().await })
    ///     .build()?;
    /// # let _ = virtuous;
    /// # Ok::<(), virtuous_client::Error>(())
    /// ```
    pub fn code_source<F>(mut self, ask: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Option<SecretString>> + Send + 'static,
    {
        self.code = Some(Arc::new(move || Box::pin(ask())));
        self
    }

    /// Sets whether a one-time code is sent in the header `OTP`, in addition to the form. Default: true.
    ///
    /// Assumption (otp-placement): the server reads one of the two and ignores the other. The vendor's text describes a
    /// header; the example next to it, the reference and the published description use the form field `otp`.
    pub fn otp_header(mut self, send: bool) -> Self {
        self.otp_header = send;
        self
    }

    /// Sets the time before expiry from which a token is renewed while it is still used. Default: 5 minutes, and
    /// at most a fifth of the token's lifetime.
    pub fn early_window(mut self, window: Duration) -> Self {
        self.renewal.early_window = window;
        self
    }

    /// Sets the minimum age of a renewed token at which a rejection starts another renewal; a younger token was
    /// rejected for another reason than expiry. Default: 10 seconds. This limits the calls to the token endpoint if the
    /// server never accepts the tokens.
    pub fn min_renewal_interval(mut self, floor: Duration) -> Self {
        self.renewal.min_renewal_interval = floor;
        self
    }

    /// Sets the limiter that is checked before each call: a [`RateGuard`](crate::RateGuard), which counts the calls of this
    /// process and reserves the last ones of an hour, or the `RateBudget` of a shared token store, which counts those of a
    /// fleet. Default: none.
    pub fn rate_guard(mut self, guard: impl RateLimiter + 'static) -> Self {
        self.guard = Some(Arc::new(guard));
        self
    }

    /// Creates a builder with the credentials and base URL from the environment; see [`Client::from_env`].
    ///
    /// ```no_run
    /// let virtuous = virtuous_client::ClientBuilder::from_env()?.otp_header(false).build()?;
    /// # Ok::<(), virtuous_client::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if a variable is missing; the error names
    /// it.
    pub fn from_env() -> Result<Self, Error> {
        Self::read_env().map_err(|error| error.with_provider(PROVIDER).into())
    }

    fn read_env() -> Result<Self, auth_client_core::Error> {
        let mut builder = Client::builder();
        builder.from_env = true;
        if let Some(url) = env::optional(BASE_URL)? {
            builder.settings.set_base_url(BASE_URL, url);
        }
        match (env::optional(APPLICATION_KEY)?, env::optional(PRIVATE_KEY)?) {
            (Some(application), Some(private)) => builder = builder.hmac(HmacKeys::new(application, private)),
            (None, None) => {}
            (None, Some(_)) => drop(env::required(APPLICATION_KEY)?),
            (Some(_), None) => drop(env::required(PRIVATE_KEY)?),
        }
        if let Some(key) = env::optional(API_KEY)? {
            return Ok(builder.api_key(key));
        }
        let file = env::optional(TOKEN_FILE)?;
        let user = match env::optional(USERNAME)? {
            Some(user) => user,
            None if file.is_none() && env::optional(PASSWORD)?.is_none() && builder.hmac.is_some() => {
                return Ok(builder);
            }
            None if file.is_none() && env::optional(PASSWORD)?.is_none() => {
                let reason = "is not set, and neither is `VIRTUOUS_USERNAME`";
                return Err(auth_client_core::Error::configuration(API_KEY, reason));
            }
            None => env::required(USERNAME)?,
        };
        if let Some(file) = &file {
            builder = builder.store_in_file(file, &user)?;
        }
        match env::optional(PASSWORD)? {
            Some(password) => builder = builder.user(user, password),
            None if file.is_some() => {}
            None => drop(env::required(PASSWORD)?),
        }
        Ok(builder)
    }

    #[cfg(feature = "token-file")]
    fn store_in_file(self, file: &str, user: &str) -> Result<Self, auth_client_core::Error> {
        Ok(self.token_store(auth_token_store::FileStore::at(file), user))
    }

    #[cfg(not(feature = "token-file"))]
    fn store_in_file(self, _: &str, _: &str) -> Result<Self, auth_client_core::Error> {
        let reason = "token files are not compiled in: enable the feature `token-file`";
        Err(auth_client_core::Error::configuration(TOKEN_FILE, reason))
    }

    /// Builds the client.
    ///
    /// ```
    /// use virtuous_client::Client;
    ///
    /// let builder = Client::builder().api_key("v_example");
    /// assert!(builder.clone().build().is_ok());
    /// assert!(builder.session().build().is_err(), "an API key or a session, not both");
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if a credential or the base URL is invalid,
    /// if both an API key and a session are set, or if no transport is compiled in and none was set.
    pub fn build(self) -> Result<Client, Error> {
        self.try_build().map_err(|error| error.with_provider(PROVIDER).into())
    }

    fn try_build(mut self) -> Result<Client, auth_client_core::Error> {
        let base = self.base()?;
        // One transport for the calls and the token endpoint.
        self.settings.share_transport(false)?;
        let has_session =
            self.session || self.tokens.is_some() || self.store.is_some() || self.login.is_some();
        if self.api_key.is_some() && has_session {
            let reason = "a client can have an API key or a user's session, not both";
            return Err(auth_client_core::Error::configuration("API key", reason));
        }
        let hmac = match &self.hmac {
            Some(keys) => {
                let signer = keys.signer().map_err(|error| self.in_env(error))?;
                Some(Arc::new(StaticCredential::new(signer, base.origin().clone()))
                    as Arc<dyn CredentialSource>)
            }
            None => None,
        };
        let (credential, session): (Arc<dyn CredentialSource>, _) = match (&self.api_key, &hmac) {
            (Some(key), _) => {
                let signer = Bearer::named("API key", key).map_err(|error| self.in_env(error))?;
                (Arc::new(StaticCredential::new(signer, base.origin().clone())), None)
            }
            (None, Some(hmac)) if !has_session => (Arc::clone(hmac), None),
            _ => {
                let session = self.new_session(&base)?;
                (Arc::new(session.source.clone()), Some(session))
            }
        };
        let vendor = Virtuous { hmac: Some(hmac.unwrap_or_else(|| Arc::new(NoKeys))) };
        if let Some(guard) = self.guard.take() {
            self.settings.set_rate_limiter(guard);
        }
        let engine = Engine::new(&self.settings, base, vendor, Some(credential))?;
        Ok(Client { engine, session })
    }

    fn base(&self) -> Result<BaseUrl, auth_client_core::Error> {
        let (source, url) = self.settings.base_url_or(DEFAULT_HOST);
        let base = BaseUrl::parse(source, url)?;
        let path = url.trim_end_matches('/');
        if path.len() >= 4 && path.get(path.len() - 4..).is_some_and(|end| end.eq_ignore_ascii_case("/api")) {
            let reason = "must not end with /api: the paths of all operations include it, and the token endpoint is outside of it";
            return Err(auth_client_core::Error::configuration(source, reason));
        }
        Ok(base)
    }

    fn new_session(&mut self, base: &BaseUrl) -> Result<Session, auth_client_core::Error> {
        let mut settings = self.settings.clone();
        settings.set_retry(RetryPolicy::none());
        let engine = Engine::new(&settings, base.clone(), Virtuous::default(), None)?;
        let store = match self.store.take() {
            Some((store, account)) => {
                check_text("account", &account)?;
                let key = StoreKey::new(PROVIDER, &base.origin().to_string(), &account);
                Some(SharedStore { store, key })
            }
            None => None,
        };
        let unattended = match self.login.take() {
            Some((user, password)) => {
                check_trimmed("user name", &user).map_err(|error| self.in_env(error))?;
                check_password("password", password.expose_secret()).map_err(|error| self.in_env(error))?;
                Some(Unattended { user, password, code: self.code.take() })
            }
            None => None,
        };
        let endpoint = TokenEndpoint { engine, otp_header: self.otp_header };
        let given = self.tokens.take().map(Held::given).transpose()?;
        let renewer = Renewer::new(endpoint, store, unattended, given.clone());
        let origin = base.origin().clone();
        let source = RenewingCredential::new(PROVIDER, renewer, origin, &self.settings, self.renewal.clone());
        if let Some(given) = given {
            let lifetime = given.lifetime();
            source.install(given, lifetime)?;
        }
        Ok(Session { source })
    }

    /// Replaces the field of the error with the environment variable that the credential was read from.
    fn in_env(&self, error: InvalidCredential) -> InvalidCredential {
        match error.field() {
            _ if !self.from_env => error,
            "API key" => error.with_field(API_KEY),
            "application key" => error.with_field(APPLICATION_KEY),
            "private key" => error.with_field(PRIVATE_KEY),
            "user name" => error.with_field(USERNAME),
            "password" => error.with_field(PASSWORD),
            _ => error,
        }
    }
}

/// Prints the settings without credentials.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("otp_header", &self.otp_header)
            .field("renewal", &self.renewal)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Placeholder for a missing key pair.
#[derive(Debug)]
struct NoKeys;

#[async_trait]
impl CredentialSource for NoKeys {
    async fn obtain(&self, _: Now) -> Result<Credential, CredentialError> {
        let text = "this call requires a signature: set a key pair with `ClientBuilder::hmac`";
        Err(CredentialError::refused(text))
    }
}
