//! ReveSecure's whole flow: `cargo run --example revesecure`.
//!
//! Without environment variables it starts the emulator in this process. With `REVESECURE_API_KEY` and
//! `REVESECURE_SECRET_KEY` it calls the vendor, or the server of `REVESECURE_BASE_URL`.

use auth_client_examples::{revesecure, run};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    run(revesecure::run).await
}
