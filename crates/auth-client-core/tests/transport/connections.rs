//! Settings of connections, and the cause in the line of an error when there is none.

use super::Subject;
use crate::common::{Json, READ, WRITE};
use crate::{closed_port, engine, head_of};
use auth_client_core::provider::{BaseUrl, Engine, Settings};
use auth_client_core::transport::{Fault, Phase, TransportError};
use auth_client_core::{Call, Error, ErrorKind, RetryPolicy, TransportSettings, decode};
use httpmock::MockServer;
use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

fn settings() -> TransportSettings {
    TransportSettings::new()
}

fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn read(engine: &Engine) -> Call<Json> {
    engine.request(&READ, &["7".into()]).call(decode::json)
}

async fn fails(settings: TransportSettings, url: &str) -> Error {
    read(&engine(Subject::new(settings).unwrap(), url, RetryPolicy::none())).await.unwrap_err()
}

/// A proxy that reads one request, sends this response, and hangs up.
fn proxy(response: &'static str) -> String {
    let (listener, port) = listener();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        head_of(&mut stream);
        stream.write_all(response.as_bytes()).unwrap();
    });
    format!("http://127.0.0.1:{port}")
}

fn assert_line(error: &Error, kind: ErrorKind, part: &str) {
    assert_eq!((error.kind(), error.may_have_been_sent()), (kind, false), "{error:?}");
    let line = error.to_string();
    assert!(
        line.contains(part) && line.matches(part).count() == 1 && !line.contains('\n'),
        "{part:?}: {line}"
    );
}

#[tokio::test]
async fn a_connection_that_is_refused_or_times_out_is_named() {
    let (_closed, port) = closed_port();
    let error = fails(settings(), &format!("http://127.0.0.1:{port}")).await;
    assert_line(&error, ErrorKind::Connect, "could not connect: the connection was refused");

    if Subject::tls_backends().is_empty() {
        return;
    }
    let (silent, port) = listener();
    let short = settings().connect_timeout(Duration::from_millis(50));
    let error = fails(short, &format!("https://127.0.0.1:{port}")).await;
    assert_line(&error, ErrorKind::Connect, "the time limit for connecting passed");
    drop(silent);

    let error = fails(settings(), "https://does-not-exist.invalid").await;
    assert_line(&error, ErrorKind::Connect, "the name of the host could not be resolved");
}

#[tokio::test]
async fn a_connection_that_breaks_is_named() {
    let (listener, port) = listener();
    std::thread::spawn(move || head_of(&mut listener.accept().unwrap().0));
    let error = fails(settings(), &format!("http://127.0.0.1:{port}")).await;
    assert_eq!(error.kind(), ErrorKind::Transport, "{error:?}");
    let line = error.to_string();
    assert!(line.contains("connection failed: the connection was closed before the response"), "{line}");
}

#[tokio::test]
async fn what_the_proxy_said_is_named() {
    if Subject::tls_backends().is_empty() {
        return;
    }
    for (response, part, retryable) in [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n",
            "the proxy requires a user name and a password (status 407)",
            false,
        ),
        ("HTTP/1.1 403 canary\r\n\r\n", "the proxy refused to open a connection", true),
        ("HTTP/1.1 502 canary\r\n\r\n", "the proxy refused to open a connection", true),
        ("", "the proxy can't be used: ", true),
        ("SSH-2.0-canary\r\n\r\n", "the proxy", true),
    ] {
        let error = fails(settings().proxy(proxy(response)), "https://api.example").await;
        assert_line(&error, ErrorKind::Connect, part);
        assert!(!error.to_string().contains("canary"), "{error}");
        // Of the statuses, only the hyper transport knows which one it was.
        let knows = std::any::type_name::<Subject>().contains("Hyper");
        assert_eq!(error.is_retryable(), retryable && !(knows && response.contains("403")), "{error}");
        for status in ["403", "502"].iter().filter(|status| knows && response.contains(**status)) {
            assert!(error.to_string().contains(&format!("(status {status})")), "{error}");
        }
    }
    let (_closed, port) = closed_port();
    let error = fails(settings().proxy(format!("http://127.0.0.1:{port}")), "https://api.example").await;
    assert_line(&error, ErrorKind::Connect, "the proxy can't be used: the connection was refused");
    let error = fails(settings().proxy("http://does-not-exist.invalid"), "https://api.example").await;
    assert_line(
        &error,
        ErrorKind::Connect,
        "the proxy can't be used: the name of the host could not be resolved",
    );
}

