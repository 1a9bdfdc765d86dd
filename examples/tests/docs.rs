//! Checks facts in the READMEs and guides that no compiler checks: commands, features, settings, numbers, links to guides.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

const PROVIDERS: [(&str, &str); 5] = [
    ("Messente Verigator", "verigator"),
    ("ReveSecure", "revesecure"),
    ("Vault Vision", "vaultvision"),
    ("Virtuous CRM", "virtuous"),
    ("Vecurity VISE", "vise"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn manifest(path: &str) -> Table {
    read(path).parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the paths of a folder's entries without images, relative to the root.
fn entries(folder: &str) -> Vec<String> {
    let list = fs::read_dir(root().join(folder)).unwrap();
    let paths = list.map(|entry| format!("{folder}/{}", entry.unwrap().file_name().to_str().unwrap()));
    paths.filter(|path| !path.ends_with(".png")).collect()
}

/// Returns the text between two markers.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let rest = text.split_once(begin).unwrap_or_else(|| panic!("no {begin:?} in the text")).1;
    rest.split_once(end).map_or(rest, |(found, _)| found)
}

/// Returns the inline code of a line of Markdown.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Returns the paths and contents of the READMEs, the guides and CONTRIBUTING.
fn documents() -> Vec<(String, String)> {
    let mut paths = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned(), "xtask/README.md".to_owned()];
    paths.extend(entries("docs"));
    paths.extend(entries("crates").into_iter().map(|folder| format!("{folder}/README.md")));
    paths.into_iter().map(|path| (path.clone(), read(&path))).collect()
}

/// Returns the code blocks in these languages, each with its path and line.
fn blocks(languages: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (path, text) in documents() {
        let mut block: Option<(bool, usize, String)> = None;
        for (number, line) in text.lines().enumerate() {
            block = match (line.strip_prefix("```"), block) {
                (Some(language), None) => Some((languages.contains(&language), number + 1, String::new())),
                (Some(_), Some((wanted, at, text))) => {
                    found.extend(wanted.then(|| (format!("{path}:{at}"), text)));
                    None
                }
                (None, block) => block.map(|(wanted, at, text)| (wanted, at, text + line + "\n")),
            };
        }
    }
    found
}

/// Returns the commands of xtask, from the list of its modules.
fn xtask_commands() -> BTreeSet<String> {
    let text = read("xtask/src/commands.rs");
    let list = between(&text, "\ncommands! {", "}");
    let modules = list.split(',').filter_map(|one| one.split_whitespace().nth(1));
    let found: BTreeSet<String> = modules.map(|module| module.replace('_', "-")).collect();
    assert!(found.len() > 4, "commands of xtask: {found:?}");
    found
}

#[test]
fn commands_name_existing_packages_and_examples() {
    let mut packages = BTreeSet::new();
    for folder in entries("crates").into_iter().chain(["examples".to_owned(), "xtask".to_owned()]) {
        let manifest = manifest(&format!("{folder}/Cargo.toml"));
        packages.insert(manifest["package"]["name"].as_str().unwrap().to_owned());
    }
    let manifest = manifest("examples/Cargo.toml");
    let examples = manifest["example"].as_array().unwrap();
    let examples = examples.iter().map(|example| example["name"].as_str().unwrap().to_owned()).collect();
    let xtask = xtask_commands();
    let mut checked = 0;
    let shells = blocks(&["sh", "console"]);
    assert!(shells.iter().any(|(at, _)| at.starts_with("docs/")), "no commands in the guides");
    for (at, text) in shells {
        for line in text.lines().filter(|line| line.contains("cargo ")) {
            let words: Vec<&str> =
                line.split_whitespace().map(|word| word.trim_matches(['"', '$', '(', ')'])).collect();
            for pair in words.windows(2).take_while(|pair| pair[0] != "--") {
                let known: &BTreeSet<String> = match pair[0] {
                    "--example" => &examples,
                    "-p" | "--package" => &packages,
                    "xtask" => &xtask,
                    _ => continue,
                };
                assert!(known.contains(pair[1]), "{at}: {line}: unknown {}; known: {known:?}", pair[1]);
                checked += 1;
            }
        }
    }
    assert!(checked > 10, "{checked}");
}

#[test]
fn the_first_run_is_two_commands() {
    let readme = read("README.md");
    let first = between(between(&readme, "## First run", "\n## "), "```sh\n", "```");
    let commands: Vec<&str> = first.lines().map(|line| line.split('#').next().unwrap().trim()).collect();
    assert_eq!(commands, ["cargo run --example tour", "cargo test --workspace"]);
}

#[test]
fn features_in_the_readme_exist_in_every_provider_crate() {
    let readme = read("README.md");
    let table = between(&readme, "## Features of a provider crate", "\n## ");
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| `")).collect();
    assert!(rows.len() >= 6, "{rows:?}");
    for (_, provider) in PROVIDERS {
        let manifest = manifest(&format!("crates/{provider}-client/Cargo.toml"));
        let features = manifest["features"].as_table().unwrap();
        let default: Vec<&str> =
            features["default"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        for cell in rows.iter().map(|row| row.split('|').nth(1).unwrap()) {
            for name in code(cell) {
                assert!(features.contains_key(name), "{provider}-client has no feature {name}");
                assert_eq!(cell.contains("(default)"), default.contains(&name), "{provider}-client: {name}");
            }
        }
    }
}

#[test]
fn operation_counts_match_the_tables() {
    let readme = read("README.md");
    for (title, provider) in PROVIDERS.iter().filter(|(_, provider)| *provider != "vise") {
        let own = read(&format!("crates/{provider}-client/README.md"));
        let table = between(&own, "<!-- operations: begin -->", "<!-- operations: end -->");
        let count = table.lines().filter(|line| line.starts_with("| `")).count();
        let row = readme.lines().find(|line| line.starts_with(&format!("| {title} |"))).unwrap();
        assert!(row.ends_with(&format!("| all {count} operations |")), "{row}: {count} in the table");
    }
}

#[test]
fn every_guide_is_listed_and_its_code_runs() {
    let (index, readme) = (read("docs/README.md"), read("README.md"));
    // The guide on adding a provider needs crates that users don't name, that on fleets a feature that no example enables.
    let included =
        ["examples/src/lib.rs", "xtask/src/lib.rs", "crates/virtuous-client/src/lib.rs"].map(read).concat();
    for path in entries("docs") {
        let name = path.strip_prefix("docs/").unwrap();
        assert!(
            included.contains(&format!("../{path}\")]")),
            "none of examples/src/lib.rs, xtask/src/lib.rs and virtuous-client's lib.rs includes {path}"
        );
        if name != "README.md" {
            assert!(index.contains(&format!("({name})")), "docs/README.md does not list {name}");
            assert!(readme.contains(&format!("({path}")), "README.md does not list {path}");
        }
    }
    let unrun = blocks(&["rust,no_run", "rust,ignore", "rust,compile_fail", "ignore", "no_run"]);
    let unrun: Vec<&String> =
        unrun.iter().map(|(at, _)| at).filter(|at| !at.starts_with("crates/")).collect();
    assert!(unrun.is_empty(), "code blocks that no test runs: {unrun:?}");
}
