//! Origins that credentials are bound to.
//!
//! An origin is the scheme, host and port of a URL. Each credential is bound to one. The engine compares it with the
//! URL of every request before it attaches a credential, so a link, a changed base URL or a next-page URL can't send a
//! secret to another host.

use http::Uri;
use std::fmt;

/// Scheme, host and port.
///
/// ```
/// use auth_core::Origin;
///
/// let origin = Origin::https("API.example.com");
/// assert_eq!(Origin::of(&"https://api.example.com:443/v1/users".parse()?), Some(origin.clone()));
/// assert_ne!(Origin::of(&"https://api.example.com:8443/v1/users".parse()?), Some(origin.clone()));
/// assert_ne!(Origin::of(&"http://api.example.com/v1/users".parse()?), Some(origin));
/// # Ok::<(), http::uri::InvalidUri>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    secure: bool,
    host: String,
    port: u16,
}

impl Origin {
    /// Creates an https origin on the default port.
    #[must_use]
    pub fn https(host: &str) -> Self {
        Self::new(true, host, None)
    }

    /// Creates an origin. A port of `None` means the default port of the scheme; the host is converted to lower case.
    ///
    /// ```
    /// # use auth_core::Origin;
    /// let origin = Origin::new(false, "LocalHost", Some(8080));
    /// assert_eq!((origin.is_secure(), origin.host(), origin.port()), (false, "localhost", 8080));
    /// assert_eq!(origin.to_string(), "http://localhost:8080");
    /// assert_eq!(Origin::new(true, "api.example.com", None).port(), 443);
    /// ```
    #[must_use]
    pub fn new(secure: bool, host: &str, port: Option<u16>) -> Self {
        Self { secure, host: host.to_ascii_lowercase(), port: port.unwrap_or(default_port(secure)) }
    }

    /// Returns the origin of an absolute `http` or `https` URI, or `None` for any other URI.
    ///
    /// ```
    /// # use auth_core::Origin;
    /// assert_eq!(Origin::of(&"/v1/users".parse()?), None, "a path has no origin");
    /// assert_eq!(Origin::of(&"ftp://example.com/".parse()?), None);
    /// # Ok::<(), http::uri::InvalidUri>(())
    /// ```
    #[must_use]
    pub fn of(uri: &Uri) -> Option<Self> {
        let secure = is_secure(uri)?;
        Some(Self::new(secure, uri.host()?, uri.port_u16()))
    }

    /// Returns `true` if the scheme is https.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Returns the host in lower case, without the port.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port, including a default one.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns `true` if the host is `localhost`, a subdomain of it, or a loopback address.
    ///
    /// ```
    /// # use auth_core::Origin;
    /// assert!(Origin::new(false, "127.0.0.1", Some(8080)).is_loopback());
    /// assert!(Origin::new(false, "api.localhost", None).is_loopback());
    /// assert!(!Origin::https("localhost.example.com").is_loopback());
    /// ```
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || host.ends_with(".localhost")
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// Formats the origin as `https://host`, with the port unless it is the default.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.secure { "https" } else { "http" }, self.host)?;
        if self.port == default_port(self.secure) { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

fn is_secure(uri: &Uri) -> Option<bool> {
    match uri.scheme_str()? {
        "https" => Some(true),
        "http" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scheme_host_and_port_all_count() {
        let origin = Origin::new(false, "127.0.0.1", Some(8080));
        for (uri, same) in [
            ("http://127.0.0.1:8080/", true),
            ("http://127.0.0.1:8081/", false),
            ("https://127.0.0.1:8080/", false),
            ("http://127.0.0.2:8080/", false),
            ("http://localhost:8080/", false),
            ("http://127.0.0.1/", false),
            ("/relative", false),
        ] {
            let found = Origin::of(&uri.parse().unwrap());
            assert_eq!(found.as_ref() == Some(&origin), same, "{uri}");
        }
    }

    #[test]
    fn loopback_is_recognised_in_its_spellings() {
        for (host, expected) in [
            ("localhost", true),
            ("a.localhost", true),
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("[::1]", true),
            ("localhost.example.com", false),
            ("10.0.0.1", false),
            ("notlocalhost", false),
        ] {
            assert_eq!(Origin::https(host).is_loopback(), expected, "{host}");
        }
    }

    #[test]
    fn the_default_port_is_that_of_the_scheme() {
        for (uri, secure, port) in [
            ("https://a.example/", true, 443),
            ("http://a.example/", false, 80),
            ("https://a.example:80/", true, 80),
            ("http://a.example:443/", false, 443),
        ] {
            let origin = Origin::of(&uri.parse().unwrap()).unwrap();
            assert_eq!((origin.is_secure(), origin.port()), (secure, port), "{uri}");
        }
        assert_eq!(Origin::of(&"ftp://a.example/".parse().unwrap()), None);
    }

    #[test]
    fn it_prints_without_the_default_port() {
        assert_eq!(Origin::https("A.example").to_string(), "https://a.example");
        assert_eq!(Origin::new(false, "a.example", Some(81)).to_string(), "http://a.example:81");
    }
}
