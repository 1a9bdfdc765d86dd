//! Formatting of an error: one line with the causes that a user can act on, followed by status, code, request id and
//! attempts.

use super::parts::is_token;
use super::{Error, ErrorKind, NOT_SET, field_name};
use crate::transport_error::TransportError;
use std::error::Error as StdError;
use std::fmt;

/// Maximum length of one message, in characters.
const LIMIT: usize = 300;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        match (inner.provider, inner.operation) {
            ("", "") => {}
            (name, "") | ("", name) => write!(f, "{name}: ")?,
            (provider, operation) => write!(f, "{provider} {operation}: ")?,
        }
        match (&inner.field, &*inner.detail) {
            (Some(field), detail) if detail.starts_with(NOT_SET) => write!(f, "`{field}` {detail}")?,
            (Some(field), detail)
                if matches!(inner.kind, ErrorKind::Configuration | ErrorKind::InvalidInput) =>
            {
                write!(f, "invalid {field}: {detail}")?;
            }
            (Some(field), detail) => write!(f, "{}: {field}: {detail}", inner.kind)?,
            (None, "") => write!(f, "{}", inner.kind)?,
            (None, detail) => write!(f, "{}: {detail}", inner.kind)?,
        }
        if matches!(inner.kind, ErrorKind::Credentials | ErrorKind::Configuration | ErrorKind::InvalidInput)
            && let Some(source) = self.source()
        {
            let causes = beyond(&inner.detail, source);
            let colon = if causes.is_empty() { "" } else { ": " };
            write!(f, "{colon}{causes}")?;
        }
        let mut facts = Facts { f, any: false };
        if let Some(response) = &inner.response {
            facts.add(format_args!("status {}", response.status.as_u16()))?;
        }
        if let Some(code) = inner.api.code.as_deref().filter(|code| is_token(code)) {
            facts.add(format_args!("code {code}"))?;
        }
        let fields = field_name::shown(&inner.report.complaints);
        for (at, field) in fields.iter().enumerate() {
            let quote = if field.contains(' ') { "\"" } else { "" };
            match (at, fields.len()) {
                (0, 1) => facts.add(format_args!("field {quote}{field}{quote}"))?,
                (0, _) => facts.add(format_args!("fields {quote}{field}{quote}"))?,
                _ => write!(facts.f, " {quote}{field}{quote}")?,
            }
        }
        if let Some(id) = inner.api.request_id.as_deref().filter(|id| is_token(id)) {
            facts.add(format_args!("request id {id}"))?;
        }
        if let Some(wait) = inner.retry_after {
            facts.add(format_args!("retry after {} s", wait.as_secs()))?;
        }
        if inner.attempts > 1 {
            facts.add(format_args!("{} attempts", inner.attempts))?;
        }
        if self.may_have_been_executed()
            && !matches!(inner.kind, ErrorKind::Decode | ErrorKind::EmptyResponse)
        {
            facts.add(format_args!("may have been executed"))?;
        }
        facts.close()
    }
}

/// Shows the names of headers but not their values, and the size of the body but not the body.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        let mut debug = f.debug_struct("Error");
        debug
            .field("kind", &inner.kind)
            .field("provider", &inner.provider)
            .field("operation", &inner.operation)
            .field("field", &inner.field)
            .field("detail", &inner.detail);
        if let Some(response) = &inner.response {
            debug
                .field("status", &response.status)
                .field("header_names", &response.headers.keys().collect::<Vec<_>>())
                .field("body_bytes", &response.body.len());
        }
        debug
            .field("api", &inner.api)
            .field("retry_after", &inner.retry_after)
            .field("attempts", &inner.attempts)
            .field("elapsed", &inner.elapsed)
            .field("may_have_been_sent", &self.may_have_been_sent())
            .field("may_have_been_executed", &self.may_have_been_executed())
            .field("is_retryable", &inner.retryable)
            .field("was_replayed_after_renewal", &self.was_replayed_after_renewal())
            .field("was_renewed_not_replayed", &self.was_renewed_not_replayed())
            .field("source", &inner.source.as_ref().map(ToString::to_string))
            .finish()
    }
}

/// Returns the messages of an error and its sources, outermost first, without those that are already in `shown`.
///
/// Sources contain no secrets, by the contract of [`Error::with_source`](crate::Error::with_source). Those of a transport
/// are left out: they describe what a library was doing, and the cause among them is in the error's detail.
fn beyond(shown: &str, error: &(dyn StdError + 'static)) -> String {
    let mut line = String::new();
    for cause in std::iter::successors(Some(error), |&cause| cause.source()) {
        if cause.is::<TransportError>() {
            break;
        }
        let message: String = cause.to_string().chars().take(LIMIT).collect();
        let message = message.replace(char::is_control, " ");
        if !shown.contains(&message) && !line.contains(&message) {
            if !line.is_empty() {
                line.push_str(": ");
            }
            line.push_str(&message);
        }
        if cause.is::<crate::Error>() {
            // Its line has its own causes.
            break;
        }
    }
    line
}

/// Writes `(a, b, c)` after the line, or nothing if there are no facts.
struct Facts<'a, 'f> {
    f: &'a mut fmt::Formatter<'f>,
    any: bool,
}

impl Facts<'_, '_> {
    fn add(&mut self, fact: fmt::Arguments<'_>) -> fmt::Result {
        self.f.write_str(if self.any { ", " } else { " (" })?;
        self.any = true;
        self.f.write_fmt(fact)
    }

    fn close(self) -> fmt::Result {
        if self.any { self.f.write_str(")") } else { Ok(()) }
    }
}
