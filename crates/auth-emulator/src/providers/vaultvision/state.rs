//! The stored data: tenants with their applications and users, users with their credentials; and the rules for replacing an
//! object.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::openid::OpenId;
use super::settings::Settings;
use super::tree::{Object, Tree};
use crate::framework::random::Random;
use crate::framework::timestamp::Timestamp;

/// The ids of the tenants.
pub(super) const TENANTS: [&str; 2] = ["i1JfrfWIwQiQ", "CmKJPDorO34hGJ0J"];

const MAX_APPLICATIONS: usize = 1000;
const MAX_USERS: usize = 10_000;

const SETTINGS: &[&str] = &[
    "domain",
    "company_name",
    "support_email",
    "logo_image_text",
    "allow_social",
    "allow_hardware",
    "allow_passwords",
    "allow_totp_app",
    "allow_totp_email",
    "allow_unverified",
    "remember_device",
    "remember_device_seconds",
    "remember_login_seconds",
    "allow_signups",
    "developer_mode",
];
/// The setting whose false one of the vendor's samples shows.
const SHOWN_FALSE: &str = "settings.allow_unverified";
const PROFILE: &[&str] =
    &["name", "family_name", "given_name", "email", "email_verified", "locale", "picture"];

/// Why a request is rejected; `replies.rs` formats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    Unauthenticated,
    Forbidden,
    NotFound(&'static str),
    Body,
    Invalid(&'static str),
    /// A field has another JSON type than this.
    Type(&'static str, &'static str),
    Metadata(&'static str),
    BcryptCost,
    EmailTaken,
    PasswordExists,
    Misconfigured,
    Throttled,
    Full(&'static str),
}

/// The kinds of objects, and the fields that a caller may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    Tenant,
    Application,
    User,
    Password,
    OtherCredential,
}

impl Kind {
    /// Fields that a body may set, in the order of responses.
    pub(super) fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Tenant => &["name", "metadata", "settings"],
            Self::Application => &["name", "metadata", "secret", "login_url", "logout_urls", "redirect_urls"],
            Self::User => &["metadata", "disabled", "profile"],
            Self::Password => &["metadata", "disabled", "password"],
            Self::OtherCredential => &["metadata", "disabled"],
        }
    }

    /// Fields that only the server sets.
    pub(super) fn system(self) -> &'static [&'static str] {
        match self {
            Self::User => &["type", "id", "created_at", "updated_at", "verified_at"],
            _ => &["type", "id", "created_at", "updated_at"],
        }
    }

    /// The field names of a nested object; `None` if any name is allowed.
    pub(super) fn inner(field: &str) -> Option<&'static [&'static str]> {
        match field {
            "settings" => Some(SETTINGS),
            "profile" => Some(PROFILE),
            "password" => Some(&["alg", "cost", "hash"]),
            _ => None,
        }
    }
}

/// An object with its undocumented fields.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    pub kind: Kind,
    #[serde(with = "super::tree::as_text")]
    pub value: Object,
    /// Paths such as `settings.require_mfa`.
    pub undocumented: Vec<String>,
}

impl Entry {
    pub(super) fn id(&self) -> String {
        self.value.string("id").unwrap_or_default()
    }

    /// The object in a response.
    pub(super) fn shown(&self, settings: &Settings) -> Object {
        self.shown_level("", &self.value, settings)
    }

    fn shown_level(&self, prefix: &str, level: &Object, settings: &Settings) -> Object {
        let mut shown = Object::default();
        for (name, value) in level.iter() {
            let path = join(prefix, name);
            let value = match value.as_object() {
                Some(inner) if Kind::inner(name).is_some() => {
                    Tree::Object(self.shown_level(&path, inner, settings))
                }
                _ => value.clone(),
            };
            if settings.omit_zeros
                && value.is_zero()
                && !self.undocumented.contains(&path)
                && path != SHOWN_FALSE
                && prefix != "metadata"
            {
                continue;
            }
            shown.set(name, value);
        }
        shown
    }

