//! Validation of host names.
//!
//! The names of VISE hosts are part of a response of the dashboard, and the account token is sent to these hosts. Each
//! name is therefore validated before anything is sent: only a plain DNS name over https on the standard port is
//! accepted; any other form is rejected and never corrected. The transport can reject names that resolve to private
//! addresses, see [`public_addresses_only`](crate::ClientBuilder::public_addresses_only).

use crate::host_refusal::HostRefusal;
use auth_client_core::Error;
use auth_client_core::provider::auth_core::Origin;
use auth_client_core::provider::{BaseUrl, is_host_name};
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;
use url::{Host, Url};

/// Names of local networks, including names below them: RFC 6761 and 6762, RFC 8375, ICANN's `.internal`,
/// appendix G of RFC 6762, and names that container platforms use.
const LOCAL: &[&str] = &[
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "home.arpa",
    "in-addr.arpa",
    "ip6.arpa",
    "svc",
];

/// Public domains whose subdomains resolve to the address in their name, or to loopback.
const POINTERS: &[&str] = &[
    "nip.io",
    "sslip.io",
    "xip.io",
    "traefik.me",
    "localtest.me",
    "lvh.me",
    "vcap.me",
    "lacolhost.com",
    "1u.ms",
    "rbndr.us",
];

/// A validated host: in lower case, in punycode, without a trailing dot.
///
/// ```
/// let host = vise_client::HostPolicy::new().check("Shop-1.VISE.example.").unwrap();
/// assert_eq!(host.name(), "shop-1.vise.example");
/// assert_eq!(host.origin().to_string(), "https://shop-1.vise.example");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ViseHost {
    origin: Origin,
}

impl ViseHost {
    fn named(name: &str, port: Option<u16>) -> Self {
        Self { origin: Origin::new(true, name, port) }
    }

    /// Returns the name without a port.
    #[must_use]
    pub fn name(&self) -> &str {
        self.origin.host()
    }

    /// Returns scheme, name and port.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    pub(crate) fn base_url(&self) -> Result<BaseUrl, Error> {
        BaseUrl::parse("host", &self.origin.to_string())
    }
}

/// Formats the name, with a port other than 443.
impl fmt::Display for ViseHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.origin.to_string();
        f.write_str(text.split_once("://").map_or(text.as_str(), |(_, rest)| rest))
    }
}

type Predicate = Arc<dyn Fn(&ViseHost) -> bool + Send + Sync>;

/// The hosts that a client may call.
///
/// A host must be a DNS name with at least one dot, over https, on port 443. The policy rejects IP addresses in any
/// notation, usernames, paths, queries, other ports, whitespace, control characters, backslashes, percent signs, and
/// names of the local machine and of local networks. A leading `https://`, a trailing slash and `:443` are accepted.
/// [`also_on_port`](Self::also_on_port) allows another port; a path is always rejected. Lists and predicates only add
/// restrictions:
///
/// ```
/// use vise_client::{HostPolicy, HostRefusal};
///
/// let policy = HostPolicy::new().only_below("vise.example");
/// assert_eq!(policy.check("https://Shop-1.VISE.example/").unwrap().name(), "shop-1.vise.example");
/// assert_eq!(policy.check("shop-1.example"), Err(HostRefusal::NotAllowed));
/// assert_eq!(policy.check("0x7f.1"), Err(HostRefusal::Address));
/// assert_eq!(policy.check("user@shop-1.vise.example"), Err(HostRefusal::UserInfo));
///
/// let policy = HostPolicy::new().only("a.example").only("b.example").only_if(|host| host.name() != "b.example");
/// assert_eq!(policy.check("b.example"), Err(HostRefusal::NotAllowed));
/// ```
#[derive(Clone, Default)]
pub struct HostPolicy {
    exact: Vec<String>,
    below: Vec<String>,
    predicate: Option<Predicate>,
    ports: Vec<u16>,
    loopback: bool,
    pub(crate) loopback_https: bool,
    /// Set if an entry of a list is not a valid host; such a list would match no hosts or the wrong ones.
    broken: bool,
}

impl HostPolicy {
    /// Creates a policy that allows every public DNS name.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows this host. All hosts that are listed neither here nor with [`only_below`](Self::only_below) are then
    /// rejected.
    #[must_use]
    pub fn only(mut self, host: &str) -> Self {
        match parse(host, &[]) {
            Ok(host) => self.exact.push(host.name().to_owned()),
            Err(_) => self.broken = true,
        }
        self
    }

