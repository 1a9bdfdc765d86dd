//! The typed handle of a running emulator. Each method is the counterpart of a route of the control API, and both end in
//! `controls.rs`. The handles of the providers (`emulator.verigator()` and so on) stand in the providers' own folders.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::builder::{Builder, StartError};
use crate::clock::Clock;
use crate::controls::{Controls, Ready, Reset, TokensEnd, TokensError};
use crate::effects::Effects;
use crate::faults::{FaultError, FaultRule, WaitingFault};
use crate::journal::{Explanation, JournalEntry};
use crate::pending::{DecideError, Decision, PendingCode};
use crate::providers::Providers;

/// How long `stop` waits for requests that are under way.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running emulator. It stops when this is dropped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), auth_emulator::StartError> {
/// let emulator = auth_emulator::Emulator::start().await?;
/// assert!(emulator.verigator().base_url().starts_with("http://127.0.0.1:"));
/// emulator.stop().await;
/// # Ok(()) }
/// ```
pub struct Emulator {
    controls: Arc<Controls>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Emulator {
    /// What can be chosen before the start.
    ///
    /// ```
    /// let builder = auth_emulator::Emulator::builder().seed(7).virtuous(|settings| settings.two_factor = true);
    /// # let _ = builder;
    /// ```
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Starts one with nothing chosen: free ports, system time, the default seed, every check strict.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// assert!(emulator.virtuous().base_url().starts_with("http://127.0.0.1:"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Builder::start`].
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    pub(crate) fn new(
        controls: Arc<Controls>,
        stop: watch::Sender<bool>,
        tasks: Vec<JoinHandle<()>>,
    ) -> Self {
        Self { controls, stop, tasks }
    }

    pub(crate) fn providers(&self) -> &Providers {
        &self.controls.providers
    }

    /// Stops accepting, lets requests that are under way end (for five seconds at most) and closes every socket.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let tasks = std::mem::take(&mut self.tasks);
        let handles: Vec<_> = tasks.iter().map(JoinHandle::abort_handle).collect();
        let all = async {
            for task in tasks {
                let _ = task.await;
            }
        };
        if tokio::time::timeout(PATIENCE, all).await.is_err() {
            handles.iter().for_each(tokio::task::AbortHandle::abort);
        }
    }

    /// Where everything listens and how to get in.
    #[must_use]
    pub fn ready(&self) -> &Ready {
        &self.controls.ready
    }

    /// The address of the control API, without a slash at the end.
    #[must_use]
    pub fn control_url(&self) -> &str {
        &self.controls.ready.control.url
    }

    /// What the control API wants as `Authorization: Bearer <token>`.
    #[must_use]
    pub fn control_token(&self) -> &str {
        &self.controls.ready.control.token
    }

    /// The environment variables that point every client at this emulator.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// for (name, value) in emulator.env() {
    ///     println!("export {name}='{value}'");
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn env(&self) -> Vec<(&'static str, String)> {
        self.controls.list.iter().flat_map(|provider| provider.env()).collect()
    }