    /// Replaces the object by a body. Fields that are not in the body are deleted, except those that only the server sets.
    pub(super) fn replace(&mut self, body: &Object, settings: &Settings) {
        let mut next = Object::default();
        let is_system = |name: &str| {
            self.kind.system().contains(&name) && !(name == "verified_at" && settings.verified_at_is_writable)
        };
        for (name, value) in self.value.iter().filter(|(name, _)| is_system(name)) {
            next.set(name, value.clone());
        }
        let fixed = self.kind == Kind::OtherCredential;
        for (name, value) in body.iter() {
            let known = self.kind.fields().contains(&name) || self.kind.system().contains(&name);
            let allowed = known || (!fixed && self.accepts(name, settings));
            if !allowed || is_system(name) {
                continue;
            }
            let value = match (value.as_object(), Kind::inner(name)) {
                (Some(inner), Some(names)) if known => {
                    Tree::Object(self.replaced_inner(name, names, inner, settings))
                }
                _ => value.clone(),
            };
            next.set(name, value);
        }
        // A caller can't change the fields of a credential other than a password.
        if fixed {
            for (name, value) in self.value.iter().filter(|(name, _)| !self.kind.fields().contains(name)) {
                next.set(name, value.clone());
            }
        }
        if self.kind == Kind::Tenant && !settings.domain_is_writable {
            let domain = self.value.object("settings").and_then(|settings| settings.get("domain")).cloned();
            next.change_object("settings", |settings| match domain {
                Some(domain) => settings.set("domain", domain),
                None => settings.remove("domain"),
            });
        }
        self.value = next;
    }

    fn replaced_inner(&self, field: &str, names: &[&str], inner: &Object, settings: &Settings) -> Object {
        let mut next = Object::default();
        for (name, value) in inner.iter() {
            if names.contains(&name) || self.accepts(&join(field, name), settings) {
                next.set(name, value.clone());
            }
        }
        next
    }

    fn accepts(&self, path: &str, settings: &Settings) -> bool {
        !settings.drop_unknown || self.undocumented.iter().any(|known| known == path)
    }

    /// Adds an undocumented field, by its path.
    pub(super) fn add_undocumented(&mut self, path: &str, value: Tree) {
        match path.split_once('.') {
            Some((outer, name)) => self.value.change_object(outer, |inner| inner.set(name, value)),
            None => self.value.set(path, value),
        }
        self.undocumented.push(path.to_owned());
    }
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

/// A user with its credentials.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct User {
    pub entry: Entry,
    pub credentials: Vec<Entry>,
}

impl User {
    fn email(&self) -> String {
        let profile = self.entry.value.object("profile");
        profile.and_then(|profile| profile.string("email")).unwrap_or_default()
    }
}

/// A tenant with its applications and users.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Tenant {
    pub entry: Entry,
    pub applications: Vec<Entry>,
    pub users: Vec<User>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct State {
    pub random: Random,
    pub tenants: Vec<Tenant>,
    /// The current window of the proxy, and the calls in it.
    pub window: (i64, u32),
    pub open_id: OpenId,
}

impl State {
    /// The two empty tenants of the vendor's documentation, with its ids.
    pub(super) fn new(random: Random, now: Timestamp) -> Self {
        let mut state = Self { random, tenants: Vec::new(), window: (0, 0), open_id: OpenId::default() };
        for (id, name, domain, company) in [
            (TENANTS[0], None, "dev-xbwlrp.vvkey.test", "Development Environment"),
            (TENANTS[1], Some("acme01"), "acme01.vvkey.test", "acme01"),
        ] {
            let mut settings = Object::default()
                .with("domain", Tree::string(domain))
                .with("company_name", Tree::string(company));
            match name {
                Some(_) => settings.set("support_email", Tree::string("support@acme01.test")),
                None => settings.set("logo_image_text", Tree::string("dev-xbwlrp")),
            }
            for flag in ["social", "hardware", "passwords", "totp_app", "totp_email", "unverified", "signups"]
            {
                settings.set(&format!("allow_{flag}"), Tree::flag(true));
            }
            settings.set("remember_device", Tree::flag(true));
            settings.set("remember_device_seconds", Tree::Raw("2592000".into()));
            settings.set("remember_login_seconds", Tree::Raw("2592000".into()));
            if name.is_none() {
                settings.set("developer_mode", Tree::flag(true));
            }
            let mut value = state.stamped("Tenant", id, now);
            if let Some(name) = name {
                value.set("name", Tree::string(name));
            }
            value.set("settings", Tree::Object(settings));
            let entry = Entry { kind: Kind::Tenant, value, undocumented: Vec::new() };
            state.tenants.push(Tenant { entry, applications: Vec::new(), users: Vec::new() });
        }
        state
    }

