//! The signature against the vendor's published examples and the known requirements of its servers.

use super::*;
use crate::origin::Origin;
use http::{HeaderMap, Method};
use std::time::{Duration, SystemTime};

const SECRET: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const TIME: u64 = 1_512_754_158;

struct Sent {
    canonical: Vec<u8>,
    date: String,
    pair: String,
}

fn send(signer: &BasicHmac, method: &str, origin: &Origin, target: &str, body: &[u8]) -> Sent {
    let (method, headers) = (Method::from_bytes(method.as_bytes()).unwrap(), HeaderMap::new());
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(TIME);
    let request = SigningRequest::new(&method, origin, target, &headers, body, time);
    let headers: Vec<_> = signer.sign(&request).unwrap().into_headers().collect();
    let [(date_name, date), (name, value)] = headers.as_slice() else { panic!("two headers") };
    assert_eq!((date_name, date.is_sensitive()), (&header::DATE, false));
    assert_eq!((name, value.is_sensitive()), (&header::AUTHORIZATION, true));
    let encoded = value.to_str().unwrap().strip_prefix("Basic ").unwrap();
    Sent {
        canonical: signer.canonical(&request).unwrap(),
        date: date.to_str().unwrap().to_owned(),
        pair: String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap(),
    }
}

fn demo() -> BasicHmac {
    BasicHmac::new("demo-api-key", &SecretString::from(SECRET)).unwrap()
}

fn host() -> Origin {
    Origin::https("dashboard.revesecure.com")
}

#[test]
fn an_empty_body_leaves_a_line_feed_at_the_end() {
    let sent = send(&demo(), "GET", &host(), "/rest/v1/users", b"");
    assert_eq!(sent.canonical.len(), 76);
    assert_eq!(sent.pair, "demo-api-key:48fe27ea40a5af37928348920191ebef359c9c300ebb1c42188662e433df5073");
    assert_eq!(sent.date, "Fri, 08 Dec 2017 17:29:18 -0000");
}

#[test]
fn a_body_comes_last_and_as_it_is() {
    let body = br#"{"ContactNumber":"8123465790","CountryCode":"91"}"#;
    let sent = send(&demo(), "POST", &host(), "/rest/v1/users", body);
    assert_eq!(sent.pair, "demo-api-key:61e7b740bccb2643866e7e0ca3fa2f48b1f5f233e9e0cffec454cf1fe8ac3929");
}

#[test]
fn host_and_method_have_their_case_and_the_port_is_left_out() {
    let origin = Origin::new(true, "Dashboard.ReveSecure.COM", Some(8443));
    let sent = send(&demo(), "get", &origin, "/rest/v1/Users/%C3%A4", b"");
    let text = String::from_utf8(sent.canonical).unwrap();
    assert!(text.ends_with("\nGET\ndashboard.revesecure.com\n/rest/v1/Users/%C3%A4\n"), "{text}");
}

#[test]
fn the_published_examples_of_the_scheme_it_was_modelled_on() {
    // Duo's documentation and the tests of its Go client: SHA-1, a UTF-8 key, the query in place of the body.
    let signer = BasicHmac::builder()
        .digest(HmacDigest::Sha1)
        .key_encoding(KeyEncoding::Utf8)
        .date(DateFormat::Fixed("Tue, 21 Aug 2012 17:29:18 -0000".to_owned()))
        .query(SignedQuery::InBody)
        .build("DIWJ8X6AEYOR5OMC6TQ1", &SecretString::from("Zh5eGmUq9zpfQnyUIu5OL9iWoMMv5ZNmk3zLJ4Ep"))
        .unwrap();
    let origin = Origin::https("api-XXXXXXXX.duosecurity.com");
    for (target, body) in [
        ("/accounts/v1/account/list?realname=First%20Last&username=root", ""),
        ("/accounts/v1/account/list", "realname=First%20Last&username=root"),
    ] {
        let sent = send(&signer, "POST", &origin, target, body.as_bytes());
        assert_eq!(sent.pair, "DIWJ8X6AEYOR5OMC6TQ1:2d97d6166319781b5a3a07af39d366f491234edc");
    }
    let sent = send(&signer, "POST", &origin, "/admin/v1/users", b"");
    assert_eq!(sent.pair, "DIWJ8X6AEYOR5OMC6TQ1:ea82a13720b9d190215cc89179c2cb171d8607b3");
}

