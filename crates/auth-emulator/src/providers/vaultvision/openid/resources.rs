//! What tokens are for: user info, introspection, and the end of a session.

use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Map, Value, json};

use super::authorize::{cookie, cookie_name, redirect};
use super::client::{Failure, authenticate};
use super::parameters::{Parameters, with_query};
use super::token::{form, json_reply, refused};
use super::{Tenancy, keys, pages};
use crate::framework::checks::Checks;
use crate::framework::exchange::{Call, HeaderProblem, Reply, with_scheme};
use crate::framework::provider::Context;
use crate::providers::vaultvision::provider::VaultVisionProvider;
use crate::providers::vaultvision::tree::Tree;

impl VaultVisionProvider {
    /// Claims about the user of an access token, with the names of the vendor's sample.
    pub(super) fn user_info(&mut self, call: &Call, tenancy: &Tenancy<'_>, checks: &mut Checks) -> Reply {
        let value = match bearer(call) {
            Ok(value) => value,
            Err((status, error, reason)) => {
                checks.fail("access token", reason);
                return challenge(status, error, reason);
            }
        };
        let grant = self.state.open_id.token(&tenancy.id, &value, call.now).map(|token| token.grant.clone());
        let user = grant.and_then(|grant| {
            self.check_grant(&tenancy.id, &grant.client, &grant.user).ok()?;
            let user = self.state.user(&tenancy.id, &grant.user).ok()?.entry.value.clone();
            Some((grant, user))
        });
        let Some((grant, user)) = user else {
            let reason = "the access token is unknown, expired or revoked, or its application or user was deleted or disabled";
            checks.fail("access token", reason);
            return challenge(StatusCode::UNAUTHORIZED, "invalid_token", reason);
        };
        checks.pass("access token");
        let mut claims = Map::new();
        claims.insert("sub".to_owned(), json!(grant.user));
        claims.insert("iss".to_owned(), json!(tenancy.issuer));
        let profile = user.object("profile").cloned().unwrap_or_default();
        for (scope, names) in [
            ("profile", &["name", "given_name", "family_name", "locale", "picture"][..]),
            ("email", &["email"][..]),
        ] {
            let granted = grant.scope.split(' ').any(|granted| granted == scope);
            for name in names.iter().filter(|_| granted) {
                if let Some(value) = profile.string(name).filter(|value| !value.is_empty()) {
                    claims.insert((*name).to_owned(), json!(value));
                }
            }
            if granted && scope == "email" {
                let is_verified = profile.get("email_verified").is_some_and(Tree::is_true);
                claims.insert("email_verified".to_owned(), json!(is_verified));
            }
        }
        json_reply(StatusCode::OK, &Value::Object(claims))
    }

    /// The settings of the user of the session. There is no application to return to.
    pub(super) fn settings_page(&mut self, call: &Call, tenancy: &Tenancy<'_>, checks: &mut Checks) -> Reply {
        if self.session(call, tenancy).is_none() {
            checks.fail("session", "the user is not logged in");
            return pages::error("Please log in first: open the application and log in there.");
        }
        checks.pass("session");
        pages::settings(None)
    }

    /// The script with the tenant's logo.
    pub(super) fn branding(&mut self, tenancy: &Tenancy<'_>) -> Reply {
        let tenant = self.state.tenant(&tenancy.id).ok();
        let settings = tenant.and_then(|tenant| tenant.entry.value.object("settings"));
        let logo = |name: &str| settings.and_then(|settings| settings.string(name)).unwrap_or_default();
        let names = ["logo_image_url", "logo_image_text"];
        let data: Map<String, Value> =
            names.iter().map(|name| ((*name).to_owned(), json!(logo(name)))).collect();
        let script = format!("window.vv_tenant_data = {};", Value::Object(data));
        Reply::text(StatusCode::OK, "text/javascript", script).assumed("oidc-paths")
    }

    /// RFC 7662, for access tokens and, as in the vendor's sample, ID tokens.
    pub(super) fn introspect(&mut self, call: &Call, tenancy: &Tenancy<'_>, checks: &mut Checks) -> Reply {
        let form = match form(call) {
            Ok(form) => form,
            Err(failure) => return refused(call, checks, failure),
        };
        if let Err(failure) = authenticate(call, &form, true, tenancy, &mut self.state) {
            return refused(call, checks, failure);
        }
        checks.pass("client");
        let Some(value) = form.get("token") else {
            return refused(call, checks, Failure::new("invalid_request", "token is missing"));
        };
        let body = self.introspected(value, call, tenancy).unwrap_or_else(|| json!({ "active": false }));
        json_reply(StatusCode::OK, &body)
    }

    /// What is known about a valid token.
    fn introspected(&mut self, value: &str, call: &Call, tenancy: &Tenancy<'_>) -> Option<Value> {
        if let Some(token) = self.state.open_id.token(&tenancy.id, value, call.now).cloned() {
            self.check_grant(&tenancy.id, &token.grant.client, &token.grant.user).ok()?;
            return Some(json!({
                "active": true,
                "iss": tenancy.issuer,
                "sub": token.grant.user,
                "client_id": token.grant.client,
                "scope": token.grant.scope,
                "token_type": "Bearer",
                "iat": token.since.unix_seconds(),
                "exp": token.until.unix_seconds(),
            }));
        }
        let mut claims = keys::verified(value, tenancy.issuer, self.state.open_id.rotations)?;
        let text = |path: &str| claims.pointer(path).and_then(Value::as_str);
        self.check_grant(&tenancy.id, text("/aud/0")?, text("/sub")?).ok()?;
        let is_valid = call.now.unix_seconds() < claims.get("exp").and_then(Value::as_i64)?;
        claims.as_object_mut()?.insert("active".to_owned(), json!(true));
        is_valid.then_some(claims)
    }

