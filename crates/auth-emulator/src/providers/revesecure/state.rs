//! The stored data: users, services with their users, tokens, bypass codes and registered devices. The rules of a login are
//! in `login.rs`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::credential::Credential;
use super::records::{BypassCode, Life, Policy, Problem, Profile, Push, Service, Token, TokenKind, User};
use super::settings::Settings;
use crate::framework::random::Random;
use crate::framework::timestamp::Timestamp;

/// The limit on each kind of record, regardless of the settings.
const MAX: usize = 10_000;
const MAX_BYPASS_CODES: usize = 100;
const MAX_DEVICES: usize = 1_000;
/// The lifetime of everything that has one; in the vendor's samples, all of it ends on 31 December 2018.
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// In the order of creation, which is the order of lists.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) random: Random,
    pub(super) users: Vec<User>,
    pub(super) services: Services,
    pub(super) tokens: Vec<Token>,
    pub(super) pushes: Vec<Push>,
    devices: Vec<(String, String, bool)>,
    /// When the organization is active.
    pub(super) life: Life,
}

fn a_year(now: Timestamp) -> Life {
    Life { active: true, since: now, until: now.plus(YEAR) }
}

/// The services of the organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Services {
    own: Service,
    others: Vec<Service>,
}

impl Services {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Service> {
        std::iter::once(&self.own).chain(&self.others)
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = &mut Service> {
        std::iter::once(&mut self.own).chain(&mut self.others)
    }

    pub(super) fn len(&self) -> usize {
        1 + self.others.len()
    }
}

impl State {
    /// The initial data: one service, with this credential.
    pub(super) fn new(credential: Credential, mut random: Random, now: Timestamp) -> Self {
        let own = Service {
            id: random.hex(8),
            name: "Emulator".to_owned(),
            kind: "WEB_API".to_owned(),
            credential,
            life: a_year(now),
            users: Vec::new(),
        };
        Self {
            random,
            users: Vec::new(),
            services: Services { own, others: Vec::new() },
            tokens: Vec::new(),
            pushes: Vec::new(),
            devices: Vec::new(),
            life: a_year(now),
        }
    }

    /// The first service, which is never deleted.
    pub(super) fn own_service(&self) -> &Service {
        &self.services.own
    }

    pub(super) fn own_service_mut(&mut self) -> &mut Service {
        &mut self.services.own
    }

    /// The keys of services and the bypass codes of users.
    pub(super) fn issued(&self) -> impl Iterator<Item = &str> {
        let keys = self.services.iter().map(|service| &service.credential.secret_key);
        let codes = self.users.iter().flat_map(|user| &user.bypass_codes).map(|code| &code.code);
        keys.chain(codes).map(String::as_str)
    }

    pub(super) fn service_of_key(&self, api_key: &str) -> Result<&Service, Problem> {
        self.services.iter().find(|service| service.credential.api_key == api_key).ok_or(Problem::OtherApiKey)
    }

    pub(super) fn user(&self, id: &str) -> Result<&User, Problem> {
        self.users.iter().find(|user| user.id == id).ok_or(Problem::NoUser)
    }

    pub(super) fn user_mut(&mut self, id: &str) -> Result<&mut User, Problem> {
        self.users.iter_mut().find(|user| user.id == id).ok_or(Problem::NoUser)
    }

    pub(super) fn create_user(
        &mut self,
        profile: Profile,
        now: Timestamp,
        settings: &Settings,
    ) -> Result<String, Problem> {
        let (country_code, number) = profile.phone.unwrap_or_default();
        // Assumption (user-names): the default UserName is the email address, or else the phone number.
        let name = profile.user_name.or_else(|| profile.email.clone()).unwrap_or_else(|| number.clone());
        self.check_names("", &[Some(&name), profile.email.as_deref()])?;
        if self.users.len() >= settings.allowed_user_count.min(MAX) {
            return Err(Problem::PlanIsFull("users"));
        }
        let id = self.random.hex(16);
        self.users.push(User {
            id: id.clone(),
            user_name: name,
            email: profile.email.unwrap_or_default(),
            first_name: profile.first_name.unwrap_or_default(),
            last_name: profile.last_name.unwrap_or_default(),
            country_code,
            number,
            policy: Policy::Enabled,
            bypass_codes: Vec::new(),
        });
        if settings.new_users_have_app {
            self.install_app(&id, now)?;
        }
        Ok(id)
    }

