//! S3: proxies of the environment, alternative services and cookies never bring a credential to another place.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../../crates/auth-client-core/tests/common/wire.rs"]
mod wire;

use figures::report_all;
use figures::scheme::{Options, Scheme};
use http::Method;
use std::process::Command;
use vise_client::HostPolicy;
use wire::WireServer;

/// The variables that programs read for proxies, in both spellings.
const PROXIES: [&str; 6] =
    ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];
/// Tells a child where its server is.
const SERVER: &str = "FIGURES_SERVER";
/// Headers of a response that name another place for the next requests.
const SERVICES: [(&str, &str); 6] = [
    ("alt-svc", "http/1.1=\"127.0.0.1:PORT\"; ma=86400; persist=1"),
    ("alt-svc", "h2=\"localhost:PORT\", h2c=\":PORT\", h3=\":PORT\""),
    ("location", "http://127.0.0.1:PORT/x"),
    ("content-location", "http://127.0.0.1:PORT/x"),
    ("refresh", "0; url=http://127.0.0.1:PORT/x"),
    ("link", "<http://127.0.0.1:PORT/x>; rel=\"preconnect canonical alternate\""),
];

fn response(headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{headers}content-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}")
        .into_bytes()
}

/// Sends with every way to authenticate; returns the number of requests that must arrive.
async fn call_all(url: &str, calls: u64) -> u64 {
    for scheme in Scheme::ALL {
        call(scheme, url, calls).await;
    }
    Scheme::ALL.len() as u64 * calls
}

async fn call(scheme: Scheme, url: &str, calls: u64) {
    let client = scheme.client(&Options::new(url)).unwrap();
    for _ in 0..calls {
        client.call(Method::POST, "/things/7").await.unwrap();
    }
}

/// A child has the variables, because a process must not change its own while other tests read them.
#[tokio::test(flavor = "multi_thread")]
async fn no_proxy_of_the_environment_gets_a_request() {
    if let Ok(url) = std::env::var(SERVER) {
        let _ = call_all(&url, 1).await;
        return;
    }
    let sink = WireServer::respond(|_| response("")).unwrap();
    let mut tried = 0;
    for variable in PROXIES {
        let server = WireServer::respond(|_| response("")).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "no_proxy_of_the_environment_gets_a_request"]).env(SERVER, server.url());
        for name in PROXIES.into_iter().chain(["NO_PROXY", "no_proxy", "REQUEST_METHOD"]) {
            child.env_remove(name);
        }
        let output = child.env(variable, sink.url()).output().unwrap();
        assert!(output.status.success(), "{variable}: {}", String::from_utf8_lossy(&output.stdout));
        assert_eq!(server.connections(), Scheme::ALL.len(), "{variable}");
        tried += server.connections() as u64;
    }
    assert_eq!(sink.connections(), 0);
    report_all("S3.proxies", tried, 6 * 6, "0 connections to the proxy");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_alternative_service_gets_a_request() {
    let sink = WireServer::respond(|_| response("")).unwrap();
    let mut tried = 0;
    for (name, value) in SERVICES {
        let header = format!("{name}: {}\r\n", value.replace("PORT", &sink.port().to_string()));
        let server = WireServer::respond(move |_| response(&header)).unwrap();
        tried += call_all(&server.url(), 3).await;
        assert_eq!(server.connections(), Scheme::ALL.len() * 3, "{name}: {value}");
    }
    assert_eq!(sink.connections(), 0);
    report_all("S3.services", tried, 6 * 6 * 3, "0 connections to the other service");
}

/// No client keeps a cookie but VISE's, and VISE keeps that of each host apart, though cookies know no ports.
#[tokio::test(flavor = "multi_thread")]
async fn no_cookie_reaches_another_place() {
    let cookies = [
        "session=SECRET; Path=/",
        "session=SECRET; Domain=127.0.0.1; Path=/",
        "session=SECRET; Domain=.0.0.1; Path=/",
        "session=SECRET; Domain=localhost; Path=/; SameSite=None",
        "__Host-session=SECRET; Path=/; Secure",
    ];
    let mut tried = 0;
    for cookie in cookies {
        let header = format!("set-cookie: {}\r\n", cookie.replace("SECRET", "c4n4ry-cookie-of-a"));
        let server = WireServer::respond({
            let header = header.clone();
            move |_| response(&header)
        })
        .unwrap();
        for scheme in Scheme::ALL {
            call(scheme, &server.url(), 2).await;
            tried += 2;
            while let Some(request) = server.request() {
                let cookies = request.header("cookie");
                assert_eq!(cookies.is_empty(), scheme != Scheme::Session, "{scheme:?} {cookie}: {cookies:?}");
            }
        }
        let first = WireServer::respond(move |_| response(&header)).unwrap();
        let second =
            WireServer::respond(|_| response("set-cookie: session=c4n4ry-cookie-of-b; Path=/\r\n")).unwrap();
        let policy = HostPolicy::new().dangerously_allow_loopback_for_tests();
        let client = vise_client::Client::builder("account-token").host_policy(policy).build().unwrap();
        let sessions = [&first, &second].map(|server| client.session(&server.url(), "phrase").unwrap());
        for _ in 0..2 {
            for session in &sessions {
                // A cookie for another place opens no session.
                let _ = session.vise_domains().await;
                tried += 1;
            }
        }
        for (server, other) in [(&first, "of-b"), (&second, "of-a")] {
            while let Some(request) = server.request() {
                let sent = request.header("cookie").concat();
                assert!(!sent.contains(other), "{cookie}: {request:?} has the cookie of another host");
            }
        }
    }
    report_all("S3.cookies", tried, 5 * (6 * 2 + 4), "0 cookies at another host");
}
