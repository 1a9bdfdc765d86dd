//! Login decisions: policies, results of code checks, states of pushes. An unknown value never grants access.

use auth_client_core::UnknownValue;
use auth_client_core::provider::record::{Field, Fit, Form, List, Reading, Scalar};
use auth_client_core::provider::unknown_value;
use std::fmt;

/// Second-factor policy of a user.
///
/// It doesn't convert to a boolean, so that the three policies can't be confused. Only the exact string `Bypass` is a
/// bypass.
///
/// ```
/// use revesecure_client::models::Policy;
///
/// let policy: Policy = serde_json::from_str(r#""bypass""#)?;
/// assert!(matches!(policy, Policy::Unknown(_)), "only the exact `Bypass` counts");
/// assert_eq!(Policy::Enabled.as_str(), "Enabled");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[must_use = "a denied user is a value, not an error"]
pub enum Policy {
    /// A second factor is required.
    Enabled,
    /// The user may log in without a second factor.
    Bypass,
    /// The user may not log in, for example because the user is not mapped to the service.
    Denied,
    /// A value that this version doesn't know. Treat it as denied.
    Unknown(UnknownValue),
}

impl Policy {
    /// Returns the wire value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Enabled => "Enabled",
            Self::Bypass => "Bypass",
            Self::Denied => "Denied",
            Self::Unknown(value) => value.as_str(),
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The default denies access.
impl Default for Policy {
    fn default() -> Self {
        Self::Denied
    }
}

#[doc(hidden)]
impl Field for Policy {
    fn blank() -> Self {
        Self::default()
    }

    fn expected(&self) -> &'static str {
        "a string or a boolean"
    }

    fn scalar(&mut self, value: Scalar<'_>, _: Reading) -> Fit {
        *self = match value {
            Scalar::Text("Enabled") => Self::Enabled,
            Scalar::Text("Bypass") => Self::Bypass,
            Scalar::Text("Denied") => Self::Denied,
            Scalar::Text(other) => Self::Unknown(unknown_value(other)),
            // The registration call uses the same name for a boolean; `false` does not mean a bypass.
            Scalar::Bool(true) => Self::Enabled,
            Scalar::Bool(false) => Self::Unknown(unknown_value("false")),
            _ => return Err(self.expected()),
        };
        Ok(())
    }

    fn form(&self) -> Form<'_> {
        Form::Text(self.as_str())
    }

    fn takes_empty_text() -> bool {
        true
    }
}

/// Result of checking a one-time code.
///
/// Only `OTP VALID`, in any case and with surrounding whitespace, means a correct code. Any other string means a wrong
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
#[non_exhaustive]
#[must_use = "a wrong code is a value, not an error"]
pub enum AuthResult {
    /// The code is correct.
    Valid,
    /// The code is wrong. Contains the vendor's message, such as `OTP INVALID`, which `Debug` omits.
    Invalid(String),
}

impl AuthResult {
    /// Returns `true` if the code is correct.
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

/// A wrong code.
impl Default for AuthResult {
    fn default() -> Self {
        Self::Invalid(String::new())
    }
}

#[doc(hidden)]
impl Field for AuthResult {
    fn blank() -> Self {
        Self::default()
    }

    fn expected(&self) -> &'static str {
        "a string"
    }

    fn scalar(&mut self, value: Scalar<'_>, _: Reading) -> Fit {
        let Scalar::Text(text) = value else { return Err(self.expected()) };
        let right = text.trim().eq_ignore_ascii_case("OTP VALID");
        *self = if right { Self::Valid } else { Self::Invalid(text.to_owned()) };
        Ok(())
    }

    fn form(&self) -> Form<'_> {
        Form::Text(match self {
            Self::Valid => "OTP VALID",
            Self::Invalid(text) => text,
        })
    }

    fn shown(&self) -> Form<'_> {
        Form::Text(if self.is_valid() { "Valid" } else { "Invalid(…)" })
    }

    fn takes_empty_text() -> bool {
        true
    }
}

auth_client_core::provider::open_enum! {
    /// State of a push. Any value other than these four means that the push is pending.
    ///
    /// Assumption (push): the four values are those of the vendor's plugin; the vendor's page shows `xxxxxxxx`. The
    /// value of a pending push is unknown.
    ///
    /// ```
    /// use revesecure_client::models::PushState;
    ///
    /// assert!(PushState::from("PUSH_APPROVE").is_final());
    /// assert!(!PushState::from("PUSH_WAITING").is_final());
    /// ```
    pub enum PushState {
        /// The user approved the push.
        Approved = "PUSH_APPROVE",
        /// The user denied the push.
        Denied = "PUSH_DENY",
        /// The push could not be sent.
        SendError = "PUSH_SEND_ERROR",
        /// The server doesn't know the push, or no longer knows it; the vendor's plugin reports this as expired.
        NotFound = "PUSH_TXN_UNKNOWN",
    }
}

impl PushState {
    /// Returns `true` if the state can't change any more.
    #[must_use]
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Unknown(_))
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

/// Authentication methods of a user, in the vendor's two formats.
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
    /// A number from 0 to 2, as in the documentation. Its meaning is not documented.
    Number(i64),
    /// Names, as expected by the vendor's plugin.
    Names(Vec<AuthMethod>),
}

/// No names.
impl Default for AuthMethods {
    fn default() -> Self {
        Self::Names(Vec::new())
    }
}

#[doc(hidden)]
impl Field for AuthMethods {
    fn blank() -> Self {
        Self::default()
    }

    fn expected(&self) -> &'static str {
        "a number, a string or a list of strings"
    }

    fn scalar(&mut self, value: Scalar<'_>, _: Reading) -> Fit {
        *self = match value {
            Scalar::Integer(number) => Self::Number(i64::try_from(number).map_err(|_| self.expected())?),
            Scalar::Text(text) => match text.trim().parse() {
                Ok(number) => Self::Number(number),
                Err(_) => Self::Names(vec![AuthMethod::from(text)]),
            },
            _ => return Err(self.expected()),
        };
        Ok(())
    }

    fn list(&mut self) -> Option<&mut dyn List> {
        *self = Self::default();
        match self {
            Self::Names(names) => Some(names),
            Self::Number(_) => None,
        }
    }

    fn form(&self) -> Form<'_> {
        match self {
            Self::Number(number) => Form::Integer((*number).into()),
            Self::Names(names) => Form::List(names),
        }
    }

    fn takes_empty_text() -> bool {
        true
    }
}

auth_client_core::provider::serde_by_field!(Policy, AuthResult, AuthMethods);

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
            assert!(matches!(policy, Policy::Unknown(_)), "{other}");
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
        assert!(read("{}").is_err() && read("[{}]").is_err());
        // As a field of a response.
        let field = |json| auth_client_core::provider::record::read_at::<AuthMethods>(json, Reading::Strict);
        assert!(field("[1]").is_err() && field("[null]").is_err() && field(r#"["Push"]"#).is_ok());
    }
}
