//! No secret is ever printed: not by `Debug` of any public type, not by an error, not in a log line at the finest level.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../../auth-client-core/tests/common/secrets.rs"]
mod secrets;
#[path = "../../auth-client-core/tests/common/wire.rs"]
mod wire;

use auth_client_core::testing::ScriptedTransport;
use auth_client_core::{HyperTransport, TransportSettings};
use http::Method;
use secrets::{Log, Secrets, echoes};
use std::sync::OnceLock;
use vise_client::{
    AccountDomain, Call, Client, ClientBuilder, DomainStatus, HostPolicy, HostRefusal, KeyPhrase, Outcome,
    SessionCookie, SessionProblem, TokenPlacement,
};
use wire::WireServer;

const TOKEN: &str = "c4n4ry-t0ken/word+93ab";
const PHRASE: &str = "c4n4ry-phr&se=+%41\u{e9} 7f3a";
const COOKIE: &str = "c4n4ry-c00kie-51fe";

const SECRETS: Secrets = Secrets(&[TOKEN, PHRASE, COOKIE]);

fn builder() -> ClientBuilder {
    // One for all: setting TLS up takes longer than all the calls.
    static TRANSPORT: OnceLock<HyperTransport> = OnceLock::new();
    let transport = TRANSPORT.get_or_init(|| HyperTransport::new(TransportSettings::new()).unwrap());
    Client::builder(TOKEN.to_owned()).retry(vise_client::RetryPolicy::none()).transport(transport.clone())
}

fn local() -> ClientBuilder {
    builder().host_policy(HostPolicy::new().dangerously_allow_loopback_for_tests())
}

#[test]
fn a_leak_would_be_noticed() {
    SECRETS.would_be_noticed();
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
    SECRETS.not_in_debug("ClientBuilder", &builder);
    let client = builder.build().unwrap();
    let call = client.list_account_domains();
    SECRETS.not_in_debug("Call", &call);
    let domains = call.await.unwrap();
    assert_eq!(domains[0].vise_phrase.as_ref().unwrap().expose(), PHRASE, "it is there");
    SECRETS.not_in_display("AccountDomain", &domains[0]);
    let all = client.for_all_domains().domains(domains.clone());
    SECRETS.not_in_debug("AllDomains", &all);
    let results = all.run(async |session| session.vise_domains().await).await.unwrap();
    assert_eq!(results.succeeded().count(), 1);
    SECRETS.not_in_debug("DomainResults", &(&results, &results.all()[0]));
    let session = client.default_session().unwrap().unwrap();
    assert!(session.is_open(), "it holds the cookie");
    SECRETS.not_in_debug("Session", &session);
    SECRETS.not_in_display("ViseHost", session.host());
    SECRETS.not_in_debug("Client", &client);
    let request = session.request(Method::GET, "/x").query("pfk", PHRASE);
    SECRETS.not_in_debug("Request", &request);
    let call = session.vise_domains();
    SECRETS.not_in_debug("Call", &call);
    let resumed = client.resume_session("b.example", COOKIE.to_owned()).unwrap();
    SECRETS.not_in_debug("a resumed session", &resumed);
    let odd = AccountDomain::new(format!("user:{TOKEN}@a.example/auth?pfk={PHRASE}"), PHRASE);
    SECRETS.not_in_debug("a domain with an odd host", &odd);
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
    SECRETS.not_in_debug("values", &values);
    SECRETS.not_in_error("Error", &client.session("127.0.0.1", PHRASE).unwrap_err());
    SECRETS.cover("vise_client", include_str!("../public-api.txt"), &[("Progress", "numbers and a word")]);
}

