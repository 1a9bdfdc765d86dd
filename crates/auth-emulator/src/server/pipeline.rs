//! The path of one request to a provider: `Host`, size, route, fault, provider, journal, response. Checks that all providers
//! share are made here, so that no provider can forget one.

mod record;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode, header};

use crate::framework::caller::caller;
use crate::framework::checks::Checks;
use crate::framework::exchange::{Call, Done, Reply, header_once};
use crate::framework::faults::{Effect, Fault, Matched};
use crate::framework::provider::{LongPart, Provider, Rejection};
use crate::framework::redact::Secrets;
use crate::framework::route::Found;
use crate::framework::timestamp::Timestamp;
use crate::namespace::registry::{Registry, Selected};
use crate::namespace::space::Space;
use crate::server::body::{Received, read_body, whole};
use crate::server::host::wrong_host;
use crate::server::inject;
use crate::server::long_part;
use crate::server::mounted::{Mounted, look_up};
use crate::server::reply::{
    injected, local_path, marked, no_namespace, not_learned, skewed, to_response, with_prefix,
};

/// Responds to one request.
pub(crate) async fn respond(mounted: &Mounted, request: Request<Body>) -> Response<Body> {
    let (parts, mut body) = request.into_parts();
    let mut checks = Checks::default();
    let refused = wrong_host(&parts, &mounted.hosts, &mut checks);
    let (selected, received) = match refused {
        None => mounted.select(&parts, &mut body).await,
        // A web page under another name must not create a namespace.
        Some(_) => {
            let space = Arc::clone(mounted.namespaces.main());
            (Ok(Selected { space, prefix: 0, by_credential: false }), Received::nothing())
        }
    };
    let selected = match selected {
        Ok(selected) => selected,
        Err(error) => return no_namespace(&error, mounted.namespaces.main().core.clock.now()),
    };
    let space = Arc::clone(&selected.space);
    checks.relax(space.core.relaxations.clone());
    // One request at a time for each provider: waiting here blocks no thread, waiting for the provider's lock would.
    let mut turn = space.turn(mounted.provider).lock().await;
    let mut exchange = Exchange::begin(mounted, selected, refused, checks, parts);
    exchange.body = received;
    let fault = exchange.take_fault();
    let is_early = fault.as_ref().is_some_and(|(fault, _)| inject::is_early(fault));
    if !is_early && !body.is_end_stream() {
        drop(turn);
        exchange.body = read_body(body, mounted.patience).await;
        turn = space.turn(mounted.provider).lock().await;
    }
    let long_part = if is_early { None } else { exchange.long_part() };
    if let Some(long_part) = long_part {
        drop(turn);
        exchange.done = long_part::run(long_part).await;
        turn = space.turn(mounted.provider).lock().await;
    }
    exchange.record(fault.as_ref().map(|(fault, _)| fault));
    let Some((fault, effect)) = fault else {
        let reply = exchange.execute_counted();
        let response = exchange.finish(Some(reply), None);
        drop(turn);
        return response;
    };
    drop(turn);
    let reply = exchange.execute_with_fault(&fault, effect).await;
    let _turn = space.turn(mounted.provider).lock().await;
    exchange.finish(reply, Some(&fault))
}

struct Exchange<'m> {
    space: Arc<Space>,
    provider: Arc<dyn Provider>,
    /// The position of the provider in `Space::list`.
    position: usize,
    listener: usize,
    scheme: &'static str,
    namespaces: &'m Registry,
    /// The length of the part of the path that names the namespace.
    prefix: usize,
    by_credential: bool,
    request_id: String,
    parts: Parts,
    body: Received,
    done: Option<Done>,
    checks: Checks,
    /// What must not be shown of the request.
    secrets: Secrets,
    /// The response to a request for another host.
    refused: Option<Reply>,
    found: Option<Found>,
    operation: Option<&'static str>,
    caller: Option<String>,
    now: Timestamp,
    began: Instant,
    effects: BTreeMap<&'static str, u64>,
    /// Clock skew injected by a fault.
    skew_seconds: i64,
}

