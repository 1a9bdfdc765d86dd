//! Links of the pages that rustdoc has written.

use crate::Failure;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Links in comments of other crates, whose methods stand on our pages because our types have their traits.
const OF_OTHERS: &[&str] = &["dispatcher#setting-the-default-subscriber"];

/// What following the links gave.
#[derive(Debug, Default)]
pub(super) struct Followed {
    pub(super) pages: usize,
    pub(super) links: usize,
    pub(super) dead: Vec<String>,
}

/// Follows the relative links of the pages of these crates.
pub(super) fn follow(doc: &Path, crates: &[String]) -> Result<Followed, Failure> {
    let mut followed = Followed::default();
    let mut anchors: HashMap<PathBuf, Option<HashSet<String>>> = HashMap::new();
    let mut dead = BTreeSet::new();
    for name in crates {
        let mut pages = Vec::new();
        collect(&doc.join(name), &mut pages)?;
        for page in pages {
            let text = fs::read_to_string(&page).unwrap_or_default();
            followed.pages += 1;
            for link in attribute(&text, " href=\"").into_iter().filter(|link| is_relative(link)) {
                followed.links += 1;
                let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
                let path = path.split('?').next().unwrap_or_default();
                let target = match path {
                    "" => page.clone(),
                    path => normal(&page, path),
                };
                let known = anchors.entry(target.clone()).or_insert_with(|| anchors_of(&target));
                let why = match known {
                    None => "there is no such page",
                    // Lines of source are found by a script.
                    Some(ids) if !anchor.is_empty() && !path.contains("src/") && !ids.contains(anchor) => {
                        "there is no such place on it"
                    }
                    Some(_) => continue,
                };
                let page = page.strip_prefix(doc).unwrap_or(&page).display();
                dead.insert(format!("  {page}: {link}: {why}"));
            }
        }
    }
    followed.dead = dead.into_iter().collect();
    Ok(followed)
}

fn collect(folder: &Path, pages: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let entries = fs::read_dir(folder).map_err(|error| {
        Failure::new(format!("{} can't be read: {error}", folder.display()), "cargo xtask docs")
    })?;
    for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
        if path.is_dir() {
            collect(&path, pages)?;
        } else if path.extension().is_some_and(|ending| ending == "html") {
            pages.push(path);
        }
    }
    Ok(())
}

fn is_relative(link: &str) -> bool {
    !link.contains(':')
        && !link.starts_with("//")
        && !link.contains("static.files")
        && !OF_OTHERS.contains(&link)
}

/// The values of an attribute.
fn attribute(text: &str, beginning: &str) -> Vec<String> {
    text.split(beginning)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(|value| {
            value.replace("&amp;", "&").replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">")
        })
        .collect()
}

/// None where there is no such file; of a file that is no page, no anchors.
fn anchors_of(page: &Path) -> Option<HashSet<String>> {
    if !page.is_file() {
        return None;
    }
    let text = fs::read_to_string(page).unwrap_or_default();
    // What is re-exported from a module that is not public has a page there that leads to the real one.
    let moved =
        text.split("http-equiv=\"refresh\" content=\"0;URL=").nth(1).and_then(|rest| rest.split('"').next());
    if let Some(link) = moved {
        let path = normal(page, link.split('#').next().unwrap_or(link));
        return if path == page { None } else { anchors_of(&path) };
    }
    Some(attribute(&text, " id=\"").into_iter().collect())
}

/// The page that a relative link names, without going through folders that are not there.
fn normal(page: &Path, link: &str) -> PathBuf {
    let mut path = page.parent().unwrap_or(page).to_path_buf();
    for part in link.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                path.pop();
            }
            part => path.push(part),
        }
    }
    if link.ends_with('/') { path.join("index.html") } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_pages_and_dead_places_are_told_and_the_rest_is_not() {
        let doc = std::env::temp_dir().join(format!("docs-html-{}", std::process::id()));
        fs::create_dir_all(doc.join("a/inner")).unwrap();
        fs::create_dir_all(doc.join("src/a")).unwrap();
        fs::write(doc.join("src/a/lib.rs.html"), "x").unwrap();
        fs::write(
            doc.join("a/index.html"),
            "<h2 id=\"here\"></h2><a class=\"x\" href=\"#here\"></a><a href=\"inner/fn.b.html#b&amp;c\"></a>\
             <a href=\"https://x.example/y\"></a><a href=\"../src/a/lib.rs.html#1-7\"></a>",
        )
        .unwrap();
        fs::write(doc.join("a/old.html"), "<meta http-equiv=\"refresh\" content=\"0;URL=index.html\">")
            .unwrap();
        fs::write(
            doc.join("a/inner/fn.b.html"),
            "<p id=\"b&amp;c\"></p><a href=\"../index.html#there\"></a><a href=\"../gone.html\"></a><a href=\"../index.html?a=b#here\"></a><a href=\"../old.html#here\"></a>",
        )
        .unwrap();
        let found = follow(&doc, &["a".to_owned()]).unwrap();
        fs::remove_dir_all(&doc).unwrap();
        assert_eq!(
            found.dead,
            [
                "  a/inner/fn.b.html: ../gone.html: there is no such page",
                "  a/inner/fn.b.html: ../index.html#there: there is no such place on it"
            ]
        );
        assert_eq!((found.pages, found.links), (3, 7));
    }
}
