//! The records that `state.rs` keeps, and why a call is not carried out.

use crate::fields::FieldProblem;
use crate::timestamp::Timestamp;

/// Why a call is not carried out; `replies.rs` puts it on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    Unauthorized,
    Stale,
    Query,
    ContentType,
    Body(FieldProblem),
    OtherApiKey,
    NoUser,
    NoService,
    NoToken,
    Range,
    UserExists,
    TokenExists,
    TokenTaken,
    NotAssigned,
    NotMapped,
    OwnService,
    Denied,
    NoPushToken,
    PlanIsFull(&'static str),
    Full(&'static str),
}

impl Problem {
    /// The check that failed, where nobody has noted it yet.
    pub(super) fn for_explanation(&self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::Unauthorized | Self::Stale | Self::Query | Self::ContentType | Self::Body(_) => {
                return None;
            }
            Self::OtherApiKey => ("api key", "the API key in the request is not the one that signed it"),
            Self::NoUser => ("existence", "there is no such user"),
            Self::NoService => ("existence", "there is no such service"),
            Self::NoToken => ("existence", "there is no such token"),
            Self::Range => ("range", "the range ends before it begins, or begins before the first index"),
            Self::UserExists => ("conflict", "another user has that UserName"),
            Self::TokenExists => ("conflict", "another token has that SerialNumber"),
            Self::TokenTaken => ("conflict", "the token is assigned to another user"),
            Self::NotAssigned => ("conflict", "the token is not assigned to that user"),
            Self::NotMapped => ("conflict", "the user is not mapped to that service"),
            Self::OwnService => ("conflict", "this service's key signed the request; it can't delete itself"),
            Self::Denied => {
                ("policy", "the user is denied, or is not mapped to the service whose key signed")
            }
            Self::NoPushToken => ("push", "the user has no unblocked software token of that id"),
            Self::PlanIsFull(_) => ("plan", "the plan allows no more of these"),
            Self::Full(_) => ("capacity", "the emulator keeps no more of these"),
        })
    }
}

/// Whether a user needs a second factor.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = auth_emulator::Emulator::start().await?;
/// use auth_emulator::providers::revesecure::Policy;
///
/// let nobody = emulator.revesecure().set_policy("nobody", Policy::Bypass);
/// assert!(nobody.is_err(), "there is no such user");
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Policy {
    /// A second factor is asked for.
    Enabled,
    /// The user is let in without one.
    Bypass,
    /// The user is not let in.
    Denied,
}

impl Policy {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Bypass => "Bypass",
            Self::Denied => "Denied",
        }
    }
}

/// What a user is created with, or changed to.
#[derive(Clone, Debug, Default)]
pub(super) struct Profile {
    pub user_name: Option<String>,
    pub email: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    /// Country code and number; only ever together.
    pub phone: Option<(i64, String)>,
}

#[derive(Clone, Debug)]
pub(super) struct User {
    pub id: String,
    pub user_name: String,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub country_code: i64,
    pub number: String,
    pub policy: Policy,
    pub bypass_codes: Vec<BypassCode>,
}

#[derive(Clone, Debug)]
pub(super) struct BypassCode {
    pub id: String,
    pub code: String,
    pub expires_at: Timestamp,
}

#[derive(Clone, Debug)]
pub(super) struct Service {
    pub id: String,
    pub name: String,
    pub kind: String,
    pub active: bool,
    pub since: Timestamp,
    pub until: Timestamp,
    pub users: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Software,
    Hardware,
}

impl TokenKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Software => "Software",
            Self::Hardware => "Hardware",
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub id: String,
    pub name: String,
    pub kind: TokenKind,
    pub serial: String,
    pub user: Option<String>,
    pub blocked: bool,
    pub since: Timestamp,
    pub until: Timestamp,
    pub key: Vec<u8>,
    /// Codes of steps up to this one don't work any more.
    pub spent_step: i64,
}
