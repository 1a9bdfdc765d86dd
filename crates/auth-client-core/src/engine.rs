//! What a client is made of: where its calls go, as whom, by which transport and within which limits.
//!
//! It is not generic over operations. Requests are put together in [`request`](crate::request), sent in the loop of
//! [`attempts`](crate::attempts), and decoded in [`call`](crate::call).

use crate::base_url::BaseUrl;
use crate::call::CallOptions;
use crate::decode::DecodeFailure;
use crate::error::{Answer, Error, ErrorKind};
use crate::gate::Gate;
use crate::json;
use crate::observe;
use crate::observer::Observer;
use crate::operation::{Class, Operation};
use crate::path::PathValue;
use crate::request::{Outgoing, Request};
use crate::retry::{Quota, RetryPolicy};
use crate::settings::{Settings, Timeouts};
use crate::time::Timer;
use crate::transport::{BodyLimits, Received, Transport};
use crate::vendor::{JsonStyle, Vendor};
use crate::watch::Watch;
use auth_core::{Clock, CredentialSource, Origin};
use http::{HeaderValue, Method};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What sends the calls of one client. Cheap to clone; all clones share connections, credential and retry quota.
///
/// ```
/// # use auth_client_core::{Vendor, testing::ScriptedTransport};
/// # #[derive(Debug)]
/// # struct Shop;
/// # impl Vendor for Shop { fn name(&self) -> &'static str { "shop" } }
/// # let transport = ScriptedTransport::new();
/// use auth_client_core::{BaseUrl, Engine, Settings};
///
/// let mut settings = Settings::new("shop-client/1.0");
/// settings.set_transport(std::sync::Arc::new(transport));
/// let base = BaseUrl::parse("base URL", "https://shop.example/v1")?;
/// // `Shop` is the `Vendor`; its calls authenticate nobody.
/// let engine = Engine::new(&settings, base, Shop, None)?;
/// assert_eq!(engine.origin().to_string(), "https://shop.example");
/// # Ok::<(), auth_client_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) base: BaseUrl,
    pub(crate) vendor: Box<dyn Vendor>,
    pub(crate) credential: Option<Arc<dyn CredentialSource>>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) timer: Timer,
    pub(crate) timeouts: Timeouts,
    pub(crate) limits: BodyLimits,
    pub(crate) retry: RetryPolicy,
    pub(crate) quota: Quota,
    pub(crate) gate: Option<Arc<dyn Gate>>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) user_agent: HeaderValue,
}

/// A successful answer and how it was come by.
pub(crate) struct Exchange {
    pub(crate) received: Received,
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
    /// The call is over when this is dropped.
    pub(crate) watch: Watch,
}

impl Engine {
    /// An engine for a vendor at a base URL; `credential` is `None` for calls that authenticate nobody.
    ///
    /// # Errors
    ///
    /// A [`Configuration`](ErrorKind::Configuration) error when the settings can't work.
    pub fn new(
        settings: &Settings,
        base: BaseUrl,
        vendor: impl Vendor + 'static,
        credential: Option<Arc<dyn CredentialSource>>,
    ) -> Result<Self, Error> {
        let name = vendor.name();
        let build = || {
            Ok(Inner {
                base,
                vendor: Box::new(vendor),
                credential,
                transport: settings.transport()?,
                clock: Arc::clone(&settings.clock),
                timer: settings.timer.clone(),
                timeouts: settings.timeouts,
                limits: settings.limits,
                retry: settings.retry.clone(),
                quota: Quota::default(),
                gate: settings.gate.clone(),
                observer: settings.observer.clone(),
                user_agent: settings.user_agent_header()?,
            })
        };
        let inner = build().map_err(|error: Error| error.with_provider(name))?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// A request to an operation, with the values of its path parameters in order.
    ///
    /// ```
    /// # use auth_client_core::{BaseUrl, Engine, Error, Settings, Vendor, decode, testing::ScriptedTransport};
    /// # #[derive(Debug)]
    /// # struct Shop;
    /// # impl Vendor for Shop { fn name(&self) -> &'static str { "shop" } }
    /// # let transport = ScriptedTransport::new().status(204);
    /// # let mut settings = Settings::new("shop-client/1.0");
    /// # settings.set_transport(std::sync::Arc::new(transport.clone()));
    /// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// use auth_client_core::{Class, Operation};
    /// use http::Method;
    ///
    /// static REMOVE: Operation =
    ///     Operation::new("parts.remove", Method::DELETE, "/items/{item_id}/parts/{number}", Class::IdempotentWrite);
    ///
    /// let call = engine.request(&REMOVE, &["a/7".into(), 3.into()]).call::<(), Error>(decode::nothing);
    /// call.await?;
    /// assert_eq!(transport.requests()[0].uri, "https://shop.example/items/a%2F7/parts/3");
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn request(&self, operation: &'static Operation, path: &[PathValue<'_>]) -> Request {
        Request::new(self.clone(), operation, path)
    }

