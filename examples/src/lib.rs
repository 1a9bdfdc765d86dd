//! What the examples share: where to send calls, and how to tell what happened.
//!
//! Each provider's flow is a module here, so that its own example and the tour run the same code. Without environment
//! variables a flow runs against the emulator, which is started in this process.

pub mod guide;
mod narrator;
pub mod revesecure;
pub mod vaultvision;
pub mod verigator;
pub mod virtuous;
pub mod vise;

pub use narrator::Narrator;

use std::process::ExitCode;

/// What an example can fail with.
pub type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Whether any of these variables is set, so that an example is meant to call a real server.
#[must_use]
pub fn is_set(variables: &[&str]) -> bool {
    variables.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Where calls go that are not meant for the emulator of this process.
#[must_use]
pub fn place(base_url_variable: &str) -> String {
    match std::env::var(base_url_variable) {
        Ok(url) if !url.is_empty() => url,
        _ => "the vendor's own server".to_owned(),
    }
}

/// Runs an example to its end; a failure is told in one line with its causes below it.
pub async fn run(flow: impl AsyncFnOnce(&mut Narrator) -> Result) -> ExitCode {
    let mut narrator = Narrator::new();
    match flow(&mut narrator).await {
        Ok(()) => {
            narrator.finish();
            ExitCode::SUCCESS
        }
        Err(error) => {
            narrator.give_up(&*error);
            ExitCode::FAILURE
        }
    }
}

/// The code of the workspace's README compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// The code of the guides compiles, and what can runs against the emulator.
#[cfg(doctest)]
mod guides {
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/README.md")]
    pub struct Index;
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/adding-a-provider.md")]
    pub struct AddingAProvider;
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/assumptions.md")]
    pub struct Assumptions;
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/authentication.md")]
    pub struct Authentication;
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/blocking.md")]
    pub struct Blocking;
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/errors.md")]
    pub struct Errors;
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/lists-and-exports.md")]
    pub struct ListsAndExports;
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/observability.md")]
    pub struct Observability;
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/retries-and-deadlines.md")]
    pub struct RetriesAndDeadlines;
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/security.md")]
    pub struct Security;
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/testing.md")]
    pub struct Testing;
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/tokens-and-stores.md")]
    pub struct TokensAndStores;
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/transports.md")]
    pub struct Transports;
}
