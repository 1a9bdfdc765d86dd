//! Saving a new pair: at once, and again if the store failed.

use super::renewer::Renewer;
use super::session::Held;
use super::shared_store::{LockedStore, SaveError};
use super::state::State;
use super::tokens::Tokens;
use auth_client_core::provider::auth_core::CredentialError;
use auth_client_core::provider::auth_core::session::{Event, Failure};

impl Renewer {
    /// Saves the pair of a login before it is used.
    pub(super) async fn keep(
        &self,
        state: &mut State,
        place: &mut LockedStore,
        tokens: Tokens,
    ) -> Result<Held, CredentialError> {
        let held = self.issued(state, place, tokens);
        state.session.renewed(held.clone());
        let mut failed = None;
        match self.save(state, place, &held, &mut failed).await {
            Event::Superseded(stored) => state
                .session
                .superseded(stored, self.now().wall)
                .map_err(|failure| self.failed(state, failure, failed)),
            Event::Failed => Err(self.failed(state, Failure::Store, failed)),
            _ => Ok(held),
        }
    }

    /// Numbers a pair that the server has issued.
    pub(super) fn issued(&self, state: &State, place: &LockedStore, tokens: Tokens) -> Held {
        let stored = place.stored.as_ref().map(Held::of_store);
        Held::new(tokens, state.session.next_generation(stored.as_ref()), true)
    }

    /// Saves a new pair, and keeps it with the lock if it can't be saved.
    pub(super) async fn save(
        &self,
        state: &mut State,
        place: &mut LockedStore,
        held: &Held,
        failed: &mut Option<CredentialError>,
    ) -> Event<Held> {
        state.reset();
        match place.save(held.for_store()).await {
            Ok(()) => Event::Saved,
            Err((SaveError::Superseded(stored), _)) => Event::Superseded(stored.as_ref().map(Held::of_store)),
            Err((SaveError::Failed(error), unsaved)) => {
                state.unsaved = Some(unsaved);
                *failed = Some(error);
                Event::Failed
            }
        }
    }

    /// Saves a pair that could not be saved before.
    pub(super) async fn save_again(
        &self,
        state: &mut State,
        failed: &mut Option<CredentialError>,
    ) -> Event<Held> {
        let saved = match &mut state.unsaved {
            Some(unsaved) => unsaved.save(self.engine()).await,
            None => Ok(()),
        };
        let event = match saved {
            Ok(()) => Event::Saved,
            Err(SaveError::Superseded(stored)) => Event::Superseded(stored.as_ref().map(Held::of_store)),
            Err(SaveError::Failed(error)) => {
                *failed = Some(error);
                return Event::Failed;
            }
        };
        state.unsaved = None;
        event
    }

    /// Saves a pair that could not be saved before, so that a login is not in vain.
    pub(super) async fn retry_save(&self, state: &mut State) -> Result<(), CredentialError> {
        let mut failed = None;
        match self.save_again(state, &mut failed).await {
            Event::Failed => Err(self.failed(state, Failure::Store, failed)),
            Event::Superseded(stored) => {
                // The login that follows replaces this one, too.
                let _ = state.session.superseded(stored, self.now().wall);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
