//! S2: a redirect to another place is never followed, whatever names the place and whatever authenticates the call.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../../crates/auth-client-core/tests/common/wire.rs"]
mod wire;

use auth_client_core::ErrorKind;
use auth_client_core::testing::Canary;
use figures::report_all;
use figures::scheme::{Options, SECRETS, Scheme};
use http::Method;
use wire::WireServer;

const STATUSES: [u16; 5] = [301, 302, 303, 307, 308];

/// The kinds of another place than `own`. Those that this machine resolves lead to the sink at `port`.
fn places(own: &str, port: u16) -> [(&'static str, String); 9] {
    [
        ("another scheme", format!("https://{own}/x")),
        ("another host", format!("http://localhost:{port}/x")),
        ("another port", format!("http://127.0.0.1:{port}/x")),
        ("a subdomain", format!("http://sub.localhost:{port}/x")),
        ("user information", format!("http://{own}@127.0.0.1:{port}/x")),
        ("a trailing dot", format!("http://localhost.:{port}/x")),
        ("an international name", format!("http://xn--mnchen-3ya.localhost:{port}/x")),
        ("a relative path", "/x?next=1".to_owned()),
        ("a path without a scheme", format!("//127.0.0.1:{port}/x")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_redirect_is_followed_and_no_credential_leaves() {
    let sink = WireServer::respond(|_| WireServer::json(200, "{}")).unwrap();
    let port = sink.port();
    let canaries = SECRETS.map(Canary::new);
    let mut tried = 0;
    for scheme in Scheme::ALL {
        for status in STATUSES {
            for number in 0..9 {
                let server = WireServer::respond(move |request| {
                    let (_, place) = &places(request.header("host")[0], port)[number];
                    let head = format!("HTTP/1.1 {status} x\r\nlocation: {place}\r\n");
                    format!("{head}content-length: 0\r\nconnection: close\r\n\r\n").into_bytes()
                })
                .unwrap();
                let options = Options { attempts: Some(1), ..Options::new(server.url()) };
                let client = scheme.client(&options).unwrap();
                let method = if number % 2 == 0 { Method::GET } else { Method::POST };
                let failed = client.call(method, "/things/7").await.unwrap_err();
                tried += 1;
                let cell = format!("{scheme:?} {status} {}", places("own", port)[number].0);
                // A VISE host redirects calls without a session, so the client looks for another session.
                if scheme != Scheme::Session {
                    assert_eq!(failed.kind, ErrorKind::Redirect, "{cell}: {}", failed.printed);
                    assert_eq!(server.connections(), 1, "{cell}");
                }
                while let Some(request) = server.request() {
                    assert!(!request.line.contains(" /x"), "{cell}: followed");
                    assert!(request.header("referer").is_empty(), "{cell}");
                }
                for canary in &canaries {
                    assert_eq!(canary.form_in(&failed.printed), None, "{cell}");
                }
                assert!(!failed.printed.contains("next=1"), "{cell}: the query of a redirect is not printed");
            }
        }
    }
    assert_eq!(sink.connections(), 0);
    report_all("S2.matrix", tried, 6 * 5 * 9, "0 connections to the other place");
}
