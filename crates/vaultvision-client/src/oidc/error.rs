//! Errors of a login.

use auth_client_core::transport::TransportError;
use http::StatusCode;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// A failed login. Never contains a code, a token or a secret.
///
/// `Display` prints one line with the step, the status of the response and the cause.
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
    /// The application has no such redirect or logout URL, so the server would reject it.
    NotAllowed(&'static str),
    /// The server could not be reached, or its response is invalid. Contains the name of the request.
    Server(&'static str, ServerFailure),
    /// The server rejected the login.
    Refused(Refusal),
    /// The query of the redirect doesn't belong to this login.
    State,
    /// The ID token, the redirect or the user info is invalid or belongs to another login; the message names it with
    /// the reason.
    Token(String),
}

/// The reason why a request failed.
#[derive(Debug)]
pub struct ServerFailure {
    cause: String,
    status: Option<StatusCode>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl ServerFailure {
    /// Returns the status of the response, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// Returns the same failure, for the logins that it concerns besides the first one.
    pub(super) fn copy(&self) -> Self {
        Self { cause: self.cause.clone(), status: self.status, source: self.source.clone() }
    }
}

/// The server's rejection of a login.
#[derive(Debug)]
pub struct Refusal {
    code: String,
    status: Option<StatusCode>,
}

impl Refusal {
    /// Returns the error code of RFC 6749, such as `access_denied` or `invalid_grant`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Returns the status of the response to the code exchange, or `None` if the redirect contained the error.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }
}

impl LoginError {
    /// Creates the error of a request that got no response.
    pub(super) fn sending(step: &'static str, source: TransportError) -> Self {
        let cause =
            source.reason().map_or_else(|| source.to_string(), |reason| format!("{source}: {reason}"));
        Self::unsent(step, cause, source)
    }

    /// Creates the error of a request that could not be sent.
    pub(super) fn unsent(
        step: &'static str,
        cause: String,
        source: impl StdError + Send + Sync + 'static,
    ) -> Self {
        Self::Server(step, ServerFailure { cause, status: None, source: Some(Arc::new(source)) })
    }

    /// Creates the error of a rejected ID token. The reason contains nothing of it.
    pub(super) fn id_token(why: impl fmt::Display) -> Self {
        Self::Token(format!("invalid ID token: {why}"))
    }

    /// Creates the error of a request whose response is invalid, or that was not sent. The cause contains nothing
    /// of a response but names of fields.
    pub(super) fn server(
        step: &'static str,
        status: impl Into<Option<StatusCode>>,
        cause: impl Into<String>,
    ) -> Self {
        Self::Server(step, ServerFailure { cause: cause.into(), status: status.into(), source: None })
    }

    /// Creates the error of a rejection. The code comes from the network, so it is kept only if it looks like one.
    pub(super) fn refused(code: &str, status: Option<StatusCode>) -> Self {
        let good = (1..=64).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let code = if good { code.to_owned() } else { "invalid error code".to_owned() };
        Self::Refused(Refusal { code, status })
    }
}

impl fmt::Display for LoginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setup(what) => write!(f, "invalid configuration: {what}"),
            Self::NotAllowed(what) => write!(f, "the application's {what}s do not include this one"),
            Self::Server(step, failure) => {
                write!(f, "{step} failed: {}", failure.cause)?;
                status(f, failure.status)
            }
            Self::Refused(refusal) => {
                write!(f, "login refused: {}", refusal.code)?;
                status(f, refusal.status)
            }
            Self::State => f.write_str("the redirect belongs to no login that was started here"),
            Self::Token(why) => f.write_str(why),
        }
    }
}

fn status(f: &mut fmt::Formatter<'_>, status: Option<StatusCode>) -> fmt::Result {
    match status {
        Some(status) => write!(f, " (status {})", status.as_u16()),
        None => Ok(()),
    }
}

impl StdError for LoginError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Server(_, failure) => failure.source.as_deref().map(|source| source as _),
            _ => None,
        }
    }
}