    /// Allows this domain and its subdomains. All other hosts are then rejected, except those of [`only`](Self::only).
    #[must_use]
    pub fn only_below(mut self, domain: &str) -> Self {
        match parse(domain.trim_start_matches('.'), &[]) {
            Ok(host) => self.below.push(host.name().to_owned()),
            Err(_) => self.broken = true,
        }
        self
    }

    /// Adds a predicate, which is called with hosts that have passed all other checks. Hosts for which it returns
    /// `false` are rejected.
    #[must_use]
    pub fn only_if(mut self, predicate: impl Fn(&ViseHost) -> bool + Send + Sync + 'static) -> Self {
        self.predicate = Some(Arc::new(predicate));
        self
    }

    /// Also allows this port. Without it, a host with a port other than 443 is rejected: a manipulated response of the
    /// dashboard could otherwise direct calls to other services of an allowed host.
    ///
    /// ```
    /// use vise_client::HostPolicy;
    ///
    /// let policy = HostPolicy::new().only_below("vise.example").also_on_port(8443);
    /// let host = policy.check("https://shop-1.vise.example:8443").unwrap();
    /// assert_eq!(host.origin().to_string(), "https://shop-1.vise.example:8443");
    /// assert!(policy.check("shop-1.vise.example:8080").is_err());
    /// ```
    #[must_use]
    pub fn also_on_port(mut self, port: u16) -> Self {
        self.ports.push(port);
        self
    }

    /// **Only for tests against a local server.** Also allows `127.…`, `[::1]` and `localhost` with a port, regardless of
    /// the lists: over plain http, or over https if the dashboard is a loopback host over https. With this setting, a
    /// manipulated response of the dashboard can direct calls to services on the local machine.
    ///
    /// ```
    /// let policy = vise_client::HostPolicy::new().dangerously_allow_loopback_for_tests();
    /// assert!(policy.check("http://127.0.0.1:8080").is_ok());
    /// ```
    #[must_use]
    pub fn dangerously_allow_loopback_for_tests(mut self) -> Self {
        self.loopback = true;
        self
    }

    /// Checks a host from the dashboard.
    ///
    /// ```
    /// assert!(vise_client::HostPolicy::new().check("shop-1.vise.example").is_ok());
    /// ```
    ///
    /// # Errors
    ///
    /// The reason why the host must not be called.
    pub fn check(&self, host: &str) -> Result<ViseHost, HostRefusal> {
        if self.loopback
            && let Some(host) = parse_loopback(host, self.loopback_https)
        {
            return Ok(host);
        }
        let host = parse(host, &self.ports)?;
        let name = host.name();
        let has_lists = !self.exact.is_empty() || !self.below.is_empty();
        let is_listed = self.exact.iter().any(|exact| exact == name)
            || self.below.iter().any(|domain| is_below(name, domain));
        if self.broken || (has_lists && !is_listed) {
            return Err(HostRefusal::NotAllowed);
        }
        match &self.predicate {
            Some(predicate) if !predicate(&host) => Err(HostRefusal::NotAllowed),
            _ => Ok(host),
        }
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }
}

impl fmt::Debug for HostPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostPolicy")
            .field("only", &self.exact)
            .field("only_below", &self.below)
            .field("only_if", &self.predicate.is_some())
            .field("ports", &self.ports)
            .field("loopback", &self.loopback)
            .finish()
    }
}

