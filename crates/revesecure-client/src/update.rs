//! Additional methods of generated models.

use crate::models::{DigitsAsNumber, ServiceUpdate, TokenSummary, TokenUpdate, UserUpdate, YesNo};
use auth_client_core::RawJson;

impl UserUpdate {
    /// Sets country code and number, which the vendor accepts only together.
    ///
    /// ```
    /// use revesecure_client::models::UserUpdate;
    ///
    /// let update = UserUpdate::new("user-id").phone(91, "8123465790");
    /// # let _ = update;
    /// ```
    #[must_use]
    pub fn phone(self, country_code: impl Into<DigitsAsNumber>, number: impl Into<DigitsAsNumber>) -> Self {
        self.country_code(country_code).contact_number(number)
    }

    /// Sets a field that this version of the crate doesn't know.
    ///
    /// ```
    /// let update = revesecure_client::models::UserUpdate::new("user-id").extra("Remark", "moved");
    /// # let _ = update;
    /// ```
    #[must_use]
    pub fn extra(mut self, name: impl AsRef<str>, value: impl Into<RawJson>) -> Self {
        // Serializing a JSON value can't fail.
        let _ = self.unknown.insert(name.as_ref(), &value.into());
        self
    }
}

impl ServiceUpdate {
    /// Sets a field that this version of the crate doesn't know. The documentation says that "all are optional", but
    /// shows only one field.
    ///
    /// ```
    /// let update = revesecure_client::models::ServiceUpdate::new("service-id").extra("Remark", "moved");
    /// # let _ = update;
    /// ```
    #[must_use]
    pub fn extra(mut self, name: impl AsRef<str>, value: impl Into<RawJson>) -> Self {
        // Serializing a JSON value can't fail.
        let _ = self.unknown.insert(name.as_ref(), &value.into());
        self
    }
}

impl TokenUpdate {
    /// Blocks or unblocks the token.
    ///
    /// ```
    /// let update = revesecure_client::models::TokenUpdate::new("token-id").blocked(true);
    /// # let _ = update;
    /// ```
    #[must_use]
    pub fn blocked(self, on: bool) -> Self {
        self.token_blocked(if on { YesNo::Yes } else { YesNo::No })
    }

    /// Sets a field that this version of the crate doesn't know.
    ///
    /// ```
    /// let update = revesecure_client::models::TokenUpdate::new("token-id").extra("Remark", "moved");
    /// # let _ = update;
    /// ```
    #[must_use]
    pub fn extra(mut self, name: impl AsRef<str>, value: impl Into<RawJson>) -> Self {
        // Serializing a JSON value can't fail.
        let _ = self.unknown.insert(name.as_ref(), &value.into());
        self
    }
}

impl TokenSummary {
    /// Returns the name of the user that the token is assigned to, or `None` if it is not assigned. The vendor
    /// then omits the id and sends `Unassigned` as the name.
    ///
    /// ```
    /// fn owner(token: &revesecure_client::models::TokenSummary) -> &str {
    ///     token.assigned_to().unwrap_or("nobody")
    /// }
    /// ```
    #[must_use]
    pub fn assigned_to(&self) -> Option<&str> {
        self.user_id.as_ref()?;
        self.assigned_user.as_deref().filter(|name| *name != "Unassigned")
    }
}
