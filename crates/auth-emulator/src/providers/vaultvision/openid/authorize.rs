//! The authorization endpoint: checks a request, and decides whether it gets a page, a code or an error.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderValue, StatusCode, header};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::parameters::{Parameters, with_query};
use super::state::{Challenge, ChallengeMethod, Grant, Session};
use super::token::is_verifier;
use super::{Tenancy, keys, pages};
use crate::framework::checks::Checks;
use crate::framework::exchange::{Call, Reply};
use crate::framework::provider::Context;
use crate::framework::timestamp::Timestamp;
use crate::providers::vaultvision::provider::VaultVisionProvider;
use crate::providers::vaultvision::settings::Settings;
use crate::providers::vaultvision::state::State;

/// Where a response to a request goes.
#[derive(Clone, Debug)]
pub(super) struct Back {
    pub redirect_uri: String,
    state: Option<String>,
}

impl Back {
    fn with(&self, parameters: &[(&str, &str)]) -> String {
        let mut all = parameters.to_vec();
        all.extend(self.state.as_deref().map(|state| ("state", state)));
        with_query(&self.redirect_uri, &all)
    }

    pub(super) fn code(&self, code: &str) -> String {
        self.with(&[("code", code)])
    }

    pub(super) fn error(&self, error: &str, description: &str) -> String {
        self.with(&[("error", error), ("error_description", description)])
    }
}

/// What a request asks the user to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prompt {
    /// Log in, unless there is a session.
    Session,
    /// Nothing.
    None,
    /// Log in, also if there is a session.
    LogIn,
    /// Change settings.
    Settings,
    /// Sign up.
    SignUp,
}

/// A valid request.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub back: Back,
    pub client: String,
    pub prompt: Prompt,
    pub login_hint: String,
    challenge: Option<Challenge>,
    scope: String,
    nonce: Option<String>,
    max_age: Option<i64>,
    /// The user of an `id_token_hint`.
    user: Option<String>,
}

/// Why a request is invalid.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The application is unknown, or has no such redirect URL, so that nobody can be told but the user.
    Page(String),
    /// The address to redirect to, with the error.
    Redirect(String, String),
}

impl Request {
    pub(super) fn check(
        parameters: &Parameters,
        tenancy: &Tenancy<'_>,
        state: &mut State,
        settings: &Settings,
    ) -> Result<Self, Refusal> {
        let page = |reason: &str| Refusal::Page(reason.to_owned());
        let client = parameters.get("client_id").ok_or_else(|| page("client_id is missing"))?;
        let application = state.application(&tenancy.id, client);
        let application =
            &application.map_err(|_| page("the tenant has no application with this client_id"))?.value;
        let redirect_uri = parameters.get("redirect_uri").ok_or_else(|| page("redirect_uri is missing"))?;
        if !application.strings("redirect_urls").iter().any(|url| url == redirect_uri) {
            return Err(page("redirect_uri is not one of the application's redirect URLs, compared exactly"));
        }
        let is_public = application.string("secret").unwrap_or_default().is_empty();
        let back =
            Back { redirect_uri: redirect_uri.to_owned(), state: parameters.get("state").map(str::to_owned) };
        let refuse = |error: &str, reason: &str| {
            Err(Refusal::Redirect(back.error(error, reason), format!("{error}: {reason}")))
        };
        if let Some(reason) = parameters.invalid() {
            return refuse("invalid_request", reason);
        }
        for (name, error) in [
            ("request", "request_not_supported"),
            ("request_uri", "request_uri_not_supported"),
            ("registration", "registration_not_supported"),
        ] {
            if parameters.get(name).is_some() {
                return refuse(error, &format!("{name} is not supported"));
            }
        }
        match parameters.get("response_type") {
            Some("code") => {}
            None => return refuse("invalid_request", "response_type is missing"),
            Some(_) => return refuse("unsupported_response_type", "response_type is not code"),
        }
        if parameters.get("response_mode").is_some_and(|mode| mode != "query") {
            return refuse("invalid_request", "response_mode is not query");
        }
        let scope = parameters.get("scope").unwrap_or_default();
        if !scope.split(' ').any(|scope| scope == "openid") {
            return refuse("invalid_scope", "scope has no openid");
        }
        let known = |scope: &&str| matches!(*scope, "openid" | "profile" | "email");
        let scope = scope.split(' ').filter(known).collect::<Vec<_>>().join(" ");
        let challenge = match challenge(parameters, settings) {
            Ok(None) if is_public && settings.public_clients_need_pkce => {
                return refuse(
                    "invalid_request",
                    "code_challenge is missing, and the application has no secret",
                );
            }
            Ok(challenge) => challenge,
            Err(reason) => return refuse("invalid_request", reason),
        };
        let Some(prompt) = prompt(parameters) else {
            return refuse("invalid_request", "prompt is not one of none, login, select_account, settings");
        };
        let max_age = match parameters.get("max_age").map(str::parse::<u32>) {
            None => None,
            Some(Ok(seconds)) => Some(i64::from(seconds)),
            Some(Err(_)) => return refuse("invalid_request", "max_age is not a number of seconds"),
        };
        let hint = parameters.get("id_token_hint");
        let hint = hint.map(|hint| keys::verified(hint, tenancy.issuer, state.open_id.rotations));
        let user = match hint {
            None => None,
            Some(Some(claims)) => claims.get("sub").and_then(|user| user.as_str()).map(str::to_owned),
            Some(None) => {
                return refuse("invalid_request", "id_token_hint is not an ID token of this issuer");
            }
        };
        Ok(Self {
            client: client.to_owned(),
            prompt,
            login_hint: parameters.get("login_hint").unwrap_or_default().to_owned(),
            challenge,
            scope,
            nonce: parameters.get("nonce").map(str::to_owned),
            max_age,
            user,
            back,
        })
    }