/// A call that gets a 407 of its proxy is not retried.
#[tokio::test]
async fn a_login_that_the_proxy_requires_is_requested_once() {
    if Subject::tls_backends().is_empty() {
        return;
    }
    let response = "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
    let transport = Subject::new(settings().proxy(proxy(response))).unwrap();
    let error = read(&engine(transport, "https://api.example", RetryPolicy::default())).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 1), "{error}");
}

#[tokio::test]
async fn a_host_is_called_at_the_address_of_the_settings() {
    let server = MockServer::start_async().await;
    let called = server.mock(|when, then| {
        when.path("/items/7").host("api.localhost");
        then.status(200).header("content-type", "application/json").body("1");
    });
    let address = server.address();
    // Two addresses: the first one that accepts is used, in whatever order.
    let settings =
        settings().resolve("API.localhost", address.ip()).resolve("other.localhost", [192, 0, 2, 1]);
    let transport = Subject::new(settings).unwrap();
    let url = format!("http://api.localhost:{}", address.port());
    assert_eq!(read(&engine(transport, &url, RetryPolicy::none())).await.unwrap(), 1);
    called.assert();

    // Only names can be looked up.
    for host in
        ["https://api.localhost", "api.localhost:443", "127.0.0.1", "[::1]", "", "a b", "api.localhost/v1"]
    {
        let settings = TransportSettings::new().resolve(host, address.ip());
        assert_eq!(Subject::new(settings).unwrap_err().field(), Some("resolve"), "{host}");
    }
    let settings = TransportSettings::new().resolve("api.localhost.", address.ip());
    let transport = Subject::new(settings).unwrap();
    assert_eq!(read(&engine(transport, &url, RetryPolicy::none())).await.unwrap(), 1);

    // The rule for public addresses applies to them too.
    let guarded = TransportSettings::new().resolve("api.localhost", address.ip()).public_addresses_only();
    let error = fails(guarded, &url).await;
    assert_line(&error, ErrorKind::Connect, "the host has an address that is private, local or reserved");
}

/// Runs a test of this file in its own process with these variables. Returns `true` in that process.
fn in_process(test: &str, variables: &[(&str, &str)]) -> bool {
    const MARK: &str = "TEST_IN_ITS_OWN_PROCESS";

    if std::env::var_os(MARK).is_some() {
        return true;
    }
    let path = module_path!().split_once("::").unwrap().1;
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("{path}::{test}"), "--nocapture"]).env(MARK, "1");
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"] {
        command.env_remove(name);
    }
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    false
}

