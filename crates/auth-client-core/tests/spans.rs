//! The names and fields of spans and events, which the documentation of the crate lists and programs rely on.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]
#![cfg(feature = "tracing")]

mod common;

use async_trait::async_trait;
use auth_client_core::RetryPolicy;
use auth_client_core::provider::auth_core::token::{Lifetime, RenewalSettings};
use auth_client_core::provider::auth_core::{
    CredentialError, InvalidCredential, SecretString, Sign, scheme::Bearer,
};
use auth_client_core::provider::{Renew, Renewed, RenewingCredential};
use auth_client_core::testing::ScriptedTransport;
use common::{Once, Setup, origin, read, write};
use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Everything that this crate logs, one line each: level, name, fields.
#[derive(Clone, Default)]
struct Capture(Arc<Mutex<Vec<String>>>);

/// The fields of a span or event, written one after the other.
#[derive(Default)]
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        write!(self.0, " {}={value}", field.name()).unwrap();
    }
}

impl Capture {
    fn start() -> (Self, DefaultGuard) {
        let capture = Self::default();
        let guard = tracing_subscriber::registry().with(capture.clone()).set_default();
        (capture, guard)
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Capture {
    fn on_new_span(&self, span: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        span.record(&mut fields);
        let mut line = format!("{} {}{}", span.metadata().level(), span.metadata().name(), fields.0);
        let span = context.span(id).unwrap();
        if let Some(parent) = span.parent() {
            write!(line, " in {}", parent.name()).unwrap();
        }
        self.0.lock().unwrap().push(line);
        span.extensions_mut().insert(Fields::default());
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        let name = |id| context.span(id).unwrap().name();
        self.0.lock().unwrap().push(format!("{} follows from {}", name(id), name(follows)));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let span = context.span(id).unwrap();
        values.record(span.extensions_mut().get_mut::<Fields>().unwrap());
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let within = context.event_span(event).map_or("nothing", |span| span.name());
        let (level, name) = (event.metadata().level(), event.metadata().name());
        self.0.lock().unwrap().push(format!("{level} {name}{} in {within}", fields.0));
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let span = context.span(&id).unwrap();
        let extensions = span.extensions();
        let recorded = &extensions.get::<Fields>().unwrap().0;
        self.0.lock().unwrap().push(format!("end of {}{recorded}", span.name()));
    }
}

fn setup(transport: ScriptedTransport) -> Setup {
    let mut setup = Setup::new(transport);
    setup.settings.set_retry(RetryPolicy::default().base_delay(std::time::Duration::ZERO));
    setup
}

const START: &str = "DEBUG api_call otel.kind=client provider=shop operation=items.get server.address=shop.example \
    http.request.method=GET";

#[tokio::test]
async fn attempts_and_retries() {
    let (capture, _guard) = Capture::start();
    let transport = ScriptedTransport::new().broken().status(503).json(200, "1");
    read(&setup(transport).engine()).await.unwrap();
    assert_eq!(
        capture.take(),
        [
            START,
            "DEBUG api_call.attempt_failed message=attempt failed attempt=1 phase=sending error.type=io elapsed_ms=0 \
             in api_call",
            "INFO api_call.retrying message=retrying attempt=1 reason=lost delay_ms=0 in api_call",
            "DEBUG api_call.response message=answered attempt=2 http.response.status_code=503 elapsed_ms=0 in api_call",
            "INFO api_call.retrying message=retrying attempt=2 reason=transient delay_ms=0 in api_call",
            "DEBUG api_call.response message=answered attempt=3 http.response.status_code=200 elapsed_ms=0 in api_call",
            "end of api_call http.response.status_code=200 http.request.resend_count=2",
        ]
    );
}

#[tokio::test]
async fn how_a_call_ends() {
    let (capture, _guard) = Capture::start();
    let end = |transport: ScriptedTransport| {
        let capture = capture.clone();
        async move {
            let _ = read(&setup(transport).engine()).await;
            capture.take().pop().unwrap()
        }
    };
    let script = ScriptedTransport::new;
    assert_eq!(end(script().json(200, "1")).await, "end of api_call http.response.status_code=200");
    assert_eq!(
        end(script().status(404)).await,
        "end of api_call http.response.status_code=404 error.type=not_found"
    );
    assert_eq!(
        end(script().json(200, "{")).await,
        "end of api_call http.response.status_code=200 error.type=decode"
    );
    let call = read(&setup(script().hang()).engine()).into_future();
    assert!(is_pending_at_first(call).await);
    assert_eq!(capture.take().pop().unwrap(), "end of api_call error.type=cancelled");
}

/// Polls a future once and drops it; whether it was pending.
async fn is_pending_at_first<F: Future + Unpin>(mut future: F) -> bool {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(std::pin::Pin::new(&mut future).poll(context).is_pending())
    })
    .await
}

