//! The failures that can be injected.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::json::Flat;

/// A failure to inject.
///
/// ```
/// use auth_emulator::{Fault, FaultEnd};
///
/// let faults = [
///     Fault::status(503),
///     Fault::response(429, &[("retry-after", "2")], "slow down"),
///     Fault::delay_ms(250),
///     Fault::close_before_response(),
///     Fault::cut_body_after(10),
///     Fault::CutHead { cut_head_after: 12, end: FaultEnd::Reset },
/// ];
/// assert_eq!(serde_json::json!(faults[2]), serde_json::json!({ "delay_ms": 250 }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, try_from = "Flat")]
#[non_exhaustive]
pub enum Fault {
    /// A response that replaces the provider's.
    Status {
        /// The status, 200 to 599.
        status: u16,
        /// The headers, without those that describe the length of the body or the connection.
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        headers: BTreeMap<String, String>,
        /// The body; must be empty for 204, 205 and 304.
        #[serde(skip_serializing_if = "String::is_empty")]
        body: String,
    },
    /// Raw bytes sent instead of a response; need not be valid HTTP.
    Raw {
        /// The bytes, as a string.
        raw: String,
    },
    /// A delayed response. The delay is real time; the emulator's clock does not affect it.
    Delay {
        /// The delay in milliseconds.
        delay_ms: u64,
    },
    /// A failed TLS handshake. Requires an emulator that serves HTTPS, and is decided for a connection, like
    /// [`CloseAt::AfterAccept`].
    Tls {
        /// What is wrong.
        tls: TlsFlaw,
    },
    /// No response.
    Close {
        /// When the connection ends.
        close: CloseAt,
        /// How it ends.
        #[serde(skip_serializing_if = "FaultEnd::is_close")]
        end: FaultEnd,
    },
    /// A response whose head breaks off.
    CutHead {
        /// The number of bytes sent before the connection ends.
        cut_head_after: usize,
        /// How it ends.
        #[serde(skip_serializing_if = "FaultEnd::is_close")]
        end: FaultEnd,
    },
    /// A response whose body breaks off.
    Cut {
        /// The number of body bytes sent before the connection ends.
        cut_body_after: usize,
        /// How it ends.
        #[serde(skip_serializing_if = "FaultEnd::is_close")]
        end: FaultEnd,
    },
    /// A response that arrives byte by byte.
    Drip {
        /// The part that drips; the rest is sent at once.
        drip: Part,
        /// The pause before each byte, in milliseconds of real time.
        every_ms: u64,
    },
    /// A response in chunks that are wrong.
    Chunks {
        /// What is wrong.
        chunks: Chunks,
    },
    /// A response that announces another length than it has. With a smaller length, superfluous bytes follow.
    Length {
        /// The value of `Content-Length`.
        content_length: u64,
    },
    /// A complete response, and more bytes after it.
    Trailing {
        /// The bytes, as a string; for example another response.
        trailing: String,
    },
    /// A response after an informational one.
    Interim {
        /// The status: 100, 101 or 103.
        interim: u16,
    },
    /// A response whose body is damaged; its length is right.
    Damage {
        /// How the body is damaged.
        damage: Damage,
    },
    /// A JSON body of nested arrays.
    Depth {
        /// The number of arrays.
        json_depth: usize,
    },
    /// A body without a length that ends with the connection.
    Flood {
        /// The size in bytes.
        flood_bytes: u64,
    },
    /// A compressed body that is small on the wire.
    Bomb {
        /// The encoding.
        bomb: Encoding,
        /// The size after decompression, in bytes.
        bomb_bytes: u64,
    },
    /// A response with many or large headers in addition to its own.
    Headers {
        /// The number of headers.
        extra_headers: usize,
        /// The size of each value in bytes.
        header_bytes: usize,
    },
    /// A complete response on a connection that seems to stay open. A request that follows is lost.
    Idle {
        /// The time after which the connection ends, in milliseconds of real time.
        close_idle_after_ms: u64,
        /// How it ends.
        #[serde(skip_serializing_if = "FaultEnd::is_close")]
        end: FaultEnd,
    },
    /// A server whose clock is wrong: for this request, `Date` and the time of all checks are shifted.
    Skew {
        /// The difference in seconds; negative if the server is behind.
        skew_seconds: i64,
    },
}

/// The time at which a connection ends without a response.
///
/// ```
/// use auth_emulator::{CloseAt, Fault, FaultEnd};
///
/// let closed = Fault::Close { close: CloseAt::BeforeResponse, end: FaultEnd::Close };
/// assert_eq!(Fault::close_before_response(), closed);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CloseAt {
    /// After a connection was accepted, before anything was read from it. The rule can name a provider only, because there is no
    /// request yet; it counts connections, and those of all namespaces: it belongs to the default one.
    AfterAccept,
    /// After the request's head was read, before its body.
    AfterHead,
    /// After the request was read, before any byte of the response.
    BeforeResponse,
}

/// Why a TLS handshake fails.
///
/// ```
/// assert_eq!(serde_json::json!(auth_emulator::TlsFlaw::WrongHost), "wrong_host");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TlsFlaw {
    /// The certificate is for another host name.
    WrongHost,
    /// The certificate has expired.
    Expired,
    /// The certificate was issued by an untrusted certificate authority.
    UnknownIssuer,
    /// The server speaks TLS 1.1 only.
    OldVersion,
}

/// How a connection ends.
///
/// ```
/// assert_eq!(serde_json::json!(auth_emulator::FaultEnd::Reset), "reset");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum FaultEnd {
    /// In order (FIN).
    #[default]
    Close,
    /// By a reset (RST).
    Reset,
    /// Not at all: nothing more is sent, until the client leaves or ten minutes have passed.
    Hang,
}

