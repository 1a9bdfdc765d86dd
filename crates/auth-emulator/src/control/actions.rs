//! Everything that can be done to a running emulator from outside the vendors' APIs. The typed handle and the control API
//! both call the functions here, so that they can't differ.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use serde::Serialize;
use serde_json::Value;

use crate::framework::faults::{ActiveFault, FaultError, FaultRule};
use crate::framework::pending::{Decision, DecisionError, PendingCode};
use crate::framework::provider::Provider;
use crate::framework::settings::ActionError;
use crate::namespace::registry::Registry;
use crate::namespace::snapshot::SnapshotError;
use crate::namespace::space::Space;

/// A part of the emulator that can be restored to its state at start.
///
/// ```
/// use auth_emulator::Reset;
///
/// assert_eq!("faults".parse(), Ok(Reset::Faults));
/// assert!("everything".parse::<Reset>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reset {
    /// The journal, the explanations and the counts of side effects.
    Journal,
    /// The data of the providers. Ids start over too, so that the same calls return the same ids again. Settings stay.
    State,
    /// The fault rules.
    Faults,
    /// The clock. Only this moves it backwards.
    Clock,
    /// All of the above, and the settings of the providers.
    All,
}

impl Reset {
    pub(crate) const NAMES: &[&str] = &["journal", "state", "faults", "clock", "all"];
}

impl FromStr for Reset {
    type Err = ActionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "journal" => Ok(Self::Journal),
            "state" => Ok(Self::State),
            "faults" => Ok(Self::Faults),
            "clock" => Ok(Self::Clock),
            "all" => Ok(Self::All),
            other => Err(ActionError::new(format!(
                "unknown part {other:?}; known are: {}",
                Self::NAMES.join(", ")
            ))),
        }
    }
}

/// Addresses and credentials of a running emulator: the line of JSON that `auth-emulator serve --json` prints.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = auth_emulator::Emulator::start().await?;
/// let ready = emulator.ready();
/// assert!(ready.control.url.starts_with("http://127.0.0.1:"));
/// assert_eq!(ready.providers["verigator"].base_url, emulator.verigator().base_url());
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Ready {
    /// The version of the emulator.
    pub version: &'static str,
    /// The control API.
    pub control: ReadyControl,
    /// The providers by name.
    pub providers: BTreeMap<&'static str, ReadyProvider>,
    /// How to trust the providers' certificates; `None` without TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<ReadyTls>,
}

/// The certification authority of the providers' certificates.
///
/// ```
/// fn trust(ready: &auth_emulator::Ready) -> Option<&str> {
///     ready.tls.as_ref().map(|tls| tls.ca_pem.as_str())
/// }
/// # let _ = trust;
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReadyTls {
    /// The file with the certificate, as PEM.
    pub ca_file: PathBuf,
    /// The certificate, as PEM.
    pub ca_pem: String,
}

/// Address and token of the control API.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = auth_emulator::Emulator::start().await?;
/// let control = &emulator.ready().control;
/// assert_eq!((control.url.as_str(), control.token.as_str()), (emulator.control_url(), emulator.control_token()));
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReadyControl {
    /// The address, without a trailing slash.
    pub url: String,
    /// The token for `Authorization: Bearer <token>`.
    pub token: String,
    /// The Unix socket of the control API, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socket: Option<PathBuf>,
}

/// Address and client configuration of a provider.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = auth_emulator::Emulator::start().await?;
/// let virtuous = &emulator.ready().providers["virtuous"];
/// assert_eq!(virtuous.env["VIRTUOUS_BASE_URL"], virtuous.base_url);
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReadyProvider {
    /// The base URL for a client.
    pub base_url: String,
    /// The environment variables that configure a client.
    pub env: BTreeMap<&'static str, String>,
    /// The Unix sockets, if there are any: the one of `base_url`, and for VISE those of its hosts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sockets: Vec<PathBuf>,
}

/// Tokens could not be expired or revoked.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = auth_emulator::Emulator::start().await?;
/// let error = emulator.expire_tokens(Some("weather")).unwrap_err();
/// assert_eq!(error, auth_emulator::TokensError::UnknownProvider("weather".to_owned()));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokensError {
    /// No provider has this name.
    #[error("unknown provider {0:?}")]
    UnknownProvider(String),
    /// The provider issues no tokens.
    #[error("{0} issues no tokens")]
    NoTokens(String),
}

/// How tokens end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TokensEnd {
    Expire,
    Revoke,
}

/// Everything that can be done to one namespace.
pub(crate) struct Actions {
    pub space: Arc<Space>,
    pub namespaces: Arc<Registry>,
    addresses: Arc<Addresses>,
    ready: OnceLock<Ready>,
}

/// What the ready lines of all namespaces share.
pub(crate) struct Addresses {
    pub control: ReadyControl,
    /// In the order of `Space::list`.
    pub sockets: Vec<Vec<PathBuf>>,
    pub tls: Option<ReadyTls>,
    /// The command that prints the variables of this emulator, once there is one.
    pub env_command: OnceLock<String>,
}

