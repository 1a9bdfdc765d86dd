//! Settings that all clients share.

use crate::engine::retry::RetryPolicy;
use crate::engine::time::{GuardedClock, Sleep, Timer};
use crate::error::Error;
use crate::observe::Observer;
use crate::transport::{self, BodyLimits, Transport, TransportSettings};
use auth_core::rate_limit::RateLimiter;
use auth_core::{Clock, SystemClock};
use http::HeaderValue;
use std::sync::Arc;
use std::time::Duration;

/// Time limits of a call. All are enabled by default, so that no call can hang.
///
/// ```
/// use auth_client_core::provider::Settings;
/// use std::time::Duration;
///
/// let mut settings = Settings::new("shop-client/1.0");
/// settings.timeouts_mut().attempt = Duration::from_secs(5);
/// assert_eq!(settings.timeouts_mut().operation, Duration::from_secs(120));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Timeouts {
    /// Limit for opening a connection, including name resolution and TLS; takes precedence over the limit in the
    /// [`TransportSettings`]. Has no effect on a custom transport.
    pub connect: Option<Duration>,
    /// Limit for one attempt, from the first byte of the request to the last byte of the response. Default: 30
    /// seconds.
    pub attempt: Duration,
    /// Limit for the whole call: credentials, all attempts and the delays between them. Default: 120 seconds.
    pub operation: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: None, attempt: Duration::from_secs(30), operation: Duration::from_secs(120) }
    }
}

/// Settings that all clients have. Each provider's `ClientBuilder` has methods for them.
///
/// ```
/// use auth_client_core::testing::{ManualTime, ScriptedTransport};
/// use auth_client_core::RetryPolicy;
/// use auth_client_core::provider::Settings;
///
/// let mut settings = Settings::new("shop-client/1.0");
/// let time = ManualTime::new();
/// settings.set_time(time.clock(), time.timer());
/// settings.set_transport(std::sync::Arc::new(ScriptedTransport::new()));
/// settings.set_retry(RetryPolicy::none());
/// settings.limits_mut().response = 1 << 20;
/// settings.add_user_agent("my-program/2.0");
/// assert!(settings.transport().is_ok());
/// # let _ = (settings.clock(), settings.retry());
/// ```
#[derive(Clone, Debug)]
pub struct Settings {
    pub(crate) base_url: Option<(&'static str, String)>,
    pub(crate) transport: Option<Arc<dyn Transport>>,
    pub(crate) transport_settings: Option<TransportSettings>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) timer: Timer,
    pub(crate) timeouts: Timeouts,
    pub(crate) retry: RetryPolicy,
    pub(crate) limits: BodyLimits,
    pub(crate) rate_limiter: Option<Arc<dyn RateLimiter>>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) user_agent: String,
}

impl Settings {
    /// Creates the default settings, with the provider crate's name and version as the user agent.
    #[must_use]
    pub fn new(user_agent: &str) -> Self {
        Self {
            base_url: None,
            transport: None,
            transport_settings: None,
            clock: Arc::new(SystemClock::new()),
            timer: Timer::Tokio,
            timeouts: Timeouts::default(),
            retry: RetryPolicy::default(),
            limits: BodyLimits::default(),
            rate_limiter: None,
            observer: None,
            user_agent: user_agent.to_owned(),
        }
    }

    /// Sets the base URL. `source` is its name in errors, such as `base URL` or the name of an environment variable.
    pub fn set_base_url(&mut self, source: &'static str, url: impl Into<String>) {
        self.base_url = Some((source, url.into()));
    }

    /// Sets the transport.
    pub fn set_transport(&mut self, transport: Arc<dyn Transport>) {
        self.transport = Some(transport);
    }

    /// Sets the settings of the transport that is created by default.
    pub fn set_transport_settings(&mut self, settings: TransportSettings) {
        self.transport_settings = Some(settings);
    }

