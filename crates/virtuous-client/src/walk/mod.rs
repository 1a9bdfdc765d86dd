//! Walks: iteration over any number of results of a query in ascending order of ids, each row once, with one page in
//! memory.
//!
//! Assumption (paging-limits): large values of `skip` and `take` make the server slow or fail. A walk therefore
//! requests the rows whose id is greater than the last one, and reduces the page size if the server fails. For
//! resources that can't be queried by id, it uses `skip` and checks the ids to detect rows that have moved.
//!
//! Assumption (paging-honoured): not every list honors `skip` and `take`, so a walk ends when a page contains no new
//! row. The server's total doesn't end it, because servers also report zero, the size of the page, or one row too many.

mod join;
mod records;

use crate::arguments::Paging;
use crate::models::Page;
use crate::query::Query;
use crate::{Call, Error};
use auth_client_core::UnreadableRow;
use auth_client_core::provider::record::Field;
use futures_core::Stream;
use std::collections::HashSet;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// Maximum page size of the API.
const MAX_TAKE: u64 = 1000;

/// Number of pages without a failure after which the page size is increased again.
const GOOD_PAGES: u32 = 10;

/// Default time limit of an attempt: the server is slow at large pages of complete records.
const TIMEOUT: Duration = Duration::from_secs(120);

type Fetch<T> = Box<dyn Fn(&Query, Paging) -> Call<Page<T>> + Send + Sync>;
type Report = Arc<dyn Fn(&UnreadableRow) + Send + Sync>;
type InFlight<T> = Pin<Box<dyn Future<Output = Result<Page<T>, Error>> + Send>>;

/// A stream of all results of a query in ascending order of ids. [`next`](Self::next) reads it without a stream
/// library.
///
/// ```no_run
/// use virtuous_client::ContactQuery;
///
/// # async fn example(client: &virtuous_client::Client) -> Result<(), virtuous_client::Error> {
/// let mut contacts = client.contacts().walk(ContactQuery::all());
/// while let Some(contact) = contacts.next().await {
///     println!("{}", contact?.id);
/// }
/// // After an error, `next` resumes; after a restart, use `after(position)`.
/// println!("{:?}", contacts.position());
/// # Ok(())
/// # }
/// ```
///
/// Rows that are added during the walk are included, because their ids are larger; deleted rows don't affect others.
/// The sort order of the query is ignored.
///
/// A walk ends when a page contains no new row, regardless of the server's [`total`](Self::total).
#[must_use = "nothing is sent until rows are requested"]
pub struct Walk<T> {
    fetch: Fetch<T>,
    id: fn(&T) -> Option<i64>,
    query: Query,
    /// Parameter that compares ids; without it, the walk uses `skip`.
    by: Option<String>,
    /// Id of the last row received, and of the last row returned.
    after: Option<i64>,
    at: Option<i64>,
    /// Value of `skip` for the next page, and for the first one.
    skip: u64,
    skipped: u64,
    /// Position and id of the first decoded row of the last page requested with `skip`.
    began: Option<(u64, i64)>,
    /// Fingerprints of the pages since a row with a larger id was received.
    pages: HashSet<u64>,
    /// Whether the last row received has an id, which is required to join the next page requested with `skip`.
    joins: bool,
    /// Whether the next page starts after the last row instead of at it, because the server may return only one row at
    /// a time.
    apart: bool,
    /// Number of rows of the largest page received.
    largest: u64,
    /// Number of undecodable rows at the end of the rows received. A walk by ids skips them, because their ids are
    /// unknown.
    unread: u64,
    report: Option<Report>,
    /// Rows that were skipped in the page in flight.
    left_out: Arc<Mutex<Vec<UnreadableRow>>>,
    take: u64,
    most: u64,
    good: u32,
    attempt_timeout: Duration,
    in_flight: Option<InFlight<T>>,
    ready: std::vec::IntoIter<T>,
    given: u64,
    total: Option<u64>,
    ended: bool,
}

