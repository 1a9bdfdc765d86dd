//! Whole flows against the emulator, over sockets.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_emulator::providers::vise::{
    AuthMethod, Carrier, Challenge, CookieExpiry, DomainList, ExpiredResponse, OpenedResponse, WrongPhrase,
};
use auth_emulator::{Effect, Emulator, Fault, FaultRule};
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;
use vise_client::{
    Call, Client, ClientBuilder, ErrorKind, HostPolicy, Outcome, Session, SessionProblem, TokenPlacement,
};

async fn start(hosts: usize) -> Emulator {
    Emulator::builder().vise(|settings| settings.hosts = hosts).start().await.unwrap()
}

fn builder(emulator: &Emulator) -> ClientBuilder {
    Client::builder(emulator.vise().token())
        .dashboard_url(emulator.vise().dashboard_url())
        .host_policy(HostPolicy::new().dangerously_allow_loopback_for_tests())
}

fn client(emulator: &Emulator) -> Client {
    builder(emulator).build().unwrap()
}

fn note(session: &Session, text: &str) -> Call<Value> {
    session
        .request(Method::POST, "/notes")
        .json(&json!({ "text": text }))
        .call(auth_client_core::decode::json)
}

#[tokio::test]
async fn the_vendors_own_example_works_in_order_and_leaks_nothing() {
    let emulator = start(12).await;
    let vise = emulator.vise();
    vise.configure(|settings| settings.domains_without_vise = 2);
    let results =
        client(&emulator).for_all_domains().run(async |session| session.vise_domains().await).await.unwrap();
    assert_eq!((results.all().len(), results.succeeded().count(), results.skipped().count()), (14, 12, 2));
    for (number, (domain, answer)) in results.succeeded().enumerate() {
        assert_eq!(domain.vise_url.as_deref(), Some(vise.host(number).as_str()));
        assert_eq!(answer[0]["domain"], format!("shop-{}.example", number + 1));
        let counts = vise.counts(number);
        assert_eq!((counts.auth_requests, counts.sessions_opened, counts.calls_served), (1, 1, 1));
        assert_eq!(
            counts.early_tokens + counts.tokens_on_auth + counts.foreign_sessions + counts.referers,
            0
        );
    }
    assert_eq!((vise.effect("domains_listed"), vise.effect("token_leaked")), (1, 0));
}

#[tokio::test]
async fn the_request_that_opens_a_session_follows_the_settings_of_both_sides() {
    let emulator = start(1).await;
    let vise = emulator.vise();
    vise.configure(|settings| {
        settings.auth_method = AuthMethod::Post;
        (settings.auth_path, settings.auth_parameter) = ("/v2/open".to_owned(), "key".to_owned());
    });
    let with = |method: Method, path: &str, parameter: &str| {
        let builder = builder(&emulator).auth_method(method).auth_path(path).auth_parameter(parameter);
        builder.build().unwrap().session(&vise.host(0), vise.phrase(0)).unwrap()
    };
    with(Method::POST, "/v2/open", "key").vise_domains().await.unwrap();
    for (method, path, parameter) in [
        (Method::GET, "/auth", "pfk"),
        (Method::POST, "/auth", "key"),
        (Method::GET, "/v2/open", "key"),
        (Method::POST, "/v2/open", "pfk"),
    ] {
        let error = with(method.clone(), path, parameter).open().await.unwrap_err();
        assert_eq!(
            error.session_problem(),
            Some(SessionProblem::PhraseRefused),
            "{method} {path} {parameter}"
        );
    }
    assert_eq!(vise.counts(0).sessions_opened, 1);
}

