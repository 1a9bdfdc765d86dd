//! ReveSecure authentication: HTTP Basic with the API key as username and an HMAC of the request as password.
//!
//! The vendor's documentation specifies neither the digest nor the encoding of the secret key; its WordPress plugin
//! uses SHA-256 and hexadecimal digits. Settings select others.

use auth_client_core::provider::auth_core::scheme::{
    BasicHmac, BasicHmacBuilder, DateFormat, HmacDigest, KeyEncoding, SignedQuery,
};
use auth_client_core::provider::auth_core::{InvalidCredential, SecretString};

/// Signature settings of a client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signing {
    pub(crate) digest: HmacDigest,
    pub(crate) key_encoding: KeyEncoding,
    pub(crate) separator: Option<String>,
    pub(crate) date: DateFormat,
    pub(crate) host: Option<String>,
    pub(crate) query: SignedQuery,
}

impl Signing {
    /// Creates the signer for these credentials.
    pub(crate) fn signer(
        &self,
        api_key: &str,
        secret_key: &SecretString,
    ) -> Result<BasicHmac, InvalidCredential> {
        let mut builder: BasicHmacBuilder = BasicHmac::builder()
            .digest(self.digest)
            .key_encoding(self.key_encoding)
            .date(self.date.clone())
            .query(self.query);
        if let Some(separator) = &self.separator {
            builder = builder.separator(separator.clone());
        }
        if let Some(host) = &self.host {
            builder = builder.host(host.clone());
        }
        builder.build(api_key, secret_key)
    }
}
