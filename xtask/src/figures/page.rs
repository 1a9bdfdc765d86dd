//! The page of the last run of each figure, docs/reliability.md, and the check that it has the figures of today's table.

use super::Figure;
use crate::report::{Row, Status, process};
use crate::{Failure, workspace};
use std::collections::BTreeMap;
use std::path::Path;

pub(super) const FILE: &str = "docs/reliability.md";
const TEMPLATE: &str = include_str!("../../templates/reliability.txt");
const NEXT: &str = "cargo xtask figures --only ID --write";

/// Writes the page. `tables` are those that tests print, by figure. Figures without a row keep their lines, and those that passed
/// at the whole size keep them if they pass at the size of CI.
pub(super) fn write(
    root: &Path,
    figures: &[Figure],
    rows: &[Row],
    tables: &BTreeMap<String, String>,
) -> Result<String, Failure> {
    let file = root.join(FILE);
    let size = if std::env::var_os("FIGURES").is_some_and(|size| size == "whole") { "" } else { SMALL };
    process::write_if_changed(&file, page(&process::read_text(&file)?, figures, rows, tables, size))?;
    Ok(format!("{FILE}: written\n\n"))
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

/// The end of the status of a figure that was measured at the size of CI.
const SMALL: &str = ", size of CI";

fn page(
    old: &str,
    figures: &[Figure],
    rows: &[Row],
    tables: &BTreeMap<String, String>,
    size: &str,
) -> String {
    let line = |figure: &Figure| {
        let Figure { id, what, target, step, missing, .. } = figure;
        let unmeasured = |why: &str| format!("| {} |", cells(&[id, what, target, why]));
        if let Some(why) = missing {
            return unmeasured(why);
        }
        let kept = old.lines().find(|line| id_of(line) == Some(id)).map(str::to_owned);
        let Some(row) = rows.iter().find(|row| row.id == *id) else {
            return kept.unwrap_or_else(|| unmeasured("not measured yet"));
        };
        // A step has one size.
        let size = if step.is_some() { "" } else { size };
        let is_whole = |line: &String| line.ends_with("| pass |") && line.contains(&cells(&[what, target]));
        let status = match row.status {
            Status::Pass if !size.is_empty() && kept.as_ref().is_some_and(is_whole) => {
                return kept.unwrap_or_default();
            }
            Status::Pass => format!("pass{size}"),
            Status::Fail => format!("**fail**{size}"),
            Status::NotRun => return unmeasured(&row.measured),
        };
        format!("| {} |", cells(&[id, what, target, &row.measured, &row.cases, &status]))
    };
    let lines: Vec<String> = figures.iter().map(line).collect();
    let ends = |line: &str, word: &str| {
        let line = line.trim_end_matches(" |");
        line.strip_suffix(SMALL).unwrap_or(line).ends_with(word)
    };
    let [passed, failed] = ["| pass", "| **fail**"].map(|word| move |line: &str| ends(line, word));
    let measured = |line: &str| passed(line) || failed(line);
    let table = |heads: [&str; 2], is_in: &dyn Fn(&str) -> bool| {
        let lines: Vec<&str> = lines.iter().map(String::as_str).filter(|line| is_in(line)).collect();
        let [heads, rule] = heads;
        format!("| figure | what | target | {heads}\n| --- | --- | --- | {rule}\n{}", lines.join("\n"))
    };
    let of = |letters: &'static [char]| {
        let heads = ["measured | cases | |", "--- | --- | --- |"];
        table(heads, &|line| measured(line) && id_of(line).is_some_and(|id| id.starts_with(letters)))
    };
    let count = |is: &dyn Fn(&str) -> bool| lines.iter().filter(|line| is(line)).count();
    let counts = format!(
        "{} figures pass, {} of them at the size of CI, {} fail, {} were not run",
        count(&passed),
        count(&|line| passed(line) && line.contains(SMALL)),
        count(&failed),
        count(&|line| !measured(line))
    );
    let printed = tables.get("R18.matrix").filter(|table| !table.is_empty()).map(|table| table.trim_end());
    let matrix = printed.or_else(|| matrix_of(old)).unwrap_or("The matrix was not run.");
    [
        ("{counts}", counts),
        ("{reliability}", of(&['R'])),
        ("{matrix}", matrix.to_owned()),
        ("{security}", of(&['S'])),
        ("{other}", of(&['L', 'M'])),
        ("{missing}", table(["why not |", "--- |"], &|line| !measured(line))),
    ]
    .iter()
    .fold(TEMPLATE.to_owned(), |page, (part, text)| page.replacen(part, text, 1))
}