    /// Checks that no other user is called so. Assumption (user-names): a UserName is not another user's email address either,
    /// because a login accepts both.
    fn check_names(&self, own: &str, names: &[Option<&str>]) -> Result<(), Problem> {
        let is_other = |user: &User| names.iter().flatten().any(|name| user.is_called(name));
        let taken = self.users.iter().any(|user| user.id != own && is_other(user));
        if taken { Err(Problem::UserExists) } else { Ok(()) }
    }

    pub(super) fn edit_user(&mut self, id: &str, profile: Profile) -> Result<(), Problem> {
        self.user(id)?;
        self.check_names(id, &[profile.user_name.as_deref(), profile.email.as_deref()])?;
        let user = self.user_mut(id)?;
        let set = |field: &mut String, value: Option<String>| {
            if let Some(value) = value {
                *field = value;
            }
        };
        set(&mut user.user_name, profile.user_name);
        set(&mut user.email, profile.email);
        set(&mut user.first_name, profile.first_name);
        set(&mut user.last_name, profile.last_name);
        if let Some((country_code, number)) = profile.phone {
            (user.country_code, user.number) = (country_code, number);
        }
        Ok(())
    }

    /// Deletes a user. The user's tokens become unassigned, and the user is unmapped from every service.
    pub(super) fn delete_user(&mut self, id: &str) -> Result<(), Problem> {
        self.user(id)?;
        self.users.retain(|user| user.id != id);
        for service in self.services.iter_mut() {
            service.users.retain(|user| user != id);
        }
        for token in self.tokens.iter_mut().filter(|token| token.user.as_deref() == Some(id)) {
            token.user = None;
        }
        Ok(())
    }

    /// Activates or deactivates a service or a token.
    pub(super) fn set_active(&mut self, id: &str, active: bool) -> bool {
        let service =
            self.services.iter_mut().find(|service| service.id == id).map(|service| &mut service.life);
        let token = self.tokens.iter_mut().find(|token| token.id == id).map(|token| &mut token.life);
        let life = service.or(token);
        let found = life.is_some();
        if let Some(life) = life {
            life.active = active;
        }
        found
    }

    pub(super) fn service(&self, id: &str) -> Result<&Service, Problem> {
        self.services.iter().find(|service| service.id == id).ok_or(Problem::NoService)
    }

    fn service_mut(&mut self, id: &str) -> Result<&mut Service, Problem> {
        self.services.iter_mut().find(|service| service.id == id).ok_or(Problem::NoService)
    }

    pub(super) fn create_service(
        &mut self,
        name: String,
        kind: String,
        now: Timestamp,
        settings: &Settings,
    ) -> Result<String, Problem> {
        if self.services.len() >= settings.allowed_service_count.min(MAX) {
            return Err(Problem::PlanIsFull("services"));
        }
        let id = self.random.hex(8);
        // Assumption (activation): a new service is active for a year.
        let credential = Credential::demo(&mut self.random);
        let life = a_year(now);
        let service = Service { id: id.clone(), name, kind, credential, life, users: Vec::new() };
        self.services.others.push(service);
        Ok(id)
    }

    pub(super) fn rename_service(&mut self, id: &str, name: String) -> Result<(), Problem> {
        self.service_mut(id)?.name = name;
        Ok(())
    }

    pub(super) fn delete_service(&mut self, id: &str) -> Result<(), Problem> {
        self.service(id)?;
        if self.own_service().id == id {
            return Err(Problem::OwnService);
        }
        self.services.others.retain(|service| service.id != id);
        Ok(())
    }

    /// Assumption (mappings): all or nothing; a user who is already mapped stays mapped.
    pub(super) fn map(&mut self, service: &str, users: &[String]) -> Result<(), Problem> {
        self.service(service)?;
        for user in users {
            self.user(user)?;
        }
        let service = self.service_mut(service)?;
        for user in users {
            if !service.users.contains(user) {
                service.users.push(user.clone());
            }
        }
        Ok(())
    }

