//! Starting, stopping, and what every listener rejects before a provider sees it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use auth_emulator::{Builder, Emulator, Fault, FaultRule, StartError};
use common::{PATIENCE, Request, split_url, until};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

fn request(emulator: &Emulator, method: &str, path: &str) -> Request {
    let verigator = emulator.verigator();
    let credential = format!("{}:{}", verigator.username(), verigator.password());
    Request::new(method, &format!("{}/v1/service{path}", verigator.base_url()))
        .header("X-Service-Auth", &credential)
        .header("Accept", "application/json")
        .header("Content-Type", "application/json")
}

fn control(emulator: &Emulator, path: &str) -> Request {
    let bearer = format!("Bearer {}", emulator.control_token());
    Request::new("GET", &format!("{}{path}", emulator.control_url())).header("Authorization", &bearer)
}

async fn refuses_connections(url: &str) {
    let (address, _) = split_url(url);
    until("the port is closed", async || TcpStream::connect(address).await.is_err()).await;
}

#[tokio::test]
async fn dropping_stops_on_a_current_thread_runtime() {
    let emulator = Emulator::start().await.unwrap();
    let (url, control_url) = (emulator.verigator().base_url(), emulator.control_url().to_owned());
    assert_eq!(request(&emulator, "GET", "/service/none").send().await.status, 404);
    drop(emulator);
    refuses_connections(&url).await;
    refuses_connections(&control_url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_closes_everything_on_a_multi_thread_runtime() {
    let emulator = Emulator::start().await.unwrap();
    let url = emulator.verigator().base_url();
    assert_eq!(request(&emulator, "GET", "/service/none").send().await.status, 404);
    emulator.stop().await;
    assert!(TcpStream::connect(split_url(&url).0).await.is_err(), "closed when stop returns");
}

#[tokio::test]
async fn stopping_finishes_requests_in_progress_only() {
    let emulator = Emulator::start().await.unwrap();
    let unused = TcpStream::connect(split_url(emulator.control_url()).0).await.unwrap();
    emulator.add_fault(FaultRule::new("verigator", Fault::delay_ms(100))).unwrap();
    let slow = request(&emulator, "GET", "/service/none");
    let slow = tokio::spawn(async move { slow.send().await });
    until("the request has arrived", async || !emulator.journal().is_empty()).await;
    // Less than the five seconds after which `stop` closes connections.
    tokio::time::timeout(Duration::from_secs(4), emulator.stop())
        .await
        .expect("stop waited for an unused connection");
    assert_eq!(slow.await.unwrap().status, 404);
    drop(unused);
}

#[tokio::test]
async fn many_emulators_run_concurrently() {
    let (one, two) = (Emulator::start().await.unwrap(), Emulator::start().await.unwrap());
    let body = json!({ "fqdn": "coffeeshop.com", "name": "CoffeeShop" });
    let made = request(&one, "POST", "/service").json(&body).send().await;
    let path = format!("/service/{}", made.json()["id"].as_str().unwrap());
    assert_eq!(request(&one, "GET", &path).send().await.status, 200);
    assert_eq!(request(&two, "GET", &path).send().await.status, 404);
    assert_ne!(one.control_token(), two.control_token());
    assert_eq!((one.journal().len(), two.journal().len()), (2, 1));
    assert_eq!((one.effects().count("verigator", "service_created"), two.effects().iter().count()), (1, 0));
}

/// A range of free ports. Others may take one in the meantime; the caller must be ready to retry.
async fn free_run(length: u16) -> u16 {
    loop {
        let first = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = first.local_addr().unwrap().port();
        let mut held = vec![first];
        for next in 1..length {
            let Some(next) = port.checked_add(next) else { break };
            let Ok(listener) = TcpListener::bind(("127.0.0.1", next)).await else { break };
            held.push(listener);
        }
        if held.len() == usize::from(length) {
            return port;
        }
    }
}

#[tokio::test]
async fn fixed_ports_count_up_from_the_control_api() {
    let providers = Builder::providers();
    let mut attempts = 0;
    let (port, emulator) = loop {
        let port = free_run(u16::try_from(providers.len()).unwrap() + 6).await;
        match Emulator::builder().port(port).start().await {
            Ok(emulator) => break (port, emulator),
            Err(error) => {
                attempts += 1;
                assert!(attempts < 20, "{error}");
            }
        }
    };
    assert_eq!(emulator.control_url(), format!("http://127.0.0.1:{port}"));
    for (name, next) in providers.iter().zip(port + 1..) {
        let base_url = &emulator.ready().providers[name].base_url;
        assert!(base_url.starts_with(&format!("http://127.0.0.1:{next}")), "{name}: {base_url}");
    }
    let taken = Emulator::builder().port(port).start().await;
    assert!(matches!(taken, Err(StartError::Bind { port: p, .. }) if p == port), "{taken:?}");
    let printed = taken.unwrap_err().to_string();
    assert!(printed.contains("in use"), "{printed}");
    let high = Emulator::builder().port(65535).start().await;
    assert!(matches!(high, Err(StartError::PortTooHigh { .. })), "{high:?}");
}

#[tokio::test]
async fn a_failed_start_leaves_nothing_behind() {
    // The second port is in use: the first, already bound, must be free again after the failure.
    let port = free_run(2).await;
    let Ok(taken) = TcpListener::bind(("127.0.0.1", port + 1)).await else { return };
    assert!(Emulator::builder().port(port).start().await.is_err());
    drop(taken);
    until("the first port is free", async || TcpListener::bind(("127.0.0.1", port)).await.is_ok()).await;
}

#[tokio::test]
async fn foreign_hosts_are_rejected_on_every_listener() {
    let emulator = Emulator::start().await.unwrap();
    let port_of = |url: &str| split_url(url).0.port();
    let provider_port = port_of(&emulator.verigator().base_url());
    let control_port = port_of(emulator.control_url());
    for (port, request, good) in [
        (provider_port, request(&emulator, "GET", "/service/none"), 404),
        (control_port, control(&emulator, "/health"), 200),
    ] {
        for host in ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"] {
            let response = request.clone().host(&format!("{host}:{port}")).send().await;
            assert_eq!(response.status, good, "{host}");
        }
        for host in ["rebound.example", "127.0.0.1.example", "127.0.0.2", "0.0.0.0", "user@127.0.0.1"] {
            let refused = request.clone().host(&format!("{host}:{port}")).send().await;
            assert_eq!(refused.status, 403, "{host}");
        }
        assert_eq!(request.clone().host("localhost").send().await.status, 403, "without the port");
        assert_eq!(request.clone().host(&format!("localhost:{}", port - 1)).send().await.status, 403);
        assert_eq!(request.clone().without("host").send().await.status, 400);
        let twice = request.clone().header("Host", "rebound.example").send().await;
        assert_eq!(twice.status, 400, "twice");
    }
    let (address, _) = split_url(&emulator.verigator().base_url());
    let absolute = "http://rebound.example/v1/service/service/none";
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("GET {absolute} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 403"), "{response}");
}

