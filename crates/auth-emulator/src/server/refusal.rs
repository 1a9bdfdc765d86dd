//! Requests that are no valid HTTP/1.1. Heads are checked before hyper reads them. hyper refuses others with an empty response,
//! which is held back here, so that the listener can send the reason.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::head::{self, Flaw, Framing};
use super::stream::Stream;

/// How much is read at once.
const PIECE: usize = 16 * 1024;
/// Replaces a head with a flaw: hyper refuses it at once.
const NO_METHOD: &[u8] = b"\0";
/// Replaces an invalid trailer: hyper refuses it at once.
const NO_TRAILER: &[u8] = b"\0\r\n\r\n";
/// The first line of a connection in HTTP/2, which hyper recognizes by more than this line.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n";

/// The kind of the next bytes that a client sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Head,
    Data {
        left: u64,
        is_chunk: bool,
    },
    /// The line with the size of a chunk.
    Size,
    /// A line after the last chunk.
    Trailer,
    /// Bytes that hyper refuses.
    Anything,
}

/// Divides what a client sends into heads and bodies.
#[derive(Debug)]
struct Messages {
    next: Next,
    /// Bytes of an incomplete part.
    waiting: BytesMut,
    /// Bytes that hyper may read.
    checked: BytesMut,
    /// The last request line.
    line: Vec<u8>,
    flaw: Option<Flaw>,
}

impl Messages {
    fn new() -> Self {
        let (waiting, checked) = Default::default();
        Self { next: Next::Head, waiting, checked, line: Vec::new(), flaw: None }
    }

    fn push(&mut self, bytes: &[u8]) {
        // A head in small pieces is scanned once for each of its lines.
        let continues = self.next == Next::Head && !self.waiting.is_empty() && !bytes.contains(&b'\n');
        self.waiting.extend_from_slice(bytes);
        if continues && self.waiting.len() <= head::MAX_HEAD {
            return;
        }
        while !self.waiting.is_empty()
            && let Some(length) = self.step()
        {
            let part = self.waiting.split_to(length);
            if self.checked.is_empty() {
                self.checked = part;
            } else {
                self.checked.extend_from_slice(&part);
            }
        }
    }

    /// The length of the next part; `None` if it is not complete.
    fn step(&mut self) -> Option<usize> {
        let line = |waiting: &[u8]| waiting.iter().position(|byte| *byte == b'\n').map(|end| end + 1);
        match self.next {
            Next::Head => self.head(),
            Next::Data { left, is_chunk } => {
                let length = usize::try_from(left).unwrap_or(usize::MAX).min(self.waiting.len());
                let left = left - length as u64;
                self.next = match is_chunk {
                    _ if left > 0 => Next::Data { left, is_chunk },
                    true => Next::Size,
                    false => Next::Head,
                };
                Some(length)
            }
            Next::Size => {
                let length = line(&self.waiting).or((self.waiting.len() > PIECE).then_some(0))?;
                let size = self
                    .waiting
                    .get(..length)
                    .unwrap_or_default()
                    .split(|byte| b";\r\n".contains(byte))
                    .next();
                let size = std::str::from_utf8(size.unwrap_or_default()).unwrap_or_default();
                self.next = match u64::from_str_radix(size.trim(), 16) {
                    Ok(0) => Next::Trailer,
                    // And the end of the line.
                    Ok(size) => Next::Data { left: size.saturating_add(2), is_chunk: true },
                    Err(_) => Next::Anything,
                };
                Some(length)
            }
            Next::Trailer => {
                let length = line(&self.waiting);
                match length.and_then(|length| self.waiting.get(..length)) {
                    None if self.waiting.len() <= PIECE => return None,
                    Some(b"\r\n") => self.next = Next::Head,
                    Some(line) if line.ends_with(b"\r\n") => {}
                    // hyper would take LF alone for the end of the body.
                    _ => {
                        self.next = Next::Anything;
                        self.waiting = NO_TRAILER.into();
                        return Some(0);
                    }
                }
                length
            }
            Next::Anything => Some(self.waiting.len()),
        }
    }

