//! Events outside the API that change users: logins with a password, and verified email addresses.

use super::passwords;
use super::provider::{VaultVisionProvider, action_error};
use super::state::{Entry, Kind};
use super::tree::{Object, Tree};
use crate::framework::provider::Context;
use crate::framework::settings::ActionError;

impl VaultVisionProvider {
    /// Documented: a disabled user or credential can't log in; without `allow_unverified`, users must verify their email address
    /// first; the first login unwraps and rehashes the password.
    pub(super) fn log_in(
        &mut self,
        tenant_id: &str,
        user_id: &str,
        password: &str,
        context: &Context,
    ) -> Result<bool, ActionError> {
        let Self { state, settings, .. } = self;
        let time = state.time(context.clock.now());
        let mut random = state.random.clone();
        let tenant = state.tenant(tenant_id).map_err(action_error)?.entry.value.object("settings").cloned();
        let allows =
            |name| tenant.as_ref().and_then(|settings| settings.get(name)).is_some_and(Tree::is_true);
        let user = state.user(tenant_id, user_id).map_err(action_error)?;
        let is_disabled = |entry: &Entry| entry.value.get("disabled").is_some_and(Tree::is_true);
        let user_is_disabled = is_disabled(&user.entry);
        if !allows("allow_passwords") || !(allows("allow_unverified") || is_verified(&user.entry.value)) {
            return Ok(false);
        }
        let Some(entry) = user.credentials.iter_mut().find(|entry| entry.kind == Kind::Password) else {
            return Ok(false);
        };
        if user_is_disabled || is_disabled(entry) {
            return Ok(false);
        }
        let stored = entry.value.object("password").cloned().unwrap_or_default();
        let Some(after) = passwords::log_in(&stored, password, settings, &mut random) else {
            return Ok(false);
        };
        if after != stored {
            entry.value.set("password", Tree::Object(after));
            entry.value.set("updated_at", Tree::string(&time));
        }
        state.random = random;
        Ok(true)
    }

    /// Sets the two fields that a verified user has in the vendor's samples.
    pub(super) fn verify_email(
        &mut self,
        tenant_id: &str,
        user_id: &str,
        context: &Context,
    ) -> Result<(), ActionError> {
        let time = self.state.time(context.clock.now());
        let user = &mut self.state.user(tenant_id, user_id).map_err(action_error)?.entry.value;
        user.set("verified_at", Tree::string(&time));
        user.change_object("profile", |profile| profile.set("email_verified", Tree::flag(true)));
        Ok(())
    }
}

/// Whether the user has verified the email address: either field states it.
fn is_verified(user: &Object) -> bool {
    user.string("verified_at").is_some_and(|time| !time.is_empty())
        || user.object("profile").and_then(|profile| profile.get("email_verified")).is_some_and(Tree::is_true)
}