#[tokio::test]
async fn bodies_over_the_limit_are_rejected() {
    let emulator = Emulator::start().await.unwrap();
    let post = |size: usize| {
        let body = format!(r#"{{"fqdn":"a.example","name":"b","x":"{}"}}"#, "y".repeat(size));
        request(&emulator, "POST", "/service").body(body)
    };
    let refused = post(4 * 1024 * 1024).send().await;
    assert_eq!(refused.status, 413);
    assert!(refused.json()["message"].is_string());
    assert_eq!(emulator.explain(&refused.request_id()).unwrap().checks.last().unwrap().check, "body size");
    assert_eq!(post(1000).send().await.status, 422, "a smaller one gets as far as its unknown field");

    let bearer = format!("Bearer {}", emulator.control_token());
    let url = format!("{}/faults", emulator.control_url());
    let big =
        Request::new("POST", &url).header("Authorization", &bearer).body("x".repeat(4 * 1024 * 1024 + 1));
    assert_eq!(big.send().await.status, 413);
}

/// Sends a head without a body, and returns the response.
async fn send_head(emulator: &Emulator, line: &str, headers: &str) -> String {
    let (address, _) = split_url(&emulator.verigator().base_url());
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("{line} HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut response = [0; 1024];
    let read =
        tokio::time::timeout(PATIENCE, stream.read(&mut response)).await.expect("no response").unwrap();
    String::from_utf8_lossy(&response[..read]).into_owned()
}

#[tokio::test]
async fn a_request_that_can_only_be_refused_is_refused_by_its_head() {
    // Nothing waits for a body.
    let emulator = Emulator::builder().idle_timeout(Duration::from_secs(3_600)).start().await.unwrap();
    for (line, headers, status) in [
        ("POST /v1/service/service", "Content-Length: 5000000000\r\n", 413),
        ("POST /v1/service/service", "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n", 501),
        ("GET /v1/service/service/none#x", "", 400),
        ("GET /v1/service/service/none?a=b#", "", 400),
    ] {
        let response = send_head(&emulator, line, headers).await;
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{line}: {response}");
        let entry = emulator.journal().pop().unwrap();
        assert!(response.contains(&entry.request_id), "{line}: {response}");
        assert_eq!(entry.status, Some(status));
    }
    let encoded = send_head(&emulator, "GET /v1/service/service/none%23", "").await;
    assert!(encoded.starts_with("HTTP/1.1 401 "), "{encoded}");
}

#[tokio::test]
async fn every_response_has_a_unique_id_and_the_emulators_date() {
    let emulator = Emulator::start().await.unwrap();
    emulator.clock().freeze();
    emulator.clock().advance(Duration::from_secs(86_400 * 400));
    let mut ids = std::collections::BTreeSet::new();
    for request in [
        request(&emulator, "GET", "/service/none"),
        request(&emulator, "GET", "/unknown"),
        request(&emulator, "PUT", "/service"),
        request(&emulator, "GET", "/service/%"),
        request(&emulator, "GET", "/service/none").host("rebound.example"),
    ] {
        let response = request.send().await;
        let expected = httpdate_of(emulator.clock().now().to_system_time());
        assert_eq!(response.header("date"), Some(expected.as_str()));
        assert!(emulator.explain(&response.request_id()).is_some(), "{request:?}");
        ids.insert(response.request_id());
    }
    assert_eq!(ids.len(), 5);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_never_executed() {
    let emulator = Emulator::start().await.unwrap();
    let (address, _) = split_url(&emulator.verigator().base_url());
    let credential = format!("{}:{}", emulator.verigator().username(), emulator.verigator().password());
    let body = r#"{"fqdn":"coffeeshop.com","name":"CoffeeShop"}"#;
    let length = format!("Content-Length: {}", body.len() + 1);
    let chunk = format!("{:x}\r\n{body}\r\n", body.len());
    // What arrives is complete JSON in each case, but the message is not complete.
    for (headers, sent) in [(length.as_str(), body), ("Transfer-Encoding: chunked", chunk.as_str())] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /v1/service/service HTTP/1.1\r\nHost: {address}\r\nX-Service-Auth: {credential}\r\n\
             Accept: application/json\r\nContent-Type: application/json\r\n{headers}\r\n\r\n"
        );
        stream.write_all(format!("{head}{sent}").as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut response = String::new();
        let reading = stream.read_to_string(&mut response);
        let _ = tokio::time::timeout(PATIENCE, reading).await.expect("not closed");
        until("it is in the journal", async || {
            emulator.journal().last().is_some_and(|entry| entry.status == Some(400))
        })
        .await;
        let id = emulator.journal().pop().unwrap().request_id;
        let checks = emulator.explain(&id).unwrap().checks;
        assert!(
            checks.last().unwrap().reason.as_ref().unwrap().contains("nothing was executed"),
            "{checks:?}"
        );
        emulator.reset(auth_emulator::Reset::Journal);
    }
    assert_eq!(emulator.effects().iter().count(), 0);
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_given_up() {
    let emulator = Emulator::builder().idle_timeout(Duration::from_millis(100)).start().await.unwrap();
    let (address, _) = split_url(&emulator.verigator().base_url());
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("POST /v1/service/service HTTP/1.1\r\nHost: {address}\r\nContent-Length: 9\r\n\r\n{{");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut response = String::new();
    let reading = stream.read_to_string(&mut response);
    tokio::time::timeout(PATIENCE, reading).await.expect("not closed").unwrap();
    assert!(response.starts_with("HTTP/1.1 408 "), "{response}");
}

/// The caller blocks its only thread, and a provider is busy; the emulator has its own threads.
#[tokio::test]
async fn blocking_callers_and_busy_providers_do_not_stop_the_control_api() {
    use std::io::{Read as _, Write as _};
    let emulator = Emulator::start().await.unwrap();
    let (entered, waiting) = std::sync::mpsc::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    // Nothing asks for the addresses of the namespace before its provider is busy.
    let verigators = [emulator.verigator(), emulator.namespace("one").unwrap().verigator()];
    let busy = std::thread::spawn(move || {
        let [verigator, of_one] = verigators;
        verigator.configure(|_| {
            of_one.configure(|_| {
                entered.send(()).unwrap();
                let _ = released.recv();
            });
        });
    });
    waiting.recv().unwrap();
    let blocking = |url: &str, path: &str, token: &str| {
        let (address, _) = split_url(url);
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n")
            .unwrap();
        stream
    };
    // More requests to the busy provider than there are threads.
    let url = emulator.ready().providers["verigator"].base_url.clone();
    let held: Vec<_> = (0..20).map(|_| blocking(&url, "/v1/service/service/none", "")).collect();
    for path in ["/livez", "/health", "/ns/one/health"] {
        let mut response = String::new();
        let mut stream = blocking(emulator.control_url(), path, emulator.control_token());
        stream.read_to_string(&mut response).expect("the control API is blocked");
        assert!(response.starts_with("HTTP/1.0 200"), "{path}: {response}");
    }
    let mut other = blocking(&emulator.virtuous().base_url(), "/api/Organization", "");
    let mut response = String::new();
    other.read_to_string(&mut response).expect("another provider is blocked");
    assert!(response.starts_with("HTTP/1.0 401") || response.starts_with("HTTP/1.0 404"), "{response}");
    release.send(()).unwrap();
    busy.join().unwrap();
    drop(held);
}

#[tokio::test]
async fn others_need_an_allowed_name() {
    let refused = Emulator::builder().listen(std::net::Ipv4Addr::UNSPECIFIED).start().await;
    assert!(matches!(refused, Err(StartError::NoAllowedHost { .. })), "{refused:?}");
    for bad in ["", "emulator:80", "http://emulator", "a b"] {
        let refused = Emulator::builder().allow_host(bad).start().await;
        assert!(matches!(refused, Err(StartError::InvalidHost { .. })), "{refused:?}");
    }
    let builder = Emulator::builder().listen(std::net::Ipv4Addr::UNSPECIFIED);
    let emulator = builder.allow_host("emulator").allow_host("api.test").start().await.unwrap();
    let base_url = emulator.verigator().base_url();
    let port: u16 = base_url.strip_prefix("http://emulator:").unwrap().parse().unwrap();
    assert_eq!(emulator.ready().providers["verigator"].env["VERIGATOR_BASE_URL"], base_url);
    assert!(emulator.control_url().starts_with("http://127.0.0.1:"), "{}", emulator.control_url());
    let local = Request::new("GET", &format!("http://127.0.0.1:{port}/v1/service/service/none"));
    for (host, status) in [
        (format!("emulator:{port}"), 401),
        ("emulator:1".to_owned(), 401),
        ("api.test".to_owned(), 401),
        (format!("127.0.0.1:{port}"), 401),
        (format!("0.0.0.0:{port}"), 403),
        (format!("emulator.example:{port}"), 403),
    ] {
        let response = local.clone().host(&host).send().await;
        assert_eq!(response.status, status, "{host}: {}", response.text());
    }
    let told = local.clone().host("wrong.example").send().await.text();
    assert!(told.contains("--allow-host") && told.contains("emulator, api.test"), "{told}");
}

#[cfg(unix)]
#[tokio::test]
async fn unix_sockets_serve_the_same() {
    let directory =
        std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("s{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let emulator = Emulator::builder().socket_dir(&directory).start().await.unwrap();
    let ready = emulator.ready();
    let control = ready.control.socket.clone().unwrap();
    assert_eq!(control, directory.join("control.sock"));
    assert_eq!(ready.providers["vise"].sockets.len(), 4);
    let ask = async |path: &std::path::Path, request: String| {
        let mut stream = tokio::net::UnixStream::connect(path).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        let reading = stream.read_to_string(&mut response);
        tokio::time::timeout(PATIENCE, reading).await.expect("no response").unwrap();
        response
    };
    let token = emulator.control_token();
    let health = format!("GET /health HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n");
    assert!(ask(&control, health).await.contains(r#""status":"ok""#));
    let request = "GET /v1/service/service/none HTTP/1.0\r\nHost: anything\r\n\r\n".to_owned();
    let response = ask(&ready.providers["verigator"].sockets[0], request).await;
    assert!(response.starts_with("HTTP/1.0 401"), "{response}");
    let second = Emulator::builder().socket_dir(&directory).start().await;
    assert!(matches!(second, Err(StartError::Socket { .. })), "{second:?}");
    assert!(second.unwrap_err().to_string().contains("in use"));
    // Each issuer of a namespace has a socket too.
    let test = emulator.namespace("test").unwrap();
    let sockets = test.ready().providers["vaultvision"].sockets.clone();
    assert_eq!(sockets[0], ready.providers["vaultvision"].sockets[0], "the path names the namespace");
    for socket in &sockets[1..] {
        let discovery = "GET /.well-known/openid-configuration HTTP/1.0\r\nHost: anything\r\n\r\n".to_owned();
        let response = ask(socket, discovery).await;
        assert!(response.starts_with("HTTP/1.0 200"), "{}: {response}", socket.display());
    }
    assert_eq!((sockets.len(), test.journal().len()), (3, 2));
    emulator.drop_namespace("test").unwrap();
    drop(test);
    // A new namespace of this name may come before the sockets of the old one are closed.
    let test = emulator.namespace("test").unwrap();
    assert_eq!(test.ready().providers["vaultvision"].sockets, sockets);
    let discovery = "GET /.well-known/openid-configuration HTTP/1.0\r\nHost: anything\r\n\r\n".to_owned();
    assert!(ask(&sockets[1], discovery).await.starts_with("HTTP/1.0 200"));
    emulator.drop_namespace("test").unwrap();
    drop(test);
    until("the sockets go with the namespace", async || !sockets[1..].iter().any(|one| one.exists())).await;
    emulator.stop().await;
    assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 0, "the sockets go with the emulator");
    // A socket that is left over is replaced.
    drop(std::os::unix::net::UnixListener::bind(&control).unwrap());
    let third = Emulator::builder().socket_dir(&directory).start().await.unwrap();
    third.stop().await;
    std::fs::remove_dir_all(&directory).unwrap();
}

async fn send_to(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    let reading = stream.read_to_string(&mut response);
    tokio::time::timeout(PATIENCE, reading).await.expect("no response").unwrap();
    response
}

#[tokio::test]
async fn a_request_that_is_no_http_is_explained() {
    let emulator = Emulator::start().await.unwrap();
    emulator.namespace("test").unwrap();
    let (address, _) = split_url(&emulator.verigator().base_url());
    let send = async |request: &str| send_to(address, request).await;
    let head = format!("Host: {address}\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}");
    for (prefix, name) in [("", "default"), ("/ns/test", "test")] {
        let response = send(&format!("POST {prefix}/v1/service/service?x=1 HTTP/1.1\r\n{head}")).await;
        assert!(response.starts_with("HTTP/1.1 400 "), "{response}");
        assert!(response.contains("Content-Length occurs twice"), "{response}");
        let namespace = emulator.namespace(name).unwrap();
        let journal = namespace.journal();
        let entry = journal.last().unwrap();
        assert_eq!(
            (entry.method.as_str(), entry.path.as_str(), entry.status),
            ("POST", "/v1/service/service", Some(400))
        );
        assert!(response.contains(&format!("x-emulator-request-id: {}", entry.request_id)), "{response}");
        let explained = namespace.explain(&entry.request_id).unwrap();
        assert!(explained.checks[0].reason.as_deref().unwrap().contains("Content-Length"));
    }
    let (address, _) = split_url(&emulator.revesecure().base_url());
    for method in ["GET", "DELETE"] {
        let line = format!("{method} /rest/v1/validate/check/canary HTTP/1.1\r\n");
        for rest in [
            format!("Host: {address}\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}"),
            format!("Host: {address}\r\nConnection: close\r\n\r\n"),
            "Host: example.org\r\nConnection: close\r\n\r\n".to_owned(),
        ] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(format!("{line}{rest}").as_bytes()).await.unwrap();
            tokio::time::timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await.unwrap().unwrap();
        }
    }
    let journal = emulator.journal();
    let shown: Vec<_> = journal.iter().rev().take(6).map(|entry| entry.path.as_str()).collect();
    assert_eq!(shown, ["/rest/v1/validate/check/{apiKey}"; 6], "the key is secret");
    assert!(!format!("{journal:?}").contains("canary"));
    let (address, _) = split_url(&emulator.verigator().base_url());
    let send = async |request: &str| send_to(address, request).await;
    let large = send(&format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(500_000))).await;
    assert!(
        large.starts_with("HTTP/1.1 431 ")
            && large.contains("larger than 400 KiB or has more than 100 headers"),
        "{large}"
    );
    let long = send(&format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(70_000))).await;
    assert!(long.starts_with("HTTP/1.1 414 ") && long.contains("longer than 65,534 bytes"), "{long}");
    let other = send("hello\r\n\r\n").await;
    assert!(other.contains("no HTTP/1.1 request"), "{other}");
    assert_eq!(send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await, "", "it would not understand a response");
    let journal = emulator.journal();
    let last = emulator.explain(&journal.last().unwrap().request_id).unwrap();
    assert_eq!((journal.len(), last.request.status), (11, None));
    assert!(last.checks[0].reason.as_deref().unwrap().contains("HTTP/2"), "{last:?}");
}

#[tokio::test]
async fn stopping_waits_for_the_requests_of_a_namespaces_issuers() {
    let emulator = Emulator::start().await.unwrap();
    let test = emulator.namespace("test").unwrap();
    let issuer = test.ready().providers["vaultvision"].env["VV_ISSUER_URL"].clone();
    test.add_fault(FaultRule::new("vaultvision", Fault::delay_ms(300))).unwrap();
    let url = format!("{issuer}/.well-known/openid-configuration");
    let waiting = tokio::spawn(async move { Request::new("GET", &url).send().await.status });
    until("the request arrives", async || test.journal().len() == 1).await;
    emulator.stop().await;
    assert_eq!(waiting.await.unwrap(), 200);
}

fn httpdate_of(time: std::time::SystemTime) -> String {
    httpdate::fmt_http_date(time)
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let emulator = Emulator::start().await.unwrap();
    let (address, _) = split_url(&emulator.verigator().base_url());
    let mut stream = TcpStream::connect(address).await.unwrap();
    let talk = async {
        for _ in 0..3 {
            let head = format!("GET /v1/service/service/none HTTP/1.1\r\nHost: {address}\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut response = vec![0; 4096];
            let read = stream.read(&mut response).await.unwrap();
            assert!(
                response[..read].starts_with(b"HTTP/1.1 401"),
                "{:?}",
                String::from_utf8_lossy(&response[..read])
            );
        }
    };
    tokio::time::timeout(PATIENCE, talk).await.unwrap();
    assert_eq!(emulator.journal().len(), 3);
}
