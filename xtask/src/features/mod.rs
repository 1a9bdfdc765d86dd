//! `cargo xtask features`: every crate with every set of features that somebody may choose, and what each brings along.
//!
//! A build of the whole workspace unites the features of all crates and so hides what one of them forgot to ask for;
//! here each is looked at alone. `facade` compares the features of `auth-clients` with those of its members, `tree` the
//! packages of each crate with a committed list, and the rest is `cargo check`.

mod facade;
mod tree;

pub(crate) use tree::FOLDER as TREES;

use crate::ci::tools;
use crate::report::{process, progress};
use crate::{Failure, workspace};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use toml::Table;

/// Check each library crate alone: without features, with each, with the default ones, with all; and what it depends on.
///
/// Three checks, the first two of which build nothing:
/// the features of the facade auth-clients are those of the provider crates, forwarded by name;
/// each crate's packages are those of its committed list, xtask/trees/<crate>.txt, and none that it must not have;
/// `cargo check` of each crate by itself with every one of its features.
#[derive(clap::Args, Debug, Default)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// The comparison and the lists only: nothing is built.
    #[arg(long)]
    pub quick: bool,
    /// Write the lists of packages instead of comparing them; nothing is built.
    #[arg(long, conflicts_with = "quick")]
    pub bless: bool,
    /// Only these crates, such as `vise-client`. All library crates by default.
    #[arg(value_name = "CRATE")]
    pub crates: Vec<String>,
}

const AFTER_HELP: &str = "\
Examples:
  cargo xtask features --quick               some seconds
  cargo xtask features verigator-client      one crate with all its features
  cargo xtask features --bless               after a change of dependencies

Who brings a package that should not be there:
  $ cargo tree -p verigator-client -e normal -i PACKAGE";

/// Checks what was asked for.
pub fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let all = workspace::library_crates(&root)?;
    if let Some(unknown) = arguments.crates.iter().find(|name| !all.contains(name)) {
        let what = format!("there is no library crate `{unknown}`; those that there are: {}", all.join(", "));
        return Err(Failure::new(what, "cargo xtask features, for all of them"));
    }
    let chosen: Vec<&String> =
        all.iter().filter(|name| arguments.crates.is_empty() || arguments.crates.contains(name)).collect();
    let mut report = Vec::new();
    if arguments.bless {
        for name in chosen.iter().filter(|name| tree::is_listed(name)) {
            report.push(tree::write(&root, name)?);
        }
        return Ok(report.join("\n"));
    }
    report.push(facade(&root)?);
    let mut differences = Vec::new();
    for name in chosen.iter().filter(|name| tree::is_listed(name)) {
        differences.extend(tree::check(&root, name)?);
    }
    if !differences.is_empty() {
        let next = "cargo tree -e normal -p CRATE -i PACKAGE   # who brings it; if it is meant: cargo xtask features --bless";
        return Err(Failure::new(differences.join("\n"), next));
    }
    report.push("packages: as listed in xtask/trees/".to_owned());
    if !arguments.quick {
        report.push(each_feature(&root, &chosen)?);
    }
    Ok(report.join("\n"))
}

/// Compares the features of the facade with those of its members.
fn facade(root: &Path) -> Result<String, Failure> {
    let facade = manifest(root, facade::NAME)?;
    let mut members = Vec::new();
    for name in workspace::library_crates(root)?.into_iter().filter(|name| name.ends_with("-client")) {
        let manifest = manifest(root, &name)?;
        members.push((name, manifest));
    }
    let not_passed_on = facade::pass_on(&manifest(root, "auth-client-core")?, &members);
    if !not_passed_on.is_empty() {
        let what = format!(
            "features of auth-client-core that its users don't pass on to it:\n{}",
            not_passed_on.join("\n")
        );
        return Err(Failure::new(
            what,
            "write the lines under [features], then cargo xtask features --quick",
        ));
    }
    let missing = facade::compare(&facade, &members);
    if missing.is_empty() {
        return Ok(format!("facade: the features of {} providers, forwarded", members.len()));
    }
    let what = format!(
        "crates/{}/Cargo.toml does not forward what its members have:\n{}",
        facade::NAME,
        missing.join("\n")
    );
    Err(Failure::new(what, "do what the lines say, then cargo xtask features --quick"))
}

fn manifest(root: &Path, name: &str) -> Result<Table, Failure> {
    let path = format!("crates/{name}/Cargo.toml");
    let text = fs::read_to_string(root.join(&path)).map_err(|error| {
        Failure::new(format!("{path} can't be read: {error}"), format!("git checkout {path}"))
    })?;
    text.parse()
        .map_err(|error| Failure::new(format!("{path} is no manifest: {error}"), format!("correct {path}")))
}

/// `cargo check` of each crate alone: without features, with each one, and with the default ones. With all features, each is
/// compiled alone by `cargo xtask docs`.
fn each_feature(root: &Path, crates: &[&String]) -> Result<String, Failure> {
    let mut hack = tools::cargo_hack(root)?.command("cargo-hack");
    hack.args(["hack", "check", "--quiet", "--each-feature", "--exclude-all-features"]).current_dir(root);
    // A name that begins with two underscores is not for users, and what turns it on is checked.
    let mut private = BTreeSet::new();
    for name in crates {
        hack.args(["-p", name]);
        let manifest = manifest(root, name)?;
        let features = manifest.get("features").and_then(|features| features.as_table());
        private.extend(
            features.into_iter().flat_map(Table::keys).filter(|name| name.starts_with("__")).cloned(),
        );
    }
    for feature in private {
        hack.args(["--exclude-features", &feature]);
    }
    progress(&process::show(&hack));
    let next =
        "run the cargo check command that is named above; the crate needs a feature that it does not ask for";
    let (succeeded, _, errors) = process::all(&mut hack, next)?;
    // What is unused without a feature is a warning, and a failure here.
    if succeeded && !errors.lines().any(|line| line.starts_with("warning")) {
        let builds = errors.lines().filter(|line| line.starts_with("info: running")).count();
        return Ok(format!("cargo check: {builds} sets of features"));
    }
    Err(Failure::new(
        format!("a crate does not compile alone without a warning:\n{}", process::tail(&errors, 60)),
        next,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The comparison of the command, so that `cargo test` fails too when a provider's feature is not forwarded.
    #[test]
    fn the_facade_has_the_features_of_its_members() {
        facade(&workspace::root()).unwrap();
    }
}
