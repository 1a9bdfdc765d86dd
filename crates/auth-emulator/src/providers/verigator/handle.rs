//! The typed handle, `emulator.verigator()`, and the builder's door to the settings.

use std::sync::Arc;
use std::time::Duration;

use super::access::Credential;
use super::settings::{
    AuthIdForm, CreateStatus, CtimeForm, DeleteStatus, ErrorBody, ServiceWithUsers, Settings,
};
use super::{SPEC, VerigatorProvider};
use crate::builder::Builder;
use crate::emulator::Emulator;
use crate::pending::PendingCode;
use crate::providers::{NotDone, Provider};
use crate::sync::lock;

impl Emulator {
    /// The Verigator stand-in.
    #[must_use]
    pub fn verigator(&self) -> Verigator {
        Verigator(Arc::clone(&self.providers().verigator))
    }
}

impl Builder {
    /// Changes the settings that the Verigator stand-in starts with.
    ///
    /// ```
    /// use auth_emulator::Emulator;
    /// use auth_emulator::providers::verigator::ErrorBody;
    ///
    /// let builder = Emulator::builder().verigator(|settings| {
    ///     settings.code_lifetime_seconds = 60;
    ///     settings.error_body = ErrorBody::Html;
    /// });
    /// # let _ = builder;
    /// ```
    pub fn verigator(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings.verigator);
        self
    }
}

/// The Verigator stand-in of a running emulator. Clones are the same one.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = auth_emulator::Emulator::start().await?;
/// let verigator = emulator.verigator();
/// verigator.set_credentials("anna", "renewed");
/// verigator.set_code_lifetime(std::time::Duration::from_secs(60));
/// assert_eq!((verigator.username(), verigator.password()), ("anna".to_owned(), "renewed".to_owned()));
/// assert_eq!(verigator.settings().code_lifetime_seconds, 60);
/// assert_eq!(verigator.effect("sms_sent"), 0);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Verigator(Arc<VerigatorProvider>);

impl std::fmt::Debug for Verigator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verigator").field("base_url", &self.base_url()).finish_non_exhaustive()
    }
}

impl Verigator {
    /// What a client takes as its base URL: the origin alone, in place of `https://api.verigator.com`. Paths begin with
    /// `/v1/service`.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.0.base_url()
    }

    /// The one user name that is let in.
    #[must_use]
    pub fn username(&self) -> String {
        lock(&self.0.inner).credential.username.clone()
    }

    /// The password that goes with it.
    #[must_use]
    pub fn password(&self) -> String {
        lock(&self.0.inner).credential.password.clone()
    }

    /// `VERIGATOR_USERNAME`, `VERIGATOR_PASSWORD` and `VERIGATOR_BASE_URL`.
    #[must_use]
    pub fn env(&self) -> Vec<(&'static str, String)> {
        self.0.env()
    }

    /// Codes that wait for a person, found by `id_in_service`, user id or phone number.
    #[must_use]
    pub fn pending_codes_for(&self, subject: &str) -> Vec<PendingCode> {
        self.0.pending_codes().into_iter().filter(|code| code.is_for(subject)).collect()
    }

    /// Changes user name and password at once, as a vendor does when a customer has them renewed.
    pub fn set_credentials(&self, username: &str, password: &str) {
        lock(&self.0.inner).credential =
            Credential { username: username.to_owned(), password: password.to_owned() };
    }

    /// Puts the app on a user's phone, so that `totp` no longer falls back to `sms`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// assert!(emulator.verigator().give_app("nobody").is_err(), "there is no such user");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When there is no such user.
    pub fn give_app(&self, user_id: &str) -> Result<(), NotDone> {
        self.0.set_app(user_id, true)
    }

    /// Takes the app away from a user's phone.
    ///
    /// # Errors
    ///
    /// When there is no such user.
    pub fn take_app(&self, user_id: &str) -> Result<(), NotDone> {
        self.0.set_app(user_id, false)
    }

    /// How often a side effect took place: `service_created`, `service_deleted`, `user_created`, `user_deleted`, `sms_sent`,
    /// `totp_started`, `pin_checked`.
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
    /// emulator.verigator().configure(|settings| settings.verify_needs_method = true);
    /// assert!(emulator.verigator().settings().verify_needs_method);
    /// # Ok(()) }
    /// ```
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.settings();
        change(&mut settings);
        lock(&self.0.inner).settings = settings;
    }

    /// How long a code by text message works, in whole seconds; for those that are sent from now on.
    pub fn set_code_lifetime(&self, lifetime: Duration) {
        self.configure(|settings| settings.code_lifetime_seconds = lifetime.as_secs());
    }

    /// How many wrong codes are answered as wrong before every code is answered as throttled.
    pub fn set_max_wrong_tries(&self, tries: u32) {
        self.configure(|settings| settings.max_wrong_tries = tries);
    }

    /// The status of created services and users, and of started authentications.
    pub fn set_create_status(&self, status: CreateStatus) {
        self.configure(|settings| {
            settings.create_status = status;
            settings.start_status = status;
        });
    }

    /// The status of deletions.
    pub fn set_delete_status(&self, status: DeleteStatus) {
        self.configure(|settings| settings.delete_status = status);
    }

    /// Whether deletions answer with a JSON body.
    pub fn set_delete_with_json_body(&self, with_body: bool) {
        self.configure(|settings| settings.delete_with_json_body = with_body);
    }

    /// The form of error bodies.
    pub fn set_error_body(&self, form: ErrorBody) {
        self.configure(|settings| settings.error_body = form);
    }

    /// The form of creation times.
    pub fn set_ctime_form(&self, form: CtimeForm) {
        self.configure(|settings| settings.ctime_form = form);
    }

    /// What happens when a service is deleted that still has users.
    pub fn set_service_with_users(&self, rule: ServiceWithUsers) {
        self.configure(|settings| settings.service_with_users = rule);
    }

    /// Whether a start answers with an `auth_id`.
    pub fn set_auth_id(&self, form: AuthIdForm) {
        self.configure(|settings| settings.auth_id = form);
    }
}
