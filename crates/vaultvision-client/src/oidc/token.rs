//! Verification of ID tokens. The `openidconnect` crate checks signatures, audience, nonce and expiry; this module
//! checks the other claims.

use super::error::LoginError;
use super::login::Login;
use super::provider::same_issuer;
use super::user::UserInfo;
use auth_client_core::provider::auth_core::ExposeSecret;
use auth_client_core::provider::auth_core::secret::has_visible;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use openidconnect::core::{
    CoreGenderClaim, CoreIdTokenVerifier, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalClaims, ClaimsVerificationError, ClientId, ClientSecret, IdToken,
    IssuerUrl, Nonce, SignatureVerificationError,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::str::FromStr;

type Token = IdToken<Extra, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// Claims that the library doesn't check.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Extra {
    nbf: Option<Value>,
}

impl AdditionalClaims for Extra {}

/// The reason why a token was rejected.
enum Refused {
    /// Other keys may help.
    Key(SignatureVerificationError),
    Token(String),
}

/// Verifies the ID token of a login. If its key is unknown, the tenant's keys are reloaded.
pub(super) async fn verify(
    login: &Login,
    token: &str,
    nonce: &Nonce,
    access_token: &str,
) -> Result<UserInfo, LoginError> {
    let token = Token::from_str(token).map_err(|_| LoginError::Token(unreadable(token)))?;
    let keys = login.provider.keys();
    let why = match claims(login, &token, nonce, access_token, &keys) {
        Ok(user) => return Ok(user),
        Err(Refused::Token(why)) => return Err(LoginError::Token(why)),
        Err(Refused::Key(why)) => why,
    };
    let newer = match (login.provider.newer_keys(&keys, &login.http, &*login.clock).await, &why) {
        // The key may have been replaced under its old id, but most likely the token is forged.
        (Err(_), SignatureVerificationError::CryptoError(_)) => {
            return Err(LoginError::Token(describe(&why)));
        }
        (newer, _) => newer?,
    };
    let Some(newer) = newer else {
        return Err(LoginError::Token(describe(&why)));
    };
    claims(login, &token, nonce, access_token, &newer).map_err(|refused| match refused {
        Refused::Key(why) => LoginError::Token(describe(&why)),
        Refused::Token(why) => LoginError::Token(why),
    })
}

fn claims(
    login: &Login,
    token: &Token,
    nonce: &Nonce,
    access_token: &str,
    keys: &CoreJsonWebKeySet,
) -> Result<UserInfo, Refused> {
    let refused = match claims_by(login, token, nonce, access_token, keys.clone()) {
        Err(Refused::Key(why @ SignatureVerificationError::AmbiguousKeyId(_))) => why,
        result => return result,
    };
    // A tenant may list a key twice, or two keys under one id. Any of them may have signed the token.
    for key in keys.keys() {
        let only = CoreJsonWebKeySet::new(vec![key.clone()]);
        match claims_by(login, token, nonce, access_token, only) {
            Err(Refused::Key(_)) => {}
            result => return result,
        }
    }
    Err(Refused::Key(refused))
}

fn claims_by(
    login: &Login,
    token: &Token,
    nonce: &Nonce,
    access_token: &str,
    keys: CoreJsonWebKeySet,
) -> Result<UserInfo, Refused> {
    let refuse = |why: &str| Err(Refused::Token(why.to_owned()));
    let issuer = IssuerUrl::new(login.provider.issuer.clone())
        .map_err(|_| Refused::Token("the tenant's issuer is not a URL".to_owned()))?;
    let id = ClientId::new(login.client_id.clone());
    let now = login.clock.now().wall;
    let allowance = login.clock_allowance;
    let time = DateTime::<Utc>::from(now.checked_sub(allowance).unwrap_or(now));
    let verifier = match &login.client_secret {
        Some(secret) => {
            let secret = ClientSecret::new(secret.expose_secret().to_owned());
            CoreIdTokenVerifier::new_confidential_client(id, secret, issuer, keys)
        }
        None => CoreIdTokenVerifier::new_public_client(id, issuer, keys),
    };
    let verifier = verifier
        .set_allowed_algs(login.provider.algorithms.clone())
        .set_time_fn(move || time)
        // Compared below, without the slash at the end.
        .require_issuer_match(false);
    let claims = token.claims(&verifier, nonce).map_err(|error| match error {
        ClaimsVerificationError::SignatureVerification(
            error @ (SignatureVerificationError::NoMatchingKey
            | SignatureVerificationError::AmbiguousKeyId(_)
            | SignatureVerificationError::InvalidKey(_)
            | SignatureVerificationError::CryptoError(_)),
        ) => Refused::Key(error),
        ClaimsVerificationError::SignatureVerification(error) => Refused::Token(describe(&error)),
        ClaimsVerificationError::Expired(_) => Refused::Token("it has expired".to_owned()),
        ClaimsVerificationError::InvalidAudience(_) => {
            Refused::Token("it is for another audience".to_owned())
        }
        ClaimsVerificationError::InvalidNonce(_) => {
            Refused::Token("it is for another login (nonce)".to_owned())
        }
        // The library's messages quote the token.
        ClaimsVerificationError::Unsupported(_) => {
            Refused::Token("its header names a type or an extension that is not supported".to_owned())
        }
        _ => Refused::Token("a claim has a value that is not allowed".to_owned()),
    })?;
    if !same_issuer(claims.issuer().as_str(), &login.provider.issuer) {
        return refuse("it is from another issuer");
    }
    if !has_visible(claims.subject().as_str()) {
        return refuse("its subject is empty");
    }
    if claims.authorized_party().is_some_and(|party| **party != login.client_id) {
        return refuse("it was issued to another client (azp)");
    }
    let until = now.checked_add(allowance).unwrap_or(now);
    let seconds = DateTime::<Utc>::from(until).timestamp();
    #[expect(clippy::cast_precision_loss, reason = "NumericDate is a JSON number, and seconds are small")]
    let seconds = seconds as f64;
    // A number as a string does no harm.
    let number = |nbf: &Value| {
        let number = nbf.as_f64().or_else(|| nbf.as_str()?.trim().parse().ok());
        number.filter(|number: &f64| number.is_finite())
    };
    match claims.additional_claims().nbf.as_ref().map(number) {
        Some(None) => return refuse("its claim nbf is not a number"),
        Some(Some(nbf)) if nbf > seconds => {
            return refuse("it is not valid yet (nbf); is this machine's clock right?");
        }
        _ => {}
    }
    if let Some(expected) = claims.access_token_hash() {
        let bad = || Refused::Token("it can't be compared with the access token (at_hash)".to_owned());
        let algorithm = token.signing_alg().map_err(|_| bad())?;
        let key = token.signing_key(&verifier).map_err(|_| bad())?;
        let actual = AccessTokenHash::from_token(&AccessToken::new(access_token.to_owned()), algorithm, key);
        if actual.map_err(|_| bad())? != *expected {
            return refuse("issued for another access token");
        }
    }
    Ok(UserInfo::of_token(claims))
}

