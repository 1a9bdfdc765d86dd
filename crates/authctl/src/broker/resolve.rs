//! Where a request leads: from a method, a path and a query to what is sent, and to what the policy decides about.

use super::caller;
use super::policy::{RAW, Subject};
use super::problem::Problem;
use crate::index::Class;
use crate::json::{self, Line};
use crate::routes::{Found, Routes, class_of};
use crate::target;
use auth_client_core::provider;
use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Verigator's operations are below `/v1/service/service`; the vendor has samples with one `service` too.
const VERSION: &str = "v1";
const SERVICE: &str = "service";

/// Where the sessions of VISE begin: the proxy opens them itself.
const VISE_LOGIN: &str = "/auth";

/// Where a request leads.
#[derive(Debug)]
pub(crate) struct Target {
    /// The host of a session of VISE.
    pub(crate) host: Option<String>,
    pub(crate) method: Method,
    /// Encoded anew.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    /// The operation, if there is one with this path.
    pub(crate) operation: Option<provider::Operation>,
    pub(crate) class: Class,
    /// The fields of the body in which the vendor expects the key of the account.
    key_fields: Vec<String>,
}

impl Target {
    /// The body with the key of the account, where the client would fill in its own: what a caller has is a token.
    pub(crate) fn with_own_key(&self, key: Option<&str>, body: Bytes) -> Bytes {
        let Some(key) = key.filter(|_| !self.key_fields.is_empty()) else { return body };
        let Some(fields) = std::str::from_utf8(&body).ok().and_then(json::object) else { return body };
        let is_other = |value: &RawValue| {
            serde_json::from_str::<String>(value.get()).is_ok_and(|value| !caller::is_token(&value))
        };
        let mut filled = Line::default();
        for name in &self.key_fields {
            if !fields.iter().any(|(own, value)| own == name && is_other(value)) {
                filled = filled.text(name, key);
            }
        }
        for (name, value) in fields {
            if !self.key_fields.contains(&name) || is_other(value) {
                filled = filled.json(&name, value);
            }
        }
        Bytes::from(filled.end())
    }
}

/// A request that leads somewhere, with what decides about it.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) target: Target,
    /// The id for the policy.
    pub(crate) id: String,
    pub(super) is_known: bool,
    returns_secrets: bool,
    /// The names and values of the path parameters.
    pub(super) ids: Vec<(String, String)>,
}

