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
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n\nnext: {}", self.what, self.next)
    }
}

impl std::error::Error for Failure {}
