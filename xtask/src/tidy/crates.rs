//! Rules about crates: what their manifests declare, and which files there are.

use super::tree::{Finding, Tree, line_of};

const WORKSPACE: &str = "Cargo.toml";

/// The workspace's table of dependencies is sorted, and each line has its reason and is used.
pub(super) fn dependencies(tree: &Tree) -> Vec<Finding> {
    let text = tree.text(WORKSPACE).unwrap_or_default();
    let table = text.split_once("[workspace.dependencies]\n").map_or("", |(_, rest)| rest);
    let (mut findings, mut before) = (Vec::new(), "");
    // The first line of a comment is the one that names the package.
    let mut comment: Option<&str> = None;
    for line in table.lines().take_while(|line| !line.starts_with('[')) {
        if let Some(text) = line.strip_prefix("# ") {
            comment.get_or_insert(text);
            continue;
        }
        // Ours are in a separate block and need no reason.
        if let Some((name, _)) = line.split_once(" = ").filter(|(_, value)| !value.contains("path =")) {
            let mut find = |what: String, todo: &str| {
                findings.push(Finding::new(WORKSPACE, line_of(text, &format!("{name} = ")), what, todo));
            };
            if name < before {
                find(format!("{name} is after {before}"), "sort the table");
            }
            before = name;
            let reason = comment.and_then(|comment| comment.strip_prefix(&format!("{name}: ")));
            if reason.is_none_or(|reason| reason.trim().is_empty()) {
                find(format!("{name} has no reason"), "write `# name: what it is for` in the line above");
            }
            let uses = [format!("\n{name}.workspace = true"), format!("\n{name} = {{ workspace = true")];
            let manifests = || tree.iter().filter(|(path, _)| path.ends_with("/Cargo.toml"));
            if !manifests().any(|(_, text)| uses.iter().any(|part| text.contains(part))) {
                find(format!("no crate depends on {name}"), "delete the line and its reason");
            }
        }
        comment = None;
    }
    findings
}

/// A manifest's dependencies are lines of tables, and those of the workspace's table, where the reasons are.
pub(super) fn members(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.iter().filter(|(path, _)| is_member(path) || *path == WORKSPACE) {
        let mut table = "";
        for (index, line) in text.lines().enumerate() {
            let mut find =
                |what: String, todo: &str| findings.push(Finding::new(path, index + 1, what, todo));
            if let Some(name) = line.strip_prefix('[') {
                table = name.trim_matches(['[', ']']);
                if table.split_once("dependencies.").is_some_and(|(before, _)| !before.contains("metadata")) {
                    find(format!("{table} is a table"), "write it in one line, with `workspace = true`");
                }
            } else if let Some((key, value)) = line.split_once(" = ")
                && table.ends_with("dependencies")
                && path != WORKSPACE
                && !key.ends_with(".workspace")
                && !value.contains("workspace = true")
                // A crate that turns on its own features for its tests names itself.
                && !value.contains("path = \".\"")
            {
                let todo = "add it to the workspace's table with a reason, and write `workspace = true` here";
                find(format!("{key} is not a dependency of the workspace, so it has no reason"), todo);
            }
        }
    }
    findings
}

/// What a provider has outside of its crate: sections of guides, an example and its place in the tour, its emulator.
pub(super) fn around(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in tree.crates() {
        let Some(word) = name.strip_suffix("-client") else { continue };
        let link = format!("(crates/{name}/README.md)");
        let row = tree.text("README.md").and_then(|text| text.lines().find(|line| line.contains(&link)));
        let title = row.and_then(|row| row.split('|').nth(1)).map_or(word, str::trim);
        // `Messente Verigator` is `Verigator` in some headings.
        let last = title.split(' ').rfind(|word| *word != "CRM").unwrap_or(title);
        let section = |text: &str| {
            text.lines().any(|line| line.starts_with("## ") && (line.contains(title) || line.contains(last)))
        };
        let module = format!("mod {word};");
        let entry = format!("name = \"{word}\"");
        let mut need = |path: &str, holds: &dyn Fn(&str) -> bool, todo: &str| {
            if !tree.text(path).is_some_and(holds) {
                findings.push(Finding::new(path, 1, format!("lacks {title}"), todo));
            }
        };
        for guide in ["docs/authentication.md", "docs/assumptions.md"] {
            need(guide, &section, &format!("add a section `## {title}`"));
        }
        for (path, part) in [("examples/Cargo.toml", &entry), ("examples/tour.rs", &module)] {
            need(path, &|text| text.contains(part), &format!("add `{part}`, as for verigator"));
        }
        need(&format!("examples/{word}.rs"), &|_| true, "write an example, as examples/verigator.rs");
        let emulator = format!("crates/auth-emulator/src/providers/{word}/mod.rs");
        need(&emulator, &|_| true, "emulate the API; the top of providers/mod.rs lists the steps");
    }
    findings
}

