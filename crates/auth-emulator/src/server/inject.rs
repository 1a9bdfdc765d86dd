//! Faults below HTTP: the bytes, pauses and the end of the connection that a fault makes of a response.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};

use crate::framework::exchange::Reply;
use crate::framework::faults::{Chunks, CloseAt, Damage, Fault, FaultEnd, Part};
use crate::server::bomb;
use crate::server::wire::{End, Step, Wire};

/// The size of a part of a large body.
const PIECE: usize = 64 * 1024;

/// Changes the response before it is sent, for faults that HTTP allows.
pub(crate) fn change(fault: &Fault, reply: &mut Reply) {
    match fault {
        Fault::Damage { damage } => damaged(*damage, reply),
        Fault::Depth { json_depth } => {
            reply.body = ["[".repeat(*json_depth), "]".repeat(*json_depth)].concat().into();
            reply.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Fault::Bomb { bomb, bomb_bytes } => {
            reply.body = bomb::compressed(*bomb, *bomb_bytes).into();
            let encoding = match bomb {
                crate::framework::faults::Encoding::Gzip => "gzip",
                crate::framework::faults::Encoding::Zstd => "zstd",
            };
            reply.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        _ => {}
    }
}

fn damaged(damage: Damage, reply: &mut Reply) {
    let body = reply.body.to_vec();
    let first = body.len().min(1);
    let with = |byte: u8| {
        let (start, rest) = body.split_at(first);
        Bytes::from([start, &[byte], rest].concat())
    };
    reply.body = match damage {
        Damage::Empty => Bytes::new(),
        Damage::Bom => [b"\xef\xbb\xbf", body.as_slice()].concat().into(),
        Damage::Nul => with(0),
        Damage::InvalidUtf8 => with(0xff),
        Damage::Html => {
            reply.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            Bytes::from_static(
                b"<!DOCTYPE html><html><head><title>Gateway</title></head><body></body></html>",
            )
        }
    };
}

/// What the connection does instead of sending the response; `None` for a fault that sends one. Without a response, the
/// connection ends as the fault says.
pub(crate) fn plan(fault: Option<&Fault>, reply: Option<&Reply>, method: &Method) -> Option<Wire> {
    let Some(reply) = reply else {
        return Some(match fault {
            Some(Fault::Raw { raw }) => wire([raw.clone().into()], FaultEnd::Close),
            Some(Fault::Close { end, .. }) => wire([], *end),
            _ => Wire::close(),
        });
    };
    let body = if *method == Method::HEAD { Bytes::new() } else { reply.body.clone() };
    let length = body.len();
    let head = |framing: Option<&str>| Bytes::from(head(reply, framing));
    let whole = || [head(Some(&format!("content-length: {length}"))), body.clone()];
    Some(match fault? {
        Fault::CutHead { cut_head_after, end } => {
            let [head, _] = whole();
            // The last byte of the head never arrives.
            wire([head.slice(..(*cut_head_after).min(head.len().saturating_sub(1)))], *end)
        }
        Fault::Cut { cut_body_after, end } if *cut_body_after < length => {
            let [head, body] = whole();
            wire([head, body.slice(..*cut_body_after)], *end)
        }
        Fault::Drip { drip, every_ms } => {
            let [head, body] = whole();
            let pause = Duration::from_millis(*every_ms);
            let (at_once, dripping) = match drip {
                Part::Head => (Bytes::new(), head),
                Part::Body => (head, body.clone()),
            };
            let mut steps = vec![Step::Send(at_once)];
            for at in 0..dripping.len() {
                steps.extend([Step::Pause(pause), Step::Send(dripping.slice(at..=at))]);
            }
            if *drip == Part::Head {
                steps.push(Step::Send(body));
            }
            Wire { steps, end: End::Close }
        }
        Fault::Chunks { chunks } => {
            let size = match chunks {
                Chunks::Unfinished => format!("{length:x}\r\n"),
                Chunks::BadSize => "size\r\n".to_owned(),
            };
            let head = head(Some("transfer-encoding: chunked"));
            wire([head, size.into(), body, Bytes::from_static(b"\r\n")], FaultEnd::Close)
        }
        Fault::Length { content_length } => {
            let head = head(Some(&format!("content-length: {content_length}")));
            wire([head, body], FaultEnd::Close)
        }
        Fault::Trailing { trailing } => {
            let [head, body] = whole();
            wire([head, body, trailing.clone().into()], FaultEnd::Close)
        }
        Fault::Interim { interim } => {
            let interim: &'static [u8] = match interim {
                100 => b"HTTP/1.1 100 Continue\r\n\r\n",
                101 => {
                    b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: emulator\r\n\r\n"
                }
                _ => b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload; as=style\r\n\r\n",
            };
            let [head, body] = whole();
            wire([Bytes::from_static(interim), head, body], FaultEnd::Close)
        }
        Fault::Flood { flood_bytes } => {
            let piece = Bytes::from(vec![b' '; PIECE]);
            let mut left = usize::try_from(*flood_bytes).unwrap_or(usize::MAX);
            let mut steps = vec![Step::Send(head(None))];
            while left > 0 {
                let size = left.min(PIECE);
                left -= size;
                steps.push(Step::Send(piece.slice(..size)));
            }
            Wire { steps, end: End::Close }
        }
        Fault::Headers { extra_headers, header_bytes } => {
            let value = "x".repeat(*header_bytes);
            let more = (0..*extra_headers).fold(format!("content-length: {length}"), |mut more, number| {
                let _ = write!(more, "\r\nx-emulator-extra-{number}: {value}");
                more
            });
            wire([head(Some(&more)), body], FaultEnd::Close)
        }
        Fault::Idle { close_idle_after_ms, end } => {
            let [head, body] = whole();
            let mut wire = wire([head, body], *end);
            wire.steps.push(Step::Pause(Duration::from_millis(*close_idle_after_ms)));
            wire
        }
        _ => return None,
    })
}

/// Whether the fault ends the connection before the body of the request was read.
pub(crate) fn is_early(fault: &Fault) -> bool {
    matches!(fault, Fault::Close { close: CloseAt::AfterHead, .. })
}

fn wire(parts: impl IntoIterator<Item = Bytes>, end: FaultEnd) -> Wire {
    let end = match end {
        FaultEnd::Close => End::Close,
        FaultEnd::Reset => End::Reset,
        FaultEnd::Hang => End::Hang,
    };
    Wire { steps: parts.into_iter().map(Step::Send).collect(), end }
}

/// Status line and headers, with lines that say where the body ends.
fn head(reply: &Reply, framing: Option<&str>) -> Vec<u8> {
    let reason = reply.status.canonical_reason().unwrap_or_default();
    let mut head = format!("HTTP/1.1 {} {reason}\r\n", reply.status.as_u16()).into_bytes();
    let headers: &HeaderMap = &reply.headers;
    for (name, value) in headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            head.extend_from_slice(part);
        }
    }
    for part in framing.iter().flat_map(|framing| [framing.as_bytes(), b"\r\n"]) {
        head.extend_from_slice(part);
    }
    head.extend_from_slice(b"\r\n");
    head
}
