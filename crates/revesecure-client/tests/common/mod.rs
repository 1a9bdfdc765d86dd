//! What the tests share: how to build a client, and a second implementation of the signature.

#![allow(dead_code, unused_imports, reason = "each test file uses a part of it")]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use httpmock::{HttpMockRequest, When};
pub(crate) use revesecure_client::Client;
use sha2::Sha256;

pub(crate) const API_KEY: &str = "demo-api-key";
pub(crate) const SECRET: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// The description of the operations.
pub(crate) const DESCRIPTION: &str = include_str!("../../openapi.json");

/// The prefix of the paths of the description when the base URL is a bare host.
pub(crate) const PREFIX: &str = "";

/// A client for a server at this address.
pub(crate) fn client(url: &str) -> Client {
    Client::builder(API_KEY.to_owned(), SECRET.to_owned()).base_url(url).build().unwrap()
}

/// How many headers authenticate a request.
pub(crate) const AUTH_HEADERS: usize = 2;

/// Expects those headers: a date, and the signature that this module computes for the request with that date. Another
/// signature is reported as `is_true`, the last one.
pub(crate) fn authenticated(when: When, _target: &str) -> When {
    when.header_exists("date").header_prefix("authorization", "Basic ").is_true(is_signed)
}

fn is_signed(request: &HttpMockRequest) -> bool {
    let headers = request.headers();
    let [date, host, signature] = ["date", "host", "authorization"].map(|name| headers.get(name));
    let (Some(date), Some(host), Some(signature)) = (date, host, signature) else { return false };
    let (date, host) = (date.to_str().unwrap(), host.to_str().unwrap());
    let name = host.split(':').next().unwrap();
    let (method, uri) = (request.method_str(), request.uri());
    let head = format!("{date}\n{method}\n{name}\n{}\n", uri.path_and_query().unwrap());
    signature == authorization(&[head.as_bytes(), request.body_ref()].concat()).as_str()
}

/// The header for a signed string.
pub(crate) fn authorization(text: &[u8]) -> String {
    // The secret is the bytes 0 to 31.
    let key: Vec<u8> = (0..32).collect();
    let mac = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(text).finalize().into_bytes();
    let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{API_KEY}:{hex}")))
}