impl Resolved {
    pub(crate) fn subject(&self, provider: &'static str) -> Subject<'_> {
        Subject {
            provider,
            id: &self.id,
            class: self.target.class,
            is_known: self.is_known,
            returns_secrets: self.returns_secrets,
        }
    }
}

/// Resolves a request to a provider, whose name is no longer part of the path.
pub(crate) fn resolve(
    routes: &Routes,
    method: &Method,
    path: &str,
    query: &str,
) -> Result<Resolved, Problem> {
    let provider = routes.provider();
    // The exact spelling: what is another method for this function may be the same one for a vendor.
    if !target::METHODS.contains(&method.as_str()) {
        let detail = "the method is not supported; methods are written in upper case";
        return Err(Problem::new(StatusCode::NOT_IMPLEMENTED, "method", detail));
    }
    let (host, path) = match provider {
        "vise" => {
            let (host, path) = first_segment(path);
            (Some(host.to_ascii_lowercase()), Cow::Borrowed(path))
        }
        "verigator" => (None, Cow::Owned(below_service(path)?)),
        _ => (None, Cow::Borrowed(path)),
    };
    let invalid = |detail: String| Problem::new(StatusCode::BAD_REQUEST, "invalid_path", detail);
    if host.as_ref().is_some_and(String::is_empty) {
        return Err(invalid("the path must begin with the host of a domain: /vise/HOST/…".to_owned()));
    }
    // HEAD is GET without the body.
    let name = if method == Method::HEAD { "GET" } else { method.as_str() };
    let found = match path.as_ref() {
        "" | "/" => Ok(Found::Unknown("/".to_owned())),
        path => match routes.find(name, path) {
            // The other reading of a path of which the first `service` may be an id.
            Ok(Found::Unknown(unknown)) if provider == "verigator" => {
                match routes.find(name, &format!("/{SERVICE}{path}")) {
                    Ok(Found::Unknown(_)) => Ok(Found::Unknown(unknown)),
                    other => other,
                }
            }
            found => found,
        },
    };
    let query = decoded(query)?;
    match found.map_err(|error| invalid(error.to_string()))? {
        Found::Unknown(path) => {
            if host.is_some() && path.eq_ignore_ascii_case(VISE_LOGIN) {
                let detail = "the proxy opens the sessions of VISE itself";
                return Err(Problem::new(StatusCode::FORBIDDEN, "not_allowed", detail));
            }
            let id = host.clone().unwrap_or_else(|| RAW.to_owned());
            let class = class_of(method);
            let (method, key_fields) = (method.clone(), Vec::new());
            let target = Target { host, method, path, query, operation: None, class, key_fields };
            Ok(Resolved { target, id, is_known: false, returns_secrets: false, ids: Vec::new() })
        }
        Found::Operation(route, mut values) => {
            let operation = &route.operation;
            // The key of the account is no id, and the caller has a token in its place.
            let mut ids = Vec::new();
            for (name, value) in route.names().zip(&mut values) {
                if !route.is_filled(name) {
                    ids.push((name.to_owned(), value.clone()));
                } else if let Some(key) = routes.own_key.as_ref().filter(|_| caller::is_token(value)) {
                    value.clone_from(key);
                }
            }
            // Vendors differ in which of the two counts.
            if let Some(name) = route.repeated(&query) {
                let detail = format!("the query parameter {name} occurs twice");
                return Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_query", detail));
            }
            let path =
                target::path(operation, &values).map_err(|failure| invalid(failure.message().to_owned()))?;
            let class = operation.class;
            let known = Some(route.metadata.clone()).filter(|_| method != Method::HEAD);
            let key_fields = route.filled_fields();
            let method = method.clone();
            let target = Target { host, method, path, query, operation: known, class, key_fields };
            let returns_secrets = !operation.secrets.is_empty();
            Ok(Resolved { target, id: operation.id(), is_known: true, returns_secrets, ids })
        }
    }
}

/// A path of Verigator in the form that the client has, `/service/…`: a client has all, a part or nothing of the prefix in its base
/// URL, and the vendor takes paths with one `service` and with two.
fn below_service(path: &str) -> Result<String, Problem> {
    let is = |segment: Option<&&str>, name: &str| {
        let text = segment.and_then(|segment| target::decode(segment));
        text.is_some_and(|text| text.eq_ignore_ascii_case(name))
    };
    let mut rest: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
    if is(rest.first(), VERSION) {
        rest.remove(0);
        if !is(rest.first(), SERVICE) {
            let detail = format!("the paths of Verigator begin with /{VERSION}/{SERVICE}");
            return Err(Problem::new(StatusCode::NOT_FOUND, "invalid_path", detail));
        }
    }
    for _ in 0..2 {
        if is(rest.first(), SERVICE) {
            rest.remove(0);
        }
    }
    Ok(rest.iter().fold(format!("/{SERVICE}"), |path, segment| path + "/" + segment))
}

/// Splits a path into its first segment and the path behind it.
pub(crate) fn first_segment(path: &str) -> (&str, &str) {
    let rest = path.strip_prefix('/').unwrap_or(path);
    rest.split_at(rest.find('/').unwrap_or(rest.len()))
}

/// Decodes a query once.
pub(super) fn decoded(text: &str) -> Result<Vec<(String, String)>, Problem> {
    let plain = |text: &str| target::decode(&text.replace('+', " "));
    let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((plain(name)?, plain(value)?))
    });
    pairs.collect::<Option<_>>().ok_or_else(|| {
        Problem::new(StatusCode::BAD_REQUEST, "invalid_query", "the query is not percent-encoded UTF-8")
    })
}
