//! The token endpoint: exchanges a code for tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use sha2::Digest as _;

use super::client::{Failure, authenticate};
use super::parameters::Parameters;
use super::state::{Challenge, ChallengeMethod, Grant};
use super::{Tenancy, keys};
use crate::framework::checks::Checks;
use crate::framework::exchange::{Call, Reply};
use crate::framework::provider::Context;
use crate::framework::timestamp::Timestamp;
use crate::providers::vaultvision::provider::VaultVisionProvider;
use crate::providers::vaultvision::settings::IdTokenFlaw;
use crate::providers::vaultvision::state::State;

impl VaultVisionProvider {
    pub(super) fn token(
        &mut self,
        call: &Call,
        tenancy: &Tenancy<'_>,
        checks: &mut Checks,
        context: &Context,
    ) -> Reply {
        match self.exchange(call, tenancy, checks) {
            Ok(tokens) => {
                checks.pass("code");
                context.effect("token_issued");
                json_reply(StatusCode::OK, &tokens)
            }
            Err(failure) => refused(call, checks, failure),
        }
    }

    fn exchange(
        &mut self,
        call: &Call,
        tenancy: &Tenancy<'_>,
        checks: &mut Checks,
    ) -> Result<Value, Failure> {
        let form = form(call)?;
        let client = authenticate(call, &form, false, tenancy, &mut self.state)?;
        checks.pass("client");
        match form.get("grant_type") {
            Some("authorization_code") => {}
            None => return Err(Failure::new("invalid_request", "grant_type is missing")),
            Some(_) => {
                return Err(Failure::new("unsupported_grant_type", "grant_type is not authorization_code"));
            }
        }
        let value = form.get("code").ok_or_else(|| Failure::new("invalid_request", "code is missing"))?;
        let verifier = form.get("code_verifier");
        if !verifier.is_none_or(is_verifier) {
            let reason =
                "code_verifier has more than 128 characters, or others than letters, digits and -._~";
            return Err(Failure::new("invalid_request", reason));
        }
        let invalid = |reason: &str| Failure::new("invalid_grant", reason);
        let code = self.state.open_id.code(&tenancy.id, value).cloned();
        let code = code.ok_or_else(|| invalid("the code is unknown"))?;
        // Another application must not be able to revoke tokens.
        if code.grant.client != client {
            return Err(invalid("the code was issued to another application"));
        }
        if code.is_used {
            // RFC 6749 section 4.1.2.
            self.state.open_id.revoke_tokens_of(value);
            return Err(invalid("the code was used before; the tokens that it gave are revoked"));
        }
        if call.now >= code.until {
            return Err(invalid("the code has expired"));
        }
        let grant = code.grant;
        self.check_grant(&tenancy.id, &grant.client, &grant.user).map_err(invalid)?;
        match form.get("redirect_uri") {
            Some(uri) if uri == code.redirect_uri => {}
            Some(_) => return Err(invalid("redirect_uri is not that of the authorization request")),
            None => return Err(invalid("redirect_uri is missing")),
        }
        verify(code.challenge.as_ref(), verifier).map_err(invalid)?;
        let State { open_id, random, .. } = &mut self.state;
        let seconds = self.settings.access_token_lifetime_seconds;
        let token = open_id.issue_token(grant.clone(), value.to_owned(), call.now, seconds, random);
        Ok(json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": seconds,
            "scope": grant.scope,
            "id_token": self.id_token(&grant, tenancy, call.now),
        }))
    }

    /// The ID token of a login. A flaw in it is a setting, for tests of clients.
    fn id_token(&self, grant: &Grant, tenancy: &Tenancy<'_>, now: Timestamp) -> String {
        let seconds = i64::try_from(self.settings.id_token_lifetime_seconds).unwrap_or(i64::MAX);
        let mut claims = json!({
            "iss": tenancy.issuer,
            "sub": grant.user,
            "aud": [grant.client],
            "exp": now.unix_seconds().saturating_add(seconds),
            "iat": now.unix_seconds(),
            "auth_time": grant.authenticated_at.unix_seconds(),
        });
        let mut set = |name: &str, value: Value| {
            if let Value::Object(claims) = &mut claims {
                claims.insert(name.to_owned(), value);
            }
        };
        if let Some(nonce) = &grant.nonce {
            set("nonce", json!(nonce));
        }
        let rotations = self.state.open_id.rotations;
        let key_id = keys::key_id(rotations);
        match self.settings.id_token_flaw {
            IdTokenFlaw::None => {}
            IdTokenFlaw::Issuer => set("iss", json!("https://another.example")),
            IdTokenFlaw::Audience => set("aud", json!(["another-client"])),
            IdTokenFlaw::Nonce => set("nonce", json!("another-nonce")),
            IdTokenFlaw::Expired => {
                set("exp", json!(now.unix_seconds() - 3_600));
                set("iat", json!(now.unix_seconds() - 7_200));
            }
            IdTokenFlaw::Signature => return keys::signed(&claims, rotations.wrapping_add(1), &key_id),
            IdTokenFlaw::UnknownKey => return keys::signed(&claims, rotations, "unknown"),
            IdTokenFlaw::Unsigned => return keys::unsigned(&claims),
        }
        keys::signed(&claims, rotations, &key_id)
    }
}

/// The syntax of a verifier, RFC 7636 section 4.1, without its lower limit: that of a vendor's sample has 16 characters.
pub(super) fn is_verifier(text: &str) -> bool {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.len() <= 128 && text.bytes().all(is_unreserved)
}

/// Checks the verifier of a code challenge, RFC 7636 section 4.6.
fn verify(challenge: Option<&Challenge>, verifier: Option<&str>) -> Result<(), &'static str> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (None, Some(_)) => {
            Err("code_verifier is superfluous: the authorization request had no code_challenge")
        }
        (Some(_), None) => Err("code_verifier is missing"),
        (Some(challenge), Some(verifier)) => {
            let actual = match challenge.method {
                ChallengeMethod::S256 => URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(verifier)),
                ChallengeMethod::Plain => verifier.to_owned(),
            };
            if actual == challenge.value {
                Ok(())
            } else {
                Err("code_verifier does not match code_challenge")
            }
        }
    }
}

/// The form of a request, which has each parameter once.
pub(super) fn form(call: &Call) -> Result<Parameters, Failure> {
    let form = Parameters::of_form(call);
    let form = form.ok_or_else(|| {
        Failure::new("invalid_request", "the body is not a form, application/x-www-form-urlencoded")
    })?;
    match form.invalid() {
        Some(reason) => Err(Failure::new("invalid_request", reason)),
        None => Ok(form),
    }
}

/// The response to a failure, RFC 6749 section 5.2.
pub(super) fn refused(call: &Call, checks: &mut Checks, failure: Failure) -> Reply {
    let Failure(code, description) = failure;
    let (check, status) = match code {
        "invalid_client" => ("client", StatusCode::UNAUTHORIZED),
        "invalid_grant" => ("code", StatusCode::BAD_REQUEST),
        _ => ("request", StatusCode::BAD_REQUEST),
    };
    let reply = json_reply(status, &json!({ "error": code, "error_description": description }));
    checks.fail(check, format!("{code}: {description}"));
    if status == StatusCode::UNAUTHORIZED && call.headers.contains_key("authorization") {
        return reply
            .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"Vault Vision\""));
    }
    reply
}

/// A response that must not be stored.
pub(super) fn json_reply(status: StatusCode, body: &Value) -> Reply {
    Reply::json(status, body)
        .header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
        .header(header::PRAGMA, HeaderValue::from_static("no-cache"))
}
