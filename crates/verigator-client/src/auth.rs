//! Verigator authentication: the header `X-Service-Auth: <user name>:<password>`, in plain text.
//!
//! The vendor's documentation says that a semicolon joins the two; its example and both of its clients use a
//! colon.

use auth_client_core::auth_core::scheme::HeaderPair;
use auth_client_core::auth_core::{InvalidCredential, SecretString};
use http::HeaderName;

/// Creates the signer for these credentials.
pub(crate) fn signer(username: &str, password: &SecretString) -> Result<HeaderPair, InvalidCredential> {
    HeaderPair::new(HeaderName::from_static("x-service-auth"), username, password)
}
