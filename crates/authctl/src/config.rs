//! The configuration file: profiles with the settings of each provider. It names where secrets are, and contains none.

use crate::assumptions::{self, Key};
use crate::failure::Failure;
use crate::settings::{Variable, variables, webhook_variables};
use crate::words;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The largest file that is read for a secret.
const MAX_SECRET: u64 = 64 << 10;

/// The configuration file, parsed.
#[derive(Debug, Default)]
pub(crate) struct Config {
    path: PathBuf,
    profiles: Table,
}

impl Config {
    /// Reads the file. A file that doesn't exist is empty.
    pub(crate) fn load() -> Result<Self, Failure> {
        let Some(path) = path() else { return Ok(Self::default()) };
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(path, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Self { path, profiles: Table::new() })
            }
            Err(error) => Err(Failure::local(format!("{} can't be read: {error}", path.display()))),
        }
    }

    fn parse(path: PathBuf, text: &str) -> Result<Self, Failure> {
        let place = path.display().to_string();
        // Only the message and the position: the default form quotes the line, which may hold a secret.
        let mut table: Table = toml::from_str(text).map_err(|error: toml::de::Error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = text.get(..start).unwrap_or_default().matches('\n').count() + 1;
            Failure::usage(format!("{place}, line {line}: {}", error.message()))
        })?;
        let profiles = match table.remove("profiles") {
            Some(Value::Table(profiles)) => profiles,
            None => Table::new(),
            Some(_) => return Err(Failure::usage(format!("{place}: `profiles` must be a table"))),
        };
        if let Some(key) = table.keys().next() {
            let near = words::did_you_mean(key, ["profiles"].into_iter());
            return Err(Failure::usage(format!("{place}: there is no key `{key}`{near}")));
        }
        let config = Self { path, profiles };
        for (name, profile) in &config.profiles {
            let at = format!("[profiles.{name}]");
            let Value::Table(profile) = profile else { return Err(config.wrong(&at, "must be a table")) };
            for (provider, settings) in profile {
                let known: Vec<&Variable> =
                    variables(provider).iter().chain(webhook_variables(provider)).collect();
                if known.is_empty() {
                    return Err(config.wrong(&at, &crate::resolve::no_provider(provider)));
                }
                let at = format!("[profiles.{name}.{provider}]");
                let Value::Table(settings) = settings else {
                    return Err(config.wrong(&at, "must be a table"));
                };
                for (key, value) in settings {
                    config.check(&at, &known, assumptions::keys(provider), key, value)?;
                }
            }
        }
        Ok(config)
    }

    fn check(
        &self,
        at: &str,
        known: &[&Variable],
        assumed: &[Key],
        key: &str,
        value: &Value,
    ) -> Result<(), Failure> {
        if let Some(assumed) = assumed.iter().find(|assumed| assumed.name == key) {
            let wrong = || self.wrong(at, &format!("`{key}` must be {}", assumed.form));
            return if (assumed.fits)(value) { Ok(()) } else { Err(wrong()) };
        }
        let Some(variable) = known.iter().find(|variable| variable.key == key) else {
            let names = known.iter().map(|variable| variable.key);
            let near = words::did_you_mean(key, names.chain(assumed.iter().map(|assumed| assumed.name)));
            return Err(self.wrong(at, &format!("there is no key `{key}`{near}")));
        };
        let Value::String(value) = value else {
            return Err(self.wrong(at, &format!("`{key}` must be a string")));
        };
        if variable.secret && !value.starts_with("env:") && !value.starts_with("file:") {
            let problem = format!("`{key}` is a secret: write \"env:NAME\" or \"file:PATH\", not the value");
            return Err(self.wrong(at, &problem));
        }
        Ok(())
    }

    fn wrong(&self, at: &str, problem: &str) -> Failure {
        Failure::usage(format!("{}, {at}: {problem}", self.path.display()))
    }

    /// Returns the values of a provider by the names of their variables. `None` if the profile has no such table.
    pub(crate) fn values(
        &self,
        profile: &str,
        provider: &str,
    ) -> Result<Option<BTreeMap<&'static str, String>>, Failure> {
        let Some(Value::Table(table)) = self.profiles.get(profile).and_then(|profile| profile.get(provider))
        else {
            return Ok(None);
        };
        let mut values = BTreeMap::new();
        for variable in variables(provider) {
            if let Some(Value::String(value)) = table.get(variable.key) {
                let value = if variable.secret {
                    self.secret(profile, provider, variable.key, value)?
                } else {
                    value.clone()
                };
                values.insert(variable.name, value);
            }
        }
        Ok(Some(values))
    }

    /// Returns the values of the keys for what a vendor doesn't document.
    pub(crate) fn assumed(&self, profile: &str, provider: &str) -> Table {
        let table = self.profiles.get(profile).and_then(|profile| profile.get(provider)?.as_table());
        let fields = table.into_iter().flatten();
        let is_key = |name: &str| assumptions::keys(provider).iter().any(|key| key.name == name);
        let assumed = fields.filter(|(name, _)| is_key(name));
        assumed.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn secret(&self, profile: &str, provider: &str, key: &str, reference: &str) -> Result<String, Failure> {
        let at = format!("`{key}` of [profiles.{profile}.{provider}]");
        if let Some(name) = reference.strip_prefix("env:") {
            let value = std::env::var(name).ok().filter(|value| !value.is_empty());
            return value
                .ok_or_else(|| Failure::credentials(format!("{at}: the variable {name} is not set")));
        }
        let name = reference.strip_prefix("file:").unwrap_or_default();
        secret_file(&at, &self.path.parent().unwrap_or(Path::new("")).join(name))
    }

    /// Returns the variables of the environment that the file names as places of secrets.
    pub(crate) fn named_variables(&self) -> Vec<String> {
        let tables = self.profiles.values().filter_map(Value::as_table).flat_map(Table::values);
        let values = tables.filter_map(Value::as_table).flat_map(Table::values).filter_map(Value::as_str);
        values.filter_map(|value| value.strip_prefix("env:")).map(str::to_owned).collect()
    }

    /// Returns the secrets of webhooks in a profile, the current one first.
    pub(crate) fn webhook_secrets(&self, profile: &str) -> Result<Vec<String>, Failure> {
        let table = self.profiles.get(profile).and_then(|profile| profile.get("virtuous"));
        let secrets = webhook_variables("virtuous").iter().filter_map(|variable| {
            let reference = table?.get(variable.key)?.as_str()?;
            Some(self.secret(profile, "virtuous", variable.key, reference))
        });
        secrets.collect()
    }
}

