//! The engine of a client: base URL, credential, transport, limits, and the attempt loop.
//!
//! It is not generic over operations. A [`Request`](crate::Request) is encoded before, sent in the loop of
//! [`attempts`], and decoded by its [`Call`](crate::Call).

mod attempts;
mod builder_methods;
mod failure;
mod outgoing;
pub(crate) mod renew;
pub(crate) mod renewer;
pub(crate) mod retry;
pub(crate) mod rules;
pub(crate) mod runtime;
pub(crate) mod settings;
mod signing;
mod skew;
mod state;
pub(crate) mod time;

pub(crate) use outgoing::{CallOptions, Described, Outgoing};

use crate::decode::DecodeFailure;
use crate::encode::base_url::BaseUrl;
use crate::encode::json::JsonStyle;
use crate::error::Error;
use crate::observe::tracker::CallTracker;
use crate::observe::{Observer, spans};
use crate::operation::Operation;
use crate::transport::{BodyLimits, Received, Transport};
use auth_core::rate_limit::RateLimiter;
use auth_core::{Clock, CredentialSource, Origin};
use http::HeaderValue;
use retry::{Quota, RetryPolicy};
use rules::ProviderRules;
use settings::{Settings, Timeouts};
use skew::Skew;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use time::Timer;

/// The engine of one client. Cheap to clone; clones share connections, credential and retry quota.
///
/// ```
/// # use auth_client_core::testing::ScriptedTransport;
/// # use auth_client_core::provider::ProviderRules;
/// # #[derive(Debug)]
/// # struct Shop;
/// # impl ProviderRules for Shop { fn name(&self) -> &'static str { "shop" } }
/// # let transport = ScriptedTransport::new();
/// use auth_client_core::provider::{BaseUrl, Engine, Settings};
///
/// let mut settings = Settings::new("shop-client/1.0");
/// settings.set_transport(std::sync::Arc::new(transport));
/// let base = BaseUrl::parse("base URL", "https://shop.example/v1")?;
/// // `Shop` implements `ProviderRules`; its calls are not authenticated.
/// let engine = Engine::new(&settings, base, Shop, None)?;
/// assert_eq!(engine.origin().to_string(), "https://shop.example");
/// # Ok::<(), auth_client_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    base: BaseUrl,
    rules: Box<dyn ProviderRules>,
    credential: Option<Arc<dyn CredentialSource>>,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    skew: Skew,
    timer: Timer,
    timeouts: Timeouts,
    limits: BodyLimits,
    retry: RetryPolicy,
    quota: Quota,
    rate_limiter: Option<Arc<dyn RateLimiter>>,
    observer: Option<Arc<dyn Observer>>,
    user_agent: HeaderValue,
}

/// A successful response and the state of its call.
pub(crate) struct Exchange {
    pub(crate) received: Received,
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
    /// Dropping it ends the call.
    pub(crate) tracker: CallTracker,
}

impl Engine {
    /// Creates an engine for the API at a base URL. `credential` is `None` for unauthenticated calls.
    ///
    /// # Errors
    ///
    /// A [`Configuration`](crate::ErrorKind::Configuration) error if the settings are invalid.
    pub fn new(
        settings: &Settings,
        base: BaseUrl,
        rules: impl ProviderRules + 'static,
        credential: Option<Arc<dyn CredentialSource>>,
    ) -> Result<Self, Error> {
        let name = rules.name();
        let build = || {
            let transport = settings.transport()?;
            transport.check(&base.origin)?;
            Ok(Inner {
                base,
                rules: Box::new(rules),
                credential,
                transport,
                clock: Arc::clone(&settings.clock),
                skew: Skew::default(),
                timer: settings.timer.clone(),
                timeouts: settings.timeouts,
                limits: settings.limits,
                retry: settings.retry.clone(),
                quota: Quota::default(),
                rate_limiter: settings.rate_limiter.clone(),
                observer: settings.observer.clone(),
                user_agent: settings.user_agent_header()?,
            })
        };
        let inner = build().map_err(|error: Error| error.with_provider(name))?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Returns the origin that calls are sent to.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        self.inner.base.origin()
    }

    /// Returns the clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// Waits on the engine's timer; for helpers that poll.
    ///
    /// ```
    /// # use auth_client_core::{Error, decode, testing::ScriptedTransport};
    /// # use auth_client_core::provider::{BaseUrl, Engine, Settings, ProviderRules};
    /// # #[derive(Debug)]
    /// # struct Shop;
    /// # impl ProviderRules for Shop { fn name(&self) -> &'static str { "shop" } }
    /// # let transport = ScriptedTransport::new();
    /// # let mut settings = Settings::new("shop-client/1.0");
    /// # settings.set_transport(std::sync::Arc::new(transport.clone()));
    /// # let time = auth_client_core::testing::ManualTime::auto();
    /// # settings.set_time(time.clock(), time.timer());
    /// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// // With `ManualTime`, a minute passes at once.
    /// let start = engine.clock().now();
    /// engine.sleep(std::time::Duration::from_secs(60)).await;
    /// assert_eq!(engine.clock().now().since(start).as_secs(), 60);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn sleep(&self, duration: Duration) {
        self.inner.timer.sleep(duration).await;
    }

    /// Returns the future's output, or `None` if `limit` passed first on the engine's timer.
    pub async fn within<F: Future>(&self, limit: Duration, future: F) -> Option<F::Output> {
        self.inner.timer.within(limit, future).await
    }

    /// Returns the time limit of a call that sets none.
    #[must_use]
    pub fn operation_timeout(&self) -> Duration {
        self.inner.timeouts.operation
    }

    pub(crate) fn path_prefix(&self) -> &str {
        &self.inner.base.path
    }

    pub(crate) fn json_style(&self) -> JsonStyle {
        self.inner.rules.json_style()
    }

    pub(crate) fn content_type_without_body(&self) -> Option<HeaderValue> {
        self.inner.rules.content_type_without_body()
    }

    /// Adds the name of this provider to an error.
    pub(crate) fn attribute(&self, error: Error) -> Error {
        error.with_provider(self.inner.rules.name())
    }

    pub(crate) fn run<'a>(
        &'a self,
        outgoing: &'a Outgoing,
        options: Option<&'a CallOptions>,
    ) -> impl Future<Output = Result<Exchange, Error>> + Send + 'a {
        let (inner, operation) = (&*self.inner, &*outgoing.operation);
        let span = spans::call(inner.rules.name(), operation, inner.base.origin.host());
        let observer = inner.observer.as_ref();
        let tracker = CallTracker::new(inner.rules.name(), operation, &span, observer, &inner.clock);
        spans::within(span, inner.attempts(outgoing, options, tracker))
    }

    /// Obtains the credential of an operation within the time limit of a call, without sending the operation's request.
    ///
    /// # Errors
    ///
    /// Those of a call that gets no credential: of the kind [`Credentials`](crate::ErrorKind::Credentials), and
    /// [`Timeout`](crate::ErrorKind::Timeout) after the time limit.
    pub async fn authenticate(&self, operation: &Operation) -> Result<(), Error> {
        self.inner.authenticate(operation).await
    }

    /// Returns the error of a successful response that could not be decoded.
    pub(crate) fn undecodable(
        &self,
        outgoing: &Outgoing,
        exchange: Exchange,
        failure: DecodeFailure,
    ) -> Error {
        self.inner.undecodable(outgoing, exchange, failure)
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("provider", &self.inner.rules.name())
            .field("origin", &self.inner.base.origin.to_string())
            .finish_non_exhaustive()
    }
}
