//! `cargo xtask docs`: what is written for people holds what it says.
//!
//! `links` looks for links between Markdown files that lead nowhere, `code` for files whose Rust is compiled by no test, and
//! `commands` for shell commands that are not there. rustdoc's own lints find dead links in doc comments.

mod code;
mod commands;
mod links;

use crate::report::{process, progress};
use crate::{Failure, markdown, workspace};
use std::path::Path;

/// Why words after `cargo xtask` are refused, if they are. The parser of the command line knows; it depends on this module.
pub(crate) type Refuses = fn(&[&str]) -> Option<String>;

/// Check the documentation: it builds without a warning, its links lead somewhere, its code and commands are there.
///
/// First what needs no build, in every Markdown file: relative links and anchors; that a test compiles the Rust code of
/// each README and of docs/*.md; that the `cargo` commands name examples, packages, and commands of xtask with arguments
/// that it takes.
///
/// Then `cargo doc` of each library crate alone, with all features and warnings as errors: a link to an item that the crate
/// alone doesn't know is one.
#[derive(clap::Args, Debug, Default)]
#[command(
    after_help = "Examples:\n  cargo xtask docs --quick          Markdown only: builds nothing\n  cargo xtask docs auth-client-core      and the documentation of one crate"
)]
pub struct Arguments {
    /// Markdown only: nothing is built.
    #[arg(long)]
    pub quick: bool,
    /// Only the documentation of these crates. All library crates by default.
    #[arg(value_name = "CRATE")]
    pub crates: Vec<String>,
}

/// Checks what was asked for.
pub(crate) fn run(arguments: &Arguments, refuses: Refuses) -> Result<String, Failure> {
    let root = workspace::root();
    let mut report = vec![text(&root, refuses)?];
    if !arguments.quick {
        report.push(built(&root, &arguments.crates)?);
    }
    Ok(report.join("\n"))
}

/// What needs no build.
pub(crate) fn text(root: &Path, refuses: Refuses) -> Result<String, Failure> {
    let files = markdown(root)?;
    let repository = markdown::repository(&process::read_text(&root.join("Cargo.toml"))?).unwrap_or_default();
    let broken = links::broken(root, &repository, &files);
    if !broken.is_empty() {
        let what = format!("links that lead nowhere:\n{}", broken.join("\n"));
        return Err(Failure::new(what, "correct them, then cargo xtask docs --quick"));
    }
    let rust = read(root, &workspace::files(root)?, ".rs")?;
    let uncompiled = code::uncompiled(&files, &rust);
    if !uncompiled.is_empty() {
        let what = format!("files whose code no test compiles:\n{}", uncompiled.join("\n"));
        return Err(Failure::new(what, "include them as the lines say, then cargo test --doc"));
    }
    let known = commands::Known::read(root, refuses)?;
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, text) in read(root, &files, ".md")? {
        let found = commands::check(&name, &text, &known);
        count += found.checked;
        wrong.extend(found.wrong);
    }
    if !wrong.is_empty() {
        let what = format!("commands that can't be run:\n{}", wrong.join("\n"));
        return Err(Failure::new(what, "correct them, then cargo xtask docs --quick"));
    }
    Ok(format!("{} Markdown files: no dead link, all code compiled, {count} commands there", files.len()))
}

/// Builds the documentation of each crate alone.
pub(crate) fn built(root: &Path, only: &[String]) -> Result<String, Failure> {
    let all = workspace::library_crates(root)?;
    if let Some(unknown) = only.iter().find(|name| !all.contains(name)) {
        let what = format!("there is no library crate `{unknown}`; those that there are: {}", all.join(", "));
        return Err(Failure::new(what, "cargo xtask docs, for all of them"));
    }
    let chosen: Vec<&String> = all.iter().filter(|name| only.is_empty() || only.contains(name)).collect();
    for name in &chosen {
        progress(&format!("documenting {name}"));
        let mut command =
            process::cargo(&["doc", "--quiet", "--no-deps", "--all-features", "--lib", "-p", name]);
        command.current_dir(root).env("RUSTDOCFLAGS", "-D warnings");
        let next = format!("RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --all-features -p {name}");
        process::output(&mut command, &next)?;
    }
    Ok(format!("{} crates documented without a warning", chosen.len()))
}

/// The Markdown files of the workspace; links of templates count from elsewhere.
fn markdown(root: &Path) -> Result<Vec<String>, Failure> {
    let files = workspace::files(root)?;
    Ok(files.into_iter().filter(|path| path.ends_with(".md") && !path.contains("/templates/")).collect())
}

fn read(root: &Path, files: &[String], ending: &str) -> Result<Vec<(String, String)>, Failure> {
    files
        .iter()
        .filter(|path| path.ends_with(ending))
        .map(|path| Ok((path.clone(), process::read_text(&root.join(path))?)))
        .collect()
}
