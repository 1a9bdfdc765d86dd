//! The causes of an error in its line, so that a person sees what to do without walking through the sources, and the facts
//! at its end.

use crate::transport::TransportError;
use std::error::Error as StdError;
use std::fmt;

/// Messages that say no more than the kind of the error does.
const GENERIC: [&str; 2] = ["could not obtain credentials", "the server refused the credentials"];

/// The most characters of one message.
const LIMIT: usize = 300;

/// Returns the messages of an error and its sources, from the outside in, without those that are already in `shown`.
///
/// Sources contain no secrets, by the contract of [`Error::with_source`](crate::Error::with_source). Those of a transport
/// are left out: they describe what a library was doing, and the cause among them is in the error's detail.
pub(super) fn beyond(shown: &str, error: &(dyn StdError + 'static)) -> String {
    let mut line = String::new();
    for cause in std::iter::successors(Some(error), |&cause| cause.source()) {
        if cause.is::<TransportError>() {
            break;
        }
        let message: String = cause.to_string().chars().take(LIMIT).collect();
        let message = message.replace(char::is_control, " ");
        if !shown.contains(&message) && !line.contains(&message) && !GENERIC.contains(&message.as_str()) {
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
pub(super) struct Facts<'a, 'f> {
    pub(super) f: &'a mut fmt::Formatter<'f>,
    pub(super) any: bool,
}

impl Facts<'_, '_> {
    pub(super) fn add(&mut self, fact: fmt::Arguments<'_>) -> fmt::Result {
        self.f.write_str(if self.any { ", " } else { " (" })?;
        self.any = true;
        self.f.write_fmt(fact)
    }

    pub(super) fn close(self) -> fmt::Result {
        if self.any { self.f.write_str(")") } else { Ok(()) }
    }
}
