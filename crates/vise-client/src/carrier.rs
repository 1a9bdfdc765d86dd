//! How the account's token travels.
//!
//! The vendor says that the token is needed and not where it stands. It is a setting, apart for the dashboard and for
//! VISE hosts.

use auth_client_core::auth_core::scheme::Bearer;
use auth_client_core::auth_core::secret::{check_text, sensitive_header};
use auth_client_core::auth_core::{
    ExposeSecret, InvalidCredential, SecretString, Sign, SignError, SignedParts, SigningRequest,
};
use http::{HeaderName, HeaderValue, header};
use std::fmt;

/// Where the account's token stands in a request.
///
/// ```
/// use vise_client::TokenCarrier;
///
/// let carrier = TokenCarrier::Header("x-api-token".parse()?);
/// # let _ = carrier;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TokenCarrier {
    /// `Authorization: Bearer <token>`. Assumption: the vendor does not say, and this is the commonest.
    #[default]
    Bearer,
    /// `Authorization: <token>`.
    Authorization,
    /// A header of this name.
    Header(HeaderName),
    /// A pair of this name in the query. Addresses end up in logs of servers and proxies, so it is the last resort.
    Query(String),
}

/// A token in its carrier, ready to be put into requests.
pub(crate) enum CarriedToken {
    Bearer(Bearer),
    Header(HeaderName, HeaderValue),
    Query(String, SecretString),
}

impl CarriedToken {
    pub(crate) fn new(carrier: &TokenCarrier, token: &SecretString) -> Result<Self, InvalidCredential> {
        let text = token.expose_secret();
        check_text("token", text)?;
        Ok(match carrier {
            TokenCarrier::Bearer => Self::Bearer(Bearer::new(token)?),
            TokenCarrier::Authorization => {
                Self::Header(header::AUTHORIZATION, sensitive_header("token", text)?)
            }
            TokenCarrier::Header(name) => {
                const TAKEN: [HeaderName; 6] = [
                    header::COOKIE,
                    header::HOST,
                    header::ACCEPT,
                    header::CONTENT_TYPE,
                    header::CONTENT_LENGTH,
                    header::USER_AGENT,
                ];
                if TAKEN.contains(name) {
                    let reason = "its header is needed for something else";
                    return Err(InvalidCredential::new("token carrier", reason));
                }
                Self::Header(name.clone(), sensitive_header("token", text)?)
            }
            TokenCarrier::Query(name) if name.is_empty() => {
                return Err(InvalidCredential::new("token carrier", "the name of its pair is empty"));
            }
            TokenCarrier::Query(name) => Self::Query(name.clone(), token.clone()),
        })
    }

    /// The token, beside what is in the parts already.
    pub(crate) fn add_to(
        &self,
        parts: SignedParts,
        request: &SigningRequest<'_>,
    ) -> Result<SignedParts, SignError> {
        Ok(match self {
            Self::Bearer(bearer) => {
                let signed = bearer.sign(request)?;
                signed.into_headers().fold(parts, |parts, (name, value)| parts.secret_header(name, value))
            }
            Self::Header(name, value) => parts.secret_header(name.clone(), value.clone()),
            Self::Query(name, value) => parts.query(name.clone(), value.clone()),
        })
    }
}

impl Sign for CarriedToken {
    fn sign(&self, request: &SigningRequest<'_>) -> Result<SignedParts, SignError> {
        self.add_to(SignedParts::new(), request)
    }
}

/// The carrier and not the token.
impl fmt::Debug for CarriedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bearer(_) => f.write_str("Bearer"),
            Self::Header(name, _) => f.debug_tuple("Header").field(name).finish(),
            Self::Query(name, _) => f.debug_tuple("Query").field(name).finish(),
        }
    }
}
