//! Strings that are signed by mistake; `bodies.rs` has those with another body.

mod bodies;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::dates;
use super::mistake::{Mistake, SignedRequest};
use super::signature::{Fields, without_port};
use crate::framework::form;
use crate::framework::random::hex;

/// The vendor's host.
const VENDOR_HOST: &str = "dashboard.revesecure.com";

type Candidate = (Mistake, Vec<u8>);

/// Every known wrong string for this request.
pub(super) fn all(request: &SignedRequest<'_>) -> Vec<Candidate> {
    let expected = request.fields.canonical();
    let mut list = Vec::new();
    joins(request, &mut list);
    dates(request.fields, &mut list);
    hosts(request, &mut list);
    paths(request, &mut list);
    bodies::add(request.fields, &mut list);
    list.retain(|(_, string)| *string != expected);
    list
}

/// The correct fields, joined incorrectly.
fn joins(request: &SignedRequest<'_>, list: &mut Vec<Candidate>) {
    let fields = request.fields;
    let [date, method, host, path, body] = fields.list();
    let mut add = |id, field, words: &str, text: Vec<u8>| list.push((Mistake::new(id, field, words), text));
    let one = fields.separator.as_bytes();
    let two = one.repeat(2);
    let head = [date, method, host, path].join(one);
    if body.is_empty() {
        let words = "the line feed after the path is missing; it is required even for an empty body";
        add("trailing_line_feed_missing", "body", words, head.clone());
        add(
            "blank_line_before_body",
            "body",
            "there is an extra empty line after the path",
            [&head[..], &two].concat(),
        );
    } else {
        let words = "there is an empty line between path and body";
        add("blank_line_before_body", "body", words, [&head[..], &two, body].concat());
        let words = "there is a line feed after the body";
        add("line_feed_after_body", "body", words, [&head[..], one, body, one].concat());
        let words = "the body was signed as if it were empty";
        add("body_left_out", "body", words, [&head[..], one].concat());
        let words = "the body was left out, together with the line feed before it";
        add("body_left_out", "body", words, head);
    }
    let separated = |separator: &[u8]| fields.list().join(separator);
    add(
        "separator_lf",
        "separator",
        "the fields are joined by LF instead of the configured separator",
        separated(b"\n"),
    );
    add("separator_crlf", "separator", "the fields are joined by CR LF instead of LF", separated(b"\r\n"));
    add(
        "separator_space",
        "separator",
        "the fields are joined by spaces instead of line feeds",
        separated(b" "),
    );
    for (other, name) in [
        ("\t", "tabs"),
        ("|", "vertical bars"),
        (":", "colons"),
        (";", "semicolons"),
        (",", "commas"),
        (", ", "commas"),
        ("&", "ampersands"),
        ("\r", "carriage returns"),
        ("\n\n", "two line feeds"),
        ("\0", "zero bytes"),
        (".", "dots"),
        ("+", "plus signs"),
        ("-", "hyphens"),
        ("\\r\\n", "escaped line breaks"),
        ("<br>", "HTML line breaks"),
        (" \n", "a space and a line feed"),
    ] {
        let words = format!("the fields are joined by {name} instead of line feeds");
        add("separator_other", "separator", &words, separated(other.as_bytes()));
    }
    add("separator_missing", "separator", "there is no separator between the fields", separated(b""));
    add("separator_escaped", "separator", "the fields are joined by a backslash and an n", separated(b"\\n"));
    let lower = fields.method.to_ascii_lowercase();
    let words = "the method was signed in lower case";
    add("method_lower_case", "method", words, [date, lower.as_bytes(), host, path, body].join(one));
    let words = "the date is missing, as in Duo's oldest scheme";
    add("date_left_out", "date", words, [method, host, path, body].join(one));
    let words = "the host is missing";
    add("host_left_out", "host", words, [date, method, path, body].join(one));
    let words = "the method is missing";
    add("method_left_out", "method", words, [date, host, path, body].join(one));
    for order in orders(&fields.list()) {
        let words = "the order of the fields is not date, method, host, path, body";
        add("order", "order", words, order.join(one));
    }
    let words = "the path is missing";
    add("path_left_out", "path", words, [date, method, host, body].join(one));
    for other in ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"] {
        let words = format!("`{other}` was signed, but the method is {}", fields.method);
        add("method_other", "method", &words, [date, other.as_bytes(), host, path, body].join(one));
    }
    let words = "host and path were signed on one line, as a URL";
    add("host_and_path_joined", "separator", words, [date, method, &[host, path].concat(), body].join(one));
    let words = "method, host and path were signed on one line, as in the page's first sample";
    let line = [method, b" ", host, path].concat();
    add("host_and_path_joined", "separator", words, [date, &line, body].join(one));
    add("host_and_path_joined", "separator", words, [&line, date, method, host, path, body].join(one));
    let words = "a line was signed that is none of the five fields";
    let api_key = request.credential.api_key.as_bytes();
    for (id, extra) in [
        ("content_type_signed", &b"application/json"[..]),
        ("content_type_signed", b"application/json; charset=utf-8"),
        ("api_key_signed", api_key),
    ] {
        for lines in [
            [extra, date, method, host, path, body],
            [date, method, host, path, extra, body],
            [date, method, host, path, body, extra],
        ] {
            add(id, "order", words, lines.join(one));
        }
    }
    let names = ["date", "method", "host", "path", "body"];
    let words = "the fields were signed together with their names";
    for (between, after) in [(": ", "\n"), (":", "\n"), ("=", "\n"), ("=", "&")] {
        let pairs: Vec<Vec<u8>> = names
            .iter()
            .zip(fields.list())
            .map(|(name, value)| [name.as_bytes(), between.as_bytes(), value].concat())
            .collect();
        add("fields_named", "separator", words, pairs.join(after.as_bytes()));
    }
    whole(fields, list);
}

