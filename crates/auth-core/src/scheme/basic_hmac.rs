//! HTTP Basic with an HMAC of the request as password: the scheme of ReveSecure and, with other settings, of similar
//! APIs.
//!
//! The HMAC covers five fields, joined by a separator: the `Date` header, the method, the host, the path and the body.
//! An empty body is still a field, so the signed string of a GET ends with a separator. The signer sets the `Date`
//! header for each attempt, because the signed date must equal the sent date.

mod date;

use crate::secret::{
    ExposeSecret, InvalidCredential, SecretBox, SecretString, Zeroizing, check_spaced_key, check_text,
    check_trimmed, sensitive_header,
};
use crate::sign::{Sign, SignError, SignedParts, SigningRequest};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderValue, header};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use std::fmt;

/// Digest algorithm of the HMAC.
///
/// ```
/// use auth_core::{scheme::{BasicHmac, HmacDigest}, secret::SecretString};
///
/// assert_eq!(HmacDigest::default(), HmacDigest::Sha256);
/// let signer = BasicHmac::builder().digest(HmacDigest::Sha1).build("key", &SecretString::from("0102"))?;
/// assert!(format!("{signer:?}").contains("Sha1"));
/// # Ok::<(), auth_core::InvalidCredential>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum HmacDigest {
    /// SHA-256, the default.
    #[default]
    Sha256,
    /// SHA-1, for servers that require it.
    Sha1,
    /// SHA-512.
    Sha512,
}

/// Encoding of the secret key.
///
/// ```
/// use auth_core::{scheme::{BasicHmac, KeyEncoding}, secret::SecretString};
///
/// let phrase = SecretString::from("open sesame");
/// assert!(BasicHmac::new("key", &phrase).is_err(), "not hexadecimal");
/// assert!(BasicHmac::builder().key_encoding(KeyEncoding::Utf8).build("key", &phrase).is_ok());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum KeyEncoding {
    /// Hexadecimal digits, decoded to bytes. The default.
    #[default]
    Hex,
    /// The UTF-8 bytes of the string.
    Utf8,
}

/// Value of the `Date` header, which is also the first signed field.
///
/// ```
/// use auth_core::{scheme::{BasicHmac, DateFormat}, secret::SecretString};
///
/// let builder = BasicHmac::builder().date(DateFormat::Fixed("two\nlines".to_owned()));
/// let error = builder.build("key", &SecretString::from("0102")).expect_err("not a header value");
/// assert_eq!(error.field(), "date");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum DateFormat {
    /// The time of the attempt as `Fri, 08 Dec 2017 17:29:18 -0000`. The default.
    #[default]
    Rfc2822,
    /// The same with another notation for UTC, such as `+0000` or `GMT`.
    Rfc2822Zone(&'static str),
    /// A fixed string, for reproducible signatures in tests. A server that checks the date rejects it.
    Fixed(String),
}

/// Handling of the query string, which is not one of the five signed fields.
///
/// ```
/// use auth_core::scheme::{BasicHmac, SignedQuery};
/// # use auth_core::{Origin, SigningRequest, secret::SecretString};
/// # let (origin, headers) = (Origin::https("example.com"), http::HeaderMap::new());
/// # let (method, time) = (http::Method::GET, std::time::SystemTime::UNIX_EPOCH);
/// # let request = SigningRequest::new(&method, &origin, "/v1/users?page=2", &headers, b"", time);
///
/// let builder = BasicHmac::builder().query(SignedQuery::InPath);
/// let signer = builder.build("key", &SecretString::from("0102"))?;
/// assert!(signer.canonical(&request)?.ends_with(b"\n/v1/users?page=2\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SignedQuery {
    /// Sent but not signed. The default.
    #[default]
    Omitted,
    /// Signed as part of the path, after a question mark.
    InPath,
    /// Signed in place of the body if there is no body.
    InBody,
}

/// HTTP Basic signer: the API key is the username, an HMAC of the request the password.
///
/// Available with the feature `hmac`.
///
/// ```
/// use auth_core::{Origin, Sign, SigningRequest, scheme::BasicHmac, secret::SecretString};
/// use std::time::{Duration, SystemTime};
///
/// let secret = SecretString::from("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
/// let signer = BasicHmac::new("demo-api-key", &secret)?;
///
/// let (origin, headers) = (Origin::https("dashboard.revesecure.com"), http::HeaderMap::new());
/// let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_512_754_158);
/// let request = SigningRequest::new(&http::Method::GET, &origin, "/rest/v1/users", &headers, b"", time);
/// let parts = signer.sign(&request)?;
///
/// let (name, value) = parts.headers().next().expect("two headers");
/// assert_eq!((name.as_str(), value.to_str()?), ("date", "Fri, 08 Dec 2017 17:29:18 -0000"));
/// assert_eq!(
///     signer.canonical(&request)?,
///     b"Fri, 08 Dec 2017 17:29:18 -0000\nGET\ndashboard.revesecure.com\n/rest/v1/users\n",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct BasicHmac {
    api_key: SecretString,
    key: SecretBox<[u8]>,
    settings: BasicHmacBuilder,
}

