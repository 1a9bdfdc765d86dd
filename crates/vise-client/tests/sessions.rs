//! Sessions that end: one opening however many calls, at most one replay, and nothing sent that should not be.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use async_trait::async_trait;
use auth_client_core::testing::ManualTime;
use auth_client_core::transport::{BodyLimits, Received, Transport, TransportError};
use bytes::Bytes;
use common::{Seen, Server, answer, json};
use http::{Method, Response};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use vise_client::{
    AccountDomain, Call, Client, ClientBuilder, ErrorKind, Idempotency, Session, SessionProblem,
};

/// How a host says that a session has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sign {
    Unauthorized,
    Redirect,
    Page,
    Cleared,
}

const SIGNS: [Sign; 4] = [Sign::Unauthorized, Sign::Redirect, Sign::Page, Sign::Cleared];

impl Sign {
    fn answer(self) -> Response<Bytes> {
        match self {
            Self::Unauthorized => json(401, r#"{"message":"no session"}"#),
            Self::Redirect => answer(302, &[("location", "/login")], ""),
            Self::Page => answer(200, &[("content-type", "text/html; charset=utf-8")], "<!doctype html>"),
            Self::Cleared => answer(
                403,
                &[("set-cookie", "session=; Max-Age=0"), ("content-type", "application/json")],
                "{}",
            ),
        }
    }
}

/// What one host knows.
#[derive(Default)]
struct Host {
    /// The session that is good, if one is.
    good: Option<u64>,
    opened: u64,
    ended: u64,
    /// Refusals by call, so that a test can tell whether a call could have succeeded.
    refused: HashMap<String, u32>,
}

struct Hosts {
    sign: Sign,
    phrase: Mutex<String>,
    hosts: Mutex<HashMap<String, Host>>,
    /// How many in a thousand calls find their session just ended.
    chance: u32,
    random: Mutex<fastrand::Rng>,
    cookie: Mutex<String>,
}

impl Hosts {
    fn new(sign: Sign, chance: u32) -> Arc<Self> {
        Arc::new(Self {
            sign,
            phrase: Mutex::new("phrase".to_owned()),
            hosts: Mutex::default(),
            chance,
            random: Mutex::new(fastrand::Rng::with_seed(7)),
            cookie: Mutex::new(String::new()),
        })
    }

    fn answer(&self, seen: &Seen) -> Response<Bytes> {
        if seen.host() == "dashboard.example" {
            let phrase = self.phrase.lock().unwrap().clone();
            let list = json!([{ "domain_vise_url": "h0.example", "domain_vise_phrase": phrase, "id": 1 }]);
            return json(200, &list.to_string());
        }
        let mut hosts = self.hosts.lock().unwrap();
        let host = hosts.entry(seen.host().to_owned()).or_default();
        if seen.uri.path() == "/auth" {
            let phrase = self.phrase.lock().unwrap();
            if seen.uri.query() != Some(&format!("pfk={phrase}")) {
                return json(403, "{}");
            }
            assert!(seen.header("authorization").is_none() && seen.header("cookie").is_none());
            host.opened += 1;
            // One good session at a time: a second opening would throw the first away, and be noticed.
            host.ended += u64::from(host.good.is_some());
            host.good = Some(host.opened);
            let cookie = format!("session={}-{}{}", seen.host(), host.opened, self.cookie.lock().unwrap());
            return answer(200, &[("set-cookie", &cookie)], "");
        }
        assert_eq!(seen.header("authorization"), Some("Bearer account-token"));
        if self.random.lock().unwrap().u32(..1000) < self.chance {
            host.ended += u64::from(host.good.take().is_some());
        }
        let good = host.good.map(|number| format!("session={}-{number}", seen.host()));
        if good.is_none() || seen.header("cookie") != good.as_deref() {
            let call = seen.header("x-call").unwrap_or_default().to_owned();
            *host.refused.entry(call).or_default() += 1;
            return self.sign.answer();
        }
        json(200, r#"{"ok":true}"#)
    }

    fn end(&self) {
        for host in self.hosts.lock().unwrap().values_mut() {
            host.ended += u64::from(host.good.take().is_some());
        }
    }

    /// Sessions that were opened and that have ended, at all hosts.
    fn sums(&self) -> (u64, u64) {
        let hosts = self.hosts.lock().unwrap();
        hosts.values().fold((0, 0), |(opened, ended), host| (opened + host.opened, ended + host.ended))
    }
}

struct World {
    hosts: Arc<Hosts>,
    server: Server,
    time: ManualTime,
    client: Client,
}

impl World {
    fn new(sign: Sign) -> Self {
        Self::with(Hosts::new(sign, 0), |builder| builder)
    }

