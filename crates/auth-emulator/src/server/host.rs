//! The `Host` check. Only names that always refer to this machine are accepted: a web page can make a browser send requests
//! here under its own name (DNS rebinding), but it can't make it send one of these names.

use http::request::Parts;
use http::{StatusCode, Uri};

use crate::framework::checks::Checks;
use crate::framework::exchange::{Reply, header_once};

/// Why a request was rejected by this check.
pub(crate) const WRONG_HOST: &str = "the Host header is not 127.0.0.1, localhost or [::1] with this port";

pub(crate) fn check_host(parts: &Parts, port: u16, checks: &mut Checks) -> bool {
    let host = match header_once(&parts.headers, "host") {
        Ok(host) => host,
        Err(problem) => {
            checks.fail("host", format!("the Host header {}", problem.message()));
            return false;
        }
    };
    let accepted = is_local(host, &parts.uri, port);
    if accepted {
        checks.pass("host");
    } else {
        checks.fail("host", WRONG_HOST);
    }
    accepted
}

/// Whether the `Host` header, and the authority of an absolute request target, name this listener.
pub(crate) fn is_local(host: &str, uri: &Uri, port: u16) -> bool {
    names_this_listener(host, port)
        && uri.authority().is_none_or(|authority| names_this_listener(authority.as_str(), port))
}

fn names_this_listener(host: &str, port: u16) -> bool {
    let (name, given) = match host.rsplit_once(':') {
        Some((name, given)) if !given.ends_with(']') => (name, Some(given)),
        _ => (host, None),
    };
    let is_local = ["127.0.0.1", "localhost", "[::1]"].iter().any(|local| local.eq_ignore_ascii_case(name));
    // 80 is the one port that clients leave out.
    let is_this_port = given.map_or(port == 80, |given| given == port.to_string());
    is_local && is_this_port
}

/// The response to a request for another host.
pub(crate) fn wrong_host() -> Reply {
    let message = "this emulator accepts requests for 127.0.0.1, localhost and [::1] with its own port only";
    Reply::json(StatusCode::FORBIDDEN, &serde_json::json!({ "message": message }))
}

#[cfg(test)]
mod tests {
    use super::names_this_listener;

    #[test]
    fn only_local_names_with_the_right_port_are_accepted() {
        for host in ["127.0.0.1:8080", "localhost:8080", "LocalHost:8080", "[::1]:8080"] {
            assert!(names_this_listener(host, 8080), "{host}");
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
        ] {
            assert!(!names_this_listener(host, 8080), "{host}");
        }
        assert!(names_this_listener("localhost", 80));
    }
}
