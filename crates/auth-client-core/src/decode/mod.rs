//! Decoding of responses.
//!
//! A decoder receives a response that was classified as a success and has a complete body. Each generated operation
//! uses one of these functions.

pub(crate) mod date_time;
pub(crate) mod explain;
pub(crate) mod model;
pub(crate) mod open_enum;
pub(crate) mod raw_json;
pub(crate) mod record;
pub(crate) mod rows;
pub(crate) mod text;
pub(crate) mod unknown;

use bytes::Bytes;
use http::{Response, header};
use serde::de::DeserializeOwned;

/// A function that decodes a response.
pub type Decode<T> = fn(&Response<Bytes>) -> Result<T, DecodeFailure>;

/// The reason why a response could not be decoded.
///
/// ```
/// use bytes::Bytes;
/// use auth_client_core::decode::{self, DecodeFailure};
/// use http::Response;
///
/// /// Decodes a name, which must not be empty.
/// fn name(response: &Response<Bytes>) -> Result<String, DecodeFailure> {
///     let name: String = decode::json(response)?;
///     if name.is_empty() { Err(DecodeFailure::Rule("the name is empty")) } else { Ok(name) }
/// }
/// # assert!(name(&Response::new(Bytes::from("\"\""))).is_err());
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum DecodeFailure {
    /// The body is not JSON, or does not match the type.
    Json(serde_json::Error),
    /// The body violates another rule. The message must not contain values from the body.
    Rule(&'static str),
    /// The same with a formatted message. It may contain field names, but no values from the body.
    Mismatch(String),
}

impl From<serde_json::Error> for DecodeFailure {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

/// Decodes a JSON body.
///
/// Accepts a byte order mark, and `null` as an empty list. Invalid Unicode in strings, such as half a surrogate pair,
/// becomes U+FFFD.
///
/// ```
/// use auth_client_core::decode;
///
/// let response = http::Response::new("[1,2]".into());
/// assert_eq!(decode::json::<Vec<u32>>(&response)?, [1, 2]);
/// # Ok::<(), decode::DecodeFailure>(())
/// ```
///
/// # Errors
///
/// [`DecodeFailure::Json`] if the body is not JSON or does not match the type.
pub fn json<T: DeserializeOwned>(response: &Response<Bytes>) -> Result<T, DecodeFailure> {
    let body = response.body();
    text::from_slice(body).or_else(|error| match text::without_mark(body).trim_ascii() {
        b"null" => serde_json::from_slice(b"[]").map_err(|_| error.into()),
        _ => Err(error.into()),
    })
}

/// Decodes the response of an operation without a result. Accepts any body except an HTML page, because proxies and
/// maintenance pages can have status 200.
///
/// ```
/// use auth_client_core::decode;
///
/// let response = http::Response::new("anything".into());
/// decode::empty(&response)?;
/// let maintenance = http::Response::new("<!DOCTYPE html><title>Back soon</title>".into());
/// assert!(decode::empty(&maintenance).is_err());
/// # Ok::<(), decode::DecodeFailure>(())
/// ```
///
/// # Errors
///
/// [`DecodeFailure::Rule`] for an HTML page.
pub fn empty(response: &Response<Bytes>) -> Result<(), DecodeFailure> {
    reject_html(response)
}

/// Returns an error if the body is an HTML page, or compressed so that it may be one; for decoders that accept other bodies
/// than JSON.
///
/// ```
/// use auth_client_core::decode;
///
/// assert!(decode::reject_html(&http::Response::new("%PDF-1.7".into())).is_ok());
/// assert!(decode::reject_html(&http::Response::new("<html><body>".into())).is_err());
/// ```
///
/// # Errors
///
/// [`DecodeFailure::Rule`] for a body that starts with a tag, or is not empty and compressed or of the content type HTML.
pub fn reject_html(response: &Response<Bytes>) -> Result<(), DecodeFailure> {
    let body = response.body();
    let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_html = content_type.is_some_and(|value| {
        let media_type = value.split(';').next().unwrap_or_default().trim();
        ["text/html", "application/xhtml+xml"].iter().any(|html| media_type.eq_ignore_ascii_case(html))
    });
    if begins_with_tag(body) || (is_html && !body.trim_ascii().is_empty()) {
        return Err(DecodeFailure::Rule("a web page instead of the API's response"));
    }
    if compression_of(response).is_some() {
        return Err(DecodeFailure::Rule("compressed, although the request did not allow it"));
    }
    Ok(())
}

/// Returns whether the first characters of a body are those of a tag, in UTF-8 or UTF-16, after white space and byte
/// order marks in any order.
fn begins_with_tag(body: &[u8]) -> bool {
    let wide = |unit: fn([u8; 2]) -> u16| {
        let units = body.as_chunks::<2>().0.iter().copied().map(unit);
        let mut units = units.skip_while(|unit| matches!(unit, 0xfeff | 0x09..=0x0d | 0x20));
        let pair =
            units.next().zip(units.next()).map(|(first, second)| (u8::try_from(first), u8::try_from(second)));
        matches!(pair, Some((Ok(b'<'), Ok(second))) if is_after_bracket(second))
    };
    let mut narrow = body;
    loop {
        let rest = text::without_mark(narrow.trim_ascii_start());
        if rest.len() == narrow.len() {
            break;
        }
        narrow = rest;
    }
    matches!(narrow, [b'<', second, ..] if is_after_bracket(*second))
        || wide(u16::from_le_bytes)
        || wide(u16::from_be_bytes)
}

/// Returns whether a tag, a comment or a declaration can begin with this character after its bracket.
fn is_after_bracket(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || b"!?/".contains(&byte)
}

/// The coding of a compressed body, and whether the headers say so.
pub(crate) struct Compression {
    pub(crate) coding: &'static str,
    pub(crate) is_declared: bool,
}

/// Returns the coding of a compressed body. The engine doesn't allow one, and decompresses none.
pub(crate) fn compression_of(response: &Response<Bytes>) -> Option<Compression> {
    const KNOWN: [&str; 7] = ["gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress"];

    if response.body().is_empty() {
        return None;
    }
    let lines = response.headers().get_all(header::CONTENT_ENCODING).iter();
    let named = lines.flat_map(|line| line.to_str().unwrap_or("unknown").split(',')).map(str::trim);
    let named: Vec<&str> =
        named.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity")).collect();
    // The last one was applied last.
    let known = |name: &&str| KNOWN.into_iter().find(|known| name.eq_ignore_ascii_case(known));
    if let Some(coding) = named.iter().rev().find_map(known) {
        return Some(Compression { coding, is_declared: true });
    }
    // `utf-8` and `none` are no codings, but some servers send them.
    if named.is_empty() || is_text(response.body()) {
        let coding = match **response.body() {
            [0x1f, 0x8b, ..] => "gzip",
            [0x28, 0xb5, 0x2f, 0xfd, ..] => "zstd",
            _ => return None,
        };
        return Some(Compression { coding, is_declared: false });
    }
    Some(Compression { coding: "an unknown coding", is_declared: true })
}

fn is_text(body: &[u8]) -> bool {
    std::str::from_utf8(body).is_ok_and(|text| {
        !text.contains(|character: char| character.is_control() && !character.is_whitespace())
    })
}

/// Returns the response unchanged.
///
/// ```
/// use auth_client_core::decode;
///
/// let response = http::Response::new("anything".into());
/// assert_eq!(decode::raw(&response)?.body(), "anything");
/// # Ok::<(), decode::DecodeFailure>(())
/// ```
///
/// # Errors
///
/// None; the signature is that of a decoder.
pub fn raw(response: &Response<Bytes>) -> Result<Response<Bytes>, DecodeFailure> {
    let mut copy = Response::new(response.body().clone());
    *copy.status_mut() = response.status();
    *copy.headers_mut() = response.headers().clone();
    *copy.version_mut() = response.version();
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(content_type: &str, body: &'static [u8]) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from_static(body));
        if !content_type.is_empty() {
            response.headers_mut().insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        }
        response
    }

    #[test]
    fn a_web_page_is_no_success_of_an_operation_without_a_result() {
        for (content_type, body) in [
            ("text/html", &b"<!DOCTYPE html><html>"[..]),
            ("", b"<!doctype html>"),
            ("application/json", b"\xef\xbb\xbf\r\n <HTML>"),
            ("text/plain", b"<?xml version=\"1.0\"?><html>"),
            ("Text/HTML; charset=utf-8", b"Down for maintenance"),
            ("application/xhtml+xml", b"x"),
            ("", b"<!-- proxy --><html>"),
            ("", b"<h1>Back soon</h1>"),
            ("", b"\xff\xfe<\0h\0"),
            ("", b"\xef\xbb\xbf\xef\xbb\xbf\n<html>"),
            ("", b"\x1f\x8b\x08\0"),
            ("", "\r\n\u{feff}<!DOCTYPE html>".as_bytes()),
            ("", "\u{feff} \u{feff}\n<html>".as_bytes()),
            ("", b"<\0!\0D\0"),
            ("", b"\0<\0h\0t"),
            ("", b"\xfe\xff\0\r\0\n\0<\0h"),
        ] {
            assert!(empty(&response(content_type, body)).is_err(), "{content_type} {body:?}");
        }
        for (content_type, body) in [
            ("", &b""[..]),
            ("text/html", b""),
            ("text/html; charset=utf-8", b" \r\n"),
            ("application/json", b"{\"deleted\":true}"),
            ("", b"true"),
            ("text/plain", b"OK"),
            ("text/plain", b"<3"),
            // A picture in HEIC whose first box has 60 bytes.
            ("", b"\0\0\0<ftypheic"),
        ] {
            assert!(empty(&response(content_type, body)).is_ok(), "{content_type} {body:?}");
        }
    }

    #[test]
    fn codings_are_read_from_all_lines_and_words() {
        for (lines, body, coding) in [
            (&["gzip, identity"][..], &b"\x1f\x8b\x08"[..], Some("gzip")),
            (&["gzip, br"], b"\xff\x01", Some("br")),
            (&["identity", "ZSTD"], b"\xff\x01", Some("zstd")),
            (&["gzip,"], b"\xff\x01", Some("gzip")),
            (&["identity, identity"], b"true", None),
            (&["utf-8"], b"true", None),
            (&["none"], b"{\"deleted\":\n true}", None),
            (&[""], b"true", None),
            (&["none"], b"\x1f\x8b\x08", Some("an unknown coding")),
            (&["dcb"], b"\xff\x44", Some("an unknown coding")),
            (&[], b"\x1f\x8b\x08", Some("gzip")),
        ] {
            let mut response = response("", body);
            for line in lines {
                response.headers_mut().append(header::CONTENT_ENCODING, line.parse().unwrap());
            }
            assert_eq!(compression_of(&response).map(|found| found.coding), coding, "{lines:?}");
        }
    }
}
