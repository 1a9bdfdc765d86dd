//! What the vendor's errors say: a code, and a UUID for its support.
//!
//! One code is published, `authentication_failure`. In front of the API stands a proxy whose 429 has another body: a
//! textual `status_code`, a `status_text`, neither code nor UUID, and no `Retry-After`.

use crate::whole::whole_object;
use auth_client_core::{AnswerView, ApiError, Vendor};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Deref;

/// A call to Vault Vision that failed.
///
/// It gives access to everything that [`auth_client_core::Error`] knows; [`request_id`](auth_client_core::Error::request_id) is the
/// vendor's UUID.
///
/// ```no_run
/// # async fn run(vault: vaultvision_client::Client) {
/// use vaultvision_client::ErrorKind;
///
/// match vault.users("tenant").get("user").await {
///     Ok(user) => println!("{}", user.profile().email()),
///     Err(error) if error.kind() == ErrorKind::NotFound => println!("no such user"),
///     // One line: operation, status, code and UUID, and no secret.
///     Err(error) => eprintln!("{error}"),
/// }
/// # }
/// ```
pub struct Error(auth_client_core::Error);

impl Error {
    /// The part that all providers share.
    ///
    /// ```
    /// fn to_common(error: vaultvision_client::Error) -> auth_client_core::Error {
    ///     error.into_inner()
    /// }
    /// ```
    #[must_use]
    pub fn into_inner(self) -> auth_client_core::Error {
        self.0
    }

    /// The vendor's error object, where the answer was one.
    ///
    /// ```no_run
    /// # async fn example(client: &vaultvision_client::Client) -> Result<(), vaultvision_client::Error> {
    /// if let Err(error) = client.tenants().list().await
    ///     && let Some(details) = error.details()
    /// {
    ///     eprintln!("{}, please quote {}", details.code(), details.uuid());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn details(&self) -> Option<ErrorBody> {
        self.0.body_as()
    }
}

impl Deref for Error {
    type Target = auth_client_core::Error;

    fn deref(&self) -> &auth_client_core::Error {
        &self.0
    }
}

impl From<auth_client_core::Error> for Error {
    fn from(error: auth_client_core::Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

whole_object! {
    /// The vendor's error object.
    ///
    /// ```
    /// let json = r#"{"type":"Error","uuid":"6f1c","code":"authentication_failure","status_code":401}"#;
    /// let body: vaultvision_client::ErrorBody = serde_json::from_str(json)?;
    /// assert_eq!((body.code(), body.status_code()), ("authentication_failure", Some(401)));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ErrorBody expects "an error object" {
        /// `Error`.
        "type" => kind: text;
        /// What to quote to the vendor's support.
        "uuid" => uuid: text;
        /// The vendor's code, such as `authentication_failure`.
        "code" => code: text;
        /// The status once more.
        "status_code" => status_code: hidden<StatusCode>;
    }
}

impl ErrorBody {
    /// The status once more, also where the proxy sends it as a text.
    ///
    /// ```
    /// let body: vaultvision_client::ErrorBody = serde_json::from_str(r#"{"status_code":"429"}"#)?;
    /// assert_eq!(body.status_code(), Some(429));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn status_code(&self) -> Option<u16> {
        match self.status_code.given()? {
            StatusCode::Number(status) => u16::try_from(*status).ok(),
            StatusCode::Text(status) => status.parse().ok(),
        }
    }
}

/// A number from the API, a text from the proxy in front of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum StatusCode {
    Number(u64),
    Text(String),
}

impl Default for StatusCode {
    fn default() -> Self {
        Self::Number(0)
    }
}

impl crate::kept::Zero for StatusCode {
    fn is_zero(&self) -> bool {
        matches!(self, Self::Number(0))
    }
}

/// The vendor's rules: those of plain HTTP. What differs is said per operation: a write is never repeated after a 5xx,
/// which here may mean that the tenant is set up wrong and stays so.
#[derive(Debug)]
pub(crate) struct VaultVision;

impl Vendor for VaultVision {
    fn name(&self) -> &'static str {
        "vaultvision"
    }

    fn api_error(&self, answer: AnswerView<'_>) -> ApiError {
        let mut api = ApiError::new();
        let Ok(body) = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(answer.body)
        else {
            return api;
        };
        let text = |name: &str| body.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
        api.code = text("code").filter(|code| !may_be_a_secret(code));
        api.request_id = text("uuid").filter(|uuid| !may_be_a_secret(uuid));
        api.message = text("status_text");
        api
    }
}

/// Codes and UUIDs are printed, and come from the network: a server that repeats what it was sent must not make this
/// client print a key or a secret, which have letters of both cases and digits.
fn may_be_a_secret(text: &str) -> bool {
    let has = |kind: fn(&char) -> bool| text.chars().any(|letter| kind(&letter));
    text.starts_with("vv_")
        || (has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase) && has(char::is_ascii_digit))
}
