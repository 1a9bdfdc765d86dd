//! `cargo xtask docs`: links of the documentation lead somewhere, its code is compiled, its commands exist.

use crate::ci::tools;
use crate::markdown::{self, BRANCH, Markdown};
use crate::report::{process, progress};
use crate::{Failure, workspace};
use cargo_metadata::Metadata;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

/// Check that docs build, links resolve and commands exist.
///
/// First what needs no build, in every Markdown file: that links to the repository begin with its address in READMEs of crates;
/// that a test compiles the Rust code of each README and of docs/*.md; that the `cargo` commands name examples and packages that
/// exist. `cargo test -p xtask` checks commands of xtask. By lychee: that links to files and anchors lead somewhere.
///
/// Then `cargo doc` of each library crate alone, with all features, the default ones and none, where those differ, and warnings as errors: a link
/// to an item that the crate alone doesn't know, or only with a feature, is one.
#[derive(clap::Args, Debug, Default)]
#[command(
    after_help = "Examples:\n  cargo xtask docs --quick          Markdown only: builds nothing\n  cargo xtask docs auth-client-core      and the documentation of one crate"
)]
pub(crate) struct Arguments {
    /// Markdown only, without its links: nothing is built, and no tool is needed.
    #[arg(long)]
    quick: bool,
    /// Only the documentation of these crates. All library crates by default.
    #[arg(value_name = "CRATE")]
    crates: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    if arguments.quick {
        return text(&root);
    }
    Ok(format!("{}\n{}", markdown(&root)?, built(&root, &arguments.crates)?))
}

/// What needs no build. The repository's own addresses are looked up in this checkout, and no server is asked.
pub(crate) fn markdown(root: &Path) -> Result<String, Failure> {
    let report = text(root)?;
    let (base, here) = (address(&workspace::metadata(root)?), root.to_string_lossy().replace('\\', "/"));
    let mut lychee = tools::prebuilt(root, "lychee")?;
    lychee.args(["--offline", "--no-progress", "--include-fragments", "--extensions", "md"]);
    lychee.args(["--exclude-path", "/target/", "--remap"]);
    lychee.arg(format!("^{} file:///{}/", regex::escape(&base), here.trim_start_matches('/'))).arg(".");
    process::run(&mut lychee, "correct the links, then cargo xtask ci --only markdown")?;
    Ok(report)
}

/// How addresses of the repository's files begin.
fn address(metadata: &Metadata) -> String {
    let repository = metadata.workspace_packages().iter().find_map(|package| package.repository.clone());
    repository.unwrap_or_default() + BRANCH
}

fn text(root: &Path) -> Result<String, Failure> {
    let all = workspace::files(root)?;
    let metadata = workspace::metadata(root)?;
    let markdown = all.iter().filter(|path| path.ends_with(".md"));
    let read = |path: &String| Ok((path.clone(), markdown::read(&process::read_text(&root.join(path))?)));
    let files: BTreeMap<String, Markdown> = markdown.map(read).collect::<Result<_, Failure>>()?;
    let base = address(&metadata);
    let mut findings = Vec::new();
    let mut commands = 0;
    for (path, file) in &files {
        let why = |link: &str| misplaced(path, link, &base, &all);
        let wrong = file.links.iter().filter_map(|(line, link)| Some((line, link, why(link)?)));
        findings.extend(wrong.map(|(line, link, why)| format!("{path}:{line}: ({link}): {why}")));
        for (line, command) in cargo_commands(file) {
            commands += 1;
            let why = refused(&command, &metadata);
            findings.extend(why.map(|why| format!("{path}:{line}: {command}: {why}")));
        }
    }
    let rust = all.iter().filter(|path| path.ends_with(".rs"));
    let rust = rust.map(|path| Ok((path.as_str(), process::read_text(&root.join(path))?)));
    findings.extend(uncompiled(files.keys(), &rust.collect::<Result<Vec<_>, Failure>>()?));
    Failure::unless_none("", &findings, "correct them, then cargo xtask docs --quick")?;
    let count = files.len();
    Ok(format!("{count} Markdown files: all code compiled, {commands} commands exist"))
}

