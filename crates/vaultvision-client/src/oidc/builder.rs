//! The configuration of a login.

use super::error::LoginError;
use super::http::Http;
use super::login::Login;
use super::provider::{DISCOVERY, Provider};
use crate::models::{Application, Tenant};
use auth_client_core::TransportSettings;
use auth_client_core::provider::auth_core::secret::{check_key, check_trimmed};
use auth_client_core::provider::auth_core::{Clock, ExposeSecret, SecretString, SystemClock};
use auth_client_core::provider::{BaseUrl, Settings};
use auth_client_core::transport::Transport;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Builder step with the issuer; call [`client_id`](Self::client_id) next.
#[derive(Clone, Debug)]
#[must_use]
pub struct LoginWithIssuer {
    issuer: String,
}

/// Builder step with issuer and client; call [`redirect_url`](Self::redirect_url) next.
#[derive(Clone, Debug)]
#[must_use]
pub struct LoginWithClient {
    issuer: String,
    client_id: String,
}

/// Builder of a [`Login`].
#[derive(Clone)]
#[must_use = "a builder does nothing until it discovers"]
pub struct LoginBuilder {
    issuer: String,
    client_id: String,
    redirect_url: String,
    client_secret: Option<SecretString>,
    logout_urls: Option<Vec<String>>,
    settings: Settings,
    clock: Arc<dyn Clock>,
    clock_allowance: Duration,
}

/// Prints issuer and client without the secret.
impl fmt::Debug for LoginBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginBuilder")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl Login {
    /// Returns a builder for logins at an issuer, which is `https://` and the tenant's domain.
    pub fn at(issuer: impl Into<String>) -> LoginWithIssuer {
        LoginWithIssuer { issuer: issuer.into().trim_end_matches('/').to_owned() }
    }

    /// Returns a builder for logins, configured from objects of the management API: the issuer is the tenant's domain,
    /// id and secret are those of the application, and the redirect URL is checked against the application's list.
    ///
    /// ```
    /// use vaultvision_client::oidc::Login;
    /// use vaultvision_client::models::{Application, Tenant};
    ///
    /// let tenant: Tenant = serde_json::from_str(r#"{"id":"t","settings":{"domain":"acme01.vvkey.test"}}"#)?;
    /// let application: Application =
    ///     serde_json::from_str(r#"{"id":"a","redirect_urls":["https://example.test/auth/callback"]}"#)?;
    /// assert!(Login::of(&tenant, &application, "https://example.test/auth/callback").is_ok());
    /// assert!(Login::of(&tenant, &application, "https://example.test/elsewhere").is_err());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`LoginError::NotAllowed`] if the application has no such redirect URL, and [`LoginError::Setup`] if the
    /// tenant has no domain.
    pub fn of(
        tenant: &Tenant,
        application: &Application,
        redirect_url: &str,
    ) -> Result<LoginBuilder, LoginError> {
        let domain = tenant.settings().domain();
        if domain.is_empty() {
            return Err(LoginError::Setup("the tenant has no domain"));
        }
        if !application.redirect_urls().iter().any(|known| known == redirect_url) {
            return Err(LoginError::NotAllowed("redirect URL"));
        }
        let mut builder =
            Self::at(format!("https://{domain}")).client_id(application.id()).redirect_url(redirect_url);
        builder.client_secret = application.secret().cloned();
        builder.logout_urls = Some(application.logout_urls().to_vec());
        Ok(builder)
    }
}

impl LoginWithIssuer {
    /// Sets the application's id.
    pub fn client_id(self, id: impl Into<String>) -> LoginWithClient {
        LoginWithClient { issuer: self.issuer, client_id: id.into() }
    }
}

impl LoginWithClient {
    /// Sets the redirect URL, which must be in the application's list.
    pub fn redirect_url(self, url: impl Into<String>) -> LoginBuilder {
        LoginBuilder {
            issuer: self.issuer,
            client_id: self.client_id,
            redirect_url: url.into(),
            client_secret: None,
            logout_urls: None,
            settings: Settings::new(""),
            clock: Arc::new(SystemClock::new()),
            clock_allowance: Duration::from_secs(1),
        }
    }
}

impl LoginBuilder {
    /// Sets the application's secret. Applications in a browser or on a phone have none.
    pub fn client_secret(mut self, secret: impl Into<SecretString>) -> Self {
        self.client_secret = Some(secret.into());
        self
    }

    /// Sets the transport.
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.settings.set_transport(Arc::new(transport));
        self
    }

    /// Sets the proxy, certificates, addresses and time limits of the connections to the tenant. Can't be combined with
    /// [`transport`](Self::transport): configure that transport itself.
    ///
    /// ```
    /// use vaultvision_client::TransportSettings;
    /// use vaultvision_client::oidc::Login;
    ///
    /// # fn example(authority: Vec<u8>) {
    /// let login = Login::at("https://acme01.vvkey.test")
    ///     .client_id("a")
    ///     .redirect_url("https://example.test/auth/callback")
    ///     .transport_settings(
    ///         TransportSettings::new().proxy_from_env().add_root_certificate(authority),
    ///     );
    /// # let _ = login;
    /// # }
    /// ```
    pub fn transport_settings(mut self, settings: TransportSettings) -> Self {
        self.settings.set_transport_settings(settings);
        self
    }

    /// Sets the clock.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the allowed difference between the local clock and the tenant's, for expiry and start of ID tokens.
    /// Default: 1 second.
    pub fn clock_allowance(mut self, allowance: Duration) -> Self {
        // Limited to a year, because its sum with a time may not be representable otherwise.
        self.clock_allowance = allowance.min(Duration::from_secs(31_557_600));
        self
    }

    /// Requests the tenant's discovery document and keys. Keep the result, so that each visitor's login requires only
    /// one request.
    ///
    /// # Errors
    ///
    /// [`LoginError::Setup`] if the issuer or the redirect URL is invalid, and [`LoginError::Server`] if the
    /// documents can't be obtained, or if there is no transport for them.
    pub async fn discover(self) -> Result<Login, LoginError> {
        let issuer = BaseUrl::parse("issuer", &self.issuer)
            .map_err(|_| LoginError::Setup("the issuer must be https:// and the tenant's domain"))?;
        // A URL parser removes what was pasted around a URL, and the tenant compares the whole.
        let is_plain = check_key("redirect URL", &self.redirect_url).is_ok();
        if !is_plain || Url::parse(&self.redirect_url).is_err() {
            return Err(LoginError::Setup("the redirect URL must be a URL without blanks or line breaks"));
        }
        check_trimmed("client id", &self.client_id).map_err(|_| {
            LoginError::Setup("the client id is empty, or was copied with characters that don't belong to it")
        })?;
        if let Some(secret) = &self.client_secret {
            check_trimmed("client secret", secret.expose_secret()).map_err(|_| {
                LoginError::Setup(
                    "the client secret is empty, or was copied with characters that don't belong to it",
                )
            })?;
        }
        let transport = self
            .settings
            .transport()
            .map_err(|error| LoginError::unsent(DISCOVERY, error.to_string(), error))?;
        let http = Http { transport, plain: !issuer.origin().is_secure() };
        Ok(Login {
            provider: Arc::new(Provider::discover(&self.issuer, &http).await?),
            issuer: self.issuer,
            client_id: self.client_id,
            client_secret: self.client_secret,
            redirect_url: self.redirect_url,
            logout_urls: self.logout_urls,
            http,
            clock: self.clock,
            clock_allowance: self.clock_allowance,
        })
    }
}