    /// Sets the clock and the timer.
    pub fn set_time(&mut self, clock: Arc<dyn Clock>, sleep: Arc<dyn Sleep>) {
        self.clock = Arc::new(GuardedClock::new(clock));
        self.timer = Timer::Custom(sleep);
    }

    /// Returns the time limits for modification.
    pub fn timeouts_mut(&mut self) -> &mut Timeouts {
        &mut self.timeouts
    }

    /// Sets the retry policy.
    pub fn set_retry(&mut self, policy: RetryPolicy) {
        self.retry = policy;
    }

    /// Returns the current retry policy, so that a provider can adjust its defaults.
    #[must_use]
    pub fn retry(&self) -> &RetryPolicy {
        &self.retry
    }

    /// Returns the body size limits for modification.
    ///
    /// ```
    /// # use auth_client_core::{Error, decode, testing::ScriptedTransport};
    /// # use auth_client_core::provider::{BaseUrl, Engine, Settings, ProviderRules};
    /// # #[derive(Debug)]
    /// # struct Shop;
    /// # impl ProviderRules for Shop { fn name(&self) -> &'static str { "shop" } }
    /// # let transport = ScriptedTransport::new().response(404, &[], "no such lamp");
    /// # let mut settings = Settings::new("shop-client/1.0");
    /// # settings.set_transport(std::sync::Arc::new(transport.clone()));
    /// settings.limits_mut().error = 4;
    /// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// # let call = engine.raw(http::Method::GET, "/items/7").call::<(), Error>(decode::empty);
    /// let error = call.await.unwrap_err();
    /// assert_eq!(error.body().map(|body| body.as_ref()), Some(&b"no s"[..]));
    /// assert!(error.is_body_truncated());
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn limits_mut(&mut self) -> &mut BodyLimits {
        &mut self.limits
    }

    /// Sets the rate limiter. Default: none.
    ///
    /// ```
    /// # use auth_client_core::provider::auth_core::Now;
    /// # use auth_client_core::provider::{RateLimiterDecision, RateLimiter};
    /// # #[derive(Debug)]
    /// # struct Closed;
    /// # use std::time::Duration;
    /// # #[async_trait::async_trait]
    /// # impl RateLimiter for Closed {
    /// #     async fn check(&self, _: Now, _: Duration) -> RateLimiterDecision { RateLimiterDecision::Reject(Duration::from_secs(9)) }
    /// # }
    /// # use auth_client_core::{Error, decode, testing::ScriptedTransport};
    /// # use auth_client_core::provider::{BaseUrl, Engine, Settings, ProviderRules};
    /// # #[derive(Debug)]
    /// # struct Shop;
    /// # impl ProviderRules for Shop { fn name(&self) -> &'static str { "shop" } }
    /// # let transport = ScriptedTransport::new();
    /// # let mut settings = Settings::new("shop-client/1.0");
    /// # settings.set_transport(std::sync::Arc::new(transport.clone()));
    /// settings.set_rate_limiter(std::sync::Arc::new(Closed));
    /// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// # let call = engine.raw(http::Method::GET, "/items/7").call::<(), Error>(decode::empty);
    /// // `Closed` rejects everything for nine seconds.
    /// let error = call.await.unwrap_err();
    /// assert_eq!(error.retry_after().map(|wait| wait.as_secs()), Some(9));
    /// assert!(!error.may_have_been_sent());
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_rate_limiter(&mut self, rate_limiter: Arc<dyn RateLimiter>) {
        self.rate_limiter = Some(rate_limiter);
    }

