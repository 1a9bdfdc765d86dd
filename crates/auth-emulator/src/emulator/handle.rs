//! The typed handle of a namespace. Each method corresponds to a route of the control API; both call `Actions`. The
//! accessors of the providers (`emulator.verigator()` and so on) are in `accessors.rs`, snapshots in `snapshots.rs`.

use std::fmt;
use std::sync::Arc;

use super::expectation::Expectation;
use crate::control::actions::{Actions, Ready, Reset, TokensEnd, TokensError};
use crate::control::records;
use crate::framework::clock::Clock;
use crate::framework::effects::Effects;
use crate::framework::expect::Filter;
use crate::framework::faults::{ActiveFault, FaultError, FaultRule};
use crate::framework::journal::{Explanation, JournalEntry};
use crate::framework::pending::{Decision, DecisionError, PendingCode};
use crate::framework::settings::ActionError;
use crate::providers::registry::Providers;

/// One namespace of a running emulator, with its own data, settings, clock, journal, fault rules, counts and ids. Returned by
/// [`Emulator::namespace`](crate::Emulator::namespace); the methods of [`Emulator`](crate::Emulator) are those of its default namespace. Clones refer to the same namespace.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use auth_emulator::{Emulator, Fault, FaultRule};
///
/// let emulator = Emulator::start().await?;
/// let (one, other) = (emulator.namespace("one")?, emulator.namespace("other")?);
/// assert!(one.virtuous().base_url().ends_with("/ns/one"));
/// one.add_fault(FaultRule::new("virtuous", Fault::status(503)))?;
/// assert!(other.faults().is_empty());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Namespace {
    pub(super) actions: Arc<Actions>,
}

impl Namespace {
    pub(crate) fn new(actions: Actions) -> Self {
        Self { actions: Arc::new(actions) }
    }

    pub(super) fn providers(&self) -> &Providers {
        &self.actions.space.providers
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.actions.space.name
    }

    /// Returns addresses and credentials: the content of the ready line.
    #[must_use]
    pub fn ready(&self) -> &Ready {
        self.actions.ready()
    }

    /// Sets the command that prints the environment variables, which the page shows.
    #[cfg(feature = "cli")]
    pub(crate) fn set_env_command(&self, command: String) {
        self.actions.set_env_command(command);
    }

    /// Returns the address of the control API, without a trailing slash.
    #[must_use]
    pub fn control_url(&self) -> &str {
        &self.actions.ready().control.url
    }

    /// Returns the bearer token of the control API.
    #[must_use]
    pub fn control_token(&self) -> &str {
        self.actions.control_token()
    }

