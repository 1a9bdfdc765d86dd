//! Walks: all results of a query, however many, by ascending id, each row once, with one page in memory.
//!
//! Assumption (paging-limits): large values of `skip` and `take` make the server slow or fail. A walk instead
//! requests the rows whose id is greater than the last one, with a smaller page size if the server fails. For
//! resources that can't be queried by id it uses `skip`, and checks the ids to detect rows that moved.
//!
//! Assumption (paging-honoured): not every list honours `skip` and `take`. So a walk ends when a page brings nothing
//! new. The stated total ends nothing, because servers state zero, the size of the page, or one too many.

mod join;
mod records;

use crate::arguments::Paging;
use crate::models::Page;
use crate::query::Query;
use crate::{Call, Error};
use auth_client_core::UnreadableRow;
use auth_client_core::provider::record::Field;
use futures_core::Stream;
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

/// Large pages of complete records take the server long.
const TIMEOUT: Duration = Duration::from_secs(120);

type Fetch<T> = Box<dyn Fn(&Query, Paging) -> Call<Page<T>> + Send + Sync>;
type Report = Arc<dyn Fn(&UnreadableRow) + Send + Sync>;
type InFlight<T> = Pin<Box<dyn Future<Output = Result<Page<T>, Error>> + Send>>;

/// All results of a query by ascending id, as a stream or through [`next`](Self::next).
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
/// Rows that are added during the walk come last and are included; deleted rows don't affect others. The sort
/// order of the query is ignored.
///
/// A walk ends when a page brings nothing new, whatever the server states as [`total`](Self::total).
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
    /// Position and id of the first row that could be read in the last page requested with `skip`, and its fingerprint.
    began: Option<(u64, i64)>,
    page_before: Option<u64>,
    /// Whether the last row received has an id, by which the next page requested with `skip` can be joined to it.
    joins: bool,
    /// Whether the next page repeats no row, because the server may return only one row at a time.
    apart: bool,
    /// Rows of the largest page received.
    largest: u64,
    /// Rows at the end of what was received that can't be read. A walk by ids skips them, because it doesn't know their ids.
    unread: u64,
    report: Option<Report>,
    /// Rows that were left out of the page in flight.
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
    /// Creates a walk over any resource with a query. `fetch` makes the call, `id` returns the id of a row. It
    /// uses `skip` until [`by`](Self::by) names the parameter of the id.
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
            page_before: None,
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

    /// Starts by skipping this number of rows, for resources that can't be queried by id.
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

    /// Sets the time limit of one attempt to get a page; with retries it is twice as long. Default: two minutes,
    /// because large pages of complete records take the server that long. Overrides limits that `fetch` sets.
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

    /// Leaves out rows that can't be read, and passes each of them to this function, as
    /// [`Call::on_unreadable`](auth_client_core::Call::on_unreadable) does. Without it, the walk returns an error at the page
    /// of such a row, every time.
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

    /// Returns the id of the last row returned. Pass it to [`after`](Self::after) of another walk to resume.
    #[must_use]
    pub fn position(&self) -> Option<i64> {
        self.at
    }

    /// Returns the total number of rows as the server has stated it with the first page; `None` before that. It doesn't
    /// decide where the walk ends: compare it with the number of rows received at the end.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// Returns the next row; `None` at the end. After an error, the next call requests the failed page again.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Waits for the next row, for programs without a runtime.
    ///
    /// Inside a runtime it is an error of the kind [`Configuration`](crate::ErrorKind::Configuration).
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

    /// Returns the rows of the next page without duplicates; empty at the end.
    pub(crate) async fn next_rows(&mut self) -> Result<Vec<T>, Error> {
        std::future::poll_fn(|context| {
            while self.ready.as_slice().is_empty() && !self.ended {
                match ready!(self.poll_page(context)) {
                    Ok(()) => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
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
