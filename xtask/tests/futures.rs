//! Every public async function of a library crate is in that crate's test `futures`, which asserts that futures are
//! `Send`.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use xtask::workspace;

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
    let files = workspace::walked(folder).unwrap();
    let rust = files.iter().filter(|path| path.ends_with(".rs"));
    rust.map(|path| fs::read_to_string(folder.join(path)).unwrap()).collect()
}

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
