//! Reads the token, cookies and the phrase from a request.

use super::settings::Carrier;
use crate::framework::exchange::{Call, with_scheme};
use crate::framework::form::decode;

/// The form-decoded value of a query parameter (`+` is a space). `None` if it does not occur exactly once or is encoded
/// incorrectly.
pub(super) fn query_value(call: &Call, name: &str) -> Option<String> {
    let mut values = call.query.as_deref()?.split('&').filter_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (decode(key)? == name).then_some(value)
    });
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    decode(value)
}

/// The value of a cookie; `None` if it does not occur exactly once.
pub(super) fn cookie<'c>(call: &'c Call, name: &str) -> Option<&'c str> {
    let mut values = call
        .header_once("cookie")
        .ok()?
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

/// Whether the request carries this token in the expected place.
pub(super) fn carries(call: &Call, carrier: &Carrier, token: &str) -> bool {
    match carrier {
        Carrier::Bearer => call
            .header_once("authorization")
            .ok()
            .and_then(|value| with_scheme(value, "Bearer"))
            .is_some_and(|value| value == token),
        Carrier::Authorization => call.header_once("authorization") == Ok(token),
        Carrier::Header(name) => call.header_once(name) == Ok(token),
        Carrier::Query(name) => query_value(call, name).is_some_and(|value| value == token),
    }
}

/// Whether the token occurs anywhere in the request.
pub(super) fn contains_token(call: &Call, token: &str) -> bool {
    let in_headers = call
        .headers
        .values()
        .any(|value| std::str::from_utf8(value.as_bytes()).is_ok_and(|value| value.contains(token)));
    let in_query = call.query.as_deref().and_then(decode).is_some_and(|query| query.contains(token));
    in_headers || in_query || std::str::from_utf8(&call.body).is_ok_and(|body| body.contains(token))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framework::timestamp::Timestamp;
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, Method};

    fn call(query: &str, headers: &[(&'static str, &'static str)]) -> Call {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        Call {
            operation: "session.open",
            method: Method::GET,
            path: "/auth".to_owned(),
            prefix: String::new(),
            query: Some(query.to_owned()),
            scheme: "http",
            host: String::new(),
            headers: map,
            body: Bytes::new(),
            params: Vec::new(),
            now: Timestamp::from_unix_seconds(0),
            listener: 1,
            done: None,
        }
    }

    #[test]
    fn the_phrase_is_form_decoded() {
        for (query, expected) in [
            ("pfk=a%2Bb%26c%3D%25", Some("a+b&c=%")),
            ("x=1&pfk=a+b", Some("a b")),
            ("pfk=%C3%A9", Some("é")),
            ("pfk=", Some("")),
            ("pfk=%zz", None),
            ("pfk=1&pfk=2", None),
            ("pfk", None),
        ] {
            assert_eq!(query_value(&call(query, &[]), "pfk").as_deref(), expected, "{query}");
        }
    }

    #[test]
    fn tokens_are_found_in_their_carrier_and_anywhere() {
        let bearer = call("", &[("authorization", "Bearer t0ken")]);
        let raw = call("", &[("authorization", "t0ken")]);
        let header = call("", &[("x-api-key", "t0ken")]);
        let query = call("key=t%30ken", &[]);
        let carriers = [
            Carrier::Bearer,
            Carrier::Authorization,
            Carrier::Header("x-api-key".to_owned()),
            Carrier::Query("key".to_owned()),
        ];
        for (right, request) in [&bearer, &raw, &header, &query].into_iter().enumerate() {
            for (index, carrier) in carriers.iter().enumerate() {
                assert_eq!(carries(request, carrier, "t0ken"), index == right, "{carrier:?} {request:?}");
            }
            assert!(contains_token(request, "t0ken"));
        }
        assert!(!contains_token(&call("a=b", &[("cookie", "session=x")]), "t0ken"));
    }

    #[test]
    fn a_cookie_must_occur_once() {
        let good = call("", &[("cookie", "lb=1; session=abc; x=y=z")]);
        assert_eq!(cookie(&good, "session"), Some("abc"));
        assert_eq!(cookie(&good, "x"), Some("y=z"));
        assert_eq!(cookie(&good, "nothing"), None);
        assert_eq!(cookie(&call("", &[("cookie", "session=a; session=b")]), "session"), None);
        assert_eq!(cookie(&call("", &[]), "session"), None);
    }
}
