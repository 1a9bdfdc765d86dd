//! What an observer receives: every event of a call, in order, and nothing that could be a secret.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use async_trait::async_trait;
use auth_client_core::observe::{
    AttemptEnded, AttemptOutcome, CallEnded, CallStarted, RateLimited, RenewalEnded, Retrying,
};
use auth_client_core::provider::auth_core::token::{Lifetime, RenewalSettings};
use auth_client_core::provider::auth_core::{
    CredentialError, InvalidCredential, SecretString, Sign, scheme::Bearer,
};
use auth_client_core::provider::{Renew, Renewed, RenewingCredential};
use auth_client_core::testing::{Canary, ManualTime, ScriptedTransport};
use auth_client_core::transport::{Fault, Phase};
use auth_client_core::{Observer, RetryPolicy, decode};
use common::{Once, Setup, Slow, origin, put, read, write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Writes down what it receives, in words.
#[derive(Clone, Debug, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    fn note(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Observer for Diary {
    fn call_started(&self, event: &CallStarted) {
        let call = event.call;
        self.note(format!("start {} {} {:?}", call.provider, call.operation, call.idempotency));
    }

    fn rate_limited(&self, event: &RateLimited) {
        let what = if event.rejected { "rejected" } else { "held back" };
        self.note(format!("{what}, {} s", event.wait.as_secs()));
    }

    fn attempt_ended(&self, event: &AttemptEnded) {
        let outcome = match event.outcome {
            AttemptOutcome::Response(status) => status.as_u16().to_string(),
            AttemptOutcome::Failed(phase, fault) => format!("{} {}", phase.as_str(), fault.as_str()),
            other => format!("{other:?}"),
        };
        self.note(format!("attempt {}: {outcome} after {} s", event.attempt, event.elapsed.as_secs()));
    }

    fn retrying(&self, event: &Retrying) {
        let asked = event.asked.map_or(String::new(), |asked| format!(", asked {} s", asked.as_secs()));
        self.note(format!(
            "again after {}: {}, {} s{asked}",
            event.attempt,
            event.reason.as_str(),
            event.delay.as_secs()
        ));
    }

    fn renewal_ended(&self, event: &RenewalEnded) {
        let RenewalEnded { provider, outcome, elapsed, .. } = *event;
        self.note(format!("renewal of {provider}: {} after {} s", outcome.as_str(), elapsed.as_secs()));
    }

    fn call_ended(&self, event: &CallEnded) {
        let status = event.status.map_or("no response".to_owned(), |status| status.as_u16().to_string());
        let replayed = if event.replayed { ", replayed" } else { "" };
        self.note(format!(
            "end: {}, {status}, {} attempts, {} s{replayed}",
            event.outcome.as_str(),
            event.attempts,
            event.elapsed.as_secs()
        ));
    }
}

struct Observed {
    setup: Setup,
    diary: Diary,
}

fn observed(transport: ScriptedTransport) -> Observed {
    let mut setup = Setup::new(transport);
    let diary = Diary::default();
    setup.settings.set_observer(Arc::new(diary.clone()));
    // Delays without chance in them.
    setup.settings.set_retry(RetryPolicy::default().base_delay(Duration::ZERO));
    Observed { setup, diary }
}

fn script() -> ScriptedTransport {
    ScriptedTransport::new()
}

#[tokio::test]
async fn a_call_that_succeeds_at_once() {
    let Observed { setup, diary } = observed(script().json(200, "1"));
    read(&setup.engine()).await.unwrap();
    assert_eq!(
        diary.take(),
        ["start shop items.get Read", "attempt 1: 200 after 0 s", "end: success, 200, 1 attempts, 0 s"]
    );
}

#[tokio::test]
async fn retries_and_delays_of_the_server() {
    let transport = script().unreachable().response(429, &[("retry-after", "7")], "").json(200, "1");
    let Observed { setup, diary } = observed(transport);
    read(&setup.engine()).reply().await.unwrap();
    assert_eq!(
        diary.take(),
        [
            "start shop items.get Read",
            "attempt 1: connecting io after 0 s",
            "again after 1: not_sent, 0 s",
            "attempt 2: 429 after 0 s",
            "again after 2: throttled, 7 s, asked 7 s",
            "attempt 3: 200 after 0 s",
            "end: success, 200, 3 attempts, 7 s",
        ]
    );
}

