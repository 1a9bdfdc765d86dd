//! The descriptions under another implementation's eyes: the OpenAPI 3.1 validator of the Python world.
//!
//! Our reader takes a subset and could be wrong about it.

use super::{finish, tools};
use crate::{Failure, workspace};
use std::path::{Path, PathBuf};

const VALIDATOR: &str = "openapi-spec-validator";
const VERSION: &str = "0.7.2";

pub(super) fn run(root: &Path) -> Result<(), Failure> {
    let validator = tools::pypi(root, VALIDATOR, VERSION)?;
    let files: Vec<PathBuf> =
        workspace::described_crates(root)?.iter().map(|folder| folder.join("openapi.json")).collect();
    let mut validate = validator.command(VALIDATOR);
    validate.args(&files);
    finish(validate, "openapi-spec-validator crates/*/openapi.json", "correct the description that is named")
}
