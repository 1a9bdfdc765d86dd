//! The calls of a doctor: reads only, each one attempt, within a budget.

use super::recorder::Recorder;
use crate::call;
use crate::client::{Client, Options};
use crate::failure::{Exit, Failure};
use crate::globals::Globals;
use crate::index::{self, Class, Operation};
use crate::input::{Content, Input};
use crate::output;
use crate::settings::Settings;
use auth_client_core::provider::auth_core::Origin;
use auth_client_core::transport::{BodyLimits, Transport as _};
use auth_client_core::{Error, RetryPolicy, decode};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// A name that nothing has.
pub(super) const NOBODY: &str = "authctl-doctor";
/// Rejected credentials after the first one, unless the server is on this machine.
const MAX_REJECTED: u32 = 5;
/// Time limit of a request that no client makes.
const LIMIT: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(2);
/// The delay after a 429 that states none, as of Vault Vision's client.
const THROTTLE_DELAY: u64 = 10;
/// The longest delay that is waited for, and how often.
const MAX_DELAY: u64 = 60;
const MAX_DELAYS: u32 = 12;

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
    header: Option<(HeaderName, &'static str)>,
}

impl Call {
    /// A call with the values of the path parameters.
    pub(super) fn new(read: &Read, values: &[&str]) -> Result<Self, Failure> {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        let path = crate::target::path(&read.0, &values)?;
        Ok(Self { read: read.clone(), path, input: Input::default(), header: None })
    }

    /// GET of a path that is no operation.
    pub(super) fn get(provider: &'static str, path: &str) -> Self {
        let read = Read(Operation::of_path(provider, &Method::GET, path));
        Self { read, path: path.to_owned(), input: Input::default(), header: None }
    }

    pub(super) fn header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.header = Some((name, value));
        self
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
    pub(super) uri: Uri,
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

