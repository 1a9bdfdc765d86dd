//! Paged lists.
//!
//! A [`Pages`] requests the page at a position and computes the next position. If the server returns a position twice,
//! the list ends with an error, because it would otherwise never end.
//!
//! A list with `skip` and `take` ends when a page contains no new row. The server's total doesn't end it, because
//! servers also report zero, the size of the page, or one row too many. A program can compare the total with the number
//! of rows received.

mod step;

pub use step::{Page, Step};

use crate::call::{Call, Reply};
use crate::decode::rows::{Report, Rows, UnreadableRow};
use crate::error::Error;
use futures_core::Stream;
use std::collections::HashSet;
use std::fmt;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

impl<P: Page, E: From<Error> + 'static> Call<P, E> {
    /// Turns the call into a stream of pages, starting at the position in the call's arguments.
    ///
    /// ```
    /// # use auth_client_core::{Call, Error};
    /// # use auth_client_core::provider::Page;
    /// # async fn example<P: Page>(call: Call<P, Error>) -> Result<(), Error> {
    /// let mut pages = call.pages();
    /// while let Some(page) = pages.next_page().await {
    ///     println!("{} rows", page?.into_items().len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn pages(self) -> Pages<P, P::Position, E> {
        match self.into_template() {
            Ok(template) => {
                let start = P::first(&template);
                let operation = template.operation().id();
                Pages::new(operation, start, move |position| template.call(&P::query(position)), P::next)
            }
            Err(error) => Pages::failed(error),
        }
    }

    /// Turns the call into a stream of items, starting at the position in the call's arguments.
    ///
    /// ```
    /// # use auth_client_core::{Call, Error};
    /// # use auth_client_core::provider::Page;
    /// # async fn example<P: Page<Item = String>>(call: Call<P, Error>) -> Result<(), Error> {
    /// let mut rows = call.items();
    /// while let Some(row) = rows.next().await {
    ///     println!("{}", row?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn items(self) -> Items<P, P::Position, P::Item, E> {
        self.pages().items(P::into_items)
    }
}

type Fetch<P, C, E> = Box<dyn Fn(&C) -> Call<P, E> + Send + Sync>;
type Next<P, C> = fn(&C, &P, &[UnreadableRow]) -> Result<Step<C>, &'static str>;
type InFlight<P, E> = Pin<Box<dyn Future<Output = Result<Reply<P>, E>> + Send>>;

/// A stream of the pages of a list. [`next_page`](Pages::next_page) reads it without a stream library.
///
/// ```
/// # use auth_client_core::{Error, Pages};
/// # async fn example(pages: Pages<Vec<String>, u64, Error>) -> Result<(), Error> {
/// let mut pages = pages.limit_pages(10).prefetch();
/// while let Some(page) = pages.next_page().await {
///     println!("{} items, next position {:?}", page?.len(), pages.position());
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent until pages are requested"]
pub struct Pages<P, C, E = Error> {
    /// `None` for a list that could not start.
    fetch: Option<Fetch<P, C, E>>,
    next: Next<P, C>,
    position: Option<C>,
    in_flight: Option<InFlight<P, E>>,
    /// Returned before anything is requested: an invalid argument, or a page that was available at once.
    early: Option<Box<Result<Reply<P>, E>>>,
    prefetch: bool,
    /// Hashes of all positions so far.
    seen: HashSet<u64>,
    pages_left: Option<u64>,
    /// Whether a page was returned.
    started: bool,
    received: u64,
    total: Option<u64>,
    operation: &'static str,
}

impl<P: Rows + 'static, C: 'static, E: From<Error> + 'static> Pages<P, C, E> {
    /// Skips rows that can't be decoded, and passes each of them to `report`; see [`Call::on_unreadable`]. Without this
    /// option, every request of a page with such a row fails.
    pub fn on_unreadable(mut self, report: impl Fn(&UnreadableRow) + Send + Sync + 'static) -> Self {
        let report = Report(Arc::new(report));
        self.fetch = self.fetch.map(|fetch| {
            Box::new(move |position: &C| fetch(position).reporting(report.clone())) as Fetch<P, C, E>
        });
        self
    }
}