/// Builds the documentation of each crate.
pub(crate) fn built(root: &Path, only: &[String]) -> Result<String, Failure> {
    let chosen = workspace::chosen(workspace::library_crates(root)?, only, "cargo xtask docs")?;
    let document = |crates: &[&String], features: &[&str]| {
        progress(&format!("documenting {} crates {}", crates.len(), features.join(" ")));
        let mut command = process::cargo(root, &["doc", "--quiet", "--no-deps", "--lib"]);
        command.args(crates.iter().flat_map(|name| ["-p", name])).args(features);
        let next = format!("RUSTDOCFLAGS='-D warnings' {}", process::show(&command));
        process::output(command.env("RUSTDOCFLAGS", "-D warnings"), &next)
    };
    // With all features, a crate is the same alone and beside others. A link to what a feature brings is dead without it.
    document(&chosen.iter().collect::<Vec<_>>(), &["--all-features"])?;
    let metadata = workspace::metadata(root)?;
    for name in &chosen {
        let Some(package) = workspace::package(&metadata, name) else { continue };
        let all = package.features.keys().filter(|name| *name != "default").count();
        // The default ones may be none, or all.
        let default = workspace::default_features(package).len();
        if (1..all).contains(&default) {
            document(&[name], &[])?;
        }
        if all > 0 {
            document(&[name], &["--no-default-features"])?;
        }
    }
    Ok(format!("{} crates documented without a warning", chosen.len()))
}

/// Why a link to a file of the repository is not the one to write on this page, wherever it leads.
fn misplaced(from: &str, link: &str, base: &str, all: &[String]) -> Option<String> {
    let address = link.split('#').next().unwrap_or_default();
    let moved = address.split_once(BRANCH).is_some_and(|(_, path)| all.iter().any(|one| one == path));
    if moved && !link.starts_with(base) {
        return Some(format!("the repository's files begin with {base}"));
    }
    let is_relative = !link.contains(':') && !link.starts_with('#');
    let folder = Path::new(from.strip_prefix("crates/")?.strip_suffix("README.md")?);
    let path = resolved(&Path::new("crates").join(folder).join(link)).filter(|_| is_relative)?;
    Some(format!("registries show this page elsewhere: write {base}{path}"))
}

/// `a/b/../c.md` is `a/c.md`.
fn resolved(path: &Path) -> Option<String> {
    let mut found = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => found.pop().then_some(())?,
            Component::Normal(part) => found.push(part),
            _ => {}
        }
    }
    Some(found.to_str()?.to_owned())
}

/// READMEs of crates and of the whole, and guides, that no crate includes in its doc tests.
fn uncompiled<'a>(markdown: impl Iterator<Item = &'a String>, rust: &[(&str, String)]) -> Vec<String> {
    let included = |file: &str, code: &str| {
        let relative = code.trim().strip_prefix("#[doc = include_str!(\"")?.split_once("\")]")?.0;
        resolved(&Path::new(file).parent()?.join(relative))
    };
    let included = rust.iter().flat_map(|(file, text)| {
        text.split("#[cfg(doctest)]\n").skip(1).filter_map(move |code| included(file, code))
    });
    let included: BTreeSet<String> = included.collect();
    let of_a_crate = |path: &str| {
        let folder = path.strip_suffix("README.md");
        folder.is_some_and(|folder| rust.iter().any(|(file, _)| *file == format!("{folder}src/lib.rs")))
    };
    let wanted =
        markdown.filter(|path| *path == "README.md" || path.starts_with("docs/") || of_a_crate(path));
    let line = "#[cfg(doctest)]\n    #[doc = include_str!(\"…\")]\n    pub struct Readme;";
    let found = |path| format!("{path}:1: no test compiles its code; add to a lib.rs:\n    {line}");
    wanted.filter(|path| !included.contains(*path)).map(found).collect()
}

/// The `cargo` commands of shell blocks and of code in prose, with their lines.
pub(crate) fn cargo_commands(file: &Markdown) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (first, language, code) in &file.code {
        let shell = language
            .as_ref()
            .map(|language| matches!(language.as_str(), "sh" | "bash" | "shell" | "console"));
        for (index, line) in code.lines().enumerate() {
            let Some(at) = line.find("cargo ").filter(|at| shell.unwrap_or(*at == 0)) else { continue };
            // Behind a prompt or variables, before a comment, a pipe or what a shell does next.
            let command = line
                .get(at..)
                .and_then(|command| command.split(" #").next()?.split([')', '|', '&', ';', '>']).next());
            found.extend(
                command.map(|command| (first + index, command.trim().trim_end_matches('"').to_owned())),
            );
        }
    }
    found
}

