//! Ranges as streams of pages.
//!
//! The vendor doesn't say whether the end of a range belongs to it. A stream begins each page behind the rows that it has got,
//! however many were asked for, so it neither skips nor repeats a row under either rule.

use crate::arguments::{ServicesRange, TokensRange, UsersRange};
use crate::models::{Count, ServicePage, TokenPage, UserPage};
use crate::{Client, Error};
use auth_client_core::Pages;

/// How a list is cut into pages.
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
    /// Pages of 100 rows, the first of which has the index 0.
    pub fn new() -> Self {
        Self { size: 100, first: 0 }
    }

    /// How many rows to ask for at once; at least one. Default 100.
    pub fn size(mut self, rows: u32) -> Self {
        self.size = rows.max(1);
        self
    }

    /// The index of the first row of all. Default 0.
    ///
    /// Assumption: the vendor doesn't say whether it is 0 or 1.
    pub fn first_index(mut self, index: u32) -> Self {
        self.first = index;
        self
    }

    fn start(self) -> RangePosition {
        RangePosition { next: i64::from(self.first), paging: self.into() }
    }
}

/// Where a page of a range begins.
///
/// ```
/// fn progress(position: &revesecure_client::RangePosition) -> String {
///     format!("going on at row {}", position.index())
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
    /// The index of the first row of the page.
    #[must_use]
    pub fn index(&self) -> i64 {
        self.next
    }

    fn end(&self) -> i64 {
        self.next.saturating_add(self.paging.0)
    }

    /// Behind a page of so many rows. `count` is taken for the number of all rows, as the vendor's sample suggests: it says 14
    /// and shows two.
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
            #[doc = concat!("All ", stringify!($plural), ", page by page; `.items(|page| page.details)` gives them one by one.")]
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
        assert_eq!(start.after(11, count(25)).unwrap().index(), 12, "the end belongs to the range");
        assert_eq!(
            start.after(4, count(25)).unwrap().index(),
            5,
            "the server gives fewer than it was asked for"
        );
        assert_eq!(start.after(25, count(25)), None);
        assert_eq!(start.after(0, count(25)), None);
        assert_eq!(start.after(10, None).unwrap().index(), 11);
        assert_eq!(start.after(9, None), None);
    }
}