/// The path of a Unix socket that only one namespace has.
pub(crate) fn own_socket(path: &Path, namespace: &str) -> PathBuf {
    path.with_extension(format!("{namespace}.sock"))
}

impl Deref for Actions {
    type Target = Space;

    fn deref(&self) -> &Space {
        &self.space
    }
}

impl Actions {
    pub(crate) fn new(space: Arc<Space>, namespaces: Arc<Registry>, addresses: Arc<Addresses>) -> Self {
        Self { space, namespaces, addresses, ready: OnceLock::new() }
    }

    /// The same for another namespace.
    pub(crate) fn of(&self, space: Arc<Space>) -> Self {
        Self::new(space, Arc::clone(&self.namespaces), Arc::clone(&self.addresses))
    }

    pub(crate) fn control_token(&self) -> &str {
        &self.addresses.control.token
    }

    pub(crate) fn env_command(&self) -> Option<&String> {
        self.addresses.env_command.get()
    }

    #[cfg(feature = "cli")]
    pub(crate) fn set_env_command(&self, command: String) {
        let _ = self.addresses.env_command.set(command);
    }

    pub(crate) fn ready(&self) -> &Ready {
        self.ready.get_or_init(|| {
            let Addresses { control, sockets, tls, .. } = &*self.addresses;
            let control = ReadyControl { url: format!("{}{}", control.url, self.prefix), ..control.clone() };
            let provider = |(provider, sockets): (&Arc<dyn Provider>, &Vec<PathBuf>)| {
                let env = provider.env().into_iter().collect();
                let is_own =
                    |index| index > 0 && provider.spec().extra_listeners > 0 && !self.prefix.is_empty();
                // A long name can make the path of a socket too long.
                let socket = |(index, path): (usize, &PathBuf)| match is_own(index) {
                    true => Some(own_socket(path, &self.name)).filter(|path| path.exists()),
                    false => Some(path.clone()),
                };
                let sockets = sockets.iter().enumerate().filter_map(socket).collect();
                let ready = ReadyProvider { base_url: provider.base_url(), env, sockets };
                (provider.spec().name, ready)
            };
            Ready {
                version: env!("CARGO_PKG_VERSION"),
                control,
                providers: self.list.iter().zip(sockets).map(provider).collect(),
                tls: tls.clone(),
            }
        })
    }

    pub(crate) fn pending_codes(&self, provider: Option<&str>, subject: Option<&str>) -> Vec<PendingCode> {
        let mut codes: Vec<_> = self
            .list
            .iter()
            .filter(|candidate| provider.is_none_or(|name| candidate.spec().name == name))
            .flat_map(|provider| provider.pending_codes())
            .collect();
        codes.retain(|code| subject.is_none_or(|subject| code.is_for(subject)));
        codes
    }

    pub(crate) fn decide(&self, id: &str, decision: Decision) -> Result<(), DecisionError> {
        for provider in &self.list {
            match provider.decide(id, decision) {
                Err(DecisionError::NotFound(_)) => {}
                decided => return decided,
            }
        }
        Err(DecisionError::NotFound(id.to_owned()))
    }

    pub(crate) fn reset(&self, what: Reset) {
        if matches!(what, Reset::Journal | Reset::All) {
            self.clear_journal();
        }
        if matches!(what, Reset::Faults | Reset::All) {
            self.core.faults.reset();
        }
        if matches!(what, Reset::Clock | Reset::All) {
            self.core.clock.reset();
        }
        match what {
            Reset::All => self.list.iter().for_each(|provider| provider.reset_all()),
            Reset::State => self.list.iter().for_each(|provider| provider.reset()),
            _ => {}
        }
    }

    pub(crate) fn add_fault(&self, rule: FaultRule) -> Result<ActiveFault, FaultError> {
        self.space.add_fault(rule, self.addresses.tls.is_some())
    }

    pub(crate) fn import(&self, exported: &Value) -> Result<(), SnapshotError> {
        self.space.import(exported, self.addresses.tls.is_some())
    }

    /// Ends the tokens of one provider, or of all that issue tokens.
    pub(crate) fn end_tokens(&self, provider: Option<&str>, end: TokensEnd) -> Result<usize, TokensError> {
        let apply = |provider: &Arc<dyn Provider>| match end {
            TokensEnd::Expire => provider.expire_tokens(),
            TokensEnd::Revoke => provider.revoke_tokens(),
        };
        let Some(name) = provider else {
            return Ok(self.list.iter().filter_map(apply).sum());
        };
        let provider = self.provider(name).ok_or_else(|| TokensError::UnknownProvider(name.to_owned()))?;
        apply(provider).ok_or_else(|| TokensError::NoTokens(name.to_owned()))
    }
}
