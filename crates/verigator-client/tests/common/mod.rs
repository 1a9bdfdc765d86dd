//! What the generated tests need to know about this provider: how to build a client and how its requests authenticate.

use httpmock::When;
pub(crate) use verigator_client::Client;

/// The description of the operations.
pub(crate) const DESCRIPTION: &str = include_str!("../../openapi.json");

/// The prefix of the paths of the description when the base URL is a bare host.
pub(crate) const PREFIX: &str = "/v1/service";

/// A client for a server at this address. The generated tests expect no `Content-Type` without a body; `wire.rs` tests it.
pub(crate) fn client(url: &str) -> Client {
    let client = Client::builder("api-user", "api-password".to_owned()).base_url(url);
    client.content_type_without_body(false).build().unwrap()
}

/// How many headers authenticate a request.
pub(crate) const AUTH_HEADERS: usize = 1;

/// Expects those headers.
pub(crate) fn authenticated(when: When, _target: &str) -> When {
    when.header("x-service-auth", "api-user:api-password")
}
