//! Whole flows against the emulator, over a socket.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_client_core::provider::auth_core::ExposeSecret;
use auth_client_core::provider::auth_core::store::{MemoryStore, StoreKey, TokenStore};
use auth_client_core::testing::ManualTime;
use auth_emulator::providers::virtuous::OtpPlacement;
use auth_emulator::{Effect, Emulator, Fault, FaultRule};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use virtuous_client::arguments::{GiftsByReferenceOptions, Paging};
use virtuous_client::models::{GiftTransaction, GiftTransactionContact, GiftType};
use virtuous_client::{
    Challenge, Client, ClientBuilder, ContactQuery, Error, ErrorKind, HmacKeys, LoginStep, RateGuard,
    RateLimitHeaders as _, RetryPolicy, SecretString, SessionProblem, Tokens,
};

async fn emulator() -> Emulator {
    Emulator::start().await.unwrap()
}

async fn with_codes() -> Emulator {
    Emulator::builder().virtuous(|settings| settings.two_factor = true).start().await.unwrap()
}

fn builder(emulator: &Emulator) -> ClientBuilder {
    Client::builder().base_url(emulator.virtuous().base_url())
}

async fn login(emulator: &Emulator, client: &Client) -> Result<LoginStep, Error> {
    let virtuous = emulator.virtuous();
    client.login(virtuous.username(), virtuous.password()).await
}

async fn logged_in(emulator: &Emulator) -> Client {
    let client = builder(emulator).build().unwrap();
    assert!(matches!(login(emulator, &client).await, Ok(LoginStep::LoggedIn(_))));
    client
}

async fn challenge(emulator: &Emulator, client: &Client) -> Challenge {
    match login(emulator, client).await.unwrap() {
        LoginStep::CodeRequired(challenge) => challenge,
        other => panic!("no code is wanted: {other:?}"),
    }
}

fn code(emulator: &Emulator) -> String {
    emulator.virtuous().pending_codes().pop().expect("a code was sent").code
}

async fn call(client: &Client) -> Result<(), Error> {
    client.organizations().current().await.map(drop)
}

fn problem(error: &Error) -> Option<SessionProblem> {
    error.session_problem()
}

fn secret(tokens: &Tokens) -> (String, String) {
    let refresh = tokens.refresh_token().map(|refresh| refresh.expose_secret().to_owned());
    (tokens.access_token().expose_secret().to_owned(), refresh.unwrap_or_default())
}

#[tokio::test]
async fn an_api_key_is_let_in_and_a_wrong_one_is_refused_once_and_for_all() {
    let emulator = emulator().await;
    let client = builder(&emulator).api_key(emulator.virtuous().api_key()).build().unwrap();
    call(&client).await.unwrap();
    assert_eq!(client.organizations().list().await.unwrap().len(), 1);
    assert_eq!(client.contacts().get(17).await.unwrap().name.as_deref(), Some("Anna Larsson"));
    assert_eq!(client.contacts().get(99).await.unwrap_err().kind(), ErrorKind::NotFound);
    let list = client.contacts().query(&ContactQuery::all(), Paging::new().skip(1).take(1)).await;
    let list = list.unwrap();
    assert_eq!((list.total, list.list[0].id), (3, 18));

    let wrong = builder(&emulator).api_key("v_wrong".to_owned()).build().unwrap();
    let error = call(&wrong).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unauthenticated, 1));
    assert_eq!(error.error_body().message(), Some("Authorization has been denied for this request."));
    assert!(wrong.tokens().is_none());
    let error = login(&emulator, &wrong).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "there is no session to log in to");
}

#[tokio::test]
async fn every_character_of_a_password_arrives() {
    let emulator = emulator().await;
    let ascii: String = (' '..='~').collect();
    for password in
        [&*ascii, "p\u{e4}ss w\u{f6}rd", "%41+%2B&otp=1", "a=b&c=d", " ", "\u{1f600}\u{0}\n\r\t", "+"]
    {
        emulator.virtuous().set_password(password);
        logged_in(&emulator).await;
    }
    assert_eq!(emulator.virtuous().effect("login"), 7);
}

