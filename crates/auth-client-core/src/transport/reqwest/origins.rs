//! Conversion of URLs to reqwest's type, without parsing the host for every call.
//!
//! A call's URL is a validated base with another path, but reqwest requires a `Url`, and parsing one is the most
//! expensive part of building a request. So the part up to the path is parsed once per origin and copied.

use http::Uri;
use http::uri::Authority;
use std::sync::{Arc, PoisonError, RwLock};
use url::Url;

/// Maximum number of cached origins; further ones are parsed each time. A transport rarely has a second one.
const KEPT: usize = 64;

#[derive(Clone, Debug, Default)]
pub(crate) struct Origins {
    known: Arc<RwLock<Vec<Known>>>,
}

#[derive(Debug)]
struct Known {
    secure: bool,
    authority: Authority,
    url: Url,
}

impl Origins {
    /// Returns the URL as a `Url`, or the reason why it can't be sent: a `Url` would change its path or query and so
    /// invalidate a signature.
    pub(crate) fn url(&self, uri: &Uri) -> Result<Url, &'static str> {
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err("the scheme must be https or http"),
        };
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        // Two slashes at the start would name another host.
        if target.starts_with("//") {
            return Err("reqwest takes two slashes at the start of the path for a host");
        }
        let base = uri.authority().and_then(|authority| self.base(secure, authority));
        let base = base.ok_or("reqwest does not accept the host of the address")?;
        let url = Url::options().base_url(Some(&base)).parse(target);
        let url = url.map_err(|_| "reqwest does not accept the path of the address")?;
        match url.path() == uri.path() && url.query() == uri.query() {
            true => Ok(url),
            false => Err(
                "reqwest would change the path or the query, such as dots between slashes or an apostrophe",
            ),
        }
    }

    fn base(&self, secure: bool, authority: &Authority) -> Option<Url> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let same = |known: &&Known| known.secure == secure && known.authority.as_str() == authority.as_str();
        if let Some(known) = known.iter().find(same) {
            return Some(known.url.clone());
        }
        drop(known);
        let scheme = if secure { "https" } else { "http" };
        let url = Url::parse(&format!("{scheme}://{authority}/")).ok()?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() == KEPT {
            known.clear();
        }
        known.push(Known { secure, authority: authority.clone(), url: url.clone() });
        Some(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_out_as_they_went_in() {
        let origins = Origins::default();
        for _ in 0..2 {
            for text in [
                "https://a.example/v1/x?y=1",
                "https://a.example/",
                "https://a.example:8443/a%2Fb/%20",
                "http://127.0.0.1:81/a/b//c?q",
                "https://b.example/a~b-c_d.e?x=%C3%A9&y=",
            ] {
                let uri: Uri = text.parse().unwrap();
                assert_eq!(origins.url(&uri).unwrap().as_str(), text);
            }
        }
        assert_eq!(origins.known.read().unwrap().len(), 4);
    }

    #[test]
    fn what_a_url_would_change_is_refused() {
        let origins = Origins::default();
        for (text, part) in [
            ("https://a.example/a/../b", "would change"),
            ("https://a.example/%2e%2e/b", "would change"),
            ("https://a.example/a?'", "would change"),
            ("https://a.example//b.example/x", "two slashes"),
            ("https://a..b%/x", "the host"),
            ("ftp://a.example/x", "the scheme"),
            ("/relative", "the scheme"),
        ] {
            let Ok(uri) = text.parse() else { continue };
            let why = origins.url(&uri).unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
        }
    }

    #[test]
    fn many_origins_need_bounded_memory() {
        let origins = Origins::default();
        for port in 1..1000 {
            let uri: Uri = format!("http://127.0.0.1:{port}/x").parse().unwrap();
            assert_eq!(origins.url(&uri).unwrap().port(), if port == 80 { None } else { Some(port) });
        }
        assert!(origins.known.read().unwrap().len() <= KEPT);
    }
}
