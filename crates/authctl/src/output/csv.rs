//! CSV: a header, `\n` at line ends, quotes where RFC 4180 requires them. Nested values are JSON.

use crate::json;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::IsTerminal as _;

/// Writes rows with fixed columns. Without known columns, those of all rows; a row that is no object is one cell.
pub(crate) fn document(columns: &[String], rows: &[String]) -> String {
    let mut columns = columns.to_vec();
    if columns.is_empty() {
        let mut seen = BTreeSet::new();
        for (name, _) in rows.iter().filter_map(|row| json::object(row)).flatten() {
            if seen.insert(name.clone()) {
                columns.push(name);
            }
        }
    }
    if columns.is_empty() || rows.iter().any(|row| json::object(row).is_none()) {
        return rows.iter().map(|row| format!("{}\n", quoted(&cell(row)))).collect();
    }
    let mut text = line(columns.iter().map(String::as_str));
    for row in rows {
        let fields = json::object(row).unwrap_or_default();
        let cells: Vec<String> = columns
            .iter()
            .map(|column| json::at(&fields, column).map(|value| cell(value.get())).unwrap_or_default())
            .collect();
        text.push_str(&line(cells.iter().map(String::as_str)));
    }
    text
}

/// Strings without quotes, null as nothing, everything else as JSON.
pub(crate) fn cell(value: &str) -> String {
    match serde_json::from_str::<String>(value) {
        Ok(text) => text,
        Err(_) if value.trim() == "null" => String::new(),
        Err(_) => json::format(value, false, &[]),
    }
}

fn line<'c>(cells: impl Iterator<Item = &'c str>) -> String {
    cells.map(quoted).collect::<Vec<_>>().join(",") + "\n"
}

fn quoted(cell: &str) -> String {
    if std::io::stdout().is_terminal() {
        // Control characters would act on the terminal.
        return escaped(&crate::failure::visible(cell)).into_owned();
    }
    escaped(cell).into_owned()
}

/// A cell with the quotes of RFC 4180, if it needs them.
pub(crate) fn escaped(cell: &str) -> Cow<'_, str> {
    if cell.contains([',', '"', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", cell.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_fixed_and_values_quoted() {
        let rows = [
            r#"{"b":"x, \"y\"","a":1.50,"c":[1,{"d":null}]}"#.to_owned(),
            r#"{"a":null,"b":"-1"}"#.to_owned(),
        ];
        let columns = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(
            document(&columns, &rows),
            "a,b,c\n1.50,\"x, \"\"y\"\"\",\"[1,{\"\"d\"\":null}]\"\n,-1,\n"
        );
        assert_eq!(document(&[], &rows[1..]), "a,b\n,-1\n");
        assert_eq!(document(&columns, &[]), "a,b,c\n");
        assert_eq!(document(&[], &["\"x\"".to_owned()]), "x\n");
    }
}
