//! Builds the request of one attempt: the encoded call, signed with the current time and credential.

use super::Outgoing;
use crate::encode::base_url::BaseUrl;
use crate::encode::query;
use crate::error::{Error, ErrorKind};
use auth_core::{Credential, ExposeSecret, SigningRequest};
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Uri, header};
use std::time::SystemTime;

/// Destination of requests, and the user agent.
pub(crate) struct Target<'a> {
    pub(crate) base: &'a BaseUrl,
    pub(crate) user_agent: &'a HeaderValue,
}

/// Builds and signs the request of one attempt. If signing fails, no request is built.
pub(crate) fn sign(
    target: Target<'_>,
    outgoing: &Outgoing,
    credential: Option<&Credential>,
    time: SystemTime,
) -> Result<http::Request<Bytes>, Error> {
    let operation = &*outgoing.operation;
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    // The engine doesn't decompress responses.
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(header::USER_AGENT, target.user_agent.clone());
    if let Some(content_type) = &outgoing.content_type {
        headers.insert(header::CONTENT_TYPE, content_type.clone());
    }
    if outgoing.body.is_empty() && expects_content(operation.method()) {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    for (name, value) in &outgoing.headers {
        headers.insert(name.clone(), value.clone());
    }
    let mut uri = uri(target.base, outgoing, &outgoing.target)?;
    if let Some(credential) = credential {
        // The only place where a credential is attached to a request. Every URL is built from the base, so its
        // origin is that of the base.
        if credential.origin() != target.base.origin() {
            return Err(Error::new(
                ErrorKind::Configuration,
                operation.id(),
                "the credential is bound to another origin and was not attached",
            ));
        }
        let view = SigningRequest::new(
            operation.method(),
            credential.origin(),
            &outgoing.target,
            &headers,
            &outgoing.body,
            time,
        );
        let parts = credential.signer().sign(&view).map_err(|error| {
            Error::new(ErrorKind::Credentials, operation.id(), "could not sign the request")
                .with_source(error)
        })?;
        if !parts.query_pairs().is_empty() {
            let mut signed = outgoing.target.clone();
            for (name, value) in parts.query_pairs() {
                query::append(&mut signed, name, &value.expose_secret());
            }
            uri = self::uri(target.base, outgoing, &signed)?;
        }
        for (name, value) in parts.into_headers() {
            headers.insert(name, value);
        }
    }
    let mut request = http::Request::new(outgoing.body.clone());
    *request.method_mut() = operation.method().clone();
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Ok(request)
}

/// Returns whether requests with this method have content according to RFC 9110. Without a body, such a request must
/// send a length of 0; HTTP libraries omit the header, and servers such as IIS then return 411.
fn expects_content(method: &Method) -> bool {
    !matches!(
        *method,
        Method::GET | Method::HEAD | Method::DELETE | Method::OPTIONS | Method::TRACE | Method::CONNECT
    )
}

fn uri(base: &BaseUrl, outgoing: &Outgoing, target: &str) -> Result<Uri, Error> {
    let refuse = || Error::invalid_input(outgoing.operation.id(), "path", "could not build the URL");
    let target = if target.is_empty() { "/" } else { target };
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(base.scheme.clone());
    parts.authority = Some(base.authority.clone());
    parts.path_and_query = Some(PathAndQuery::try_from(target).map_err(|_| refuse())?);
    Uri::from_parts(parts).map_err(|_| refuse())
}
