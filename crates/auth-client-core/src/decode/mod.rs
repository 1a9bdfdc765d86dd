//! From an answer to a value.
//!
//! A decoder sees an answer that has been judged a success and whose body is whole. Generated operations name one of
//! the functions here.

pub(crate) mod date_time;
pub(crate) mod explain;
pub(crate) mod model;
#[cfg(feature = "__records")]
pub(crate) mod record;

use bytes::Bytes;
use http::Response;
use serde::de::DeserializeOwned;

/// How an answer becomes a value.
pub type Decode<T> = fn(&Response<Bytes>) -> Result<T, DecodeFailure>;

/// Why an answer did not become a value.
///
/// ```
/// use bytes::Bytes;
/// use auth_client_core::decode::{self, DecodeFailure};
/// use http::Response;
///
/// /// Reads a name, which must not be empty.
/// fn name(answer: &Response<Bytes>) -> Result<String, DecodeFailure> {
///     let name: String = decode::json(answer)?;
///     if name.is_empty() { Err(DecodeFailure::Rule("the name is empty")) } else { Ok(name) }
/// }
/// # assert!(name(&Response::new(Bytes::from("\"\""))).is_err());
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum DecodeFailure {
    /// The body is not the JSON that the type wants.
    Json(serde_json::Error),
    /// Another rule is broken; the text says which, and holds nothing of the body.
    Rule(&'static str),
    /// The same, with a text made for the occasion. It may name members, and must hold no value of the body.
    Misfit(String),
}

impl From<serde_json::Error> for DecodeFailure {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

/// Reads the body as JSON.
///
/// ```
/// use auth_client_core::decode;
///
/// let answer = http::Response::new("[1,2]".into());
/// assert_eq!(decode::json::<Vec<u32>>(&answer)?, [1, 2]);
/// # Ok::<(), decode::DecodeFailure>(())
/// ```
///
/// # Errors
///
/// [`DecodeFailure::Json`] when it isn't, or doesn't fit.
pub fn json<T: DeserializeOwned>(answer: &Response<Bytes>) -> Result<T, DecodeFailure> {
    Ok(serde_json::from_slice(answer.body())?)
}

/// Ignores the body, for operations that promise none.
///
/// ```
/// use auth_client_core::decode;
///
/// let answer = http::Response::new("anything".into());
/// decode::empty(&answer)?;
/// # Ok::<(), decode::DecodeFailure>(())
/// ```
///
/// # Errors
///
/// None; the signature is that of a decoder.
pub fn empty(_: &Response<Bytes>) -> Result<(), DecodeFailure> {
    Ok(())
}

/// Hands the answer out as it is.
///
/// ```
/// use auth_client_core::decode;
///
/// let answer = http::Response::new("anything".into());
/// assert_eq!(decode::raw(&answer)?.body(), "anything");
/// # Ok::<(), decode::DecodeFailure>(())
/// ```
///
/// # Errors
///
/// None; the signature is that of a decoder.
pub fn raw(answer: &Response<Bytes>) -> Result<Response<Bytes>, DecodeFailure> {
    let mut copy = Response::new(answer.body().clone());
    *copy.status_mut() = answer.status();
    *copy.headers_mut() = answer.headers().clone();
    *copy.version_mut() = answer.version();
    Ok(copy)
}
