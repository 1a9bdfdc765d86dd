//! What generated models can do beyond holding values.

use crate::models::{DigitsAsNumber, ServiceUpdate, TokenSummary, TokenUpdate, UserUpdate, YesNo};
use serde_json::Value;

impl UserUpdate {
    /// Country code and number, which the vendor takes only together.
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

    /// A change that this version doesn't know. The vendor may take more than its page shows.
    ///
    /// ```
    /// let update = revesecure_client::models::UserUpdate::new("user-id").extra("Remark", "moved");
    /// # let _ = update;
    /// ```
    #[must_use]
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.unknown.insert(name.into(), value.into());
        self
    }
}

impl ServiceUpdate {
    /// A change that this version doesn't know: the page says that "all are optional" and shows one.
    ///
    /// ```
    /// let update = revesecure_client::models::ServiceUpdate::new("service-id").extra("Remark", "moved");
    /// # let _ = update;
    /// ```
    #[must_use]
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.unknown.insert(name.into(), value.into());
        self
    }
}

impl TokenUpdate {
    /// Blocks the token, or unblocks it.
    ///
    /// ```
    /// let update = revesecure_client::models::TokenUpdate::new("token-id").blocked(true);
    /// # let _ = update;
    /// ```
    #[must_use]
    pub fn blocked(self, on: bool) -> Self {
        self.token_blocked(if on { YesNo::Yes } else { YesNo::No })
    }

    /// A change that this version doesn't know. The vendor may take more than its page shows.
    ///
    /// ```
    /// let update = revesecure_client::models::TokenUpdate::new("token-id").extra("Remark", "moved");
    /// # let _ = update;
    /// ```
    #[must_use]
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.unknown.insert(name.into(), value.into());
        self
    }
}

impl TokenSummary {
    /// The name of the user it is assigned to; `None` when it is nobody's. An id that is missing says so, and the vendor then
    /// writes `Unassigned` for the name.
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
