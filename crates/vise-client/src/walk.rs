//! Doing something at every domain of the account, as the vendor's own example does.

use crate::client::Client;
use crate::domain::AccountDomain;
use crate::error::Error;
use crate::session::Session;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// Goes through the domains of the account: opens a session at each host and does something there, some hosts at a time.
///
/// A host that fails does not stop the others. The results come in the order of the list, one per domain. Dropping the
/// walk stops it.
///
/// ```no_run
/// # async fn run(vise: vise_client::Client) -> Result<(), vise_client::Error> {
/// let visits = vise
///     .for_all_domains()
///     .at_a_time(8)
///     .on_progress(|progress| println!("{} of {}", progress.done, progress.total))
///     .run(async |session| session.vise_domains().await)
///     .await?;
///
/// for (domain, answer) in visits.done() {
///     println!("{domain:?}: {answer}");
/// }
/// for (domain, error) in visits.failed() {
///     eprintln!("{domain:?}: {error}");
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a walk does nothing until it runs"]
pub struct Walk<'c> {
    client: &'c Client,
    domains: Option<Vec<AccountDomain>>,
    at_a_time: usize,
    progress: Option<Box<dyn FnMut(Progress) + Send + 'c>>,
}

/// How far a walk is.
///
/// ```
/// use vise_client::{Ending, Progress};
///
/// fn line(progress: Progress) -> String {
///     let sign = if progress.ending == Ending::Failed { "!" } else { "." };
///     format!("{sign} {} of {}", progress.done, progress.total)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Domains that are done, in whichever way.
    pub done: usize,
    /// Domains in all.
    pub total: usize,
    /// Which domain was done just now, counted from 0 in the order of the list.
    pub index: usize,
    /// How it went there.
    pub ending: Ending,
}

/// How a visit ended.
///
/// ```
/// use vise_client::Ending;
///
/// fn word(ending: Ending) -> &'static str {
///     match ending {
///         Ending::Done => "done",
///         Ending::Failed => "failed",
///         _ => "skipped",
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// It was done.
    Done,
    /// It failed.
    Failed,
    /// There was nothing to visit.
    Skipped,
}

/// What came of one domain.
///
/// ```
/// use vise_client::Outcome;
///
/// fn line(outcome: &Outcome<serde_json::Value>) -> String {
///     match outcome {
///         Outcome::Done(answer) => answer.to_string(),
///         Outcome::Failed(error) => error.to_string(),
///         _ => "there is no VISE".to_owned(),
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome<T> {
    /// What was to be done was done.
    Done(T),
    /// The host must not be called, no session was to be had, or what was to be done failed.
    Failed(Error),
    /// The domain has no VISE host or no phrase.
    Skipped,
}

impl<T> Outcome<T> {
    fn ending(&self) -> Ending {
        match self {
            Self::Done(_) => Ending::Done,
            Self::Failed(_) => Ending::Failed,
            Self::Skipped => Ending::Skipped,
        }
    }
}

/// One domain and what came of it.
///
/// ```
/// use vise_client::{AccountDomain, Outcome, Visit};
///
/// /// The domains to go through once more.
/// fn again<T>(visits: Vec<Visit<T>>) -> Vec<AccountDomain> {
///     let failed = visits.into_iter().filter(|visit| matches!(visit.outcome, Outcome::Failed(_)));
///     failed.map(|visit| visit.domain).collect()
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Visit<T> {
    /// The domain.
    pub domain: AccountDomain,
    /// What came of it.
    pub outcome: Outcome<T>,
}

/// What came of a walk, one visit per domain in the order of the list.
///
/// ```
/// use vise_client::Visits;
///
/// fn sum_up<T>(visits: &Visits<T>) -> String {
///     let (done, failed) = (visits.done().count(), visits.failed().count());
///     format!("{done} done, {failed} failed, {} without VISE", visits.skipped().count())
/// }
/// ```
#[derive(Debug)]
pub struct Visits<T> {
    visits: Vec<Visit<T>>,
}

