//! The typed handle, `emulator.revesecure()`.

use super::credential::Credential;
use super::provider::ReveSecureProvider;
use super::records::Policy;
use super::settings::Settings;
use super::signature::unhex;
use crate::framework::handle::typed_handle;
use crate::framework::pending::PendingCode;
use crate::framework::settings::ActionError;

typed_handle! {
    /// Handle of the emulated ReveSecure API. Clones refer to the same emulator.
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
    ReveSecure of ReveSecureProvider,
    settings: Settings,
    accessor: "revesecure",
    change: "push_send_error = true",
    /// Returns the base URL for a client, in place of `https://dashboard.revesecure.com`. Paths start with `/rest/v1`.
    url: base_url,
    /// Returns `REVESECURE_API_KEY`, `REVESECURE_SECRET_KEY` and `REVESECURE_BASE_URL`.
    env,
    /// Returns the count of a side effect, such as `push_sent`, `otp_checked`, `user_created` or `bypass_codes_created`.
    effect,
}

impl ReveSecure {
    /// Returns the API key of the first service.
    #[must_use]
    pub fn api_key(&self) -> String {
        self.0.with(|provider, _| provider.state.own_service().credential.api_key.clone())
    }

    /// Returns the secret key of the first service, in hexadecimal digits.
    #[must_use]
    pub fn secret_key(&self) -> String {
        self.0.with(|provider, _| provider.state.own_service().credential.secret_key.clone())
    }

    /// Returns the id of the first service. Only users who are mapped to it can log in with its API key.
    #[must_use]
    pub fn service_id(&self) -> String {
        self.0.with(|provider, _| provider.state.own_service().id.clone())
    }

    /// Returns the pending codes and push requests of one person, found by user name, user id, email address or phone number.
    /// Kinds are `otp-software`, `otp-hardware`, `bypass-code` and `push`.
    #[must_use]
    pub fn pending_codes_for(&self, subject: &str) -> Vec<PendingCode> {
        self.0.pending_codes_for(subject)
    }

    /// Replaces API key and secret key of the first service.
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
    /// Returns an error if the secret key is not hexadecimal with two digits per byte.
    pub fn set_credentials(&self, api_key: &str, secret_key: &str) -> Result<(), ActionError> {
        if secret_key.is_empty() || unhex(secret_key).is_none() {
            return Err(ActionError::new("secret_key: hexadecimal digits are required, two per byte"));
        }
        let credential = Credential { api_key: api_key.to_owned(), secret_key: secret_key.to_owned() };
        self.0.with(|provider, _| provider.state.own_service_mut().credential = credential);
        Ok(())
    }

    /// Sets whether a user needs a second factor; the vendor's API has no call for it.
    ///
    /// # Errors
    ///
    /// Returns an error if the user does not exist.
    pub fn set_policy(&self, user_id: &str, policy: Policy) -> Result<(), ActionError> {
        self.0.with(|state, _| state.set_policy(user_id, policy))
    }

    /// Returns API key and secret key of a service, as the vendor's dashboard shows them.
    ///
    /// # Errors
    ///
    /// Returns an error if the service does not exist.
    pub fn service_keys(&self, service_id: &str) -> Result<(String, String), ActionError> {
        self.0
            .with(|provider, _| provider.service_keys(service_id))
            .map(|keys| (keys.api_key, keys.secret_key))
    }

    /// Activates or deactivates a service or a token, which the API has no call for.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no service and no token with this id.
    pub fn set_active(&self, id: &str, active: bool) -> Result<(), ActionError> {
        self.0.with(|provider, _| provider.set_active(id, active))
    }

    /// Installs the vendor's app on a user's phone and returns the id of its software token.
    ///
    /// # Errors
    ///
    /// Returns an error if the user does not exist.
    pub fn install_app(&self, user_id: &str) -> Result<String, ActionError> {
        self.0.with(|state, context| state.install_app(user_id, context))
    }

    /// Returns the registered devices as login name, device id and enabled flag.
    #[must_use]
    pub fn devices(&self) -> Vec<(String, String, bool)> {
        self.0.with(|provider, _| provider.state.devices().to_vec())
    }
}
