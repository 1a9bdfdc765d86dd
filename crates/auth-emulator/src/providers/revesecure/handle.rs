//! The typed handle, `emulator.revesecure()`, and the builder's door to the settings.

use std::sync::Arc;

use serde_json::Value;

use super::access::Credential;
use super::settings::Settings;
use super::signature::unhex;
use super::state::Policy;
use super::{ReveSecureProvider, SPEC};
use crate::builder::Builder;
use crate::emulator::Emulator;
use crate::pending::PendingCode;
use crate::providers::{NotDone, Provider};
use crate::sync::lock;

impl Emulator {
    /// The ReveSecure stand-in.
    #[must_use]
    pub fn revesecure(&self) -> ReveSecure {
        ReveSecure(Arc::clone(&self.providers().revesecure))
    }
}

impl Builder {
    /// Changes the settings that the ReveSecure stand-in starts with.
    ///
    /// ```
    /// use auth_emulator::Emulator;
    ///
    /// let builder = Emulator::builder().revesecure(|settings| {
    ///     settings.date_window_seconds = Some(300);
    ///     settings.creations_answer_ids = true;
    /// });
    /// # let _ = builder;
    /// ```
    pub fn revesecure(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings.revesecure);
        self
    }
}

/// The ReveSecure stand-in of a running emulator. Clones are the same one.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = auth_emulator::Emulator::start().await?;
/// let revesecure = emulator.revesecure();
/// revesecure.set_credentials("key", "00ff")?;
/// assert_eq!((revesecure.api_key(), revesecure.secret_key()), ("key".to_owned(), "00ff".to_owned()));
/// assert!(revesecure.pending_codes_for("anna").is_empty());
/// assert_eq!(revesecure.effect("push_sent"), 0);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct ReveSecure(Arc<ReveSecureProvider>);

impl std::fmt::Debug for ReveSecure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReveSecure").field("base_url", &self.base_url()).finish_non_exhaustive()
    }
}

impl ReveSecure {
    /// What a client takes as its base URL, in place of `https://dashboard.revesecure.com`. Paths begin with `/rest/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.0.base_url()
    }

    /// The API key of the one service that may call.
    #[must_use]
    pub fn api_key(&self) -> String {
        lock(&self.0.inner).credential.api_key.clone()
    }

    /// The secret key that goes with it: hexadecimal digits.
    #[must_use]
    pub fn secret_key(&self) -> String {
        lock(&self.0.inner).credential.secret_key.clone()
    }

    /// The id of the service whose key that is. Only users who are mapped to it can log in.
    #[must_use]
    pub fn service_id(&self) -> String {
        lock(&self.0.inner).state.own_service().map(|service| service.id.clone()).unwrap_or_default()
    }

    /// `REVESECURE_API_KEY`, `REVESECURE_SECRET_KEY` and `REVESECURE_BASE_URL`.
    #[must_use]
    pub fn env(&self) -> Vec<(&'static str, String)> {
        self.0.env()
    }

    /// What a person could type or answer now, found by user name, user id, e-mail address or number. Kinds are
    /// `otp-software`, `otp-hardware`, `bypass-code` and `push`.
    #[must_use]
    pub fn pending_codes_for(&self, subject: &str) -> Vec<PendingCode> {
        self.0.pending_codes().into_iter().filter(|code| code.is_for(subject)).collect()
    }

    /// Changes API key and secret key at once.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// assert!(emulator.revesecure().set_credentials("key", "no digits").is_err());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When the secret key isn't hexadecimal, with two digits for each byte.
    pub fn set_credentials(&self, api_key: &str, secret_key: &str) -> Result<(), NotDone> {
        if secret_key.is_empty() || unhex(secret_key).is_none() {
            return Err(NotDone("secret_key: hexadecimal digits are needed, two for each byte".to_owned()));
        }
        lock(&self.0.inner).credential =
            Credential { api_key: api_key.to_owned(), secret_key: secret_key.to_owned() };
        Ok(())
    }

    /// Sets whether a user needs a second factor; the API has no call for it.
    ///
    /// # Errors
    ///
    /// When there is no such user.
    pub fn set_policy(&self, user_id: &str, policy: Policy) -> Result<(), NotDone> {
        self.0.set_policy(user_id, policy)
    }

    /// Puts the vendor's app on a user's phone, and gives the id of the software token that it makes.
    ///
    /// # Errors
    ///
    /// When there is no such user.
    pub fn give_app(&self, user_id: &str) -> Result<String, NotDone> {
        self.0.give_app(user_id)
    }

    /// The devices that were registered, as login name, device and flag.
    #[must_use]
    pub fn devices(&self) -> Vec<(String, String, bool)> {
        lock(&self.0.inner).state.devices().to_vec()
    }

    /// How often a side effect took place, such as `push_sent`, `otp_checked`, `user_created` or `bypass_codes_created`.
    #[must_use]
    pub fn effect(&self, name: &str) -> u64 {
        self.0.context.ledger.snapshot().count(SPEC.name, name)
    }

    /// The settings as they are now.
    #[must_use]
    pub fn settings(&self) -> Settings {
        lock(&self.0.inner).settings.clone()
    }

    /// Changes several settings at once.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// emulator.revesecure().configure(|settings| settings.push_send_error = true);
    /// assert!(emulator.revesecure().settings().push_send_error);
    /// # Ok(()) }
    /// ```
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.settings();
        change(&mut settings);
        lock(&self.0.inner).settings = settings;
    }

    /// Changes settings as the control API does, by name.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// emulator.revesecure().change_settings(&serde_json::json!({"range_base": 1}))?;
    /// assert_eq!(emulator.revesecure().settings().range_base, 1);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When a name or a value is none.
    pub fn change_settings(&self, change: &Value) -> Result<(), NotDone> {
        self.0.change_settings(change)
    }
}