impl<T> Visits<T> {
    /// All visits.
    ///
    /// ```
    /// fn is_complete<T>(visits: &vise_client::Visits<T>) -> bool {
    ///     visits.done().count() == visits.all().len()
    /// }
    /// ```
    #[must_use]
    pub fn all(&self) -> &[Visit<T>] {
        &self.visits
    }

    /// The visits themselves.
    ///
    /// ```
    /// fn domains<T>(visits: vise_client::Visits<T>) -> Vec<vise_client::AccountDomain> {
    ///     visits.into_vec().into_iter().map(|visit| visit.domain).collect()
    /// }
    /// ```
    #[must_use]
    pub fn into_vec(self) -> Vec<Visit<T>> {
        self.visits
    }

    /// What was done.
    ///
    /// ```
    /// fn answers<T>(visits: &vise_client::Visits<T>) -> Vec<&T> {
    ///     visits.done().map(|(_, answer)| answer).collect()
    /// }
    /// ```
    pub fn done(&self) -> impl Iterator<Item = (&AccountDomain, &T)> {
        self.visits.iter().filter_map(|visit| match &visit.outcome {
            Outcome::Done(value) => Some((&visit.domain, value)),
            _ => None,
        })
    }

    /// What failed.
    ///
    /// ```
    /// fn report<T>(visits: &vise_client::Visits<T>) {
    ///     for (domain, error) in visits.failed() {
    ///         eprintln!("{domain:?}: {error}");
    ///     }
    /// }
    /// ```
    pub fn failed(&self) -> impl Iterator<Item = (&AccountDomain, &Error)> {
        self.visits.iter().filter_map(|visit| match &visit.outcome {
            Outcome::Failed(error) => Some((&visit.domain, error)),
            _ => None,
        })
    }

    /// Domains without a VISE host or phrase.
    ///
    /// ```
    /// fn without_vise<T>(visits: &vise_client::Visits<T>) -> usize {
    ///     visits.skipped().count()
    /// }
    /// ```
    pub fn skipped(&self) -> impl Iterator<Item = &AccountDomain> {
        self.visits.iter().filter_map(|visit| match visit.outcome {
            Outcome::Skipped => Some(&visit.domain),
            _ => None,
        })
    }
}

impl<'c> Walk<'c> {
    pub(crate) fn new(client: &'c Client) -> Self {
        // A modest default: the vendor publishes no limit, and it guards against floods for a living.
        Self { client, domains: None, at_a_time: 4, progress: None }
    }

    /// Goes through these domains, and asks the dashboard for none.
    ///
    /// ```no_run
    /// # async fn example(vise: &vise_client::Client) -> Result<(), vise_client::Error> {
    /// let some = vise.list_account_domains().await?.into_iter().take(10).collect();
    /// let visits = vise.for_all_domains().domains(some).run(async |session| session.open().await).await?;
    /// println!("{} of {} are open", visits.done().count(), visits.all().len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn domains(mut self, domains: Vec<AccountDomain>) -> Self {
        self.domains = Some(domains);
        self
    }

    /// How many hosts are visited at the same time; at least one. Default 4.
    pub fn at_a_time(mut self, hosts: usize) -> Self {
        self.at_a_time = hosts.max(1);
        self
    }

    /// Is told after each domain how far the walk is.
    pub fn on_progress(mut self, report: impl FnMut(Progress) + Send + 'c) -> Self {
        self.progress = Some(Box::new(report));
        self
    }

    /// Opens a session at each host and does this there.
    ///
    /// ```no_run
    /// # async fn example(vise: &vise_client::Client) -> Result<(), vise_client::Error> {
    /// let visits = vise.for_all_domains().at_a_time(2).run(async |session| session.vise_domains().await).await?;
    /// for (domain, answer) in visits.done() {
    ///     println!("{domain:?}: {answer}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the domains can't be listed. What fails at one host is in its [`Visit`].
    pub async fn run<T, F, W>(self, visit: F) -> Result<Visits<T>, Error>
    where
        F: Fn(Session) -> W,
        W: Future<Output = Result<T, Error>>,
    {
        let Self { client, domains, at_a_time, mut progress } = self;
        let domains = match domains {
            Some(domains) => domains,
            None => client.list_account_domains().await?,
        };
        let total = domains.len();
        let visit = &visit;
        let one = |domain: AccountDomain| async move {
            let outcome = if domain.vise_url.is_none() || domain.vise_phrase.is_none() {
                Outcome::Skipped
            } else {
                match client.open_session(&domain).await {
                    Ok(session) => visit(session).await.map_or_else(Outcome::Failed, Outcome::Done),
                    Err(error) => Outcome::Failed(error),
                }
            };
            Visit { domain, outcome }
        };
        let mut done = 0;
        let report = |index: usize, visit: &Visit<T>| {
            done += 1;
            if let Some(progress) = &mut progress {
                progress(Progress { done, total, index, ending: visit.outcome.ending() });
            }
        };
        Ok(Visits { visits: buffered(domains.into_iter().map(one), at_a_time, report).await })
    }
}

