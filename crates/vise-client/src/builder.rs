//! The client builder, with a setting for each detail that the vendor doesn't document.

use crate::account::{Account, Options};
use crate::client::Client;
use crate::cookies::SessionCookie;
use crate::domain::KeyPhrase;
use crate::error::Error;
use crate::host::HostPolicy;
use crate::rules::{self, NAME};
use crate::shared_session::SessionStore;
use crate::store::TokenStore;
use crate::token_placement::{PlacedToken, TokenPlacement};
use auth_client_core::provider::auth_core::secret::check_trimmed;
use auth_client_core::provider::auth_core::{SecretString, StaticCredential};
use auth_client_core::provider::{BaseUrl, Engine, Settings, env};
use http::Method;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

const DASHBOARD_URL: &str = "VISE_DASHBOARD_URL";
const API_TOKEN: &str = "VISE_API_TOKEN";
const HOST: &str = "VISE_HOST";
const PHRASE: &str = "VISE_PHRASE";

/// Placeholder for a missing dashboard URL, which never resolves (RFC 2606). Nothing is sent to it.
const PLACEHOLDER_URL: &str = "https://dashboard.invalid";

/// Builder for [`Client`].
///
/// ```
/// use vise_client::{Client, HostPolicy, TokenPlacement};
///
/// let vise = Client::builder("account-token")
///     .dashboard_url("https://dashboard.example/api")
///     .domains_path("/account/domains")
///     .token_placement(TokenPlacement::Header("x-api-token".parse()?))
///     .host_policy(HostPolicy::new().only_below("vise.example"))
///     .build()?;
/// # let _ = vise;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Settings for undocumented details, with other values than the defaults:
///
/// ```
/// use std::time::Duration;
/// use vise_client::http::Method;
/// use vise_client::{Client, SessionCookie, TokenPlacement};
///
/// let vise = Client::builder("account-token")
///     .domains_method(Method::POST)
///     .vise_token_placement(TokenPlacement::Authorization)
///     .token_on_auth(true)
///     .auth_method(Method::POST)
///     .auth_path("/v2/auth")
///     .auth_parameter("phrase")
///     .max_auth_redirects(0)
///     .phrase_is_encoded(true)
///     .session_cookie(SessionCookie::Named("vsid".to_owned()))
///     .session_lifetime(Duration::from_secs(3600))
///     .html_ends_session(false)
///     .forbidden_ends_sessions(true)
///     .refresh_phrase_on_rejection(false)
///     .vise_prefix("/v2")
///     .vise_domains_path("/vise-domains")
///     .build()?;
/// # let _ = vise;
/// # Ok::<(), vise_client::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct ClientBuilder {
    token: SecretString,
    dashboard_placement: TokenPlacement,
    vise_placement: Option<TokenPlacement>,
    default: Option<(String, KeyPhrase)>,
    options: Options,
    public_addresses_only: bool,
    from_env: bool,
    settings: Settings,
}

impl ClientBuilder {
    auth_client_core::provider::shared_builder_methods!();

    pub(crate) fn new(token: SecretString) -> Self {
        Self {
            token,
            dashboard_placement: TokenPlacement::default(),
            vise_placement: None,
            default: None,
            options: Options::default(),
            public_addresses_only: false,
            from_env: false,
            settings: Settings::new(concat!("vise-client/", env!("CARGO_PKG_VERSION"))),
        }
    }

    /// Shares sessions through a token store with all processes that use the same store and account name: one of them opens
    /// a session at a host, and the others use its cookies until the host rejects them. The name of the account is chosen by
    /// the program; it is not sent. Default: each process opens its own sessions.
    ///
    /// A record contains cookies and key phrases, so protect it like a token. If the store can't be reached, a process
    /// opens its own session. Cookies that a host changes during a session are not shared.
    ///
    /// ```
    /// use vise_client::{Client, store::MemoryStore};
    ///
    /// let vise = Client::builder("account-token").session_store(MemoryStore::new(), "acme").build()?;
    /// # let _ = vise;
    /// # Ok::<(), vise_client::Error>(())
    /// ```
    pub fn session_store(mut self, store: impl TokenStore + 'static, account: impl Into<String>) -> Self {
        self.options.sessions = Some(SessionStore { store: Arc::new(store), account: account.into() });
        self
    }

