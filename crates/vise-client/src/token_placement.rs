//! The placement of the account token in requests.
//!
//! The vendor documents that the token is required, but not its placement. There are separate settings for the
//! dashboard and for VISE hosts.

use auth_client_core::provider::auth_core::scheme::Bearer;
use auth_client_core::provider::auth_core::secret::{check_key, sensitive_header};
use auth_client_core::provider::auth_core::{
    ExposeSecret, InvalidCredential, SecretString, Sign, SignError, SignedParts, SigningRequest,
};
use http::{HeaderName, HeaderValue, header};
use std::fmt;

/// The placement of the account token in a request.
///
/// ```
/// use vise_client::TokenPlacement;
///
/// let placement = TokenPlacement::Header("x-api-token".parse()?);
/// # let _ = placement;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TokenPlacement {
    /// `Authorization: Bearer <token>`. Assumption (token-placement): the vendor does not document it; this is the most
    /// common placement.
    #[default]
    Bearer,
    /// `Authorization: <token>`.
    Authorization,
    /// In a header of this name.
    Header(HeaderName),
    /// In a query parameter of this name. Avoid it if possible, because servers and proxies log URLs.
    Query(String),
}

/// A token with its placement, ready for requests.
pub(crate) enum PlacedToken {
    Bearer(Bearer),
    Header(HeaderName, HeaderValue),
    Query(String, SecretString),
}

impl PlacedToken {
    pub(crate) fn new(placement: &TokenPlacement, token: &SecretString) -> Result<Self, InvalidCredential> {
        let text = token.expose_secret();
        check_key("token", text)?;
        Ok(match placement {
            TokenPlacement::Bearer => Self::Bearer(Bearer::new(token)?),
            TokenPlacement::Authorization => {
                Self::Header(header::AUTHORIZATION, sensitive_header("token", &[text])?)
            }
            TokenPlacement::Header(name) => {
                const TAKEN: [HeaderName; 6] = [
                    header::COOKIE,
                    header::HOST,
                    header::ACCEPT,
                    header::CONTENT_TYPE,
                    header::CONTENT_LENGTH,
                    header::USER_AGENT,
                ];
                if TAKEN.contains(name) {
                    let reason = "its header is reserved for another purpose";
                    return Err(InvalidCredential::new("token placement", reason));
                }
                Self::Header(name.clone(), sensitive_header("token", &[text])?)
            }
            TokenPlacement::Query(name) if name.is_empty() => {
                return Err(InvalidCredential::new("token placement", "its parameter must have a name"));
            }
            TokenPlacement::Query(name) => Self::Query(name.clone(), token.clone()),
        })
    }

    /// Adds the token to the parts of a signed request.
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

impl Sign for PlacedToken {
    fn sign(&self, request: &SigningRequest<'_>) -> Result<SignedParts, SignError> {
        self.add_to(SignedParts::new(), request)
    }
}

/// Prints the placement without the token.
impl fmt::Debug for PlacedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bearer(_) => f.write_str("Bearer"),
            Self::Header(name, _) => f.debug_tuple("Header").field(name).finish(),
            Self::Query(name, _) => f.debug_tuple("Query").field(name).finish(),
        }
    }
}