/// All orders of the five fields.
fn orders<'f>(fields: &[&'f [u8]; 5]) -> Vec<Vec<&'f [u8]>> {
    let mut all: Vec<Vec<&[u8]>> = vec![Vec::new()];
    let mut taken: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..fields.len() {
        let (mut next, mut next_taken) = (Vec::new(), Vec::new());
        for (list, used) in all.iter().zip(&taken) {
            for (at, field) in fields.iter().enumerate().filter(|(at, _)| !used.contains(at)) {
                next.push([&list[..], &[*field]].concat());
                next_taken.push([&used[..], &[at]].concat());
            }
        }
        (all, taken) = (next, next_taken);
    }
    all
}

/// The correct string, changed as a whole.
fn whole(fields: &Fields, list: &mut Vec<Candidate>) {
    let right = fields.canonical();
    let text = String::from_utf8_lossy(&right).into_owned();
    let utf16 = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    for (id, words, changed) in [
        ("string_lower_case", "the whole string was signed in lower case", text.to_lowercase().into_bytes()),
        ("string_upper_case", "the whole string was signed in upper case", text.to_uppercase().into_bytes()),
        ("string_in_base64", "the base64 of the string was signed", STANDARD.encode(&right).into_bytes()),
        ("string_in_hex", "the hexadecimal digits of the string were signed", hex(&right).into_bytes()),
        (
            "string_percent_encoded",
            "the string was percent-encoded before it was signed",
            form::encode(&text).into_bytes(),
        ),
        (
            "string_percent_encoded",
            "the string was percent-encoded before it was signed",
            form::encode(&text).replace('+', "%20").into_bytes(),
        ),
        ("string_utf16", "the string was signed in UTF-16 instead of UTF-8", utf16(u16::to_le_bytes)),
        ("string_utf16", "the string was signed in UTF-16 instead of UTF-8", utf16(u16::to_be_bytes)),
        (
            "string_with_bom",
            "a byte order mark was signed before the string",
            ["\u{feff}".as_bytes(), &right].concat(),
        ),
        ("string_with_zero", "a zero byte was signed after the string", [&right[..], b"\0"].concat()),
        ("string_with_space", "a space was signed after the string", [&right[..], b" "].concat()),
        ("string_with_space", "a space was signed before the string", [b" ", &right[..]].concat()),
        ("line_feed_before", "a line feed was signed before the string", [b"\n", &right[..]].concat()),
        ("line_feed_after", "a line feed was signed after the string", [&right[..], b"\n"].concat()),
        ("line_feed_after", "a line break was signed after the string", [&right[..], b"\r\n"].concat()),
    ] {
        list.push((Mistake::new(id, "string", words), changed));
    }
}

fn with(fields: &Fields, change: impl FnOnce(&mut Fields)) -> Vec<u8> {
    let mut changed = fields.clone();
    change(&mut changed);
    changed.canonical()
}

/// A date that differs from the header.
fn dates(fields: &Fields, list: &mut Vec<Candidate>) {
    for (words, date) in dates::variants(&fields.date) {
        let words = format!("the signed date differs from the `Date` header: {words}");
        list.push((Mistake::new("date_mismatch", "date", words), with(fields, |fields| fields.date = date)));
    }
}

