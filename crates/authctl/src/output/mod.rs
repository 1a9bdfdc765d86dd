//! Printing of responses: one writer for standard output, and the formats.

pub(crate) mod csv;
pub(crate) mod help;
pub(crate) mod jq;
mod table;
pub(crate) mod wrap;

use crate::failure::{Exit, Failure};
use crate::globals::{Format, Globals};
use crate::{json, words};
use serde_json::value::RawValue;
use std::io::{ErrorKind, IsTerminal as _, Write as _};

/// Standard output. A closed pipe ends the printing and is no failure: `authctl … | head -1`.
#[derive(Debug, Default)]
pub(crate) struct Out {
    closed: bool,
}

impl Out {
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if self.closed {
            return Ok(());
        }
        let mut out = std::io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            Err(error) => Err(Failure::local(format!("standard output: {error}"))),
        }
    }

    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.write(format!("{text}\n").as_bytes())
    }

    /// Whether nobody reads any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }
}

/// Prints a note for people on standard error.
pub(crate) fn note(text: &str) {
    // Ignored: standard error may be closed.
    let _ = writeln!(std::io::stderr(), "{}", wrap::fitted(text));
}

/// Refuses options of the output that can't work, before anything is sent.
pub(crate) fn check(globals: &Globals, columns: &[String], secrets: &[String]) -> Result<(), Failure> {
    let (format, chosen) = globals.format();
    if let Some(filter) = &globals.jq {
        jq::check(filter)?;
    } else if format == Format::Raw {
        if !secrets.is_empty() && !globals.show_secrets {
            return Err(Failure::usage("raw output would print secrets of the response; add --show-secrets"));
        }
        if globals.all || globals.limit.is_some() {
            return Err(Failure::usage(
                "raw output is one response as it is: --all and --limit merge several",
            ));
        }
    }
    if !globals.columns.is_empty() {
        if globals.jq.is_some() && !(chosen && matches!(format, Format::Table | Format::Csv)) {
            return Err(Failure::usage("--columns: the filter of --jq chooses the fields")
                .hint("with --output table or csv, --columns orders them"));
        }
        if format == Format::Raw {
            return Err(Failure::usage("--columns: raw output is one response as it is"));
        }
    }
    // A filter makes its own fields, and --no-check allows those that the description doesn't have.
    let known = !columns.is_empty() && globals.jq.is_none() && !globals.no_check;
    for name in &globals.columns {
        if name.trim().is_empty() {
            return Err(Failure::usage("--columns: a name is empty"));
        }
        if known && !columns.iter().any(|column| column == name.trim()) {
            // Fields with nested values are not among the known columns.
            let near = words::did_you_mean(name.trim(), columns.iter().map(String::as_str));
            if !near.is_empty() {
                return Err(Failure::usage(format!("--columns: there is no column {:?}{near}", name.trim()))
                    .hint("--no-check allows others"));
            }
        }
    }
    Ok(())
}

/// The same for a list of this program, whose columns are all known.
pub(crate) fn check_rows(globals: &Globals, columns: &[&str]) -> Result<(), Failure> {
    check(globals, &[], &[])?;
    let unknown = globals.columns.iter().map(|name| name.trim()).find(|name| !columns.contains(name));
    match unknown.filter(|_| globals.jq.is_none()) {
        Some(name) => Err(Failure::usage(format!("--columns: there is no column {name:?}"))
            .hint(format!("the columns are {}", columns.join(", ")))),
        None => Ok(()),
    }
}

/// Prints a list of this program: JSON objects.
pub(crate) fn rows(globals: &Globals, columns: &[&str], rows: &[String]) -> Result<(), Failure> {
    let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
    let list = format!("[{}]", rows.join(","));
    Printer::new(globals, &columns, &[], None).body(list.as_bytes(), None, globals.limit)
}

/// The same for a list whose cells are sentences: a table cuts none of them.
pub(crate) fn whole_rows(globals: &Globals, columns: &[&str], rows: &[String]) -> Result<(), Failure> {
    match globals.format().0 {
        Format::Table if globals.columns.is_empty() && globals.jq.is_none() => {
            Out::default().write(table::whole(columns, rows, globals.color(), table::width()).as_bytes())
        }
        _ => self::rows(globals, columns, rows),
    }
}

/// A response on one line without its secrets, for the failure of a call that was executed.
pub(crate) fn record(body: &[u8], secrets: &[String]) -> Option<String> {
    let text = Some(json::text(body)).filter(|text| !text.is_empty())?;
    Some(match serde_json::from_str::<&RawValue>(&text) {
        Ok(_) => json::format(&text, false, secrets),
        // Secrets can't be found in it.
        Err(_) if !secrets.is_empty() => return None,
        Err(_) => json::quote(&text.chars().take(1000).collect::<String>()),
    })
}

