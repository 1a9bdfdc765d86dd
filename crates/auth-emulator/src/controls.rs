//! Everything that can be done to a running emulator from outside of the vendors' APIs. The typed handle (`emulator.rs`) and
//! the control API (`control/`) are two doors to the functions here, so that they can't differ.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::effects::Ledger;
use crate::faults::{FaultError, FaultRule, WaitingFault};
use crate::pending::{DecideError, Decision, PendingCode};
use crate::pipeline::Core;
use crate::providers::{NotDone, Provider, Providers};

/// What to put back to the state at start.
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
    /// What happened: journal, explanations and the ledger of effects.
    Journal,
    /// What the providers hold. Ids begin anew as well, so that the same calls give the same ids again. Settings stay.
    State,
    /// The waiting faults.
    Faults,
    /// The clock; the only way in which it goes back.
    Clock,
    /// All of these, and the settings of the providers.
    All,
}

impl FromStr for Reset {
    type Err = NotDone;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "journal" => Ok(Self::Journal),
            "state" => Ok(Self::State),
            "faults" => Ok(Self::Faults),
            "clock" => Ok(Self::Clock),
            "all" => Ok(Self::All),
            other => Err(NotDone(format!("{other:?} is none of journal, state, faults, clock, all"))),
        }
    }
}

/// Where everything listens and how to get in: the one line of JSON that `auth-emulator serve --json` prints.
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
    /// Version of the emulator.
    pub version: &'static str,
    /// The control API.
    pub control: ReadyControl,
    /// The providers by name.
    pub providers: BTreeMap<&'static str, ReadyProvider>,
}

/// Where the control API listens.
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
    /// Its address, without a slash at the end.
    pub url: String,
    /// What to send as `Authorization: Bearer <token>`.
    pub token: String,
}

/// Where a provider listens.
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
    /// What a client takes as its base URL.
    pub base_url: String,
    /// The environment variables that point a client at it.
    pub env: BTreeMap<&'static str, String>,
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
    /// There is no such provider.
    #[error("there is no provider {0:?}")]
    UnknownProvider(String),
    /// The provider issues no tokens.
    #[error("{0} issues no tokens")]
    NoTokens(String),
}

/// What happens to tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TokensEnd {
    Expire,
    Revoke,
}

pub(crate) struct Controls {
    pub core: Arc<Core>,
    pub ledger: Ledger,
    pub providers: Providers,
    pub list: Vec<Arc<dyn Provider>>,
    pub ready: Ready,
}

impl Controls {
    pub(crate) fn provider(&self, name: &str) -> Option<&Arc<dyn Provider>> {
        self.list.iter().find(|provider| provider.spec().name == name)
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

    pub(crate) fn decide(&self, id: &str, decision: Decision) -> Result<(), DecideError> {
        for provider in &self.list {
            match provider.decide(id, decision) {
                Err(DecideError::NotFound(_)) => {}
                decided => return decided,
            }
        }
        Err(DecideError::NotFound(id.to_owned()))
    }

    pub(crate) fn reset(&self, what: Reset) {
        if matches!(what, Reset::Journal | Reset::All) {
            self.core.journal.clear();
            self.ledger.clear();
        }
        if matches!(what, Reset::Faults | Reset::All) {
            self.core.faults.clear();
        }
        if matches!(what, Reset::Clock | Reset::All) {
            self.core.clock.reset();
        }
        if matches!(what, Reset::State | Reset::All) {
            self.list.iter().for_each(|provider| provider.reset());
        }
        if what == Reset::All {
            self.list.iter().for_each(|provider| provider.reset_settings());
        }
    }

    pub(crate) fn add_fault(&self, rule: FaultRule) -> Result<WaitingFault, FaultError> {
        if self.provider(&rule.provider).is_none() {
            return Err(FaultError(format!("there is no provider {:?}", rule.provider)));
        }
        self.core.faults.add(rule)
    }

    /// Ends the tokens of one provider, or of all that have any.
    pub(crate) fn end_tokens(&self, provider: Option<&str>, end: TokensEnd) -> Result<usize, TokensError> {
        let apply = |provider: &Arc<dyn Provider>| match end {
            TokensEnd::Expire => provider.expire_tokens(),
            TokensEnd::Revoke => provider.revoke_tokens(),
        };
        let Some(name) = provider else {
            let counts: Vec<usize> = self.list.iter().filter_map(apply).collect();
            if counts.is_empty() {
                return Err(TokensError::NoTokens("every provider here".to_owned()));
            }
            return Ok(counts.iter().sum());
        };
        let provider = self.provider(name).ok_or_else(|| TokensError::UnknownProvider(name.to_owned()))?;
        apply(provider).ok_or_else(|| TokensError::NoTokens(name.to_owned()))
    }

    /// None: no such provider.
    pub(crate) fn change_settings(&self, provider: &str, change: &Value) -> Option<Result<Value, NotDone>> {
        let provider = self.provider(provider)?;
        Some(provider.change_settings(change).map(|()| provider.settings()))
    }
}
