//! Reading the body of a request, within limits of size and time.

use std::error::Error;
use std::pin::pin;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{Method, StatusCode, header};

use crate::framework::provider::Rejection;
use crate::framework::redact::MAX_BODY;

/// The largest request body: 4 MiB, the default of ASP.NET.
pub(crate) const BODY_LIMIT: usize = 4 * 1024 * 1024;
// A client that is still sending would otherwise see a closed connection instead of the 413.
const DRAIN_LIMIT: usize = 4 * BODY_LIMIT;

/// The body of a request, as far as it arrived.
pub(crate) enum Received {
    Whole(Bytes),
    TooLarge(usize),
    /// The connection broke, or nothing arrived for too long.
    Broken {
        received: usize,
        status: StatusCode,
        reason: String,
    },
}

impl Received {
    /// A body that the journal may show.
    pub(crate) fn small(&self) -> &[u8] {
        match self {
            Self::Whole(bytes) if bytes.len() <= MAX_BODY => bytes,
            _ => &[],
        }
    }

    pub(crate) fn nothing() -> Self {
        Self::Whole(Bytes::new())
    }
}

/// Reads the body up to the limit; a longer one is drained and discarded. `patience` is the longest time that it may take. A body
/// whose declared length is larger is not waited for.
pub(crate) async fn read_body(body: Body, patience: Duration) -> Received {
    let declared = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if declared > BODY_LIMIT {
        tokio::spawn(async move { tokio::time::timeout(patience, read(body, &mut 0)).await });
        return Received::TooLarge(declared);
    }
    let mut size = 0_usize;
    let reading = read(body, &mut size);
    match tokio::time::timeout(patience, reading).await {
        Ok(received) => received,
        Err(_) => Received::Broken {
            received: size,
            status: StatusCode::REQUEST_TIMEOUT,
            reason: format!("the rest did not arrive within {patience:?}"),
        },
    }
}

async fn read(body: Body, size: &mut usize) -> Received {
    let mut body = pin!(body);
    let mut stored = BytesMut::new();
    loop {
        let frame = match std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await {
            None => break,
            Some(Ok(frame)) => frame,
            Some(Err(error)) => {
                let mut cause: &dyn Error = &error;
                while let Some(deeper) = cause.source() {
                    cause = deeper;
                }
                let reason = cause.to_string();
                return Received::Broken { received: *size, status: StatusCode::BAD_REQUEST, reason };
            }
        };
        let Ok(data) = frame.into_data() else { continue };
        *size = size.saturating_add(data.len());
        if *size <= BODY_LIMIT {
            stored.extend_from_slice(&data);
        } else if *size > DRAIN_LIMIT {
            break;
        }
    }
    if *size > BODY_LIMIT { Received::TooLarge(*size) } else { Received::Whole(stored.freeze()) }
}

/// The body of a request that can be executed; otherwise the failed check and the rejection. IIS checks the length first.
pub(crate) fn whole<'b>(
    parts: &Parts,
    received: &'b Received,
) -> Result<&'b Bytes, (&'static str, Rejection)> {
    let may_have_content = [Method::POST, Method::PUT, Method::PATCH].contains(&parts.method);
    let has_length = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING];
    if may_have_content && !has_length.iter().any(|name| parts.headers.contains_key(name)) {
        return Err(("length", Rejection::LengthRequired));
    }
    match received {
        Received::Whole(body) => Ok(body),
        _ => Err(("body size", Rejection::BodyTooLarge)),
    }
}
