//! Shared code of the examples: printing, environment variables, and the emulator for the code of the guides.

pub mod guide;
mod output;

pub use output::Output;

use std::process::ExitCode;

/// The result of an example.
pub type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Returns true if one of these environment variables is set, in which case an example calls a real server.
#[must_use]
pub fn is_set(variables: &[&str]) -> bool {
    variables.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Describes the server that an example calls when it doesn't start the emulator.
#[must_use]
pub fn server(base_url_variable: &str) -> String {
    match std::env::var(base_url_variable) {
        Ok(url) if !url.is_empty() => url,
        _ => "the vendor's server".to_owned(),
    }
}

/// Runs an example and prints a summary, or the error with its causes.
pub async fn run(flow: impl AsyncFnOnce(&mut Output) -> Result) -> ExitCode {
    let mut output = Output::default();
    match flow(&mut output).await {
        Ok(()) => {
            output.summary();
            ExitCode::SUCCESS
        }
        Err(error) => {
            output.failure(&*error);
            ExitCode::FAILURE
        }
    }
}

/// Compiles and runs the examples of the workspace's README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// Compiles and runs the examples of the guides.
#[cfg(doctest)]
mod guides {
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/README.md")]
    pub struct Index;
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
    #[doc = include_str!("../../docs/command-line.md")]
    pub struct CommandLine;
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/errors.md")]
    pub struct Errors;
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/exports.md")]
    pub struct Exports;
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/lists-and-exports.md")]
    pub struct ListsAndExports;
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/mcp.md")]
    pub struct Mcp;
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/observability.md")]
    pub struct Observability;
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/performance.md")]
    pub struct Performance;
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/proxy.md")]
    pub struct Proxy;
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/recipes.md")]
    pub struct Recipes;
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/retries-and-deadlines.md")]
    pub struct RetriesAndDeadlines;
    #[cfg(doctest)]
    #[doc = include_str!("../../docs/reliability.md")]
    pub struct Reliability;
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
