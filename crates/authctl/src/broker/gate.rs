//! The decisions about a request before its body is read: connection, caller, operation, policy and rate.

use super::Asked;
use super::audit::Entry;
use super::backend::{Backend, Backends};
use super::caller::{self, Caller};
use super::problem::Problem;
use super::resolve::{Resolved, Target, called, decoded, first_segment, resolve};
use super::vise::{self, Side};
use crate::index::PROVIDERS;
use crate::json;
use crate::routes::{Found, Routes};
use auth_client_core::provider::auth_core::Now;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use std::sync::{Arc, PoisonError, RwLock};

/// The operation by which clients of Virtuous obtain a token.
const LOGIN: &str = "tokens.request";

/// The state behind the decisions.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) backends: Backends,
    /// Replaced when the policy is read again.
    pub(crate) callers: RwLock<Vec<Arc<Caller>>>,
    /// Values of `Host`, in lower case; `None` for a unix socket.
    pub(crate) hosts: Option<Vec<String>>,
    /// Origins of web pages that may call.
    pub(crate) origins: Vec<String>,
    /// The address of all hosts of VISE, if there is one.
    pub(crate) vise: Option<Side>,
}

/// A call that may be made.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) caller: Arc<Caller>,
    pub(crate) backend: Arc<Backend>,
    pub(crate) target: Target,
}

impl Gate {
    /// Decides about a request by its head, and notes in the entry what is known of it.
    pub(crate) fn admit(
        &self,
        head: &Parts,
        peer: Option<u32>,
        entry: &mut Entry,
    ) -> Result<Admitted, Problem> {
        let caller = self.caller(&head.headers, peer, entry)?;
        let (provider, path) = self.split(head.uri.path())?;
        entry.provider = Some(provider);
        let backend = self.backend(provider)?;
        let query = head.uri.query().unwrap_or_default();
        let resolved = resolve(backend.routes, backend.own_key(), &head.method, path, query)?;
        allowed(caller, backend, resolved, entry)
    }

    /// Decides about a call that names its operation.
    pub(crate) fn admit_call(
        &self,
        caller: &Arc<Caller>,
        asked: &Asked,
        entry: &mut Entry,
    ) -> Result<Admitted, Problem> {
        entry.set_operation(&asked.route.operation);
        check_expiry(caller, entry.started)?;
        let backend = self.backend(asked.route.operation.provider())?;
        let resolved = match asked.route.operation.provider() {
            "vise" => {
                let (method, path, query) = vise::request(&asked.values)?;
                entry.method = method.to_string();
                resolve(backend.routes, None, &method, &path, &query)?
            }
            _ => called(backend.routes, backend.own_key(), asked.route, &asked.values, asked.query.clone())?,
        };
        allowed(Arc::clone(caller), backend, resolved, entry)
    }

    /// Returns who sent a request, and notes it.
    pub(crate) fn caller(
        &self,
        headers: &HeaderMap,
        peer: Option<u32>,
        entry: &mut Entry,
    ) -> Result<Arc<Caller>, Problem> {
        let caller = self.identify(headers, peer).ok_or_else(|| {
            let detail = match caller::has_token(headers) {
                true => "the token is that of no caller",
                false => {
                    "the token is missing: send it as bearer, as password of Basic, or in x-authctl-token"
                }
            };
            Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
        })?;
        entry.caller = Some(caller.name.clone());
        check_expiry(&caller, entry.started)?;
        Ok(caller)
    }

    fn identify(&self, headers: &HeaderMap, peer: Option<u32>) -> Option<Arc<Caller>> {
        let callers = self.callers.read().unwrap_or_else(PoisonError::into_inner);
        caller::identify(&callers, headers, peer).cloned()
    }

    /// Refuses what a web page or a confused client could send.
    pub(crate) fn check_connection(&self, head: &Parts) -> Result<(), Problem> {
        let bad = |code, detail: &str| Err(Problem::new(StatusCode::BAD_REQUEST, code, detail));
        let forbidden = |code, detail: &str| Err(Problem::new(StatusCode::FORBIDDEN, code, detail));
        if head.uri.authority().is_some() || !head.uri.path().starts_with('/') {
            return bad("target", "the target of the request must be a path: this is no forward proxy");
        }
        if let Some(hosts) = &self.hosts {
            let mut given = head.headers.get_all(header::HOST).iter();
            let host = given.next().and_then(|value| value.to_str().ok()).map(str::to_ascii_lowercase);
            let is_own = |host: String| {
                hosts.contains(&host) || self.vise.as_ref().is_some_and(|side| side.has(&host))
            };
            if given.next().is_some() || !host.is_some_and(is_own) {
                return forbidden("host", "the header Host names another server: --allow-host allows it");
            }
        }
        let text = |name: HeaderName| head.headers.get(name).map(|value| value.to_str().unwrap_or_default());
        if text(header::ORIGIN).is_some() && self.allowed_origin(head).is_none() {
            return forbidden("origin", "web pages of this origin may not call: --allow-origin allows it");
        }
        let site = text(HeaderName::from_static("sec-fetch-site"));
        if site.is_some_and(|site| !matches!(site, "same-origin" | "none"))
            && self.allowed_origin(head).is_none()
        {
            return forbidden("origin", "web pages of other sites may not call");
        }
        Ok(())
    }

