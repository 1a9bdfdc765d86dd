//! What VendorName's errors say.
//!
//! Read is a top-level `message`, where it is there; everything else is kept as it came. Name the vendor's page here, and
//! read its codes and request ids too.

use auth_client_core::UnknownFields;
use auth_client_core::provider::{ApiError, ProviderRules, ResponseView, model};

auth_client_core::provider::error_type! {
    /// A call to VendorName that failed.
    ///
    /// It gives access to everything that [`auth_client_core::Error`] knows:
    ///
    /// ```no_run
    /// # async fn run(vendorname: vendorname_client::Client) {
    /// use http::Method;
    /// use vendorname_client::{Call, ErrorKind};
    ///
    /// let call: Call<serde_json::Value> = vendorname.request(Method::GET, "/status").call(auth_client_core::decode::json);
    /// match call.await {
    ///     Ok(status) => println!("{status}"),
    ///     Err(error) if error.kind() == ErrorKind::NotFound => println!("no such path"),
    ///     // One line: operation, status and code, and no secret.
    ///     Err(error) => eprintln!("{error}"),
    /// }
    /// # }
    /// ```
    pub struct Error;
}

/// The vendor's rules: those of plain HTTP, and a message in the body.
#[derive(Debug)]
pub(crate) struct VendorName;

impl ProviderRules for VendorName {
    fn name(&self) -> &'static str {
        "vendorname"
    }

    fn api_error(&self, answer: ResponseView<'_>) -> ApiError {
        let body: UnknownFields = model::from_slice(answer.body).unwrap_or_default();
        let mut api = ApiError::new();
        api.message = body.get("message");
        api
    }
}
