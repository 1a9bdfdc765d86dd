//! A subscriber that panics while the HTTP library holds the mutex of its pool.

use super::Subject;
use crate::common::{read, write};
use crate::engine;
use auth_client_core::{RetryPolicy, TransportSettings};
use httpmock::MockServer;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata};

/// Panics at the event of the HTTP library with this number.
struct Panics {
    at: usize,
    events: Arc<AtomicUsize>,
}

impl tracing::Subscriber for Panics {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("hyper_util")
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {
        // With the text of a poisoned mutex, which says nothing about the pool's.
        assert_ne!(self.events.fetch_add(1, Ordering::Relaxed), self.at, "lock poisoned: PoisonError");
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn a_subscriber_that_panics_once_costs_no_later_call() {
    let server = MockServer::start_async().await;
    server.mock(|_, then| {
        then.status(200).body("1");
    });
    let mut panics = 0;
    for at in 0..40 {
        let transport = Subject::new(TransportSettings::new()).unwrap();
        let engine = engine(transport, &server.base_url(), RetryPolicy::default());
        let events = Arc::<AtomicUsize>::default();
        let guard = tracing::subscriber::set_default(Panics { at, events: Arc::clone(&events) });
        for _ in 0..3 {
            // It may panic itself.
            let _ = tokio::spawn(read(&engine).into_future()).await;
        }
        drop(guard);
        panics += usize::from(events.load(Ordering::Relaxed) > at);
        for _ in 0..3 {
            write(&engine).await.unwrap_or_else(|error| panic!("event {at}: {error:?}"));
        }
    }
    assert!(panics > 3, "the library logs {panics} events");
}

/// The panic may come after the response.
#[tokio::test]
async fn a_write_is_sent_at_most_once() {
    let server = MockServer::start_async().await;
    let mock = server.mock(|_, then| {
        then.status(204);
    });
    let mut failed = 0;
    for at in 0..40 {
        let transport = Subject::new(TransportSettings::new()).unwrap();
        let engine = engine(transport, &server.base_url(), RetryPolicy::default());
        let before = mock.calls_async().await;
        let events = Arc::<AtomicUsize>::default();
        let guard = tracing::subscriber::set_default(Panics { at, events: Arc::clone(&events) });
        for _ in 0..2 {
            failed +=
                usize::from(tokio::spawn(write(&engine).into_future()).await.is_ok_and(|done| done.is_err()));
        }
        drop(guard);
        assert!(mock.calls_async().await - before <= 2, "event {at}");
    }
    assert!(failed > 0, "no panic has met a write");
}