/// Parses a public DNS name. Other forms are rejected before URL parsing, because URL parsers correct many of them.
fn parse(text: &str, ports: &[u16]) -> Result<ViseHost, HostRefusal> {
    if text.is_empty() {
        return Err(HostRefusal::Empty);
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(HostRefusal::Blank);
    }
    if text.contains('\\') {
        return Err(HostRefusal::Backslash);
    }
    if text.contains('%') {
        return Err(HostRefusal::Percent);
    }
    let rest = match text.get(..8) {
        Some(scheme) if scheme.eq_ignore_ascii_case("https://") => text.get(8..).unwrap_or_default(),
        _ if text.contains("://") => return Err(HostRefusal::Scheme),
        _ => text,
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains('@') {
        return Err(HostRefusal::UserInfo);
    }
    if rest.contains(['/', '?', '#']) {
        return Err(HostRefusal::Path);
    }
    if rest.contains(['[', ']']) {
        return Err(HostRefusal::Address);
    }
    let (host, port) = rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
    if host.contains(':') || port.is_some_and(|port| port.contains(':')) {
        // Only an IPv6 address without brackets has more than one colon.
        return Err(HostRefusal::Address);
    }
    let port = match port {
        None | Some("443") => None,
        // Compared as text, so that only the plain decimal form of an allowed port is accepted.
        Some(text) => {
            let allowed = ports.iter().find(|port| port.to_string() == text);
            Some(*allowed.ok_or(HostRefusal::Port)?)
        }
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.is_empty() {
        return Err(HostRefusal::Empty);
    }
    name(host).map(|name| ViseHost::named(&name, port))
}

/// Checks a name without scheme, port or path.
fn name(host: &str) -> Result<String, HostRefusal> {
    let url = Url::parse(&format!("https://{host}/"))
        .map_err(|_| if looks_numeric(host) { HostRefusal::Address } else { HostRefusal::NotAName })?;
    let name = match url.host() {
        Some(Host::Domain(name)) => name,
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => return Err(HostRefusal::Address),
        None => return Err(HostRefusal::NotAName),
    };
    // The parser's result must have the same labels: in lower case, with non-ASCII ones in punycode.
    let given: Vec<&str> = host.split('.').collect();
    let made: Vec<&str> = name.split('.').collect();
    let same = given.len() == made.len()
        && given.iter().zip(&made).all(|(given, made)| match given.is_ascii() {
            true => given.eq_ignore_ascii_case(made),
            false => made.starts_with("xn--"),
        });
    if !same {
        return Err(HostRefusal::Disguised);
    }
    if name.ends_with('.') || !is_host_name(name) {
        return Err(HostRefusal::NotAName);
    }
    if LOCAL.iter().any(|local| is_below(name, local)) {
        return Err(HostRefusal::Local);
    }
    if made.len() < 2 {
        return Err(HostRefusal::NoDot);
    }
    if made.last().is_some_and(|last| looks_numeric(last))
        || holds_address(&made)
        || POINTERS.iter().any(|pointer| is_below(name, pointer))
    {
        return Err(HostRefusal::Address);
    }
    Ok(name.to_owned())
}

fn is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Returns whether the last label is a decimal or hexadecimal number, which only IP addresses have.
fn looks_numeric(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let hexadecimal = last.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()));
    hexadecimal || (!last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Returns whether four consecutive labels are an IPv4 address, as in `127.0.0.1.example.com`.
fn holds_address(labels: &[&str]) -> bool {
    labels.windows(4).any(|four| four.join(".").parse::<Ipv4Addr>().is_ok())
}

/// Parses loopback names and addresses with a port, and the scheme of those that have none.
fn parse_loopback(text: &str, https: bool) -> Option<ViseHost> {
    let (secure, rest) = match text.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => (scheme == "https", rest),
        Some(_) => return None,
        None => (https, text),
    };
    let (host, port) = rest.strip_suffix('/').unwrap_or(rest).rsplit_once(':')?;
    let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse::<u16>().ok().filter(|port| is_port && *port != 0)?;
    let is_local = host == "localhost"
        || host == "[::1]"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    is_local.then(|| ViseHost { origin: Origin::new(secure, host, Some(port)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_names_pass_in_one_spelling() {
        for (text, name) in [
            ("vise.example", "vise.example"),
            ("VISE.Example", "vise.example"),
            ("vise.example.", "vise.example"),
            ("https://vise.example", "vise.example"),
            ("HTTPS://vise.example/", "vise.example"),
            ("vise.example/", "vise.example"),
            ("vise.example:443", "vise.example"),
            ("https://vise.example:443/", "vise.example"),
            ("a-1.b_2.vise.example", "a-1.b_2.vise.example"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("10.example", "10.example"),
            ("localhost.example", "localhost.example"),
            ("mylocal.example", "mylocal.example"),
            ("v1.2.3.example", "v1.2.3.example"),
        ] {
            let host = HostPolicy::new().check(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(host.name(), name, "{text}");
            assert_eq!(host.origin().to_string(), format!("https://{name}"));
        }
    }

    #[test]
    fn lists_narrow_and_never_widen() {
        let policy = HostPolicy::new().only("One.example").only_below(".two.example");
        for good in ["one.example", "two.example", "a.b.two.example", "https://ONE.example/"] {
            assert!(policy.check(good).is_ok(), "{good}");
        }
        for bad in ["a.one.example", "nottwo.example", "two.example.evil.example", "three.example"] {
            assert_eq!(policy.check(bad), Err(HostRefusal::NotAllowed), "{bad}");
        }
        assert_eq!(policy.check("two.example:8443"), Err(HostRefusal::Port));
        assert!(HostPolicy::new().only("127.0.0.1").check("127.0.0.1").is_err());
        assert!(HostPolicy::new().only("127.0.0.1").is_broken());

        let policy = policy.only_if(|host| host.name().starts_with('o'));
        assert!(policy.check("one.example").is_ok());
        assert_eq!(policy.check("a.two.example"), Err(HostRefusal::NotAllowed));
    }

    #[test]
    fn a_port_is_allowed_by_number() {
        let policy = HostPolicy::new().only_below("vise.example").also_on_port(8443).also_on_port(9000);
        for (text, origin) in [
            ("a.vise.example:8443", "https://a.vise.example:8443"),
            ("https://A.vise.example.:9000/", "https://a.vise.example:9000"),
            ("a.vise.example:443", "https://a.vise.example"),
            ("a.vise.example", "https://a.vise.example"),
        ] {
            assert_eq!(policy.check(text).unwrap().origin().to_string(), origin, "{text}");
        }
        for bad in ["8444", "08443", "+8443", "84430", "", "8443x"] {
            assert_eq!(policy.check(&format!("a.vise.example:{bad}")), Err(HostRefusal::Port), "{bad}");
        }
        assert_eq!(policy.check("a.vise.example:8443/x"), Err(HostRefusal::Path));
        assert_eq!(policy.check("http://a.vise.example:8443"), Err(HostRefusal::Scheme));
        assert_eq!(policy.check("127.0.0.1:8443"), Err(HostRefusal::Address));
        assert_eq!(policy.check("localhost:8443"), Err(HostRefusal::Local));
        assert_eq!(policy.check("b.example:8443"), Err(HostRefusal::NotAllowed));
    }

    #[test]
    fn the_switch_for_tests_lets_this_machine_pass_and_nothing_else() {
        let policy = HostPolicy::new().dangerously_allow_loopback_for_tests();
        for (text, origin) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("127.9.9.9:1", "http://127.9.9.9:1"),
            ("localhost:8080", "http://localhost:8080"),
            ("[::1]:8080", "http://[::1]:8080"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
            ("https://127.0.0.1:8443", "https://127.0.0.1:8443"),
            ("vise.example", "https://vise.example"),
        ] {
            assert_eq!(policy.check(text).unwrap().origin().to_string(), origin, "{text}");
            assert_eq!(HostPolicy::new().check(text).is_ok(), text == "vise.example", "{text}");
            let secure = HostPolicy { loopback_https: true, ..policy.clone() };
            let origin =
                if text.starts_with("http:") { origin.to_owned() } else { origin.replace("http:", "https:") };
            assert_eq!(secure.check(text).unwrap().origin().to_string(), origin, "{text}");
        }
        for bad in [
            "127.0.0.1",
            "localhost",
            "[::1]",
            "10.0.0.1:80",
            "2130706433:80",
            "127.1:80",
            "0x7f.1:80",
            "127.0.0.1:0",
            "127.0.0.1:+80",
            "127.0.0.1:65536",
            "user@127.0.0.1:80",
            "127.0.0.1:80/x",
            "127.0.0.1:80?x",
            "app.localhost:80",
            "LOCALHOST:80",
            "http://vise.example",
            "vise.example:80",
            "ftp://127.0.0.1:80",
            "0177.0.0.1:80",
            "[::ffff:127.0.0.1]:80",
            "127.0.0.1:80\n",
            " 127.0.0.1:80",
        ] {
            assert!(policy.check(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        /// Every accepted name is a plain name that a URL parser reads as exactly that name.
        #[test]
        fn what_passes_is_what_is_called(text in "[a-zA-Z0-9.@:/?#%\\\\ \u{ff10}-\u{ff19}\u{3002}\u{df}_\\[\\]-]{0,24}") {
            if let Ok(host) = HostPolicy::new().check(&text) {
                let url = Url::parse(&host.origin().to_string()).unwrap();
                prop_assert_eq!(url.host_str(), Some(host.name()));
                prop_assert!(matches!(url.host(), Some(Host::Domain(_))));
                prop_assert_eq!((url.port(), url.path(), url.scheme()), (None, "/", "https"));
                prop_assert!(host.name().contains('.') && url.username().is_empty());
                prop_assert_eq!(HostPolicy::new().check(host.name()), Ok(host));
            }
        }
    }
}