#[tokio::test]
async fn the_proxy_of_the_environment_is_used_when_asked_for_and_not_for_loopback() {
    let test = "the_proxy_of_the_environment_is_used_when_asked_for_and_not_for_loopback";
    let variables = [
        ("HTTPS_PROXY", "http://user:canary@127.0.0.1:1"),
        ("HTTP_PROXY", "http://user:canary@127.0.0.1:1"),
        ("NO_PROXY", "exempt.invalid,*.below.invalid,port.invalid:8443"),
    ];
    if !in_process(test, &variables) {
        return;
    }
    let server = MockServer::start_async().await;
    server.mock(|when, then| {
        when.path("/items/7");
        then.status(200).header("content-type", "application/json").body("1");
    });
    for settings in [settings(), settings().proxy_from_env()] {
        let transport = Subject::new(settings).unwrap();
        read(&engine(transport, &server.base_url(), RetryPolicy::none())).await.unwrap();
    }
    if Subject::tls_backends().is_empty() {
        return;
    }
    let unresolved = "could not connect: the name of the host could not be resolved";
    let error = fails(settings(), "https://api.invalid").await;
    assert_line(&error, ErrorKind::Connect, unresolved);
    for url in ["https://exempt.invalid", "https://a.below.invalid", "https://port.invalid:8443"] {
        let error = fails(settings().proxy_from_env(), url).await;
        assert_line(&error, ErrorKind::Connect, unresolved);
    }
    for url in ["https://api.invalid", "https://port.invalid"] {
        let error = fails(settings().proxy_from_env(), url).await;
        assert_line(&error, ErrorKind::Connect, "the proxy can't be used: the connection was refused");
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}

/// What is wrong with a proxy of the environment names the variable.
#[test]
fn a_proxy_of_the_environment_that_cannot_be_used_is_an_error_with_the_variable() {
    let test = "a_proxy_of_the_environment_that_cannot_be_used_is_an_error_with_the_variable";
    if !in_process(test, &[("ALL_PROXY", "https://user:canary@proxy.invalid")]) {
        return;
    }
    let guarded = settings().proxy_from_env().public_addresses_only();
    let is_hyper = std::any::type_name::<Subject>().contains("Hyper");
    for settings in [guarded, settings().proxy_from_env()].into_iter().take(if is_hyper { 2 } else { 1 }) {
        let error = Subject::new(settings).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Configuration, Some("ALL_PROXY")), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}

#[tokio::test]
async fn without_certificate_authorities_loopback_can_be_called_and_the_rest_says_why_not() {
    let test = "without_certificate_authorities_loopback_can_be_called_and_the_rest_says_why_not";
    let missing = [("SSL_CERT_FILE", "/nonexistent/ca.pem"), ("SSL_CERT_DIR", "/nonexistent")];
    if !cfg!(target_os = "linux") || Subject::tls_backends().is_empty() || !in_process(test, &missing) {
        return;
    }
    let server = MockServer::start_async().await;
    server.mock(|when, then| {
        when.path("/items/7");
        then.status(200).header("content-type", "application/json").body("1");
    });
    let transport = Subject::new(settings()).unwrap();
    read(&engine(transport.clone(), &server.base_url(), RetryPolicy::none())).await.unwrap();

    let part = "`SSL_CERT_FILE` names `/nonexistent/ca.pem`, which can't be read: ";
    let mut shop = Settings::new("shop-client/1.0");
    shop.set_transport(Arc::new(transport.clone()));
    let base = BaseUrl::parse("base URL", "https://api.example").unwrap();
    let error = Engine::new(&shop, base, crate::common::Shop, None).unwrap_err();
    assert_line(&error, ErrorKind::Configuration, part);

    use auth_client_core::transport::{BodyLimits, Transport as _};
    let request = http::Request::get("https://api.example/").body(bytes::Bytes::new()).unwrap();
    let error = transport.send(request, BodyLimits::default()).await.unwrap_err();
    assert_eq!((error.phase(), error.fault()), (Phase::Connecting, Fault::Request));
    assert!(error.reason().unwrap().contains(part), "{error:?}");
}

/// A file that can be read, and has none.
#[test]
fn a_file_without_certificate_authorities_is_named() {
    let test = "a_file_without_certificate_authorities_is_named";
    let missing = [("SSL_CERT_FILE", "/dev/null"), ("SSL_CERT_DIR", "")];
    if !cfg!(target_os = "linux") || !cfg!(feature = "__rustls") || Subject::tls_backends().is_empty() {
        return;
    }
    if !in_process(test, &missing) {
        return;
    }
    let mut shop = Settings::new("shop-client/1.0");
    shop.set_transport(Arc::new(Subject::new(settings()).unwrap()));
    let base = BaseUrl::parse("base URL", "https://api.example").unwrap();
    let error = Engine::new(&shop, base, crate::common::Shop, None).unwrap_err();
    assert_line(
        &error,
        ErrorKind::Configuration,
        "no certificate authorities were found: `SSL_CERT_FILE` names `/dev/null`, where there is none in PEM",
    );
}

/// A custom program may send anything through a transport.
#[tokio::test]
async fn an_address_that_a_transport_does_not_take_is_an_error_with_the_reason() {
    use auth_client_core::transport::{BodyLimits, Transport as _};

    let transport = Subject::new(settings()).unwrap();
    for address in ["ftp://127.0.0.1:1/x", "/x"] {
        let request = http::Request::get(address).body(bytes::Bytes::new()).unwrap();
        let error = transport.send(request, BodyLimits::default()).await.unwrap_err();
        assert_eq!((error.phase(), error.fault()), (Phase::Connecting, Fault::Request), "{error:?}");
        assert!(error.reason().is_some_and(|reason| reason.contains("the ")), "{address}: {error:?}");
    }
}

#[test]
fn outside_of_a_runtime_a_call_is_an_error() {
    let engine = engine(Subject::new(settings()).unwrap(), "http://127.0.0.1:1", RetryPolicy::default());
    let mut call = read(&engine).into_future();
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(result) = call.as_mut().poll(&mut context) else {
        panic!("it waits for nothing")
    };
    assert_line(&result.unwrap_err(), ErrorKind::Configuration, "calls need a tokio runtime");
}

/// In each of them tokio panics; that is printed, and the call is an error all the same.
#[test]
fn in_a_runtime_without_timers_or_io_a_call_is_an_error() {
    let runtime = tokio::runtime::Builder::new_current_thread;
    let time = auth_client_core::testing::ManualTime::auto();
    for (runtime, own_time) in [
        (runtime().build().unwrap(), false),
        (runtime().build().unwrap(), true),
        (runtime().enable_io().build().unwrap(), false),
        (runtime().enable_time().build().unwrap(), false),
    ] {
        let mut settings = Settings::new("test");
        settings.set_transport(Arc::new(Subject::new(TransportSettings::new()).unwrap()));
        if own_time {
            settings.set_time(time.clock(), time.timer());
        }
        let base = BaseUrl::parse("base URL", "http://127.0.0.1:1").unwrap();
        let engine = Engine::new(&settings, base, crate::common::Shop, None).unwrap();
        let error = runtime.block_on(read(&engine).into_future()).unwrap_err();
        assert_line(&error, ErrorKind::Configuration, "calls need a tokio runtime");
        assert!(!error.may_have_been_sent() && !error.is_retryable(), "{error}");
    }
}

#[test]
fn a_reason_is_found_at_any_depth_and_replaced_by_a_transports_own() {
    let deep = std::io::Error::other(std::io::Error::other(std::io::Error::from(
        std::io::ErrorKind::NetworkUnreachable,
    )));
    let error = TransportError::new(Phase::Sending, Fault::Io).with_source(deep);
    assert_eq!(error.reason().as_deref(), Some("the network is unreachable"));
    assert_eq!(error.with_reason("no modem").reason().as_deref(), Some("no modem"));
    let unknown = TransportError::new(Phase::Sending, Fault::Io).with_source("something");
    assert_eq!(unknown.reason(), None);
}

#[cfg(feature = "__rustls")]
mod tls {
    use super::super::tls::{AUTHORITY, CLIENT, config_of, serve, serve_with};
    use super::*;

    const SERVER: &str = include_str!("certificates/server.pem");
    const EXPIRED: &str = include_str!("certificates/expired.pem");
    const FUTURE: &str = include_str!("certificates/future.pem");
    const OTHER_AUTHORITY: &str = include_str!("certificates/other-ca.pem");

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_wrong_with_a_certificate_is_named() {
        let other = || settings().add_root_certificate(OTHER_AUTHORITY);
        for backend in Subject::tls_backends() {
            let cases = [
                (EXPIRED, other(), "localhost", "the server's certificate has expired"),
                (FUTURE, other(), "localhost", "the server's certificate is not valid yet"),
                (SERVER, settings(), "localhost", "an authority that is not trusted here"),
                (
                    SERVER,
                    settings().add_root_certificate(AUTHORITY).resolve("other.example", [127, 0, 0, 1]),
                    "other.example",
                    "the server's certificate is for another host name",
                ),
            ];
            for (certificate, settings, host, part) in cases {
                let (listener, port) = listener();
                let server = serve_with(listener, config_of(certificate, false));
                let error = fails(settings.tls(*backend), &format!("https://{host}:{port}")).await;
                assert_line(&error, ErrorKind::Connect, part);
                tokio::task::spawn_blocking(move || server.result()).await.unwrap();
            }
        }
    }

    /// The key of the servers in `certificates/faults`.
    const KEY: &str = include_str!("certificates/faults/key.pem");

    macro_rules! fault {
        ($name:literal) => {
            include_str!(concat!("certificates/faults/", $name, ".pem"))
        };
    }

    /// Calls a server that presents this certificate, with this root certificate.
    async fn call(backend: auth_client_core::TlsBackend, server: &str, root: &str) -> Result<Json, Error> {
        let (listener, port) = listener();
        let thread = serve_with(listener, config_of(&format!("{server}{KEY}"), false));
        let settings = settings().add_root_certificate(root).tls(backend);
        let transport = Subject::new(settings).unwrap();
        let engine = engine(transport, &format!("https://localhost:{port}"), RetryPolicy::none());
        let result = read(&engine).await;
        drop(engine);
        tokio::task::spawn_blocking(move || thread.result()).await.unwrap();
        result
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_wrong_with_a_certificate_of_the_caller_is_named_with_what_to_do() {
        let authority = fault!("authority");
        let client = CLIENT.split_inclusive("-----END CERTIFICATE-----\n").next().unwrap();
        for backend in Subject::tls_backends() {
            // What `openssl req -x509` writes, and the same as it must be.
            let own = call(*backend, fault!("own"), fault!("own")).await;
            call(*backend, fault!("plain"), fault!("plain")).await.unwrap();
            let nameless = call(*backend, fault!("nameless"), authority).await;
            let version_1 = call(*backend, fault!("version-1"), authority).await;
            for (result, part) in
                [(own, "CA:FALSE"), (nameless, "subjectAltName"), (version_1, "(version 1)")]
            {
                match result {
                    Err(error) => assert_line(&error, ErrorKind::Connect, part),
                    // OpenSSL accepts them.
                    Ok(_) => assert_eq!(backend.as_str(), "native-tls", "{part}"),
                }
            }
            for (server, root, part) in [
                (fault!("critical"), authority, "has a critical extension"),
                (fault!("sha1"), authority, "SHA-256"),
                (client, AUTHORITY, "serverAuth"),
                (fault!("plain"), fault!("renewed"), "trust your own with `add_root_certificate`"),
                (fault!("nameless"), fault!("renewed"), "with `add_root_certificate`"),
            ] {
                let error = call(*backend, server, root).await.unwrap_err();
                assert_line(&error, ErrorKind::Connect, part);
                assert!(!error.is_retryable(), "{error:?}");
            }
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_server_that_wants_a_certificate_or_no_tls_is_named() {
        for backend in Subject::tls_backends() {
            // The server refuses after the handshake. Where that arrives before the library has written the request, the
            // library says that the connection was closed, and no more.
            let mut named = 0;
            for _ in 0..20 {
                let (listener, port) = super::listener();
                let server = serve(listener, true);
                let trusting = settings().add_root_certificate(AUTHORITY).tls(*backend);
                let transport = Subject::new(trusting).unwrap();
                let engine = engine(transport, &format!("https://localhost:{port}"), RetryPolicy::default());
                let call: Call<Json> = engine.request(&WRITE, &[]).json(&1).call(decode::json);
                let error = call.await.unwrap_err();
                if error.to_string().contains("set it with `client_certificate`") {
                    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 1), "{error:?}");
                    assert!(!error.may_have_been_executed() && !error.is_retryable(), "{error:?}");
                    named += 1;
                }
                tokio::task::spawn_blocking(move || server.result()).await.unwrap();
            }
            assert!(named > 0, "{backend}");

            let (listener, port) = super::listener();
            std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                let _ = stream.read(&mut [0; 512]);
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            });
            let error = fails(settings().tls(*backend), &format!("https://localhost:{port}")).await;
            assert_line(&error, ErrorKind::Connect, "the server does not speak TLS on this port");
            assert!(!error.is_retryable(), "{error:?}");
        }
    }

    /// A proxy that demands this login, and then passes bytes on to a port of this machine. Returns its port.
    fn tunnel(login: &'static str, to: u16) -> u16 {
        let (listener, port) = listener();
        std::thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            let head = head_of(&mut client);
            assert!(head.starts_with("CONNECT api.example:8443 HTTP/1.1\r\n"), "{head}");
            if !head
                .to_lowercase()
                .contains(&format!("proxy-authorization: basic {}\r\n", login.to_lowercase()))
            {
                client.write_all(b"HTTP/1.1 407 x\r\n\r\n").unwrap();
                return;
            }
            client.write_all(b"HTTP/1.1 200 Connection established\r\nx-proxy: 1\r\n\r\n").unwrap();
            let mut server = TcpStream::connect(("127.0.0.1", to)).unwrap();
            let (mut from, mut back) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut back, &mut client));
            let _ = std::io::copy(&mut from, &mut server);
            let _ = server.shutdown(std::net::Shutdown::Both);
        });
        port
    }

    /// Everything together: a proxy with a login, an authority and a certificate of the caller.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_call_through_a_proxy_with_a_login_arrives() {
        for backend in Subject::tls_backends() {
            // "robot" and "p@s:s/%40", as base64.
            for url in ["http://", "http://other:one@"] {
                let (listener, port) = listener();
                let server = serve(listener, true);
                let proxy = tunnel("cm9ib3Q6cEBzOnMvJTQw", port);
                let settings = settings()
                    .tls(*backend)
                    .proxy(format!("{url}127.0.0.1:{proxy}"))
                    .proxy_credentials("robot", "p@s:s/%40".to_owned())
                    .add_root_certificate(AUTHORITY)
                    .client_certificate(CLIENT);
                let mut shop = Settings::new("shop-client/1.0");
                shop.set_retry(RetryPolicy::none());
                shop.set_transport(Arc::new(Subject::new(settings).unwrap()));
                let engine = crate::engine_of(&shop, "https://api.example:8443");
                assert_eq!(read(&engine).await.unwrap(), 1, "{backend}");
                drop((engine, shop));
                let head = tokio::task::spawn_blocking(move || server.result()).await.unwrap();
                assert!(head.starts_with("GET /items/7 HTTP/1.1\r\n"), "{head}");
                assert!(!head.to_lowercase().contains("proxy-"), "{head}");
            }
        }
    }
}
