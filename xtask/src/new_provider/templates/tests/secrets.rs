//! No secret is ever printed: not by `Debug` of any public type, not by an error, not in a log line at the finest level.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../../auth-client-core/tests/common/wire.rs"]
mod wire;

use auth_client_core::testing::{Canary, ScriptedTransport};
use http::Method;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing_subscriber::filter::LevelFilter;
use vendorname_client::{Call, Client};
use wire::WireServer;

const KEY: &str = "c4n4ry-K3y/word+93ab";

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

fn assert_clean(what: &str, printed: &str) {
    assert_eq!(Canary::new(KEY).form_in(printed), None, "{what} shows the key: {printed}");
}

/// Named by hand, so that a new public type has to be thought about here.
#[test]
fn no_public_type_prints_the_key() {
    let builder = Client::builder(KEY.to_owned()).base_url("https://x.example");
    assert_clean("ClientBuilder", &format!("{builder:?} {builder:#?}"));
    let client = builder.transport(ScriptedTransport::new()).build().unwrap();
    assert_clean("Client", &format!("{client:?} {client:#?}"));
    let request = client.request(Method::GET, "/status").query("key", KEY);
    assert_clean("Request", &format!("{request:?} {request:#?}"));
}

#[tokio::test]
async fn no_error_and_no_log_line_shows_the_key() {
    let log = Log::capture();
    // The vendor echoes everything that it was sent, wherever it can.
    let echo = format!(r#"{{"message":"{KEY}","{KEY}":"{KEY}"}}"#);
    for status in [200, 302, 400, 401, 403, 404, 429, 500, 503] {
        let answer = format!(
            "HTTP/1.1 {status} {KEY}\r\nx-echo: {KEY}\r\nlocation: https://x.example/{KEY}\r\ncontent-type: \
             application/json\r\ncontent-length: {}\r\n\r\n{echo}",
            echo.len()
        );
        let server = WireServer::start([answer.into_bytes()]).unwrap();
        let client = Client::builder(KEY.to_owned()).base_url(server.url()).build().unwrap();
        let call: Call<Vec<String>> = client.request(Method::POST, "/status").call(auth_client_core::decode::json);
        let error = call.await.unwrap_err();
        assert!(server.request().is_some(), "it was really sent");
        assert_eq!(Canary::new(KEY).form_in_error(&error), None, "{status}: {error:?}");
    }
    let text = log.text();
    assert!(text.contains("api_call"), "the log was captured: {text}");
    assert_clean("the log", &text);
}
