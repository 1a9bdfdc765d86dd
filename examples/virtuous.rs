//! Virtuous's whole flow: `cargo run --example virtuous`.
//!
//! Without environment variables it starts the emulator in this process. With `VIRTUOUS_API_KEY`, or `VIRTUOUS_USERNAME`
//! and `VIRTUOUS_PASSWORD`, it reads from the vendor, or the server of `VIRTUOUS_BASE_URL`.

use auth_client_examples::{run, virtuous};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    run(virtuous::run).await
}
