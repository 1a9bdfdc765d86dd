//! Reads error bodies: the messages, and the invalid request fields, in the formats of common web frameworks.

use crate::decode::text;
use bytes::Bytes;
use http::{Response, header};
use serde_json::{Map, Value};

/// Names of messages, in the order in which they are returned. As all names here, they are compared without case, `_`,
/// `-` and blanks.
const MESSAGES: [&str; 11] = [
    "message",
    "errormessage",
    "errordescription",
    "description",
    "msg",
    "title",
    "detail",
    "messagedetail",
    "exceptionmessage",
    "statustext",
    "reason",
];

/// Those that are not names of request fields, too.
const CLEAR_MESSAGES: [&str; 5] = ["message", "errormessage", "errordescription", "msg", "exceptionmessage"];

/// Names of lists and objects about request fields.
const LISTS: [&str; 13] = [
    "modelstate",
    "errors",
    "fielderrors",
    "validationerrors",
    "invalidparams",
    "invalidfields",
    "fields",
    "violations",
    "issues",
    "details",
    "detail",
    "message",
    "error",
];

/// Names of objects that contain the above.
const CONTAINERS: [&str; 4] = ["error", "status", "data", "innerexception"];

/// Names of codes and ids next to a message.
const CODES: [&str; 13] = [
    "code",
    "errorcode",
    "status",
    "statuscode",
    "type",
    "errortype",
    "instance",
    "timestamp",
    "requestid",
    "traceid",
    "correlationid",
    "uuid",
    "helplink",
];

/// Keys of messages that are about no single field: those of Django, zod and ASP.NET.
const NO_FIELD: [&str; 4] = ["", "errors", "nonfielderrors", "all"];

/// Maximum length of the path to a field, in bytes.
const LONGEST_PATH: usize = 200;

/// Maximum number of messages, and of fields.
const MOST: usize = 64;

/// The server's name of an invalid request field, and its message.
pub(crate) type Complaint = (String, Option<String>);

type Object = Map<String, Value>;

/// The content of an error body.
#[derive(Default)]
pub(crate) struct Report {
    /// The messages that are about no field.
    pub(crate) messages: Vec<String>,
    pub(crate) complaints: Vec<Complaint>,
}

