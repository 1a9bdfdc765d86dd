//! The typed handle, `emulator.verigator()`.

use std::time::Duration;

use super::access::Credential;
use super::provider::VerigatorProvider;
use super::settings::{
    AuthIdFormat, CreateStatus, CtimeFormat, DeleteStatus, ErrorBody, ServiceWithUsers, Settings,
};
use crate::framework::handle::typed_handle;
use crate::framework::pending::PendingCode;
use crate::framework::settings::ActionError;

typed_handle! {
    /// Handle of the emulated Verigator API. Clones refer to the same emulator.
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
    Verigator of VerigatorProvider,
    settings: Settings,
    accessor: "verigator",
    change: "verify_needs_method = true",
    /// Returns the base URL for a client, in place of `https://api.verigator.com`. It is the origin alone; paths start with
    /// `/v1/service`.
    url: base_url,
    /// Returns `VERIGATOR_USERNAME`, `VERIGATOR_PASSWORD` and `VERIGATOR_BASE_URL`.
    env,
    /// Returns the count of a side effect: `service_created`, `service_deleted`, `user_created`, `user_deleted`, `sms_sent`,
    /// `totp_started` or `pin_checked`.
    effect,
}

impl Verigator {
    /// Returns the user name of the one account.
    #[must_use]
    pub fn username(&self) -> String {
        self.0.with(|state, _| state.credential.username.clone())
    }

    /// Returns the password of the one account.
    #[must_use]
    pub fn password(&self) -> String {
        self.0.with(|state, _| state.credential.password.clone())
    }

    /// Returns the pending codes of one person, found by `id_in_service`, user id or phone number.
    #[must_use]
    pub fn pending_codes_for(&self, subject: &str) -> Vec<PendingCode> {
        self.0.pending_codes_for(subject)
    }

    /// Replaces user name and password.
    pub fn set_credentials(&self, username: &str, password: &str) {
        let credential = Credential { username: username.to_owned(), password: password.to_owned() };
        self.0.with(|state, _| state.credential = credential);
    }

    /// Installs the app on a user's phone, so that `totp` no longer falls back to `sms`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// assert!(emulator.verigator().install_app("nobody").is_err(), "there is no such user");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the user does not exist.
    pub fn install_app(&self, user_id: &str) -> Result<(), ActionError> {
        self.0.with(|state, _| state.set_app(user_id, true))
    }

    /// Removes the app from a user's phone.
    ///
    /// # Errors
    ///
    /// Returns an error if the user does not exist.
    pub fn remove_app(&self, user_id: &str) -> Result<(), ActionError> {
        self.0.with(|state, _| state.set_app(user_id, false))
    }

    /// Sets the lifetime of codes sent by text message from now on, in whole seconds.
    pub fn set_code_lifetime(&self, lifetime: Duration) {
        self.configure(|settings| settings.code_lifetime_seconds = lifetime.as_secs());
    }

    /// Sets the number of invalid codes after which every code is throttled.
    pub fn set_max_wrong_tries(&self, tries: u32) {
        self.configure(|settings| settings.max_wrong_tries = tries);
    }

    /// Sets the status of created services and users, and of started authentications.
    pub fn set_create_status(&self, status: CreateStatus) {
        self.configure(|settings| {
            settings.create_status = status;
            settings.start_status = status;
        });
    }

    /// Sets the status of deletions.
    pub fn set_delete_status(&self, status: DeleteStatus) {
        self.configure(|settings| settings.delete_status = status);
    }

    /// Sets whether deletions respond with a JSON body.
    pub fn set_delete_with_json_body(&self, with_body: bool) {
        self.configure(|settings| settings.delete_with_json_body = with_body);
    }

    /// Sets the format of error bodies.
    pub fn set_error_body(&self, format: ErrorBody) {
        self.configure(|settings| settings.error_body = format);
    }

    /// Sets the format of creation times.
    pub fn set_ctime_format(&self, format: CtimeFormat) {
        self.configure(|settings| settings.ctime_format = format);
    }

    /// Sets what happens to the deletion of a service that still has users.
    pub fn set_service_with_users(&self, rule: ServiceWithUsers) {
        self.configure(|settings| settings.service_with_users = rule);
    }

    /// Sets whether a started authentication has an `auth_id`.
    pub fn set_auth_id(&self, format: AuthIdFormat) {
        self.configure(|settings| settings.auth_id = format);
    }
}