    fn with(hosts: Arc<Hosts>, change: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        let answers = Arc::clone(&hosts);
        let server = Server::new(move |seen| answers.answer(seen));
        let time = ManualTime::new();
        let builder = Client::builder("account-token".to_owned())
            .dashboard_url("https://dashboard.example")
            .transport(server.clone())
            .time(time.clock(), time.timer());
        Self { hosts, server, time, client: change(builder).build().unwrap() }
    }

    fn session(&self) -> Session {
        self.client.session("h0.example", "phrase").unwrap()
    }
}

fn post(session: &Session) -> Call<Value> {
    session.request(Method::POST, "/rules").json(&json!({})).call(auth_client_core::decode::json)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_first_calls_open_one_session() {
    let world = World::new(Sign::Unauthorized);
    let calls: Vec<_> =
        (0..1_000).map(|_| tokio::spawn(world.session().vise_domains().into_future())).collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(world.server.count("/auth"), 1);
    assert_eq!(world.server.count("/domains"), 1_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_sign_of_an_end_causes_one_opening_under_concurrency() {
    for sign in SIGNS {
        let world = World::new(sign);
        let session = world.session();
        session.vise_domains().await.unwrap();
        for end in 1..=3 {
            world.hosts.end();
            let calls: Vec<_> =
                (0..200).map(|_| tokio::spawn(session.vise_domains().into_future())).collect();
            for call in calls {
                call.await.unwrap().unwrap_or_else(|error| panic!("{sign:?}: {error}"));
            }
            assert_eq!(world.server.count("/auth"), 1 + end, "{sign:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_response_that_clears_the_cookie_ends_the_session_before_the_next_call() {
    let server = Server::new(|seen| match seen.uri.path() {
        "/auth" => answer(200, &[("set-cookie", "session=s")], ""),
        _ => {
            answer(200, &[("content-type", "application/json"), ("set-cookie", "session=; Max-Age=0")], "[7]")
        }
    });
    let vise = Client::builder("account-token".to_owned()).transport(server.clone()).build().unwrap();
    let session = vise.session("a.example", "p").unwrap();
    for count in 1..=3 {
        assert_eq!(session.vise_domains().await.unwrap(), json!([7]), "the response itself is good");
        assert!(!session.is_open());
        assert_eq!(
            (server.count("/auth"), server.count("/domains")),
            (count, count),
            "and is not asked for again"
        );
    }
}

/// A host whose every response prolongs its session by ten minutes, or ends it soon.
fn prolonging(age: u64, with: fn(ClientBuilder) -> ClientBuilder) -> (Server, ManualTime, Session) {
    let server = Server::new(move |seen| match seen.uri.path() {
        "/auth" => answer(200, &[("set-cookie", "session=s; Max-Age=600")], ""),
        _ if seen.header("cookie") != Some("session=s") => json(401, "{}"),
        _ => {
            let cookie = format!("session=s; Max-Age={age}");
            answer(200, &[("content-type", "application/json"), ("set-cookie", &cookie)], "[]")
        }
    });
    let time = ManualTime::new();
    let builder = Client::builder("account-token".to_owned()).transport(server.clone());
    let vise = with(builder.time(time.clock(), time.timer())).build().unwrap();
    let session = vise.session("a.example", "p").unwrap();
    (server, time, session)
}

#[tokio::test]
async fn a_session_that_every_response_prolongs_is_opened_once() {
    let (server, time, session) = prolonging(600, |builder| builder);
    for _ in 0..50 {
        session.vise_domains().await.unwrap();
        time.advance(Duration::from_secs(400));
    }
    assert_eq!((server.count("/auth"), server.count("/domains")), (1, 50));

    let (server, time, session) =
        prolonging(600, |builder| builder.session_lifetime(Duration::from_secs(4_000)));
    for _ in 0..20 {
        session.vise_domains().await.unwrap();
        time.advance(Duration::from_secs(400));
    }
    assert_eq!(server.count("/auth"), 2, "the limit counts from the opening");
}

#[tokio::test]
async fn a_session_that_a_response_shortens_is_opened_again_in_time() {
    let (server, time, session) = prolonging(30, |builder| builder);
    for count in 1..=3 {
        session.vise_domains().await.unwrap();
        time.advance(Duration::from_secs(31));
        assert!(!session.is_open());
        assert_eq!(
            (server.count("/auth"), server.count("/domains")),
            (count, count),
            "no call went out without its cookie"
        );
    }
}

#[tokio::test]
async fn a_phrase_that_was_refused_for_a_while_opens_a_session_again() {
    let world =
        World::with(Hosts::new(Sign::Unauthorized, 0), |builder| builder.refresh_phrase_on_rejection(false));
    *world.hosts.phrase.lock().unwrap() = "the host has forgotten it".to_owned();
    let session = world.session();
    for _ in 0..3_600 {
        let error = session.vise_domains().await.unwrap_err();
        assert_eq!(error.session_problem(), Some(SessionProblem::PhraseRefused));
        assert!(!error.is_retryable());
        world.time.advance(Duration::from_secs(1));
    }
    assert!((6..=12).contains(&world.server.count("/auth")), "paced: {}", world.server.count("/auth"));
    *world.hosts.phrase.lock().unwrap() = "phrase".to_owned();
    world.time.advance(Duration::from_secs(600));
    session.vise_domains().await.unwrap();
    assert_eq!(world.server.count("/domains"), 1);
}

#[tokio::test]
async fn a_cookie_that_says_when_it_ends_is_believed() {
    for (attribute, lifetime) in
        [("; Max-Age=600", 600), ("; Expires=Tue, 14 Nov 2023 22:23:20 GMT", 600), ("", 300)]
    {
        let hosts = Hosts::new(Sign::Unauthorized, 0);
        *hosts.cookie.lock().unwrap() = attribute.to_owned();
        let world = World::with(hosts, |builder| match attribute {
            "" => builder.session_lifetime(Duration::from_secs(300)),
            _ => builder,
        });
        let session = world.session();
        session.vise_domains().await.unwrap();
        world.time.advance(Duration::from_secs(lifetime / 2));
        session.vise_domains().await.unwrap();
        assert_eq!(world.server.count("/auth"), 1, "{attribute}");
        world.time.advance(Duration::from_secs(lifetime / 2));
        assert!(!session.is_open());
        world.hosts.cookie.lock().unwrap().clear();
        session.vise_domains().await.unwrap();
        assert_eq!(world.server.count("/auth"), 2, "{attribute}");
        let hosts = world.hosts.hosts.lock().unwrap();
        assert!(hosts["h0.example"].refused.is_empty(), "no call was spent on finding out");
    }
}

#[tokio::test]
async fn a_write_is_not_replayed_and_says_that_the_session_was_renewed() {
    for sign in SIGNS {
        let world = World::new(sign);
        let session = world.session();
        post(&session).await.unwrap();
        world.hosts.end();
        let error = post(&session).await.unwrap_err();
        assert_eq!(error.session_problem(), Some(SessionProblem::RenewedNotReplayed), "{sign:?}");
        assert!(
            error.to_string().contains("renewed") && error.to_string().contains("not sent again"),
            "{error}"
        );
        // Only a refusal in so many words says that nothing was executed.
        let certain = matches!(sign, Sign::Unauthorized | Sign::Cleared);
        assert_eq!(error.may_have_been_executed(), !certain, "{sign:?}");
        assert_eq!(error.is_retryable(), certain, "{sign:?}");
        assert_eq!((world.server.count("/rules"), world.server.count("/auth")), (2, 2), "{sign:?}");
        post(&session).await.unwrap();
        assert_eq!(world.server.count("/auth"), 2, "the new session is there already");

        // A caller who allows a retry gets one.
        world.hosts.end();
        let call: Call<Value> = session
            .request(Method::PUT, "/rules")
            .idempotency(Idempotency::IdempotentWrite)
            .call(auth_client_core::decode::json);
        call.await.unwrap();
        assert_eq!(world.server.count("/auth"), 3);
    }
}

#[tokio::test]
async fn one_renewal_per_call_and_then_the_truth() {
    for sign in SIGNS {
        let hosts = Hosts::new(sign, 1_000);
        let world = World::with(hosts, |builder| builder);
        let session = world.session();
        let error = session.vise_domains().await.unwrap_err();
        assert_eq!(error.attempts(), 2, "{sign:?}");
        assert_eq!((world.server.count("/auth"), world.server.count("/domains")), (2, 2), "{sign:?}");
        assert_eq!(error.session_problem(), Some(SessionProblem::CallRefused), "{sign:?}: {error}");
    }
}

#[tokio::test]
async fn sessions_that_are_good_for_nothing_are_not_opened_without_end() {
    let world = World::with(Hosts::new(Sign::Unauthorized, 1_000), |builder| builder);
    let session = world.session();
    for _ in 0..200 {
        let error = session.vise_domains().await.unwrap_err();
        assert_eq!(error.session_problem(), Some(SessionProblem::CallRefused), "{error}");
        world.time.advance(Duration::from_millis(500));
    }
    // Ten at once, then at most one in ten seconds: 100 seconds have passed.
    let count = world.server.count("/auth");
    assert!((10..=22).contains(&count), "{count}");
}

#[tokio::test]
async fn a_refused_phrase_has_the_domains_listed_once() {
    let world = World::new(Sign::Unauthorized);
    *world.hosts.phrase.lock().unwrap() = "fresh".to_owned();
    let session = world.session();
    session.vise_domains().await.unwrap();
    let paths: Vec<String> =
        world.server.requests().iter().map(|seen| format!("{}{}", seen.host(), seen.uri)).collect();
    assert_eq!(paths.len(), 4, "{paths:?}");
    assert!(paths[0].ends_with("pfk=phrase") && paths[2].ends_with("pfk=fresh"), "{paths:?}");
    // The new one is remembered.
    world.hosts.end();
    session.vise_domains().await.unwrap();
    assert!(world.server.requests().iter().rev().any(|seen| seen.uri.query() == Some("pfk=fresh")));
    assert_eq!(world.server.requests().iter().filter(|seen| seen.host() == "dashboard.example").count(), 1);
}

#[tokio::test]
async fn a_phrase_that_stays_refused_is_an_error_that_says_so() {
    // The list has the same phrase, and the host wants another.
    let server = Server::new(|seen| match seen.host() {
        "dashboard.example" => {
            json(200, r#"[{"domain_vise_url":"h0.example","domain_vise_phrase":"wrong"}]"#)
        }
        _ => json(401, "{}"),
    });
    let vise = Client::builder("account-token".to_owned())
        .dashboard_url("https://dashboard.example")
        .transport(server.clone())
        .build()
        .unwrap();
    let session = vise.session("h0.example", "wrong").unwrap();
    for _ in 0..5 {
        let error = session.vise_domains().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert_eq!(error.session_problem(), Some(SessionProblem::PhraseRefused));
        assert!(!error.is_retryable() && !error.may_have_been_sent());
    }
    assert_eq!((server.count("/auth"), server.count("/domains")), (1, 1), "refused for good");
    assert!(
        server
            .requests()
            .iter()
            .filter(|seen| seen.host() != "dashboard.example")
            .all(|seen| { seen.header("authorization").is_none() })
    );
    // Neither does a program that asks for the session before each call.
    for _ in 0..5 {
        vise.session("h0.example", "wrong").unwrap().vise_domains().await.unwrap_err();
        vise.open_session(&AccountDomain::new("h0.example", "wrong")).await.unwrap_err();
    }
    assert_eq!(server.count("/auth"), 1);
    vise.session("h0.example", "right").unwrap().open().await.unwrap_err();
    assert_eq!(server.count("/auth"), 3, "another phrase is tried, and then the listed one");
}

#[tokio::test]
async fn the_delay_that_a_host_asks_for_is_kept() {
    for (status, content_type) in [
        (401, "application/json"),
        (403, "application/json"),
        (403, "text/html"),
        (423, "text/plain"),
        (429, "application/json"),
        (503, "text/html"),
    ] {
        let headers = [("retry-after", "400"), ("content-type", content_type)];
        let world = Server::new(move |_| answer(status, &headers, ""));
        let time = ManualTime::new();
        let vise = Client::builder("account-token".to_owned())
            .transport(world.clone())
            .time(time.clock(), Arc::new(time.clone()))
            .build()
            .unwrap();
        let session = vise.session("h0.example", "phrase").unwrap();
        for _ in 0..400 {
            session.vise_domains().await.unwrap_err();
            time.advance(Duration::from_secs(1));
        }
        assert_eq!(world.count("/auth"), 1, "{status} {content_type}");
        session.vise_domains().await.unwrap_err();
        assert_eq!(world.count("/auth"), 2, "{status} {content_type}");
    }
}

/// A host that redirects once and whose next response never comes.
#[derive(Debug)]
struct Silent(Server, ManualTime);

#[async_trait]
impl Transport for Silent {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        limits: BodyLimits,
    ) -> Result<Received, TransportError> {
        let redirect = self.0.send(request, limits).await;
        self.1.advance(Duration::from_secs(31));
        if self.0.count("/auth") == 2 {
            std::future::pending::<()>().await;
        }
        redirect
    }
}

/// The limits of the single requests add up.
#[tokio::test]
async fn opening_a_session_keeps_the_deadline_of_the_client() {
    let time = ManualTime::new();
    let server = Server::new(|_| answer(302, &[("location", "/auth?again")], ""));
    let vise = Client::builder("account-token".to_owned())
        .transport(Silent(server, time.clone()))
        .time(time.clock(), Arc::new(time.clone()))
        .attempt_timeout(Duration::from_secs(3600))
        .operation_timeout(Duration::from_secs(60))
        .build()
        .unwrap();
    let session = vise.session("h0.example", "phrase").unwrap();
    let started = time.clock().now();
    let error = session.open().await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    let seconds = time.clock().now().since(started).as_secs();
    assert_eq!(seconds, 62, "{error}");
}

#[tokio::test]
async fn a_response_without_a_session_may_be_temporary() {
    for refusal in [
        answer(200, &[("content-type", "text/html")], "<html>challenge"),
        answer(302, &[("location", "/challenge")], ""),
        answer(403, &[("content-type", "text/html")], "<html>challenge"),
    ] {
        let open = Arc::new(Mutex::new(false));
        let is_open = Arc::clone(&open);
        let server = Server::new(move |seen| match seen.uri.path() {
            "/auth" if !*is_open.lock().unwrap() => refusal.clone(),
            "/auth" => answer(200, &[("set-cookie", "session=s")], ""),
            _ => json(200, "[]"),
        });
        let time = ManualTime::new();
        let vise = Client::builder("account-token".to_owned())
            .transport(server.clone())
            .time(time.clock(), time.timer())
            .build()
            .unwrap();
        let session = vise.session("a.example", "p").unwrap();
        for _ in 0..5 {
            let error = session.vise_domains().await.unwrap_err();
            assert_eq!(error.session_problem(), Some(SessionProblem::PhraseRefused), "{error}");
        }
        assert_eq!(server.count("/auth"), 1, "not again before the back-off ends");
        *open.lock().unwrap() = true;
        time.advance(Duration::from_secs(1));
        session.vise_domains().await.unwrap();
    }
}

#[tokio::test]
async fn hosts_whose_phrases_are_refused_together_share_a_list() {
    let server = Server::new(|seen| match (seen.host(), seen.uri.path()) {
        ("dashboard.example", _) => {
            let list: Vec<_> = (0..30)
                .map(|number| json!({ "domain_vise_url": format!("h{number}.example"), "domain_vise_phrase": "new" }))
                .collect();
            json(200, &json!(list).to_string())
        }
        (_, "/auth") if seen.uri.query() == Some("pfk=new") => {
            answer(200, &[("set-cookie", "session=s")], "")
        }
        (_, "/auth") => json(401, "{}"),
        _ => json(200, "[]"),
    });
    let vise = Client::builder("account-token".to_owned())
        .dashboard_url("https://dashboard.example")
        .transport(server.clone())
        .build()
        .unwrap();
    let calls: Vec<_> = (0..30)
        .map(|number| {
            vise.session(&format!("h{number}.example"), "old").unwrap().vise_domains().into_future()
        })
        .map(tokio::spawn)
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    let lists = server.requests().iter().filter(|seen| seen.host() == "dashboard.example").count();
    assert!(lists <= 3, "{lists} lists for 30 hosts");
    assert_eq!(server.count("/auth"), 60);
}

/// 1,000 calls over 50 hosts while sessions end at random.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_fails_that_could_have_succeeded() {
    for (sign, chance) in SIGNS.into_iter().flat_map(|sign| [(sign, 20), (sign, 150)]) {
        let world = World::with(Hosts::new(sign, chance), |builder| builder);
        let calls: Vec<_> = (0..1_000)
            .map(|number| {
                let session = world.client.session(&format!("h{}.example", number % 50), "phrase").unwrap();
                let call: Call<Value> = session
                    .request(Method::GET, "/rules")
                    .header("x-call".parse().unwrap(), number.to_string().parse().unwrap())
                    .call(auth_client_core::decode::json);
                (number, tokio::spawn(call.into_future()))
            })
            .collect();
        let mut failed = HashSet::new();
        for (number, call) in calls {
            if let Err(error) = call.await.unwrap() {
                assert_eq!(error.attempts(), 2, "{error}");
                failed.insert(number.to_string());
            }
        }
        let (opened, ended) = world.hosts.sums();
        let hosts = world.hosts.hosts.lock().unwrap();
        let refused: HashMap<&String, u32> =
            hosts.values().flat_map(|host| host.refused.iter().map(|(call, times)| (call, *times))).collect();
        // A call fails if both of its sends met a session that had ended, and never otherwise.
        for (call, times) in &refused {
            assert_eq!(
                failed.contains(*call),
                *times == 2,
                "{sign:?}: call {call} was refused {times} times"
            );
        }
        assert!(failed.iter().all(|call| refused.contains_key(call)));
        // One opening per host and end. No session was thrown away by a second opening beside it.
        assert_eq!(hosts.len(), 50);
        for (name, host) in hosts.iter() {
            assert!(host.opened <= host.ended + 1, "{name}: {} opened, {} ended", host.opened, host.ended);
        }
        assert!(opened >= 50 && ended > 0, "sessions did end: {opened} {ended}");
        assert!(refused.len() > failed.len(), "{sign:?}: replays did save calls");
    }
}
