//! The faults F01 to F36, each with its variants and with what one attempt that meets it is to a client.

use auth_client_core::ErrorKind;
use auth_emulator::{Chunks, CloseAt, Damage, Encoding, Fault, FaultEnd, Part, TlsFlaw};

/// What one attempt is to a client.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Seen {
    /// A success.
    Success,
    /// A transient failure before anything was sent.
    NotSent(ErrorKind),
    /// A failure that does not pass, before anything was sent or with a response that says that nothing was executed.
    Fatal(ErrorKind),
    /// A transient failure after which the request may have been executed.
    Lost(ErrorKind),
    /// A failure that does not pass, after which the request may have been executed.
    Broken(ErrorKind),
    /// 429; `true` if the client may wait.
    Throttled(bool),
    /// The server rejected the credential: a 401, or what the provider's client takes for one.
    CredentialRejected(ErrorKind),
}

/// Where a fault is made.
#[derive(Clone, Debug)]
pub enum Inject {
    /// Before there is a server.
    Address(Address),
    /// When the emulator accepts a connection.
    Connection(Fault),
    /// By the emulator's TLS.
    Tls(TlsFlaw),
    /// In the exchange of a request and its response: these faults, one per request.
    Exchange(Vec<Fault>),
    /// At the end of the exchange before the one of interest, on the same connection.
    Before(Fault),
}

/// An address at which nothing can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// A name that can't be resolved.
    Unknown,
    /// A port at which nothing listens.
    Closed,
    /// A port whose connections are never completed.
    Silent,
}

impl Address {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Unknown, Self::Closed, Self::Silent];
}

/// The attempts that a fault can be made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One attempt, or all attempts of a call.
    Any,
    /// One attempt only.
    Once,
    /// Requests for tokens only.
    Tokens,
}

/// What a response holds, for clients that take a special meaning from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A web page, as a server sends that wants a login.
    Page,
    /// JSON or nothing: enough for a client that needs no field of it.
    JsonOrNothing,
    /// Anything else.
    Other,
}

/// A fault in one of its forms.
#[derive(Clone, Debug)]
pub struct Variant {
    /// `F01` to `F36`.
    pub id: &'static str,
    /// The form, in words.
    pub what: String,
    /// Where and how it is made.
    pub inject: Inject,
    /// What one attempt is to a client.
    pub seen: Seen,
    /// What it is instead if the client notices before it writes anything.
    pub seen_early: Option<Seen>,
    /// The attempts that it is made for.
    pub scope: Scope,
    /// What the response holds.
    pub content: Content,
}

impl Variant {
    /// Whether it can be made once, and not only forever.
    #[must_use]
    pub fn once(&self) -> bool {
        !matches!(self.inject, Inject::Address(_))
    }

    /// Whether it can be made for every attempt.
    #[must_use]
    pub fn forever(&self) -> bool {
        self.scope != Scope::Once
            && match &self.inject {
                Inject::Exchange(faults) => faults.len() == 1 && self.seen != Seen::Success,
                Inject::Before(_) => false,
                _ => true,
            }
    }

    /// Whether the server can execute the request before it fails, or not at all: for others, the fault itself decides.
    #[must_use]
    pub fn has_two_orders(&self) -> bool {
        let replaces = |fault: &Fault| {
            matches!(
                fault,
                Fault::Status { .. }
                    | Fault::Raw { .. }
                    | Fault::Close { close: CloseAt::BeforeResponse, .. }
                    | Fault::Depth { .. }
                    | Fault::Flood { .. }
                    | Fault::Bomb { .. }
            )
        };
        // After a rejection nothing was executed, by what it says.
        let says_not = matches!(self.seen, Seen::Throttled(_) | Seen::CredentialRejected(_) | Seen::Fatal(_));
        matches!(&self.inject, Inject::Exchange(faults) if faults.iter().all(replaces)) && !says_not
    }
}

/// The ids of all faults.
pub fn ids() -> impl Iterator<Item = String> {
    (1..=36).map(|number| format!("F{number:02}"))
}

struct List(Vec<Variant>);

impl List {
    fn add(&mut self, id: &'static str, what: &str, inject: Inject, seen: Seen) -> &mut Variant {
        let what = what.to_owned();
        let (scope, content) = (Scope::Any, Content::Other);
        let index = self.0.len();
        self.0.push(Variant { id, what, inject, seen, seen_early: None, scope, content });
        &mut self.0[index]
    }
}

