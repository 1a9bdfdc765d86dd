//! Tables that fit the terminal: aligned columns, cut cells, no control characters of the vendor.

use super::csv::cell;
use super::wrap;
use crate::failure::visible;
use crate::json;
use serde_json::value::RawValue;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The widest cell of a list, unless space is left.
const MAX_CELL: usize = 40;
const MIN_WIDTH: usize = 40;
/// The narrowest column whose cells are wrapped.
const MIN_WRAPPED: usize = 20;
const BOLD: (&str, &str) = ("\u{1b}[1m", "\u{1b}[0m");

/// The width of the terminal; 80 if it is unknown.
pub(crate) fn width() -> usize {
    let size = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
    size.or_else(columns).unwrap_or(80).max(MIN_WIDTH)
}

/// Formats rows below a header. Returns the text and the names of the fields that are not shown. Empty columns are left out, and the
/// columns that identify a row come first, unless the columns were `chosen`. Where there is no place for those, each row is a list of
/// its fields.
pub(crate) fn rows(
    columns: &[String],
    chosen: bool,
    rows: &[String],
    color: bool,
    width: usize,
) -> (String, Vec<String>) {
    let objects: Vec<_> = rows.iter().filter_map(|row| json::object(row)).collect();
    if objects.len() < rows.len() {
        let lines = rows.iter().map(|row| format!("{}\n", cut(&visible(&cell(row)), width)));
        return (lines.collect(), Vec::new());
    }
    let mut all: Vec<String> = columns.to_vec();
    for (name, _) in objects.iter().flatten().filter(|_| !chosen) {
        if !all.contains(name) {
            all.push(name.clone());
        }
    }
    // Nested values are shown if nothing else is to be chosen from.
    let is_nested = |name: &String| {
        let mut values = objects.iter().filter_map(|row| json::at(row, name));
        values.any(|value| value.get().starts_with(['{', '[']))
    };
    let (mut shown, mut others): (Vec<String>, _) =
        all.into_iter().partition(|name| chosen || columns.contains(name) || !is_nested(name));
    if !columns.iter().any(|name| rank(name) == NAME) {
        shown.extend(names_of(&others, &objects));
    }
    if shown.is_empty() {
        std::mem::swap(&mut shown, &mut others);
    }
    let mut grid = grid(shown, &objects, chosen);
    let ranks =
        if chosen { vec![REST; grid.len()] } else { ranks(grid.iter().map(|(name, _)| name.as_str())) };
    let mut ranked: Vec<(u8, Column)> = ranks.into_iter().zip(grid).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let (mut widths, mut total) = (Vec::new(), 0);
    for (rank, column) in &ranked {
        let least = match *rank {
            ID => longest(column),
            NAME => longest(column).min(16),
            _ => longest(column).min(if chosen { 8 } else { 20 }),
        };
        let gap = if widths.is_empty() { 0 } else { 2 };
        if total + gap + least > width {
            break;
        }
        widths.push(least);
        total += gap + least;
    }
    let is_cut = !objects.is_empty() && ranked.get(widths.len()).is_some_and(|(rank, _)| *rank != REST);
    grid = ranked.into_iter().map(|(_, column)| column).collect();
    others.retain(|name| objects.iter().any(|row| json::at(row, name).is_some_and(|value| !is_empty(value))));
    if is_cut {
        return (blocks(&grid, objects.len(), color, width), others);
    }
    for most in [MAX_CELL, usize::MAX] {
        for (own, column) in widths.iter_mut().zip(&grid) {
            let more = longest(column).min(most).saturating_sub(*own).min(width.saturating_sub(total));
            *own += more;
            total += more;
        }
    }
    let hidden = grid.iter().skip(widths.len()).map(|(name, _)| name.clone()).chain(others).collect();
    let header: Vec<&str> = grid.iter().map(|(name, _)| name.as_str()).collect();
    let mut text = bold(&line(&header, &widths), color) + "\n";
    for index in 0..objects.len() {
        text.push_str(&line(&row(&grid, index), &widths));
        text.push('\n');
    }
    (text, hidden)
}