    /// A request to an operation whose path is a setting: below the client's prefix, encoded already, and empty for the
    /// prefix itself.
    ///
    /// ```
    /// # use auth_client_core::{BaseUrl, Engine, Error, Settings, Vendor, decode, testing::ScriptedTransport};
    /// # #[derive(Debug)]
    /// # struct Shop;
    /// # impl Vendor for Shop { fn name(&self) -> &'static str { "shop" } }
    /// # let transport = ScriptedTransport::new().json(200, "\"a token\"");
    /// # let mut settings = Settings::new("shop-client/1.0");
    /// # settings.set_transport(std::sync::Arc::new(transport.clone()));
    /// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// use auth_client_core::{Class, Operation};
    ///
    /// let login = Operation::new("login", http::Method::POST, "", Class::Write).sensitive();
    /// let request = engine.request_at(login, "/tenants/blue/login").form(&[("user", "anna")]);
    /// request.call::<String, Error>(decode::json).await?;
    /// assert_eq!(transport.requests()[0].uri, "https://shop.example/tenants/blue/login");
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn request_at(&self, operation: Operation, path: &str) -> Request {
        Request::at(self.clone(), operation, path)
    }

    /// A request to a path of one's own below the client's prefix, encoded already.
    ///
    /// ```
    /// # use auth_client_core::{BaseUrl, Engine, Error, Settings, Vendor, decode, testing::ScriptedTransport};
    /// # #[derive(Debug)]
    /// # struct Shop;
    /// # impl Vendor for Shop { fn name(&self) -> &'static str { "shop" } }
    /// # let transport = ScriptedTransport::new().json(200, "{\"new\":true}");
    /// # let mut settings = Settings::new("shop-client/1.0");
    /// # settings.set_transport(std::sync::Arc::new(transport.clone()));
    /// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let request = engine.raw(http::Method::GET, "/not/known/to/the/sdk");
    /// let answer = request.call::<serde_json::Value, Error>(decode::json).await?;
    /// assert_eq!(answer["new"], true);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn raw(&self, method: Method, path: &str) -> Request {
        Request::raw(self.clone(), method, path)
    }

    /// Where the calls go.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        self.inner.base.origin()
    }

    /// The clock that the calls read.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// Waits on the engine's timer, for helpers that poll.
    ///
    /// ```
    /// # use auth_client_core::{BaseUrl, Engine, Error, Settings, Vendor, decode, testing::ScriptedTransport};
    /// # #[derive(Debug)]
    /// # struct Shop;
    /// # impl Vendor for Shop { fn name(&self) -> &'static str { "shop" } }
    /// # let transport = ScriptedTransport::new();
    /// # let mut settings = Settings::new("shop-client/1.0");
    /// # settings.set_transport(std::sync::Arc::new(transport.clone()));
    /// # let time = auth_client_core::testing::ManualTime::auto();
    /// # settings.set_time(time.clock(), time.timer());
    /// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// // On `ManualTime` a minute is over at once.
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

    pub(crate) fn path_prefix(&self) -> &str {
        &self.inner.base.path
    }

    pub(crate) fn json_style(&self) -> JsonStyle {
        self.inner.vendor.json_style()
    }

    pub(crate) fn blame(&self, error: Error) -> Error {
        error.with_provider(self.inner.vendor.name())
    }

    pub(crate) fn run<'a>(
        &'a self,
        outgoing: &'a Outgoing,
        options: Option<&'a CallOptions>,
    ) -> impl Future<Output = Result<Exchange, Error>> + Send + 'a {
        let inner = &*self.inner;
        let span = observe::call(inner.vendor.name(), &outgoing.operation, inner.base.origin.host());
        let watch = Watch::new(inner, &outgoing.operation, &span);
        observe::within(span, inner.attempts(outgoing, options, watch))
    }

    /// The error of an answer that was a success and could not be read.
    pub(crate) fn undecodable(
        &self,
        outgoing: &Outgoing,
        exchange: Exchange,
        failure: DecodeFailure,
    ) -> Error {
        let Exchange { received, attempts, elapsed, mut watch } = exchange;
        let body = received.response.body();
        let (path, reason, cut) = match failure {
            DecodeFailure::Json(error) => {
                let misfit = json::explain(body, &error);
                (misfit.path, misfit.reason, misfit.cut)
            }
            DecodeFailure::Rule(reason) => ("$".to_owned(), reason.to_owned(), false),
            DecodeFailure::Misfit(reason) => ("$".to_owned(), reason, false),
        };
        // Without a length, the end of the connection is the only mark of the end: JSON that stops in the middle then
        // was cut off on the way.
        let (kind, detail) = if cut && received.close_delimited {
            (ErrorKind::Transport, "the connection ended in the middle of the answer".to_owned())
        } else {
            (ErrorKind::Decode, reason)
        };
        watch.failed(kind, elapsed);
        let operation = &outgoing.operation;
        let writes = operation.class() != Class::Read;
        let error = Error::new(kind, operation.id(), detail).edit(|inner| {
            inner.field = (kind == ErrorKind::Decode).then(|| path.into());
            inner.attempts = attempts;
            inner.elapsed = elapsed;
            inner.sent = true;
            inner.executed = writes;
            inner.retryable = kind == ErrorKind::Transport && operation.class() != Class::Write;
            inner.answer = Some(Answer::from(received));
        });
        self.blame(error)
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("vendor", &self.inner.vendor.name())
            .field("origin", &self.inner.base.origin.to_string())
            .finish_non_exhaustive()
    }
}