#[tokio::test]
async fn a_wrong_password_is_reported_and_tried_once() {
    let emulator = emulator().await;
    let client = builder(&emulator).build().unwrap();
    for (user, password) in
        [(emulator.virtuous().username(), "wrong"), ("nobody@example.org".to_owned(), "x")]
    {
        let error = client.login(user, password.to_owned()).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidData, 1));
        assert_eq!(
            (error.code(), problem(&error)),
            (Some("invalid_grant"), Some(SessionProblem::LoginRefused))
        );
    }
    assert_eq!(emulator.virtuous().effect("login_refused"), 2);
    let error = call(&client).await.unwrap_err();
    assert_eq!((error.kind(), problem(&error)), (ErrorKind::Credentials, Some(SessionProblem::NotLoggedIn)));
    assert!(!error.may_have_been_sent() && !error.is_retryable());
}

#[tokio::test]
async fn a_code_is_asked_for_and_sent() {
    let emulator = with_codes().await;
    let client = builder(&emulator).build().unwrap();
    let challenge = challenge(&emulator, &client).await;
    assert!(client.tokens().is_none(), "a 202 is no token");
    assert_eq!(emulator.virtuous().effect("code_sent"), 1);

    let error = challenge.answer("000000".to_owned()).await.unwrap_err();
    assert_eq!(problem(&error), Some(SessionProblem::LoginRefused));
    assert_eq!(emulator.virtuous().effect("code_checked"), 1, "a code is sent once");

    let tokens = challenge.answer(code(&emulator)).await.unwrap();
    assert_eq!(tokens.user_name(), Some(&*emulator.virtuous().username()));
    assert_eq!(tokens.two_factor_enabled(), Some(true));
    call(&client.clone()).await.unwrap();
    assert_eq!(emulator.virtuous().effect("code_checked"), 2);
}

#[tokio::test]
async fn a_code_that_is_too_old_is_refused_and_another_can_be_had() {
    let emulator = with_codes().await;
    let client = builder(&emulator).build().unwrap();
    let challenge = challenge(&emulator, &client).await;
    let old = code(&emulator);
    emulator.clock().advance(Duration::from_secs(300));
    assert_eq!(problem(&challenge.answer(old).await.unwrap_err()), Some(SessionProblem::LoginRefused));
    let LoginStep::CodeRequired(again) = challenge.send_again().await.unwrap() else {
        panic!("no code is wanted")
    };
    again.answer(code(&emulator)).await.unwrap();
    call(&client).await.unwrap();
}

#[tokio::test]
async fn a_code_is_never_sent_twice_by_itself() {
    for fault in [Fault::close_before_response(), Fault::status(503), Fault::status(429)] {
        let emulator = with_codes().await;
        let client = builder(&emulator).build().unwrap();
        let challenge = challenge(&emulator, &client).await;
        let code = code(&emulator);
        let rule = FaultRule::new("virtuous", fault).path_prefix("/Token").effect(Effect::Before);
        emulator.add_fault(rule).unwrap();
        let error = challenge.answer(code).await.unwrap_err();
        assert!(error.may_have_been_sent(), "{error}");
        assert_eq!((error.attempts(), emulator.virtuous().effect("code_checked")), (1, 1));
    }
}

#[tokio::test]
async fn a_code_is_read_wherever_the_server_looks_for_it() {
    let emulator = with_codes().await;
    for placement in [OtpPlacement::Either, OtpPlacement::Form, OtpPlacement::Header] {
        emulator.virtuous().configure(|settings| settings.otp_placement = placement);
        let client = builder(&emulator).build().unwrap();
        challenge(&emulator, &client).await.answer(code(&emulator)).await.unwrap();
        let last = emulator.journal_of("virtuous").pop().unwrap();
        assert!(last.headers.iter().any(|(name, _)| name == "otp"), "{placement:?}");
        assert!(!format!("{last:?}").contains(&emulator.virtuous().password()));
    }

    let client = builder(&emulator).otp_header(false).build().unwrap();
    let challenge = challenge(&emulator, &client).await;
    let again = challenge.answer(code(&emulator)).await.unwrap_err();
    assert_eq!(problem(&again), Some(SessionProblem::CodeRequired), "this server reads the header only");
    emulator.virtuous().configure(|settings| settings.otp_placement = OtpPlacement::Form);
    challenge.answer(code(&emulator)).await.unwrap();
}