    /// Documented: ends all sessions of the user, then returns to `return_to` if it is one of the application's logout URLs.
    /// `id_token_hint`, `post_logout_redirect_uri` and `state` are those of RP-initiated logout, whose section 2 demands to ask
    /// the person if the hint is of another user than the session.
    pub(super) fn log_out(
        &mut self,
        call: &Call,
        tenancy: &Tenancy<'_>,
        checks: &mut Checks,
        context: &Context,
    ) -> Reply {
        let parameters = Parameters::of(call).filter(|parameters| parameters.invalid().is_none());
        let Some(parameters) = parameters else {
            checks.fail("request", "a parameter occurs twice, or the body is not a form");
            return pages::error("a parameter occurs twice, or the body is not a form");
        };
        let hint = parameters.get("id_token_hint");
        let hint = hint.map(|hint| keys::verified(hint, tenancy.issuer, self.state.open_id.rotations));
        if let Some(None) = hint {
            checks.fail("request", "id_token_hint is not an ID token of this issuer");
            return pages::error("id_token_hint is not an ID token of this issuer");
        }
        let hint = hint.flatten().unwrap_or_default();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let audience = hint.pointer("/aud/0").and_then(text);
        let client = parameters.get("client_id").map(str::to_owned);
        if let (Some(audience), Some(client)) = (&audience, &client)
            && audience != client
        {
            checks.fail("request", "client_id is not that of id_token_hint");
            return pages::error("client_id is not that of id_token_hint");
        }
        checks.pass("request");
        let client = client.or(audience).unwrap_or_default();
        let session = self.state.open_id.session(&tenancy.id, &cookie(call, &tenancy.id), call.now);
        let (session, hinted) = (session.map(|session| session.user.clone()), hint.get("sub").and_then(text));
        if session.is_some() && hinted.is_some() && session != hinted {
            checks.pass_with("session", "it is of another user than id_token_hint, so the person is asked");
            let kept = ["return_to", "post_logout_redirect_uri", "state"];
            let kept = kept.iter().filter_map(|name| Some((*name, parameters.get(name)?)));
            return pages::confirm_logout(kept.chain([("client_id", client.as_str())]));
        }
        if let Some(user) = session.or(hinted)
            && self.state.open_id.close(&tenancy.id, &user) > 0
        {
            context.effect("logged_out");
        }
        let to = parameters.get("return_to").or_else(|| parameters.get("post_logout_redirect_uri"));
        let reply = match to {
            None => pages::logged_out(),
            Some(to) => {
                let urls = self.state.application(&tenancy.id, &client);
                let is_known = urls.is_ok_and(|application| {
                    application.value.strings("logout_urls").iter().any(|url| url == to)
                });
                if is_known {
                    let state = parameters.get("state").map(|state| ("state", state));
                    redirect(&with_query(to, &state.into_iter().collect::<Vec<_>>()))
                } else {
                    let reason = "the address is not one of the application's logout URLs, compared exactly";
                    checks.fail("logout URL", reason);
                    pages::error(reason)
                }
            }
        };
        let cookie = format!("{}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax", cookie_name(&tenancy.id));
        match HeaderValue::try_from(cookie) {
            Ok(cookie) => reply.header(header::SET_COOKIE, cookie),
            Err(_) => reply,
        }
    }
}

type Refused = (StatusCode, &'static str, &'static str);

/// The access token of a request, RFC 6750 sections 2.1 and 2.2.
fn bearer(call: &Call) -> Result<String, Refused> {
    let in_form = Parameters::of_form(call).filter(|_| call.method == Method::POST);
    let in_form = in_form.and_then(|form| form.get("access_token").map(str::to_owned));
    match (call.header_once("authorization"), in_form) {
        (Err(HeaderProblem::Missing), Some(token)) => Ok(token),
        (Err(HeaderProblem::Missing), None) => {
            Err((StatusCode::UNAUTHORIZED, "", "there is no access token"))
        }
        (Ok(_), Some(_)) | (Err(_), _) => {
            Err((StatusCode::BAD_REQUEST, "invalid_request", "there is more than one access token"))
        }
        (Ok(given), None) => match with_scheme(given, "Bearer") {
            Some(token) => Ok(token.to_owned()),
            None => Err((StatusCode::UNAUTHORIZED, "", "Authorization is not Bearer")),
        },
    }
}

/// RFC 6750 section 3: a request without a token gets no error code.
fn challenge(status: StatusCode, error: &str, reason: &str) -> Reply {
    let value = match error {
        "" => "Bearer realm=\"Vault Vision\"".to_owned(),
        _ => format!("Bearer realm=\"Vault Vision\", error=\"{error}\", error_description=\"{reason}\""),
    };
    let reply = match error {
        "" => Reply::empty(status),
        _ => json_reply(status, &json!({ "error": error, "error_description": reason })),
    };
    match HeaderValue::try_from(value) {
        Ok(value) => reply.header(header::WWW_AUTHENTICATE, value),
        Err(_) => reply,
    }
}
