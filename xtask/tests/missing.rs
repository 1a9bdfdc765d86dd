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
        "xtask/long-files.txt",
    ]
    .map(str::to_owned)
    .to_vec();
    for name in workspace::library_crates(&root).unwrap() {
        files.push(format!("crates/{name}/README.md"));
        files.push(format!("crates/{name}/public-api.txt"));
        if name.ends_with("-client") {
            files.push(format!("xtask/trees/{name}.txt"));
            files.push(format!("xtask/programs/one-call/{name}.rs"));
            files.push(format!("crates/{name}/tests/secrets.rs"));
        }
    }
    for folder in workspace::described_crates(&root).unwrap() {
        let name = workspace::crate_name(&folder);
        for file in ["openapi.json", "tests/wire.rs"] {
            files.push(format!("crates/{name}/{file}"));
        }
    }
    files
}

#[test]
fn every_checked_file_is_missed_with_what_to_do() {
    let whole = Tree::read(&workspace::root()).unwrap();
    let files = checked_files();
    assert!(files.len() > 40, "{files:?}");
    for file in files {
        assert!(whole.has(&file), "{file} is in the list of this test and not in the workspace");
        let mut tree = whole.clone();
        tree.remove(&file);
        let found: Vec<String> = tidy::findings(&tree)
            .iter()
            .filter(|finding| finding.path() == file)
            .map(ToString::to_string)
            .collect();
        let told = found.iter().any(|text| {
            text.contains("is missing; ")
                && ["run ", "write ", "test there"].iter().any(|word| text.contains(word))
        });
        assert!(told, "{file}: {found:?}");
    }
}

#[test]
fn a_readme_without_the_place_for_its_table_is_told() {
    let whole = Tree::read(&workspace::root()).unwrap();
    for folder in workspace::described_crates(&workspace::root()).unwrap() {
        let name = workspace::crate_name(&folder);
        let path = format!("crates/{name}/README.md");
        let mut tree = whole.clone();
        tree.insert(&path, whole.text(&path).unwrap().replace("<!-- operations: end -->", ""));
        let found: Vec<String> = tidy::findings(&tree).iter().map(ToString::to_string).collect();
        let wanted = format!("then cargo xtask codegen {name}");
        assert!(found.iter().any(|text| text.starts_with(&path) && text.contains(&wanted)), "{found:?}");
    }
}
