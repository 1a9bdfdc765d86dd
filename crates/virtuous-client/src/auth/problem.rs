//! Reasons why no token is available.

use auth_client_core::Error;
use auth_client_core::provider::auth_core::CredentialError;
use auth_client_core::provider::auth_core::session::Problem;
use auth_client_core::provider::chain;
use std::error::Error as StdError;
use std::fmt;

/// The reason why a session has no token or a login failed. Returned by
/// [`Error::session_problem`](crate::Error::session_problem).
///
/// ```
/// use virtuous_client::{Error, SessionProblem};
///
/// fn what_to_do(error: &Error) -> &'static str {
///     match error.session_problem() {
///         Some(problem) if problem.needs_login() => "ask the user to log in again",
///         Some(SessionProblem::StoreUnavailable) => "check the token file",
///         Some(_) => "try again later",
///         None => "not a session problem",
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionProblem {
    /// No user has logged in yet, or the token store was cleared.
    NotLoggedIn,
    /// The token has expired, and there is no refresh token.
    NoRefreshToken,
    /// The server rejected the login, probably because of a wrong username, password or one-time code. Its response has
    /// status 400 or 401 and no reason.
    LoginRefused,
    /// The server requires a one-time code, and none is available.
    CodeRequired,
    /// The server rejected the refresh token: the session has ended.
    RefreshRefused,
    /// The server rejected the refresh token after the response to an earlier refresh was lost, because of the network
    /// or a killed process. The server had probably replaced the token.
    RefreshLost,
    /// A refresh was sent, but its response was lost. The current tokens stay in use; the next refresh determines
    /// whether the session still exists.
    ResponseLost,
    /// Another login has replaced the new tokens in the token store, and its own tokens have expired. The next call
    /// refreshes them.
    LoginReplaced,
    /// The token endpoint could not be reached, or its response is invalid.
    EndpointUnavailable,
    /// Another process held the lock of the token store until the timeout. No token was renewed.
    StoreLocked,
    /// The token store can't be locked, read or written. No token was renewed.
    StoreUnavailable,
}

impl SessionProblem {
    /// Returns `true` if a new login is required.
    ///
    /// ```
    /// use virtuous_client::SessionProblem;
    ///
    /// assert!(SessionProblem::RefreshRefused.needs_login());
    /// assert!(!SessionProblem::EndpointUnavailable.needs_login());
    /// ```
    #[must_use]
    pub fn needs_login(self) -> bool {
        matches!(
            self,
            Self::NotLoggedIn
                | Self::NoRefreshToken
                | Self::LoginRefused
                | Self::CodeRequired
                | Self::RefreshRefused
                | Self::RefreshLost
        )
    }
}

impl fmt::Display for SessionProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotLoggedIn => "nobody is logged in",
            Self::NoRefreshToken => "the token has expired and there is no refresh token: log in again",
            Self::LoginRefused => "login refused: wrong user name, password or one-time code",
            Self::CodeRequired => "a one-time code is required",
            Self::RefreshRefused => "refresh token refused: log in again",
            Self::RefreshLost => {
                "refresh token refused after the response to an earlier refresh was lost: log in again"
            }
            Self::ResponseLost => "the response to a refresh was lost",
            Self::LoginReplaced => "another login has replaced the tokens, and its own have expired",
            Self::EndpointUnavailable => "the token endpoint returned no token",
            Self::StoreLocked => "timed out waiting for the token lock: another process holds it",
            Self::StoreUnavailable => "the token store failed",
        })
    }
}

impl SessionProblem {
    /// A temporary failure.
    pub(crate) fn unavailable(self) -> CredentialError {
        CredentialError::unavailable(SessionError::new(self))
    }

    pub(crate) fn of(problem: Problem) -> Self {
        match problem {
            Problem::NotLoggedIn => Self::NotLoggedIn,
            Problem::NoRefreshToken => Self::NoRefreshToken,
            Problem::CodeRequired => Self::CodeRequired,
            Problem::RefreshRefused => Self::RefreshRefused,
            Problem::RefreshLost => Self::RefreshLost,
        }
    }
}

/// Returns a temporary failure with its cause.
pub(super) fn temporary(problem: SessionProblem, cause: Error) -> CredentialError {
    CredentialError::unavailable(SessionError::caused_by(problem, cause))
}

/// A problem with its cause, as part of an error's chain of sources.
#[derive(Debug)]
pub(crate) struct SessionError {
    pub(crate) problem: SessionProblem,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl SessionError {
    pub(crate) fn new(problem: SessionProblem) -> Self {
        Self { problem, cause: None }
    }

    pub(crate) fn caused_by(
        problem: SessionProblem,
        cause: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self { problem, cause: Some(cause.into()) }
    }

    /// Returns the problem in an error's chain of sources, if there is one.
    pub(crate) fn find(error: &(dyn StdError + 'static)) -> Option<SessionProblem> {
        chain(error).find_map(|error| error.downcast_ref::<Self>()).map(|found| found.problem)
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl StdError for SessionError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn StdError + 'static))
    }
}
