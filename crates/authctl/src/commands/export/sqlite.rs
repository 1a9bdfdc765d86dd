//! A table of a SQLite database as a target.

use super::columns::{Columns, RAW, Values};
use super::file::{Lock, beside};
use super::sink::Sink;
use super::state::State;
use super::table::{self, Dialect, Statements, Table};
use crate::failure::{Exit, Failure, visible};
use crate::index::FieldType;
use async_trait::async_trait;
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, TransactionBehavior, params};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;
use virtuous_client::export::ExportedRow;

/// The longest wait for another program that writes to the database.
const BUSY_LIMIT: Duration = Duration::from_secs(10);

/// A database that is open, and a lock of the table.
#[derive(Debug)]
pub(super) struct Sqlite {
    path: PathBuf,
    /// For messages.
    name: String,
    key: String,
    connection: Option<Connection>,
    statements: Statements,
    values: Values,
    /// Columns with numbers that SQLite has rounded.
    rounded: BTreeSet<String>,
    state: Option<State>,
    /// The state as it is in the database, also of a table that was removed.
    stored: Option<String>,
    _lock: Lock,
}

impl Sqlite {
    pub(super) fn open(path: &Path, table: &Table, columns: &Columns) -> Result<Self, Failure> {
        let name = visible(&path.display().to_string());
        let full = format!("{name}, table {}", table.shown());
        let key = table.name().to_ascii_lowercase();
        let mut this = Self {
            path: path.to_owned(),
            _lock: Lock::temporary(&beside(&canonical(path), &format!("-{key}.lock")), &full)?,
            name,
            key,
            connection: None,
            statements: Statements::new(Dialect::Sqlite, table, columns),
            values: Values::new(columns.clone()),
            rounded: BTreeSet::new(),
            state: None,
            stored: None,
        };
        if !path.exists() {
            return Ok(this);
        }
        let connection = this.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let (exists, states) =
            (this.exists(&connection, &this.key)?, this.exists(&connection, table::STATES)?);
        if states {
            this.stored = connection
                .query_row(&this.statements.read_state(), [&this.key], |row| row.get(0))
                .optional()
                .map_err(|error| this.failed("read", &error))?;
        }
        if exists {
            this.state = Some(table::read_state(&full, this.stored.as_deref())?);
        }
        this.connection = Some(connection);
        Ok(this)
    }

    fn connect(&self, flags: OpenFlags) -> Result<Connection, Failure> {
        let connection = Connection::open_with_flags(&self.path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX);
        let connection =
            connection.and_then(|connection| connection.busy_timeout(BUSY_LIMIT).map(|()| connection));
        connection.map_err(|error| self.failed("opened", &error))
    }

    fn exists(&self, connection: &Connection, table: &str) -> Result<bool, Failure> {
        let count = "SELECT count(*) > 0 FROM sqlite_master WHERE lower(name) = lower(?1)";
        connection.query_row(count, [table], |row| row.get(0)).map_err(|error| self.failed("read", &error))
    }

    fn failed(&self, doing: &str, error: &rusqlite::Error) -> Failure {
        failed(&self.name, doing, error)
    }

    fn parts(&mut self) -> Result<Parts<'_>, Failure> {
        let Self { connection, statements, values, rounded, name, key, stored, .. } = self;
        match connection {
            Some(connection) => Ok(Parts { connection, statements, values, rounded, name, key, stored }),
            None => Err(Failure::local(format!("{name} is not open"))),
        }
    }
}

/// The path by which two spellings of one file are the same. The file may not exist yet.
fn canonical(path: &Path) -> PathBuf {
    let of_new = || {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
        Some(folder.join(path.file_name()?))
    };
    path.canonicalize().ok().or_else(of_new).unwrap_or_else(|| path.to_owned())
}

struct Parts<'a> {
    connection: &'a mut Connection,
    statements: &'a Statements,
    values: &'a mut Values,
    rounded: &'a mut BTreeSet<String>,
    name: &'a str,
    key: &'a str,
    stored: &'a mut Option<String>,
}

fn failed(name: &str, doing: &str, error: &rusqlite::Error) -> Failure {
    let message = format!("{name} can't be {doing}: {error}");
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Failure::new(Exit::Retry, "busy", format!("{name} is locked by another program"))
                .hint("run the same command again: it resumes")
        }
        Some(ErrorCode::NotADatabase) => Failure::usage(format!("{name} is not a SQLite database")),
        // A table of an earlier version is altered, which an index or a view of the user can prevent.
        _ if message.contains("after drop column") || message.contains("cannot drop column") => {
            Failure::usage(message).hint(
                "drop the index or the view that uses the column, or write to another table: --table NAME",
            )
        }
        _ => Failure::local(message),
    }
}

