//! Requests under construction. They are complete before anything is sent.

use crate::call::Call;
use crate::decode::Decode;
use crate::encode::json;
use crate::encode::path::{self, PathValue};
use crate::encode::query::{self, QueryValue};
use crate::engine::{Described, Engine, Outgoing};
use crate::error::Error;
use crate::operation::{Idempotency, Operation};
use auth_core::secret::Zeroizing;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use serde::Serialize;
use std::fmt;

/// A request to an operation or to any path, from which a [`Call`] is created.
///
/// Generated methods build one and turn it into a [`Call`]; `client.request(method, path)` returns one for endpoints
/// that have no method. If an argument is invalid, awaiting the call returns an error, and nothing is sent.
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
/// use auth_client_core::{Call, Idempotency};
/// use http::{HeaderName, HeaderValue, Method};
///
/// // In a provider crate: `client.request(Method::POST, "/search")`. Searching twice does no harm.
/// let call: Call<serde_json::Value, Error> = engine
///     .raw(Method::POST, "/search")
///     .query("limit", 10_i64)
///     .header(HeaderName::from_static("x-tenant"), HeaderValue::from_static("blue"))
///     .json(&serde_json::json!({"name": "anna"}))
///     .idempotency(Idempotency::Read)
///     .call(decode::json);
/// call.await?;
/// assert_eq!(transport.requests()[0].json(), Some(serde_json::json!({"name": "anna"})));
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing is sent until the request is turned into a call and awaited"]
pub struct Request {
    engine: Engine,
    outgoing: Result<Outgoing, Error>,
}

