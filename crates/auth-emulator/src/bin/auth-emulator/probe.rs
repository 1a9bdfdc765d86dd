//! Asks a running emulator whether it is well: one request over a plain socket, so that the program needs no HTTP client.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::Failure;

const PATIENCE: Duration = Duration::from_secs(5);

/// Whether `GET /health` of the control API at `url` answers 200.
pub(crate) fn health(url: &str, token: &str) -> Result<(), Failure> {
    let not_there = |why: String| Failure::not_running(format!("no emulator answers at {url}: {why}"));
    let address =
        address_of(url).ok_or_else(|| not_there("that is no URL like http://127.0.0.1:4000".to_owned()))?;
    if token.contains(char::is_control) {
        return Err(not_there("the token has a control character in it".to_owned()));
    }
    let status = ask(address, token).map_err(|error| not_there(error.to_string()))?;
    match status.as_str() {
        "200" => Ok(()),
        "401" => Err(not_there("the token is wrong".to_owned())),
        other => Err(not_there(format!("status {other:?}"))),
    }
}

fn address_of(url: &str) -> Option<SocketAddr> {
    let authority = url.strip_prefix("http://")?.trim_end_matches('/');
    let authority = authority.replacen("localhost:", "127.0.0.1:", 1);
    // The token goes to this machine only.
    authority.parse().ok().filter(|address: &SocketAddr| address.ip().is_loopback())
}

fn ask(address: SocketAddr, token: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET /health HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut answer)?;
    let head = String::from_utf8_lossy(&answer);
    Ok(head.split(' ').nth(1).unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::address_of;

    #[test]
    fn only_addresses_of_this_machine_are_asked() {
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
