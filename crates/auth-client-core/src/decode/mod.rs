//! Decoding of responses.
//!
//! A decoder receives a response that was classified as a success and whose body is complete. Generated
//! operations refer to one of these functions.

pub(crate) mod date_time;
pub(crate) mod explain;
pub(crate) mod model;
pub(crate) mod open_enum;
pub(crate) mod raw_json;
pub(crate) mod record;
pub(crate) mod rows;
pub(crate) mod text;
pub(crate) mod unknown;

use bytes::Bytes;
use http::Response;
use serde::de::DeserializeOwned;

/// Function that decodes a response.
pub type Decode<T> = fn(&Response<Bytes>) -> Result<T, DecodeFailure>;

/// Reason why a response could not be decoded.
///
/// ```
/// use bytes::Bytes;
/// use auth_client_core::decode::{self, DecodeFailure};
/// use http::Response;
///
/// /// Decodes a name, which must not be empty.
/// fn name(response: &Response<Bytes>) -> Result<String, DecodeFailure> {
///     let name: String = decode::json(response)?;
///     if name.is_empty() { Err(DecodeFailure::Rule("the name is empty")) } else { Ok(name) }
/// }
/// # assert!(name(&Response::new(Bytes::from("\"\""))).is_err());
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum DecodeFailure {
    /// The body is not JSON, or does not match the type.
    Json(serde_json::Error),
    /// Another rule is violated. The message must not contain values from the body.
    Rule(&'static str),
    /// The same with a formatted message. It may contain field names, but no values from the body.
    Mismatch(String),
}

impl From<serde_json::Error> for DecodeFailure {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

/// Decodes a JSON body.
///
/// A byte order mark is accepted, characters in strings that are not Unicode, such as half a surrogate pair, become
/// U+FFFD, and `null` is accepted as an empty list.
///
/// ```
/// use auth_client_core::decode;
///
/// let response = http::Response::new("[1,2]".into());
/// assert_eq!(decode::json::<Vec<u32>>(&response)?, [1, 2]);
/// # Ok::<(), decode::DecodeFailure>(())
/// ```
///
/// # Errors
///
/// [`DecodeFailure::Json`] if the body is not JSON or does not match the type.
pub fn json<T: DeserializeOwned>(response: &Response<Bytes>) -> Result<T, DecodeFailure> {
    let body = response.body();
    text::from_slice(body).or_else(|error| match text::without_mark(body).trim_ascii() {
        b"null" => serde_json::from_slice(b"[]").map_err(|_| error.into()),
        _ => Err(error.into()),
    })
}

/// Ignores the body, for operations without a result.
///
/// ```
/// use auth_client_core::decode;
///
/// let response = http::Response::new("anything".into());
/// decode::empty(&response)?;
/// # Ok::<(), decode::DecodeFailure>(())
/// ```
///
/// # Errors
///
/// None; the signature is that of a decoder.
pub fn empty(_: &Response<Bytes>) -> Result<(), DecodeFailure> {
    Ok(())
}

/// Returns the response unchanged.
///
/// ```
/// use auth_client_core::decode;
///
/// let response = http::Response::new("anything".into());
/// assert_eq!(decode::raw(&response)?.body(), "anything");
/// # Ok::<(), decode::DecodeFailure>(())
/// ```
///
/// # Errors
///
/// None; the signature is that of a decoder.
pub fn raw(response: &Response<Bytes>) -> Result<Response<Bytes>, DecodeFailure> {
    let mut copy = Response::new(response.body().clone());
    *copy.status_mut() = response.status();
    *copy.headers_mut() = response.headers().clone();
    *copy.version_mut() = response.version();
    Ok(copy)
}
