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

/// Returns the paths of a folder's entries, relative to the root.
fn entries(folder: &str) -> Vec<String> {
    let list = fs::read_dir(root().join(folder)).unwrap();
    list.map(|entry| format!("{folder}/{}", entry.unwrap().file_name().to_str().unwrap())).collect()
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

/// Returns the commands of xtask, from the variants of its command enumeration.
fn xtask_commands() -> BTreeSet<String> {
    let texts = read("xtask/src/commands.rs");
    let variants =
        texts.lines().filter_map(|line| line.trim().strip_suffix("::Arguments),")?.split_once('('));
    let found: BTreeSet<String> = variants.map(|(_, module)| module.replace('_', "-")).collect();
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
fn settings_in_the_assumptions_exist() {
    let page = read("docs/assumptions.md");
    let core = sources(&root().join("crates/auth-client-core/src"));
    let mut checked = 0;
    for section in page.split("\n## ").skip(1) {
        let title = section.lines().next().unwrap();
        let provider = PROVIDERS.iter().find(|(name, _)| *name == title).map(|(_, provider)| *provider);
        let own = |folder: String| provider.map_or_else(String::new, |_| sources(&root().join(folder)));
        let client = own(format!("crates/{}-client/src", provider.unwrap_or_default())) + &core;
        let emulator = own(format!("crates/auth-emulator/src/providers/{}", provider.unwrap_or_default()));
        let rows = section.lines().filter(|line| line.starts_with("| "));
        for row in rows.filter(|line| !line.starts_with("| undocumented") && !line.starts_with("| ---")) {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            assert_eq!(cells.len(), 6, "{row}");
            for name in code(cells[3]) {
                let (owner, method) = name.split_once("::").unwrap_or(("ClientBuilder", name));
                let there = client.contains(&format!("pub fn {method}("));
                let owned = provider.is_none() || client.contains(&format!("pub struct {owner}"));
                let shared = core.contains(&format!("pub fn {method}(mut self"));
                assert!(there && (owned || shared), "{title}: the client has no {name}");
                checked += 1;
            }
            for name in code(cells[4]) {
                let member = emulator.contains(&format!("pub {name}: "));
                assert!(
                    member || emulator.contains(&format!("\"{name}\"")),
                    "{title}: the emulator has no {name}"
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 100, "{checked}");
}

/// Returns all Rust code in a folder and its subfolders, concatenated.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &sources(&path);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            text += &fs::read_to_string(&path).unwrap();
        }
    }
    text
}

#[test]
fn every_setting_is_listed_in_the_assumptions() {
    let page = read("docs/assumptions.md");
    for (title, provider) in PROVIDERS {
        let section = between(&page, &format!("\n## {title}\n"), "\n## ");
        let settings = sources(&root().join(format!("crates/auth-emulator/src/providers/{provider}")));
        let members = between(&settings, "pub struct Settings {", "\n}");
        let members = members.lines().filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(':'));
        // Methods of the builder whose documentation has "Assumption:".
        let files = ["client.rs", "builder.rs"].map(|file| format!("crates/{provider}-client/src/{file}"));
        let client: String =
            files.iter().filter_map(|path| fs::read_to_string(root().join(path)).ok()).collect();
        let mut assumed = Vec::new();
        let mut docs = String::new();
        for line in between(&client, "impl ClientBuilder {", "\n}\n").lines().map(str::trim) {
            match (line.strip_prefix("///"), line.strip_prefix("pub fn ")) {
                (Some(text), _) => docs += text,
                (None, Some(method)) => {
                    let name = method.split('(').next().unwrap();
                    assumed.extend(docs.contains("Assumption:").then_some(name));
                    docs.clear();
                }
                (None, None) => {}
            }
        }
        for name in members.map(|(name, _)| name).chain(assumed) {
            assert!(
                section.contains(&format!("`{name}`")),
                "{title}: docs/assumptions.md does not name {name}"
            );
        }
    }
}

#[test]
fn every_guide_is_listed_and_its_code_runs() {
    let (index, readme, included) = (read("docs/README.md"), read("README.md"), read("examples/src/lib.rs"));
    for path in entries("docs") {
        let name = path.strip_prefix("docs/").unwrap();
        assert!(
            included.contains(&format!("include_str!(\"../../{path}\")")),
            "examples/src/lib.rs does not include {path}"
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