impl Report {
    /// Reads a JSON body, or a body that its content type declares as plain text, unless the operation is sensitive: such a
    /// text may be the whole request.
    pub(crate) fn read(response: &Response<Bytes>, is_sensitive: bool) -> Self {
        let mut report = Self::default();
        match text::from_slice(response.body()) {
            Ok(Value::Object(body)) => report.container(&body),
            Ok(body) => report.list("errors", &body),
            Err(_) if is_sensitive => {}
            Err(_) => {
                let content_type = response.headers().get(header::CONTENT_TYPE);
                if content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/plain")) {
                    report.say(&String::from_utf8_lossy(response.body()));
                }
            }
        }
        report
    }

    /// Reads a body with a status of success that could not be decoded. It is a record unless it has nothing but a message
    /// and codes.
    pub(crate) fn read_success(response: &Response<Bytes>) -> Self {
        let mut report = Self::default();
        if let Ok(Value::Object(body)) = text::from_slice(response.body())
            && is_only_message(&body)
        {
            report.container(&body);
        }
        // The fields of a success are not invalid.
        Self { complaints: Vec::new(), ..report }
    }

    fn say(&mut self, message: &str) {
        if self.messages.len() < MOST
            && !message.trim().is_empty()
            && !self.messages.iter().any(|known| known == message)
        {
            self.messages.push(message.to_owned());
        }
    }

    fn complain(&mut self, field: &str, message: Option<String>) {
        match message {
            Some(message) if field.is_empty() => self.say(&message),
            message if self.complaints.len() < MOST && field.len() <= LONGEST_PATH => {
                self.complaints.push((field.to_owned(), message));
            }
            _ => {}
        }
    }

    /// Reads an object with messages and lists about fields, or one whose keys are the fields.
    fn container(&mut self, object: &Object) {
        if is_map_of_sentences(object) {
            return self.fields("", object);
        }
        for name in MESSAGES {
            if let Some(message) = member(object, name).and_then(text_of) {
                self.say(&message);
            }
        }
        for name in LISTS {
            match member(object, name) {
                Some(Value::Object(_)) if CONTAINERS.contains(&name) => {}
                // Beside a description, it is a code.
                Some(Value::String(_)) if name == "error" && !self.messages.is_empty() => {}
                Some(value) => self.list(name, value),
                None => {}
            }
        }
        for name in CONTAINERS {
            if let Some(Value::Object(inner)) = member(object, name) {
                self.container(inner);
            }
        }
    }

    /// Reads a list of messages, of fields, or of objects that name a field; or an object of fields.
    fn list(&mut self, name: &str, value: &Value) {
        let has_names = name.ends_with("fields");
        match value {
            Value::Array(list) if has_names || text_of(value).is_none() => {
                for item in list {
                    match item {
                        Value::String(field) if has_names => self.complain(field, None),
                        Value::String(message) => self.say(message),
                        Value::Object(item) => match field_of(item, name) {
                            Some(field) => self.complain(&field, message_of(item)),
                            None => self.container(item),
                        },
                        _ => {}
                    }
                }
            }
            Value::String(field) if has_names => self.complain(field, None),
            Value::Object(object) => match (field_of(object, name), message_of(object)) {
                (Some(field), Some(message)) if !has_blank(&field) => self.complain(&field, Some(message)),
                _ if is_error(object) => self.container(object),
                _ => self.fields("", object),
            },
            _ => {
                if let Some(message) = text_of(value) {
                    self.say(&message);
                }
            }
        }
    }

    /// Reads an object of messages, lists and objects under their fields.
    fn fields(&mut self, prefix: &str, object: &Object) {
        for (key, value) in object {
            if is_code(key, value) {
                continue;
            }
            let path = match NO_FIELD.iter().any(|name| is_same(key, name)) {
                true => prefix.to_owned(),
                false => joined(prefix, key),
            };
            if path.len() <= LONGEST_PATH {
                self.field(&path, value);
            }
        }
    }

    fn field(&mut self, path: &str, value: &Value) {
        match value {
            Value::Object(object) if CLEAR_MESSAGES.iter().any(|name| text_in(object, name).is_some()) => {
                self.complain(path, message_of(object));
            }
            Value::Object(object) => self.fields(path, object),
            Value::Array(list) if !list.is_empty() && text_of(value).is_none() => {
                for (index, item) in list.iter().enumerate() {
                    match item {
                        Value::Object(object) => match (field_of(object, ""), message_of(object)) {
                            (Some(field), message) => self.complain(&joined(path, &field), message),
                            (None, Some(message)) => self.complain(path, Some(message)),
                            (None, None) => self.fields(&format!("{path}[{index}]"), object),
                        },
                        item => {
                            if let Some(message) = text_of(item) {
                                self.complain(path, Some(message));
                            }
                        }
                    }
                }
            }
            Value::String(_) | Value::Array(_) | Value::Bool(true) => self.complain(path, text_of(value)),
            _ => {}
        }
    }
}

