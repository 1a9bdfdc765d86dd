//! Why a login failed.

use std::error::Error as StdError;
use std::fmt;

/// A login that failed. It never shows a code, a token or a secret.
///
/// ```
/// use vaultvision_client::oidc::LoginError;
///
/// fn answer(error: &LoginError) -> &'static str {
///     match error {
///         LoginError::State => "please log in again",
///         LoginError::Refused(_) => "you were not let in",
///         _ => "the login does not work at the moment",
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum LoginError {
    /// Something was set up in a way that can't work; the text says what.
    Setup(&'static str),
    /// The application has no such redirect or logout address, so the vendor would refuse it.
    NotAllowed(&'static str),
    /// The server could not be reached, or gave no usable answer; the text says to what.
    Server(&'static str, Option<Box<dyn StdError + Send + Sync>>),
    /// The vendor refused; its code of RFC 6749, such as `access_denied` or `invalid_grant`.
    Refused(String),
    /// The visitor came back with something that belongs to no login that was begun here.
    State,
    /// The ID token is not good; the text says why.
    Token(String),
}

impl fmt::Display for LoginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setup(what) => write!(f, "the login is not set up right: {what}"),
            Self::NotAllowed(what) => write!(f, "the application does not have this {what}"),
            Self::Server(what, _) => write!(f, "no usable answer to {what}"),
            Self::Refused(code) => write!(f, "the login was refused: {code}"),
            Self::State => f.write_str("the answer belongs to no login that was begun here"),
            Self::Token(why) => write!(f, "the ID token is not good: {why}"),
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

/// A code is printed only when it looks like one, since it comes from the network.
pub(super) fn code(text: &str) -> String {
    let good =
        (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if good { text.to_owned() } else { "with a code that is none".to_owned() }
}
