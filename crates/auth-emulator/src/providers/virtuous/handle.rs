//! The typed handle, `emulator.virtuous()`, and the builder's door to the settings.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::gifts::matching::Matched;
use super::settings::Settings;
use super::{SPEC, VirtuousProvider};
use crate::builder::Builder;
use crate::emulator::Emulator;
use crate::pending::PendingCode;
use crate::providers::{NotDone, Provider};
use crate::sync::lock;

impl Emulator {
    /// The Virtuous stand-in.
    #[must_use]
    pub fn virtuous(&self) -> Virtuous {
        Virtuous(Arc::clone(&self.providers().virtuous))
    }
}

impl Builder {
    /// Changes the settings that the Virtuous stand-in starts with.
    ///
    /// ```
    /// use auth_emulator::Emulator;
    ///
    /// let builder = Emulator::builder().virtuous(|settings| {
    ///     settings.two_factor = true;
    ///     settings.access_lifetime_seconds = 3600;
    /// });
    /// # let _ = builder;
    /// ```
    pub fn virtuous(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings.virtuous);
        self
    }
}

/// The Virtuous stand-in of a running emulator. Clones are the same one.
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
#[derive(Clone)]
pub struct Virtuous(Arc<VirtuousProvider>);

impl std::fmt::Debug for Virtuous {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Virtuous").field("base_url", &self.base_url()).finish_non_exhaustive()
    }
}

/// A webhook to be delivered.
///
/// ```
/// use auth_emulator::providers::virtuous::WebhookDelivery;
/// use serde_json::json;
///
/// let body = json!({"event": "GiftCreate", "gift": {"id": 301}});
/// let delivery = WebhookDelivery::new("http://127.0.0.1:8080/hook", body).signed_with("it is a secret");
/// assert!(delivery.secret.is_some());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WebhookDelivery {
    /// Where to: plain `http` on a loopback address, with a port.
    pub url: String,
    /// What it is signed with; without one it carries no signature.
    pub secret: Option<String>,
    /// The body.
    pub body: Value,
}

impl WebhookDelivery {
    /// A delivery without a signature.
    #[must_use]
    pub fn new(url: impl Into<String>, body: Value) -> Self {
        Self { url: url.into(), secret: None, body }
    }

    /// The same, signed.
    #[must_use]
    pub fn signed_with(mut self, secret: impl Into<String>) -> Self {
        self.secret = Some(secret.into());
        self
    }
}

impl Virtuous {
    /// What a client takes as its base URL, in place of `https://api.virtuoussoftware.com`.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.0.base_url()
    }

    /// The one user's name, an e-mail address.
    #[must_use]
    pub fn username(&self) -> String {
        lock(&self.0.inner).user.name.clone()
    }

    /// The user's password. It has characters that a form has to escape.
    #[must_use]
    pub fn password(&self) -> String {
        lock(&self.0.inner).user.password.clone()
    }

    /// The one API key.
    #[must_use]
    pub fn api_key(&self) -> String {
        lock(&self.0.inner).api_key.clone()
    }

    /// The application key of the pair for signatures.
    #[must_use]
    pub fn application_key(&self) -> String {
        lock(&self.0.inner).keys.application_key.clone()
    }

    /// The private key of the pair, in base64.
    #[must_use]
    pub fn private_key(&self) -> String {
        lock(&self.0.inner).keys.private_key.clone()
    }

    /// The variables that point a client here, for all ways in.
    #[must_use]
    pub fn env(&self) -> Vec<(&'static str, String)> {
        self.0.env()
    }

    /// Changes the user's password, as a person does.
    pub fn set_password(&self, password: &str) {
        lock(&self.0.inner).user.password = password.to_owned();
    }

    /// The code that waits to be typed.
    #[must_use]
    pub fn pending_codes(&self) -> Vec<PendingCode> {
        self.0.pending_codes()
    }

    /// Lets every access token run out now; how many were good. Refresh tokens live on.
    pub fn expire_access_tokens(&self) -> usize {
        self.0.expire_tokens().unwrap_or_default()
    }

    /// Takes every token back now; how many access tokens were good.
    pub fn revoke_all_tokens(&self) -> usize {
        self.0.revoke_tokens().unwrap_or_default()
    }

    /// How often a side effect took place: `login`, `login_refused`, `code_sent`, `code_checked`, `token_refreshed`,
    /// `refresh_token_reused`, `family_revoked`, `gift_transaction`, `contact_transaction`, `webhook_due`, `webhook_sent`,
    /// `webhook_taken`, `webhook_dropped`.
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
    /// emulator.virtuous().configure(|settings| settings.two_factor = true);
    /// assert!(emulator.virtuous().settings().two_factor);
    /// # Ok(()) }
    /// ```
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut lock(&self.0.inner).settings);
    }

    /// How long access tokens live that are issued from now on, in whole seconds.
    pub fn set_access_lifetime(&self, lifetime: Duration) {
        self.configure(|settings| settings.access_lifetime_seconds = lifetime.as_secs());
    }

    /// How long a replaced refresh token still works, in whole seconds.
    pub fn set_rotation_grace(&self, grace: Duration) {
        self.configure(|settings| settings.rotation_grace_seconds = grace.as_secs());
    }

    /// The nightly run over the transactions, now: contacts and gifts come of them, and can be read from then on.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// assert_eq!(emulator.virtuous().match_transactions().gifts, 0, "no transaction waits");
    /// # Ok(()) }
    /// ```
    pub fn match_transactions(&self) -> Matched {
        self.0.match_transactions()
    }

    /// The last 200 deliveries that writes owed to active subscriptions, oldest first, sent or not.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// assert!(emulator.virtuous().due_webhooks().is_empty(), "nothing was written yet");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn due_webhooks(&self) -> Vec<WebhookDelivery> {
        lock(&self.0.inner).due.iter().cloned().collect()
    }

    /// Delivers a webhook, with the tries and duplicates of the settings; the status of each answer, `None` for none.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// use auth_emulator::providers::virtuous::WebhookDelivery;
    ///
    /// let delivery = WebhookDelivery::new("https://example.org/hook", serde_json::json!({"event": "GiftCreate"}));
    /// assert!(emulator.virtuous().deliver_webhook(delivery).await.is_err(), "that is not this machine");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When the address is not on this machine.
    pub async fn deliver_webhook(&self, delivery: WebhookDelivery) -> Result<Vec<Option<u16>>, NotDone> {
        let work = self.0.delivery(&delivery.url, delivery.secret, delivery.body)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| NotDone("the delivery was broken off".to_owned()))
    }
}
