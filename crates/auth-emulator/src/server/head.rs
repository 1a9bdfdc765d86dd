//! The head of a request as it is on the wire. hyper accepts more than RFC 9112 allows a client to send, such as two equal
//! lengths, or a length besides chunks, and a server behind a proxy may read the same bytes as two requests. What is refused here
//! never reaches a provider.

/// How the end of the body is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(u64),
    Chunked,
}

/// The reason for the refusal of a head, and the status line of the response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub status: &'static str,
    pub reason: String,
}

pub(crate) const BAD_REQUEST: &str = "400 Bad Request";

/// The limits of hyper, which are checked first.
pub(crate) const MAX_HEAD: usize = 400 * 1024;
const MAX_HEADERS: usize = 100;
const MAX_TARGET: usize = 65_534;

pub(crate) fn too_large() -> Flaw {
    let reason = format!(
        "the request's head is larger than {} KiB or has more than {MAX_HEADERS} headers: send fewer or shorter ones",
        MAX_HEAD / 1024
    );
    Flaw { status: "431 Request Header Fields Too Large", reason }
}

fn bad(reason: impl Into<String>) -> Flaw {
    Flaw { status: BAD_REQUEST, reason: reason.into() }
}

/// The length of a head, up to and including the empty line. Empty lines before it are a part of it.
pub(crate) fn length(bytes: &[u8]) -> Option<usize> {
    let start = bytes.iter().position(|byte| !b"\r\n".contains(byte))?;
    let mut line_is_empty = false;
    for (at, byte) in bytes.iter().enumerate().skip(start) {
        match byte {
            b'\n' if line_is_empty => return Some(at + 1),
            b'\n' => line_is_empty = true,
            b'\r' => {}
            _ => line_is_empty = false,
        }
    }
    None
}

/// Checks a complete head, except for what hyper checks: the parts of the request line.
pub(crate) fn check(head: &[u8]) -> Result<Framing, Flaw> {
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(head.split_inclusive(|byte| *byte == b'\n')) {
        let line = line.strip_suffix(b"\r\n").ok_or_else(|| {
            bad(format!("line {number} of the head ends with LF alone: end lines with CR and LF"))
        })?;
        if !line.is_empty() {
            lines.push((number, line));
        }
    }
    if lines.len() > 1 + MAX_HEADERS {
        return Err(too_large());
    }
    let mut lines = lines.into_iter();
    let (_, request_line) = lines.next().unwrap_or_default();
    if request_line.contains(&b'#') {
        return Err(bad("the request target has a fragment, which a client keeps to itself"));
    }
    if request_line.split(|byte| *byte == b' ').any(|word| word.len() > MAX_TARGET) {
        let reason = "the path and query are longer than 65,534 bytes: send long values in a body".to_owned();
        return Err(Flaw { status: "414 URI Too Long", reason });
    }
    let is_newer = request_line.ends_with(b" HTTP/1.1");
    let (mut length, mut is_chunked, mut hosts) = (None, false, 0);
    for (number, line) in lines {
        let (name, value) =
            header(line).map_err(|problem| bad(format!("line {number} of the head {problem}")))?;
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        if is("host") {
            hosts += 1;
        } else if is("content-length") {
            if length.is_some() {
                let reason = "Content-Length occurs twice: send one, with the number of bytes of the body";
                return Err(bad(reason));
            }
            length = Some(number_of_bytes(value)?);
        } else if is("transfer-encoding") {
            if is_chunked {
                return Err(bad("Transfer-Encoding occurs twice: send one"));
            }
            is_chunked = chunked(value, is_newer)?;
        } else if is("expect") && !value.eq_ignore_ascii_case(b"100-continue") {
            let reason = "Expect has another value than 100-continue".to_owned();
            return Err(Flaw { status: "417 Expectation Failed", reason });
        }
    }
    match (length, is_chunked) {
        _ if is_newer && hosts == 0 => Err(bad("the Host header is missing")),
        _ if hosts > 1 => Err(bad("the Host header occurs more than once")),
        (Some(_), true) => {
            Err(bad("Content-Length and Transfer-Encoding exclude each other: send one of them"))
        }
        (length, false) => Ok(Framing::Length(length.unwrap_or_default())),
        (None, true) => Ok(Framing::Chunked),
    }
}

/// Name and value of a line, or what is wrong with it.
fn header(line: &[u8]) -> Result<(&[u8], &[u8]), &'static str> {
    if line.first().is_some_and(|byte| b" \t".contains(byte)) {
        return Err("begins with a space: a header is one line");
    }
    let colon = line.iter().position(|byte| *byte == b':').ok_or("has no colon")?;
    let (name, value) = line.split_at_checked(colon).unwrap_or_default();
    if name.last().is_some_and(|byte| b" \t".contains(byte)) {
        return Err("has a space before the colon");
    }
    if name.is_empty() || !name.iter().all(|byte| is_token(*byte)) {
        return Err("has no valid header name");
    }
    let value = value.get(1..).unwrap_or_default().trim_ascii();
    if value.iter().any(|byte| *byte != b'\t' && byte.is_ascii_control()) {
        return Err("has a control character in its value");
    }
    Ok((name, value))
}

