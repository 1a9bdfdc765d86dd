//! Credentials that are renewed while calls go on.
//!
//! The rules are those of [`auth_core::token`]; here they meet tasks. A renewal runs in a task of its own, so that a
//! caller who goes away doesn't take it along, and its outcome goes to everyone who waited for it. The task exists
//! only while a renewal is under way.

use crate::engine::settings::Settings;
use crate::observe::spans::{self, Span};
use crate::observe::{Observer, RenewalEnded, RenewalOutcome};
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

/// New material and how long it lives.
#[derive(Debug)]
pub struct Renewed<M> {
    /// The material.
    pub material: M,
    /// How long it lives.
    pub lifetime: Lifetime,
}

/// How one vendor's material is got and used.
///
/// ```
/// use async_trait::async_trait;
/// use auth_core::scheme::Bearer;
/// use auth_core::secret::SecretString;
/// use auth_core::token::Lifetime;
/// use auth_core::{CredentialError, InvalidCredential, Sign};
/// use auth_client_core::provider::{Renew, Renewed};
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// #[derive(Debug)]
/// struct Login;
///
/// #[async_trait]
/// impl Renew for Login {
///     type Material = SecretString;
///
///     async fn renew(&self, _: Option<Arc<SecretString>>) -> Result<Renewed<SecretString>, CredentialError> {
///         // A call to the vendor's login stands here.
///         let material = SecretString::from("a new token");
///         Ok(Renewed { material, lifetime: Lifetime::For(Duration::from_secs(3600)) })
///     }
///
///     fn signer(&self, token: &SecretString) -> Result<Arc<dyn Sign>, InvalidCredential> {
///         Ok(Arc::new(Bearer::new(token)?))
///     }
/// }
/// ```
#[async_trait]
pub trait Renew: Send + Sync + fmt::Debug + 'static {
    /// What a login or renewal gives: a token pair, a session.
    type Material: Send + Sync + 'static;

    /// Gets new material; `held` is the old one, if there is any.
    ///
    /// It runs alone, and to its end even when nobody waits any more. What must not be lost, such as a rotated refresh
    /// token, is stored before it returns. It must end by itself: calls made through an
    /// [`Engine`](crate::Engine) do.
    ///
    /// # Errors
    ///
    /// [`CredentialError`], definitive when trying again with the same login is pointless.
    async fn renew(
        &self,
        held: Option<Arc<Self::Material>>,
    ) -> Result<Renewed<Self::Material>, CredentialError>;

    /// What signs with this material.
    ///
    /// # Errors
    ///
    /// [`InvalidCredential`] when the material can't be used.
    fn signer(&self, material: &Self::Material) -> Result<Arc<dyn Sign>, InvalidCredential>;

    /// Whether the server has made this material just now. What [`renew`](Self::renew) took from elsewhere, such as a
    /// store that another process has filled, may be renewed at once when the server refuses it.
    fn is_fresh(&self, material: &Self::Material) -> bool {
        let _ = material;
        true
    }

    /// Whether an answer, whatever its status, says that the material it was signed with has ended.
    fn ends(&self, material: &Self::Material, status: StatusCode, headers: &HeaderMap) -> bool {
        let _ = (material, status, headers);
        false
    }
}

/// A credential source that renews; one renewal at a time, however many calls need it.
///
/// ```
/// # use auth_client_core::auth_core::{Origin, token::RenewalSettings};
/// # use auth_client_core::provider::{Renew, Renewing, Settings};
/// # fn example(login: impl Renew, settings: &Settings) {
/// let origin = Origin::https("api.example.com");
/// let source = Renewing::new("acme", login, origin, settings, RenewalSettings::default());
/// assert!(source.held().is_none(), "the first call renews");
/// # }
/// ```
#[derive(Debug)]
pub struct Renewing<R: Renew> {
    shared: Arc<Shared<R>>,
}

impl<R: Renew> Clone for Renewing<R> {
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
}

