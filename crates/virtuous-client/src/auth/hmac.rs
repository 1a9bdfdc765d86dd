//! `Authorization: Hmac <application key>:<signature>:<nonce>:<time>`, for partners with a key pair from the
//! vendor.
//!
//! The signed string follows the vendor's C# sample: application key, percent-encoded URL, method, nonce and Unix time,
//! without separators, all in lower case. The body is not signed. The vendor documents the scheme for a few operations
//! and discourages it otherwise.
//!
//! Assumption (signed-query): the query is part of the signed URL. The vendor's sample has none.

use auth_client_core::provider::auth_core::secret::{
    InvalidCredential, SecretBox, check_key, check_user_name, sensitive_header,
};
use auth_client_core::provider::auth_core::{
    ExposeSecret, SecretString, Sign, SignError, SignedParts, SigningRequest,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::AUTHORIZATION;
use sha2::Sha256;
use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::time::SystemTime;

/// Creates the nonce of a signature, by default a new GUID for each request.
type Nonces = Arc<dyn Fn() -> Result<String, SignError> + Send + Sync>;

/// A key pair for signatures, issued by the vendor on request.
///
/// ```
/// use virtuous_client::{Client, HmacKeys};
///
/// let keys = HmacKeys::new("DEMOAPP", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
/// let virtuous = Client::builder().hmac(keys).build()?;
/// # Ok::<(), virtuous_client::Error>(())
/// ```
#[derive(Clone)]
pub struct HmacKeys {
    application_key: String,
    private_key: SecretString,
    nonces: Nonces,
}

impl HmacKeys {
    /// Creates a key pair from the application key and the base64 private key.
    ///
    /// ```
    /// use virtuous_client::HmacKeys;
    ///
    /// let keys = HmacKeys::new("DEMOAPP", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
    /// assert_eq!(format!("{keys:?}"), "HmacKeys { .. }", "keys are never printed");
    /// ```
    #[must_use]
    pub fn new(application_key: impl Into<String>, private_key: impl Into<SecretString>) -> Self {
        Self {
            application_key: application_key.into(),
            private_key: private_key.into(),
            nonces: Arc::new(random_guid),
        }
    }

    /// Sets a source of nonces, for reproducible signatures in tests. Default: random GUIDs.
    ///
    /// ```
    /// use virtuous_client::HmacKeys;
    ///
    /// let keys = HmacKeys::new("DEMOAPP", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
    ///     .nonces(|| "5a7c1b1e-3f0c-4d5a-9d53-0d4a3f1f6f55".to_owned());
    /// # let _ = keys;
    /// ```
    #[must_use]
    pub fn nonces(mut self, next: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.nonces = Arc::new(move || Ok(next()));
        self
    }

    /// Creates the signer after validating the keys.
    pub(crate) fn signer(&self) -> Result<HmacSigner, InvalidCredential> {
        let application_key = &self.application_key;
        check_key("application key", application_key)?;
        check_user_name("application key", application_key)?;
        let key = STANDARD.decode(self.private_key.expose_secret().trim());
        let key = key.map_err(|_| InvalidCredential::new("private key", "must be base64"))?;
        if key.is_empty() {
            return Err(InvalidCredential::new("private key", "must not be empty"));
        }
        Ok(HmacSigner {
            application_key: application_key.clone(),
            key: SecretBox::new(key.into_boxed_slice()),
            nonces: Arc::clone(&self.nonces),
        })
    }
}

/// Prints neither key, because the application key identifies the customer's organization.
impl fmt::Debug for HmacKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HmacKeys").finish_non_exhaustive()
    }
}

/// Signs with a key pair.
pub(crate) struct HmacSigner {
    application_key: String,
    key: SecretBox<[u8]>,
    nonces: Nonces,
}

impl fmt::Debug for HmacSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HmacSigner").finish_non_exhaustive()
    }
}

impl Sign for HmacSigner {
    fn signs_time(&self) -> bool {
        true
    }

    fn sign(&self, request: &SigningRequest<'_>) -> Result<SignedParts, SignError> {
        let since = request.time().duration_since(SystemTime::UNIX_EPOCH);
        let time = since.map_err(|_| SignError::Request("the clock must not be before 1970"))?.as_secs();
        let nonce = (self.nonces)()?;
        let address = format!("{}{}", request.origin(), request.target());
        let text = text_to_sign(&self.application_key, &address, request.method().as_str(), &nonce, time);
        let mac = Hmac::<Sha256>::new_from_slice(self.key.expose_secret());
        // HMAC accepts keys of any length, but the constructor returns a `Result`.
        let mac = mac.map_err(|_| SignError::Request("the private key is not a valid HMAC key"))?;
        let signature = STANDARD.encode(mac.chain_update(text.as_bytes()).finalize().into_bytes());
        let header = format!("Hmac {}:{signature}:{nonce}:{time}", self.application_key);
        Ok(SignedParts::new().secret_header(AUTHORIZATION, sensitive_header("nonce", &[&header])?))
    }
}

