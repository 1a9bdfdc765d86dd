//! The descriptions under another implementation's eyes: the OpenAPI 3.1 validator of the Python world.
//!
//! Our reader takes a subset and could be wrong about it. In CI the validator is installed and a missing Python is a
//! failure; on a developer's machine without Python the step says that it did not run.

use super::{finish, tell, tools};
use crate::{Failure, workspace};
use std::path::{Path, PathBuf};
use std::process::Command;

const VALIDATOR: &str = "openapi-spec-validator";
const VERSION: &str = "0.7.2";

pub(super) fn run(root: &Path) -> Result<(), Failure> {
    let python = Path::new("python3");
    if !tools::answers(python) {
        let what = "python3 is not there, so the descriptions were not validated";
        if std::env::var_os("CI").is_some() {
            return Err(Failure::new(what, "install python3 with pip"));
        }
        tell(&format!("not run: {what}"));
        return Ok(());
    }
    let place = root.join(format!("target/xtask/tools/{VALIDATOR}-{VERSION}"));
    if !place.is_dir() {
        install(python, &place)?;
    }
    let files: Vec<PathBuf> =
        workspace::described_crates(root)?.iter().map(|folder| folder.join("openapi.json")).collect();
    let mut validate = Command::new(python);
    validate.env("PYTHONPATH", &place).args(["-m", "openapi_spec_validator"]).args(&files);
    finish(
        validate,
        "python3 -m openapi_spec_validator crates/*/openapi.json",
        "correct the description that is named",
    )
}

/// A half-made folder would pass for a whole one next time, so it gets its name when all is in it.
fn install(python: &Path, place: &Path) -> Result<(), Failure> {
    let unfinished = place.with_extension("unfinished");
    let wanted = format!("{VALIDATOR}=={VERSION}");
    let shown = format!("python3 -m pip install {wanted}");
    let mut command = Command::new(python);
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", "--target"]);
    command.arg(&unfinished).arg(wanted);
    finish(command, &shown, &shown)?;
    std::fs::rename(&unfinished, place).map_err(|error| {
        Failure::new(format!("{} can't be made: {error}", place.display()), "cargo xtask ci --only openapi")
    })
}
