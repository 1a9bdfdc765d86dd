//! Renewable credentials.
//!
//! [`auth_core::token`] decides when to renew. This module runs each renewal in a separate task, so that a dropped call
//! doesn't cancel it, and passes the result to all waiting calls.

use crate::engine::renewer::{Observed, Renew, Renewed};
use crate::engine::runtime::NO_RUNTIME;
use crate::engine::settings::Settings;
use crate::observe::spans::{self, Span};
use crate::observe::{Observer, RenewalEnded, RenewalOutcome, contain};
use async_trait::async_trait;
use auth_core::token::{Decision, Failure, Issued, Lifetime, RenewalSettings, RenewalState, Ticket};
use auth_core::{
    Clock, Credential, CredentialError, CredentialSource, Generation, InvalidCredential, Now, Origin,
    Recovery, Sign,
};
use http::{HeaderMap, StatusCode};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// A renewable credential source, with at most one renewal at a time.
///
/// ```
/// # use auth_client_core::provider::auth_core::{Origin, token::RenewalSettings};
/// # use auth_client_core::provider::{Renew, RenewingCredential, Settings};
/// # fn example(login: impl Renew, settings: &Settings) {
/// let origin = Origin::https("api.example.com");
/// let source = RenewingCredential::new("acme", login, origin, settings, RenewalSettings::default());
/// assert!(source.held().is_none(), "the first call renews");
/// # }
/// ```
#[derive(Debug)]
pub struct RenewingCredential<R: Renew> {
    shared: Arc<Shared<R>>,
}

impl<R: Renew> Clone for RenewingCredential<R> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

struct Shared<R: Renew> {
    renew: R,
    provider: &'static str,
    origin: Arc<Origin>,
    clock: Arc<dyn Clock>,
    observer: Option<Arc<dyn Observer>>,
    state: Mutex<State<R::Material>>,
    /// Number of running renewals, including superseded ones, which save their result too.
    running: watch::Sender<usize>,
}

struct State<M> {
    machine: RenewalState<Held<M>, CredentialError>,
    flight: Option<Flight>,
}

/// A credential with its signer, so that a call copies only two pointers.
struct Held<M> {
    material: Arc<M>,
    signer: Arc<dyn Sign>,
}

type Outcome = Option<Result<Credential, CredentialError>>;

struct Flight {
    ticket: Ticket,
    outcome: watch::Sender<Outcome>,
}