fn number_of_bytes(value: &[u8]) -> Result<u64, Flaw> {
    let digits =
        std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    // hyper uses the two highest numbers for bodies without a length.
    let number = digits.and_then(|digits| digits.parse().ok()).filter(|number| *number < u64::MAX - 1);
    number.ok_or_else(|| bad("Content-Length is no number: send the number of bytes of the body"))
}

fn chunked(value: &[u8], is_newer: bool) -> Result<bool, Flaw> {
    if !is_newer {
        return Err(bad("HTTP/1.0 has no Transfer-Encoding: send a Content-Length"));
    }
    if value.eq_ignore_ascii_case(b"chunked") {
        return Ok(true);
    }
    let reason = "Transfer-Encoding has another value than chunked, which is the only one that is understood";
    Err(Flaw { status: "501 Not Implemented", reason: reason.to_owned() })
}

/// Whether a byte may occur in a method and in a header name.
pub(crate) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(headers: &str) -> Result<Framing, Flaw> {
        check(format!("POST /a HTTP/1.1\r\nHost: a\r\n{headers}\r\n").as_bytes())
    }

    #[test]
    fn a_head_ends_with_an_empty_line() {
        for (bytes, expected) in [
            ("GET / HTTP/1.1\r\n\r\n", Some(18)),
            ("\r\n\r\nGET / HTTP/1.1\r\na: b\r\n\r\nmore", Some(28)),
            ("GET / HTTP/1.1\na: b\n\nmore", Some(21)),
            ("GET / HTTP/1.1\r\na: b\r\n", None),
            ("\r\n\r\n", None),
            ("", None),
        ] {
            assert_eq!(length(bytes.as_bytes()), expected, "{bytes:?}");
        }
    }

    #[test]
    fn the_framing_is_unambiguous() {
        for (headers, expected) in [
            ("", Framing::Length(0)),
            ("Content-Length: 5\r\n", Framing::Length(5)),
            ("content-length:\t005 \r\n", Framing::Length(5)),
            ("Transfer-Encoding: Chunked\r\n", Framing::Chunked),
            ("Expect: 100-Continue\r\nX: \u{e4}\tb\r\nY:\r\n", Framing::Length(0)),
        ] {
            assert_eq!(with(headers), Ok(expected), "{headers:?}");
        }
        for (headers, status, reason) in [
            ("Content-Length: 5\r\nContent-Length: 5\r\n", 400, "occurs twice"),
            ("Content-Length: 5, 5\r\n", 400, "no number"),
            ("Content-Length: +5\r\n", 400, "no number"),
            ("Content-Length: 0x5\r\n", 400, "no number"),
            ("Content-Length: 18446744073709551615\r\n", 400, "no number"),
            ("Content-Length:\r\n", 400, "no number"),
            ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400, "exclude each other"),
            ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400, "exclude each other"),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400, "occurs twice"),
            ("Transfer-Encoding: chunked, chunked\r\n", 501, "another value"),
            ("Transfer-Encoding: gzip, chunked\r\n", 501, "another value"),
            ("Transfer-Encoding: identity\r\n", 501, "another value"),
            ("Transfer-Encoding:\r\n", 501, "another value"),
            ("Transfer-Encoding: \u{b}chunked\r\n", 400, "control character"),
            ("Expect: a\r\n", 417, "Expect"),
            ("Host: a\r\n", 400, "more than once"),
            ("X: a\r\n b\r\n", 400, "line 4 of the head begins with a space"),
            ("X: a\nY: b\r\n", 400, "line 3 of the head ends with LF alone"),
            ("X: a\rb\r\n", 400, "control character"),
            ("X: a\0b\r\n", 400, "control character"),
            ("X\0: a\r\n", 400, "no valid header name"),
            ("X : a\r\n", 400, "space before the colon"),
            (": a\r\n", 400, "no valid header name"),
            ("X\r\n", 400, "has no colon"),
        ] {
            let flaw = with(headers).unwrap_err();
            assert!(flaw.status.starts_with(&status.to_string()), "{headers:?}: {flaw:?}");
            assert!(flaw.reason.contains(reason), "{headers:?}: {flaw:?}");
        }
        assert_eq!(check(b"GET / HTTP/1.0\r\n\r\n"), Ok(Framing::Length(0)), "before 1.1, Host is optional");
        assert!(check(b"GET / HTTP/1.1\r\n\r\n").is_err());
        assert!(check(b"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
        assert!(check(b"GET /#a HTTP/1.1\r\nHost: a\r\n\r\n").is_err());
    }
}