#[tokio::test]
async fn a_session_behind_a_redirect_needs_the_cookie_of_the_first_response() {
    let emulator = start(1).await;
    let vise = emulator.vise();
    vise.configure(|settings| settings.opened_response = OpenedResponse::RedirectFirst);
    client(&emulator).session(&vise.host(0), vise.phrase(0)).unwrap().vise_domains().await.unwrap();
    let counts = vise.counts(0);
    assert_eq!((counts.auth_requests, counts.sessions_opened, counts.early_tokens), (1, 1, 0));
    let none = builder(&emulator).max_auth_redirects(0).build().unwrap();
    let error = none.session(&vise.host(0), vise.phrase(0)).unwrap().open().await.unwrap_err();
    assert_eq!(error.session_problem(), Some(SessionProblem::PhraseRefused), "{error}");
    assert_eq!(vise.counts(0).sessions_opened, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_walk_can_be_moved_to_a_task() {
    let emulator = start(3).await;
    let client = client(&emulator);
    let all = tokio::spawn(async move {
        let results =
            client.for_all_domains().run(async |session| session.vise_domains().await).await.unwrap();
        results.into_vec().len()
    });
    assert_eq!(all.await.unwrap(), 3);
}

#[tokio::test]
async fn every_form_of_opening_refusal_and_list_is_understood() {
    let emulator = start(2).await;
    let vise = emulator.vise();
    let forms = [
        OpenedResponse::Page,
        OpenedResponse::NoContent,
        OpenedResponse::Redirect,
        OpenedResponse::RedirectFirst,
    ];
    for form in forms {
        vise.configure(|settings| settings.opened_response = form);
        let session = client(&emulator).session(&vise.host(0), vise.phrase(0)).unwrap();
        session.vise_domains().await.unwrap_or_else(|error| panic!("{form:?}: {error}"));
    }
    for form in [WrongPhrase::Unauthorized, WrongPhrase::Forbidden, WrongPhrase::Page, WrongPhrase::Redirect]
    {
        vise.configure(|settings| settings.wrong_phrase = form);
        let alone = builder(&emulator).refresh_phrase_on_rejection(false).build().unwrap();
        let error = alone.session(&vise.host(0), "wrong").unwrap().open().await.unwrap_err();
        assert_eq!(error.session_problem(), Some(SessionProblem::PhraseRefused), "{form:?}: {error}");
        // With the list at hand, the right phrase is found.
        client(&emulator).session(&vise.host(0), "wrong").unwrap().open().await.unwrap();
    }
    for (list, count) in [
        (DomainList::Array, 2),
        (DomainList::Enveloped("result".to_owned()), 2),
        (DomainList::Enveloped("sites".to_owned()), 2),
        (DomainList::Single, 1),
    ] {
        vise.configure(|settings| settings.domain_list = list.clone());
        let domains = client(&emulator).list_account_domains().await.unwrap();
        assert_eq!(domains.len(), count, "{list:?}");
        assert_eq!(domains[0].other.get::<String>("domain_name").as_deref(), Some("shop-1.example"));
    }
    vise.configure(|settings| settings.domain_list = DomainList::OtherNames);
    let error = client(&emulator).list_account_domains().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("vise-phrase, vise-url"), "{error}");
    assert!(!error.to_string().contains(&vise.phrase(0)));
}

#[tokio::test]
async fn every_carrier_is_understood_by_both_sides() {
    let emulator = start(1).await;
    let vise = emulator.vise();
    for (theirs, ours) in [
        (Carrier::Bearer, TokenPlacement::Bearer),
        (Carrier::Authorization, TokenPlacement::Authorization),
        (Carrier::Header("x-api-token".to_owned()), TokenPlacement::Header("x-api-token".parse().unwrap())),
        (Carrier::Query("token".to_owned()), TokenPlacement::Query("token".to_owned())),
    ] {
        vise.configure(|settings| settings.vise_token = theirs.clone());
        let client = builder(&emulator).vise_token_placement(ours.clone()).build().unwrap();
        let results =
            client.for_all_domains().run(async |session| session.vise_domains().await).await.unwrap();
        assert_eq!(results.succeeded().count(), 1, "{theirs:?}: {results:?}");
    }
    let other = builder(&emulator).token_placement(TokenPlacement::Authorization).build().unwrap();
    assert_eq!(other.list_account_domains().await.unwrap_err().kind(), ErrorKind::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_end_of_a_session_costs_one_opening() {
    let emulator = start(1).await;
    let vise = emulator.vise();
    let session = client(&emulator).session(&vise.host(0), vise.phrase(0)).unwrap();
    session.open().await.unwrap();
    for way in [
        ExpiredResponse::Unauthorized,
        ExpiredResponse::Redirect,
        ExpiredResponse::Page,
        ExpiredResponse::ClearedCookie,
    ] {
        vise.configure(|settings| settings.expired_response = way);
        emulator.clock().advance(Duration::from_secs(901));
        let opened = vise.counts(0).auth_requests;
        let calls: Vec<_> = (0..40).map(|_| tokio::spawn(session.vise_domains().into_future())).collect();
        for call in calls {
            call.await.unwrap().unwrap_or_else(|error| panic!("{way:?}: {error}"));
        }
        assert_eq!(vise.counts(0).auth_requests, opened + 1, "{way:?}");

        // A write is left to the caller, who has a good session to send it again with.
        assert_eq!(vise.expire_sessions(0), 1);
        let before = vise.notes(0).len();
        let error = note(&session, "once").await.unwrap_err();
        assert_eq!(error.session_problem(), Some(SessionProblem::RenewedNotReplayed), "{way:?}: {error}");
        assert_eq!(vise.notes(0).len(), before, "it was not carried out");
        note(&session, "once").await.unwrap();
        assert_eq!(vise.notes(0).len(), before + 1, "and now it was, once");
        assert_eq!(vise.counts(0).auth_requests, opened + 2, "{way:?}");
    }
}

#[tokio::test]
async fn a_cookie_with_an_end_is_replaced_in_time() {
    let emulator = start(1).await;
    let vise = emulator.vise();
    let session = client(&emulator).session(&vise.host(0), vise.phrase(0)).unwrap();
    for end in [CookieExpiry::MaxAge, CookieExpiry::Expires] {
        vise.configure(|settings| {
            settings.cookie_expiry = end;
            settings.session_seconds = 900;
            settings.calls_per_session = Some(1);
        });
        // The last response of a session clears its cookie, so none is sent in vain.
        for _ in 0..3 {
            session.vise_domains().await.unwrap();
        }
        assert!(!session.is_open());
    }
    assert_eq!((vise.counts(0).auth_requests, vise.counts(0).calls_refused), (6, 0));
}

#[tokio::test]
async fn a_changed_phrase_is_found_by_listing_once() {
    let emulator = start(2).await;
    let vise = emulator.vise();
    let client = client(&emulator);
    let domains = client.list_account_domains().await.unwrap();
    let session = client.open_session(&domains[0]).await.unwrap();
    vise.rotate_phrase(0).unwrap();
    vise.expire_sessions(0);
    session.vise_domains().await.unwrap();
    assert_eq!((vise.counts(0).auth_requests, vise.counts(0).phrases_refused), (3, 1));
    assert_eq!(vise.effect("domains_listed"), 2);
    assert_eq!(vise.counts(1).auth_requests, 0);
}

#[tokio::test]
async fn challenges_are_reported_and_not_solved() {
    let emulator = start(1).await;
    let vise = emulator.vise();
    let session = client(&emulator).session(&vise.host(0), vise.phrase(0)).unwrap();
    session.open().await.unwrap();
    vise.configure(|settings| settings.challenge = Challenge::Forbidden);
    let error = session.vise_domains().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Forbidden, 1), "{error}");
    assert!(error.is_html() && error.to_string().contains("an HTML page instead of JSON"));
    // As a page with status 200 it looks like an end, and /auth is challenged too.
    vise.configure(|settings| settings.challenge = Challenge::Page);
    let error = session.vise_domains().await.unwrap_err();
    assert_eq!(error.session_problem(), Some(SessionProblem::PhraseRefused), "{error}");
    assert!(error.is_retryable(), "it may be about the moment");
    assert_eq!(vise.counts(0).auth_requests, 1, "only the first got through");
}

#[tokio::test]
async fn a_hostile_dashboard_gets_the_token_to_nobody() {
    let emulator = start(3).await;
    let vise = emulator.vise();
    vise.configure(|settings| settings.hostile = true);
    // What the emulator lists by default, and its own hosts as a bait for a client that is not in a test.
    for baits in [Vec::new(), (0..3).map(|host| vise.host(host)).collect::<Vec<_>>()] {
        vise.configure(|settings| settings.hostile_hosts = baits.clone());
        let strict = Client::builder(vise.token()).dashboard_url(vise.dashboard_url()).build().unwrap();
        let results =
            strict.for_all_domains().run(async |session| session.vise_domains().await).await.unwrap();
        assert!(results.all().len() >= 3 && results.succeeded().count() == 0);
        for result in results.all() {
            match &result.outcome {
                Outcome::Failed(error) => {
                    assert!(
                        matches!(error.session_problem(), Some(SessionProblem::HostRefused(_))),
                        "{error}"
                    );
                }
                Outcome::Skipped => assert_eq!(result.domain.vise_url, None),
                other => panic!("{other:?}"),
            }
        }
    }
    for host in 0..3 {
        assert_eq!(vise.counts(host), Default::default(), "nobody was called");
    }
    // Where the bait is a host that doesn't know the phrase, it still does not see the token.
    let lax = builder(&emulator).refresh_phrase_on_rejection(false).build().unwrap();
    let results = lax.for_all_domains().run(async |session| session.vise_domains().await).await.unwrap();
    assert_eq!(results.failed().count(), 3);
    assert!((0..3).all(|host| vise.counts(host).phrases_refused == 1));
    assert_eq!(vise.effect("token_leaked"), 0);
}

#[cfg(feature = "hyper")]
#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_refused_at_resolution() {
    let emulator = start(1).await;
    let vise = emulator.vise();
    let guarded = builder(&emulator).public_addresses_only().build().unwrap();
    let error = guarded.session(&vise.host(0), vise.phrase(0)).unwrap().open().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    let by_name = vise.host(0).replace("127.0.0.1", "localhost");
    let error = guarded.session(&by_name, vise.phrase(0)).unwrap().open().await.unwrap_err();
    let chain: Vec<String> =
        std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source())
            .map(ToString::to_string)
            .collect();
    assert!(chain.iter().any(|text| text.contains("not public")), "{chain:?}");
    assert_eq!(vise.counts(0), Default::default());
    let both = builder(&emulator).transport(
        auth_client_core::HyperTransport::new(auth_client_core::TransportSettings::new()).unwrap(),
    );
    assert_eq!(both.public_addresses_only().build().unwrap_err().field(), Some("public addresses only"));
}

