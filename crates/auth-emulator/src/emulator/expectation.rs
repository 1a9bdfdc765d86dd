//! `namespace.expect("virtuous", "contacts.get").times(2).await`: waiting for requests, and saying what came instead.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::control::actions::Actions;
use crate::framework::expect::{Filter, NearMiss};
use crate::framework::journal::JournalEntry;

/// The default waiting time.
const DEFAULT_WITHIN: Duration = Duration::from_secs(5);

/// An expectation of requests. Created by [`Namespace::expect`](crate::Namespace::expect); `.await` waits until it is met.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
///
/// let emulator = auth_emulator::Emulator::start().await?;
/// // … a client that should fetch no contact …
/// emulator.expect("virtuous", "contacts.get").never().await?;
/// let unmet = emulator.expect("virtuous", "contacts.get").times(2).within(Duration::from_millis(10)).await;
/// assert!(unmet.unwrap_err().to_string().starts_with("expected 2 requests contacts.get at virtuous, received 0"));
/// # Ok(()) }
/// ```
#[must_use = "an expectation does nothing until it is awaited"]
pub struct Expectation {
    actions: Arc<Actions>,
    filter: Filter,
    least: usize,
    most: usize,
    within: Duration,
}

impl Expectation {
    pub(super) fn new(actions: &Arc<Actions>, provider: &str, operation: &str) -> Self {
        let filter = Filter {
            provider: Some(provider.to_owned()),
            operation: Some(operation.to_owned()),
            ..Filter::default()
        };
        Self { actions: Arc::clone(actions), filter, least: 1, most: usize::MAX, within: DEFAULT_WITHIN }
    }

    /// Counts only requests whose response has this status.
    pub fn status(mut self, status: u16) -> Self {
        self.filter.status = Some(status);
        self
    }

    /// Counts only requests with this credential: a user name, an API key or a token, or a caller of the journal.
    pub fn caller(mut self, credential: &str) -> Self {
        self.filter.caller = Some(credential.to_owned());
        self
    }

    /// Counts only requests whose path starts with `prefix`.
    pub fn path_prefix(mut self, prefix: &str) -> Self {
        self.filter.path_prefix = Some(prefix.to_owned());
        self
    }

    /// Expects exactly this many requests. Without it, one or more are expected.
    pub fn times(mut self, requests: usize) -> Self {
        (self.least, self.most) = (requests, requests);
        self
    }

    /// Expects this many requests or more.
    pub fn at_least(mut self, requests: usize) -> Self {
        (self.least, self.most) = (requests, usize::MAX);
        self
    }

    /// Expects no request so far.
    pub fn never(self) -> Self {
        self.times(0)
    }

    /// Sets how long to wait, in real time. Default: 5 seconds. An expectation that is met doesn't wait.
    pub fn within(mut self, time: Duration) -> Self {
        self.within = time;
        self
    }
}

impl IntoFuture for Expectation {
    /// The requests, oldest first.
    type Output = Result<Vec<JournalEntry>, Unmet>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let journal = &self.actions.core.journal;
            let found = journal.wait(&self.filter, self.least, self.within).await;
            if (self.least..=self.most).contains(&found.len()) {
                return Ok(found);
            }
            let or_more = if self.most == usize::MAX { " or more" } else { "" };
            let expected = format!("{}{or_more} requests {}", self.least, self.filter);
            Err(Unmet { expected, received: found.len(), near: journal.near_misses(&self.filter) })
        })
    }
}

impl fmt::Debug for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expectation").field("requests", &self.filter.to_string()).finish_non_exhaustive()
    }
}

/// An [`Expectation`] was not met. Its message lists the requests that were closest to it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = auth_emulator::Emulator::start().await?;
/// let within = std::time::Duration::ZERO;
/// let unmet = emulator.expect("verigator", "users.list").within(within).await.unwrap_err();
/// assert_eq!((unmet.received(), unmet.near_misses().len()), (0, 0));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Unmet {
    expected: String,
    received: usize,
    near: Vec<NearMiss>,
}

impl Unmet {
    /// Returns the number of requests that met all conditions.
    #[must_use]
    pub fn received(&self) -> usize {
        self.received
    }

    /// Returns the requests that missed one or two conditions, the nearest first.
    #[must_use]
    pub fn near_misses(&self) -> &[NearMiss] {
        &self.near
    }
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, received {}", self.expected, self.received)?;
        for (index, near) in self.near.iter().enumerate() {
            f.write_str(if index == 0 { "; near misses: " } else { "; " })?;
            let NearMiss { request, misses } = near;
            write!(f, "{} {} ({})", request.method, request.path, misses.join(", "))?;
        }
        Ok(())
    }
}

impl std::error::Error for Unmet {}
