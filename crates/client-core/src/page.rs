//! Lists that come in pages.
//!
//! A [`Pages`] knows how to ask for the page at a position and how to get from one position to the next. Positions
//! that come twice end the list with an error: a server that repeats its cursor would otherwise be asked for ever.

use crate::call::Call;
use crate::error::{Error, ErrorKind};
use futures_core::Stream;
use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// How many past positions are remembered.
const REMEMBERED: usize = 16;

type Fetch<P, C, E> = Box<dyn Fn(&C) -> Call<P, E> + Send + Sync>;
type InFlight<P, E> = Pin<Box<dyn Future<Output = Result<P, E>> + Send>>;

/// A list page by page, as a stream or by [`next_page`](Pages::next_page).
///
/// ```
/// # use client_core::{Error, Pages};
/// # async fn example(mut pages: Pages<Vec<String>, u64, Error>) -> Result<(), Error> {
/// while let Some(page) = pages.next_page().await {
///     println!("{} rows", page?.len());
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a list does nothing until it is asked for pages"]
pub struct Pages<P, C, E = Error> {
    fetch: Fetch<P, C, E>,
    next: fn(&C, &P) -> Option<C>,
    position: Option<C>,
    in_flight: Option<InFlight<P, E>>,
    seen: VecDeque<u64>,
    pages_left: Option<u64>,
    operation: &'static str,
}

impl<P, C: Hash, E: From<Error>> Pages<P, C, E> {
    /// A list of `operation` that begins at `start`. `fetch` makes the call for a position; `next` says where the page
    /// after this one begins, or that there is none.
    pub fn new(
        operation: &'static str,
        start: C,
        fetch: impl Fn(&C) -> Call<P, E> + Send + Sync + 'static,
        next: fn(&C, &P) -> Option<C>,
    ) -> Self {
        let seen = VecDeque::from([hash(&start)]);
        Self {
            fetch: Box::new(fetch),
            next,
            position: Some(start),
            in_flight: None,
            seen,
            pages_left: None,
            operation,
        }
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
        let Some(next) = (self.next)(&current, page) else { return Ok(()) };
        let mark = hash(&next);
        if self.seen.contains(&mark) {
            return Err(Error::new(
                ErrorKind::Paging,
                self.operation,
                "the server gave the same position twice",
            ));
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

impl<P: 'static, C: Hash + Unpin, E: From<Error> + 'static> Stream for Pages<P, C, E> {
    type Item = Result<P, E>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.in_flight.is_none() {
            let Some(position) = this.position.as_ref().filter(|_| this.pages_left != Some(0)) else {
                return Poll::Ready(None);
            };
            this.in_flight = Some((this.fetch)(position).into_future());
        }
        let Some(in_flight) = &mut this.in_flight else { return Poll::Ready(None) };
        let result = ready!(in_flight.as_mut().poll(context));
        this.in_flight = None;
        Poll::Ready(Some(match result {
            // The page with the repeated position was not handed out: its rows may be rows of before.
            Ok(page) => this.advance(&page).map(|()| page).map_err(E::from),
            Err(error) => Err(error),
        }))
    }
}

/// The rows of a list, one by one.
#[must_use = "a list does nothing until it is asked for rows"]
pub struct Items<P, C, T, E = Error> {
    pages: Pages<P, C, E>,
    rows: fn(P) -> Vec<T>,
    ready: std::vec::IntoIter<T>,
}

impl<P: 'static, C: Hash + Unpin, T: Unpin, E: From<Error> + 'static> Items<P, C, T, E> {
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
