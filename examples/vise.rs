//! VISE's whole flow: `cargo run --example vise`.
//!
//! Without environment variables it starts the emulator in this process. With `VISE_DASHBOARD_URL` and `VISE_API_TOKEN`
//! it goes through the domains of that account, and with `VISE_HOST` and `VISE_PHRASE` it calls that host.

use auth_client_examples::{run, vise};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    run(vise::run).await
}
