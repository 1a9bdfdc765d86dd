//! The login: start, finish, log out.

use super::error::LoginError;
use super::http::Http;
use super::provider::{Provider, same_issuer};
use super::token;
use super::user::UserInfo;
use auth_client_core::provider::auth_core::secret::{Zeroizing, sensitive_header};
use auth_client_core::provider::auth_core::{Clock, ExposeSecret, SecretString};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderValue, Request, header};
use openidconnect::{CsrfToken, Nonce, PkceCodeChallenge, PkceCodeVerifier};
use serde_json::{Map, Value};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

/// Scopes of the vendor's samples.
const SCOPES: &str = "openid profile email";

const EXCHANGE: &str = "the code exchange";
const USER_INFO: &str = "the user-info request";

/// The page to which a visitor is redirected.
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

/// Logins of an application's users at one tenant.
#[derive(Clone)]
pub struct Login {
    pub(super) provider: Arc<Provider>,
    pub(super) issuer: String,
    pub(super) client_id: String,
    pub(super) client_secret: Option<SecretString>,
    pub(super) redirect_url: String,
    pub(super) logout_urls: Option<Vec<String>>,
    pub(super) http: Http,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) clock_allowance: Duration,
}

/// Prints issuer and client without the secret.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// A login that was started.
#[derive(Debug)]
#[non_exhaustive]
pub struct Started {
    /// URL to redirect the visitor to.
    pub url: Url,
    /// State for [`Login::finish`]; store it in the visitor's session.
    pub pending: Pending,
}