    /// The delay that a 429 states, in seconds.
    fn retry_after(&self) -> Option<u64> {
        self.headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()
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
    /// What all clients send through.
    pub(super) recorder: Recorder,
    /// What is called, if it isn't the vendor's address.
    pub(super) origin: Option<Origin>,
    /// What the last call received before its response, such as new tokens.
    pub(super) earlier: Vec<Seen>,
    max_calls: Option<u32>,
    calls: u32,
    rejected: u32,
    rejected_with: Option<String>,
    delays: u32,
    /// The first 429: the number of calls before it, and the delay that it states.
    pub(super) throttled: Option<(u32, Option<u64>)>,
}

impl<'a> Probe<'a> {
    pub(super) fn new(
        settings: &'a Settings,
        globals: &Globals,
        max_calls: Option<u32>,
    ) -> Result<Self, Failure> {
        let url = settings.names().find(|name| name.ends_with("_URL")).and_then(|name| settings.get(name));
        let origin = url.and_then(|url| url.parse().ok()).and_then(|uri| Origin::of(&uri));
        let recorder = Recorder::new()?;
        let options = Options { transport: Some(Arc::new(recorder.clone())), ..Options::of(globals) };
        Ok(Self {
            settings,
            options,
            recorder,
            origin,
            earlier: Vec::new(),
            max_calls,
            calls: 0,
            rejected: 0,
            rejected_with: None,
            delays: 0,
            throttled: None,
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

    /// Counts a response that rejects a credential.
    pub(super) fn rejected_by(&mut self, seen: &Seen) {
        self.rejected += 1;
        self.rejected_with = Some(seen.shape());
    }

    /// What the last response that rejected the credential was.
    pub(super) fn rejection(&self) -> &str {
        self.rejected_with.as_deref().unwrap_or("no response")
    }

    pub(super) fn is_local(&self) -> bool {
        self.origin.as_ref().is_some_and(Origin::is_loopback)
    }

    /// The calls that may be made.
    pub(super) fn left(&self) -> u32 {
        self.max_calls.unwrap_or(if self.is_local() { 500 } else { 60 }).saturating_sub(self.calls)
    }

    /// Waits until a call may be made.
    pub(super) async fn admit(&self) -> Result<(), Failure> {
        if self.left() == 0 {
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

    /// Takes what was received, and counts it.
    pub(super) fn received(&mut self) -> Vec<Seen> {
        let received = self.recorder.take();
        for seen in &received {
            if seen.status == StatusCode::TOO_MANY_REQUESTS {
                self.throttled.get_or_insert((self.calls, seen.retry_after()));
            }
            self.calls += 1;
        }
        received
    }

    /// Waits after a 429, and returns whether the call can be made again.
    async fn waits(&mut self, seen: &Seen) -> Result<bool, Failure> {
        if seen.status != StatusCode::TOO_MANY_REQUESTS {
            return Ok(false);
        }
        let seconds = seen.retry_after().unwrap_or(THROTTLE_DELAY);
        if seconds > MAX_DELAY || self.delays >= MAX_DELAYS {
            refuse_throttled(seen)?;
        }
        self.delays += 1;
        output::note(&format!("a call was rejected with 429: waiting {seconds} s"));
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        Ok(true)
    }

    /// Makes a call, once more after a 429. A failure is one without a response.
    pub(super) async fn call(&mut self, client: &Client, call: &Call) -> Result<Seen, Failure> {
        let mut seen = self.once(client, call).await?;
        if self.waits(&seen).await? {
            seen = self.once(client, call).await?;
            refuse_throttled(&seen)?;
        }
        Ok(seen)
    }

    /// The same, whatever the status.
    pub(super) async fn once(&mut self, client: &Client, call: &Call) -> Result<Seen, Failure> {
        self.admit().await?;
        let operation = &call.read.0;
        let mut request = client.request(operation.method(), &call.path);
        if let Some((name, value)) = call.header.clone() {
            request = request.header(name, HeaderValue::from_static(value));
        }
        let request = call::request(request, operation, &call.input, None);
        let sent = request.call::<_, Error>(decode::raw).retry(RetryPolicy::none()).send().await;
        self.earlier = self.received();
        match (self.earlier.pop(), sent) {
            (Some(seen), _) => {
                if seen.status == StatusCode::UNAUTHORIZED {
                    self.rejected_by(&seen);
                }
                Ok(seen)
            }
            (None, Err(error)) => Err(Failure::call(operation.provider(), Class::Read, true, &error)),
            (None, Ok(_)) => Err(Failure::local("a call was not recorded")),
        }
    }

    /// Requests a document without a credential, once more after a 429. The inner error is the reason why there is no response.
    pub(super) async fn get(&mut self, url: &str) -> Result<Result<Seen, String>, Failure> {
        let mut got = self.get_once(url).await?;
        if let Ok(seen) = &got
            && self.waits(seen).await?
        {
            got = self.get_once(url).await?;
            got.as_ref().map_or(Ok(()), refuse_throttled)?;
        }
        Ok(got)
    }

    async fn get_once(&mut self, url: &str) -> Result<Result<Seen, String>, Failure> {
        const NO_URL: &str = "its address is no https URL";
        // Never in plain text, but on this machine.
        let origin = url.parse().ok().as_ref().and_then(Origin::of);
        if !origin.is_some_and(|origin| origin.is_secure() || origin.is_loopback()) {
            return Ok(Err(NO_URL.to_owned()));
        }
        let request = http::Request::get(url)
            .header(header::USER_AGENT, crate::USER_AGENT)
            .header(header::ACCEPT, "application/json")
            .body(Bytes::new());
        match request {
            Ok(request) => self.send(request).await,
            Err(_) => Ok(Err(NO_URL.to_owned())),
        }
    }

    /// Sends a request as it is. The inner error is the reason why there is no response.
    pub(super) async fn send(
        &mut self,
        request: http::Request<Bytes>,
    ) -> Result<Result<Seen, String>, Failure> {
        self.admit().await?;
        let sending = self.recorder.send(request, BodyLimits::default());
        let Ok(sent) = tokio::time::timeout(LIMIT, sending).await else {
            return Ok(Err(format!("no response within {} s", LIMIT.as_secs())));
        };
        if let Err(error) = sent {
            let reason = error.reason().map(|reason| format!("{error}: {reason}"));
            return Ok(Err(reason.unwrap_or_else(|| error.to_string())));
        }
        Ok(self.received().pop().ok_or_else(|| "there is no response".to_owned()))
    }
}

/// Fails after a 429, which says nothing about what was asked for.
pub(super) fn refuse_throttled(seen: &Seen) -> Result<(), Failure> {
    match seen.status {
        StatusCode::TOO_MANY_REQUESTS => {
            Err(Failure::new(Exit::Retry, "throttled", "a call was rejected with 429")
                .hint("safe to run again later; the assumptions that were not reached are untested"))
        }
        _ => Ok(()),
    }
}