impl<'m> Exchange<'m> {
    fn begin(
        mounted: &'m Mounted,
        selected: Selected,
        refused: Option<Reply>,
        checks: Checks,
        parts: Parts,
    ) -> Self {
        let Selected { space, prefix, by_credential } = selected;
        let provider = space.provider_at(mounted.provider);
        let core = &space.core;
        let now = core.clock.now();
        let request_id = space.request_id(mounted.provider);
        let local = local_path(parts.uri.path(), prefix);
        let found = refused.is_none().then(|| look_up(&*provider, mounted.listener, &parts.method, local));
        let operation = match &found {
            Some(Found::Operation { route, .. }) => Some(route.operation),
            _ => None,
        };
        let caller = caller(&parts.headers);
        let Mounted { provider: position, listener, .. } = mounted;
        let (position, listener) = (*position, *listener);
        Self {
            space,
            provider,
            position,
            listener,
            scheme: mounted.scheme,
            refused,
            namespaces: &mounted.namespaces,
            prefix,
            by_credential,
            request_id,
            parts,
            body: Received::nothing(),
            done: None,
            checks,
            secrets: Secrets::default(),
            found,
            operation,
            caller,
            now,
            began: record::real_now(),
            effects: BTreeMap::new(),
            skew_seconds: 0,
        }
    }

    fn take_fault(&mut self) -> Option<(Fault, Effect)> {
        let faults = &self.space.core.faults;
        if self.found.is_none() || faults.is_empty() {
            return None;
        }
        let taken = faults.take(&Matched {
            provider: self.provider.spec().name,
            operation: self.operation,
            method: self.parts.method.as_str(),
            path: local_path(self.parts.uri.path(), self.prefix),
            caller: self.caller.as_deref(),
            headers: &self.parts.headers,
        });
        if let Some((Fault::Skew { skew_seconds }, _)) = &taken {
            self.skew_seconds = *skew_seconds;
        }
        taken
    }

    /// The part of the operation that takes long. Only a secret needs one.
    fn long_part(&self) -> Option<LongPart> {
        match (&self.found, &self.body) {
            (Some(Found::Operation { route, params, .. }), Received::Whole(body)) if route.sensitive => {
                self.provider.long_part(&self.call(route.operation, params.clone(), body))
            }
            _ => None,
        }
    }

