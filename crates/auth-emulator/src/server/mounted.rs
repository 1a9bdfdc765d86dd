//! A provider behind a listener, and the namespace of a request to it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use http::request::Parts;

use crate::namespace::registry::{NamespaceError, Registry, Selected};
use crate::server::body::{Received, read_body};
use crate::server::host::Hosts;

/// One provider behind one listener.
pub(crate) struct Mounted {
    pub namespaces: Arc<Registry>,
    /// The position of the provider in `Space::list`.
    pub provider: usize,
    pub listener: usize,
    /// The namespace of a listener that only one has.
    pub owner: Option<String>,
    /// `http` or `https`.
    pub scheme: &'static str,
    pub hosts: Hosts,
    /// The longest time that a body may take.
    pub patience: Duration,
}

impl Mounted {
    /// The namespace of a request, and the body if it had to be read for that.
    pub(super) async fn select(
        &self,
        parts: &Parts,
        body: &mut Body,
    ) -> (Result<Selected, NamespaceError>, Received) {
        let mut received = Received::nothing();
        if self.namespaces.needs_body(parts) && !body.is_end_stream() {
            received = read_body(std::mem::take(body), self.patience).await;
        }
        let form: &[u8] = if let Received::Whole(form) = &received { form } else { &[] };
        let selected = self.namespaces.of_request(self.provider, self.owner.as_deref(), parts, form);
        (selected, received)
    }
}
