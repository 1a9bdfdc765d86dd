//! Sends a push and waits for its result.
//!
//! The vendor's plugin polls once a second, thirty times, and then has no result. In contrast, [`PushOutcome`] has a
//! variant for each final state and for a timeout.

use crate::models::{PushRequest, PushState};
use crate::{Client, Error};
use std::fmt;
use std::time::Duration;

/// Minimum interval between two polls.
const SHORTEST: Duration = Duration::from_millis(100);

/// Result of a push.
///
/// ```
/// use revesecure_client::PushOutcome;
///
/// assert!(PushOutcome::Approved.is_approved());
/// assert!(!PushOutcome::Expired.is_approved());
/// assert_eq!(PushOutcome::Expired.to_string(), "the push has expired");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a denied push is a value, not an error"]
pub enum PushOutcome {
    /// The user approved the push.
    Approved,
    /// The user denied the push.
    Denied,
    /// The push has expired: the server no longer knows it.
    Expired,
    /// The push could not be sent to the phone.
    SendFailed,
    /// The push was still pending when the time limit passed. The user can still respond; [`PushWait::wait`] continues
    /// to wait.
    StillPending {
        /// Id of the push.
        push_txn_id: String,
    },
}

impl PushOutcome {
    /// Returns `true` if the user approved the push.
    #[must_use]
    pub fn is_approved(&self) -> bool {
        matches!(self, Self::Approved)
    }
}

impl fmt::Display for PushOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Expired => "the push has expired",
            Self::SendFailed => "the push could not be sent",
            Self::StillPending { .. } => "the push is still pending",
        })
    }
}

/// Sends pushes and waits for their result.
///
/// ```no_run
/// use revesecure_client::{Client, PushOutcome, PushWait};
/// use revesecure_client::models::PushRequest;
/// use std::time::Duration;
///
/// # async fn run(revesecure: &Client) -> Result<(), revesecure_client::Error> {
/// let push = PushRequest::login_name("root").user_name("ann").end_user_ip("UNKNOWN").token_id("token-id");
/// match PushWait::new().limit(Duration::from_secs(45)).run(revesecure, push).await? {
///     PushOutcome::Approved => println!("welcome"),
///     other => println!("not approved: {other}"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "nothing is sent or awaited until `run` or `wait` is called"]
pub struct PushWait {
    interval: Duration,
    limit: Duration,
}

impl Default for PushWait {
    fn default() -> Self {
        Self::new()
    }
}

impl PushWait {
    /// Creates settings that poll once a second for at most 30 seconds, like the vendor's plugin.
    ///
    /// ```
    /// use revesecure_client::PushWait;
    /// use std::time::Duration;
    ///
    /// let wait = PushWait::new().interval(Duration::from_secs(2)).limit(Duration::from_secs(60));
    /// # let _ = wait;
    /// ```
    pub fn new() -> Self {
        Self { interval: Duration::from_secs(1), limit: Duration::from_secs(30) }
    }

    /// Creates settings that poll once and return immediately.
    ///
    /// ```
    /// let once = revesecure_client::PushWait::once();
    /// # let _ = once;
    /// ```
    pub fn once() -> Self {
        Self::new().interval(Duration::from_secs(10)).limit(Duration::ZERO)
    }

    /// Sets the interval between two polls; at least 100 ms. Default: 1 second.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval.max(SHORTEST);
        self
    }

    /// Sets the time limit of the wait. Default: 30 seconds.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sends a push and waits for its result, with the API key of the push if it sets one.
    ///
    /// ```no_run
    /// # async fn example(client: &revesecure_client::Client) -> Result<(), revesecure_client::Error> {
    /// use revesecure_client::PushWait;
    /// use revesecure_client::models::PushRequest;
    ///
    /// let push = PushRequest::login_name("root").user_name("ann").end_user_ip("203.0.113.7").token_id("token-id");
    /// let outcome = PushWait::new().run(client, push).await?;
    /// println!("{outcome}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error`] if a call fails. The push is never sent twice. If the response is lost,
    /// [`may_have_been_executed`](crate::CoreError::may_have_been_executed) returns `true`, because the push may have
    /// reached the phone.
    pub async fn run(&self, client: &Client, push: PushRequest) -> Result<PushOutcome, Error> {
        let client = match &push.api_key {
            Some(key) => &client.for_service(key.clone()),
            None => client,
        };
        let started = client.validation().push(push).await?;
        self.wait(client, &started.push_txn_id).await
    }

    /// Waits for the result of a push that has already been sent.
    ///
    /// For a push to another service, pass a client of [`Client::for_service`].
    ///
    /// Uses the client's timer, so that tests with a manual clock don't wait.
    ///
    /// ```no_run
    /// use revesecure_client::{Client, PushOutcome, PushWait};
    ///
    /// # async fn example(revesecure: &Client, push_txn_id: &str) -> Result<(), revesecure_client::Error> {
    /// // The first wait timed out; the push is still on the phone.
    /// let outcome = PushWait::new().wait(revesecure, push_txn_id).await?;
    /// assert_ne!(outcome, PushOutcome::SendFailed);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error`] if a poll fails, after the retries that the client's policy allows.
    pub async fn wait(&self, client: &Client, push_txn_id: &str) -> Result<PushOutcome, Error> {
        let engine = client.engine();
        let started = engine.clock().now();
        loop {
            let left = self.limit.saturating_sub(engine.clock().now().since(started));
            // A single poll must not take the whole time limit, and the last one has a minimum time.
            let question = client.validation().push_status(push_txn_id).timeout(left.max(self.interval));
            match question.await?.push_state {
                PushState::Approved => return Ok(PushOutcome::Approved),
                PushState::Denied => return Ok(PushOutcome::Denied),
                PushState::SendError => return Ok(PushOutcome::SendFailed),
                PushState::NotFound => return Ok(PushOutcome::Expired),
                PushState::Unknown(_) => {}
            }
            let spent = engine.clock().now().since(started);
            if spent.saturating_add(self.interval) > self.limit {
                return Ok(PushOutcome::StillPending { push_txn_id: push_txn_id.to_owned() });
            }
            engine.sleep(self.interval).await;
        }
    }
}
