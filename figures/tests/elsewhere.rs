//! S3: proxies of the environment, alternative services and cookies never bring a credential to another place.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../../crates/auth-client-core/tests/common/wire.rs"]
mod wire;

use auth_client_core::transport::{BodyLimits, Transport};
use auth_client_core::{HyperTransport, ReqwestTransport, TransportSettings};
use bytes::Bytes;
use figures::report_all;
use figures::scheme::{Options, Scheme};
use http::Method;
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use vise_client::HostPolicy;
use wire::WireServer;

/// The variables that programs read for proxies, in both spellings.
const PROXIES: [&str; 6] =
    ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];
/// Tells a child the port of its server.
const SERVER: &str = "FIGURES_SERVER";
/// Tells a child to use the proxy.
const BY_PROXY: &str = "FIGURES_BY_PROXY";
/// A host name that a child resolves to the server. Loopback itself never has a proxy.
const VENDOR: &str = "vendor.example";
/// The ways in which a child calls the vendor: two transports over http, and each way to authenticate over https.
const WAYS: usize = 2 + Scheme::ALL.len();
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

/// The default transport, and that of reqwest.
fn transports(settings: &TransportSettings) -> [Arc<dyn Transport>; 2] {
    [
        Arc::new(HyperTransport::new(settings.clone()).unwrap()),
        Arc::new(ReqwestTransport::new(settings.clone()).unwrap()),
    ]
}

/// Sends with every way to authenticate and each transport; returns the number of requests that must arrive.
async fn call_all(url: &str, calls: u64) -> u64 {
    let transports = transports(&TransportSettings::new());
    for transport in &transports {
        for scheme in Scheme::ALL {
            call(scheme, transport, url, calls).await;
        }
    }
    (transports.len() * Scheme::ALL.len()) as u64 * calls
}

async fn call(scheme: Scheme, transport: &Arc<dyn Transport>, url: &str, calls: u64) {
    let options = Options { transport: Some(Arc::clone(transport)), ..Options::new(url) };
    let client = scheme.client(&options).unwrap();
    for _ in 0..calls {
        client.call(Method::POST, "/things/7").await.unwrap();
    }
}

/// A port that closes each connection at once, and counts them.
struct Counter {
    port: u16,
    count: Arc<AtomicUsize>,
}

