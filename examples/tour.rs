//! All providers, one after the other: `cargo run --example tour`.
//!
//! It needs no account and no network: the emulator runs in this process. Each provider honours its own environment
//! variables, see the example of its name.

use auth_client_examples::{revesecure, run, vaultvision, verigator, virtuous, vise};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    run(async |narrator| {
        verigator::run(narrator).await?;
        vaultvision::run(narrator).await?;
        revesecure::run(narrator).await?;
        virtuous::run(narrator).await?;
        vise::run(narrator).await?;
        Ok(())
    })
    .await
}
