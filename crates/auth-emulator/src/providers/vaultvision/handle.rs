//! The typed handle, `emulator.vaultvision()`, with actions outside the vendor's API: undocumented fields, other kinds of
//! credentials, logins.

use super::openid::TestLogin;
use super::provider::VaultVisionProvider;
use super::settings::Settings;
use super::tree::{Object, Tree};
use crate::framework::handle::typed_handle;
use crate::framework::settings::ActionError;

typed_handle! {
    /// Handle of the emulated Vault Vision API. Clones refer to the same emulator.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// let vaultvision = emulator.vaultvision();
    /// let tenant = format!("tenants/{}", vaultvision.tenant_ids().remove(0));
    /// vaultvision.add_undocumented_field(&tenant, "plan", r#""large""#)?;
    /// assert!(vaultvision.stored_json(&tenant)?.contains(r#""plan":"large""#));
    /// assert_eq!(vaultvision.effect("tenant_updated"), 0);
    /// # Ok(()) }
    /// ```
    VaultVision of VaultVisionProvider,
    settings: Settings,
    accessor: "vaultvision",
    change: "key_enabled = false",
    /// Returns the base URL for a client, in place of `https://api.vaultvision.com`. It is the origin alone.
    url: base_url,
    /// Returns `VV_API_KEY`, `VV_BASE_URL`, and `VV_ISSUER_URL`, the first tenant's issuer.
    env,
    /// Returns the count of a side effect: `tenant_updated`, `application_created`, `application_updated`,
    /// `application_deleted`, and the same three for `user` and `credential`; `logged_in`, `login_failed`, `logged_out`,
    /// `user_signed_up`, `code_issued` and `token_issued`.
    effect,
}

impl VaultVision {
    /// Returns the one valid API key.
    #[must_use]
    pub fn api_key(&self) -> String {
        self.0.with(|vault, _| vault.key.clone())
    }

    /// Returns the ids of the tenants, in the order of the list.
    #[must_use]
    pub fn tenant_ids(&self) -> Vec<String> {
        self.0.with(|vault, _| vault.state.tenants.iter().map(|tenant| tenant.entry.id()).collect())
    }

    /// Adds a field that the vendor does not document to an object. From then on it is a field like all others: responses
    /// contain it, and an update without it deletes it.
    ///
    /// `object` is a path such as `tenants/T`, `tenants/T/applications/A`, `tenants/T/users/U` or
    /// `tenants/T/users/U/credentials/C`; `field` is a name such as `require_mfa`, or `settings.require_mfa` for a nested one;
    /// `value` is JSON, whose numbers are kept exactly.
    ///
    /// # Errors
    ///
    /// Returns an error if the object does not exist or the value is not JSON.
    pub fn add_undocumented_field(&self, object: &str, field: &str, value: &str) -> Result<(), ActionError> {
        let value: Tree =
            serde_json::from_str(value).map_err(|_| ActionError::new("value: JSON is required"))?;
        self.0.with(|vault, _| {
            vault.find(object)?.add_undocumented(field, value);
            Ok(())
        })
    }

    /// Returns a stored object as JSON. `object` is a path as for
    /// [`add_undocumented_field`](Self::add_undocumented_field).
    ///
    /// # Errors
    ///
    /// Returns an error if the object does not exist.
    pub fn stored_json(&self, object: &str) -> Result<String, ActionError> {
        self.0.with(|vault, _| Ok(vault.find(object)?.value.to_json()))
    }

    /// Adds a credential other than a password, such as a passkey, and returns its id; `fields` is a JSON object with the
    /// fields of that kind. The vendor has such kinds but documents none. Assumption (other-credentials): their ids have 12
    /// letters and digits.
    ///
    /// # Errors
    ///
    /// Returns an error if the user does not exist or `fields` is not a JSON object.
    pub fn add_credential(
        &self,
        tenant_id: &str,
        user_id: &str,
        kind: &str,
        fields: &str,
    ) -> Result<String, ActionError> {
        let fields = Object::parse(fields.as_bytes())
            .ok_or_else(|| ActionError::new("fields: a JSON object is required"))?;
        self.0.with(|vault, context| vault.add_credential(tenant_id, user_id, kind, &fields, context))
    }

    /// Logs a user in with a password and returns whether that succeeded. As documented, the first login unwraps an imported
    /// digest and rehashes a bcrypt hash of another cost; it fails for a disabled user or credential, if the tenant does not
    /// allow passwords, and without `allow_unverified` until the email address is [verified](Self::verify_email).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// let vaultvision = emulator.vaultvision();
    /// assert!(vaultvision.log_in(&vaultvision.tenant_ids()[0], "nobody", "password").is_err(), "there is no such user");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the user does not exist.
    pub fn log_in(&self, tenant_id: &str, user_id: &str, password: &str) -> Result<bool, ActionError> {
        self.0.with(|vault, context| vault.log_in(tenant_id, user_id, password, context))
    }

    /// Returns the issuer of a tenant: the address of its listener, where its discovery document is. `None` if the tenant does
    /// not exist.
    #[must_use]
    pub fn issuer(&self, tenant_id: &str) -> Option<String> {
        self.0.with(|vault, context| vault.issuer(tenant_id, context).map(str::to_owned))
    }

    /// Adds an application with a secret and a verified user with a password to the first tenant, whose issuer `VV_ISSUER_URL`
    /// names, and returns everything that a login needs.
    ///
    /// # Errors
    ///
    /// Returns an error if the address is no URL, or the emulator can't store more.
    pub fn prepare_login(&self, redirect_url: &str) -> Result<TestLogin, ActionError> {
        self.0.with(|vault, context| vault.prepare_login(redirect_url, None, context))
    }

    /// Logs a user in without a page: takes the URL of an authorization request, and returns the URL to which the browser
    /// would be redirected, with a code or an error. `user` is an id or an email address.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// let vaultvision = emulator.vaultvision();
    /// let login = vaultvision.prepare_login("https://example.test/callback")?;
    /// let url = format!(
    ///     "{}/authorize?response_type=code&scope=openid&client_id={}&redirect_uri={}",
    ///     login.issuer, login.client_id, "https%3A%2F%2Fexample.test%2Fcallback"
    /// );
    /// let redirected = vaultvision.authorize(&url, &login.email)?;
    /// assert!(redirected.starts_with("https://example.test/callback?code="));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the user does not exist, or if the page would show an error instead of redirecting, for example
    /// because the application has no such redirect URL.
    pub fn authorize(&self, url: &str, user: &str) -> Result<String, ActionError> {
        self.0.with(|vault, context| vault.authorize_at(url, Some(user), context))
    }

    /// Cancels a login: like [`authorize`](Self::authorize), with the error `access_denied`.
    ///
    /// # Errors
    ///
    /// Returns an error if the page would show an error instead of redirecting.
    pub fn deny_authorization(&self, url: &str) -> Result<String, ActionError> {
        self.0.with(|vault, context| vault.authorize_at(url, None, context))
    }

    /// Replaces the key that signs ID tokens, and returns the id of the new one. The replaced keys stay published as
    /// `published_keys` says.
    pub fn rotate_keys(&self) -> String {
        self.0.with(|vault, _| vault.rotate_keys())
    }

    /// Completes a user's verification of the email address: sets `verified_at` and `profile.email_verified`.
    ///
    /// # Errors
    ///
    /// Returns an error if the user does not exist.
    pub fn verify_email(&self, tenant_id: &str, user_id: &str) -> Result<(), ActionError> {
        self.0.with(|vault, context| vault.verify_email(tenant_id, user_id, context))
    }
}
