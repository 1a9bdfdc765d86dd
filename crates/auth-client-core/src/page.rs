//! Lists that come in pages.
//!
//! A [`Pages`] knows how to ask for the page at a position and how to get from one position to the next. Positions
//! that come twice end the list with an error: a server that repeats its cursor would otherwise be asked for ever.

use crate::call::{Call, CallTemplate};
use crate::error::Error;
use futures_core::Stream;
use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// An answer that is a page of a list. With it, a call has [`pages`](Call::pages) and [`items`](Call::items).
///
/// ```
/// use auth_client_core::Error;
/// use auth_client_core::provider::{CallTemplate, Page};
///
/// /// Rows from `offset` on; the last page is short.
/// struct Rows {
///     rows: Vec<String>,
/// }
///
/// const SIZE: u64 = 50;
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
///     fn next(offset: &u64, page: &Self) -> Result<Option<u64>, &'static str> {
///         Ok((page.rows.len() as u64 == SIZE).then_some(offset + SIZE))
///     }
///
///     fn into_items(self) -> Vec<String> {
///         self.rows
///     }
/// }
/// # assert_eq!(Rows::next(&0, &Rows { rows: vec![String::new(); 50] }), Ok(Some(50)));
/// # assert_eq!(Rows::next(&50, &Rows { rows: vec![] }), Ok(None));
/// ```
pub trait Page: Sized + 'static {
    /// A row.
    type Item: Unpin;
    /// A place in the list. Two places that hash alike are the same one, and a list that comes to a place twice is ended.
    type Position: Hash + Clone + Unpin + Send + Sync + 'static;

    /// Where a list begins whose call is this one.
    fn first<E: From<Error>>(call: &CallTemplate<Self, E>) -> Self::Position;

    /// What the query of the call for a place holds.
    fn query(position: &Self::Position) -> Vec<(&'static str, u64)>;

    /// The place behind this page; `None` at the end.
    ///
    /// # Errors
    ///
    /// Why the list can't go on, in words that hold nothing of the page.
    fn next(position: &Self::Position, page: &Self) -> Result<Option<Self::Position>, &'static str>;

    /// The rows.
    fn into_items(self) -> Vec<Self::Item>;
}

impl<P: Page, E: From<Error> + 'static> Call<P, E> {
    /// The list page by page, from the place that the call's own arguments name.
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

    /// The rows of the list one by one, from the place that the call's own arguments name.
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

/// How many past positions are remembered.
const REMEMBERED: usize = 16;

type Fetch<P, C, E> = Box<dyn Fn(&C) -> Call<P, E> + Send + Sync>;
type Next<P, C> = fn(&C, &P) -> Result<Option<C>, &'static str>;
type InFlight<P, E> = Pin<Box<dyn Future<Output = Result<P, E>> + Send>>;

/// A list page by page, as a stream or by [`next_page`](Pages::next_page).
///
/// ```
/// # use auth_client_core::{Error, Pages};
/// # async fn example(pages: Pages<Vec<String>, u64, Error>) -> Result<(), Error> {
/// let mut pages = pages.limit_pages(10).prefetch();
/// while let Some(page) = pages.next_page().await {
///     println!("{} rows, go on at {:?}", page?.len(), pages.position());
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a list does nothing until it is asked for pages"]
pub struct Pages<P, C, E = Error> {
    /// `None` for a list that could not begin.
    fetch: Option<Fetch<P, C, E>>,
    next: Next<P, C>,
    position: Option<C>,
    in_flight: Option<InFlight<P, E>>,
    /// What is handed out before anything is asked for: an argument that can't be sent, or a page that was there at once.
    early: Option<Box<Result<P, E>>>,
    prefetch: bool,
    seen: VecDeque<u64>,
    pages_left: Option<u64>,
    operation: &'static str,
}

