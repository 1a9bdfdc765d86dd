//! No secret is ever printed: not by `Debug` of any public type, not by an error, not in a log line at the finest level.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../../auth-client-core/tests/common/wire.rs"]
mod wire;

use auth_client_core::testing::{Canary, ScriptedTransport};
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing_subscriber::filter::LevelFilter;
use verigator_client::models::{AuthMethod, NewService, NewUser, Rejection, Verification, VerifyPin};
use verigator_client::{Client, DateTime, Error, FailureReason, Outcome, SecondFactor};
use wire::WireServer;

const PASSWORD: &str = "c4n4ry-Pa55/word+93ab";
const PIN: &str = "c4n4ry-048211";

/// Everything that is logged in this process, at every level and by every library.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn capture() -> Self {
        let log = Self::default();
        let writer = log.clone();
        tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_writer(move || writer.clone())
            .init();
        log
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn canaries() -> [Canary; 2] {
    [Canary::new(PASSWORD), Canary::new(PIN)]
}

fn assert_clean(what: &str, printed: &str) {
    for canary in canaries() {
        assert_eq!(canary.form_in(printed), None, "{what} shows a secret: {printed}");
    }
}

fn assert_error_clean(what: &str, error: &Error) {
    for canary in canaries() {
        assert_eq!(canary.form_in_error(error), None, "{what}: {error:?}");
    }
}

/// Named by hand, so that a new public type has to be thought about here.
#[test]
fn no_public_type_prints_a_secret() {
    let builder = Client::builder("api-user", PASSWORD.to_owned()).base_url("https://x.example");
    assert_clean("ClientBuilder", &format!("{builder:?} {builder:#?}"));
    let client = builder.transport(ScriptedTransport::new()).build().unwrap();
    assert_clean("Client", &format!("{client:?} {client:#?}"));
    let users = client.users("s1");
    let login = users.authentication("u1");
    let pin = VerifyPin::from(PIN);
    assert_clean("VerifyPin", &format!("{pin:?} {pin:#?}"));
    let call = login.verify(pin);
    assert_clean("Call", &format!("{call:?} {call:#?}"));
    let request = client.request(http::Method::GET, "/x").query("pin", PIN);
    assert_clean("Request", &format!("{request:?} {request:#?}"));
    assert_clean("handles", &format!("{:?} {users:?} {login:?}", client.services()));
    let values = (
        NewService::fqdn("a").name("b"),
        NewUser::id_in_service("a").phone_number("b"),
        DateTime::from("now"),
        AuthMethod::Sms,
        SecondFactor::new(AuthMethod::Sms),
        Outcome::Failed(FailureReason::Expired),
        Verification::Rejected(Rejection::default()),
    );
    assert_clean("values", &format!("{values:#?}"));
}

#[tokio::test]
async fn no_error_and_no_log_line_shows_a_secret() {
    let log = Log::capture();
    // The vendor repeats everything that it was sent, wherever it can.
    let echo = format!(r#"{{"message":"{PASSWORD} {PIN}","{PIN}":"{PASSWORD}","verified":"{PIN}"}}"#);
    let head = format!(
        "x-echo: {PASSWORD}\r\nset-cookie: a={PIN}\r\nlocation: https://x.example/{PASSWORD}?q={PIN}"
    );
    let mut errors = 0;
    for status in [200, 302, 400, 401, 403, 404, 409, 422, 429, 500, 503] {
        let answer = format!(
            "HTTP/1.1 {status} {PIN}\r\n{head}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{echo}",
            echo.len()
        );
        let server = WireServer::start([answer.clone().into_bytes()]).unwrap();
        let client = Client::builder("api-user", PASSWORD.to_owned()).base_url(server.url()).build().unwrap();
        let login = client.users("s1");
        let error = login.authentication("u1").verify(PIN).await.map(drop).unwrap_err();
        assert!(server.request().is_some(), "it was really sent");
        assert_error_clean(&format!("status {status}"), &error);
        errors += 1;

        // The same, cut off in the middle of the body.
        let cut = answer.len() - 20;
        let server = WireServer::start([answer.as_bytes()[..cut].to_vec()]).unwrap();
        let client = Client::builder("api-user", PASSWORD.to_owned()).base_url(server.url()).build().unwrap();
        let login = client.users("s1");
        let error = login.authentication("u1").verify(PIN).await.map(drop).unwrap_err();
        assert_error_clean(&format!("status {status}, cut"), &error);
        errors += 1;
    }
    // A secret in the address: of a path that can't be sent, of a host that is not there, of a bad base URL.
    let client =
        Client::builder("api-user", PASSWORD.to_owned()).base_url("http://127.0.0.1:1").build().unwrap();
    let call: verigator_client::Call<()> =
        client.request(http::Method::GET, "/x").query("pin", PIN).call(auth_client_core::decode::empty);
    assert_error_clean("unreachable", &call.await.unwrap_err());
    let call: verigator_client::Call<()> =
        client.request(http::Method::GET, &format!("/x {PIN}")).call(auth_client_core::decode::empty);
    assert_error_clean("bad path", &call.await.unwrap_err());
    let bad = format!("https://user:{PASSWORD}@x.example");
    assert_error_clean(
        "bad base URL",
        &Client::builder("u", "p".to_owned()).base_url(bad).build().unwrap_err(),
    );
    let bad = format!("{PASSWORD}\n");
    assert_error_clean("bad password", &Client::new("u", bad).unwrap_err());
    assert_eq!(errors, 22);

    let text = log.text();
    assert!(
        text.contains("api_call") && text.contains("authentication.verify"),
        "the log was captured: {text}"
    );
    assert_clean("the log", &text);
}
