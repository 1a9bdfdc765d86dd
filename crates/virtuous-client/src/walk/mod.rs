//! Everything that a query finds, however much: by ascending id, each row once, in memory for one page.
//!
//! Skipping far into a list makes the vendor slow and fail. A walk asks instead for the rows whose id is greater than the
//! last one's, and for half as many when the vendor fails on many. Where a resource can't be queried by its id, it skips,
//! and looks at the ids to notice rows that moved.

mod records;

use crate::arguments::Paging;
use crate::models::Page;
use crate::query::{Query, parameter};
use crate::{Call, Error, ErrorKind};
use auth_client_core::provider::record::Field;
use futures_core::Stream;
use http::StatusCode;
use std::fmt;
use std::future::{Future, IntoFuture as _};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// How many rows the vendor gives at a time, at most.
const MOST: u64 = 1000;

/// After so many pages without a failure, more rows are asked for again.
const GOOD_PAGES: u32 = 10;

/// Large pages of whole records take the vendor long.
const PATIENCE: Duration = Duration::from_secs(120);

const STANDS_STILL: &str = "the list does not get on: the vendor gives the same rows again";

type Fetch<T> = Box<dyn Fn(&Query, Paging) -> Call<Page<T>> + Send + Sync>;
type InFlight<T> = Pin<Box<dyn Future<Output = Result<Page<T>, Error>> + Send>>;

/// All rows that a query finds, one by one and by ascending id: a stream, or [`next`](Self::next).
///
/// ```no_run
/// use virtuous_client::ContactQuery;
///
/// # async fn example(client: &virtuous_client::Client) -> Result<(), virtuous_client::Error> {
/// let mut contacts = client.contacts().walk(ContactQuery::all());
/// while let Some(contact) = contacts.next().await {
///     println!("{}", contact?.id);
/// }
/// // After an error `next` goes on where it was; after a restart `after(position)` does.
/// println!("{:?}", contacts.position());
/// # Ok(())
/// # }
/// ```
///
/// Rows that are added while it walks come last and are found; rows that are deleted meanwhile are no loss to the others.
/// The order of the query is not kept.
#[must_use = "a walk does nothing until it is asked for rows"]
pub struct Walk<T> {
    fetch: Fetch<T>,
    id: fn(&T) -> Option<i64>,
    query: Query,
    /// The parameter by which ids are compared; without it, rows are skipped.
    by: Option<String>,
    /// The last row that came, and the last one that was given out.
    after: Option<i64>,
    at: Option<i64>,
    /// Rows to skip for the next page, and for the first one.
    skip: u64,
    skipped: u64,
    /// Where the last page that skipped began, and with which row.
    began: Option<(u64, i64)>,
    take: u64,
    most: u64,
    good: u32,
    patience: Duration,
    in_flight: Option<InFlight<T>>,
    ready: std::vec::IntoIter<T>,
    given: u64,
    total: Option<u64>,
    ended: bool,
}