    /// Whether a session makes another login superfluous. A maximum age of 0 always demands one, OpenID Connect Core section
    /// 3.1.2.1, also if the clock stands still.
    pub(super) fn is_served_by(&self, session: &Session, now: Timestamp) -> bool {
        let age = now.unix_seconds() - session.since.unix_seconds();
        self.max_age.is_none_or(|most| most > 0 && age <= most) && self.is_for(&session.user)
    }

    /// Whether `id_token_hint` names no other user.
    pub(super) fn is_for(&self, user: &str) -> bool {
        self.user.as_ref().is_none_or(|hinted| hinted == user)
    }
}

/// Assumption (pkce): S256 is accepted of every application, `plain` of none, and applications without a secret must send a
/// challenge.
fn challenge(parameters: &Parameters, settings: &Settings) -> Result<Option<Challenge>, &'static str> {
    let method = match (parameters.get("code_challenge_method"), parameters.get("code_challenge")) {
        (None, None) => return Ok(None),
        (Some(_), None) => return Err("code_challenge is missing"),
        (Some("S256"), Some(_)) => ChallengeMethod::S256,
        (Some("plain") | None, Some(_)) if settings.plain_challenges => ChallengeMethod::Plain,
        (Some(_) | None, Some(_)) => return Err("code_challenge_method is not S256"),
    };
    let value = parameters.get("code_challenge").unwrap_or_default();
    match method {
        ChallengeMethod::Plain if !is_verifier(value) => return Err("code_challenge is not a verifier"),
        ChallengeMethod::S256 if URL_SAFE_NO_PAD.decode(value).map_or(0, |digest| digest.len()) != 32 => {
            return Err("code_challenge is not the SHA-256 of a verifier in base64url without padding");
        }
        _ => {}
    }
    Ok(Some(Challenge { method, value: value.to_owned() }))
}

fn prompt(parameters: &Parameters) -> Option<Prompt> {
    let values = parameters.get("prompt").unwrap_or_default();
    let values: Vec<&str> = values.split(' ').filter(|value| !value.is_empty()).collect();
    let is_known =
        |value: &&str| matches!(*value, "none" | "login" | "select_account" | "consent" | "settings");
    if !values.iter().all(is_known) || (values.contains(&"none") && values.len() > 1) {
        return None;
    }
    Some(match values.as_slice() {
        ["none"] => Prompt::None,
        _ if parameters.get("vv_action") == Some("register") => Prompt::SignUp,
        values if values.contains(&"settings") => Prompt::Settings,
        values if values.contains(&"login") || values.contains(&"select_account") => Prompt::LogIn,
        // Assumption (oidc-flow): there is no page for consent.
        _ => Prompt::Session,
    })
}

/// The name of the session cookie. Tenants differ in the port, which cookies ignore.
pub(super) fn cookie_name(tenant: &str) -> String {
    format!("vv_session_{tenant}")
}

