//! `authctl virtuous webhooks`: deliveries of an emulator and of a plain socket, received, verified and forwarded.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use auth_emulator::Emulator;
use auth_emulator::providers::virtuous::WebhookDelivery;
use common::{Home, LIMIT, Outcome, PROGRAM};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use tokio::net::TcpSocket;

const SECRET: &str = "s3cret-canary é";
const BODY: &str = r#"{"event":"GiftCreate","gift":{"id":301,"modifiedDateTimeUtc":"2026-01-02T03:04:05"}}"#;

fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Commands below `authctl virtuous webhooks`.
struct Hooks(Home);

impl Hooks {
    fn new() -> Self {
        let mut home = Home::new();
        home.env.push(("VIRTUOUS_WEBHOOK_SECRET", SECRET.to_owned()));
        Self(home)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        self.0.file(name, content).to_str().unwrap().to_owned()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.0.command(&[&["virtuous", "webhooks"] as &[_], arguments].concat())
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.command(arguments).spawn().unwrap())
    }
}

/// A running `listen`. Ended when dropped.
struct Listening {
    child: Option<Child>,
    lines: Receiver<String>,
    ready: Value,
}

impl Listening {
    fn start(home: &Hooks, arguments: &[&str]) -> Self {
        let arguments = ["listen"].iter().chain(arguments).copied().collect::<Vec<_>>();
        let mut child = home.command(&arguments).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        let mut listening = Self { child: Some(child), lines, ready: Value::Null };
        listening.ready = listening.next();
        assert_eq!(listening.ready["type"], "ready");
        listening
    }

    fn next(&self) -> Value {
        let line = self.lines.recv_timeout(LIMIT).expect("no line");
        assert!(!line.contains("canary"), "{line}");
        serde_json::from_str(&line).unwrap()
    }

    fn address(&self) -> String {
        self.url().trim_start_matches("http://").split('/').next().unwrap().to_owned()
    }

    fn url(&self) -> &str {
        self.ready["url"].as_str().unwrap()
    }

    /// Sends a delivery and returns the status of the response.
    fn deliver(&self, headers: &str, body: &[u8]) -> u16 {
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
        self.send(&[head.as_bytes(), body].concat())
    }

    fn signed(&self, body: &[u8]) -> u16 {
        self.deliver(&signature(body), body)
    }

    fn send(&self, request: &[u8]) -> u16 {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.write_all(request).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        line.split(' ').nth(1).unwrap_or_else(|| panic!("no status: {line}")).parse().unwrap()
    }

