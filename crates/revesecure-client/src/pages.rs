//! Ranges as streams of pages.
//!
//! The vendor doesn't document whether the end of a range is inclusive. A stream therefore starts each page after the
//! rows that it has received, regardless of the number requested, so that it neither skips nor duplicates rows. It ends
//! when a page contains no new row; the server's count doesn't end it.

use crate::arguments::{ServicesRange, TokensRange, UsersRange};
use crate::envelope::{self, Envelope};
use crate::models::{Count, ServicePage, TokenPage, UserPage};
use crate::{Client, Error};
use auth_client_core::decode::DecodeFailure;
use auth_client_core::provider::Step;
use auth_client_core::{Pages, RawJson, UnknownFields, UnreadableRow};
use bytes::Bytes;
use http::Response;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Paging of a list.
///
/// ```
/// use revesecure_client::Paging;
///
/// let paging = Paging::new().size(50).first_index(1);
/// # let _ = paging;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Paging {
    size: u32,
    first: u32,
}

impl Default for Paging {
    fn default() -> Self {
        Self::new()
    }
}

impl Paging {
    /// Creates settings with 100 rows per page, starting at index 0.
    pub fn new() -> Self {
        Self { size: 100, first: 0 }
    }

    /// Sets the number of rows per page; at least one. Default: 100.
    pub fn size(mut self, rows: u32) -> Self {
        self.size = rows.max(1);
        self
    }

    /// Sets the index of the first row. Default: 0.
    ///
    /// Assumption (ranges): it is 0; the vendor doesn't document whether it is 0 or 1.
    pub fn first_index(mut self, index: u32) -> Self {
        self.first = index;
        self
    }

    fn start(self) -> RangePosition {
        RangePosition { next: i64::from(self.first), paging: self.into(), page_before: 0 }
    }
}

/// Start of a page in a range.
///
/// ```
/// fn progress(position: &revesecure_client::RangePosition) -> String {
///     format!("resuming at row {}", position.index())
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RangePosition {
    next: i64,
    paging: (i64, i64),
    /// Fingerprint of the rows of the previous page.
    page_before: u64,
}

/// Hashes the previous page, so that a server that returns the same page at two positions is recognized.
impl Hash for RangePosition {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.page_before.hash(state);
    }
}

impl From<Paging> for (i64, i64) {
    fn from(paging: Paging) -> Self {
        (i64::from(paging.size), i64::from(paging.first))
    }
}

impl RangePosition {
    /// Returns the index of the first row of the page.
    #[must_use]
    pub fn index(&self) -> i64 {
        self.next
    }

    fn end(&self) -> i64 {
        self.next.saturating_add(self.paging.0)
    }

    /// Returns the step after a page. `count` is interpreted as the total number of rows, because it is 14 in the
    /// vendor's sample of a response with two rows.
    fn after<T: Serialize>(
        &self,
        details: &[T],
        left_out: &[UnreadableRow],
        count: Option<Count>,
    ) -> Result<Step<Self>, &'static str> {
        let (size, first) = self.paging;
        let rows = i64::try_from(details.len())
            .unwrap_or(i64::MAX)
            .saturating_add(i64::try_from(left_out.len()).unwrap_or(i64::MAX));
        let count = count.map(Count::get);
        let page = fingerprint(details, left_out);
        let step = if rows == 0 {
            Step::nothing_new()
        } else if page == self.page_before {
            // The server ignores the range. It has returned all rows if their number equals the server's count, or
            // differs from the requested number.
            let received = u64::try_from(self.next - first).unwrap_or_default();
            if !count.map_or(rows != size, |count| received >= count) {
                return Err("the server returned the same rows again");
            }
            Step::nothing_new()
        } else {
            Step::to(Self { next: self.next.saturating_add(rows), page_before: page, ..*self })
        };
        Ok(step.rows(rows.unsigned_abs()).total(count))
    }
}

fn fingerprint<T: Serialize>(details: &[T], left_out: &[UnreadableRow]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (serde_json::to_vec(details).unwrap_or_default(), left_out).hash(&mut hasher);
    hasher.finish()
}

/// A page of a range.
pub(crate) trait Range {
    /// Returns whether the page has neither rows nor a count.
    fn is_blank(&self) -> bool;
}

/// Decodes a page. An object without rows and without a count is something else, such as a message; null in an envelope is an
/// empty page.
pub(crate) fn read<T: DeserializeOwned + Range>(response: &Response<Bytes>) -> Result<T, DecodeFailure> {
    let page: T = envelope::json(response)?;
    if page.is_blank() {
        let fields: UnknownFields = envelope::json(response)?;
        let is_page = ["details", "count"].iter().any(|name| fields.value(name).is_some());
        let is_null = Envelope::read(response.body()).is_some()
            && fields.value("status").is_some()
            && fields.value("data").is_none_or(RawJson::is_null);
        if !is_page && !is_null {
            return Err(DecodeFailure::Rule("an object that is not a page of a list"));
        }
    }
    Ok(page)
}

