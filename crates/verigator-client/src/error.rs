//! What Verigator's errors say.
//!
//! The vendor documents statuses and no bodies. Its Python client looks for a top-level `message`; that is read where
//! it is there, and everything else is kept as it came.

use auth_client_core::provider::{ApiError, ProviderRules, ResponseView};
use serde::Deserialize;

auth_client_core::provider::error_type! {
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
    pub struct Error;
}

/// The vendor's rules: those of plain HTTP, and a message in the body.
#[derive(Debug)]
pub(crate) struct Verigator;

impl ProviderRules for Verigator {
    fn name(&self) -> &'static str {
        "verigator"
    }

    fn api_error(&self, answer: ResponseView<'_>) -> ApiError {
        #[derive(Deserialize)]
        struct Body {
            message: Option<String>,
        }
        let mut api = ApiError::new();
        api.message =
            auth_client_core::provider::model::read_object::<Body>(answer.body).and_then(|body| body.message);
        api
    }
}
