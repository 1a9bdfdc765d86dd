//! The rows of `docs/assumptions.md`, which `authctl doctor` embeds.

use std::fmt::Write as _;
use std::path::Path;

/// The rows of the page: provider, id, and the cells, separated by tabs. Empty in a workspace without the page.
pub(crate) fn rows(root: &Path) -> String {
    const SECTIONS: [(&str, &str); 5] = [
        ("Messente Verigator", "verigator"),
        ("ReveSecure", "revesecure"),
        ("Vault Vision", "vaultvision"),
        ("Virtuous CRM", "virtuous"),
        ("Vecurity VISE", "vise"),
    ];
    let page = std::fs::read_to_string(root.join("docs/assumptions.md")).unwrap_or_default();
    let (mut provider, mut text) = (None, String::new());
    for line in page.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            provider = SECTIONS.iter().find(|(name, _)| *name == title).map(|(_, provider)| *provider);
        }
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if let (Some(provider), [id, cells @ ..]) = (provider, cells.as_slice())
            && line.starts_with("| ")
            && !matches!(*id, "id" | "---")
        {
            // Writing to a String can't fail.
            let _ = writeln!(text, "{provider}\t{id}\t{}", cells.join("\t"));
        }
    }
    text
}
