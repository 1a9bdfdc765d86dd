//! Which files there must be: the rooms of a crate, and what is generated for it or checked about it.
//!
//! A file that is missing is told together with the command that makes it, so that nobody has to look for it.

use super::tree::{Finding, Tree};

/// What a provider crate has, and what to do when it is missing. `{}` is the crate's name.
const PROVIDER: &[(&str, &str)] = &[
    ("crates/{}/README.md", "write it; crates/verigator-client/README.md is a model"),
    ("crates/{}/openapi.json", "run git checkout for it, or describe the API; xtask/README.md has the form"),
    ("crates/{}/src/lib.rs", "write it; crates/verigator-client/src/ is a model"),
    ("crates/{}/src/client.rs", "write it; crates/verigator-client/src/ is a model"),
    ("crates/{}/src/error.rs", "write it; crates/verigator-client/src/ is a model"),
    ("crates/{}/tests/emulator.rs", "test whole flows against the emulator there"),
    ("crates/{}/tests/environment.rs", "test the variables of `from_env` there"),
    ("crates/{}/tests/errors.rs", "test there what goes wrong and what the caller is told"),
    ("crates/{}/tests/secrets.rs", "test there that nothing prints a secret"),
    ("xtask/programs/one-call/{}.rs", "write the smallest program that makes one call, as the others there"),
    (
        "crates/{}/tests/wire.rs",
        "write `mod common; mod generated;` there, as crates/verigator-client has it",
    ),
];

/// What a provider does without, and why.
const WITHOUT: &[(&str, &str, &str)] = &[
    (
        "virtuous-client",
        "tests/errors.rs",
        "its error bodies are tested beside src/error.rs, its refusals in session.rs",
    ),
    (
        "vise-client",
        "openapi.json",
        "the vendor publishes no list of calls: any path of a host can be called",
    ),
    (
        "vise-client",
        "tests/errors.rs",
        "every step of the chain has its errors in chain.rs, policy.rs and sessions.rs",
    ),
    ("vise-client", "tests/wire.rs", "it is generated from an openapi.json, which this vendor has not"),
];

/// What every crate has about which something is checked.
const CHECKED: &[(&str, &str)] = &[(
    "crates/{}/public-api.txt",
    "run git checkout for it, or cargo xtask public-api --bless {} for a new crate",
)];

/// What every crate that is no provider has.
const LIBRARY: &[(&str, &str)] = &[("crates/{}/README.md", "write it"), ("crates/{}/src/lib.rs", "write it")];

/// Files that are there once.
const ONCE: &[(&str, &str)] = &[
    ("CHANGELOG.md", "run git checkout CHANGELOG.md"),
    ("README.md", "run git checkout README.md"),
    ("deny.toml", "run git checkout deny.toml"),
    ("clippy.toml", "run git checkout clippy.toml"),
    ("xtask/budgets.json", "run git checkout xtask/budgets.json"),
    (crate::coverage::FILE, "run cargo xtask coverage"),
    (crate::public_api::FOREIGN_TYPES, "run git checkout xtask/foreign-types.txt"),
    (super::length::LIST, "run git checkout xtask/long-files.txt"),
];

const MARKERS: [&str; 2] = ["<!-- operations: begin -->", "<!-- operations: end -->"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, todo) in ONCE {
        missing(tree, path, todo, &mut findings);
    }
    for name in tree.crates() {
        let provider = name.ends_with("-client");
        for (form, todo) in CHECKED.iter().chain(if provider { PROVIDER } else { LIBRARY }) {
            let (path, todo) = (form.replace("{}", name), todo.replace("{}", name));
            let without = WITHOUT.iter().find(|(of, file, _)| path == format!("crates/{of}/{file}"));
            match without {
                None => missing(tree, &path, &todo, &mut findings),
                Some(_) if tree.has(&path) => findings.push(Finding::new(
                    &path,
                    1,
                    "is there, although a list says that this crate does without",
                    "delete it from WITHOUT in xtask/src/tidy/rooms.rs",
                )),
                Some(_) => {}
            }
        }
        if provider {
            let path = format!("{}/{name}.txt", crate::features::TREES);
            missing(
                tree,
                &path,
                &format!("run git checkout for it, or cargo xtask features --bless {name} for a new crate"),
                &mut findings,
            );
            findings.extend(signer(tree, name));
            findings.extend(told(tree, name));
        }
        findings.extend(changelog(tree, name));
    }
    findings
}

