//! `--emulator`: an emulator in this process, with sample data.

use crate::failure::Failure;
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
