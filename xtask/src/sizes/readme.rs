//! The table of the README: what one provider costs, beside reqwest alone.

use super::measure::Built;
use crate::Failure;
use crate::report::thousands;
use std::fs;
use std::path::Path;

const BEGIN: &str = "<!-- sizes: begin -->";
const END: &str = "<!-- sizes: end -->";

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
    let text = fs::read_to_string(&path).map_err(|error| {
        Failure::new(format!("README.md can't be read: {error}"), "git checkout README.md")
    })?;
    let text = update(&text, &table(base, providers)).ok_or_else(|| {
        Failure::new(
            "README.md has no place for the table of sizes",
            format!(
                "add the lines `{BEGIN}` and `{END}` where it should stand, then cargo xtask sizes --readme"
            ),
        )
    })?;
    fs::write(&path, text)
        .map_err(|error| Failure::new(format!("README.md can't be written: {error}"), "look at its rights"))
}

fn update(text: &str, table: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{table}\n{END}{after}"))
}

fn table((packages, reqwest): (usize, Built), providers: &[(&str, usize, Built)]) -> String {
    let mut text =
        "| a program that makes one call with | packages | clean build, processor time | stripped program |\n| --- | --- | --- | --- |\n"
            .to_owned();
    let mut row = |name: &str, packages: usize, built: &Built| {
        let size = thousands(built.binary_bytes / 1024);
        text.push_str(&format!("| {name} | {packages} | {:.0} s | {size} KiB |\n", built.cpu_seconds));
    };
    row("reqwest alone, same TLS", packages, &reqwest);
    for (name, packages, built) in providers {
        row(&format!("`{name}`"), *packages, built);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_put_between_its_markers_and_nothing_else_changes() {
        let built = |cpu_seconds| Built { cpu_seconds, binary_bytes: 3_600_000, own_seconds: 1.0 };
        let table = table((87, built(33.6)), &[("x-client", 93, built(40.2))]);
        assert!(table.contains("| reqwest alone, same TLS | 87 | 34 s | 3,515 KiB |\n"), "{table}");
        assert!(table.ends_with("| `x-client` | 93 | 40 s | 3,515 KiB |\n"), "{table}");
        let text = update(&format!("a\n{BEGIN}\nold\n{END}\nb\n"), &table).unwrap();
        assert!(
            text.starts_with(&format!("a\n{BEGIN}\n\n| a program"))
                && text.ends_with(&format!("|\n\n{END}\nb\n")),
            "{text}"
        );
        assert_eq!(update(&text, &table).unwrap(), text, "written twice, it is the same");
        assert_eq!(update("a", &table), None);
    }
}
