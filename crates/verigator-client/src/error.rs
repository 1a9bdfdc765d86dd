//! What Verigator's errors say.
//!
//! The vendor documents statuses and no bodies. Its Python client looks for a top-level `message`; that is read where
//! it is there, and everything else is kept as it came.

use auth_client_core::{AnswerView, ApiError, Vendor};
use serde::Deserialize;
use std::fmt;
use std::ops::Deref;

/// A call to Verigator that failed.
///
/// It gives access to everything that [`auth_client_core::Error`] knows:
///
/// ```no_run
/// # async fn run(verigator: verigator_client::Client) {
/// use verigator_client::ErrorKind;
///
/// match verigator.services().get("81213bfd-b690-499e-b9d2-8754cb1550e8").await {
///     Ok(service) => println!("{}", service.name),
///     Err(error) if error.kind() == ErrorKind::NotFound => println!("no such service"),
///     Err(error) => eprintln!("{error}"),
/// }
/// # }
/// ```
pub struct Error(auth_client_core::Error);

impl Error {
    /// The part that all providers share.
    ///
    /// ```
    /// fn to_common(error: verigator_client::Error) -> auth_client_core::Error {
    ///     error.into_inner()
    /// }
    /// ```
    #[must_use]
    pub fn into_inner(self) -> auth_client_core::Error {
        self.0
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

/// The vendor's rules: those of plain HTTP, and a message in the body.
#[derive(Debug)]
pub(crate) struct Verigator;

impl Vendor for Verigator {
    fn name(&self) -> &'static str {
        "verigator"
    }

    fn api_error(&self, answer: AnswerView<'_>) -> ApiError {
        #[derive(Deserialize)]
        struct Body {
            message: Option<String>,
        }
        let mut api = ApiError::new();
        api.message = auth_client_core::model::read_object::<Body>(answer.body).and_then(|body| body.message);
        api
    }
}
