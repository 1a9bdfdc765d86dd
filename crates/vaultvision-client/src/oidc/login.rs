//! The login: configure, start, finish, log out.

use super::error::{LoginError, code};
use super::http::Http;
use super::user::UserInfo;
use crate::models::{Application, Tenant};
use auth_client_core::auth_core::{Clock, ExposeSecret, SecretString, SystemClock};
use auth_client_core::provider::{BaseUrl, Settings};
use auth_client_core::transport::Transport;
use chrono::{DateTime, Utc};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    SubjectIdentifier, TokenResponse, UserInfoError,
};
use std::fmt;
use std::sync::Arc;
use url::Url;

/// Scopes of the vendor's samples; the library adds `openid`.
const SCOPES: [&str; 2] = ["profile", "email"];

/// The page that a visitor is sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Page {
    /// Login page.
    Login,
    /// Sign-up page: `vv_action=register`.
    SignUp,
    /// The user's own settings: `prompt=settings`.
    Settings,
}

/// Logins at one tenant for one application.
#[derive(Clone)]
pub struct Login {
    metadata: CoreProviderMetadata,
    issuer: String,
    client_id: String,
    client_secret: Option<SecretString>,
    redirect_url: RedirectUrl,
    logout_urls: Option<Vec<String>>,
    http: Http,
    clock: Arc<dyn Clock>,
}

/// Shows issuer and client, but no secret.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

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
    transport: Option<Arc<dyn Transport>>,
    clock: Arc<dyn Clock>,
}

/// Shows issuer and client, but no secret.
impl fmt::Debug for LoginBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginBuilder")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// A login that was started.
#[derive(Debug)]
#[non_exhaustive]
pub struct Started {
    /// URL to send the visitor to.
    pub url: Url,
    /// State for [`Login::finish`]; store it in the visitor's session.
    pub pending: Pending,
}

/// State that ties the redirect of a visitor to the login that was started. `Debug` shows nothing of it.
pub struct Pending {
    state: CsrfToken,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}

impl Pending {
    /// Returns the state as a string for a session store. It is a secret: whoever has it can finish the login.
    #[must_use]
    pub fn to_text(&self) -> SecretString {
        SecretString::from(format!(
            "{} {} {}",
            self.state.secret(),
            self.nonce.secret(),
            self.verifier.secret()
        ))
    }

    /// Parses the string returned by [`to_text`](Self::to_text).
    ///
    /// # Errors
    ///
    /// [`LoginError::State`] if the string is invalid.
    pub fn from_text(text: &SecretString) -> Result<Self, LoginError> {
        let mut parts = text.expose_secret().split(' ').map(str::to_owned);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(state), Some(nonce), Some(verifier), None) => Ok(Self {
                state: CsrfToken::new(state),
                nonce: Nonce::new(nonce),
                verifier: PkceCodeVerifier::new(verifier),
            }),
            _ => Err(LoginError::State),
        }
    }
}

/// A finished login: the user and the access token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoggedIn {
    /// Verified claims of the ID token.
    pub user: UserInfo,
    /// Token for [`Login::user_info`] only. It expires after about an hour and can't be refreshed.
    pub access_token: SecretString,
}

impl Login {
    /// Starts the configuration of a login at an issuer: `https://` and the tenant's domain.
    pub fn at(issuer: impl Into<String>) -> LoginWithIssuer {
        LoginWithIssuer { issuer: issuer.into().trim_end_matches('/').to_owned() }
    }

    /// Configures a login from objects of the management API: the issuer is the tenant's domain, id and secret
    /// are those of the application, and the redirect URL is checked against the application's list.
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

    /// Starts a login: creates state, nonce and PKCE verifier (S256), and the URL to send the visitor to.
    #[must_use]
    pub fn begin(&self, page: Page) -> Started {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = self.client();
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .set_pkce_challenge(challenge);
        for scope in SCOPES {
            request = request.add_scope(Scope::new(scope.to_owned()));
        }
        request = match page {
            Page::Login => request,
            Page::SignUp => request.add_extra_param("vv_action", "register"),
            Page::Settings => request.add_extra_param("prompt", "settings"),
        };
        let (url, state, nonce) = request.url();
        Started { url, pending: Pending { state, nonce, verifier } }
    }

    /// Finishes a login: checks the state, exchanges the code, and verifies the ID token with its nonce. `query`
    /// is the query of the redirect, with or without the question mark.
    ///
    /// # Errors
    ///
    /// [`LoginError::State`] if the redirect belongs to another login, [`LoginError::Refused`] if the server
    /// refused the login, [`LoginError::Token`] if the ID token is missing or invalid, [`LoginError::Server`] if
    /// a request failed.
    pub async fn finish(&self, pending: Pending, query: &str) -> Result<LoggedIn, LoginError> {
        let query = query.trim_start_matches('?');
        let find = |wanted: &str| {
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
        };
        // Checked first: an error that somebody else caused is not reported as one of this login.
        if find("state").as_deref() != Some(pending.state.secret().as_str()) {
            return Err(LoginError::State);
        }
        if let Some(refused) = find("error") {
            return Err(LoginError::Refused(code(&refused)));
        }
        let given = find("code").ok_or(LoginError::State)?;
        let client = self.client();
        let request = client
            .exchange_code(AuthorizationCode::new(given))
            .map_err(|_| LoginError::Setup("the tenant's discovery document has no token endpoint"))?;
        let answer = request.set_pkce_verifier(pending.verifier).request_async(&self.http).await;
        let answer = answer.map_err(|error| match error {
            RequestTokenError::ServerResponse(refused) => LoginError::Refused(code(refused.error().as_ref())),
            RequestTokenError::Request(error) => LoginError::Server("the code exchange", Some(error.into())),
            _ => LoginError::Server("the code exchange", None),
        })?;
        let token = answer.id_token().ok_or_else(|| LoginError::Token("missing".to_owned()))?;
        let clock = Arc::clone(&self.clock);
        let verifier =
            client.id_token_verifier().set_time_fn(move || DateTime::<Utc>::from(clock.now().wall));
        let bad = |error: &dyn fmt::Display| LoginError::Token(error.to_string());
        let claims = token.claims(&verifier, &pending.nonce).map_err(|error| bad(&error))?;
        if let Some(expected) = claims.access_token_hash() {
            let algorithm = token.signing_alg().map_err(|error| bad(&error))?;
            let key = token.signing_key(&verifier).map_err(|error| bad(&error))?;
            let actual = AccessTokenHash::from_token(answer.access_token(), algorithm, key);
            if actual.map_err(|error| bad(&error))? != *expected {
                return Err(LoginError::Token("issued for another access token".to_owned()));
            }
        }
        let access_token = SecretString::from(answer.access_token().secret().as_str());
        Ok(LoggedIn { user: UserInfo::of_token(claims), access_token })
    }

