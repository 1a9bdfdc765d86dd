//! No secret is ever printed: not by `Debug` of any public type, not by an error, not in a log line at the finest level.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../../auth-client-core/tests/common/wire.rs"]
mod wire;

use auth_client_core::testing::{Canary, ScriptedTransport};
use std::fmt::Debug;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing_subscriber::filter::LevelFilter;
use virtuous_client::store::{MemoryStore, StoreKey, TokenStore};
use virtuous_client::webhook::{Delivery, WebhookError};
use virtuous_client::{
    Client, ClientBuilder, Error, HmacKeys, LoginStep, RateGuard, RateLimitHeaders as _, SecretString,
    SessionProblem, Tokens,
};
use wire::WireServer;

const PASSWORD: &str = "c4n4ry-Pa55/word+93ab &=%";
const CODE: &str = "c4n4ry-048211";
const ACCESS: &str = "c4n4ry-access-token.5d1f";
const REFRESH: &str = "c4n4ry-refresh-token.77ae";
const API_KEY: &str = "v_c4n4ry-api-key.0b12";
/// `c4n4ry-private-key-9f` in base64.
const PRIVATE_KEY: &str = "YzRuNHJ5LXByaXZhdGUta2V5LTlm";

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

fn canaries() -> Vec<Canary> {
    let all = [PASSWORD, CODE, ACCESS, REFRESH, API_KEY, PRIVATE_KEY, "c4n4ry-private-key-9f"];
    all.into_iter().map(Canary::new).collect()
}

fn assert_clean(what: &str, printed: &str) {
    for canary in canaries() {
        assert_eq!(canary.form_in(printed), None, "{what} shows a secret: {printed}");
    }
}

fn assert_debug_clean(what: &str, value: &dyn Debug) {
    assert_clean(what, &format!("{value:?} {value:#?}"));
}

fn assert_error_clean(what: &str, error: &Error) {
    for canary in canaries() {
        assert_eq!(canary.form_in_error(error), None, "{what}: {error:?}");
    }
    assert_debug_clean(what, &(error.error_body(), error.error_body().details(), error.rate_limit()));
}

fn tokens() -> Tokens {
    Tokens::new(ACCESS.to_owned()).with_refresh_token(REFRESH.to_owned())
}

fn keys() -> HmacKeys {
    HmacKeys::new("APP", PRIVATE_KEY.to_owned())
}

fn builder() -> ClientBuilder {
    Client::builder().tokens(tokens()).hmac(keys()).user("user@example.org", PASSWORD.to_owned())
}

#[test]
fn the_detector_notices_a_leak() {
    for secret in [PASSWORD, CODE, ACCESS, REFRESH, API_KEY, PRIVATE_KEY] {
        let seen =
            canaries().iter().any(|canary| canary.form_in(&format!("a line with {secret} in it")).is_some());
        assert!(seen, "{secret}");
    }
}

/// Named by hand, so that a new public type has to be thought about here.
#[tokio::test]
async fn no_public_type_prints_a_secret() {
    assert_debug_clean("HmacKeys", &keys());
    assert_debug_clean("Tokens", &tokens());
    let store = MemoryStore::new();
    let full =
        builder().token_store(store.clone(), "anna").code_source(async || Some(SecretString::from(CODE)));
    assert_debug_clean("ClientBuilder", &full.clone());
    assert_debug_clean("ClientBuilder with a key", &Client::builder().api_key(API_KEY.to_owned()));
    let transport = ScriptedTransport::new().status(202).status(202).json(
        200,
        format!(
            r#"{{"access_token":"{ACCESS}","refresh_token":"{REFRESH}","userName":"u","expires_in":60}}"#
        ),
    );
    let client = full.transport(transport.clone()).build().unwrap();
    assert_debug_clean("Client", &client);
    assert_debug_clean("Login", &client.login("user@example.org", PASSWORD.to_owned()));
    let step = client.login("user@example.org", PASSWORD.to_owned()).await.unwrap();
    assert_debug_clean("LoginStep", &step);
    let LoginStep::CodeRequired(challenge) = step else { panic!("a code is wanted") };
    assert_debug_clean("Challenge", &challenge);
    let again = challenge.send_again().await.unwrap();
    assert_debug_clean("LoginStep", &again);
    let got = challenge.answer(CODE.to_owned()).await.unwrap();
    assert_debug_clean("Tokens", &LoginStep::LoggedIn(got));
    let sent = transport.requests();
    assert!(String::from_utf8_lossy(&sent[2].body).contains(CODE), "it was really sent");
    assert_debug_clean("the transport of tests", &transport);
    let stored = store.load(&StoreKey::new("virtuous", "https://api.virtuoussoftware.com", "anna")).await;
    assert_debug_clean("StoredToken", &stored.unwrap().unwrap());
    let request = client.request(http::Method::GET, "/api/x").query("otp", CODE);
    assert_debug_clean("Request", &request);
    let call: virtuous_client::Call<()> = request.call(auth_client_core::decode::empty);
    assert_debug_clean("Call", &call);
    assert_debug_clean("handles", &(client.organizations(), client.contacts(), client.gifts()));
    assert_debug_clean("RateGuard", &RateGuard::reject_below(1));
    assert_debug_clean("RateLimit", &http::HeaderMap::new().rate_limit());
    assert_debug_clean("SessionProblem", &SessionProblem::LoginRefused);
    let body = format!(
        r#"{{"event":"GiftCreate","gift":{{"id":1,"{CODE}":"{PASSWORD}"}},"contact":{{"id":1,"name":"{ACCESS}"}}}}"#
    );
    let delivery = Delivery::parse(body.as_bytes()).unwrap();
    assert_debug_clean("Delivery", &delivery);
    for payload in &delivery.payloads {
        assert_debug_clean("Payload", &(payload, payload.record()));
    }
    assert_debug_clean("WebhookError", &WebhookError::Mismatch);
}

