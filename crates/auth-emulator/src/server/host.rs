//! The `Host` check. Only names that always refer to this machine, or that the user has allowed, are accepted: a web page can
//! make a browser send requests here under its own name (DNS rebinding), but it can't make it send one of these names.

use std::net::IpAddr;

use http::request::Parts;
use http::{HeaderMap, StatusCode, Uri};

use crate::framework::checks::Checks;
use crate::framework::exchange::{Reply, header_once};

/// The names that a listener accepts.
#[derive(Clone, Debug)]
pub(crate) struct Hosts {
    /// `None`: a Unix socket, which no browser can reach. Every name is accepted.
    pub port: Option<u16>,
    /// The address of a listener that others can reach.
    pub ip: Option<IpAddr>,
    /// Names that the user has allowed, with any port: a container's port may be published as another one.
    pub allowed: Vec<String>,
}

impl Hosts {
    pub(crate) fn of_socket() -> Self {
        Self { port: None, ip: None, allowed: Vec::new() }
    }

    /// Checks that the `Host` header names this listener, and that an absolute request target names the same. The error is the
    /// reason.
    pub(crate) fn check(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), String> {
        let host = header_once(headers, "host")
            .map_err(|problem| format!("the Host header {}", problem.message()))?;
        if !self.names(host) {
            return Err(self.reason());
        }
        match uri.authority().filter(|authority| !authority.as_str().eq_ignore_ascii_case(host)) {
            Some(_) => Err("the request target names another host than the Host header".to_owned()),
            None => Ok(()),
        }
    }

    fn names(&self, host: &str) -> bool {
        let Some(port) = self.port else { return true };
        let (name, given) = match host.rsplit_once(':') {
            Some((name, given)) if !given.ends_with(']') => (name, Some(given)),
            _ => (host, None),
        };
        let is = |known: &str| known.eq_ignore_ascii_case(name);
        if self.allowed.iter().any(|allowed| is(allowed)) {
            return true;
        }
        let is_own = self.ip.is_some_and(|ip| is(&bracketed(ip)));
        let is_local = ["127.0.0.1", "localhost", "[::1]"].iter().any(|local| is(local));
        // 80 and 443 are the ports that clients leave out.
        let is_this_port = given.map_or(port == 80 || port == 443, |given| given == port.to_string());
        (is_local || is_own) && is_this_port
    }

    fn reason(&self) -> String {
        let mut names = vec!["127.0.0.1".to_owned(), "localhost".to_owned(), "[::1]".to_owned()];
        names.extend(self.ip.map(bracketed));
        let port = self.port.unwrap_or_default();
        let allowed = match self.allowed.join(", ") {
            allowed if allowed.is_empty() => String::new(),
            allowed => format!("; and {allowed} with any port"),
        };
        format!(
            "the Host header must be {} with the port {port}{allowed} (--allow-host NAME accepts another name)",
            names.join(", ")
        )
    }
}

/// An address as in a URL.
pub(crate) fn bracketed(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// Returns the response to a request for another host; `None` if it is for this one.
pub(crate) fn wrong_host(parts: &Parts, hosts: &Hosts, checks: &mut Checks) -> Option<Reply> {
    let Err(reason) = hosts.check(&parts.headers, &parts.uri) else {
        checks.pass("host");
        return None;
    };
    let reply = Reply::json(StatusCode::FORBIDDEN, &serde_json::json!({ "message": reason }));
    checks.fail("host", reason);
    Some(reply)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(ip: Option<&str>, allowed: &[&str]) -> Hosts {
        let allowed = allowed.iter().map(|&name| name.to_owned()).collect();
        Hosts { port: Some(8080), ip: ip.map(|ip| ip.parse().unwrap()), allowed }
    }

    #[test]
    fn only_local_names_with_the_right_port_are_accepted() {
        let local = hosts(None, &[]);
        for host in ["127.0.0.1:8080", "localhost:8080", "LocalHost:8080", "[::1]:8080"] {
            assert!(local.names(host), "{host}");
        }
        for host in [
            "",
            "127.0.0.1",
            "localhost",
            "[::1]",
            "::1:8080",
            "localhost:8081",
            "localhost:",
            "localhost:08080",
            "127.0.0.1.evil.example:8080",
            "evil.example:8080",
            "evil@localhost:8080",
            "127.0.0.2:8080",
            "0.0.0.0:8080",
            "emulator:8080",
        ] {
            assert!(!local.names(host), "{host}");
        }
        assert!(Hosts { port: Some(80), ..local }.names("localhost"));
    }

    #[test]
    fn allowed_names_have_any_port_and_the_own_address_its_own() {
        let reachable = hosts(Some("192.0.2.7"), &["emulator", "api.test"]);
        for host in ["emulator:8080", "EMULATOR", "api.test:443", "192.0.2.7:8080", "localhost:8080"] {
            assert!(reachable.names(host), "{host}");
        }
        for host in ["emulator.example:8080", "192.0.2.7", "192.0.2.7:80", "192.0.2.8:8080", "localhost"] {
            assert!(!reachable.names(host), "{host}");
        }
        assert!(reachable.reason().contains("192.0.2.7 with the port 8080; and emulator, api.test with any"));
        let mut headers = HeaderMap::new();
        headers.insert("host", "emulator".parse().unwrap());
        let check = |uri| reachable.check(&headers, &Uri::from_static(uri));
        assert_eq!((check("/a"), check("http://Emulator/a")), (Ok(()), Ok(())));
        assert!(check("http://evil.example/").is_err() && check("http://api.test/").is_err());
    }

    #[test]
    fn a_socket_accepts_every_name() {
        assert!(Hosts::of_socket().names("anything"));
    }
}
