//! Base URLs, validated once.

use crate::encode::path;
use crate::error::Error;
use auth_core::Origin;
use http::uri::{Authority, Scheme};
use std::str::FromStr;
use url::Url;

/// A validated base URL, split into the parts that every request needs.
///
/// ```
/// use auth_client_core::provider::BaseUrl;
///
/// let base = BaseUrl::parse("base URL", "https://api.example.com/v1/")?;
/// assert_eq!(base.origin().to_string(), "https://api.example.com");
///
/// let error = BaseUrl::parse("ACME_BASE_URL", "http://api.example.com").unwrap_err();
/// assert_eq!(error.field(), Some("ACME_BASE_URL"));
/// # Ok::<(), auth_client_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BaseUrl {
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
    pub(crate) origin: Origin,
    pub(crate) path: String,
}

impl BaseUrl {
    /// Parses a base URL. `name` is used in errors, such as `base URL` or the name of a variable.
    ///
    /// # Errors
    ///
    /// A [`Configuration`](crate::ErrorKind::Configuration) error if the string is not an absolute URL, its
    /// scheme is not https (or http for a loopback address), or it has user information, a query or a fragment.
    pub fn parse(name: &'static str, text: &str) -> Result<Self, Error> {
        let refuse = |reason: &'static str| Err(Error::configuration(name, reason));
        let Ok(url) = Url::parse(text) else {
            return refuse("must be an absolute URL such as https://api.example.com");
        };
        let secure = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return refuse("scheme must be https (http is allowed for loopback only)"),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("must not contain a user name or password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("must not have a query or fragment");
        }
        let Some(host) = url.host_str() else {
            return refuse("must have a host");
        };
        let origin = Origin::new(secure, host, url.port());
        if !secure && !origin.is_loopback() {
            return refuse("scheme must be https (http is allowed for loopback only)");
        }
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let Ok(authority) = Authority::from_str(&authority) else {
            return refuse("its host is invalid");
        };
        Ok(Self {
            scheme: if secure { Scheme::HTTPS } else { Scheme::HTTP },
            authority,
            origin,
            path: url.path().trim_end_matches('/').to_owned(),
        })
    }

    /// Returns the origin, which credentials of this client are bound to.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns this base URL with a path appended, which must be percent-encoded; empty for none.
    ///
    /// ```
    /// # use auth_client_core::provider::BaseUrl;
    /// let base = BaseUrl::parse("base URL", "https://api.example.com")?.with_prefix("/v2")?;
    /// assert_eq!(base.origin().to_string(), "https://api.example.com");
    /// assert!(base.with_prefix("/../admin").is_err());
    /// # Ok::<(), auth_client_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A [`Configuration`](crate::ErrorKind::Configuration) error if the path does not start with a slash, has
    /// dot segments, or contains characters that are invalid in a path.
    pub fn with_prefix(mut self, prefix: &str) -> Result<Self, Error> {
        let prefix = prefix.trim_end_matches('/');
        if !prefix.is_empty() {
            path::check_raw(prefix).map_err(|reason| Error::configuration("path prefix", reason))?;
            self.path.push_str(prefix);
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_would_leak_are_refused() {
        for bad in [
            "",
            "api.example.com",
            "/v1",
            "ftp://a.example",
            "http://a.example",
            "http://10.0.0.1",
            "http://localhost.evil.example",
            "https://user:pw@a.example",
            "https://user@a.example",
            "https://a.example/?q=1",
            "https://a.example/#f",
            "https://",
            "file:///etc/passwd",
        ] {
            let error = BaseUrl::parse("base URL", bad).unwrap_err();
            assert_eq!(error.field(), Some("base URL"), "{bad}");
            assert!(!format!("{error} {error:?}").contains("pw"), "{error}");
        }
    }

    #[test]
    fn slashes_at_the_end_do_not_count() {
        for (text, path) in
            [("https://a.example", ""), ("https://a.example///", ""), ("https://a.example/x/", "/x")]
        {
            assert_eq!(BaseUrl::parse("base URL", text).unwrap().path, path, "{text}");
        }
    }

    #[test]
    fn a_prefix_is_checked_like_a_path() {
        let base = || BaseUrl::parse("base URL", "https://a.example/x").unwrap();
        assert_eq!(base().with_prefix("/v1/service/").unwrap().path, "/x/v1/service");
        assert_eq!(base().with_prefix("/").unwrap().path, "/x");
        assert_eq!(base().with_prefix("").unwrap().path, "/x");
        for bad in ["v1", "//evil.example", "/../y", "/a?b", "/a b"] {
            assert_eq!(base().with_prefix(bad).unwrap_err().field(), Some("path prefix"), "{bad}");
        }
    }

    #[test]
    fn http_is_fine_on_loopback() {
        for text in ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"] {
            let base = BaseUrl::parse("base URL", text).unwrap();
            assert_eq!(base.origin().port(), 1);
        }
    }
}
