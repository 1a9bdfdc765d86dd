//! Calls that are ready to be sent.
//!
//! Every operation of every provider returns a [`Call`]. Set its options, then await it to send it. A call owns all its
//! data, so it can be stored, moved to a task, or dropped without side effects.

mod template;

pub use template::CallTemplate;

use crate::decode::rows::{self, Recover, Report, Rows, UnreadableRow};
use crate::decode::{self, Decode, DecodeFailure, text};
use crate::encode::query::{self, QueryValue};
use crate::engine::retry::RetryPolicy;
use crate::engine::{CallOptions, Engine, Exchange, Outgoing};
use crate::error::Error;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// A call that is ready to be sent: `.await` sends it.
///
/// `T` is the type of the result and `E` the provider's error.
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
    // Most calls have no options.
    options: Option<Box<CallOptions>>,
    decode: Decode<T>,
    /// Set by `on_unreadable`, so that other calls don't compile this code.
    recover: Option<Recover<T>>,
    error: PhantomData<fn() -> E>,
}

/// A decoded response with status, headers and statistics.
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
    /// The decoded body.
    pub value: T,
    /// Status of the response.
    pub status: StatusCode,
    /// Headers of the response.
    pub headers: HeaderMap,
    /// Number of times the request was sent.
    pub attempts: u32,
    /// Duration of the call, including delays.
    pub elapsed: Duration,
    /// Rows that could not be read and were left out.
    pub(crate) left_out: Vec<UnreadableRow>,
    body: Bytes,
}

impl<T> Reply<T> {
    /// Returns whether strings in the value may contain U+FFFD in place of invalid Unicode in the response.
    ///
    /// ```
    /// # use auth_client_core::{Call, Error};
    /// # async fn example(call: Call<String, Error>) -> Result<(), Error> {
    /// let reply = call.reply().await?;
    /// if reply.is_damaged() {
    ///     println!("a part of a string is lost: {}", reply.value);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        text::is_damaged(&self.body)
    }
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
        Self { engine, outgoing, options: None, decode, recover: None, error: PhantomData }
    }

    fn edit(mut self, change: impl FnOnce(&mut Outgoing) -> Result<(), Error>) -> Self {
        if let Ok(outgoing) = &mut self.outgoing
            && let Err(error) = change(outgoing)
        {
            self.outgoing = Err(error);
        }
        self
    }

    /// Sets the time limit of the whole call, including all attempts and the delays between them. Default: the client's
    /// `operation_timeout`.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.options.get_or_insert_default().operation_timeout = Some(limit);
        self
    }

    /// Sets the time limit of one attempt, up to the last byte of the response. Default: the client's
    /// `attempt_timeout`.
    pub fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.options.get_or_insert_default().attempt_timeout = Some(limit);
        self
    }

    /// Sets the retry policy of this call. Default: the client's policy. The idempotency class of the operation still
    /// decides whether a retry is allowed.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.options.get_or_insert_default().retry = Some(policy);
        self
    }

    /// Adds a header. If the client controls the header (authentication, framing, content type and length), the call
    /// returns an error before anything is sent.
    pub fn header(self, name: HeaderName, value: HeaderValue) -> Self {
        self.edit(|outgoing| outgoing.set_header(name, value))
    }

    /// Adds a query parameter, for API parameters that have no method.
    pub fn query(self, name: &str, value: impl QueryValue) -> Self {
        self.edit(|outgoing| {
            query::append(&mut outgoing.target, name, &value);
            Ok(())
        })
    }

    /// Turns the call into one that returns the response without decoding it: status, headers and bytes. An error
    /// status still returns an error.
    ///
    /// ```
    /// # use auth_client_core::{Call, Error};
    /// # async fn example(call: Call<String, Error>) -> Result<(), Error> {
    /// let response = call.raw().await?;
    /// println!("{} with {} bytes", response.status(), response.body().len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn raw(self) -> Call<Response<Bytes>, E> {
        Call {
            engine: self.engine,
            outgoing: self.outgoing,
            options: self.options,
            decode: decode::raw,
            recover: None,
            error: PhantomData,
        }
    }

    /// Turns the call into a template for calls that differ only in their query. Fails with the error of an invalid argument.
    pub(crate) fn into_template(self) -> Result<CallTemplate<T, E>, E> {
        let Self { engine, outgoing, options, decode, recover, .. } = self;
        let outgoing = outgoing.map_err(|error| engine.attribute(error))?;
        Ok(CallTemplate { engine, outgoing, options, decode, recover, error: PhantomData })
    }

    /// Sends the call; equivalent to `.await`.
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
        // Does not use `reply`: a nested future is moved once more, and it is not small.
        let Self { engine, outgoing, options, decode, recover, .. } = self;
        let outgoing = outgoing.map_err(|error| engine.attribute(error))?;
        let exchange = engine.run(&outgoing, options.as_deref()).await?;
        match read(&exchange.received.response, decode, recover, options.as_deref()) {
            Ok((value, _)) => Ok(value),
            Err(failure) => Err(engine.undecodable(&outgoing, exchange, failure).into()),
        }
    }

    /// Sends the call and returns the value with the status and headers of the response.
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
    /// // The connection breaks once, and a read is retried.
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
        let Self { engine, outgoing, options, decode, recover, .. } = self;
        let outgoing = outgoing.map_err(|error| engine.attribute(error))?;
        let exchange = engine.run(&outgoing, options.as_deref()).await?;
        match read(&exchange.received.response, decode, recover, options.as_deref()) {
            Ok((value, left_out)) => Ok(exchange.into_reply(value, left_out)),
            Err(failure) => Err(engine.undecodable(&outgoing, exchange, failure).into()),
        }
    }
}