impl<P, C: Hash, E: From<Error>> Pages<P, C, E> {
    /// A list of `operation` that begins at `start`. `fetch` makes the call for a position; `next` says where the page
    /// after this one begins, or that there is none.
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
    ///     |at, page| Ok((!page.is_empty()).then_some(at + page.len() as u64)),
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
        let seen = VecDeque::from([hash(&start)]);
        Self {
            fetch: Some(Box::new(fetch)),
            next,
            position: Some(start),
            in_flight: None,
            early: None,
            prefetch: false,
            seen,
            pages_left: None,
            operation,
        }
    }

    /// A list that ends with this error.
    fn failed(error: E) -> Self {
        Self {
            fetch: None,
            next: |_, _| Ok(None),
            position: None,
            in_flight: None,
            early: Some(Box::new(Err(error))),
            prefetch: false,
            seen: VecDeque::new(),
            pages_left: None,
            operation: "",
        }
    }

    /// Asks for the page that follows while the caller still works on the one before. One page is held ahead, no more.
    pub fn prefetch(mut self) -> Self {
        self.prefetch = true;
        self
    }

    /// Ends after this many pages at the latest.
    pub fn limit_pages(mut self, pages: u64) -> Self {
        self.pages_left = Some(pages);
        self
    }

    /// Where the page that comes next begins; `None` at the end. Kept and given to a new list, it goes on from there.
    #[must_use]
    pub fn position(&self) -> Option<&C> {
        self.position.as_ref()
    }

    /// Goes on to the position after `page`, or to the end.
    fn advance(&mut self, page: &P) -> Result<(), Error> {
        let Some(current) = self.position.take() else { return Ok(()) };
        if let Some(left) = &mut self.pages_left {
            *left = left.saturating_sub(1);
        }
        let next = (self.next)(&current, page).map_err(|reason| Error::paging(self.operation, reason))?;
        let Some(next) = next else { return Ok(()) };
        let mark = hash(&next);
        if self.seen.contains(&mark) {
            let reason = "the list does not get on: the server gave the same position or page twice";
            return Err(Error::paging(self.operation, reason));
        }
        if self.seen.len() == REMEMBERED {
            self.seen.pop_front();
        }
        self.seen.push_back(mark);
        self.position = Some(next);
        Ok(())
    }
}

impl<P: 'static, C: Hash + Unpin, E: From<Error> + 'static> Pages<P, C, E> {
    /// The next page; `None` at the end. After an error the same page is asked for again.
    pub async fn next_page(&mut self) -> Option<Result<P, E>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// The rows of all pages, one by one.
    pub fn items<T>(self, rows: fn(P) -> Vec<T>) -> Items<P, C, T, E> {
        Items { pages: self, rows, ready: Vec::new().into_iter() }
    }
}

impl<P: 'static, C, E: From<Error> + 'static> Pages<P, C, E> {
    /// Makes the call for the position, where there is one and none is under way; whether one is under way now.
    fn set_out(&mut self) -> bool {
        if self.in_flight.is_none() {
            let position = self.position.as_ref().filter(|_| self.pages_left != Some(0));
            self.in_flight =
                self.fetch.as_ref().zip(position).map(|(fetch, position)| fetch(position).into_future());
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
                if !this.set_out() {
                    return Poll::Ready(None);
                }
                let Some(in_flight) = &mut this.in_flight else { return Poll::Ready(None) };
                let result = ready!(in_flight.as_mut().poll(context));
                this.in_flight = None;
                result
            }
        };
        // The page with the repeated position was not handed out: its rows may be rows of before.
        let result = result.and_then(|page| this.advance(&page).map(|()| page).map_err(E::from));
        if this.prefetch && result.is_ok() && this.set_out() {
            // A call that was asked once is on its way: the connection is driven by a task of its own.
            let early = this.in_flight.as_mut().map(|in_flight| in_flight.as_mut().poll(context));
            if let Some(Poll::Ready(result)) = early {
                this.in_flight = None;
                this.early = Some(Box::new(result));
            }
        }
        Poll::Ready(Some(result))
    }
}

/// The rows of a list, one by one.
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
#[must_use = "a list does nothing until it is asked for rows"]
pub struct Items<P, C, T, E = Error> {
    pages: Pages<P, C, E>,
    rows: fn(P) -> Vec<T>,
    ready: std::vec::IntoIter<T>,
}

impl<P: 'static, C: Hash + Unpin, T: Unpin, E: From<Error> + 'static> Items<P, C, T, E> {
    /// Where the page begins that comes after the row that was given out last and the others of its page. Kept and given to
    /// a new list, it goes on from there.
    #[must_use]
    pub fn position(&self) -> Option<&C> {
        self.pages.position.as_ref()
    }

    /// The next row; `None` at the end.
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
