//! A call that is ready to go.
//!
//! Every operation of every provider returns a [`Call`]. Awaiting it sends it; before that it takes options. It owns
//! all that it needs, so it can be stored, moved to a task, or thrown away without a trace.

use crate::decode::{self, Decode};
use crate::encode::query::{self, QueryValue};
use crate::engine::retry::RetryPolicy;
use crate::engine::{CallOptions, Engine, Exchange, Outgoing};
use crate::error::Error;
use crate::operation::Operation;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

/// A call that is ready to go: `.await` sends it.
///
/// `T` is what comes back and `E` the provider's error.
///
/// ```
/// # use auth_client_core::{Error, decode, testing::ScriptedTransport};
/// # use auth_client_core::provider::{BaseUrl, Engine, Settings, ProviderRules};
/// # #[derive(Debug)]
/// # struct Shop;
/// # impl ProviderRules for Shop { fn name(&self) -> &'static str { "shop" } }
/// # let transport = ScriptedTransport::new().json(200, "\"lamp\"");
/// # let mut settings = Settings::new("shop-client/1.0");
/// # settings.set_transport(std::sync::Arc::new(transport.clone()));
/// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// # let call = engine.raw(http::Method::GET, "/items/7").call::<String, Error>(decode::json);
/// use auth_client_core::RetryPolicy;
/// use http::{HeaderName, HeaderValue};
/// use std::time::Duration;
///
/// let text = call
///     .timeout(Duration::from_secs(5))
///     .attempt_timeout(Duration::from_secs(2))
///     .retry(RetryPolicy::none())
///     .header(HeaderName::from_static("x-tenant"), HeaderValue::from_static("blue"))
///     .query("expand", "price")
///     .await?;
/// # assert_eq!(text, "lamp");
/// # assert_eq!(transport.requests()[0].uri, "https://shop.example/items/7?expand=price");
/// # assert_eq!(transport.requests()[0].header("x-tenant"), Some("blue"));
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<T, E = Error> {
    engine: Engine,
    outgoing: Result<Outgoing, Error>,
    // Most calls have none.
    options: Option<Box<CallOptions>>,
    decode: Decode<T>,
    error: PhantomData<fn() -> E>,
}

/// A decoded answer with its head.
///
/// `Debug` shows the names of the headers only.
///
/// ```
/// # use auth_client_core::{Call, Error};
/// # async fn example(call: Call<String, Error>) -> Result<(), Error> {
/// let reply = call.reply().await?;
/// println!("{} after {} attempt(s), {:?}", reply.status, reply.attempts, reply.elapsed);
/// # Ok(())
/// # }
/// ```
#[non_exhaustive]
pub struct Reply<T> {
    /// What the body says.
    pub value: T,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// How many times the request was sent.
    pub attempts: u32,
    /// How long the call took, waits included.
    pub elapsed: Duration,
}

impl<T: fmt::Debug> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("value", &self.value)
            .field("status", &self.status)
            .field("header_names", &self.headers.keys().collect::<Vec<_>>())
            .field("attempts", &self.attempts)
            .field("elapsed", &self.elapsed)
            .finish()
    }
}

impl<T, E: From<Error>> Call<T, E> {
    pub(crate) fn new(engine: Engine, outgoing: Result<Outgoing, Error>, decode: Decode<T>) -> Self {
        Self { engine, outgoing, options: None, decode, error: PhantomData }
    }

    fn edit(mut self, change: impl FnOnce(&mut Outgoing) -> Result<(), Error>) -> Self {
        if let Ok(outgoing) = &mut self.outgoing
            && let Err(error) = change(outgoing)
        {
            self.outgoing = Err(error);
        }
        self
    }