    fn head(&mut self) -> Option<usize> {
        let bytes: &[u8] = &self.waiting;
        let begins = bytes.iter().find(|byte| !b"\r\n".contains(byte));
        let is_other = bytes.starts_with(PREFACE) || begins.is_some_and(|byte| !head::is_token(*byte));
        let length = head::length(bytes);
        if length.is_none() && !is_other && bytes.len() <= head::MAX_HEAD {
            return None;
        }
        let mut lines = bytes.split(|byte| b"\r\n".contains(byte));
        self.line = lines.find(|line| !line.is_empty()).unwrap_or_default().to_vec();
        if is_other {
            self.next = Next::Anything;
            return Some(0);
        }
        let length = length.filter(|length| *length <= head::MAX_HEAD);
        let checked = length.and_then(|length| bytes.get(..length)).ok_or_else(head::too_large);
        match checked.and_then(head::check) {
            Ok(Framing::Length(0)) => self.next = Next::Head,
            Ok(Framing::Length(left)) => self.next = Next::Data { left, is_chunk: false },
            Ok(Framing::Chunked) => self.next = Next::Size,
            Err(flaw) => {
                self.flaw = Some(flaw);
                self.next = Next::Anything;
                self.waiting = NO_METHOD.into();
                return Some(0);
            }
        }
        length
    }
}

/// A connection whose heads are checked, and whose empty refusals are held back.
pub(crate) struct Watched {
    pub stream: Stream,
    messages: Messages,
    /// Whether a response was held back.
    is_refused: bool,
}

impl Watched {
    pub(crate) fn new(stream: Stream) -> Self {
        Self { stream, messages: Messages::new(), is_refused: false }
    }

    /// The status line of the refusal; `None` if nothing was refused.
    pub(crate) fn status(&self) -> Option<&'static str> {
        self.is_refused.then(|| self.flaw().map_or(head::BAD_REQUEST, |flaw| flaw.status))
    }

    /// What is wrong with the last head.
    pub(crate) fn flaw(&self) -> Option<&Flaw> {
        self.messages.flaw.as_ref()
    }

    /// Method and path of the last request, if they can be read.
    pub(crate) fn request(&self) -> Option<(&str, &str)> {
        let mut words = std::str::from_utf8(&self.messages.line).ok()?.split(' ');
        let (method, path) = (words.next()?, words.next()?);
        (words.next()?.starts_with("HTTP/") && path.starts_with('/')).then_some((method, path))
    }

    /// Whether a part of a head has arrived.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.messages.waiting.is_empty()
    }

    fn holds_back(&mut self, bytes: &[u8]) -> bool {
        let is_refusal = is_empty_refusal(bytes);
        self.is_refused |= is_refusal;
        is_refusal
    }
}

/// Whether this is a refusal by hyper: without a body, and without the id that all responses of the emulator have.
fn is_empty_refusal(bytes: &[u8]) -> bool {
    let head = bytes.strip_prefix(b"HTTP/1.1 400 ").and_then(|rest| std::str::from_utf8(rest).ok());
    head.is_some_and(|head| {
        let is_empty = head.ends_with("\r\n\r\n") && head.contains("\r\ncontent-length: 0\r\n");
        is_empty && !head.contains("\r\nx-emulator-")
    })
}

