//! One message of a client: read, or refused by an error of JSON-RPC that says what to send instead.
//!
//! The library is silent about what is no JSON, and takes a known method with wrong parameters for an unknown method.

use rmcp::model::{
    CallToolRequestParams, ClientJsonRpcMessage, ClientRequest, ErrorCode, ErrorData, GetMeta as _,
    InitializeRequestParams, JsonRpcError, ProtocolVersion, RequestId,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The methods of this server, and the parameters of each.
const METHODS: [(&str, &str); 5] = [
    (INITIALIZE, "`protocolVersion`, `capabilities`, and `clientInfo` with `name` and `version`"),
    (PING, "none"),
    (DISCOVER, "none but `_meta`"),
    (LIST, "none"),
    (CALL, "`name`, which is that of a tool of tools/list, and `arguments`, which is an object"),
];
const INITIALIZE: &str = "initialize";
const PING: &str = "ping";
const DISCOVER: &str = "server/discover";
const LIST: &str = "tools/list";
const CALL: &str = "tools/call";

/// The longest part of an error that quotes what the client sent.
const MAX_QUOTED: usize = 200;

/// Reads a message. `None` is one that needs no response.
pub(super) fn read(text: &[u8]) -> Result<Option<ClientJsonRpcMessage>, JsonRpcError> {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    match serde_json::from_slice::<ClientJsonRpcMessage>(text) {
        Ok(ClientJsonRpcMessage::Request(request)) if !is_served(&request.request) => {
            let params = serde_json::from_slice(text).map(|message: Value| message.get("params").cloned());
            let error = unfit(request.request.method(), params.ok().flatten());
            Err(JsonRpcError::new(Some(request.id), error))
        }
        Ok(message) => Ok(Some(message)),
        Err(_) => unread(text).map_or(Ok(None), Err),
    }
}

/// Refuses a message of this size.
pub(super) fn too_long(most: usize) -> JsonRpcError {
    let detail = format!("a message has at most {} KiB: send less, in several calls", most >> 10);
    JsonRpcError::new(None, ErrorData::invalid_request(detail, None))
}

/// A message before a session: whether it begins one. An error refuses it, and `None` ignores it.
pub(super) fn begins(message: &ClientJsonRpcMessage) -> Result<Option<bool>, JsonRpcError> {
    let ClientJsonRpcMessage::Request(request) = message else { return Ok(None) };
    let method = request.request.method();
    if [PING, DISCOVER].contains(&method) {
        return Ok(Some(false));
    }
    let missing = request.request.get_meta().missing_required_keys(&ProtocolVersion::V_2026_07_28);
    if method == INITIALIZE || missing.is_empty() {
        return Ok(Some(true));
    }
    let detail = format!(
        "{method} before a session: send {INITIALIZE} first; or, by the protocol since 2026-07-28, each request has {} in `_meta`",
        missing.join(" and ")
    );
    Err(JsonRpcError::new(Some(request.id.clone()), ErrorData::invalid_request(detail, None)))
}

fn is_served(request: &ClientRequest) -> bool {
    !matches!(request, ClientRequest::CustomRequest(_))
        && METHODS.iter().any(|(method, _)| *method == request.method())
}

/// The error of a message that the library doesn't read. `None` for a notification and for a response.
fn unread(text: &[u8]) -> Option<JsonRpcError> {
    let message = match serde_json::from_slice::<Value>(text) {
        Ok(Value::Object(message)) => message,
        Ok(other) => {
            let what = if other.is_array() { "a batch is not supported" } else { "this is no message" };
            return Some(invalid(None, &format!("{what}: send one JSON object per message")));
        }
        Err(error) => {
            let detail =
                format!("invalid JSON: {error}; a message is a JSON object on one line, encoded in UTF-8");
            return Some(JsonRpcError::new(None, ErrorData::parse_error(detail, None)));
        }
    };
    if !message.contains_key("method") && ["result", "error"].iter().any(|name| message.contains_key(*name)) {
        return None;
    }
    let id: Option<RequestId> = message.get("id").and_then(|id| serde_json::from_value(id.clone()).ok());
    if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Some(invalid(id, "`jsonrpc` must be \"2.0\""));
    }
    let Some(method) = message.get("method").and_then(Value::as_str) else {
        return Some(invalid(id, "`method` must be a string, such as tools/list"));
    };
    match (message.contains_key("id"), id) {
        (false, _) => None,
        (true, None) => Some(invalid(None, "`id` must be a string or an integer")),
        (true, id) if ["result", "error"].iter().any(|name| message.contains_key(*name)) => {
            Some(invalid(id, "a request has neither `result` nor `error`"))
        }
        (true, id) => Some(JsonRpcError::new(id, unfit(method, message.get("params").cloned()))),
    }
}

