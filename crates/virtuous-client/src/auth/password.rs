//! Logins with username and password, interactive or automatic.

use super::endpoint::{Grant, is_login_refusal};
use super::problem::{SessionError, SessionProblem, temporary};
use super::renewer::Renewer;
use super::session::Held;
use super::shared_store::{LOCK_LIMIT, LockedStore};
use super::state::State;
use auth_client_core::Error;
use auth_client_core::provider::auth_core::secret::has_visible;
use auth_client_core::provider::auth_core::token::MAX_RETRY_AFTER;
use auth_client_core::provider::auth_core::{CredentialError, ExposeSecret as _, SecretString};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
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
            None => return Err(credentials(CredentialError::unavailable(busy).with_message(busy))),
        };
        match self.endpoint.password(user, password, code, left()).await? {
            Grant::Tokens(tokens) => {
                Ok(Some(self.keep(&mut state, &mut place, tokens).await.map_err(credentials)?))
            }
            Grant::CodeRequired => Ok(None),
        }
    }

    /// Logs in automatically.
    pub(super) async fn log_in_automatically(
        &self,
        state: &mut State,
        place: &mut LockedStore,
        login: &Unattended,
    ) -> Result<Held, CredentialError> {
        place.prove_writable().await?;
        let limit = self.engine().operation_timeout();
        let mut grant = self.endpoint.password(&login.user, &login.password, None, limit).await;
        let mut with_code = false;
        if let (Ok(Grant::CodeRequired), Some(source)) = (&grant, &login.code) {
            // Other processes may use the store while the user looks for the code.
            place.release().await;
            if let Some(code) = self.engine().within(CODE_TIMEOUT, source()).await.flatten()
                && has_visible(code.expose_secret())
            {
                *place = self.lock(LOCK_LIMIT).await?;
                let stored = place.stored.as_ref().map(Held::of_store);
                let known = state.session.latest();
                if let Some(newer) = state.session.newer(stored.as_ref(), known, self.now().wall) {
                    state.session.adopted(newer.clone());
                    (state.ended, state.paused) = (None, None);
                    return Ok(newer);
                }
                with_code = true;
                grant = self.endpoint.password(&login.user, &login.password, Some(&code), limit).await;
            }
        }
        let delay = FIRST_LOGIN_DELAY.saturating_mul(1 << state.failed_logins.min(16)).min(MAX_RETRY_AFTER);
        state.failed_logins = state.failed_logins.saturating_add(1);
        let error = match grant {
            Ok(Grant::Tokens(tokens)) => return self.keep(state, place, tokens).await,
            Ok(Grant::CodeRequired) if login.code.is_none() => {
                state.login_refused = true;
                return Err(self.end(state, SessionProblem::CodeRequired, None));
            }
            Ok(Grant::CodeRequired) => {
                let problem = SessionProblem::CodeRequired;
                let error = CredentialError::unavailable(SessionError::new(problem));
                return Err(self.pause(state, delay, error.with_message(problem.to_string())));
            }
            Err(error) => error,
        };
        // With a code, the rejection may concern the code instead of the password.
        if is_login_refusal(&error) && !with_code {
            state.login_refused = true;
            return Err(self.end(state, SessionProblem::LoginRefused, Some(error)));
        }
        let answered = error.status().is_some_and(|status| status.is_client_error());
        let wait = error.retry_after().unwrap_or_default().max(if answered { delay } else { Duration::ZERO });
        let problem = match is_login_refusal(&error) {
            true => SessionProblem::LoginRefused,
            false => SessionProblem::EndpointUnavailable,
        };
        let error = temporary(problem, error);
        Err(if wait.is_zero() { error } else { self.pause(state, wait, error) })
    }
}

/// Returns the error of a login that failed before or after its request.
fn credentials(error: CredentialError) -> Error {
    Error::credentials("token.password", error).with_provider("virtuous")
}
