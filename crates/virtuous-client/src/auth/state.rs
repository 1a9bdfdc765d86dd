//! What a session remembers between renewals, and which of the known pairs is used or refreshed next.

use super::renewer::Renewer;
use super::session::Held;
use super::shared_store::Unsaved;
use auth_client_core::provider::Renewed;
use auth_client_core::provider::auth_core::scheme::Bearer;
use auth_client_core::provider::auth_core::store::StoredToken;
use auth_client_core::provider::auth_core::{CredentialError, ExposeSecret, Now, SecretString};
use std::sync::atomic::Ordering;

#[derive(Debug, Default)]
pub(super) struct State {
    /// The newest pair that this process obtained, whether or not it is usable.
    pub(super) latest: Option<Held>,
    /// The pair of `ClientBuilder::tokens`, until the server has issued another one.
    pub(super) given: Option<Held>,
    /// Set if the response to a refresh was lost and no pair has been obtained since.
    pub(super) response_lost: bool,
    pub(super) unsaved: Option<Unsaved>,
    /// Refresh tokens that the server has rejected.
    pub(super) refused: Vec<SecretString>,
    /// Generation of the pair that a cleared store has ended.
    pub(super) cleared: Option<u64>,
    /// The definitive failure, until there are other tokens.
    pub(super) ended: Option<CredentialError>,
    /// Set when the server has rejected the username and password of the automatic login.
    pub(super) login_refused: bool,
    pub(super) failed_logins: u32,
    /// The time before which nothing is sent to the token endpoint, and the reason.
    pub(super) paused: Option<(Now, CredentialError)>,
}

impl State {
    /// Stores a new pair.
    pub(super) fn renewed(&mut self, held: Held) {
        let refused = std::mem::take(&mut self.refused);
        *self = Self { latest: Some(held), refused, ..Self::default() };
        // Only the latest ones can be read from a store again.
        let old = self.refused.len().saturating_sub(8);
        self.refused.drain(..old);
    }

    /// Stores a pair that another process has saved.
    pub(super) fn adopted(&mut self, held: Held) -> Renewed<Held> {
        (self.latest, self.cleared, self.ended, self.paused) = (Some(held.clone()), None, None, None);
        self.response_lost = false;
        held.renewed()
    }
}

impl Renewer {
    /// Returns the stored pair if it is usable and newer than the one of this process.
    pub(super) fn newer(
        &self,
        state: &State,
        stored: Option<&StoredToken>,
        known: Option<&Held>,
    ) -> Option<Held> {
        let stored = Held::of_store(stored?);
        let is_newer = known.is_none_or(|known| self.is_newer(state, &stored, known));
        // A pair that can't be sent must not end the session permanently.
        let is_valid = Bearer::new(&stored.tokens.access).is_ok();
        Some(stored).filter(|stored| is_newer && is_valid && stored.serves(self.now().wall))
    }

    /// Returns whether a stored pair is newer than a pair of this process. The pair of `ClientBuilder::tokens` has no
    /// generation: after the server has rejected it, any other pair is newer; before that, the later expiry is
    /// decisive, and then whether the server has accepted that pair.
    fn is_newer(&self, state: &State, stored: &Held, known: &Held) -> bool {
        let is_refused =
            || known.tokens.refresh.as_ref().is_some_and(|refresh| contains(&state.refused, refresh));
        if known.generation == 0 && (state.ended.is_some() || is_refused()) {
            return true;
        }
        match (known.generation, stored.tokens.expires_at, known.tokens.expires_at) {
            (1.., ..) => stored.generation > known.generation,
            (0, Some(stored), Some(known)) => stored > known,
            (0, Some(_), None) => stored.serves(self.now().wall) && !known.accepted.load(Ordering::Acquire),
            (0, None, _) => false,
        }
    }

    /// Returns the pairs whose refresh token may be sent, in this order.
    pub(super) fn to_refresh(
        &self,
        state: &State,
        stored: Option<&StoredToken>,
        known: Option<Held>,
    ) -> Vec<Held> {
        let stored = stored.map(Held::of_store);
        let mut pairs: Vec<Held> = match (stored, known) {
            // The refresh token before the stored one has been used.
            (Some(stored), Some(known)) if known.generation > 0 && stored.generation >= known.generation => {
                vec![stored]
            }
            (Some(stored), Some(known)) if self.is_newer(state, &stored, &known) => vec![stored, known],
            (stored, known) => known.into_iter().chain(stored).collect(),
        };
        pairs.extend(state.given.clone());
        let mut sent: Vec<SecretString> = state.refused.clone();
        pairs.retain(|pair| match &pair.tokens.refresh {
            Some(refresh) if !contains(&sent, refresh) => {
                sent.push(refresh.clone());
                true
            }
            _ => false,
        });
        pairs
    }
}

fn contains(list: &[SecretString], token: &SecretString) -> bool {
    list.iter().any(|listed| listed.expose_secret() == token.expose_secret())
}