    /// The secrets of applications, and what logins were issued.
    pub(super) fn issued(&self) -> Vec<Cow<'_, str>> {
        let applications = self.tenants.iter().flat_map(|tenant| &tenant.applications);
        let secrets = applications.filter_map(|application| application.value.string("secret"));
        let secrets = secrets.filter(|secret| !secret.is_empty()).map(Cow::Owned);
        secrets.chain(self.open_id.issued().map(Cow::Borrowed)).collect()
    }

    /// A random string of letters and digits.
    pub(super) fn word(&mut self, length: usize) -> String {
        const LETTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let letter =
            |byte: u8| LETTERS.get(usize::from(byte) % LETTERS.len()).copied().map_or('0', char::from);
        self.random.bytes(length).into_iter().map(letter).collect()
    }

    /// The fields that every new object has.
    pub(super) fn stamped(&mut self, kind: &str, id: &str, now: Timestamp) -> Object {
        let time = Tree::string(&self.time(now));
        Object::default()
            .with("type", Tree::string(kind))
            .with("id", Tree::string(id))
            .with("created_at", time.clone())
            .with("updated_at", time)
    }

    /// A time in the vendor's format: nine fractional digits without trailing zeros.
    pub(super) fn time(&mut self, now: Timestamp) -> String {
        let text = format!("{}{}", now.without_zone(), self.random.digits(3));
        format!("{}Z", text.trim_end_matches('0').trim_end_matches('.'))
    }

    pub(super) fn tenant(&mut self, id: &str) -> Result<&mut Tenant, Problem> {
        let found = self.tenants.iter_mut().find(|tenant| tenant.entry.id() == id);
        found.ok_or(Problem::NotFound("there is no tenant with that id, or not for this key"))
    }

    pub(super) fn user(&mut self, tenant: &str, id: &str) -> Result<&mut User, Problem> {
        let found = self.tenant(tenant)?.users.iter_mut().find(|user| user.entry.id() == id);
        found.ok_or(Problem::NotFound("the tenant has no user with that id"))
    }

    pub(super) fn application(&mut self, tenant: &str, id: &str) -> Result<&mut Entry, Problem> {
        let found = self.tenant(tenant)?.applications.iter_mut().find(|application| application.id() == id);
        found.ok_or(Problem::NotFound("the tenant has no application with that id"))
    }

    pub(super) fn credential(&mut self, tenant: &str, user: &str, id: &str) -> Result<&mut Entry, Problem> {
        let found = self.user(tenant, user)?.credentials.iter_mut().find(|credential| credential.id() == id);
        found.ok_or(Problem::NotFound("the user has no credential with that id"))
    }

    /// The id of a tenant's user, found by id or by email address.
    pub(super) fn user_by_name(&mut self, tenant: &str, name: &str) -> Option<String> {
        let users = &self.tenant(tenant).ok()?.users;
        let is_it = |user: &&User| user.entry.id() == name || user.email().eq_ignore_ascii_case(name);
        users.iter().find(is_it).filter(|_| !name.is_empty()).map(|user| user.entry.id())
    }

    /// The email address of a user, or an empty string.
    pub(super) fn email_of(&mut self, tenant: &str, user: &str) -> String {
        self.user(tenant, user).map(|user| user.email()).unwrap_or_default()
    }

    /// Whether a setting of a tenant is true.
    pub(super) fn allows(&mut self, tenant: &str, setting: &str) -> bool {
        let tenant = self.tenant(tenant).ok();
        let settings = tenant.and_then(|tenant| tenant.entry.value.object("settings"));
        settings.and_then(|settings| settings.get(setting)).is_some_and(Tree::is_true)
    }

    /// The lifetime of a login at a tenant. Documented: 0, which a missing setting is too, is the session of the browser.
    pub(super) fn remembers_logins(&mut self, tenant: &str) -> Option<u64> {
        let settings = self.tenant(tenant).ok()?.entry.value.object("settings")?;
        let seconds = settings.get("remember_login_seconds")?.to_json().parse().ok()?;
        (seconds > 0).then_some(seconds)
    }

    /// Assumption (unique-emails): two users of a tenant with the same email address, compared case-insensitively, are a 409.
    pub(super) fn check_email(
        &mut self,
        tenant: &str,
        own: Option<&str>,
        body: &Object,
        required: bool,
    ) -> Result<(), Problem> {
        let email = body.object("profile").and_then(|profile| profile.string("email")).unwrap_or_default();
        if email.is_empty() {
            return if required { Err(Problem::Invalid("profile.email: is required")) } else { Ok(()) };
        }
        let taken = self.tenant(tenant)?.users.iter().any(|user| {
            let other = user.entry.value.object("profile").and_then(|profile| profile.string("email"));
            Some(user.entry.id().as_str()) != own
                && other.is_some_and(|other| other.eq_ignore_ascii_case(&email))
        });
        if taken { Err(Problem::EmailTaken) } else { Ok(()) }
    }

    pub(super) fn check_capacity(&mut self, tenant: &str) -> Result<(), Problem> {
        let tenant = self.tenant(tenant)?;
        if tenant.users.len() >= MAX_USERS {
            return Err(Problem::Full("users"));
        }
        if tenant.applications.len() >= MAX_APPLICATIONS {
            return Err(Problem::Full("applications"));
        }
        Ok(())
    }
}
