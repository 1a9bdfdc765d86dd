//! Codes and push requests that a person would see now. Providers list theirs; the control API and the typed handle return
//! them and decide on them.

use crate::framework::timestamp::Timestamp;

/// A pending code or push request.
///
/// ```
/// use auth_emulator::PendingCode;
///
/// fn describe(code: &PendingCode) -> String {
///     format!("{} for {} by {}, valid until {}", code.code, code.subject, code.kind, code.expires_at)
/// }
/// # let _ = describe;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct PendingCode {
    /// The name of the provider.
    pub provider: &'static str,
    /// The person, by the customer's name or id.
    pub subject: String,
    /// How it is delivered, for example `sms`, `totp` or `push`.
    pub kind: &'static str,
    /// The id for approving, denying or expiring it.
    pub id: String,
    /// The code; empty for a push request.
    pub code: String,
    /// The service that asks for it, by name; empty if there is only one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub service: String,
    /// When it expires.
    pub expires_at: Timestamp,
    /// Other names of the person that a search matches: ids, phone numbers.
    #[serde(skip)]
    pub(crate) aliases: Vec<String>,
}

impl PendingCode {
    pub(crate) fn is_for(&self, subject: &str) -> bool {
        self.subject == subject || self.aliases.iter().any(|alias| alias == subject)
    }
}

/// A decision on a pending code or push request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Approve,
    Deny,
    Expire,
}

/// A decision was rejected.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = auth_emulator::Emulator::start().await?;
/// assert_eq!(emulator.approve("c-1"), Err(auth_emulator::DecisionError::NotFound("c-1".to_owned())));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecisionError {
    /// Nothing with this id is pending.
    #[error("nothing with the id {0:?} is pending")]
    NotFound(String),
    /// The decision is not possible for this kind of code.
    #[error("{0}")]
    NotPossible(&'static str),
}
