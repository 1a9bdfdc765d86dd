//! `cargo xtask coverage`: which operations of each provider the emulator carries out, as a committed file.
//!
//! Two lists meet here that are written apart on purpose: the operations of the API descriptions, and the route tables of
//! the emulator, which it prints itself. `matching` brings them together by method and path, `page` writes the file.

mod matching;
mod page;

use crate::report::process;
use crate::{Failure, codegen, workspace};
use matching::{Provider, Route};
use std::fs;
use std::path::{Path, PathBuf};

/// Write which operations the emulator carries out, to crates/auth-emulator/COVERAGE.md.
///
/// Reads the operations of every crates/<provider>-client/openapi.json, and the emulator's own list of routes
/// (`auth-emulator routes --json`). They belong together when method and path are the same; names of parameters, `:int`
/// and the case of letters don't count.
///
/// An operation that the emulator does not know at all is a failure: it would be answered as a wrong path. One that it
/// knows and does not carry out is answered with 501, and the file says so.
#[derive(clap::Args, Debug, Default)]
#[command(after_help = "Examples:\n  cargo xtask coverage\n  cargo xtask coverage --check")]
pub struct Arguments {
    /// Write nothing; fail when the file differs from what would be written.
    #[arg(long)]
    pub check: bool,
    /// Take the emulator's routes from this file instead of building and asking it.
    #[arg(long, value_name = "FILE")]
    pub routes: Option<PathBuf>,
}

/// What is written.
pub const FILE: &str = "crates/auth-emulator/COVERAGE.md";
const NEXT: &str = "cargo xtask coverage";

/// Writes the file, or compares it.
pub fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let routes = match &arguments.routes {
        Some(path) => process::read_text(path)?,
        None => ask(&root)?,
    };
    let providers = matching::bring_together(described(&root)?, parse(&routes)?);
    let unknown: Vec<String> = providers.iter().flat_map(Provider::unknown).collect();
    if !unknown.is_empty() {
        let what = format!(
            "operations that the emulator does not know, so that it answers them as wrong paths:\n{}",
            unknown.join("\n")
        );
        let next = "add each to the routes in crates/auth-emulator/src/providers/, with `.unimplemented()` if it is not carried \
            out, then cargo xtask coverage";
        return Err(Failure::new(what, next));
    }
    let text = page::write(&providers);
    let summary = page::summary(&providers);
    let path = root.join(FILE);
    let there = fs::read_to_string(&path).ok();
    if there.as_deref() == Some(text.as_str()) {
        return Ok(format!("{summary}\n{FILE}: up to date"));
    }
    if arguments.check {
        let what = if there.is_some() { "differs from what the emulator does" } else { "is missing" };
        return Err(Failure::new(format!("{FILE} {what}"), NEXT));
    }
    process::write_if_changed(&path, text.as_bytes())?;
    Ok(format!("{summary}\n{FILE}: written"))
}

fn ask(root: &Path) -> Result<String, Failure> {
    let mut command = process::cargo(&["run", "--quiet", "-p", "auth-emulator", "--", "routes", "--json"]);
    command.current_dir(root);
    process::output(&mut command, "cargo run -p auth-emulator -- routes --json")
}

fn parse(routes: &str) -> Result<Vec<Route>, Failure> {
    serde_json::from_str(routes).map_err(|error| {
        Failure::new(
            format!("the emulator's list of routes is not understood: {error}"),
            "cargo run -p auth-emulator -- routes --json; it is an array of {provider, operation, method, path, implemented}",
        )
    })
}

/// The operations of each description, with the path of its server before theirs.
fn described(root: &Path) -> Result<Vec<Provider>, Failure> {
    let mut providers = Vec::new();
    for folder in workspace::described_crates(root)? {
        let crate_name = workspace::crate_name(&folder);
        let name = crate_name.strip_suffix("-client").unwrap_or(&crate_name).to_owned();
        let prefix = server_path(&folder);
        let operations = codegen::coverage_of(&folder)?;
        let operations =
            operations.into_iter().map(|one| (one.id, one.method, format!("{prefix}{}", one.path))).collect();
        providers.push(Provider::described(name, operations));
    }
    Ok(providers)
}

/// `/v1/service` of `https://api.example.com/v1/service`. The generator has refused anything odd about it before.
fn server_path(folder: &Path) -> String {
    let document = fs::read_to_string(folder.join("openapi.json")).ok();
    let document = document.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    let url = document.as_ref().and_then(|document| document.pointer("/servers/0/url")?.as_str());
    let path = url.and_then(|url| url.split_once("://")?.1.split_once('/')).map(|(_, path)| path);
    path.map(|path| format!("/{}", path.trim_end_matches('/'))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_another_form_is_refused_with_the_form_that_is_meant() {
        let failure = parse("{}").unwrap_err().to_string();
        assert!(failure.contains("not understood") && failure.contains("{provider, operation,"), "{failure}");
    }

    #[test]
    fn the_path_of_the_server_stands_before_those_of_the_operations() {
        let root = workspace::root();
        assert_eq!(server_path(&root.join("crates/verigator-client")), "/v1/service");
        assert_eq!(server_path(&root.join("crates/vaultvision-client")), "");
    }
}
