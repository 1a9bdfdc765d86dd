//! Formats responses as the settings require.

use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::framework::exchange::Reply;
use crate::providers::virtuous::base::settings::ErrorBody;

/// Why a request is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    Unauthorized,
    NotFound,
    /// Fields, each with a message.
    Invalid(Vec<(String, String)>),
    /// No body, or null.
    NoBody,
    /// The body has this media type, or none.
    MediaType(Option<String>),
    /// A unique value belongs to another record.
    Conflict,
    /// The vendor's servers time out on a deep page.
    Unavailable,
    /// The limit of the emulator is reached.
    Full(&'static str),
    /// The route table contains an operation without an implementation.
    NotImplemented(&'static str),
}

impl Problem {
    /// One invalid field.
    pub(crate) fn field(field: impl Into<String>, words: impl Into<String>) -> Self {
        Self::Invalid(vec![(field.into(), words.into())])
    }

    /// The failed check and the reason, for explanations.
    pub(crate) fn explanation(&self) -> (&'static str, String) {
        match self {
            Self::Unauthorized => ("credential", "it is not good".to_owned()),
            Self::NotFound => ("existence", "there is no such record".to_owned()),
            Self::Invalid(fields) => {
                let fields: Vec<_> =
                    fields.iter().map(annotated).map(|(field, words)| format!("{field}: {words}")).collect();
                ("content", fields.join(" "))
            }
            Self::MediaType(_) => ("content type", "Content-Type is neither JSON nor a form".to_owned()),
            Self::NoBody => ("content", "there is no body, or it is null".to_owned()),
            Self::Conflict => ("uniqueness", "another contact has this email address".to_owned()),
            Self::Unavailable => ("page", "the settings let pages of this depth or size fail".to_owned()),
            Self::Full(what) => ("room", format!("the emulator keeps no more {what}")),
            Self::NotImplemented(_) => ("route", "the emulator does not implement this operation".to_owned()),
        }
    }
}

/// An invalid field as the platform reports it: a required property by its name in the code, as recorded.
fn annotated((field, words): &(String, String)) -> (String, String) {
    let Some((parameter, property)) = field.split_once('.').filter(|_| words.contains("{0}")) else {
        return (field.clone(), words.replace("{0}", field));
    };
    let capital = |name: &str| {
        let mut letters = name.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    let names: Vec<String> = property.split('.').map(capital).collect();
    let words = words.replace("{0}", names.last().map(String::as_str).unwrap_or_default());
    (format!("{parameter}.{}", names.join(".")), words)
}

/// A JSON response with the content type of the vendor.
pub(crate) fn json(status: StatusCode, body: &Value) -> Reply {
    Reply::text(status, "application/json; charset=utf-8", body.to_string())
}

/// Adds the headers against caches that all recorded responses have.
pub(crate) fn uncached(reply: Reply) -> Reply {
    let no_cache = HeaderValue::from_static("no-cache");
    reply
        .header(header::CACHE_CONTROL, no_cache.clone())
        .header(header::PRAGMA, no_cache)
        .header(header::EXPIRES, HeaderValue::from_static("-1"))
}

/// An error in the format of the settings.
pub(crate) fn error(
    form: ErrorBody,
    status: StatusCode,
    message: &str,
    fields: &[(String, String)],
) -> Reply {
    match form {
        ErrorBody::Empty => Reply::empty(status),
        ErrorBody::Html => {
            let title = status.canonical_reason().unwrap_or("Error");
            Reply::text(status, "text/html", format!("<html><body><h1>{title}</h1></body></html>"))
        }
        ErrorBody::Message if fields.is_empty() => json(status, &json!({ "message": message })),
        ErrorBody::Message => {
            let mut state = serde_json::Map::new();
            for (field, words) in fields.iter().map(annotated) {
                if let Value::Array(all) = state.entry(field).or_insert_with(|| json!([])) {
                    all.push(words.into());
                }
            }
            json(status, &json!({ "message": message, "modelState": state }))
        }
        ErrorBody::Envelope => {
            let details: Vec<Value> = fields
                .iter()
                .map(annotated)
                .map(|(field, words)| json!({ "field": field, "code": "INVALID", "message": words }))
                .collect();
            json(
                status,
                &json!({ "error": { "code": code(status), "message": message, "details": details } }),
            )
        }
    }
}

fn code(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "BAD_REQUEST",
        401 => "UNAUTHENTICATED",
        403 => "FORBIDDEN",
        404 => "NOT_FOUND",
        409 => "CONFLICT",
        415 => "UNSUPPORTED_MEDIA_TYPE",
        422 => "VALIDATION_FAILED",
        429 => "RATE_LIMITED",
        503 => "SERVICE_UNAVAILABLE",
        _ => "INTERNAL_ERROR",
    }
}

pub(crate) fn problem(form: ErrorBody, problem: &Problem) -> Reply {
    match problem {
        Problem::Unauthorized => {
            let message = "Authorization has been denied for this request.";
            error(form, StatusCode::UNAUTHORIZED, message, &[])
                .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
        }
        // Without a body in all recordings, except in the vendor's new format.
        Problem::NotFound if form == ErrorBody::Message => Reply::empty(StatusCode::NOT_FOUND),
        Problem::NotFound => error(form, StatusCode::NOT_FOUND, "Not found.", &[]),
        Problem::Invalid(fields) => error(form, StatusCode::BAD_REQUEST, "The request is invalid.", fields),
        Problem::NoBody => error(form, StatusCode::BAD_REQUEST, "The argument cannot be null", &[]),
        // The words of the vendor's platform.
        Problem::MediaType(given) => {
            let message = match given {
                Some(kind) => {
                    format!("The request entity's media type '{kind}' is not supported for this resource.")
                }
                None => {
                    "The request contains an entity body but no Content-Type header. The inferred media type \
                         'application/octet-stream' is not supported for this resource."
                        .to_owned()
                }
            };
            error(form, StatusCode::UNSUPPORTED_MEDIA_TYPE, &message, &[])
        }
        Problem::Conflict => {
            error(form, StatusCode::CONFLICT, "A contact with this email address already exists.", &[])
        }
        Problem::Unavailable => {
            error(form, StatusCode::SERVICE_UNAVAILABLE, "The service is unavailable.", &[])
        }
        Problem::Full(what) => Reply::full(what),
        Problem::NotImplemented(operation) => Reply::unimplemented(operation),
    }
}
