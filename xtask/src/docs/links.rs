//! Links between the Markdown files of the workspace, relative or by the address of the repository: each names a file that
//! is there, and every anchor a heading.

use crate::markdown::{in_repository, links};
use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// Links of these Markdown files that lead nowhere, as lines to print.
pub(super) fn broken(root: &Path, repository: &str, files: &[String]) -> Vec<String> {
    let mut broken = Vec::new();
    for name in files {
        let file = root.join(name);
        let text = fs::read_to_string(&file).unwrap_or_default();
        let why = |link: &str| match in_repository(repository, link) {
            Some(path) => check(&root.join("README.md"), path),
            None => check(&file, link),
        };
        let dead = links(&text).into_iter().filter_map(|link| Some((why(&link)?, link)));
        broken.extend(dead.map(|(why, link)| format!("  {name}: ({link}): {why}")));
    }
    broken
}

fn check(file: &Path, link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let target = if path.is_empty() { file.to_path_buf() } else { file.parent()?.join(path) };
    if !target.exists() {
        return Some("there is no such file".to_owned());
    }
    let anchor = anchor?;
    let text = fs::read_to_string(&target).ok()?;
    if headings(&text).contains(anchor) { None } else { Some("there is no such heading".to_owned()) }
}

/// The anchors that a Markdown viewer makes of headings: lower case, punctuation dropped, spaces as hyphens.
fn headings(text: &str) -> HashSet<String> {
    text.lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_those_of_a_viewer() {
        let found = headings("# What is *it*?\n## `cargo xtask` & more\ntext");
        assert!(found.contains("what-is-it") && found.contains("cargo-xtask--more"), "{found:?}");
    }

    #[test]
    fn a_missing_file_and_a_missing_heading_are_told_apart() {
        let folder = std::env::temp_dir().join(format!("links-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("a.md");
        fs::write(&file, "# Here\n").unwrap();
        assert_eq!(check(&file, "#here"), None);
        assert_eq!(check(&file, "https://example.com/x"), None);
        assert!(check(&file, "#there").unwrap().contains("heading"));
        assert!(check(&file, "b.md").unwrap().contains("file"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
