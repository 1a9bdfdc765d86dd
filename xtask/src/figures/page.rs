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
    Ok(format!("{FILE}: written"))
}

/// Fails unless the page has the figures of the table, each with the words of today.
pub(super) fn check(figures: &[Figure]) -> Result<String, Failure> {
    let page = process::read_text(&workspace::root().join(FILE))?;
    let expected: Vec<String> = sorted(figures.iter().map(|figure| &figure.id));
    let found: Vec<String> = sorted(page.lines().filter_map(id_of));
    if expected != found {
        let differs = |list: &[String], other: &[String]| {
            list.iter().filter(|id| !other.contains(id)).cloned().collect::<Vec<_>>().join(", ")
        };
        let what = format!(
            "{FILE} has other figures than xtask/figures.json: missing {:?}, unknown {:?}",
            differs(&expected, &found),
            differs(&found, &expected)
        );
        return Err(Failure::new(what, NEXT));
    }
    let other = figures.iter().find(|figure| !page.contains(&cells(&[&figure.what, &figure.target])));
    if let Some(figure) = other {
        return Err(Failure::new(
            format!("{FILE} describes {} in other words than xtask/figures.json", figure.id),
            NEXT,
        ));
    }
    Ok(format!("{FILE}: the {} figures of xtask/figures.json", expected.len()))
}

fn sorted(ids: impl Iterator<Item = impl ToString>) -> Vec<String> {
    let mut ids: Vec<String> = ids.map(|id| id.to_string()).collect();
    ids.sort();
    ids
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
    let measured = |letters: &[char]| {
        let rows = rows.iter().filter(|row| {
            row.status != Status::NotRun && row.id.starts_with(|first| letters.contains(&first))
        });
        let rows = rows.map(|row| {
            let status = if row.status == Status::Pass { "pass" } else { "**fail**" };
            format!("| {} |\n", cells(&[&row.id, &row.what, &row.target, &row.measured, &row.cases, status]))
        });
        let head = "| figure | what | target | measured | cases | |\n| --- | --- | --- | --- | --- | --- |\n";
        format!("{head}{}", rows.collect::<String>().trim_end())
    };
    let missing = rows.iter().filter(|row| row.status == Status::NotRun);
    let missing =
        missing.map(|row| format!("| {} |\n", cells(&[&row.id, &row.what, &row.target, &row.measured])));
    let missing = format!(
        "| figure | what | target | why not |\n| --- | --- | --- | --- |\n{}",
        missing.collect::<String>()
    );
    let count = |status: Status| rows.iter().filter(|row| row.status == status).count();
    let counts = format!(
        "the last whole run: {} figures pass, {} fail, {} were not run",
        count(Status::Pass),
        count(Status::Fail),
        count(Status::NotRun)
    );
    TEMPLATE
        .replacen("{counts}", &counts, 1)
        .replacen("{reliability}", &measured(&['R']), 1)
        .replacen(
            "{matrix}",
            tables.get("R18.matrix").map_or("The matrix was not run.", |table| table.trim_end()),
            1,
        )
        .replacen("{security}", &measured(&['S']), 1)
        .replacen("{other}", &measured(&['L', 'M']), 1)
        .replacen("{missing}", missing.trim_end(), 1)
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
