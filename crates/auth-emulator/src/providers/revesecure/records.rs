//! The records that `state.rs` stores, and the reasons for rejecting a request.

use serde::{Deserialize, Serialize};

use super::credential::Credential;
use crate::framework::fields::BodyProblem;
use crate::framework::timestamp::Timestamp;

/// Why a request is rejected; `replies.rs` formats it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    Unauthorized,
    Stale,
    Query,
    Body(BodyProblem),
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

impl From<BodyProblem> for Problem {
    fn from(problem: BodyProblem) -> Self {
        Self::Body(problem)
    }
}

impl Problem {
    /// The failed check and the reason, if they were not noted yet.
    pub(super) fn for_explanation(&self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::Unauthorized | Self::Stale | Self::Query | Self::Body(_) => {
                return None;
            }
            Self::OtherApiKey => ("api key", "the API key in the request is that of no service"),
            Self::NoUser => ("existence", "there is no such user"),
            Self::NoService => ("existence", "there is no such service"),
            Self::NoToken => ("existence", "there is no such token"),
            Self::Range => ("range", "the range ends before it starts, or starts before the first index"),
            Self::UserExists => ("conflict", "another user has that UserName or email address"),
            Self::TokenExists => ("conflict", "another token has that SerialNumber"),
            Self::TokenTaken => ("conflict", "the token is assigned to another user"),
            Self::NotAssigned => ("conflict", "the token is not assigned to that user"),
            Self::NotMapped => ("conflict", "the user is not mapped to that service"),
            Self::OwnService => ("conflict", "a service can't delete itself"),
            Self::Denied => ("policy", "the user is denied, or is not mapped to the calling service"),
            Self::NoPushToken => ("push", "the user has no unblocked software token with that id"),
            Self::PlanIsFull(_) => ("plan", "the plan allows no more of these"),
            Self::Full(_) => ("capacity", "the limit of the emulator is reached"),
        })
    }
}

/// A user's policy for the second factor.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Policy {
    /// A second factor is required.
    Enabled,
    /// The user is admitted without a second factor.
    Bypass,
    /// The user is rejected.
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

/// The fields for creating or changing a user.
#[derive(Clone, Debug, Default)]
pub(super) struct Profile {
    pub user_name: Option<String>,
    pub email: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    /// Country code and number.
    pub phone: Option<(i64, String)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
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

impl User {
    /// Whether a login under this name is one of the user. Assumption (user-names): upper and lower case are equal.
    pub(super) fn is_called(&self, name: &str) -> bool {
        [&self.user_name, &self.email].iter().any(|own| !own.is_empty() && own.eq_ignore_ascii_case(name))
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct BypassCode {
    pub id: String,
    pub code: String,
    pub expires_at: Timestamp,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Service {
    pub id: String,
    pub name: String,
    pub kind: String,
    pub credential: Credential,
    pub life: Life,
    pub users: Vec<String>,
}

/// When something is active: from its activation to its deactivation, unless it was deactivated before.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Life {
    pub active: bool,
    pub since: Timestamp,
    pub until: Timestamp,
}

impl Life {
    /// `ActivationStatus` on the wire. Assumption (activation): it follows the two times, and has no effect on calls.
    pub(super) fn status(&self, now: Timestamp) -> &'static str {
        if self.active && now < self.until { "Active" } else { "Inactive" }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Token {
    pub id: String,
    pub name: String,
    pub kind: TokenKind,
    pub serial: String,
    pub user: Option<String>,
    pub blocked: bool,
    pub life: Life,
    pub key: Vec<u8>,
    /// Codes of steps up to this one are rejected.
    pub spent_step: i64,
}

/// A push request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Push {
    pub id: String,
    pub user: String,
    /// Id of the service that sent it.
    pub service: String,
    pub expires_at: Timestamp,
    pub response: PushResponse,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum PushResponse {
    None,
    Approved,
    Denied,
    NotSent,
}

/// The kind of a code: the letters of `AuthType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum AuthType {
    Hardware,
    Software,
    Bypass,
}

impl Push {
    /// The state on the wire.
    ///
    /// Assumption (push): a push without a response is `PUSH_PENDING`; the real name is not documented. An expired one is
    /// `PUSH_TXN_UNKNOWN`, which the vendor's plugin shows as expired.
    pub(super) fn state(&self, now: Timestamp) -> &'static str {
        match self.response {
            PushResponse::Approved => "PUSH_APPROVE",
            PushResponse::Denied => "PUSH_DENY",
            PushResponse::NotSent => "PUSH_SEND_ERROR",
            PushResponse::None if now < self.expires_at => "PUSH_PENDING",
            PushResponse::None => UNKNOWN_PUSH,
        }
    }
}

/// The state of an unknown push.
pub(super) const UNKNOWN_PUSH: &str = "PUSH_TXN_UNKNOWN";
