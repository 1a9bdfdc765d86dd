//! `--dry-run`: the request that would be sent, from the engine itself, through a transport that prints instead of sending.
//!
//! The client is built with placeholders, so the request contains no credential. The settings of a real call are read too, to find
//! what is wrong with them before somebody relies on the output.

use crate::client::{Client, Options};
use crate::failure::Failure;
use crate::index::{Class, Operation};
use crate::secrets;
use crate::settings::Settings;
use async_trait::async_trait;
use auth_client_core::Request;
use auth_client_core::transport::{BodyLimits, Fault, Phase, Received, Transport, TransportError};
use bytes::Bytes;
use http::{HeaderName, header};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

/// Keeps the first request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Capture(Arc<Mutex<Option<http::Request<Bytes>>>>);

#[async_trait]
impl Transport for Capture {
    async fn send(&self, request: http::Request<Bytes>, _: BodyLimits) -> Result<Received, TransportError> {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(request);
        Err(TransportError::new(Phase::Connecting, Fault::Request))
    }
}

/// Prints what a request would be.
pub(crate) async fn show(
    settings: &Settings,
    operation: &Operation,
    make: impl FnOnce(&Client) -> Request,
) -> Result<String, Failure> {
    let capture = Capture::default();
    let options = Options { transport: Some(Arc::new(capture.clone())), ..Options::default() };
    let client = Client::new(settings, &options)?;
    let call = make(&client).call::<_, auth_client_core::Error>(auth_client_core::decode::raw);
    let outcome = call.retry(auth_client_core::RetryPolicy::none()).send().await;
    let first = capture.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (first, outcome) {
        (Some(request), _) => Ok(text(&request, operation)),
        (None, Err(error)) => Err(Failure::call(settings.provider, Class::Read, false, &error)),
        (None, Ok(_)) => Err(Failure::local("the request was not built")),
    }
}

fn text(request: &http::Request<Bytes>, operation: &Operation) -> String {
    const SECRET: [HeaderName; 3] =
        [header::AUTHORIZATION, header::COOKIE, HeaderName::from_static("x-service-auth")];
    let uri = request.uri().to_string();
    let uri = match uri.split_once('?') {
        Some((path, query)) => format!("{path}?{}", secrets::redacted_pairs(operation, query)),
        None => uri,
    };
    let mut text = format!("{} {uri}\n", request.method());
    // Writing to a String can't fail.
    for (name, value) in request.headers() {
        let secret = value.is_sensitive() || SECRET.contains(name);
        let value = if secret { "[redacted]" } else { value.to_str().unwrap_or("[binary]") };
        let _ = writeln!(text, "{name}: {value}");
    }
    if !request.body().is_empty() {
        let media = request.headers().get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok());
        let shown = secrets::redacted_body(operation, media.unwrap_or_default(), request.body());
        let _ = writeln!(text, "\n{shown}");
    }
    let _ = writeln!(text, "\nclass: {} (nothing was sent)", operation.class.as_str());
    text
}
