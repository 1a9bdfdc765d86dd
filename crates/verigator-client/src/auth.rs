//! Verigator authentication: the header `X-Service-Auth: <username>:<password>`, in plain text.

use auth_client_core::provider::auth_core::scheme::HeaderPair;
use auth_client_core::provider::auth_core::{InvalidCredential, SecretString};
use http::HeaderName;

/// Creates the signer for these credentials.
pub(crate) fn signer(
    separator: char,
    username: &str,
    password: &SecretString,
) -> Result<HeaderPair, InvalidCredential> {
    HeaderPair::separated_by(separator, HeaderName::from_static("x-service-auth"), username, password)
}