/// Why a command can't be run, if so.
fn refused(command: &str, metadata: &Metadata) -> Option<String> {
    let words = shlex::split(command)?;
    let packages = metadata.workspace_packages();
    // Arguments behind two hyphens are the program's own.
    let own: Vec<&str> = words.iter().map(String::as_str).take_while(|word| *word != "--").collect();
    own.windows(2).find_map(|pair| {
        let [option, name] = pair else { return None };
        let (exists, what) = match *option {
            "--example" => {
                let mut targets = packages.iter().flat_map(|package| &package.targets);
                (targets.any(|target| target.is_example() && target.name == *name), "example")
            }
            "-p" | "--package" => (packages.iter().any(|package| package.name.as_str() == *name), "package"),
            _ => return None,
        };
        // Capitals and angle brackets are for the reader to fill in.
        let placeholder =
            name.contains(['<', '…', '$']) || name.chars().all(|c| c.is_uppercase() || c == '-');
        (!exists && !placeholder).then(|| format!("there is no {what} `{name}`"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_the_repository_has_its_address_and_a_readme_of_a_crate_no_other() {
        let (readme, all) = ("crates/a/README.md", ["docs/a.md".to_owned()]);
        for (from, link, why) in [
            ("docs/a.md", "#here", None),
            ("docs/a.md", "../src/x.rs", None),
            ("docs/a.md", "https://other.example/q/blob/main/other.md", None),
            (readme, "#here", None),
            (readme, "https://x.example/r/blob/main/docs/a.md#here", None),
            ("docs/a.md", "https://old.example/q/blob/main/docs/a.md", Some("files begin with https://x")),
            (readme, "../../docs/a.md", Some("write https://x.example/r/blob/main/docs/a.md")),
        ] {
            let found = misplaced(from, link, "https://x.example/r/blob/main/", &all);
            assert_eq!(found.is_some(), why.is_some(), "{from}: {link}: {found:?}");
            assert!(found.unwrap_or_default().contains(why.unwrap_or_default()), "{from}: {link}");
        }
    }

    #[test]
    fn a_readme_is_compiled_where_a_crate_includes_it_for_doc_tests() {
        let markdown = ["README.md", "crates/a/README.md", "docs/retries.md", "CHANGELOG.md", "x/README.md"]
            .map(str::to_owned);
        let found = |readme: &str| {
            let guide = "#[cfg(doctest)]\n#[doc = include_str!(\"../../docs/retries.md\")]\npub struct A;\n";
            let whole = guide.replace("docs/retries.md", "README.md");
            let rust = [("crates/a/src/lib.rs", readme.to_owned()), ("examples/src/lib.rs", whole + guide)];
            uncompiled(markdown.iter(), &rust)
        };
        let included = "#[cfg(doctest)]\n    #[doc = include_str!(\"../README.md\")]\npub struct Readme;\n";
        assert_eq!(found(included), [""; 0]);
        for text in ["", &included.replace("#[cfg(doctest)]\n", ""), &included.replace("README", "OTHER")] {
            let found = found(text);
            assert!(
                found.len() == 1 && found[0].starts_with("crates/a/README.md:1: no test"),
                "{text}: {found:?}"
            );
        }
    }

    #[test]
    fn commands_are_found_in_shell_blocks_and_in_code_of_prose() {
        let text = "Run `cargo test` or\n\n```sh\nX=1 cargo run --example tour   # cargo x\n$ eval \"$(cargo run -p auth-emulator -- env)\"\n```\n\n```rust\n// cargo run\n```\nto cargo run it, `cargo run --example\ntour`\n";
        let commands: Vec<String> = cargo_commands(&markdown::read(text))
            .into_iter()
            .map(|(line, command)| format!("{line} {command}"))
            .collect();
        assert_eq!(
            commands,
            [
                "1 cargo test",
                "4 cargo run --example tour",
                "5 cargo run -p auth-emulator -- env",
                "11 cargo run --example tour"
            ]
        );
    }

    #[test]
    fn what_does_not_exist_is_refused_and_what_a_reader_fills_in_is_not() {
        let metadata = workspace::metadata(&workspace::root()).unwrap();
        for (command, why) in [
            ("cargo run --example tourr", Some("no example `tourr`")),
            ("cargo run -q -p emulator -- serve", Some("no package `emulator`")),
            ("cargo test --package nothing", Some("no package `nothing`")),
            ("cargo run --example tour", None),
            ("cargo run -p auth-emulator -- -p x", None),
            ("cargo test -p <vendor>-client", None),
            ("cargo tree -p CRATE", None),
            ("cargo test -p 'auth-emulator'", None),
        ] {
            let why = why.map(|why| format!("there is {why}"));
            assert_eq!(refused(command, &metadata), why, "{command}");
        }
    }
}