#[tokio::test]
async fn a_callback_gives_the_code() {
    let emulator = with_codes().await;
    let virtuous = emulator.virtuous();
    let client = builder(&emulator).build().unwrap();
    let login = client.login(virtuous.username(), virtuous.password());
    login.with_code(async || Some(SecretString::from(code(&emulator)))).await.unwrap();
    call(&client).await.unwrap();

    let login = client.login(virtuous.username(), virtuous.password());
    let error = login.with_code(async || None).await.unwrap_err();
    assert_eq!(problem(&error), Some(SessionProblem::CodeRequired));
    call(&client).await.unwrap();
}

#[tokio::test]
async fn a_program_without_a_person_logs_in_by_itself() {
    let emulator = with_codes().await;
    let virtuous = emulator.virtuous();
    let asked = Arc::new(AtomicU32::new(0));
    let (reader, count) = (virtuous.clone(), Arc::clone(&asked));
    let client = builder(&emulator)
        .user(virtuous.username(), virtuous.password())
        // The test ends tokens faster than any server.
        .min_renewal_interval(Duration::ZERO)
        .code_source(move || {
            count.fetch_add(1, Ordering::Relaxed);
            let code = reader.pending_codes().pop().map(|pending| SecretString::from(pending.code));
            async move { code }
        })
        .build()
        .unwrap();
    call(&client).await.unwrap();
    // A refresh needs no code; the end of the session needs another login, and that a code.
    virtuous.expire_access_tokens();
    call(&client).await.unwrap();
    assert_eq!((asked.load(Ordering::Relaxed), virtuous.effect("token_refreshed")), (1, 1));

    let alone = builder(&emulator).user(virtuous.username(), virtuous.password()).build().unwrap();
    let error = call(&alone).await.unwrap_err();
    assert_eq!(problem(&error), Some(SessionProblem::CodeRequired));
    let sent = virtuous.effect("code_sent");
    for _ in 0..5 {
        assert!(call(&alone).await.is_err());
    }
    assert_eq!(virtuous.effect("code_sent"), sent, "no text message per call");
}