#[tokio::test]
async fn no_error_and_no_log_line_shows_a_secret() {
    let log = Log::capture();
    // The vendor echoes everything that it was sent, wherever it can.
    let echo = format!(r#"{{"message":"{TOKEN} {PHRASE} {COOKIE}","{COOKIE}":"{TOKEN}"}}"#);
    let head = format!(
        "x-echo: {TOKEN}\r\nset-cookie: a={COOKIE}\r\nlocation: https://x.example/{COOKIE}?pfk={TOKEN}"
    );
    let open = format!(
        "HTTP/1.1 200 x\r\nset-cookie: session={COOKIE}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    let types = ["application/json", "text/html", &format!("text/{COOKIE}")].map(str::to_owned);
    for content_type in &types {
        for (what, answer) in echoes(COOKIE, content_type, &head, &echo) {
            // The dashboard.
            let server = WireServer::start([answer.clone()]).unwrap();
            let client = builder().dashboard_url(server.url()).build().unwrap();
            let error = client.list_account_domains().await.unwrap_err();
            assert!(server.request().is_some(), "it was really sent");
            SECRETS.not_in_error(&format!("list, {what}"), &error);

            // The opening of a session.
            let server = WireServer::start([answer.clone()]).unwrap();
            let session = local().build().unwrap().session(&server.authority(), PHRASE).unwrap();
            let error = session.open().await.unwrap_err();
            assert!(server.request().unwrap().line.contains("pfk=c4n4ry"), "it was really sent");
            SECRETS.not_in_error(&format!("auth, {what}"), &error);

            // A call, and what follows when the session is taken for ended.
            for placement in [TokenPlacement::Bearer, TokenPlacement::Query("key".to_owned())] {
                let server =
                    WireServer::start([open.clone().into_bytes(), answer.clone(), answer.clone()]).unwrap();
                let client = local().vise_token_placement(placement).build().unwrap();
                let session = client.session(&server.authority(), PHRASE).unwrap();
                let call: Call<Vec<u8>> =
                    session.request(Method::POST, "/x").json(&PHRASE).call(auth_client_core::decode::json);
                let error = call.await.unwrap_err();
                SECRETS.not_in_error(&format!("call, {what}"), &error);
            }
        }
    }
    // Hosts that are not there, and secrets where no secret belongs.
    let client = local().dashboard_url("http://127.0.0.1:1").build().unwrap();
    SECRETS.not_in_error("unreachable", &client.list_account_domains().await.unwrap_err());
    SECRETS.not_in_error(
        "unreachable",
        &client.session("127.0.0.1:1", PHRASE).unwrap().open().await.unwrap_err(),
    );
    for host in [format!("user:{TOKEN}@a.example"), format!("a.example/auth?pfk={COOKIE}"), PHRASE.to_owned()]
    {
        SECRETS.not_in_error("bad host", &client.session(&host, PHRASE).unwrap_err());
        SECRETS.not_in_error(
            "bad default host",
            &builder().default_host(host.clone(), PHRASE).build().unwrap_err(),
        );
        let url = format!("https://{host}");
        SECRETS.not_in_error(
            "bad dashboard",
            &builder()
                .dashboard_url(url)
                .domains_path("x")
                .build()
                .map_or_else(|error| error, |client| client.session("", PHRASE).unwrap_err()),
        );
    }
    SECRETS.not_in_error("bad token", &Client::builder(format!("{TOKEN}\n")).build().unwrap_err());
    SECRETS
        .not_in_error("bad cookie", &client.resume_session("a.example", format!("{COOKIE};")).unwrap_err());
    let call: Call<()> = client
        .resume_session("a.example", COOKIE.to_owned())
        .unwrap()
        .request(Method::GET, &format!("/x {PHRASE}"))
        .call(auth_client_core::decode::empty);
    SECRETS.not_in_error("bad path", &call.await.unwrap_err());

    let text = log.text();
    // Our own spans are there where they are compiled in, and those of the libraries below always.
    let ours = text.contains("api_call") && text.contains("session.open");
    assert!(
        text.contains("connect error") && (ours || !cfg!(feature = "tracing")),
        "it was captured: {text}"
    );
    SECRETS.not_in("the log", &text);
}
