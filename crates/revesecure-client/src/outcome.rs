//! Login decisions: policies, results of codes, states of pushes. No unknown value is read as a permission.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::fmt;

/// Second-factor policy of a user.
///
/// Not convertible to a boolean, so that the three policies can't be mixed up. Only the exact string `Bypass` is
/// a bypass.
///
/// ```
/// use revesecure_client::models::Policy;
///
/// let policy: Policy = serde_json::from_str(r#""bypass""#)?;
/// assert_eq!(policy, Policy::Other("bypass".to_owned()), "only the exact `Bypass` counts");
/// assert_eq!(Policy::Enabled.as_str(), "Enabled");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[must_use = "a denied user is a value, not an error"]
pub enum Policy {
    /// A second factor is required.
    Enabled,
    /// The user is admitted without a second factor.
    Bypass,
    /// The user is not admitted: not mapped to the service, or refused.
    Denied,
    /// A value that this version doesn't know. Treat it as denied.
    Other(String),
}

impl Policy {
    /// Returns the wire value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Enabled => "Enabled",
            Self::Bypass => "Bypass",
            Self::Denied => "Denied",
            Self::Other(text) => text,
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match Value::deserialize(deserializer)? {
            Value::String(text) => text,
            // The registration call uses the same name for a boolean; `false` does not mean a bypass.
            Value::Bool(true) => return Ok(Self::Enabled),
            Value::Bool(false) => "false".to_owned(),
            _ => {
                return Err(D::Error::invalid_type(
                    serde::de::Unexpected::Other("another type"),
                    &"a string or a boolean",
                ));
            }
        };
        Ok(match text.as_str() {
            "Enabled" => Self::Enabled,
            "Bypass" => Self::Bypass,
            "Denied" => Self::Denied,
            _ => Self::Other(text),
        })
    }
}

/// Result of checking a one-time code.
///
/// Only `OTP VALID` is a right code, in any case and with surrounding white space; any other string is a wrong
/// code, and a response without a string is an error.
///
/// ```
/// use revesecure_client::models::AuthResult;
///
/// let right: AuthResult = serde_json::from_str(r#""OTP VALID""#)?;
/// let wrong: AuthResult = serde_json::from_str(r#""OTP INVALID""#)?;
/// assert!(right.is_valid() && !wrong.is_valid());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[must_use = "a wrong code is a value, not an error"]
pub enum AuthResult {
    /// The code was right.
    Valid,
    /// The code was wrong. Contains the vendor's message, such as `OTP INVALID`, which `Debug` omits.
    Invalid(String),
}

impl AuthResult {
    /// Returns `true` if the code was right.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        matches!(self, Self::Valid)
    }
}

impl fmt::Debug for AuthResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_valid() { "Valid" } else { "Invalid(…)" })
    }
}

impl<'de> Deserialize<'de> for AuthResult {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(if text.trim().eq_ignore_ascii_case("OTP VALID") { Self::Valid } else { Self::Invalid(text) })
    }
}

auth_client_core::provider::open_enum! {
    /// State of a push. Any value other than these four means that it is pending.
    ///
    /// ```
    /// use revesecure_client::models::PushState;
    ///
    /// assert!(PushState::from("PUSH_APPROVE").is_final());
    /// assert!(!PushState::from("PUSH_WAITING").is_final());
    /// ```
    pub enum PushState {
        /// The user approved.
        Approved = "PUSH_APPROVE",
        /// The user denied.
        Denied = "PUSH_DENY",
        /// The push could not be sent.
        SendError = "PUSH_SEND_ERROR",
        /// The server doesn't know the push, or no longer does; the vendor's plugin shows this as expired.
        Unknown = "PUSH_TXN_UNKNOWN",
    }
}

