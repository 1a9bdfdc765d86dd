//! `cargo xtask public-api`: what users can name, crate by crate, as a committed list that a change has to renew.
//!
//! `listing` makes lines of rustdoc's JSON, this compares them with the committed file, and `foreign` searches them for types
//! of other crates that no list allows.

mod foreign;
mod listing;

pub(crate) use foreign::LIST as FOREIGN_TYPES;

use crate::report::process;
use crate::{Failure, workspace};
use std::path::Path;
use std::process::Command;

/// Compare the public API of each library crate with its committed list, crates/<crate>/public-api.txt.
///
/// The items of a crate's module `provider` are listed apart, in public-api-provider.txt: only provider crates need them, and
/// they may change in a minor version.
///
/// The list has a line for everything that users can name, with all features: modules, types, fields, functions with
/// their signatures, trait implementations. A line that goes away breaks somebody; a line that comes stays for long. So
/// both are shown, and a change that means it renews the list with --bless.
///
/// The same lines are searched for types of other crates: xtask/foreign-types.txt lists which may stand in signatures,
/// and why. A release of any other one would be a breaking change of ours.
#[derive(clap::Args, Debug, Default)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// Write the lists instead of comparing them.
    #[arg(long)]
    bless: bool,
    /// Only these crates, such as `auth-client-core`. All library crates by default.
    #[arg(value_name = "CRATE")]
    crates: Vec<String>,
}

const AFTER_HELP: &str = "\
Examples:
  cargo xtask public-api
  cargo xtask public-api --bless auth-client-core
  git diff -- 'crates/*/public-api.txt'     what a branch changes

Methods of standard traits (Clone, Debug, PartialEq, Serialize, …) are left out: their `impl` line says all. Implementations
that the compiler makes (Send, Sync, …) and those for all types are left out too.

The documentation is built by the stable toolchain with RUSTC_BOOTSTRAP=1 for rustdoc alone, because its JSON has no
stable form yet. It takes about half a minute on a warm target folder.";

/// The lists of a crate: the file, its head, and whether it is the one of the module `provider`.
fn sides(name: &str) -> &'static [(&'static str, &'static str, bool)] {
    const USERS: &str = "# What users can name, with all features. Renewed by `cargo xtask public-api --bless`; a line that goes away is a\n# breaking change.\n";
    const PROVIDERS: &str = "# What only provider crates name, with all features. Renewed by `cargo xtask public-api --bless`; it may change in a\n# minor version.\n";
    match name {
        "auth-client-core" => {
            &[("public-api.txt", USERS, false), ("public-api-provider.txt", PROVIDERS, true)]
        }
        _ => &[("public-api.txt", USERS, false)],
    }
}

/// Whether a line is about an item of the crate's module `provider`: the item itself, or an implementation that names one.
fn is_of_provider(line: &str, name: &str) -> bool {
    let root = format!("{}::", name.replace('-', "_"));
    if line.starts_with("impl") {
        return line.contains(&format!("{root}provider::"));
    }
    // The item's path is the first one that names the crate; types of a signature come after it.
    let item = line.split_once(&root).and_then(|(_, item)| item.strip_prefix("provider"));
    item.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

pub(crate) fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let all = workspace::library_crates(&root)?;
    let chosen = workspace::chosen(all.clone(), &arguments.crates, "cargo xtask public-api")?;
    let allowed = foreign::Allowed::read(&root)?;
    build(&root, &chosen)?;
    let (mut report, mut differences, mut violations) = (Vec::new(), Vec::new(), Vec::new());
    for name in &chosen {
        let json = workspace::target(&root).join("doc").join(format!("{}.json", name.replace('-', "_")));
        let lines = listing::read(&json, name)?;
        violations.extend(allowed.violations(&lines, &all));
        for (file, head, provider) in sides(name) {
            let of_side = |line: &&String| sides(name).len() == 1 || is_of_provider(line, name) == *provider;
            let lines: Vec<&str> = lines.iter().filter(of_side).map(String::as_str).collect();
            let path = format!("crates/{name}/{file}");
            let text = format!("{head}{}\n", lines.join("\n"));
            if arguments.bless {
                process::write_if_changed(&root.join(&path), text)?;
            } else {
                differences.extend(difference(&root, &path, &text)?);
            }
            report.push(format!("{path}: {} lines", lines.len()));
        }
    }
    if arguments.crates.is_empty() && differences.is_empty() {
        violations.extend(allowed.unused());
    }
    let head = format!("types of other crates that {FOREIGN_TYPES} does not allow there:\n");
    let next = "keep the type out of the signature, or add it to the list with a reason, then cargo xtask public-api";
    Failure::unless_none(&head, &violations, next)?;
    let next = "cargo xtask public-api --bless, if the change is intended; then write why in the changelog";
    Failure::unless_none("the public API is not the committed one:\n\n", &differences, next)?;
    Ok(report.join("\n"))
}

/// Documentation as JSON, below `target/doc`.
fn build(root: &Path, crates: &[String]) -> Result<String, Failure> {
    let mut command = process::cargo(root, &["doc", "--quiet", "--no-deps", "--lib", "--all-features"]);
    command.args(crates.iter().flat_map(|name| ["-p", name]));
    command.env("RUSTDOCFLAGS", "-Z unstable-options --output-format json --cap-lints allow");
    command.env("RUSTDOC", root.join(if cfg!(windows) { "xtask/rustdoc.cmd" } else { "xtask/rustdoc.sh" }));
    process::run(&mut command, "cargo doc --no-deps --all-features, which shows more")
}

/// The lines that differ from the committed file.
fn difference(root: &Path, path: &str, text: &str) -> Result<Option<String>, Failure> {
    if process::read_text(&root.join(path)).is_ok_and(|committed| committed == text) {
        return Ok(None);
    }
    let found = workspace::target(root).join("xtask").join(path);
    process::write_if_changed(&found, text)?;
    let mut diff = Command::new("git");
    diff.args(["diff", "--no-index", "--unified=0", "--no-color", "--", path]).arg(&found).current_dir(root);
    let (_, lines, errors) = process::all(&mut diff, "install git")?;
    // Behind the four lines of the head.
    let lines: Vec<&str> = lines.lines().skip(4).filter(|line| line.starts_with(['-', '+'])).collect();
    Ok(Some(format!("{path}\n{}", process::tail(&format!("{errors}{}", lines.join("\n")), 60))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_on_the_side_of_its_item() {
        for line in [
            "pub mod auth_client_core::provider",
            "pub struct auth_client_core::provider::Engine",
            "pub fn auth_client_core::provider::Engine::new(auth_client_core::Error) -> Self",
            "impl core::fmt::Debug for auth_client_core::provider::Engine",
            "impl core::convert::From<auth_client_core::provider::ApiError> for auth_client_core::Error",
        ] {
            assert!(is_of_provider(line, "auth-client-core"), "{line}");
        }
        for line in [
            "pub mod auth_client_core",
            "pub mod auth_client_core::provider_two",
            "pub fn auth_client_core::Error::api(&self) -> &auth_client_core::provider::ApiError",
            "impl core::fmt::Debug for auth_client_core::Error",
        ] {
            assert!(!is_of_provider(line, "auth-client-core"), "{line}");
        }
    }
}
