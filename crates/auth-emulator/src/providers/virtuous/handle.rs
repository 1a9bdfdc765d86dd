//! The typed handle, `emulator.virtuous()`.

use std::time::Duration;

use super::base::settings::Settings;
use super::base::webhooks::WebhookDelivery;
use super::operations::gifts::matching::MatchingResult;
use super::outbox::{self, Tries};
use super::state::VirtuousProvider;
use crate::framework::handle::typed_handle;
use crate::framework::pending::PendingCode;
use crate::framework::provider::Emulate;
use crate::framework::settings::ActionError;

typed_handle! {
    /// Handle of the emulated Virtuous API. Clones refer to the same emulator.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// let virtuous = emulator.virtuous();
    /// virtuous.set_password("another one");
    /// virtuous.set_access_lifetime(std::time::Duration::from_secs(3600));
    /// assert_eq!(virtuous.password(), "another one");
    /// assert_eq!(virtuous.settings().access_lifetime_seconds, 3600);
    /// assert_eq!(virtuous.expire_access_tokens(), 0, "nobody has logged in");
    /// # Ok(()) }
    /// ```
    Virtuous of VirtuousProvider,
    settings: Settings,
    accessor: "virtuous",
    change: "two_factor = true",
    /// Returns the base URL for a client, in place of `https://api.virtuoussoftware.com`.
    url: base_url,
    /// Returns the `VIRTUOUS_*` variables for all kinds of credentials.
    env,
    /// Returns the count of a side effect: `login`, `login_refused`, `code_sent`, `code_checked`, `token_refreshed`,
    /// `refresh_token_reused`, `family_revoked`, `gift_transaction`, `contact_transaction`, `webhook_due`, `webhook_sent`,
    /// `webhook_accepted`, `webhook_dropped` or `record_created`.
    effect,
}

impl Virtuous {
    /// Returns the name of the one user, an email address.
    #[must_use]
    pub fn username(&self) -> String {
        self.0.with(|state, _| state.user.name.clone())
    }

    /// Returns the password of the one user. It contains characters that must be escaped in a form.
    #[must_use]
    pub fn password(&self) -> String {
        self.0.with(|state, _| state.user.password.clone())
    }

    /// Returns the one valid API key.
    #[must_use]
    pub fn api_key(&self) -> String {
        self.0.with(|state, _| state.api_key.clone())
    }

    /// Returns the application key of the key pair for signatures.
    #[must_use]
    pub fn application_key(&self) -> String {
        self.0.with(|state, _| state.keys.application_key.clone())
    }

    /// Returns the private key of the key pair for signatures, in base64.
    #[must_use]
    pub fn private_key(&self) -> String {
        self.0.with(|state, _| state.keys.private_key.clone())
    }

    /// Replaces the user's password.
    pub fn set_password(&self, password: &str) {
        self.0.with(|state, _| password.clone_into(&mut state.user.password));
    }

    /// Returns the pending one-time code, if any.
    #[must_use]
    pub fn pending_codes(&self) -> Vec<PendingCode> {
        self.0.with(|state, context| state.pending_codes(context))
    }

    /// Expires every access token and returns the number of valid ones. Refresh tokens stay valid.
    pub fn expire_access_tokens(&self) -> usize {
        self.0.with(Emulate::expire_tokens).unwrap_or_default()
    }

    /// Revokes every access and refresh token and returns the number of valid access tokens.
    pub fn revoke_all_tokens(&self) -> usize {
        self.0.with(Emulate::revoke_tokens).unwrap_or_default()
    }

    /// Sets the lifetime of access tokens issued from now on, in whole seconds.
    pub fn set_access_lifetime(&self, lifetime: Duration) {
        self.configure(|settings| settings.access_lifetime_seconds = lifetime.as_secs());
    }

    /// Sets how long a replaced refresh token is still accepted, in whole seconds.
    pub fn set_rotation_grace(&self, grace: Duration) {
        self.configure(|settings| settings.rotation_grace_seconds = grace.as_secs());
    }

    /// Performs the nightly run now: it creates contacts and gifts from the pending transactions.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// assert_eq!(emulator.virtuous().match_transactions().gifts, 0, "no transaction is pending");
    /// # Ok(()) }
    /// ```
    pub fn match_transactions(&self) -> MatchingResult {
        self.0.with(VirtuousProvider::match_transactions)
    }

    /// Causes a webhook event, as the vendor's pages do: a form was submitted, or a project was deleted. Active subscriptions to the
    /// event receive it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// emulator.virtuous().fire_event("formSubmission", serde_json::json!({"id": 1}))?;
    /// assert!(emulator.virtuous().fire_event("formLost", serde_json::json!({})).is_err());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the vendor has no event of this name.
    pub fn fire_event(&self, event: &str, body: serde_json::Value) -> Result<(), ActionError> {
        self.0.with(|state, context| state.fire(event, body, context)).map(drop)
    }

    /// Returns the last 200 deliveries that writes caused for active subscriptions, oldest first, sent or not.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// assert!(emulator.virtuous().due_webhooks().is_empty(), "no write yet");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn due_webhooks(&self) -> Vec<WebhookDelivery> {
        self.0.with(|state, _| state.deliveries.iter().map(|one| one.delivery.clone()).collect())
    }

    /// Sends a webhook, with the attempts and duplicates of the settings, all of them now. Returns the status of each response,
    /// `None` for no response.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// use auth_emulator::providers::virtuous::WebhookDelivery;
    ///
    /// let delivery = WebhookDelivery::new("https://example.org/hook", serde_json::json!({"event": "GiftCreate"}));
    /// assert!(emulator.virtuous().deliver_webhook(delivery).await.is_err(), "not on this machine");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the URL is neither on this machine nor on a host of the setting `webhook_receivers`.
    pub async fn deliver_webhook(&self, delivery: WebhookDelivery) -> Result<Vec<Option<u16>>, ActionError> {
        let work = self
            .0
            .with(|state, context| outbox::delivery(&delivery, &state.settings, context, Tries::default()))?;
        let sent = tokio::task::spawn_blocking(work).await;
        sent.map_err(|_| ActionError::new("the delivery was aborted"))
    }
}