impl<R: Renew> RenewingCredential<R> {
    /// Creates a source without a credential, so that the first call renews it. The source uses the clock and the
    /// observer of `client`.
    #[must_use]
    pub fn new(
        provider: &'static str,
        renew: R,
        origin: Origin,
        client: &Settings,
        renewal: RenewalSettings,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                renew,
                provider,
                origin: Arc::new(origin),
                clock: Arc::clone(&client.clock),
                observer: client.observer.clone(),
                state: Mutex::new(State { machine: RenewalState::new(renewal), flight: None }),
                running: watch::Sender::new(0),
            }),
        }
    }

    /// Installs a credential from an interactive login or a store. The result of a renewal in progress is discarded;
    /// calls that wait for it use the installed credential.
    ///
    /// ```
    /// # use auth_client_core::provider::auth_core::{InvalidCredential, token::Lifetime};
    /// # use auth_client_core::provider::{Renew, RenewingCredential};
    /// # fn example<R: Renew>(source: &RenewingCredential<R>, stored: R::Material) -> Result<(), InvalidCredential> {
    /// source.install(stored, Lifetime::Unknown)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidCredential`] if the credential is invalid.
    pub fn install(&self, material: R::Material, lifetime: Lifetime) -> Result<(), InvalidCredential> {
        let held = self.shared.held(material)?;
        let mut state = self.shared.lock();
        let issued = state.machine.install(held, lifetime, fastrand::f64(), self.shared.clock.now());
        let credential = self.shared.credential(&issued);
        if let Some(flight) = state.flight.take() {
            flight.outcome.send_replace(Some(Ok(credential)));
        }
        Ok(())
    }

    /// Returns the current credential, valid or not.
    #[must_use]
    pub fn held(&self) -> Option<Arc<R::Material>> {
        self.shared.lock().machine.held().map(|issued| Arc::clone(&issued.material.material))
    }

    /// Returns the provider's renewer.
    #[must_use]
    pub fn renewer(&self) -> &R {
        &self.shared.renew
    }

    /// Stops early renewals, and waits until running ones have completed. A renewal that is canceled with the runtime
    /// can lose a credential that the server has already replaced.
    ///
    /// ```
    /// # use auth_client_core::provider::{Renew, RenewingCredential};
    /// # async fn example<R: Renew>(source: &RenewingCredential<R>) {
    /// source.close().await;
    /// # }
    /// ```
    pub async fn close(&self) {
        self.shared.lock().machine.close();
        // The sender lives as long as `self`.
        let _ = self.shared.running.subscribe().wait_for(|running| *running == 0).await;
    }

    /// Starts the renewal of this ticket as a task and returns the receiver for its waiters.
    fn start(
        &self,
        mut state: MutexGuard<'_, State<R::Material>>,
        ticket: Ticket,
        now: Now,
    ) -> watch::Receiver<Outcome> {
        let (outcome, receiver) = watch::channel(None);
        state.flight = Some(Flight { ticket, outcome });
        let held = state.machine.held().map(|issued| Arc::clone(&issued.material.material));
        // The guard locks the state on drop, which is also what a runtime that is shutting down causes.
        // Counted before the lock is released, so that `close` can't miss it.
        self.shared.running.send_modify(|running| *running += 1);
        drop(state);
        // From here on the guard ends the renewal, whatever panics.
        let mut guard = RenewalGuard {
            shared: Arc::clone(&self.shared),
            ticket,
            started: now,
            span: spans::renewal(self.shared.provider),
            completed: false,
        };
        if tokio::runtime::Handle::try_current().is_err() {
            guard.complete(Err(CredentialError::unavailable(NO_RUNTIME)));
            return receiver;
        }
        drop(tokio::spawn(async move {
            let renewal = guard.shared.renew.renew(held);
            let result = spans::within(guard.span.clone(), renewal).await;
            guard.complete(result);
        }));
        receiver
    }
}

/// Completes a renewal exactly once, even if it panicked or its runtime was dropped.
struct RenewalGuard<R: Renew> {
    shared: Arc<Shared<R>>,
    ticket: Ticket,
    started: Now,
    span: Span,
    completed: bool,
}

impl<R: Renew> RenewalGuard<R> {
    fn complete(&mut self, result: Result<Renewed<R::Material>, CredentialError>) {
        let now = self.shared.clock.now();
        let prepared = result.and_then(|renewed| {
            if !RenewalState::<Held<R::Material>, CredentialError>::is_worth_holding(renewed.lifetime, now) {
                return Err(CredentialError::unavailable("the new credential has already expired"));
            }
            let fresh = self.shared.renew.is_fresh(&renewed.material);
            let held = self.shared.held(renewed.material).map_err(CredentialError::refused)?;
            Ok((held, renewed.lifetime, fresh))
        });
        // All code of the provider has run. A panic in it completes the renewal as interrupted.
        self.completed = true;
        let mut state = self.shared.lock();
        let (reported, outcome) = match prepared {
            Ok((held, lifetime, fresh)) => {
                let jitter = fastrand::f64();
                let issued = if fresh {
                    state.machine.succeed(self.ticket, held, lifetime, jitter, now)
                } else {
                    state.machine.adopt(self.ticket, held, lifetime, jitter, now)
                };
                let Some(issued) = issued else {
                    // Superseded: the caller that installed another credential has notified the waiters.
                    drop(state);
                    return self.report(RenewalOutcome::Superseded, now);
                };
                let reported = if fresh { RenewalOutcome::Renewed } else { RenewalOutcome::FoundInStore };
                (reported, Ok(self.shared.credential(&issued)))
            }
            Err(error) => {
                let definitive = error.is_definitive();
                let failure = Failure { definitive, retry_after: error.retry_after(), error: error.clone() };
                state.machine.fail(self.ticket, failure, now);
                (if definitive { RenewalOutcome::LoginRequired } else { RenewalOutcome::Failed }, Err(error))
            }
        };
        let ours = state.flight.as_ref().is_some_and(|flight| flight.ticket == self.ticket);
        let flight = if ours { state.flight.take() } else { None };
        drop(state);
        self.report(reported, now);
        if let Some(flight) = flight {
            flight.outcome.send_replace(Some(outcome));
        }
    }