struct State<M> {
    machine: RenewalState<Holding<M>, CredentialError>,
    flight: Option<Flight>,
}

/// Material with the signer made of it, so that a call copies two pointers.
struct Holding<M> {
    material: Arc<M>,
    signer: Arc<dyn Sign>,
}

type Outcome = Option<Result<Credential, CredentialError>>;

struct Flight {
    ticket: Ticket,
    outcome: watch::Sender<Outcome>,
}

impl<R: Renew> Renewing<R> {
    /// A source that holds nothing yet: the first call renews. It reads the clock of `client` and tells its observer.
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
            }),
        }
    }

    /// Puts in material from outside: of a login by a person, or from a store. A renewal that is under way is disowned
    /// and its waiters get this material.
    ///
    /// ```
    /// # use auth_client_core::auth_core::{InvalidCredential, token::Lifetime};
    /// # use auth_client_core::provider::{Renew, Renewing};
    /// # fn example<R: Renew>(source: &Renewing<R>, stored: R::Material) -> Result<(), InvalidCredential> {
    /// source.install(stored, Lifetime::Unknown)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidCredential`] when the material can't be used.
    pub fn install(&self, material: R::Material, lifetime: Lifetime) -> Result<(), InvalidCredential> {
        let holding = self.shared.holding(material)?;
        let mut state = self.shared.lock();
        let issued = state.machine.install(holding, lifetime, fastrand::f64(), self.shared.clock.now());
        let credential = self.shared.credential(&issued);
        if let Some(flight) = state.flight.take() {
            flight.outcome.send_replace(Some(Ok(credential)));
        }
        Ok(())
    }

    /// The material that is held, usable or not.
    #[must_use]
    pub fn held(&self) -> Option<Arc<R::Material>> {
        self.shared.lock().machine.held().map(|issued| Arc::clone(&issued.material.material))
    }

    /// What gets the material.
    #[must_use]
    pub fn renewer(&self) -> &R {
        &self.shared.renew
    }

    /// Prepares the renewal of this ticket: what its waiters wait for, and what runs it in a task of its own.
    ///
    /// It is run when the state is let go: a runtime that takes no more tasks ends the renewal at once, and that looks at
    /// the state.
    fn prepare(
        &self,
        state: &mut State<R::Material>,
        ticket: Ticket,
    ) -> (watch::Receiver<Outcome>, impl FnOnce() + use<R>) {
        let (outcome, receiver) = watch::channel(None);
        state.flight = Some(Flight { ticket, outcome });
        let held = state.machine.held().map(|issued| Arc::clone(&issued.material.material));
        let span = spans::renewal(self.shared.provider);
        let mut landing = Landing {
            shared: Arc::clone(&self.shared),
            ticket,
            started: self.shared.clock.now(),
            span: span.clone(),
            landed: false,
        };
        let run = spans::within(span, async move {
            let result = landing.shared.renew.renew(held).await;
            landing.land(result);
        });
        (receiver, move || drop(tokio::spawn(run)))
    }
}

/// Ends a renewal exactly once, also when it panicked or its runtime went away.
struct Landing<R: Renew> {
    shared: Arc<Shared<R>>,
    ticket: Ticket,
    started: Now,
    span: Span,
    landed: bool,
}