/// Reads a secret from a file that only its owner can read, without the line break at its end. `at` names the setting.
pub(crate) fn secret_file(at: &str, path: &Path) -> Result<String, Failure> {
    let failed = |problem: String| Failure::credentials(format!("{at}: {} {problem}", path.display()));
    let metadata = std::fs::metadata(path).map_err(|error| failed(format!("can't be read: {error}")))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(failed("can be read by others: chmod 600".to_owned()));
        }
    }
    if !metadata.is_file() || metadata.len() > MAX_SECRET {
        return Err(failed("is no file with a secret".to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| failed(format!("can't be read: {error}")))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

/// `AUTHCTL_CONFIG`, or the file in the user's folder of configuration.
pub(crate) fn path() -> Option<PathBuf> {
    match variable("AUTHCTL_CONFIG") {
        Some(path) => Some(path),
        None => Some(folder("XDG_CONFIG_HOME", "APPDATA", ".config")?.join("config.toml")),
    }
}

/// The folder of this program below one of the user's standard folders.
pub(crate) fn folder(xdg: &str, windows: &str, default: &str) -> Option<PathBuf> {
    let base = if cfg!(windows) {
        variable(windows)?
    } else {
        variable(xdg).filter(|path| path.is_absolute()).or_else(|| Some(variable("HOME")?.join(default)))?
    };
    Some(base.join("authctl"))
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        Config::parse(PathBuf::from("c.toml"), text)
            .map_or_else(|failure| failure.text(false), |_| String::new())
    }

    #[test]
    fn mistakes_are_named_with_their_position_and_without_values() {
        for (text, expected) in [
            ("[profiles.a.verigator]\nusername = \"u\"\npassword = \"s3cret\"", "`password` is a secret"),
            (
                "[profiles.a.verigator]\nusernme = \"s3cret\"",
                "there is no key `usernme`; did you mean username?",
            ),
            ("[profiles.a.verigater]\nusername = \"s3cret\"", "did you mean verigator?"),
            ("[profile.a]", "did you mean profiles?"),
            ("[profiles.a.verigator]\nusername = 7", "`username` must be a string"),
            ("\n[profiles.a.verigator]\npassword = s3cret", "line 3"),
        ] {
            let problem = problem(text);
            assert!(problem.contains(expected) && !problem.contains("s3cret"), "{text}: {problem}");
        }
        assert_eq!(problem("[profiles.a.verigator]\nusername = \"u\"\npassword = \"env:X\""), "");
    }
}