#[tokio::test]
async fn an_expired_token_is_renewed_once_for_many_calls() {
    let emulator = emulator().await;
    let client = logged_in(&emulator).await;
    let before = client.tokens().unwrap();
    emulator.virtuous().expire_access_tokens();
    let calls: Vec<_> = (0..300)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { call(&client).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(emulator.virtuous().effect("token_refreshed"), 1);
    let after = client.tokens().unwrap();
    assert_ne!(secret(&before).0, secret(&after).0);
    assert_ne!(secret(&before).1, secret(&after).1, "the refresh token is replaced too");
}

#[tokio::test]
async fn a_session_resumes_from_tokens_that_were_kept() {
    let emulator = emulator().await;
    let tokens = logged_in(&emulator).await.tokens().unwrap();
    let (access, refresh) = secret(&tokens);
    let kept = Tokens::new(access).with_refresh_token(refresh);
    let client = builder(&emulator).tokens(kept).build().unwrap();
    call(&client).await.unwrap();
    emulator.virtuous().expire_access_tokens();
    call(&client).await.unwrap();
    assert_eq!(emulator.virtuous().effect("token_refreshed"), 1);

    let client = builder(&emulator).tokens(Tokens::new("ended".to_owned())).build().unwrap();
    let error = call(&client).await.unwrap_err();
    assert_eq!(problem(&error), Some(SessionProblem::NoRefreshToken));
}

#[tokio::test]
async fn a_refused_refresh_ends_the_session_until_the_next_login() {
    let emulator = emulator().await;
    let client = logged_in(&emulator).await;
    emulator.virtuous().revoke_all_tokens();
    let error = call(&client).await.unwrap_err();
    assert_eq!(
        (error.kind(), problem(&error)),
        (ErrorKind::Credentials, Some(SessionProblem::RefreshRefused))
    );
    assert!(SessionProblem::RefreshRefused.needs_login() && !error.is_retryable());
    let requests = emulator.journal_of("virtuous").len();
    for _ in 0..10 {
        assert_eq!(problem(&call(&client).await.unwrap_err()), Some(SessionProblem::RefreshRefused));
    }
    assert_eq!(emulator.journal_of("virtuous").len(), requests, "nothing is sent for nothing");
    login(&emulator, &client).await.unwrap();
    call(&client).await.unwrap();
}

#[tokio::test]
async fn nothing_but_a_refusal_of_the_grant_ends_a_session() {
    let json = |status: u16, body: &str| Fault::Status {
        status,
        headers: [("content-type".to_owned(), "application/json".to_owned())].into(),
        body: body.to_owned(),
    };
    for fault in [
        Fault::status(500),
        Fault::status(503),
        Fault::status(429),
        Fault::status(400),
        Fault::status(401),
        Fault::status(403),
        Fault::status(404),
        Fault::status(302),
        Fault::status(511),
        json(200, "<html>please accept the terms of this hotel</html>"),
        json(200, "{}"),
        json(400, r#"{"error":"temporarily_unavailable"}"#),
        json(400, r#"{"error":{"code":"BAD_REQUEST"}}"#),
        json(401, r#"{"message":"denied"}"#),
        json(503, r#"{"error":"invalid_grant"}"#),
        Fault::close_before_response(),
        Fault::cut_body_after(9),
    ] {
        let what = format!("{fault:?}");
        let emulator = emulator().await;
        // The server's response is lost after the token was replaced, unless it still takes the old one.
        emulator.virtuous().set_rotation_grace(Duration::from_secs(60));
        let time = ManualTime::new();
        let client = builder(&emulator).time(time.clock(), Arc::new(time.clone())).build().unwrap();
        login(&emulator, &client).await.unwrap();
        emulator.virtuous().expire_access_tokens();
        emulator.add_fault(FaultRule::new("virtuous", fault).path_prefix("/Token")).unwrap();
        let error = call(&client).await.unwrap_err();
        let kept = Some(SessionProblem::EndpointUnavailable);
        assert!(
            problem(&error) == kept || problem(&error) == Some(SessionProblem::ResponseLost),
            "{what}: {error}"
        );
        assert!(error.is_retryable() && !problem(&error).unwrap().needs_login(), "{what}");
        let requests = emulator.journal_of("virtuous").len();
        assert!(call(&client).await.is_err(), "{what}: too early to try again");
        assert_eq!(emulator.journal_of("virtuous").len(), requests, "{what}");
        time.advance(Duration::from_secs(1));
        call(&client).await.unwrap_or_else(|error| panic!("{what}: {error}"));
    }
}

#[tokio::test]
async fn a_lost_response_is_one_typed_error_and_no_loop() {
    for (grace, survives) in [(60, true), (0, false)] {
        let emulator = emulator().await;
        emulator.virtuous().set_rotation_grace(Duration::from_secs(grace));
        let time = ManualTime::new();
        let client = builder(&emulator).time(time.clock(), Arc::new(time.clone())).build().unwrap();
        login(&emulator, &client).await.unwrap();
        emulator.virtuous().expire_access_tokens();
        // The server replaces the token, and the response is lost.
        let rule = FaultRule::new("virtuous", Fault::close_before_response());
        emulator.add_fault(rule.path_prefix("/Token").effect(Effect::Before)).unwrap();
        assert_eq!(problem(&call(&client).await.unwrap_err()), Some(SessionProblem::ResponseLost));
        time.advance(Duration::from_secs(1));
        if survives {
            call(&client).await.unwrap();
            continue;
        }
        for _ in 0..5 {
            assert_eq!(problem(&call(&client).await.unwrap_err()), Some(SessionProblem::RefreshLost));
            time.advance(Duration::from_secs(3600));
        }
        let virtuous = emulator.virtuous();
        assert_eq!((virtuous.effect("token_refreshed"), virtuous.effect("refresh_token_reused")), (1, 1));
        login(&emulator, &client).await.unwrap();
        call(&client).await.unwrap();
    }
}

#[tokio::test]
async fn the_end_that_the_server_states_is_kept_and_the_token_renewed_before_it() {
    let emulator = emulator().await;
    emulator.virtuous().set_access_lifetime(Duration::from_secs(3600));
    let time = ManualTime::new();
    let client = builder(&emulator).time(time.clock(), Arc::new(time.clone())).build().unwrap();
    login(&emulator, &client).await.unwrap();
    // The clocks differ by years; what counts is the server's own.
    let left =
        client.tokens().unwrap().expires_at().unwrap().duration_since(time.clock().now().wall).unwrap();
    assert!((3599..=3600).contains(&left.as_secs()), "{left:?}");
    time.advance(Duration::from_secs(3600 - 310));
    call(&client).await.unwrap();
    assert_eq!(emulator.virtuous().effect("token_refreshed"), 0);
    time.advance(Duration::from_secs(60));
    call(&client).await.unwrap();
    let renewed = async {
        while emulator.virtuous().effect("token_refreshed") == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), renewed).await.expect("renewed beside the call");
}

#[tokio::test]
async fn clients_that_share_a_store_share_one_renewal() {
    let emulator = emulator().await;
    let store = MemoryStore::new();
    let client = || {
        // The test ends tokens faster than any server.
        let builder = builder(&emulator).min_renewal_interval(Duration::ZERO);
        builder.token_store(store.clone(), "anna").build().unwrap()
    };
    let clients: Vec<Client> = (0..8).map(|_| client()).collect();
    login(&emulator, &clients[0]).await.unwrap();
    for client in &clients {
        call(client).await.unwrap();
    }
    assert_eq!(emulator.virtuous().effect("login"), 1, "the others found the tokens in the store");
    for round in 1..=5 {
        emulator.virtuous().expire_access_tokens();
        let calls: Vec<_> = clients
            .iter()
            .cloned()
            .flat_map(|client| (0..10).map(move |_| client.clone()))
            .map(|client| tokio::spawn(async move { call(&client).await }))
            .collect();
        for call in calls {
            call.await.unwrap().unwrap();
        }
        assert_eq!(emulator.virtuous().effect("token_refreshed"), round);
    }
    assert_eq!(emulator.virtuous().effect("refresh_token_reused"), 0);
    let key = StoreKey::new("virtuous", &emulator.virtuous().base_url(), "anna");
    let stored = store.load(&key).await.unwrap().unwrap();
    assert_eq!((stored.generation, stored.attributes.len()), (6, 0), "one login and five renewals");
}

#[tokio::test]
async fn a_store_that_was_emptied_ends_the_session() {
    let emulator = emulator().await;
    let store = MemoryStore::new();
    let client = builder(&emulator).token_store(store.clone(), "anna").build().unwrap();
    login(&emulator, &client).await.unwrap();
    let key = StoreKey::new("virtuous", &emulator.virtuous().base_url(), "anna");
    store.lock(&key).await.unwrap().clear().await.unwrap();
    call(&client).await.unwrap();
    emulator.virtuous().expire_access_tokens();
    assert_eq!(problem(&call(&client).await.unwrap_err()), Some(SessionProblem::NotLoggedIn));
}

fn keys(emulator: &Emulator) -> HmacKeys {
    HmacKeys::new(emulator.virtuous().application_key(), emulator.virtuous().private_key())
}

#[tokio::test]
async fn signatures_are_accepted_where_they_are_documented() {
    let emulator = emulator().await;
    let alone = builder(&emulator).hmac(keys(&emulator)).build().unwrap();
    let beside =
        builder(&emulator).hmac(keys(&emulator)).api_key(emulator.virtuous().api_key()).build().unwrap();
    for client in [&alone, &beside] {
        assert_eq!(client.contacts().by_reference("crm/17").await.unwrap().id, 17);
        let options = GiftsByReferenceOptions::new().exclude_reference_originated_gifts(true).take(5);
        assert_eq!(client.gifts().by_reference("crm/18", options).await.unwrap().total, 1);
        let giver = GiftTransactionContact::first_name("Zo\u{eb}").last_name("M");
        let gift = GiftTransaction::new(giver, GiftType::Credit, "1.00");
        client.gifts().create_transaction(gift).await.unwrap();
    }
    assert_eq!(emulator.virtuous().effect("gift_transaction"), 2);
    call(&beside).await.unwrap();
    let error = call(&alone).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unauthenticated, 1));

    let without = builder(&emulator).api_key(emulator.virtuous().api_key()).build().unwrap();
    let requests = emulator.journal_of("virtuous").len();
    let error = without.contacts().by_reference("crm/17").await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::Credentials, false));
    assert_eq!(emulator.journal_of("virtuous").len(), requests, "nothing is sent without keys");
}

