//! What the generated tests need to know about this vendor: how a client is made, and how its requests authenticate.

use auth_client_core::testing::{ManualTime, WireRequest};
use std::sync::Arc;
use virtuous_client::{Client, HmacKeys};

/// What stands before the paths of the description when the base URL is a bare host.
pub(crate) const PREFIX: &str = "";

const PRIVATE_KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const NONCE: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

/// A client for a server at this address, with an API key and with a pair of keys for the calls that insist on one. Time
/// stands still, so that signatures can be foretold but for the port.
pub(crate) fn client(url: &str) -> Client {
    let time = ManualTime::new();
    let keys = HmacKeys::new("DEMOAPP", PRIVATE_KEY.to_owned()).nonces(|| NONCE.to_owned());
    let builder = Client::builder().api_key("v_example".to_owned()).hmac(keys).base_url(url);
    builder.time(time.clock(), Arc::new(time)).build().unwrap()
}

/// The headers that prove who is calling. What exactly is signed is tested with vectors; here, that it is done for the
/// right calls and in the right form.
pub(crate) fn auth_headers(request: &WireRequest) -> Vec<(String, String)> {
    let authorization =
        if request.line.contains("/Contact/ByReference/") || request.line.contains("/Gift/ByReference/") {
            let sent = request.header("authorization").join(" ");
            let signature = sent.strip_prefix("Hmac DEMOAPP:").and_then(|rest| rest.split(':').next());
            let signature = signature.unwrap_or_default().to_owned();
            assert_eq!(signature.len(), 44, "{sent}");
            format!("Hmac DEMOAPP:{signature}:{NONCE}:1700000000")
        } else {
            "Bearer v_example".to_owned()
        };
    vec![("authorization".to_owned(), authorization)]
}