#[test]
fn settings_change_one_thing_each() {
    let build = |builder: BasicHmacBuilder| builder.build("k", &SecretString::from(SECRET)).unwrap();
    let text = |signer: &BasicHmac, target| {
        String::from_utf8(send(signer, "GET", &host(), target, b"").canonical).unwrap()
    };
    let signer = build(BasicHmac::builder().separator("\r\n"));
    assert_eq!(text(&signer, "/a").matches("\r\n").count(), 4);
    let signer = build(BasicHmac::builder().host("Tunnel.Example"));
    assert!(text(&signer, "/a").contains("\ntunnel.example\n"));
    let signer = build(BasicHmac::builder().date(DateFormat::Rfc2822Zone("GMT")));
    assert!(text(&signer, "/a").starts_with("Fri, 08 Dec 2017 17:29:18 GMT\n"));
    assert!(text(&build(BasicHmac::builder()), "/a?b=c").ends_with("\n/a\n"));
    let signer = build(BasicHmac::builder().query(SignedQuery::InPath));
    assert!(text(&signer, "/a?b=c").ends_with("\n/a?b=c\n"));
    let signer = build(BasicHmac::builder().query(SignedQuery::InBody));
    assert!(text(&signer, "/a?b=c").ends_with("\n/a\nb=c"));
    let sent = send(&signer, "POST", &host(), "/a?b=c", b"body");
    assert!(sent.canonical.ends_with(b"\n/a\nbody"), "a body is signed in place of the query");
    let signer = build(BasicHmac::builder().digest(HmacDigest::Sha512));
    assert_eq!(send(&signer, "GET", &host(), "/a", b"").pair.len(), 2 + 128);
}

#[test]
fn a_fixed_date_has_no_clock_to_correct() {
    let fixed = BasicHmac::builder().date(DateFormat::Fixed("now".to_owned()));
    assert!(!fixed.build("k", &SecretString::from(SECRET)).unwrap().signs_time());
    assert!(demo().signs_time());
}

#[test]
fn keys_that_would_sign_wrong_are_refused_and_not_shown() {
    let secret = |text: &str| SecretString::from(text);
    for (api_key, key, field) in [
        ("", SECRET, "API key"),
        ("a:canary", SECRET, "API key"),
        ("a\ncanary", SECRET, "API key"),
        ("a", "", "secret key"),
        ("a", "abc", "secret key"),
        ("a", "zzcanary", "secret key"),
        ("a", "00 1", "secret key"),
        ("a", "00\u{200b}01", "secret key"),
        ("\"a\"", SECRET, "API key"),
        ("a ", SECRET, "API key"),
        (" ", SECRET, "API key"),
        ("a\tb", SECRET, "API key"),
        ("a\u{a0}b", SECRET, "API key"),
        ("a\u{3000}b", SECRET, "API key"),
        ("a\u{200b}b", SECRET, "API key"),
        ("\u{feff}a", SECRET, "API key"),
        ("“a”", SECRET, "API key"),
        ("a", "０１", "secret key"),
    ] {
        let error = BasicHmac::new(api_key, &secret(key)).unwrap_err();
        assert_eq!(error.field(), field, "{api_key:?} {key:?}");
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
    assert!(BasicHmac::new("a", &secret("00fFA9")).is_ok());
    assert!(BasicHmac::new("a", &secret(" 00fFA9\n")).is_ok(), "white space is no digit");
    assert!(BasicHmac::builder().key_encoding(KeyEncoding::Utf8).build("a", &secret("not hex")).is_ok());
    for date in ["a\nb", " a", "ä"] {
        let builder = BasicHmac::builder().date(DateFormat::Fixed(date.to_owned()));
        assert_eq!(builder.build("a", &secret(SECRET)).unwrap_err().field(), "date");
    }
}

#[test]
fn nothing_of_it_prints() {
    let signer = BasicHmac::new("canary", &SecretString::from("ca4a41")).unwrap();
    let printed = format!("{signer:?}");
    assert!(!printed.contains("canary") && !printed.to_lowercase().contains("ca4a41"), "{printed}");
}

#[test]
fn a_time_that_no_date_can_say_is_refused() {
    let (origin, headers) = (host(), HeaderMap::new());
    let time = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    let request = SigningRequest::new(&Method::GET, &origin, "/", &headers, b"", time);
    assert!(matches!(demo().sign(&request), Err(SignError::Request(_))));
}