    fn end(mut self) -> Outcome {
        Outcome::of(self.child.take().unwrap())
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn signature(body: &[u8]) -> String {
    format!("X-Virtuous-Signature: sha256={}\r\n", sign(SECRET, body))
}

/// A receiver on this machine: responds with these statuses, and returns the requests as bytes.
fn receiver(statuses: &'static [&'static str]) -> (String, Receiver<Vec<u8>>) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook?a=b", socket.local_addr().unwrap());
    let (send, received) = channel();
    std::thread::spawn(move || {
        for status in statuses {
            let (mut stream, _) = socket.accept().unwrap();
            stream.set_read_timeout(Some(LIMIT)).unwrap();
            let mut request = Vec::new();
            let mut chunk = [0; 4096];
            loop {
                let head = request.windows(4).position(|window| window == b"\r\n\r\n");
                if let Some(head) = head {
                    let text = String::from_utf8_lossy(&request[..head]).to_lowercase();
                    let length = text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
                    if request.len() >= head + 4 + length.map_or(0, |length| length.parse::<usize>().unwrap())
                    {
                        break;
                    }
                }
                match stream.read(&mut chunk).unwrap() {
                    0 => break,
                    read => request.extend_from_slice(&chunk[..read]),
                }
            }
            send.send(request).unwrap();
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    (url, received)
}

fn body_of(request: &[u8]) -> &[u8] {
    let head = request.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    &request[head + 4..]
}

#[test]
fn stored_deliveries_are_verified_offline() {
    let mut home = Hooks::new();
    let (file, right) = (home.file("d.json", BODY), sign(SECRET, BODY.as_bytes()));
    let found = home.run(&["verify", &file, "--signature", &right]).expect(0, "").json();
    assert_eq!(
        found,
        json!({ "verified": true, "secret": 1, "event": "GiftCreate", "id": "gift:301", "bytes": BODY.len(), "problem": null })
    );
    let headers =
        home.file("d.headers", format!("POST / HTTP/1.1\r\nHost: a\r\nx-virtuous-signature: {right}\r\n"));
    home.run(&["verify", &file, "--headers", &headers]).expect(0, "true");
    home.run(&["verify", &file, "--headers", &headers, "--signature-header", "X-Sig"]).expect(9, "no x-sig");
    home.run(&["verify", &file]).expect(2, "--signature");
    home.run(&["verify", "missing.json", "--signature", &right]).expect(1, "missing.json can't be read");
    home.run(&["verify", &file, "--signature", &right, "--secret", "canary"]).expect(2, "process lists");

    let changed = home.file("changed.json", format!("{BODY}\n"));
    let wrong = home.run(&["verify", &changed, "--signature", &right, "-o", "json"]).expect(9, "");
    let error: Value = serde_json::from_str(&wrong.err).unwrap();
    assert_eq!((&error["error"]["code"], &error["error"]["exit"]), (&"mismatch".into(), &9.into()));
    assert!(
        error["error"]["message"].as_str().unwrap().contains("line break at the end was added"),
        "{error}"
    );
    home.run(&["verify", &file, "--signature", "sha1=0123"]).expect(9, "the prefix `sha1=` is unknown");
    home.run(&["verify", &file, "--signature", "-"]).expect(9, "invalid signature format");
    let odd = b"\xff\x00\r\n\xef\xbb\xbf";
    let binary = home.file("odd", odd);
    home.run(&["verify", &binary, "--signature", &sign(SECRET, odd)]).expect(0, "not a JSON object");
    home.run(&["verify", &home.file("empty", ""), "--signature", &sign(SECRET, b"")])
        .expect(0, "\"bytes\": 0");

    // The secret that was replaced is the second one.
    home.0.env.push(("VIRTUOUS_WEBHOOK_SECRET_OLD", "older".to_owned()));
    let old = sign("older", BODY.as_bytes());
    assert_eq!(home.run(&["verify", &file, "--signature", &old]).expect(0, "").json()["secret"], 2);
    // Files, then a profile, then the environment.
    let (one, two) = (home.file("one", "first\n"), home.file("two", "second"));
    let files = ["--secret-file", &one, "--secret-file", &two];
    let with = |secret: &str, more: &[&str]| {
        let signature = sign(secret, BODY.as_bytes());
        home.run(&[&["verify", &file, "--signature", &signature] as &[_], more].concat())
    };
    assert_eq!(with("second", &files).expect(0, "").json()["secret"], 2);
    with(SECRET, &files).expect(9, "another secret");
    home.file(".config/authctl/two", "of the profile\n");
    home.file(
        ".config/authctl/config.toml",
        "[profiles.work.virtuous]\napi_key = \"env:UNSET\"\nwebhook_secret = \"file:two\"\n",
    );
    with("of the profile", &["--profile", "work"]).expect(0, "true");
    with("of the profile", &[]).expect(9, "another secret");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&one, std::fs::Permissions::from_mode(0o644)).unwrap();
        with("second", &files).expect(4, "chmod 600");
    }
    with("", &["--secret-file", &home.file("none", "\n")]).expect(4, "empty");
    for invalid in [format!("{SECRET}\n"), format!("{SECRET}\r\n")] {
        home.0.env = vec![("VIRTUOUS_WEBHOOK_SECRET", invalid)];
        home.run(&["verify", &file, "--signature", &right]).expect(4, "line break");
        home.run(&["listen"]).expect(4, "line break");
    }
    home.0.env.clear();
    home.run(&["verify", &file, "--signature", &right]).expect(4, "there is no secret");
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_of_the_emulator_are_forwarded_and_its_status_is_returned() {
    let emulator = Emulator::builder().seed(7).start().await.unwrap();
    let home = Hooks::new();
    let (url, received) =
        receiver(&["202 Accepted", "503 Busy", "307 Elsewhere\r\nLocation: http://127.0.0.1:1/", "200 OK"]);
    let listening = Listening::start(&home, &["--forward-to", &url, "--count", "5"]);
    assert_eq!((&listening.ready["verification"], &listening.ready["secrets"]), (&true.into(), &1.into()));
    assert_eq!(listening.ready["forward_to"], url);
    let body: Value = serde_json::from_str(BODY).unwrap();
    let delivery = |secret: &str| WebhookDelivery::new(listening.url(), body.clone()).signed_with(secret);
    let crm = emulator.virtuous();
    let limited = async |delivery| tokio::time::timeout(LIMIT, crm.deliver_webhook(delivery)).await.unwrap();
    assert_eq!(limited(delivery(SECRET)).await.unwrap(), [Some(202)]);
    let line = listening.next();
    for (name, expected) in [
        ("type", json!("delivery")),
        ("id", json!("gift:301")),
        ("event", json!("GiftCreate")),
        ("verified", json!(true)),
        ("reason", Value::Null),
        ("duplicate", json!(false)),
        ("forwarded", json!(202)),
        ("status", json!(202)),
        ("bytes", json!(body.to_string().len())),
    ] {
        assert_eq!(line[name], expected, "{name} in {line}");
    }
    assert!(
        line["ms"].is_u64() && line["time"].as_str().unwrap().ends_with('Z') && line.get("body").is_none()
    );
    let request = String::from_utf8(received.recv_timeout(LIMIT).unwrap()).unwrap();
    assert!(request.starts_with("POST /hook?a=b HTTP/1.1\r\n"), "{request}");
    assert!(request.to_lowercase().contains("\r\nx-virtuous-signature: "), "{request}");
    assert_eq!(body_of(request.as_bytes()), body.to_string().as_bytes());

    // The other statuses go back too, and redirects are not followed.
    for (status, number) in [(503, "2"), (307, "3"), (200, "4")] {
        let body = BODY.replace("301", number);
        assert_eq!(listening.signed(body.as_bytes()), status);
        let line = listening.next();
        assert_eq!((&line["forwarded"], &line["status"]), (&status.into(), &status.into()), "{line}");
        received.recv_timeout(LIMIT).unwrap();
    }
    // The receiver has gone.
    assert_eq!(listening.signed(BODY.as_bytes()), 502);
    let line = listening.next();
    assert_eq!((&line["reason"], &line["forwarded"]), (&"receiver".into(), &Value::Null), "{line}");
    assert_eq!(line["duplicate"], true, "{line}");
    listening.end().expect(0, "");
}

#[test]
fn a_wrong_signature_is_refused_and_not_forwarded() {
    let home = Hooks::new();
    let (url, received) = receiver(&["200 OK"]);
    let listening = Listening::start(&home, &["--forward-to", &url]);
    let body = BODY.as_bytes();
    let right = signature(body);
    for (headers, sent, reason) in [
        (String::new(), body, "no_signature"),
        (right.clone(), b"{}" as &[_], "mismatch"),
        (signature(b"{}"), body, "mismatch"),
        (format!("{right}{right}"), body, "several_signatures"),
        ("X-Virtuous-Signature: abc\r\n".to_owned(), body, "malformed"),
        ("X-Virtuous-Signature: \r\n".to_owned(), body, "malformed"),
        (right.replace("Signature", "Signatur"), body, "no_signature"),
    ] {
        assert_eq!(listening.deliver(&headers, sent), 401, "{headers}");
        let line = listening.next();
        assert_eq!((&line["verified"], &line["reason"]), (&false.into(), &reason.into()), "{line}");
        assert_eq!((&line["forwarded"], &line["status"]), (&Value::Null, &401.into()), "{line}");
    }
    assert!(received.try_recv().is_err(), "nothing was forwarded");
    assert_eq!(listening.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 405);
    assert_eq!(listening.next()["reason"], "method");
    assert_eq!(listening.send(b"POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"), 404);
    assert_eq!(listening.next()["reason"], "path");
    assert_eq!(listening.signed(body), 200, "a refused delivery is no reason to refuse the next one");
    assert_eq!(listening.next()["duplicate"], false, "only accepted deliveries are remembered");
    assert_eq!(body_of(&received.recv_timeout(LIMIT).unwrap()), body);
}

#[test]
fn the_bytes_are_forwarded_as_they_are() {
    let home = Hooks::new();
    let bodies: [&[u8]; 5] = [
        b"",
        b"{\r\n \"event\" : \"GiftCreate\" }\r\n",
        b"\xef\xbb\xbf{\"event\":\"X\"}",
        b"\xff\x00\xfe",
        b"{\"a\":1.50}",
    ];
    let (url, received) = receiver(&["200 OK"; 5]);
    let listening = Listening::start(&home, &["--forward-to", &url, "--show-body"]);
    for body in bodies {
        assert_eq!(listening.signed(body), 200);
        assert_eq!(body_of(&received.recv_timeout(LIMIT).unwrap()), body);
        let line = listening.next();
        assert_eq!((&line["verified"], &line["bytes"]), (&true.into(), &body.len().into()), "{line}");
        assert!(line.get("body").is_some(), "{line}");
    }
    drop(listening);

    // A filter sees deliveries only, and one that fails ends nothing.
    let (url, received) = receiver(&["200 OK"; 2]);
    let filter = ["--forward-to", &url, "--show-body", "--jq", ".body.event | ascii_upcase"];
    let listening = Listening::start(&home, &filter);
    assert_eq!(listening.signed(b"{}"), 200);
    received.recv_timeout(LIMIT).unwrap();
    assert_eq!(listening.signed(BODY.as_bytes()), 200);
    received.recv_timeout(LIMIT).unwrap();
    assert_eq!(listening.lines.recv_timeout(LIMIT).unwrap(), "GIFTCREATE");
    drop(listening);

    let (url, received) = receiver(&["200 OK"]);
    let listening = Listening::start(&home, &["--forward-to", &url, "--show-body"]);
    // In chunks, on which no header says how long the body is.
    let body = BODY.as_bytes();
    let (one, two) = body.split_at(10);
    let head = format!("POST / HTTP/1.1\r\nHost: a\r\n{}Transfer-Encoding: chunked\r\n\r\n", signature(body));
    let chunk = |part: &[u8]| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
    let request = [head.as_bytes(), &chunk(one), &chunk(two), b"0\r\n\r\n"].concat();
    assert_eq!(listening.send(&request), 200);
    assert_eq!(body_of(&received.recv_timeout(LIMIT).unwrap()), body);
    assert_eq!(listening.next()["body"]["gift"]["id"], 301);
}

#[test]
fn events_sizes_and_the_early_response_follow_the_options() {
    let home = Hooks::new();
    let down = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{down}/");
    let listening = Listening::start(
        &home,
        &["--events", "GiftCreate,GiftDelete", "--max-body", "1KiB", "--ack", "--forward-to", &url],
    );
    assert_eq!(listening.signed(br#"{"event":"ContactCreate","contact":{"id":1}}"#), 200);
    assert_eq!(listening.signed(BODY.as_bytes()), 200, "the receiver is down, but the response came first");
    let line = listening.next();
    assert_eq!((&line["event"], &line["status"]), (&"GiftCreate".into(), &200.into()), "{line}");
    assert_eq!(line["reason"], "receiver", "{line}");
    let exact = [br#"{"event":"GiftCreate"}"#, &[b' '; 1024 - 22] as &[_]].concat();
    assert_eq!(listening.signed(&exact), 200);
    assert_eq!(listening.next()["bytes"], 1024);
    assert_eq!(listening.signed(&[&exact as &[_], b" "].concat()), 413);
    assert_eq!(listening.next()["reason"], "too_large");
    let chunked = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n",
        2000,
        "a".repeat(2000)
    );
    assert_eq!(listening.send(chunked.as_bytes()), 413);
    assert_eq!(listening.next()["reason"], "too_large");
    drop(listening);

    for (arguments, problem) in [
        (&["--events", "GiftCraete"] as &[_], "did you mean GiftCreate"),
        (&["--forward-to", "http://10.0.0.1/"], "loopback"),
        (&["--forward-to", "http://u:canary@127.0.0.1/"], "no user name"),
        (&["--max-body", "1GB"], "size"),
        (&["--path", "hook"], "start with /"),
        (&["--bind", "0.0.0.0:0", "--no-verify"], "loopback"),
        (&["--bind", "0.0.0.0:0"], "other machines could reach it"),
        (&["--token", "canary"], "process lists"),
    ] {
        home.run(&[&["listen"] as &[_], arguments].concat()).expect(2, problem);
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    home.run(&["listen", "--bind", &address]).expect(1, "can't listen");
    let mut bare = Hooks::new();
    bare.0.env.clear();
    bare.run(&["listen"]).expect(4, "there is no secret");
    let open = Listening::start(&bare, &["--no-verify", "--count", "1", "--path", "/hook"]);
    assert_eq!(open.ready["verification"], false);
    assert_eq!(open.send(b"POST /hook HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"), 200);
    assert_eq!(open.next()["verified"], false);
    open.end().expect(0, "");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_after_the_deliveries_in_progress() {
    let home = Hooks::new();
    let slow = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", slow.local_addr().unwrap());
    let mut listening = Listening::start(&home, &["--forward-to", &url]);
    let mut sender = TcpStream::connect(listening.address()).unwrap();
    sender.set_read_timeout(Some(LIMIT)).unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: a\r\n{}Content-Length: {}\r\n\r\n{BODY}",
        signature(BODY.as_bytes()),
        BODY.len()
    );
    sender.write_all(head.as_bytes()).unwrap();
    let (mut forwarded, _) = slow.accept().unwrap();
    let child = listening.child.take().unwrap();
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    forwarded.set_read_timeout(Some(LIMIT)).unwrap();
    let mut request = Vec::new();
    while !request.ends_with(BODY.as_bytes()) {
        let mut chunk = [0; 4096];
        let read = forwarded.read(&mut chunk).unwrap();
        assert!(read > 0, "the connection was closed");
        request.extend_from_slice(&chunk[..read]);
    }
    forwarded.write_all(b"HTTP/1.1 204 Done\r\n\r\n").unwrap();
    let mut response = String::new();
    BufReader::new(sender).read_line(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 204"), "{response}");
    assert_eq!(listening.next()["forwarded"], 204);
    Outcome::of(child).expect(0, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emulator_sends_what_is_triggered() {
    let mut home = Hooks::new();
    let listening = Listening::start(&home, &["--show-body"]);
    let url = listening.url().to_owned();
    let sent = home.run(&["trigger", "GiftCreate", "--to", &url, "--emulator"]).expect(0, "").json();
    assert_eq!(sent, json!([{ "event": "GiftCreate", "url": url, "signed": true, "status": 200 }]));
    let line = listening.next();
    assert_eq!((&line["verified"], &line["event"]), (&true.into(), &"GiftCreate".into()), "{line}");
    home.run(&["trigger", "ContactUpdate", "--to", &url, "--emulator", "--data", r#"{"id":7,"name":"Ola"}"#])
        .expect(0, "");
    assert_eq!(listening.next()["body"]["contact"]["name"], "Ola");

    home.run(&["trigger", "GiftMade"]).expect(2, "there is no such event");
    home.run(&["trigger", "giftcreate"]).expect(2, "case-sensitive: GiftCreate");
    home.run(&["trigger", "GiftCreate", "--emulator"]).expect(2, "--to");
    home.run(&["trigger", "GiftCreate", "--to", "https://example.org/", "--emulator"])
        .expect(2, "on this machine");
    home.run(&["trigger", "GiftCreate", "--data", "7"]).expect(2, "must be a JSON object");
    home.run(&["trigger", "GiftCreate", "--to", &url, "--dry-run"]).expect(0, "nothing was sent");
    home.run(&["trigger", "GiftCreate", "--to", &url]).expect(1, "no running emulator");
    // Bound, so that nobody else takes the port, and not listening.
    let closed = TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let closed_url = format!("http://{}/", closed.local_addr().unwrap());
    home.run(&["trigger", "GiftCreate", "--to", &closed_url, "--emulator"]).expect(6, "no response");
    let other = home.file("other", "another secret");
    let refused = ["trigger", "GiftCreate", "--to", &url, "--emulator", "--secret-file", &other];
    home.run(&refused).expect(3, "status 401");
    for _ in 0..3 {
        assert_eq!(listening.next()["reason"], "mismatch");
    }

    // A running emulator, found through its ready file.
    let emulator = Emulator::builder().seed(7).set("virtuous.loopback_webhooks", true).start().await.unwrap();
    let control = json!({ "url": emulator.control_url(), "token": emulator.control_token() });
    let ready = home.file("ready.json", json!({ "control": control, "providers": {} }).to_string());
    home.0.env.push(("AUTH_EMULATOR_READY_FILE", ready));
    home.run(&["trigger", "ProjectUpdate", "--to", &url]).expect(0, "\"status\": null");
    assert_eq!(listening.next()["event"], "ProjectUpdate");
    home.run(&["trigger", "EventCreate"]).expect(5, "no active subscription to EventCreate");
    let webhook = json!({ "payloadUrl": url, "secret": SECRET, "eventCreate": true });
    let body = home.file("webhook.json", webhook.to_string());
    home.0.env.extend(
        emulator
            .env()
            .into_iter()
            .filter(|(name, _)| matches!(*name, "VIRTUOUS_API_KEY" | "VIRTUOUS_BASE_URL")),
    );
    home.run(&["create", "--data", &format!("@{body}")]).expect(0, "");
    let sent = home.run(&["trigger", "EventCreate"]).expect(0, "").json();
    assert_eq!(sent, json!([{ "event": "EventCreate", "url": url, "signed": null, "status": null }]));
    let line = listening.next();
    assert_eq!((&line["event"], &line["verified"]), (&"EventCreate".into(), &true.into()), "{line}");
    assert_eq!(line["body"]["generosityEvent"]["name"], "Spring Gala", "{line}");
}

#[cfg(unix)]
#[test]
fn the_examples_of_the_help_run() {
    let mut home = Hooks::new();
    home.file("delivery.json", BODY);
    home.file("delivery.headers", signature(BODY.as_bytes()));
    home.0.env.push(("SIGNATURE", sign(SECRET, BODY.as_bytes())));
    let folder = PathBuf::from(PROGRAM).parent().unwrap().display().to_string();
    home.0.env.push(("PATH", format!("{folder}:/usr/bin:/bin")));
    home.run(&["--help"]).expect(0, "listen  ").expect(0, "trigger EVENT");
    let receiving = Listening::start(&home, &[]);
    let mut run = 0;
    for command in ["listen", "verify", "trigger"] {
        let help = home.run(&[command, "--help"]).expect(0, "Example");
        assert!(help.out.contains(&format!("Usage: authctl virtuous webhooks {command}")), "{help:?}");
        for line in help.out.lines().filter_map(|line| line.trim().strip_prefix("$ ")) {
            if line.contains("listen") && !line.contains("--count") {
                // Runs until Ctrl-C; its arguments are checked by starting it.
                let line = line.replace("127.0.0.1:4040", "127.0.0.1:0");
                let words: Vec<&str> = line.split(' ').skip(4).collect();
                let words: Vec<&str> =
                    words.into_iter().filter(|word| *word != ".body" && *word != "--jq").collect();
                drop(Listening::start(&home, &words));
            } else {
                let line = line.replace("127.0.0.1:4040", &receiving.address());
                Outcome::of(home.0.prepared("/bin/sh", &["-c", &line]).spawn().unwrap())
                    .expect(0, "GiftCreate");
            }
            run += 1;
        }
    }
    assert_eq!(run, 7);
    assert_eq!(receiving.next()["verified"], true);
}