#[tokio::test]
async fn the_clients_own_limit() {
    let (capture, _guard) = Capture::start();
    let mut setup = setup(ScriptedTransport::new().status(503));
    setup.settings.set_rate_limiter(Arc::new(Once::default()));
    write(&setup.engine()).await.unwrap_err();
    write(&setup.engine()).await.unwrap_err();
    let held: Vec<String> = capture.take().into_iter().filter(|line| line.contains("rate_limited")).collect();
    assert_eq!(
        held,
        [
            "INFO api_call.rate_limited message=limited by the client's rate limiter wait_ms=3000 rejected=false in api_call",
            "INFO api_call.rate_limited message=limited by the client's rate limiter wait_ms=9000 rejected=true in api_call",
        ]
    );
}

#[derive(Debug)]
struct Login;

#[async_trait]
impl Renew for Login {
    type Material = SecretString;

    async fn renew(&self, _: Option<Arc<SecretString>>) -> Result<Renewed<SecretString>, CredentialError> {
        Ok(Renewed { material: SecretString::from("new"), lifetime: Lifetime::Unknown })
    }

    fn signer(&self, material: &SecretString) -> Result<Arc<dyn Sign>, InvalidCredential> {
        Ok(Arc::new(Bearer::new(material)?))
    }
}

#[tokio::test]
async fn a_renewal() {
    let (capture, _guard) = Capture::start();
    let setup = setup(ScriptedTransport::new().status(401).json(200, "1"));
    let source =
        RenewingCredential::new("shop", Login, origin(), &setup.settings, RenewalSettings::default());
    source.install(SecretString::from("old"), Lifetime::Unknown).unwrap();
    read(&setup.engine_with(Arc::new(source))).await.unwrap();
    tokio::task::yield_now().await;
    let mut lines = capture.take();
    // The task of the renewal ends on its own.
    lines.sort_by_key(|line| line.contains("credential_renewal"));
    assert_eq!(
        lines,
        [
            START,
            "DEBUG api_call.response message=answered attempt=1 http.response.status_code=401 elapsed_ms=0 in api_call",
            "INFO api_call.credential_refused message=credential refused, requesting another attempt=1 in api_call",
            "DEBUG api_call.response message=answered attempt=2 http.response.status_code=200 elapsed_ms=0 in api_call",
            "end of api_call http.response.status_code=200 http.request.resend_count=1",
            "DEBUG credential_renewal provider=shop",
            "credential_renewal follows from api_call",
            "INFO credential_renewal.ended message=renewal ended outcome=renewed elapsed_ms=0 in credential_renewal",
            "end of credential_renewal outcome=renewed",
        ]
    );
}

#[test]
fn the_documentation_names_them_all() {
    let source = include_str!("../src/observe/spans.rs");
    let docs: String = include_str!("../src/lib.rs").lines().filter(|line| line.starts_with("//!")).collect();
    let mut names = BTreeMap::new();
    for line in source.lines() {
        let quoted = |line: &str| line.split('"').nth(1).map(str::to_owned);
        if line.trim_start().starts_with("name: ") || line.contains("name: \"") {
            names.insert(quoted(line).unwrap(), ());
        }
    }
    assert_eq!(names.len(), 6, "{names:?}");
    for name in names.keys().map(String::as_str).chain(["api_call", "credential_renewal"]) {
        assert!(docs.contains(&format!("`{name}`")), "the documentation of the crate does not name `{name}`");
    }
}