/// The names and addresses of nested objects, such as `profile.email`.
fn names_of(nested: &[String], rows: &[Vec<(String, &RawValue)>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for outer in nested {
        for inner in rows.iter().filter_map(|row| json::object(json::at(row, outer)?.get())).flatten() {
            let name = format!("{outer}.{}", inner.0);
            if rank(&inner.0) == NAME && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

fn is_empty(value: &RawValue) -> bool {
    matches!(value.get(), "null" | "\"\"" | "[]" | "{}")
}

/// Formats rows whose cells are wrapped and not cut. If the columns are too narrow for that, each row is a list of its fields.
pub(crate) fn whole(columns: &[&str], rows: &[String], color: bool, width: usize) -> String {
    let objects: Vec<_> = rows.iter().filter_map(|row| json::object(row)).collect();
    let grid = grid(columns.iter().map(|name| (*name).to_owned()).collect(), &objects, false);
    let mut widths: Vec<usize> = grid.iter().map(longest).collect();
    let gaps = 2 * widths.len().saturating_sub(1);
    // A column is as wide as its longest word.
    let words = |(_, cells): &Column| cells.iter().flat_map(|cell| cell.split(' ')).map(str::width).max();
    let least: Vec<usize> = grid.iter().map(|column| words(column).unwrap_or(0).max(MIN_WRAPPED)).collect();
    while widths.iter().sum::<usize>() + gaps > width {
        let narrowable = widths.iter_mut().zip(&least).filter(|(own, least)| **own > **least);
        match narrowable.map(|(own, _)| own).max() {
            Some(widest) => *widest -= 1,
            None => return blocks(&grid, objects.len(), color, width),
        }
    }
    let header: Vec<&str> = grid.iter().map(|(name, _)| name.as_str()).collect();
    let mut text = bold(&line(&header, &widths), color) + "\n";
    for index in 0..objects.len() {
        let cells = row(&grid, index);
        let cells: Vec<String> =
            cells.iter().zip(&widths).map(|(cell, width)| wrap::words(cell, 0, 0, *width)).collect();
        let height = cells.iter().map(|cell| cell.lines().count()).max().unwrap_or(0);
        for at in 0..height {
            let part: Vec<&str> = cells.iter().map(|cell| cell.lines().nth(at).unwrap_or_default()).collect();
            text.push_str(&line(&part, &widths));
            text.push('\n');
        }
    }
    text
}

/// Formats each row as a list of its fields.
fn blocks(grid: &[Column], rows: usize, color: bool, width: usize) -> String {
    let names = grid.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
    let block = |index| {
        let cells = grid.iter().zip(row(grid, index)).filter(|(_, cell)| !cell.is_empty());
        let lines = cells.map(|((name, _), cell)| {
            let name = bold(&pad(name, names), color);
            format!("{name}  {}\n", wrap::words(cell, names + 2, names + 2, width))
        });
        lines.collect::<String>()
    };
    (0..rows).map(block).collect::<Vec<_>>().join("\n")
}

/// A column: its name, and its cells.
type Column = (String, Vec<String>);

/// The columns with these names, without those that are empty, unless they were `chosen`.
fn grid(names: Vec<String>, rows: &[Vec<(String, &RawValue)>], chosen: bool) -> Vec<Column> {
    let columns = names.into_iter().map(|name| {
        let of_row = |row: &Vec<(String, &RawValue)>| {
            json::at(row, &name).map(|value| visible(&cell(value.get()))).unwrap_or_default()
        };
        let cells = rows.iter().map(of_row).collect();
        (name, cells)
    });
    let is_shown =
        |(_, cells): &Column| chosen || rows.is_empty() || cells.iter().any(|cell| !cell.is_empty());
    columns.filter(is_shown).collect()
}

fn longest((name, cells): &Column) -> usize {
    cells.iter().map(|cell| cell.width()).max().unwrap_or(0).max(name.width())
}

fn row(grid: &[Column], index: usize) -> Vec<&str> {
    grid.iter().map(|(_, cells)| cells.get(index).map_or("", String::as_str)).collect()
}

fn bold(text: &str, color: bool) -> String {
    let (before, after) = if color { BOLD } else { ("", "") };
    format!("{before}{text}{after}")
}

/// Formats an object as a list of its fields.
pub(crate) fn fields(text: &str, color: bool, width: usize) -> String {
    let fields = json::object(text).unwrap_or_default();
    let shown: Vec<(String, String)> = fields
        .iter()
        .map(|(name, value)| (visible(name), visible(&cell(value.get()))))
        .filter(|(_, value)| !matches!(value.as_str(), "" | "[]" | "{}"))
        .collect();
    let ranks = ranks(shown.iter().map(|(name, _)| name.as_str()));
    let mut ranked: Vec<_> = ranks.into_iter().zip(shown).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let shown: Vec<_> = ranked.into_iter().map(|(_, field)| field).collect();
    let names = shown.iter().map(|(name, _)| name.width()).max().unwrap_or(0).min(width / 2);
    let line = |(name, value): (String, String)| {
        let value = cut(&value, width.saturating_sub(names + 2));
        format!("{}  {value}\n", bold(&pad(&cut(&name, names), names), color))
    };
    shown.into_iter().map(line).collect()
}

const ID: u8 = 0;
const NAME: u8 = 1;
const REST: u8 = 2;

/// What a column is by its name: an id, a name or an address of a person, or anything else.
fn rank(name: &str) -> u8 {
    let lower = name.rsplit('.').next().unwrap_or_default().to_lowercase();
    match lower.as_str() {
        "id" | "host" | "operation" => ID,
        "name" | "username" | "fqdn" | "label" | "title" | "email" | "emailid" | "emailaddress" => NAME,
        _ => REST,
    }
}

/// The ranks of the columns of a list, or of the fields of an object: if none has the name of an id, it is the first one with such an end, and the same for names.
fn ranks<'n>(names: impl Iterator<Item = &'n str> + Clone) -> Vec<u8> {
    let mut ranks: Vec<u8> = names.clone().map(rank).collect();
    for (wanted, end) in [(ID, "id"), (NAME, "name")] {
        if ranks.contains(&wanted) {
            continue;
        }
        let first = names.clone().position(|name| name.to_lowercase().ends_with(end));
        if let Some(rank) = first.and_then(|at| ranks.get_mut(at)) {
            *rank = wanted;
        }
    }
    ranks
}

fn line(cells: &[&str], widths: &[usize]) -> String {
    let cells = cells.iter().zip(widths).map(|(cell, width)| pad(&cut(cell, *width), *width));
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// Cuts a string to a number of cells of the terminal.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn tables_fit_the_width_with_any_script() {
        let list = names(&[
            r#"{"kind":"Household","name":"Anna Larsson and a very long name that goes beyond every limit","id":12,"note":null}"#,
            r#"{"kind":"\u001b[31mred\u202e","name":"李小龍","id":7,"nested":{"a":1}}"#,
        ]);
        for width in [40, 60, 200] {
            let (text, _) = rows(&names(&["kind", "name", "id", "note"]), false, &list, false, width);
            assert!(text.lines().all(|line| line.width() <= width), "{width}: {text}");
            assert!(text.starts_with("id  name"), "{text}");
            assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
        }
        let (text, left_out) = rows(&names(&["kind", "id"]), true, &list, false, 80);
        assert_eq!(text.lines().next(), Some(format!("{:21}  id", "kind").as_str()));
        assert_eq!(left_out, names(&[]));
        assert_eq!(rows(&[], false, &[], false, 80).0, "\n");
        assert_eq!(rows(&[], false, &names(&["\"a\"", "1"]), false, 80).0, "a\n1\n");
    }

    #[test]
    fn what_identifies_a_row_is_always_shown() {
        let users = names(&[
            r#"{"UserId":"10b6811aa70ad99ddad730e150494687","Kind":"a kind of user","EmailId":"anna.larsson@charity.example","UserName":"anna"}"#,
        ]);
        let columns = names(&["UserId", "Kind", "UserName", "EmailId", "Phone"]);
        let (text, hidden) = rows(&columns, false, &users, false, 70);
        assert_eq!(
            text,
            "\
UserId                            UserName  EmailId
10b6811aa70ad99ddad730e150494687  anna      anna.larsson@charity.exam…
"
        );
        assert_eq!(hidden, ["Kind"]);
        // Without a place for it, nothing is left out.
        let (text, hidden) = rows(&columns, false, &users, false, 45);
        assert!(text.starts_with("UserId    10b6811aa70ad99ddad730e150494687\nUserName  anna\n"), "{text}");
        assert!(text.contains("EmailId   anna.larsson@charity.example\nKind"), "{text}");
        assert_eq!(hidden, names(&[]));
        // An address can be nested, and a list can have nested values only.
        let nested = names(&[r#"{"id":"u1","profile":{"email":"a@b.example","x":1},"tags":[],"at":"now"}"#]);
        let (text, hidden) = rows(&names(&["id", "at"]), false, &nested, false, 80);
        assert_eq!(text, "id  profile.email  at\nu1  a@b.example    now\n");
        assert_eq!(hidden, ["profile"]);
        let (text, _) = rows(&[], false, &names(&[r#"{"a":[1]}"#]), false, 80);
        assert_eq!(text, "a\n[1]\n");
        // The id of a row is the first one, and is never cut.
        let id = "5baea76f67efb8d5a1a5c6fe3cc82977-5baea76f67efb8d5a1a5c6fe";
        let token = names(&[&format!(r#"{{"TokenName":"Phone","TokenId":"{id}","UserId":"u1"}}"#)]);
        let (text, _) = rows(&[], false, &token, false, 80);
        assert!(text.contains(&format!("{id}  Phone")), "{text}");
    }

    #[test]
    fn sentences_are_wrapped_and_never_cut() {
        let list = names(&[
            r#"{"id":"zeros","observed":"a false, zero or empty field is shown","setting":"none: both are read"}"#,
            r#"{"id":"lists","observed":"limit=1 has no effect","setting":null}"#,
        ]);
        let word = "id_token_signing_alg_values_supported";
        let long = names(&[&format!(
            r#"{{"id":"flow","observed":"{word} lacks RS256","setting":"none: report it"}}"#
        )]);
        for width in [40, 50, 60, 80] {
            assert!(whole(&["id", "observed", "setting"], &long, false, width).contains(word), "{width}");
        }
        let columns = ["id", "observed", "setting"];
        assert_eq!(
            whole(&columns, &list, false, 53),
            "\
id     observed                   setting
zeros  a false, zero or empty     none: both are read
       field is shown
lists  limit=1 has no effect
"
        );
        assert_eq!(
            whole(&columns, &list, false, 40),
            "\
id        zeros
observed  a false, zero or empty field
          is shown
setting   none: both are read

id        lists
observed  limit=1 has no effect
"
        );
        assert_eq!(whole(&columns, &[], false, 40), "id  observed  setting\n");
    }

    #[test]
    fn an_object_is_a_list_of_its_fields() {
        let text = fields(r#"{"id":12,"name":"Anna","empty":null,"tags":["a","b"]}"#, false, 40);
        assert_eq!(text, "id    12\nname  Anna\ntags  [\"a\",\"b\"]\n");
    }
}