    /// Returns the environment variables that configure every client for this emulator.
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
        self.actions.list.iter().flat_map(|provider| provider.env()).collect()
    }

    /// Returns the clock. Advance it instead of waiting.
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
        self.actions.core.clock.clone()
    }

    /// Returns the codes and push requests that are pending now, of all providers.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// assert!(emulator.pending_codes().is_empty(), "none was requested");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn pending_codes(&self) -> Vec<PendingCode> {
        self.actions.pending_codes(None, None)
    }

    /// Returns the pending codes and push requests of one person, found by any of the person's names, ids or addresses.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// assert!(emulator.pending_codes_for("verigator", "anna").is_empty(), "none was requested");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn pending_codes_for(&self, provider: &str, subject: &str) -> Vec<PendingCode> {
        self.actions.pending_codes(Some(provider), Some(subject))
    }

    /// Approves a push request.
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
    /// Returns an error if nothing with that id is pending, or if it is a code that the person types.
    pub fn approve(&self, id: &str) -> Result<(), DecisionError> {
        self.actions.decide(id, Decision::Approve)
    }

    /// Denies a push request.
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
    /// See [`Namespace::approve`].
    pub fn deny(&self, id: &str) -> Result<(), DecisionError> {
        self.actions.decide(id, Decision::Deny)
    }

    /// Expires a pending code or push request now.
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
    /// Returns an error if nothing with that id is pending.
    pub fn expire_code(&self, id: &str) -> Result<(), DecisionError> {
        self.actions.decide(id, Decision::Expire)
    }

    /// Restores a part of the emulator to its state at start.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// emulator.reset(auth_emulator::Reset::State);
    /// assert!(emulator.pending_codes().is_empty());
    /// # Ok(()) }
    /// ```
    pub fn reset(&self, what: Reset) {
        self.actions.reset(what);
    }

    /// Adds a fault rule.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use auth_emulator::{Emulator, Fault, FaultRule};
    ///
    /// let emulator = Emulator::start().await?;
    /// let active = emulator.add_fault(FaultRule::new("verigator", Fault::status(503)).times(2))?;
    /// assert_eq!(emulator.faults(), [active]);
    /// emulator.clear_faults();
    /// assert!(emulator.faults().is_empty());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the provider is unknown or the rule is invalid.
    pub fn add_fault(&self, rule: FaultRule) -> Result<ActiveFault, FaultError> {
        self.actions.add_fault(rule)
    }

    /// Returns the active fault rules.
    #[must_use]
    pub fn faults(&self) -> Vec<ActiveFault> {
        self.actions.core.faults.list()
    }

    /// Removes one fault rule, by the id of [`Namespace::faults`]. Returns whether it was active.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use auth_emulator::{Emulator, Fault, FaultRule};
    ///
    /// let emulator = Emulator::start().await?;
    /// let active = emulator.add_fault(FaultRule::new("virtuous", Fault::status(503)))?;
    /// assert!(emulator.remove_fault(active.id));
    /// assert!(!emulator.remove_fault(active.id));
    /// # Ok(()) }
    /// ```
    pub fn remove_fault(&self, id: u64) -> bool {
        self.actions.core.faults.remove(id)
    }

    /// Removes every fault rule.
    pub fn clear_faults(&self) {
        self.actions.core.faults.clear();
    }

    /// Returns the last requests of all providers, oldest first.
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
        self.actions.core.journal.list(&Filter::default(), None)
    }

    /// Returns the last requests of one provider, oldest first.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// assert!(emulator.journal_of("virtuous").is_empty(), "no request yet");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn journal_of(&self, provider: &str) -> Vec<JournalEntry> {
        let filter = Filter { provider: Some(provider.to_owned()), ..Filter::default() };
        self.actions.core.journal.list(&filter, None)
    }

    /// Expects requests of one operation, by its id. `.await` waits for them, without polling; see [`Expectation`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// emulator.expect("verigator", "services.create").never().await?;
    /// # Ok(()) }
    /// ```
    pub fn expect(&self, provider: &str, operation: &str) -> Expectation {
        Expectation::new(&self.actions, provider, operation)
    }

    /// Returns the stored records of a provider by kind, with the fields that identify them: `[{kind, count, records}]`. At most the
    /// last 100 of each kind.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// for group in emulator.records("verigator")?.as_array().into_iter().flatten() {
    ///     println!("{} {}", group["count"], group["kind"]);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the provider is unknown, or its records can't be listed.
    pub fn records(&self, provider: &str) -> Result<serde_json::Value, ActionError> {
        match self.actions.provider(provider) {
            Some(provider) => records::list(&**provider),
            None => Err(ActionError::new(format!("unknown provider {provider:?}"))),
        }
    }

    /// Returns the number of side effects, by provider and name.
    #[must_use]
    pub fn effects(&self) -> Effects {
        self.actions.ledger.snapshot()
    }

    /// Explains a response: the checks of its request, in order. `request_id` is the response's `x-emulator-request-id`. Returns
    /// `None` if the journal no longer contains the request.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// assert!(emulator.explain("r-1").is_none(), "no request yet");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn explain(&self, request_id: &str) -> Option<Explanation> {
        self.actions.core.journal.explain(request_id)
    }

    /// Expires the tokens of a provider (`None`: of every provider that issues tokens) and returns their number.
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
    /// Returns an error if the provider is unknown or issues no tokens.
    pub fn expire_tokens(&self, provider: Option<&str>) -> Result<usize, TokensError> {
        self.actions.end_tokens(provider, TokensEnd::Expire)
    }

    /// Revokes the tokens of a provider (`None`: of every provider that issues tokens) and returns their number.
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
    /// Returns an error if the provider is unknown or issues no tokens.
    pub fn revoke_tokens(&self, provider: Option<&str>) -> Result<usize, TokensError> {
        self.actions.end_tokens(provider, TokensEnd::Revoke)
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Namespace").field("name", &self.name()).finish_non_exhaustive()
    }
}
