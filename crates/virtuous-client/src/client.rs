//! The client: a user's session, an API key or a key pair, and access to all operations.

use crate::auth::login::Login;
use crate::auth::session::Session;
use crate::auth::tokens::Tokens;
use crate::error::{Error, PROVIDER};
use auth_client_core::Request;
use auth_client_core::provider::Engine;
use auth_client_core::provider::auth_core::SecretString;
use http::Method;
use std::fmt;

/// Client for the Virtuous API. Cheap to clone; clones share connections, tokens, the retry quota and the rate
/// guard.
///
/// ```
/// use virtuous_client::Client;
///
/// let virtuous = Client::new("v_example")?;
/// # Ok::<(), virtuous_client::Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) engine: Engine,
    pub(crate) session: Option<Session>,
}

impl Client {
    /// Logs a user in. All clones of this client then use the tokens, and the token store, if any, saves them. `user`
    /// is the user's email address. Pass both as they are: the client URL-encodes them.
    ///
    /// ```no_run
    /// # async fn run(password: String, typed: String) -> Result<(), virtuous_client::Error> {
    /// use virtuous_client::{Client, LoginStep};
    ///
    /// let virtuous = Client::builder().build()?;
    /// match virtuous.login("user@example.org", password).await? {
    ///     LoginStep::LoggedIn(_) => {}
    ///     LoginStep::CodeRequired(challenge) => drop(challenge.answer(typed).await?),
    ///     _ => {}
    /// }
    /// let organization = virtuous.organizations().current().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited: [`SessionProblem::LoginRefused`](crate::SessionProblem::LoginRefused) if the server rejects the
    /// login, [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the client has an API key or only a key
    /// pair.
    pub fn login(&self, user: impl Into<String>, password: impl Into<SecretString>) -> Login {
        let session = self.session.clone().ok_or_else(|| {
            let reason = "this client has an API key or a key pair, but no session";
            Error::from(auth_client_core::Error::configuration("login", reason).with_provider(PROVIDER))
        });
        Login::new(session, user.into(), password.into())
    }

    /// Returns the current tokens, for a program that stores them itself. `None` if no user is logged in, or if this
    /// client has no session.
    ///
    /// Each renewal replaces them. A [`token_store`](crate::ClientBuilder::token_store) saves every new pair before it
    /// is used.
    ///
    /// ```
    /// use virtuous_client::{Client, Tokens};
    ///
    /// let virtuous = Client::builder().tokens(Tokens::new("access")).build()?;
    /// assert!(virtuous.tokens().is_some());
    /// # Ok::<(), virtuous_client::Error>(())
    /// ```
    #[must_use]
    pub fn tokens(&self) -> Option<Tokens> {
        Some(self.session.as_ref()?.source.held()?.tokens.clone())
    }

    /// Stops early renewals of the session's tokens, and waits until running ones have completed. Await it before your
    /// program ends.
    ///
    /// In the early window, a call renews the tokens in the background. If the runtime ends before the new pair is
    /// saved, the stored refresh token may be one that the server has already replaced, and a new login is required.
    /// The client can still be used after `close`: calls start renewals that they wait for. Without a session, `close`
    /// returns immediately.
    ///
    /// Each renewal completes within the client's time limits, and so does `close`. If a renewal waits for a one-time code
    /// of the [`code_source`](crate::ClientBuilder::code_source), `close` drops the question, and the renewal fails.
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), virtuous_client::Error> {
    /// let virtuous = virtuous_client::Client::from_env()?;
    /// let organization = virtuous.organizations().current().await?;
    /// println!("{:?}", organization.organization_name);
    /// virtuous.close().await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(&self) {
        if let Some(session) = &self.session {
            session.source.renewer().stop_asking();
            session.source.close().await;
        }
    }

    /// Creates a request to any path, with the same authentication and retry rules as all calls.
    ///
    /// The path must be percent-encoded and start with `/api`; add query parameters with
    /// [`query`](crate::Request::query). Only GET, HEAD, OPTIONS and TRACE are retried, unless you set another class
    /// with [`idempotency`](crate::Request::idempotency).
    ///
    /// ```no_run
    /// # async fn run(virtuous: virtuous_client::Client) -> Result<(), virtuous_client::Error> {
    /// use virtuous_client::{Call, RawJson, decode, http::Method};
    ///
    /// let types: Call<RawJson> =
    ///     virtuous.request(Method::GET, "/api/Contact/Types").call(decode::json);
    /// println!("{}", types.await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method, path: &str) -> Request {
        self.engine.raw(method, path)
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }
}

/// Prints the base URL without credentials.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("origin", &self.engine.origin().to_string()).finish_non_exhaustive()
    }
}
