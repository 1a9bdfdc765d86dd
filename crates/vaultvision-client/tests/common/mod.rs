//! What the generated tests need to know about this provider: how to build a client and how its requests authenticate.

use httpmock::When;
pub(crate) use vaultvision_client::Client;

/// The description of the operations.
pub(crate) const DESCRIPTION: &str = include_str!("../../openapi.json");

/// The prefix of the paths of the description when the base URL is a bare host.
pub(crate) const PREFIX: &str = "";

/// A client for a server at this address.
pub(crate) fn client(url: &str) -> Client {
    Client::builder("vv_test".to_owned()).base_url(url).build().unwrap()
}

/// How many headers authenticate a request.
pub(crate) const AUTH_HEADERS: usize = 1;

/// Expects those headers.
pub(crate) fn authenticated(when: When, _target: &str) -> When {
    when.header("authorization", "Bearer vv_test")
}