impl<R: Renew> Landing<R> {
    fn land(&mut self, result: Result<Renewed<R::Material>, CredentialError>) {
        let now = self.shared.clock.now();
        let prepared = result.and_then(|renewed| {
            if !RenewalState::<Holding<R::Material>, CredentialError>::is_worth_holding(renewed.lifetime, now)
            {
                return Err(CredentialError::unavailable("the new credential has expired already"));
            }
            let fresh = self.shared.renew.is_fresh(&renewed.material);
            let holding = self.shared.holding(renewed.material).map_err(CredentialError::refused)?;
            Ok((holding, renewed.lifetime, fresh))
        });
        // What is not ours has run. A panic in it lands once more, as a renewal that was broken off.
        self.landed = true;
        let mut state = self.shared.lock();
        let (told, outcome) = match prepared {
            Ok((holding, lifetime, fresh)) => {
                let jitter = fastrand::f64();
                let issued = if fresh {
                    state.machine.succeed(self.ticket, holding, lifetime, jitter, now)
                } else {
                    state.machine.adopt(self.ticket, holding, lifetime, jitter, now)
                };
                let Some(issued) = issued else {
                    // Disowned: whoever installed other material has answered the waiters.
                    drop(state);
                    return self.tell(RenewalOutcome::Superseded, now);
                };
                let told = if fresh { RenewalOutcome::Renewed } else { RenewalOutcome::Adopted };
                (told, Ok(self.shared.credential(&issued)))
            }
            Err(error) => {
                let definitive = error.is_definitive();
                state.machine.fail(self.ticket, Failure { definitive, error: error.clone() }, now);
                (if definitive { RenewalOutcome::Ended } else { RenewalOutcome::Failed }, Err(error))
            }
        };
        let ours = state.flight.as_ref().is_some_and(|flight| flight.ticket == self.ticket);
        let flight = if ours { state.flight.take() } else { None };
        drop(state);
        // Sent when it is dropped, so that an observer that panics keeps nobody waiting.
        let _answer = flight.map(|flight| Answer { flight, outcome: Some(outcome) });
        self.tell(told, now);
    }

    /// Tells the observer, before the waiters go on, so that a call's renewal comes before its end.
    fn tell(&self, outcome: RenewalOutcome, now: Now) {
        let elapsed = now.since(self.started);
        spans::renewal_ended(&self.span, outcome, elapsed);
        if let Some(observer) = &self.shared.observer {
            observer.renewal_ended(&RenewalEnded { provider: self.shared.provider, outcome, elapsed });
        }
    }
}

/// The outcome, on its way to those who wait.
struct Answer {
    flight: Flight,
    outcome: Outcome,
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.flight.outcome.send_replace(self.outcome.take());
    }
}

impl<R: Renew> Drop for Landing<R> {
    fn drop(&mut self) {
        if !self.landed {
            self.land(Err(CredentialError::unavailable("the renewal was broken off")));
        }
    }
}

impl<R: Renew> Shared<R> {
    fn lock(&self) -> MutexGuard<'_, State<R::Material>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn holding(&self, material: R::Material) -> Result<Holding<R::Material>, InvalidCredential> {
        let signer = self.renew.signer(&material)?;
        Ok(Holding { material: Arc::new(material), signer })
    }

    fn credential(&self, issued: &Issued<Holding<R::Material>>) -> Credential {
        Credential::new(Arc::clone(&issued.material.signer), Arc::clone(&self.origin), issued.generation)
    }
}

/// What is held is secret.
impl<R: Renew> fmt::Debug for Shared<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("renew", &self.renew)
            .field("origin", &self.origin.to_string())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl<R: Renew> CredentialSource for Renewing<R> {
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
                    let (_, run) = self.prepare(&mut state, ticket);
                    drop(state);
                    run();
                    return Ok(self.shared.credential(&issued));
                }
                Decision::Renew(ticket) => {
                    let (receiver, run) = self.prepare(&mut state, ticket);
                    drop(state);
                    run();
                    receiver
                }
                Decision::Wait(_) => match &state.flight {
                    Some(flight) => flight.outcome.subscribe(),
                    None => return Err(CredentialError::unavailable("the renewal was broken off")),
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
            _ => Err(CredentialError::unavailable("the renewal was broken off")),
        }
    }

    fn refused(&self, generation: Generation, now: Now) -> Recovery {
        self.shared.lock().machine.refuse(generation, now)
    }

    fn observe(&self, generation: Generation, status: StatusCode, headers: &HeaderMap, now: Now) {
        let held = self.shared.lock().machine.held();
        if let Some(held) = held.filter(|held| held.generation == generation)
            && self.shared.renew.ends(&held.material.material, status, headers)
        {
            self.shared.lock().machine.refuse(generation, now);
        }
    }
}
