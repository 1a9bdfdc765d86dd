//! Validation of arguments before anything is sent, called by generated code.

use crate::decode::model::is_name;
use crate::error::Error;
use crate::operation::{Operation, Paging};
use auth_core::secret::has_visible;

/// Checks that a string has a visible character; generated from `minLength` in a description.
///
/// ```
/// use auth_client_core::Idempotency;
/// use auth_client_core::provider::{Operation, check};
///
/// static GET: Operation = Operation::new("items.get", http::Method::GET, "/items/{name}", Idempotency::Read);
/// let error = check::not_empty(&GET, "name", "").unwrap_err();
/// assert_eq!(error.field(), Some("name"));
/// assert!(check::not_empty(&GET, "name", " \u{200b}").is_err());
/// assert!(check::not_empty(&GET, "name", None).is_ok());
/// ```
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) with the name of the field.
pub fn not_empty<'t>(
    operation: &'static Operation,
    field: &'static str,
    text: impl Into<Option<&'t str>>,
) -> Result<(), Error> {
    match text.into() {
        Some(text) if !has_visible(text) => {
            Err(Error::invalid_input(operation.id(), field, "must not be empty"))
        }
        _ => Ok(()),
    }
}

/// Checks `skip` and `take` of a list; generated for paged operations.
///
/// ```
/// use auth_client_core::Idempotency;
/// use auth_client_core::provider::{Operation, Paging, check};
///
/// static LIST: Operation = Operation::new("items.list", http::Method::GET, "/items", Idempotency::Read)
///     .paged(Paging::SkipTake { max_take: Some(100) });
/// assert!(check::page(&LIST, Some(200), Some(100)).is_ok());
/// assert_eq!(check::page(&LIST, None, Some(101)).unwrap_err().field(), Some("take"));
/// ```
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a negative `skip`, and for a `take` below 1 or
/// above the documented maximum.
pub fn page(operation: &'static Operation, skip: Option<i64>, take: Option<i64>) -> Result<(), Error> {
    let refuse = |field, reason: String| Err(Error::invalid_input(operation.id(), field, reason));
    if skip.is_some_and(|skip| skip < 0) {
        return refuse("skip", "must not be negative".to_owned());
    }
    let Some(Paging::SkipTake { max_take }) = operation.paging() else { return Ok(()) };
    match (take, max_take) {
        (Some(..1), _) => refuse("take", "must be at least 1".to_owned()),
        (Some(take), Some(max)) if take > i64::from(max) => refuse("take", format!("must be at most {max}")),
        _ => Ok(()),
    }
}

/// Checks that an update contains no character that was lost when the object was read, in a value or in a name; for
/// updates made from a response that [is damaged](crate::Reply::is_damaged). The fields come with their paths and their
/// JSON.
///
/// ```
/// use auth_client_core::provider::check;
///
/// let error = check::not_damaged("contacts.modify", [("name", "\"Zo\u{fffd}\"")]).unwrap_err();
/// assert_eq!(error.field(), Some("name"));
/// assert!(check::not_damaged("contacts.modify", [("nam\u{fffd}", "1")]).is_err());
/// assert!(check::not_damaged("contacts.modify", [("name", r#""Zoë""#)]).is_ok());
/// ```
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) with the name of the first such field; without it if the name
/// could contain data.
pub fn not_damaged<'f>(
    operation: &'static str,
    fields: impl IntoIterator<Item = (&'f str, &'f str)>,
) -> Result<(), Error> {
    let is_lost =
        |json: &str| json.contains('\u{fffd}') || json.contains("\\ufffd") || json.contains("\\uFFFD");
    let is_damaged = |(path, json): &(&str, &str)| path.contains('\u{fffd}') || is_lost(json);
    let Some((path, _)) = fields.into_iter().find(is_damaged) else { return Ok(()) };
    let name = if path.split('.').all(is_name) { path.to_owned() } else { "unknown field".to_owned() };
    let reason = "the response has invalid Unicode here, which an update would replace by U+FFFD";
    Err(Error::invalid_input(operation, name, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_character_is_found_as_it_is_and_escaped() {
        for json in ["\"Zo\u{fffd}\"", r#""Zo\ufffd""#, r#"["a", "Zo\uFFFD"]"#] {
            let error = not_damaged("contacts.modify", [("id", "7"), ("name", json)]).unwrap_err();
            assert_eq!(error.field(), Some("name"), "{json}");
        }
        let error = not_damaged("contacts.modify", [("nam\u{fffd}", "1")]).unwrap_err();
        assert_eq!(error.field(), Some("unknown field"));
    }
}