    /// Creates a builder with the settings in the environment; see [`Client::from_env`].
    ///
    /// ```no_run
    /// # fn example() -> Result<(), vise_client::Error> {
    /// let vise = vise_client::ClientBuilder::from_env()?.user_agent("shop/1.0").build()?;
    /// # let _ = vise;
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
            let mut builder = Self::new(SecretString::from(env::required(API_TOKEN)?));
            builder.from_env = true;
            let (host, phrase) = (env::optional(HOST)?, env::optional(PHRASE)?);
            let dashboard = match host.is_some() || phrase.is_some() {
                true => env::optional(DASHBOARD_URL)?,
                false => Some(env::required(DASHBOARD_URL)?),
            };
            // Plain http with a loopback address is always intentional.
            let is_test = |url: &Option<String>| {
                url.as_deref().is_some_and(|url| {
                    url.starts_with("http://")
                        && BaseUrl::parse("", url).is_ok_and(|base| base.origin().is_loopback())
                })
            };
            if is_test(&dashboard) || is_test(&host) {
                let policy = std::mem::take(&mut builder.options.policy);
                builder.options.policy = policy.dangerously_allow_loopback_for_tests();
            }
            if let Some(url) = dashboard {
                builder.settings.set_base_url(DASHBOARD_URL, url);
            }
            builder.default = match (host, phrase) {
                (Some(host), Some(phrase)) => Some((host, KeyPhrase::from(phrase))),
                (Some(_), None) => return Err(unset(PHRASE)),
                (None, Some(_)) => return Err(unset(HOST)),
                (None, None) => None,
            };
            Ok(builder)
        };
        read().map_err(|error: auth_client_core::Error| Error::from(error.with_provider(NAME)))
    }

    /// Sets the URL of the dashboard's API. There is no default: the vendor publishes no URL, and a wrong host
    /// would receive the account's token. Assumption (dashboard-url): there is a dashboard with that API. Only listing
    /// the domains needs it.
    ///
    /// Equivalent to [`base_url`](Self::base_url).
    pub fn dashboard_url(mut self, url: impl Into<String>) -> Self {
        self.settings.set_base_url("dashboard URL", url);
        self
    }

    /// Sets the path of the domain list below the dashboard URL; empty if the dashboard URL itself is the list.
    /// Default: `/domains`. Assumption (domains-endpoint): the vendor names the endpoint but not its path.
    pub fn domains_path(mut self, path: impl Into<String>) -> Self {
        self.options.domains_path = path.into();
        self
    }

    /// Sets the method of the domain list. Default: GET. Assumption (domains-endpoint): listing is a read.
    pub fn domains_method(mut self, method: Method) -> Self {
        self.options.domains_method = method;
        self
    }

    /// Sets where the token is sent in requests to the dashboard, and to VISE hosts unless
    /// [`vise_token_placement`](Self::vise_token_placement) is set. Default: [`TokenPlacement::Bearer`].
    /// Assumption (token-placement): the vendor does not document it.
    pub fn token_placement(mut self, placement: TokenPlacement) -> Self {
        self.dashboard_placement = placement;
        self
    }

    /// Sets where the token is sent in requests to VISE hosts. Default: as for the dashboard.
    /// Assumption (token-placement): the vendor does not document it.
    pub fn vise_token_placement(mut self, placement: TokenPlacement) -> Self {
        self.vise_placement = Some(placement);
        self
    }

    /// Sets whether the token is sent together with the phrase. Default: no. Assumption (token-on-auth): the phrase is
    /// sufficient, because the vendor's documentation describes this step with the phrase alone. If set, a host
    /// receives the token before it has accepted the phrase.
    pub fn token_on_auth(mut self, send: bool) -> Self {
        self.options.token_on_auth = send;
        self
    }

    /// Sets which hosts may be called. Default: [`HostPolicy::new`]. Assumption (hosts): VISE hosts have public DNS
    /// names and use the standard port. The page describes `domain_vise_url` as a URL and inserts it after `https://`:
    /// with and without this scheme it is accepted; with a path it is rejected.
    pub fn host_policy(mut self, policy: HostPolicy) -> Self {
        self.options.policy = policy;
        self
    }

    /// Rejects host names that resolve to a private or local address. Default: off. The client connects to exactly the
    /// addresses that were checked, so a DNS change can't bypass the check. Can't be combined with a custom transport:
    /// use [`TransportSettings`](crate::TransportSettings::public_addresses_only) when you create it.
    ///
    /// ```
    /// # #[cfg(feature = "hyper")] {
    /// let vise = vise_client::Client::builder("account-token").public_addresses_only().build()?;
    /// # let _ = vise;
    /// # }
    /// # Ok::<(), vise_client::Error>(())
    /// ```
    pub fn public_addresses_only(mut self) -> Self {
        self.public_addresses_only = true;
        self
    }

    /// Sets the method of `/auth`. Default: GET. Assumption (auth-request): the vendor documents the URL, but no
    /// method.
    pub fn auth_method(mut self, method: Method) -> Self {
        self.options.auth_method = method;
        self
    }

    /// Sets the maximum number of redirects that are followed when a session is opened: within the host's origin, with
    /// the cookies that were set so far, and without the token. Default: 5; 0 disables redirects. Assumption
    /// (auth-redirects): any of these responses can set the session cookie, because the vendor's sample uses a session
    /// of Python's `requests`, which follows redirects.
    pub fn max_auth_redirects(mut self, limit: u32) -> Self {
        self.options.max_auth_redirects = limit;
        self
    }

    /// Sets the path at which a session is opened. Default: `/auth`, as documented.
    pub fn auth_path(mut self, path: impl Into<String>) -> Self {
        self.options.auth_path = path.into();
        self
    }

    /// Sets the query parameter of the phrase. Default: `pfk`, as documented.
    pub fn auth_parameter(mut self, name: impl Into<String>) -> Self {
        self.options.auth_parameter = name.into();
        self
    }

    /// Sets whether listed phrases are already percent-encoded; then a `+` stands for a space. Default: no.
    /// Assumption (phrase-encoding): the vendor does not document it.
    pub fn phrase_is_encoded(mut self, encoded: bool) -> Self {
        self.options.phrase_is_encoded = encoded;
        self
    }

    /// Sets which cookie is the session cookie. Default: the one named `session`. Assumption (session-cookie): the
    /// documentation suggests this name.
    pub fn session_cookie(mut self, cookie: SessionCookie) -> Self {
        self.options.session_cookie = cookie;
        self
    }

    /// Sets the maximum lifetime of a session. Default: the lifetime of its cookie; unlimited if the cookie has none.
    /// Assumption (session-lifetime): the vendor documents that sessions end, but not when.
    pub fn session_lifetime(mut self, lifetime: Duration) -> Self {
        self.options.session_lifetime = Some(lifetime);
        self
    }

    /// Sets whether an HTML page in place of JSON means that the session has ended. Default: yes. Assumption
    /// (session-expired): the endpoints return JSON. Disable this for endpoints that return pages.
    pub fn html_ends_session(mut self, end: bool) -> Self {
        self.options.html_ends_session = end;
        self
    }

    /// Sets whether status 403 means that the session has ended. Default: no. Assumption (session-expired): a 403
    /// concerns permissions or comes from the protection layer, so another session would not help.
    pub fn forbidden_ends_sessions(mut self, end: bool) -> Self {
        self.options.forbidden_ends_sessions = end;
        self
    }

    /// Sets whether the client lists the domains again, once, if a phrase is rejected. Default: yes. Assumption
    /// (phrase-refused): a phrase can change.
    pub fn refresh_phrase_on_rejection(mut self, relist: bool) -> Self {
        self.options.refresh_phrase_on_rejection = relist;
        self
    }

    /// Sets a prefix for the paths of calls at VISE hosts. Default: none. It doesn't apply to
    /// [`auth_path`](Self::auth_path), which the page documents in full.
    /// Assumption (vise-paths): the vendor documents no prefix.
    pub fn vise_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.options.vise_prefix = prefix.into();
        self
    }

    /// Sets the path of the VISE Domains endpoint at VISE hosts. Default: `/domains`.
    /// Assumption (vise-paths): the vendor names the endpoint but not its path.
    pub fn vise_domains_path(mut self, path: impl Into<String>) -> Self {
        self.options.vise_domains_path = path.into();
        self
    }

    /// Sets the host and phrase of [`Client::default_session`].
    ///
    /// ```
    /// use vise_client::Client;
    ///
    /// let vise = Client::builder("account-token").default_host("shop-1.vise.example", "phrase").build()?;
    /// assert!(vise.default_session()?.is_some());
    /// # Ok::<(), vise_client::Error>(())
    /// ```
    pub fn default_host(mut self, host: impl Into<String>, phrase: impl Into<KeyPhrase>) -> Self {
        self.default = Some((host.into(), phrase.into()));
        self
    }

    /// Builds the client.
    ///
    /// ```
    /// let refused = vise_client::Client::builder("account-token").auth_parameter("").build();
    /// assert_eq!(refused.unwrap_err().kind(), vise_client::ErrorKind::Configuration);
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if a setting is invalid, or if no transport
    /// is compiled in and none was set. The error names the setting, or the environment variable that it was read
    /// from.
    pub fn build(self) -> Result<Client, Error> {
        self.try_build().map_err(|error| error.with_provider(NAME).into())
    }

    fn try_build(mut self) -> Result<Client, auth_client_core::Error> {
        self.options.check()?;
        // One transport for the dashboard and all hosts.
        self.settings.share_transport(self.public_addresses_only)?;
        let (source, url) = self.settings.base_url_or("");
        let has_dashboard = !url.is_empty();
        let base = BaseUrl::parse(source, if has_dashboard { url } else { PLACEHOLDER_URL })?;
        // The list has hosts without a scheme.
        self.options.policy.loopback_https = base.origin().is_secure() && base.origin().is_loopback();
        let carried = |placement| {
            PlacedToken::new(placement, &self.token).map_err(|error| match error.field() {
                "token" if self.from_env => error.with_field(API_TOKEN),
                _ => error,
            })
        };
        let credential = StaticCredential::new(carried(&self.dashboard_placement)?, base.origin().clone());
        let token = carried(self.vise_placement.as_ref().unwrap_or(&self.dashboard_placement))?;
        let dashboard = Engine::new(&self.settings, base, rules::Dashboard, Some(Arc::new(credential)))?;
        let default = match self.default {
            Some((host, phrase)) => {
                let field = if self.from_env { HOST } else { "default host" };
                let host = self.options.policy.check(&host).map_err(|why| {
                    auth_client_core::Error::configuration(field, "must not be called").with_source(why)
                })?;
                let field = if self.from_env { PHRASE } else { "default phrase" };
                check_trimmed(field, phrase.expose())?;
                Some((host, phrase))
            }
            None => None,
        };
        let account = Account::new(self.settings, self.options, token, dashboard, has_dashboard);
        Ok(Client::new(account, default))
    }
}

fn unset(variable: &'static str) -> auth_client_core::Error {
    auth_client_core::Error::configuration(variable, "is not set, but the variable that belongs to it is")
}

/// Prints the settings without secrets.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("token_placement", &self.dashboard_placement)
            .field("vise_token_placement", &self.vise_placement)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