/// Builder for [`BasicHmac`].
///
/// ```
/// use auth_core::scheme::{BasicHmac, DateFormat};
/// # use auth_core::{Origin, SigningRequest, secret::SecretString};
/// # let (origin, headers) = (Origin::new(false, "127.0.0.1", Some(8080)), http::HeaderMap::new());
/// # let (method, time) = (http::Method::GET, std::time::SystemTime::UNIX_EPOCH);
/// # let request = SigningRequest::new(&method, &origin, "/v1/users", &headers, b"", time);
///
/// let signer = BasicHmac::builder()
///     .separator("|")
///     .date(DateFormat::Rfc2822Zone("GMT"))
///     .host("API.example.com") // The request goes through a tunnel.
///     .build("key", &SecretString::from("0102"))?;
/// let signed = b"Thu, 01 Jan 1970 00:00:00 GMT|GET|api.example.com|/v1/users|";
/// assert_eq!(signer.canonical(&request)?, signed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it builds"]
pub struct BasicHmacBuilder {
    digest: HmacDigest,
    key_encoding: KeyEncoding,
    separator: String,
    date: DateFormat,
    host: Option<String>,
    query: SignedQuery,
}

impl BasicHmac {
    /// Creates a signer with the default settings: SHA-256, a hexadecimal key, line feeds as separators.
    ///
    /// # Errors
    ///
    /// The errors of [`BasicHmacBuilder::build`].
    pub fn new(api_key: &str, secret_key: &SecretString) -> Result<Self, InvalidCredential> {
        Self::builder().build(api_key, secret_key)
    }

    /// Returns a builder for other settings.
    pub fn builder() -> BasicHmacBuilder {
        BasicHmacBuilder {
            digest: HmacDigest::default(),
            key_encoding: KeyEncoding::default(),
            separator: "\n".to_owned(),
            date: DateFormat::default(),
            host: None,
            query: SignedQuery::default(),
        }
    }

    /// Returns the bytes that are signed for this request, for debugging a signature that a server rejects. They
    /// contain the body and any secrets in it.
    ///
    /// # Errors
    ///
    /// [`SignError`] if the time of the attempt can't be formatted as a date.
    pub fn canonical(&self, request: &SigningRequest<'_>) -> Result<Vec<u8>, SignError> {
        Ok(self.join(&self.date(request)?, request))
    }

    fn date(&self, request: &SigningRequest<'_>) -> Result<String, SignError> {
        let refuse = || SignError::Request("the clock must be between the years 1970 and 9999");
        match &self.settings.date {
            DateFormat::Rfc2822 => date::rfc2822(request.time(), "-0000").ok_or_else(refuse),
            DateFormat::Rfc2822Zone(zone) => date::rfc2822(request.time(), zone).ok_or_else(refuse),
            DateFormat::Fixed(text) => Ok(text.clone()),
        }
    }

    fn join(&self, date: &str, request: &SigningRequest<'_>) -> Vec<u8> {
        let host = self.settings.host.as_deref().unwrap_or_else(|| request.origin().host());
        let (path, body) = match (self.settings.query, request.query()) {
            (SignedQuery::InPath, Some(_)) => (request.target(), request.body()),
            (SignedQuery::InBody, Some(query)) if request.body().is_empty() => {
                (request.path(), query.as_bytes())
            }
            _ => (request.path(), request.body()),
        };
        // The path on the request line for a base URL without a path.
        let path = if path.is_empty() { "/" } else { path };
        let method = request.method().as_str().to_ascii_uppercase();
        [date.as_bytes(), method.as_bytes(), host.as_bytes(), path.as_bytes(), body]
            .join(self.settings.separator.as_bytes())
    }

    /// Returns the HMAC as lower-case hexadecimal digits.
    fn signature(&self, message: &[u8]) -> Result<String, SignError> {
        let key = self.key.expose_secret();
        // HMAC accepts keys of any length, but the constructor returns a `Result`.
        let refuse = |_| SignError::Request("the secret key is not a valid HMAC key");
        Ok(match self.settings.digest {
            HmacDigest::Sha1 => hex(&Hmac::<Sha1>::new_from_slice(key)
                .map_err(refuse)?
                .chain_update(message)
                .finalize()
                .into_bytes()),
            HmacDigest::Sha256 => hex(&Hmac::<Sha256>::new_from_slice(key)
                .map_err(refuse)?
                .chain_update(message)
                .finalize()
                .into_bytes()),
            HmacDigest::Sha512 => hex(&Hmac::<Sha512>::new_from_slice(key)
                .map_err(refuse)?
                .chain_update(message)
                .finalize()
                .into_bytes()),
        })
    }
}

