//! The page at the control port: static files in the program, and the events that keep it up to date. It uses the control API like
//! any other client; only the page itself requires no token, because it contains nothing.

use std::pin::Pin;
use std::sync::{Arc, LazyLock, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{Query, Request};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header;
use hyper::body::Frame;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use super::actions::Actions;
use crate::framework::journal::Recorded;
use crate::namespace::space::Space;
use crate::server::listener::Stopping;

const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// The page, and the policy that allows exactly its own style and script.
static PAGE: LazyLock<(String, String)> = LazyLock::new(|| {
    let page = include_str!("page/page.html").replace("/*STYLE*/", STYLE).replace("/*SCRIPT*/", SCRIPT);
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    (page, policy)
});

/// How often the journal is compared with what was sent.
const LOOK: Duration = Duration::from_millis(100);
/// After this much silence something is sent, so that a client that has left is noticed.
const SILENCE: u32 = 150;

pub(super) fn routes() -> Router {
    Router::new().route("/", get(page)).route("/events", get(events))
}

/// Paths that require no token.
pub(super) fn is_open(path: &str) -> bool {
    path == "/"
}

async fn page() -> Response {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, PAGE.1.as_str()),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Html(PAGE.0.as_str())).into_response()
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct After {
    after: Option<String>,
}

/// The requests after the one with the id `after`, as server-sent events, and then each new one.
async fn events(
    Extension(actions): Extension<Arc<Actions>>,
    Query(After { after }): Query<After>,
    request: Request,
) -> Response {
    let stopping = request.extensions().get::<Stopping>().cloned();
    let (sender, receiver) = mpsc::channel(4);
    let space = Arc::downgrade(&actions.space);
    tokio::spawn(async move {
        let stopped = async {
            match stopping {
                Some(Stopping(mut stop)) => drop(stop.changed().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = follow(space, after, &sender) => {}
            () = stopped => {}
        }
    });
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    (headers, Body::new(Events(receiver))).into_response()
}

/// Ends when the client leaves, and with the namespace, whose listeners an open page must not keep open.
async fn follow(space: Weak<Space>, mut last: Option<String>, sender: &mpsc::Sender<Bytes>) {
    // Requests without a response yet; they are sent again when they have one.
    let mut open: Vec<String> = Vec::new();
    let mut silence = 0;
    while let Some(space) = space.upgrade() {
        let journal = &space.core.journal;
        let mut text = String::new();
        let new = journal.after(last.as_deref()).unwrap_or_else(|| {
            text.push_str("event: reset\ndata:\n\n");
            open.clear();
            last = None;
            journal.after(None).unwrap_or_default()
        });
        open.retain(|id| match journal.find(id) {
            Some(entry) if entry.response.is_none() => true,
            Some(entry) => {
                push(&mut text, &entry);
                false
            }
            None => false,
        });
        for entry in new {
            if entry.response.is_none() {
                open.push(entry.id().to_owned());
            }
            push(&mut text, &entry);
            last = Some(entry.id().to_owned());
        }
        drop(space);
        silence += 1;
        if text.is_empty() && silence >= SILENCE {
            text.push_str(":\n\n");
        }
        if !text.is_empty() {
            silence = 0;
            if sender.send(text.into()).await.is_err() {
                return;
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = sender.closed() => return,
        }
    }
}

fn push(text: &mut String, entry: &Recorded) {
    let json = serde_json::to_string(entry).unwrap_or_default();
    text.push_str("data: ");
    text.push_str(&json);
    text.push_str("\n\n");
}

struct Events(mpsc::Receiver<Bytes>);

impl HttpBody for Events {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.poll_recv(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_small_and_loads_nothing() {
        let (page, policy) = &*PAGE;
        assert!(page.len() < 60 * 1024, "{}", page.len());
        assert!(page.contains("grid-template-columns") && page.contains("'use strict'"));
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
        for outside in ["src=", "@import", " url(", "innerHTML", "insertAdjacent", "eval(", "document.write"]
        {
            assert!(!page.contains(outside), "{outside}");
        }
        // A style in an attribute is not allowed by the policy.
        assert!(!page.contains("style="));
    }
}
