//! The JSON of faults.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::fault::{Chunks, CloseAt, Damage, Encoding, Fault, FaultEnd, Part, TlsFlaw};

/// The JSON of a fault: the fields of one variant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Flat {
    status: Option<u16>,
    headers: Option<BTreeMap<String, String>>,
    body: Option<String>,
    raw: Option<String>,
    delay_ms: Option<u64>,
    tls: Option<TlsFlaw>,
    close: Option<CloseAt>,
    cut_head_after: Option<usize>,
    cut_body_after: Option<usize>,
    end: Option<FaultEnd>,
    drip: Option<Part>,
    every_ms: Option<u64>,
    chunks: Option<Chunks>,
    content_length: Option<u64>,
    trailing: Option<String>,
    interim: Option<u16>,
    damage: Option<Damage>,
    json_depth: Option<usize>,
    flood_bytes: Option<u64>,
    bomb: Option<Encoding>,
    bomb_bytes: Option<u64>,
    extra_headers: Option<usize>,
    header_bytes: Option<usize>,
    close_idle_after_ms: Option<u64>,
    skew_seconds: Option<i64>,
}

impl TryFrom<Flat> for Fault {
    type Error = String;

    fn try_from(mut flat: Flat) -> Result<Self, String> {
        let mut found: Vec<Self> = Vec::new();
        let mut ends = 0;
        let end = flat.end.unwrap_or_default();
        if let Some(status) = flat.status {
            let (headers, body) =
                (flat.headers.take().unwrap_or_default(), flat.body.take().unwrap_or_default());
            found.push(Self::Status { status, headers, body });
        }
        found.extend(flat.raw.map(|raw| Self::Raw { raw }));
        found.extend(flat.delay_ms.map(|delay_ms| Self::Delay { delay_ms }));
        found.extend(flat.tls.map(|tls| Self::Tls { tls }));
        let mut ending = |fault: Option<Self>| {
            ends += usize::from(fault.is_some());
            found.extend(fault);
        };
        ending(flat.close.map(|close| Self::Close { close, end }));
        ending(flat.cut_head_after.map(|cut_head_after| Self::CutHead { cut_head_after, end }));
        ending(flat.cut_body_after.map(|cut_body_after| Self::Cut { cut_body_after, end }));
        ending(flat.close_idle_after_ms.map(|close_idle_after_ms| Self::Idle { close_idle_after_ms, end }));
        if let Some(drip) = flat.drip {
            found.push(Self::Drip { drip, every_ms: flat.every_ms.take().unwrap_or(100) });
        }
        found.extend(flat.chunks.map(|chunks| Self::Chunks { chunks }));
        found.extend(flat.content_length.map(|content_length| Self::Length { content_length }));
        found.extend(flat.trailing.map(|trailing| Self::Trailing { trailing }));
        found.extend(flat.interim.map(|interim| Self::Interim { interim }));
        found.extend(flat.damage.map(|damage| Self::Damage { damage }));
        found.extend(flat.json_depth.map(|json_depth| Self::Depth { json_depth }));
        found.extend(flat.flood_bytes.map(|flood_bytes| Self::Flood { flood_bytes }));
        if let Some(bomb) = flat.bomb {
            found.push(Self::Bomb { bomb, bomb_bytes: flat.bomb_bytes.take().unwrap_or(1 << 28) });
        }
        if let Some(extra_headers) = flat.extra_headers {
            found
                .push(Self::Headers { extra_headers, header_bytes: flat.header_bytes.take().unwrap_or(100) });
        }
        found.extend(flat.skew_seconds.map(|skew_seconds| Self::Skew { skew_seconds }));
        // What is left belongs to none.
        for (field, is_left, owner) in [
            ("headers", flat.headers.is_some(), "status"),
            ("body", flat.body.is_some(), "status"),
            ("every_ms", flat.every_ms.is_some(), "drip"),
            ("bomb_bytes", flat.bomb_bytes.is_some(), "bomb"),
            ("header_bytes", flat.header_bytes.is_some(), "extra_headers"),
            (
                "end",
                flat.end.is_some() && ends == 0,
                "close, cut_head_after, cut_body_after or close_idle_after_ms",
            ),
        ] {
            if is_left {
                return Err(format!("{field} requires {owner}"));
            }
        }
        match (found.pop(), found.is_empty()) {
            (Some(fault), true) => Ok(fault),
            (None, _) => Err("no fault: for example {\"status\": 503} is required".to_owned()),
            _ => Err("several faults in one rule; add a rule for each".to_owned()),
        }
    }
}