fn missing(tree: &Tree, path: &str, todo: &str, findings: &mut Vec<Finding>) {
    if !tree.has(path) {
        findings.push(Finding::new(path, 1, "is missing", todo));
    }
}

/// How calls are authenticated is a file or a folder.
fn signer(tree: &Tree, name: &str) -> Option<Finding> {
    let places =
        ["auth.rs", "auth/mod.rs", "session_opener.rs"].map(|file| format!("crates/{name}/src/{file}"));
    if places.iter().any(|path| tree.has(path)) {
        return None;
    }
    let todo = "write there how calls are authenticated; crates/verigator-client/src/auth.rs is a model";
    Some(Finding::new(&format!("crates/{name}/src/auth.rs"), 1, "is missing", todo))
}

/// The table of operations has its place, and the README of the whole names the crate.
fn told(tree: &Tree, name: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let path = format!("crates/{name}/README.md");
    let described = tree.has(&format!("crates/{name}/openapi.json"));
    if let Some(text) = tree.text(&path).filter(|_| described) {
        for marker in MARKERS.iter().filter(|marker| text.lines().filter(|line| line == *marker).count() != 1)
        {
            let what = format!("has not exactly one line `{marker}`");
            findings.push(Finding::new(&path, 1, what, format!("add it, then cargo xtask codegen {name}")));
        }
    }
    if tree.text("README.md").is_some_and(|text| !text.contains(&path)) {
        let todo = format!("add a row with a link to {path} to the table of vendors");
        findings.push(Finding::new("README.md", 1, format!("does not name {name}"), todo));
    }
    findings
}

fn changelog(tree: &Tree, name: &str) -> Option<Finding> {
    let text = tree.text("CHANGELOG.md")?;
    if text.contains(&format!("`{name}`")) {
        return None;
    }
    let todo = format!("add a line that begins with - `{name}`: ");
    Some(Finding::new("CHANGELOG.md", 1, format!("does not name {name}"), todo))
}

#[cfg(test)]
mod tests {
    use super::super::tree::assert_one;
    use super::*;

    /// A workspace with one provider in which nothing is missing.
    fn whole(name: &str) -> Tree {
        let mut tree = Tree::of(&[("README.md", &format!("(crates/{name}/README.md)"))]);
        for (path, _) in ONCE.iter().filter(|(path, _)| *path != "README.md") {
            tree.insert(path, String::new());
        }
        for (form, _) in PROVIDER.iter().chain(CHECKED) {
            tree.insert(&form.replace("{}", name), String::new());
        }
        tree.insert(&format!("crates/{name}/src/auth.rs"), String::new());
        tree.insert(&format!("xtask/trees/{name}.txt"), String::new());
        tree.insert(&format!("crates/{name}/Cargo.toml"), String::new());
        tree.insert(&format!("crates/{name}/README.md"), MARKERS.join("\n"));
        tree.insert("CHANGELOG.md", format!("- `{name}`: new"));
        tree
    }

    #[test]
    fn every_file_that_is_asked_for_is_missed() {
        assert!(check(&whole("a-client")).is_empty(), "{:?}", check(&whole("a-client")));
        let all: Vec<String> = PROVIDER
            .iter()
            .chain(CHECKED)
            .chain(ONCE)
            .map(|(form, _)| form.replace("{}", "a-client"))
            .collect();
        for path in
            all.iter().map(String::as_str).chain(["crates/a-client/src/auth.rs", "xtask/trees/a-client.txt"])
        {
            let mut tree = whole("a-client");
            tree.remove(path);
            assert_one(&check(&tree), &format!("{path}:1"), "is missing; ");
        }
    }

    #[test]
    fn a_place_without_markers_is_found() {
        for marker in MARKERS {
            let mut tree = whole("a-client");
            tree.insert("crates/a-client/README.md", MARKERS.join("\n").replace(marker, ""));
            assert_one(&check(&tree), "crates/a-client/README.md:1", "cargo xtask codegen a-client");
        }
    }

    #[test]
    fn a_crate_that_is_told_nowhere_is_found() {
        for path in ["README.md", "CHANGELOG.md"] {
            let mut tree = whole("a-client");
            tree.insert(path, "nothing".to_owned());
            assert_one(&check(&tree), &format!("{path}:1"), "does not name a-client");
        }
    }

    #[test]
    fn what_a_crate_does_without_is_listed_and_must_not_be_there() {
        let findings = check(&whole("vise-client"));
        assert_eq!(findings.len(), 3, "{findings:?}");
        assert!(findings[0].to_string().contains("delete it from WITHOUT"), "{findings:?}");
    }
}
