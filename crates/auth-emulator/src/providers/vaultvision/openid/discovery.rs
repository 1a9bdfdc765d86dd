//! The discovery document, the published keys, and preflight requests of browsers.

use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use super::{Tenancy, keys};
use crate::framework::exchange::Reply;
use crate::providers::vaultvision::settings::Settings;

pub(super) fn document(tenancy: &Tenancy<'_>, settings: &Settings) -> Reply {
    let at = |path: &str| format!("{}{path}", tenancy.issuer);
    let methods: &[&str] = if settings.plain_challenges { &["S256", "plain"] } else { &["S256"] };
    let document = json!({
        "issuer": tenancy.issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/oauth/token"),
        "userinfo_endpoint": at("/userinfo"),
        "jwks_uri": at("/.well-known/jwks.json"),
        "introspection_endpoint": at("/oauth/introspect"),
        "end_session_endpoint": at("/logout"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "email"],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "name", "given_name", "family_name", "email",
            "email_verified", "locale", "picture",
        ],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": methods,
        "prompt_values_supported": ["none", "login", "select_account", "settings"],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    });
    Reply::json(StatusCode::OK, &document)
}

pub(super) fn keys(rotations: u32, settings: &Settings) -> Reply {
    Reply::json(StatusCode::OK, &keys::published(rotations, settings.published_keys))
}

/// What a page of an application may send; `share` names the page.
pub(super) fn preflight() -> Reply {
    Reply::empty(StatusCode::NO_CONTENT)
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"))
        .header(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Authorization, Content-Type"))
}
