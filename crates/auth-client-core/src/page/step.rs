//! Implemented by provider crates for their lists: the items of a page, and the position of the next one.

use crate::call::CallTemplate;
use crate::decode::rows::{Rows, UnreadableRow};
use crate::error::Error;
use std::hash::Hash;

/// A response that is a page of a list. Calls that return one have the methods [`pages`](crate::Call::pages) and
/// [`items`](crate::Call::items).
///
/// ```
/// use auth_client_core::{Error, UnreadableRow};
/// use auth_client_core::provider::{CallTemplate, Page, Step};
///
/// /// Items from `offset` on; the list ends with an empty page.
/// struct Rows {
///     rows: Vec<String>,
/// }
///
/// const SIZE: u64 = 50;
///
/// impl auth_client_core::provider::Rows for Rows {}
///
/// impl Page for Rows {
///     type Item = String;
///     type Position = u64;
///
///     fn first<E: From<Error>>(call: &CallTemplate<Self, E>) -> u64 {
///         call.query_number("offset").unwrap_or(0)
///     }
///
///     fn query(offset: &u64) -> Vec<(&'static str, u64)> {
///         vec![("offset", *offset), ("size", SIZE)]
///     }
///
///     fn next(
///         offset: &u64,
///         page: &Self,
///         left_out: &[UnreadableRow],
///     ) -> Result<Step<u64>, &'static str> {
///         let rows = (page.rows.len() + left_out.len()) as u64;
///         let step = if rows == 0 { Step::nothing_new() } else { Step::to(offset + rows) };
///         Ok(step.rows(rows))
///     }
///
///     fn into_items(self) -> Vec<String> {
///         self.rows
///     }
/// }
/// # assert_eq!(Rows::next(&0, &Rows { rows: vec![String::new(); 5] }, &[]), Ok(Step::to(5).rows(5)));
/// # assert_eq!(Rows::next(&50, &Rows { rows: vec![] }, &[]), Ok(Step::nothing_new()));
/// ```
pub trait Page: Rows + Sized + 'static {
    /// Type of the items.
    type Item: Unpin;
    /// Position in the list. Two positions with equal hashes count as the same; reaching a position twice ends
    /// the list.
    type Position: Hash + Clone + Unpin + Send + Sync + 'static;

    /// Returns the position at which the list of this call starts.
    fn first<E: From<Error>>(call: &CallTemplate<Self, E>) -> Self::Position;

    /// Returns the query parameters of the call for a position.
    fn query(position: &Self::Position) -> Vec<(&'static str, u64)>;

    /// Returns the step after this page. `left_out` contains the rows of the response that can't be decoded and were
    /// skipped.
    ///
    /// # Errors
    ///
    /// The reason why the list can't continue. It must not quote the page.
    fn next(
        position: &Self::Position,
        page: &Self,
        left_out: &[UnreadableRow],
    ) -> Result<Step<Self::Position>, &'static str>;

    /// Returns the items.
    fn into_items(self) -> Vec<Self::Item>;
}

/// Step after a page: the next position, and the number of rows of the page.
///
/// ```
/// use auth_client_core::provider::Step;
///
/// // Three rows of seven; the next page starts at 3.
/// let step = Step::to(3).rows(3).total(Some(7));
/// assert_ne!(step, Step::to(3));
/// assert_eq!(Step::from(None::<u64>), Step::end());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Step<C> {
    pub(super) next: Option<C>,
    pub(super) has_news: bool,
    pub(super) rows: u64,
    pub(super) total: Option<u64>,
}

impl<C> Step<C> {
    /// The list continues at this position.
    pub const fn to(position: C) -> Self {
        Self { next: Some(position), has_news: true, rows: 0, total: None }
    }

    /// The page is the last one.
    pub const fn end() -> Self {
        Self { next: None, has_news: true, rows: 0, total: None }
    }

    /// The page contains no new row: the list has ended before it. The page is returned only if it is the first one.
    pub const fn nothing_new() -> Self {
        Self { next: None, has_news: false, rows: 0, total: None }
    }

    /// Sets the number of rows of the page.
    pub const fn rows(mut self, rows: u64) -> Self {
        self.rows = rows;
        self
    }

    /// Sets the server's total number of rows, if the page contains it.
    pub const fn total(mut self, total: Option<u64>) -> Self {
        self.total = total;
        self
    }
}

/// The conversion of a cursor: `None` ends the list.
impl<C> From<Option<C>> for Step<C> {
    fn from(next: Option<C>) -> Self {
        next.map_or_else(Self::end, Self::to)
    }
}