impl Counter {
    /// Counts until the program ends.
    fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (port, count) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let counter = Arc::clone(&count);
        std::thread::spawn(move || {
            for _connection in listener.incoming() {
                counter.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { port, count }
    }

    fn connections(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

/// Sends a request over plain http to a name that no proxy leaves out, whatever comes of it.
async fn send_plainly(transport: &dyn Transport, port: &str) {
    let request = http::Request::get(format!("http://{VENDOR}:{port}/")).body(Bytes::new()).unwrap();
    let _ = transport.send(request, BodyLimits::default()).await;
}

/// Tries to call a vendor at the port in every way, and returns the number of connections that it must see. TLS fails there.
async fn call_vendor(port: &str) -> usize {
    let settings = TransportSettings::new().resolve(VENDOR, [127, 0, 0, 1]);
    let transports = transports(&settings);
    for transport in &transports {
        send_plainly(&**transport, port).await;
    }
    for scheme in Scheme::ALL {
        let transport = Some(Arc::clone(&transports[0]));
        let url = format!("https://{VENDOR}:{port}");
        let client = scheme.client(&Options { transport, attempts: Some(1), ..Options::new(url) }).unwrap();
        client.call(Method::POST, "/things/7").await.unwrap_err();
    }
    transports.len() + Scheme::ALL.len()
}

/// Makes the same calls in the two ways that do use the variables.
#[expect(clippy::disallowed_methods, reason = "what a program does without this crate")]
async fn call_by_proxy(port: &str) {
    send_plainly(&ReqwestTransport::from_reqwest_013(reqwest::Client::new()), port).await;
    let transport = HyperTransport::new(TransportSettings::new().proxy_from_env()).unwrap();
    let url = format!("https://{VENDOR}:{port}");
    let options = Options { attempts: Some(1), ..Options::scripted(transport) };
    let client = Scheme::Key.client(&Options { url, ..options }).unwrap();
    client.call(Method::POST, "/things/7").await.unwrap_err();
}

/// Children have the variables, because a process must not change its own while other tests read them.
#[tokio::test(flavor = "multi_thread")]
async fn no_proxy_of_the_environment_gets_a_request() {
    if let Ok(port) = std::env::var(SERVER) {
        match std::env::var(BY_PROXY) {
            Ok(_) => call_by_proxy(&port).await,
            Err(_) => assert_eq!(call_vendor(&port).await, WAYS),
        }
        return;
    }
    let mut tried = 0;
    for variable in PROXIES {
        for by_proxy in [false, true] {
            let [server, proxy] = [(); 2].map(|()| Counter::start());
            let mut child = Command::new(std::env::current_exe().unwrap());
            child.args(["--exact", "no_proxy_of_the_environment_gets_a_request"]);
            for name in PROXIES.into_iter().chain(["NO_PROXY", "no_proxy", "REQUEST_METHOD"]) {
                child.env_remove(name);
            }
            if by_proxy {
                child.env(BY_PROXY, "1");
            }
            child.env(SERVER, server.port.to_string());
            child.env(variable, format!("http://127.0.0.1:{}", proxy.port));
            let output = child.output().unwrap();
            assert!(output.status.success(), "{variable}: {}", String::from_utf8_lossy(&output.stdout));
            if by_proxy {
                assert!(proxy.connections() > 0, "{variable}: nothing uses this proxy, so nothing was tried");
            } else {
                assert_eq!((server.connections(), proxy.connections()), (WAYS, 0), "{variable}");
                tried += WAYS as u64;
            }
        }
    }
    report_all("S3.proxies", tried, (PROXIES.len() * WAYS) as u64, "0 connections to the proxy");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_alternative_service_gets_a_request() {
    let sink = WireServer::respond(|_| response("")).unwrap();
    let mut tried = 0;
    for (name, value) in SERVICES {
        let header = format!("{name}: {}\r\n", value.replace("PORT", &sink.port().to_string()));
        let server = WireServer::respond(move |_| response(&header)).unwrap();
        tried += call_all(&server.url(), 3).await;
        assert_eq!(server.connections(), 2 * Scheme::ALL.len() * 3, "{name}: {value}");
    }
    assert_eq!(sink.connections(), 0);
    report_all("S3.services", tried, 6 * 2 * 6 * 3, "0 connections to the other service");
}

/// No client keeps a cookie but VISE's, and VISE keeps that of each host apart, though cookies know no ports.
#[tokio::test(flavor = "multi_thread")]
async fn no_cookie_reaches_another_place() {
    // And whether the host that sets it gets it back.
    let cookies = [
        ("session=SECRET; Path=/", true),
        ("session=SECRET; Domain=127.0.0.1; Path=/", true),
        ("session=SECRET; Domain=.0.0.1; Path=/", false),
        ("session=SECRET; Domain=localhost; Path=/; SameSite=None", false),
        ("__Host-session=SECRET; Path=/; Secure", false),
    ];
    let mut tried = 0;
    for (cookie, is_kept) in cookies {
        let header = format!("set-cookie: {}\r\n", cookie.replace("SECRET", "c4n4ry-cookie-of-a"));
        let server = WireServer::respond({
            let header = header.clone();
            move |_| response(&header)
        })
        .unwrap();
        for transport in &transports(&TransportSettings::new()) {
            for scheme in Scheme::ALL {
                call(scheme, transport, &server.url(), 2).await;
                tried += 2;
                while let Some(request) = server.request() {
                    let cookies = request.header("cookie");
                    assert_eq!(
                        cookies.is_empty(),
                        scheme != Scheme::Session,
                        "{scheme:?} {cookie}: {cookies:?}"
                    );
                }
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
        for (server, own, is_kept, other) in
            [(&first, "of-a", is_kept, "of-b"), (&second, "of-b", true, "of-a")]
        {
            let mut returned = false;
            while let Some(request) = server.request() {
                let sent = request.header("cookie").concat();
                assert!(!sent.contains(other), "{cookie}: {request:?} has the cookie of another host");
                returned |= sent.contains(own);
            }
            assert_eq!(returned, is_kept, "{cookie}: {own}");
        }
    }
    report_all("S3.cookies", tried, 5 * (2 * 6 * 2 + 4), "0 cookies at another host");
}
