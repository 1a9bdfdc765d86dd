//! The login page's form, and logins without a browser.

use std::collections::BTreeSet;

use http::{HeaderValue, StatusCode, header};

use super::authorize::{self, Prompt, Refusal, Request, redirect, refused};
use super::parameters::Parameters;
use super::state::Session;
use super::{Tenancy, pages};
use crate::framework::checks::Checks;
use crate::framework::exchange::{Call, Done, Reply};
use crate::framework::fields::is_email;
use crate::framework::provider::Context;
use crate::framework::settings::ActionError;
use crate::providers::vaultvision::hashing::Task;
use crate::providers::vaultvision::passwords;
use crate::providers::vaultvision::provider::{VaultVisionProvider, action_error};
use crate::providers::vaultvision::state::{Entry, Kind, State, User};
use crate::providers::vaultvision::tree::{Object, Tree};
use crate::providers::vaultvision::types;

/// An application and a user with a password, for trying a login.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = auth_emulator::Emulator::start().await?;
/// let login = emulator.vaultvision().prepare_login("http://127.0.0.1:8090/auth/callback")?;
/// println!("{} logs in at {} with {}", login.email, login.issuer, login.password);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct TestLogin {
    /// The issuer: the address of the tenant's listener.
    pub issuer: String,
    /// The tenant's id.
    pub tenant_id: String,
    /// The application's id.
    pub client_id: String,
    /// The application's secret.
    pub client_secret: String,
    /// The user's id, which is the `sub` of tokens.
    pub user_id: String,
    /// The user's email address.
    pub email: String,
    /// The user's password.
    pub password: String,
}

/// The longest that a browser stays open, for a tenant without `remember_login_seconds`. Assumption (oidc-lifetimes): one day.
const SESSION_SECONDS: u64 = 86_400;
const PASSWORD: &str = "correct horse battery staple";

impl VaultVisionProvider {
    /// Executes what the user chose at the page.
    pub(super) fn log_in_at_page(
        &mut self,
        call: &Call,
        tenancy: &Tenancy<'_>,
        checks: &mut Checks,
        context: &Context,
    ) -> Reply {
        let Some(form) = Parameters::of_form(call).filter(|form| form.invalid().is_none()) else {
            checks.fail("request", "the body is not a form");
            return pages::error("the body is not a form");
        };
        let query = form.get("request").unwrap_or_default();
        let parameters = Parameters::parse(query);
        let request = match Request::check(&parameters, tenancy, &mut self.state, &self.settings) {
            Ok(request) => request,
            Err(refusal) => return refused(refusal, checks),
        };
        checks.pass("request");
        let (email, password) =
            (form.get("email").unwrap_or_default(), form.get("password").unwrap_or_default());
        let again = |sign_up: bool, status, reason: &str| {
            let page = pages::log_in(query, email, sign_up, reason);
            Reply { status, ..page }
        };
        match form.get("action").unwrap_or("log_in") {
            "cancel" => {
                checks.fail("login", "the user cancelled the login");
                redirect(&request.back.error("access_denied", "the user cancelled the login"))
            }
            "continue" => {
                // The button of the settings page alone sends this.
                let serves = |session: &Session| {
                    request.prompt == Prompt::Settings && request.is_served_by(session, call.now)
                };
                let Some(session) = self.session(call, tenancy).filter(serves) else {
                    checks.fail("session", "the user is not logged in");
                    return again(false, StatusCode::FORBIDDEN, "Please log in first.");
                };
                let code = self.code(&request, tenancy, &session.user, session.since, context);
                redirect(&request.back.code(&code))
            }
            "sign_up" => match self.sign_up(&tenancy.id, email, password, call.done.as_ref(), context) {
                Ok(user) => {
                    context.effect("user_signed_up");
                    self.log_in_and_return(&request, tenancy, &user, checks, context)
                }
                Err(reason) => {
                    checks.fail("sign-up", reason);
                    again(true, StatusCode::BAD_REQUEST, &format!("You can't sign up: {reason}."))
                }
            },
            // Assumption (password-reset): the login has no reset; a password is set by `credentials.create`.
            _ => {
                let user = self.state.user_by_name(&tenancy.id, email);
                let outcome = user.ok_or("no user has this email address").and_then(|user| {
                    self.check_password(&tenancy.id, &user, password, call.done.as_ref(), context)
                        .map(|()| user)
                });
                match outcome {
                    Ok(user) => self.log_in_and_return(&request, tenancy, &user, checks, context),
                    Err(reason) => {
                        checks.fail("login", reason);
                        context.effect("login_failed");
                        again(false, StatusCode::FORBIDDEN, "Email address or password is wrong.")
                    }
                }
            }
        }
    }

