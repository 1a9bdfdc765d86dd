//! `--emulator`: an emulator in this process, with sample data.

use crate::failure::Failure;
use crate::globals::Globals;
use crate::settings::Settings;
use auth_emulator::Emulator;

/// Records that exist at start, so that examples find something.
const SAMPLE: &str = include_str!("sample.yaml");

/// Starts an emulator with the sample data.
pub(crate) async fn start() -> Result<Emulator, Failure> {
    let failed =
        |error: &dyn std::fmt::Display| Failure::local(format!("the emulator could not be started: {error}"));
    let builder = Emulator::builder().seed_file(SAMPLE).map_err(|error| failed(&error))?;
    builder.start().await.map_err(|error| failed(&error))
}

/// The settings of a provider of this emulator.
pub(crate) fn settings(emulator: &Emulator, provider: &'static str) -> Settings {
    Settings::of_emulator(provider, emulator.env())
}

/// Runs a command with the settings of a provider; with `--emulator` those of an emulator that runs as long as the command.
pub(crate) async fn with<T>(
    globals: &Globals,
    provider: &'static str,
    command: impl AsyncFnOnce(&Settings) -> Result<T, Failure>,
) -> Result<T, Failure> {
    if !globals.emulator {
        return command(&Settings::load(provider, globals)?).await;
    }
    let emulator = start().await?;
    let outcome = command(&settings(&emulator, provider)).await;
    emulator.stop().await;
    outcome
}
