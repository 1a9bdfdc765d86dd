//! The typed handle, `emulator.vise()`.

use super::provider::{ViseProvider, host_address};
use super::settings::Settings;
use super::state::HostCounts;
use crate::framework::handle::typed_handle;
use crate::framework::settings::ActionError;

typed_handle! {
    /// Handle of the emulated VISE API: a dashboard, and VISE hosts numbered from 0. Clones refer to the same emulator.
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
    Vise of ViseProvider,
    settings: Settings,
    accessor: "vise",
    change: "session_seconds = 60",
    /// Returns the dashboard URL for a client.
    url: dashboard_url,
    /// Returns `VISE_DASHBOARD_URL`, `VISE_API_TOKEN`, and `VISE_HOST` and `VISE_PHRASE` of the first host.
    env,
    /// Returns the count of a side effect, summed over all hosts: `domains_listed`, `session_opened`, `phrase_refused`,
    /// `call_served`, `call_refused`, `note_created`, `challenge_shown` or `token_leaked`.
    effect,
}

impl Vise {
    /// Returns the account's token.
    #[must_use]
    pub fn token(&self) -> String {
        self.0.with(|state, _| state.token.clone())
    }

    /// Returns the number of VISE hosts.
    #[must_use]
    pub fn host_count(&self) -> usize {
        self.0.with(|_, context| context.extra_origins.len())
    }

    /// Returns the address of a host as in the list of domains, `127.0.0.1:<port>`; empty if the host does not exist.
    #[must_use]
    pub fn host(&self, host: usize) -> String {
        self.0.with(|_, context| host_address(context, host).to_owned())
    }

    /// Returns the current phrase of a host, as the dashboard lists it; empty if the host does not exist.
    #[must_use]
    pub fn phrase(&self, host: usize) -> String {
        self.0.with(|vise, _| vise.listed_phrase(host).unwrap_or_default())
    }

    /// Returns the counts of a host since start or the last reset; all zero if the host does not exist.
    #[must_use]
    pub fn counts(&self, host: usize) -> HostCounts {
        self.0.with(|vise, _| vise.state.hosts.get(host).map(|host| host.counts).unwrap_or_default())
    }

    /// Replaces the phrase of a host and returns the new one. The dashboard lists it immediately; open sessions stay valid.
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
    /// Returns an error if the host does not exist.
    pub fn rotate_phrase(&self, host: usize) -> Result<String, ActionError> {
        self.0.with(|vise, _| vise.rotate_phrase(host))
    }

    /// Ends the open sessions of one host and returns their number.
    pub fn expire_sessions(&self, host: usize) -> usize {
        self.0.with(|vise, _| vise.state.end_sessions(Some(host)))
    }

    /// Ends the open sessions of all hosts and returns their number.
    pub fn expire_all_sessions(&self) -> usize {
        self.0.with(|vise, _| vise.state.end_sessions(None))
    }

    /// Returns the notes that calls created at a host.
    #[must_use]
    pub fn notes(&self, host: usize) -> Vec<String> {
        self.0
            .with(|vise, _| vise.state.hosts.get(host).map(|host| host.notes().to_vec()).unwrap_or_default())
    }
}