    /// The time limit of the whole call, with all attempts and waits.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.options.get_or_insert_default().operation_timeout = Some(limit);
        self
    }

    /// The time limit of one attempt.
    pub fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.options.get_or_insert_default().attempt_timeout = Some(limit);
        self
    }

    /// How this call is repeated. The operation's class still decides whether it may be.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.options.get_or_insert_default().retry = Some(policy);
        self
    }

    /// Adds a header. Those that authenticate, frame or describe the body are the client's own: naming one makes the
    /// call fail before anything is sent.
    pub fn header(self, name: HeaderName, value: HeaderValue) -> Self {
        self.edit(|outgoing| outgoing.set_header(name, value))
    }

    /// Adds a pair to the query, for parameters that the vendor has and this SDK doesn't know.
    pub fn query(self, name: &str, value: impl QueryValue) -> Self {
        self.edit(|outgoing| {
            query::append(&mut outgoing.target, name, &value);
            Ok(())
        })
    }

    /// Gives back the answer undecoded: status, headers and bytes. An answer that is no success is still an error.
    ///
    /// ```
    /// # use auth_client_core::{Call, Error};
    /// # async fn example(call: Call<String, Error>) -> Result<(), Error> {
    /// let answer = call.raw().await?;
    /// println!("{} with {} bytes", answer.status(), answer.body().len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn raw(self) -> Call<Response<Bytes>, E> {
        Call {
            engine: self.engine,
            outgoing: self.outgoing,
            options: self.options,
            decode: decode::raw,
            error: PhantomData,
        }
    }

    /// A template for calls that differ in their query only.
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
    /// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
    /// # use auth_client_core::ErrorKind;
    /// let call = engine.raw(http::Method::GET, "/../admin").call::<String, Error>(decode::json);
    /// let error = call.into_template().unwrap_err();
    /// assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("path")));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What is wrong with an argument, which a call keeps until it is awaited.
    pub fn into_template(self) -> Result<CallTemplate<T, E>, E> {
        let Self { engine, outgoing, options, decode, .. } = self;
        let outgoing = outgoing.map_err(|error| engine.attribute(error))?;
        Ok(CallTemplate { engine, outgoing, options, decode, error: PhantomData })
    }

    /// Sends the call; the same as `.await`.
    ///
    /// ```
    /// # use auth_client_core::{Error, decode, testing::ScriptedTransport};
    /// # use auth_client_core::provider::{BaseUrl, Engine, Settings, ProviderRules};
    /// # #[derive(Debug)]
    /// # struct Shop;
    /// # impl ProviderRules for Shop { fn name(&self) -> &'static str { "shop" } }
    /// # let transport = ScriptedTransport::new().json(404, "\"no such lamp\"");
    /// # let mut settings = Settings::new("shop-client/1.0");
    /// # settings.set_transport(std::sync::Arc::new(transport.clone()));
    /// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// # let call = engine.raw(http::Method::GET, "/items/7").call::<String, Error>(decode::json);
    /// use auth_client_core::ErrorKind;
    ///
    /// let error = call.send().await.unwrap_err();
    /// assert_eq!((error.kind(), error.attempts()), (ErrorKind::NotFound, 1));
    /// assert_eq!(error.status(), Some(http::StatusCode::NOT_FOUND));
    /// assert_eq!(error.body_as::<String>().as_deref(), Some("no such lamp"));
    /// assert_eq!(error.to_string(), "shop request: not found (status 404)");
    /// assert!(error.may_have_been_sent() && !error.may_have_been_executed());
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The provider's error, which wraps [`Error`].
    pub async fn send(self) -> Result<T, E> {
        // Not by way of `reply`: a future inside a future is moved once more, and it is not small.
        let Self { engine, outgoing, options, decode, .. } = self;
        let outgoing = outgoing.map_err(|error| engine.attribute(error))?;
        let exchange = engine.run(&outgoing, options.as_deref()).await?;
        match decode(&exchange.received.response) {
            Ok(value) => Ok(value),
            Err(failure) => Err(engine.undecodable(&outgoing, exchange, failure).into()),
        }
    }

    /// Sends the call and keeps the head of the answer.
    ///
    /// ```
    /// # use auth_client_core::{Error, decode, testing::ScriptedTransport};
    /// # use auth_client_core::provider::{BaseUrl, Engine, Settings, ProviderRules};
    /// # #[derive(Debug)]
    /// # struct Shop;
    /// # impl ProviderRules for Shop { fn name(&self) -> &'static str { "shop" } }
    /// # let transport = ScriptedTransport::new().broken().json(200, "\"lamp\"");
    /// # let mut settings = Settings::new("shop-client/1.0");
    /// # settings.set_transport(std::sync::Arc::new(transport.clone()));
    /// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// # let call = engine.raw(http::Method::GET, "/items/7").call::<String, Error>(decode::json);
    /// // The connection breaks once, and a read may be repeated.
    /// let reply = call.reply().await?;
    /// assert_eq!((reply.value.as_str(), reply.status.as_u16(), reply.attempts), ("lamp", 200, 2));
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The provider's error, which wraps [`Error`].
    pub async fn reply(self) -> Result<Reply<T>, E> {
        let Self { engine, outgoing, options, decode, .. } = self;
        let outgoing = outgoing.map_err(|error| engine.attribute(error))?;
        let exchange = engine.run(&outgoing, options.as_deref()).await?;
        match decode(&exchange.received.response) {
            Ok(value) => Ok(exchange.into_reply(value)),
            Err(failure) => Err(engine.undecodable(&outgoing, exchange, failure).into()),
        }
    }
}

