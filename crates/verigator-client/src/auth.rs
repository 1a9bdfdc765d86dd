//! How Verigator is told who is calling: `X-Service-Auth: <user name>:<password>`, as plain text.
//!
//! The vendor's prose says that the two are joined by a semicolon; its example and both of its own clients use a colon.

use auth_client_core::auth_core::scheme::HeaderPair;
use auth_client_core::auth_core::{InvalidCredential, SecretString};
use http::HeaderName;

/// The signer for these credentials.
pub(crate) fn signer(username: &str, password: &SecretString) -> Result<HeaderPair, InvalidCredential> {
    HeaderPair::new(HeaderName::from_static("x-service-auth"), username, password)
}