    /// Opens a session for a user and returns to the application, if the user may log in.
    pub(super) fn log_in_and_return(
        &mut self,
        request: &Request,
        tenancy: &Tenancy<'_>,
        user: &str,
        checks: &mut Checks,
        context: &Context,
    ) -> Reply {
        if let Err((error, reason)) = self.admit(request, tenancy, user) {
            checks.fail("login", reason);
            return redirect(&request.back.error(error, reason));
        }
        checks.pass("login");
        let now = context.clock.now();
        let remembered = self.state.remembers_logins(&tenancy.id);
        let seconds = remembered.unwrap_or(SESSION_SECONDS);
        let State { open_id, random, .. } = &mut self.state;
        let session = open_id.open(&tenancy.id, user, now, seconds, random);
        let code = self.code(request, tenancy, user, now, context);
        context.effect("logged_in");
        let age = remembered.map(|seconds| format!(" Max-Age={seconds};")).unwrap_or_default();
        let name = authorize::cookie_name(&tenancy.id);
        let cookie = format!("{name}={session}; Path=/;{age} HttpOnly; SameSite=Lax");
        let reply = redirect(&request.back.code(&code));
        match HeaderValue::try_from(cookie) {
            Ok(cookie) => reply.header(header::SET_COOKIE, cookie),
            Err(_) => reply,
        }
    }

    /// Whether a user may return to the application from a login, or the error and its reason.
    fn admit(
        &mut self,
        request: &Request,
        tenancy: &Tenancy<'_>,
        user: &str,
    ) -> Result<(), (&'static str, &'static str)> {
        if !request.is_for(user) {
            return Err(("login_required", "id_token_hint is of another user"));
        }
        // Assumption (email-verification): an unverified user returns to the application; the vendor documents a workflow that
        // must be completed first, but not its pages. The control `verify-email` completes it.
        self.may_log_in(&tenancy.id, user).map_err(|reason| ("access_denied", reason))
    }

    /// A visit of the login page without an application's request, as from a bookmark. Documented: the visitor is sent to the
    /// `login_url` of the application. Assumption (oidc-paths): `client_id` may name the application; without it, the tenant must
    /// have one such URL.
    pub(super) fn restart_login(&mut self, call: &Call, tenancy: &Tenancy<'_>, checks: &mut Checks) -> Reply {
        let parameters = Parameters::of_query(call);
        let client = parameters.get("client_id");
        let applications = self.state.tenant(&tenancy.id).ok().map(|tenant| &tenant.applications);
        let applications = applications.into_iter().flatten();
        let wanted = applications.filter(|application| client.is_none_or(|id| application.id() == id));
        let urls = wanted.filter_map(|application| application.value.string("login_url"));
        let urls: BTreeSet<String> = urls.filter(|url| !url.is_empty()).collect();
        let mut rest = urls.iter();
        match (rest.next(), rest.next()) {
            (Some(url), None) => {
                checks.pass("application");
                redirect(url)
            }
            _ => {
                checks.fail("application", "no application has a login_url, or several have different ones");
                pages::error("Please open the application and log in there.")
            }
        }
        .assumed("oidc-paths")
    }

    /// Logs a user in without a page and without a password, and returns where the browser would be sent. Without a user, the
    /// login is denied.
    pub(in super::super) fn authorize_at(
        &mut self,
        url: &str,
        user: Option<&str>,
        context: &Context,
    ) -> Result<String, ActionError> {
        let query = url.split_once('?').map_or("", |(_, query)| query);
        let parameters = Parameters::parse(query.split('#').next().unwrap_or_default());
        let client = parameters.get("client_id").unwrap_or_default();
        let tenants = self.state.tenants.iter();
        let tenant = tenants.map(|tenant| (tenant.entry.id(), &tenant.applications));
        let tenant =
            tenant.into_iter().find(|(_, list)| list.iter().any(|application| application.id() == client));
        let Some((id, _)) = tenant else {
            return Err(ActionError::new("url: its client_id is that of no application"));
        };
        let issuer = self.issuer(&id, context).unwrap_or_default();
        let tenancy = Tenancy { id, issuer };
        let request = match Request::check(&parameters, &tenancy, &mut self.state, &self.settings) {
            Ok(request) => request,
            Err(Refusal::Page(reason)) => return Err(ActionError::new(format!("url: {reason}"))),
            Err(Refusal::Redirect(to, _)) => return Ok(to),
        };
        let Some(user) = user else {
            return Ok(request.back.error("access_denied", "the user cancelled the login"));
        };
        let id = self.state.user_by_name(&tenancy.id, user);
        let id = id.ok_or_else(|| ActionError::new(format!("user: no such user of the tenant: {user:?}")))?;
        if let Err((error, reason)) = self.admit(&request, &tenancy, &id) {
            return Ok(request.back.error(error, reason));
        }
        let code = self.code(&request, &tenancy, &id, context.clock.now(), context);
        context.effect("logged_in");
        Ok(request.back.code(&code))
    }

