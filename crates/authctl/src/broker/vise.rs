//! VISE for clients that know its chain: the list of domains, a session per host, calls with its cookie and the token.
//!
//! A VISE host is an address, so a client can't be given a path prefix per host. It gets another socket of the proxy as the address of
//! every host, with the name of the host as its phrase; the cookie of a session is that name, too. None of them is a secret: every call
//! needs the token of its caller. Behind the socket, a call takes the way of `/vise/HOST/…`.

use super::problem::Problem;
use super::resolve::decoded;
use crate::json::{self, Line};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, Uri, header};
use std::net::SocketAddr;
use vise_client::AccountDomain;

/// The field with the name of a host, for clients that choose a domain by it.
pub(crate) const NAME: &str = "domain_vise_host";

/// The parameter with the phrase.
const PHRASE: &str = "pfk";
/// The beginning of the cookie of a session.
const SESSION: &str = "session=";

/// The socket that is the address of every host.
#[derive(Debug)]
pub(crate) struct Side {
    address: SocketAddr,
    /// Values of `Host`.
    hosts: Vec<String>,
    /// The path of a host begins with this.
    prefix: &'static str,
}

impl Side {
    pub(crate) fn new(address: SocketAddr, hosts: Vec<String>, only: Option<&str>) -> Self {
        Self { address, hosts, prefix: if only.is_some() { "/" } else { "/vise/" } }
    }

    /// The address of every host.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn has(&self, host: &str) -> bool {
        self.hosts.iter().any(|own| own == host)
    }

    /// Opens a session, or turns the target of a call with one into a path of its host. Requests to another socket stay as they are.
    pub(crate) fn enter(&self, head: &mut Parts) -> Result<Option<Response<Bytes>>, Problem> {
        let host = head.headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !self.has(&host.to_ascii_lowercase()) {
            return Ok(None);
        }
        if head.uri.path() == super::resolve::VISE_LOGIN {
            return opened(head.uri.query().unwrap_or_default()).map(Some);
        }
        let cookies = head.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut sessions = cookies
            .flat_map(|value| value.split(';'))
            .filter_map(|cookie| cookie.trim().strip_prefix(SESSION));
        let (Some(name), None) = (sessions.next().filter(|name| is_plain(name)), sessions.next()) else {
            let detail = "there is no session: open it by /auth?pfk= and the domain_vise_phrase of a domain";
            return Err(Problem::new(StatusCode::UNAUTHORIZED, "session", detail));
        };
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let target = format!("{}{name}{target}", self.prefix).parse::<Uri>();
        head.uri = target.map_err(|_| {
            Problem::new(StatusCode::BAD_REQUEST, "target", "the target is no path of a host")
        })?;
        Ok(None)
    }
}

