//! The calls of a doctor: reads only, each one attempt, within a budget.

use crate::call;
use crate::client::{Client, Options};
use crate::failure::{Exit, Failure};
use crate::globals::Globals;
use crate::index::{self, Class, Operation};
use crate::input::{Content, Input};
use crate::settings::Settings;
use auth_client_core::provider::auth_core::Origin;
use auth_client_core::{Error, RetryPolicy, decode};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;
use std::time::Duration;

/// A name that nothing has.
pub(super) const NOBODY: &str = "authctl-doctor";
/// Rejected credentials after the first one, unless the server is on this machine.
const MAX_REJECTED: u32 = 5;
const PAUSE: Duration = Duration::from_secs(2);

/// An operation that reads. Calls are made of these only.
#[derive(Clone, Debug)]
pub(super) struct Read(Operation);

impl Read {
    /// An operation of the index.
    pub(super) fn operation(provider: &str, resource: &str, name: &str) -> Result<Self, Failure> {
        let operation = index::find(provider, resource, name).and_then(index::Key::operation);
        let operation = operation.filter(|operation| operation.class == Class::Read);
        operation.map(Self).ok_or_else(|| Failure::local(format!("{resource}.{name} is not a read")))
    }
}

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    read: Read,
    path: String,
    input: Input,
}

impl Call {
    /// A call with the values of the path parameters.
    pub(super) fn new(read: &Read, values: &[&str]) -> Result<Self, Failure> {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        let path = crate::target::path(&read.0, &values)?;
        Ok(Self { read: read.clone(), path, input: Input::default() })
    }

    /// GET of a path that is no operation.
    pub(super) fn get(provider: &'static str, path: &str) -> Self {
        let read = Read(Operation::of_path(provider, &Method::GET, path));
        Self { read, path: path.to_owned(), input: Input::default() }
    }

    pub(super) fn query(mut self, name: &str, value: impl ToString) -> Self {
        self.input.query.push((name.to_owned(), value.to_string()));
        self
    }

    pub(super) fn body(mut self, media: &str, body: &Value) -> Self {
        self.input.body = Some(Content::Bytes(media.to_owned(), body.to_string().into_bytes()));
        self
    }
}

/// A response, whatever its status.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Seen {
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The rows of a list or a page. `None` for anything else, such as an error or a web page with status 200.
    pub(super) fn rows(&self) -> Option<Vec<Value>> {
        if !self.status.is_success() || self.is_error() {
            return None;
        }
        match self.json()? {
            Value::Array(rows) => Some(rows),
            Value::Object(fields) => fields.into_iter().find_map(|(_, value)| value.as_array().cloned()),
            _ => None,
        }
    }

    /// Whether the body is that of an error, whatever the status.
    pub(super) fn is_error(&self) -> bool {
        let body = self.json().unwrap_or_default();
        ["error", "errors", "message"].iter().any(|name| body.get(name).is_some_and(|value| !value.is_null()))
    }

    /// Status and form.
    pub(super) fn shape(&self) -> String {
        format!("status {}, {}", self.status.as_u16(), self.form())
    }

    /// Fails if the response says nothing about a credential: the server fails, or something else than the API responds.
    pub(super) fn is_of_the_api(&self) -> Result<(), Failure> {
        let message = format!("the first call has {}", self.shape());
        if self.status.is_server_error() {
            return Err(Failure::new(Exit::Retry, "server", message).hint("safe to run again later"));
        }
        if self.status.is_success() && self.form() == "a web page" {
            return Err(Failure::new(Exit::Refused, "not_the_api", message)
                .hint("something else than the API responds: check the base URL"));
        }
        Ok(())
    }

    /// The form of the body.
    pub(super) fn form(&self) -> &'static str {
        match self.json() {
            Some(Value::Object(_)) => "a JSON object",
            Some(Value::Array(_)) => "a JSON array",
            Some(_) => "a JSON value",
            None if self.body.is_empty() => "no body",
            None if self.body.trim_ascii_start().starts_with(b"<") => "a web page",
            None => "text",
        }
    }
}

