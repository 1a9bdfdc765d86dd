//! How a command fails: what is wrong, and the command to run next.

use std::fmt;

/// A failed command. Its text ends with what to do about it.
#[derive(Debug)]
pub struct Failure {
    what: String,
    next: String,
}

impl Failure {
    /// A failure; `next` is the command to run, or what to change before running it again.
    #[must_use]
    pub fn new(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { what: what.into(), next: next.into() }
    }

    /// Fails unless there are no findings; they follow `head`, a line each.
    pub(crate) fn unless_none(head: &str, findings: &[String], next: &str) -> Result<(), Self> {
        if findings.is_empty() {
            Ok(())
        } else {
            Err(Self::new(format!("{head}{}", findings.join("\n")), next))
        }
    }
}

/// Turns an error of a library into a failure.
pub(crate) trait Context<T> {
    /// `what: error`, and what to do next.
    fn context(self, what: impl fmt::Display, next: &str) -> Result<T, Failure>;
}

impl<T, E: fmt::Display> Context<T> for Result<T, E> {
    fn context(self, what: impl fmt::Display, next: &str) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(format!("{what}: {error}"), next))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n\nnext: {}", self.what, self.next)
    }
}

impl std::error::Error for Failure {}