/// Why a token can't be read, in words that contain nothing of it.
fn unreadable(token: &str) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let payload = match *parts.as_slice() {
        [_, payload, _] => payload,
        [_, _, _, _, _] => return "it is encrypted, which is not supported".to_owned(),
        _ => return "not a signed token".to_owned(),
    };
    let claims = URL_SAFE_NO_PAD.decode(payload).ok();
    let Some(claims) = claims.and_then(|json| serde_json::from_slice::<Map<String, Value>>(&json).ok())
    else {
        return "its claims are not JSON".to_owned();
    };
    type Check = (&'static str, fn(&Value) -> bool, &'static str);
    let checks: [Check; 5] = [
        ("iss", Value::is_string, "a string"),
        ("sub", Value::is_string, "a string"),
        ("aud", |value| value.is_string() || value.is_array(), "a string or a list"),
        ("exp", Value::is_number, "a number"),
        ("iat", Value::is_number, "a number"),
    ];
    if let Some((name, _, what)) =
        checks.iter().find(|(name, is_good, _)| !claims.get(*name).is_some_and(is_good))
    {
        return format!("its claim {name} is missing or not {what}");
    }
    let optional = |names: &'static [&'static str], is_good: fn(&Value) -> bool, what| {
        let bad = |name: &&&str| claims.get(**name).is_some_and(|value| !value.is_null() && !is_good(value));
        names.iter().find(bad).map(|name| format!("its claim {name} is not {what}"))
    };
    optional(&TEXTS, Value::is_string, "a string")
        .or_else(|| optional(&["email_verified", "phone_number_verified"], is_flag, "true or false"))
        .or_else(|| optional(&["auth_time", "updated_at"], Value::is_number, "a time"))
        .or_else(|| optional(&["amr"], Value::is_array, "a list"))
        .or_else(|| optional(&["address"], Value::is_object, "an object"))
        .unwrap_or_else(|| {
            "its header, or one of its claims, has another type than ID tokens have".to_owned()
        })
}

/// Optional claims that are strings.
const TEXTS: [&str; 19] = [
    "acr",
    "at_hash",
    "azp",
    "birthdate",
    "c_hash",
    "email",
    "family_name",
    "gender",
    "given_name",
    "locale",
    "middle_name",
    "name",
    "nickname",
    "nonce",
    "phone_number",
    "picture",
    "profile",
    "website",
    "zoneinfo",
];

fn is_flag(value: &Value) -> bool {
    value.is_boolean() || matches!(value.as_str(), Some("true" | "false"))
}

fn describe(error: &SignatureVerificationError) -> String {
    match error {
        SignatureVerificationError::NoMatchingKey => {
            "signed with a key that the tenant does not publish".to_owned()
        }
        SignatureVerificationError::CryptoError(_) => "its signature is wrong".to_owned(),
        SignatureVerificationError::DisallowedAlg(_) => {
            "signed with an algorithm that is not allowed".to_owned()
        }
        SignatureVerificationError::AmbiguousKeyId(_) => {
            "none of the tenant's keys that fit has signed it".to_owned()
        }
        SignatureVerificationError::InvalidKey(_) => {
            "signed with a key that the tenant publishes in an invalid form".to_owned()
        }
        SignatureVerificationError::NoSignature => "it has no signature".to_owned(),
        _ => "its signature can't be checked".to_owned(),
    }
}
