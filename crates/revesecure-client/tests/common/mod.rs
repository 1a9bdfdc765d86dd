//! What the tests share: how a client is made, and a second implementation of the signature.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_client_core::testing::WireRequest;
use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use revesecure_client::Client;
use sha2::Sha256;

pub(crate) const API_KEY: &str = "demo-api-key";
pub(crate) const SECRET: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// What stands before the paths of the description when the base URL is a bare host.
pub(crate) const PREFIX: &str = "";

/// A client for a server at this address.
pub(crate) fn client(url: &str) -> Client {
    Client::builder(API_KEY.to_owned(), SECRET.to_owned()).base_url(url).build().unwrap()
}

/// The headers that prove who is calling, computed from the request as it stood on the wire.
pub(crate) fn auth_headers(request: &WireRequest) -> Vec<(String, String)> {
    let [date] = request.header("date")[..] else { panic!("one date: {request:?}") };
    let [host] = request.header("host")[..] else { panic!("one host: {request:?}") };
    let mut line = request.line.split(' ');
    let (method, path) = (line.next().unwrap(), line.next().unwrap());
    let name = host.split(':').next().unwrap();
    let head = format!("{date}\n{method}\n{name}\n{path}\n");
    let header = authorization(&[head.as_bytes(), &request.body].concat());
    vec![("authorization".to_owned(), header), ("date".to_owned(), date.to_owned())]
}

/// The header for a text that was signed.
pub(crate) fn authorization(text: &[u8]) -> String {
    // The secret is the bytes 0 to 31.
    let key: Vec<u8> = (0..32).collect();
    let mac = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(text).finalize().into_bytes();
    let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{API_KEY}:{hex}")))
}