impl<P, C: Hash, E: From<Error>> Pages<P, C, E> {
    /// Creates a list of `operation` that starts at `start`. `fetch` creates the call for a position; `next` returns
    /// the step after a page, from the page and the rows that were skipped in it.
    ///
    /// ```
    /// # use auth_client_core::{Error, Pages, decode, testing::ScriptedTransport};
    /// # use auth_client_core::provider::{BaseUrl, Engine, Settings, ProviderRules};
    /// # #[derive(Debug)]
    /// # struct Shop;
    /// # impl ProviderRules for Shop { fn name(&self) -> &'static str { "shop" } }
    /// # let transport = ScriptedTransport::new().json(200, "[7,8]").json(200, "[]");
    /// # let mut settings = Settings::new("shop-client/1.0");
    /// # settings.set_transport(std::sync::Arc::new(transport.clone()));
    /// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let pages: Pages<Vec<u32>, u64> = Pages::new(
    ///     "items.list",
    ///     0,
    ///     move |at| engine.raw(http::Method::GET, "/items").query("offset", *at).call(decode::json),
    ///     |at, page, left_out| {
    ///         let rows = (page.len() + left_out.len()) as u64;
    ///         Ok((rows > 0).then_some(at + rows).into())
    ///     },
    /// );
    /// let mut rows = pages.items(|page| page);
    /// assert_eq!(rows.next().await.transpose()?, Some(7));
    /// # assert_eq!(rows.position(), Some(&2));
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(
        operation: &'static str,
        start: C,
        fetch: impl Fn(&C) -> Call<P, E> + Send + Sync + 'static,
        next: Next<P, C>,
    ) -> Self {
        let seen = HashSet::from([hash(&start)]);
        Self {
            fetch: Some(Box::new(fetch)),
            next,
            position: Some(start),
            in_flight: None,
            early: None,
            prefetch: false,
            seen,
            pages_left: None,
            started: false,
            received: 0,
            total: None,
            operation,
        }
    }

    /// Creates a list that fails with this error.
    fn failed(error: E) -> Self {
        Self {
            fetch: None,
            next: |_, _, _| Ok(Step::end()),
            position: None,
            in_flight: None,
            early: Some(Box::new(Err(error))),
            prefetch: false,
            seen: HashSet::new(),
            pages_left: None,
            started: false,
            received: 0,
            total: None,
            operation: "",
        }
    }

    /// Requests the next page while the caller processes the current one. At most one page is buffered.
    pub fn prefetch(mut self) -> Self {
        self.prefetch = true;
        self
    }

    /// Ends the list after at most this many pages.
    pub fn limit_pages(mut self, pages: u64) -> Self {
        self.pages_left = Some(pages);
        self
    }

    /// Returns the position of the next page; `None` at the end. To resume later, store it and create a list that
    /// starts there.
    #[must_use]
    pub fn position(&self) -> Option<&C> {
        self.position.as_ref()
    }

    /// Returns the number of rows in the pages received so far, without pages that contained no new row. Zero for lists
    /// that don't count rows.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Returns the server's total number of rows, from the last page. It doesn't determine the end of the list; compare
    /// it with [`received`](Self::received) at the end.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// Moves to the position after `page`, or to the end. Returns whether the page is part of the list.
    fn advance(&mut self, page: &Reply<P>) -> Result<bool, Error> {
        let Some(current) = self.position.take() else { return Ok(true) };
        if let Some(left) = &mut self.pages_left {
            *left = left.saturating_sub(1);
        }
        let step = (self.next)(&current, &page.value, &page.left_out)
            .map_err(|reason| Error::paging(self.operation, reason))?;
        self.total = step.total.or(self.total);
        if step.has_news {
            self.received = self.received.saturating_add(step.rows);
        }
        let is_part = step.has_news || !self.started;
        self.started = true;
        let Some(next) = step.next else { return Ok(is_part) };
        if !self.seen.insert(hash(&next)) {
            let reason = "the server returned the same position or page twice";
            return Err(Error::paging(self.operation, reason));
        }
        self.position = Some(next);
        Ok(is_part)
    }
}