    /// Sets the observer of calls and renewals. Default: none.
    ///
    /// ```
    /// use auth_client_core::{Observer, observe::AttemptEnded};
    /// use std::sync::{Arc, atomic::{AtomicU64, Ordering::Relaxed}};
    ///
    /// #[derive(Debug, Default)]
    /// struct Attempts(AtomicU64);
    /// impl Observer for Attempts {
    ///     fn attempt_ended(&self, _: &AttemptEnded) {
    ///         self.0.fetch_add(1, Relaxed);
    ///     }
    /// }
    /// let count = Arc::new(Attempts::default());
    /// # use auth_client_core::{Error, decode, testing::ScriptedTransport};
    /// # use auth_client_core::provider::{BaseUrl, Engine, Settings, ProviderRules};
    /// # #[derive(Debug)]
    /// # struct Shop;
    /// # impl ProviderRules for Shop { fn name(&self) -> &'static str { "shop" } }
    /// # let transport = ScriptedTransport::new().broken().status(204);
    /// # let mut settings = Settings::new("shop-client/1.0");
    /// # settings.set_transport(std::sync::Arc::new(transport.clone()));
    /// settings.set_observer(Arc::clone(&count) as Arc<dyn Observer>);
    /// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// # let call = engine.raw(http::Method::GET, "/items/7").call::<(), Error>(decode::empty);
    /// call.await?;
    /// assert_eq!(count.0.load(Relaxed), 2, "the first was lost");
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_observer(&mut self, observer: Arc<dyn Observer>) {
        self.observer = Some(observer);
    }

    /// Prepends a program's name to the header `User-Agent`.
    pub fn add_user_agent(&mut self, product: &str) {
        self.user_agent = format!("{product} {}", self.user_agent);
    }

    /// Returns the clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Returns the base URL that was set, or `default`, together with its name in errors.
    ///
    /// ```
    /// let mut settings = auth_client_core::provider::Settings::new("shop-client/1.0");
    /// assert_eq!(settings.base_url_or("https://shop.example").1, "https://shop.example");
    ///
    /// settings.set_base_url("SHOP_URL", "https://test.shop.example");
    /// let (source, url) = settings.base_url_or("https://shop.example");
    /// assert_eq!((source, url), ("SHOP_URL", "https://test.shop.example"));
    /// ```
    #[must_use]
    pub fn base_url_or<'a>(&'a self, default: &'a str) -> (&'static str, &'a str) {
        self.base_url.as_ref().map_or(("base URL", default), |(source, url)| (*source, url.as_str()))
    }

    pub(crate) fn user_agent_header(&self) -> Result<HeaderValue, Error> {
        HeaderValue::from_str(&self.user_agent).map_err(|_| {
            Error::configuration("user agent", "contains a character that is invalid in a header")
        })
    }

    /// Returns the transport that was set, or a new default one.
    ///
    /// # Errors
    ///
    /// A [`Configuration`](crate::ErrorKind::Configuration) error if no transport feature is enabled, or if TLS
    /// can't be set up.
    pub fn transport(&self) -> Result<Arc<dyn Transport>, Error> {
        match (&self.transport, &self.transport_settings) {
            (Some(_), Some(_)) => Err(Error::configuration(
                "transport settings",
                "a transport was set as well; create it with these settings instead",
            )),
            (Some(transport), None) => Ok(Arc::clone(transport)),
            (None, settings) => transport::default(self.connecting(settings.clone().unwrap_or_default())),
        }
    }

    fn connecting(&self, settings: TransportSettings) -> TransportSettings {
        match self.timeouts.connect {
            Some(limit) => settings.connect_timeout(limit),
            None => settings,
        }
    }

    /// Creates the transport now, so that the engines of one client share it. With `public_addresses_only`, it connects
    /// to public addresses only, for clients that receive host names from a server.
    ///
    /// # Errors
    ///
    /// A [`Configuration`](crate::ErrorKind::Configuration) error as for [`transport`](Self::transport), or if
    /// `public_addresses_only` is combined with a transport that was set.
    pub fn share_transport(&mut self, public_addresses_only: bool) -> Result<(), Error> {
        if public_addresses_only {
            if self.transport.is_some() {
                return Err(Error::configuration(
                    "public addresses only",
                    "a transport was set; set this in the `TransportSettings` that it is created with instead",
                ));
            }
            let settings = self.transport_settings.take().unwrap_or_default();
            self.transport_settings = Some(settings.public_addresses_only());
        }
        self.transport = Some(self.transport()?);
        self.transport_settings = None;
        Ok(())
    }
}
