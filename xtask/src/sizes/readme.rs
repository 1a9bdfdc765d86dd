//! The table of the README: what one provider costs, beside reqwest alone.

use super::measure::Built;
use crate::Failure;
use crate::report::{process, thousands};
use std::collections::BTreeMap;
use std::path::Path;

const BEGIN: &str = "<!-- sizes: begin -->";
const END: &str = "<!-- sizes: end -->";
const BASE: &str = "| `reqwest` alone";
const HEAD: &str = "\
| a program that makes one call with | packages | clean build, processor time | stripped program |
| --- | --- | --- | --- |
";

/// Writes the table; what was not measured is left as it is.
pub(super) fn write(
    root: &Path,
    base: Option<(usize, Built)>,
    providers: &[(&str, usize, Built)],
) -> Result<(), Failure> {
    let Some(base) = base else {
        return Err(Failure::new(
            "only Linux tells the processor time of child processes",
            "run it on Linux",
        ));
    };
    let path = root.join("README.md");
    let text = process::read_text(&path)?;
    let text = update(&text, &rows(base, providers)).ok_or_else(|| {
        Failure::new(
            "README.md has no place for the table of sizes",
            format!(
                "add the lines `{BEGIN}` and `{END}` where it should stand, then cargo xtask sizes --readme"
            ),
        )
    })?;
    process::write_if_changed(&path, text.as_bytes())
}

/// The text with new rows in the place of those of the same crates. Sorted, with reqwest first.
fn update(text: &str, rows: &[String]) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (old, after) = rest.split_once(END)?;
    let name = |row: &str| row.split(" | ").next().unwrap_or_default().to_owned();
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    let old = old.lines().filter(|line| line.starts_with("| `"));
    for row in old.chain(rows.iter().map(String::as_str)) {
        all.insert(name(row), row.to_owned());
    }
    let mut rows: Vec<String> = all.into_values().collect();
    rows.sort_by_key(|row| !row.starts_with(BASE));
    Some(format!("{before}{BEGIN}\n\n{HEAD}{}\n\n{END}{after}", rows.join("\n")))
}

fn rows((packages, reqwest): (usize, Built), providers: &[(&str, usize, Built)]) -> Vec<String> {
    let row = |name: &str, packages: usize, built: &Built| {
        let size = thousands(built.binary_bytes / 1024);
        format!("| {name} | {packages} | {:.0} s | {size} KiB |", built.cpu_seconds)
    };
    let base = row("`reqwest` alone, same TLS", packages, &reqwest);
    let ours = providers.iter().map(|(name, packages, built)| row(&format!("`{name}`"), *packages, built));
    std::iter::once(base).chain(ours).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_put_between_its_markers_and_nothing_else_changes() {
        let built = |cpu_seconds| Built { cpu_seconds, binary_bytes: 3_600_000, own_seconds: 1.0 };
        let rows = rows((87, built(33.6)), &[("x-client", 93, built(40.2))]);
        assert_eq!(rows[0], "| `reqwest` alone, same TLS | 87 | 34 s | 3,515 KiB |");
        let old = "| `a-client` | 1 | 2 s | 3 KiB |\n| `x-client` | 1 | 2 s | 3 KiB |";
        let text = update(&format!("a\n{BEGIN}\n{old}\n{END}\nb\n"), &rows).unwrap();
        let wanted = "| `reqwest` alone, same TLS | 87 | 34 s | 3,515 KiB |\n\
            | `a-client` | 1 | 2 s | 3 KiB |\n\
            | `x-client` | 93 | 40 s | 3,515 KiB |";
        assert!(
            text.starts_with(&format!("a\n{BEGIN}\n\n{HEAD}")) && text.ends_with(&format!("\n\n{END}\nb\n")),
            "{text}"
        );
        assert!(text.contains(wanted), "{text}");
        assert_eq!(update(&text, &rows).unwrap(), text, "written twice, it is the same");
        assert_eq!(update("a", &rows), None);
    }
}
