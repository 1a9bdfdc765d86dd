//! The API descriptions as other tools see them: a validator, two linters, and generators for Python and TypeScript.
//!
//! Our reader takes a subset of OpenAPI and could be wrong about it. The generators also show that a description is of
//! use in other languages: each must write every operation, without a warning.

use super::tools;
use crate::codegen::Document;
use crate::report::process::{self, run as finish};
use crate::{Context as _, Failure, workspace};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const NEXT: &str = "correct the description that is named";

pub(super) fn run(root: &Path) -> Result<String, Failure> {
    needs("python3", "install Python 3.10 or later, with pip")?;
    needs("node", "install Node.js 20.19 or later, with npm")?;
    let files = workspace::descriptions(root)?;
    let mut validator =
        tools::pypi(root, "openapi-spec-validator", "0.7.2")?.command("openapi-spec-validator");
    finish(validator.args(&files), NEXT)?;
    let rules = root.join("xtask/openapi");
    let mut redocly = tools::npm(root, "@redocly/cli", "2.77.0")?.command("redocly");
    redocly.env("REDOCLY_TELEMETRY", "off").env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
    finish(redocly.arg("lint").args(&files).arg("--config").arg(rules.join("redocly.yaml")), NEXT)?;
    let mut spectral = tools::npm(root, "@stoplight/spectral-cli", "6.16.3")?.command("spectral");
    spectral.args(["lint", "--fail-severity", "warn", "--ruleset"]).arg(rules.join("spectral.yaml"));
    finish(spectral.args(&files), NEXT)?;

    let output = workspace::target(root).join("xtask/openapi");
    let mut types = Vec::new();
    for file in &files {
        let document = Document::read(file)?;
        let operations: Vec<&str> = document.operations().map(|operation| operation.id).collect();
        // `virtuous-client/openapi` or `vise-client/openapi/host`
        let name = file.with_extension("");
        let output = output.join(name.strip_prefix(root.join("crates")).unwrap_or(&name));
        python(root, file, &operations, &output)?;
        types.push(typescript(root, file, &operations, &output)?);
    }
    finish(Command::new("python3").args(["-m", "compileall", "-q"]).arg(&output), NEXT)?;
    let mut compiler = tools::npm(root, "typescript", "5.9.3")?.command("tsc");
    finish(compiler.args(["--noEmit", "--strict"]).args(types), NEXT)
}

/// A tool of npm or PyPI is a script: it needs the program that runs it.
fn needs(program: &str, install: &str) -> Result<(), Failure> {
    if process::is_there(program) {
        return Ok(());
    }
    let what = format!("{program} can't be run, so the API descriptions were not checked");
    Err(Failure::new(what, format!("{install}; or leave the step out: cargo xtask ci --skip openapi")))
}

/// A Python client: every operation has a module.
fn python(root: &Path, file: &Path, operations: &[&str], output: &Path) -> Result<(), Failure> {
    let client = output.join("python");
    let mut generator =
        tools::pypi(root, "openapi-python-client", "0.29.1")?.command("openapi-python-client");
    generator.args(["generate", "--meta", "none", "--overwrite", "--fail-on-warning", "--path"]);
    generator.arg(file).arg("--output-path").arg(&client);
    generator.arg("--config").arg(root.join("xtask/openapi/python.yaml"));
    // A folder that is there keeps modules of operations that are gone.
    let _ = fs::remove_dir_all(&client);
    fs::create_dir_all(output).context(format!("{} can't be made", output.display()), NEXT)?;
    finish(&mut generator, NEXT)?;
    let modules = workspace::files(&client.join("api"))?;
    let modules = modules.iter().filter(|path| path.ends_with(".py") && !path.ends_with("__init__.py"));
    let (wanted, written) = (operations.len(), modules.count());
    let what = || format!("{}: openapi-python-client wrote {written} of {wanted} operations", file.display());
    if wanted == written { Ok(()) } else { Err(Failure::new(what(), NEXT)) }
}

/// TypeScript types; returns the file. Every operation has an entry.
fn typescript(root: &Path, file: &Path, operations: &[&str], output: &Path) -> Result<PathBuf, Failure> {
    let types = output.join("types.ts");
    let mut generator = tools::npm(root, "openapi-typescript", "7.13.0")?.command("openapi-typescript");
    finish(generator.arg(file).arg("--output").arg(&types), NEXT)?;
    let written = process::read_text(&types)?;
    match operations.iter().find(|id| !written.contains(&format!("\"{id}\": {{"))) {
        None => Ok(types),
        Some(id) => Err(Failure::new(format!("{}: openapi-typescript left out {id}", file.display()), NEXT)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_description_is_found_with_its_operations() {
        let found = workspace::descriptions(&workspace::root()).unwrap();
        let count = |end: &str| {
            let file = found.iter().find(|file| file.ends_with(end)).unwrap_or_else(|| panic!("{end}"));
            Document::read(file).unwrap().operations().count()
        };
        assert_eq!(count("verigator-client/openapi.json"), 9);
        assert_eq!(count("vise-client/openapi/dashboard.json"), 1);
        assert_eq!(count("vise-client/openapi/host.json"), 2);
    }

    #[test]
    fn a_missing_program_is_named_with_what_to_install() {
        let failure = needs("xtask-no-such-program", "install it").unwrap_err().to_string();
        for part in ["xtask-no-such-program can't be run", "next: install it", "--skip openapi"] {
            assert!(failure.contains(part), "{failure}");
        }
        assert!(needs("rustc", "install Rust").is_ok());
    }
}
