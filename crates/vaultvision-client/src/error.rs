//! The API's error responses: a code, and a UUID for the vendor's support.
//!
//! One code is documented, `authentication_failure`. Assumption (rate-limits): a 429 comes from a proxy in front of
//! the API, as in a sample repository of the vendor, with another body: a `status_code` as a string, a `status_text`,
//! no code, no UUID, and no `Retry-After`.

use crate::whole::whole_object;
use auth_client_core::UnknownFields;
use auth_client_core::provider::record::{Field, Fit, Form, Reading, Scalar};
use auth_client_core::provider::{ApiError, ProviderRules, ResponseView, model};

auth_client_core::provider::error_type! {
    /// A failed call to Vault Vision.
    ///
    /// Dereferences to the error type that all providers share; [`request_id`](crate::CoreError::request_id)
    /// returns the UUID.
    ///
    /// ```no_run
    /// # async fn run(vault: vaultvision_client::Client) {
    /// use vaultvision_client::ErrorKind;
    ///
    /// match vault.users("tenant").get("user").await {
    ///     Ok(user) => println!("{}", user.profile().email()),
    ///     Err(error) if error.kind() == ErrorKind::NotFound => println!("no such user"),
    ///     // One line: operation, status, code and UUID, but no secret.
    ///     Err(error) => eprintln!("{error}"),
    /// }
    /// # }
    /// ```
    pub struct Error;
}

impl Error {
    /// Returns the API's error object, if the response contained one.
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

whole_object! {
    /// The API's error object.
    ///
    /// ```
    /// let json = r#"{"type":"Error","uuid":"6f1c","code":"authentication_failure","status_code":401}"#;
    /// let body: vaultvision_client::models::ErrorBody = serde_json::from_str(json)?;
    /// assert_eq!((body.code(), body.status_code()), ("authentication_failure", Some(401)));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ErrorBody expects "an error object" {
        /// Always `Error`.
        "type" => kind: text;
        /// UUID to quote to the vendor's support.
        "uuid" => uuid: text;
        /// Error code, such as `authentication_failure`.
        "code" => code: text;
        /// HTTP status, as in the response.
        "status_code" => status_code: hidden<StatusCode>;
    }
}

impl ErrorBody {
    /// Returns the HTTP status in the error object, which is a number or, from the proxy, a string.
    ///
    /// ```
    /// let body: vaultvision_client::models::ErrorBody = serde_json::from_str(r#"{"status_code":"429"}"#)?;
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

/// A number from the API, or a string from the proxy in front of it.
#[derive(Clone)]
enum StatusCode {
    Number(u64),
    Text(String),
}

impl Default for StatusCode {
    fn default() -> Self {
        Self::Number(0)
    }
}

#[doc(hidden)]
impl Field for StatusCode {
    fn blank() -> Self {
        Self::default()
    }

    fn expected(&self) -> &'static str {
        "a status as a number or a string"
    }

    fn scalar(&mut self, value: Scalar<'_>, _: Reading) -> Fit {
        *self = match value {
            Scalar::Integer(status) => Self::Number(u64::try_from(status).map_err(|_| self.expected())?),
            Scalar::Text(status) => Self::Text(status.to_owned()),
            _ => return Err(self.expected()),
        };
        Ok(())
    }

    fn form(&self) -> Form<'_> {
        match self {
            Self::Number(status) => Form::Integer((*status).into()),
            Self::Text(status) => Form::Text(status),
        }
    }
}

/// Provider rules: HTTP semantics. Differences are part of the operations: a write is never retried after a 5xx, which
/// can mean a misconfigured tenant.
#[derive(Debug)]
pub(crate) struct VaultVision;

impl ProviderRules for VaultVision {
    fn name(&self) -> &'static str {
        "vaultvision"
    }

    fn api_error(&self, response: ResponseView<'_>) -> ApiError {
        let mut api = ApiError::new();
        let body: UnknownFields = model::from_slice(response.body).unwrap_or_default();
        let text = |name: &str| body.get::<String>(name);
        api.code = text("code").filter(|code| !may_be_a_secret(code));
        api.request_id = text("uuid").filter(|uuid| !may_be_a_secret(uuid));
        api
    }
}

/// Codes and UUIDs of a response are printed. Strings with upper-case letters, lower-case letters and digits are
/// omitted, because a server that echoes the request could make the client print a key or secret.
fn may_be_a_secret(text: &str) -> bool {
    let has = |kind: fn(&char) -> bool| text.chars().any(|letter| kind(&letter));
    text.starts_with("vv_")
        || (has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase) && has(char::is_ascii_digit))
}
