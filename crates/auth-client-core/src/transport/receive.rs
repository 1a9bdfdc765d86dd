//! Reads a response within the size limits, for both transports.

use super::{BodyLimits, Fault, Phase, Received, TransportError, has_body};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use std::error::Error as StdError;
use std::io;

/// A body that arrives in chunks.
pub(super) trait Chunks: Send {
    /// Returns the next chunk; `None` at the end. The status is used in the error.
    fn chunk(
        &mut self,
        status: StatusCode,
    ) -> impl Future<Output = Result<Option<Bytes>, TransportError>> + Send;
}

/// Maximum memory to reserve for an announced length before any of the body has arrived, because the length may be
/// wrong.
const TRUSTED: usize = 1 << 20;

/// Reads the body of a response whose head has arrived.
pub(super) async fn all(
    method: Method,
    head: http::response::Parts,
    mut chunks: impl Chunks,
    announced: Option<u64>,
    limits: BodyLimits,
) -> Result<Received, TransportError> {
    let status = head.status;
    if !has_body(&method, status) {
        // Not read: a 205 without a length would end with the connection.
        return Ok(Received::new(http::Response::from_parts(head, Bytes::new())));
    }
    if has_unknown_coding(&head.headers) {
        let error = TransportError::new(Phase::Reading(status), Fault::Protocol);
        return Err(error.with_reason("its Transfer-Encoding is not supported"));
    }
    let framed = head.version > http::Version::HTTP_11
        || head.headers.contains_key(header::CONTENT_LENGTH)
        || head.headers.contains_key(header::TRANSFER_ENCODING);
    let limit = if status.is_success() { limits.response } else { limits.error };
    let (body, truncated) = read(&mut chunks, status, announced.unwrap_or(0), limit).await?;
    let response = http::Response::from_parts(head, body);
    Ok(Received { response, truncated, close_delimited: !framed })
}

/// Returns whether the body has a transfer coding other than `chunked`. Such a body ends only with the connection,
/// which may stay open.
fn has_unknown_coding(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::TRANSFER_ENCODING)
        .iter()
        .any(|value| !value.to_str().is_ok_and(|value| value.trim().eq_ignore_ascii_case("chunked")))
}

/// Returns the fault of a body that could not be read: a closed connection, or invalid chunks.
pub(super) fn fault_of<'e>(mut causes: impl Iterator<Item = &'e (dyn StdError + 'static)>) -> Fault {
    let invalid =
        |io: &io::Error| matches!(io.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput);
    match causes.any(|cause| cause.downcast_ref().is_some_and(invalid)) {
        true => Fault::Protocol,
        false => Fault::Io,
    }
}

/// Reads the body up to the limit. A larger body of a success is an error; that of an error response is truncated.
async fn read(
    chunks: &mut impl Chunks,
    status: StatusCode,
    announced: u64,
    limit: usize,
) -> Result<(Bytes, bool), TransportError> {
    let too_large = || TransportError::new(Phase::Reading(status), Fault::TooLarge);
    let announced = usize::try_from(announced).unwrap_or(usize::MAX);
    if status.is_success() && announced > limit {
        return Err(too_large());
    }
    let Some(first) = chunks.chunk(status).await? else {
        return Ok((Bytes::new(), false));
    };
    // Most responses arrive in one chunk whose size is the announced length; it is returned without copying.
    if announced == first.len() && first.len() <= limit {
        return Ok((first, false));
    }
    let mut body = Collected { held: Vec::new(), joined: Vec::new(), len: 0 };
    let expected = announced.min(limit);
    let mut next = Some(first);
    while let Some(chunk) = next {
        let room = limit - body.len;
        if chunk.len() > room {
            if status.is_success() {
                return Err(too_large());
            }
            body.push(chunk.slice(..room), expected, limit);
            return Ok((body.into_bytes(), true));
        }
        body.push(chunk, expected, limit);
        next = chunks.chunk(status).await?;
    }
    Ok((body.into_bytes(), false))
}

/// The beginning of a body.
///
/// A chunk is a part of the connection's read buffer. Large ones are held as they arrive, so that a response in transit
/// takes the memory of what has arrived; they are joined at the end. Small ones are copied, because each holds more than
/// its length, and so are those of a long body, because joining it would take twice its length.
struct Collected {
    held: Vec<Bytes>,
    joined: Vec<u8>,
    len: usize,
}

impl Collected {
    /// The length from which a chunk is held.
    const LARGE: usize = 4 << 10;
    /// The most that is held.
    const HELD: usize = 128 << 10;

    fn push(&mut self, chunk: Bytes, expected: usize, limit: usize) {
        let new = self.len + chunk.len() - self.joined.len();
        self.len += chunk.len();
        let is_large = chunk.len() >= Self::LARGE;
        self.held.push(chunk);
        // Joining holds both for a moment, so that less is held under a small limit.
        if self.joined.is_empty() && is_large && self.len <= Self::HELD.min(limit / 2) {
            return;
        }
        if self.joined.capacity() - self.joined.len() < new {
            self.joined.reserve_exact(growth(self.joined.len(), new, expected, limit));
        }
        // Dropped one by one: the connection reuses its read buffer once all of its parts are dropped.
        self.held.drain(..).for_each(|part| self.joined.extend_from_slice(&part));
    }

    fn into_bytes(mut self) -> Bytes {
        match (self.joined.is_empty(), self.held.len()) {
            (false, _) => self.joined.into(),
            (true, 1) => self.held.pop().unwrap_or_default(),
            (true, _) => self.held.concat().into(),
        }
    }
}

