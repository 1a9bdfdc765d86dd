//! The builder of a client, with a setting for all that the vendor leaves open.

use crate::account::{Account, Options};
use crate::carrier::{CarriedToken, TokenCarrier};
use crate::client::Client;
use crate::cookies::SessionCookie;
use crate::domain::KeyPhrase;
use crate::error::Error;
use crate::host::HostPolicy;
use crate::rules::{self, NAME};
use auth_client_core::auth_core::{SecretString, StaticCredential};
use auth_client_core::provider::{BaseUrl, Engine, Settings, env};
use http::Method;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

const DASHBOARD_URL: &str = "VISE_DASHBOARD_URL";
const API_TOKEN: &str = "VISE_API_TOKEN";
const HOST: &str = "VISE_HOST";
const PHRASE: &str = "VISE_PHRASE";

/// Stands in where no dashboard was named. RFC 2606 promises that it leads nowhere, and nothing is sent to it anyway.
const NOWHERE: &str = "https://dashboard.invalid";

/// Builds a [`Client`].
///
/// ```
/// use vise_client::{Client, HostPolicy, TokenCarrier};
///
/// let vise = Client::builder("account-token".to_owned())
///     .dashboard_url("https://dashboard.example/api")
///     .domains_path("/account/domains")
///     .token_carrier(TokenCarrier::Header("x-api-token".parse()?))
///     .host_policy(HostPolicy::new().only_below("vise.example"))
///     .build()?;
/// # let _ = vise;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Most of what the vendor leaves open, set to something other than the default:
///
/// ```
/// use std::time::Duration;
/// use vise_client::{Client, SessionCookie, TokenCarrier};
///
/// let vise = Client::builder("account-token".to_owned())
///     .domains_method(http::Method::POST)
///     .vise_token_carrier(TokenCarrier::Authorization)
///     .token_on_auth(true)
///     .auth_path("/v2/auth")
///     .auth_parameter("phrase")
///     .phrase_is_encoded(true)
///     .session_cookie(SessionCookie::Named("vsid".to_owned()))
///     .session_lifetime(Duration::from_secs(3600))
///     .pages_end_sessions(false)
///     .forbidden_ends_sessions(true)
///     .relist_on_refusal(false)
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
    dashboard_carrier: TokenCarrier,
    vise_carrier: Option<TokenCarrier>,
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
            dashboard_carrier: TokenCarrier::default(),
            vise_carrier: None,
            default: None,
            options: Options::default(),
            public_addresses_only: false,
            from_env: false,
            settings: Settings::new(concat!("vise-client/", env!("CARGO_PKG_VERSION"))),
        }
    }

    /// A builder with what the environment says, see [`Client::from_env`].
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
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration), naming the variable that is missing.
    pub fn from_env() -> Result<Self, Error> {
        let read = || {
            let mut builder = Self::new(SecretString::from(env::required(API_TOKEN)?));
            builder.from_env = true;
            let (host, phrase) = (env::optional(HOST)?, env::optional(PHRASE)?);
            let dashboard = match host.is_some() || phrase.is_some() {
                true => env::optional(DASHBOARD_URL)?,
                false => Some(env::required(DASHBOARD_URL)?),
            };
            // Nobody types plain http and a loopback address by accident.
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

    /// Where the dashboard's API is. There is no default: the vendor publishes no address, and a guessed one would be given
    /// the account's token. Without it everything works but listing the domains.
    ///
    /// The same as [`base_url`](Self::base_url).
    pub fn dashboard_url(mut self, url: impl Into<String>) -> Self {
        self.settings.set_base_url("dashboard URL", url);
        self
    }

    /// The path of the list of domains below the dashboard's URL; empty when that URL is the list itself. Default
    /// `/domains`. Assumption: the vendor names the endpoint and not its path.
    pub fn domains_path(mut self, path: impl Into<String>) -> Self {
        self.options.domains_path = path.into();
        self
    }

    /// The method of the list of domains. Default GET. Assumption: it is a read.
    pub fn domains_method(mut self, method: Method) -> Self {
        self.options.domains_method = method;
        self
    }

    /// How the token travels to the dashboard, and to VISE hosts unless [`vise_token_carrier`](Self::vise_token_carrier)
    /// says otherwise. Default [`TokenCarrier::Bearer`]. Assumption: the vendor does not say.
    pub fn token_carrier(mut self, carrier: TokenCarrier) -> Self {
        self.dashboard_carrier = carrier;
        self
    }

    /// How the token travels to VISE hosts. Default: as to the dashboard. Assumption: the vendor does not say.
    pub fn vise_token_carrier(mut self, carrier: TokenCarrier) -> Self {
        self.vise_carrier = Some(carrier);
        self
    }

    /// Sends the token with the phrase as well. Default no: the vendor's page describes that step with the phrase alone.
    /// With it, a host sees the token before it has proved that it knows the phrase.
    pub fn token_on_auth(mut self, send: bool) -> Self {
        self.options.token_on_auth = send;
        self
    }

    /// Which hosts may be called. Default [`HostPolicy::new`].
    pub fn host_policy(mut self, policy: HostPolicy) -> Self {
        self.options.policy = policy;
        self
    }

    /// Calls public addresses only: a host name that leads into a private network is refused where it is looked up, so
    /// that nothing can change in between. Off by default; it can't be had together with a transport that is handed in,
    /// whose own setting it is.
    ///
    /// ```
    /// # #[cfg(feature = "hyper")] {
    /// let vise = vise_client::Client::builder("account-token".to_owned()).public_addresses_only().build()?;
    /// # let _ = vise;
    /// # }
    /// # Ok::<(), vise_client::Error>(())
    /// ```
    pub fn public_addresses_only(mut self) -> Self {
        self.public_addresses_only = true;
        self
    }

    /// Where a session is opened. Default `/auth`, as the vendor's page says.
    pub fn auth_path(mut self, path: impl Into<String>) -> Self {
        self.options.auth_path = path.into();
        self
    }

    /// The query parameter of the phrase. Default `pfk`, as the vendor's page says.
    pub fn auth_parameter(mut self, name: impl Into<String>) -> Self {
        self.options.auth_parameter = name.into();
        self
    }

    /// Says that phrases are listed percent-encoded and must not be encoded again. Default no. Assumption: the vendor does
    /// not say.
    pub fn phrase_is_encoded(mut self, encoded: bool) -> Self {
        self.options.phrase_is_encoded = encoded;
        self
    }

    /// Which cookie is the session. Default the one called `session`. Assumption: the vendor's page suggests that name.
    pub fn session_cookie(mut self, cookie: SessionCookie) -> Self {
        self.options.session_cookie = cookie;
        self
    }

    /// How long a session lives at most. Default: as long as its cookie says, and without an end where it does not.
    /// Assumption: the vendor says that sessions end, and not when.
    pub fn session_lifetime(mut self, lifetime: Duration) -> Self {
        self.options.session_lifetime = Some(lifetime);
        self
    }

    /// Whether a page instead of JSON means that the session has ended. Default yes. Turn it off for endpoints that
    /// answer with pages.
    pub fn pages_end_sessions(mut self, end: bool) -> Self {
        self.options.pages_end_sessions = end;
        self
    }

    /// Whether 403 means that the session has ended. Default no. Assumption: it is about permission, or comes from the
    /// protection layer, and another session would change nothing.
    pub fn forbidden_ends_sessions(mut self, end: bool) -> Self {
        self.options.forbidden_ends_sessions = end;
        self
    }

    /// Whether the domains are listed again, once, when a phrase is refused: it may have been changed. Default yes.
    pub fn relist_on_refusal(mut self, relist: bool) -> Self {
        self.options.relist_on_refusal = relist;
        self
    }

    /// What stands before every path at VISE hosts. Default nothing. Assumption: the vendor mentions no prefix.
    pub fn vise_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.options.vise_prefix = prefix.into();
        self
    }

    /// The path of the VISE Domains endpoint at VISE hosts. Default `/domains`. Assumption: the vendor names the endpoint
    /// and not its path.
    pub fn vise_domains_path(mut self, path: impl Into<String>) -> Self {
        self.options.vise_domains_path = path.into();
        self
    }

    /// The host and phrase of [`Client::default_session`].
    ///
    /// ```
    /// use vise_client::Client;
    ///
    /// let vise = Client::builder("account-token".to_owned()).default_host("shop-1.vise.example", "phrase").build()?;
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
    /// let refused = vise_client::Client::builder("account-token".to_owned()).auth_parameter("").build();
    /// assert_eq!(refused.unwrap_err().kind(), vise_client::ErrorKind::Configuration);
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) when a setting can't be used, or no transport is
    /// compiled in and none was handed in. The error names the setting, or the variable that it came from.
    pub fn build(self) -> Result<Client, Error> {
        self.try_build().map_err(|error| error.with_provider(NAME).into())
    }

    fn try_build(mut self) -> Result<Client, auth_client_core::Error> {
        self.check()?;
        // One transport for the dashboard and all hosts.
        let transport = self.transport_for_all()?;
        self.settings.set_transport(transport);
        let (source, url) = self.settings.base_url_or("");
        let has_dashboard = !url.is_empty();
        let base = BaseUrl::parse(source, if has_dashboard { url } else { NOWHERE })?;
        let carried = |carrier| {
            CarriedToken::new(carrier, &self.token).map_err(|error| match error.field() {
                "token" if self.from_env => error.with_field(API_TOKEN),
                _ => error,
            })
        };
        let credential = StaticCredential::new(carried(&self.dashboard_carrier)?, base.origin().clone());
        let token = carried(self.vise_carrier.as_ref().unwrap_or(&self.dashboard_carrier))?;
        let dashboard = Engine::new(&self.settings, base, rules::Dashboard, Some(Arc::new(credential)))?;
        let default = match self.default {
            Some((host, phrase)) => {
                let field = if self.from_env { HOST } else { "default host" };
                let host = self.options.policy.check(&host).map_err(|why| {
                    auth_client_core::Error::configuration(field, "it must not be called").with_source(why)
                })?;
                Some((host, phrase))
            }
            None => None,
        };
        let account = Account::new(self.settings, self.options, token, dashboard, has_dashboard);
        Ok(Client::new(account, default))
    }

    fn check(&self) -> Result<(), auth_client_core::Error> {
        let refuse = |field: &'static str, reason: &'static str| {
            Err(auth_client_core::Error::configuration(field, reason))
        };
        if self.options.policy.is_broken() {
            return refuse("host policy", "an entry of its lists is no host that may be called");
        }
        if matches!(&self.options.session_cookie, SessionCookie::Named(name) if name.is_empty()) {
            return refuse("session cookie", "its name is empty");
        }
        if self.options.auth_parameter.is_empty() {
            return refuse("auth parameter", "its name is empty");
        }
        if self.options.session_lifetime == Some(Duration::ZERO) {
            return refuse("session lifetime", "it is zero");
        }
        Ok(())
    }

    fn transport_for_all(
        &mut self,
    ) -> Result<Arc<dyn auth_client_core::transport::Transport>, auth_client_core::Error> {
        match self.public_addresses_only {
            true => self.settings.transport_to_public_addresses(),
            false => self.settings.transport(),
        }
    }
}

fn unset(variable: &'static str) -> auth_client_core::Error {
    auth_client_core::Error::configuration(
        variable,
        "this environment variable is not set, and its partner is",
    )
}

/// Shows the settings and no secret.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("token_carrier", &self.dashboard_carrier)
            .field("vise_token_carrier", &self.vise_carrier)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