#[tokio::test]
async fn no_error_and_no_log_line_shows_a_secret() {
    let log = Log::capture();
    // The vendor repeats everything that it was sent, wherever it can.
    let echo = [PASSWORD, CODE, ACCESS, REFRESH, API_KEY].join(" ");
    let echo = format!(
        r#"{{"message":"{echo}","error":"{CODE}","error_description":"{echo}","modelState":{{"{CODE}":["{PASSWORD}"]}},"{CODE}":"{ACCESS}"}}"#
    );
    let head = format!(
        "x-echo: {ACCESS}\r\nset-cookie: a={REFRESH}\r\nlocation: https://x.example/{CODE}?q={ACCESS}"
    );
    let mut errors = 0;
    for status in [200, 302, 400, 401, 403, 404, 409, 422, 429, 500, 503] {
        let answer = format!(
            "HTTP/1.1 {status} {CODE}\r\n{head}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{echo}",
            echo.len()
        );
        let whole = answer.clone().into_bytes();
        let cut = answer.as_bytes()[..answer.len() - 20].to_vec();
        for bytes in [whole, cut] {
            // A login, a call that needs a refresh, a call with a key, and a signed one.
            let server = WireServer::start([bytes.clone(), bytes.clone()]).unwrap();
            let session = builder().base_url(server.url()).build().unwrap();
            let error = session.login("user@example.org", PASSWORD.to_owned()).await.map(drop).unwrap_err();
            assert_error_clean(&format!("login, {status}"), &error);

            let server =
                WireServer::start([bytes.clone(), bytes.clone(), bytes.clone(), bytes.clone()]).unwrap();
            let ended = Tokens::new(ACCESS.to_owned())
                .with_refresh_token(REFRESH.to_owned())
                .with_expires_at(std::time::SystemTime::UNIX_EPOCH);
            let session = Client::builder().tokens(ended).base_url(server.url()).build().unwrap();
            let error = session.organizations().current().await.unwrap_err();
            assert_error_clean(&format!("refresh, {status}"), &error);

            let server = WireServer::start([bytes.clone()]).unwrap();
            let with_key = Client::builder().api_key(API_KEY.to_owned()).hmac(keys()).base_url(server.url());
            let with_key = with_key.retry(virtuous_client::RetryPolicy::none()).build().unwrap();
            let error = with_key.organizations().current().await.unwrap_err();
            assert_error_clean(&format!("key, {status}"), &error);
            let error = with_key.contacts().by_reference("1").await.unwrap_err();
            assert_error_clean("nobody listens any more", &error);
            errors += 4;
        }
    }
    assert_eq!(errors, 88);
    for (what, error) in [
        ("bad base URL", Client::builder().base_url(format!("https://u:{PASSWORD}@x.example")).build()),
        ("bad key", Client::new(format!("{API_KEY}\n"))),
        ("bad private key", Client::builder().hmac(HmacKeys::new("APP", format!("{PASSWORD}!"))).build()),
        ("bad tokens", Client::builder().tokens(Tokens::new(format!("{ACCESS} x"))).build()),
        ("both", Client::builder().api_key(API_KEY.to_owned()).tokens(tokens()).build()),
    ] {
        assert_error_clean(what, &error.map(drop).unwrap_err());
    }
    let text = log.text();
    assert!(text.contains("api_call") && text.contains("token.refresh"), "the log was captured: {text}");
    assert_clean("the log", &text);
}