#[tokio::test]
async fn transient_failures_are_retried_and_others_are_returned() {
    let emulator = start(1).await;
    let vise = emulator.vise();
    let quick = vise_client::RetryPolicy::default().base_delay(Duration::ZERO).throttle_delay(Duration::ZERO);
    let client = builder(&emulator).retry(quick).build().unwrap();
    let session = client.session(&vise.host(0), vise.phrase(0)).unwrap();
    let fault = |fault| FaultRule::new("vise", fault);
    emulator.add_fault(fault(Fault::status(503)).path_prefix("/auth")).unwrap();
    session.vise_domains().await.unwrap();
    emulator.add_fault(fault(Fault::status(429)).path_prefix("/domains")).unwrap();
    session.vise_domains().await.unwrap();
    // A write whose response is lost is not sent twice.
    emulator
        .add_fault(fault(Fault::close_before_response()).path_prefix("/notes").effect(Effect::Before))
        .unwrap();
    let error = note(&session, "lost").await.unwrap_err();
    assert!(error.may_have_been_executed() && !error.is_retryable());
    assert_eq!(vise.notes(0), ["lost"]);
    assert_eq!(vise.counts(0).auth_requests, 1);
}

/// Sessions end at random while a thousand calls go over fifty hosts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_calls_over_fifty_hosts_open_one_session_per_host_and_end() {
    let emulator = start(50).await;
    let vise = emulator.vise();
    vise.configure(|settings| settings.random_expiry_per_mille = 30);
    let client = client(&emulator);
    let domains = client.list_account_domains().await.unwrap();
    let sessions: Vec<Session> = domains.iter().map(|domain| client.session_for(domain).unwrap()).collect();
    let calls: Vec<_> =
        (0..1_000).map(|number| tokio::spawn(sessions[number % 50].vise_domains().into_future())).collect();
    let mut failed = 0;
    for call in calls {
        if let Err(error) = call.await.unwrap() {
            // Both of its sends met a session that had ended.
            assert_eq!(
                (error.session_problem(), error.attempts()),
                (Some(SessionProblem::CallRefused), 2),
                "{error}"
            );
            failed += 1;
        }
    }
    let mut ended = 0;
    for host in 0..50 {
        let counts = vise.counts(host);
        assert!(counts.sessions_opened <= counts.sessions_ended + 1, "{counts:?}");
        assert_eq!(counts.early_tokens + counts.foreign_sessions + counts.tokens_on_auth, 0);
        ended += counts.sessions_ended;
    }
    let refused = vise.effect("call_refused");
    assert_eq!(vise.effect("call_served"), 1_000 - failed);
    assert!(ended > 5, "sessions did end: {ended}");
    assert!(refused > 2 * failed, "replays did save calls: {refused} refusals, {failed} calls that met two");
}
