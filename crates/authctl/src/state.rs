//! What a login leaves behind: who is logged in, in which profile, and where the tokens are. No secret is in this file.

use crate::config;
use crate::failure::Failure;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Logins by profile and provider.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct State {
    logins: BTreeMap<String, BTreeMap<String, Login>>,
}

/// One login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) store: Store,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) base_url: Option<String>,
    /// The generation of the tokens whose session has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended: Option<u64>,
}

/// Where tokens are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Store {
    /// A file that only you can read.
    File,
    /// The keyring of the operating system.
    #[cfg(feature = "keyring")]
    Keyring,
}

/// The folder of the state: `$XDG_STATE_HOME/authctl`.
pub(crate) fn folder() -> Result<PathBuf, Failure> {
    config::folder("XDG_STATE_HOME", "LOCALAPPDATA", ".local/state")
        .ok_or_else(|| Failure::local("there is no home directory: set HOME or XDG_STATE_HOME"))
}

/// The file with the tokens of a profile.
pub(crate) fn token_file(profile: &str) -> Result<PathBuf, Failure> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if profile.is_empty() || !profile.chars().all(plain) {
        return Err(Failure::usage("the name of a profile has letters, digits, - and _ only"));
    }
    Ok(folder()?.join(format!("{profile}.virtuous.json")))
}

impl State {
    /// Reads the state. Without a file, nobody is logged in.
    pub(crate) fn load() -> Result<Self, Failure> {
        let Ok(folder) = folder() else { return Ok(Self::default()) };
        let path = folder.join("logins.json");
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| {
                Failure::local(format!("{} is damaged: delete it and log in again", path.display()))
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Failure::local(format!("{} can't be read: {error}", path.display()))),
        }
    }

    pub(crate) fn login(&self, profile: &str, provider: &str) -> Option<Login> {
        self.logins.get(profile)?.get(provider).cloned()
    }

    /// Adds or removes a login and saves the state.
    pub(crate) fn set(mut self, profile: &str, provider: &str, login: Option<Login>) -> Result<(), Failure> {
        let of_profile = self.logins.entry(profile.to_owned()).or_default();
        match login {
            Some(login) => drop(of_profile.insert(provider.to_owned(), login)),
            None => drop(of_profile.remove(provider)),
        }
        self.logins.retain(|_, providers| !providers.is_empty());
        let folder = folder()?;
        let text = serde_json::to_string_pretty(&self).unwrap_or_default();
        write(&folder, "logins.json", text.as_bytes())
            .map_err(|error| Failure::local(format!("{} can't be written: {error}", folder.display())))
    }
}

/// Replaces a file, so that a crash leaves the old or the new one. Only this user can read it.
fn write(folder: &Path, name: &str, content: &[u8]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let temporary = folder.join(format!("{name}.{}.tmp", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&temporary, folder.join(name))
}
