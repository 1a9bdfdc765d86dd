//! A push from its sending to its end.
//!
//! The vendor's plugin asks once a second, thirty times, and then has no result at all; here giving up is an outcome of its own,
//! and so is each of the ways in which a push can end.

use crate::models::{PushRequest, PushState};
use crate::{Client, Error};
use std::fmt;
use std::time::Duration;

/// The shortest pause between two questions.
const SHORTEST: Duration = Duration::from_millis(100);

/// How a push ended.
///
/// ```
/// use revesecure_client::PushOutcome;
///
/// assert!(PushOutcome::Approved.is_approved());
/// assert!(!PushOutcome::Expired.is_approved());
/// assert_eq!(PushOutcome::Expired.to_string(), "its time has run out");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a denied push comes back as a value, not as an error"]
pub enum PushOutcome {
    /// The user said yes.
    Approved,
    /// The user said no.
    Denied,
    /// The server no longer knows the push: its time has run out.
    Expired,
    /// The push could not be sent to the phone.
    SendFailed,
    /// Nobody had answered when the limit was reached. The push is still on the phone: [`PushWait::wait`] goes on waiting.
    StillPending {
        /// The id of the push.
        push_txn_id: String,
    },
}

impl PushOutcome {
    /// Whether the user said yes.
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
            Self::Expired => "its time has run out",
            Self::SendFailed => "it could not be sent",
            Self::StillPending { .. } => "nobody has answered yet",
        })
    }
}

/// Sends pushes and waits for their end.
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
///     other => println!("no: {other}"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "it waits for nothing until it runs"]
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
    /// Asks once a second for at most thirty seconds, as the vendor's plugin does.
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

    /// The pause between two questions; at least 100 ms. Default 1 s.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval.max(SHORTEST);
        self
    }

    /// How long to wait in all. Default 30 s.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sends a push and waits for its end.
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
    /// [`Error`] when a call fails. The push is never sent twice; when its answer is lost,
    /// [`may_have_been_executed`](auth_client_core::Error::may_have_been_executed) says that the phone may show it.
    pub async fn run(&self, client: &Client, push: PushRequest) -> Result<PushOutcome, Error> {
        let started = client.validation().push(push).await?;
        self.wait(client, &started.push_txn_id).await
    }

    /// Waits for the end of a push that was sent before.
    ///
    /// Pauses run on the client's own timer, so that tests need not wait.
    ///
    /// ```no_run
    /// use revesecure_client::{Client, PushOutcome, PushWait};
    ///
    /// # async fn example(revesecure: &Client, push_txn_id: &str) -> Result<(), revesecure_client::Error> {
    /// // Nobody has answered within the first wait; the push is still on the phone.
    /// let outcome = PushWait::new().wait(revesecure, push_txn_id).await?;
    /// assert_ne!(outcome, PushOutcome::SendFailed);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error`] when a question fails, after the repeats that the client's policy allows.
    pub async fn wait(&self, client: &Client, push_txn_id: &str) -> Result<PushOutcome, Error> {
        let engine = client.engine();
        let started = engine.clock().now();
        loop {
            let left = self.limit.saturating_sub(engine.clock().now().since(started));
            // One question may not hold up the whole wait; the last one still gets a moment.
            let question = client.validation().push_status(push_txn_id).timeout(left.max(self.interval));
            match question.await?.push_state {
                PushState::Approved => return Ok(PushOutcome::Approved),
                PushState::Denied => return Ok(PushOutcome::Denied),
                PushState::SendError => return Ok(PushOutcome::SendFailed),
                PushState::Unknown => return Ok(PushOutcome::Expired),
                PushState::Other(_) => {}
            }
            let spent = engine.clock().now().since(started);
            if spent.saturating_add(self.interval) > self.limit {
                return Ok(PushOutcome::StillPending { push_txn_id: push_txn_id.to_owned() });
            }
            engine.sleep(self.interval).await;
        }
    }
}