#[tokio::test]
async fn a_call_that_is_cancelled() {
    let Observed { setup, diary } = observed(script().status(503).cut(200).status(503));
    put(&setup.engine()).await.unwrap_err();
    assert_eq!(
        diary.take(),
        [
            "start shop items.put IdempotentWrite",
            "attempt 1: 503 after 0 s",
            "again after 1: transient, 0 s",
            "attempt 2: reading io after 0 s",
            "again after 2: lost, 0 s",
            "attempt 3: 503 after 0 s",
            "end: server, 503, 3 attempts, 0 s",
        ]
    );
}

#[tokio::test]
async fn an_attempt_and_a_call_that_take_too_long() {
    let Observed { setup, diary } = observed(script().hang().hang().hang());
    read(&setup.engine())
        .attempt_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(8))
        .await
        .unwrap_err();
    assert_eq!(
        diary.take(),
        [
            "start shop items.get Read",
            "attempt 1: sending deadline after 5 s",
            "again after 1: lost, 0 s",
            "attempt 2: sending deadline after 3 s",
            "end: timeout, no response, 2 attempts, 8 s",
        ]
    );

    let engine = setup.engine_with(Arc::new(Slow));
    read(&engine).await.unwrap_err();
    assert_eq!(
        diary.take(),
        ["start shop items.get Read", "end: timeout, no response, 0 attempts, 120 s"],
        "waiting for a credential"
    );
}

#[tokio::test]
async fn a_response_that_cannot_be_read() {
    let Observed { setup, diary } = observed(script().json(200, "{").json(200, "{"));
    read(&setup.engine()).await.unwrap_err();
    read(&setup.engine()).reply().await.unwrap_err();
    let told = diary.take();
    assert_eq!(told[2], "end: decode, 200, 1 attempts, 0 s");
    assert_eq!(told[5], told[2]);
}

#[tokio::test]
async fn a_call_whose_future_is_dropped() {
    let Observed { mut setup, diary } = observed(script().status(503).hang());
    let time = ManualTime::new();
    setup.settings.set_time(time.clock(), time.timer());
    let call = tokio::spawn(read(&setup.engine()).into_future());
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    time.advance(Duration::from_secs(4));
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    assert_eq!(
        diary.take(),
        [
            "start shop items.get Read",
            "attempt 1: 503 after 0 s",
            "again after 1: transient, 0 s",
            "end: cancelled, 503, 2 attempts, 4 s",
        ]
    );

    // What is never polled never starts.
    drop(read(&setup.engine()).into_future());
    assert_eq!(diary.take(), [""; 0]);
}

#[tokio::test]
async fn a_call_that_cannot_be_sent_never_starts() {
    let Observed { setup, diary } = observed(script());
    let call: auth_client_core::Call<()> =
        setup.engine().request(&common::READ, &["".into()]).call(decode::empty);
    call.await.unwrap_err();
    assert_eq!(diary.take(), [""; 0]);
}

#[tokio::test]
async fn the_clients_own_limit() {
    let Observed { mut setup, diary } = observed(script().json(200, "1"));
    setup.settings.set_rate_limiter(Arc::new(Once::default()));
    let engine = setup.engine();
    read(&engine).await.unwrap();
    write(&engine).await.unwrap_err();
    assert_eq!(
        diary.take(),
        [
            "start shop items.get Read",
            "held back, 3 s",
            "attempt 1: 200 after 0 s",
            "end: success, 200, 1 attempts, 3 s",
            "start shop items.create Write",
            "rejected, 9 s",
            "end: throttled, no response, 0 attempts, 0 s",
        ]
    );
}

/// Gets a token, or none.
#[derive(Debug)]
struct Login {
    time: ManualTime,
    works: bool,
}

#[async_trait]
impl Renew for Login {
    type Material = SecretString;

    async fn renew(&self, _: Option<Arc<SecretString>>) -> Result<Renewed<SecretString>, CredentialError> {
        self.time.advance(Duration::from_secs(2));
        if !self.works {
            return Err(CredentialError::refused("no such user"));
        }
        let lifetime = Lifetime::For(Duration::from_secs(3600));
        Ok(Renewed { material: SecretString::from("new"), lifetime })
    }

