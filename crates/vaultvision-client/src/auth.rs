//! Vault Vision authentication: `Authorization: Bearer <API key>`.
//!
//! Keys are created in the vendor's console and start with `vv_`; neither prefix nor length is checked. A key never
//! changes, so a 401 is not retried. To rotate a key, create a second one, build a client with it (cheap if it uses the
//! same transport), then disable the first key in the console. A key is secret: never publish it, for
//! example in a repository or a web page.

use auth_client_core::provider::auth_core::scheme::Bearer;
use auth_client_core::provider::auth_core::{InvalidCredential, SecretString};

/// Creates the signer for this key.
pub(crate) fn signer(key: &SecretString) -> Result<Bearer, InvalidCredential> {
    Bearer::named("API key", key)
}