fn is_member(path: &str) -> bool {
    path.ends_with("/Cargo.toml") && !path.contains("/programs/")
}

/// What every crate declares, as taplo formats it; what everything that users may depend on declares besides; and what
/// a registry shows of it.
const MEMBER: [&str; 3] = ["[lints]\nworkspace = true", "\ndescription = \"", "\nlicense.workspace = true"];
const PUBLISHED: [&str; 7] = [
    "\nrepository.workspace = true",
    "\ncategories",
    "\ninclude.workspace = true",
    "\nreadme = \"README.md\"",
    "\ndocumentation = \"https://docs.rs/{name}\"",
    "\nkeywords = [",
    "[package.metadata.docs.rs]\nall-features = true",
];

/// What manifests declare; every feature of a provider has a comment; keywords name the vendor; licences are those of the workspace.
pub(super) fn manifests(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.iter().filter(|(path, _)| is_member(path)) {
        let name = path.strip_prefix("crates/").and_then(|path| path.strip_suffix("/Cargo.toml"));
        let published: &[&str] = if name.is_some() { &PUBLISHED } else { &[] };
        let line = line_of(text, "[package]");
        for wanted in MEMBER.iter().chain(published) {
            let wanted = wanted.replace("{name}", name.unwrap_or_default());
            if !text.contains(&wanted) {
                let todo = format!("add {}", wanted.trim().replace('\n', " with "));
                findings.push(Finding::new(path, line, "does not declare what every crate does", todo));
            }
        }
        let Some(name) = name else { continue };
        let keywords = text.lines().find(|line| line.starts_with("keywords = ")).unwrap_or_default();
        let vendor = name.strip_suffix("-client").map(|vendor| format!("\"{vendor}\""));
        if let Some(vendor) = vendor.filter(|vendor| !keywords.contains(vendor.as_str())) {
            let (line, todo) = (line_of(text, "keywords"), format!("add {vendor}"));
            findings.push(Finding::new(path, line, "has no keyword for the vendor", todo));
        }
        let lines: Vec<&str> = text.lines().collect();
        let features = lines.iter().position(|line| *line == "[features]" && name.ends_with("-client"));
        let features = features.map_or(lines.len(), |index| index + 1);
        for (index, pair) in lines.windows(2).enumerate().skip(features) {
            let [above, line] = pair else { continue };
            if line.starts_with('[') {
                break;
            }
            let feature = line.split(" = [").next().filter(|name| *line != *name && *name != "default");
            if let Some(feature) = feature.filter(|_| !above.starts_with('#')) {
                let what = format!("the feature `{feature}` has no comment");
                findings.push(Finding::new(path, index + 2, what, "describe it in the line above"));
            }
        }
        for license in ["LICENSE-APACHE", "LICENSE-MIT"] {
            let path = format!("crates/{name}/{license}");
            if tree.text(&path) != tree.text(license) {
                let todo = format!("run ln -sf ../../{license} {path}");
                findings.push(Finding::new(&path, 1, "is not the licence text of the workspace", todo));
            }
        }
    }
    findings
}

const ONCE: [&str; 7] = [
    "CHANGELOG.md",
    "README.md",
    "clippy.toml",
    "deny.toml",
    "xtask/budgets.json",
    "crates/auth-emulator/COVERAGE.md",
    crate::public_api::FOREIGN_TYPES,
];
const OF_A_CRATE: [&str; 3] = ["crates/{}/README.md", "crates/{}/public-api.txt", "crates/{}/src/lib.rs"];
const OF_A_PROVIDER: [&str; 11] = [
    "crates/{}/openapi.json",
    "crates/{}/src/auth.rs",
    "crates/{}/src/client.rs",
    "crates/{}/src/error.rs",
    "crates/{}/tests/emulator.rs",
    "crates/{}/tests/environment.rs",
    "crates/{}/tests/errors.rs",
    "crates/{}/tests/secrets.rs",
    "crates/{}/tests/wire.rs",
    "xtask/programs/one-call/{}.rs",
    "xtask/trees/{}.txt",
];