fn hosts(request: &SignedRequest<'_>, list: &mut Vec<Candidate>) {
    let name = &request.fields.host;
    let as_sent = without_port(request.host_header);
    let mut add = |id, words: &str, host: String| {
        list.push((Mistake::new(id, "host", words), with(request.fields, |fields| fields.host = host)));
    };
    let with_port = "the host was signed together with its port";
    add("host_with_port", with_port, request.host_header.to_owned());
    add("host_with_port", with_port, request.host_header.to_ascii_lowercase());
    for port in ["80", "443"] {
        add("host_with_port", with_port, format!("{name}:{port}"));
    }
    let upper = "the host was not signed in lower case";
    if as_sent.eq_ignore_ascii_case(name) {
        add("host_upper_case", upper, as_sent.to_owned());
    }
    add("host_upper_case", upper, name.to_ascii_uppercase());
    let words = "the host was signed together with the scheme, as a URL";
    for scheme in ["http", "https"] {
        add("host_with_scheme", words, format!("{scheme}://{name}"));
        add("host_with_scheme", words, format!("{scheme}://{}", request.host_header));
    }
    add("host_with_slash", "the host was signed with a slash", format!("{name}/"));
    add("host_with_slash", "the host was signed with a slash", format!("//{name}"));
    add("host_empty", "an empty host was signed", String::new());
    add(
        "host_with_path",
        "the host was signed together with the path",
        format!("{name}{}", request.fields.path),
    );
    add("host_with_path", "the host was signed together with `/rest/v1`", format!("{name}/rest/v1"));
    for prefix in ["www.", "api."] {
        add("host_with_prefix", "the host was signed with a prefix", format!("{prefix}{name}"));
    }
    add("host_with_dot", "the host was signed with a trailing dot", format!("{name}."));
    let words =
        "the vendor's host was signed, but another host was called; set the signing host to the called one";
    add("host_of_the_vendor", words, VENDOR_HOST.to_owned());
    for other in ["localhost", "127.0.0.1", "[::1]", "::1", as_sent] {
        let words = format!("`{other}` was signed instead of `{name}`");
        add("host_other_name", &words, other.to_owned());
    }
}

fn paths(request: &SignedRequest<'_>, list: &mut Vec<Candidate>) {
    let path = &request.fields.path;
    let mut add = |id, words: &str, path: String| {
        list.push((Mistake::new(id, "path", words), with(request.fields, |fields| fields.path = path)));
    };
    if let Some(query) = request.query {
        add("path_with_query", "the path was signed together with the query", format!("{path}?{query}"));
    }
    for prefix in ["/rest/v1", "/rest"] {
        if let Some(rest) = path.strip_prefix(prefix) {
            add("path_without_prefix", "the path was signed without the prefix /rest/v1", rest.to_owned());
        }
    }
    let bare = path.trim_start_matches('/').to_owned();
    add("path_without_slash", "the path was signed without the leading slash", bare);
    add("path_with_slash_at_end", "the path was signed with a trailing slash", format!("{path}/"));
    for scheme in ["http", "https"] {
        let url = format!("{scheme}://{}{path}", request.host_header);
        add("path_is_url", "the URL was signed instead of the path", url);
    }
    if let Ok(decoded) = percent_encoding::percent_decode_str(path).decode_utf8() {
        add("path_decoded", "the path was signed before it was percent-encoded", decoded.into_owned());
    }
    add(
        "path_encoded_twice",
        "the path was percent-encoded twice before it was signed",
        path.replace('%', "%25"),
    );
    let words = "the path was signed with lower-case percent-encoding";
    add("path_encoding_case", words, lower_escapes(path));
    add("path_upper_case", "the path was signed in upper case", path.to_ascii_uppercase());
    add("path_with_slashes", "the path was signed with two slashes", format!("/{path}"));
    add(
        "path_with_slashes",
        "the path was signed with two slashes",
        path.replacen("/rest/v1", "/rest/v1/", 1),
    );
    add("path_with_question_mark", "a question mark was signed after the path", format!("{path}?"));
    add("path_with_prefix", "the prefix /rest/v1 was signed twice", format!("/rest/v1{path}"));
    add("path_with_space", "a space was signed after the path", format!("{path} "));
    add("path_with_plus", "`+` was signed instead of `%20`", path.replace("%20", "+"));
    add("path_left_empty", "an empty path was signed", String::new());
    add("path_left_empty", "`/` was signed instead of the path", "/".to_owned());
    add("path_segments_encoded", "the slashes of the path were percent-encoded", form::encode(path));
    add("path_lower_case", "the path was signed in lower case", path.to_ascii_lowercase());
}

fn lower_escapes(path: &str) -> String {
    let mut pieces = path.split('%');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2).unwrap_or((piece, ""));
        out.push_str(&format!("%{}{rest}", digits.to_ascii_lowercase()));
    }
    out
}