#[derive(Debug)]
pub(super) struct Probe<'a> {
    pub(super) settings: &'a Settings,
    pub(super) options: Options,
    /// What is called, if it isn't the vendor's address.
    pub(super) origin: Option<Origin>,
    max_calls: Option<u32>,
    calls: u32,
    rejected: u32,
    rejected_with: Option<String>,
    pub(super) throttled: bool,
}

impl<'a> Probe<'a> {
    pub(super) fn new(
        settings: &'a Settings,
        globals: &Globals,
        max_calls: Option<u32>,
    ) -> Result<Self, Failure> {
        let url = settings.names().find(|name| name.ends_with("_URL")).and_then(|name| settings.get(name));
        let origin = url.and_then(|url| url.parse().ok()).and_then(|uri| Origin::of(&uri));
        Ok(Self {
            settings,
            options: Options::of(globals),
            origin,
            max_calls,
            calls: 0,
            rejected: 0,
            rejected_with: None,
            throttled: false,
        })
    }

    /// Calls another host from now on. What a wrong credential does there counts, and not where the host is listed.
    pub(super) fn calls_to(&mut self, origin: Origin) {
        self.origin = Some(origin);
    }

    pub(super) fn calls(&self) -> u32 {
        self.calls
    }

    /// Whether a further rejected credential does no harm.
    pub(super) fn may_be_rejected(&self) -> bool {
        self.is_local() || self.rejected <= MAX_REJECTED
    }

    /// Counts a response that rejects the credential in another way than by its status.
    pub(super) fn rejected_by(&mut self, seen: &Seen) {
        self.rejected += u32::from(seen.status != StatusCode::UNAUTHORIZED);
        self.rejected_with = Some(seen.shape());
    }

    /// What the last response that rejected the credential was.
    pub(super) fn rejection(&self) -> &str {
        self.rejected_with.as_deref().unwrap_or("no response")
    }

    pub(super) fn is_local(&self) -> bool {
        self.origin.as_ref().is_some_and(Origin::is_loopback)
    }

    /// Waits until a call may be made.
    pub(super) async fn admit(&self) -> Result<(), Failure> {
        if self.calls >= self.max_calls.unwrap_or(if self.is_local() { 500 } else { 60 }) {
            return Err(Failure::new(
                Exit::Prevented,
                "max_calls",
                format!("{} calls were made", self.calls),
            )
            .hint("--max-calls allows more"));
        }
        if self.rejected > 0 && !self.is_local() {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Counts a call with this response.
    pub(super) fn note(&mut self, seen: &Seen) -> Result<(), Failure> {
        self.calls += 1;
        match seen.status {
            StatusCode::UNAUTHORIZED => {
                self.rejected += 1;
                self.rejected_with = Some(seen.shape());
            }
            // The status says nothing about what was asked for, and further calls would get the same.
            StatusCode::TOO_MANY_REQUESTS => {
                self.throttled = true;
                return Err(Failure::new(Exit::Retry, "throttled", "a call was rejected with 429")
                    .hint("safe to run again later; the assumptions that were not reached are untested"));
            }
            _ => {}
        }
        Ok(())
    }

    /// Makes a call. A failure is one without a response.
    pub(super) async fn call(&mut self, client: &Client, call: &Call) -> Result<Seen, Failure> {
        self.admit().await?;
        let operation = &call.read.0;
        let request = client.request(operation.method(), &call.path);
        let request = call::request(request, operation, &call.input, None);
        let sent = request.call::<_, Error>(decode::raw).retry(RetryPolicy::none()).send().await;
        let seen = match sent {
            Ok(response) => {
                let (parts, body) = response.into_parts();
                Seen { status: parts.status, headers: parts.headers, body }
            }
            Err(error) => match error.status() {
                Some(status) => Seen {
                    status,
                    headers: error.headers().cloned().unwrap_or_default(),
                    body: error.body().cloned().unwrap_or_default(),
                },
                None => return Err(Failure::call(operation.provider(), Class::Read, true, &error)),
            },
        };
        self.note(&seen)?;
        Ok(seen)
    }
}