    /// The clock. Advance it in place of waiting.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// let before = emulator.clock().now();
    /// emulator.clock().advance(std::time::Duration::from_secs(301));
    /// assert!(emulator.clock().now() >= before.plus(std::time::Duration::from_secs(301)));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.controls.core.clock.clone()
    }

    /// Codes that wait for a person just now, of all providers.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// assert!(emulator.pending_codes().is_empty(), "nobody has asked for one");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn pending_codes(&self) -> Vec<PendingCode> {
        self.controls.pending_codes(None, None)
    }

    /// Codes that wait for one person: found by any name that the provider knows the person by.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// assert!(emulator.pending_codes_for("verigator", "anna").is_empty(), "nobody has asked for one");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn pending_codes_for(&self, provider: &str, subject: &str) -> Vec<PendingCode> {
        self.controls.pending_codes(Some(provider), Some(subject))
    }

    /// Says yes to a waiting question.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// for code in emulator.pending_codes().iter().filter(|code| code.kind == "push") {
    ///     emulator.approve(&code.id)?;
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When nothing with that id is waiting, or it is a code to be typed.
    pub fn approve(&self, id: &str) -> Result<(), DecideError> {
        self.controls.decide(id, Decision::Approve)
    }

    /// Says no to a waiting question.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// for code in emulator.pending_codes().iter().filter(|code| code.kind == "push") {
    ///     emulator.deny(&code.id)?;
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Emulator::approve`].
    pub fn deny(&self, id: &str) -> Result<(), DecideError> {
        self.controls.decide(id, Decision::Deny)
    }

    /// Lets the time of a waiting code or question run out now.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// for code in emulator.pending_codes_for("verigator", "anna") {
    ///     emulator.expire_code(&code.id)?;
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When nothing with that id is waiting.
    pub fn expire_code(&self, id: &str) -> Result<(), DecideError> {
        self.controls.decide(id, Decision::Expire)
    }

    /// Puts something back to the state at start.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// emulator.reset(auth_emulator::Reset::State);
    /// assert!(emulator.pending_codes().is_empty());
    /// # Ok(()) }
    /// ```
    pub fn reset(&self, what: Reset) {
        self.controls.reset(what);
    }

    /// Adds a fault.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use auth_emulator::{Emulator, Fault, FaultRule};
    ///
    /// let emulator = Emulator::start().await?;
    /// let waiting = emulator.add_fault(FaultRule::new("verigator", Fault::status(503)).times(2))?;
    /// assert_eq!(emulator.faults(), [waiting]);
    /// emulator.clear_faults();
    /// assert!(emulator.faults().is_empty());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When the rule names no provider of this emulator or could not be carried out.
    pub fn add_fault(&self, rule: FaultRule) -> Result<WaitingFault, FaultError> {
        self.controls.add_fault(rule)
    }

    /// The faults that wait.
    #[must_use]
    pub fn faults(&self) -> Vec<WaitingFault> {
        self.controls.core.faults.list()
    }

    /// Removes every waiting fault.
    pub fn clear_faults(&self) {
        self.controls.core.faults.clear();
    }

    /// The last requests of all providers, oldest first.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// for entry in emulator.journal() {
    ///     println!("{} {} {:?}", entry.method, entry.path, entry.status);
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.controls.core.journal.list(None, None)
    }

    /// The last requests of one provider, oldest first.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// assert!(emulator.journal_of("virtuous").is_empty(), "nothing was asked yet");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn journal_of(&self, provider: &str) -> Vec<JournalEntry> {
        self.controls.core.journal.list(Some(provider), None)
    }

    /// How often each side effect took place.
    #[must_use]
    pub fn effects(&self) -> Effects {
        self.controls.ledger.snapshot()
    }

    /// What was checked about a request, by the `x-emulator-request-id` of its answer. None when the journal no longer holds
    /// it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// assert!(emulator.explain("r-1").is_none(), "nothing was asked yet");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn explain(&self, request_id: &str) -> Option<Explanation> {
        self.controls.core.journal.explain(request_id)
    }

    /// Lets the tokens of a provider run out now (`None`: of every provider that issues tokens); how many.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// assert_eq!(emulator.expire_tokens(Some("virtuous"))?, 0, "nobody has logged in");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When the provider is unknown or issues no tokens.
    pub fn expire_tokens(&self, provider: Option<&str>) -> Result<usize, TokensError> {
        self.controls.end_tokens(provider, TokensEnd::Expire)
    }

    /// Takes the tokens of a provider back now (`None`: of every provider that issues tokens); how many.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// assert_eq!(emulator.revoke_tokens(None)?, 0, "nobody has logged in");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When the provider is unknown or issues no tokens.
    pub fn revoke_tokens(&self, provider: Option<&str>) -> Result<usize, TokensError> {
        self.controls.end_tokens(provider, TokensEnd::Revoke)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Aborting a listener's task drops its socket and, with them, all of its connections.
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("control_url", &self.control_url()).finish_non_exhaustive()
    }
}