    /// Notifies the observer before the waiters resume, so that a call's renewal is reported before its end.
    fn report(&self, outcome: RenewalOutcome, now: Now) {
        let elapsed = now.since(self.started);
        spans::renewal_ended(&self.span, outcome, elapsed);
        if let Some(observer) = &self.shared.observer {
            let event = RenewalEnded { provider: self.shared.provider, outcome, elapsed };
            contain(|| observer.renewal_ended(&event));
        }
    }
}

impl<R: Renew> Drop for RenewalGuard<R> {
    fn drop(&mut self) {
        if !self.completed {
            self.complete(Err(CredentialError::unavailable("the renewal was interrupted")));
        }
        self.shared.running.send_modify(|running| *running = running.saturating_sub(1));
    }
}

impl<R: Renew> Shared<R> {
    fn lock(&self) -> MutexGuard<'_, State<R::Material>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self, material: R::Material) -> Result<Held<R::Material>, InvalidCredential> {
        let signer = self.renew.signer(&material)?;
        Ok(Held { material: Arc::new(material), signer })
    }

    fn credential(&self, issued: &Issued<Held<R::Material>>) -> Credential {
        Credential::new(Arc::clone(&issued.material.signer), Arc::clone(&self.origin), issued.generation)
    }
}

/// The current credential is secret.
impl<R: Renew> fmt::Debug for Shared<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("renew", &self.renew)
            .field("origin", &self.origin.to_string())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl<R: Renew> CredentialSource for RenewingCredential<R> {
    fn current(&self, now: Now) -> Option<Credential> {
        let state = self.shared.lock();
        state.machine.peek(now).map(|issued| self.shared.credential(&issued))
    }

    async fn obtain(&self, now: Now) -> Result<Credential, CredentialError> {
        let mut receiver = {
            let mut state = self.shared.lock();
            match state.machine.decide(now) {
                Decision::Serve(issued) => return Ok(self.shared.credential(&issued)),
                Decision::ServeAndRenew(issued, ticket) => {
                    drop(self.start(state, ticket, now));
                    return Ok(self.shared.credential(&issued));
                }
                Decision::Renew(ticket) => self.start(state, ticket, now),
                Decision::Wait(_) => match &state.flight {
                    Some(flight) => flight.outcome.subscribe(),
                    None => return Err(CredentialError::unavailable("the renewal was interrupted")),
                },
                Decision::Fail { error, retry_after } => {
                    return Err(match retry_after {
                        Some(wait) => error.with_retry_after(wait),
                        None => error,
                    });
                }
            }
        };
        match receiver.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(outcome)) => outcome.clone(),
            _ => Err(CredentialError::unavailable("the renewal was interrupted")),
        }
    }

    fn waits_for(&self) -> Option<&'static str> {
        self.shared.renew.waits_for()
    }

    fn refused(&self, generation: Generation, now: Now) -> Recovery {
        self.shared.lock().machine.refuse(generation, now)
    }

    fn observe(&self, generation: Generation, status: StatusCode, headers: &HeaderMap, now: Now) {
        let held = self.shared.lock().machine.held();
        if let Some(held) = held.filter(|held| held.generation == generation) {
            match self.shared.renew.observe(&held.material.material, status, headers) {
                Observed::Unchanged => {}
                Observed::Ended => {
                    self.shared.lock().machine.refuse(generation, now);
                }
                Observed::Lifetime(lifetime) => {
                    self.shared.lock().machine.set_lifetime(generation, lifetime, now);
                }
            }
        }
    }
}