macro_rules! paged {
    ($name:ident, $plural:ident, $range:ident, $page:ident, $operation:literal) => {
        #[doc(hidden)]
        impl auth_client_core::provider::Rows for $page {}

        impl Range for $page {
            fn is_blank(&self) -> bool {
                self.details.is_empty() && self.count.is_none()
            }
        }

        impl Client {
            #[doc = concat!("All ", stringify!($plural), ", page by page. `.items(|page| page.details)` turns the pages into a stream of rows.")]
            ///
            /// ```no_run
            /// # async fn run(revesecure: &revesecure_client::Client) -> Result<(), revesecure_client::Error> {
            /// use revesecure_client::Paging;
            ///
            #[doc = concat!("let pages = revesecure.", stringify!($name), "(Paging::new().size(50));")]
            /// let mut rows = pages.items(|page| page.details);
            /// while let Some(row) = rows.next().await {
            ///     println!("{:?}", row?);
            /// }
            /// # Ok(())
            /// # }
            /// ```
            pub fn $name(&self, paging: Paging) -> Pages<$page, RangePosition, Error> {
                let client = self.clone();
                let fetch = move |position: &RangePosition| {
                    client.$plural().range($range::start_index(position.index()).end_index(position.end()))
                };
                Pages::new($operation, paging.start(), fetch, |position, page, left_out| {
                    position.after(&page.details, left_out, page.count)
                })
            }
        }
    };
}

paged!(user_pages, users, UsersRange, UserPage, "users.range");
paged!(service_pages, services, ServicesRange, ServicePage, "services.range");
paged!(token_pages, tokens, TokensRange, TokenPage, "tokens.range");

#[cfg(test)]
mod tests {
    use super::*;

    fn count(number: u64) -> Option<Count> {
        serde_json::from_str(&number.to_string()).unwrap()
    }

    #[test]
    fn an_object_that_is_no_page_is_an_error() {
        let read_text =
            |body: &str| read::<UserPage>(&Response::new(Bytes::copy_from_slice(body.as_bytes())));
        for empty in [
            r#"{"details":[]}"#,
            r#"{"details":null}"#,
            r#"{"count":0}"#,
            r#"{"count":null}"#,
            r#"{"data":{"details":[]},"status":{"code":200}}"#,
            r#"{"data":null,"status":{"code":200}}"#,
            r#"{"status":{"code":200}}"#,
        ] {
            assert!(read_text(empty).unwrap().details.is_empty(), "{empty}");
        }
        for other in [
            "{}",
            r#"{"message":"under maintenance"}"#,
            r#"{"status":"down"}"#,
            r#"{"data":{},"status":{"code":200}}"#,
            r#"{"data":{"message":"under maintenance"},"status":{"code":200}}"#,
        ] {
            assert!(read_text(other).is_err(), "{other}");
        }
    }

    #[test]
    fn pages_follow_the_rows_received_until_one_brings_nothing_new() {
        let start = Paging::new().size(10).first_index(1).start();
        assert_eq!((start.index(), start.end()), (1, 11));
        let rows: Vec<u32> = (0..30).collect();
        let after = |rows: &[u32], stated| start.after(rows, &[], stated).unwrap();
        let to = |next, rows: &[u32], total| {
            let position = RangePosition { next, page_before: fingerprint(rows, &[]), ..start };
            Step::to(position).rows(rows.len() as u64).total(total)
        };
        // The end of the range is inclusive or not, the server returns fewer rows than requested, or all at once.
        for length in [4_usize, 9, 10, 11, 25] {
            let page = &rows[..length];
            for stated in [None, Some(0), Some(length as u64), Some(25), Some(99)] {
                let next = 1 + i64::try_from(length).unwrap();
                assert_eq!(
                    after(page, stated.and_then(count)),
                    to(next, page, stated),
                    "{length} of {stated:?}"
                );
            }
        }
        assert_eq!(after(&[], count(25)), Step::nothing_new().total(Some(25)));
    }

    #[test]
    fn a_page_is_recognized_at_another_position() {
        let hashed = |next, page_before| {
            let mut hasher = DefaultHasher::new();
            RangePosition { next, page_before, paging: (10, 0) }.hash(&mut hasher);
            hasher.finish()
        };
        assert_eq!(hashed(10, 7), hashed(200, 7));
        assert_ne!(hashed(10, 7), hashed(10, 8));
    }

    #[test]
    fn a_server_that_ignores_the_range_ends_a_complete_list_and_fails_an_incomplete_one() {
        let start = Paging::new().size(10).start();
        for (length, stated, is_complete) in [
            (10, count(10), true),
            (10, count(25), false),
            (10, None, false),
            (7, None, true),
            (25, None, true),
            (7, count(7), true),
        ] {
            let rows: Vec<u32> = (0..length).collect();
            let position =
                RangePosition { next: i64::from(length), page_before: fingerprint(&rows, &[]), ..start };
            assert_eq!(position.after(&rows, &[], stated).is_ok(), is_complete, "{length} of {stated:?}");
        }
    }
}
