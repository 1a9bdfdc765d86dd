//! `cargo xtask codegen`: from `crates/*/openapi.json` to types, methods, tests and tables.
//!
//! `read` takes a description in, strictly; `plan` checks that its parts fit; `emit` writes. Nothing is written
//! before everything is known to be good, so a refused description leaves the tree as it was.

mod command_line;
mod description;
mod document;
mod emit;
mod emulator;
mod json;
mod output;
mod plan;
mod read;
#[cfg(test)]
mod refusals;
mod walk;

use crate::report::process::read_text;
use crate::{Context as _, Failure, workspace};
pub(crate) use document::Document;
use json::Node;
use output::Change;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use walk::Refusal;

/// Write the code that comes from the API descriptions.
///
/// Reads `crates/<provider>-client/openapi.json` and writes, beside it: src/generated/ (types, resource handles and
/// operations), tests/generated/ (a test per operation, against a mock server), and the table of operations in
/// README.md. Files that no description asks for any more are deleted. The emulator's route tables are written from all
/// descriptions, also those of clients written by hand, and so is the index of operations of authctl.
///
/// An error in a description is reported with a JSON pointer, such as #/paths/~1service/post, and nothing is written.
#[derive(clap::Args, Debug, Default)]
pub struct Arguments {
    /// Write nothing; fail when what is there differs from what would be written.
    #[arg(long)]
    pub check: bool,
    /// Only these: `verigator` or `verigator-client`. All by default.
    pub providers: Vec<String>,
}

/// Runs the command and returns what to print.
pub fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let mut changes = Vec::new();
    let crates = chosen(&root, &arguments.providers)?;
    for folder in &crates {
        changes.extend(changes_of(&root, folder)?);
    }
    changes.extend(emulator::changes(&root)?);
    changes.extend(command_line::changes(&root)?);
    let names: Vec<String> = crates.iter().map(|folder| workspace::crate_name(folder)).collect();
    let names = names.join(", ");
    if changes.is_empty() {
        return Ok(format!("{names}: up to date"));
    }
    let list: Vec<String> = changes.iter().map(|change| change.describe(&root)).collect();
    if arguments.check {
        let head = "generated files differ from their descriptions:\n";
        Failure::unless_none(head, &list, "cargo xtask codegen")?;
    }
    changes.iter().try_for_each(Change::apply)?;
    Ok(list.join("\n"))
}

/// The folders of these providers, named with or without `-client`; of all if there are none.
fn chosen(root: &Path, providers: &[String]) -> Result<Vec<PathBuf>, Failure> {
    let all = workspace::described_crates(root)?;
    let known: Vec<String> = all.iter().map(|folder| workspace::crate_name(folder)).collect();
    let full = |provider: &String| {
        let name = format!("{provider}-client");
        if known.contains(&name) { name } else { provider.clone() }
    };
    let wanted: Vec<String> = providers.iter().map(full).collect();
    let chosen = workspace::chosen(known, &wanted, "cargo xtask codegen")?;
    Ok(all.into_iter().filter(|folder| chosen.contains(&workspace::crate_name(folder))).collect())
}

/// What has to change in a crate for it to agree with its description.
fn changes_of(root: &Path, folder: &Path) -> Result<Vec<Change>, Failure> {
    let files = generate(root, folder, &workspace::crate_name(folder))?;
    output::compare(folder, &files, &["src/generated", "tests/generated"])
}

/// All files that come from the description in `folder`, by their path in it, for a crate of this name.
pub fn generate(root: &Path, folder: &Path, crate_name: &str) -> Result<BTreeMap<PathBuf, String>, Failure> {
    let (text, api) = described(folder, crate_name)?;
    if format!("{}-client", api.vendor) != crate_name {
        let sentence = format!("the crate is {crate_name}, so the vendor is its name without `-client`");
        return Err(refused(crate_name, &Refusal::new("#/x-sdk-vendor", sentence)));
    }
    let plan = plan::Plan::new(&api).map_err(|refusal| refused(crate_name, &refusal))?;
    let digest = format!("openapi.json, sha256 {}", hex(&Sha256::digest(text.as_bytes())));
    let origin = emit::Origin { root, crate_name, digest: &digest };
    let mut files = emit::files(&plan, &origin)?;
    let readme = read_text(&folder.join("README.md"))?;
    let renewed = emit::update_readme(&plan, &readme, &format!("the README.md of {crate_name}"))?;
    files.insert(PathBuf::from("README.md"), renewed);
    Ok(files)
}

/// Id, method and path of the operations of the description in a folder, in its order.
pub fn coverage_of(folder: &Path) -> Result<Vec<(String, String, String)>, Failure> {
    let crate_name = workspace::crate_name(folder);
    let (_, api) = described(folder, &crate_name)?;
    plan::Plan::new(&api).map_err(|refusal| refused(&crate_name, &refusal))?;
    Ok(api.operations.into_iter().map(|one| (one.id, one.verb.to_owned(), one.path)).collect())
}

/// The description in a folder: its text, and what was read.
fn described(folder: &Path, crate_name: &str) -> Result<(String, description::Api), Failure> {
    let text = read_text(&folder.join("openapi.json"))?;
    let what = format!("crates/{crate_name}/openapi.json is no JSON");
    let document = Node::parse(&text).context(what, "correct it, then run cargo xtask codegen")?;
    let api = read::api(&document).map_err(|refusal| refused(crate_name, &refusal))?;
    Ok((text, api))
}

fn refused(crate_name: &str, refusal: &Refusal) -> Failure {
    Failure::new(
        format!("crates/{crate_name}/openapi.json is refused\n{refusal}"),
        format!("correct the description, then run cargo xtask codegen {crate_name}"),
    )
}

/// The first 16 digits: enough to see that two descriptions differ.
fn hex(digest: &[u8]) -> String {
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