    /// Requests the current claims of the user.
    ///
    /// # Errors
    ///
    /// [`LoginError::Token`] if the response is about another user, [`LoginError::Server`] if the request failed.
    pub async fn user_info(&self, logged_in: &LoggedIn) -> Result<UserInfo, LoginError> {
        let client = self.client();
        let token = AccessToken::new(logged_in.access_token.expose_secret().to_owned());
        let subject = SubjectIdentifier::new(logged_in.user.subject.clone());
        let request = client
            .user_info(token, Some(subject))
            .map_err(|_| LoginError::Setup("the tenant's discovery document has no userinfo endpoint"))?;
        let claims: Result<_, _> = request.request_async(&self.http).await;
        let claims = claims.map_err(|error| match error {
            UserInfoError::ClaimsVerification(error) => LoginError::Token(error.to_string()),
            UserInfoError::Request(error) => LoginError::Server("the user-info request", Some(error.into())),
            _ => LoginError::Server("the user-info request", None),
        })?;
        Ok(UserInfo::of_answer(&claims))
    }

    /// Returns the URL that logs a visitor out: `<issuer>/logout` with `client_id` and `return_to`, which is
    /// specific to the vendor and not the standard. It ends all sessions of the user.
    ///
    /// # Errors
    ///
    /// [`LoginError::NotAllowed`] if the login was configured from an application that has no such logout URL.
    pub fn logout_url(&self, return_to: &str) -> Result<Url, LoginError> {
        if self.logout_urls.as_ref().is_some_and(|known| !known.iter().any(|known| known == return_to)) {
            return Err(LoginError::NotAllowed("logout URL"));
        }
        let mut url = Url::parse(&format!("{}/logout", self.issuer))
            .map_err(|_| LoginError::Setup("the issuer must be a URL"))?;
        url.query_pairs_mut().append_pair("client_id", &self.client_id).append_pair("return_to", return_to);
        Ok(url)
    }
}

/// The library's client after discovery.
type Discovered = CoreClient<
    openidconnect::EndpointSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointMaybeSet,
    openidconnect::EndpointMaybeSet,
>;

impl Login {
    fn client(&self) -> Discovered {
        let secret =
            self.client_secret.as_ref().map(|secret| ClientSecret::new(secret.expose_secret().to_owned()));
        let id = ClientId::new(self.client_id.clone());
        CoreClient::from_provider_metadata(self.metadata.clone(), id, secret)
            .set_redirect_uri(self.redirect_url.clone())
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
            transport: None,
            clock: Arc::new(SystemClock::new()),
        }
    }
}

impl LoginBuilder {
    /// Sets the application's secret; applications in a browser or on a phone have none.
    pub fn client_secret(mut self, secret: impl Into<SecretString>) -> Self {
        self.client_secret = Some(secret.into());
        self
    }

    /// Sets the transport.
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Sets the clock.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Requests the tenant's discovery document and keys. Keep the result: each visitor's login then needs one
    /// request.
    ///
    /// # Errors
    ///
    /// [`LoginError::Setup`] if the issuer or the redirect URL is invalid, and [`LoginError::Server`] if the
    /// documents can't be obtained.
    pub async fn discover(self) -> Result<Login, LoginError> {
        BaseUrl::parse("issuer", &self.issuer)
            .map_err(|_| LoginError::Setup("the issuer must be https:// and the tenant's domain"))?;
        let issuer =
            IssuerUrl::new(self.issuer.clone()).map_err(|_| LoginError::Setup("the issuer must be a URL"))?;
        let redirect_url = RedirectUrl::new(self.redirect_url)
            .map_err(|_| LoginError::Setup("the redirect URL must be a URL"))?;
        let transport = match self.transport {
            Some(transport) => transport,
            None => {
                Settings::new("").transport().map_err(|_| LoginError::Setup("no transport is compiled in"))?
            }
        };
        let http = Http { transport };
        let metadata = CoreProviderMetadata::discover_async(issuer, &http).await;
        let metadata = metadata.map_err(|error| match error {
            openidconnect::DiscoveryError::Request(error) => {
                LoginError::Server("the discovery request", Some(error.into()))
            }
            _ => LoginError::Server("the discovery request", None),
        })?;
        Ok(Login {
            metadata,
            issuer: self.issuer,
            client_id: self.client_id,
            client_secret: self.client_secret,
            redirect_url,
            logout_urls: self.logout_urls,
            http,
            clock: self.clock,
        })
    }
}
