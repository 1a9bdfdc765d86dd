//! Credentials and base URLs: where each comes from, and which source wins.
//!
//! The sources of a provider are never mixed, so that a secret of one can't be sent to the address of another: a profile that was
//! asked for, otherwise the environment if it has any variable of the provider, otherwise the profile `default`. A login belongs to
//! its profile.

use crate::config::Config;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::state::{Login, State};
use std::collections::BTreeMap;
use std::fmt;

/// A variable of the environment, and its key in a profile.
#[derive(Debug)]
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    pub(crate) key: &'static str,
    pub(crate) secret: bool,
}

const fn variable(name: &'static str, key: &'static str) -> Variable {
    Variable { name, key, secret: false }
}

const fn secret(name: &'static str, key: &'static str) -> Variable {
    Variable { name, key, secret: true }
}

static REVESECURE: [Variable; 3] = [
    secret("REVESECURE_API_KEY", "api_key"),
    secret("REVESECURE_SECRET_KEY", "secret_key"),
    variable("REVESECURE_BASE_URL", "base_url"),
];
static VAULTVISION: [Variable; 2] = [secret("VV_API_KEY", "api_key"), variable("VV_BASE_URL", "base_url")];
/// The issuer of Vault Vision's logins, by the name in the vendor's samples. No call needs it, so it is not among [`variables`].
const ISSUER: &str = "VV_ISSUER_URL";
static VERIGATOR: [Variable; 3] = [
    variable("VERIGATOR_USERNAME", "username"),
    secret("VERIGATOR_PASSWORD", "password"),
    variable("VERIGATOR_BASE_URL", "base_url"),
];
static VIRTUOUS: [Variable; 7] = [
    secret("VIRTUOUS_API_KEY", "api_key"),
    variable("VIRTUOUS_USERNAME", "username"),
    secret("VIRTUOUS_PASSWORD", "password"),
    variable("VIRTUOUS_TOKEN_FILE", "token_file"),
    secret("VIRTUOUS_APPLICATION_KEY", "application_key"),
    secret("VIRTUOUS_PRIVATE_KEY", "private_key"),
    variable("VIRTUOUS_BASE_URL", "base_url"),
];
static VISE: [Variable; 4] = [
    secret("VISE_API_TOKEN", "api_token"),
    variable("VISE_DASHBOARD_URL", "dashboard_url"),
    variable("VISE_HOST", "host"),
    secret("VISE_PHRASE", "phrase"),
];

static WEBHOOKS: [Variable; 2] = [
    secret("VIRTUOUS_WEBHOOK_SECRET", "webhook_secret"),
    secret("VIRTUOUS_WEBHOOK_SECRET_OLD", "webhook_secret_old"),
];

/// Returns the variables with the secrets of webhooks. No call needs them, so they are not among [`variables`].
pub(crate) fn webhook_variables(provider: &str) -> &'static [Variable] {
    if provider == "virtuous" { &WEBHOOKS } else { &[] }
}

/// Returns the variables of a provider, as its client reads them.
pub(crate) fn variables(provider: &str) -> &'static [Variable] {
    match provider {
        "revesecure" => &REVESECURE,
        "vaultvision" => &VAULTVISION,
        "verigator" => &VERIGATOR,
        "virtuous" => &VIRTUOUS,
        "vise" => &VISE,
        _ => &[],
    }
}

/// Where the settings of a provider come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Environment,
    Profile(String),
    /// With what the login has left in the state.
    Login(String, Login),
    Emulator,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("environment"),
            Self::Profile(name) => write!(f, "profile {name}"),
            Self::Login(name, _) => write!(f, "login in profile {name}"),
            Self::Emulator => f.write_str("emulator"),
        }
    }
}

