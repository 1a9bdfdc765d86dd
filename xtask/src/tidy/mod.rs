//! `cargo xtask tidy`: the rules of the workspace that a reader would otherwise have to watch over, as checks of plain text.
//!
//! Nothing is built and no command is run, so it can be run at every save. A rule is a function from
//! the [`Tree`] to [`Finding`]s, with tests that break it.

mod crates;
mod prose;
mod text;
mod tree;

pub use tree::{Finding, Tree};

use crate::{Failure, workspace};

/// Check the rules that need no build: heads and lengths of files, words, manifests, missing files.
///
/// Reads every file outside of target/ and hidden folders, and reports each finding as `path:line: what; what to do`.
/// Files that only some providers have stand in a table of xtask/src/tidy/crates.rs, each with its reason. An exception that
/// nothing needs is a finding too.
#[derive(clap::Args, Debug, Default)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {}

const AFTER_HELP: &str = "\
Example:
  cargo xtask tidy

What is checked:
  heads       every .rs file written by hand begins with a `//!` paragraph
  length      at most 400 lines without tests
  prose       words that the project doesn't use, listed in xtask/words.txt with the ones that it does
  words       machine paths, package registries, left-over markers, ignored tests, reqwest outside of its module
  manifests   reasons and order of dependencies, comments of features, what every crate declares
  files       those that a crate of its kind has; the changelog and the README name it; a provider's
              sections in the guides, its example, its place in the tour, its emulator";

type Rule = fn(&Tree) -> Vec<Finding>;

const RULES: &[Rule] = &[
    text::heads,
    text::lengths,
    text::words,
    prose::check,
    crates::dependencies,
    crates::manifests,
    crates::files,
    crates::members,
];

/// Checks every rule and returns what to print.
pub fn run(_: &Arguments) -> Result<String, Failure> {
    check(&Tree::read(&workspace::root())?)
}

fn check(tree: &Tree) -> Result<String, Failure> {
    let findings: Vec<String> = findings(tree).iter().map(Finding::to_string).collect();
    let head = format!("{} to tidy:\n\n", findings.len());
    Failure::unless_none(&head, &findings, "do what the lines say, then cargo xtask tidy")?;
    Ok(format!("{} files, nothing to tidy", tree.iter().count()))
}

/// Everything that breaks a rule, sorted.
#[must_use]
pub fn findings(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(tree)).collect();
    findings.sort();
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_sorted_counted_and_end_with_the_next_command() {
        let tree = Tree::of(&[("b.rs", "fn b() {}\n"), ("a.rs", "fn a() {}\n")]);
        let failure = check(&tree).unwrap_err().to_string();
        let (first, second) = (failure.find("a.rs:1: "), failure.find("b.rs:1: "));
        assert!(first.is_some() && first < second, "{failure}");
        assert!(failure.contains(" to tidy:\n") && failure.ends_with("then cargo xtask tidy"), "{failure}");
    }
}
