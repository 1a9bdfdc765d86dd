//! `cargo xtask public-api`: what users can name, crate by crate, as a committed list that a change has to renew.
//!
//! `rustdoc` builds the documentation as data, `listing` makes lines of it, `difference` compares them with the
//! committed file, and `foreign` looks in them for types of other crates that no list allows. `semver` compares with
//! the last release.

mod difference;
mod foreign;
mod listing;
mod rustdoc;
mod semver;

pub(crate) use foreign::LIST as FOREIGN_TYPES;
pub use rustdoc::stand_in;
pub(crate) use semver::check as semver_check;

use crate::report::process::write_if_changed;
use crate::{Failure, workspace};
use std::fs;
use std::path::{Path, PathBuf};

/// Compare the public API of each library crate with its committed list, crates/<crate>/public-api.txt.
///
/// The items of a crate's module `provider` are listed apart, in public-api-provider.txt: only provider crates need them, and
/// they may change in a minor version.
///
/// The list has a line for everything that users can name, with all features: modules, types, fields, functions with
/// their signatures, trait implementations. A line that goes away breaks somebody; a line that comes stays for long. So
/// both are shown, and a change that means it renews the list with --bless.
///
/// The same lines are searched for types of other crates: xtask/foreign-types.txt says which may stand in signatures,
/// and why. A release of any other one would be a breaking change of ours.
#[derive(clap::Args, Debug, Default)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Write the lists instead of comparing them.
    #[arg(long)]
    pub bless: bool,
    /// Only these crates, such as `auth-client-core`. All library crates by default.
    #[arg(value_name = "CRATE")]
    pub crates: Vec<String>,
}

const AFTER_HELP: &str = "\
Examples:
  cargo xtask public-api
  cargo xtask public-api --bless auth-client-core
  git diff -- 'crates/*/public-api.txt'     what a branch changes

Methods of standard traits (Clone, Debug, PartialEq, Serialize, …) are left out: their `impl` line says all. Implementations
that the compiler makes by itself (Send, Sync, …) and those for all types are left out too.

The documentation is built by the stable toolchain with RUSTC_BOOTSTRAP=1 for rustdoc alone, because its JSON has no
stable form yet. It takes about half a minute on a warm target folder.";

/// A list: the file, its head, and whether it is the one of the module `provider`.
struct Side {
    file: &'static str,
    head: &'static str,
    provider: bool,
}

const USERS: Side = Side {
    file: "public-api.txt",
    head: "# What users can name, with all features. Renewed by `cargo xtask public-api --bless`; a line that goes away is a\n# breaking change.\n",
    provider: false,
};

const PROVIDERS: Side = Side {
    file: "public-api-provider.txt",
    head: "# What only provider crates name, with all features. Renewed by `cargo xtask public-api --bless`; it may change in a\n# minor version.\n",
    provider: true,
};

/// The lists of a crate.
fn sides(name: &str) -> &'static [Side] {
    if name == "auth-client-core" { &[USERS, PROVIDERS] } else { &[USERS] }
}