/// The memory to reserve for `next` bytes after the first `len`.
///
/// The whole expected length at once, so that nothing is copied to grow; more than a little of it only once that little
/// has arrived. Otherwise twice as much. Growing holds the old memory beside the new, so the last step begins at half the
/// limit at the latest.
fn growth(len: usize, next: usize, expected: usize, limit: usize) -> usize {
    let trusted = if len + next > TRUSTED { expected } else { expected.min(TRUSTED) };
    let rest = trusted.saturating_sub(len);
    let doubled = (2 * len).max(len + next);
    if rest >= next {
        rest
    } else if doubled > limit / 2 {
        limit - len
    } else {
        doubled - len
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    impl Chunks for VecDeque<Bytes> {
        async fn chunk(&mut self, _: StatusCode) -> Result<Option<Bytes>, TransportError> {
            Ok(self.pop_front())
        }
    }

    fn read_now(
        pieces: &[&'static [u8]],
        status: u16,
        announced: u64,
        limit: usize,
    ) -> Result<(Bytes, bool), Fault> {
        let mut chunks: VecDeque<Bytes> = pieces.iter().map(|piece| Bytes::from_static(piece)).collect();
        let status = StatusCode::from_u16(status).unwrap();
        let mut read = std::pin::pin!(read(&mut chunks, status, announced, limit));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match read.as_mut().poll(&mut context) {
            std::task::Poll::Ready(result) => result.map_err(|error| error.fault()),
            std::task::Poll::Pending => panic!("the pieces are ready"),
        }
    }

    #[test]
    fn one_piece_of_the_announced_length_is_not_copied() {
        static PIECE: &[u8] = b"{\"a\":1}";
        let (body, truncated) = read_now(&[PIECE], 200, 7, 100).unwrap();
        assert_eq!((body.as_ptr(), truncated), (PIECE.as_ptr(), false));
    }

    #[test]
    fn pieces_are_joined_with_or_without_a_length() {
        for announced in [0, 3, 6] {
            for limit in [6, 100] {
                let (body, truncated) = read_now(&[b"ab", b"cd", b"ef"], 200, announced, limit).unwrap();
                assert_eq!((&body[..], truncated), (&b"abcdef"[..], false));
            }
        }
        assert_eq!(read_now(&[], 200, 0, 0).unwrap(), (Bytes::new(), false));
    }

    #[test]
    fn large_pieces_are_joined_in_order_with_small_ones_and_alone_returned_without_copying() {
        static LARGE: [u8; Collected::LARGE] = [1; Collected::LARGE];
        static ALL: [u8; Collected::HELD] = [2; Collected::HELD];
        for pieces in [
            &[&LARGE[..], &LARGE, &LARGE][..],
            &[&LARGE, b"end"],
            &[b"start", &LARGE, &LARGE],
            &[&LARGE, b"middle", &LARGE, &LARGE, b"end"],
            &[&ALL, &LARGE, &ALL, b"end"],
        ] {
            let whole = pieces.concat();
            for announced in [0, whole.len() as u64] {
                let (body, truncated) = read_now(pieces, 200, announced, whole.len()).unwrap();
                assert_eq!((body == whole, truncated), (true, false), "{announced}");
            }
            let (body, truncated) = read_now(pieces, 500, 0, whole.len() - 1).unwrap();
            assert_eq!((body == whole[..whole.len() - 1], truncated), (true, true));
            assert_eq!(read_now(pieces, 200, 0, whole.len() - 1), Err(Fault::TooLarge));
        }
        let (body, _) = read_now(&[&LARGE], 200, 0, 1 << 20).unwrap();
        assert_eq!(body.as_ptr(), LARGE.as_ptr());
    }

    #[test]
    fn a_success_over_the_limit_is_refused_and_an_error_is_truncated() {
        for announced in [0, 6] {
            for pieces in [&[&b"abcdef"[..]][..], &[b"ab", b"cd", b"ef"], &[b"abcde", b"f"]] {
                assert_eq!(read_now(pieces, 200, announced, 5), Err(Fault::TooLarge));
                let (body, truncated) = read_now(pieces, 500, announced, 5).unwrap();
                assert_eq!((&body[..], truncated), (&b"abcde"[..], true));
            }
        }
        assert_eq!(read_now(&[], 200, u64::MAX, 5), Err(Fault::TooLarge), "before anything is read");
        assert_eq!(read_now(&[b"a"], 500, u64::MAX, 5).unwrap(), (Bytes::from_static(b"a"), false));
    }

    #[test]
    fn a_long_body_is_collected_in_one_allocation_and_a_claim_reserves_little() {
        static LONG: [u8; TRUSTED] = [7; TRUSTED];
        let capacity = |(body, _): (Bytes, bool)| body.try_into_mut().unwrap().capacity();
        let announced = 3 * TRUSTED as u64 + 1;
        let whole = read_now(&[b"a", &LONG, &LONG, &LONG], 200, announced, 16 << 20).unwrap();
        assert_eq!(whole.0.len() as u64, announced);
        assert!(capacity(whole) <= 3 * TRUSTED + 64);
        assert!(capacity(read_now(&[b"a", b"b"], 200, announced, 16 << 20).unwrap()) <= TRUSTED + 64);
        assert!(capacity(read_now(&[b"a", b"b"], 200, 100, 16 << 20).unwrap()) <= 128);
    }
}
