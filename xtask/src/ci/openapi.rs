//! The API descriptions as other tools see them: a validator, two linters, and generators for Python and TypeScript.
//!
//! Our reader takes a subset of OpenAPI and could be wrong about it. The generators also show that a description is of
//! use in other languages: each must write every operation, without a warning.

use super::{finish, tell, tools};
use crate::{Failure, codegen, workspace};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const NEXT: &str = "correct the description that is named";

pub(super) fn run(root: &Path) -> Result<String, Failure> {
    needs("python3", "install Python 3.10 or later, with pip")?;
    needs("node", "install Node.js 20.19 or later, with npm")?;
    let crates = workspace::described_crates(root)?;
    let files: Vec<PathBuf> = crates.iter().map(|folder| folder.join("openapi.json")).collect();
    validate(root, &files)?;
    lint(root, &files)?;
    let output = workspace::target(root).join("xtask/openapi");
    let mut modules = Vec::new();
    for folder in &crates {
        python(root, folder, &output)?;
        modules.push(typescript(root, folder, &output)?);
    }
    compile(root, &output, &modules)
}

/// A tool of npm or PyPI is a script: it needs the program that runs it.
fn needs(program: &str, install: &str) -> Result<(), Failure> {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        _ => Err(Failure::new(
            format!("{program} can't be run, so the API descriptions were not checked"),
            format!("{install}; or leave the step out: cargo xtask ci --skip openapi"),
        )),
    }
}

fn validate(root: &Path, files: &[PathBuf]) -> Result<String, Failure> {
    let mut validator =
        tools::pypi(root, "openapi-spec-validator", "0.7.2")?.command("openapi-spec-validator");
    validator.args(files);
    finish(validator, "openapi-spec-validator crates/*/openapi.json", NEXT)
}

fn lint(root: &Path, files: &[PathBuf]) -> Result<String, Failure> {
    let rules = root.join("xtask/openapi");
    let mut redocly = tools::npm(root, "@redocly/cli", "2.77.0")?.command("redocly");
    redocly.env("REDOCLY_TELEMETRY", "off").env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
    redocly.arg("lint").args(files).arg("--config").arg(rules.join("redocly.yaml"));
    finish(redocly, "redocly lint crates/*/openapi.json --config xtask/openapi/redocly.yaml", NEXT)?;
    let mut spectral = tools::npm(root, "@stoplight/spectral-cli", "6.16.3")?.command("spectral");
    spectral.args(["lint", "--fail-severity", "warn", "--ruleset"]).arg(rules.join("spectral.yaml"));
    spectral.args(files);
    finish(spectral, "spectral lint --ruleset xtask/openapi/spectral.yaml crates/*/openapi.json", NEXT)
}

/// A Python client: every operation has a module.
fn python(root: &Path, folder: &Path, output: &Path) -> Result<(), Failure> {
    let name = workspace::crate_name(folder);
    let client = output.join(&name).join("python");
    let mut generator =
        tools::pypi(root, "openapi-python-client", "0.29.1")?.command("openapi-python-client");
    generator.args(["generate", "--meta", "none", "--overwrite", "--fail-on-warning", "--path"]);
    generator.arg(folder.join("openapi.json")).arg("--output-path").arg(&client);
    generator.arg("--config").arg(root.join("xtask/openapi/python.yaml"));
    // A folder that is there keeps modules of operations that are gone.
    let _ = fs::remove_dir_all(&client);
    let shown = format!("openapi-python-client generate --path crates/{name}/openapi.json");
    tell(&format!("$ {shown}"));
    finish(generator, &shown, NEXT)?;
    let (wanted, written) = (codegen::coverage_of(folder)?.len(), modules(&client.join("api")));
    if wanted != written {
        return Err(Failure::new(format!("`{shown}` wrote {written} of {wanted} operations"), NEXT));
    }
    Ok(())
}

/// The Python modules of operations below a folder.
fn modules(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let count = entries.map(|entry| {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() {
            modules(&path)
        } else {
            usize::from(name.to_string_lossy().ends_with(".py") && name != "__init__.py")
        }
    });
    count.sum()
}

/// TypeScript types; returns the file. Every operation has an entry.
fn typescript(root: &Path, folder: &Path, output: &Path) -> Result<PathBuf, Failure> {
    let name = workspace::crate_name(folder);
    let file = output.join(&name).join("types.ts");
    let mut generator = tools::npm(root, "openapi-typescript", "7.13.0")?.command("openapi-typescript");
    generator.arg(folder.join("openapi.json")).arg("--output").arg(&file);
    let shown = format!("openapi-typescript crates/{name}/openapi.json");
    tell(&format!("$ {shown}"));
    finish(generator, &shown, NEXT)?;
    let types = fs::read_to_string(&file).unwrap_or_default();
    for operation in codegen::coverage_of(folder)? {
        if !types.contains(&format!("\"{}\": {{", operation.id)) {
            return Err(Failure::new(format!("`{shown}` left out {}", operation.id), NEXT));
        }
    }
    Ok(file)
}

/// What was generated compiles.
fn compile(root: &Path, output: &Path, modules: &[PathBuf]) -> Result<String, Failure> {
    let mut python = Command::new("python3");
    python.args(["-m", "compileall", "-q"]).arg(output);
    finish(python, "python3 -m compileall target/xtask/openapi", NEXT)?;
    let mut typescript = tools::npm(root, "typescript", "5.9.3")?.command("tsc");
    typescript.args(["--noEmit", "--strict"]).args(modules);
    finish(typescript, "tsc --noEmit --strict target/xtask/openapi/*/types.ts", NEXT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named_with_what_to_install() {
        let failure = needs("xtask-no-such-program", "install it").unwrap_err().to_string();
        for part in ["xtask-no-such-program can't be run", "next: install it", "--skip openapi"] {
            assert!(failure.contains(part), "{failure}");
        }
        assert!(needs("rustc", "install Rust").is_ok());
    }

    #[test]
    fn modules_of_operations_are_counted() {
        let root = std::env::temp_dir().join(format!("xtask-modules-{}", std::process::id()));
        fs::create_dir_all(root.join("users")).unwrap();
        for file in ["__init__.py", "users/__init__.py", "users/users_get.py", "users/notes.txt"] {
            fs::write(root.join(file), "").unwrap();
        }
        assert_eq!(modules(&root), 1);
        let _ = fs::remove_dir_all(root);
    }
}
