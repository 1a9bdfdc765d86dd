//! A provider behind a listener, and the namespace of a request to it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use http::Method;
use http::request::Parts;

use crate::framework::checks::Checks;
use crate::framework::faults::Fault;
use crate::framework::journal::{JournalEntry, Sent, truncated};
use crate::framework::provider::Provider;
use crate::framework::redact::{Secrets, readings, redact_query};
use crate::framework::route::{self, Found};
use crate::namespace::registry::{DEFAULT, NamespaceError, Registry, Selected, in_path};
use crate::server::body::{Received, read_body};
use crate::server::host::Hosts;
use crate::server::listener::Served;
use crate::server::reply::local_path;

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

impl Served for Mounted {
    fn fault_of_connection(&self) -> Option<Fault> {
        // Connections belong to the default namespace.
        if self.owner.as_deref().is_some_and(|owner| owner != DEFAULT) {
            return None;
        }
        let main = self.namespaces.main();
        main.core.faults.take_on_connect(main.provider_at(self.provider).spec().name)
    }

    fn refused(&self, method: &str, path: &str, status: Option<u16>, reason: &str) -> Option<String> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (name, prefix) = in_path(path).unwrap_or((self.owner.as_deref().unwrap_or(DEFAULT), 0));
        let space = self.namespaces.find(name).unwrap_or_else(|_| Arc::clone(self.namespaces.main()));
        let provider = space.provider_at(self.provider);
        let (spec, local) = (provider.spec(), local_path(path, prefix));
        let parsed = Method::from_bytes(method.as_bytes()).unwrap_or_default();
        let found = look_up(&*provider, self.listener, &parsed, local);
        let mut shown = found.shown_path(local, spec.secret_params);
        let mut secrets = Secrets::default();
        secrets.add_of(&*provider);
        secrets.add_issued_in(&*provider, &[path, query].map(readings).concat());
        let query = redact_query(query, spec.shown_query, Some(&secrets));
        secrets.hide_in_strings([&mut shown]);
        let id = space.request_id(self.provider);
        let mut checks = Checks::default();
        checks.fail("request", reason);
        space.core.journal.begin(JournalEntry {
            request_id: id.clone(),
            provider: spec.name,
            time: space.core.clock.now(),
            method: truncated(method),
            path: truncated(&shown),
            query,
            operation: None,
            caller: None,
            headers: BTreeMap::new(),
            body_size: 0,
            body: None,
            status,
            fault: None,
        });
        space.core.journal.complete(&id, Sent::default(), |entry| entry.checks = checks.into_list());
        Some(id)
    }
}

/// The operation of a request, by its method and the path after the part that names the namespace.
pub(super) fn look_up(provider: &dyn Provider, listener: usize, method: &Method, path: &str) -> Found {
    let routed = provider.routed(method, path);
    let (method, path) = routed.as_ref().map_or((method, path), |(method, path)| (method, *path));
    route::find(provider.spec().routes_of(listener), provider.lenient_paths(), method, path)
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
