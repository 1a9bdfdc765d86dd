//! What runs the code of the READMEs and of `docs/`: each block gets an emulator of its own and clients that call it.
//!
//! The blocks name these functions in lines that rustdoc hides. Nothing here is meant for programs.

use crate::Result;
use auth_emulator::Emulator;
use std::path::PathBuf;

/// Runs a block of the documentation against an emulator.
///
/// # Panics
///
/// When the block fails, since a block that fails is a test that fails.
pub fn run(block: impl AsyncFnOnce(&Emulator) -> Result) {
    finish(runtime().and_then(|runtime| {
        runtime.block_on(async {
            let emulator = Emulator::start().await?;
            block(&emulator).await
        })
    }));
}

/// Runs a block that waits for its calls, on a thread that belongs to no runtime.
///
/// # Panics
///
/// As [`run`].
pub fn run_blocking(block: impl FnOnce(&Emulator) -> Result) {
    finish(runtime().and_then(|runtime| {
        let emulator = runtime.block_on(Emulator::start())?;
        block(&emulator)
    }));
}

/// A folder of its own for a block that writes files. Whoever asks removes it.
#[must_use]
pub fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("auth-clients-guide-{name}-{}", std::process::id()))
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

#[expect(clippy::panic, reason = "how a test says that it has failed")]
fn finish(result: Result) {
    if let Err(error) = result {
        panic!("this block of the documentation failed: {error}");
    }
}

/// A client of the Verigator stand-in.
///
/// # Errors
///
/// When it can't be built.
pub fn verigator(emulator: &Emulator) -> Result<verigator_client::Client> {
    let at = emulator.verigator();
    Ok(verigator_client::Client::builder(at.username(), at.password()).base_url(at.base_url()).build()?)
}

/// A client of the Vault Vision stand-in.
///
/// # Errors
///
/// When it can't be built.
pub fn vaultvision(emulator: &Emulator) -> Result<vaultvision_client::Client> {
    let at = emulator.vaultvision();
    Ok(vaultvision_client::Client::builder(at.api_key()).base_url(at.base_url()).build()?)
}

/// A client of the ReveSecure stand-in.
///
/// # Errors
///
/// When it can't be built.
pub fn revesecure(emulator: &Emulator) -> Result<revesecure_client::Client> {
    let at = emulator.revesecure();
    Ok(revesecure_client::Client::builder(at.api_key(), at.secret_key()).base_url(at.base_url()).build()?)
}

/// A client of the Virtuous stand-in, with an API key.
///
/// # Errors
///
/// When it can't be built.
pub fn virtuous(emulator: &Emulator) -> Result<virtuous_client::Client> {
    let at = emulator.virtuous();
    Ok(virtuous_client::Client::builder().api_key(at.api_key()).base_url(at.base_url()).build()?)
}

/// A client of the VISE stand-in.
///
/// # Errors
///
/// When it can't be built.
pub fn vise(emulator: &Emulator) -> Result<vise_client::Client> {
    let at = emulator.vise();
    let policy = vise_client::HostPolicy::new().dangerously_allow_loopback_for_tests();
    Ok(vise_client::Client::builder(at.token())
        .dashboard_url(at.dashboard_url())
        .host_policy(policy)
        .build()?)
}

/// Runs a function of the documentation with [`verigator`].
///
/// # Panics
///
/// As [`run`].
pub fn with_verigator<E>(block: impl AsyncFnOnce(&verigator_client::Client) -> std::result::Result<(), E>)
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    run(async |emulator| block(&verigator(emulator)?).await.map_err(Into::into));
}

/// Runs a function of the documentation with [`vaultvision`].
///
/// # Panics
///
/// As [`run`].
pub fn with_vaultvision<E>(block: impl AsyncFnOnce(&vaultvision_client::Client) -> std::result::Result<(), E>)
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    run(async |emulator| block(&vaultvision(emulator)?).await.map_err(Into::into));
}

/// Runs a function of the documentation with [`revesecure`].
///
/// # Panics
///
/// As [`run`].
pub fn with_revesecure<E>(block: impl AsyncFnOnce(&revesecure_client::Client) -> std::result::Result<(), E>)
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    run(async |emulator| block(&revesecure(emulator)?).await.map_err(Into::into));
}

/// Runs a function of the documentation with [`virtuous`].
///
/// # Panics
///
/// As [`run`].
pub fn with_virtuous<E>(block: impl AsyncFnOnce(&virtuous_client::Client) -> std::result::Result<(), E>)
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    run(async |emulator| block(&virtuous(emulator)?).await.map_err(Into::into));
}

/// Runs a function of the documentation with [`vise`].
///
/// # Panics
///
/// As [`run`].
pub fn with_vise<E>(block: impl AsyncFnOnce(&vise_client::Client) -> std::result::Result<(), E>)
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    run(async |emulator| block(&vise(emulator)?).await.map_err(Into::into));
}
