//! Runs the code of the README and of `docs/`: starts an emulator for each block and builds clients for it.
//!
//! The blocks call these functions in lines that rustdoc hides. Programs don't need this module.

use crate::Result;
use auth_emulator::Emulator;
use std::path::PathBuf;

/// Runs a block of the documentation against an emulator.
///
/// # Panics
///
/// If the block fails.
pub fn run(block: impl AsyncFnOnce(&Emulator) -> Result) {
    finish(runtime().and_then(|runtime| {
        runtime.block_on(async {
            let emulator = Emulator::start().await?;
            block(&emulator).await
        })
    }));
}

/// Runs a block with blocking calls, on a thread outside any async runtime.
///
/// # Panics
///
/// If the block fails.
pub fn run_blocking(block: impl FnOnce(&Emulator) -> Result) {
    finish(runtime().and_then(|runtime| {
        let emulator = runtime.block_on(Emulator::start())?;
        block(&emulator)
    }));
}

/// Returns the path of a folder for a block that writes files. The block creates and removes it.
#[must_use]
pub fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("auth-clients-guide-{name}-{}", std::process::id()))
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

#[expect(clippy::panic, reason = "a failed block is a failed test")]
fn finish(result: Result) {
    if let Err(error) = result {
        panic!("this block of the documentation failed: {error}");
    }
}

/// Builds a client of the emulated Verigator.
///
/// # Errors
///
/// If the client can't be built.
pub fn verigator(emulator: &Emulator) -> Result<verigator_client::Client> {
    let at = emulator.verigator();
    Ok(verigator_client::Client::builder(at.username(), at.password()).base_url(at.base_url()).build()?)
}

/// Builds a client of the emulated Vault Vision.
///
/// # Errors
///
/// If the client can't be built.
pub fn vaultvision(emulator: &Emulator) -> Result<vaultvision_client::Client> {
    let at = emulator.vaultvision();
    Ok(vaultvision_client::Client::builder(at.api_key()).base_url(at.base_url()).build()?)
}

/// Builds a client of the emulated ReveSecure.
///
/// # Errors
///
/// If the client can't be built.
pub fn revesecure(emulator: &Emulator) -> Result<revesecure_client::Client> {
    let at = emulator.revesecure();
    Ok(revesecure_client::Client::builder(at.api_key(), at.secret_key()).base_url(at.base_url()).build()?)
}

/// Builds a client of the emulated Virtuous, with an API key.
///
/// # Errors
///
/// If the client can't be built.
pub fn virtuous(emulator: &Emulator) -> Result<virtuous_client::Client> {
    let at = emulator.virtuous();
    Ok(virtuous_client::Client::builder().api_key(at.api_key()).base_url(at.base_url()).build()?)
}

/// Builds a client of the emulated VISE.
///
/// # Errors
///
/// If the client can't be built.
pub fn vise(emulator: &Emulator) -> Result<vise_client::Client> {
    let at = emulator.vise();
    let policy = vise_client::HostPolicy::new().dangerously_allow_loopback_for_tests();
    Ok(vise_client::Client::builder(at.token())
        .dashboard_url(at.dashboard_url())
        .host_policy(policy)
        .build()?)
}

/// Runs a function with the client of [`verigator`].
///
/// # Panics
///
/// If the block fails.
pub fn with_verigator<E>(block: impl AsyncFnOnce(&verigator_client::Client) -> std::result::Result<(), E>)
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    run(async |emulator| block(&verigator(emulator)?).await.map_err(Into::into));
}

/// Runs a function with the client of [`vaultvision`].
///
/// # Panics
///
/// If the block fails.
pub fn with_vaultvision<E>(block: impl AsyncFnOnce(&vaultvision_client::Client) -> std::result::Result<(), E>)
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    run(async |emulator| block(&vaultvision(emulator)?).await.map_err(Into::into));
}

/// Runs a function with the client of [`revesecure`].
///
/// # Panics
///
/// If the block fails.
pub fn with_revesecure<E>(block: impl AsyncFnOnce(&revesecure_client::Client) -> std::result::Result<(), E>)
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    run(async |emulator| block(&revesecure(emulator)?).await.map_err(Into::into));
}

/// Runs a function with the client of [`virtuous`].
///
/// # Panics
///
/// If the block fails.
pub fn with_virtuous<E>(block: impl AsyncFnOnce(&virtuous_client::Client) -> std::result::Result<(), E>)
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    run(async |emulator| block(&virtuous(emulator)?).await.map_err(Into::into));
}

/// Runs a function with the client of [`vise`].
///
/// # Panics
///
/// If the block fails.
pub fn with_vise<E>(block: impl AsyncFnOnce(&vise_client::Client) -> std::result::Result<(), E>)
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    run(async |emulator| block(&vise(emulator)?).await.map_err(Into::into));
}