impl BasicHmacBuilder {
    /// Sets the digest algorithm. Default: SHA-256.
    pub fn digest(mut self, digest: HmacDigest) -> Self {
        self.digest = digest;
        self
    }

    /// Sets the encoding of the secret key. Default: hexadecimal digits.
    pub fn key_encoding(mut self, encoding: KeyEncoding) -> Self {
        self.key_encoding = encoding;
        self
    }

    /// Sets the separator between the signed fields. Default: one line feed.
    pub fn separator(mut self, separator: impl Into<String>) -> Self {
        self.separator = separator.into();
        self
    }

    /// Sets the value of the `Date` header. Default: the time of the attempt.
    pub fn date(mut self, date: DateFormat) -> Self {
        self.date = date;
        self
    }

    /// Sets the host to sign instead of the requested one, for a server behind a tunnel or proxy. It is signed in
    /// lower case.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// Sets the handling of the query string. Default: it is not signed.
    pub fn query(mut self, query: SignedQuery) -> Self {
        self.query = query;
        self
    }

    /// Creates the signer.
    ///
    /// # Errors
    ///
    /// [`InvalidCredential`] if the API key or secret key is empty or contains a control or invisible character, the API
    /// key contains a colon, surrounding whitespace or a character other than visible ASCII and spaces, the secret key
    /// is not hexadecimal or has an odd number of digits, or the host or date is invalid. It contains the field and the
    /// reason, never the value.
    ///
    /// ```
    /// # use auth_core::{scheme::BasicHmac, secret::SecretString};
    /// let error = BasicHmac::builder().build("key", &SecretString::from("012")).expect_err("half a byte");
    /// assert_eq!(error.field(), "secret key");
    /// ```
    pub fn build(mut self, api_key: &str, secret_key: &SecretString) -> Result<BasicHmac, InvalidCredential> {
        check_spaced_key("API key", api_key)?;
        let secret_key = secret_key.expose_secret();
        let key = match self.key_encoding {
            KeyEncoding::Hex => {
                check_text("secret key", secret_key.trim())?;
                decode_hex(secret_key.trim())?
            }
            KeyEncoding::Utf8 => {
                check_trimmed("secret key", secret_key)?;
                secret_key.as_bytes().to_vec()
            }
        };
        if let Some(host) = &mut self.host {
            check_text("signing host", host)?;
            host.make_ascii_lowercase();
        }
        let text = match &self.date {
            DateFormat::Rfc2822 => "",
            DateFormat::Rfc2822Zone(zone) => zone,
            DateFormat::Fixed(text) => text,
        };
        if !text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) || text.trim() != text {
            return Err(InvalidCredential::new("date", "must be visible ASCII without surrounding spaces"));
        }
        Ok(BasicHmac {
            api_key: SecretString::from(api_key),
            key: key.into_boxed_slice().into(),
            settings: self,
        })
    }
}

impl Sign for BasicHmac {
    fn signs_time(&self) -> bool {
        !matches!(self.settings.date, DateFormat::Fixed(_))
    }

    fn sign(&self, request: &SigningRequest<'_>) -> Result<SignedParts, SignError> {
        let date = self.date(request)?;
        let signature = self.signature(&self.join(&date, request))?;
        let pair = Zeroizing::new([self.api_key.expose_secret(), ":", &signature].concat());
        let pair = Zeroizing::new(STANDARD.encode(&*pair));
        let date = HeaderValue::from_str(&date)
            .map_err(|_| SignError::Request("its date is not a valid header value"))?;
        Ok(SignedParts::new()
            .plain_header(header::DATE, date)
            .secret_header(header::AUTHORIZATION, sensitive_header("API key", &["Basic ", &pair])?))
    }
}

/// Shows the settings, not the key.
impl fmt::Debug for BasicHmac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicHmac").field("settings", &self.settings).finish_non_exhaustive()
    }
}

fn hex(bytes: &[u8]) -> String {
    // Not by `write!`, which takes a tenth of the time of a call.
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let mut text = String::with_capacity(bytes.len() * 2);
    text.extend(digits.filter_map(|digit| char::from_digit(digit.into(), 16)));
    text
}

fn decode_hex(text: &str) -> Result<Vec<u8>, InvalidCredential> {
    let refuse = |reason| InvalidCredential::new("secret key", reason);
    let mut digits = Zeroizing::new(Vec::with_capacity(text.len()));
    for character in text.chars() {
        let digit = character.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        digits.push(digit.ok_or_else(|| refuse("must contain hexadecimal digits only"))?);
    }
    // PHP would pad the last digit with a zero and sign with another key.
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return Err(refuse("must have an even number of hexadecimal digits"));
    }
    Ok(pairs.map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}

#[cfg(test)]
mod tests;