/// The settings of one provider. `Debug` prints no value.
#[derive(Clone, PartialEq)]
pub(crate) struct Settings {
    pub(crate) provider: &'static str,
    pub(crate) source: Source,
    /// Keys of the profile for what the vendor doesn't document.
    pub(crate) assumed: toml::Table,
    values: BTreeMap<&'static str, String>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("provider", &self.provider)
            .field("source", &self.source)
            .field("names", &self.values.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// Settings for an emulator.
    pub(crate) fn of_emulator(provider: &'static str, env: Vec<(&'static str, String)>) -> Self {
        let values = env
            .into_iter()
            .filter(|(name, _)| {
                variables(provider).iter().any(|known| known.name == *name)
                    || (provider, *name) == ("vaultvision", ISSUER)
            })
            .collect();
        Self { provider, source: Source::Emulator, assumed: toml::Table::new(), values }
    }

    /// Settings for a login that is about to take place.
    pub(crate) fn of_login(profile: &str, login: Login, assumed: toml::Table) -> Self {
        let values = login.base_url.iter().map(|url| ("VIRTUOUS_BASE_URL", url.clone())).collect();
        Self { provider: "virtuous", source: Source::Login(profile.to_owned(), login), assumed, values }
    }

    /// The address that a call would use, and placeholders that no vendor accepts instead of credentials, for a request that is
    /// printed and not sent. Settings with which a call would fail are a failure; without any, the address is the vendor's.
    pub(crate) fn for_dry_run(provider: &'static str, globals: &Globals) -> Result<Self, Failure> {
        let base = match (globals.emulator, globals.profile()) {
            (true, _) => None,
            (false, Some(_)) => Some(Self::load(provider, globals)?),
            (false, None) => Self::find(provider, globals)?,
        };
        let mut values = BTreeMap::new();
        for (name, value) in [
            ("REVESECURE_API_KEY", "redacted"),
            // The client decodes hexadecimal digits, and Virtuous's client base64.
            ("REVESECURE_SECRET_KEY", "00"),
            ("VV_API_KEY", "redacted"),
            ("VERIGATOR_USERNAME", "redacted"),
            ("VERIGATOR_PASSWORD", "redacted"),
            ("VIRTUOUS_API_KEY", "redacted"),
            ("VIRTUOUS_APPLICATION_KEY", "redacted"),
            ("VIRTUOUS_PRIVATE_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="),
        ] {
            values.insert(name, value.to_owned());
        }
        let mut assumed = toml::Table::new();
        if let Some(base) = base {
            assumed = base.assumed;
            values.extend(
                base.values
                    .iter()
                    .filter(|(name, _)| name.ends_with("_URL"))
                    .map(|(name, value)| (*name, value.clone())),
            );
        }
        Ok(Self { provider, source: Source::Environment, assumed, values })
    }

    /// Finds the settings of a provider.
    pub(crate) fn load(provider: &'static str, globals: &Globals) -> Result<Self, Failure> {
        if let Some(settings) = Self::find(provider, globals)? {
            return Ok(settings);
        }
        let message = match globals.profile() {
            Some(profile) => format!("profile {profile} has no credentials for {provider}"),
            None => format!("there are no credentials for {provider}"),
        };
        Err(Failure::credentials(message)
            .hint(format!("{}; to try it without an account: --emulator", ways(provider, globals.profile()))))
    }

    /// The same, `None` if there are none.
    pub(crate) fn find(provider: &'static str, globals: &Globals) -> Result<Option<Self>, Failure> {
        let environment = if globals.profile().is_none() { environment(provider)? } else { BTreeMap::new() };
        if environment.keys().any(|name| !name.ends_with("_URL")) {
            let assumed = toml::Table::new();
            return Ok(Some(Self { provider, source: Source::Environment, assumed, values: environment }));
        }
        let found = Self::of_profile(provider, globals)?;
        let Some((name, address)) = environment.into_iter().next() else { return Ok(found) };
        match &found {
            Some(settings) if settings.get(name) != Some(&address) => {
                let message = format!(
                    "{name} is set in the environment, but the credentials come from the {}, which has another address",
                    settings.source
                );
                Err(Failure::credentials(message)
                    .hint(format!("unset {name}, or set the credentials in the environment too")))
            }
            _ => Ok(found),
        }
    }

