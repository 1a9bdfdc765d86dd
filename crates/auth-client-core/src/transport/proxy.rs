//! Selects the proxy of a transport, and the hosts that it reaches without one.
//!
//! The rules of `NO_PROXY` are this crate's own, so that both transports have the same: the libraries ignore entries with a
//! port and entries such as `*.example.com`.

use super::TransportSettings;
use super::addresses::without_root;
use super::settings::ProxySource;
use crate::encode::base_url::is_host_name;
use crate::encode::path::STRICT;
use crate::env;
use crate::error::Error;
use auth_core::Origin;
use auth_core::secret::{ExposeSecret as _, SecretString, check_password, check_user_name};
use percent_encoding::utf8_percent_encode;
use std::net::IpAddr;
use url::Url;

/// A proxy and the hosts that are reached without it.
pub(super) struct Proxy {
    pub(super) url: String,
    pub(super) exempt: Exempt,
    /// The setting or the variable that names the proxy, for errors.
    pub(super) source: &'static str,
}

/// Hosts that are reached without the proxy: loopback addresses, and those of `NO_PROXY`.
#[derive(Clone, Debug, Default)]
pub(super) struct Exempt(Vec<Rule>);

#[derive(Clone, Debug, PartialEq)]
struct Rule {
    hosts: Hosts,
    /// `None`: every port.
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq)]
enum Hosts {
    All,
    /// This name and the names below it.
    Name(String),
    /// The addresses that begin with this number of bits of the address.
    Network(IpAddr, u8),
}

impl Proxy {
    /// Returns the proxy to use, if any, after the checks that both transports share.
    pub(super) fn resolve(settings: &TransportSettings) -> Result<Option<Self>, Error> {
        settings.resolver.check_names()?;
        let proxy = match &settings.proxy {
            None => None,
            Some(ProxySource::Url(url)) => {
                let url = valid("proxy", url.expose_secret())?;
                Some(Self { url, exempt: Exempt::default(), source: "proxy" })
            }
            Some(ProxySource::Environment) => from_environment(&env::optional)?,
        };
        match (&proxy, &settings.proxy_credentials, &settings.proxy) {
            (Some(proxy), ..) if settings.resolver.is_guarded() => Err(Error::configuration(
                proxy.source,
                "public_addresses_only can't be combined with a proxy, which resolves names itself",
            )),
            (Some(proxy), Some((user, password)), _) => proxy.with_credentials(user, password).map(Some),
            (None, Some(_), None) => Err(Error::configuration("proxy credentials", "there is no proxy")),
            _ => Ok(proxy),
        }
    }

    /// Returns the proxy's URL with a percent-encoded username and password.
    fn with_credentials(&self, user: &str, password: &SecretString) -> Result<Self, Error> {
        let refuse = |reason: &str| Error::configuration("proxy credentials", reason.to_owned());
        let password = password.expose_secret();
        check_user_name("user name", user)
            .map_err(|invalid| refuse(&format!("the user name {}", invalid.reason())))?;
        // A proxy may have no password.
        if !password.is_empty() {
            check_password("password", password)
                .map_err(|invalid| refuse(&format!("the password {}", invalid.reason())))?;
        }
        let mut url = Url::parse(&self.url).map_err(|_| refuse("the proxy has no valid address"))?;
        let encode = |text: &str| utf8_percent_encode(text, STRICT).to_string();
        let set = url.set_username(&encode(user)).and_then(|()| url.set_password(Some(&encode(password))));
        set.map_err(|()| refuse("the proxy has no host to send them to"))?;
        Ok(Self { url: url.into(), exempt: self.exempt.clone(), source: self.source })
    }
}

impl Exempt {
    /// Parses the value of `NO_PROXY`. Entries that are neither a host nor a network are ignored, as everywhere: the
    /// variable is shared with other programs.
    fn parse(list: &str) -> Self {
        let separates = |c: char| c == ',' || c.is_whitespace();
        Self(list.split(separates).filter_map(|entry| Rule::parse(&entry.to_ascii_lowercase())).collect())
    }

    /// Returns whether this origin is reached without the proxy.
    pub(super) fn contains(&self, origin: &Origin) -> bool {
        origin.is_loopback() || self.0.iter().any(|rule| rule.contains(origin.host(), origin.port()))
    }
}

