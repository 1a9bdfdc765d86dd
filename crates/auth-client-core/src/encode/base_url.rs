//! Validation of base URLs.

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

const NOT_ABSOLUTE: &str = "must be an absolute URL such as https://api.example.com";
const NOT_HTTPS: &str = "scheme must be https (http is allowed for loopback only)";

impl BaseUrl {
    /// Parses a base URL. `name` is its name in errors, such as `base URL` or the name of an environment variable.
    ///
    /// # Errors
    ///
    /// A [`Configuration`](crate::ErrorKind::Configuration) error if the string is not an absolute URL, its
    /// scheme is not https (or http for a loopback address), it has user information, a query or a fragment, or a
    /// URL parser would change it: blanks, line breaks, backslashes, double slashes, dot segments.
    pub fn parse(name: &'static str, text: &str) -> Result<Self, Error> {
        Self::checked(text).map_err(|reason| Error::configuration(name, reason))
    }

    fn checked(text: &str) -> Result<Self, &'static str> {
        // URL parsers silently remove, convert or encode such characters.
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("must not contain blanks, tabs, line breaks or control characters");
        }
        if !text.is_ascii() {
            return Err(
                "must be ASCII: an international host name in its form with `xn--`, a path percent-encoded",
            );
        }
        let (scheme, rest) = text.split_once("://").ok_or(NOT_ABSOLUTE)?;
        let secure = if scheme.eq_ignore_ascii_case("https") {
            true
        } else if scheme.eq_ignore_ascii_case("http") {
            false
        } else {
            return Err(NOT_HTTPS);
        };
        if rest.contains('\\') {
            return Err("must not contain backslashes");
        }
        if rest.contains(['?', '#']) {
            return Err("must not have a query or fragment");
        }
        let (host_and_port, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if host_and_port.is_empty() {
            return Err("must have a host");
        }
        if host_and_port.contains('@') {
            return Err("must not contain a user name or password");
        }
        let path = path.trim_end_matches('/');
        if path.contains("//") {
            return Err("must not contain two slashes in its path");
        }
        if !path.is_empty() {
            path::check_raw(path)?;
        }
        let url = Url::parse(text).map_err(|_| "must be an absolute URL with a valid host and port")?;
        let host = url.host_str().ok_or("must have a host")?;
        let written = match host_and_port.rsplit_once(':') {
            // The last colon of an IPv6 address without a port is inside its brackets.
            Some((host, port)) if !port.ends_with(']') => host,
            _ => host_and_port,
        };
        if !host.eq_ignore_ascii_case(written) {
            return Err("its host must be a name or an address in its usual form, such as 127.0.0.1");
        }
        if let Some(url::Host::Domain(name)) = url.host()
            && !is_host_name(name)
        {
            return Err("its host is not a name of letters, digits, hyphens and single dots");
        }
        if url.port() == Some(0) {
            return Err("its port must not be 0");
        }
        let origin = Origin::new(secure, host, url.port());
        if !secure && !origin.is_loopback() {
            return Err(NOT_HTTPS);
        }
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let authority = Authority::from_str(&authority).map_err(|_| "its host is invalid")?;
        let scheme = if secure { Scheme::HTTPS } else { Scheme::HTTP };
        Ok(Self { scheme, authority, origin, path: path.to_owned() })
    }

    /// Returns the origin that the client's credentials are bound to.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Appends a path, which must be percent-encoded; an empty path changes nothing.
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
            let two_slashes = prefix.contains("//").then_some("must not contain two slashes");
            let checked = two_slashes.map_or_else(|| path::check_raw(prefix), Err);
            checked.map_err(|reason| Error::configuration("path prefix", reason))?;
            self.path.push_str(prefix);
        }
        Ok(self)
    }
}

