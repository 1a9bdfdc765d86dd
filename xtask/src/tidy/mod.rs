//! `cargo xtask tidy`: the rules of the workspace that a reader would otherwise have to watch over, as checks of plain text.
//!
//! Nothing is built and no command but `git ls-files` is run, so it can be run at every save. A rule is a function from
//! the [`Tree`] to [`Finding`]s, with tests that break it; which files there must be is in `rooms`.

mod length;
mod manifests;
mod prose;
pub(crate) mod published;
mod rooms;
mod rust_files;
mod tree;
mod words;

pub use tree::{Finding, Tree};

use crate::report::process;
use crate::{Failure, workspace};

/// Check the rules that need no build: heads and lengths of files, words, manifests, missing files.
///
/// Reads every file that git tracks or would track, and reports each finding as `path:line: what; what to do`.
/// The exceptions stand where the rules are: long files in xtask/long-files.txt, features and test files that only one
/// provider has in tables of xtask/src/tidy/, each with its reason. An exception that nothing needs is a finding too.
#[derive(clap::Args, Debug, Default)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Lowers numbers in xtask/long-files.txt and xtask/old-words.txt where the code became better, and makes the links of
    /// crates' READMEs absolute. Writes nothing else.
    #[arg(long)]
    pub fix: bool,
    /// Lists every use of a word that the project doesn't use, in one area (such as `crates/vise-client` or `docs`) or in all.
    #[arg(long, value_name = "AREA", num_args = 0..=1, default_missing_value = "", conflicts_with = "fix")]
    pub words: Option<String>,
}

const AFTER_HELP: &str = "\
Examples:
  cargo xtask tidy
  cargo xtask tidy --fix                   after a long file was cut, or a README got a link
  cargo xtask tidy --words docs            what to rewrite there

What is checked:
  heads       every .rs file written by hand begins with a `//!` paragraph
  length      at most 400 lines without tests; longer ones are listed and may only become shorter
  prose       words that the project doesn't use, listed in xtask/words.txt with the ones that it does
  words       machine paths, package registries, left-over markers, ignored tests, reqwest outside of its module
  published   what a registry shows: metadata, licences, links of READMEs that work outside of the repository
  manifests   reasons, order and use of dependencies; features that all providers share; lints, description, readme
  rooms       the files that a crate of its kind has; the changelog and the README name it";

type Rule = fn(&Tree) -> Vec<Finding>;

const RULES: &[Rule] = &[
    rust_files::heads,
    length::check,
    words::check,
    manifests::workspace_table,
    manifests::members,
    manifests::features,
    prose::check,
    published::check,
    rooms::check,
];

/// Checks every rule and gives back what to print.
pub fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let mut tree = Tree::read(&root)?;
    if let Some(wanted) = &arguments.words {
        let uses = prose::all(&tree).into_iter();
        let uses = uses.filter(|finding| {
            wanted.is_empty() || prose::area(finding.path()) == wanted.trim_end_matches('/')
        });
        let lines: Vec<String> = uses.map(|finding| finding.to_string()).collect();
        return Ok(format!("{}\n{} uses", lines.join("\n"), lines.len()));
    }
    if arguments.fix {
        let fixed = published::fixed(&tree).into_iter().chain([
            (length::LIST.to_owned(), length::fixed(&tree)),
            (prose::OLD.to_owned(), prose::fixed(&tree)),
        ]);
        for (path, text) in fixed.collect::<Vec<_>>() {
            process::write_if_changed(&root.join(&path), text.as_bytes())?;
            tree.insert(&path, text);
        }
    }
    check(&tree)
}

/// Checks every rule on files that were read already.
pub fn check(tree: &Tree) -> Result<String, Failure> {
    let findings = findings(tree);
    if findings.is_empty() {
        return Ok(format!("{} files, nothing to tidy", tree.len()));
    }
    let list: Vec<String> = findings.iter().map(Finding::to_string).collect();
    let what = format!("{}\n\n{} to tidy", list.join("\n"), findings.len());
    Err(Failure::new(what, "do what the lines say, then cargo xtask tidy"))
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
        assert!(failure.contains(" to tidy\n\nnext: ") && failure.ends_with("cargo xtask tidy"), "{failure}");
    }
}
