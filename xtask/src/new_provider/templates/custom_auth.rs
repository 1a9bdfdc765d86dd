//! How calls are authenticated: a scheme of the vendor's own. Until `sign` has it, the key is sent in `x-vendorname`.
//!
//! A key never changes by itself, so a 401 is final. Name the vendor's page here.

use auth_client_core::auth_core::secret::{check_key, sensitive_header};
use auth_client_core::auth_core::{
    ExposeSecret, InvalidCredential, SecretString, Sign, SignError, SignedParts, SigningRequest,
};
use http::HeaderName;
use std::fmt;

/// Signs requests with the key.
pub(crate) struct Signer {
    key: SecretString,
}

/// The signer for this key.
pub(crate) fn signer(key: &SecretString) -> Result<Signer, InvalidCredential> {
    check_key("API key", key.expose_secret())?;
    Ok(Signer { key: key.clone() })
}

impl Sign for Signer {
    /// Called for each attempt; `request` has the method, the path, the headers, the body and the time to sign.
    fn sign(&self, _request: &SigningRequest<'_>) -> Result<SignedParts, SignError> {
        let value = sensitive_header("API key", self.key.expose_secret())?;
        Ok(SignedParts::new().secret_header(HeaderName::from_static("x-vendorname"), value))
    }
}

/// Omits the key.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}