    /// Documented: users can sign up if the tenant has `allow_signups`.
    fn sign_up(
        &mut self,
        tenant: &str,
        email: &str,
        password: &str,
        done: Option<&Done>,
        context: &Context,
    ) -> Result<String, &'static str> {
        if !self.state.allows(tenant, "allow_signups") || !self.state.allows(tenant, "allow_passwords") {
            return Err("the tenant does not allow it");
        }
        if !is_email(email) {
            return Err("the email address is invalid");
        }
        if self.state.user_by_name(tenant, email).is_some() {
            return Err("another user has this email address");
        }
        if password.is_empty() || password.len() > passwords::MAX_BYTES {
            return Err("the password is empty, or has more than 72 bytes");
        }
        self.add_user(tenant, email, password, done, context).ok_or("the emulator can store no more users")
    }

    fn add_user(
        &mut self,
        tenant: &str,
        email: &str,
        password: &str,
        done: Option<&Done>,
        context: &Context,
    ) -> Option<String> {
        let now = context.clock.now();
        self.state.check_capacity(tenant).ok()?;
        let id = self.state.word(12);
        let profile = Object::default().with("email", Tree::string(email));
        let value = self.state.stamped("User", &id, now).with("profile", Tree::Object(profile));
        let entry = Entry { kind: Kind::User, value, undocumented: Vec::new() };
        let import = Task::Import(passwords::plain(password));
        let password =
            import.result(done, &Object::default(), &self.settings, &mut self.state.random).ok()?;
        let value = self.state.stamped("PasswordCredential", "password", now);
        let value = value.with("password", Tree::Object(password));
        let credential = Entry { kind: Kind::Password, value, undocumented: Vec::new() };
        self.state.tenant(tenant).ok()?.users.push(User { entry, credentials: vec![credential] });
        Some(id)
    }

    /// Adds an application and a verified user with a password to a tenant, by default to that of `VV_ISSUER_URL`. As in the
    /// vendor's samples, `/auth/logout` of the application is a logout URL.
    pub(in super::super) fn prepare_login(
        &mut self,
        redirect_url: &str,
        tenant_id: Option<&str>,
        context: &Context,
    ) -> Result<TestLogin, ActionError> {
        let origin = redirect_url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        if !types::is_url(redirect_url) {
            let message = format!(
                "redirect_url: not a URL such as http://localhost:8090/auth/callback: {redirect_url:?}"
            );
            return Err(ActionError::new(message));
        }
        let first = || self.state.tenants.first().map(|tenant| tenant.entry.id()).unwrap_or_default();
        let tenant_id = tenant_id.map_or_else(first, str::to_owned);
        self.state.tenant(&tenant_id).map_err(action_error)?;
        let issuer = self.issuer(&tenant_id, context).map(str::to_owned);
        let issuer = issuer.ok_or_else(|| ActionError::new("the tenant has no issuer: no port was free"))?;
        let full = || ActionError::new("the emulator can store no more applications or users");
        self.state.check_capacity(&tenant_id).map_err(|_| full())?;
        let (client_id, client_secret) = (self.state.word(12), self.state.word(24));
        let email = format!("test-{}@example.test", client_id.to_ascii_lowercase());
        let user_id = self.add_user(&tenant_id, &email, PASSWORD, None, context).ok_or_else(full)?;
        self.verify_email(&tenant_id, &user_id, context)?;
        let url = serde_json::Value::from(vec![redirect_url]).to_string();
        let logout = vec![format!("{origin}/auth/logout"), format!("{origin}/"), origin];
        let logout = serde_json::Value::from(logout).to_string();
        let value = self
            .state
            .stamped("Application", &client_id, context.clock.now())
            .with("name", Tree::string("Test login"))
            .with("secret", Tree::string(&client_secret))
            .with("logout_urls", Tree::Raw(logout.into()))
            .with("redirect_urls", Tree::Raw(url.into()));
        let entry = Entry { kind: Kind::Application, value, undocumented: Vec::new() };
        self.state.tenant(&tenant_id).map_err(action_error)?.applications.push(entry);
        let password = PASSWORD.to_owned();
        Ok(TestLogin { issuer, tenant_id, client_id, client_secret, user_id, email, password })
    }
}