/// Returns the field that an object of a list names.
fn field_of(object: &Object, list: &str) -> Option<String> {
    const FIELDS: [&str; 11] = [
        "field",
        "fieldname",
        "param",
        "parameter",
        "property",
        "propertyname",
        "propertypath",
        "attribute",
        "path",
        "pointer",
        "target",
    ];
    // As in JSON:API; a string there would be a value.
    let source = || {
        let source = member(object, "source")?.as_object()?;
        text_in(source, "pointer").or_else(|| text_in(source, "parameter"))
    };
    // The way to the field: `["body", "gift", 0, "amount"]`.
    let way = || {
        let way = ["loc", "path", "field"].iter().find_map(|name| member(object, name)?.as_array())?;
        let parts = way.iter().skip_while(|part| *part == "body");
        let parts: Vec<String> =
            parts.map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect();
        Some(parts.join("."))
    };
    // As in RFC 9457. In other lists, a name may be a value.
    let name = || text_in(object, "name").filter(|_| list.starts_with("invalid"));
    FIELDS
        .iter()
        .find_map(|name| text_in(object, name))
        .or_else(source)
        .or_else(way)
        .or_else(name)
        .filter(|field| !field.is_empty())
}

/// Returns the message of an object.
fn message_of(object: &Object) -> Option<String> {
    MESSAGES.iter().find_map(|name| member(object, name).and_then(text_of))
}

/// Returns whether an object in the place of an object of fields is an error with a message instead.
fn is_error(object: &Object) -> bool {
    let mut codes = object.iter().map(|(name, value)| is_code(name, value));
    (says(object, &MESSAGES) && codes.any(|is_code| is_code)) || is_only_message(object)
}

/// Returns whether an object has a message, and nothing but messages and codes.
fn is_only_message(object: &Object) -> bool {
    let is_message = |name: &str| MESSAGES.iter().any(|known| is_same(name, known));
    says(object, &CLEAR_MESSAGES)
        && object.iter().all(|(name, value)| is_message(name) || is_code(name, value))
}

fn says(object: &Object, names: &[&str]) -> bool {
    names.iter().any(|name| text_in(object, name).is_some())
}

/// Returns whether a value of an object is a code or an id. With blanks, it would be a message about a field.
fn is_code(name: &str, value: &Value) -> bool {
    let may_be = match value {
        Value::String(text) => !has_blank(text),
        Value::Number(_) | Value::Bool(_) | Value::Null => true,
        _ => false,
    };
    may_be && CODES.iter().any(|code| is_same(name, code))
}

/// Returns whether all values of an object are lists of sentences, as in `{"amount": ["This field is required."]}`, or
/// objects of these, except codes.
fn is_map_of_sentences(object: &Object) -> bool {
    fn is_of_sentences(value: &Value) -> bool {
        match value {
            Value::Object(object) => !object.is_empty() && object.values().all(is_of_sentences),
            Value::Array(list) if text_of(value).is_some() => {
                list.iter().any(|text| text.as_str().is_some_and(has_blank))
            }
            Value::Array(list) => {
                let is_empty = |item: &Value| item.as_object().is_some_and(Map::is_empty);
                list.iter().any(|item| !is_empty(item))
                    && list.iter().all(|item| item.is_object() && (is_empty(item) || is_of_sentences(item)))
            }
            _ => false,
        }
    }
    let is_one_of = |name: &str, names: &[&str]| names.iter().any(|known| is_same(name, known));
    let mut members = object.iter().filter(|(name, value)| !is_code(name, value)).peekable();
    members.peek().is_some()
        && object.keys().any(|name| !is_one_of(name, &MESSAGES) && !is_one_of(name, &CODES))
        && members.all(|(name, value)| {
            let is_other = is_one_of(name, &LISTS) || (value.is_object() && is_one_of(name, &CONTAINERS));
            !is_other && is_of_sentences(value)
        })
}

/// Returns a string, or a list of strings as one.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(list) if !list.is_empty() => {
            list.iter().map(Value::as_str).collect::<Option<Vec<_>>>().map(|texts| texts.join(" "))
        }
        _ => None,
    }
}

fn text_in(object: &Object, name: &str) -> Option<String> {
    member(object, name)?.as_str().map(str::to_owned)
}

fn has_blank(text: &str) -> bool {
    text.contains(char::is_whitespace)
}

