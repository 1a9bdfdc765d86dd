//! Links in Markdown: which there are, and which files of the repository they lead to.

use toml::Table;

/// How a host addresses a file of the main branch, behind the address of the repository.
pub(crate) const BRANCH: &str = "/blob/main/";

/// The targets of `[text](target)` outside of code.
pub(crate) fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        // Every second piece between back ticks is code.
        for prose in line.split('`').step_by(2) {
            for piece in prose.split("](").skip(1) {
                found.extend(piece.split(')').next().map(|target| target.trim().to_owned()));
            }
        }
        // A link whose text is code was split in the middle; its target follows the code.
        for piece in line.split("`](").skip(1) {
            found.extend(piece.split(')').next().map(|target| target.trim().to_owned()));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// `a/b` and `../c.md` are `a/c.md`.
pub(crate) fn resolve(folder: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            ".." => {
                parts.pop()?;
            }
            "." | "" => {}
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The address of the repository; the workspace's manifest is the only place that has it.
pub(crate) fn repository(manifest: &str) -> Option<String> {
    let manifest: Table = manifest.parse().ok()?;
    let address = manifest.get("workspace")?.get("package")?.get("repository")?.as_str()?;
    Some(address.trim_end_matches('/').to_owned())
}

/// The path below the root that an absolute link leads to, if it is one of the repository's.
pub(crate) fn in_repository<'a>(repository: &str, link: &'a str) -> Option<&'a str> {
    link.strip_prefix(repository)?.strip_prefix(BRANCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_outside_of_code_only() {
        let text = "[a](one.md) and [`b`](two.md#x)\n```\n[c](three.md)\n```\n`[d](four.md)` ![e](five.png)";
        assert_eq!(links(text), ["five.png", "one.md", "two.md#x"]);
    }

    #[test]
    fn paths_are_resolved() {
        assert_eq!(resolve("a/b", "../c.md").as_deref(), Some("a/c.md"));
        assert_eq!(resolve("a", "../../c.md"), None);
    }

    #[test]
    fn a_link_by_address_leads_to_a_file_of_the_repository() {
        assert_eq!(in_repository("https://x.example/r", "https://x.example/r/blob/main/a.md"), Some("a.md"));
        assert_eq!(in_repository("https://x.example/r", "https://y.example/r/blob/main/a.md"), None);
    }
}