/// Whether a decimal keeps all its digits as a number of SQLite: a 64-bit integer, or 15 significant digits.
fn is_exact(decimal: &str) -> bool {
    let mantissa = decimal.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let is_normal = |number: f64| number.is_normal() || digits.bytes().all(|digit| digit == b'0');
    decimal.parse::<i64>().is_ok()
        || digits.trim_matches('0').len() <= 15 && decimal.parse().is_ok_and(is_normal)
}

#[async_trait(?Send)]
impl Sink for Sqlite {
    fn state(&self) -> Option<&State> {
        self.state.as_ref()
    }

    async fn begin(&mut self, state: &State, restart: bool) -> Result<(), Failure> {
        if self.connection.is_none() {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
            self.connection = Some(self.connect(flags)?);
        }
        let is_new = self.state.is_none();
        let Parts { connection, statements, name, key, stored, .. } = self.parts()?;
        let text = table::state_text(state);
        let mut begin = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction.execute(&statements.create_states(), [])?;
            let count = match &*stored {
                None => transaction.execute(&statements.put_state(), [key, &text])?,
                Some(before) => transaction.execute(&statements.advance_state(), [key, &text, before])?,
            };
            if count == 0 {
                return Ok(false);
            }
            if is_new {
                transaction.execute(&statements.create(), [])?;
            } else {
                let mut columns = transaction.prepare("SELECT name, type FROM pragma_table_info(?1)")?;
                let existing = columns.query_map([key], |row| Ok((row.get(0)?, row.get(1)?)))?;
                let existing = existing.collect::<Result<Vec<(String, String)>, _>>()?;
                drop(columns);
                if restart {
                    transaction.execute(&format!("DELETE FROM {}", statements.table), [])?;
                }
                let names: Vec<String> = existing.iter().map(|(name, _)| name.clone()).collect();
                let add = statements.add_missing(&names);
                for change in statements.convert_decimals(&existing).iter().chain(&add) {
                    transaction.execute(change, [])?;
                }
            }
            transaction.commit()?;
            Ok(true)
        };
        if !begin().map_err(|error| failed(name, "written", &error))? {
            return Err(super::file::locked(name));
        }
        *stored = Some(text);
        Ok(())
    }

    async fn write(&mut self, rows: &[ExportedRow], state: &State) -> Result<(), Failure> {
        let Parts { connection, statements, values, rounded, name, key, stored } = self.parts()?;
        let mut prepared = Vec::with_capacity(rows.len());
        for row in rows {
            let all = values.of(row)?.into_iter().chain([Some(row.json.clone())]);
            let typed = all.zip(statements.columns()).map(|(value, (column, ty))| match (value, ty) {
                (None, _) => Value::Null,
                (Some(text), FieldType::Decimal) => {
                    if !is_exact(&text) {
                        rounded.insert(column.clone());
                    }
                    // The type of the column makes a number of it.
                    Value::Text(text)
                }
                (Some(text), FieldType::Boolean) => Value::Integer(i64::from(text == "true")),
                (Some(text), FieldType::Integer) => text.parse().map_or(Value::Null, Value::Integer),
                (Some(text), _) => Value::Text(text),
            });
            prepared.push(typed.collect::<Vec<_>>());
        }
        let text = table::state_text(state);
        let mut write = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let mut upsert = transaction.prepare(&statements.upsert_one())?;
            for row in &prepared {
                upsert.execute(rusqlite::params_from_iter(row))?;
            }
            drop(upsert);
            let count = transaction.execute(&statements.advance_state(), params![key, text, &*stored])?;
            if count > 0 {
                transaction.commit()?;
            }
            Ok(count > 0)
        };
        if !write().map_err(|error| failed(name, "written", &error))? {
            return Err(super::file::locked(name));
        }
        *stored = Some(text);
        Ok(())
    }

    fn note(&self) -> Option<String> {
        let names: Vec<&str> = self.rounded.iter().map(String::as_str).collect();
        let rounded = format!("Some numbers are rounded, and exact only in {RAW}: {}", names.join(", "));
        let notes = self.values.note().into_iter().chain((!names.is_empty()).then_some(rounded));
        notes.reduce(|one, other| format!("{one}\n{other}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_15_digits_are_exact() {
        for exact in
            ["0", "-0.00", "10.50", "0.1", "999999999999.99", "-9223372036854775807", "1.5e300", "100e20"]
        {
            assert!(is_exact(exact), "{exact}");
        }
        for rounded in ["0.1234567890123456", "9223372036854775808", "1234567890123456.5", "1e400", "1e-320"]
        {
            assert!(!is_exact(rounded), "{rounded}");
        }
    }
}