/// All faults in all their forms.
#[must_use]
pub fn all() -> Vec<Variant> {
    use Content::{JsonOrNothing, Page};
    use ErrorKind::{
        Connect, Decode, EmptyResponse, Protocol, Redirect, Server, Timeout, TooLarge, Transport,
        Unauthenticated,
    };
    use FaultEnd::{Close, Hang, Reset};
    use Seen::{Broken, CredentialRejected, Fatal, Lost, NotSent, Success, Throttled};

    let mut list = List(Vec::new());
    let exchange = |fault: Fault| Inject::Exchange(vec![fault]);
    let close = |close: CloseAt, end: FaultEnd| Fault::Close { close, end };
    let closed = |end: FaultEnd| exchange(close(CloseAt::BeforeResponse, end));

    list.add("F01", "no such name", Inject::Address(Address::Unknown), NotSent(Connect));
    list.add("F02", "connection refused", Inject::Address(Address::Closed), NotSent(Connect));
    list.add("F03", "connection never completed", Inject::Address(Address::Silent), NotSent(Connect));
    list.add("F04", "certificate of another host", Inject::Tls(TlsFlaw::WrongHost), Fatal(Connect));
    list.add("F05", "expired certificate", Inject::Tls(TlsFlaw::Expired), Fatal(Connect));
    list.add("F05", "unknown issuer", Inject::Tls(TlsFlaw::UnknownIssuer), Fatal(Connect));
    list.add("F06", "TLS 1.1 only", Inject::Tls(TlsFlaw::OldVersion), Fatal(Connect));
    // A connection that ends at once can end before the request is written.
    let accepted = Inject::Connection(close(CloseAt::AfterAccept, Close));
    list.add("F07", "closed after accept", accepted, Lost(Transport)).seen_early = Some(NotSent(Connect));
    for end in [Close, Reset] {
        let fault = close(CloseAt::AfterHead, end);
        list.add("F08", &format!("{end:?} after the request's head"), exchange(fault), Lost(Transport));
    }
    list.add("F09", "reset before the response", closed(Reset), Lost(Transport));
    list.add("F10", "no response", closed(Hang), Lost(Timeout));
    list.add("F11", "closed before the response", closed(Close), Lost(Transport));
    for (end, kind) in [(Close, Transport), (Reset, Transport), (Hang, Timeout)] {
        for bytes in [1, 12, 30] {
            let fault = Fault::CutHead { cut_head_after: bytes, end };
            list.add("F12", &format!("head cut after {bytes} bytes, {end:?}"), exchange(fault), Lost(kind));
        }
        for bytes in [0, 1, 9] {
            let fault = Fault::Cut { cut_body_after: bytes, end };
            list.add("F13", &format!("body cut after {bytes} bytes, {end:?}"), exchange(fault), Lost(kind));
        }
    }
    let chunks = |chunks: Chunks| exchange(Fault::Chunks { chunks });
    list.add("F14", "no last chunk", chunks(Chunks::Unfinished), Lost(Transport));
    list.add("F15", "bad chunk size", chunks(Chunks::BadSize), Broken(Protocol));
    for raw in [
        "SSH-2.0-OpenSSH_9.9\r\n",
        "\u{16}\u{3}\u{1}\u{0}\u{2}\u{2}\u{28}",
        "HTTP/9.9 200 OK\r\n\r\n",
        "\r\n\r\n\r\n\0\0",
    ] {
        list.add("F16", &format!("{raw:?}"), exchange(Fault::Raw { raw: raw.to_owned() }), Broken(Protocol));
    }
    list.add(
        "F17",
        "body byte by byte",
        exchange(Fault::Drip { drip: Part::Body, every_ms: 100 }),
        Lost(Timeout),
    );
    list.add(
        "F18",
        "head byte by byte",
        exchange(Fault::Drip { drip: Part::Head, every_ms: 100 }),
        Lost(Timeout),
    );
    for end in [Close, Reset] {
        let idle = Fault::Idle { close_idle_after_ms: 100, end };
        // If the client notices, it opens another connection.
        list.add("F19", &format!("{end:?} of the kept connection"), Inject::Before(idle), Lost(Transport))
            .seen_early = Some(Success);
    }
    let second =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 14\r\n\r\n{\"smuggled\":1}";
    for trailing in ["more", second] {
        let fault = Fault::Trailing { trailing: trailing.to_owned() };
        list.add("F20", &format!("{} bytes after the response", trailing.len()), exchange(fault), Success);
    }
    for bomb in [Encoding::Gzip, Encoding::Zstd] {
        let fault = Fault::Bomb { bomb, bomb_bytes: 8 << 20 };
        list.add("F21", &format!("{bomb:?} of 8 MiB"), exchange(fault), Broken(Decode));
    }
    list.add("F22", "body over the limit", exchange(Fault::Flood { flood_bytes: 3 << 20 }), Broken(TooLarge));
    for length in [9_000_000_000_000_000_000, (1 << 20) + 1] {
        let fault = Fault::Length { content_length: length };
        list.add("F23", &format!("content-length {length}"), exchange(fault), Broken(TooLarge));
    }
    for (extra_headers, header_bytes) in [(1_000, 100), (1, 1 << 20)] {
        let fault = Fault::Headers { extra_headers, header_bytes };
        list.add(
            "F24",
            &format!("{extra_headers} × {header_bytes} bytes"),
            exchange(fault),
            Broken(Protocol),
        );
    }
    list.add(
        "F25",
        "JSON of depth 100,000",
        exchange(Fault::Depth { json_depth: 100_000 }),
        Broken(Decode),
    )
    .content = JsonOrNothing;
    let damage = |damage: Damage| exchange(Fault::Damage { damage });
    list.add("F26", "page with 200", damage(Damage::Html), Broken(Decode)).content = Page;
    let html: &[(&str, &str)] = &[("content-type", "text/html")];
    list.add(
        "F26",
        "page with 502",
        exchange(Fault::response(502, html, "<html>Bad gateway</html>")),
        Lost(Server),
    )
    .content = Page;
    list.add("F27", "empty body with 200", damage(Damage::Empty), Broken(EmptyResponse)).content =
        JsonOrNothing;
    let json_204 = "HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\n{}";
    list.add(
        "F27",
        "JSON with 204",
        exchange(Fault::Raw { raw: json_204.to_owned() }),
        Broken(EmptyResponse),
    )
    .content = JsonOrNothing;
    for (flaw, what) in [(Damage::InvalidUtf8, "invalid UTF-8"), (Damage::Nul, "NUL")] {
        list.add("F28", what, damage(flaw), Broken(Decode));
    }
    list.add("F28", "byte order mark", damage(Damage::Bom), Success);
    for (value, may_wait) in [
        ("0", true),
        ("3600", false),
        ("Sun, 06 Nov 1994 08:49:37 GMT", true),
        ("Fri, 31 Dec 9999 23:59:59 GMT", false),
        ("-5", true),
        ("9223372036854775808", false),
        ("", true),
    ] {
        let headers = [("retry-after", value)];
        let headers: &[(&str, &str)] = if value.is_empty() { &[] } else { &headers };
        let fault = Fault::response(429, headers, "slow down");
        list.add("F29", &format!("Retry-After {value:?}"), exchange(fault), Throttled(may_wait));
    }
    for status in [500, 502, 503, 504] {
        list.add("F30", &format!("status {status}"), exchange(Fault::status(status)), Lost(Server));
    }
    list.add("F31", "401 once", exchange(Fault::status(401)), CredentialRejected(Unauthenticated)).scope =
        Scope::Once;
    list.add("F32", "401 forever", exchange(Fault::status(401)), CredentialRejected(Unauthenticated));
    for status in [301, 302, 303, 307, 308] {
        for place in ["http://127.0.0.1:9/elsewhere", "/elsewhere"] {
            let fault = Fault::response(status, &[("location", place)], "");
            // RFC 9110, 15.4: 307 and 308 ask for the same request elsewhere, so it was not executed here.
            let seen = if status < 307 { Broken(Redirect) } else { Fatal(Redirect) };
            list.add("F33", &format!("{status} to {place}"), exchange(fault), seen);
        }
    }
    for (what, fault, kind) in [
        ("token request fails", exchange(Fault::status(500)), Server),
        ("token request hangs", closed(Hang), Timeout),
        ("response with the tokens is lost", closed(Reset), Transport),
    ] {
        list.add("F34", what, fault, Lost(kind)).scope = Scope::Tokens;
    }
    for seconds in [600, -600] {
        let skew = Fault::Skew { skew_seconds: seconds };
        list.add("F35", &format!("clock off by {seconds} s"), exchange(skew), Success);
    }
    let moving = [600, -600, 300].map(|skew_seconds| Fault::Skew { skew_seconds }).to_vec();
    list.add("F35", "clock that moves between requests", Inject::Exchange(moving), Success);
    for interim in [100, 103] {
        list.add("F36", &format!("{interim} first"), exchange(Fault::Interim { interim }), Success);
    }
    list.add("F36", "unexpected 101", exchange(Fault::Interim { interim: 101 }), Broken(Protocol));
    list.0
}
