//! The server over HTTP: a token per caller, checked before the protocol is read, and no sessions.

use super::message;
use super::server::Server;
use crate::broker::caller::HEADER;
use crate::broker::gate::allow_origin;
use crate::broker::problem::Problem;
use crate::broker::serve::{Socket, serve};
use crate::broker::{Broker, Held, Limits, Places};
use crate::failure::Failure;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use rmcp::model::{ErrorCode, JsonRpcError, ProtocolVersion};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The path of the endpoint.
pub(super) const PATH: &str = "/mcp";

/// The largest message.
pub(super) const MAX_MESSAGE: usize = 1 << 20;
/// The longest that a caller may take for one.
const BODY_TIME: Duration = Duration::from_secs(60);

type Service = StreamableHttpService<Server, NeverSessionManager>;

/// Serves until `stop` becomes true and calls in progress have ended.
pub(super) async fn listen(
    server: Server,
    socket: Socket,
    stop: watch::Receiver<bool>,
) -> Result<(), Failure> {
    let broker = Arc::clone(&server.broker);
    let config = StreamableHttpServerConfig::default()
        // A session id would be one more thing that identifies a caller.
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(MAX_MESSAGE)
        // The same lists as those that are checked before the token.
        .with_allowed_hosts(broker.gate.hosts.clone().unwrap_or_default())
        .with_allowed_origins(broker.gate.origins.clone())
        .enforce_origin_validation();
    let service: Service = StreamableHttpService::new(
        move || Ok(server.clone()),
        Arc::new(NeverSessionManager::default()),
        config,
    );
    let own = Arc::clone(&broker);
    let respond = move |request, _| {
        let (broker, service) = (Arc::clone(&own), service.clone());
        async move { respond(&broker, &service, request).await }
    };
    serve(socket, None, broker, respond, stop).await
}

async fn respond(
    broker: &Broker,
    service: &Service,
    request: Request<Incoming>,
) -> Response<Held<BoxBody<Bytes, Infallible>>> {
    let (mut head, body) = request.into_parts();
    let gate = &broker.gate;
    let origin = gate.allowed_origin(&head);
    let mut entry = broker.entry(&head.method);
    let mut places = Places::default();
    let admitted = async {
        gate.check_connection(&head)?;
        if let Some(response) = gate.preflight(&head) {
            return Ok(Err(response));
        }
        if head.uri.path() != PATH {
            let detail = format!("the path of this server is {PATH}");
            return Err(Problem::new(StatusCode::NOT_FOUND, "unknown_path", detail));
        }
        let caller = gate.caller(&head.headers, None, &mut entry)?;
        let limits = Limits { bytes: MAX_MESSAGE, time: BODY_TIME, own: Some(&caller.body_bytes) };
        let body = broker.read(&head, body, &limits, &mut places).await?;
        match message::read(&body) {
            Err(error) if head.method == Method::POST => Ok(Err(unread(&head, &error))),
            _ => Ok(Ok((caller, body))),
        }
    };
    let mut response = match admitted.await {
        Ok(Ok((caller, body))) => {
            head.extensions.insert(caller);
            // Nothing behind this point needs the token.
            head.headers.remove(header::AUTHORIZATION);
            head.headers.remove(HEADER);
            service.handle(Request::from_parts(head, Full::new(body))).await
        }
        Ok(Err(response)) => response.map(|bytes| Full::new(bytes).boxed()),
        Err(problem) => broker.refused(&entry, &problem).map(|bytes| Full::new(bytes).boxed()),
    };
    if let Some(origin) = origin {
        allow_origin(response.headers_mut(), origin);
    }
    response.map(|body| Held { body, _places: places })
}

/// The response to a message that is refused before the protocol. An error with the id of a request has the status that the
/// library would choose.
fn unread(head: &Parts, error: &JsonRpcError) -> Response<Bytes> {
    let version = head.headers.get("mcp-protocol-version").and_then(|value| value.to_str().ok());
    let is_new = version.is_some_and(|version| version >= ProtocolVersion::V_2026_07_28.as_str());
    let mut response = Response::new(Bytes::from(serde_json::to_vec(error).unwrap_or_default()));
    *response.status_mut() = match error.error.code {
        ErrorCode::METHOD_NOT_FOUND if is_new => StatusCode::NOT_FOUND,
        ErrorCode::METHOD_NOT_FOUND | ErrorCode::INVALID_PARAMS => StatusCode::OK,
        _ => StatusCode::BAD_REQUEST,
    };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