impl Rule {
    fn parse(entry: &str) -> Option<Self> {
        if let Some((address, bits)) = entry.split_once('/') {
            let (address, bits) = (address.parse().ok()?, bits.parse().ok()?);
            let hosts = (bits <= width(address)).then_some(Hosts::Network(address, bits))?;
            return Some(Self { hosts, port: None });
        }
        let (host, port) = match entry.rsplit_once(':') {
            // Without brackets, an address of version 6 has no port.
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, Some(port.parse().ok()?))
            }
            _ => (entry, None),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if let Ok(address) = bare.parse() {
            return Some(Self { hosts: Hosts::Network(address, width(address)), port });
        }
        if host == "*" {
            return Some(Self { hosts: Hosts::All, port });
        }
        let name = without_root(host.strip_prefix('*').unwrap_or(host));
        let name = name.strip_prefix('.').unwrap_or(name);
        is_host_name(name).then(|| Self { hosts: Hosts::Name(name.to_owned()), port })
    }

    fn contains(&self, host: &str, port: u16) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let is_this_host = match &self.hosts {
            Hosts::All => true,
            Hosts::Network(network, bits) => {
                host.parse().is_ok_and(|address| is_within(address, *network, *bits))
            }
            // The end of an address is no name.
            Hosts::Name(_) if host.parse::<IpAddr>().is_ok() => false,
            Hosts::Name(name) => {
                let above = without_root(host).strip_suffix(name.as_str());
                above.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
        };
        is_this_host && self.port.is_none_or(|own| own == port)
    }
}

/// Returns the number of bits of an address.
fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn is_within(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    let number = |address| match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    };
    let others = u32::from(width(network) - bits);
    let start = |address| number(address).checked_shr(others);
    address.is_ipv4() == network.is_ipv4() && start(address) == start(network)
}

/// Reads no `HTTP_PROXY`, because plain http is allowed for loopback only.
fn from_environment(
    variable: &dyn Fn(&'static str) -> Result<Option<String>, Error>,
) -> Result<Option<Proxy>, Error> {
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let Some(url) = variable(name)? else { continue };
        let exempt = match variable("NO_PROXY")? {
            Some(exempt) => Some(exempt),
            None => variable("no_proxy")?,
        };
        let exempt = Exempt::parse(&exempt.unwrap_or_default());
        return Ok(Some(Proxy { url: valid(name, &url)?, exempt, source: name }));
    }
    Ok(None)
}

