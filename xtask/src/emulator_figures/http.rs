//! HTTP as bytes on a socket: no library decides what may be sent.

use crate::Failure;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// A connection that is kept.
pub(super) struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Connection {
    /// Connects to a base URL; its path is not used.
    pub(super) fn open(url: &str) -> Result<Self, Failure> {
        let host = host_of(url).ok_or_else(|| failed(format!("{url:?} is no http URL")))?;
        let connect = || {
            let stream = TcpStream::connect(host)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            Ok(stream)
        };
        let stream = connect().map_err(|error: std::io::Error| failed(format!("{host}: {error}")))?;
        Ok(Self { stream: BufReader::new(stream), host: host.to_owned() })
    }

    /// Sends a request; each header is a line as it goes on the wire, without its end.
    pub(super) fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[&[u8]],
        body: &[u8],
    ) -> Result<Answer, Failure> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.host).into_bytes();
        if !body.is_empty() {
            let length = body.len();
            request.extend(format!("content-type: application/json\r\ncontent-length: {length}\r\n").bytes());
        }
        for header in headers {
            request.extend_from_slice(header);
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        request.extend_from_slice(body);
        self.exchange(&request).map_err(|error| failed(format!("{method} {path}: {error}")))
    }

    fn exchange(&mut self, request: &[u8]) -> std::io::Result<Answer> {
        self.stream.get_mut().write_all(request)?;
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if line.trim_end().is_empty() {
                break;
            }
            head.push(line);
        }
        let (status, length) = read_head(&head).ok_or(std::io::ErrorKind::InvalidData)?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Answer { status, body })
    }
}

/// Host and port of an http URL.
fn host_of(url: &str) -> Option<&str> {
    url.trim().strip_prefix("http://")?.split('/').next().filter(|host| !host.is_empty())
}

/// The status and the length of the body.
fn read_head(lines: &[String]) -> Option<(u16, usize)> {
    let (first, rest) = lines.split_first()?;
    let status = first.strip_prefix("HTTP/1.1 ")?.split_whitespace().next()?.parse().ok()?;
    let mut length = 0;
    for line in rest {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
        // The emulator sends none; reading one as empty would be wrong in silence.
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return None;
        }
    }
    Some((status, length))
}

pub(super) fn failed(what: String) -> Failure {
    Failure::new(what, super::NEXT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(lines: &[&str]) -> Option<(u16, usize)> {
        read_head(&lines.iter().map(|line| format!("{line}\r\n")).collect::<Vec<_>>())
    }

    #[test]
    fn heads_are_read() {
        assert_eq!(head(&["HTTP/1.1 401 Unauthorized", "Content-Length: 12", "date: x"]), Some((401, 12)));
        assert_eq!(head(&["HTTP/1.1 202 Accepted"]), Some((202, 0)));
        for bad in [&[][..], &["SSH-2.0"], &["HTTP/1.1 200 OK", "transfer-encoding: chunked"]] {
            assert_eq!(head(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn the_host_is_what_stands_before_the_path() {
        assert_eq!(host_of("http://127.0.0.1:80/v1\n"), Some("127.0.0.1:80"));
        assert_eq!((host_of("https://a"), host_of("http:///a")), (None, None));
    }
}
