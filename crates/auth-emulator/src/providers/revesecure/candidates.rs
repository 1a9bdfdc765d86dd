//! Strings that are signed by mistake.

use super::dates;
use super::json_format::{Spacing, escaped, respaced, sorted, unescaped};
use super::mistake::{Mistake, SignedRequest};
use super::signature::{Fields, body_digests, without_port};

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
    bodies(request.fields, &mut list);
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
    for order in [
        [method, host, path, body, date],
        [method, date, host, path, body],
        [method, host, path, date, body],
        [date, host, method, path, body],
        [date, method, path, host, body],
    ] {
        let words = "the order of the fields is not date, method, host, path, body";
        add("order", "order", words, order.join(one));
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

/// A body that was signed in another format than it was sent.
fn bodies(fields: &Fields, list: &mut Vec<Candidate>) {
    let mut add = |id, words: &str, body: Vec<u8>| {
        list.push((Mistake::new(id, "body", words), with(fields, |fields| fields.body = body)));
    };
    if fields.body.is_empty() {
        for text in ["{}", "null", "[]", "\"\""] {
            let words = format!("`{text}` was signed, but no body was sent");
            add("body_signed_but_not_sent", &words, text.as_bytes().to_vec());
        }
    }
    for digest in body_digests(&fields.body) {
        add("body_hashed", "a digest of the body was signed instead of the body", digest.into_bytes());
    }
    let Ok(text) = std::str::from_utf8(&fields.body) else { return };
    let words =
        "the body was serialized again between signing and sending: the signed one has different white space";
    for style in [Spacing::Compact, Spacing::Spaced, Spacing::Pretty(2), Spacing::Pretty(4)] {
        let Some(text) = respaced(text, style) else { continue };
        add("body_reserialised", words, format!("{text}\n").into_bytes());
        add("body_reserialised", words, text.into_bytes());
    }
    if let Some(text) = sorted(text) {
        let words = "the body was serialized again: the fields of the signed one are in alphabetical order";
        add("body_reserialised", words, text.into_bytes());
    }
    if let Some(text) = unescaped(text) {
        let words = "UTF-8 was signed, but `\\uXXXX` was sent";
        add("body_escaping", words, text.into_bytes());
    }
    add("body_escaping", "`\\uXXXX` was signed, but UTF-8 was sent", escaped(text).into_bytes());
    let words = "slashes are escaped either in the signed or in the sent body, but not in both";
    add("body_escaping", words, text.replace('/', "\\/").into_bytes());
    add("body_escaping", words, text.replace("\\/", "/").into_bytes());
    let words = "the signed body has single quotes, as in the vendor's documentation";
    add("body_single_quotes", words, text.replace('"', "'").into_bytes());
    let words = "white space around the body is either signed or sent, but not both";
    add("body_trimmed", words, text.trim().as_bytes().to_vec());
}
