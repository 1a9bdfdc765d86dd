//! ReveSecure's error responses.
//!
//! The vendor documents none. A response may have an envelope whose `status.code` is more specific than the HTTP
//! status, and the vendor's plugin reads nothing else. A 2xx response with a code other than 200 is an error.

use crate::envelope::Envelope;
use auth_client_core::ErrorKind;
use auth_client_core::provider::{
    ApiError, Classification, JsonStyle, ProviderRules, ResponseView, classify_by_status,
};
use http::StatusCode;

auth_client_core::provider::error_type! {
    /// A failed call to ReveSecure.
    ///
    /// Dereferences to the error type that all providers share:
    ///
    /// ```no_run
    /// # async fn run(revesecure: revesecure_client::Client) {
    /// use revesecure_client::ErrorKind;
    ///
    /// match revesecure.users().get("4xc5Ha1OfWaeCaaP32JgVIuEv4vfMDTr").await {
    ///     Ok(user) => println!("{:?}", user.user_name),
    ///     Err(error) if error.kind() == ErrorKind::NotFound => println!("no such user"),
    ///     Err(error) => eprintln!("{error}"),
    /// }
    /// # }
    /// ```
    pub struct Error;
}

impl Error {
    /// Returns the envelope of the response, if it has one.
    ///
    /// ```no_run
    /// # async fn example(client: &revesecure_client::Client) -> Result<(), revesecure_client::Error> {
    /// if let Err(error) = client.users().list().await
    ///     && let Some(envelope) = error.envelope()
    /// {
    ///     eprintln!("status code in the envelope: {:?}", envelope.code());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn envelope(&self) -> Option<Envelope> {
        Envelope::read(self.0.body()?)
    }
}

/// Provider rules: HTTP semantics first, then the code of the envelope.
#[derive(Debug)]
pub(crate) struct ReveSecure {
    pub(crate) style: JsonStyle,
    /// Whether `status.error` counts as a failure.
    pub(crate) strict: bool,
}

/// Returns the kind of a failure in an envelope: that of the HTTP status for a code after which the request may have been
/// executed, like the status itself.
fn kind(envelope: &Envelope) -> ErrorKind {
    let status = envelope.code().and_then(|code| u16::try_from(code).ok());
    match status.and_then(|code| StatusCode::from_u16(code).ok()) {
        Some(status) if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
            ErrorKind::from_status(status)
        }
        _ => ErrorKind::Api,
    }
}

impl ProviderRules for ReveSecure {
    fn name(&self) -> &'static str {
        "revesecure"
    }

    /// Assumption (error-bodies): an HTTP error status is an error, whatever the envelope contains.
    fn classify(&self, response: ResponseView<'_>) -> Classification {
        let classification = classify_by_status(response.status);
        if classification != Classification::Success {
            return classification;
        }
        match Envelope::read(response.body) {
            // A 403 may be about the time of the signature.
            Some(envelope) if matches!(envelope.code(), Some(401 | 403)) => {
                Classification::CredentialRefused(ErrorKind::Api)
            }
            Some(envelope) if !envelope.is_success() => Classification::Permanent(kind(&envelope)),
            Some(envelope) if self.strict && envelope.error() == Some(true) => {
                Classification::Permanent(ErrorKind::Api)
            }
            _ => Classification::Success,
        }
    }

    fn api_error(&self, response: ResponseView<'_>) -> ApiError {
        let mut api = ApiError::new();
        api.code = Envelope::read(response.body).and_then(|envelope| Some(envelope.code()?.to_string()));
        api
    }

    fn json_style(&self) -> JsonStyle {
        self.style
    }
}