/// Returns the concatenation of the five parts, in lower case.
fn text_to_sign(application_key: &str, address: &str, method: &str, nonce: &str, time: u64) -> String {
    let mut text =
        String::with_capacity(application_key.len() + 2 * address.len() + method.len() + nonce.len() + 16);
    text.push_str(application_key);
    url_encode(&mut text, &address.to_lowercase());
    text.push_str(method);
    text.push_str(nonce);
    // Writing to a String can't fail.
    let _ = write!(text, "{time}");
    text.to_lowercase()
}

/// Encodes like .NET's `WebUtility.UrlEncode`: letters, digits and `- _ . ! * ( )` are kept, a space becomes a
/// plus sign.
fn url_encode(text: &mut String, value: &str) {
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'!' | b'*' | b'(' | b')' => {
                text.push(char::from(byte));
            }
            b' ' => text.push('+'),
            // Writing to a String can't fail.
            _ => drop(write!(text, "%{byte:02X}")),
        }
    }
}

/// Creates a GUID of version 4, with hyphens.
fn random_guid() -> Result<String, SignError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|_| SignError::Request("the system returned no random numbers for a nonce"))?;
    let number = u128::from_be_bytes(bytes);
    let number = number & !(0xf << 76) & !(0b11 << 62) | 4 << 76 | 0b10 << 62;
    Ok(format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        number >> 96,
        number >> 80 & 0xffff,
        number >> 64 & 0xffff,
        number >> 48 & 0xffff,
        number & 0xffff_ffff_ffff
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_client_core::provider::auth_core::Origin;
    use http::{HeaderMap, Method};
    use std::collections::BTreeSet;
    use std::time::Duration;

    const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

    /// The vectors are created by `tests/vectors/signatures.py`, an independent implementation of the vendor's
    /// documentation.
    #[test]
    fn every_vector_of_the_other_implementation_agrees() {
        #[derive(serde::Deserialize)]
        struct Vector {
            application_key: String,
            private_key: String,
            method: String,
            secure: bool,
            host: String,
            port: Option<u16>,
            target: String,
            nonce: String,
            time: u64,
            text: String,
            header: String,
        }
        let vectors: Vec<Vector> =
            serde_json::from_str(include_str!("../../tests/vectors/hmac.json")).unwrap();
        assert_eq!(vectors.len(), 40);
        for vector in &vectors {
            let origin = Origin::new(vector.secure, &vector.host, vector.port);
            let address = format!("{origin}{}", vector.target);
            let text =
                text_to_sign(&vector.application_key, &address, &vector.method, &vector.nonce, vector.time);
            assert_eq!(text, vector.text);
            let nonce = vector.nonce.clone();
            let keys = HmacKeys::new(&*vector.application_key, vector.private_key.clone());
            let signer = keys.nonces(move || nonce.clone()).signer().unwrap();
            let headers = HeaderMap::new();
            let method = Method::from_bytes(vector.method.as_bytes()).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(vector.time);
            let request =
                SigningRequest::new(&method, &origin, &vector.target, &headers, b"not signed", time);
            let parts = signer.sign(&request).unwrap();
            let (name, value) = parts.headers().next().unwrap();
            assert_eq!((name.as_str(), value.to_str().unwrap()), ("authorization", &*vector.header));
            assert!(value.is_sensitive());
        }
    }

    #[test]
    fn keys_that_cannot_work_are_refused_by_name() {
        for (application, private, field) in [
            ("", KEY, "application key"),
            ("a:b", KEY, "application key"),
            ("a\nb", KEY, "application key"),
            ("a b", KEY, "application key"),
            ("é", KEY, "application key"),
            ("app", "", "private key"),
            ("app", "not base64!", "private key"),
            ("app", "YQ", "private key"),
        ] {
            let error = HmacKeys::new(application, private.to_owned()).signer().unwrap_err();
            assert_eq!(error.field(), field, "{application:?} {private:?}");
        }
        assert!(
            HmacKeys::new("app", format!(" {KEY}\n")).signer().is_ok(),
            "white space around a copied key"
        );
    }

    #[test]
    fn nonces_are_guids_and_never_the_same() {
        let nonces: BTreeSet<String> = (0..1000).map(|_| random_guid().unwrap()).collect();
        assert_eq!(nonces.len(), 1000);
        for nonce in nonces {
            assert_eq!(nonce.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
            assert_eq!(nonce.as_bytes()[14], b'4', "{nonce}");
            assert!(b"89ab".contains(&nonce.as_bytes()[19]), "{nonce}");
        }
    }

    #[test]
    fn the_encoding_is_that_of_the_vendors_platform() {
        let encode = |value: &str| {
            let mut text = String::new();
            url_encode(&mut text, value);
            text
        };
        assert_eq!(encode("aZ09-_.!*()"), "aZ09-_.!*()");
        assert_eq!(encode(" ~'/?:@&=+$,#%"), "+%7E%27%2F%3F%3A%40%26%3D%2B%24%2C%23%25");
        assert_eq!(encode("é"), "%C3%A9");
    }
}
