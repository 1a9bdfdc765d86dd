//! Creation of a client: with a builder, or from the environment.

use crate::builder::ClientBuilder;
use crate::client::Client;
use crate::error::Error;
use auth_client_core::SecretString;

impl Client {
    /// Returns a builder for a client of the account with this token.
    ///
    /// ```
    /// let vise = vise_client::Client::builder("account-token")
    ///     .dashboard_url("https://dashboard.example")
    ///     .build()?;
    /// # let _ = vise;
    /// # Ok::<(), vise_client::Error>(())
    /// ```
    pub fn builder(token: impl Into<SecretString>) -> ClientBuilder {
        ClientBuilder::new(token.into())
    }

    /// Creates a client with the token in `VISE_API_TOKEN` and the dashboard URL in `VISE_DASHBOARD_URL`.
    /// `VISE_HOST` and `VISE_PHRASE` set the host of [`default_session`](Self::default_session); with them the
    /// dashboard URL is optional. An empty variable counts as unset.
    ///
    /// An `http://` URL with a loopback address, for the dashboard or the host, is intended for tests and enables
    /// [`dangerously_allow_loopback_for_tests`](crate::HostPolicy::dangerously_allow_loopback_for_tests).
    ///
    /// ```
    /// use vise_client::Client;
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
