//! How calls to VendorName are authenticated: `Authorization: Bearer <API key>`.
//!
//! A key never changes by itself, so a 401 is final. Name the vendor's page here.

use auth_client_core::auth_core::scheme::Bearer;
use auth_client_core::auth_core::{InvalidCredential, SecretString};

/// The signer for this key.
pub(crate) fn signer(key: &SecretString) -> Result<Bearer, InvalidCredential> {
    Bearer::named("API key", key)
}