impl<P: 'static, C: Hash + Unpin, E: From<Error> + 'static> Pages<P, C, E> {
    /// Returns the next page; `None` at the end. After an error, the next call requests the same page again.
    pub async fn next_page(&mut self) -> Option<Result<P, E>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Returns the items of all pages as a stream.
    pub fn items<T>(self, rows: fn(P) -> Vec<T>) -> Items<P, C, T, E> {
        Items { pages: self, rows, ready: Vec::new().into_iter() }
    }
}

impl<P: 'static, C, E: From<Error> + 'static> Pages<P, C, E> {
    /// Starts the call for the next position if there is one and no call is in progress. Returns whether a call
    /// is in progress.
    fn start_fetch(&mut self) -> bool {
        if self.in_flight.is_none() {
            let position = self.position.as_ref().filter(|_| self.pages_left != Some(0));
            let call = self.fetch.as_ref().zip(position).map(|(fetch, position)| fetch(position));
            self.in_flight = call.map(|call| Box::pin(call.reply()) as InFlight<P, E>);
        }
        self.in_flight.is_some()
    }
}

impl<P: 'static, C: Hash + Unpin, E: From<Error> + 'static> Stream for Pages<P, C, E> {
    type Item = Result<P, E>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let result = match this.early.take() {
            Some(result) => *result,
            None => {
                if !this.start_fetch() {
                    return Poll::Ready(None);
                }
                let Some(in_flight) = &mut this.in_flight else { return Poll::Ready(None) };
                let result = ready!(in_flight.as_mut().poll(context));
                this.in_flight = None;
                result
            }
        };
        // The page with a repeated position is not returned: its items may be those of an earlier page.
        let result = match result.and_then(|page| Ok((this.advance(&page).map_err(E::from)?, page))) {
            Ok((true, page)) => Ok(page.value),
            Ok((false, _)) => return Poll::Ready(None),
            Err(error) => Err(error),
        };
        if this.prefetch && result.is_ok() && this.start_fetch() {
            // A call that was polled once makes progress: another task drives the connection.
            let early = this.in_flight.as_mut().map(|in_flight| in_flight.as_mut().poll(context));
            if let Some(Poll::Ready(result)) = early {
                this.in_flight = None;
                this.early = Some(Box::new(result));
            }
        }
        Poll::Ready(Some(result))
    }
}

/// A stream of the items of a list. [`next`](Items::next) reads it without a stream library.
///
/// ```
/// # use auth_client_core::{Error, Items};
/// # async fn example(mut users: Items<Vec<String>, u64, String, Error>) -> Result<(), Error> {
/// while let Some(user) = users.next().await {
///     println!("{}", user?);
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent until items are requested"]
pub struct Items<P, C, T, E = Error> {
    pages: Pages<P, C, E>,
    rows: fn(P) -> Vec<T>,
    ready: std::vec::IntoIter<T>,
}

impl<P: 'static, C: Hash + Unpin, T: Unpin, E: From<Error> + 'static> Items<P, C, T, E> {
    /// Returns the position of the page after the one whose items are being returned. To resume later, store it and
    /// create a list that starts there.
    #[must_use]
    pub fn position(&self) -> Option<&C> {
        self.pages.position.as_ref()
    }

    /// Returns the number of rows received so far, including those that the stream has not returned yet.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.pages.received
    }

    /// Returns the server's total number of rows, from the last page. It doesn't determine the end of the list; compare
    /// it with [`received`](Self::received) at the end.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.pages.total
    }

    /// Returns the next item; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<T, E>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<P: 'static, C: Hash + Unpin, T: Unpin, E: From<Error> + 'static> Stream for Items<P, C, T, E> {
    type Item = Result<T, E>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(row) = self.ready.next() {
                return Poll::Ready(Some(Ok(row)));
            }
            match ready!(Pin::new(&mut self.pages).poll_next(context)) {
                Some(Ok(page)) => self.ready = (self.rows)(page).into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<P, C: fmt::Debug, E> fmt::Debug for Pages<P, C, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("operation", &self.operation)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

impl<P, C: fmt::Debug, T, E> fmt::Debug for Items<P, C, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("pages", &self.pages).finish_non_exhaustive()
    }
}

fn hash(position: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    position.hash(&mut hasher);
    hasher.finish()
}
