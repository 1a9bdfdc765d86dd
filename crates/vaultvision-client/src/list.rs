//! The envelope of every list.
//!
//! The vendor documents no way to request the rows after the first 100. [`List::is_truncated`] reports that rows are
//! missing.

use auth_client_core::UnknownFields;
use auth_client_core::decode::{self, DecodeFailure};
use auth_client_core::provider::model;
use auth_client_core::provider::record::{Field, Slot, Stated};
use bytes::Bytes;
use http::Response;

/// The rows of a list, at most 100, with the server's counts.
///
/// ```
/// use vaultvision_client::models::{List, User};
///
/// let list: List<User> = serde_json::from_str(
///     r#"{"type":"List","total":250,"count":1,"limit":100,"data":[{"type":"User","id":"u1"}]}"#,
/// )?;
/// assert_eq!(list.items()[0].id(), "u1");
/// assert!(list.is_truncated(), "249 users are missing");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct List<T> {
    kind: Slot<String>,
    total: Slot<Stated<u64>>,
    count: Slot<Stated<u64>>,
    limit: Slot<Stated<u64>>,
    data: Slot<Vec<T>>,
    unknown: UnknownFields,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self {
            kind: Slot::default(),
            total: Slot::default(),
            count: Slot::default(),
            limit: Slot::default(),
            data: Slot::default(),
            unknown: UnknownFields::new(),
        }
    }
}

impl<T> List<T> {
    /// Returns the rows.
    ///
    /// ```
    /// fn names(users: &vaultvision_client::models::UserList) -> Vec<&str> {
    ///     users.items().iter().map(|user| user.profile().name()).collect()
    /// }
    /// ```
    #[must_use]
    pub fn items(&self) -> &[T] {
        self.data.get()
    }

    /// Returns the rows by value.
    ///
    /// ```
    /// fn first(users: vaultvision_client::models::UserList) -> Option<vaultvision_client::models::User> {
    ///     users.into_items().into_iter().next()
    /// }
    /// ```
    #[must_use]
    pub fn into_items(mut self) -> Vec<T> {
        std::mem::take(self.data.value_mut())
    }

    /// Returns `total`: the number of all rows, according to the server; the vendor doesn't document it. Zero if
    /// absent.
    ///
    /// ```
    /// fn numbers(users: &vaultvision_client::models::UserList) -> String {
    ///     format!("{} of {}, at most {} at once", users.count(), users.total(), users.limit())
    /// }
    /// ```
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total.get().get().unwrap_or_default()
    }

    /// Returns `count`: the number of rows in the response, according to the server. One of the vendor's samples has
    /// fewer rows than its `count`.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count.get().get().unwrap_or_default()
    }

    /// Returns `limit`: the maximum number of rows in a response; 100 in all samples.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit.get().get().unwrap_or_default()
    }

    /// Returns `true` if the list has more rows than the response: if the total is larger than the number of rows, or
    /// if it is missing or smaller and the number of rows equals the limit. No documented parameter requests the
    /// remaining rows; try undocumented ones, such as `offset`, with [`Call::query`](auth_client_core::Call::query).
    ///
    /// ```no_run
    /// # async fn example(client: &vaultvision_client::Client) -> Result<(), vaultvision_client::Error> {
    /// let users = client.users("CmKJPDorO34hGJ0J").list().await?;
    /// if users.is_truncated() {
    ///     eprintln!("{} users are not shown", users.total().saturating_sub(users.count()));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        let rows = u64::try_from(self.items().len()).unwrap_or(u64::MAX);
        match self.total() {
            total if total > rows => true,
            total if total == rows => false,
            // The total is missing or wrong.
            _ => (1..=rows).contains(&self.limit()),
        }
    }

    /// Returns whether this is a list: an object without rows, numbers and type is something else, such as a message.
    fn is_list(&self) -> bool {
        let numbers = [&self.total, &self.count, &self.limit];
        self.data.is_present()
            || numbers.iter().any(|number| number.is_present())
            || self.kind.get().eq_ignore_ascii_case("list")
    }

    /// Returns the unknown fields of the envelope.
    ///
    /// ```
    /// let json = r#"{"total":0,"next":"abc","data":[]}"#;
    /// let users: vaultvision_client::models::UserList = serde_json::from_str(json)?;
    /// assert_eq!(users.unknown().get_raw("next"), Some(r#""abc""#));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn unknown(&self) -> &UnknownFields {
        &self.unknown
    }
}

/// Decodes a list; null is an empty one.
pub(crate) fn read<T: Field>(response: &Response<Bytes>) -> Result<List<T>, DecodeFailure> {
    match decode::json::<List<T>>(response) {
        Ok(list) if list.is_list() => Ok(list),
        Ok(_) => Err(DecodeFailure::Rule("an object that is not a list")),
        Err(_) if model::readable(response.body()).trim_ascii() == b"null" => Ok(List::default()),
        Err(failure) => Err(failure),
    }
}

#[doc(hidden)]
impl<T> auth_client_core::provider::Rows for List<T> {}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.into_items().into_iter()
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items().iter()
    }
}

auth_client_core::provider::record! {
    Typed List<T> as "a list with its numbers" {
        "type" => kind,
        "total" => total,
        "count" => count,
        "limit" => limit,
        "data" => data,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::User;

    fn read_text(body: &str) -> Result<List<User>, DecodeFailure> {
        read(&Response::new(Bytes::copy_from_slice(body.as_bytes())))
    }

    #[test]
    fn an_object_that_is_no_list_is_an_error_and_null_an_empty_list() {
        for empty in [
            r#"{"data":[]}"#,
            r#"{"data":null}"#,
            r#"{"total":0}"#,
            r#"{"type":"List"}"#,
            "null",
            "\u{feff}null\r\n",
        ] {
            assert!(read_text(empty).unwrap().items().is_empty(), "{empty}");
        }
        for other in [
            "{}",
            r#"{"message":"under maintenance"}"#,
            r#"{"type":"Error","message":"under maintenance"}"#,
            "",
            "7",
        ] {
            assert!(read_text(other).is_err(), "{other}");
        }
    }

    #[test]
    fn a_number_of_another_shape_loses_no_row() {
        for (total, read) in [
            (r#""250""#, 250),
            ("250.0", 250),
            ("-1", 0),
            (r#""many""#, 0),
            ("{}", 0),
            ("[7]", 0),
            ("true", 0),
            ("null", 0),
        ] {
            let list =
                read_text(&format!(r#"{{"total":{total},"data":[{{"type":"User","id":"u1"}}]}}"#)).unwrap();
            assert_eq!((list.items().len(), list.total()), (1, read), "{total}");
        }
    }
}
