//! Result of verifying a code.
//!
//! The vendor reports a wrong code with status 200, so it is a value here and not an error. The enum can't be
//! mistaken for a success by accident, and a response that doesn't say if the code was right is an error.

use crate::models::AuthMethod;
use serde::{Deserialize, Deserializer};
use std::fmt;

/// Result of verifying a code.
///
/// ```
/// use verigator_client::models::Verification;
///
/// fn let_in(answer: &Verification) -> bool {
///     matches!(answer, Verification::Verified { .. })
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a wrong code is a value, not an error"]
pub enum Verification {
    /// The code was right.
    #[non_exhaustive]
    Verified {
        /// Delivery method of the code, if the vendor reports it.
        method: Option<AuthMethod>,
    },
    /// The code was not accepted.
    Rejected(Rejection),
}

impl Verification {
    /// Returns `true` if the code was right.
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

/// Why a code was not accepted. The vendor may omit any of the fields.
///
/// ```
/// use verigator_client::models::Verification;
///
/// let json = r#"{"verified":false,"status":{"expired":true,"result":"EXPIRED"}}"#;
/// let Verification::Rejected(why) = serde_json::from_str(json)? else { panic!("not rejected") };
/// assert!(why.expired);
/// assert_eq!(why.to_string(), "the code has expired");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Rejection {
    /// Delivery method of the code.
    #[serde(skip)]
    pub method: Option<AuthMethod>,
    /// Too many tries: no code is accepted for a while.
    #[serde(default, deserialize_with = "auth_client_core::provider::model::null_as_default")]
    pub throttled: bool,
    /// The code has expired; start a new authentication.
    #[serde(default, deserialize_with = "auth_client_core::provider::model::null_as_default")]
    pub expired: bool,
    /// The code is wrong.
    #[serde(default, deserialize_with = "auth_client_core::provider::model::null_as_default")]
    pub invalid: bool,
    /// The vendor's result code, such as `INVALID`; the list of values is not published.
    pub result: Option<String>,
}

/// Shows the reason without the vendor's result code.
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
            // No default: a response without it is an error.
            verified: bool,
            method: Option<AuthMethod>,
            status: Option<Rejection>,
        }
        // From an object only: an array with `true` in the first position is not a verified code.
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