/// Returns whether a host can be the name of a machine: at most 253 characters, labels of 1 to 63 letters, digits, hyphens and
/// underscores without a hyphen at either end, and possibly a dot at the end. URL parsers accept more, and no call to such a
/// host succeeds.
///
/// ```
/// use auth_client_core::provider::is_host_name;
///
/// assert!(is_host_name("api.example.com") && is_host_name("localhost."));
/// assert!(!is_host_name("api..example.com") && !is_host_name("-api.example.com"));
/// ```
#[must_use]
pub fn is_host_name(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= 253 && host.strip_suffix('.').unwrap_or(host).split('.').all(is_label)
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

    /// A lenient parser accepts each of these and changes its destination.
    #[test]
    fn an_address_that_a_parser_would_change_is_refused_with_the_reason() {
        for (bad, reason) in [
            ("https://api.example.com//v1", "two slashes"),
            ("https://api.example.com/v1//x/", "two slashes"),
            ("https://api.exam\nple.com", "line breaks"),
            ("https://api.example.com/v\t1", "tabs"),
            ("https://api.example.com\r\n", "line breaks"),
            (" https://api.example.com", "blanks"),
            ("https://api.example.com ", "blanks"),
            ("https://api.example.com/a b", "blanks"),
            ("https://api.example.com\u{a0}", "blanks"),
            ("https://api.example.com/\0", "control characters"),
            ("https://api\u{200b}.example.com", "ASCII"),
            ("https://bücher.example", "xn--"),
            ("https://api.example.com/é", "percent-encoded"),
            ("https:\\\\api.example.com", "absolute URL"),
            ("https://api.example.com\\v1", "backslashes"),
            ("https:api.example.com", "absolute URL"),
            ("https:/api.example.com", "absolute URL"),
            ("https:///api.example.com", "host"),
            ("https://@api.example.com", "user name"),
            ("https://:@api.example.com", "user name"),
            ("https://api.example.com?", "query"),
            ("https://api.example.com/#", "fragment"),
            ("https://api.example.com/v1/../x", "dot segments"),
            ("https://api.example.com/%2E%2e/x", "dot segments"),
            ("https://api.example.com/.", "dot segments"),
            ("https://api.example.com/a|b", "percent-encoded"),
            ("https://api.example.com/%zz", "hexadecimal"),
            ("https://2130706433", "usual form"),
            ("http://0x7f.1:80", "usual form"),
            ("http://[::0001]:1", "usual form"),
            ("https://%61pi.example.com", "usual form"),
            ("https://api..example.com", "not a name"),
            ("https://.example.com", "not a name"),
            ("https://-api.example.com", "not a name"),
            ("https://api-.example.com", "not a name"),
            ("https://api.example.com;", "not a name"),
            ("https://api.example.com,b.example", "not a name"),
            ("https://*.example.com", "not a name"),
            ("https://api.example.com..", "not a name"),
            ("https://'api.example.com'", "not a name"),
            ("https://api.example.com:0", "port"),
            ("https://api.example.com:99999", "port"),
            ("https://api.example.com:x", "port"),
            ("https://a b", "blanks"),
        ] {
            let error = BaseUrl::parse("base URL", bad).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Configuration, "{bad:?}");
            assert!(error.to_string().contains(reason), "{bad:?}: {error}");
        }
    }

    #[test]
    fn what_is_accepted_is_called_as_it_is_written() {
        for (text, authority, path) in [
            ("https://API.example.com/V1", "api.example.com", "/V1"),
            ("HTTPS://api.example.com:443", "api.example.com", ""),
            ("https://api.example.com:8443/a%20b/c~d", "api.example.com:8443", "/a%20b/c~d"),
            ("https://xn--bcher-kva.example", "xn--bcher-kva.example", ""),
            ("http://[::1]:8080/x/", "[::1]:8080", "/x"),
            ("http://[::1]", "[::1]", ""),
            ("http://127.0.0.1", "127.0.0.1", ""),
            ("http://LOCALHOST:81", "localhost:81", ""),
            ("http://a.localhost:81/:x", "a.localhost:81", "/:x"),
            ("https://api_1.example.com.", "api_1.example.com.", ""),
        ] {
            let base = BaseUrl::parse("base URL", text).unwrap();
            assert_eq!((base.authority.as_str(), base.path.as_str()), (authority, path), "{text}");
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
        for bad in ["v1", "//evil.example", "/../y", "/a?b", "/a b", "/a//b"] {
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