    fn call(&self, operation: &'static str, params: Vec<(&'static str, String)>, body: &Bytes) -> Call {
        Call {
            operation,
            method: self.parts.method.clone(),
            path: self.parts.uri.path().to_owned(),
            prefix: self.parts.uri.path().get(..self.prefix).unwrap_or_default().to_owned(),
            query: self.parts.uri.query().map(str::to_owned),
            scheme: self.scheme,
            host: header_once(&self.parts.headers, "host").unwrap_or_default().to_owned(),
            headers: self.parts.headers.clone(),
            body: body.clone(),
            params,
            now: skewed(self.space.core.clock.now(), self.skew_seconds),
            listener: self.listener,
            done: self.done.clone(),
        }
    }

    /// `None`: send no response.
    async fn execute_with_fault(&mut self, fault: &Fault, effect: Effect) -> Option<Reply> {
        let is_replaced = fault.replaces_response();
        if effect == Effect::After && is_replaced {
            self.checks.fail("fault", "an injected fault came first; the operation was not executed");
        }
        if let (Fault::Delay { delay_ms }, Effect::After) = (fault, effect) {
            tokio::time::sleep(Duration::from_millis(*delay_ms)).await;
        }
        let done = match effect {
            Effect::After if is_replaced => None,
            _ => Some(self.execute_in_turn().await),
        };
        if let (Fault::Delay { delay_ms }, Effect::Before) = (fault, effect) {
            tokio::time::sleep(Duration::from_millis(*delay_ms)).await;
        }
        match fault {
            Fault::Status { status, headers, body } => Some(injected(*status, headers, body)),
            Fault::Raw { .. } | Fault::Close { .. } => None,
            _ => {
                let mut reply = done.unwrap_or_else(|| Reply::empty(StatusCode::OK));
                inject::change(fault, &mut reply);
                Some(reply)
            }
        }
    }

    async fn execute_in_turn(&mut self) -> Reply {
        let space = Arc::clone(&self.space);
        let _turn = space.turn(self.position).lock().await;
        self.execute_counted()
    }

    fn reject(&mut self, check: &'static str, rejection: Rejection) -> Reply {
        self.checks.fail(check, rejection.message());
        let Parts { method, uri, headers, .. } = &self.parts;
        let host = header_once(headers, "host").unwrap_or_default();
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        self.provider.reject(rejection, method, &format!("{}://{host}{target}", self.scheme))
    }

    fn execute(&mut self) -> Reply {
        if let Received::Broken { received, status, reason } = &self.body {
            let reason =
                format!("the body broke off after {received} bytes, so nothing was executed: {reason}");
            let reply = Reply::json(*status, &serde_json::json!({ "message": reason }));
            self.checks.fail("body", reason);
            return reply;
        }
        let Some(found) = self.found.take() else {
            let refused = self.refused.take();
            return refused.unwrap_or_else(|| self.reject("route", Rejection::UnknownPath));
        };
        let body = match whole(&self.parts, &self.body) {
            Ok(body) => body.clone(),
            Err((check, rejection)) => return self.reject(check, rejection),
        };
        let (route, params, inexact) = match found {
            Found::Operation { route, params, inexact } => (route, params, inexact),
            Found::UnknownPath => return self.reject("route", Rejection::UnknownPath),
            Found::BadEncoding => return self.reject("route", Rejection::BadEncoding),
            Found::WrongMethod { allow, .. } => {
                let reply = self.reject("route", Rejection::WrongMethod);
                let allow = HeaderValue::try_from(allow).unwrap_or(HeaderValue::from_static(""));
                return reply.header(header::ALLOW, allow);
            }
        };
        let provider = &self.provider;
        if provider.spec().unimplemented.contains(&route.operation) {
            self.checks.fail("route", "the emulator does not implement this operation");
            return Reply::unimplemented(route.operation);
        }
        if inexact {
            let remark = "the path differs from the documented one by case, or by a slash at the end";
            self.checks.pass_with("route", remark);
        } else {
            self.checks.pass("route");
        }
        let call = self.call(route.operation, params, &body);
        let reply = provider.handle(&call, &mut self.checks);
        with_prefix(reply, self.parts.uri.path().get(..self.prefix).unwrap_or_default())
    }

    fn finish(mut self, mut reply: Option<Reply>, fault: Option<&Fault>) -> Response<Body> {
        let learned = reply.as_ref().map(|reply| self.namespaces.learn(self.position, &self.space, reply));
        // Where the path or a header names the namespace, it doesn't matter.
        if let Some(Err(error)) = learned.filter(|_| self.by_credential) {
            self.checks.fail("namespace", error.to_string());
            reply = Some(not_learned(&error));
        }
        let status = reply.as_ref().map(|reply| reply.status);
        let relaxed = self.checks.relaxations().join(", ");
        let path = self.note(reply.as_ref());
        let core = &self.space.core;
        tracing::info!(
            time = %self.now,
            provider = self.provider.spec().name,
            namespace = self.space.name,
            method = %self.parts.method,
            path,
            status = status.map_or(0, |status| status.as_u16()),
            fault = fault.map(Fault::description),
            request_id = %self.request_id,
        );
        let now = skewed(core.clock.now(), self.skew_seconds);
        let reply = reply.map(|reply| marked(reply, &self.request_id, &relaxed, now));
        let wire =
            if fault.is_none() { None } else { inject::plan(fault, reply.as_ref(), &self.parts.method) };
        let mut response = to_response(reply.unwrap_or_else(|| Reply::empty(StatusCode::OK)));
        if let Some(wire) = wire {
            response.extensions_mut().insert(wire);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use http::Method;
    use serde_json::{Value, json};

    use super::*;
    use crate::framework::instance::Captured;
    use crate::framework::pending::{Decision, DecisionError, PendingCode};
    use crate::framework::provider::Spec;
    use crate::framework::route::Route;
    use crate::framework::settings::ActionError;

    static SPEC: Spec = Spec {
        name: "fake",
        routes: &[&[
            Route::read("redeem", Method::GET, "/codes/{code}/redeem", 200),
            Route::write("gap", Method::POST, "/codes", 200),
        ]],
        extra_routes: &[],
        seed_routes: &[],
        unimplemented: &["gap"],
        assumed: |_| false,
        ignore_case: false,
        extra_listeners: 1,
        secret_variables: &[],
        secret_params: &["code"],
        shown_headers: &["x-shown"],
        shown_query: &["page"],
        relaxations: &[],
    };

    /// Returns what it received.
    struct Fake;

    impl Provider for Fake {
        fn spec(&self) -> &'static Spec {
            &SPEC
        }
        fn base_url(&self) -> String {
            String::new()
        }
        fn env(&self) -> Vec<(&'static str, String)> {
            Vec::new()
        }
        fn handle(&self, call: &Call, _: &mut Checks) -> Reply {
            let received = json!([call.operation, call.param("code"), call.path, call.query, call.listener]);
            Reply::json(StatusCode::OK, &received)
        }
        fn reject(&self, rejection: Rejection, _: &Method, _: &str) -> Reply {
            Reply::empty(rejection.status())
        }
        fn reset(&self) {}
        fn reset_all(&self) {}
        fn capture(&self) -> Captured {
            None
        }
        fn put_back(&self, _: &Captured, _: bool) {}
        fn try_seed(&self) -> Result<(), crate::framework::seed::SeedProblem> {
            Ok(())
        }
        fn export(&self) -> Result<Value, ActionError> {
            Ok(Value::Null)
        }
        fn import(&self, _: &Value) -> Result<Captured, ActionError> {
            Ok(None)
        }
        fn settings(&self) -> Value {
            Value::Null
        }
        fn change_settings(&self, _: &Value) -> Result<(), ActionError> {
            Ok(())
        }
        fn pending_codes(&self) -> Vec<PendingCode> {
            Vec::new()
        }
        fn decide(&self, id: &str, _: Decision) -> Result<(), DecisionError> {
            Err(DecisionError::NotFound(id.to_owned()))
        }
        fn act(&self, _: &str, _: &Value) -> Option<Result<Value, ActionError>> {
            None
        }
        fn expire_tokens(&self) -> Option<usize> {
            None
        }
        fn revoke_tokens(&self) -> Option<usize> {
            None
        }
    }

    fn mounted() -> Mounted {
        Mounted {
            namespaces: Arc::new(Registry::of_one(Space::with_list(vec![Arc::new(Fake)]))),
            provider: 0,
            listener: 1,
            owner: None,
            scheme: "http",
            hosts: crate::server::host::Hosts { port: Some(8080), ip: None, allowed: Vec::new() },
            patience: Duration::from_secs(5),
        }
    }

    async fn send(mounted: &Mounted, method: Method, uri: &str) -> Response<Body> {
        let request = Request::builder().method(method).uri(uri).header("host", "localhost:8080");
        respond(mounted, request.header("content-length", "0").body(Body::empty()).unwrap()).await
    }

    #[tokio::test]
    async fn a_write_without_a_length_is_411() {
        for (method, length, expected) in [
            (Method::POST, None, StatusCode::LENGTH_REQUIRED),
            (Method::PUT, None, StatusCode::LENGTH_REQUIRED),
            (Method::PATCH, None, StatusCode::LENGTH_REQUIRED),
            (Method::POST, Some(("content-length", "0")), StatusCode::NOT_IMPLEMENTED),
            (Method::POST, Some(("transfer-encoding", "Chunked")), StatusCode::NOT_IMPLEMENTED),
            (Method::DELETE, None, StatusCode::METHOD_NOT_ALLOWED),
        ] {
            let mut request =
                Request::builder().method(&method).uri("/codes").header("host", "localhost:8080");
            if let Some((name, value)) = length {
                request = request.header(name, value);
            }
            let response = respond(&mounted(), request.body(Body::empty()).unwrap()).await;
            assert_eq!(response.status(), expected, "{method} {length:?}");
        }
    }

    #[tokio::test]
    async fn known_gaps_are_501_with_a_mark() {
        let response = send(&mounted(), Method::POST, "/codes").await;
        assert_eq!(response.status(), StatusCode::NOT_IMPLEMENTED);
        assert_eq!(response.headers()["x-emulator-unimplemented"], "true");
        let unknown = send(&mounted(), Method::POST, "/other").await;
        assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
        assert!(!unknown.headers().contains_key("x-emulator-unimplemented"));
    }

    #[tokio::test]
    async fn a_provider_sees_the_raw_request_and_the_journal_hides_its_secrets() {
        let mounted = mounted();
        let response = send(&mounted, Method::GET, "/codes/can%61ry/redeem?page=2&key=canary").await;
        let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        let received: Value = serde_json::from_slice(&body).unwrap();
        let expected = json!(["redeem", "canary", "/codes/can%61ry/redeem", "page=2&key=canary", 1]);
        assert_eq!(received, expected);
        let entry = mounted
            .namespaces
            .main()
            .core
            .journal
            .list(&crate::framework::expect::Filter::default(), None)
            .remove(0);
        assert_eq!(entry.path, "/codes/{code}/redeem");
        assert_eq!(entry.query["page"], ["2"]);
        assert!(!format!("{entry:?}").contains("canary"), "{entry:?}");
    }
}
