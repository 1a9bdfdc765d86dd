//! Errors of a login.

use std::error::Error as StdError;
use std::fmt;

/// A failed login. Never contains a code, a token or a secret.
///
/// ```
/// use vaultvision_client::oidc::LoginError;
///
/// fn answer(error: &LoginError) -> &'static str {
///     match error {
///         LoginError::State => "please log in again",
///         LoginError::Refused(_) => "access denied",
///         _ => "the login does not work at the moment",
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum LoginError {
    /// A setting is invalid; the message names it.
    Setup(&'static str),
    /// The application has no such redirect or logout URL, so the server would refuse it.
    NotAllowed(&'static str),
    /// The server could not be reached, or its response is invalid; the message names the request.
    Server(&'static str, Option<Box<dyn StdError + Send + Sync>>),
    /// The server refused the login, with an error code of RFC 6749 such as `access_denied` or `invalid_grant`.
    Refused(String),
    /// The query of the redirect belongs to no login that was started here.
    State,
    /// The ID token is invalid; the message contains the reason.
    Token(String),
}

impl fmt::Display for LoginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setup(what) => write!(f, "invalid configuration: {what}"),
            Self::NotAllowed(what) => write!(f, "the application's {what}s do not include this one"),
            Self::Server(what, _) => write!(f, "{what} failed"),
            Self::Refused(code) => write!(f, "login refused: {code}"),
            Self::State => f.write_str("the redirect belongs to no login that was started here"),
            Self::Token(why) => write!(f, "invalid ID token: {why}"),
        }
    }
}

impl StdError for LoginError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Server(_, Some(source)) => Some(&**source),
            _ => None,
        }
    }
}

/// A code comes from the network, so it is printed only if it looks like one.
pub(super) fn code(text: &str) -> String {
    let good =
        (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if good { text.to_owned() } else { "invalid error code".to_owned() }
}
