//! The tenant's discovery document and its signing keys.

use super::claims::flag;
use super::error::{LoginError, ServerFailure};
use super::http::Http;
use auth_client_core::provider::auth_core::{Clock, Now};
use openidconnect::core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use serde::Deserialize;
use serde_json::Value;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Mutex;
use url::Url;

pub(super) const DISCOVERY: &str = "the discovery request";
const KEYS: &str = "the request for signing keys";

/// Minimum interval at which the keys are read again because a token was signed with an unknown one.
const KEY_INTERVAL: Duration = Duration::from_secs(10);

/// The configuration of a tenant's OpenID Connect endpoints.
#[derive(Debug)]
pub(super) struct Provider {
    /// As in the document: it may have a trailing slash that the configured issuer lacks.
    pub(super) issuer: String,
    pub(super) authorization_endpoint: Url,
    pub(super) token_endpoint: Url,
    pub(super) userinfo_endpoint: Option<Url>,
    /// Whether redirects contain the issuer, RFC 9207.
    pub(super) sends_issuer: bool,
    pub(super) algorithms: Vec<CoreJwsSigningAlgorithm>,
    jwks_uri: Url,
    /// Not locked during a request, so that a login with a known key doesn't wait for one.
    keys: RwLock<Arc<CoreJsonWebKeySet>>,
    /// Time of the last request for newer keys, and its failure. Locked during a request, so that there is only one at
    /// a time.
    read_again: Mutex<Option<(Now, Option<ServerFailure>)>>,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    /// The only one that isn't required; an empty string or another type means that there is none.
    #[serde(default)]
    userinfo_endpoint: Value,
    jwks_uri: String,
    #[serde(default)]
    authorization_response_iss_parameter_supported: Value,
    #[serde(default)]
    id_token_signing_alg_values_supported: Value,
}

impl Provider {
    /// Requests the document and the keys.
    pub(super) async fn discover(issuer: &str, http: &Http) -> Result<Self, LoginError> {
        let answer = http.get(DISCOVERY, &format!("{issuer}/.well-known/openid-configuration")).await?;
        let document: Document = answer.success()?;
        if !same_issuer(&document.issuer, issuer) {
            return Err(answer.bad("the document is that of another issuer"));
        }
        let endpoint = |name: &str, url: &str| match (Url::parse(url), url.parse::<http::Uri>()) {
            (Ok(parsed), Ok(uri)) if http.allows(&uri) && is_plain(&parsed) => Ok(parsed),
            (Ok(parsed), Ok(_)) if !is_plain(&parsed) => {
                Err(answer.bad(format!("{name} in the document has a username or a fragment")))
            }
            _ => Err(answer.bad(format!("{name} in the document is not an https URL"))),
        };
        let jwks_uri = endpoint("jwks_uri", &document.jwks_uri)?;
        let userinfo = document.userinfo_endpoint.as_str().filter(|url| !url.is_empty());
        let provider = Self {
            authorization_endpoint: endpoint("authorization_endpoint", &document.authorization_endpoint)?,
            token_endpoint: endpoint("token_endpoint", &document.token_endpoint)?,
            userinfo_endpoint: userinfo.map(|url| endpoint("userinfo_endpoint", url)).transpose()?,
            sends_issuer: flag(&document.authorization_response_iss_parameter_supported) == Some(true),
            algorithms: algorithms(&document.id_token_signing_alg_values_supported),
            keys: RwLock::new(read_keys(http, &jwks_uri).await?),
            read_again: Mutex::new(None),
            jwks_uri,
            issuer: document.issuer,
        };
        Ok(provider)
    }

    pub(super) fn keys(&self) -> Arc<CoreJsonWebKeySet> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns newer keys than `old`, and requests them if necessary. If the last request is too recent, returns its
    /// failure or `None`.
    pub(super) async fn newer_keys(
        &self,
        old: &Arc<CoreJsonWebKeySet>,
        http: &Http,
        clock: &dyn Clock,
    ) -> Result<Option<Arc<CoreJsonWebKeySet>>, LoginError> {
        let mut read_again = self.read_again.lock().await;
        let current = self.keys();
        if !Arc::ptr_eq(&current, old) {
            return Ok(Some(current));
        }
        if let Some((last, failure)) = &*read_again
            && clock.now().since(*last) < KEY_INTERVAL
        {
            return match failure {
                Some(failure) => Err(LoginError::Server(KEYS, failure.copy())),
                None => Ok(None),
            };
        }
        let keys = read_keys(http, &self.jwks_uri).await;
        // Noted afterwards: a login that is dropped has read no keys for the next one.
        let failure = match &keys {
            Err(LoginError::Server(_, failure)) => Some(failure.copy()),
            _ => None,
        };
        *read_again = Some((clock.now(), failure));
        let keys = keys?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&keys);
        Ok(Some(keys))
    }
}

/// Returns whether a URL has neither a username, which looks like a host, nor a fragment, which RFC 6749 forbids.
fn is_plain(url: &Url) -> bool {
    url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
}

async fn read_keys(http: &Http, url: &Url) -> Result<Arc<CoreJsonWebKeySet>, LoginError> {
    Ok(Arc::new(http.get(KEYS, url.as_str()).await?.success()?))
}

/// Returns whether two issuers are the same URL, apart from a trailing slash.
pub(super) fn same_issuer(one: &str, other: &str) -> bool {
    let plain = |issuer: &str| {
        // In a URL, the case of the host and a default port make no difference.
        let url = Url::parse(issuer).map_or_else(|_| issuer.to_owned(), String::from);
        url.strip_suffix('/').map(str::to_owned).unwrap_or(url)
    };
    plain(one) == plain(other)
}

/// Returns the supported algorithms; if there are none, RS256, which the standard requires.
fn algorithms(value: &Value) -> Vec<CoreJwsSigningAlgorithm> {
    let listed = value.as_array().into_iter().flatten();
    let known: Vec<_> = listed
        .filter_map(|name| serde_json::from_value(name.clone()).ok())
        .filter(|algorithm| *algorithm != CoreJwsSigningAlgorithm::None)
        .collect();
    if known.is_empty() { vec![CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256] } else { known }
}
