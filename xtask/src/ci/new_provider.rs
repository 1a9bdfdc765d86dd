//! A new provider made in a copy of the workspace: it compiles, its tests pass, and tidy misses only what is left to a
//! person.
//!
//! The copy is below the target folder and shares it, so that what other steps have compiled is not compiled again.

use super::{cargo, tell};
use crate::tidy::{self, Tree};
use crate::{Failure, new_provider, workspace};
use std::fs;
use std::path::Path;

/// A vendor that nobody has. In the middle of the sorted lists, where it is most in the way.
const NAME: &str = "samplevendor";

pub(super) fn run(root: &Path) -> Result<String, Failure> {
    let target = workspace::target(root);
    let copy = target.join("xtask/new-provider-check");
    tell(&format!("copying the workspace to {} and making {NAME}-client there", copy.display()));
    workspace::mirror(root, &copy, |_| true)?;
    // What no file is in any more would look like a crate that is there.
    let _ = fs::remove_dir_all(copy.join("crates").join(format!("{NAME}-client")));
    let made = new_provider::make(&copy, NAME, Some("Sample Vendor"), None)?;
    let name = made.crate_name;

    let place = target.display().to_string();
    let next = "correct xtask/src/new_provider/templates/, then cargo xtask ci --only new-provider";
    let run = |arguments: &[&str]| cargo(&copy, arguments, &[("CARGO_TARGET_DIR", &place)], next);
    run(&["test", "--quiet", "-p", &name])?;
    run(&["clippy", "--quiet", "-p", &name, "--all-targets", "--", "-D", "warnings"])?;
    run(&["check", "--quiet", "-p", "auth-clients", "--no-default-features", "--features", NAME])?;
    run(&["fmt", "--check", "-p", &name, "-p", "auth-clients"])?;
    left_to_a_person(&Tree::read_all(&copy)?, &name)
}

/// What `new-provider` can't make is missed by name, and nothing else is.
fn left_to_a_person(tree: &Tree, name: &str) -> Result<String, Failure> {
    let expected = [
        format!("crates/{name}/public-api.txt"),
        format!("crates/{name}/tests/emulator.rs"),
        format!("xtask/programs/one-call/{name}.rs"),
        format!("xtask/trees/{name}.txt"),
    ];
    let findings = tidy::findings(tree);
    let unexpected: Vec<String> = findings
        .iter()
        .filter(|finding| !expected.iter().any(|path| path == finding.path()))
        .map(ToString::to_string)
        .collect();
    if unexpected.is_empty() {
        let left: Vec<&str> = findings.iter().map(tidy::Finding::path).collect();
        return Ok(format!("left to a person: {}", left.join(", ")));
    }
    let what = format!(
        "tidy finds in a new provider what `new-provider` should have made:\n{}",
        unexpected.join("\n")
    );
    Err(Failure::new(what, "correct xtask/src/new_provider/, then cargo xtask ci --only new-provider"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_command_forgot_is_reported() {
        let tree = Tree::of(&[("a.rs", "fn a() {}")]);
        let failure = left_to_a_person(&tree, "x-client").unwrap_err().to_string();
        assert!(failure.contains("a.rs:1: ") && failure.contains("--only new-provider"), "{failure}");
    }
}