impl Request {
    pub(crate) fn new(engine: Engine, operation: &'static Operation, values: &[PathValue<'_>]) -> Self {
        let outgoing =
            path::fill(operation.id(), engine.path_prefix(), operation.path(), values).map(|target| {
                Outgoing {
                    operation: Described::Generated(operation),
                    target,
                    headers: Vec::new(),
                    content_type: engine.content_type_without_body(),
                    body: Bytes::new(),
                }
            });
        Self { engine, outgoing }
    }

    pub(crate) fn raw(engine: Engine, method: Method, raw_path: &str) -> Self {
        // An unknown operation counts as a write unless its method is safe by definition.
        let idempotency = if method.is_safe() { Idempotency::Read } else { Idempotency::Write };
        let operation = Operation::new("request", method, "", idempotency);
        let path = path::check_raw(raw_path).map(|()| raw_path);
        Self::to_path(engine, operation, path)
    }

    pub(crate) fn at(engine: Engine, operation: Operation, path: &str) -> Self {
        let checked = if path.is_empty() { Ok(()) } else { path::check_raw(path) };
        Self::to_path(engine, operation, checked.map(|()| path))
    }

    fn to_path(engine: Engine, operation: Operation, path: Result<&str, &'static str>) -> Self {
        let outgoing = match path {
            Ok(path) => Ok(Outgoing {
                target: format!("{}{path}", engine.path_prefix()),
                operation: Described::Raw(Box::new(operation)),
                headers: Vec::new(),
                content_type: engine.content_type_without_body(),
                body: Bytes::new(),
            }),
            Err(reason) => Err(Error::invalid_input(operation.id(), "path", reason)),
        };
        Self { engine, outgoing }
    }

    fn edit(mut self, change: impl FnOnce(&mut Outgoing) -> Result<(), Error>) -> Self {
        if let Ok(outgoing) = &mut self.outgoing
            && let Err(error) = change(outgoing)
        {
            self.outgoing = Err(error);
        }
        self
    }

    /// Adds a query parameter; name and value are percent-encoded. `None` adds nothing; a list adds the parameter once
    /// per element.
    pub fn query(self, name: &str, value: impl QueryValue) -> Self {
        self.edit(|outgoing| {
            query::append(&mut outgoing.target, name, &value);
            Ok(())
        })
    }

    /// Sets a JSON body.
    pub fn json<T: Serialize + ?Sized>(self, body: &T) -> Self {
        let style = self.engine.json_style();
        self.edit(|outgoing| {
            // The message of a serializer may quote the value.
            let bytes = json::encode(body, style).map_err(|_| {
                Error::invalid_input(outgoing.operation.id(), "body", "could not be serialized as JSON")
            })?;
            outgoing.body = Bytes::from(bytes);
            outgoing.content_type = Some(HeaderValue::from_static("application/json"));
            Ok(())
        })
    }

    /// Sets a form body (`application/x-www-form-urlencoded`), with every reserved character encoded.
    ///
    /// ```
    /// # use auth_client_core::{Error, decode, testing::ScriptedTransport};
    /// # use auth_client_core::provider::{BaseUrl, Engine, Settings, ProviderRules};
    /// # #[derive(Debug)]
    /// # struct Shop;
    /// # impl ProviderRules for Shop { fn name(&self) -> &'static str { "shop" } }
    /// # let transport = ScriptedTransport::new().status(204);
    /// # let mut settings = Settings::new("shop-client/1.0");
    /// # settings.set_transport(std::sync::Arc::new(transport.clone()));
    /// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let request = engine.raw(http::Method::POST, "/login").form(&[("user", "anna"), ("code", "1+2")]);
    /// request.call::<(), Error>(decode::empty).await?;
    /// assert_eq!(transport.requests()[0].body, "user=anna&code=1%2B2");
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn form(self, pairs: &[(&str, &str)]) -> Self {
        self.edit(|outgoing| {
            // Forms contain passwords: the buffer is erased, and has its full size, since one that grows leaves copies.
            let most = pairs.iter().map(|(name, value)| 3 * (name.len() + value.len()) + 2).sum();
            let mut form = Zeroizing::new(String::with_capacity(most));
            for (name, value) in pairs {
                if !form.is_empty() {
                    form.push('&');
                }
                form.extend(query::encode(name));
                form.push('=');
                form.extend(query::encode(value));
            }
            outgoing.body = Bytes::from_owner(form);
            outgoing.content_type = Some(HeaderValue::from_static("application/x-www-form-urlencoded"));
            Ok(())
        })
    }

    /// Sets a body of any content type.
    ///
    /// ```
    /// # use auth_client_core::{Error, decode, testing::ScriptedTransport};
    /// # use auth_client_core::provider::{BaseUrl, Engine, Settings, ProviderRules};
    /// # #[derive(Debug)]
    /// # struct Shop;
    /// # impl ProviderRules for Shop { fn name(&self) -> &'static str { "shop" } }
    /// # let transport = ScriptedTransport::new().status(204);
    /// # let mut settings = Settings::new("shop-client/1.0");
    /// # settings.set_transport(std::sync::Arc::new(transport.clone()));
    /// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let csv = http::HeaderValue::from_static("text/csv");
    /// let request = engine.raw(http::Method::PUT, "/prices").body(csv, "lamp,12");
    /// request.call::<(), Error>(decode::empty).await?;
    /// assert_eq!(transport.requests()[0].header("content-type"), Some("text/csv"));
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn body(self, content_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        self.edit(|outgoing| {
            outgoing.body = body.into();
            outgoing.content_type = Some(content_type);
            Ok(())
        })
    }

    /// Sets a header. Headers for authentication, framing, and the body's type and length are reserved for the engine;
    /// setting one makes the call fail.
    pub fn header(self, name: HeaderName, value: HeaderValue) -> Self {
        self.edit(|outgoing| outgoing.set_header(name, value))
    }

    /// Sets the idempotency, for raw requests. Default: [`Idempotency::Read`] for GET, HEAD, OPTIONS and TRACE,
    /// [`Idempotency::Write`] otherwise.
    pub fn idempotency(self, idempotency: Idempotency) -> Self {
        self.edit(|outgoing| {
            let operation = Operation::clone(&outgoing.operation);
            outgoing.operation = Described::Raw(Box::new(operation.with_idempotency(idempotency)));
            Ok(())
        })
    }

    /// Sets the metadata of the operation that the path belongs to, for programs that know operations from their
    /// descriptions instead of generated methods. It replaces the method too.
    ///
    /// ```
    /// # use auth_client_core::{Error, decode, testing::ScriptedTransport};
    /// # use auth_client_core::provider::{BaseUrl, Engine, Settings, ProviderRules};
    /// # #[derive(Debug)]
    /// # struct Shop;
    /// # impl ProviderRules for Shop { fn name(&self) -> &'static str { "shop" } }
    /// # let transport = ScriptedTransport::new().status(404);
    /// # let mut settings = Settings::new("shop-client/1.0");
    /// # settings.set_transport(std::sync::Arc::new(transport.clone()));
    /// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// use auth_client_core::Idempotency;
    /// use auth_client_core::provider::Operation;
    ///
    /// let get = Operation::new("items.get", http::Method::GET, "/items/{item_id}", Idempotency::Read);
    /// let request = engine.raw(http::Method::GET, "/items/7").operation(get);
    /// let error = request.call::<(), Error>(decode::empty).await.unwrap_err();
    /// assert_eq!(error.operation(), "items.get");
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn operation(self, operation: Operation) -> Self {
        self.edit(|outgoing| {
            outgoing.operation = Described::Raw(Box::new(operation));
            Ok(())
        })
    }

    /// If `check` is an error, makes the call fail with it before anything is sent. For validation in provider crates.
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
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let tags: [&str; 0] = [];
    /// let check = tags.first().map(drop).ok_or_else(|| Error::invalid_input("items.tag", "tags", "must not be empty"));
    /// let request = engine.raw(http::Method::POST, "/tags").json(&tags).check(check);
    /// let error = request.call::<(), Error>(decode::empty).await.unwrap_err();
    /// assert_eq!(error.field(), Some("tags"));
    /// assert!(transport.requests().is_empty());
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check(self, check: Result<(), Error>) -> Self {
        self.edit(|_| check)
    }

    /// Turns the request into a call whose response is decoded by `decode`.
    pub fn call<T, E: From<Error>>(self, decode: Decode<T>) -> Call<T, E> {
        Call::new(self.engine, self.outgoing, decode)
    }
}

