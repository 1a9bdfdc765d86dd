//! The stored data: services, their users, and the one started authentication of each user.

use serde::{Deserialize, Serialize};

use super::authentication::{Attempt, Authentication, CodeResult, Method};
use super::body::domain;
use super::settings::{ServiceWithUsers, Settings};
use super::spec::SPEC;
use crate::framework::fields::BodyProblem;
use crate::framework::pending::PendingCode;
use crate::framework::random::Random;
use crate::framework::timestamp::Timestamp;

const MAX_SERVICES: usize = 1000;
const MAX_USERS: usize = 10_000;
const CODE_DIGITS: usize = 6;

/// Why a request is rejected; `replies.rs` formats it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    Unauthorized,
    NotAcceptable,
    Forbidden,
    Body(BodyProblem),
    NoService,
    NoUser,
    NotStarted,
    ServiceExists,
    UserExists,
    ServiceHasUsers,
    Full(&'static str),
}

impl From<BodyProblem> for Problem {
    fn from(problem: BodyProblem) -> Self {
        Self::Body(problem)
    }
}

impl Problem {
    /// The failed check and the reason, if they were not noted yet.
    pub(super) fn for_explanation(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Unauthorized | Self::NotAcceptable | Self::Body(_) => None,
            Self::Forbidden => Some(("permission", "the account is not allowed to use the API")),
            Self::NoService => Some(("existence", "there is no service with that id")),
            Self::NoUser => Some(("existence", "the service has no user with that id")),
            Self::NotStarted => Some((
                "existence",
                "no matching authentication is in progress: none was started, or it is complete",
            )),
            Self::ServiceExists => Some(("conflict", "another service has that fqdn")),
            Self::UserExists => Some(("conflict", "another user of the service has that id_in_service")),
            Self::ServiceHasUsers => Some(("conflict", "the service still has users")),
            Self::Full(_) => Some(("capacity", "the limit of the emulator is reached")),
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Service {
    pub id: String,
    pub name: String,
    pub ctime: Timestamp,
    pub users: Vec<User>,
    fqdn: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct User {
    pub id: String,
    pub id_in_service: String,
    pub ctime: Timestamp,
    phone_number: String,
    app_key: Option<Vec<u8>>,
    /// The last time step whose app code was used; the code is rejected in another authentication.
    spent_step: i64,
    started: Option<Authentication>,
}

/// In the order of creation, which is the order of lists.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) random: Random,
    services: Vec<Service>,
}

impl State {
    pub(super) fn new(random: Random) -> Self {
        Self { random, services: Vec::new() }
    }

    pub(super) fn create_service(
        &mut self,
        fqdn: String,
        name: String,
        now: Timestamp,
    ) -> Result<&Service, Problem> {
        // Assumption (duplicates): "service already exists" refers to the domain name in `fqdn`.
        let name_of = |fqdn: &str| domain(fqdn).unwrap_or_else(|| fqdn.to_lowercase());
        let own = name_of(&fqdn);
        if self.services.iter().any(|service| name_of(&service.fqdn) == own) {
            return Err(Problem::ServiceExists);
        }
        if self.services.len() >= MAX_SERVICES {
            return Err(Problem::Full("services"));
        }
        let id = self.random.uuid();
        let at = self.services.len();
        self.services.push(Service { id, name, ctime: now, users: Vec::new(), fqdn });
        self.services.get(at).ok_or(Problem::NoService)
    }

    pub(super) fn service(&self, id: &str) -> Result<&Service, Problem> {
        self.services.iter().find(|service| service.id == id).ok_or(Problem::NoService)
    }

    fn service_mut(&mut self, id: &str) -> Result<&mut Service, Problem> {
        self.services.iter_mut().find(|service| service.id == id).ok_or(Problem::NoService)
    }

    pub(super) fn delete_service(&mut self, id: &str, with_users: ServiceWithUsers) -> Result<(), Problem> {
        if with_users == ServiceWithUsers::Refuse && !self.service(id)?.users.is_empty() {
            return Err(Problem::ServiceHasUsers);
        }
        self.service(id)?;
        self.services.retain(|service| service.id != id);
        Ok(())
    }

    pub(super) fn create_user(
        &mut self,
        service: &str,
        id_in_service: String,
        phone_number: String,
        has_app: bool,
        now: Timestamp,
    ) -> Result<&User, Problem> {
        let count: usize = self.services.iter().map(|service| service.users.len()).sum();
        let (id, key) = (self.random.uuid(), self.random.bytes(32));
        let service = self.service_mut(service)?;
        // Assumption (duplicates): the same person may be a user of two services, and two users may have the same phone number.
        if service.users.iter().any(|user| user.id_in_service == id_in_service) {
            return Err(Problem::UserExists);
        }
        if count >= MAX_USERS {
            return Err(Problem::Full("users"));
        }
        let at = service.users.len();
        service.users.push(User {
            id,
            id_in_service,
            ctime: now,
            phone_number,
            app_key: has_app.then_some(key),
            spent_step: -1,
            started: None,
        });
        service.users.get(at).ok_or(Problem::NoUser)
    }

    pub(super) fn user(&self, service: &str, id: &str) -> Result<&User, Problem> {
        self.service(service)?.users.iter().find(|user| user.id == id).ok_or(Problem::NoUser)
    }

    fn user_mut(&mut self, service: &str, id: &str) -> Result<&mut User, Problem> {
        self.service_mut(service)?.users.iter_mut().find(|user| user.id == id).ok_or(Problem::NoUser)
    }

    pub(super) fn delete_user(&mut self, service: &str, id: &str) -> Result<(), Problem> {
        self.user(service, id)?;
        self.service_mut(service)?.users.retain(|user| user.id != id);
        Ok(())
    }

    /// Starts an authentication; returns the method that is used, and the id.
    ///
    /// Assumption (one-authentication): another authentication can be started at any time; it ends the previous one.
    pub(super) fn start(
        &mut self,
        service: &str,
        user: &str,
        wanted: Method,
        now: Timestamp,
        settings: &Settings,
    ) -> Result<(Method, String), Problem> {
        self.user(service, user)?;
        let (id, code) = (self.random.uuid(), self.random.digits(CODE_DIGITS));
        let user = self.user_mut(service, user)?;
        let started = match (wanted, &user.app_key) {
            (Method::Totp, Some(key)) => Authentication::by_app(id.clone(), key.clone(), user.spent_step),
            _ => Authentication::by_sms(id.clone(), code, now, settings),
        };
        let method = started.method();
        user.started = Some(started);
        Ok((method, id))
    }

    /// Checks a code.
    ///
    /// Assumption (one-authentication): a verified authentication is complete, so that another code, even the same one, is a 404.
    pub(super) fn verify(
        &mut self,
        service: &str,
        user: &str,
        attempt: &Attempt,
        now: Timestamp,
        settings: &Settings,
    ) -> Result<(Method, CodeResult), Problem> {
        let user = self.user_mut(service, user)?;
        let started = user.started.as_mut().filter(|started| started.matches(attempt));
        let started = started.ok_or(Problem::NotStarted)?;
        let (result, step) = started.check(&attempt.token, now, settings);
        let method = started.method();
        if result == CodeResult::Verified {
            user.started = None;
            user.spent_step = step.unwrap_or(user.spent_step);
        }
        Ok((method, result))
    }

    /// Installs or removes the app. Returns false if the user does not exist.
    pub(super) fn set_app(&mut self, id: &str, has_app: bool) -> bool {
        let key = self.random.bytes(32);
        let user = self.services.iter_mut().flat_map(|service| &mut service.users).find(|user| user.id == id);
        let Some(user) = user else { return false };
        if !has_app {
            user.app_key = None;
        } else if user.app_key.is_none() {
            user.app_key = Some(key);
        }
        true
    }

    pub(super) fn authentication_mut(&mut self, id: &str) -> Option<&mut Authentication> {
        let users = self.services.iter_mut().flat_map(|service| &mut service.users);
        users.filter_map(|user| user.started.as_mut()).find(|started| started.id == id)
    }

    pub(super) fn pending_codes(&self, now: Timestamp, max_wrong_tries: u32) -> Vec<PendingCode> {
        let services = self.services.iter();
        let users = services.flat_map(|service| service.users.iter().map(move |user| (service, user)));
        users
            .filter_map(|(service, user)| {
                let started = user.started.as_ref()?;
                let (code, expires_at) = started.current_code(now, max_wrong_tries)?;
                Some(PendingCode {
                    provider: SPEC.name,
                    subject: user.id_in_service.clone(),
                    kind: started.method().name(),
                    id: started.id.clone(),
                    code,
                    service: service.name.clone(),
                    expires_at,
                    aliases: vec![user.id.clone(), user.phone_number.clone()],
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_data_is_bounded() {
        let now = Timestamp::from_unix_seconds(0);
        let mut state = State::new(Random::new(1, "state"));
        for number in 0..MAX_SERVICES {
            state.create_service(format!("{number}.example"), "n".to_owned(), now).unwrap();
        }
        let one_more = state.create_service("more.example".to_owned(), "n".to_owned(), now).err();
        assert_eq!(one_more, Some(Problem::Full("services")));

        let ids: Vec<_> = state.services.iter().take(2).map(|service| service.id.clone()).collect();
        let mut user = |service: &str, name: String| {
            state.create_user(service, name, "+1".to_owned(), false, now).map(|user| user.id.clone())
        };
        for number in 0..MAX_USERS {
            user(&ids[0], number.to_string()).unwrap();
        }
        assert_eq!(user(&ids[1], "more".to_owned()), Err(Problem::Full("users")));
        assert_eq!(user(&ids[0], "0".to_owned()), Err(Problem::UserExists));
    }
}
