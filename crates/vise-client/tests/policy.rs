//! Hosts that must not be called, in every spelling: none is called, and none sees the token.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use common::Anyone;
use serde_json::json;
use std::collections::HashSet;
use vise_client::{AccountDomain, Client, ErrorKind, HostPolicy, HostRefusal, SessionProblem};

/// What a poisoned list could have in place of a host.
const POISONED: &[(&str, HostRefusal)] = {
    use HostRefusal::{
        Address, Backslash, Blank, Disguised, Empty, Local, NoDot, NotAName, Path, Percent, Port, Scheme,
        UserInfo,
    };
    &[
        // IPv4, in every spelling that some parser takes.
        ("127.0.0.1", Address),
        ("127.0.0.1.", Address),
        ("127.1", Address),
        ("127.0.1", Address),
        ("2130706433", Address),
        ("017700000001", Address),
        ("0x7f000001", Address),
        ("0x7F.1", Address),
        ("0x7f.0x0.0x0.0x1", Address),
        ("0177.0.0.01", Address),
        ("0177.0x0.1", Address),
        ("127.0.0.1:443", Address),
        ("https://127.0.0.1/", Address),
        ("0", Address),
        ("0.0.0.0", Address),
        ("0x", Address),
        ("10.0.0.1", Address),
        ("172.16.0.1", Address),
        ("192.168.1.1", Address),
        ("169.254.169.254", Address),
        ("0xa9fea9fe", Address),
        ("2852039166", Address),
        ("8.8.8.8", Address),
        ("255.255.255.255", Address),
        ("256.1.1.1", Address),
        ("1.2.3.4.5", Address),
        ("1.2.3.0x", Address),
        ("vise.example.1", Address),
        ("vise.0x7f", Address),
        ("999999999999", Address),
        // IPv6, with and without brackets.
        ("[::1]", Address),
        ("::1", Address),
        ("[::]", Address),
        ("[::ffff:127.0.0.1]", Address),
        ("[::ffff:7f00:1]", Address),
        ("[::127.0.0.1]", Address),
        ("[fe80::1]", Address),
        ("[fe80::1%25eth0]", Percent),
        ("[fe80::1%eth0]", Percent),
        ("fe80::1", Address),
        ("[fd00::1]:443", Address),
        ("https://[::1]/", Address),
        ("[v1.x]", Address),
        ("[vise.example]", Address),
        ("vise.example]", Address),
        // Names that hold an address.
        ("127.0.0.1.nip.io", Address),
        ("10-0-0-1.sslip.io", Address),
        ("7f000001.nip.io", Address),
        ("10.0.0.1.vise.example", Address),
        ("app.localtest.me", Address),
        ("lvh.me", Address),
        // This machine and local networks.
        ("localhost", Local),
        ("LOCALHOST", Local),
        ("localhost.", Local),
        ("localhost:443", Local),
        ("https://localhost/", Local),
        ("app.localhost", Local),
        ("a.b.LocalHost.", Local),
        ("localhost.localdomain", Local),
        ("printer.local", Local),
        ("metadata.google.internal", Local),
        ("host.docker.internal", Local),
        ("router.home.arpa", Local),
        ("1.0.0.127.in-addr.arpa", Local),
        ("kubernetes.default.svc", Local),
        ("api.default.svc.cluster.local", Local),
        ("mail.corp", Local),
        ("nas.lan", Local),
        ("intranet", Local),
        ("vise", NoDot),
        ("VISE.", NoDot),
        ("xn--bcher-kva", NoDot),
        // User names.
        ("user@evil.example", UserInfo),
        ("user:password@evil.example", UserInfo),
        ("vise.example@evil.example", UserInfo),
        ("vise.example:443@evil.example", UserInfo),
        ("https://vise.example@evil.example/", UserInfo),
        ("@vise.example", UserInfo),
        ("vise.example@", UserInfo),
        ("vise.example/@evil.example", UserInfo),
        ("vise.example#@evil.example", UserInfo),
        // Backslashes.
        ("vise.example\\", Backslash),
        ("vise.example\\@evil.example", Backslash),
        ("\\\\evil.example", Backslash),
        ("https:\\\\evil.example", Backslash),
        ("vise.example\\.evil.example", Backslash),
        // Paths, queries, fragments.
        ("vise.example/path", Path),
        ("vise.example//", Path),
        ("vise.example/.", Path),
        ("vise.example/../x", Path),
        ("//evil.example", Path),
        ("/evil.example", Path),
        ("///evil.example", Path),
        ("vise.example?", Path),
        ("vise.example?x=1", Path),
        ("vise.example/?pfk=", Path),
        ("vise.example#", Path),
        ("vise.example#x", Path),
        ("https:///vise.example", Path),
        // Schemes.
        ("http://vise.example", Scheme),
        ("HTTP://vise.example", Scheme),
        ("ftp://vise.example", Scheme),
        ("file:///etc/passwd", Scheme),
        ("wss://vise.example", Scheme),
        ("gopher://vise.example:70/", Scheme),
        ("://vise.example", Scheme),
        ("https://https://vise.example", Path),
        ("https://http://vise.example", Path),
        ("javascript:alert(1)", Port),
        ("data:text/html,x", Path),
        ("https:vise.example", Port),
        ("https:/vise.example", Path),
        // Ports.
        ("vise.example:80", Port),
        ("vise.example:8443", Port),
        ("vise.example:0443", Port),
        ("vise.example:+443", Port),
        ("vise.example:4430", Port),
        ("vise.example:", Port),
        ("vise.example:x", Port),
        ("vise.example:443:443", Address),
        ("vise.example:99999", Port),
        ("vise.example:４４３", Port),
        (":443", Empty),
        // Percent signs.
        ("vise%2eexample", Percent),
        ("vise.example%00.evil.example", Percent),
        ("%6c%6f%63%61%6c%68%6f%73%74", Percent),
        ("127%2e0%2e0%2e1", Percent),
        ("vise.example%2f@evil.example", Percent),
        ("vise.example%", Percent),
        // Full-width letters, other dots, letters that map to others or to nothing.
        ("１２７.０.０.１", Address),
        ("127。0。0。1", Address),
        ("127．0．0．1", Address),
        ("①②⑦.⓪.⓪.①", Address),
        ("0ｘ7f000001", Address),
        ("ｌｏｃａｌｈｏｓｔ", Disguised),
        ("ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", Disguised),
        ("localhost。", Disguised),
        ("app。localhost", Disguised),
        ("vise。example", Disguised),
        ("ｖise.example", Disguised),
        ("vi\u{ad}se.example", Disguised),
        ("vi\u{200b}se.example", Disguised),
        ("local\u{2060}host", Disguised),
        ("ⓥise.example", Disguised),
        ("ﬁ.example", Disguised),
        ("vise.example／path", NotAName),
        ("vise.example＠evil.example", NotAName),
        ("vise.example？x", NotAName),
        ("vise.example：8443", NotAName),
        ("℀.example", NotAName),
        // White space and control characters.
        (" vise.example", Blank),
        ("vise.example ", Blank),
        ("vise .example", Blank),
        ("vise.example\t", Blank),
        ("vi\tse.example", Blank),
        ("vise.example\n", Blank),
        ("vise.example\r\nHost: evil.example", Blank),
        ("vise.example\u{0}", Blank),
        ("vise.example\u{0}.evil.example", Blank),
        ("\u{7f}vise.example", Blank),
        ("vise.example\u{a0}", Blank),
        ("vise.example\u{2003}", Blank),
        ("vise.example\u{3000}", Blank),
        ("vise.example\u{85}", Blank),
        (" ", Blank),
        ("\n", Blank),
        // No names.
        ("", Empty),
        (".", Empty),
        ("/", Empty),
        ("https://", Empty),
        ("https:///", Empty),
        ("..", NotAName),
        ("vise..example", NotAName),
        (".vise.example", NotAName),
        ("vise.example..", NotAName),
        ("-vise.example", NotAName),
        ("vise-.example", NotAName),
        ("*.example", NotAName),
        ("vise.example,evil.example", NotAName),
        ("vise.example;evil.example", NotAName),
        ("vise.example|evil.example", NotAName),
        ("{vise}.example", NotAName),
        ("$(id).example", NotAName),
        ("vise'.example", NotAName),
        ("vise\".example", NotAName),
        ("<vise>.example", NotAName),
        ("vise+1.example", NotAName),
        ("vise~.example", NotAName),
        ("vise!.example", NotAName),
        ("null", NoDot),
        ("undefined", NoDot),
        // Punycode that is none.
        ("xn--.example", NotAName),
        ("xn--a.example", NotAName),
        ("xn--127-0-0-1-.example", NotAName),
        ("xn--\u{e9}.example", NotAName),
    ]
};

