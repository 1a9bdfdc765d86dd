//! Failures of the program, with their exit codes.

/// No emulator responds, or not as an emulator does.
const NOT_RUNNING: u8 = 1;
/// The command line is invalid. The value is clap's.
const USAGE: u8 = 2;
/// The emulator could not be started.
const NOT_STARTED: u8 = 3;
/// The emulator rejected a command.
const REFUSED: u8 = 4;

#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    pub(crate) code: u8,
    message: String,
}

impl Failure {
    pub(crate) fn not_running(message: impl Into<String>) -> Self {
        Self { code: NOT_RUNNING, message: message.into() }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { code: USAGE, message: message.into() }
    }

    pub(crate) fn refused(message: &str, status: u16) -> Self {
        Self { code: REFUSED, message: format!("{message} (status {status})") }
    }

    pub(crate) fn not_started(message: impl Into<String>) -> Self {
        Self { code: NOT_STARTED, message: message.into() }
    }
}
