//! Creation of a client: with an API key, with a builder, or from the environment.

use crate::builder::ClientBuilder;
use crate::client::Client;
use crate::error::Error;
use auth_client_core::SecretString;

impl Client {
    /// Creates a client with an API key and the default settings.
    ///
    /// ```
    /// use virtuous_client::Client;
    ///
    /// let virtuous = Client::new("v_example")?;
    /// assert!(Client::new("has a space").is_err());
    /// # let _ = virtuous;
    /// # Ok::<(), virtuous_client::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the key is empty or contains a space or a
    /// control character.
    pub fn new(api_key: impl Into<SecretString>) -> Result<Self, Error> {
        Self::builder().api_key(api_key).build()
    }

    /// Returns a builder. Without an API key or a key pair, it builds a client for a user's session that starts without
    /// a login.
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

    /// Creates a client from environment variables:
    ///
    /// - `VIRTUOUS_API_KEY`; or `VIRTUOUS_USERNAME` and `VIRTUOUS_PASSWORD`, for a user's session with automatic
    ///   logins;
    /// - `VIRTUOUS_TOKEN_FILE`, the file in which the tokens of that session are stored; with it, the password is
    ///   optional;
    /// - `VIRTUOUS_APPLICATION_KEY` and `VIRTUOUS_PRIVATE_KEY`, for the calls that require a signature;
    /// - `VIRTUOUS_BASE_URL`, another base URL.
    ///
    /// An empty variable counts as unset. An API key takes precedence over a user.
    ///
    /// ```
    /// use virtuous_client::Client;
    ///
    /// match Client::from_env() {
    ///     Ok(client) => println!("{client:?}"),
    ///     // One line that names the variable.
    ///     Err(error) => println!("{error}"),
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if a variable is missing or invalid; the
    /// error names it.
    pub fn from_env() -> Result<Self, Error> {
        ClientBuilder::from_env()?.build()
    }
}
