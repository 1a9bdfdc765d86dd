//! A call that is sent many times with different numeric query parameters: the pages of a list.

use super::Call;
use crate::decode::Decode;
use crate::decode::rows::Recover;
use crate::encode::query;
use crate::engine::{CallOptions, Engine, Outgoing};
use crate::error::Error;
use crate::operation::Operation;
use std::fmt;
use std::marker::PhantomData;

/// A call that is sent many times with different positions of a list; [`pages`](Call::pages) are built from it.
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
    pub(super) engine: Engine,
    pub(super) outgoing: Outgoing,
    pub(super) options: Option<Box<CallOptions>>,
    pub(super) decode: Decode<T>,
    /// Set by `on_unreadable`, so that other calls don't compile this code.
    pub(super) recover: Option<Recover<T>>,
    pub(super) error: PhantomData<fn() -> E>,
}

impl<T, E: From<Error>> CallTemplate<T, E> {
    /// Returns the operation.
    #[must_use]
    pub fn operation(&self) -> &Operation {
        &self.outgoing.operation
    }

    /// Returns the number in this query parameter.
    #[must_use]
    pub fn query_number(&self, name: &str) -> Option<u64> {
        query::find(&self.outgoing.target, name)?.parse().ok()
    }

    /// Returns the call with these query parameters, which replace those of the same names.
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
            recover: self.recover,
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