/// How responses of one operation are printed.
#[derive(Debug)]
pub(crate) struct Printer<'a> {
    globals: &'a Globals,
    format: Format,
    chosen: bool,
    /// Column names in the order of the description.
    columns: Vec<String>,
    /// Fields that are secrets.
    hidden: Vec<String>,
    /// The field with the rows of a list.
    rows: Option<&'a str>,
    out: Out,
}

impl<'a> Printer<'a> {
    pub(crate) fn new(
        globals: &'a Globals,
        columns: &[String],
        hidden: &[String],
        rows: Option<&'a str>,
    ) -> Self {
        let (format, chosen) = globals.format();
        let chosen_columns = globals.columns.iter().map(|name| name.trim().to_owned());
        // A filter makes its own fields.
        let columns = match (globals.columns.is_empty(), &globals.jq) {
            (false, _) => chosen_columns.collect(),
            (true, Some(_)) => Vec::new(),
            (true, None) => columns.to_vec(),
        };
        let hidden = if globals.show_secrets { Vec::new() } else { hidden.to_vec() };
        Self { globals, format, chosen, columns, hidden, rows, out: Out::default() }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.out.is_closed()
    }

    /// Prints the body of one response.
    pub(crate) fn body(
        &mut self,
        body: &[u8],
        envelope: Option<&str>,
        limit: Option<u64>,
    ) -> Result<(), Failure> {
        if self.format == Format::Raw && self.globals.jq.is_none() {
            return self.out.write(body);
        }
        if body.is_empty() {
            return Ok(());
        }
        let text = json::text(body);
        let text = Some(&*text).filter(|text| serde_json::from_str::<&RawValue>(text).is_ok());
        let Some(mut text) = text else {
            return Err(Failure::new(Exit::Refused, "decode", "the response is not JSON")
                .hint("--output raw prints it as it is"));
        };
        if let Some(value) = envelope.and_then(|name| json::field(text, name)) {
            text = value;
        }
        let limited = limit.and_then(|limit| {
            let rows = json::rows(text, self.rows)?;
            let rows: Vec<&str> =
                rows.iter().take(usize::try_from(limit).unwrap_or(usize::MAX)).map(|row| row.get()).collect();
            Some(format!("[{}]", rows.join(",")))
        });
        let shown = json::format(limited.as_deref().unwrap_or(text), false, &self.hidden);
        self.document(&shown)?;
        if shown.contains(json::REDACTED) && std::io::stderr().is_terminal() {
            note("Secrets are hidden: --show-secrets prints them.");
        }
        Ok(())
    }

    /// Prints a document whose secrets are hidden already.
    fn document(&mut self, text: &str) -> Result<(), Failure> {
        if let Some(filter) = &self.globals.jq {
            let results = jq::run(filter, text, self.globals.timeout())?;
            return self.results(results);
        }
        let projected = self.projected(text);
        let text = projected.as_deref().unwrap_or(text);
        match self.format {
            Format::Json | Format::Raw => self.out.line(&json::format(text, true, &[])),
            Format::Ndjson => {
                let rows = json::rows(text, self.rows).unwrap_or_default();
                if json::rows(text, self.rows).is_none() {
                    return self.out.line(&json::format(text, false, &[]));
                }
                rows.iter().try_for_each(|row| self.out.line(&json::format(row.get(), false, &[])))
            }
            Format::Csv | Format::Table => {
                let rows = match json::rows(text, self.rows) {
                    Some(rows) => rows.into_iter().map(|row| row.get().to_owned()).collect(),
                    None if self.format == Format::Table && json::object(text).is_some() => {
                        let chosen =
                            (!self.globals.columns.is_empty()).then(|| json::project(text, &self.columns));
                        let text = chosen.as_deref().unwrap_or(text);
                        let shown = table::fields(text, self.globals.color(), table::width());
                        return self.out.write(shown.as_bytes());
                    }
                    None => vec![text.to_owned()],
                };
                self.grid(&rows)
            }
        }
    }

    /// The rows with the fields of `--columns`, or the object, if JSON is printed.
    fn projected(&self, text: &str) -> Option<String> {
        let names = &self.globals.columns;
        if names.is_empty() || !matches!(self.format, Format::Json | Format::Ndjson) {
            return None;
        }
        let Some(rows) = json::rows(text, self.rows) else { return Some(json::project(text, &self.columns)) };
        let mut absent = self.columns.clone();
        rows.iter().for_each(|row| retain_absent(&mut absent, row.get()));
        note_absent(&absent, rows.len());
        let rows: Vec<String> = rows.iter().map(|row| json::project(row.get(), &self.columns)).collect();
        Some(format!("[{}]", rows.join(",")))
    }