/// State of a started login, with which the redirect is checked. `Debug` prints none of it.
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
    /// Returns the state as a string for a session store. It is secret, because it allows finishing the login.
    #[must_use]
    pub fn to_secret(&self) -> SecretString {
        SecretString::from(format!(
            "{} {} {}",
            self.state.secret(),
            self.nonce.secret(),
            self.verifier.secret()
        ))
    }

    /// Parses the string returned by [`to_secret`](Self::to_secret).
    ///
    /// # Errors
    ///
    /// [`LoginError::State`] if the string is invalid.
    pub fn from_secret(text: &SecretString) -> Result<Self, LoginError> {
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
    /// Starts a login: creates state, nonce and PKCE verifier (S256), and the URL to redirect the visitor to.
    #[must_use]
    pub fn begin(&self, page: Page) -> Started {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (state, nonce) = (CsrfToken::new_random(), Nonce::new_random());
        let mut url = self.provider.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client_id)
            .append_pair("state", state.secret())
            .append_pair("code_challenge", challenge.as_str())
            .append_pair("code_challenge_method", challenge.method().as_str())
            .append_pair("redirect_uri", &self.redirect_url)
            .append_pair("scope", SCOPES)
            .append_pair("nonce", nonce.secret());
        match page {
            Page::Login => {}
            Page::SignUp => {
                url.query_pairs_mut().append_pair("vv_action", "register");
            }
            Page::Settings => {
                url.query_pairs_mut().append_pair("prompt", "settings");
            }
        }
        Started { url, pending: Pending { state, nonce, verifier } }
    }

    /// Finishes a login: checks the state and the issuer of the redirect, exchanges the code, and verifies the ID
    /// token with its nonce. `query` is the query of the redirect, with or without the question mark.
    ///
    /// # Errors
    ///
    /// [`LoginError::State`] if the redirect belongs to another login, [`LoginError::Refused`] if the server
    /// rejected the login, [`LoginError::Token`] if the ID token is missing or invalid, or if the redirect has no code
    /// or is from another issuer, [`LoginError::Server`] if a request failed.
    pub async fn finish(&self, pending: Pending, query: &str) -> Result<LoggedIn, LoginError> {
        let query = query.trim_start_matches('?');
        let find = |wanted: &str| {
            let pairs = url::form_urlencoded::parse(query.as_bytes());
            let mut values = pairs.filter(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
            (values.next(), values.next())
        };
        // Checked first, so that an error of another login is not reported as an error of this one. RFC 6749 forbids the
        // same parameter twice: another reader may take the other one.
        if find("state") != (Some(pending.state.secret().clone()), None) {
            return Err(LoginError::State);
        }
        if let Some(name) = ["iss", "error", "code"].iter().find(|name| find(name).1.is_some()) {
            return Err(LoginError::Token(format!("the redirect has more than one parameter {name}")));
        }
        let find = |wanted: &str| find(wanted).0;
        match find("iss") {
            Some(issuer) if !same_issuer(&issuer, &self.provider.issuer) => {
                return Err(LoginError::Token("the redirect is from another issuer".to_owned()));
            }
            None if self.provider.sends_issuer => {
                let why = "the redirect does not name its issuer, which the tenant promises";
                return Err(LoginError::Token(why.to_owned()));
            }
            _ => {}
        }
        if let Some(refused) = find("error") {
            return Err(LoginError::refused(&refused, None));
        }
        let code = find("code").filter(|code| !code.is_empty());
        let code = code.ok_or_else(|| LoginError::Token("the redirect has no code".to_owned()))?;
        let (access_token, id_token) = self.exchange(&code, &pending.verifier).await?;
        let id_token = id_token.ok_or_else(|| LoginError::id_token("missing"))?;
        let user = token::verify(self, &id_token, &pending.nonce, &access_token).await?;
        Ok(LoggedIn { user, access_token: SecretString::from(access_token) })
    }

    /// Exchanges a code for an access token and an ID token.
    async fn exchange(
        &self,
        code: &str,
        verifier: &PkceCodeVerifier,
    ) -> Result<(String, Option<String>), LoginError> {
        let request = self.exchange_request(code, verifier)?;
        let answer = self.http.send(EXCHANGE, request).await?;
        let body: Value = match answer.status.is_success() {
            true => answer.success()?,
            // The body of an error response may be anything.
            false => answer.json().unwrap_or_default(),
        };
        let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        match (text("error"), text("access_token")) {
            (Some(code), _) => Err(LoginError::refused(code, Some(answer.status))),
            (None, _) if !answer.status.is_success() => Err(answer
                .success::<Value>()
                .err()
                .unwrap_or_else(|| answer.bad("the server refused the request"))),
            (None, None) => Err(answer.bad("the response has no access token")),
            (None, Some(access)) => Ok((access.to_owned(), text("id_token").map(str::to_owned))),
        }
    }

    fn exchange_request(
        &self,
        code: &str,
        verifier: &PkceCodeVerifier,
    ) -> Result<Result<Request<Bytes>, http::Error>, LoginError> {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.redirect_url)
            .append_pair("code_verifier", verifier.secret());
        let mut request = Request::post(self.provider.token_endpoint.as_str())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        match &self.client_secret {
            Some(secret) => request = request.header(header::AUTHORIZATION, basic(&self.client_id, secret)?),
            None => {
                form.append_pair("client_id", &self.client_id);
            }
        }
        Ok(request.body(Bytes::from(form.finish())))
    }

    /// Requests the current claims of the user.
    ///
    /// # Errors
    ///
    /// [`LoginError::Token`] if the response is about another user, [`LoginError::Server`] if the request failed.
    pub async fn user_info(&self, logged_in: &LoggedIn) -> Result<UserInfo, LoginError> {
        let Some(url) = &self.provider.userinfo_endpoint else {
            return Err(LoginError::Setup("the tenant's discovery document has no userinfo endpoint"));
        };
        let bearer = sensitive_header("access token", &["Bearer ", logged_in.access_token.expose_secret()])
            .map_err(|_| LoginError::Setup("the access token must be a valid header value"))?;
        let request = Request::get(url.as_str()).header(header::AUTHORIZATION, bearer).body(Bytes::new());
        let answer = self.http.send(USER_INFO, request).await?;
        let claims: Map<String, Value> = answer.success()?;
        match claims.get("sub").and_then(Value::as_str) {
            Some(subject) if subject == logged_in.user.subject => Ok(UserInfo::of(subject, &claims)),
            Some(_) => Err(LoginError::Token("the user info is about another user".to_owned())),
            None => Err(answer.bad("the response lacks the field sub, or it is not a string")),
        }
    }

    /// Returns the URL that logs a visitor out: `<issuer>/logout` with `client_id` and `return_to`, which is
    /// vendor-specific. It ends all sessions of the user.
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

/// Returns the `Authorization` header of RFC 6749, section 2.3.1: both parts are form-encoded first.
fn basic(id: &str, secret: &SecretString) -> Result<HeaderValue, LoginError> {
    let mut pair = Zeroizing::new(String::with_capacity(3 * (id.len() + secret.expose_secret().len()) + 1));
    pair.extend(byte_serialize(id.as_bytes()));
    pair.push(':');
    pair.extend(byte_serialize(secret.expose_secret().as_bytes()));
    let pair = Zeroizing::new(STANDARD.encode(&*pair));
    sensitive_header("client secret", &["Basic ", &pair])
        .map_err(|_| LoginError::Setup("the client id and the client secret must be valid header values"))
}