/// Returns the URL with its scheme. Errors don't quote it, because it may contain a password.
fn valid(source: &'static str, url: &str) -> Result<String, Error> {
    let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    let is_clean = !url.chars().any(|c| c.is_whitespace() || c.is_control());
    match Url::parse(&url) {
        // Normalized, so that both libraries parse it in the same way: a library silently ignores a proxy whose URL it
        // can't parse.
        Ok(parsed)
            if is_clean
                && parsed.has_host()
                && matches!(parsed.scheme(), "http" | "https")
                && parsed.as_str().parse::<http::Uri>().is_ok_and(|uri| uri.host().is_some()) =>
        {
            Ok(parsed.into())
        }
        _ => Err(Error::configuration(
            source,
            "it must be the http or https address of a proxy, such as http://proxy.example:3128",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(set: &'static [(&'static str, &'static str)]) -> Result<Option<Proxy>, Error> {
        from_environment(&|name| {
            Ok(set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        })
    }

    #[test]
    fn the_environment_names_a_proxy_and_its_exceptions() {
        assert!(environment(&[("HTTP_PROXY", "http://p.example"), ("NO_PROXY", "x")]).unwrap().is_none());
        for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            let proxy = from_environment(&|wanted| Ok((wanted == name).then(|| "p.example:1".to_owned())));
            let proxy = proxy.unwrap().unwrap();
            assert_eq!((proxy.url.as_str(), proxy.source), ("http://p.example:1/", name));
            assert!(!proxy.exempt.contains(&Origin::https("b.example")));
        }
        let both = environment(&[("ALL_PROXY", "http://a.example"), ("HTTPS_PROXY", "http://b.example")]);
        assert_eq!(both.unwrap().unwrap().url, "http://b.example/", "the more specific one");
        let exempt = environment(&[("ALL_PROXY", "http://a.example"), ("no_proxy", "b.example")]);
        assert!(exempt.unwrap().unwrap().exempt.contains(&Origin::https("b.example")));
    }

    #[test]
    fn no_proxy_names_hosts_networks_and_ports() {
        let is_exempt =
            |list: &str, url: &str| Exempt::parse(list).contains(&Origin::of(&url.parse().unwrap()).unwrap());
        for (list, url) in [
            ("corp", "https://corp"),
            ("corp", "https://a.gateway.corp"),
            (".corp", "https://corp"),
            (".corp", "https://gateway.corp"),
            ("*.corp", "https://gateway.corp"),
            ("*.corp", "https://a.gateway.corp:8443"),
            ("*.corp:8443", "https://gateway.corp:8443"),
            ("Gateway.CORP", "https://gateway.corp:8443"),
            ("gateway.corp.", "https://gateway.corp"),
            ("gateway.corp", "https://gateway.corp."),
            ("gateway.corp:8443", "https://gateway.corp:8443"),
            ("gateway.corp:443", "https://gateway.corp"),
            ("x.example, gateway.corp ,", "https://gateway.corp"),
            ("x.example gateway.corp", "https://gateway.corp"),
            ("*", "https://api.example"),
            ("*:8443", "https://api.example:8443"),
            ("10.1.2.3", "https://10.1.2.3:8443"),
            ("10.1.2.3:8443", "https://10.1.2.3:8443"),
            ("10.0.0.0/8", "https://10.200.1.1"),
            ("10.1.2.0/25", "https://10.1.2.127"),
            ("0.0.0.0/0", "https://192.0.2.1"),
            ("fd00::1", "https://[fd00::1]:8443"),
            ("[fd00::1]", "https://[fd00::1]"),
            ("[fd00::1]:8443", "https://[fd00::1]:8443"),
            ("fd00::/8", "https://[fdff::1]"),
            ("::/0", "https://[fdff::1]"),
            ("", "http://localhost:1"),
            ("", "https://127.9.9.9"),
            ("", "https://[::1]"),
        ] {
            assert!(is_exempt(list, url), "{list}: {url}");
        }
        for (list, url) in [
            ("corp", "https://notcorp"),
            ("*.corp", "https://gateway.corp.example"),
            ("gateway.corp:8443", "https://gateway.corp"),
            ("gateway.corp:8443", "https://gateway.corp:18443"),
            ("*:8443", "https://api.example"),
            ("10.1.2.3:8443", "https://10.1.2.3"),
            ("10.1.2.0/25", "https://10.1.2.128"),
            ("fd00::/8", "https://[fe00::1]"),
            ("0.0.0.0/0", "https://[fdff::1]"),
            ("0.0.0.1", "https://[::1:0:1]"),
            ("[fd00::1]:8443", "https://[fd00::1]"),
            // These name nothing.
            ("192.168.*", "https://192.168.1.1"),
            ("2.3", "https://10.1.2.3"),
            ("10.0.0.0/33", "https://10.0.0.1"),
            ("https://gateway.corp", "https://gateway.corp"),
            ("gateway.corp:x", "https://gateway.corp"),
            ("<local>,.,*.,:,/,[,]", "https://gateway.corp"),
        ] {
            assert!(!is_exempt(list, url), "{list}: {url}");
        }
    }

    #[test]
    fn an_invalid_address_is_an_error_that_names_its_source_and_does_not_quote_it() {
        let error = environment(&[("HTTPS_PROXY", "http://user:canary@ no")]).err().unwrap();
        assert_eq!(error.field(), Some("HTTPS_PROXY"));
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        for bad in [
            "http://",
            "http://p.example:1\n",
            "http://user:a b@p.example",
            "socks5://p.example",
            "http://p.example:x",
        ] {
            assert_eq!(valid("proxy", bad).unwrap_err().field(), Some("proxy"), "{bad:?}");
        }
    }

    #[test]
    fn every_address_that_is_accepted_is_one_that_the_libraries_accept() {
        for good in [
            "http://user:p@ss@p.example:1",
            "http://u%20x:%C3%A9@p.example",
            "p.example",
            "http://[::1]:3128/x",
        ] {
            let url = valid("proxy", good).unwrap();
            assert!(url.parse::<http::Uri>().is_ok_and(|uri| uri.authority().is_some()), "{good}: {url}");
        }
    }

    #[test]
    fn credentials_are_encoded_and_need_a_proxy() {
        let settings = || TransportSettings::new().proxy_credentials("ro bot", "p@s:s/%40#".to_owned());
        let proxy = Proxy::resolve(&settings().proxy("http://old:one@p.example:1")).unwrap().unwrap();
        assert_eq!(proxy.url, "http://ro%20bot:p%40s%3As%2F%2540%23@p.example:1/");
        assert_eq!(Proxy::resolve(&settings()).err().unwrap().field(), Some("proxy credentials"));
        let pasted = settings().proxy("http://p.example").proxy_credentials("u", "canary\n".to_owned());
        assert_eq!(Proxy::resolve(&pasted).err().unwrap().field(), Some("proxy credentials"));
        for user in ["", "a:b", "a\n", " a", "a\u{200b}"] {
            let settings = settings().proxy("http://p.example").proxy_credentials(user, "canary".to_owned());
            let error = Proxy::resolve(&settings).err().unwrap();
            assert_eq!(error.field(), Some("proxy credentials"));
            assert!(!format!("{error:?} {settings:?}").contains("canary"), "{error:?}");
        }
    }
}
