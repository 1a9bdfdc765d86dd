//! The VISE emulator over sockets: a dashboard and its hosts, sessions, and detected client mistakes.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use auth_emulator::providers::vise::{
    Carrier, Challenge, CookieExpiry, DomainList, ExpiredResponse, OpenedResponse, Phrases, WrongPhrase,
};
use auth_emulator::{Emulator, Reset};
use common::{Request, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

fn bearer(emulator: &Emulator) -> String {
    format!("Bearer {}", emulator.vise().token())
}

async fn list(emulator: &Emulator) -> Response {
    let url = format!("{}/domains", emulator.vise().dashboard_url());
    Request::new("GET", &url).header("Authorization", &bearer(emulator)).send().await
}

async fn auth(emulator: &Emulator, host: usize, phrase: &str) -> Response {
    let phrase = utf8_percent_encode(phrase, NON_ALPHANUMERIC);
    let url = format!("http://{}/auth?pfk={phrase}", emulator.vise().host(host));
    Request::new("GET", &url).send().await
}

/// The values of `Set-Cookie`, in order.
fn cookies(response: &Response) -> Vec<&str> {
    let set = response.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    set.map(|(_, value)| value.as_str()).collect()
}

fn session_of(response: &Response) -> String {
    let all = cookies(response);
    let session = all.iter().find_map(|cookie| cookie.strip_prefix("session=")).expect("no session");
    session.split(';').next().unwrap().to_owned()
}

async fn open(emulator: &Emulator, host: usize) -> String {
    session_of(&auth(emulator, host, &emulator.vise().phrase(host)).await)
}

fn call(emulator: &Emulator, host: usize, method: &str, path: &str, session: &str) -> Request {
    let url = format!("http://{}{path}", emulator.vise().host(host));
    Request::new(method, &url)
        .header("Authorization", &bearer(emulator))
        .header("Cookie", &format!("lb=node-7; session={session}"))
}

#[tokio::test]
async fn each_host_has_a_listener_of_its_own() {
    let emulator = Emulator::builder().vise(|settings| settings.hosts = 7).start().await.unwrap();
    let vise = emulator.vise();
    assert_eq!(vise.host_count(), 7);
    let hosts: BTreeSet<String> = (0..7).map(|host| vise.host(host)).collect();
    let phrases: BTreeSet<String> = (0..7).map(|host| vise.phrase(host)).collect();
    assert_eq!((hosts.len(), phrases.len()), (7, 7));
    assert!(!hosts.contains(vise.dashboard_url().trim_start_matches("http://")));

    let domains = list(&emulator).await.json();
    for (number, domain) in domains.as_array().unwrap().iter().enumerate() {
        assert_eq!(domain["domain_vise_url"], vise.host(number));
        assert_eq!(domain["domain_vise_phrase"], vise.phrase(number));
        let session = open(&emulator, number).await;
        let response = call(&emulator, number, "GET", "/domains", &session).send().await;
        assert_eq!(response.json()[0]["domain"], format!("shop-{}.example", number + 1), "its own response");
        assert_eq!(vise.counts(number).calls_served, 1);
    }
    // Paths belong to the dashboard or to hosts, although the listeners share a table.
    let wrong = Request::new("GET", &format!("{}/auth?pfk=x", vise.dashboard_url())).send().await;
    assert_eq!(wrong.status, 404);
    assert_eq!((vise.host(7), vise.phrase(7)), (String::new(), String::new()));
}

#[tokio::test]
async fn hosts_are_bound_after_every_providers_first_listener_and_only_as_many_as_fit() {
    let none = Emulator::builder().vise(|settings| settings.hosts = 0).start().await.unwrap();
    assert_eq!(none.vise().host_count(), 0);
    assert_eq!(list(&none).await.json(), json!([]));
    assert!(none.vise().env().iter().all(|(name, _)| *name != "VISE_HOST"));
    let many = Emulator::builder().vise(|settings| settings.hosts = 10_000).start().await.unwrap();
    assert_eq!((many.vise().host_count(), many.vise().settings().hosts), (256, 256));
    let high = Emulator::builder().port(65_530).vise(|settings| settings.hosts = 20).start().await;
    assert!(matches!(high, Err(auth_emulator::StartError::PortTooHigh { .. })), "{high:?}");
}

#[tokio::test]
async fn a_session_needs_the_phrase_as_it_is() {
    let emulator = Emulator::start().await.unwrap();
    let vise = emulator.vise();
    let phrase = vise.phrase(0);
    assert_eq!(auth(&emulator, 0, "wrong").await.status, 401);
    assert_eq!(auth(&emulator, 1, &phrase).await.status, 401, "another host's phrase");
    assert_eq!(Request::new("GET", &format!("http://{}/auth", vise.host(0))).send().await.status, 401);
    let opened = auth(&emulator, 0, &phrase).await;
    assert_eq!((opened.status, cookies(&opened).len()), (200, 3));
    assert_eq!(vise.counts(0).phrases_refused, 2);
    assert_eq!((vise.effect("session_opened"), vise.effect("phrase_refused")), (1, 3));

    assert!(!format!("{:?}", emulator.journal()).contains(&phrase), "the journal hides it");

    vise.rotate_phrase(0).unwrap();
    assert_ne!(vise.phrase(0), phrase);
    assert_eq!(auth(&emulator, 0, &phrase).await.status, 401);
    assert_eq!(list(&emulator).await.json()[0]["domain_vise_phrase"], vise.phrase(0));
    assert!(vise.rotate_phrase(99).is_err());
}

#[tokio::test]
async fn phrases_can_be_listed_so_that_a_program_can_insert_them_into_a_url() {
    let emulator = Emulator::builder().vise(|settings| settings.hosts = 7).start().await.unwrap();
    let vise = emulator.vise();
    for phrases in [Phrases::Plain, Phrases::Encoded] {
        vise.configure(|settings| settings.phrases = phrases);
        for host in 0..7 {
            vise.rotate_phrase(host).unwrap();
            let listed = list(&emulator).await.json()[host]["domain_vise_phrase"].clone();
            assert_eq!(listed, vise.phrase(host));
            let url = format!("http://{}/auth?pfk={}", vise.host(host), listed.as_str().unwrap());
            assert_eq!(Request::new("GET", &url).send().await.status, 200, "{url}");
        }
    }
    assert_eq!(auth(&emulator, 1, &vise.phrase(1)).await.status, 401, "encoded twice");
}

#[tokio::test]
async fn the_first_phrase_is_plain_and_the_others_must_be_encoded() {
    let emulator = Emulator::builder().vise(|settings| settings.hosts = 7).start().await.unwrap();
    let vise = emulator.vise();
    assert!(vise.phrase(0).bytes().all(|byte| byte.is_ascii_alphanumeric()), "{}", vise.phrase(0));
    for host in 1..7 {
        let phrase = vise.phrase(host);
        assert_eq!(auth(&emulator, host, &phrase).await.status, 200, "{phrase}");
        let raw =
            format!("http://{}/auth?pfk={}", vise.host(host), phrase.replace(' ', "+").replace('#', ""));
        if raw.is_ascii() {
            assert_eq!(Request::new("GET", &raw).send().await.status, 401, "{phrase}");
        }
        let rotated = vise.rotate_phrase(host).unwrap();
        assert!(!rotated.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{rotated}");
    }
    assert!(vise.rotate_phrase(0).unwrap().bytes().all(|byte| byte.is_ascii_alphanumeric()));
}

#[tokio::test]
async fn calls_need_the_hosts_own_session_and_the_token() {
    let emulator = Emulator::start().await.unwrap();
    let vise = emulator.vise();
    let (mine, other) = (open(&emulator, 0).await, open(&emulator, 1).await);
    assert_eq!(call(&emulator, 0, "GET", "/domains", &mine).send().await.status, 200);
    assert_eq!(call(&emulator, 0, "GET", "/domains", &other).send().await.status, 401);
    assert_eq!(vise.counts(0).foreign_sessions, 1);
    let without = call(&emulator, 0, "GET", "/domains", &mine).without("authorization").send().await;
    assert_eq!(without.status, 401);
    let checks = emulator.explain(&without.request_id()).unwrap().checks;
    assert_eq!(checks.last().unwrap().check, "token");

    let note = call(&emulator, 0, "POST", "/notes", &mine).json(&json!({ "text": "hello" })).send().await;
    assert_eq!((note.status, vise.notes(0)), (201, vec!["hello".to_owned()]));
    let bad = call(&emulator, 0, "POST", "/notes", &mine).json(&json!({})).send().await;
    assert_eq!(bad.status, 422);
    assert_eq!(call(&emulator, 0, "GET", "/notes", &mine).send().await.json(), json!(["hello"]));
}

#[tokio::test]
async fn forbidden_client_behavior_is_counted() {
    let emulator = Emulator::start().await.unwrap();
    let vise = emulator.vise();
    assert_eq!(call(&emulator, 0, "GET", "/domains", "invented").send().await.status, 401);
    assert_eq!((vise.counts(0).early_tokens, vise.effect("token_leaked")), (1, 1), "before any session");
    let url = format!("http://{}/auth?pfk=x", vise.host(1));
    let with = Request::new("GET", &url).header("X-Odd", &vise.token()).header("Referer", "http://x.example");
    with.send().await;
    let counts = vise.counts(1);
    assert_eq!((counts.tokens_on_auth, counts.early_tokens, counts.referers), (1, 1, 1));
}

#[tokio::test]
async fn sessions_end_in_every_configured_way() {
    let emulator = Emulator::start().await.unwrap();
    let vise = emulator.vise();
    for (way, status) in [
        (ExpiredResponse::Unauthorized, 401),
        (ExpiredResponse::Redirect, 302),
        (ExpiredResponse::Page, 200),
        (ExpiredResponse::ClearedCookie, 403),
    ] {
        vise.configure(|settings| settings.expired_response = way);
        let session = open(&emulator, 0).await;
        let request = call(&emulator, 0, "GET", "/domains", &session);
        assert_eq!(request.send().await.status, 200);
        emulator.clock().advance(Duration::from_secs(900));
        let response = request.send().await;
        assert_eq!(response.status, status, "{way:?}");
        assert_eq!(response.header("location").is_some(), way == ExpiredResponse::Redirect);
        assert_eq!(cookies(&response).len(), usize::from(way == ExpiredResponse::ClearedCookie));
        let is_page = response.header("content-type").is_some_and(|text| text.starts_with("text/html"));
        assert_eq!(is_page, way == ExpiredResponse::Page);
    }

    vise.configure(|settings| settings.calls_per_session = Some(2));
    let session = open(&emulator, 0).await;
    let request = call(&emulator, 0, "GET", "/domains", &session);
    assert!(cookies(&request.send().await).is_empty());
    let last = request.send().await;
    assert_eq!((last.status, cookies(&last)), (200, vec!["session=; Path=/; Max-Age=0"]));
    assert_eq!(request.send().await.status, 403);
    vise.configure(|settings| settings.calls_per_session = None);

    vise.configure(|settings| settings.random_expiry_per_mille = 1_000);
    let session = open(&emulator, 0).await;
    assert_eq!(call(&emulator, 0, "GET", "/domains", &session).send().await.status, 403);
    vise.configure(|settings| settings.random_expiry_per_mille = 0);

    let (one, two) = (open(&emulator, 0).await, open(&emulator, 1).await);
    assert_eq!(vise.expire_sessions(0), 1);
    assert_eq!(call(&emulator, 0, "GET", "/domains", &one).send().await.status, 403);
    assert_eq!(call(&emulator, 1, "GET", "/domains", &two).send().await.status, 200);
    assert_eq!(emulator.expire_tokens(Some("vise")).unwrap(), 1);
    assert_eq!(call(&emulator, 1, "GET", "/domains", &two).send().await.status, 403);
}

#[tokio::test]
async fn openings_and_rejections_have_the_configured_format() {
    let emulator = Emulator::start().await.unwrap();
    let vise = emulator.vise();
    for (form, status) in
        [(OpenedResponse::Page, 200), (OpenedResponse::NoContent, 204), (OpenedResponse::Redirect, 302)]
    {
        vise.configure(|settings| settings.opened_response = form);
        let response = auth(&emulator, 0, &vise.phrase(0)).await;
        assert_eq!(response.status, status);
        assert!(!session_of(&response).is_empty());
    }
    for (form, status) in [
        (WrongPhrase::Unauthorized, 401),
        (WrongPhrase::Forbidden, 403),
        (WrongPhrase::Page, 200),
        (WrongPhrase::Redirect, 302),
    ] {
        vise.configure(|settings| settings.wrong_phrase = form);
        let response = auth(&emulator, 0, "wrong").await;
        assert_eq!((response.status, cookies(&response).len()), (status, 0));
    }
    for (end, words) in [(CookieExpiry::MaxAge, "Max-Age=900"), (CookieExpiry::Expires, "Expires=")] {
        vise.configure(|settings| settings.cookie_expiry = end);
        let response = auth(&emulator, 0, &vise.phrase(0)).await;
        assert!(cookies(&response).iter().any(|cookie| cookie.contains(words)), "{response:?}");
    }
    for (challenge, status) in [(Challenge::Page, 200), (Challenge::Forbidden, 403)] {
        let session = open(&emulator, 0).await;
        vise.configure(|settings| settings.challenge = challenge);
        let response = call(&emulator, 0, "GET", "/domains", &session).send().await;
        assert_eq!(response.status, status);
        assert!(response.text().contains("Checking your browser"));
        vise.configure(|settings| settings.challenge = Challenge::Off);
    }
    assert_eq!(vise.counts(0).challenges, 2);
}

#[tokio::test]
async fn the_list_has_every_format_and_can_be_hostile() {
    let emulator = Emulator::start().await.unwrap();
    let vise = emulator.vise();
    vise.configure(|settings| settings.domains_without_vise = 1);
    let array = list(&emulator).await.json();
    assert_eq!(array.as_array().unwrap().len(), 4);
    assert!(array[3].get("domain_vise_url").is_none());
    vise.configure(|settings| settings.domain_list = DomainList::Enveloped("data".to_owned()));
    assert_eq!(list(&emulator).await.json()["data"], array);
    vise.configure(|settings| settings.domain_list = DomainList::Single);
    assert_eq!(list(&emulator).await.json(), array[0]);
    vise.configure(|settings| settings.domain_list = DomainList::OtherNames);
    assert!(list(&emulator).await.json()[0].get("domain_vise_url").is_none());

    vise.configure(|settings| {
        settings.domain_list = DomainList::Array;
        settings.hostile = true;
    });
    let poisoned = list(&emulator).await.json();
    let poisoned: Vec<&str> = poisoned
        .as_array()
        .unwrap()
        .iter()
        .map(|domain| domain["domain_vise_url"].as_str().unwrap())
        .collect();
    assert!(poisoned.len() > 40 && poisoned.contains(&"2130706433") && poisoned.contains(&"[::1]"));
    vise.configure(|settings| settings.hostile_hosts = vec!["evil.example".to_owned()]);
    assert_eq!(list(&emulator).await.json()[0]["domain_vise_url"], "evil.example");
}

#[tokio::test]
async fn tokens_are_read_from_the_configured_carrier() {
    let emulator = Emulator::start().await.unwrap();
    let vise = emulator.vise();
    let token = vise.token();
    let url = format!("{}/domains", vise.dashboard_url());
    let plain = Request::new("GET", &url);
    for (carrier, request) in [
        (Carrier::Bearer, plain.clone().header("Authorization", &format!("Bearer {token}"))),
        (Carrier::Authorization, plain.clone().header("Authorization", &token)),
        (Carrier::Header("X-Api-Key".to_owned()), plain.clone().header("X-Api-Key", &token)),
        (Carrier::Query("token".to_owned()), Request::new("GET", &format!("{url}?token={token}"))),
    ] {
        vise.configure(|settings| settings.dashboard_token = carrier.clone());
        assert_eq!(request.send().await.status, 200, "{carrier:?}");
        assert_eq!(plain.send().await.status, 401, "{carrier:?}");
    }
    vise.configure(|settings| settings.dashboard_token = Carrier::Bearer);
    for (scheme, status) in [("bearer", 200), ("BEARER", 200), ("Bearer ", 401), ("Basic", 401)] {
        let request = plain.clone().header("Authorization", &format!("{scheme} {token}"));
        assert_eq!(request.send().await.status, status, "{scheme:?}");
    }
    assert!(!format!("{:?}", emulator.journal()).contains(&token), "the journal hides it");
}

#[tokio::test]
async fn it_is_reset_and_changed_through_the_control_api() {
    let emulator = Emulator::start().await.unwrap();
    let vise = emulator.vise();
    let control = |method: &str, path: &str| {
        let bearer = format!("Bearer {}", emulator.control_token());
        Request::new(method, &format!("{}{path}", emulator.control_url())).header("Authorization", &bearer)
    };
    let first = vise.phrase(0);
    let rotate = control("POST", "/providers/vise/actions/rotate-phrase");
    assert_eq!(rotate.clone().json(&json!({ "host": 0 })).send().await.status, 200);
    assert_ne!(vise.phrase(0), first);
    assert_ne!(rotate.json(&json!({ "host": 9 })).send().await.status, 200);
    open(&emulator, 0).await;
    let expire = control("POST", "/providers/vise/actions/expire-sessions").json(&json!({ "host": 0 }));
    assert_eq!(expire.send().await.json()["ended"], 1);

    let change = |body: &Value| control("POST", "/providers/vise/settings").json(body);
    let accepted = change(&json!({ "expired_response": "page", "vise_token": { "header": "x-key" } }));
    assert_eq!(accepted.send().await.status, 200);
    assert_eq!(vise.settings().expired_response, ExpiredResponse::Page);
    for bad in [json!({ "hosts": 9 }), json!({ "unknown": 1 }), json!([])] {
        assert_ne!(change(&bad).send().await.status, 200, "{bad}");
    }
    emulator.reset(Reset::All);
    assert_eq!((vise.phrase(0), vise.settings().expired_response), (first, ExpiredResponse::Unauthorized));
    let env = vise.env();
    let names: Vec<_> = env.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["VISE_DASHBOARD_URL", "VISE_API_TOKEN", "VISE_HOST", "VISE_PHRASE"]);
    assert!(env[2].1.starts_with("http://127.0.0.1:"));
}
