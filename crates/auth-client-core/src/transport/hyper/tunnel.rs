//! A tunnel through an http proxy: `CONNECT`, RFC 9110, section 9.3.6.
//!
//! hyper-util's implementation doesn't report the status of a proxy that rejects the tunnel.

use super::connect::ConnectFailure;
use crate::transport::Fault;
use crate::transport_error::cause::{Cause, PROXY_LOGIN};
use http::{HeaderValue, Uri};
use std::io;
use tokio::net::TcpStream;

/// Maximum size of the head of a proxy's response, in bytes.
const LIMIT: usize = 16 << 10;

/// Requests a connection to the target's host and port from the proxy at the other end of the stream.
pub(super) async fn open(
    proxy: TcpStream,
    target: &Uri,
    credentials: Option<&HeaderValue>,
) -> Result<TcpStream, ConnectFailure> {
    let host = target.host().unwrap_or_default();
    let port = target.port_u16().unwrap_or(443);
    let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n").into_bytes();
    if let Some(credentials) = credentials {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(credentials.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    write(&proxy, &request).await.map_err(ConnectFailure::Proxy)?;
    let head = head(&proxy).await.map_err(ConnectFailure::Proxy)?;
    match status(&head) {
        Some(200..=299) => Ok(proxy),
        Some(407) => Err(ConnectFailure::Refused(Fault::Proxy, Cause::new(PROXY_LOGIN))),
        Some(status) => {
            // The proxy forbids it, or its own connection to the server failed.
            let fault = if (400..500).contains(&status) { Fault::Proxy } else { Fault::Io };
            let cause = format!("the proxy refused to open a connection (status {status})");
            Err(ConnectFailure::Refused(fault, Cause::new(cause)))
        }
        None => Err(ConnectFailure::Proxy(io::Error::other(Cause::new("its response is not HTTP")))),
    }
}

async fn write(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads up to the end of the head, byte by byte, because the following bytes belong to the tunnel.
async fn head(stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.readable().await?;
        match stream.try_read(&mut byte) {
            Ok(0) => return Err(io::ErrorKind::ConnectionAborted.into()),
            Ok(_) if head.len() == LIMIT => {
                return Err(io::Error::other(Cause::new("its response is too long")));
            }
            Ok(_) => head.extend(byte),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(head)
}

/// Returns the status of a line such as `HTTP/1.1 407 Proxy Authentication Required`.
fn status(head: &[u8]) -> Option<u16> {
    let rest = head.strip_prefix(b"HTTP/1.")?;
    let digits = rest.get(2..5).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    let ends = rest.get(1) == Some(&b' ') && rest.get(5).is_some_and(|byte| matches!(byte, b' ' | b'\r'));
    if ends { std::str::from_utf8(digits).ok()?.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_status_line_has_a_status() {
        for (head, expected) in [
            (&b"HTTP/1.1 200 Connection established\r\n\r\n"[..], Some(200)),
            (b"HTTP/1.0 407 x\r\n\r\n", Some(407)),
            (b"HTTP/1.1 200\r\n\r\n", Some(200)),
            (b"HTTP/1.1 2000 x\r\n\r\n", None),
            (b"HTTP/2 200 OK\r\n\r\n", None),
            (b"HTTP/1.1 +20 OK\r\n\r\n", None),
            (b"SSH-2.0-x\r\n\r\n", None),
            (b"", None),
        ] {
            assert_eq!(status(head), expected, "{:?}", String::from_utf8_lossy(head));
        }
    }
}
