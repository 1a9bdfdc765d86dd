//! Rules about crates: what their manifests declare, and which files there are.

use super::tree::{Finding, Tree, line_of};
use std::collections::BTreeSet;

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

fn is_member(path: &str) -> bool {
    path.ends_with("/Cargo.toml") && !path.contains("/programs/")
}

/// Every feature of a provider has a comment, keywords name the vendor, licences are those of the workspace.
pub(super) fn manifests(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in tree.crates() {
        for license in ["LICENSE-APACHE", "LICENSE-MIT"] {
            let path = format!("crates/{name}/{license}");
            if tree.text(&path) != tree.text(license) {
                let todo = format!("run ln -sf ../../{license} {path}");
                findings.push(Finding::new(&path, 1, "is not the licence text of the workspace", todo));
            }
        }
        let Some(word) = name.strip_suffix("-client") else { continue };
        let path = format!("crates/{name}/Cargo.toml");
        let text = tree.text(&path).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let keywords = lines.iter().find(|line| line.starts_with("keywords = ")).unwrap_or(&"");
        if !keywords.contains(&format!("\"{word}\"")) {
            let (line, todo) = (line_of(text, "keywords"), format!("add \"{word}\""));
            findings.push(Finding::new(&path, line, "has no keyword for the vendor", todo));
        }
        let table =
            lines.iter().position(|line| *line == "[features]").map_or(lines.len(), |index| index + 1);
        for (index, pair) in lines.windows(2).enumerate().skip(table) {
            let [above, line] = pair else { continue };
            if line.starts_with('[') {
                break;
            }
            let feature = line.split_once(" = [").map(|(name, _)| name).filter(|name| *name != "default");
            if let Some(feature) = feature.filter(|_| !above.starts_with('#')) {
                let what = format!("the feature `{feature}` has no comment");
                findings.push(Finding::new(&path, index + 2, what, "describe it in the line above"));
            }
        }
    }
    findings
}

/// What a manifest declares, as taplo formats it.
const MEMBER: [&str; 3] = ["[lints]\nworkspace = true", "\ndescription = \"", "\nlicense.workspace = true"];

const ONCE: [&str; 5] = [
    "clippy.toml",
    "deny.toml",
    "xtask/budgets.json",
    "crates/auth-emulator/COVERAGE.md",
    crate::public_api::FOREIGN_TYPES,
];

/// A path, and what its file holds. A heading is one with the last word of this.
type Need = (&'static str, &'static str);

