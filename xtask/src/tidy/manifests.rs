//! What manifests say: reasons, order and use of dependencies, the features that all providers share, and what every
//! crate declares.

use super::tree::{Finding, Tree, line_of};
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

const WORKSPACE: &str = "Cargo.toml";

/// What every provider crate can be asked for at least. Whatever one has more, all have, besides [`OWN_FEATURES`].
const SHARED_FEATURES: &[&str] =
    &["default", "http2", "hyper", "reqwest-013", "rustls-aws-lc", "rustls-ring", "testing", "tracing"];

/// Features that one provider has for itself, and why.
const OWN_FEATURES: &[(&str, &str, &str)] = &[
    ("vaultvision-client", "oidc", "logins of end users; brings a library that nobody else needs"),
    ("virtuous-client", "chrono-04", "dates in models are this vendor's alone"),
    ("virtuous-client", "jiff-02", "dates in models are this vendor's alone"),
    ("virtuous-client", "keyring", "the only provider whose tokens outlive a program"),
    ("virtuous-client", "rust_decimal", "amounts of money are this vendor's alone"),
    ("virtuous-client", "token-file", "the only provider whose tokens outlive a program"),
];

/// The table of dependencies: sorted, each line with its reason, each used by somebody.
pub(super) fn workspace_table(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.text(WORKSPACE) else {
        return vec![Finding::new(WORKSPACE, 1, "is missing", "run git checkout Cargo.toml")];
    };
    let mut findings = Vec::new();
    let used: BTreeSet<String> = tree
        .iter()
        .filter(|(path, _)| path.ends_with("/Cargo.toml"))
        .filter_map(|(_, text)| text.parse::<Table>().ok())
        .flat_map(|manifest| dependencies(&manifest))
        .collect();
    let mut inside = false;
    let mut ours_before = String::new();
    let mut before = String::new();
    let mut comment: Option<String> = None;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if line.starts_with('[') {
            inside = line == "[workspace.dependencies]";
        } else if let Some(text) = line.strip_prefix('#') {
            // The first line of a comment is the one that names the package.
            comment.get_or_insert_with(|| text.trim().to_owned());
            continue;
        } else if let Some((name, value)) = line.split_once('=').filter(|_| inside) {
            let name = name.trim();
            let ours = value.contains("path =");
            let previous = if ours { &mut ours_before } else { &mut before };
            if name < previous.as_str() {
                let what = format!("{name} stands after {previous}");
                findings.push(Finding::new(WORKSPACE, number, what, "keep the table sorted"));
            }
            name.clone_into(previous);
            let told = comment.as_ref().is_some_and(|comment| comment.starts_with(&format!("{name}: ")));
            if !ours && !told {
                let todo = format!("write `# {name}: what it is for` in the line above");
                findings.push(Finding::new(WORKSPACE, number, format!("{name} has no reason"), todo));
            }
            // The facade is for users; nobody here depends on it.
            if !ours && !used.contains(name) {
                let what = format!("no crate depends on {name}");
                findings.push(Finding::new(WORKSPACE, number, what, "delete the line and its reason"));
            }
        }
        comment = None;
    }
    findings
}

/// The names in all tables of dependencies of a member.
fn dependencies(manifest: &Table) -> Vec<String> {
    let mut names = Vec::new();
    for (key, value) in manifest {
        match value {
            Value::Table(table) if key.ends_with("dependencies") => names.extend(table.keys().cloned()),
            Value::Table(targets) if key == "target" => {
                names.extend(targets.values().filter_map(Value::as_table).flat_map(dependencies));
            }
            _ => {}
        }
    }
    names
}

/// What every member declares, and what everything that users may depend on declares besides.
pub(super) fn members(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let ours = |path: &str| {
        path.ends_with("/Cargo.toml") && !path.contains("/programs/") && !path.contains("/templates/")
    };
    for (path, text) in tree.iter().filter(|(path, _)| ours(path)) {
        let manifest = match text.parse::<Table>() {
            Ok(manifest) => manifest,
            Err(error) => {
                let what = format!("is no manifest: {}", error.message());
                findings.push(Finding::new(path, 1, what, "correct it"));
                continue;
            }
        };
        let mut need = |holds: bool, what: &str, todo: &str| {
            if !holds {
                findings.push(Finding::new(path, line_of(text, "[package]"), what, todo));
            }
        };
        let inherited = |keys: &[&str]| at(&manifest, keys).and_then(Value::as_bool) == Some(true);
        let said =
            |keys: &[&str]| at(&manifest, keys).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        need(
            inherited(&["lints", "workspace"]),
            "does not take the lints of the workspace",
            "add `[lints]` and `workspace = true`",
        );
        need(
            said(&["package", "description"]),
            "has no description",
            "add `description = \"…\"` to `[package]`",
        );
        need(
            inherited(&["package", "license", "workspace"]),
            "does not take the licence of the workspace",
            "add `license.workspace = true` to `[package]`",
        );
        if path.starts_with("crates/") {
            need(
                said(&["package", "readme"]),
                "names no readme",
                "add `readme = \"README.md\"` to `[package]`",
            );
            need(
                inherited(&["package", "metadata", "docs", "rs", "all-features"]),
                "does not ask for documentation of all features",
                "add `[package.metadata.docs.rs]` and `all-features = true`",
            );
        }
    }
    findings
}

