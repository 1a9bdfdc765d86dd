//! The cause of a failed request, described for users.
//!
//! Libraries describe the failed step ("client error (Connect)"), and the cause is several levels deeper in the chain
//! of sources. This module searches the chain for known types and messages that contain no data of the request or the
//! response.

mod tls;

#[cfg(feature = "__rustls")]
pub(crate) use tls::NoTrustStore;
#[cfg(any(feature = "hyper", feature = "reqwest-013"))]
pub(crate) use tls::{is_refused_client, is_tls};

use super::Phase;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::io;

/// A description of a cause.
#[derive(Clone, Debug)]
pub(crate) struct Cause(Cow<'static, str>);

impl Cause {
    pub(crate) fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Cause {}

/// Returns an error and its causes, including those that are not part of the chain of sources: the cause that a
/// [`CredentialError`](auth_core::CredentialError) prints itself, and the inner errors of I/O errors.
pub fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| {
        if let Some(error) = error.downcast_ref::<auth_core::CredentialError>() {
            return Some(error.get_ref());
        }
        match error.downcast_ref::<io::Error>() {
            Some(error) => error.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}

/// Returns the cause of an error in this phase, if it is a known one.
pub(crate) fn of(error: &(dyn StdError + 'static), phase: Phase) -> Option<Cow<'static, str>> {
    // The failure of a connection to or through the proxy.
    let mut proxy = None;
    for cause in chain(error) {
        let own = cause.downcast_ref().map(|Cause(text)| text.clone());
        if let Some(text) =
            own.or_else(|| of_address(cause)).or_else(|| tls::of(cause)).or_else(|| of_io(cause))
        {
            let about_proxy = proxy.is_some() && !text.contains("proxy");
            return Some(if about_proxy { format!("{PROXY}: {text}").into() } else { text });
        }
        // The types of these are not public.
        match cause.to_string().as_str() {
            "tunnel error: proxy authorization required" => return Some(PROXY_LOGIN.into()),
            "tunnel error: unsuccessful" => return Some("the proxy refused to open a connection".into()),
            "connection closed before message completed" => {
                return Some(match phase {
                    Phase::Connecting => "the connection was closed before the request was sent".into(),
                    _ => "the connection was closed before the response was complete".into(),
                });
            }
            "invalid content-length parsed" => return Some("its Content-Length is invalid".into()),
            "unexpected transfer-encoding parsed" | "invalid transfer-encoding parsed" => {
                return Some("its Transfer-Encoding is not supported".into());
            }
            "message head is too large" => return Some("it has too many headers, or too long ones".into()),
            "invalid HTTP header parsed" => return Some("a header is invalid".into()),
            "invalid HTTP version parsed" => return Some("it begins with no version of HTTP/1".into()),
            "invalid HTTP status-code parsed" => return Some("its status is invalid".into()),
            message
                if message.get(..14).is_some_and(|start| start.eq_ignore_ascii_case("invalid chunk ")) =>
            {
                return Some("the length or the end of a chunk is invalid".into());
            }
            message => {
                proxy = proxy.or_else(|| message.strip_prefix(TUNNEL).map(|what| format!("{PROXY}{what}")));
            }
        }
    }
    proxy.map(Cow::from)
}

const PROXY: &str = "the proxy can't be used";

/// Start of the messages of proxy errors, in hyper-util and in this crate.
pub(crate) const TUNNEL: &str = "tunnel error";
pub(crate) const PROXY_LOGIN: &str = "the proxy requires a user name and a password (status 407)";

#[cfg(any(feature = "hyper", feature = "reqwest-013"))]
fn of_address(cause: &(dyn StdError + 'static)) -> Option<Cow<'static, str>> {
    let known = cause.is::<NotPublic>() || cause.is::<NotResolved>();
    known.then(|| cause.to_string().into())
}

#[cfg(not(any(feature = "hyper", feature = "reqwest-013")))]
fn of_address(_: &(dyn StdError + 'static)) -> Option<Cow<'static, str>> {
    None
}

fn of_io(cause: &(dyn StdError + 'static)) -> Option<Cow<'static, str>> {
    let error: &io::Error = cause.downcast_ref()?;
    let known = match error.kind() {
        io::ErrorKind::ConnectionRefused => "the connection was refused",
        io::ErrorKind::ConnectionReset => "the connection was reset",
        io::ErrorKind::ConnectionAborted | io::ErrorKind::NotConnected | io::ErrorKind::BrokenPipe => {
            "the connection was closed"
        }
        io::ErrorKind::UnexpectedEof if error.raw_os_error().is_none() => {
            "the connection was closed in the middle of the response"
        }
        io::ErrorKind::TimedOut => "the connection timed out",
        io::ErrorKind::HostUnreachable => "the host is unreachable",
        io::ErrorKind::NetworkUnreachable => "the network is unreachable",
        io::ErrorKind::NetworkDown => "the network is down",
        io::ErrorKind::PermissionDenied => "connecting is not permitted on this system",
        // The operating system's message, for example for too many open files.
        _ if error.raw_os_error().is_some() => return Some(error.to_string().into()),
        _ => return None,
    };
    Some(known.into())
}

/// A host resolves to an address that is not public. The error doesn't contain the address, because it reveals the
/// caller's network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotPublic;

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the host has an address that is private, local or reserved")
    }
}

impl StdError for NotPublic {}

/// A name that could not be resolved.
#[derive(Debug)]
pub(crate) struct NotResolved(pub(crate) io::Error);

impl fmt::Display for NotResolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of the host could not be resolved")?;
        // The operating system's message distinguishes temporary failures from unknown names, and doesn't contain the
        // name.
        match self.0.to_string().split_once(": ") {
            Some(("failed to lookup address information", why)) => write!(f, ": {why}"),
            _ => Ok(()),
        }
    }
}

impl StdError for NotResolved {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_behind_errors_of_io_and_of_credentials_are_in_the_chain() {
        let cause = || Cause::new("the clock is wrong");
        let io = io::Error::other(cause());
        let credential = auth_core::CredentialError::unavailable(io::Error::other(cause()));
        for error in [&io as &(dyn StdError + 'static), &credential] {
            assert!(chain(error).any(|cause| cause.is::<Cause>()), "{error}");
        }
        assert_eq!(chain(&cause()).count(), 1);
    }
}