#[tokio::test]
async fn signatures_are_made_by_the_servers_clock_if_this_one_is_wrong() {
    let emulator = emulator().await;
    // This clock stands still in 2023.
    let time = auth_client_core::testing::ManualTime::new();
    let client = builder(&emulator).hmac(keys(&emulator)).time(time.clock(), time.timer()).build().unwrap();
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.contacts().by_reference("crm/17").reply().await })
        })
        .collect();
    for call in calls {
        assert!(call.await.unwrap().unwrap().attempts <= 2);
    }
    assert_eq!(client.contacts().by_reference("crm/17").reply().await.unwrap().attempts, 1);
}

#[tokio::test]
async fn a_refused_signature_is_explained_and_renews_nothing() {
    let emulator = emulator().await;
    let wrong = HmacKeys::new(emulator.virtuous().application_key(), "d3Jvbmc=".to_owned());
    let client = builder(&emulator).hmac(wrong).session().build().unwrap();
    login(&emulator, &client).await.unwrap();
    let error = client.contacts().by_reference("crm/17").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unauthenticated, 1));
    let id = error.headers().unwrap()["x-emulator-request-id"].to_str().unwrap().to_owned();
    let explained = format!("{:?}", emulator.explain(&id).unwrap());
    assert!(explained.contains("the signature is wrong"), "{explained}");
    assert_eq!(emulator.virtuous().effect("token_refreshed"), 0);

    let twice = keys(&emulator).nonces(|| "0f8fad5bd9cb469fa16570867728950e".to_owned());
    let client = builder(&emulator).hmac(twice).build().unwrap();
    client.contacts().by_reference("crm/17").await.unwrap();
    let error = client.contacts().by_reference("crm/17").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "a nonce is good once");
}

