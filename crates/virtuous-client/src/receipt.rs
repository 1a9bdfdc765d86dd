//! Receipt files: base64 in JSON according to the vendor's reference; some clients receive the file itself.

use auth_client_core::UnknownFields;
use auth_client_core::decode::{self, DecodeFailure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Response, header};
use serde::{Serialize, Serializer};
use std::fmt;

/// The file of a receipt.
///
/// ```no_run
/// # async fn example(client: &virtuous_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let receipt = client.contacts().receipt(4711).await?;
/// std::fs::write("receipt.pdf", &receipt.bytes)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceiptFile {
    /// Content of the file.
    pub bytes: Bytes,
    /// Media type, such as `application/pdf`.
    pub content_type: Option<String>,
    /// Path of the file at the server.
    pub path: Option<String>,
}

/// Prints the size only, because receipts are confidential.
impl fmt::Debug for ReceiptFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceiptFile")
            .field("content_type", &self.content_type)
            .field("length", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// Writes the format of the vendor's reference, with the content in base64.
impl Serialize for ReceiptFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wrapped = Wrapped {
            stream: Some(STANDARD.encode(&self.bytes)),
            path: self.path.clone(),
            content_type: self.content_type.clone(),
            unknown: UnknownFields::new(),
        };
        wrapped.serialize(serializer)
    }
}

/// The format in the vendor's reference.
#[derive(Clone, Default)]
struct Wrapped {
    stream: Option<String>,
    path: Option<String>,
    content_type: Option<String>,
    unknown: UnknownFields,
}

auth_client_core::provider::record! {
    Lenient Wrapped {
        "fileStream" => stream,
        "filePath" => path,
        "contentType" => content_type,
    }
}

/// Decodes the file from either format.
pub(crate) fn read(answer: &Response<Bytes>) -> Result<ReceiptFile, DecodeFailure> {
    let content_type = answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_json = content_type.is_some_and(|value| value.to_ascii_lowercase().contains("json"));
    if !is_json {
        decode::reject_html(answer)?;
        let content_type = content_type.map(str::to_owned);
        return Ok(ReceiptFile { bytes: answer.body().clone(), content_type, path: None });
    }
    let wrapped: Wrapped = decode::json(answer)?;
    let bytes = match wrapped.stream {
        Some(text) => STANDARD.decode(text).map_err(|_| DecodeFailure::Rule("fileStream is not base64"))?,
        None => return Err(DecodeFailure::Rule("missing field fileStream")),
    };
    Ok(ReceiptFile { bytes: bytes.into(), content_type: wrapped.content_type, path: wrapped.path })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(content_type: &str, body: &'static [u8]) -> Response<Bytes> {
        let mut answer = Response::new(Bytes::from_static(body));
        answer.headers_mut().insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        answer
    }

    #[test]
    fn both_forms_give_the_file() {
        let json =
            br#"{"fileStream":"cmVjZWlwdA==","filePath":"a/17.pdf","contentType":"application/pdf","new":1}"#;
        let file = read(&answer("application/json; charset=utf-8", json)).unwrap();
        assert_eq!(
            (file.bytes.as_ref(), file.content_type.as_deref()),
            (&b"receipt"[..], Some("application/pdf"))
        );
        assert_eq!(file.path.as_deref(), Some("a/17.pdf"));
        let file = read(&answer("application/pdf", b"%PDF-1.7")).unwrap();
        assert_eq!(
            (file.bytes.as_ref(), file.content_type.as_deref()),
            (&b"%PDF-1.7"[..], Some("application/pdf"))
        );
        assert!(!format!("{file:?}").contains("PDF-1"));
    }

    #[test]
    fn json_without_a_file_is_no_receipt() {
        for body in [&b"{}"[..], br#"{"fileStream":"?"}"#, b"[]"] {
            assert!(read(&answer("application/json", body)).is_err());
        }
        for content_type in ["text/html", "application/pdf"] {
            assert!(read(&answer(content_type, b"<html>Back soon")).is_err(), "a page is no receipt");
        }
    }
}
