//! Verigator's whole flow: `cargo run --example verigator`.
//!
//! Without environment variables it starts the emulator in this process. With `VERIGATOR_USERNAME` and
//! `VERIGATOR_PASSWORD` it calls the vendor, or the server of `VERIGATOR_BASE_URL`.

use auth_client_examples::{run, verigator};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    run(verigator::run).await
}
