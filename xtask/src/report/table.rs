//! Rows as a table of plain text, each column as wide as it needs to be, long ones broken into lines.

use super::Row;

const HEADINGS: [&str; 7] = ["figure", "what", "target", "measured", "reference", "cases", "status"];
/// Text beyond this width goes on in the next line.
const WIDEST: usize = 34;

pub(super) fn render(rows: &[Row]) -> String {
    let mut lines: Vec<Vec<String>> = vec![HEADINGS.map(str::to_owned).to_vec()];
    let referenced = rows.iter().any(|row| row.reference.is_some());
    for row in rows {
        let reference = row.reference.clone().unwrap_or_default();
        let cells = [
            &row.id,
            &row.what,
            &row.target,
            &row.measured,
            &reference,
            &row.cases,
            &row.status.word().to_owned(),
        ];
        lines.extend(fold(&cells.map(|cell| wrap(cell))));
    }
    if !referenced {
        for line in &mut lines {
            line.remove(4);
        }
    }
    let mut widths = vec![0; lines.first().map_or(0, Vec::len)];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    lines.insert(1, widths.iter().map(|width| "-".repeat(*width)).collect());
    let mut text = String::new();
    for line in &lines {
        let cells: Vec<String> =
            line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// The lines of one row: as many as its longest cell has.
fn fold(cells: &[Vec<String>]) -> Vec<Vec<String>> {
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    (0..height)
        .map(|line| cells.iter().map(|cell| cell.get(line).cloned().unwrap_or_default()).collect())
        .collect()
}

fn wrap(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDEST {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_long_texts_are_broken() {
        let long = "one two three four five six seven eight nine ten";
        let rows = [Row::not_run("a", long, "≤ 1", "-"), Row::not_run("figure.b", "short", "≤ 10", "-")];
        let text = render(&rows);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[2].starts_with("a         one two three four five six seven  ≤ 1"), "{text}");
        assert!(lines[3].starts_with("          eight nine ten"), "{text}");
        assert!(lines[4].starts_with("figure.b  short"), "{text}");
        assert!(!text.contains("reference"), "a column that nothing fills is left out");
    }
}