/// What a crate does without, and why.
#[rustfmt::skip]
const WITHOUT: [(&str, &str); 8] = [
    ("crates/authctl/public-api.txt", "a program without a library"),
    ("crates/authctl/src/lib.rs", "a program without a library"),
    ("crates/virtuous-client/src/auth.rs", "a folder"),
    ("crates/virtuous-client/tests/errors.rs", "its error bodies are tested beside src/error.rs, its refusals in session.rs"),
    ("crates/vise-client/openapi.json", "the vendor publishes no list of calls: any path of a host can be called"),
    ("crates/vise-client/src/auth.rs", "session_opener.rs"),
    ("crates/vise-client/tests/errors.rs", "every step of the chain has its errors in chain.rs, policy.rs and sessions.rs"),
    ("crates/vise-client/tests/wire.rs", "it is generated from an openapi.json, which this vendor doesn't have"),
];

/// Files that a check reads or that a reader looks for, and the lists that name every crate.
pub(super) fn files(tree: &Tree) -> Vec<Finding> {
    let mut wanted = ONCE.map(str::to_owned).to_vec();
    let mut findings = Vec::new();
    for name in tree.crates() {
        let provider: &[&str] = if name.ends_with("-client") { &OF_A_PROVIDER } else { &[] };
        wanted.extend(OF_A_CRATE.iter().chain(provider).map(|path| path.replace("{}", name)));
        for (list, part) in
            [("CHANGELOG.md", format!("`{name}`")), ("README.md", format!("crates/{name}/README.md"))]
        {
            let skipped = list == "README.md" && provider.is_empty();
            if !skipped && tree.text(list).is_some_and(|text| !text.contains(&part)) {
                let (what, todo) = (format!("does not name {name}"), format!("add a line with {part}"));
                findings.push(Finding::new(list, 1, what, todo));
            }
        }
    }
    for path in wanted {
        let without = WITHOUT.iter().any(|(without, _)| *without == path);
        if without && tree.has(&path) {
            let what = "exists, although a list has a reason why it does not";
            findings.push(Finding::new(&path, 1, what, "delete it from WITHOUT in xtask/src/tidy/crates.rs"));
        } else if !without && !tree.has(&path) {
            let todo =
                format!("run git checkout {path}; for a new crate, write it like that of verigator-client");
            findings.push(Finding::new(&path, 1, "is missing", todo));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::tree::assert_one;
    use super::*;

    #[test]
    fn the_table_is_sorted_and_has_reasons() {
        let good = "[workspace.dependencies]\n# Ours.\nz-core = { path = \"crates/z-core\" }\n\n# bytes: bodies,\n# shared.\n\
            bytes = \"1\"\n# http: requests.\nhttp = \"1\"\n\n[workspace.lints.rust]\na = \"b\"\n";
        let member =
            "[dependencies]\nbytes.workspace = true\nhttp = { workspace = true }\narc.workspace = true\n";
        let check =
            |text: &str| dependencies(&Tree::of(&[(WORKSPACE, text), ("crates/a/Cargo.toml", member)]));
        assert!(check(good).is_empty(), "{:?}", check(good));
        assert_one(&check(&good.replace("http", "arc")), "Cargo.toml:9", "is after bytes");
        assert_one(&check(&good.replace("http", "more")), "Cargo.toml:9", "no crate depends on more");
        for bad in [
            "",
            "# shared.\n",
            "# http requests.\n",
            "# bytes: requests.\n",
            "# http: requests.\n\n",
            "# http: \n",
        ] {
            let found = check(&good.replace("# http: requests.\n", bad));
            assert!(
                found.len() == 1 && found[0].to_string().contains("http has no reason"),
                "{bad}: {found:?}"
            );
        }
    }

    #[test]
    fn a_dependency_outside_of_the_table_is_found() {
        let found = |text: &str| members(&Tree::of(&[("examples/Cargo.toml", text)]));
        let good = "[[example]]\nname = \"here\"\npath = \"here.rs\"\n\n[dependencies]\nhttp.workspace = true\n\
                    bytes = { workspace = true, features = [\"std\"] }\n\n[features]\na = []\n";
        assert!(found(good).is_empty(), "{:?}", found(good));
        for own in ["http = \"1\"", "http = { version = \"1\" }", "http = { path = \"../http\" }"] {
            for table in ["[dependencies]", "[dev-dependencies]", "[target.'cfg(unix)'.dependencies]"] {
                let text = good.replace("http.workspace = true", own).replace("[dependencies]", table);
                assert_one(
                    &found(&text),
                    "examples/Cargo.toml:6",
                    "http is not a dependency of the workspace",
                );
            }
        }
        let table = good.replace("[features]", "[dependencies.http]");
        assert_one(&found(&table), "examples/Cargo.toml:9", "dependencies.http is a table");
        let text = "[workspace.dependencies]\nhttp = \"1\"\n[workspace.dependencies.http]\nversion = \"1\"\n";
        assert_one(&members(&Tree::of(&[(WORKSPACE, text)])), "Cargo.toml:3", "dependencies.http is a table");
    }

    #[test]
    fn what_a_new_provider_still_lacks_is_listed() {
        let mut tree = Tree::of(&[
            ("README.md", "| Acme Identity | [`acme-client`](crates/acme-client/README.md) | key | all |"),
            ("crates/acme-client/Cargo.toml", ""),
        ]);
        let have = [
            ("crates/auth-emulator/src/providers/acme/mod.rs", "//! Acme."),
            ("docs/assumptions.md", "## Acme Identity\n"),
            ("docs/authentication.md", "## Identity: a key\n"),
            ("examples/Cargo.toml", "name = \"acme\"\n"),
            ("examples/acme.rs", "//! Acme."),
            ("examples/tour.rs", "mod acme;\n"),
        ];
        assert_eq!(around(&tree).len(), have.len());
        have.iter().for_each(|(path, text)| tree.insert(path, (*text).to_owned()));
        assert!(around(&tree).is_empty(), "{:?}", around(&tree));
        for (path, _) in have {
            let mut tree = tree.clone();
            tree.insert(path, "other".to_owned());
            if path.ends_with("mod.rs") || path.ends_with("acme.rs") {
                tree.remove(path);
            }
            assert_one(&around(&tree), &format!("{path}:1"), "lacks Acme Identity");
        }
    }

    fn whole(name: &str) -> Tree {
        let manifest = format!(
            "[package]\ndescription = \"A.\"\nlicense.workspace = true\nrepository.workspace = true\n\
             categories.workspace = true\ninclude.workspace = true\nreadme = \"README.md\"\n\
             documentation = \"https://docs.rs/{name}\"\nkeywords = [\"a\", \"b\"]\n\n[package.metadata.docs.rs]\n\
             all-features = true\n\n[features]\ndefault = [\"x\"]\n# Why.\nx = []\n\n[lints]\nworkspace = true\n"
        );
        let mut tree = Tree::of(&[]);
        for path in OF_A_CRATE.iter().chain(&OF_A_PROVIDER).map(|path| path.replace("{}", name)) {
            tree.insert(&path, String::new());
        }
        ONCE.iter().for_each(|path| tree.insert(path, format!("`{name}` crates/{name}/README.md")));
        for license in ["LICENSE-APACHE", "LICENSE-MIT"] {
            tree.insert(license, license.to_owned());
            tree.insert(&format!("crates/{name}/{license}"), license.to_owned());
        }
        tree.insert(&format!("crates/{name}/Cargo.toml"), manifest);
        tree
    }

    #[test]
    fn every_crate_declares_what_is_asked_for() {
        let (good, path) = (whole("a-client"), "crates/a-client/Cargo.toml");
        assert!(manifests(&good).is_empty(), "{:?}", manifests(&good));
        let text = good.text(path).unwrap().to_owned();
        for wanted in MEMBER.iter().chain(&PUBLISHED).filter(|wanted| !wanted.contains("keywords")) {
            let mut tree = good.clone();
            tree.insert(path, text.replace(&wanted.replace("{name}", "a-client"), ""));
            assert_one(&manifests(&tree), &format!("{path}:1"), "add ");
        }
        let mut tree = good.clone();
        tree.insert(path, text.replace("\"a\", ", ""));
        assert_one(&manifests(&tree), &format!("{path}:9"), "add \"a\"");
        tree.insert(path, text.replace("# Why.\n", ""));
        assert_one(&manifests(&tree), &format!("{path}:16"), "`x` has no comment");
        let mut tree = good.clone();
        tree.insert("crates/a-client/LICENSE-MIT", "../../LICENSE-MIT".to_owned());
        assert_one(&manifests(&tree), "crates/a-client/LICENSE-MIT:1", "ln -sf");
    }

    #[test]
    fn every_file_that_is_asked_for_is_missed_and_every_crate_is_named() {
        let good = whole("a-client");
        assert!(files(&good).is_empty(), "{:?}", files(&good));
        for path in ONCE.iter().chain(&OF_A_CRATE).chain(&OF_A_PROVIDER) {
            let path = path.replace("{}", "a-client");
            let mut tree = good.clone();
            tree.remove(&path);
            assert_one(&files(&tree), &format!("{path}:1"), "is missing; ");
        }
        for path in ["README.md", "CHANGELOG.md"] {
            let mut tree = good.clone();
            tree.insert(path, "nothing".to_owned());
            assert_one(&files(&tree), &format!("{path}:1"), "does not name a-client");
        }
        let exists = files(&whole("vise-client"));
        assert!(exists.len() == 4 && exists[0].to_string().contains("delete it from WITHOUT"), "{exists:?}");
    }
}
