//! Verigator's error responses.
//!
//! The vendor documents statuses but no bodies; its Python client reads a top-level `message`.

use auth_client_core::provider::ProviderRules;
use http::HeaderValue;

auth_client_core::provider::error_type! {
    /// A failed call to Verigator.
    ///
    /// Dereferences to the error type that all providers share:
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

/// Provider rules: HTTP semantics, and a `Content-Type` on every request.
#[derive(Debug)]
pub(crate) struct Verigator {
    /// Whether requests without a body also have a `Content-Type`.
    pub(crate) content_type_without_body: bool,
}

impl ProviderRules for Verigator {
    fn name(&self) -> &'static str {
        "verigator"
    }

    fn content_type_without_body(&self) -> Option<HeaderValue> {
        self.content_type_without_body.then(|| HeaderValue::from_static("application/json"))
    }
}