    /// The origin of the web page that sent the request, if it may call.
    pub(crate) fn allowed_origin(&self, head: &Parts) -> Option<HeaderValue> {
        let origin = head.headers.get(header::ORIGIN)?;
        self.origins.iter().any(|own| own.as_bytes() == origin.as_bytes()).then(|| origin.clone())
    }

    /// The response to the question of a browser whether a page of an allowed origin may call.
    pub(crate) fn preflight(&self, head: &Parts) -> Option<Response<Bytes>> {
        let method = head.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
        let origin = self.allowed_origin(head).filter(|_| head.method == Method::OPTIONS)?;
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        allow_origin(headers, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, method.clone());
        if let Some(names) = head.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
        }
        Some(response)
    }

    fn backend(&self, provider: &'static str) -> Result<Arc<Backend>, Problem> {
        if let Some(only) = self.backends.only().filter(|only| *only != provider) {
            let detail = format!("this server calls {only} only, by its option --provider");
            return Err(Problem::new(StatusCode::NOT_FOUND, "unknown_provider", detail));
        }
        self.backends.get(provider).map_err(|failure| Problem::of_start(&failure))
    }

    /// Splits a path into the provider and what the vendor gets.
    fn split<'p>(&self, path: &'p str) -> Result<(&'static str, &'p str), Problem> {
        if let Some(only) = self.backends.only() {
            return Ok((only, path));
        }
        let (name, path) = first_segment(path);
        let provider = PROVIDERS.into_iter().find(|one| *one == name).ok_or_else(|| {
            let detail = format!("the path must begin with a provider: /{}", PROVIDERS.join(", /"));
            Problem::new(StatusCode::NOT_FOUND, "unknown_provider", detail)
        })?;
        Ok((provider, path))
    }

    /// Returns `true` for the login of a client that knows the API of Virtuous. Whatever its spelling, it never reaches the vendor.
    pub(crate) fn is_login(&self, head: &Parts) -> bool {
        let Ok((provider, path)) = self.split(head.uri.path()) else { return false };
        head.method == Method::POST
            && provider == "virtuous"
            && matches!(Routes::of(provider).find("POST", path), Ok(Found::Operation(route, _)) if route.metadata.id() == LOGIN)
    }

    /// The response to a login whose password, or refresh token, is the token of a caller.
    pub(crate) fn logged_in(&self, form: &[u8], now: Now) -> Result<(String, Response<Bytes>), Problem> {
        let text = std::str::from_utf8(form).unwrap_or_default();
        let fields = decoded(text).unwrap_or_default();
        let given = fields.iter().filter(|(name, _)| matches!(name.as_str(), "password" | "refresh_token"));
        let mut found = given.filter_map(|(_, value)| {
            let mut headers = HeaderMap::new();
            headers.insert(caller::HEADER, HeaderValue::from_str(value).ok()?);
            self.identify(&headers, None).map(|caller| (caller, value))
        });
        let (caller, token) = found.next().ok_or_else(|| {
            let detail = "log in with the token of a caller as the password";
            Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
        })?;
        check_expiry(&caller, now)?;
        let token = json::quote(token);
        let body = format!(
            "{{\"access_token\":{token},\"token_type\":\"bearer\",\"expires_in\":86400,\"refresh_token\":{token}}}"
        );
        let mut response = Response::new(Bytes::from(body));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok((caller.name.clone(), response))
    }
}

/// Decides about a resolved call by the rules and the rate of its caller.
fn allowed(
    caller: Arc<Caller>,
    backend: Arc<Backend>,
    resolved: Resolved,
    entry: &mut Entry,
) -> Result<Admitted, Problem> {
    entry.operation = Some(resolved.id.clone());
    entry.class = Some(resolved.target.class);
    entry.ids.clone_from(&resolved.ids);
    entry.path = Some(resolved.target.path.clone()).filter(|_| !resolved.is_known);
    let decision = caller.rules.decide(resolved.subject(backend.provider));
    if !decision.allowed {
        let detail = format!("{} may not call {}: {}", caller.name, resolved.id, decision.reason);
        return Err(Problem::new(StatusCode::FORBIDDEN, "not_allowed", detail));
    }
    if let Some(Err(wait)) = caller.bucket.as_ref().map(|bucket| bucket.take(entry.started.monotonic)) {
        let detail = format!("{} has made as many calls as its rate allows", caller.name);
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail).retry_after(wait));
    }
    Ok(Admitted { caller, backend, target: resolved.target })
}

pub(crate) fn check_expiry(caller: &Caller, now: Now) -> Result<(), Problem> {
    match caller.expires {
        Some(end) if end <= now.wall => {
            Err(Problem::new(StatusCode::UNAUTHORIZED, "expired", "the token has expired"))
        }
        _ => Ok(()),
    }
}

/// Adds the headers by which a browser shows the response to a page.
pub(crate) fn allow_origin(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
    headers.append(header::VARY, HeaderValue::from_static("origin"));
}
