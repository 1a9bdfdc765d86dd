//! No secret is ever printed: not by `Debug` of any public type, not by an error, not in a log line at the finest level.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../../auth-client-core/tests/common/wire.rs"]
mod wire;

use auth_client_core::testing::{Canary, ScriptedTransport};
use auth_client_core::{HyperTransport, TransportSettings};
use http::Method;
use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};
use tracing_subscriber::filter::LevelFilter;
use vise_client::{
    AccountDomain, Call, Client, ClientBuilder, DomainStatus, Error, HostPolicy, HostRefusal, KeyPhrase,
    Outcome, SessionCookie, SessionProblem, TokenPlacement,
};
use wire::WireServer;

const TOKEN: &str = "c4n4ry-t0ken/word+93ab";
const PHRASE: &str = "c4n4ry-phr&se=+%41\u{e9} 7f3a";
const COOKIE: &str = "c4n4ry-c00kie-51fe";

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

fn canaries() -> [Canary; 3] {
    [Canary::new(TOKEN), Canary::new(PHRASE), Canary::new(COOKIE)]
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

fn builder() -> ClientBuilder {
    // One for all: setting TLS up takes longer than all the calls.
    static TRANSPORT: OnceLock<HyperTransport> = OnceLock::new();
    let transport = TRANSPORT.get_or_init(|| HyperTransport::new(TransportSettings::new()).unwrap());
    Client::builder(TOKEN.to_owned()).retry(vise_client::RetryPolicy::none()).transport(transport.clone())
}

fn local() -> ClientBuilder {
    builder().host_policy(HostPolicy::new().dangerously_allow_loopback_for_tests())
}

/// A detector that finds nothing would let every other test here pass.
#[test]
fn a_leak_would_be_noticed() {
    for secret in [TOKEN, PHRASE, COOKIE] {
        let noticed = |text: String| canaries().iter().any(|canary| canary.form_in(&text).is_some());
        assert!(noticed(format!("error for https://a.example/auth?pfk={secret}")));
        assert!(noticed(format!("{:?}", [secret])));
        let mut url = http::Uri::builder().scheme("https").authority("a.example");
        let encoded: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
        url = url.path_and_query(format!("/auth?pfk={encoded}"));
        assert!(url.build().is_ok());
        assert!(noticed(format!("{:x?}", secret.as_bytes()).replace(", ", "").replace(['[', ']'], "")));
    }
}

/// Named by hand, so that a new public type has to be thought about here.
#[tokio::test]
async fn no_public_type_prints_a_secret() {
    let list = format!(
        r#"[{{"domain_vise_url":"a.example","domain_vise_phrase":{},"other_secret":"{TOKEN}","{COOKIE}":1}}]"#,
        serde_json::Value::from(PHRASE)
    );
    let transport = ScriptedTransport::new()
        .json(200, list)
        .response(
            200,
            &[("set-cookie", &format!("session={COOKIE}")), ("set-cookie", &format!("lb={COOKIE}"))],
            "",
        )
        .json(200, "[]");
    let builder = builder()
        .dashboard_url("https://d.example")
        .default_host("a.example", PHRASE)
        .vise_token_placement(TokenPlacement::Query("key".to_owned()))
        .transport(transport);
    assert_clean("ClientBuilder", &format!("{builder:?} {builder:#?}"));
    let client = builder.build().unwrap();
    let call = client.list_account_domains();
    assert_clean("Call", &format!("{call:?} {call:#?}"));
    let domains = call.await.unwrap();
    assert_eq!(domains[0].vise_phrase.as_ref().unwrap().expose(), PHRASE, "it is there");
    assert_clean("AccountDomain", &format!("{domains:?} {domains:#?}"));
    let all = client.for_all_domains().domains(domains.clone());
    assert_clean("AllDomains", &format!("{all:?} {all:#?}"));
    let results = all.run(async |session| session.vise_domains().await).await.unwrap();
    assert_eq!(results.done().count(), 1);
    assert_clean("DomainResults", &format!("{results:?} {results:#?}"));
    let session = client.default_session().unwrap().unwrap();
    assert!(session.is_open(), "it holds the cookie");
    assert_clean("Session", &format!("{session:?} {session:#?} {:?}", session.host()));
    assert_clean("Client", &format!("{client:?} {client:#?}"));
    let request = session.request(Method::GET, "/x").query("pfk", PHRASE);
    assert_clean("Request", &format!("{request:?} {request:#?}"));
    let call = session.vise_domains();
    assert_clean("Call", &format!("{call:?} {call:#?}"));
    let resumed = client.resume_session("b.example", COOKIE.to_owned()).unwrap();
    assert_clean("a resumed session", &format!("{resumed:?} {resumed:#?}"));
    let odd = AccountDomain::new(format!("user:{TOKEN}@a.example/auth?pfk={PHRASE}"), PHRASE);
    assert_clean("a domain with an odd host", &format!("{odd:?} {odd:#?}"));
    let values = (
        KeyPhrase::from(PHRASE),
        HostPolicy::new().only("a.example"),
        HostRefusal::UserInfo,
        SessionCookie::default(),
        SessionProblem::PhraseRefused,
        TokenPlacement::Bearer,
        DomainStatus::Done,
        Outcome::<()>::Skipped,
    );
    assert_clean("values", &format!("{values:?} {values:#?}"));
}

#[tokio::test]
async fn no_error_and_no_log_line_shows_a_secret() {
    let log = Log::capture();
    // The vendor repeats everything that it was sent, wherever it can.
    let echo = format!(r#"{{"message":"{TOKEN} {PHRASE} {COOKIE}","{COOKIE}":"{TOKEN}"}}"#);
    let head = format!(
        "x-echo: {TOKEN}\r\nset-cookie: a={COOKIE}\r\nlocation: https://x.example/{COOKIE}?pfk={TOKEN}\r\n\
         content-length: {}\r\nconnection: close",
        echo.len()
    );
    let types = ["application/json", "text/html", &format!("text/{COOKIE}")].map(str::to_owned);
    let open = format!(
        "HTTP/1.1 200 x\r\nset-cookie: session={COOKIE}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    let mut errors = 0;
    for status in [200, 302, 400, 401, 403, 404, 405, 409, 422, 429, 500, 503] {
        for content_type in &types {
            let answer =
                format!("HTTP/1.1 {status} {COOKIE}\r\n{head}\r\ncontent-type: {content_type}\r\n\r\n{echo}")
                    .into_bytes();
            for cut in [0, 20] {
                let answer = answer[..answer.len() - cut].to_vec();
                // The dashboard.
                let server = WireServer::start([answer.clone()]).unwrap();
                let client = builder().dashboard_url(server.url()).build().unwrap();
                let error = client.list_account_domains().await.unwrap_err();
                assert!(server.request().is_some(), "it was really sent");
                assert_error_clean(&format!("list, status {status}"), &error);

                // The opening of a session.
                let server = WireServer::start([answer.clone()]).unwrap();
                let session = local().build().unwrap().session(&server.authority(), PHRASE).unwrap();
                let error = session.open().await.unwrap_err();
                assert!(server.request().unwrap().line.contains("pfk=c4n4ry"), "it was really sent");
                assert_error_clean(&format!("auth, status {status}"), &error);

                // A call, and what follows when the session is taken for ended.
                for placement in [TokenPlacement::Bearer, TokenPlacement::Query("key".to_owned())] {
                    let server =
                        WireServer::start([open.clone().into_bytes(), answer.clone(), answer.clone()])
                            .unwrap();
                    let client = local().vise_token_placement(placement).build().unwrap();
                    let session = client.session(&server.authority(), PHRASE).unwrap();
                    let call: Call<Vec<u8>> = session
                        .request(Method::POST, "/x")
                        .json(&PHRASE)
                        .call(auth_client_core::decode::json);
                    let error = call.await.unwrap_err();
                    assert_error_clean(&format!("call, status {status}"), &error);
                    errors += 1;
                }
            }
        }
    }
    // Hosts that are not there, and secrets where no secret belongs.
    let client = local().dashboard_url("http://127.0.0.1:1").build().unwrap();
    assert_error_clean("unreachable", &client.list_account_domains().await.unwrap_err());
    assert_error_clean(
        "unreachable",
        &client.session("127.0.0.1:1", PHRASE).unwrap().open().await.unwrap_err(),
    );
    for host in [format!("user:{TOKEN}@a.example"), format!("a.example/auth?pfk={COOKIE}"), PHRASE.to_owned()]
    {
        assert_error_clean("bad host", &client.session(&host, PHRASE).unwrap_err());
        assert_error_clean(
            "bad default host",
            &builder().default_host(host.clone(), PHRASE).build().unwrap_err(),
        );
        let url = format!("https://{host}");
        assert_error_clean(
            "bad dashboard",
            &builder()
                .dashboard_url(url)
                .domains_path("x")
                .build()
                .map_or_else(|error| error, |client| client.session("", PHRASE).unwrap_err()),
        );
    }
    assert_error_clean("bad token", &Client::builder(format!("{TOKEN}\n")).build().unwrap_err());
    assert_error_clean("bad cookie", &client.resume_session("a.example", format!("{COOKIE};")).unwrap_err());
    let call: Call<()> = client
        .resume_session("a.example", COOKIE.to_owned())
        .unwrap()
        .request(Method::GET, &format!("/x {PHRASE}"))
        .call(auth_client_core::decode::empty);
    assert_error_clean("bad path", &call.await.unwrap_err());
    assert_eq!(errors, 144);

    let text = log.text();
    // Our own spans are there where they are compiled in, and those of the libraries below always.
    let ours = text.contains("api_call") && text.contains("session.open");
    assert!(
        text.contains("connect error") && (ours || !cfg!(feature = "tracing")),
        "it was captured: {text}"
    );
    assert_clean("the log", &text);
}
