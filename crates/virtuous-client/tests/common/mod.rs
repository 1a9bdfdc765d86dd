//! What the generated tests need to know about this provider: how to build a client and how its requests authenticate.

use auth_client_core::testing::ManualTime;
use httpmock::When;
use std::sync::Arc;
pub(crate) use virtuous_client::Client;
use virtuous_client::HmacKeys;

/// The description of the operations.
pub(crate) const DESCRIPTION: &str = include_str!("../../openapi.json");

/// The prefix of the paths of the description when the base URL is a bare host.
pub(crate) const PREFIX: &str = "";

const PRIVATE_KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const NONCE: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

/// A client for a server at this address, with an API key, and with a pair of keys for the calls that require one. Time
/// stands still, so that everything signed is known in advance, except for the port.
pub(crate) fn client(url: &str) -> Client {
    let time = ManualTime::new();
    let keys = HmacKeys::new("DEMOAPP", PRIVATE_KEY.to_owned()).nonces(|| NONCE.to_owned());
    let builder = Client::builder().api_key("v_example".to_owned()).hmac(keys).base_url(url);
    builder.time(time.clock(), Arc::new(time)).build().unwrap()
}

/// How many headers authenticate a request.
pub(crate) const AUTH_HEADERS: usize = 1;

/// Expects those headers. Vectors test the signature itself; here, it has the right form on the right calls.
pub(crate) fn authenticated(when: When, target: &str) -> When {
    if target.contains("/Contact/ByReference/") || target.contains("/Gift/ByReference/") {
        let hmac = format!("^Hmac DEMOAPP:[A-Za-z0-9+/]{{43}}=:{NONCE}:1700000000$");
        when.header_matches("^authorization$", hmac.as_str())
    } else {
        when.header("authorization", "Bearer v_example")
    }
}