/// The matrix of a page, with its head.
fn matrix_of(page: &str) -> Option<&str> {
    let begin = page.find("| | vise |")?;
    let matrix = page.get(begin..)?;
    matrix.split("\n\n").next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(ids: &[&str]) -> Vec<Figure> {
        let figure =
            |id: &&str| format!(r#"{{"id":"{id}","what":"w","target":"0 | 1","cases":"-","tests":[]}}"#);
        ids.iter().map(|id| serde_json::from_str(&figure(id)).unwrap()).collect()
    }

    #[test]
    fn every_figure_is_on_the_page_once_and_one_that_was_not_run_is_no_pass() {
        let rows = [
            Row::checked("R1.one", "w", "0 | 1", "1".to_owned(), true).cases("7"),
            Row::checked("S2.two", "w", "0 | 1", "2".to_owned(), false),
            Row::not_run("L3.three", "w", "0 | 1", "no test yet"),
        ];
        let matrix = BTreeMap::from([("R18.matrix".to_owned(), "| | vise |\n| F01 | RW |\n".to_owned())]);
        let figures = figures(&["R1.one", "S2.two", "L3.three", "M4.four"]);
        let text = page("", &figures, &rows, &matrix, "");
        assert!(
            text.contains("1 figures pass, 0 of them at the size of CI, 1 fail, 2 were not run"),
            "{text}"
        );
        assert!(text.contains("| R1.one | w | 0 \\| 1 | 1 | 7 | pass |\n"), "{text}");
        assert!(text.contains("| S2.two | w | 0 \\| 1 | 2 | - | **fail** |\n"));
        assert!(text.contains("| L3.three | w | 0 \\| 1 | no test yet |\n"));
        assert!(text.contains("| M4.four | w | 0 \\| 1 | not measured yet |\n"));
        assert!(text.contains("\n\n| | vise |\n| F01 | RW |\n\n"));
        let ids: Vec<&str> = text.lines().filter_map(id_of).collect();
        assert_eq!(ids, ["R1.one", "S2.two", "L3.three", "M4.four"]);
        assert!(!text.contains('{'), "every part was filled in");
    }

    #[test]
    fn a_run_of_some_figures_keeps_the_lines_of_the_others() {
        let row = |id: &str, holds| Row::checked(id, "w", "0 | 1", "new".to_owned(), holds);
        let matrix = BTreeMap::from([("R18.matrix".to_owned(), "| | vise |\n| F01 | RW |\n".to_owned())]);
        let figures = figures(&["R1.one", "R2.two"]);
        let old = page("", &figures, &[row("R1.one", true), row("R2.two", false)], &matrix, SMALL);
        assert!(old.contains("1 figures pass, 1 of them at the size of CI, 1 fail, 0 were not run"), "{old}");
        let text = page(&old, &figures, &[row("R2.two", true)], &BTreeMap::new(), "");
        assert!(
            text.contains("2 figures pass, 1 of them at the size of CI, 0 fail, 0 were not run"),
            "{text}"
        );
        assert!(text.contains("| new | - | pass, size of CI |\n") && text.contains("| F01 | RW |"), "{text}");
        let again = page(&text, &figures, &[row("R1.one", true), row("R2.two", true)], &matrix, SMALL);
        assert!(
            again.contains("2 figures pass, 1 of them at the size of CI"),
            "what passed whole stays: {again}"
        );
        let again = page(&text, &figures, &[row("R2.two", false)], &matrix, SMALL);
        assert!(again.contains("1 fail"), "{again}");
    }
}
