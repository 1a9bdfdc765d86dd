//! Verification of ID tokens. The `openidconnect` crate checks header, audience, nonce and expiry, and verifies
//! signatures with one key; this module chooses the key and checks the other claims.

use super::claims::{deciding, seconds};
use super::error::LoginError;
use super::login::Login;
use super::provider::same_issuer;
use super::user::UserInfo;
use auth_client_core::provider::auth_core::ExposeSecret;
use auth_client_core::provider::auth_core::secret::has_visible;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use base64::{Engine as _, alphabet};
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKey, CoreJsonWebKeySet};
use openidconnect::{
    AccessToken, AccessTokenHash, ClaimsVerificationError, ClientId, IssuerUrl, JsonWebKey,
    JwsSigningAlgorithm, Nonce, SignatureVerificationError,
};
use serde_json::{Map, Value};
use std::str::FromStr;
use std::time::{Duration, SystemTime};

/// The encoding of a token's parts, as lenient as the library's.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&alphabet::URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));

/// An ID token as it was received, and in the form that the library reads.
struct Token<'a> {
    /// Header and payload as received, which the tenant has signed.
    signed: &'a [u8],
    signature: Vec<u8>,
    claims: Map<String, Value>,
    /// The token with the deciding claims only, because the library refuses a token as a whole if any claim has
    /// another type. The signature isn't one over these claims: see [`Token::key`].
    reduced: CoreIdToken,
}

/// Verifies the ID token of a login. If its key is unknown, the tenant's keys are reloaded.
pub(super) async fn verify(
    login: &Login,
    token: &str,
    nonce: &Nonce,
    access_token: &str,
) -> Result<UserInfo, LoginError> {
    let token = Token::read(token).map_err(LoginError::id_token)?;
    let key = key(login, &token).await?;
    token.user(login, &key, nonce, access_token).map_err(LoginError::id_token)
}

/// Returns the key that has signed a token.
async fn key(login: &Login, token: &Token<'_>) -> Result<CoreJsonWebKey, LoginError> {
    use SignatureVerificationError::{CryptoError, InvalidKey, NoMatchingKey};
    let keys = login.provider.keys();
    let why = match token.key(login, &keys) {
        Ok(key) => return Ok(key),
        Err(why @ (NoMatchingKey | InvalidKey(_) | CryptoError(_))) => why,
        Err(why) => return Err(LoginError::id_token(describe(&why))),
    };
    match (login.provider.newer_keys(&keys, &login.http, &*login.clock).await, &why) {
        (Ok(Some(newer)), _) => token.key(login, &newer).map_err(|why| LoginError::id_token(describe(&why))),
        // The key may have been replaced under its old id, but most likely the token is forged.
        (Ok(None), _) | (Err(_), CryptoError(_)) => Err(LoginError::id_token(describe(&why))),
        (Err(error), _) => Err(error),
    }
}

impl<'a> Token<'a> {
    /// Reads a token without verifying it. An error contains nothing of it.
    fn read(token: &'a str) -> Result<Self, String> {
        let (header, payload, signature) = match *token.split('.').collect::<Vec<_>>().as_slice() {
            [header, payload, signature] => (header, payload, signature),
            [_, _, _, _, _] => return Err("it is encrypted, which is not supported".to_owned()),
            _ => return Err("not a signed token".to_owned()),
        };
        let claims = BASE64.decode(payload).ok().and_then(|json| serde_json::from_slice(&json).ok());
        let claims: Map<String, Value> = claims.ok_or("its claims are not JSON")?;
        let reduced = BASE64.encode(Value::Object(deciding(&claims)?).to_string());
        Ok(Self {
            signed: token.rsplit_once('.').map_or(token, |(signed, _)| signed).as_bytes(),
            signature: BASE64.decode(signature).map_err(|_| "its signature is not base64")?,
            claims,
            reduced: CoreIdToken::from_str(&format!("{header}.{reduced}.{signature}"))
                .map_err(|_| "its header is invalid, or names an unknown algorithm")?,
        })
    }

    /// Returns the key that has signed the bytes of this token as they were received.
    fn key(
        &self,
        login: &Login,
        keys: &CoreJsonWebKeySet,
    ) -> Result<CoreJsonWebKey, SignatureVerificationError> {
        use SignatureVerificationError::{CryptoError, DisallowedAlg, NoMatchingKey};
        // An error if there is none.
        let algorithm = self.reduced.signing_alg()?;
        if !login.provider.algorithms.contains(algorithm) {
            return Err(DisallowedAlg(String::new()));
        }
        if algorithm.uses_shared_secret() {
            // Anybody can sign with the secret of a client that has none to keep.
            let secret = login.client_secret.as_ref().ok_or(DisallowedAlg(String::new()))?;
            let key = CoreJsonWebKey::new_symmetric(secret.expose_secret().as_bytes().to_vec());
            // The library panics if the signature has another length.
            let length = key.hash_bytes(&[], algorithm).map_err(DisallowedAlg)?.len();
            if self.signature.len() != length {
                return Err(CryptoError(String::new()));
            }
            return key.verify_signature(algorithm, self.signed, &self.signature).map(|()| key);
        }
        // A tenant may list a key twice, or two keys under one id. Any of them may have signed the token.
        let mut refused = NoMatchingKey;
        for key in keys.keys() {
            // Of the set with this key alone, the library returns it if id, type and use are right.
            let Ok(verifier) = verifier(login, key.clone()) else { continue };
            if self.reduced.signing_key(&verifier).is_err() {
                continue;
            }
            match key.verify_signature(algorithm, self.signed, &self.signature) {
                Ok(()) => return Ok(key.clone()),
                Err(why) => refused = why,
            }
        }
        Err(refused)
    }