    fn signer(&self, material: &SecretString) -> Result<Arc<dyn Sign>, InvalidCredential> {
        Ok(Arc::new(Bearer::new(material)?))
    }
}

#[tokio::test]
async fn a_refused_credential_is_renewed_and_the_call_replayed() {
    let Observed { setup, diary } = observed(script().status(401).json(200, "1"));
    let login = Login { time: setup.time.clone(), works: true };
    let source =
        RenewingCredential::new("shop", login, origin(), &setup.settings, RenewalSettings::default());
    source.install(SecretString::from("old"), Lifetime::Unknown).unwrap();
    read(&setup.engine_with(Arc::new(source))).await.unwrap();
    assert_eq!(
        diary.take(),
        [
            "start shop items.get Read",
            "attempt 1: 401 after 0 s",
            "again after 1: credential_refused, 0 s",
            "renewal of shop: renewed after 2 s",
            "attempt 2: 200 after 0 s",
            "end: success, 200, 2 attempts, 2 s, replayed",
        ]
    );
}

#[tokio::test]
async fn a_renewal_that_fails_ends_the_call() {
    let Observed { setup, diary } = observed(script());
    let login = Login { time: setup.time.clone(), works: false };
    let source =
        RenewingCredential::new("shop", login, origin(), &setup.settings, RenewalSettings::default());
    read(&setup.engine_with(Arc::new(source))).await.unwrap_err();
    assert_eq!(
        diary.take(),
        [
            "start shop items.get Read",
            "renewal of shop: login_required after 2 s",
            "end: credentials, no response, 0 attempts, 2 s",
        ]
    );
}

/// Writes down the events as they are.
#[derive(Clone, Debug, Default)]
struct Verbatim(Arc<Mutex<String>>);

impl Verbatim {
    fn note(&self, event: &dyn std::fmt::Debug) {
        self.0.lock().unwrap().push_str(&format!("{event:?}\n"));
    }
}

impl Observer for Verbatim {
    fn call_started(&self, event: &CallStarted) {
        self.note(event);
    }

    fn attempt_ended(&self, event: &AttemptEnded) {
        self.note(event);
    }

    fn retrying(&self, event: &Retrying) {
        self.note(event);
    }

    fn call_ended(&self, event: &CallEnded) {
        self.note(event);
    }
}

#[tokio::test]
async fn no_event_holds_what_was_sent_or_received() {
    let canary = Canary::new("c4n4ry-Pa55/word+93ab");
    let secret = canary.secret();
    let transport = script().response(503, &[("x-echo", secret)], secret.to_owned()).response(
        302,
        &[("location", &format!("https://x.example/{secret}"))],
        secret.to_owned(),
    );
    let Observed { mut setup, .. } = observed(transport);
    let log = Verbatim::default();
    // In an Arc, as for several clients.
    setup.settings.set_observer(Arc::new(Arc::new(log.clone())));
    let call = setup.engine().request(&common::PUT, &[secret.into()]).query("q", secret).json(&secret);
    call.call::<common::Json, auth_client_core::Error>(decode::json).await.unwrap_err();
    let text = log.0.lock().unwrap().clone();
    assert_eq!(text.lines().count(), 5, "{text}");
    assert_eq!(canary.form_in(&text), None, "{text}");
}

#[test]
fn names_for_labels_are_the_variants_in_snake_case() {
    let snake = |name: String| {
        name.chars().fold(String::new(), |mut text, letter| {
            if letter.is_uppercase() && !text.is_empty() {
                text.push('_');
            }
            text.extend(letter.to_lowercase());
            text
        })
    };
    for fault in [Fault::Io, Fault::Timeout, Fault::Tls, Fault::TooLarge, Fault::Address] {
        assert_eq!(fault.as_str(), snake(format!("{fault:?}")));
    }
    for phase in [Phase::Connecting, Phase::Sending] {
        assert_eq!(phase.as_str(), snake(format!("{phase:?}")));
    }
    use auth_client_core::ErrorKind::{Conflict, InvalidInput, NotFound, Timeout, TooLarge, Unauthenticated};
    for kind in [Conflict, InvalidInput, NotFound, Timeout, TooLarge, Unauthenticated] {
        assert_eq!(kind.as_str(), snake(format!("{kind:?}")));
    }
}