impl Engine {
    /// Creates a request to an operation, with the values of its path parameters in order.
    ///
    /// ```
    /// # use auth_client_core::{Error, decode, testing::ScriptedTransport};
    /// # use auth_client_core::provider::{BaseUrl, Engine, Settings, ProviderRules};
    /// # #[derive(Debug)]
    /// # struct Shop;
    /// # impl ProviderRules for Shop { fn name(&self) -> &'static str { "shop" } }
    /// # let transport = ScriptedTransport::new().status(204);
    /// # let mut settings = Settings::new("shop-client/1.0");
    /// # settings.set_transport(std::sync::Arc::new(transport.clone()));
    /// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// use auth_client_core::Idempotency;
    /// use auth_client_core::provider::Operation;
    /// use http::Method;
    ///
    /// static REMOVE: Operation =
    ///     Operation::new("parts.remove", Method::DELETE, "/items/{item_id}/parts/{number}", Idempotency::IdempotentWrite);
    ///
    /// let call = engine.request(&REMOVE, &["a/7".into(), 3.into()]).call::<(), Error>(decode::empty);
    /// call.await?;
    /// assert_eq!(transport.requests()[0].uri, "https://shop.example/items/a%2F7/parts/3");
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn request(&self, operation: &'static Operation, path: &[PathValue<'_>]) -> Request {
        Request::new(self.clone(), operation, path)
    }

    /// Creates a request to an operation whose path is a setting. `path` is relative to the client's prefix and
    /// percent-encoded; an empty path means the prefix itself.
    ///
    /// ```
    /// # use auth_client_core::{Error, decode, testing::ScriptedTransport};
    /// # use auth_client_core::provider::{BaseUrl, Engine, Settings, ProviderRules};
    /// # #[derive(Debug)]
    /// # struct Shop;
    /// # impl ProviderRules for Shop { fn name(&self) -> &'static str { "shop" } }
    /// # let transport = ScriptedTransport::new().json(200, "\"a token\"");
    /// # let mut settings = Settings::new("shop-client/1.0");
    /// # settings.set_transport(std::sync::Arc::new(transport.clone()));
    /// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// use auth_client_core::Idempotency;
    /// use auth_client_core::provider::Operation;
    ///
    /// let login = Operation::new("login", http::Method::POST, "", Idempotency::Write).sensitive();
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

    /// Creates a request to any path below the client's prefix, which must be percent-encoded.
    ///
    /// ```
    /// # use auth_client_core::{Error, decode, testing::ScriptedTransport};
    /// # use auth_client_core::provider::{BaseUrl, Engine, Settings, ProviderRules};
    /// # #[derive(Debug)]
    /// # struct Shop;
    /// # impl ProviderRules for Shop { fn name(&self) -> &'static str { "shop" } }
    /// # let transport = ScriptedTransport::new().json(200, "{\"new\":true}");
    /// # let mut settings = Settings::new("shop-client/1.0");
    /// # settings.set_transport(std::sync::Arc::new(transport.clone()));
    /// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let request = engine.raw(http::Method::GET, "/not/known/to/the/sdk");
    /// let response = request.call::<serde_json::Value, Error>(decode::json).await?;
    /// assert_eq!(response["new"], true);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn raw(&self, method: Method, path: &str) -> Request {
        Request::raw(self.clone(), method, path)
    }
}

/// Shows the operation only; the request may contain secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operation = self.outgoing.as_ref().map(|outgoing| outgoing.operation.id());
        f.debug_struct("Request").field("operation", &operation).finish_non_exhaustive()
    }
}
