//! Pictures of individuals, whose upload the vendor lists and does not document.

use crate::Call;
use crate::generated::operations;
use crate::models::ContactIndividual;
use crate::resources::ContactIndividuals;
use auth_client_core::decode::{self, DecodeFailure};
use bytes::Bytes;
use http::HeaderValue;
use http::Response;

impl ContactIndividuals<'_> {
    /// Sets the picture of an individual.
    ///
    /// - `contact_individual_id`: The individual's id.
    /// - `content_type`: What kind of picture it is, such as `image/png`.
    ///
    /// Assumption: the picture itself is the body, and the answer may be empty. The vendor lists the operation and shows
    /// no body.
    ///
    /// `POST /api/ContactIndividual/{contactIndividualId}/Avatar`, an idempotent write: it is repeated when it fails for a
    /// passing reason, since twice is the same as once.
    ///
    /// # Errors
    ///
    /// [`Error`](crate::Error), whose kind tells what went wrong.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use http::HeaderValue;
    ///
    /// # async fn example(client: &virtuous_client::Client, picture: Vec<u8>) -> Result<(), virtuous_client::Error> {
    /// client.contact_individuals().upload_avatar(817, HeaderValue::from_static("image/png"), picture).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_avatar(
        &self,
        contact_individual_id: i64,
        content_type: HeaderValue,
        picture: impl Into<Bytes>,
    ) -> Call<Option<ContactIndividual>> {
        self.client
            .engine()
            .request(&operations::CONTACT_INDIVIDUALS_UPLOAD_AVATAR, &[contact_individual_id.into()])
            .body(content_type, picture)
            .call(individual_if_told)
    }
}

/// The individual, where the answer has one.
fn individual_if_told(answer: &Response<Bytes>) -> Result<Option<ContactIndividual>, DecodeFailure> {
    if answer.body().trim_ascii().is_empty() { Ok(None) } else { decode::json(answer).map(Some) }
}