#[test]
fn every_poisoned_host_is_refused_for_its_reason() {
    let mut wrong = Vec::new();
    for (host, reason) in POISONED {
        let seen = HostPolicy::new().check(host);
        if seen != Err(*reason) {
            wrong.push(format!("{host:?}: {seen:?} and not {reason:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let spellings: HashSet<&str> = POISONED.iter().map(|(host, _)| *host).collect();
    assert!(spellings.len() == POISONED.len() && spellings.len() >= 180, "{}", spellings.len());
}

#[test]
fn hosts_that_are_too_long_are_refused() {
    let label = "a".repeat(63);
    let long = format!("{label}.{label}.{label}.{}", "b".repeat(61));
    assert_eq!(long.len(), 253);
    assert!(HostPolicy::new().check(&long).is_ok());
    for bad in [format!("{long}b"), format!("{}.example", "a".repeat(64)), "a.".repeat(100_000)] {
        assert!(HostPolicy::new().check(&bad).is_err());
    }
}

/// The whole chain, with a dashboard that lists poison, and hosts that would all open a session.
#[tokio::test]
async fn the_token_is_sent_to_no_poisoned_host_and_neither_is_anything_else() {
    let list: Vec<_> = POISONED
        .iter()
        .map(|(host, _)| json!({ "domain_vise_url": host, "domain_vise_phrase": "phrase" }))
        .collect();
    // With the switch for tests, this machine passes when it is spelt plainly and has a port. Nothing else does.
    let plain = ["127.0.0.1:443", "localhost:443"];
    for (policy, passing) in [
        (HostPolicy::new(), &plain[..0]),
        (HostPolicy::new().dangerously_allow_loopback_for_tests(), &plain[..]),
    ] {
        let anyone = Anyone::listing(json!(list));
        let vise = Client::builder("account-token".to_owned())
            .dashboard_url("https://dashboard.example")
            .host_policy(policy)
            .transport(anyone.clone())
            .build()
            .unwrap();
        let results = vise
            .for_all_domains()
            .concurrency(16)
            .run(async |session| session.vise_domains().await)
            .await
            .unwrap();
        let done: Vec<_> = results.succeeded().filter_map(|(domain, _)| domain.vise_url.as_deref()).collect();
        assert_eq!(done, passing);
        assert_eq!((results.all().len(), results.skipped().count()), (POISONED.len(), 1), "one is empty");
        for (index, (domain, error)) in results.failed().enumerate() {
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{domain:?}");
            assert!(
                matches!(error.session_problem(), Some(SessionProblem::HostRefused(_))),
                "{index} {error}"
            );
            assert!(!error.may_have_been_sent());
        }
        let called: HashSet<String> = anyone
            .requests()
            .iter()
            .filter_map(|request| request.uri.authority())
            .map(ToString::to_string)
            .collect();
        let expected = passing.iter().chain(&["dashboard.example"]).map(|host| (*host).to_owned());
        assert_eq!(called, expected.collect(), "nobody else was called");

        // The other ways in.
        let before = anyone.requests().len();
        for (host, _) in POISONED.iter().filter(|(host, _)| !passing.contains(host)) {
            assert!(vise.session(host, "phrase").is_err(), "{host:?}");
            assert!(vise.resume_session(host, "cookie".to_owned()).is_err(), "{host:?}");
            assert!(vise.session_for(&AccountDomain::new(*host, "phrase")).is_err(), "{host:?}");
        }
        assert_eq!(anyone.requests().len(), before);

        // The same transport would have opened a session for a good one, so the test can fail.
        vise.session("good.example", "phrase").unwrap().vise_domains().await.unwrap();
        assert_eq!(anyone.requests().len(), before + 2);
    }
}

/// A good host among bad ones keeps working, and a path can't leave it.
#[tokio::test]
async fn a_path_can_not_leave_the_host() {
    let anyone = Anyone::listing(json!([]));
    let vise = Client::builder("account-token".to_owned()).transport(anyone.clone()).build().unwrap();
    let session = vise.session("good.example", "phrase").unwrap();
    for path in [
        "//evil.example/x",
        "https://evil.example/x",
        "/../x",
        "/a/%2e%2e/x",
        "/a/..",
        "x",
        "",
        "\\\\evil.example",
        "/a\\b",
        "@evil.example",
        "/a b",
        "/a?b",
        "/a#b",
        "/a\r\nHost: evil.example",
    ] {
        let call: vise_client::Call<serde_json::Value> =
            session.request(http::Method::GET, path).call(auth_client_core::decode::json);
        assert_eq!(call.await.unwrap_err().kind(), ErrorKind::InvalidInput, "{path:?}");
    }
    assert!(anyone.requests().is_empty());
}
