//! Codes that a person would hold in their hand just now: text messages, app codes, push questions. Providers list theirs,
//! the control API and the typed handle show them and decide about them.

use crate::timestamp::Timestamp;

/// A code or question that waits for a person.
///
/// ```
/// use auth_emulator::PendingCode;
///
/// fn tell(code: &PendingCode) -> String {
///     format!("{} of {} by {}, until {}", code.code, code.subject, code.kind, code.expires_at)
/// }
/// # let _ = tell;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct PendingCode {
    /// Whose it is.
    pub provider: &'static str,
    /// For whom: the name by which the customer knows the person.
    pub subject: String,
    /// How it reached the person, for example `sms`, `totp` or `push`.
    pub kind: &'static str,
    /// What to approve, deny or expire it by.
    pub id: String,
    /// The code to type; empty for a question that is answered by yes or no.
    pub code: String,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// Other names of the same person, which a search finds too: ids, phone numbers.
    #[serde(skip)]
    pub(crate) aliases: Vec<String>,
}

impl PendingCode {
    pub(crate) fn is_for(&self, subject: &str) -> bool {
        self.subject == subject || self.aliases.iter().any(|alias| alias == subject)
    }
}

/// What a person does with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Says yes.
    Approve,
    /// Says no.
    Deny,
    /// Lets the time run out.
    Expire,
}

/// A decision could not be carried out.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = auth_emulator::Emulator::start().await?;
/// assert_eq!(emulator.approve("c-1"), Err(auth_emulator::DecideError::NotFound("c-1".to_owned())));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecideError {
    /// Nothing with that id is waiting.
    #[error("nothing with the id {0:?} is waiting")]
    NotFound(String),
    /// It is waiting, but not for this.
    #[error("{0}")]
    NotPossible(&'static str),
}
