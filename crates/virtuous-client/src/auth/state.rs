//! What a session of this provider remembers between renewals, in addition to the decisions that sessions have in common.

use super::session::Held;
use super::shared_store::{LockedStore, Unsaved};
use auth_client_core::Error;
use auth_client_core::provider::auth_core::session::Session;
use auth_client_core::provider::auth_core::{CredentialError, Now};
use std::time::Duration;
use tokio::sync::watch;

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) session: Session<Held>,
    pub(super) unsaved: Option<Unsaved>,
    /// The definitive failure, until there are other tokens.
    pub(super) ended: Option<CredentialError>,
    /// Set when the server has rejected the username and password of the automatic login.
    pub(super) login_refused: bool,
    pub(super) failed_logins: u32,
    /// The time before which nothing is sent to the token endpoint, and the reason.
    pub(super) paused: Option<(Now, CredentialError)>,
}

impl State {
    /// Forgets all failures, because the server has issued a new pair.
    pub(super) fn reset(&mut self) {
        *self = Self { session: std::mem::take(&mut self.session), ..Self::default() };
    }
}

/// What a renewal has collected so far.
pub(super) struct Run {
    pub(super) place: LockedStore,
    /// The latest generation that it knows.
    pub(super) known: u64,
    /// Time limit of the refresh that has begun.
    pub(super) limit: Duration,
    /// The failure of the store.
    pub(super) store: Option<CredentialError>,
    /// The failure of the refresh.
    pub(super) cause: Option<Error>,
    /// Changes when the client is closed.
    pub(super) closed: watch::Receiver<()>,
}