const OF_A_CRATE: [Need; 11] = [
    ("CHANGELOG.md", "`{name}`"),
    ("crates/{name}/Cargo.toml", "\nrepository.workspace = true"),
    ("crates/{name}/Cargo.toml", "\ncategories"),
    ("crates/{name}/Cargo.toml", "\ninclude.workspace = true"),
    ("crates/{name}/Cargo.toml", "\nreadme = \"README.md\""),
    ("crates/{name}/Cargo.toml", "\ndocumentation = \"https://docs.rs/{name}\""),
    ("crates/{name}/Cargo.toml", "\nkeywords = ["),
    ("crates/{name}/Cargo.toml", "[package.metadata.docs.rs]\nall-features = true"),
    ("crates/{name}/README.md", ""),
    ("crates/{name}/public-api.txt", ""),
    ("crates/{name}/src/lib.rs", ""),
];
const OF_A_PROVIDER: [Need; 18] = [
    ("README.md", "crates/{name}/README.md"),
    ("crates/auth-emulator/src/providers/{word}/mod.rs", ""),
    ("crates/{name}/openapi.json", ""),
    ("crates/{name}/src/auth.rs", ""),
    ("crates/{name}/src/client.rs", ""),
    ("crates/{name}/src/error.rs", ""),
    ("crates/{name}/tests/emulator.rs", ""),
    ("crates/{name}/tests/environment.rs", ""),
    ("crates/{name}/tests/errors.rs", ""),
    ("crates/{name}/tests/secrets.rs", ""),
    ("crates/{name}/tests/wire.rs", ""),
    ("docs/assumptions.md", "## {title}"),
    ("docs/authentication.md", "## {title}"),
    ("examples/Cargo.toml", "name = \"{word}\""),
    ("examples/tour.rs", "mod {word};"),
    ("examples/{word}.rs", ""),
    ("xtask/programs/one-call/{name}.rs", ""),
    ("xtask/trees/{name}.txt", ""),
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

/// Files that a check reads or that a reader looks for, and what they have for every crate or provider.
pub(super) fn files(tree: &Tree) -> Vec<Finding> {
    let found = needs(tree).into_iter().filter_map(|(path, part)| missing(tree, &path, &part));
    found.collect::<BTreeSet<_>>().into_iter().collect()
}

fn needs(tree: &Tree) -> Vec<(String, String)> {
    let mut needs: Vec<(String, String)> = ONCE.map(|path| (path.to_owned(), String::new())).into();
    let members = tree.iter().map(|(path, _)| path).filter(|path| is_member(path));
    needs.extend(members.flat_map(|path| MEMBER.map(|part| (path.to_owned(), part.to_owned()))));
    for name in tree.crates() {
        let word = name.trim_end_matches("-client");
        let of_a_provider: &[Need] = if word == name { &[] } else { &OF_A_PROVIDER };
        let mut rows = tree.text("README.md").unwrap_or_default().lines();
        let row = rows.find(|line| line.contains(&format!("(crates/{name}/README.md)")));
        let title = row.and_then(|row| row.split('|').nth(1)).map_or(word, str::trim);
        let filled =
            |text: &str| text.replace("{name}", name).replace("{word}", word).replace("{title}", title);
        needs.extend(OF_A_CRATE.iter().chain(of_a_provider).map(|(path, part)| (filled(path), filled(part))));
    }
    needs
}

fn missing(tree: &Tree, path: &str, part: &str) -> Option<Finding> {
    let without = WITHOUT.iter().any(|(without, _)| *without == path);
    let holds = |text: &str| match part.strip_prefix("## ") {
        // `Messente Verigator` is `Verigator` in some headings.
        Some(title) => title
            .split(' ')
            .rfind(|word| *word != "CRM")
            .is_some_and(|last| text.lines().any(|line| line.starts_with("## ") && line.contains(last))),
        None => text.contains(part),
    };
    let (what, todo) = match tree.text(path) {
        None if without => return None,
        None if path.contains("/providers/") => {
            ("is missing", "emulate the API; the top of providers/mod.rs lists the steps".to_owned())
        }
        None => {
            let new = "for a new crate, write it like that of verigator-client";
            ("is missing", format!("run git checkout {path}; {new}"))
        }
        Some(_) if without => {
            let todo = "delete it from WITHOUT in xtask/src/tidy/crates.rs";
            ("exists, although a list has a reason why it does not", todo.to_owned())
        }
        Some(text) if holds(text) => return None,
        Some(_) => {
            let todo = format!("add {}", part.trim().replace('\n', " with "));
            ("lacks what it has for every crate of this kind", todo)
        }
    };
    Some(Finding::new(path, 1, what, todo))
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
    fn licences_keywords_and_comments_of_features_are_asked_for() {
        let manifest =
            "keywords = [\"a\", \"b\"]\n\n[features]\ndefault = [\"x\"]\n# Why.\nx = []\n\n[lints]\ny = []\n";
        let path = "crates/a-client/Cargo.toml";
        let mut good = Tree::of(&[(path, manifest)]);
        for license in ["LICENSE-APACHE", "LICENSE-MIT"] {
            good.insert(license, license.to_owned());
            good.insert(&format!("crates/a-client/{license}"), license.to_owned());
        }
        assert!(manifests(&good).is_empty(), "{:?}", manifests(&good));
        for (path, text, place, part) in [
            (path, manifest.replace("\"a\", ", ""), ":1", "add \"a\""),
            (path, manifest.replace("# Why.\n", ""), ":5", "`x` has no comment"),
            ("crates/a-client/LICENSE-MIT", "../../LICENSE-MIT".to_owned(), ":1", "ln -sf"),
        ] {
            let mut tree = good.clone();
            tree.insert(path, text);
            assert_one(&manifests(&tree), &format!("{path}{place}"), part);
        }
    }

    /// A tree with all that is asked for of one crate.
    fn whole(name: &str) -> Tree {
        let row = format!("| the acme | [`{name}`](crates/{name}/README.md) | key | all |");
        let mut tree = Tree::of(&[
            ("README.md", &row),
            ("examples/Cargo.toml", ""),
            (&format!("crates/{name}/Cargo.toml"), ""),
        ]);
        for (path, part) in needs(&tree) {
            let before = tree.text(&path).unwrap_or_default().to_owned();
            tree.insert(&path, format!("{before}\n{part}\n"));
        }
        tree
    }

    #[test]
    fn all_that_is_asked_for_is_missed() {
        let good = whole("acme-client");
        assert!(files(&good).is_empty(), "{:?}", files(&good));
        let needs = needs(&good);
        assert!(needs.len() > 36, "{needs:?}");
        for (path, part) in needs {
            let mut tree = good.clone();
            let text = good.text(&path).unwrap().replace(&part, "");
            if part.is_empty() {
                tree.remove(&path)
            } else {
                tree.insert(&path, text)
            }
            let todo = format!("add {}", part.trim().replace('\n', " with "));
            assert_one(
                &files(&tree),
                &format!("{path}:1"),
                if part.is_empty() { "is missing; " } else { &todo },
            );
        }
        let exists = files(&whole("vise-client"));
        assert!(exists.len() == 4 && exists[0].to_string().contains("delete it from WITHOUT"), "{exists:?}");
    }

    #[test]
    fn a_section_is_found_by_the_last_word_of_the_title() {
        let mut tree = whole("acme-client");
        tree.insert("docs/authentication.md", "## acme: a key\n".to_owned());
        assert!(files(&tree).is_empty(), "{:?}", files(&tree));
        tree.insert("docs/authentication.md", "acme\n".to_owned());
        assert_one(&files(&tree), "docs/authentication.md:1", "add ## the acme");
    }
}
