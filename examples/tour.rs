//! Calls all five providers, one after the other.
//!
//! ```sh
//! cargo run --example tour
//! ```
//!
//! The example needs no account and no network: it starts the emulator in this process. If the environment variables of
//! a provider are set, it calls that vendor instead; see the example of the provider's name.

#[allow(dead_code, reason = "the `main` of that example")]
mod revesecure;
#[allow(dead_code, reason = "the `main` of that example")]
mod vaultvision;
#[allow(dead_code, reason = "the `main` of that example")]
mod verigator;
#[allow(dead_code, reason = "the `main` of that example")]
mod virtuous;
#[allow(dead_code, reason = "the `main` of that example")]
mod vise;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    auth_client_examples::run(async |output| {
        verigator::run(output).await?;
        vaultvision::run(output).await?;
        revesecure::run(output).await?;
        virtuous::run(output).await?;
        vise::run(output).await?;
        Ok(())
    })
    .await
}
