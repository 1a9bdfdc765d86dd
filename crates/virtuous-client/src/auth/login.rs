//! A login by a person: user name and password, and a one-time code where the server asks for one.
//!
//! ```text
//!   login ──► logged in
//!     │
//!     └─────► code required ──► answer(code) ──► logged in
//!                 ▲                 │
//!                 └── (refused) ────┘
//! ```
//!
//! The server keeps no state that a client could name: a code is answered by the same request once more, with the code in
//! it. Nothing here is ever sent twice by itself.

use super::endpoint::Grant;
use super::problem::{SessionError, SessionProblem};
use super::session::Session;
use super::tokens::Tokens;
use crate::error::Error;
use auth_client_core::auth_core::{CredentialError, SecretString};
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

/// A login that is ready to go: `.await` sends it. Made by [`Client::login`](crate::Client::login).
///
/// ```no_run
/// # async fn example(virtuous: virtuous_client::Client, password: String) -> Result<(), virtuous_client::Error> {
/// use virtuous_client::LoginStep;
///
/// match virtuous.login("user@example.org", password).await? {
///     LoginStep::CodeRequired(_) => println!("a code is on its way"),
///     step => println!("{step:?}"),
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a login does nothing until it is awaited"]
pub struct Login {
    session: Result<Session, Error>,
    who: Who,
}

/// Who logs in.
struct Who {
    user: String,
    password: SecretString,
}

/// What a login has come to.
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
    /// The user is logged in, and every clone of the client uses the tokens.
    LoggedIn(Tokens),
    /// The server has sent a one-time code to the user's phone and wants to see it.
    CodeRequired(Challenge),
}

/// A login that waits for its one-time code. It holds the password, since the server wants it again with the code.
///
/// ```no_run
/// # async fn example(challenge: virtuous_client::Challenge, typed: String) {
/// use virtuous_client::SessionProblem;
///
/// match challenge.answer(typed).await {
///     Ok(_) => println!("logged in"),
///     Err(error) if error.session_problem() == Some(SessionProblem::LoginRefused) => println!("type it again"),
///     Err(error) => println!("{error}"),
/// }
/// # }
/// ```
#[must_use = "the login is not done until the code is answered"]
pub struct Challenge {
    session: Session,
    who: Who,
}

impl Login {
    pub(crate) fn new(session: Result<Session, Error>, user: String, password: SecretString) -> Self {
        Self { session, who: Who { user, password } }
    }

    /// Logs in to the end, asking for a code where one is wanted. The question is put once.
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
    /// As for the login itself, and with [`SessionProblem::CodeRequired`] when `ask` gives no code.
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
            match session.log_in(&self.who.user, &self.who.password, None).await? {
                Grant::Tokens(tokens) => Ok(LoginStep::LoggedIn(tokens)),
                Grant::CodeWanted => Ok(LoginStep::CodeRequired(Challenge { session, who: self.who })),
            }
        })
    }
}

impl Challenge {
    /// Sends the code, once. After a wrong code the challenge can be answered again.
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
    /// With [`SessionProblem::LoginRefused`] when the server refuses, which may be the code or the password: it does not
    /// say which. With [`SessionProblem::CodeRequired`] when it asks for a code once more. When the answer was lost,
    /// [`may_have_been_sent`](auth_client_core::Error::may_have_been_sent) says so, and the code may be spent.
    pub async fn answer(&self, code: impl Into<SecretString>) -> Result<Tokens, Error> {
        let code = code.into();
        match self.session.log_in(&self.who.user, &self.who.password, Some(&code)).await? {
            Grant::Tokens(tokens) => Ok(tokens),
            Grant::CodeWanted => Err(code_required()),
        }
    }

    /// Asks the server for another code, by the same request as the first.
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
    /// As for the login itself.
    pub async fn send_again(&self) -> Result<LoginStep, Error> {
        Ok(match self.session.log_in(&self.who.user, &self.who.password, None).await? {
            Grant::Tokens(tokens) => LoginStep::LoggedIn(tokens),
            Grant::CodeWanted => LoginStep::CodeRequired(Self {
                session: self.session.clone(),
                who: Who { user: self.who.user.clone(), password: self.who.password.clone() },
            }),
        })
    }
}

fn code_required() -> Error {
    let problem = SessionProblem::CodeRequired;
    let error = CredentialError::refused(SessionError::new(problem)).with_message(problem.to_string());
    auth_client_core::Error::credentials("token.password", error).with_provider("virtuous").into()
}

/// Neither who nor how.
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
