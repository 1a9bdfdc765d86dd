//! Pictures of individuals; the vendor lists the upload but does not document it.

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
    /// - `contact_individual_id`: Id of the individual.
    /// - `content_type`: Media type of the picture, such as `image/png`.
    ///
    /// Assumption (avatar): the request body is the picture itself, and the response may be empty. The vendor lists the
    /// operation but documents no body.
    ///
    /// `POST /api/ContactIndividual/{contactIndividualId}/Avatar`, an idempotent write: retried after transient
    /// failures.
    ///
    /// # Errors
    ///
    /// [`Error`](crate::Error); see its [`kind`](crate::CoreError::kind).
    ///
    /// # Example
    ///
    /// ```no_run
    /// use virtuous_client::http::HeaderValue;
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
            .call(optional_individual)
    }
}

/// Decodes the individual, if the response contains one.
fn optional_individual(response: &Response<Bytes>) -> Result<Option<ContactIndividual>, DecodeFailure> {
    if response.body().trim_ascii().is_empty() { Ok(None) } else { decode::json(response).map(Some) }
}