    /// Prints the results of a filter: strings bare, unless JSON was chosen; other values on a line each.
    fn results(&mut self, results: Vec<String>) -> Result<(), Failure> {
        let json_chosen = self.chosen && matches!(self.format, Format::Json | Format::Ndjson);
        if self.chosen && matches!(self.format, Format::Csv | Format::Table) {
            let rows = match results.as_slice() {
                [one] => json::array(one).map(|rows| rows.iter().map(|row| row.get().to_owned()).collect()),
                _ => None,
            };
            return self.grid(&rows.unwrap_or(results));
        }
        for result in results {
            let bare = if json_chosen { None } else { serde_json::from_str::<String>(&result).ok() };
            let pretty = std::io::stdout().is_terminal() || (self.chosen && self.format == Format::Json);
            let line = match bare {
                Some(text) if std::io::stdout().is_terminal() => crate::failure::visible(&text),
                Some(text) => text,
                None => json::format(&result, pretty, &[]),
            };
            self.out.line(&line)?;
        }
        Ok(())
    }

    fn grid(&mut self, rows: &[String]) -> Result<(), Failure> {
        let chosen = !self.globals.columns.is_empty();
        if chosen {
            let mut absent = self.columns.clone();
            rows.iter().for_each(|row| retain_absent(&mut absent, row));
            note_absent(&absent, rows.len());
        }
        let text = if self.format == Format::Csv {
            if !chosen && !self.columns.is_empty() {
                let mut others: Vec<String> =
                    rows.iter().filter_map(|row| json::object(row)).flatten().map(|(name, _)| name).collect();
                others.sort();
                others.dedup();
                others.retain(|name| !self.columns.contains(name));
                if !others.is_empty() {
                    note(&format!("Fields without a column: {} (--columns NAMES)", others.join(", ")));
                }
            }
            csv::document(&self.columns, rows)
        } else {
            let (text, hidden) =
                table::rows(&self.columns, chosen, rows, self.globals.color(), table::width());
            self.out.write(text.as_bytes())?;
            note_hidden(&hidden);
            return Ok(());
        };
        self.out.write(text.as_bytes())
    }

    /// Starts a list that comes in pages.
    pub(crate) fn pages(&mut self) -> Pages<'_, 'a> {
        let streams =
            self.globals.jq.is_none() && matches!(self.format, Format::Json | Format::Ndjson | Format::Raw);
        let absent = if self.globals.columns.is_empty() { Vec::new() } else { self.columns.clone() };
        Pages { printer: self, streams, started: false, rows: Vec::new(), absent, printed: 0 }
    }
}

/// Prints the rows of all pages as one list. JSON is printed as it arrives; after a failure its array stays open, so that no
/// program takes a part for the whole.
#[derive(Debug)]
pub(crate) struct Pages<'p, 'a> {
    printer: &'p mut Printer<'a>,
    streams: bool,
    started: bool,
    rows: Vec<String>,
    /// Chosen columns that no row has had.
    absent: Vec<String>,
    /// Rows that were printed as they came.
    printed: usize,
}

/// Names the fields that a table has no place for.
fn note_hidden(names: &[String]) {
    const MOST: usize = 4;
    let (first, rest) = names.split_at(if names.len() > MOST + 1 { MOST } else { names.len() });
    let others = if rest.is_empty() { String::new() } else { format!(" and {} others", rest.len()) };
    if !first.is_empty() {
        note(&format!("Not shown: {}{others} (--columns NAMES, or --output json)", first.join(", ")));
    }
}

/// Keeps the names of fields that a row doesn't have.
fn retain_absent(names: &mut Vec<String>, row: &str) {
    if !names.is_empty() {
        let fields = json::object(row).unwrap_or_default();
        names.retain(|name| json::at(&fields, name).is_none());
    }
}

fn note_absent(names: &[String], rows: usize) {
    if !names.is_empty() && rows > 0 {
        note(&format!("--columns: no row has {}", names.join(", ")));
    }
}

impl Pages<'_, '_> {
    pub(crate) fn add(&mut self, rows: &[&RawValue]) -> Result<(), Failure> {
        for row in rows {
            let mut row = json::format(row.get(), false, &self.printer.hidden);
            if !self.streams {
                self.rows.push(row);
                continue;
            }
            if !self.printer.globals.columns.is_empty() {
                retain_absent(&mut self.absent, &row);
                row = json::project(&row, &self.printer.columns);
            }
            self.printed += 1;
            if self.printer.format == Format::Ndjson {
                self.printer.out.line(&row)?;
            } else {
                let before = if self.started { ",\n" } else { "[\n" };
                self.started = true;
                let indented = json::format(&row, true, &[]).replace('\n', "\n  ");
                self.printer.out.write(format!("{before}  {indented}").as_bytes())?;
            }
        }
        Ok(())
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.printer.is_closed()
    }

    pub(crate) fn end(self) -> Result<(), Failure> {
        note_absent(&self.absent, self.printed);
        match (self.streams, self.printer.format) {
            (true, Format::Ndjson) => Ok(()),
            (true, _) if self.started => self.printer.out.write(b"\n]\n"),
            (true, _) => self.printer.out.line("[]"),
            (false, _) => {
                let text = format!("[{}]", self.rows.join(","));
                self.printer.document(&text)
            }
        }
    }
}
