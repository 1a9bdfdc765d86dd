//! The typed handle of the Vault Vision stand-in, and what happens outside of its API: members that only the server knows,
//! other kinds of credentials, people who log in.

use std::sync::Arc;

use serde_json::{Value, json};

use super::passwords;
use super::settings::Settings;
use super::state::{Entry, Kind, Problem, State};
use super::tree::{Object, Tree};
use super::{SPEC, VaultVisionProvider};
use crate::builder::Builder;
use crate::emulator::Emulator;
use crate::providers::{NotDone, Provider};
use crate::sync::lock;

impl Emulator {
    /// The Vault Vision stand-in.
    #[must_use]
    pub fn vaultvision(&self) -> VaultVision {
        VaultVision(Arc::clone(&self.providers().vaultvision))
    }
}

impl Builder {
    /// Changes the settings that the Vault Vision stand-in starts with.
    ///
    /// ```
    /// use auth_emulator::Emulator;
    ///
    /// let builder = Emulator::builder().vaultvision(|settings| settings.bcrypt_cost = 4);
    /// # let _ = builder;
    /// ```
    pub fn vaultvision(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings.vaultvision);
        self
    }
}

/// The Vault Vision stand-in of a running emulator. Clones are the same one.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = auth_emulator::Emulator::start().await?;
/// let vaultvision = emulator.vaultvision();
/// let tenant = vaultvision.tenant_ids().remove(0);
/// vaultvision.plant(&format!("tenants/{tenant}"), "plan", r#""large""#)?;
/// assert!(vaultvision.stored(&format!("tenants/{tenant}"))?.contains(r#""plan":"large""#));
/// assert_eq!(vaultvision.effect("tenant_updated"), 0);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct VaultVision(Arc<VaultVisionProvider>);

impl std::fmt::Debug for VaultVision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VaultVision").field("base_url", &self.base_url()).finish_non_exhaustive()
    }
}

impl VaultVision {
    /// What a client takes as its base URL: the origin alone, in place of `https://api.vaultvision.com`.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.0.base_url()
    }

    /// The one API key that is let in.
    #[must_use]
    pub fn api_key(&self) -> String {
        lock(&self.0.inner).key.clone()
    }

    /// `VV_API_KEY` and `VV_BASE_URL`.
    #[must_use]
    pub fn env(&self) -> Vec<(&'static str, String)> {
        self.0.env()
    }

    /// The ids of the tenants, in the order of the list.
    #[must_use]
    pub fn tenant_ids(&self) -> Vec<String> {
        lock(&self.0.inner).state.tenants.iter().map(|tenant| tenant.entry.id()).collect()
    }

    /// Puts a member into an object that no page names, as a server has them that knows more than its manual. From then on it
    /// is a member like all others: it is answered, and an update that leaves it out erases it.
    ///
    /// `object` is a path such as `tenants/T`, `tenants/T/applications/A`, `tenants/T/users/U` or
    /// `tenants/T/users/U/credentials/C`, `member` a name such as `require_mfa`, or `settings.require_mfa` for one inside, and
    /// `value` JSON text, which is kept to the last digit.
    ///
    /// # Errors
    ///
    /// When there is no such object, or the value is no JSON.
    pub fn plant(&self, object: &str, member: &str, value: &str) -> Result<(), NotDone> {
        let value: Tree =
            serde_json::from_str(value).map_err(|_| NotDone("value: JSON text is needed".to_owned()))?;
        let inner = &mut *lock(&self.0.inner);
        find(&mut inner.state, object)?.plant(member, value);
        Ok(())
    }

    /// An object as the server has it, as JSON text; `object` as for [`plant`](Self::plant).
    ///
    /// # Errors
    ///
    /// When there is no such object.
    pub fn stored(&self, object: &str) -> Result<String, NotDone> {
        let inner = &mut *lock(&self.0.inner);
        Ok(find(&mut inner.state, object)?.value.to_text())
    }

    /// Gives a user a credential of another kind than a password, such as a passkey; `members` is a JSON object with what is
    /// special about it. The vendor has such kinds and names none of them: Assumption: they have an id of 12 letters and digits.
    ///
    /// # Errors
    ///
    /// When there is no such user, or the members are no JSON object.
    pub fn add_credential(
        &self,
        tenant_id: &str,
        user_id: &str,
        kind: &str,
        members: &str,
    ) -> Result<String, NotDone> {
        let members = Object::parse(members.as_bytes())
            .ok_or_else(|| NotDone("members: a JSON object is needed".to_owned()))?;
        let inner = &mut *lock(&self.0.inner);
        let id = inner.state.word(12);
        let mut value = inner.state.stamped(kind, &id, self.0.context.clock.now());
        for (name, member) in members.iter() {
            value.set(name, member.clone());
        }
        let user = inner.state.user(tenant_id, user_id).map_err(|problem| not_done(&problem))?;
        let planted = members.iter().map(|(name, _)| name.to_owned()).collect();
        user.credentials.push(Entry { kind: Kind::OtherCredential, value, planted });
        Ok(id)
    }

    /// Somebody logs in with a password; whether that works. As documented, the first login unwraps an imported digest and
    /// hashes a bcrypt hash of another cost again.
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
    /// When there is no such user.
    pub fn log_in(&self, tenant_id: &str, user_id: &str, password: &str) -> Result<bool, NotDone> {
        self.0.log_in(tenant_id, user_id, password)
    }

    /// How often a side effect took place: `tenant_updated`, `application_created`, `application_updated`,
    /// `application_deleted`, and the same three for `user` and `credential`.
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
    /// emulator.vaultvision().configure(|settings| settings.key_enabled = false);
    /// assert!(!emulator.vaultvision().settings().key_enabled);
    /// # Ok(()) }
    /// ```
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.settings();
        change(&mut settings);
        lock(&self.0.inner).settings = settings;
    }
}