impl<T: Field + Unpin + 'static> Walk<T> {
    /// A walk over any resource with a query. `fetch` makes the call, `id` tells a row's id; the rows are skipped until
    /// [`by`](Self::by) names the parameter of the id.
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
            take: MOST,
            most: MOST,
            good: 0,
            patience: PATIENCE,
            in_flight: None,
            ready: Vec::new().into_iter(),
            given: 0,
            total: None,
            ended: false,
        }
    }

    /// Asks for the rows behind the last one by this parameter, such as `Contact Id`.
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

    /// What the rows are sorted by; it must order them as their ids do. Default: `Id`.
    pub fn sorted_by(mut self, parameter: impl Into<String>) -> Self {
        self.query.sort_by = Some(parameter.into());
        self
    }

    /// Begins behind the row with this id. A walk that skips needs [`skipping`](Self::skipping) beside it.
    ///
    /// ```no_run
    /// # async fn example(client: &virtuous_client::Client, last: i64) -> Result<(), virtuous_client::Error> {
    /// let mut gifts = client.gifts().walk(virtuous_client::Query::all()).after(last);
    /// println!("{:?}", gifts.next().await.transpose()?.map(|gift| gift.id));
    /// # Ok(())
    /// # }
    /// ```
    pub fn after(mut self, id: i64) -> Self {
        (self.after, self.at) = (Some(id), Some(id));
        self
    }

    /// Begins by skipping so many rows, where it can't begin behind an id.
    pub fn skipping(mut self, rows: u64) -> Self {
        (self.skip, self.skipped) = (rows, rows);
        self
    }

    /// How many rows are asked for at a time, from 1 to 1,000. Default 1,000.
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
        self.most = rows.clamp(1, MOST);
        self.take = self.most;
        self
    }

    /// How long a page may take, and twice as long with its repeats. Default: two minutes, since large pages of whole
    /// records take the vendor that long. It takes the place of limits that `fetch` sets.
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
        self.patience = limit;
        self
    }

    /// The id of the last row that was given out. Another walk goes on [`after`](Self::after) it.
    #[must_use]
    pub fn position(&self) -> Option<i64> {
        self.at
    }

    /// How many rows this walk is going to give out, as far as the vendor has said; `None` before the first page.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// The next row; `None` at the end. After an error it goes on with the page that failed.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// The next row, for programs without a runtime.
    ///
    /// Inside a runtime it is an error of the kind [`Configuration`](ErrorKind::Configuration), which says so.
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

    /// The next page's rows, of which none came before. Empty at the end.
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

    /// Gets a page, and a smaller one when the vendor fails on it.
    fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            let in_flight = match self.in_flight.take() {
                Some(in_flight) => in_flight,
                None => self.call().attempt_timeout(self.patience).timeout(2 * self.patience).into_future(),
            };
            let result = match self.in_flight.insert(in_flight).as_mut().poll(context) {
                Poll::Ready(result) => result,
                Poll::Pending => return Poll::Pending,
            };
            self.in_flight = None;
            match result {
                Ok(page) => return Poll::Ready(self.take_in(page)),
                Err(error) if self.take > 1 && is_about_size(&error) => {
                    self.take /= 2;
                    self.good = 0;
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Whether the next page begins with a row that came already, to see that nothing moved.
    fn overlaps(&self) -> bool {
        self.by.is_none() && self.skip > 0 && self.after.is_some()
    }

    fn call(&self) -> Call<Page<T>> {
        let paging = Paging::new().take(signed(self.take));
        match (&self.by, self.after) {
            (Some(by), Some(after)) => {
                (self.fetch)(&self.query.clone().and(parameter(by.as_str()).greater_than(after)), paging)
            }
            (Some(_), None) => (self.fetch)(&self.query, paging),
            (None, _) if self.overlaps() => {
                let take = (self.take + 1).min(MOST);
                (self.fetch)(&self.query, paging.take(signed(take)).skip(signed(self.skip - 1)))
            }
            (None, _) => (self.fetch)(&self.query, paging.skip(signed(self.skip))),
        }
    }

    /// Takes a page in as a whole, or leaves everything as it was.
    fn take_in(&mut self, page: Page<T>) -> Result<(), Error> {
        let total = page.told_total();
        let came = u64::try_from(page.list.len()).unwrap_or(u64::MAX);
        let is_full = came >= self.take;
        let mut rows = page.list;
        let (skip, ended) = if self.by.is_some() {
            // Where the vendor doesn't say how many rows there are, a page that is not full is the last one.
            (self.skip, came == 0 || total.map_or(!is_full, |total| total <= came))
        } else {
            let from = self.skip - u64::from(self.overlaps());
            let first = rows.first().and_then(self.id);
            if self.began.is_some_and(|(place, id)| from > place && first.is_some_and(|first| first <= id)) {
                return Err(paging(STANDS_STILL));
            }
            self.began = first.map(|first| (from, first));
            if self.overlaps() && (came == 0 || first > self.after) && from > 0 {
                // Rows before this place are gone, and others have moved up: look further back.
                self.skip = from.saturating_sub(self.take);
                return Ok(());
            }
            if let Some(after) = self.after {
                rows.retain(|row| (self.id)(row).is_none_or(|id| id > after));
            }
            let skip = from + came;
            let ended = came == 0 || total.map_or(!is_full, |total| skip >= total);
            if rows.is_empty() && !ended && skip <= self.skip {
                return Err(paging(STANDS_STILL));
            }
            (skip, ended)
        };
        let mut after = self.after;
        for row in &rows {
            let id = (self.id)(row);
            if self.by.is_some() && id.is_none() {
                return Err(paging("a row has no id"));
            }
            if id.is_some() && id <= after {
                return Err(paging("the rows do not come by ascending id"));
            }
            after = id.or(after);
        }
        let known = total.map(|total| match self.by {
            Some(_) => self.given + total,
            None => total.saturating_sub(self.skipped),
        });
        self.total = self.total.or(known);
        (self.after, self.skip, self.ended) = (after, skip, ended);
        self.ready = rows.into_iter();
        self.good += 1;
        if self.good >= GOOD_PAGES && self.take < self.most {
            self.take = (self.take * 2).min(self.most);
            self.good = 0;
        }
        Ok(())
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn paging(reason: &'static str) -> Error {
    auth_client_core::Error::paging("walk", reason).with_provider(crate::builder::PROVIDER).into()
}

/// Whether fewer rows could help: the vendor fails, or takes too long, on what is much. A server that can't be reached
/// isn't helped by being asked for less.
fn is_about_size(error: &Error) -> bool {
    let fails = matches!(
        error.kind(),
        ErrorKind::Server | ErrorKind::Timeout | ErrorKind::TooLarge | ErrorKind::Transport
    );
    let too_large = error.status() == Some(StatusCode::PAYLOAD_TOO_LARGE);
    error.may_have_been_sent() && (fails || too_large)
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
