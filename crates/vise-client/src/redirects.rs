//! Redirects of `/auth`: followed within the host's origin, with the cookies that were set so far and without the
//! token. The vendor's sample uses a session of Python's `requests`, which follows redirects too.

use crate::account::Account;
use crate::cookies::Jar;
use crate::error::OPEN;
use crate::host::ViseHost;
use crate::rules;
use crate::session_opener::SessionSigner;
use auth_client_core::provider::auth_core::StaticCredential;
use auth_client_core::provider::{Engine, Operation};
use auth_client_core::{Error, Idempotency, decode};
use bytes::Bytes;
use http::{Method, Response, header};
use std::sync::Arc;
use url::Url;

/// Follows the redirects of a response to `/auth`, stores the cookies of each response in the jar, and returns the last
/// response.
pub(crate) async fn follow(
    account: &Arc<Account>,
    host: &ViseHost,
    jar: &Arc<Jar>,
    mut response: Response<Bytes>,
) -> Result<Response<Bytes>, Error> {
    let options = &account.options;
    let base = host.base_url()?;
    let Ok(mut here) = Url::parse(&format!("{}{}", base.origin(), options.auth_path)) else {
        return Ok(response);
    };
    let mut method = options.auth_method.clone();
    let signer = SessionSigner { jar: Arc::clone(jar), account: None };
    let credential = Arc::new(StaticCredential::new(signer, base.origin().clone()));
    let engine = Engine::new(&account.settings, base, rules::Opening, Some(credential))?;
    for _ in 0..options.max_auth_redirects {
        let Some(next) = target(&here, &response) else { break };
        // As in browsers, only these two statuses keep the method.
        if !matches!(response.status().as_u16(), 307 | 308) {
            method = Method::GET;
        }
        let operation = Operation::new(OPEN, method.clone(), "", Idempotency::Read).sensitive();
        let request = engine.request_at(operation, next.path());
        let request =
            next.query_pairs().fold(request, |request, (name, value)| request.query(&name, &*value));
        response = request.call::<_, Error>(decode::raw).await?;
        jar.take(response.headers(), account.clock().now().wall);
        here = next;
    }
    Ok(response)
}

/// Returns the URL that a response redirects to, if it has the same origin.
fn target(here: &Url, response: &Response<Bytes>) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301..=303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(header::LOCATION)?.to_str().ok()?;
    let next = Url::options().base_url(Some(here)).parse(location).ok()?;
    (next.origin() == here.origin()).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_redirects_within_the_origin_are_followed() {
        let here = Url::parse("https://a.example/v2/auth").unwrap();
        for (status, location, followed) in [
            (302, "/home?x=1", Some("https://a.example/home?x=1")),
            (301, "home", Some("https://a.example/v2/home")),
            (303, "?next", Some("https://a.example/v2/auth?next")),
            (307, "https://a.example:443/x", Some("https://a.example/x")),
            (308, "//A.example/x#f", Some("https://a.example/x#f")),
            (302, "https://b.example/", None),
            (302, "//a.example.evil.example/", None),
            (302, "http://a.example/", None),
            (302, "https://a.example:8443/", None),
            (302, "https://a.example@evil.example/", None),
            (302, "\\\\evil.example/", None),
            (302, "javascript:alert(1)", None),
            (200, "/home", None),
            (304, "/home", None),
        ] {
            let response = Response::builder().status(status).header("location", location);
            let next = target(&here, &response.body(Bytes::new()).unwrap());
            assert_eq!(next.as_ref().map(Url::as_str), followed, "{status} {location}");
        }
    }
}