/// Returns the path of a field in an object, which may begin with that of the object already.
fn joined(prefix: &str, field: &str) -> String {
    match field.strip_prefix(prefix) {
        Some("") => field.to_owned(),
        Some(rest) if rest.starts_with(['.', '/', '[']) || prefix.is_empty() => field.to_owned(),
        _ if field.starts_with('[') => format!("{prefix}{field}"),
        _ => format!("{prefix}.{field}"),
    }
}

fn member<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    object.iter().find(|(key, _)| is_same(key, name)).map(|(_, value)| value)
}

fn is_same(key: &str, name: &str) -> bool {
    let letters = key.bytes().filter(|byte| !matches!(byte, b'_' | b'-' | b' '));
    letters.map(|byte| byte.to_ascii_lowercase()).eq(name.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::field_name::shown;

    fn read(body: &str, content_type: &'static str) -> Report {
        let response = Response::builder().header("content-type", content_type);
        Report::read(&response.body(Bytes::copy_from_slice(body.as_bytes())).unwrap(), false)
    }

    fn names(body: &str) -> Vec<String> {
        shown(&read(body, "").complaints).into_iter().map(str::to_owned).collect()
    }

    fn texts(response: &Response<Bytes>, is_sensitive: bool) -> Vec<String> {
        Report::read(response, is_sensitive).messages
    }

    #[test]
    fn a_text_that_may_be_a_secret_request_is_no_message() {
        let of = |content_type: &str, body: &str| {
            let response = Response::builder().header(header::CONTENT_TYPE, content_type);
            response.body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
        };
        let echo = of("text/plain", "upstream failed: GET /auth?pfk=canary");
        assert_eq!(texts(&echo, false), ["upstream failed: GET /auth?pfk=canary"]);
        assert!(texts(&echo, true).is_empty());
        let json = of(
            "application/json",
            r#"{"error":"invalid_grant","error_description":"the account is locked"}"#,
        );
        assert_eq!(texts(&json, true)[0], "the account is locked");
    }

    #[test]
    fn a_success_that_could_not_be_decoded_is_a_record_and_no_message() {
        let of = |body: &str| {
            let response = Response::new(Bytes::copy_from_slice(body.as_bytes()));
            let report = Report::read_success(&response);
            assert!(report.complaints.is_empty());
            report.messages
        };
        assert!(of(r#"[{"id":"x","title":"Ms","description":"left in her will"}]"#).is_empty());
        assert!(of(r#"{"id":"x","title":"Ms","status":"Active","message":"thank you"}"#).is_empty());
        assert!(of("\"a text\"").is_empty());
        assert_eq!(of(r#"{"message":"down for maintenance","code":503}"#), ["down for maintenance"]);
        assert_eq!(of(r#"{"message":"down","detail":[{"field":"amount"}]}"#), ["down"]);
    }

    #[test]
    fn a_large_body_has_few_messages_and_fields_with_short_names() {
        let list: Vec<_> =
            (0..100_000).map(|number| serde_json::json!({ "title": format!("t {number}") })).collect();
        let report = Report::read(&Response::new(serde_json::to_vec(&list).unwrap().into()), false);
        assert_eq!(report.messages.len(), MOST);
        let many: Vec<_> =
            (0..100).map(|number| serde_json::json!({ "field": format!("f{number}") })).collect();
        assert_eq!(read(&serde_json::Value::from(many).to_string(), "").complaints.len(), MOST);
        let list = serde_json::json!({ "errors": [{ "field": "k".repeat(32_000), "message": "a string" }] });
        assert!(read(&list.to_string(), "").complaints.is_empty());
        let long = serde_json::json!({ "errors": { "k".repeat(32_000): vec!["a string"; 10_000] } });
        let report = Report::read(&Response::new(serde_json::to_vec(&long).unwrap().into()), false);
        assert!(report.complaints.is_empty());
    }

    #[test]
    fn messages_are_found_in_every_form() {
        for (body, expected) in [
            ("\"no contact 99\"", &["no contact 99"][..]),
            (r#"["no contact 99","no gift"]"#, &["no contact 99 no gift"]),
            (r#"[{"message":"no contact 99"},{"errorCode":"X"}]"#, &["no contact 99"]),
            (r#"{"errors":["no contact 99"]}"#, &["no contact 99"]),
            (r#"{"errors":"no contact 99"}"#, &["no contact 99"]),
            (r#"{"title":"Invalid","detail":"no contact 99","status":400}"#, &["Invalid", "no contact 99"]),
            (r#"{"message":"a"}"#, &["a"]),
            (r#"{"Message":["a","b"]}"#, &["a b"]),
            (r#"{"title":["no contact 99"]}"#, &["no contact 99"]),
            (r#"{"error":"a"}"#, &["a"]),
            (r#"{"error":["a","b"]}"#, &["a b"]),
            (r#"{"error":{"code":7,"message":["a","b"]}}"#, &["a b"]),
            (r#"{"error":"invalid_grant","error_description":"a"}"#, &["a"]),
            (r#"{"error":"Bad Request","message":"a","status":400,"path":"/b"}"#, &["a"]),
            (r#"{"status":{"code":400,"description":"a"},"data":null}"#, &["a"]),
            (r#"{"status":{"description":["a","b"]}}"#, &["a b"]),
            (r#"{"status":"error","data":{"message":"a"}}"#, &["a"]),
            (r#"{"status_code":"429","status_text":"a"}"#, &["a"]),
            (r#"{"message":"a","errors":["b","c"]}"#, &["a", "b c"]),
            (r#"{"message":"a","errors":[{"message":"b"},"c"]}"#, &["a", "b", "c"]),
            (r#"{"message":"a","error":{"message":"a"}}"#, &["a"]),
            (r#"{"message":"a","messageDetail":"b"}"#, &["a", "b"]),
            (
                r#"{"message":"a","exceptionMessage":"b","innerException":{"exceptionMessage":"c"}}"#,
                &["a", "b", "c"],
            ),
            (r#"{"errors":{"code":"X","message":"a"}}"#, &["a"]),
            (r#"{"errors":{"status":400,"title":"a","detail":"b"}}"#, &["a", "b"]),
            (r#"{"details":{"type":"X","description":"a","traceId":"b"}}"#, &["a"]),
            (r#"{"errors":{"message":"a"}}"#, &["a"]),
            (r#"{"non_field_errors":["no contact 99"]}"#, &["no contact 99"]),
            (r#"{"errors":{"":["a"],"_errors":["b"]}}"#, &["a", "b"]),
            (r#"{"message":" ","error":{"message":null}}"#, &[]),
            ("<html>", &[]),
            ("", &[]),
            ("7", &[]),
            ("null", &[]),
        ] {
            let report = read(body, "");
            assert_eq!(report.messages, expected, "{body}");
            assert!(report.complaints.is_empty(), "{body}: {:?}", report.complaints);
        }
        for (body, content_type, expected) in [
            ("no contact 99", "text/plain; charset=utf-8", &["no contact 99"][..]),
            ("no contact 99", "application/json", &[]),
            (" ", "text/plain", &[]),
            ("<p>", "text/html", &[]),
        ] {
            assert_eq!(read(body, content_type).messages, expected, "{body}");
        }
    }

    #[test]
    fn fields_are_found_in_every_form() {
        for (body, expected) in [
            (
                r#"{"message":"bad","modelState":{"gift.amount":["too small"],"gift.giftType":"missing"}}"#,
                &["gift.amount", "gift.giftType"][..],
            ),
            (
                r#"{"Message":"bad","ModelState":{"gift.giftDesignations[0].projectId":["canary"]}}"#,
                &["gift.giftDesignations[0].projectId"],
            ),
            (
                r#"{"error":{"code":"X","details":[{"field":"giftDate","message":"canary"},{"field":"giftDate"},7]}}"#,
                &["giftDate"],
            ),
            (
                r#"{"errors":[{"pointer":"/data/0/name","detail":"canary"},{"param":"email"}]}"#,
                &["/data/0/name", "email"],
            ),
            (r##"{"errors":[{"detail":"canary","pointer":"#/age"}]}"##, &["#/age"]),
            (r#"{"errors":{"address1":["canary"]}}"#, &["address1"]),
            (r#"{"fields":["giftDate","amount"],"errors":["canary"]}"#, &["giftDate", "amount"]),
            (r#"{"error":{"invalidFields":["giftDate","a canary"]}}"#, &["giftDate"]),
            (r#"{"invalid_fields":["giftDate"]}"#, &["giftDate"]),
            (r#"{"invalid_fields":"giftDate"}"#, &["giftDate"]),
            (r#"{"detail":[{"loc":["body","gifts",0,"amount"],"msg":"canary"}]}"#, &["gifts.0.amount"]),
            (r#"{"issues":[{"path":["gifts",0,"amount"],"message":"canary"}]}"#, &["gifts.0.amount"]),
            (r#"{"detail":"canary"}"#, &[]),
            (r#"{"invalid-params":[{"name":"month","reason":"canary"},{"name":"a canary"}]}"#, &["month"]),
            (r#"{"errors":[{"source":{"pointer":"/data/name"},"detail":"canary"}]}"#, &["/data/name"]),
            (r#"{"errors":[{"source":{"parameter":"page"},"detail":"canary"}]}"#, &["page"]),
            (r#"{"errors":[{"propertyName":"GiftDate","errorMessage":"canary"}]}"#, &["GiftDate"]),
            (r#"{"errors":[{"name":"canary","source":"canary","id":"canary"}]}"#, &[]),
            (r#"{"modelState":[["canary"],7,null]}"#, &[]),
            // At the top.
            (r#"[{"field":"amount","message":"canary"},{"attribute":"date"}]"#, &["amount", "date"]),
            (r#"[{"message":"canary","errorCode":"X","fields":["amount"]}]"#, &["amount"]),
            (r#"{"amount":["This canary is required."]}"#, &["amount"]),
            (
                r#"{"code":"invalid","gift":{"amount":["A canary."]},"notes":[{},{"text":["A canary."]}],"title":["A canary."]}"#,
                &["gift.amount", "notes[1].text", "title"],
            ),
            (r#"{"notes":[{"text":["A canary."]}]}"#, &["notes[0].text"]),
            // A record beside sentences.
            (r#"{"gift":{"amount":"canary"},"title":["A canary."]}"#, &[]),
            (r#"{"gifts":[{"amount":"canary"}],"title":["A canary."]}"#, &[]),
            (r#"{"allowed":["GET","POST"],"name":"canary","see":["the canary"]}"#, &[]),
            (r#"{"errors":["A canary."],"hints":["A canary."]}"#, &[]),
            // Other names.
            (
                r#"{"violations":[{"propertyPath":"gift.amount","message":"canary"},{"fieldName":"date"}]}"#,
                &["gift.amount", "date"],
            ),
            (r#"{"fieldErrors":[{"field":"amount","defaultMessage":"canary"}]}"#, &["amount"]),
            (r#"{"field_errors":{"amount":"canary"}}"#, &["amount"]),
            (r#"{"validation_errors":[{"parameter":"amount"}]}"#, &["amount"]),
            (r#"{"error":{"code":"X","details":[{"target":"amount","message":"canary"}]}}"#, &["amount"]),
            (r#"{"message":[{"property":"amount","constraints":{"min":"canary"}}]}"#, &["amount"]),
            (r#"{"error":[{"field":"amount"}]}"#, &["amount"]),
            (r#"{"errors":{"field":"amount","code":"X","message":"canary"}}"#, &["amount"]),
            // In an envelope.
            (r#"{"status":{"code":400,"errors":{"amount":["canary"]}},"data":{}}"#, &["amount"]),
            (r#"{"status":{"code":400},"data":{"errors":[{"field":"amount"}]}}"#, &["amount"]),
            (r#"{"status":{"code":400},"data":{"amount":["A canary."]}}"#, &["amount"]),
            (r#"{"status":{"code":400},"data":{"amount":"canary","tags":["canary"]}}"#, &[]),
            (r#"{"error":{"amount":["A canary."]}}"#, &["amount"]),
            // Fields in fields.
            (
                r#"{"errors":{"gift":{"amount":["canary"],"type":"no canary"}}}"#,
                &["gift.amount", "gift.type"],
            ),
            (r#"{"errors":{"gifts":[{},{"amount":["canary"]}]}}"#, &["gifts[1].amount"]),
            (r#"{"errors":{"gifts":{"0":{"amount":"canary"}}}}"#, &["gifts.0.amount"]),
            (r#"{"errors":{"amount":[{"code":"X","message":"canary"}]}}"#, &["amount"]),
            (
                r#"{"errors":{"gift":[{"field":"amount"},{"field":"gift.date"}]}}"#,
                &["gift.amount", "gift.date"],
            ),
            (
                r#"{"errors":{"amount":{"name":"Canary","kind":"required","path":"amount","message":"canary"}}}"#,
                &["amount"],
            ),
            (
                r#"{"errors":{"amount":{"_errors":["canary"]},"date":{"errors":[{"errorMessage":"x"}]}}}"#,
                &["amount", "date"],
            ),
            (r#"{"errors":{"amount":[{"field":"amount","message":"canary"}]}}"#, &["amount"]),
            (r#"{"errors":{"gift":[{"field":"giftDate"}]}}"#, &["gift.giftDate"]),
            (r#"{"errors":{"gifts":[{"field":"[0].amount"}]}}"#, &["gifts[0].amount"]),
            // Fields with the names of parts of an error.
            (r#"{"errors":{"field":"is no canary","message":"is no canary"}}"#, &["field", "message"]),
            (r#"{"errors":{"code":"X","amount":["canary"]}}"#, &["amount"]),
            (r#"{"errors":{"code":["canary"],"message":["canary"]}}"#, &["code", "message"]),
            (r#"{"errors":{"description":"no canary","type":"no canary"}}"#, &["description", "type"]),
            (r#"{"errors":{"code":"is no canary"}}"#, &["code"]),
            (r#"{"errors":{"code":"X"},"details":{"traceId":"canary","amount":null}}"#, &[]),
            (
                r#"{"modelState":{"canary@example.org":["x"],"4111111111111111":["x"],"a b":["x"],"tokenAbc123456":["x"],"a\nb":[],"":[]}}"#,
                &[],
            ),
            ("{}", &[]),
            ("[]", &[]),
            ("<html>", &[]),
            ("", &[]),
        ] {
            assert_eq!(names(body), expected, "{body}");
        }
    }

    #[test]
    fn a_field_has_one_message_or_none() {
        let complaints = read(r#"{"errors":{"amount":["Too small.","No cents."],"date":[]}}"#, "").complaints;
        let [amount, date] = complaints.try_into().unwrap();
        assert_eq!(amount, ("amount".to_owned(), Some("Too small. No cents.".to_owned())));
        assert_eq!(date, ("date".to_owned(), None));
    }

    #[test]
    fn the_paths_of_a_hostile_body_stay_short() {
        let key = "k".repeat(1_000);
        let report = read(&format!(r#"{{"errors":{{"{key}":{{"{key}":{{"a":["x"]}},"b":["x"]}}}}}}"#), "");
        assert!(report.complaints.is_empty(), "{}", report.complaints.len());
        let deep = format!("{}7{}", r#"{"errors":"#.repeat(10_000), "}".repeat(10_000));
        assert!(read(&deep, "").messages.is_empty());
    }
}