    pub(super) fn unmap(&mut self, service: &str, user: &str) -> Result<(), Problem> {
        self.user(user)?;
        let service = self.service_mut(service)?;
        if !service.users.iter().any(|mapped| mapped == user) {
            return Err(Problem::NotMapped);
        }
        service.users.retain(|mapped| mapped != user);
        Ok(())
    }

    pub(super) fn token(&self, id: &str) -> Result<&Token, Problem> {
        self.tokens.iter().find(|token| token.id == id).ok_or(Problem::NoToken)
    }

    pub(super) fn token_mut(&mut self, id: &str) -> Result<&mut Token, Problem> {
        self.tokens.iter_mut().find(|token| token.id == id).ok_or(Problem::NoToken)
    }

    /// Adds the software token that a person creates by installing the app.
    pub(super) fn install_app(&mut self, user: &str, now: Timestamp) -> Result<String, Problem> {
        self.user(user)?;
        let name = "Emulated phone".to_owned();
        self.add_token(name, TokenKind::Software, String::new(), Some(user.to_owned()), now)
    }

    pub(super) fn create_token(
        &mut self,
        name: String,
        serial: String,
        now: Timestamp,
    ) -> Result<String, Problem> {
        if self.tokens.iter().any(|token| token.serial == serial) {
            return Err(Problem::TokenExists);
        }
        self.add_token(name, TokenKind::Hardware, serial, None, now)
    }

    fn add_token(
        &mut self,
        name: String,
        kind: TokenKind,
        serial: String,
        user: Option<String>,
        now: Timestamp,
    ) -> Result<String, Problem> {
        if self.tokens.len() >= MAX {
            return Err(Problem::Full("tokens"));
        }
        let (id, key) = (self.random.hex(16), self.random.bytes(32));
        let token = Token {
            id: id.clone(),
            name,
            kind,
            serial,
            user,
            blocked: false,
            life: a_year(now),
            key,
            spent_step: -1,
        };
        self.tokens.push(token);
        Ok(id)
    }

    pub(super) fn assign(&mut self, user: &str, token: &str) -> Result<(), Problem> {
        self.user(user)?;
        let token = self.token_mut(token)?;
        if token.user.as_deref().is_some_and(|held| held != user) {
            return Err(Problem::TokenTaken);
        }
        token.user = Some(user.to_owned());
        Ok(())
    }

    pub(super) fn unassign(&mut self, user: &str, token: &str) -> Result<(), Problem> {
        self.user(user)?;
        let token = self.token_mut(token)?;
        if token.user.as_deref() != Some(user) {
            return Err(Problem::NotAssigned);
        }
        token.user = None;
        Ok(())
    }

    pub(super) fn delete_token(&mut self, id: &str) -> Result<(), Problem> {
        self.token(id)?;
        self.tokens.retain(|token| token.id != id);
        Ok(())
    }

    pub(super) fn create_bypass_codes(
        &mut self,
        user: &str,
        number: usize,
        now: Timestamp,
        settings: &Settings,
    ) -> Result<Vec<String>, Problem> {
        let held = self.user(user)?.bypass_codes.len();
        if held + number > MAX_BYPASS_CODES {
            return Err(Problem::Full("bypass codes"));
        }
        let expires_at = now.plus(Duration::from_secs(settings.bypass_lifetime_seconds));
        let codes: Vec<BypassCode> = (0..number)
            .map(|_| BypassCode { id: self.random.hex(8), code: self.random.digits(8), expires_at })
            .collect();
        let strings = codes.iter().map(|code| code.code.clone()).collect();
        self.user_mut(user)?.bypass_codes.extend(codes);
        Ok(strings)
    }

    pub(super) fn register_device(
        &mut self,
        login: String,
        device: String,
        enabled: bool,
    ) -> Result<(), Problem> {
        let known = self.devices.iter().position(|(l, d, _)| *l == login && *d == device);
        if let Some(at) = known {
            self.devices.remove(at);
        } else if self.devices.len() >= MAX_DEVICES {
            return Err(Problem::Full("devices"));
        }
        self.devices.push((login, device, enabled));
        Ok(())
    }

    /// Login name, device id and flag of each registration, oldest first.
    pub(super) fn devices(&self) -> &[(String, String, bool)] {
        &self.devices
    }
}
