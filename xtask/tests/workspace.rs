//! What all crates have in common, and what the guide for authors of provider crates shows.

#![allow(clippy::panic, clippy::unwrap_used, reason = "in a test, a panic is the report")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use xtask::tidy::{self, Tree};
use xtask::{codegen, workspace};

/// How often each name is between these two in a string.
fn names<'a>(text: &'a str, before: &str, after: &str) -> BTreeMap<&'a str, usize> {
    let mut found = BTreeMap::new();
    for rest in text.split(before).skip(1) {
        let end = rest.find(|character: char| !character.is_alphanumeric() && character != '_');
        let (name, rest) = rest.split_at(end.unwrap_or(rest.len()));
        if rest.starts_with(after) {
            *found.entry(name).or_default() += 1;
        }
    }
    found
}

fn source(folder: &Path) -> String {
    let files = workspace::files(folder).unwrap();
    let rust = files.iter().filter(|path| path.ends_with(".rs"));
    rust.map(|path| fs::read_to_string(folder.join(path)).unwrap()).collect()
}

/// The test `futures` of each library crate asserts that futures are `Send`.
#[test]
fn every_public_async_function_is_tested() {
    let root = workspace::root();
    let mut functions = 0;
    for name in &workspace::library_crates(&root).unwrap() {
        let folder = root.join("crates").join(name);
        let source = source(&folder.join("src"));
        // Not those of code in documentation.
        let source: String = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let public = names(&source, "pub async fn ", "");
        if public.is_empty() {
            continue;
        }
        let tested = fs::read_to_string(folder.join("tests/futures.rs"))
            .unwrap_or_else(|error| panic!("crates/{name}/tests/futures.rs: {error}"));
        // A function of a module has no dot.
        let tested = tested.replace("::", ".").replace("(send_", "(.send_");
        let tested = names(&tested, ".", "(");
        for (function, count) in public {
            let there = tested.get(function).copied().unwrap_or_default();
            assert!(
                there >= count,
                "crates/{name}/tests/futures.rs has {there} of {count} functions `{function}`"
            );
            functions += count;
        }
    }
    assert!(functions > 30, "{functions} functions were found");
}

/// Files of which each is written or compared by a command. Generated code is compared by `codegen --check`.
fn checked_files() -> Vec<String> {
    let root = workspace::root();
    let mut files = [
        "CHANGELOG.md",
        "README.md",
        "crates/auth-emulator/COVERAGE.md",
        "deny.toml",
        "xtask/budgets.json",
        "xtask/foreign-types.txt",
    ]
    .map(str::to_owned)
    .to_vec();
    for name in workspace::library_crates(&root).unwrap() {
        files.push(format!("crates/{name}/README.md"));
        files.push(format!("crates/{name}/public-api.txt"));
    }
    for name in workspace::providers(&root).unwrap() {
        files.push(format!("xtask/trees/{name}.txt"));
        files.push(format!("xtask/programs/one-call/{name}.rs"));
        files.push(format!("crates/{name}/tests/secrets.rs"));
    }
    for folder in workspace::described_crates(&root).unwrap() {
        let name = workspace::crate_name(&folder);
        files.extend(["openapi.json", "tests/wire.rs"].map(|file| format!("crates/{name}/{file}")));
    }
    files
}

#[test]
fn every_checked_file_is_missed_with_what_to_do() {
    let whole = Tree::read(&workspace::root()).unwrap();
    let files = checked_files();
    assert!(files.len() > 40, "{files:?}");
    // All at once, because every look at the whole tree takes a second.
    let mut tree = whole.clone();
    for file in &files {
        assert!(whole.has(file), "{file} is in the list of this test and not in the workspace");
        tree.remove(file);
    }
    let found: Vec<String> = tidy::findings(&tree).iter().map(ToString::to_string).collect();
    for file in files {
        let told =
            found.iter().any(|text| text.starts_with(&format!("{file}:1: is missing; run git checkout")));
        assert!(told, "{file}: {found:?}");
    }
}

/// And a README without a position for the table of operations becomes none.
#[test]
fn the_guides_description_becomes_a_client() {
    let root = workspace::root();
    let guide = fs::read_to_string(root.join("docs/adding-a-provider.md")).unwrap();
    let description = guide.split("```json\n").nth(1).and_then(|rest| rest.split("```").next());
    let folder = std::env::temp_dir().join(format!("guide-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("openapi.json"), description.unwrap()).unwrap();
    fs::write(folder.join("README.md"), "<!-- operations: begin -->\n<!-- operations: end -->\n").unwrap();

    let files = codegen::generate(&root, &folder, "acme-client");
    fs::write(folder.join("README.md"), "<!-- operations: begin -->\n").unwrap();
    let failure = codegen::generate(&root, &folder, "acme-client").unwrap_err().to_string();
    assert!(failure.contains("add the lines `<!-- operations: begin -->` and"), "{failure}");
    fs::remove_dir_all(&folder).unwrap();
    let files = files.unwrap_or_else(|failure| panic!("{failure}"));
    let all: String = files.into_values().collect();
    assert!(all.contains("pub fn get(&self, key_id: &str) -> Call<Key>"), "{all}");
    assert!(all.contains("client.keys().get(key_id)"), "{all}");
}
