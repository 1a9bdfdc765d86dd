//! What a package registry shows of a crate: its metadata, its licences, and a README whose links work outside of the repository.

use super::tree::{Finding, Tree, line_of};
use crate::markdown::{BRANCH, links, repository, resolve};
use toml::{Table, Value};

const LICENSES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// Every crate takes what is common from the workspace and says itself what its documentation and keywords are.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let published = tree.crates().into_iter().filter_map(|name| Some((name, manifest(tree, name)?)));
    for (name, package) in published.filter(|(_, package)| package.get("publish").is_none()) {
        let path = format!("crates/{name}/Cargo.toml");
        let line = tree.text(&path).map_or(1, |text| line_of(text, "[package]"));
        let mut need = |holds: bool, what: &str| {
            if !holds {
                let todo = format!("add it to `[package]`: {what}");
                findings.push(Finding::new(&path, line, "a registry would miss something", todo));
            }
        };
        for key in ["repository", "include"] {
            let inherited = package.get(key).and_then(|value| value.get("workspace")) == Some(&true.into());
            need(inherited, &format!("{key}.workspace = true"));
        }
        let pages = format!("https://docs.rs/{name}");
        let documented = package.get("documentation").and_then(Value::as_str) == Some(&pages);
        need(documented, &format!("documentation = \"{pages}\""));
        need(package.contains_key("categories"), "categories.workspace = true");
        let keywords: Vec<&str> = package
            .get("keywords")
            .and_then(Value::as_array)
            .map_or(Vec::new(), |list| list.iter().filter_map(Value::as_str).collect());
        let vendor = name.strip_suffix("-client").filter(|_| tree.providers().contains(&name));
        need(
            (3..=5).contains(&keywords.len()) && vendor.is_none_or(|vendor| keywords.contains(&vendor)),
            &format!(
                "keywords = […], three to five words of its own{}",
                vendor.map_or(String::new(), |vendor| format!(", `{vendor}` among them"))
            ),
        );
        for license in LICENSES {
            let path = format!("crates/{name}/{license}");
            if tree.text(&path) != tree.text(license) {
                let todo = format!("run ln -sf ../../{license} {path}");
                findings.push(Finding::new(&path, 1, "is not the licence text of the workspace", todo));
            }
        }
        let readme = format!("crates/{name}/README.md");
        let text = tree.text(&readme).unwrap_or_default();
        for link in links(text) {
            if absolute(tree, name, &link).is_some() {
                let line = text.lines().position(|line| line.contains(&link)).map_or(1, |index| index + 1);
                let what = format!("({link}) leads nowhere on a registry's page");
                findings.push(Finding::new(&readme, line, what, "run cargo xtask tidy --fix"));
            }
        }
    }
    findings
}

fn manifest(tree: &Tree, name: &str) -> Option<Table> {
    let manifest: Table = tree.text(&format!("crates/{name}/Cargo.toml"))?.parse().ok()?;
    manifest.get("package").and_then(Value::as_table).cloned()
}

/// The READMEs in which links begin with another address than the repository's, with those links corrected.
pub(super) fn fixed(tree: &Tree) -> Vec<(String, String)> {
    let mut changed = Vec::new();
    for name in tree.crates() {
        let path = format!("crates/{name}/README.md");
        let Some(old) = tree.text(&path) else { continue };
        let mut text = old.to_owned();
        for link in links(old) {
            if let Some(whole) = absolute(tree, name, &link) {
                text = text.replace(&format!("]({link})"), &format!("]({whole})"));
            }
        }
        if text != old {
            changed.push((path, text));
        }
    }
    changed
}

/// What a link in the README of a crate must be: the same file in the repository. None if it is that, or leads elsewhere.
fn absolute(tree: &Tree, name: &str, link: &str) -> Option<String> {
    let beginning = format!("{}{BRANCH}", repository(tree.text("Cargo.toml")?)?);
    if link.starts_with(['#']) || link.starts_with(&beginning) {
        return None;
    }
    let (path, anchor) =
        link.split_once('#').map_or((link, String::new()), |(path, anchor)| (path, format!("#{anchor}")));
    let path = match path.split_once(BRANCH) {
        // Of the repository under an earlier address.
        Some((_, below)) if link.contains("://") => Some(below.to_owned()).filter(|path| tree.has(path)),
        _ if link.contains(':') => None,
        _ => resolve(&format!("crates/{name}"), path),
    }?;
    Some(format!("{beginning}{path}{anchor}"))
}

#[cfg(test)]
mod tests {
    use super::super::tree::assert_one;
    use super::*;

    const MANIFEST: &str = "[package]\nrepository.workspace = true\ninclude.workspace = true\ncategories.workspace = true\n\
        documentation = \"https://docs.rs/a-client\"\nkeywords = [\"a\", \"b\", \"c\"]\n";

    fn tree(manifest: &str, readme: &str) -> Tree {
        Tree::of(&[
            ("Cargo.toml", "[workspace.package]\nrepository = \"https://x.example/r\"\n"),
            ("LICENSE-MIT", "MIT"),
            ("LICENSE-APACHE", "Apache"),
            ("docs/errors.md", "# Errors"),
            ("crates/a-client/LICENSE-MIT", "MIT"),
            ("crates/a-client/LICENSE-APACHE", "Apache"),
            ("crates/a-client/README.md", readme),
            ("crates/a-client/Cargo.toml", manifest),
        ])
    }

    #[test]
    fn metadata_and_licences_are_complete() {
        assert!(check(&tree(MANIFEST, "")).is_empty(), "{:?}", check(&tree(MANIFEST, "")));
        for (line, part) in [
            ("repository.workspace = true\n", "repository"),
            ("include.workspace = true\n", "include"),
            ("categories.workspace = true\n", "categories"),
            ("https://docs.rs/a-client", "documentation"),
            ("\"a\", ", "`a` among them"),
        ] {
            assert_one(&check(&tree(&MANIFEST.replace(line, ""), "")), "crates/a-client/Cargo.toml:1", part);
        }
        assert!(check(&tree("[package]\npublish = false\n", "")).is_empty());
        let mut other = tree(MANIFEST, "");
        other.insert("crates/a-client/LICENSE-MIT", "../../LICENSE-MIT".to_owned());
        assert_one(&check(&other), "crates/a-client/LICENSE-MIT:1", "ln -sf");
    }

    #[test]
    fn links_of_a_readme_are_absolute_and_follow_the_repository() {
        let readme = |target: &str| format!("# A\n[x]({target}) [y](#a) [z](https://vendor.example/)\n");
        let good = readme("https://x.example/r/blob/main/docs/errors.md#errors");
        assert!(check(&tree(MANIFEST, &good)).is_empty());
        for link in ["../../docs/errors.md#errors", "https://old.example/q/blob/main/docs/errors.md#errors"] {
            let tree = tree(MANIFEST, &readme(link));
            assert_one(&check(&tree), "crates/a-client/README.md:2", "tidy --fix");
            assert_eq!(fixed(&tree), [("crates/a-client/README.md".to_owned(), good.clone())]);
        }
    }
}