/// Whether a line is about an item of the crate's module `provider`: the item itself, or an implementation that names one.
fn is_of_provider(line: &str, name: &str) -> bool {
    let module = format!("{}::provider", name.replace('-', "_"));
    if line.starts_with("impl") {
        return line.contains(&format!("{module}::"));
    }
    // The item's path is the first one that names the crate; types of a signature come after it.
    let item = line.find(&format!("{}::", name.replace('-', "_"))).and_then(|start| line.get(start..));
    item.and_then(|item| item.strip_prefix(&module))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Compares, or writes.
///
/// # Errors
///
/// [`Failure`] when the documentation can't be built, a list differs, or a foreign type is not allowed.
pub fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let all = workspace::library_crates(&root)?;
    if let Some(unknown) = arguments.crates.iter().find(|name| !all.contains(name)) {
        let what = format!("there is no library crate `{unknown}`; those that there are: {}", all.join(", "));
        return Err(Failure::new(what, "cargo xtask public-api, for all of them"));
    }
    let chosen: Vec<String> = all
        .iter()
        .filter(|name| arguments.crates.is_empty() || arguments.crates.contains(name))
        .cloned()
        .collect();
    let allowed = foreign::Allowed::read(&root)?;
    if !arguments.bless {
        // Before anything is built: a list that is not there needs no comparison.
        for name in &chosen {
            for side in sides(name) {
                committed(&root, name, side)?;
            }
        }
    }
    let mut problems = Vec::new();
    let mut violations = Vec::new();
    let mut lines = Vec::new();
    for (name, json) in rustdoc::build(&root, &chosen)? {
        let listing = listing::read(&json, &name)?;
        violations.extend(allowed.violations(&listing, &all));
        for side in sides(&name) {
            let of_side =
                |line: &&String| sides(&name).len() == 1 || is_of_provider(line, &name) == side.provider;
            let listing: Vec<String> = listing.iter().filter(of_side).cloned().collect();
            let (file, count) = (side.file, listing.len());
            if arguments.bless {
                let text = format!("{}{}\n", side.head, listing.join("\n"));
                write_if_changed(&path(&root, &name, side), text.as_bytes())?;
                lines.push(format!("crates/{name}/{file}: {count} lines written"));
                continue;
            }
            match difference::show(&committed(&root, &name, side)?, &listing) {
                Some(shown) => problems.push(format!("crates/{name}/{file}\n{shown}")),
                None => lines.push(format!("crates/{name}/{file}: {count} lines, as committed")),
            }
        }
    }
    if arguments.crates.is_empty() && problems.is_empty() {
        violations.extend(allowed.unused());
    }
    if !violations.is_empty() {
        problems.push(format!(
            "types of other crates that {} does not allow there:\n{}",
            foreign::LIST,
            violations.join("\n")
        ));
        let next = format!(
            "keep the type out of the signature, or add it to {} with a reason, then cargo xtask public-api",
            foreign::LIST
        );
        return Err(Failure::new(problems.join("\n\n"), next));
    }
    if problems.is_empty() {
        return Ok(lines.join("\n"));
    }
    let names = arguments.crates.iter().map(|name| format!(" {name}")).collect::<String>();
    let what = format!("the public API is not the committed one:\n\n{}", problems.join("\n\n"));
    let next = format!(
        "cargo xtask public-api --bless{names}, if that is what is meant; then say why in the changelog"
    );
    Err(Failure::new(what, next))
}

fn path(root: &Path, name: &str, side: &Side) -> PathBuf {
    root.join("crates").join(name).join(side.file)
}

/// The lines of the committed list, without its head.
fn committed(root: &Path, name: &str, side: &Side) -> Result<Vec<String>, Failure> {
    let file = side.file;
    let text = fs::read_to_string(path(root, name, side)).map_err(|error| {
        Failure::new(
            format!("crates/{name}/{file} can't be read: {error}"),
            format!(
                "git checkout crates/{name}/{file}; for a new crate cargo xtask public-api --bless {name}"
            ),
        )
    })?;
    Ok(text.lines().filter(|line| !line.starts_with("# ")).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_missing_is_told_with_the_way_to_get_it() {
        let failure = committed(&std::env::temp_dir(), "no-such-crate", &USERS).unwrap_err().to_string();
        assert!(failure.contains("crates/no-such-crate/public-api.txt can't be read"), "{failure}");
        assert!(
            failure.contains("\n\nnext: git checkout") && failure.contains("--bless no-such-crate"),
            "{failure}"
        );
    }

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

    #[test]
    fn a_crate_that_is_not_there_is_refused_with_those_that_are() {
        let arguments = Arguments { bless: false, crates: vec!["clientcore".to_owned()] };
        let failure = run(&arguments).unwrap_err().to_string();
        assert!(failure.contains("`clientcore`") && failure.contains("auth-client-core"), "{failure}");
    }
}
