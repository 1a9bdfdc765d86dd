//! Why there is no token to sign a call with.

use std::error::Error as StdError;
use std::fmt;

/// Why a session has no token, or a login brought none. [`Error::session_problem`](crate::Error::session_problem) finds it.
///
/// ```
/// use virtuous_client::{Error, SessionProblem};
///
/// fn what_to_do(error: &Error) -> &'static str {
///     match error.session_problem() {
///         Some(problem) if problem.needs_login() => "ask the user to log in again",
///         Some(SessionProblem::StoreUnavailable) => "look at the file with the tokens",
///         Some(_) => "try again later",
///         None => "it is not about the session",
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionProblem {
    /// Nobody has logged in yet, or somebody has emptied the store of tokens.
    NotLoggedIn,
    /// The token has ended and came without a refresh token.
    NoRefreshToken,
    /// The server refused the login: most likely the user name, the password or the one-time code is wrong. It says no more
    /// than that; any 400 or 401 counts.
    LoginRefused,
    /// The server wants a one-time code, and there was nobody to give one.
    CodeRequired,
    /// The server refused the refresh token: the session has ended.
    RefreshRefused,
    /// The server refused the refresh token, and the answer to an earlier use of it was lost: on the network, or with a
    /// process that was killed. Most likely the server had replaced it, and the new one never arrived.
    RefreshLost,
    /// A refresh was sent and its answer did not arrive. The tokens that are held go on serving; the next attempt
    /// will show whether the session has survived.
    AnswerLost,
    /// The token endpoint could not be reached, or did not answer as one.
    EndpointUnavailable,
    /// Another process holds the lock of the tokens and did not let go in time. Nothing was renewed.
    StoreLocked,
    /// The store of tokens can't be locked, read or written. Nothing was renewed with an old token.
    StoreUnavailable,
}

impl SessionProblem {
    /// Whether only another login helps.
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
            Self::NoRefreshToken => "the token has ended and there is no refresh token: log in again",
            Self::LoginRefused => {
                "the login was refused, as for a wrong user name, password or one-time code"
            }
            Self::CodeRequired => "a one-time code is wanted and nobody was there to give one",
            Self::RefreshRefused => "the refresh token was refused: log in again",
            Self::RefreshLost => {
                "the refresh token was refused after the answer to an earlier refresh was lost: log in again"
            }
            Self::AnswerLost => "the answer to a refresh was lost",
            Self::EndpointUnavailable => "the token endpoint gave no token",
            Self::StoreLocked => "another process holds the lock of the tokens",
            Self::StoreUnavailable => "the store of tokens failed",
        })
    }
}

/// A problem with its cause, as it stands in the chain of an error's sources.
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

    /// The problem somewhere in a chain of errors.
    pub(crate) fn find(error: &(dyn StdError + 'static)) -> Option<SessionProblem> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<Self>() {
                return Some(found.problem);
            }
            next = error.source();
        }
        None
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