fn at<'a>(table: &'a Table, keys: &[&str]) -> Option<&'a Value> {
    let (first, rest) = keys.split_first()?;
    let mut value = table.get(*first)?;
    for key in rest {
        value = value.get(key)?;
    }
    Some(value)
}

/// Every provider has the same features, besides those of its own that are listed; each has a line of reason.
pub(super) fn features(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let own =
        |name: &str, feature: &str| OWN_FEATURES.iter().any(|(of, own, _)| *of == name && *own == feature);
    let mut owners: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in tree.providers() {
        for feature in features_of(tree, name).into_iter().filter(|feature| !own(name, feature)) {
            owners.entry(feature).or_default().push(name);
        }
    }
    // What most of them have is missed in the others; what few have is too much there.
    let mut shared: BTreeSet<String> = SHARED_FEATURES.iter().map(|feature| (*feature).to_owned()).collect();
    let mut odd = BTreeSet::new();
    for (feature, owners) in owners {
        let many = owners.len() * 2 > tree.providers().len();
        if many || SHARED_FEATURES.contains(&feature.as_str()) {
            shared.insert(feature);
        } else {
            odd.insert(feature);
        }
    }
    for name in tree.providers() {
        let path = format!("crates/{name}/Cargo.toml");
        let text = tree.text(&path).unwrap_or_default();
        let there = features_of(tree, name);
        let head = line_of(text, "[features]");
        for feature in shared.difference(&there) {
            let what = format!("has no feature `{feature}`, which other providers have");
            findings.push(Finding::new(
                &path,
                head,
                what,
                "copy its line and its comment from one that has it",
            ));
        }
        for feature in there.intersection(&odd).filter(|feature| !own(name, feature)) {
            let line = line_of(text, &format!("{feature} ="));
            let what = format!("has the feature `{feature}`, which most providers don't have");
            let todo = "add it to all, or with its reason to OWN_FEATURES in xtask/src/tidy/manifests.rs";
            findings.push(Finding::new(&path, line, what, todo));
        }
        for feature in there.iter().filter(|feature| *feature != "default") {
            let line = line_of(text, &format!("{feature} ="));
            let above = line.checked_sub(2).and_then(|index| text.lines().nth(index));
            if !above.is_some_and(|line| line.starts_with('#')) {
                let what = format!("says nothing about the feature `{feature}`");
                findings.push(Finding::new(&path, line, what, "write a line of comment above it"));
            }
        }
    }
    for (name, feature, _) in OWN_FEATURES.iter().filter(|(name, ..)| tree.providers().contains(name)) {
        let path = format!("crates/{name}/Cargo.toml");
        if !tree.text(&path).is_some_and(|text| text.contains(&format!("\n{feature} ="))) {
            let what = format!("has no feature `{feature}` any more");
            findings.push(Finding::new(
                &path,
                1,
                what,
                "delete it from OWN_FEATURES in xtask/src/tidy/manifests.rs",
            ));
        }
    }
    findings
}

