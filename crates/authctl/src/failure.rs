//! Failures: the table of exit codes, and how a failure is printed for people and for programs.

use crate::globals::Globals;
use crate::index::Class;
use crate::json::quote;
use crate::settings::login_command;
use auth_client_core::{Error, ErrorKind};
use std::fmt::Write as _;
use virtuous_client::SessionProblem;

/// Exit codes, a stable contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// A file, the disk, or an error in this program.
    Local = 1,
    /// Invalid command line or input; nothing was sent.
    Usage = 2,
    /// The vendor rejected the call.
    Refused = 3,
    /// A credential is missing, invalid, expired or rejected.
    Credentials = 4,
    /// What the call is about does not exist.
    NotFound = 5,
    /// The call failed and can safely be made again.
    Retry = 6,
    /// The call failed, and the vendor may have executed it.
    Unclear = 7,
    /// This program refused to make the call.
    Prevented = 8,
    /// Some parts succeeded, the reader of an export has ended, or a webhook signature is wrong.
    Partly = 9,
    /// Ctrl-C.
    Interrupted = 130,
}

/// The table for `--help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0    success, also with an empty list
  1    local failure: a file, the disk, a bug
  2    invalid command line or input; nothing was sent
  3    the vendor rejected the call
  4    a credential is missing, invalid, expired or rejected
  5    not found
  6    failed, and safe to run again (429, 5xx, no connection)
  7    failed, and may have been executed: check before you run it again
  8    prevented by authctl: a deletion without --yes, a second export to a target
  9    partly done: also an export whose reader has ended, a wrong signature of a webhook, or a difference for doctor --strict
  130  interrupted by Ctrl-C";

/// A failure, as printed on standard error.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// Identifies the failure for programs; stable.
    code: &'static str,
    message: String,
    hint: Option<String>,
    /// The session of a login has ended.
    pub(crate) ended: bool,
    call: Option<Box<CallDetails>>,
}

#[derive(Debug, Default)]
struct CallDetails {
    provider: String,
    operation: String,
    status: Option<u16>,
    may_have_executed: bool,
    attempts: u32,
    request_id: Option<String>,
    retry_after: Option<f64>,
    fields: Option<String>,
    /// The response of an executed call whose output failed, as JSON without secrets.
    response: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, code: &'static str, message: impl Into<String>) -> Self {
        Self { exit, code, message: message.into(), hint: None, ended: false, call: None }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    pub(crate) fn local(message: impl Into<String>) -> Self {
        Self::new(Exit::Local, "local", message)
    }

    pub(crate) fn credentials(message: impl Into<String>) -> Self {
        Self::new(Exit::Credentials, "credentials", message)
    }

