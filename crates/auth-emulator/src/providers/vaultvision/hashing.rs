//! Passwords that are hashed before a request is executed, because bcrypt takes long and the provider's lock must not be held for
//! that.

use std::sync::Arc;

use super::access::{authenticate, is_throttled, permit};
use super::openid::Parameters;
use super::operations::body;
use super::passwords;
use super::provider::VaultVisionProvider;
use super::settings::Settings;
use super::state::{Kind, Problem};
use super::tree::Object;
use crate::framework::checks::Checks;
use crate::framework::exchange::{Call, Done};
use crate::framework::provider::LongPart;
use crate::framework::random::Random;

/// What is done with a password.
pub(super) enum Task {
    /// With the body that contains it.
    Import(Object),
    Update(Object),
    LogIn(String),
}

impl Task {
    fn run(&self, old: &Object, settings: &Settings, random: &mut Random) -> Result<Object, Problem> {
        match self {
            Self::Import(body) => passwords::import(body, settings, random),
            Self::Update(body) => passwords::update(body, old, settings, random),
            Self::LogIn(password) => {
                let after = passwords::log_in(old, password, settings, random);
                after.ok_or(Problem::Invalid("the password is wrong"))
            }
        }
    }

    /// The password afterwards: the one in `done`, unless the stored password has changed in the meantime.
    pub(super) fn result(
        &self,
        done: Option<&Done>,
        old: &Object,
        settings: &Settings,
        random: &mut Random,
    ) -> Result<Object, Problem> {
        let hashed = done.and_then(|done| done.downcast_ref::<Hashed>()).filter(|hashed| hashed.old == *old);
        hashed.map_or_else(|| self.run(old, settings, random), |hashed| hashed.after.clone())
    }
}

/// The result of a task.
struct Hashed {
    old: Object,
    after: Result<Object, Problem>,
}

impl VaultVisionProvider {
    pub(super) fn hashing(&mut self, call: &Call) -> Option<LongPart> {
        let (old, task) = if call.listener == 0 { self.of_api(call) } else { self.of_login(call) }?;
        let (settings, mut random) = (self.settings.clone(), self.state.random.clone());
        // The salt.
        self.state.random.bytes(16);
        Some(Box::new(move || {
            let after = task.run(&old, &settings, &mut random);
            Arc::new(Hashed { old, after })
        }))
    }

    fn of_api(&mut self, call: &Call) -> Option<(Object, Task)> {
        let Self { key, state, settings } = self;
        if is_throttled(call, settings, state) {
            return None;
        }
        let checks = &mut Checks::default();
        authenticate(call, key, settings, checks).and_then(|()| permit(call, settings, checks)).ok()?;
        let body = body(call, Kind::Password, settings);
        let (tenant, user) = (call.param("tenant_id"), call.param("user_id"));
        match call.operation {
            "credentials.create" => {
                state.user(tenant, user).ok()?;
                Some((Object::default(), Task::Import(body.ok()?)))
            }
            "credentials.update" => {
                let entry = state.credential(tenant, user, call.param("credential_id")).ok()?;
                let old = entry.value.object("password").filter(|_| entry.kind == Kind::Password)?;
                Some((old.clone(), Task::Update(body.ok()?)))
            }
            _ => None,
        }
    }

    fn of_login(&mut self, call: &Call) -> Option<(Object, Task)> {
        let form = Parameters::of_form(call).filter(|_| call.operation == "openid.log_in")?;
        let (email, password) = (form.get("email")?, form.get("password")?);
        let tenant = self.state.tenants.get(call.listener.checked_sub(1)?)?.entry.id();
        let user = self.state.user_by_name(&tenant, email);
        match (form.get("action"), user) {
            (Some("sign_up"), None) => Some((Object::default(), Task::Import(passwords::plain(password)))),
            (None | Some("log_in"), Some(user)) => {
                let entry = self.state.credential(&tenant, &user, "password").ok()?;
                Some((entry.value.object("password")?.clone(), Task::LogIn(password.to_owned())))
            }
            _ => None,
        }
    }
}