fn features_of(tree: &Tree, name: &str) -> BTreeSet<String> {
    let manifest =
        tree.text(&format!("crates/{name}/Cargo.toml")).and_then(|text| text.parse::<Table>().ok());
    let features =
        manifest.as_ref().and_then(|manifest| at(manifest, &["features"])).and_then(Value::as_table);
    features.into_iter().flat_map(Table::keys).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::super::tree::assert_one;
    use super::*;

    const GOOD: &str = "\
[workspace.dependencies]
# Ours.
z-core = { path = \"crates/z-core\" }

# bytes: bodies,
# shared.
bytes = \"1\"
# http: requests.
http = \"1\"
";
    const MEMBER: (&str, &str) = (
        "crates/a/Cargo.toml",
        "[dependencies]\nbytes.workspace = true\nz-core.workspace = true\n[target.'cfg(unix)'.dev-dependencies]\nhttp = {}\n",
    );

    #[test]
    fn the_table_is_sorted_has_reasons_and_is_used() {
        assert!(workspace_table(&Tree::of(&[(WORKSPACE, GOOD), MEMBER])).is_empty());

        let swapped = GOOD.replace("http", "arc");
        let member = (MEMBER.0, &*MEMBER.1.replace("http", "arc"));
        assert_one(&workspace_table(&Tree::of(&[(WORKSPACE, &swapped), member])), "Cargo.toml:9", "sorted");

        for bad in ["", "# shared.\n", "# http requests.\n", "# bytes: requests.\n", "# http: requests.\n\n"]
        {
            let text = GOOD.replace("# http: requests.\n", bad);
            let findings = workspace_table(&Tree::of(&[(WORKSPACE, &text), MEMBER]));
            assert!(
                findings.len() == 1 && findings[0].to_string().contains("http has no reason"),
                "{findings:?}"
            );
        }

        let unused = (MEMBER.0, &*MEMBER.1.replace("http", "other"));
        assert_one(&workspace_table(&Tree::of(&[(WORKSPACE, GOOD), unused])), "Cargo.toml:9", "no crate");
        assert_one(&workspace_table(&Tree::of(&[])), "Cargo.toml:1", "missing");
    }

    const CRATE: &str = "\
[package]
description = \"A.\"
license.workspace = true
readme = \"README.md\"

[package.metadata.docs.rs]
all-features = true

[lints]
workspace = true
";

    #[test]
    fn every_crate_declares_what_is_asked_for() {
        let check = |text: &str| members(&Tree::of(&[("crates/a/Cargo.toml", text)]));
        assert!(check(CRATE).is_empty());
        for (line, part) in [
            ("description = \"A.\"\n", "description"),
            ("license.workspace = true\n", "licence"),
            ("readme = \"README.md\"\n", "readme"),
            ("all-features = true\n", "documentation"),
            ("[lints]\nworkspace = true\n", "lints"),
        ] {
            assert_one(&check(&CRATE.replace(line, "")), "crates/a/Cargo.toml:1", part);
        }
        assert_one(&check("[package"), "crates/a/Cargo.toml:1", "manifest");
        let examples = CRATE.replace("readme = \"README.md\"\n", "").replace("all-features = true\n", "");
        assert!(members(&Tree::of(&[("examples/Cargo.toml", &examples)])).is_empty());
    }

    fn provider(more: &str) -> String {
        let shared = SHARED_FEATURES.iter().map(|feature| format!("# Why.\n{feature} = []\n"));
        format!("[features]\n{}{more}", shared.collect::<String>())
    }

    #[test]
    fn providers_share_their_features() {
        let check = |text: &str| features(&Tree::of(&[("crates/a-client/Cargo.toml", text)]));
        assert!(check(&provider("")).is_empty());
        let fewer = provider("").replace("# Why.\nhttp2 = []\n", "");
        assert_one(&check(&fewer), "crates/a-client/Cargo.toml:1", "no feature `http2`");
        let two = Tree::of(&[
            ("crates/a-client/Cargo.toml", &provider("# Why.\nmore = []\n")),
            ("crates/b-client/Cargo.toml", &provider("")),
        ]);
        assert_one(&features(&two), "crates/a-client/Cargo.toml:19", "`more`, which most");
        let mut three = two.clone();
        three.insert("crates/c-client/Cargo.toml", provider("# Why.\nmore = []\n"));
        assert_one(&features(&three), "crates/b-client/Cargo.toml:1", "no feature `more`");
        let silent = provider("").replace("# Why.\nhttp2", "http2");
        assert_one(&check(&silent), "crates/a-client/Cargo.toml:4", "says nothing");
    }

    #[test]
    fn a_feature_of_its_own_is_listed_and_the_list_has_no_other() {
        let check = |text: &str| features(&Tree::of(&[("crates/virtuous-client/Cargo.toml", text)]));
        let own = OWN_FEATURES.iter().filter(|(of, ..)| *of == "virtuous-client");
        let own: String = own.map(|(_, feature, _)| format!("# Why.\n{feature} = []\n")).collect();
        assert!(check(&provider(&own)).is_empty());
        let found = check(&provider(""));
        assert!(
            found.iter().any(|finding| finding.to_string().contains("no feature `token-file` any more")),
            "{found:?}"
        );
    }
}
