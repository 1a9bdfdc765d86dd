//! How Vault Vision is told who is calling: `Authorization: Bearer <API key>`.
//!
//! Keys are made in the vendor's console and begin with `vv_`; their length is not a rule, and neither is checked. A key
//! never changes by itself, so a 401 is final: to rotate, make a second key, build a client with it (on the same
//! transport, that costs nothing), then disable the first key in the console.

use auth_client_core::auth_core::scheme::Bearer;
use auth_client_core::auth_core::{InvalidCredential, SecretString};

/// The signer for this key.
pub(crate) fn signer(key: &SecretString) -> Result<Bearer, InvalidCredential> {
    Bearer::named("API key", key)
}
