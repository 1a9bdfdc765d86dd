//! The health check: one request over a plain socket, so that the program requires no HTTP client.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::failure::Failure;

const TIMEOUT: Duration = Duration::from_secs(5);

/// Checks that `GET /health` of the control API at `url` responds with 200.
pub(crate) fn health(url: &str, token: &str) -> Result<(), Failure> {
    let not_running =
        |reason: String| Failure::not_running(format!("no running emulator at {url}: {reason}"));
    let address =
        address_of(url).ok_or_else(|| not_running("not a URL such as http://127.0.0.1:4000".to_owned()))?;
    if token.contains(char::is_control) {
        return Err(not_running("the token contains a control character".to_owned()));
    }
    let status = status(address, token).map_err(|error| not_running(error.to_string()))?;
    match status.as_str() {
        "200" => Ok(()),
        "401" => Err(not_running("the token is wrong".to_owned())),
        other => Err(not_running(format!("status {other:?}"))),
    }
}

fn address_of(url: &str) -> Option<SocketAddr> {
    let authority = url.strip_prefix("http://")?.trim_end_matches('/');
    let authority = authority.replacen("localhost:", "127.0.0.1:", 1);
    // The token is sent to this machine only.
    authority.parse().ok().filter(|address: &SocketAddr| address.ip().is_loopback())
}

fn status(address: SocketAddr, token: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    write!(
        stream,
        "GET /health HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    )?;
    let mut response = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut response)?;
    let head = String::from_utf8_lossy(&response);
    Ok(head.split(' ').nth(1).unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::address_of;

    #[test]
    fn only_loopback_addresses_are_accepted() {
        assert!(address_of("http://127.0.0.1:4000").is_some());
        assert!(address_of("http://127.0.0.1:4000/").is_some());
        assert!(address_of("http://localhost:4000").is_some());
        assert!(address_of("http://[::1]:4000").is_some());
        for url in
            ["", "127.0.0.1:4000", "https://127.0.0.1:4000", "http://192.0.2.1:4000", "http://127.0.0.1"]
        {
            assert!(address_of(url).is_none(), "{url}");
        }
    }
}
