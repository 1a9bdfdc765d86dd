//! Runs a function for every domain of the account, as in the vendor's example.

use crate::client::Client;
use crate::domain::AccountDomain;
use crate::error::Error;
use crate::session::Session;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// Runs a function for the domains of the account: opens a session at each host and calls the function with it, for
/// several hosts concurrently.
///
/// A failing host doesn't affect the others. The results are in the order of the list, one per domain. Dropping the
/// future of [`run`](Self::run) stops the run.
///
/// ```no_run
/// # async fn run(vise: vise_client::Client) -> Result<(), vise_client::Error> {
/// let results = vise
///     .for_all_domains()
///     .concurrency(8)
///     .on_progress(|progress| println!("{} of {}", progress.done, progress.total))
///     .run(async |session| session.vise_domains().await)
///     .await?;
///
/// for (domain, response) in results.succeeded() {
///     println!("{domain:?}: {response}");
/// }
/// for (domain, error) in results.failed() {
///     eprintln!("{domain:?}: {error}");
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent until `run` is called"]
pub struct AllDomains<'c> {
    client: &'c Client,
    domains: Option<Vec<AccountDomain>>,
    concurrency: usize,
    progress: Option<Box<dyn FnMut(Progress) + Send + 'c>>,
}

/// Progress of a run.
///
/// ```
/// use vise_client::{DomainStatus, Progress};
///
/// fn line(progress: Progress) -> String {
///     let sign = if progress.status == DomainStatus::Failed { "!" } else { "." };
///     format!("{sign} {} of {}", progress.done, progress.total)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Number of completed domains, including failed and skipped ones.
    pub done: usize,
    /// Number of all domains.
    pub total: usize,
    /// Index of the domain that has just completed, from 0 in the order of the list.
    pub index: usize,
    /// Result for that domain.
    pub status: DomainStatus,
}

/// Result for one domain, without its value.
///
/// ```
/// use vise_client::DomainStatus;
///
/// fn word(status: DomainStatus) -> &'static str {
///     match status {
///         DomainStatus::Done => "done",
///         DomainStatus::Failed => "failed",
///         _ => "skipped",
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DomainStatus {
    /// The function succeeded.
    Done,
    /// The session or the function failed.
    Failed,
    /// The domain has no VISE host or no phrase.
    Skipped,
}

/// Result for one domain.
///
/// ```
/// use vise_client::{Outcome, RawJson};
///
/// fn line(outcome: &Outcome<RawJson>) -> String {
///     match outcome {
///         Outcome::Done(response) => response.to_string(),
///         Outcome::Failed(error) => error.to_string(),
///         _ => "no VISE host".to_owned(),
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome<T> {
    /// The function succeeded with this value.
    Done(T),
    /// The host must not be called, no session could be opened, or the function failed.
    Failed(Error),
    /// The domain has no VISE host or no phrase.
    Skipped,
}

impl<T> Outcome<T> {
    fn status(&self) -> DomainStatus {
        match self {
            Self::Done(_) => DomainStatus::Done,
            Self::Failed(_) => DomainStatus::Failed,
            Self::Skipped => DomainStatus::Skipped,
        }
    }
}

/// One domain and its result.
///
/// ```
/// use vise_client::{AccountDomain, Outcome, DomainResult};
///
/// /// The domains to try again.
/// fn again<T>(results: Vec<DomainResult<T>>) -> Vec<AccountDomain> {
///     let failed = results.into_iter().filter(|result| matches!(result.outcome, Outcome::Failed(_)));
///     failed.map(|result| result.domain).collect()
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct DomainResult<T> {
    /// The domain.
    pub domain: AccountDomain,
    /// Result for this domain.
    pub outcome: Outcome<T>,
}

/// Results of a run, one per domain in the order of the list.
///
/// ```
/// use vise_client::DomainResults;
///
/// fn sum_up<T>(results: &DomainResults<T>) -> String {
///     let (done, failed) = (results.succeeded().count(), results.failed().count());
///     format!("{done} done, {failed} failed, {} without a VISE host", results.skipped().count())
/// }
/// ```
#[derive(Debug)]
pub struct DomainResults<T> {
    results: Vec<DomainResult<T>>,
}

impl<T> DomainResults<T> {
    /// Returns all results.
    ///
    /// ```
    /// fn is_complete<T>(results: &vise_client::DomainResults<T>) -> bool {
    ///     results.succeeded().count() == results.all().len()
    /// }
    /// ```
    #[must_use]
    pub fn all(&self) -> &[DomainResult<T>] {
        &self.results
    }

    /// Returns all results by value.
    ///
    /// ```
    /// fn domains<T>(results: vise_client::DomainResults<T>) -> Vec<vise_client::AccountDomain> {
    ///     results.into_vec().into_iter().map(|result| result.domain).collect()
    /// }
    /// ```
    #[must_use]
    pub fn into_vec(self) -> Vec<DomainResult<T>> {
        self.results
    }

    /// Returns the domains that succeeded, with their values.
    ///
    /// ```
    /// fn responses<T>(results: &vise_client::DomainResults<T>) -> Vec<&T> {
    ///     results.succeeded().map(|(_, response)| response).collect()
    /// }
    /// ```
    pub fn succeeded(&self) -> impl Iterator<Item = (&AccountDomain, &T)> {
        self.results.iter().filter_map(|result| match &result.outcome {
            Outcome::Done(value) => Some((&result.domain, value)),
            _ => None,
        })
    }