    /// Ctrl-C. A write that was perhaps sent is unclear.
    pub(crate) fn interrupted(class: Class) -> Self {
        match class {
            Class::Read => Self::new(Exit::Interrupted, "interrupted", "interrupted"),
            _ => {
                Self::new(Exit::Unclear, "interrupted", "interrupted: the vendor may have executed the call")
                    .hint("check before you run it again")
            }
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a hint, unless there is one.
    pub(crate) fn or_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// The same failure, after the vendor has executed a write: the response is printed with it, because it may have the id of
    /// what was created.
    pub(crate) fn executed(mut self, class: Class, response: Option<String>) -> Self {
        if class == Class::Read || self.exit == Exit::Unclear {
            return self;
        }
        self.exit = Exit::Unclear;
        self.message = format!("the call was executed, but its output failed: {}", self.message);
        self.hint = Some("do not run it again".to_owned());
        self.call =
            Some(Box::new(CallDetails { may_have_executed: true, response, ..CallDetails::default() }));
        self
    }

    /// The same failure, after the password was accepted and a code was sent.
    pub(crate) fn after_password(mut self) -> Self {
        if self.exit == Exit::Usage {
            self.exit = Exit::Credentials;
            self.code = "code_required";
            self.message = format!("the password was accepted and a code was sent, but {}", self.message);
        }
        self
    }

    /// A failed call. Messages of the vendor stay out if the operation is `sensitive`, or the login or renewal before it failed,
    /// because they may quote the request.
    pub(crate) fn call(provider: &str, class: Class, sensitive: bool, error: &Error) -> Self {
        let exit = exit_of(class, error);
        let is_sensitive = sensitive || error.kind() == ErrorKind::Credentials;
        let message = if is_sensitive { error.to_string() } else { error.with_message() };
        let details = CallDetails {
            provider: provider.to_owned(),
            operation: error.operation().to_owned(),
            status: error.status().map(|status| status.as_u16()),
            may_have_executed: class != Class::Read && error.may_have_been_executed(),
            attempts: error.attempts(),
            request_id: error.request_id().map(str::to_owned),
            retry_after: error.retry_after().map(|delay| delay.as_secs_f64()),
            fields: error.field().map(str::to_owned),
            response: None,
        };
        let hint = match exit {
            Exit::Credentials => {
                Some(format!("authctl status {provider} shows where the credentials come from"))
            }
            Exit::Unclear => {
                Some("the vendor may have executed it: check before you run it again".to_owned())
            }
            Exit::Retry if error.kind() == ErrorKind::Connect => Some(format!(
                "nothing was sent, so it is safe to run again; authctl status {provider} shows whether a base URL is set"
            )),
            Exit::Retry => Some(match error.retry_after() {
                Some(delay) => format!("safe to run again, in {} s", delay.as_secs().max(1)),
                None => "safe to run again".to_owned(),
            }),
            _ => None,
        };
        Self { exit, code: error.kind().as_str(), message, hint, ended: false, call: Some(Box::new(details)) }
    }

    /// The same failure of a call, if only a new login helps. The causes and the delay of the library are for programs that stay.
    pub(crate) fn needs_login(mut self, problem: SessionProblem, globals: &Globals) -> Self {
        let (ended, why) = match problem {
            SessionProblem::RefreshRefused => {
                (true, "the session has ended: the server rejected its renewal".to_owned())
            }
            SessionProblem::RefreshLost => (
                true,
                "the session has ended: a renewal was interrupted, and the server rejected the next one"
                    .to_owned(),
            ),
            SessionProblem::NoRefreshToken => (true, "the session has ended".to_owned()),
            other => (false, other.to_string()),
        };
        if let Some(call) = &mut self.call {
            self.message = format!("{} {}: {why}", call.provider, call.operation);
            call.retry_after = None;
        }
        self.ended = ended;
        self.hint(format!("{} starts a new session", login_command(globals.profile())))
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn next_step(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The line for people, or the object for programs.
    pub(crate) fn text(&self, json: bool) -> String {
        if !json {
            let mut text = format!("authctl: {}\n", visible(&self.message));
            if let Some(hint) = &self.hint {
                // Writing to a String can't fail.
                let _ = writeln!(text, "hint: {}", visible(hint));
            }
            if let Some(response) = self.call.as_ref().and_then(|call| call.response.as_ref()) {
                let _ = writeln!(text, "response: {}", visible(response));
            }
            return text;
        }
        let mut text =
            format!("{{\"error\":{{\"code\":{},\"message\":{}", quote(self.code), quote(&self.message));
        let mut add = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                let _ = write!(text, ",\"{name}\":{value}");
            }
        };
        add("hint", self.hint.as_deref().map(quote));
        if let Some(call) = &self.call {
            let name = |name: &str| Some(quote(name)).filter(|_| !name.is_empty());
            add("provider", name(&call.provider));
            add("operation", name(&call.operation));
            add("status", call.status.map(|status| status.to_string()));
            add("field", call.fields.as_deref().map(quote));
            add("request_id", call.request_id.as_deref().map(quote));
            add("attempts", Some(call.attempts.to_string()).filter(|_| call.attempts > 0));
            add("retry_after", call.retry_after.map(|delay| delay.to_string()));
            add("retryable", Some((self.exit == Exit::Retry).to_string()));
            add("may_have_executed", Some(call.may_have_executed.to_string()));
            add("response", call.response.clone());
        }
        add("exit", Some((self.exit as u8).to_string()));
        text.push_str("}}\n");
        text
    }
}

fn exit_of(class: Class, error: &Error) -> Exit {
    if error.may_have_been_executed() && class == Class::Write {
        return Exit::Unclear;
    }
    let exit = match error.kind() {
        ErrorKind::Unauthenticated | ErrorKind::Credentials | ErrorKind::Configuration => Exit::Credentials,
        ErrorKind::NotFound => Exit::NotFound,
        ErrorKind::InvalidInput => Exit::Usage,
        ErrorKind::Throttled
        | ErrorKind::Server
        | ErrorKind::Connect
        | ErrorKind::Timeout
        | ErrorKind::Transport => Exit::Retry,
        _ if error.is_retryable() => Exit::Retry,
        _ => Exit::Refused,
    };
    // An idempotent write can be made again; without a usable response it is unclear nevertheless.
    match exit {
        Exit::Refused if error.may_have_been_executed() && class == Class::IdempotentWrite => Exit::Unclear,
        exit => exit,
    }
}

/// Whether a character can change a terminal, or can hide text from people: control characters, line separators, characters of
/// direction, and characters without a width, among them the tags that spell invisible letters.
pub(crate) fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Makes control and direction characters visible, so that a vendor's string can't change the terminal.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if is_harmful(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line_or_one_object() {
        let failure = Failure::usage("no \u{1b}[31m such\noperation").hint("try \"list\"");
        assert_eq!(failure.text(false), "authctl: no \\u{1b}[31m such\\noperation\nhint: try \"list\"\n");
        let value: serde_json::Value = serde_json::from_str(&failure.text(true)).unwrap();
        assert_eq!(value["error"]["code"], "usage");
        assert_eq!(value["error"]["exit"], 2);
        assert_eq!(value["error"]["message"], "no \u{1b}[31m such\noperation");
    }

    #[test]
    fn the_table_lists_every_code() {
        for exit in [
            Exit::Local,
            Exit::Usage,
            Exit::Refused,
            Exit::Credentials,
            Exit::NotFound,
            Exit::Retry,
            Exit::Unclear,
            Exit::Prevented,
            Exit::Partly,
            Exit::Interrupted,
        ] {
            let line = format!("\n  {:<4} ", exit as u8);
            assert!(EXIT_CODES.contains(&line), "{exit:?}");
        }
    }
}
