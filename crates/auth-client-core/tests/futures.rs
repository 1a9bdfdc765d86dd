//! Futures are `Send`, so that they can be spawned on a runtime with several threads.

#![allow(clippy::type_complexity, reason = "the types of functions that are only compiled")]

use auth_client_core::provider::auth_core::{CredentialError, InvalidCredential, Sign};
use auth_client_core::provider::{Engine, Operation, Renew, Renewed, RenewingCredential, send_within};
use auth_client_core::testing::ScriptedTransport;
use auth_client_core::transport::{BodyLimits, Transport};
use auth_client_core::{Call, Error, Items, Pages};
use std::sync::Arc;
use std::time::Duration;

fn is_send<T: Send>(_: T) {}

/// Compiling this function is the test of the futures that it names.
fn calls(
    call: fn() -> Call<u8, Error>,
    pages: &mut Pages<u8, u64, Error>,
    items: &mut Items<u8, u64, u8, Error>,
) {
    is_send(call().into_future());
    is_send(call().send());
    is_send(call().reply());
    is_send(pages.next_page());
    is_send(items.next());
}

/// Compiling this function is the test of the futures that it names.
fn engine<R: Renew>(
    engine: &Engine,
    operation: &Operation,
    source: &RenewingCredential<R>,
    transport: &dyn Transport,
) {
    is_send(engine.authenticate(operation));
    is_send(engine.sleep(Duration::ZERO));
    is_send(engine.within(Duration::ZERO, std::future::ready(())));
    is_send(source.close());
    is_send(send_within(Duration::ZERO, transport, http::Request::default(), BodyLimits::default()));
    is_send(ScriptedTransport::new().send(http::Request::default(), BodyLimits::default()));
}

#[test]
fn futures_are_send() {
    let _: fn(fn() -> Call<u8, Error>, &mut Pages<u8, u64, Error>, &mut Items<u8, u64, u8, Error>) = calls;
    let _: fn(&Engine, &Operation, &RenewingCredential<Never>, &dyn Transport) = engine;
}

/// A credential that is never renewed.
#[derive(Debug)]
struct Never;

#[async_trait::async_trait]
impl Renew for Never {
    type Material = ();

    async fn renew(&self, _: Option<Arc<()>>) -> Result<Renewed<()>, CredentialError> {
        Err(CredentialError::refused("never"))
    }

    fn signer(&self, (): &()) -> Result<Arc<dyn Sign>, InvalidCredential> {
        Err(InvalidCredential::new("key", "there is none"))
    }
}
