//! Ranges as streams of pages.
//!
//! The vendor doesn't say if the end of a range is inclusive. A stream starts each page after the rows that it
//! has received, regardless of the number requested, so it neither skips nor repeats rows in either case.

use crate::arguments::{ServicesRange, TokensRange, UsersRange};
use crate::models::{Count, ServicePage, TokenPage, UserPage};
use crate::{Client, Error};
use auth_client_core::Pages;

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
    /// Creates a paging of 100 rows per page, starting at index 0.
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
    /// Assumption: the vendor doesn't say if it is 0 or 1.
    pub fn first_index(mut self, index: u32) -> Self {
        self.first = index;
        self
    }

    fn start(self) -> RangePosition {
        RangePosition { next: i64::from(self.first), paging: self.into() }
    }
}

/// Start of a page in a range.
///
/// ```
/// fn progress(position: &revesecure_client::RangePosition) -> String {
///     format!("resuming at row {}", position.index())
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RangePosition {
    next: i64,
    paging: (i64, i64),
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

    /// Returns the position after a page of this many rows. `count` is read as the number of all rows, as the
    /// vendor's sample suggests, which has 14 in a response of two.
    fn after(&self, rows: usize, count: Option<Count>) -> Option<Self> {
        let (size, first) = self.paging;
        let rows = i64::try_from(rows).ok().filter(|rows| *rows > 0)?;
        let next = self.next.saturating_add(rows);
        let more = match count.and_then(|count| i64::try_from(count.get()).ok()) {
            Some(count) => next - first < count,
            None => rows >= size,
        };
        more.then_some(Self { next, ..*self })
    }
}

macro_rules! paged {
    ($name:ident, $plural:ident, $range:ident, $page:ident, $operation:literal) => {
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
                Pages::new($operation, paging.start(), fetch, |position, page| {
                    Ok(position.after(page.details.len(), page.count))
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
    fn pages_follow_the_rows_that_came() {
        let start = Paging::new().size(10).first_index(1).start();
        assert_eq!((start.index(), start.end()), (1, 11));
        assert_eq!(start.after(10, count(25)).unwrap().index(), 11);
        assert_eq!(start.after(11, count(25)).unwrap().index(), 12, "the end of the range is inclusive");
        assert_eq!(start.after(4, count(25)).unwrap().index(), 5, "the server returns fewer than requested");
        assert_eq!(start.after(25, count(25)), None);
        assert_eq!(start.after(0, count(25)), None);
        assert_eq!(start.after(10, None).unwrap().index(), 11);
        assert_eq!(start.after(9, None), None);
    }
}
