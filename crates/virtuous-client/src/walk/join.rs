//! Pages of a walk: requests the next page, and joins its rows to those received.

use super::{GOOD_PAGES, InFlight, MAX_TAKE, Walk};
use crate::arguments::Paging;
use crate::models::Page;
use crate::query::parameter;
use crate::{Call, Error, ErrorKind};
use auth_client_core::UnreadableRow;
use auth_client_core::provider::record::Field;
use auth_client_core::transport::{Fault, Phase, TransportError};
use http::StatusCode;
use std::collections::HashSet;
use std::future::IntoFuture as _;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};

const NO_PROGRESS: &str = "the server returned the same rows again";

impl<T: Field + Unpin + 'static> Walk<T> {
    /// Requests a page, and a smaller one if the server fails.
    pub(super) fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            let mut in_flight = self.in_flight.take().unwrap_or_else(|| self.start());
            let Poll::Ready(result) = in_flight.as_mut().poll(context) else {
                self.in_flight = Some(in_flight);
                return Poll::Pending;
            };
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

    pub(super) fn start(&self) -> InFlight<T> {
        let limit = self.attempt_timeout;
        self.call().attempt_timeout(limit).timeout(limit.saturating_mul(2)).into_future()
    }

    /// Returns whether the next page starts with a row that was already received, to detect rows that moved.
    fn overlaps(&self) -> bool {
        self.by.is_none() && self.skip > 0 && self.joins && !self.apart
    }

    fn call(&self) -> Call<Page<T>> {
        let call = self.plain_call();
        if self.report.is_none() {
            return call;
        }
        self.take_left_out();
        let left_out = Arc::clone(&self.left_out);
        call.on_unreadable(move |row| {
            left_out.lock().unwrap_or_else(PoisonError::into_inner).push(row.clone());
        })
    }

    fn take_left_out(&self) -> Vec<UnreadableRow> {
        std::mem::take(&mut *self.left_out.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn plain_call(&self) -> Call<Page<T>> {
        let paging = Paging::new().take(signed(self.take));
        let paging =
            if self.by.is_some() && self.unread > 0 { paging.skip(signed(self.unread)) } else { paging };
        match (&self.by, self.after) {
            (Some(by), Some(after)) => {
                (self.fetch)(&self.query.clone().and(parameter(by.as_str()).greater_than(after)), paging)
            }
            (Some(_), None) => (self.fetch)(&self.query, paging),
            (None, _) if self.overlaps() => {
                let take = (self.take + 1).min(MAX_TAKE);
                (self.fetch)(&self.query, paging.take(signed(take)).skip(signed(self.skip - 1)))
            }
            (None, _) => (self.fetch)(&self.query, paging.skip(signed(self.skip))),
        }
    }

    /// Accepts a page completely, or leaves the state unchanged.
    fn take_in(&mut self, page: Page<T>) -> Result<(), Error> {
        let total = page.told_total();
        let left_out = self.take_left_out();
        let (came, fingerprint) = (page.rows(&left_out), page.fingerprint(&left_out));
        let is_left_out = |index: &u64| left_out.iter().any(|row| u64::try_from(row.index()) == Ok(*index));
        let at_start = u64::try_from((0..came).take_while(is_left_out).count()).unwrap_or(u64::MAX);
        if self.is_repeated(&page, at_start, came, fingerprint)? {
            self.ended = true;
            return Ok(());
        }
        let at_end = u64::try_from((0..came).rev().take_while(is_left_out).count()).unwrap_or(u64::MAX);
        if self.unread > 0 && self.by.is_some() && is_known(&self.pages, fingerprint) {
            return Err(paging(NO_PROGRESS));
        }
        // In a walk that uses `skip`, rows before this index have been reported.
        let reported = if self.by.is_some() { 0 } else { u64::from(self.overlaps()) };
        let mut rows = page.list;
        let (skip, apart, ended) = if self.by.is_some() {
            (self.skip, false, came == 0)
        } else {
            let overlaps = self.overlaps();
            let from = self.skip - u64::from(overlaps);
            let first = rows.first().and_then(self.id);
            self.began = first.map(|first| (from.saturating_add(at_start), first));
            if overlaps && (came == 0 || first > self.after) {
                // Rows before this position were deleted and later rows have moved: request an earlier position.
                self.skip = from.saturating_sub(self.take);
                return Ok(());
            }
            if let Some(after) = self.after {
                rows.retain(|row| (self.id)(row).is_none_or(|id| id > after));
            }
            let skip = from.saturating_add(came);
            // A page of known rows is the last one, unless it precedes the position reached. If all pages had one row,
            // the known row may have replaced a new one.
            let is_last = rows.is_empty() && skip <= self.skip;
            let apart = is_last && overlaps && self.largest.max(came) < 2;
            (skip, apart, is_last && !apart)
        };
        let mut after = self.after;
        for row in &rows {
            let id = (self.id)(row);
            if self.by.is_some() && id.is_none() {
                return Err(paging("a row without an id"));
            }
            if id.is_some() && id <= after {
                return Err(paging("the rows are not in ascending order of their ids"));
            }
            after = id.or(after);
        }
        let known = total.map(|total| match self.by {
            Some(_) => self.given + total,
            None => total.saturating_sub(self.skipped),
        });
        self.total = self.total.or(known);
        if at_end > 0 {
            self.joins = false;
        } else if let Some(last) = rows.last() {
            self.joins = (self.id)(last).is_some();
        }
        self.unread = if at_end == came { self.unread.saturating_add(at_end) } else { at_end };
        let is_new = |row: &&UnreadableRow| u64::try_from(row.index()).is_ok_and(|index| index >= reported);
        for row in left_out.iter().filter(is_new) {
            self.report.iter().for_each(|report| report(row));
        }
        if after != self.after {
            self.pages.clear();
        }
        self.pages.extend(fingerprint);
        (self.after, self.skip, self.apart, self.ended) = (after, skip, apart, ended);
        self.largest = self.largest.max(came);
        self.ready = rows.into_iter();
        self.good += 1;
        if self.good >= GOOD_PAGES {
            self.take = (self.take * 2).min(self.most);
            self.good = 0;
        }
        Ok(())
    }

    /// Returns whether the server ignores the requested position and has returned all rows at once.
    ///
    /// # Errors
    ///
    /// The server ignores `skip`, and rows are missing.
    fn is_repeated(
        &self,
        page: &Page<T>,
        at_start: u64,
        came: u64,
        fingerprint: Option<u64>,
    ) -> Result<bool, Error> {
        let first = page.list.first().and_then(self.id);
        let all_known = page.list.iter().all(|row| (self.id)(row).is_none_or(|id| Some(id) <= self.after));
        if self.by.is_some() {
            // An incomplete page is out of order.
            return Ok(all_known && first.is_some() && page.completes(came, came, self.take));
        }
        let overlap = u64::from(self.overlaps());
        let from = self.skip - overlap;
        let starts_before = self.began.is_some_and(|(place, id)| {
            from.saturating_add(at_start) > place && first.is_some_and(|first| first <= id)
        });
        let is_same = first.is_none() && is_known(&self.pages, fingerprint);
        if came == 0 || !(starts_before || is_same) {
            return Ok(false);
        }
        let is_complete = page.completes(came, self.skip, (self.take + overlap).min(MAX_TAKE));
        if is_complete && all_known { Ok(true) } else { Err(paging(NO_PROGRESS)) }
    }
}

fn is_known(pages: &HashSet<u64>, fingerprint: Option<u64>) -> bool {
    fingerprint.is_some_and(|fingerprint| pages.contains(&fingerprint))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn paging(reason: &'static str) -> Error {
    auth_client_core::Error::paging("walk", reason).with_provider(crate::error::PROVIDER).into()
}

/// Returns whether a smaller page may succeed: after a server error, a timeout, or a response that was truncated or
/// became invalid after its head, but not if the server can't be reached.
fn is_about_size(error: &Error) -> bool {
    let fails = matches!(
        error.kind(),
        ErrorKind::Server | ErrorKind::Timeout | ErrorKind::TooLarge | ErrorKind::Transport
    );
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    let fails = fails
        || causes
            .filter_map(|cause| cause.downcast_ref::<TransportError>())
            .any(|error| error.fault() == Fault::Protocol && matches!(error.phase(), Phase::Reading(_)));
    let too_large = error.status() == Some(StatusCode::PAYLOAD_TOO_LARGE);
    error.may_have_been_sent() && (fails || too_large)
}
