//! The typed handle, `emulator.vise()`, and the builder's door to the settings.

use std::sync::Arc;

use super::settings::Settings;
use super::state::HostCounts;
use super::{SPEC, ViseProvider};
use crate::builder::Builder;
use crate::emulator::Emulator;
use crate::providers::{NotDone, Provider};
use crate::sync::lock;

impl Emulator {
    /// The VISE stand-in.
    #[must_use]
    pub fn vise(&self) -> Vise {
        Vise(Arc::clone(&self.providers().vise))
    }
}

impl Builder {
    /// Changes the settings that the VISE stand-in starts with, the number of its hosts among them.
    ///
    /// ```
    /// use auth_emulator::Emulator;
    /// use auth_emulator::providers::vise::ExpiredAnswer;
    ///
    /// let builder = Emulator::builder().vise(|settings| {
    ///     settings.hosts = 5;
    ///     settings.expired_answer = ExpiredAnswer::Redirect;
    /// });
    /// # let _ = builder;
    /// ```
    pub fn vise(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings.vise);
        self
    }
}

/// The VISE stand-in of a running emulator: a dashboard, and VISE hosts that are numbered from 0. Clones are the same one.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = auth_emulator::Emulator::start().await?;
/// let vise = emulator.vise();
/// assert_eq!(vise.host_count(), 3);
/// let before = vise.phrase(0);
/// assert_ne!(vise.rotate_phrase(0)?, before);
/// assert_eq!(vise.expire_all_sessions(), 0, "none is open");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Vise(Arc<ViseProvider>);

impl std::fmt::Debug for Vise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vise").field("dashboard_url", &self.dashboard_url()).finish_non_exhaustive()
    }
}

impl Vise {
    /// The dashboard: what a client takes as its dashboard URL.
    #[must_use]
    pub fn dashboard_url(&self) -> String {
        self.0.base_url()
    }

    /// The account's token.
    #[must_use]
    pub fn token(&self) -> String {
        lock(&self.0.inner).token.clone()
    }

    /// `VISE_DASHBOARD_URL`, `VISE_API_TOKEN`, and `VISE_HOST` and `VISE_PHRASE` of the first host.
    #[must_use]
    pub fn env(&self) -> Vec<(&'static str, String)> {
        self.0.env()
    }

    /// How many VISE hosts there are.
    #[must_use]
    pub fn host_count(&self) -> usize {
        self.0.context.extra_origins.len()
    }

    /// A host as the list of domains names it: `127.0.0.1:<port>`. Empty for one that does not exist.
    #[must_use]
    pub fn host(&self, host: usize) -> String {
        self.0.host(host).to_owned()
    }

    /// The phrase of a host as it is now. Empty for one that does not exist.
    #[must_use]
    pub fn phrase(&self, host: usize) -> String {
        lock(&self.0.inner).state.hosts.get(host).map(|host| host.phrase.clone()).unwrap_or_default()
    }

    /// What happened at a host since the start or the last reset; nothing for one that does not exist.
    #[must_use]
    pub fn counts(&self, host: usize) -> HostCounts {
        lock(&self.0.inner).state.hosts.get(host).map(|host| host.counts).unwrap_or_default()
    }

    /// Gives a host another phrase, which the dashboard lists at once; open sessions go on.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// let phrase = emulator.vise().rotate_phrase(0)?;
    /// assert_eq!(emulator.vise().phrase(0), phrase);
    /// assert!(emulator.vise().rotate_phrase(99).is_err());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When there is no such host.
    pub fn rotate_phrase(&self, host: usize) -> Result<String, NotDone> {
        self.0.rotate_phrase(host)
    }

    /// Ends the open sessions of one host; how many there were.
    pub fn expire_sessions(&self, host: usize) -> usize {
        lock(&self.0.inner).state.end_sessions(Some(host))
    }

    /// Ends the open sessions of all hosts; how many there were.
    pub fn expire_all_sessions(&self) -> usize {
        lock(&self.0.inner).state.end_sessions(None)
    }

    /// The text of the notes that calls have left at a host: what a write has done.
    #[must_use]
    pub fn notes(&self, host: usize) -> Vec<String> {
        lock(&self.0.inner).state.hosts.get(host).map(|host| host.notes().to_vec()).unwrap_or_default()
    }

    /// How often a side effect took place, at all hosts together: `domains_listed`, `session_opened`, `phrase_refused`,
    /// `call_served`, `call_refused`, `note_created`, `challenge_shown`, `token_leaked`.
    #[must_use]
    pub fn effect(&self, name: &str) -> u64 {
        self.0.context.ledger.snapshot().count(SPEC.name, name)
    }

    /// The settings as they are now.
    #[must_use]
    pub fn settings(&self) -> Settings {
        lock(&self.0.inner).settings.clone()
    }

    /// Changes several settings at once. The number of hosts stays as it was at the start.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// emulator.vise().configure(|settings| settings.session_seconds = 60);
    /// assert_eq!(emulator.vise().settings().session_seconds, 60);
    /// # Ok(()) }
    /// ```
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.settings();
        let hosts = settings.hosts;
        change(&mut settings);
        settings.hosts = hosts;
        lock(&self.0.inner).settings = settings;
    }
}