/// The value of the session cookie of a request.
pub(super) fn cookie(call: &Call, tenant: &str) -> String {
    let name = cookie_name(tenant);
    let cookies = call.header_once("cookie").unwrap_or_default();
    let mut pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned()).unwrap_or_default()
}

/// What no URL contains, RFC 3986. A registered one may, as in the address line of a browser.
const NOT_IN_URLS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A redirect of the browser, which then sends a GET.
pub(super) fn redirect(to: &str) -> Reply {
    match HeaderValue::try_from(utf8_percent_encode(to, NOT_IN_URLS).to_string()) {
        Ok(location) => Reply::empty(StatusCode::SEE_OTHER)
            .header(header::LOCATION, location)
            .header(header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        Err(_) => pages::error("the redirect URL can't be sent in a header"),
    }
}

impl VaultVisionProvider {
    pub(super) fn authorize(
        &mut self,
        call: &Call,
        tenancy: &Tenancy<'_>,
        checks: &mut Checks,
        context: &Context,
    ) -> Reply {
        let Some(parameters) = Parameters::of(call) else {
            checks.fail("request", "the body is not a form");
            return pages::error("the body is not a form");
        };
        let request = match Request::check(&parameters, tenancy, &mut self.state, &self.settings) {
            Ok(request) => request,
            Err(refusal) => return refused(refusal, checks),
        };
        checks.pass("request");
        if self.settings.misconfigured_tenants.contains(&tenancy.id) {
            checks.fail("tenant", "the tenant is misconfigured");
            return redirect(&request.back.error("server_error", "the tenant is misconfigured"));
        }
        if let Some(name) = self.settings.auto_login.clone() {
            match self.state.user_by_name(&tenancy.id, &name) {
                Some(user) => return self.log_in_and_return(&request, tenancy, &user, checks, context),
                None => checks.pass_with("auto_login", "no user of the tenant has this id or email address"),
            }
        }
        let session = self.session(call, tenancy).filter(|session| request.is_served_by(session, call.now));
        match (request.prompt, session) {
            (Prompt::Session | Prompt::None, Some(session)) => {
                checks.pass("session");
                let code = self.code(&request, tenancy, &session.user, session.since, context);
                redirect(&request.back.code(&code))
            }
            (Prompt::None, None) => {
                checks
                    .fail("session", "prompt is none, but the user is not logged in, or not recently enough");
                redirect(&request.back.error("login_required", "the user is not logged in"))
            }
            (Prompt::Settings, Some(_)) => pages::settings(Some(&parameters.to_query())),
            (prompt, _) => {
                let user = self.state.email_of(&tenancy.id, request.user.as_deref().unwrap_or_default());
                let email = if request.login_hint.is_empty() { user } else { request.login_hint.clone() };
                pages::log_in(&parameters.to_query(), &email, prompt == Prompt::SignUp, "")
            }
        }
    }

    /// The session of a browser, if its user may still log in.
    pub(super) fn session(&mut self, call: &Call, tenancy: &Tenancy<'_>) -> Option<Session> {
        let open_id = &self.state.open_id;
        let session = open_id.session(&tenancy.id, &cookie(call, &tenancy.id), call.now).cloned()?;
        self.may_log_in(&tenancy.id, &session.user).is_ok().then_some(session)
    }

    /// Issues the code that a login ends with.
    pub(super) fn code(
        &mut self,
        request: &Request,
        tenancy: &Tenancy<'_>,
        user: &str,
        authenticated_at: Timestamp,
        context: &Context,
    ) -> String {
        let grant = Grant {
            tenant: tenancy.id.clone(),
            client: request.client.clone(),
            user: user.to_owned(),
            scope: request.scope.clone(),
            nonce: request.nonce.clone(),
            authenticated_at,
        };
        let until =
            context.clock.now().plus(std::time::Duration::from_secs(self.settings.code_lifetime_seconds));
        let State { open_id, random, .. } = &mut self.state;
        let uri = request.back.redirect_uri.clone();
        context.effect("code_issued");
        open_id.issue_code(grant, uri, request.challenge.clone(), until, random)
    }
}

/// The response to an invalid request.
pub(super) fn refused(refusal: Refusal, checks: &mut Checks) -> Reply {
    match refusal {
        Refusal::Page(reason) => {
            let page = pages::error(&reason);
            checks.fail("request", reason);
            page
        }
        Refusal::Redirect(to, reason) => {
            checks.fail("request", reason);
            redirect(&to)
        }
    }
}
