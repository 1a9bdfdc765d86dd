//! Vault Vision's own examples: `cargo run --example vaultvision`.
//!
//! Without environment variables it starts the emulator in this process. With `VV_API_KEY` it calls the vendor, or the
//! server of `VV_BASE_URL`: it changes a setting and the metadata of the last tenant that the key reaches and changes them
//! back, and creates and deletes a user.

use auth_client_examples::{run, vaultvision};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    run(vaultvision::run).await
}