fn invalid(id: Option<RequestId>, detail: &str) -> JsonRpcError {
    JsonRpcError::new(id, ErrorData::invalid_request(detail.to_owned(), None))
}

/// The error of a request whose method is unknown, or whose parameters don't fit its method.
fn unfit(method: &str, params: Option<Value>) -> ErrorData {
    let Some((_, expected)) = METHODS.iter().find(|(name, _)| *name == method) else {
        let names = METHODS.map(|(name, _)| name).join(", ");
        let detail = format!("there is no method {}: this server has {names}", short(method));
        return ErrorData::new(ErrorCode::METHOD_NOT_FOUND, detail, None);
    };
    let reason = match params {
        None => "`params` is missing".to_owned(),
        Some(params) if !params.is_object() => "`params` must be an object".to_owned(),
        Some(params) => reason(method, params),
    };
    let detail = format!("invalid parameters of {method}: {reason}; it has {expected}");
    ErrorData::invalid_params(detail, None)
}

fn reason(method: &str, params: Value) -> String {
    fn of<T: DeserializeOwned>(params: Value) -> Option<String> {
        serde_json::from_value::<T>(params).err().map(|error| error.to_string())
    }
    let reason = match method {
        INITIALIZE => of::<InitializeRequestParams>(params),
        CALL => of::<CallToolRequestParams>(params),
        _ => None,
    };
    let reason = reason.unwrap_or_else(|| "they don't fit the protocol".to_owned());
    reason.chars().take(MAX_QUOTED).collect()
}

/// A name that the client sent, as an error quotes it.
fn short(name: &str) -> String {
    format!("{:?}", name.chars().take(MAX_QUOTED).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn refused(text: &str) -> (i32, Value, String) {
        let error = read(text.as_bytes()).unwrap_err();
        let id = serde_json::to_value(&error.id).unwrap();
        (error.error.code.0, id, error.error.message.into_owned())
    }

    #[test]
    fn what_is_no_message_is_refused_with_the_code_of_json_rpc() {
        let none = Value::Null;
        for (text, code, id, part) in [
            ("no JSON", -32700, &none, "line 1 column"),
            ("{\"jsonrpc\":\"2.0\",\"id\":1,", -32700, &none, "on one line"),
            ("{\"jsonrpc\":\"2.0\"} {}", -32700, &none, "trailing"),
            ("[]", -32600, &none, "batch"),
            (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, -32600, &none, "one JSON object"),
            ("7", -32600, &none, "no message"),
            ("{}", -32600, &none, "`jsonrpc`"),
            (r#"{"id":1,"method":"ping"}"#, -32600, &json!(1), "`jsonrpc`"),
            (r#"{"jsonrpc":"1.0","id":"a","method":"ping"}"#, -32600, &json!("a"), "`jsonrpc`"),
            (r#"{"jsonrpc":"2.0","id":1}"#, -32600, &json!(1), "`method`"),
            (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32600, &json!(1), "`method`"),
            (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, -32600, &none, "`id`"),
            (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600, &none, "`id`"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#, -32600, &json!(1), "neither"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"tools/cal"}"#, -32601, &json!(1), "tools/call"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"resources/list"}"#, -32601, &json!(1), "tools/list"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"tools/cal","params":7}"#, -32601, &json!(1), "tools/call"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#, -32602, &json!(1), "is missing"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}"#, -32602, &json!(1), "an object"),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}"#,
                -32602,
                &json!(1),
                "missing field `name`",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","arguments":"x"}}"#,
                -32602,
                &json!(1),
                "expected a map",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}"#,
                -32602,
                &json!(1),
                "missing field `capabilities`",
            ),
        ] {
            let (own_code, own_id, message) = refused(text);
            assert_eq!((own_code, &own_id), (code, id), "{text}: {message}");
            assert!(message.contains(part), "{text}: {message}");
        }
        assert_eq!(read(b"\xff\xfe").unwrap_err().error.code, ErrorCode::PARSE_ERROR);
        let long = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{}"}}"#, "x".repeat(100_000));
        assert!(refused(&long).2.len() < 1_000);
    }

    #[test]
    fn what_needs_no_response_gets_none() {
        for text in [
            // As a client would send back an error that it got.
            r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"x"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"error":7}"#,
            r#"{"jsonrpc":"2.0","id":null,"result":{}}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":7}"#,
        ] {
            let read = read(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error:?}"));
            assert!(!matches!(read, Some(ClientJsonRpcMessage::Request(_))), "{text}");
        }
        let ping = read(b"\xEF\xBB\xBF{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}").unwrap();
        assert!(matches!(ping, Some(ClientJsonRpcMessage::Request(_))));
    }
}