#[tokio::test]
async fn the_limit_is_reported_with_every_response_and_kept() {
    let emulator = emulator().await;
    emulator.virtuous().configure(|settings| settings.calls_per_hour = 4);
    let key = emulator.virtuous().api_key();
    let client = builder(&emulator).api_key(key.clone()).build().unwrap();
    let limit = client.organizations().current().reply().await.unwrap().rate_limit();
    assert_eq!((limit.limit, limit.remaining), (Some(4), Some(3)));
    let error = client.contacts().get(99).await.unwrap_err();
    assert_eq!(error.rate_limit().remaining, Some(2), "refused calls tell it too");

    let guarded =
        builder(&emulator).api_key(key.clone()).rate_guard(RateGuard::reject_below(1)).build().unwrap();
    call(&guarded).await.unwrap();
    let error = call(&guarded.clone()).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::Throttled, false));
    assert!(error.retry_after().unwrap() > Duration::from_secs(3500), "{error}");

    call(&client).await.unwrap();
    for retry_after in [true, false] {
        emulator.virtuous().configure(|settings| settings.retry_after = retry_after);
        let error = call(&client).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Throttled, 1), "an hour is not waited for");
        assert!(error.retry_after().unwrap() > Duration::from_secs(3500), "{retry_after}: {error}");
        assert_eq!(error.error_body().code(), Some("RATE_LIMITED"));
    }
}

#[tokio::test]
async fn a_throttled_call_waits_for_the_reset_within_the_cap() {
    let emulator = emulator().await;
    emulator.virtuous().configure(|settings| {
        settings.calls_per_hour = 1;
        settings.retry_after = false;
    });
    let time = ManualTime::auto();
    let client = builder(&emulator)
        .api_key(emulator.virtuous().api_key())
        .retry(RetryPolicy::default().max_attempts(2).max_retry_after(Duration::from_secs(7200)))
        .operation_timeout(Duration::from_secs(72_000))
        .attempt_timeout(Duration::from_secs(72_000))
        .time(time.clock(), Arc::new(Patient { time: time.clone() }))
        .build()
        .unwrap();
    call(&client).await.unwrap();
    let error = call(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Throttled, 2));
    let waited: Duration = time.slept().iter().sum();
    assert!((3590..=3601).contains(&waited.as_secs()), "until the reset: {waited:?}");
}

/// Sleeps at once for waits between attempts, and never for deadlines, which are as long as the whole test.
#[derive(Debug)]
struct Patient {
    time: ManualTime,
}

#[async_trait::async_trait]
impl auth_client_core::Sleep for Patient {
    async fn sleep(&self, duration: Duration) {
        if duration > Duration::from_secs(3601) {
            std::future::pending::<()>().await;
        }
        self.time.sleep(duration).await;
    }
}
