//! No secret is ever printed: not by `Debug` of any public type, not by an error, not in a log line at the finest level.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../../auth-client-core/tests/common/wire.rs"]
mod wire;

use auth_client_core::testing::{Canary, ScriptedTransport};
use revesecure_client::models::{
    AuthResult, AuthType, BypassCodeList, Envelope, NewBypassCodes, NewUser, OtpAnswer, OtpCheck,
    PushRequest, PushStarted, PushStatus, Registration, UserInfo, UserQuery, UserUpdate, WriteResponse,
};
use revesecure_client::{Client, DateText, Error, Login, Paging, PushWait, SecondFactor};
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing_subscriber::filter::LevelFilter;
use wire::WireServer;

const API_KEY: &str = "c4n4ry-Ap1/key+51";
/// Hexadecimal, as a secret key has to be.
const SECRET: &str = "c4ca4a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7";
const OTP: &str = "c4n4ry-048211";
const BYPASS: &str = "c4n4ry-57397661";

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

fn canaries() -> [Canary; 4] {
    [Canary::new(API_KEY), Canary::new(SECRET), Canary::new(OTP), Canary::new(BYPASS)]
}

fn assert_clean(what: &str, printed: &str) {
    for canary in canaries() {
        assert_eq!(canary.form_in(printed), None, "{what} shows a secret: {printed}");
    }
    assert!(!printed.contains("Basic "), "{what} shows the header: {printed}");
}

fn assert_error_clean(what: &str, error: &Error) {
    for canary in canaries() {
        assert_eq!(canary.form_in_error(error), None, "{what}: {error:?}");
    }
}

fn otp() -> OtpCheck {
    OtpCheck::login_name("root")
        .user_name("ann")
        .end_user_ip("UNKNOWN")
        .otp(OTP)
        .auth_type(AuthType::Software)
}

fn read<T: serde::de::DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap()
}

/// Named by hand, so that a new public type has to be thought about here.
#[tokio::test]
async fn no_public_type_prints_a_secret() {
    let builder = Client::builder(API_KEY.to_owned(), SECRET.to_owned()).base_url("https://x.example");
    assert_clean("ClientBuilder", &format!("{builder:?} {builder:#?}"));
    let info = format!(r#"{{"ApiKey":"{API_KEY}","R2faStatus":"Enabled"}}"#);
    let client = builder.transport(ScriptedTransport::new().json(200, info.clone())).build().unwrap();
    assert_clean("Client", &format!("{client:?} {client:#?}"));
    let validation = client.validation();
    let calls = (validation.otp(otp()), validation.check_key(), validation.push_status("p1"));
    assert_clean("calls", &format!("{calls:?} {:#?} {validation:?}", otp()));
    let request = client.request(http::Method::GET, "/x").query("otp", OTP);
    assert_clean("Request", &format!("{request:?} {request:#?}"));
    let answers = (
        read::<UserInfo>(&info),
        read::<OtpAnswer>(&format!(r#"{{"ApiKey":"{API_KEY}","AuthResult":"OTP {OTP}"}}"#)),
        read::<PushStarted>(&format!(r#"{{"ApiKey":"{API_KEY}","PushTxnId":"p1"}}"#)),
        read::<PushStatus>(&format!(r#"{{"ApiKey":"{API_KEY}","PushState":"PUSH_DENY"}}"#)),
        read::<BypassCodeList>(&format!(r#"{{"codes":[{{"BypassCode":"{BYPASS}","ExpireTime":1}}]}}"#)),
        read::<WriteResponse>(&format!(
            r#"{{"ServiceId":"s1","SecretKey":"{SECRET}","codes":["{BYPASS}"]}}"#
        )),
        Envelope::read(format!(r#"{{"status":{{"code":1,"description":"{OTP}"}}}}"#).as_bytes()).unwrap(),
        AuthResult::Invalid(OTP.to_owned()),
    );
    assert_clean("answers", &format!("{answers:?} {answers:#?}"));
    let values = (
        UserQuery::login_name("a").user_name("b"),
        PushRequest::login_name("a").user_name("b").end_user_ip("c").token_id("d"),
        Registration::login_name("a").device_uid("b").second_factor(true),
        NewBypassCodes::new("a", 1),
        NewUser::contact_number("1").country_code("2"),
        UserUpdate::new("a"),
        (PushWait::new(), Paging::new(), SecondFactor::of("ann"), DateText::Rfc2822),
        client.user_pages(Paging::new()),
    );
    assert_clean("values", &format!("{values:#?}"));
    let login = SecondFactor::of("ann").begin(&client).await.unwrap();
    assert!(matches!(login, Login::NeedsFactor(_)));
    assert_clean("Login", &format!("{login:?} {login:#?}"));
}

#[tokio::test]
async fn no_error_and_no_log_line_shows_a_secret() {
    let log = Log::capture();
    // The vendor repeats everything that it was sent, wherever it can.
    let echo = format!(
        r#"{{"data":{{"AuthResult":["{OTP}"]}},"{OTP}":"{API_KEY}","status":{{"code":"{BYPASS}","description":"{SECRET}"}}}}"#
    );
    let head = format!(
        "x-echo: {API_KEY}\r\nset-cookie: a={OTP}\r\nlocation: https://x.example/{API_KEY}?q={BYPASS}"
    );
    let client =
        |url: String| Client::builder(API_KEY.to_owned(), SECRET.to_owned()).base_url(url).build().unwrap();
    let mut errors = 0;
    for status in [200, 302, 400, 401, 403, 404, 409, 422, 429, 500, 503] {
        let answer = format!(
            "HTTP/1.1 {status} {OTP}\r\n{head}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{echo}",
            echo.len()
        );
        for end in [answer.len(), answer.len() - 20] {
            let server = WireServer::start([answer.as_bytes()[..end].to_vec()]).unwrap();
            let error = client(server.url()).validation().otp(otp()).await.map(drop).unwrap_err();
            let request = server.request().expect("it was really sent");
            assert!(String::from_utf8_lossy(&request.body).contains(OTP), "with the secrets in it");
            assert_error_clean(&format!("status {status}"), &error);
            assert!(!format!("{error:?}").contains("Basic "));
            errors += 1;
        }
    }
    assert_eq!(errors, 22);
    // A secret in the address: the key check has the API key in its path.
    let nowhere = client("http://127.0.0.1:1".to_owned());
    assert_error_clean("unreachable", &nowhere.validation().check_key().await.map(drop).unwrap_err());
    assert_error_clean("id", &nowhere.bypass_codes().list(&format!("{OTP}\n")).await.map(drop).unwrap_err());
    let bad = format!("https://user:{API_KEY}@x.example");
    assert_error_clean(
        "bad base URL",
        &Client::builder(API_KEY.to_owned(), SECRET.to_owned()).base_url(bad).build().unwrap_err(),
    );
    for (api_key, secret) in [
        (format!("{API_KEY}:"), SECRET.to_owned()),
        (API_KEY.to_owned(), format!("{SECRET}a")),
        (API_KEY.to_owned(), OTP.to_owned()),
    ] {
        assert_error_clean("bad key", &Client::new(api_key, secret).unwrap_err());
    }

    let text = log.text();
    assert!(text.contains("api_call") && text.contains("validation.otp"), "the log was captured: {text}");
    assert_clean("the log", &text);
}

#[test]
fn the_search_would_notice() {
    for canary in canaries() {
        assert!(canary.form_in(&format!("x{API_KEY}{SECRET}{OTP}{BYPASS}x")).is_some());
    }
}