    /// Checks the claims of a token that this key has signed.
    fn user(
        &self,
        login: &Login,
        key: &CoreJsonWebKey,
        nonce: &Nonce,
        access_token: &str,
    ) -> Result<UserInfo, String> {
        let refuse = |why: &str| Err(why.to_owned());
        let now = login.clock.now().wall;
        let earliest = utc(now.checked_sub(login.clock_allowance).unwrap_or(now));
        let verifier = verifier(login, key.clone())?
            // Verified over the bytes that were received.
            .insecure_disable_signature_check()
            .set_time_fn(move || earliest)
            // Compared below, without the slash at the end.
            .require_issuer_match(false);
        let claims = self.reduced.claims(&verifier, nonce).map_err(|error| refused(&error))?;
        if !same_issuer(claims.issuer().as_str(), &login.provider.issuer) {
            return refuse("it is from another issuer");
        }
        let subject = claims.subject().as_str();
        if !has_visible(subject) {
            return refuse("its subject is empty");
        }
        if claims.authorized_party().is_some_and(|party| **party != login.client_id) {
            return refuse("it was issued to another client (azp)");
        }
        let latest = since_epoch(now.checked_add(login.clock_allowance).unwrap_or(now));
        match self.claims.get("nbf").filter(|value| !value.is_null()).map(seconds) {
            Some(None) => return refuse("its claim nbf is not a time"),
            Some(Some(nbf)) if nbf > latest => {
                return refuse("it is not valid yet (nbf); is this machine's clock right?");
            }
            _ => {}
        }
        if let Some(expected) = claims.access_token_hash() {
            let bad = |_| "it can't be compared with the access token (at_hash)".to_owned();
            let algorithm = self.reduced.signing_alg().map_err(|why| describe(&why))?;
            let token = AccessToken::new(access_token.to_owned());
            if AccessTokenHash::from_token(&token, algorithm, key).map_err(bad)? != *expected {
                return refuse("issued for another access token");
            }
        }
        Ok(UserInfo::of(subject, &self.claims))
    }
}

fn verifier(login: &Login, key: CoreJsonWebKey) -> Result<CoreIdTokenVerifier<'static>, String> {
    let issuer = IssuerUrl::new(login.provider.issuer.clone());
    let issuer = issuer.map_err(|_| "the tenant's issuer is not a URL")?;
    let id = ClientId::new(login.client_id.clone());
    Ok(CoreIdTokenVerifier::new_public_client(id, issuer, CoreJsonWebKeySet::new(vec![key])))
}

/// Returns a time for the library, or the nearest that it can represent.
fn utc(time: SystemTime) -> DateTime<Utc> {
    let epoch = DateTime::<Utc>::UNIX_EPOCH;
    let delta = |duration: Duration| TimeDelta::from_std(duration).ok();
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => {
            delta(after).and_then(|after| epoch.checked_add_signed(after)).unwrap_or(DateTime::<Utc>::MAX_UTC)
        }
        Err(before) => delta(before.duration())
            .and_then(|before| epoch.checked_sub_signed(before))
            .unwrap_or(DateTime::<Utc>::MIN_UTC),
    }
}

fn since_epoch(time: SystemTime) -> f64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => after.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    }
}

/// Returns why the library refuses claims. Its own messages quote the token.
fn refused(error: &ClaimsVerificationError) -> String {
    match error {
        ClaimsVerificationError::Expired(_) => "it has expired",
        ClaimsVerificationError::InvalidAudience(_) => "it is for another audience",
        ClaimsVerificationError::InvalidNonce(_) => "it is for another login (nonce)",
        ClaimsVerificationError::Unsupported(_) => {
            "its header names a type or an extension that is not supported"
        }
        _ => "a claim has a value that is not allowed",
    }
    .to_owned()
}

fn describe(error: &SignatureVerificationError) -> String {
    match error {
        SignatureVerificationError::NoMatchingKey => "signed with a key that the tenant does not publish",
        SignatureVerificationError::CryptoError(_) => "its signature is wrong",
        SignatureVerificationError::DisallowedAlg(_) => "signed with an algorithm that is not allowed",
        SignatureVerificationError::InvalidKey(_) => {
            "signed with a key that the tenant publishes in an invalid form"
        }
        SignatureVerificationError::NoSignature => "it has no signature",
        _ => "its signature can't be checked",
    }
    .to_owned()
}