impl FaultEnd {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    fn is_close(&self) -> bool {
        *self == Self::Close
    }
}

/// A part of a response.
///
/// ```
/// assert_eq!(serde_json::json!(auth_emulator::Part::Head), "head");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Part {
    /// Status line and headers.
    Head,
    /// The body.
    Body,
}

/// What is wrong with the chunks of a body.
///
/// ```
/// assert_eq!(serde_json::json!(auth_emulator::Chunks::BadSize), "bad_size");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Chunks {
    /// The last chunk is missing.
    Unfinished,
    /// The size of the first chunk is not a number.
    BadSize,
}

/// How a body is damaged.
///
/// ```
/// assert_eq!(serde_json::json!(auth_emulator::Damage::InvalidUtf8), "invalid_utf8");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Damage {
    /// It is empty.
    Empty,
    /// It starts with a byte order mark.
    Bom,
    /// Its second byte is NUL.
    Nul,
    /// Its second byte is not UTF-8.
    InvalidUtf8,
    /// It is an HTML page.
    Html,
}

/// A content encoding.
///
/// ```
/// assert_eq!(serde_json::json!(auth_emulator::Encoding::Gzip), "gzip");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Encoding {
    /// `gzip`.
    Gzip,
    /// `zstd`.
    Zstd,
}

impl Fault {
    /// A response with this status, no headers and no body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Status { status, headers: BTreeMap::new(), body: String::new() }
    }

    /// A response with this status, headers and body.
    ///
    /// ```
    /// use auth_emulator::{Fault, FaultRule};
    ///
    /// let rule = FaultRule::new("virtuous", Fault::response(429, &[("retry-after", "2")], "slow down"));
    /// # let _ = rule;
    /// ```
    #[must_use]
    pub fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self::Status { status, headers, body: body.to_owned() }
    }

    /// A response that is delayed by this number of milliseconds.
    #[must_use]
    pub fn delay_ms(delay_ms: u64) -> Self {
        Self::Delay { delay_ms }
    }

    /// No response: the connection is closed after the request was read.
    #[must_use]
    pub fn close_before_response() -> Self {
        Self::Close { close: CloseAt::BeforeResponse, end: FaultEnd::Close }
    }

    /// Response with a body truncated after `bytes` bytes.
    #[must_use]
    pub fn cut_body_after(bytes: usize) -> Self {
        Self::Cut { cut_body_after: bytes, end: FaultEnd::Close }
    }

    /// Whether the operation is not executed unless the rule says so.
    pub(crate) fn replaces_response(&self) -> bool {
        matches!(
            self,
            Self::Status { .. }
                | Self::Raw { .. }
                | Self::Close { .. }
                | Self::Depth { .. }
                | Self::Flood { .. }
                | Self::Bomb { .. }
        )
    }

    /// Whether the fault is decided when a connection is accepted, before there is a request.
    pub(crate) fn is_of_connection(&self) -> bool {
        matches!(self, Self::Tls { .. } | Self::Close { close: CloseAt::AfterAccept, .. })
    }

    /// A description for the journal.
    pub(crate) fn description(&self) -> String {
        match self {
            Self::Status { status, .. } => format!("status {status}"),
            Self::Raw { raw } => format!("{} raw bytes", raw.len()),
            Self::Delay { delay_ms } => format!("delay of {delay_ms} ms"),
            Self::Close { close: CloseAt::BeforeResponse, end } => {
                format!("{} before the response", ended(*end))
            }
            Self::Close { close: CloseAt::AfterHead, end } => {
                format!("{} after the request's head", ended(*end))
            }
            Self::Close { close: CloseAt::AfterAccept, end } => {
                format!("{} after it was accepted", ended(*end))
            }
            Self::Tls { tls } => format!("TLS handshake that fails: {tls:?}").to_lowercase(),
            Self::CutHead { cut_head_after, end } => {
                format!("head cut after {cut_head_after} bytes, {}", ended(*end))
            }
            Self::Cut { cut_body_after, end: FaultEnd::Close } => {
                format!("body cut after {cut_body_after} bytes")
            }
            Self::Cut { cut_body_after, end } => {
                format!("body cut after {cut_body_after} bytes, {}", ended(*end))
            }
            Self::Drip { drip, every_ms } => {
                format!("{drip:?} with a byte every {every_ms} ms").to_lowercase()
            }
            Self::Chunks { chunks: Chunks::Unfinished } => "unfinished chunks".to_owned(),
            Self::Chunks { chunks: Chunks::BadSize } => "bad chunk size".to_owned(),
            Self::Length { content_length } => format!("content-length {content_length}"),
            Self::Trailing { trailing } => format!("{} trailing bytes", trailing.len()),
            Self::Interim { interim } => format!("interim response {interim}"),
            Self::Damage { damage } => format!("damaged body: {damage:?}").to_lowercase(),
            Self::Depth { json_depth } => format!("JSON of depth {json_depth}"),
            Self::Flood { flood_bytes } => format!("body of {flood_bytes} bytes without a length"),
            Self::Bomb { bomb, bomb_bytes } => format!("{bomb:?} bomb of {bomb_bytes} bytes").to_lowercase(),
            Self::Headers { extra_headers, header_bytes } => {
                format!("{extra_headers} more headers of {header_bytes} bytes")
            }
            Self::Idle { close_idle_after_ms, end } => {
                format!("{} {close_idle_after_ms} ms after the response", ended(*end))
            }
            Self::Skew { skew_seconds } => format!("clock off by {skew_seconds} s"),
        }
    }
}

fn ended(end: FaultEnd) -> &'static str {
    match end {
        FaultEnd::Close => "connection closed",
        FaultEnd::Reset => "connection reset",
        FaultEnd::Hang => "connection left hanging",
    }
}
