//! The forms of rows in files: lines of JSON, and CSV.

use super::columns::{Columns, RAW};
use crate::json;
use crate::output::csv;
use std::collections::BTreeMap;

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// A line of JSON per row.
    Ndjson,
    /// Comma-separated values. `safe` keeps spreadsheets from reading text as a formula.
    Csv { safe: bool },
}

impl Format {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv { safe: false } => "csv",
            Self::Csv { safe: true } => "csv with --csv-safe",
        }
    }

    /// Returns the names of the columns; none for JSON.
    pub(super) fn columns(self, columns: &Columns) -> Vec<String> {
        match self {
            Self::Ndjson => Vec::new(),
            Self::Csv { .. } => columns.names().chain([RAW]).map(str::to_owned).collect(),
        }
    }

    /// The first line.
    pub(super) fn header(self, columns: &Columns) -> String {
        let names = self.columns(columns);
        if names.is_empty() { String::new() } else { names.join(",") + "\n" }
    }

    /// Appends a row with its line end.
    pub(super) fn append(self, columns: &Columns, row: &str, out: &mut String) {
        let Self::Csv { safe } = self else {
            out.push_str(row);
            out.push('\n');
            return;
        };
        let mut fields: BTreeMap<String, _> = json::object(row).unwrap_or_default().into_iter().collect();
        for name in columns.names() {
            if let Some(value) = fields.remove(name) {
                cell(value.get(), safe, out);
            }
            out.push(',');
        }
        if !fields.is_empty() {
            let others: Vec<String> =
                fields.iter().map(|(name, value)| format!("{}:{}", json::quote(name), value.get())).collect();
            quote(&format!("{{{}}}", others.join(",")), out);
        }
        out.push('\n');
    }
}

/// Appends a string without quotes, null as nothing, everything else as the JSON of the vendor.
fn cell(value: &str, safe: bool, out: &mut String) {
    let value = value.trim();
    match serde_json::from_str::<String>(value) {
        Ok(text) if safe && is_formula(&text) => quote(&format!("'{text}"), out),
        Ok(text) => quote(&text, out),
        Err(_) if value == "null" => {}
        Err(_) => quote(value, out),
    }
}

/// Appends a cell with the quotes of RFC 4180. An empty string has quotes, null has none.
fn quote(text: &str, out: &mut String) {
    match text {
        "" => out.push_str("\"\""),
        text => out.push_str(&csv::escaped(text)),
    }
}

/// Whether a spreadsheet could run a string. A number such as -5 is none.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
        && !text.strip_prefix(['+', '-']).is_some_and(|number| {
            let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            number
                .split_once('.')
                .map_or_else(|| digits(number), |(whole, rest)| digits(whole) && digits(rest))
        })
}

#[cfg(test)]
mod tests {
    use super::super::query;
    use super::*;
    use virtuous_client::export::Resource;

    #[test]
    fn a_row_of_csv_loses_nothing() {
        let columns = Columns::new(Resource::Contacts, &query(Resource::Contacts).unwrap());
        let csv = Format::Csv { safe: false };
        assert_eq!(
            csv.header(&columns),
            "id,name,contactType,contactName,address,email,phone,contactViewUrl,_raw\n"
        );
        let mut text = String::new();
        for row in [
            r#"{"name":"Larsson, \"Anna\"","id":17,"address":"a\nb","email":null,"phone":"","contactViewUrl":8.10}"#,
            r#"{"id":18,"name":["x", {"y":null}],"new":{"z": 1.50},"other":"é","contactName":"=1+1"}"#,
        ] {
            csv.append(&columns, row, &mut text);
        }
        assert_eq!(
            text,
            "17,\"Larsson, \"\"Anna\"\"\",,,\"a\nb\",,\"\",8.10,\n\
             18,\"[\"\"x\"\", {\"\"y\"\":null}]\",,=1+1,,,,,\"{\"\"new\"\":{\"\"z\"\": 1.50},\"\"other\"\":\"\"é\"\"}\"\n"
        );
    }

    #[test]
    fn only_text_that_could_run_is_made_safe() {
        let safe = |json: &str| {
            let mut out = String::new();
            cell(json, true, &mut out);
            out
        };
        for text in ["=1+1", "+SUM(A1)", "-x", "@a", "\\tx", "-1-1", "-", "－1", "+1.5.2"] {
            assert!(safe(&format!("\"{text}\"")).starts_with('\''), "{text}");
        }
        assert_eq!(safe("\"\\r=1\""), "\"'\r=1\"");
        for (json, cell) in [
            ("-5.50", "-5.50"),
            ("\"-5.50\"", "-5.50"),
            ("\"+1\"", "+1"),
            ("\"$-1\"", "$-1"),
            ("\"\"", "\"\""),
        ] {
            assert_eq!(safe(json), cell);
        }
    }
}
