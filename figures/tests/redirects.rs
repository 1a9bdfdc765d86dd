//! S2: a redirect to another place is never followed, whatever names the place and whatever authenticates the call.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_client_core::ErrorKind;
use figures::report;
use figures::scheme::{Options, SECRETS, Scheme};
use figures::server::Server;
use http::Method;

const STATUSES: [u16; 5] = [301, 302, 303, 307, 308];

/// The kinds of another place. Those that this machine resolves lead to the sink.
fn places(sink: &Server, server_port: u16) -> Vec<(&'static str, String)> {
    let port = sink.address().port();
    vec![
        ("another scheme", format!("https://127.0.0.1:{server_port}/x")),
        ("another host", format!("http://localhost:{port}/x")),
        ("another port", format!("http://127.0.0.1:{port}/x")),
        ("a subdomain", format!("http://sub.localhost:{port}/x")),
        ("user information", format!("http://127.0.0.1:{server_port}@127.0.0.1:{port}/x")),
        ("a trailing dot", format!("http://localhost.:{port}/x")),
        ("an international name", format!("http://xn--mnchen-3ya.localhost:{port}/x")),
        ("a relative path", "/x?next=1".to_owned()),
        ("a path without a scheme", format!("//127.0.0.1:{port}/x")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_redirect_is_followed_and_no_credential_leaves() {
    let sink =
        Server::start(|_| b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}".to_vec())
            .unwrap();
    let mut tried = 0;
    for scheme in Scheme::ALL {
        for status in STATUSES {
            for number in 0..9 {
                let location = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
                let server = Server::start({
                    let location = std::sync::Arc::clone(&location);
                    move |_| {
                        let location = location.lock().unwrap();
                        format!("HTTP/1.1 {status} x\r\nlocation: {location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                            .into_bytes()
                    }
                })
                .unwrap();
                let (what, place) = places(&sink, server.address().port()).swap_remove(number);
                location.lock().unwrap().clone_from(&place);
                let client =
                    scheme.client(&Options { attempts: Some(1), ..Options::new(server.url()) }).unwrap();
                let method = if number % 2 == 0 { Method::GET } else { Method::POST };
                let failed = client.call(method, "/things/7").await.unwrap_err();
                tried += 1;
                let cell = format!("{scheme:?} {status} {what}");
                // A VISE host redirects calls without a session, so the client looks for another session.
                if scheme != Scheme::Session {
                    assert_eq!(failed.kind, ErrorKind::Redirect, "{cell}: {}", failed.printed);
                    assert_eq!(server.connections(), 1, "{cell}");
                }
                for request in server.requests() {
                    let request = String::from_utf8_lossy(&request).into_owned();
                    assert!(!request.contains(" /x"), "{cell}: followed");
                    assert!(!request.to_lowercase().contains("\r\nreferer:"), "{cell}");
                }
                for secret in SECRETS {
                    assert!(!failed.printed.contains(secret), "{cell}");
                }
                assert!(!failed.printed.contains("next=1"), "{cell}: the query of a redirect is not printed");
            }
        }
    }
    assert_eq!(sink.connections(), 0);
    report("S2", tried, 6 * 5 * 9, "0 connections to the other place");
}
