//! What the generated tests need to know about this vendor: how a client is made, and how its requests authenticate.

use auth_client_core::testing::WireRequest;
use vendorname_client::Client;

/// What stands before the paths of the description when the base URL is a bare host.
pub(crate) const PREFIX: &str = "";

/// A client for a server at this address.
pub(crate) fn client(url: &str) -> Client {
    let client = Client::builder("api-key".to_owned()).base_url(url).build();
    assert!(client.is_ok(), "{client:?}");
    let Ok(client) = client else { unreachable!() };
    client
}

/// The headers that prove who is calling.
pub(crate) fn auth_headers(_: &WireRequest) -> Vec<(String, String)> {
    vec![("authorization".to_owned(), "Bearer api-key".to_owned())]
}
