//! An interactive login: username and password, and a one-time code if the server requires one.
//!
//! ```text
//!   login ──► logged in
//!     │
//!     └─────► code required ──► answer(code) ──► logged in
//!                 ▲                 │
//!                 └── (refused) ────┘
//! ```
//!
//! The server keeps no state between the steps: the request with the code also contains the username and password. No
//! request is sent twice automatically.

use super::endpoint::Grant;
use super::problem::{SessionError, SessionProblem};
use super::session::Session;
use super::tokens::Tokens;
use crate::error::Error;
use auth_client_core::provider::auth_core::{CredentialError, SecretString};
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

/// A login; `.await` sends it. Returned by [`Client::login`](crate::Client::login).
///
/// ```no_run
/// # async fn example(virtuous: virtuous_client::Client, password: String) -> Result<(), virtuous_client::Error> {
/// use virtuous_client::LoginStep;
///
/// match virtuous.login("user@example.org", password).await? {
///     LoginStep::CodeRequired(_) => println!("a code was sent"),
///     step => println!("{step:?}"),
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a login does nothing until it is awaited"]
pub struct Login {
    session: Result<Session, Error>,
    identity: Identity,
}

/// Username and password.
struct Identity {
    user: String,
    password: SecretString,
}

/// Result of a login step.
///
/// ```no_run
/// use virtuous_client::{Client, LoginStep};
///
/// # async fn example(virtuous: Client, password: String, typed: String) -> Result<(), virtuous_client::Error> {
/// let tokens = match virtuous.login("user@example.org", password).await? {
///     LoginStep::LoggedIn(tokens) => tokens,
///     LoginStep::CodeRequired(challenge) => challenge.answer(typed).await?,
///     other => panic!("a step that this version doesn't know: {other:?}"),
/// };
/// println!("until {:?}", tokens.expires_at());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum LoginStep {
    /// The user is logged in, and all clones of the client use the tokens.
    LoggedIn(Tokens),
    /// The server has sent a one-time code to the user's phone and requires it.
    CodeRequired(Challenge),
}

/// A login that requires a one-time code. It keeps the password, which the server requires again together with the
/// code.
///
/// ```no_run
/// # async fn example(challenge: virtuous_client::Challenge, typed: String) {
/// use virtuous_client::SessionProblem;
///
/// match challenge.answer(typed).await {
///     Ok(_) => println!("logged in"),
///     Err(error) if error.session_problem() == Some(SessionProblem::LoginRefused) => println!("wrong code; try again"),
///     Err(error) => println!("{error}"),
/// }
/// # }
/// ```
#[must_use = "the login is incomplete until the code is sent"]
pub struct Challenge {
    session: Session,
    identity: Identity,
}

impl Login {
    pub(crate) fn new(session: Result<Session, Error>, user: String, password: SecretString) -> Self {
        Self { session, identity: Identity { user, password } }
    }

    /// Logs in. If the server requires a one-time code, calls `ask` once to obtain it.
    ///
    /// ```no_run
    /// # async fn run(virtuous: virtuous_client::Client, password: String) -> Result<(), virtuous_client::Error> {
    /// # async fn read_text_message() -> Option<virtuous_client::SecretString> { None }
    /// let tokens = virtuous.login("user@example.org", password).with_code(async || read_text_message().await).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of the login itself, and [`SessionProblem::CodeRequired`] if `ask` returns no code.
    pub async fn with_code(self, ask: impl AsyncFnOnce() -> Option<SecretString>) -> Result<Tokens, Error> {
        match self.await? {
            LoginStep::LoggedIn(tokens) => Ok(tokens),
            LoginStep::CodeRequired(challenge) => match ask().await {
                Some(code) => challenge.answer(code).await,
                None => Err(code_required()),
            },
        }
    }
}

impl IntoFuture for Login {
    type Output = Result<LoginStep, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let session = self.session?;
            match session.log_in(&self.identity.user, &self.identity.password, None).await? {
                Grant::Tokens(tokens) => Ok(LoginStep::LoggedIn(tokens)),
                Grant::CodeRequired => {
                    Ok(LoginStep::CodeRequired(Challenge { session, identity: self.identity }))
                }
            }
        })
    }
}

impl Challenge {
    /// Sends the code once. After a wrong code, call the method again with another one.
    ///
    /// ```no_run
    /// # async fn run(virtuous: virtuous_client::Client, password: String, typed: String)
    /// # -> Result<(), virtuous_client::Error> {
    /// use virtuous_client::LoginStep;
    ///
    /// if let LoginStep::CodeRequired(challenge) = virtuous.login("user@example.org", password).await? {
    ///     challenge.answer(typed).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`SessionProblem::LoginRefused`] if the server rejects the code or the password; its response doesn't
    /// distinguish the two. [`SessionProblem::CodeRequired`] if it requires another code. If the response was lost,
    /// [`may_have_been_sent`](crate::CoreError::may_have_been_sent) returns `true`, and the code may have been used.
    pub async fn answer(&self, code: impl Into<SecretString>) -> Result<Tokens, Error> {
        let code = code.into();
        match self.session.log_in(&self.identity.user, &self.identity.password, Some(&code)).await? {
            Grant::Tokens(tokens) => Ok(tokens),
            Grant::CodeRequired => Err(code_required()),
        }
    }

    /// Requests another code, by sending the first request again.
    ///
    /// ```no_run
    /// # async fn example(challenge: virtuous_client::Challenge, typed: String) -> Result<(), virtuous_client::Error> {
    /// use virtuous_client::LoginStep;
    ///
    /// if let LoginStep::CodeRequired(challenge) = challenge.send_again().await? {
    ///     challenge.answer(typed).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of the login itself.
    pub async fn send_again(&self) -> Result<LoginStep, Error> {
        Ok(match self.session.log_in(&self.identity.user, &self.identity.password, None).await? {
            Grant::Tokens(tokens) => LoginStep::LoggedIn(tokens),
            Grant::CodeRequired => LoginStep::CodeRequired(Self {
                session: self.session.clone(),
                identity: Identity {
                    user: self.identity.user.clone(),
                    password: self.identity.password.clone(),
                },
            }),
        })
    }
}

fn code_required() -> Error {
    let error = CredentialError::refused(SessionError::new(SessionProblem::CodeRequired));
    auth_client_core::Error::credentials("token.password", error).with_provider("virtuous").into()
}

/// Prints neither username nor password.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").finish_non_exhaustive()
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge").finish_non_exhaustive()
    }
}
