//! The caller of a request, as its credential names it. Fault rules and filters of the journal match it, and a namespace with
//! its own credentials is found by it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use sha2::{Digest as _, Sha256};

use crate::framework::exchange::{header_once, with_scheme};
use crate::framework::random::hex;
use crate::framework::redact::Secrets;

/// The header of the one provider that doesn't use `Authorization`.
const SERVICE_AUTH: &str = "x-service-auth";

/// The public part of the credential: the user name or key id where there is one, otherwise the fingerprint of the token.
/// `None` without a readable credential.
pub(crate) fn caller(headers: &HeaderMap) -> Option<String> {
    let (credential, is_pair) = credential(headers)?;
    Some(if is_pair { named_or_fingerprint(&credential) } else { fingerprint(&credential) })
}

/// The fingerprints of everything in a request that may be a credential: both parts of a pair, a token, cookies, and the secret
/// fields of the query and of a form.
pub(crate) fn credentials(headers: &HeaderMap, query: &str, form: &[u8]) -> Vec<String> {
    let mut found = Secrets::default();
    found.add_sent("form", form, query);
    let cookies = header_once(headers, "cookie").unwrap_or_default().split(';');
    cookies.filter_map(|pair| pair.split_once('=')).for_each(|(_, value)| found.add(value.trim()));
    match credential(headers) {
        Some((pair, true)) => pair.split(':').for_each(|part| found.add(part)),
        Some((token, false)) => found.add(&token),
        None => {}
    }
    found.fingerprints()
}

/// Whether a request has a credential in a header.
pub(crate) fn has_credential(headers: &HeaderMap) -> bool {
    headers.contains_key(SERVICE_AUTH) || headers.contains_key("authorization")
}

/// The credential in a header, and whether it is a name and a secret with a colon between them.
fn credential(headers: &HeaderMap) -> Option<(String, bool)> {
    if let Ok(pair) = header_once(headers, SERVICE_AUTH) {
        return Some((pair.to_owned(), true));
    }
    let given = header_once(headers, "authorization").ok()?;
    if let Some(pair) = with_scheme(given, "Basic") {
        return Some((String::from_utf8(STANDARD.decode(pair).ok()?).ok()?, true));
    }
    let value = given.split_once(' ').map_or(given, |(_, value)| value);
    Some((value.to_owned(), with_scheme(given, "Hmac").is_some()))
}

/// Whether `wanted` means this caller: its name, the token itself, or the fingerprint of one.
pub(crate) fn is_caller(wanted: &str, caller: Option<&str>) -> bool {
    caller.is_some_and(|caller| {
        caller == wanted
            || caller == fingerprint(wanted)
            || (wanted.starts_with('#') && unnamed(caller) == wanted)
    })
}

/// The caller without a name that may be none: its fingerprint.
pub(crate) fn unnamed(caller: &str) -> String {
    if caller.starts_with('#') { caller.to_owned() } else { fingerprint(caller) }
}

/// The first bytes of a digest, by which a token can be recognized but not used.
pub(crate) fn fingerprint(token: &str) -> String {
    let digest = Sha256::digest(token.as_bytes());
    format!("#{}", hex(digest.get(..6).unwrap_or_default()))
}

fn named_or_fingerprint(pair: &str) -> String {
    match pair.split_once(':') {
        // Only a fingerprint begins with a number sign.
        Some((name, _)) if !name.is_empty() && !name.starts_with('#') && name.len() <= 200 => name.to_owned(),
        _ => fingerprint(pair),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &'static str, value: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        caller(&headers)
    }

    #[test]
    fn only_the_public_part_of_a_credential_is_returned() {
        assert_eq!(of("x-service-auth", "anna:canary"), Some("anna".to_owned()));
        assert_eq!(of("authorization", "Basic YW5uYTpjYW5hcnk="), Some("anna".to_owned()));
        assert_eq!(of("authorization", "hmac KEY:canary:nonce:1"), Some("KEY".to_owned()));
        let bearer = of("authorization", "Bearer canary").unwrap();
        assert_eq!(of("authorization", "canary"), Some(bearer.clone()));
        assert!(bearer.starts_with('#') && !bearer.contains("canary"));
        assert_eq!(
            of("x-service-auth", "canary"),
            Some(bearer.clone()),
            "without a colon, all of it is secret"
        );
        assert_eq!(
            of("x-service-auth", "#canary:canary").map(|caller| caller.contains("canary")),
            Some(false)
        );
        assert_eq!((unnamed(&bearer), unnamed("canary")), (bearer.clone(), bearer.clone()));
        assert_eq!(of("authorization", "Basic ???"), None);
        assert_eq!(of("accept", "x"), None);
        assert!(is_caller("canary", Some(&bearer)) && is_caller(&bearer, Some(&bearer)));
        assert!(is_caller(&fingerprint("anna"), Some("anna")));
        assert!(!is_caller("canary", Some("anna")) && !is_caller("canary", None));
    }
}
