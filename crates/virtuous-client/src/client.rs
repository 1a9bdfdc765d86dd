//! The client: a user's session, an API key or a pair of keys, and the way to every operation.

use crate::auth::login::Login;
use crate::auth::session::Session;
use crate::auth::tokens::Tokens;
use crate::builder::{ClientBuilder, PROVIDER};
use crate::error::Error;
use auth_client_core::Request;
use auth_client_core::auth_core::SecretString;
use auth_client_core::provider::Engine;
use http::Method;
use std::fmt;

/// Calls Virtuous. Cheap to clone; clones share connections, tokens, retry quota and rate guard.
///
/// ```
/// use virtuous_client::Client;
///
/// let virtuous = Client::new("v_example".to_owned())?;
/// # Ok::<(), virtuous_client::Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) engine: Engine,
    pub(crate) session: Option<Session>,
}

impl Client {
    /// A client with an API key and the default settings.
    ///
    /// ```
    /// use virtuous_client::Client;
    ///
    /// let virtuous = Client::new("v_example".to_owned())?;
    /// assert!(Client::new("has a space".to_owned()).is_err());
    /// # let _ = virtuous;
    /// # Ok::<(), virtuous_client::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) when the key can't be used: it is empty, or has a
    /// space or a control character.
    pub fn new(api_key: impl Into<SecretString>) -> Result<Self, Error> {
        Self::builder().api_key(api_key).build()
    }

    /// A builder. Without an API key or a pair of keys it builds a client for a user's session, in which nobody is logged
    /// in yet.
    ///
    /// ```
    /// use virtuous_client::Client;
    ///
    /// let virtuous = Client::builder().build()?;
    /// assert!(virtuous.tokens().is_none(), "nobody is logged in yet");
    /// # Ok::<(), virtuous_client::Error>(())
    /// ```
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// A client with what the environment holds:
    ///
    /// - `VIRTUOUS_API_KEY`; or else `VIRTUOUS_USERNAME` and `VIRTUOUS_PASSWORD`, for a session that logs in by itself;
    /// - `VIRTUOUS_TOKEN_FILE`, where that session keeps its tokens; with it, the password may be absent;
    /// - `VIRTUOUS_APPLICATION_KEY` and `VIRTUOUS_PRIVATE_KEY`, for the calls that take a signature;
    /// - `VIRTUOUS_BASE_URL`, another address.
    ///
    /// An empty variable counts as unset. An API key comes before a user.
    ///
    /// ```
    /// use virtuous_client::Client;
    ///
    /// match Client::from_env() {
    ///     Ok(client) => println!("{client:?}"),
    ///     // One line, which names the variable.
    ///     Err(error) => println!("{error}"),
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration), naming the variable that is missing or no good.
    pub fn from_env() -> Result<Self, Error> {
        ClientBuilder::from_env()?.build()
    }

    /// Logs a user in. On success every clone of this client uses the tokens, and the store keeps them, where there is
    /// one.
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
    /// When it is awaited: with [`SessionProblem::LoginRefused`](crate::SessionProblem::LoginRefused) when the server
    /// refuses; [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) for a client with an API key.
    pub fn login(&self, user: impl Into<String>, password: impl Into<SecretString>) -> Login {
        let session = self.session.clone().ok_or_else(|| {
            let reason = "this client has an API key or a pair of keys and no session to log in to";
            Error::from(auth_client_core::Error::configuration("login", reason).with_provider(PROVIDER))
        });
        Login::new(session, user.into(), password.into())
    }

    /// The tokens that are held now, for a program that keeps them by itself. `None` when nobody is logged in, or this
    /// client has no session.
    ///
    /// They are replaced whenever they are renewed; a [`token_store`](ClientBuilder::token_store) sees every new pair
    /// before it is used.
    ///
    /// ```
    /// use virtuous_client::{Client, Tokens};
    ///
    /// let virtuous = Client::builder().tokens(Tokens::new("access".to_owned())).build()?;
    /// assert!(virtuous.tokens().is_some());
    /// # Ok::<(), virtuous_client::Error>(())
    /// ```
    #[must_use]
    pub fn tokens(&self) -> Option<Tokens> {
        Some(self.session.as_ref()?.source.held()?.tokens.clone())
    }

    /// A request to a path that has no method here, with the same credentials and rules.
    ///
    /// The path is taken as it is, percent-encoded already, and begins with `/api`; the query goes into
    /// [`query`](auth_client_core::Request::query). What isn't a GET, HEAD, OPTIONS or TRACE is never repeated unless
    /// [`idempotency`](auth_client_core::Request::idempotency) says that it may be.
    ///
    /// ```no_run
    /// # async fn run(virtuous: virtuous_client::Client) -> Result<(), virtuous_client::Error> {
    /// use http::Method;
    ///
    /// let types: virtuous_client::Call<serde_json::Value> =
    ///     virtuous.request(Method::GET, "/api/Contact/Types").call(auth_client_core::decode::json);
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

/// Shows where calls go and no credentials.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("origin", &self.engine.origin().to_string()).finish_non_exhaustive()
    }
}