    fn of_profile(provider: &'static str, globals: &Globals) -> Result<Option<Self>, Failure> {
        let profile = globals.profile().unwrap_or("default");
        let config = Config::load()?;
        let (values, assumed) = (config.values(profile, provider)?, config.assumed(profile, provider));
        let login = State::load()?.login(profile, provider);
        if let Some(login) = login {
            let mut values: BTreeMap<_, _> = values
                .unwrap_or_default()
                .into_iter()
                .filter(|(name, _)| !name.ends_with("API_KEY"))
                .collect();
            if let Some(url) = &login.base_url {
                values.insert("VIRTUOUS_BASE_URL", url.clone());
            }
            let source = Source::Login(profile.to_owned(), login);
            return Ok(Some(Self { provider, source, assumed, values }));
        }
        let source = Source::Profile(profile.to_owned());
        Ok(values.map(|values| Self { provider, source, assumed, values }))
    }

    /// Returns the same settings without some of the keys for what the vendor doesn't document.
    pub(crate) fn without_assumed(&self, keys: &[&str]) -> Self {
        let mut settings = self.clone();
        settings.assumed.retain(|key, _| !keys.contains(&key));
        settings
    }

    /// Returns a value.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Returns the issuer of Vault Vision's logins, if the environment or the emulator names one.
    pub(crate) fn issuer(&self) -> Option<String> {
        match self.source {
            Source::Emulator => self.get(ISSUER).map(str::to_owned),
            Source::Environment => std::env::var(ISSUER).ok().filter(|issuer| !issuer.is_empty()),
            Source::Profile(_) | Source::Login(..) => None,
        }
    }

    /// Returns a value that the client can't do without.
    pub(crate) fn need(&self, name: &'static str) -> Result<String, Failure> {
        if let Some(value) = self.get(name) {
            return Ok(value.to_owned());
        }
        let key =
            variables(self.provider).iter().find(|known| known.name == name).map_or(name, |known| known.key);
        Err(match &self.source {
            Source::Profile(profile) | Source::Login(profile, _) => {
                Failure::credentials(format!("`{key}` is missing in [profiles.{profile}.{}]", self.provider))
            }
            _ => Failure::credentials(format!("{name} is not set")),
        })
    }

    /// Returns the names of the values that are there.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.values.keys().copied()
    }
}

/// Returns the variables of a provider that are set and not empty.
pub(crate) fn environment(provider: &str) -> Result<BTreeMap<&'static str, String>, Failure> {
    let mut values = BTreeMap::new();
    for variable in variables(provider) {
        match std::env::var(variable.name) {
            Ok(value) if !value.is_empty() => drop(values.insert(variable.name, value)),
            Err(std::env::VarError::NotUnicode(_)) => {
                return Err(Failure::credentials(format!("{} must be valid UTF-8", variable.name)));
            }
            _ => {}
        }
    }
    Ok(values)
}

/// The command that logs in to Virtuous with a profile, or without one.
pub(crate) fn login_command(profile: Option<&str>) -> String {
    match profile {
        Some(profile) => format!("authctl --profile {profile} login virtuous"),
        None => "authctl login virtuous".to_owned(),
    }
}

/// How credentials of a provider can be set. With a profile, the environment is not used.
pub(crate) fn ways(provider: &str, profile: Option<&str>) -> String {
    let variables = match provider {
        "revesecure" => "REVESECURE_API_KEY and REVESECURE_SECRET_KEY",
        "vaultvision" => "VV_API_KEY",
        "verigator" => "VERIGATOR_USERNAME and VERIGATOR_PASSWORD",
        "virtuous" => "VIRTUOUS_API_KEY",
        _ => "VISE_API_TOKEN and VISE_DASHBOARD_URL",
    };
    let login = match provider {
        "virtuous" => format!("run {}, or ", login_command(profile)),
        _ => String::new(),
    };
    let set = if profile.is_none() { format!("set {variables}, or ") } else { String::new() };
    let profile = profile.unwrap_or("default");
    format!("{login}{set}write [profiles.{profile}.{provider}] in the configuration file")
}
