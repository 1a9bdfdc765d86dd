//! The page of the last whole run, docs/reliability.md, and the check that it has the figures of today's table.

use super::Figure;
use crate::report::{Row, Status, process};
use crate::{Failure, workspace};
use std::collections::BTreeMap;
use std::path::Path;

pub(super) const FILE: &str = "docs/reliability.md";
const TEMPLATE: &str = include_str!("../../templates/reliability.txt");
const NEXT: &str = "cargo xtask figures --write";

/// Writes the page. `tables` are those that tests print, by figure.
pub(super) fn write(root: &Path, rows: &[Row], tables: &BTreeMap<String, String>) -> Result<String, Failure> {
    process::write_if_changed(&root.join(FILE), page(rows, tables))?;
    Ok(format!("\n{FILE}: written"))
}

/// Fails unless the page has the figures of the table, each with the words of today.
pub(super) fn check(figures: &[Figure]) -> Result<String, Failure> {
    let page = process::read_text(&workspace::root().join(FILE))?;
    let found: Vec<&str> = page.lines().filter_map(id_of).collect();
    let count = |id: &str| found.iter().filter(|found| **found == id).count();
    let is_other =
        |figure: &&Figure| count(&figure.id) != 1 || !page.contains(&cells(&[&figure.what, &figure.target]));
    let other =
        figures.iter().filter(is_other).map(|figure| format!("{}: missing, or other words", figure.id));
    let unknown = found.iter().filter(|id| !figures.iter().any(|figure| figure.id == **id));
    let findings: Vec<String> = other.chain(unknown.map(|id| format!("{id}: unknown"))).collect();
    Failure::unless_none(&format!("{FILE} has other figures than xtask/figures.json:\n"), &findings, NEXT)?;
    Ok(format!("{FILE}: the {} figures of xtask/figures.json", figures.len()))
}

/// The figure that a line of a table is about.
fn id_of(line: &str) -> Option<&str> {
    let id = line.strip_prefix("| ")?.split(" | ").next()?;
    id.contains('.').then_some(id)
}

/// Cells of a Markdown table, without the ends of the line.
fn cells(texts: &[&str]) -> String {
    texts.iter().map(|text| text.replace('|', "\\|")).collect::<Vec<_>>().join(" | ")
}

fn page(rows: &[Row], tables: &BTreeMap<String, String>) -> String {
    let table = |heads: [&str; 2], rows: &mut dyn Iterator<Item = Vec<&str>>| {
        let rows: Vec<String> = rows.map(|row| format!("| {} |", cells(&row))).collect();
        format!(
            "| figure | what | target | {}\n| --- | --- | --- | {}\n{}",
            heads[0],
            heads[1],
            rows.join("\n")
        )
    };
    let measured = |letters: &[char]| {
        let rows = rows.iter().filter(|row| row.status != Status::NotRun && row.id.starts_with(letters));
        let mut rows = rows.map(|row| {
            let status = if row.status == Status::Pass { "pass" } else { "**fail**" };
            vec![&*row.id, &row.what, &row.target, &row.measured, &row.cases, status]
        });
        table(["measured | cases | |", "--- | --- | --- |"], &mut rows)
    };
    let missing = rows.iter().filter(|row| row.status == Status::NotRun);
    let mut missing = missing.map(|row| vec![&*row.id, &row.what, &row.target, &row.measured]);
    let count = |status: Status| rows.iter().filter(|row| row.status == status).count();
    let [pass, fail, not_run] = [Status::Pass, Status::Fail, Status::NotRun].map(count);
    let matrix = tables.get("R18.matrix").map_or("The matrix was not run.", |table| table.trim_end());
    let counts = format!("the last whole run: {pass} figures pass, {fail} fail, {not_run} were not run");
    [
        ("{counts}", counts),
        ("{reliability}", measured(&['R'])),
        ("{matrix}", matrix.to_owned()),
        ("{security}", measured(&['S'])),
        ("{other}", measured(&['L', 'M'])),
        ("{missing}", table(["why not |", "--- |"], &mut missing)),
    ]
    .iter()
    .fold(TEMPLATE.to_owned(), |page, (part, text)| page.replacen(part, text, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_on_the_page_once_and_one_that_was_not_run_is_no_pass() {
        let rows = [
            Row::checked("R1.one", "first", "0 | 1", "1".to_owned(), true).cases("7"),
            Row::checked("S2.two", "second", "0", "2".to_owned(), false),
            Row::not_run("L3.three", "third", "0", "no test yet"),
        ];
        let text = page(&rows, &BTreeMap::from([("R18.matrix".to_owned(), "| F01 | RW |\n".to_owned())]));
        assert!(text.contains("1 figures pass, 1 fail, 1 were not run"));
        assert!(text.contains("| R1.one | first | 0 \\| 1 | 1 | 7 | pass |\n"), "{text}");
        assert!(text.contains("| S2.two | second | 0 | 2 | - | **fail** |\n"));
        assert!(
            text.contains("| L3.three | third | 0 | no test yet |\n")
                && text.contains("\n\n| F01 | RW |\n\n")
        );
        let ids: Vec<&str> = text.lines().filter_map(id_of).collect();
        assert_eq!(ids, ["R1.one", "S2.two", "L3.three"]);
        assert!(!text.contains('{'), "every part was filled in");
    }
}