impl fmt::Debug for Walk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Walk")
            .field("domains", &self.domains)
            .field("at_a_time", &self.at_a_time)
            .finish_non_exhaustive()
    }
}

/// Runs futures, so many at a time, in this task; their outputs in the order of the futures.
///
/// All that run are polled when any of them wakes. They are few by design, so that costs less than a queue would.
async fn buffered<F: Future>(
    mut futures: impl Iterator<Item = F>,
    at_a_time: usize,
    mut report: impl FnMut(usize, &F::Output),
) -> Vec<F::Output> {
    let mut started = 0;
    let mut running: Vec<(usize, Pin<Box<F>>)> = Vec::new();
    let mut outputs: Vec<(usize, F::Output)> = Vec::new();
    poll_fn(|context| {
        loop {
            while running.len() < at_a_time {
                let Some(future) = futures.next() else { break };
                running.push((started, Box::pin(future)));
                started += 1;
            }
            let before = running.len();
            running.retain_mut(|(index, future)| match future.as_mut().poll(context) {
                Poll::Ready(output) => {
                    report(*index, &output);
                    outputs.push((*index, output));
                    false
                }
                Poll::Pending => true,
            });
            if running.is_empty() && before == 0 {
                return Poll::Ready(());
            }
            if running.len() == before {
                return Poll::Pending;
            }
        }
    })
    .await;
    outputs.sort_by_key(|(index, _)| *index);
    outputs.into_iter().map(|(_, output)| output).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};

    /// Ready after so many polls.
    async fn after(polls: usize) {
        for _ in 0..polls {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn so_many_run_at_a_time_and_the_order_is_kept() {
        for (count, bound) in [(0, 3), (1, 3), (3, 3), (50, 1), (50, 4), (50, 100)] {
            let (running, most, reported) = (Cell::new(0), Cell::new(0), RefCell::new(Vec::new()));
            let futures = (0..count).map(|number: usize| {
                let (running, most) = (&running, &most);
                async move {
                    running.set(running.get() + 1);
                    most.set(most.get().max(running.get()));
                    after(1 + number * 7 % 5).await;
                    running.set(running.get() - 1);
                    number
                }
            });
            let outputs = buffered(futures, bound, |index, _| reported.borrow_mut().push(index)).await;
            assert_eq!(outputs, (0..count).collect::<Vec<_>>());
            assert!(most.get() <= bound && (count == 0 || most.get() == count.min(bound)), "{count} {bound}");
            let mut reported = reported.into_inner();
            reported.sort_unstable();
            assert_eq!(reported, (0..count).collect::<Vec<_>>(), "each is reported once");
        }
    }
}