/// The response to a phrase, which is the name of a host. Whether the account has the host shows at the first call, which needs a token.
fn opened(query: &str) -> Result<Response<Bytes>, Problem> {
    let query = decoded(query)?;
    let phrases: Vec<&String> =
        query.iter().filter(|(name, _)| name == PHRASE).map(|(_, value)| value).collect();
    let cookie = match phrases.as_slice() {
        [name] if is_plain(name) => HeaderValue::from_str(&format!("{SESSION}{name}; Path=/; HttpOnly")).ok(),
        _ => None,
    };
    let cookie = cookie.ok_or_else(|| {
        let detail = "pfk must be the domain_vise_phrase of a domain that this proxy has listed";
        Problem::new(StatusCode::FORBIDDEN, "unknown_host", detail)
    })?;
    let mut response = Response::new(Bytes::from_static(b"{}"));
    let headers = response.headers_mut();
    headers.insert(header::SET_COOKIE, cookie);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Whether a request is for the list of domains, and not for a host: `/vise/domains`.
pub(super) fn is_list(method: &Method, host: &str, path: &str) -> bool {
    method == Method::GET && host == "domains" && matches!(path, "" | "/")
}

/// Method, path and query of the calls of an agent: the list of domains without values, and otherwise a host, a method and a path.
pub(super) fn request(values: &[String]) -> Result<(Method, String, String), Problem> {
    let invalid = |detail: &str| Problem::new(StatusCode::BAD_REQUEST, "invalid_path", detail);
    let [host, method, path] = values else {
        return Ok((Method::GET, "/domains".to_owned(), String::new()));
    };
    if !is_plain(host) {
        return Err(invalid("`host` must be the domain_vise_host of a domain"));
    }
    let target = Some(path).filter(|path| path.starts_with('/')).and_then(|path| path.parse::<Uri>().ok());
    let target = target.ok_or_else(|| invalid("`path` must begin with a slash and be percent-encoded"))?;
    let method = method.parse().map_err(|_| invalid("`method` is no method"))?;
    Ok((method, format!("/{host}{}", target.path()), target.query().unwrap_or_default().to_owned()))
}

/// The list of domains as a caller gets it. A phrase never leaves the proxy.
pub(super) fn listed(domains: &[AccountDomain], side: Option<&Side>) -> Bytes {
    let rows: Vec<String> = domains.iter().map(|domain| row(domain, side)).collect();
    Bytes::from(format!("[{}]", rows.join(",")))
}

fn row(domain: &AccountDomain, side: Option<&Side>) -> String {
    let url = domain.vise_url.as_deref();
    let name = url.map(authority).filter(|name| domain.vise_phrase.is_some() && is_plain(name));
    let mut line = Line::default().text(NAME, name.as_deref());
    line = match side {
        Some(side) => line
            .text("domain_vise_url", name.as_ref().map(|_| side.url()).as_deref())
            .text("domain_vise_phrase", name.as_deref()),
        None => line.text("domain_vise_url", url),
    };
    let others = serde_json::to_string(&domain.other).unwrap_or_default();
    json::object(&others)
        .unwrap_or_default()
        .iter()
        .fold(line, |line, (name, value)| line.json(name, value))
        .end()
}

/// The host of `domain_vise_url`, with its port if it has one.
pub(crate) fn authority(url: &str) -> String {
    let rest = url.split("://").last().unwrap_or_default();
    rest.split('/').next().unwrap_or_default().to_ascii_lowercase()
}

/// Whether a name can be a segment of a path and the value of a cookie.
fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '[' | ']');
    (1..=300).contains(&name.len()) && name.chars().all(plain) && !name.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn entered(target: &str, host: &str, cookie: &str) -> Result<(Option<Response<Bytes>>, String), Problem> {
        let side = Side::new("127.0.0.1:99".parse().unwrap(), vec!["127.0.0.1:99".to_owned()], None);
        let request = Request::get(target).header("host", host).header("cookie", cookie).body(()).unwrap();
        let mut head = request.into_parts().0;
        side.enter(&mut head).map(|response| (response, head.uri.to_string()))
    }

    #[test]
    fn a_session_is_the_name_of_a_host_and_a_call_with_it_a_path_of_the_host() {
        let own = "127.0.0.1:99";
        let (response, _) = entered("/auth?pfk=shop-1.example%3A8443", own, "").unwrap();
        let response = response.unwrap();
        assert_eq!(response.headers()["set-cookie"], "session=shop-1.example:8443; Path=/; HttpOnly");
        let (response, target) = entered("/notes?a=%20b", own, "x=1; session=shop-1.example:8443").unwrap();
        assert!(response.is_none());
        assert_eq!(target, "/vise/shop-1.example:8443/notes?a=%20b");
        // Requests to the other socket.
        assert_eq!(entered("/virtuous/x", "127.0.0.1:98", "session=a.example").unwrap().1, "/virtuous/x");
        for (target, cookie, status) in [
            ("/auth", "", 403),
            ("/auth?pfk=", "", 403),
            ("/auth?pfk=a&pfk=b", "", 403),
            ("/auth?pfk=a%2Fb", "", 403),
            ("/auth?pfk=..", "", 403),
            ("/auth?pfk=a%0d%0ax", "", 403),
            ("/notes", "", 401),
            ("/notes", "session=", 401),
            ("/notes", "session=..", 401),
            ("/notes", "session=a/b", 401),
            ("/notes", "session=a?b", 401),
            ("/notes", "session=a%2fb", 401),
            ("/notes", "session=a; session=b", 401),
        ] {
            let problem = entered(target, own, cookie).unwrap_err();
            assert_eq!(problem.status.as_u16(), status, "{target} {cookie}");
        }
    }

    #[test]
    fn a_list_has_no_phrase_of_the_account() {
        let domains = [
            AccountDomain::new("https://Shop-1.example/", "a-secret"),
            AccountDomain::new("a b", "a-secret"),
        ];
        let side = Side::new("127.0.0.1:99".parse().unwrap(), Vec::new(), None);
        let text = |side| String::from_utf8(listed(&domains, side).to_vec()).unwrap();
        assert_eq!(
            text(Some(&side)),
            "[{\"domain_vise_host\":\"shop-1.example\",\"domain_vise_url\":\"http://127.0.0.1:99\",\
             \"domain_vise_phrase\":\"shop-1.example\"},\
             {\"domain_vise_host\":null,\"domain_vise_url\":null,\"domain_vise_phrase\":null}]"
        );
        assert!(text(None).contains("https://Shop-1.example/") && !text(None).contains("secret"));
    }
}