impl PushState {
    /// Returns `true` if the state can't change any more.
    #[must_use]
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

auth_client_core::provider::open_enum! {
    /// An authentication method of a user.
    ///
    /// ```
    /// use revesecure_client::models::AuthMethod;
    ///
    /// assert_eq!(AuthMethod::from("Push"), AuthMethod::Push);
    /// assert_eq!(AuthMethod::BypassCode.to_string(), "BypassCode");
    /// ```
    pub enum AuthMethod {
        /// A code from a hardware token.
        Hardware = "Hardware",
        /// A code from the vendor's app.
        Software = "Software",
        /// A bypass code.
        BypassCode = "BypassCode",
        /// A push to the vendor's app.
        Push = "Push",
    }
}

/// Authentication methods of a user, in the vendor's two forms.
///
/// ```
/// use revesecure_client::models::{AuthMethod, AuthMethods};
///
/// let methods: AuthMethods = serde_json::from_str(r#"["Software","Push"]"#)?;
/// assert_eq!(methods, AuthMethods::Names(vec![AuthMethod::Software, AuthMethod::Push]));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthMethods {
    /// A number from 0 to 2, as in the documentation, which doesn't explain it.
    Number(i64),
    /// Names, as the vendor's plugin reads them.
    Names(Vec<AuthMethod>),
}

impl<'de> Deserialize<'de> for AuthMethods {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a number, a string or a list of strings")]
        enum Form {
            Number(i64),
            Name(AuthMethod),
            Names(Vec<AuthMethod>),
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Number(number) => Self::Number(number),
            Form::Name(name) => match name.as_str().trim().parse() {
                Ok(number) => Self::Number(number),
                Err(_) => Self::Names(vec![name]),
            },
            Form::Names(names) => Self::Names(names),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_words_are_policies() {
        for (json, policy) in [
            (r#""Enabled""#, Policy::Enabled),
            (r#""Bypass""#, Policy::Bypass),
            (r#""Denied""#, Policy::Denied),
            ("true", Policy::Enabled),
        ] {
            assert_eq!(serde_json::from_str::<Policy>(json).unwrap(), policy);
        }
        for other in [r#""bypass""#, r#""Bypass ""#, r#""""#, "false", r#""BYPASS""#] {
            let policy: Policy = serde_json::from_str(other).unwrap();
            assert!(matches!(policy, Policy::Other(_)), "{other}");
        }
        for bad in ["null", "0", "1", "[]", "{}"] {
            assert!(serde_json::from_str::<Policy>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_one_text_is_a_right_code() {
        for valid in ["OTP VALID", "OTP Valid", "otp valid", " OTP Valid\n"] {
            let json = serde_json::to_string(valid).unwrap();
            assert!(serde_json::from_str::<AuthResult>(&json).unwrap().is_valid(), "{valid:?}");
        }
        for other in
            ["OTP INVALID", "", "VALID", "OTP  VALID", "OTP VALID?", "OTPVALID", "ＯＴＰ VALID", "true"]
        {
            let json = serde_json::to_string(other).unwrap();
            assert!(!serde_json::from_str::<AuthResult>(&json).unwrap().is_valid(), "{other:?}");
        }
        for bad in ["null", "true", "1", "[]", r#"["OTP VALID"]"#] {
            assert!(serde_json::from_str::<AuthResult>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_four_states_end_a_push() {
        for state in ["PUSH_APPROVE", "PUSH_DENY", "PUSH_SEND_ERROR", "PUSH_TXN_UNKNOWN"] {
            assert!(PushState::from(state).is_final(), "{state}");
        }
        for state in ["", "xxxxxxxx", "push_approve", "PUSH_APPROVED", "PUSH_PENDING"] {
            assert!(!PushState::from(state).is_final(), "{state}");
        }
    }

    #[test]
    fn methods_in_every_form() {
        let read = |json: &str| serde_json::from_str::<AuthMethods>(json);
        assert_eq!(read("2").unwrap(), AuthMethods::Number(2));
        assert_eq!(read(r#""2""#).unwrap(), AuthMethods::Number(2));
        assert_eq!(read(r#""Push""#).unwrap(), AuthMethods::Names(vec![AuthMethod::Push]));
        let names = AuthMethods::Names(vec![AuthMethod::Hardware, AuthMethod::from("Owl")]);
        assert_eq!(read(r#"["Hardware","Owl"]"#).unwrap(), names);
        assert!(read("{}").is_err() && read("[1]").is_err());
    }
}