impl<T: Field + Unpin + 'static> Walk<T> {
    /// Creates a walk over any resource with a query. `fetch` creates the call, `id` returns the id of a row. The walk
    /// uses `skip` unless [`by`](Self::by) sets the parameter that compares ids.
    ///
    /// ```no_run
    /// use virtuous_client::{Query, Walk};
    ///
    /// # async fn example(client: virtuous_client::Client) -> Result<(), virtuous_client::Error> {
    /// let mut pledges =
    ///     Walk::new(Query::all(), move |query, paging| client.pledges().query(query, paging), |pledge| Some(pledge.id));
    /// while let Some(pledge) = pledges.next().await {
    ///     println!("{:?}", pledge?.amount_pledged);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(
        query: Query,
        fetch: impl Fn(&Query, Paging) -> Call<Page<T>> + Send + Sync + 'static,
        id: fn(&T) -> Option<i64>,
    ) -> Self {
        Self {
            fetch: Box::new(fetch),
            id,
            query: Query { sort_by: Some("Id".to_owned()), descending: Some(false), ..query },
            by: None,
            after: None,
            at: None,
            skip: 0,
            skipped: 0,
            began: None,
            pages: HashSet::new(),
            joins: false,
            apart: false,
            largest: 0,
            unread: 0,
            report: None,
            left_out: Arc::default(),
            take: MAX_TAKE,
            most: MAX_TAKE,
            good: 0,
            attempt_timeout: TIMEOUT,
            in_flight: None,
            ready: Vec::new().into_iter(),
            given: 0,
            total: None,
            ended: false,
        }
    }

    /// Sets the parameter that compares ids, such as `Contact Id`.
    ///
    /// ```no_run
    /// # async fn example(client: virtuous_client::Client) -> Result<(), virtuous_client::Error> {
    /// use virtuous_client::{Query, Walk};
    ///
    /// let fetch = move |query: &Query, paging| client.gifts().query(query, paging);
    /// let mut gifts = Walk::new(Query::all(), fetch, |gift| Some(gift.id)).by("Gift Id");
    /// println!("{:?}", gifts.next().await.transpose()?.map(|gift| gift.id));
    /// # Ok(())
    /// # }
    /// ```
    pub fn by(mut self, parameter: impl Into<String>) -> Self {
        self.by = Some(parameter.into());
        self
    }

    /// Sets the sort parameter, which must order the rows by id. Default: `Id`.
    pub fn sorted_by(mut self, parameter: impl Into<String>) -> Self {
        self.query.sort_by = Some(parameter.into());
        self
    }

    /// Starts after the row with this id. A walk that uses `skip` also needs [`skipping`](Self::skipping).
    ///
    /// ```no_run
    /// # async fn example(client: &virtuous_client::Client, last: i64) -> Result<(), virtuous_client::Error> {
    /// let mut gifts = client.gifts().walk(virtuous_client::Query::all()).after(last);
    /// println!("{:?}", gifts.next().await.transpose()?.map(|gift| gift.id));
    /// # Ok(())
    /// # }
    /// ```
    pub fn after(mut self, id: i64) -> Self {
        (self.after, self.at, self.joins) = (Some(id), Some(id), true);
        self
    }

    /// Skips this number of rows first, for resources that can't be queried by id.
    pub fn skipping(mut self, rows: u64) -> Self {
        (self.skip, self.skipped) = (rows, rows);
        self
    }

    /// Sets the page size, from 1 to 1,000. Default: 1,000.
    ///
    /// ```no_run
    /// # async fn example(client: &virtuous_client::Client) -> Result<(), virtuous_client::Error> {
    /// let mut gifts = client.gifts().walk(virtuous_client::Query::all()).take(200);
    /// while let Some(gift) = gifts.next().await {
    ///     println!("{} of {:?}", gift?.id, gifts.total());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn take(mut self, rows: u64) -> Self {
        self.most = rows.clamp(1, MAX_TAKE);
        self.take = self.most;
        self
    }

    /// Sets the time limit of one attempt to request a page; a page with all its retries has twice this time. Default:
    /// two minutes, because the server is slow at large pages of complete records. Overrides limits that `fetch` sets.
    ///
    /// ```no_run
    /// # async fn example(client: &virtuous_client::Client) -> Result<(), virtuous_client::Error> {
    /// let limit = std::time::Duration::from_secs(300);
    /// let mut gifts = client.gifts().walk(virtuous_client::Query::all()).attempt_timeout(limit);
    /// # let _ = gifts.next().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.attempt_timeout = limit;
        self
    }

    /// Skips rows that can't be decoded, and passes each of them to `report`; see
    /// [`Call::on_unreadable`](auth_client_core::Call::on_unreadable). Without this option, every request of a page
    /// with such a row fails.
    ///
    /// ```no_run
    /// # async fn example(client: &virtuous_client::Client) -> Result<(), virtuous_client::Error> {
    /// let gifts = client.gifts().walk(virtuous_client::Query::all());
    /// let mut gifts = gifts.on_unreadable(|row| eprintln!("left out: {row}"));
    /// while let Some(gift) = gifts.next().await {
    ///     println!("{}", gift?.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_unreadable(mut self, report: impl Fn(&UnreadableRow) + Send + Sync + 'static) -> Self {
        self.report = Some(Arc::new(report));
        self
    }

    /// Returns the id of the last row returned. To resume later, pass it to [`after`](Self::after) of another walk.
    #[must_use]
    pub fn position(&self) -> Option<i64> {
        self.at
    }

    /// Returns the server's total number of rows, from the first page; `None` before that. It doesn't determine the end
    /// of the walk; compare it with the number of rows at the end.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// Returns the next row; `None` at the end. After an error, the next call requests the failed page again.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Waits for the next row; the blocking equivalent of [`next`](Self::next).
    ///
    /// On a thread of a tokio runtime, it returns an error of kind [`Configuration`](crate::ErrorKind::Configuration).
    ///
    /// ```no_run
    /// # fn example(client: &virtuous_client::Client) -> Result<(), virtuous_client::Error> {
    /// let mut gifts = client.gifts().walk(virtuous_client::Query::all());
    /// while let Some(gift) = gifts.wait_next() {
    ///     println!("{}", gift?.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "blocking")]
    pub fn wait_next(&mut self) -> Option<Result<T, Error>> {
        match auth_client_core::blocking::run(self.next()) {
            Ok(row) => row,
            Err(error) => Some(Err(error.into())),
        }
    }
}

