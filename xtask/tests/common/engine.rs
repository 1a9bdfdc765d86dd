//! What both samples have by hand around their generated code: an engine for a server of the test.

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

pub(crate) fn engine(url: &str) -> Engine {
    let base = BaseUrl::parse("base URL", &format!("{url}{PREFIX}")).unwrap();
    let key = Bearer::new(&SecretString::from("key")).unwrap();
    let credential = StaticCredential::new(key, base.origin().clone());
    let settings = Settings::new(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")));
    Engine::new(&settings, base, Nobody, Some(Arc::new(credential))).unwrap()
}

pub(crate) const AUTH_HEADERS: usize = 1;

pub(crate) fn authenticated(when: When, _target: &str) -> When {
    when.header("authorization", "Bearer key")
}
