//! Strings that are signed by mistake.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;

use super::{KeyPair, Signed, address, algorithm, sign, url_encode};
use crate::framework::exchange::Call;
use crate::framework::random::hex;

/// The mistake that produces the received signature, if any.
pub(super) fn cause(
    signed: &Signed<'_>,
    received: &str,
    call: &Call,
    keys: &KeyPair,
    key: &[u8],
) -> (Option<&'static str>, &'static str) {
    let with = |change: &dyn Fn(&mut Signed<'_>)| {
        let mut other = Signed { address: signed.address.clone(), ..*signed };
        change(&mut other);
        other
    };
    let path_only =
        format!("{}{}", call.path, call.query.as_ref().map(|q| format!("?{q}")).unwrap_or_default());
    let as_it_is = |text: &Signed<'_>| {
        format!(
            "{}{}{}{}{}",
            text.application_key,
            url_encode(&text.address),
            text.method,
            text.nonce,
            text.time
        )
    };
    let unencoded = format!(
        "{}{}{}{}{}",
        signed.application_key, signed.address, signed.method, signed.nonce, signed.time
    );
    let separated = |separator: &str| {
        let address = url_encode(&signed.address.to_lowercase());
        [signed.application_key, &address, signed.method, signed.nonce, signed.time]
            .join(separator)
            .to_lowercase()
    };
    let text = signed.string();
    let encoded = url_encode(&signed.address.to_lowercase());
    let [application_key, method, nonce, time] =
        [signed.application_key, signed.method, signed.nonce, signed.time];
    let join = |parts: &[&str]| parts.concat().to_lowercase();
    let address_as = |address: String| with(&|other| other.address.clone_from(&address)).string();
    let host = call.host.split(':').next().unwrap_or_default();
    let seconds: i64 = time.parse().unwrap_or_default();
    let mut strings: Vec<(&'static str, String, &'static str)> = vec![
        ("not_lower_case", as_it_is(signed), "the string was not converted to lower case"),
        ("upper_case", text.to_uppercase(), "the string was converted to upper case"),
        ("address_not_encoded", unencoded.to_lowercase(), "the URL was not percent-encoded"),
        (
            "address_not_encoded",
            unencoded,
            "the URL was not percent-encoded, and the string not converted to lower case",
        ),
        (
            "address_encoded_twice",
            join(&[application_key, &url_encode(&encoded), method, nonce, time]),
            "the URL was percent-encoded twice",
        ),
        ("query_left_out", address_as(address(call, &call.path, false)), "the query is missing in the URL"),
        ("path_only", address_as(path_only), "only the path was signed, without scheme and host"),
        (
            "path_only",
            address_as(call.path.clone()),
            "only the path was signed, without scheme, host and query",
        ),
        ("host_only", address_as(call.host.clone()), "only the host was signed instead of the URL"),
        (
            "scheme_left_out",
            address_as(signed.address.replacen("http://", "", 1)),
            "the scheme is missing in the URL",
        ),
        ("https", address_as(signed.address.replacen("http:", "https:", 1)), "the URL was signed with https"),
        (
            "slash_at_the_end",
            address_as(toggle_slash(&signed.address)),
            "the signed URL differs in a trailing slash",
        ),
        (
            "port_left_out",
            address_as(signed.address.replacen(&call.host, host, 1)),
            "the port is missing in the URL",
        ),
        (
            "vendors_host",
            address_as(signed.address.replacen(
                &format!("http://{}", call.host),
                "https://api.virtuoussoftware.com",
                1,
            )),
            "the vendor's host was signed, but another was called",
        ),
        (
            "localhost",
            address_as(signed.address.replacen(host, "localhost", 1)),
            "`localhost` was signed, but another host was called",
        ),
        (
            "localhost",
            address_as(signed.address.replacen(host, "127.0.0.1", 1)),
            "`127.0.0.1` was signed, but another host was called",
        ),
        ("separated_by_colons", separated(":"), "the parts were joined by colons"),
        ("separated_by_lines", separated("\n"), "the parts were joined by line breaks"),
        ("separated_by_lines", separated("\r\n"), "the parts were joined by line breaks"),
        ("separated_otherwise", separated(" "), "the parts were joined by spaces"),
        ("separated_otherwise", separated("|"), "the parts were joined by vertical bars"),
        ("separated_otherwise", separated(","), "the parts were joined by commas"),
        ("separated_otherwise", separated("&"), "the parts were joined by ampersands"),
        ("line_break_at_the_end", format!("{text}\n"), "a trailing line break was signed"),
        ("line_break_at_the_end", format!("{text}\r\n"), "a trailing line break was signed"),
        ("space_at_the_end", format!("{text} "), "a trailing space was signed"),
        (
            "application_key_left_out",
            join(&[&encoded, method, nonce, time]),
            "the application key is missing in the string",
        ),
        ("url_left_out", join(&[application_key, method, nonce, time]), "the URL is missing in the string"),
        (
            "method_left_out",
            join(&[application_key, &encoded, nonce, time]),
            "the method is missing in the string",
        ),
        (
            "nonce_left_out",
            join(&[application_key, &encoded, method, time]),
            "the nonce is missing in the string",
        ),
        (
            "time_left_out",
            join(&[application_key, &encoded, method, nonce]),
            "the time is missing in the string",
        ),
        (
            "private_key_signed",
            join(&[application_key, &keys.private_key, &encoded, method, nonce, time]),
            "the private key is in the string",
        ),
        (
            "time_in_milliseconds",
            join(&[application_key, &encoded, method, nonce, &format!("{time}000")]),
            "the time was signed in milliseconds, but sent in seconds",
        ),
        ("string_in_base64", STANDARD.encode(&text), "the base64 of the string was signed"),
        (
            "string_hashed",
            hex(&sha2::Sha256::digest(&text)),
            "the SHA-256 of the string was signed instead of the string",
        ),
        ("string_encoded", url_encode(&text), "the whole string was percent-encoded"),
    ];
    for other in ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().filter(|other| *other != method) {
        strings.push((
            "other_method",
            join(&[application_key, &encoded, other, nonce, time]),
            "another method was signed than sent",
        ));
    }
    for skew in [-2, -1, 1, 2] {
        let other = (seconds + skew).to_string();
        strings.push((
            "other_time",
            join(&[application_key, &encoded, method, nonce, &other]),
            "another time was signed than sent",
        ));
    }
    for order in orders(&[application_key, &encoded, method, nonce, time]) {
        strings.push(("order", join(&order), "the order is not application key, URL, method, nonce, time"));
    }
    // Other rules of percent-encoding: as JavaScript's `encodeURIComponent` and `encodeURI`, Python's `quote`, and RFC 3986.
    for (plain, plus) in [
        ("-_.!~*'()", false),
        ("-_.~/", false),
        ("-_.~", false),
        ("-_.~", true),
        ("-_.!~*'();/?:@&=+$,#", false),
        ("-_.*", true),
        ("-_.!*()", false),
    ] {
        for source in [signed.address.to_lowercase(), signed.address.clone()] {
            let other = encode_with(&source, plain, plus);
            strings.push((
                "encoded_otherwise",
                join(&[application_key, &other, method, nonce, time]),
                "the URL was percent-encoded by other rules than those of .NET's WebUtility.UrlEncode",
            ));
        }
    }
    if let Ok(decoded) = percent_encoding::percent_decode_str(&signed.address).decode_utf8() {
        strings.push((
            "decoded",
            address_as(decoded.clone().into_owned()),
            "the URL was signed before it was percent-encoded for the request",
        ));
        strings.push((
            "decoded",
            address_as(decoded.replace('+', " ")),
            "the URL was signed before it was percent-encoded for the request",
        ));
    }
    if let Some((_, query)) = signed.address.split_once('?') {
        let mut pairs: Vec<&str> = query.split('&').collect();
        pairs.sort_unstable();
        let sorted = format!("{}?{}", address(call, &call.path, false), pairs.join("&"));
        strings.push(("query_sorted", address_as(sorted), "the parameters of the query were sorted"));
    }
    strings.retain(|(_, string, _)| *string != text);
    if let Some((cause, _, reason)) = strings.into_iter().find(|(_, string, _)| sign(key, string) == received)
    {
        return (Some(cause), reason);
    }
    algorithm::cause(signed, received, call, keys, key)
}

/// All orders of the parts.
fn orders<'p>(parts: &[&'p str; 5]) -> Vec<Vec<&'p str>> {
    let mut all: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in parts {
        let longer = |order: Vec<usize>| {
            let rest: Vec<usize> = (0..parts.len()).filter(|at| !order.contains(at)).collect();
            rest.into_iter().map(move |at| [&order[..], &[at]].concat())
        };
        all = all.into_iter().flat_map(longer).collect();
    }
    let named = |order: Vec<usize>| order.into_iter().filter_map(|at| parts.get(at).copied()).collect();
    all.into_iter().map(named).collect()
}

/// Percent-encoding with other rules: what stays as it is besides letters and digits, and whether a space is `+`.
fn encode_with(text: &str, plain: &str, plus: bool) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || plain.as_bytes().contains(&byte) {
            encoded.push(char::from(byte));
        } else if byte == b' ' && plus {
            encoded.push('+');
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
        encoded
    })
}

fn toggle_slash(address: &str) -> String {
    address.strip_suffix('/').map_or_else(|| format!("{address}/"), str::to_owned)
}