impl<T: Field + Send + Unpin + 'static> Walk<T> {
    /// Returns the rows of the next page without duplicates; empty at the end. With `prefetch`, the page after it is
    /// requested before.
    pub(crate) async fn next_rows(&mut self, prefetch: bool) -> Result<Vec<T>, Error> {
        std::future::poll_fn(|context| {
            while self.ready.as_slice().is_empty() && !self.ended {
                match ready!(self.poll_page(context)) {
                    Ok(()) => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            if prefetch && !self.ended && self.in_flight.is_none() {
                let mut in_flight = self.start();
                self.in_flight = Some(match in_flight.as_mut().poll(context) {
                    Poll::Ready(result) => Box::pin(std::future::ready(result)),
                    Poll::Pending => in_flight,
                });
                // Another task writes the request, on a runtime with one thread only while this one waits. The rows stay
                // here until then: a caller that gives up loses none.
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let rows: Vec<T> = std::mem::replace(&mut self.ready, Vec::new().into_iter()).collect();
            self.given += u64::try_from(rows.len()).unwrap_or(u64::MAX);
            self.at = self.after;
            Poll::Ready(Ok(rows))
        })
        .await
    }
}

impl<T: Field + Unpin + 'static> Stream for Walk<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        let this = &mut *self;
        loop {
            if let Some(row) = this.ready.next() {
                this.given += 1;
                this.at = (this.id)(&row).or(this.at);
                return Poll::Ready(Some(Ok(row)));
            }
            if this.ended {
                return Poll::Ready(None);
            }
            if let Err(error) = ready!(this.poll_page(context)) {
                return Poll::Ready(Some(Err(error)));
            }
        }
    }
}

impl<T> fmt::Debug for Walk<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Walk").field("after", &self.after).field("take", &self.take).finish_non_exhaustive()
    }
}