impl AsyncRead for Watched {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.messages.checked.is_empty() {
            let mut space = [MaybeUninit::uninit(); PIECE];
            let mut piece = ReadBuf::uninit(&mut space);
            ready!(Pin::new(&mut this.stream).poll_read(context, &mut piece))?;
            if piece.filled().is_empty() {
                // The end, which may come too early.
                this.messages.checked = this.messages.waiting.split();
                break;
            }
            this.messages.push(piece.filled());
        }
        let checked = &mut this.messages.checked;
        buffer.put_slice(&checked.split_to(checked.len().min(buffer.remaining())));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.holds_back(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut this.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Some(first) = slices.first().filter(|first| this.holds_back(first)) {
            return Poll::Ready(Ok(first.len()));
        }
        Pin::new(&mut this.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // The reason is sent instead.
        if this.is_refused {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut this.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_empty_refusals_without_an_id_are_held_back() {
        let empty = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\ndate: x\r\n\r\n";
        assert!(is_empty_refusal(empty.as_bytes()));
        for other in [
            empty.replace("400 Bad Request", "404 Not Found"),
            empty.replace("date: x", "x-emulator-request-id: emu-1"),
            empty.replace("length: 0", "length: 2") + "{}",
        ] {
            assert!(!is_empty_refusal(other.as_bytes()), "{other}");
        }
    }

    fn pushed(pieces: &[&[u8]]) -> (String, Messages) {
        let mut messages = Messages::new();
        pieces.iter().for_each(|piece| messages.push(piece));
        (String::from_utf8_lossy(&messages.checked).into_owned(), messages)
    }

    #[test]
    fn a_head_is_checked_after_the_body_of_the_request_before() {
        const GOOD: &str = "GET /b HTTP/1.1\r\nHost: a\r\n\r\n";
        const BAD: &str = "GET /c?d HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n";
        for body in [
            "Content-Length: 0\r\n\r\n".to_owned(),
            format!("Content-Length: {}\r\n\r\n{BAD}", BAD.len()),
            format!(
                "Transfer-Encoding: chunked\r\n\r\n{:x};x=y\r\n{BAD}\r\n1\r\nx\r\n0\r\nA: b\r\n\r\n",
                BAD.len()
            ),
        ] {
            let first = format!("POST /a HTTP/1.1\r\nHost: a\r\n{body}");
            let valid = format!("{first}{GOOD}");
            let all = format!("{valid}{BAD}never read");
            for size in [1, 7, all.len()] {
                let pieces: Vec<_> = all.as_bytes().chunks(size).collect();
                let (checked, messages) = pushed(&pieces);
                assert!(checked.starts_with(&format!("{valid}\0")), "{size}: {checked}");
                assert!(!checked.contains("never read") || size < all.len(), "{checked}");
                assert!(messages.flaw.unwrap().reason.contains("space before the colon"));
                assert_eq!(messages.line, b"GET /c?d HTTP/1.1");
            }
        }
    }

    #[test]
    fn trailers_end_as_hyper_and_everybody_else_reads_them() {
        const HEAD: &str = "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
        const NEXT: &str = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\n";
        for trailers in ["\n", "A: b\n", "A: b\r\n\n"] {
            for size in [1, 16, 100_000] {
                let all = format!("{HEAD}{trailers}{NEXT}");
                let (checked, messages) = pushed(&all.as_bytes().chunks(size).collect::<Vec<_>>());
                let refused = checked.find("\0\r\n\r\n").expect("an invalid trailer");
                assert!(checked.find("GET / ").is_none_or(|next| refused < next), "{checked:.300}");
                assert_eq!(messages.next, Next::Anything);
            }
        }
        let endless = format!("{HEAD}{}", "x".repeat(2 * PIECE));
        let (_, messages) = pushed(&endless.as_bytes().chunks(100).collect::<Vec<_>>());
        assert_eq!((messages.next, messages.waiting.len()), (Next::Anything, 0));
        let (_, messages) = pushed(&[format!("{HEAD}A: b\r\n\r\n{NEXT}").as_bytes()]);
        assert_eq!(messages.next, Next::Data { left: 40, is_chunk: false });
    }

    #[test]
    fn a_method_that_resembles_http_2_is_checked() {
        let (checked, messages) = pushed(&[b"PRI / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"]);
        assert!(checked.starts_with('\0') && messages.flaw.is_some());
    }

    #[test]
    fn what_is_no_http_is_left_to_hyper() {
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        for bytes in [&b"\x16\x03\x01"[..], preface] {
            let (checked, messages) = pushed(&[bytes]);
            assert_eq!((checked.len(), messages.flaw), (bytes.len(), None));
        }
        let head = b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        for chunk in ["zz\r\nabc".to_owned(), "1".repeat(PIECE + 1), "ffffffffffffffff\r\nabc".to_owned()] {
            let (checked, _) = pushed(&[head, chunk.as_bytes()]);
            assert_eq!(checked.len(), head.len() + chunk.len(), "{chunk:.20}");
        }
        let (checked, messages) = pushed(&["x".repeat(head::MAX_HEAD + 1).as_bytes()]);
        assert_eq!((checked.as_str(), messages.flaw), ("\0", Some(head::too_large())));
        let (checked, messages) = pushed(&[b"GET / HT"]);
        assert_eq!((checked.as_str(), messages.waiting.len()), ("", 8));
    }
}
