//! A file that is generated or checked and goes missing is missed by name, with what to do about it.

#![allow(clippy::panic, clippy::unwrap_used, reason = "in a test, a panic is the report")]

use xtask::tidy::{self, Tree};
use xtask::workspace;

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
