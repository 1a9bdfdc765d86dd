//! OpenID Connect at the tenants' domains: each tenant has its own listener, and its issuer is the address of that listener.
//!
//! Documented by the vendor: `/authorize`, `/logout` with `client_id` and `return_to`, redirect and logout URLs that must be
//! those of the application, ID tokens of an hour with `iss`, `sub`, `aud`, `exp`, `iat`, `auth_time` and `nonce`, and the
//! fields of user info. Its samples add discovery, the token endpoint `/oauth/token`, PKCE with S256, client secrets with HTTP
//! Basic, `prompt=settings` and `vv_action=register`. The rest follows RFC 6749, RFC 7636, RFC 7662 and OpenID Connect.
//!
//! Assumption (oidc-paths): keys are at `/.well-known/jwks.json`, user info at `/userinfo`, introspection at
//! `/oauth/introspect`, and `/logout` is also the `end_session_endpoint`.
//!
//! Older samples link to `/settings`, and one loads `/tenant.js`, which sets `vv_tenant_data`.
//!
//! Assumption (oidc-flow): only the authorization code flow with the response mode `query` is supported, with the scope
//! `openid`; there are no refresh tokens, because the vendor documents that a new login gives a new access token. Deleting
//! the application or the user revokes its codes and tokens; while the user is disabled they are invalid.
//!
//! `parameters.rs` parses queries and forms, `authorize.rs` checks a request and decides between page and code, `login.rs` logs
//! a user in, `token.rs` exchanges codes, `client.rs` authenticates applications, `resources.rs` has user info, introspection
//! and logout, `discovery.rs` the documents, `keys.rs` signs, `pages.rs` has the pages, `state.rs` stores sessions, codes and
//! tokens.

mod authorize;
mod client;
mod discovery;
mod keys;
mod login;
mod pages;
mod parameters;
mod resources;
mod state;
mod token;

use http::{HeaderValue, Method, header};

pub(super) use self::keys::key_id;
pub use self::login::TestLogin;
pub(super) use self::parameters::Parameters;
pub(super) use self::state::OpenId;
use super::provider::VaultVisionProvider;
use crate::framework::checks::Checks;
use crate::framework::exchange::{Call, Reply};
use crate::framework::provider::Context;
use crate::framework::route::Route;

const PREFLIGHT: &str = "openid.preflight";

pub(super) static ROUTES: &[Route] = &[
    Route::read("openid.discovery", Method::GET, "/.well-known/openid-configuration", 200),
    Route::read("openid.discovery", Method::HEAD, "/.well-known/openid-configuration", 200).undocumented(),
    Route::read("openid.keys", Method::GET, "/.well-known/jwks.json", 200),
    Route::read("openid.keys", Method::HEAD, "/.well-known/jwks.json", 200).undocumented(),
    Route::write("openid.authorize", Method::GET, "/authorize", 303),
    Route::write("openid.authorize", Method::POST, "/authorize", 303),
    Route::read("openid.restart_login", Method::GET, "/login", 303).undocumented(),
    Route::write("openid.log_in", Method::POST, "/login", 303).sensitive().undocumented(),
    Route::write("openid.token", Method::POST, "/oauth/token", 200).sensitive(),
    Route::read("openid.introspect", Method::POST, "/oauth/introspect", 200).sensitive(),
    Route::read("openid.user_info", Method::GET, "/userinfo", 200),
    Route::read("openid.user_info", Method::HEAD, "/userinfo", 200).undocumented(),
    Route::read("openid.user_info", Method::POST, "/userinfo", 200),
    Route::write("openid.log_out", Method::GET, "/logout", 303),
    Route::write("openid.log_out", Method::POST, "/logout", 303),
    Route::read("openid.settings", Method::GET, "/settings", 200).undocumented(),
    Route::read("openid.branding", Method::GET, "/tenant.js", 200).undocumented(),
    Route::read(PREFLIGHT, Method::OPTIONS, "/.well-known/openid-configuration", 204).undocumented(),
    Route::read(PREFLIGHT, Method::OPTIONS, "/.well-known/jwks.json", 204).undocumented(),
    Route::read(PREFLIGHT, Method::OPTIONS, "/oauth/token", 204).undocumented(),
    Route::read(PREFLIGHT, Method::OPTIONS, "/userinfo", 204).undocumented(),
];

/// What the endpoints share: the tenant whose listener received the request, and its issuer.
pub(super) struct Tenancy<'c> {
    pub id: String,
    pub issuer: &'c str,
}

impl VaultVisionProvider {
    /// The issuer of a tenant: the address of its listener.
    pub(super) fn issuer<'c>(&self, tenant: &str, context: &'c Context) -> Option<&'c str> {
        let at = self.state.tenants.iter().position(|known| known.entry.id() == tenant)?;
        context.extra_origins.get(at).map(String::as_str)
    }

    /// Executes a request to the listener of a tenant.
    pub(super) fn open_id(&mut self, call: &Call, checks: &mut Checks, context: &Context) -> Option<Reply> {
        let tenant = self.state.tenants.get(call.listener.checked_sub(1)?)?.entry.id();
        let issuer = self.issuer(&tenant, context)?;
        let tenancy = Tenancy { id: tenant, issuer };
        let reply = match call.operation {
            "openid.discovery" => discovery::document(&tenancy, &self.settings),
            "openid.keys" => discovery::keys(self.state.open_id.rotations, &self.settings),
            "openid.authorize" => self.authorize(call, &tenancy, checks, context),
            "openid.log_in" => self.log_in_at_page(call, &tenancy, checks, context),
            "openid.restart_login" => self.restart_login(call, &tenancy, checks),
            "openid.token" => self.token(call, &tenancy, checks, context),
            "openid.introspect" => self.introspect(call, &tenancy, checks),
            "openid.user_info" => self.user_info(call, &tenancy, checks),
            "openid.log_out" => self.log_out(call, &tenancy, checks, context),
            "openid.settings" => self.settings_page(call, &tenancy, checks),
            "openid.branding" => self.branding(&tenancy),
            PREFLIGHT => discovery::preflight(),
            _ => return None,
        };
        Some(self.share(call, &tenancy, reply))
    }

    /// Lets pages of the tenant's applications read a response: their origins are those of their redirect URLs.
    fn share(&mut self, call: &Call, tenancy: &Tenancy<'_>, reply: Reply) -> Reply {
        let is_for_scripts = !matches!(
            call.operation,
            "openid.authorize" | "openid.restart_login" | "openid.log_in" | "openid.log_out"
        );
        let Some(origin) = call.header_once("origin").ok().filter(|_| is_for_scripts) else { return reply };
        let Ok(tenant) = self.state.tenant(&tenancy.id) else { return reply };
        let mut urls =
            tenant.applications.iter().flat_map(|application| application.value.strings("redirect_urls"));
        let is_known = urls.any(|url| {
            url.strip_prefix(origin).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
        });
        match HeaderValue::try_from(origin) {
            Ok(value) if is_known => reply
                .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, value)
                .header(header::VARY, HeaderValue::from_static("Origin")),
            _ => reply,
        }
    }
}