/// A call that is made many times, each time at another place of its list: what [`pages`](Call::pages) are made of.
///
/// ```
/// # use auth_client_core::{Error, decode, testing::ScriptedTransport};
/// # use auth_client_core::provider::{BaseUrl, Engine, Settings, ProviderRules};
/// # #[derive(Debug)]
/// # struct Shop;
/// # impl ProviderRules for Shop { fn name(&self) -> &'static str { "shop" } }
/// # let transport = ScriptedTransport::new().json(200, "[]");
/// # let mut settings = Settings::new("shop-client/1.0");
/// # settings.set_transport(std::sync::Arc::new(transport.clone()));
/// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let call = engine.raw(http::Method::GET, "/items").query("offset", 20_u64);
/// let template = call.call::<Vec<String>, Error>(decode::json).into_template()?;
/// assert_eq!(template.operation().id(), "request");
/// assert_eq!(template.query_number("offset"), Some(20));
///
/// template.call(&[("offset", 40)]).await?;
/// assert_eq!(transport.requests()[0].uri.query(), Some("offset=40"));
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CallTemplate<T, E = Error> {
    engine: Engine,
    outgoing: Outgoing,
    options: Option<Box<CallOptions>>,
    decode: Decode<T>,
    error: PhantomData<fn() -> E>,
}

impl<T, E: From<Error>> CallTemplate<T, E> {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> &Operation {
        &self.outgoing.operation
    }

    /// The number that the call's query has under this name.
    #[must_use]
    pub fn query_number(&self, name: &str) -> Option<u64> {
        query::find(&self.outgoing.target, name)?.parse().ok()
    }

    /// The call with these numbers in its query, in place of what it has under their names.
    pub fn call(&self, numbers: &[(&'static str, u64)]) -> Call<T, E> {
        let mut outgoing = self.outgoing.clone();
        for (name, value) in numbers {
            query::set(&mut outgoing.target, name, value);
        }
        Call {
            engine: self.engine.clone(),
            outgoing: Ok(outgoing),
            options: self.options.clone(),
            decode: self.decode,
            error: PhantomData,
        }
    }
}

impl<T, E> fmt::Debug for CallTemplate<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallTemplate")
            .field("operation", &self.outgoing.operation.id())
            .finish_non_exhaustive()
    }
}

impl Exchange {
    fn into_reply<T>(self, value: T) -> Reply<T> {
        let (head, _) = self.received.response.into_parts();
        Reply {
            value,
            status: head.status,
            headers: head.headers,
            attempts: self.attempts,
            elapsed: self.elapsed,
        }
    }
}

impl<T: 'static, E: From<Error> + 'static> IntoFuture for Call<T, E> {
    type Output = Result<T, E>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// The operation; what is sent may hold secrets.
impl<T, E> fmt::Debug for Call<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operation = self.outgoing.as_ref().map(|outgoing| outgoing.operation.id());
        f.debug_struct("Call").field("operation", &operation).field("options", &self.options).finish()
    }
}
