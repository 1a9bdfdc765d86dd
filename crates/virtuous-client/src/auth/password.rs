//! Logins with username and password, interactive or automatic.

use super::endpoint::{Grant, has_refusal_status, is_login_refusal};
use super::problem::{SessionError, SessionProblem, temporary};
use super::renewer::{CODE, ENDPOINT, LOCK, Renewer};
use super::session::Held;
use super::shared_store::LOCK_LIMIT;
use super::state::{Run, State};
use auth_client_core::Error;
use auth_client_core::provider::auth_core::secret::has_visible;
use auth_client_core::provider::auth_core::token::MAX_RETRY_AFTER;
use auth_client_core::provider::auth_core::{CredentialError, ExposeSecret as _, SecretString};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// Time limit for entering a one-time code.
const CODE_TIMEOUT: Duration = Duration::from_secs(300);

/// Delay after an automatic login that failed for another reason than the network, such as a locked account; doubles
/// with each further failure. The delay matters because each login may send a code to the user.
const FIRST_LOGIN_DELAY: Duration = Duration::from_secs(30);

/// Source of one-time codes for automatic logins; `None` cancels.
pub(crate) type CodeSource =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Option<SecretString>> + Send>> + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Unattended {
    pub(crate) user: String,
    pub(crate) password: SecretString,
    pub(crate) code: Option<CodeSource>,
}

impl Renewer {
    /// Exchanges username, password and code for tokens, and saves them. `None` if a code is required.
    pub(crate) async fn log_in(
        &self,
        user: &str,
        password: &SecretString,
        code: Option<&SecretString>,
    ) -> Result<Option<Held>, Error> {
        let started = self.now();
        let limit = self.engine().operation_timeout();
        let left = || limit.saturating_sub(self.now().since(started));
        let prepare = async {
            let mut state = self.state.lock().await;
            // If an earlier pair can't be saved, a new one can't be saved either, and the code would be used in vain.
            self.retry_save(&mut state).await?;
            let mut place = self.lock(left()).await?;
            place.prove_writable().await?;
            Ok((state, place))
        };
        let busy = "timed out waiting for a renewal in progress";
        let (mut state, mut place) = match self.engine().within(limit, prepare).await {
            Some(prepared) => prepared.map_err(credentials)?,
            None => return Err(credentials(CredentialError::unavailable(busy))),
        };
        let grant = self.endpoint.password(user, password, code, left()).await;
        // The status is decisive, because the body of a rejected login is not documented.
        let grant = grant.map_err(|error| match has_refusal_status(&error) {
            true => error.with_source(SessionError::new(SessionProblem::LoginRefused)),
            false => error,
        })?;
        match grant {
            Grant::Tokens(tokens) => {
                Ok(Some(self.keep(&mut state, &mut place, tokens).await.map_err(credentials)?))
            }
            Grant::CodeRequired => Ok(None),
        }
    }

    /// Returns the credentials of the automatic login, if it may be tried.
    pub(super) fn login(&self, state: &State) -> Option<&Unattended> {
        self.unattended.as_ref().filter(|_| !state.login_refused)
    }

    /// Logs in automatically.
    pub(super) async fn log_in_automatically(
        &self,
        state: &mut State,
        run: &mut Run,
        login: &Unattended,
    ) -> Result<Held, CredentialError> {
        run.place.prove_writable().await?;
        let limit = self.engine().operation_timeout();
        self.wait_for(ENDPOINT);
        let mut grant = self.endpoint.password(&login.user, &login.password, None, limit).await;
        let delay = FIRST_LOGIN_DELAY.saturating_mul(1 << state.failed_logins.min(16)).min(MAX_RETRY_AFTER);
        state.failed_logins = state.failed_logins.saturating_add(1);
        let mut with_code = false;
        if let (Ok(Grant::CodeRequired), Some(source)) = (&grant, &login.code) {
            // Set before the question, because the source may panic.
            self.pause(state, delay, code_required());
            // Other processes may use the store while the user looks for the code.
            run.place.release().await;
            self.wait_for(CODE);
            if let Some(code) = self.ask(source, run).await {
                self.wait_for(LOCK);
                run.place = match self.lock(LOCK_LIMIT).await {
                    Ok(place) => place,
                    Err(error) => return Err(self.pause(state, delay, error)),
                };
                let stored = run.place.stored.as_ref().map(Held::of_store);
                let known = state.session.latest();
                if let Some(newer) = state.session.newer(stored.as_ref(), known, self.now().wall) {
                    state.session.adopted(newer.clone());
                    (state.ended, state.paused, state.failed_logins) = (None, None, 0);
                    return Ok(newer);
                }
                with_code = true;
                self.wait_for(ENDPOINT);
                grant = self.endpoint.password(&login.user, &login.password, Some(&code), limit).await;
            }
        }
        let error = match grant {
            Ok(Grant::Tokens(tokens)) => return self.keep(state, &mut run.place, tokens).await,
            Ok(Grant::CodeRequired) if login.code.is_none() => {
                state.login_refused = true;
                return Err(self.end(state, SessionProblem::CodeRequired, None));
            }
            Ok(Grant::CodeRequired) => return Err(self.pause(state, delay, code_required())),
            Err(error) => error,
        };
        // With a code, the rejection may concern the code instead of the password.
        if is_login_refusal(&error) && !with_code {
            state.login_refused = true;
            return Err(self.end(state, SessionProblem::LoginRefused, Some(error)));
        }
        // Not after a failure of the network or the server, unless the next login would send the user another code.
        let answered = error.status().is_some_and(|status| !status.is_server_error());
        let least = if answered || with_code { delay } else { Duration::ZERO };
        let wait = error.retry_after().unwrap_or_default().max(least);
        let problem = match is_login_refusal(&error) {
            true => SessionProblem::LoginRefused,
            false => SessionProblem::EndpointUnavailable,
        };
        let error = temporary(problem, error);
        Err(if wait.is_zero() { error } else { self.pause(state, wait, error) })
    }

    /// Drops the question for a code that a renewal has asked.
    pub(crate) fn stop_asking(&self) {
        self.closes.send_replace(());
    }

    /// Asks for a one-time code. `None` if there is none, or if the client is closed in the meantime.
    async fn ask(&self, source: &CodeSource, run: &mut Run) -> Option<SecretString> {
        let mut asking = pin!(self.engine().within(CODE_TIMEOUT, source()));
        let mut closed = pin!(run.closed.changed());
        let code = poll_fn(|context| match closed.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(None),
            Poll::Pending => asking.as_mut().poll(context).map(Option::flatten),
        });
        code.await.filter(|code| has_visible(code.expose_secret()))
    }
}

/// Returns the error of a login without the code that it requires.
fn code_required() -> CredentialError {
    SessionProblem::CodeRequired.unavailable()
}

/// Returns the error of a login that failed before or after its request.
fn credentials(error: CredentialError) -> Error {
    Error::credentials("token.password", error).with_provider("virtuous")
}
