//! What comes back from checking a code.
//!
//! A wrong code is an answer with status 200, so it is a value here and no error. It is an enum that can't be taken for
//! success by accident, and an answer that doesn't say whether the code was right is an error: not a success, and not a
//! wrong code either.

use crate::models::AuthMethod;
use serde::{Deserialize, Deserializer};
use std::fmt;

/// Whether the code was right.
///
/// ```
/// use verigator_client::models::Verification;
///
/// fn let_in(answer: &Verification) -> bool {
///     matches!(answer, Verification::Verified { .. })
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a wrong code comes back as a value, not as an error"]
pub enum Verification {
    /// The code was right.
    #[non_exhaustive]
    Verified {
        /// How it had been sent, where the vendor says it.
        method: Option<AuthMethod>,
    },
    /// It was not.
    Rejected(Rejection),
}

impl Verification {
    /// Whether the code was right.
    ///
    /// ```
    /// let answer: verigator_client::models::Verification = serde_json::from_str(r#"{"verified":false}"#)?;
    /// assert!(!answer.is_verified());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn is_verified(&self) -> bool {
        matches!(self, Self::Verified { .. })
    }
}

/// Why a code was not accepted. The vendor may leave any of it out.
///
/// ```
/// use verigator_client::models::Verification;
///
/// let json = r#"{"verified":false,"status":{"expired":true,"result":"EXPIRED"}}"#;
/// let Verification::Rejected(why) = serde_json::from_str(json)? else { panic!("it is not verified") };
/// assert!(why.expired);
/// assert_eq!(why.to_string(), "the code has expired");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Rejection {
    /// How the code had been sent.
    #[serde(skip)]
    pub method: Option<AuthMethod>,
    /// Too many tries: no code is accepted for a while.
    #[serde(default, deserialize_with = "auth_client_core::provider::model::null_as_default")]
    pub throttled: bool,
    /// The code came too late; a new authentication has to be started.
    #[serde(default, deserialize_with = "auth_client_core::provider::model::null_as_default")]
    pub expired: bool,
    /// The code is wrong.
    #[serde(default, deserialize_with = "auth_client_core::provider::model::null_as_default")]
    pub invalid: bool,
    /// The vendor's word for it, such as `INVALID`; the list of values is not published.
    pub result: Option<String>,
}

/// The reason in words; the vendor's own word is not repeated.
impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self { throttled: true, .. } => "too many tries",
            Self { expired: true, .. } => "the code has expired",
            Self { invalid: true, .. } => "the code is wrong",
            _ => "the code was not accepted",
        })
    }
}

impl<'de> Deserialize<'de> for Verification {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Answer {
            // Without a default: an answer that lacks it is refused.
            verified: bool,
            method: Option<AuthMethod>,
            status: Option<Rejection>,
        }
        // From an object only: a list with `true` in the first place is no verified code.
        let Answer { verified, method, status } = auth_client_core::provider::model::object(deserializer)?;
        Ok(if verified {
            Self::Verified { method }
        } else {
            Self::Rejected(Rejection { method, ..status.unwrap_or_default() })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Verification, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn only_a_plain_true_is_success() {
        assert!(read(r#"{"verified":true,"method":"sms"}"#).unwrap().is_verified());
        for refused in [
            "{}",
            r#"{"method":"sms"}"#,
            r#"{"verified":null}"#,
            r#"{"verified":"true"}"#,
            r#"{"verified":1}"#,
            r#"{"Verified":true}"#,
            r#"{"status":{"verified":true}}"#,
            "true",
            "[true]",
            r#"[true,"sms",null]"#,
            r#"{"verified":true,"verified":false}"#,
        ] {
            assert!(read(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn every_part_of_a_rejection_may_be_missing() {
        for (json, text) in [
            (r#"{"verified":false}"#, "the code was not accepted"),
            (r#"{"verified":false,"status":null}"#, "the code was not accepted"),
            (r#"{"verified":false,"status":{}}"#, "the code was not accepted"),
            (r#"{"verified":false,"status":{"expired":true}}"#, "the code has expired"),
            (r#"{"verified":false,"status":{"throttled":true,"invalid":true}}"#, "too many tries"),
            (r#"{"verified":false,"status":{"invalid":true,"throttled":null,"new":1}}"#, "the code is wrong"),
        ] {
            let Verification::Rejected(rejection) = read(json).unwrap() else { panic!("{json}") };
            assert_eq!(rejection.to_string(), text, "{json}");
        }
    }

    #[test]
    fn an_unknown_result_is_kept() {
        let answer = read(r#"{"verified":false,"method":"sms","status":{"result":"NEW"}}"#).unwrap();
        let Verification::Rejected(rejection) = answer else { panic!("rejected") };
        assert_eq!(rejection.result.as_deref(), Some("NEW"));
        assert_eq!(rejection.method, Some(AuthMethod::Sms));
    }
}