/// Decodes a response. If the call has `on_unreadable`, skips rows that can't be decoded and returns them, too.
fn read<T>(
    response: &Response<Bytes>,
    decode: Decode<T>,
    recover: Option<Recover<T>>,
    options: Option<&CallOptions>,
) -> Result<(T, Vec<UnreadableRow>), DecodeFailure> {
    match (decode(response), recover.zip(options.and_then(|options| options.unreadable.as_ref()))) {
        (Ok(value), _) => Ok((value, Vec::new())),
        (Err(failure), None) => Err(failure),
        (Err(failure), Some((recover, report))) => recover(response, decode, failure, report),
    }
}

impl<T: Rows, E: From<Error>> Call<T, E> {
    /// Skips rows of the list that can't be decoded, and passes each of them to `report`. Without this option, one such
    /// row makes the call fail with the kind [`Decode`](crate::ErrorKind::Decode).
    ///
    /// The option also applies to the streams that [`pages`](Call::pages) and [`items`](Call::items) create from this
    /// call.
    ///
    /// ```
    /// # use auth_client_core::{Error, decode, testing::ScriptedTransport};
    /// # use auth_client_core::provider::{BaseUrl, Engine, Settings, ProviderRules};
    /// # #[derive(Debug)]
    /// # struct Shop;
    /// # impl ProviderRules for Shop { fn name(&self) -> &'static str { "shop" } }
    /// # let transport = ScriptedTransport::new().json(200, r#"["lamp", 7, "chair"]"#);
    /// # let mut settings = Settings::new("shop-client/1.0");
    /// # settings.set_transport(std::sync::Arc::new(transport.clone()));
    /// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// # let call = engine.raw(http::Method::GET, "/names").call::<Vec<String>, Error>(decode::json);
    /// // The response is ["lamp", 7, "chair"].
    /// let names = call.on_unreadable(|row| eprintln!("left out: {row}")).await?;
    /// assert_eq!(names, ["lamp", "chair"]);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_unreadable(self, report: impl Fn(&UnreadableRow) + Send + Sync + 'static) -> Self {
        self.reporting(Report(Arc::new(report)))
    }

    pub(crate) fn reporting(mut self, report: Report) -> Self {
        self.options.get_or_insert_default().unreadable = Some(report);
        self.recover = Some(rows::recover);
        self
    }
}

impl Exchange {
    fn into_reply<T>(self, value: T, left_out: Vec<UnreadableRow>) -> Reply<T> {
        let (head, body) = self.received.response.into_parts();
        Reply {
            value,
            left_out,
            body,
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

/// Shows the operation only; the request may contain secrets.
impl<T, E> fmt::Debug for Call<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operation = self.outgoing.as_ref().map(|outgoing| outgoing.operation.id());
        f.debug_struct("Call").field("operation", &operation).field("options", &self.options).finish()
    }
}
