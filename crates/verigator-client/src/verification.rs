//! Result of verifying a code.
//!
//! The vendor reports a wrong code with status 200, so it is a value instead of an error. The enum must be matched to
//! detect a success, and a response without a result is an error.

use crate::models::AuthMethod;
use auth_client_core::UnknownFields;
use auth_client_core::provider::record;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Result of verifying a code.
///
/// ```
/// use verigator_client::models::Verification;
///
/// fn let_in(result: &Verification) -> bool {
///     matches!(result, Verification::Verified { .. })
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a wrong code is a value, not an error"]
pub enum Verification {
    /// The code is correct.
    #[non_exhaustive]
    Verified {
        /// Delivery method of the code, if the vendor reports it.
        method: Option<AuthMethod>,
        /// Unknown fields of the response.
        unknown: UnknownFields,
    },
    /// The code was not accepted.
    Rejected(Rejection),
}

impl Verification {
    /// Returns `true` if the code is correct.
    ///
    /// ```
    /// let result: verigator_client::models::Verification = serde_json::from_str(r#"{"verified":false}"#)?;
    /// assert!(!result.is_verified());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn is_verified(&self) -> bool {
        matches!(self, Self::Verified { .. })
    }
}

/// The reason why a code was not accepted. The vendor may omit any of the fields.
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejection {
    /// Delivery method of the code.
    pub method: Option<AuthMethod>,
    /// Too many tries: temporarily, no code is accepted.
    pub throttled: bool,
    /// The code has expired; start a new authentication.
    pub expired: bool,
    /// The code is wrong.
    pub invalid: bool,
    /// The vendor's result code, such as `INVALID`; the list of values is not published.
    pub result: Option<String>,
    /// Unknown fields of `status`.
    pub unknown: UnknownFields,
    /// Unknown fields of the response, next to `status`.
    pub response_unknown: UnknownFields,
}

/// The response on the wire.
#[derive(Clone, Default)]
struct Response {
    verified: bool,
    method: Option<AuthMethod>,
    status: Option<Status>,
    unknown: UnknownFields,
}

#[derive(Clone, Default)]
struct Status {
    throttled: bool,
    expired: bool,
    invalid: bool,
    result: Option<String>,
    unknown: UnknownFields,
}

// Strict: a response in which `verified` is missing, duplicated or not a boolean is an error.
record! {
    Strict Response {
        "verified" required => verified,
        "method" => method,
        "status" => status,
    }

    Strict Status {
        "throttled" default => throttled,
        "expired" default => expired,
        "invalid" default => invalid,
        "result" => result,
    }
}

/// Prints the reason without the vendor's result code.
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
        let Response { verified, method, status, unknown } = Response::deserialize(deserializer)?;
        if verified {
            return Ok(Self::Verified { method, unknown });
        }
        let status = status.unwrap_or_default();
        Ok(Self::Rejected(Rejection {
            method,
            throttled: status.throttled,
            expired: status.expired,
            invalid: status.invalid,
            result: status.result,
            unknown: status.unknown,
            response_unknown: unknown,
        }))
    }
}

/// Serializes the response that contained it.
impl Serialize for Rejection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Verification::Rejected(self.clone()).serialize(serializer)
    }
}

impl Serialize for Verification {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let response = match self.clone() {
            Self::Verified { method, unknown } => Response { verified: true, method, status: None, unknown },
            Self::Rejected(why) => Response {
                verified: false,
                method: why.method,
                status: Some(Status {
                    throttled: why.throttled,
                    expired: why.expired,
                    invalid: why.invalid,
                    result: why.result,
                    unknown: why.unknown,
                }),
                unknown: why.response_unknown,
            },
        };
        response.serialize(serializer)
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
        let again = serde_json::to_string(&rejection).unwrap();
        assert_eq!(read(&again).unwrap(), Verification::Rejected(rejection), "{again}");
    }
}