    /// Returns the domains that failed, with their errors.
    ///
    /// ```
    /// fn report<T>(results: &vise_client::DomainResults<T>) {
    ///     for (domain, error) in results.failed() {
    ///         eprintln!("{domain:?}: {error}");
    ///     }
    /// }
    /// ```
    pub fn failed(&self) -> impl Iterator<Item = (&AccountDomain, &Error)> {
        self.results.iter().filter_map(|result| match &result.outcome {
            Outcome::Failed(error) => Some((&result.domain, error)),
            _ => None,
        })
    }

    /// Returns the domains without a VISE host or phrase.
    ///
    /// ```
    /// fn without_vise<T>(results: &vise_client::DomainResults<T>) -> usize {
    ///     results.skipped().count()
    /// }
    /// ```
    pub fn skipped(&self) -> impl Iterator<Item = &AccountDomain> {
        self.results.iter().filter_map(|result| match result.outcome {
            Outcome::Skipped => Some(&result.domain),
            _ => None,
        })
    }
}

impl Client {
    /// Runs a function for all domains of the account; see [`AllDomains`].
    ///
    /// ```no_run
    /// # async fn example(vise: &vise_client::Client) -> Result<(), vise_client::Error> {
    /// let results = vise.for_all_domains().run(async |session| session.vise_domains().await).await?;
    /// println!("{} of {} domains succeeded", results.succeeded().count(), results.all().len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn for_all_domains(&self) -> AllDomains<'_> {
        AllDomains::new(self)
    }
}

impl<'c> AllDomains<'c> {
    pub(crate) fn new(client: &'c Client) -> Self {
        // Low, because the vendor documents no limit and its product protects against floods of requests.
        Self { client, domains: None, concurrency: 4, progress: None }
    }

    /// Sets the domains to use, instead of listing them at the dashboard.
    ///
    /// ```no_run
    /// # async fn example(vise: &vise_client::Client) -> Result<(), vise_client::Error> {
    /// let some = vise.list_account_domains().await?.into_iter().take(10).collect();
    /// let results = vise.for_all_domains().domains(some).run(async |session| session.open().await).await?;
    /// println!("{} of {} are open", results.succeeded().count(), results.all().len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn domains(mut self, domains: Vec<AccountDomain>) -> Self {
        self.domains = Some(domains);
        self
    }

    /// Sets the number of hosts that are called concurrently; at least one. Default: 4.
    pub fn concurrency(mut self, hosts: usize) -> Self {
        self.concurrency = hosts.max(1);
        self
    }

    /// Sets a callback that is called after each domain.
    pub fn on_progress(mut self, report: impl FnMut(Progress) + Send + 'c) -> Self {
        self.progress = Some(Box::new(report));
        self
    }

    /// Opens a session at each host and calls `function` with it.
    ///
    /// ```no_run
    /// # async fn example(vise: &vise_client::Client) -> Result<(), vise_client::Error> {
    /// let results = vise.for_all_domains().concurrency(2).run(async |session| session.vise_domains().await).await?;
    /// for (domain, response) in results.succeeded() {
    ///     println!("{domain:?}: {response}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// An error if the domains can't be listed. The error of one host is in its [`DomainResult`].
    pub async fn run<T, F, W>(self, function: F) -> Result<DomainResults<T>, Error>
    where
        F: Fn(Session) -> W,
        W: Future<Output = Result<T, Error>>,
    {
        let Self { client, domains, concurrency, mut progress } = self;
        let domains = match domains {
            Some(domains) => domains,
            None => client.list_account_domains().await?,
        };
        let total = domains.len();
        let function = &function;
        let one = |domain: AccountDomain| async move {
            let outcome = if domain.vise_url.is_none() || domain.vise_phrase.is_none() {
                Outcome::Skipped
            } else {
                match client.open_session(&domain).await {
                    Ok(session) => function(session).await.map_or_else(Outcome::Failed, Outcome::Done),
                    Err(error) => Outcome::Failed(error),
                }
            };
            DomainResult { domain, outcome }
        };
        let mut done = 0;
        let report = |index: usize, result: &DomainResult<T>| {
            done += 1;
            if let Some(progress) = &mut progress {
                progress(Progress { done, total, index, status: result.outcome.status() });
            }
        };
        Ok(DomainResults { results: buffered(domains.into_iter().map(one), concurrency, report).await })
    }
}

impl fmt::Debug for AllDomains<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AllDomains")
            .field("domains", &self.domains)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

/// Runs futures concurrently in this task, up to a limit. Returns their outputs in the order of the futures.
///
/// A wake-up polls all running futures. There are few of them, so this costs less than a queue.
async fn buffered<F: Future>(
    mut futures: impl Iterator<Item = F>,
    concurrency: usize,
    mut report: impl FnMut(usize, &F::Output),
) -> Vec<F::Output> {
    let mut started = 0;
    let mut running: Vec<(usize, Pin<Box<F>>)> = Vec::new();
    let mut outputs: Vec<(usize, F::Output)> = Vec::new();
    poll_fn(|context| {
        loop {
            while running.len() < concurrency {
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

    /// A future that is ready after this many polls.
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
