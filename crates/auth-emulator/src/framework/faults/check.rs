//! Whether a fault can be applied.

use std::collections::{BTreeMap, BTreeSet};

use http::{HeaderName, HeaderValue, StatusCode};

use super::FaultError;
use super::fault::Fault;

/// The maximum size of headers and body of one rule, in bytes.
pub(super) const MAX_RESPONSE_BYTES: usize = 64 * 1024;
/// The maximum delay: one hour.
pub(super) const MAX_DELAY_MS: u64 = 3_600_000;
/// The maximum size of a large body: 1 GiB.
const MAX_BODY: u64 = 1 << 30;
const MAX_HEADERS: usize = 10_000;
const MAX_HEADER_BYTES: usize = 16 * 1024 * 1024;
const MAX_DEPTH: usize = 1_000_000;

/// Headers that HTTP itself uses. Separate faults change them.
const FRAMING: &[&str] =
    &["connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];

impl Fault {
    pub(super) fn check(&self) -> Result<(), FaultError> {
        let at_most = |field: &str, value: u64, max: u64| {
            if value > max { Err(FaultError(format!("{field}: the maximum is {max}"))) } else { Ok(()) }
        };
        let size = |field: &str, value: usize, max: usize| at_most(field, value as u64, max as u64);
        match self {
            Self::Status { status, headers, body } => check_status(*status, headers, body),
            Self::Raw { raw } if raw.is_empty() => {
                Err(FaultError("raw: is empty; use {\"close\": \"before_response\"}".to_owned()))
            }
            Self::Raw { raw } => size("raw", raw.len(), MAX_RESPONSE_BYTES),
            Self::Trailing { trailing } => size("trailing", trailing.len(), MAX_RESPONSE_BYTES),
            Self::Delay { delay_ms } => at_most("delay_ms", *delay_ms, MAX_DELAY_MS),
            Self::Drip { every_ms, .. } => at_most("every_ms", *every_ms, MAX_DELAY_MS),
            Self::Idle { close_idle_after_ms, .. } => {
                at_most("close_idle_after_ms", *close_idle_after_ms, MAX_DELAY_MS)
            }
            Self::Interim { interim } if ![100, 101, 103].contains(interim) => {
                Err(FaultError(format!("interim: {interim} is not 100, 101 or 103")))
            }
            Self::Depth { json_depth } => size("json_depth", *json_depth, MAX_DEPTH),
            Self::Flood { flood_bytes } => at_most("flood_bytes", *flood_bytes, MAX_BODY),
            Self::Bomb { bomb_bytes, .. } => at_most("bomb_bytes", *bomb_bytes, 16 * MAX_BODY),
            Self::Headers { extra_headers, header_bytes } => {
                size("extra_headers", *extra_headers, MAX_HEADERS)?;
                let all = extra_headers.saturating_mul(*header_bytes);
                size("extra_headers and header_bytes together", all, MAX_HEADER_BYTES)
            }
            Self::Skew { skew_seconds } => {
                at_most("skew_seconds", skew_seconds.unsigned_abs(), 1000 * 366 * 86_400)
            }
            Self::Tls { .. }
            | Self::Close { .. }
            | Self::CutHead { .. }
            | Self::Cut { .. }
            | Self::Chunks { .. }
            | Self::Length { .. }
            | Self::Interim { .. }
            | Self::Damage { .. } => Ok(()),
        }
    }
}

fn check_status(status: u16, headers: &BTreeMap<String, String>, body: &str) -> Result<(), FaultError> {
    let invalid = |message: String| Err(FaultError(message));
    if !(200..=599).contains(&status) || StatusCode::from_u16(status).is_err() {
        let hint = if (100..200).contains(&status) { "; see interim" } else { "" };
        return invalid(format!("status: {status} is not between 200 and 599{hint}"));
    }
    if matches!(status, 204 | 205 | 304) && !body.is_empty() {
        return invalid(format!("body: a response with status {status} has no body; see raw"));
    }
    let size = headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() + body.len();
    if size > MAX_RESPONSE_BYTES {
        return invalid(format!("headers and body are larger than {MAX_RESPONSE_BYTES} bytes"));
    }
    let mut seen = BTreeSet::new();
    for (name, value) in headers {
        let Ok(parsed) = HeaderName::try_from(name) else {
            return invalid(format!("headers: {name:?} is not a header name"));
        };
        if HeaderValue::try_from(value).is_err() {
            return invalid(format!("headers: {name:?} has an invalid value"));
        }
        if FRAMING.contains(&parsed.as_str()) {
            return invalid(format!(
                "headers: {name:?} is set by the server; see content_length, chunks, close and raw"
            ));
        }
        if !seen.insert(parsed.as_str().to_owned()) {
            return invalid(format!("headers: {name:?} occurs more than once"));
        }
    }
    Ok(())
}