impl VaultVisionProvider {
    fn log_in(&self, tenant_id: &str, user_id: &str, password: &str) -> Result<bool, NotDone> {
        let inner = &mut *lock(&self.inner);
        let now = self.context.clock.now();
        let time = inner.state.time(now);
        let mut random = inner.state.random.clone();
        let user = inner.state.user(tenant_id, user_id).map_err(|problem| not_done(&problem))?;
        let blocked = user.entry.value.get("disabled").is_some_and(Tree::is_true);
        let Some(entry) = user.credentials.iter_mut().find(|entry| entry.kind == Kind::Password) else {
            return Ok(false);
        };
        if blocked || entry.value.get("disabled").is_some_and(Tree::is_true) {
            return Ok(false);
        }
        let stored = entry.value.object("password").cloned().unwrap_or_default();
        let Some(after) = passwords::log_in(&stored, password, &inner.settings, &mut random) else {
            return Ok(false);
        };
        if after != stored {
            entry.value.set("password", Tree::Object(after));
            entry.value.set("updated_at", Tree::string(&time));
        }
        inner.state.random = random;
        Ok(true)
    }
}

fn find<'s>(state: &'s mut State, path: &str) -> Result<&'s mut Entry, NotDone> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let found = match parts.as_slice() {
        ["tenants", tenant] => state.tenant(tenant).map(|tenant| &mut tenant.entry),
        ["tenants", tenant, "applications", application] => state.application(tenant, application),
        ["tenants", tenant, "users", user] => state.user(tenant, user).map(|user| &mut user.entry),
        ["tenants", tenant, "users", user, "credentials", credential] => {
            state.credential(tenant, user, credential)
        }
        _ => return Err(NotDone("path: such as tenants/T/users/U".to_owned())),
    };
    found.map_err(|problem| not_done(&problem))
}

fn not_done(problem: &Problem) -> NotDone {
    match problem {
        Problem::NotFound(why) => NotDone((*why).to_owned()),
        _ => NotDone("it can't be done".to_owned()),
    }
}

/// The same for the control API.
pub(super) fn act(
    provider: &VaultVisionProvider,
    action: &str,
    input: &Value,
) -> Option<Result<Value, NotDone>> {
    let text = |name: &str| {
        let found = input.get(name).and_then(Value::as_str);
        found.ok_or_else(|| NotDone(format!("{name}: a text is needed")))
    };
    match action {
        "plant" => Some((|| {
            let value = input.get("value").cloned().unwrap_or_default().to_string();
            let value =
                serde_json::from_str(&value).map_err(|_| NotDone("value: JSON is needed".to_owned()))?;
            find(&mut lock(&provider.inner).state, text("path")?)?.plant(text("member")?, value);
            Ok(json!({ "planted": true }))
        })()),
        "log-in" => Some((|| {
            let (tenant, user, password) = (text("tenant_id")?, text("user_id")?, text("password")?);
            let right = provider.log_in(tenant, user, password)?;
            Ok(json!({ "logged_in": right }))
        })()),
        _ => None,
    }
}
