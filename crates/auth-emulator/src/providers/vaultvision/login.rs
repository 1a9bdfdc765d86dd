//! Events outside the API that change users: logins with a password, and verified email addresses.

use super::hashing::Task;
use super::provider::{VaultVisionProvider, action_error};
use super::state::Entry;
use super::tree::{Object, Tree};
use crate::framework::exchange::Done;
use crate::framework::provider::Context;
use crate::framework::settings::ActionError;

impl VaultVisionProvider {
    /// Logs a user in with a password; an error if the user does not exist.
    pub(super) fn log_in(
        &mut self,
        tenant: &str,
        user: &str,
        password: &str,
        context: &Context,
    ) -> Result<bool, ActionError> {
        self.state.user(tenant, user).map_err(action_error)?;
        Ok(self.may_log_in(tenant, user).is_ok()
            && self.check_password(tenant, user, password, None, context).is_ok())
    }

    /// Documented: a disabled user can't log in; without `allow_unverified`, users must verify their email address first.
    pub(super) fn may_log_in(&mut self, tenant: &str, user: &str) -> Result<(), &'static str> {
        let is_open = self.state.allows(tenant, "allow_unverified");
        let user = &self.state.user(tenant, user).map_err(|_| "there is no such user")?.entry;
        if is_disabled(user) {
            return Err("the user is disabled");
        }
        let is_allowed = is_open || is_verified(&user.value);
        if is_allowed { Ok(()) } else { Err("the user has not verified the email address") }
    }

    /// Whether what a user granted to an application is valid: a code, or a token. Assumption (oidc-flow): it ends with the
    /// application and with the user, and is invalid while the user is disabled, as sessions are.
    pub(super) fn check_grant(&mut self, tenant: &str, client: &str, user: &str) -> Result<(), &'static str> {
        self.state.application(tenant, client).map_err(|_| "the application was deleted")?;
        let user = &self.state.user(tenant, user).map_err(|_| "the user was deleted")?.entry;
        if is_disabled(user) { Err("the user is disabled") } else { Ok(()) }
    }

    /// Checks a password. Documented: a disabled credential can't be used; the first login unwraps and rehashes the password.
    pub(super) fn check_password(
        &mut self,
        tenant: &str,
        user: &str,
        password: &str,
        done: Option<&Done>,
        context: &Context,
    ) -> Result<(), &'static str> {
        if !self.state.allows(tenant, "allow_passwords") {
            return Err("the tenant does not allow passwords");
        }
        let time = self.state.time(context.clock.now());
        let mut random = self.state.random.clone();
        let entry =
            self.state.credential(tenant, user, "password").map_err(|_| "the user has no password")?;
        if is_disabled(entry) {
            return Err("the password is disabled");
        }
        let stored = entry.value.object("password").cloned().unwrap_or_default();
        let log_in = Task::LogIn(password.to_owned());
        let after = log_in.result(done, &stored, &self.settings, &mut random);
        let after = after.map_err(|_| "the password is wrong")?;
        if after != stored {
            entry.value.set("password", Tree::Object(after));
            entry.value.set("updated_at", Tree::string(&time));
        }
        self.state.random = random;
        Ok(())
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

fn is_disabled(entry: &Entry) -> bool {
    entry.value.get("disabled").is_some_and(Tree::is_true)
}

/// Whether the user has verified the email address: either field states it.
fn is_verified(user: &Object) -> bool {
    user.string("verified_at").is_some_and(|time| !time.is_empty())
        || user.object("profile").and_then(|profile| profile.get("email_verified")).is_some_and(Tree::is_true)
}
