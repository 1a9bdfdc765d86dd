//! What both samples have by hand around their generated code: a client of a server of the test.

use auth_client_core::provider::{BaseUrl, Engine, ProviderRules, Settings};
use auth_core::{StaticCredential, scheme::Bearer, secret::SecretString};
use httpmock::When;
use std::sync::Arc;

pub(crate) const PREFIX: &str = "/v2";

#[derive(Debug)]
struct Nobody;

impl ProviderRules for Nobody {
    fn name(&self) -> &'static str {
        "nobody"
    }
}

/// Calls nobody.
#[derive(Clone, Debug)]
pub struct Client {
    engine: Engine,
}

impl Client {
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }
}

/// The provider's error; a real one wraps that of auth-client-core.
pub type Error = auth_client_core::Error;

/// A call to nobody.
pub type Call<T> = auth_client_core::Call<T, Error>;

pub(crate) fn client(url: &str) -> Client {
    let base = BaseUrl::parse("base URL", &format!("{url}{PREFIX}")).unwrap();
    let key = Bearer::new(&SecretString::from("key")).unwrap();
    let credential = StaticCredential::new(key, base.origin().clone());
    let settings = Settings::new(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")));
    Client { engine: Engine::new(&settings, base, Nobody, Some(Arc::new(credential))).unwrap() }
}

pub(crate) const AUTH_HEADERS: usize = 1;

pub(crate) fn authenticated(when: When, _target: &str) -> When {
    when.header("authorization", "Bearer key")
}
