//! What both databases share: names of tables, and the statements.

use super::columns::{Columns, RAW};
use super::state::{State, mismatch};
use crate::failure::Failure;
use crate::index::FieldType;

/// The table with the state of every exported table.
pub(super) const STATES: &str = "_authctl_export";

/// The column with the time when a row was written.
pub(super) const EXPORTED_AT: &str = "_exported_at";

/// The name of a table, with its schema if it was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    schema: Option<String>,
    name: String,
}

impl Table {
    /// Reads a name that needs no quotes, so that it is the same in every statement.
    pub(super) fn parse(text: &str, with_schema: bool) -> Result<Self, Failure> {
        let (schema, name) = match text.split_once('.') {
            Some((schema, name)) if with_schema => (Some(schema), name),
            _ => (None, text),
        };
        let is_name = |name: &str| {
            name.len() <= 60
                && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let lower = name.to_ascii_lowercase();
        if !is_name(name) || !schema.is_none_or(is_name) {
            let form = if with_schema { "TABLE or SCHEMA.TABLE" } else { "TABLE" };
            return Err(Failure::usage(format!(
                "--table {text}: expected {form} of at most 60 letters, digits and _, with no digit first"
            )));
        }
        if lower == STATES || lower.starts_with("sqlite_") {
            return Err(Failure::usage(format!("--table {text}: this name is reserved")));
        }
        Ok(Self { schema: schema.map(str::to_owned), name: name.to_owned() })
    }

    /// The name without its schema.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The name as the user writes it.
    pub(super) fn shown(&self) -> String {
        self.schema.iter().map(|schema| format!("{schema}.")).collect::<String>() + &self.name
    }

    /// The table with the states, in the same schema.
    pub(super) fn states(&self) -> Self {
        Self { name: STATES.to_owned(), ..self.clone() }
    }
}

/// The statements for one table of one database.
#[derive(Debug)]
pub(super) struct Statements {
    dialect: Dialect,
    /// With quotes.
    pub(super) table: String,
    pub(super) states: String,
    /// The columns without quotes, with their types; the key is first.
    columns: Vec<(String, FieldType)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    #[cfg(feature = "postgres")]
    Postgres,
    #[cfg(feature = "sqlite")]
    Sqlite,
}

impl Dialect {
    /// PostgreSQL reads names without quotes in lower case, so the vendor's spelling works in both databases.
    fn name(self, name: &str) -> String {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres => name.to_ascii_lowercase(),
            #[cfg(feature = "sqlite")]
            Self::Sqlite => name.to_owned(),
        }
    }

    fn quoted(self, table: &Table) -> String {
        let quote = |name: &str| format!("\"{}\"", self.name(name));
        table.schema.iter().map(|schema| quote(schema) + ".").collect::<String>() + &quote(&table.name)
    }

    /// The declared type of a column. In SQLite, `NUMERIC` stores the strings of decimals as numbers, so that they compare as numbers.
    fn ty(self, ty: FieldType) -> &'static str {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres => match ty {
                FieldType::Boolean => "boolean",
                FieldType::Decimal => "numeric",
                FieldType::Integer => "bigint",
                FieldType::Text => "text",
                FieldType::Json => "json",
            },
            #[cfg(feature = "sqlite")]
            Self::Sqlite => match ty {
                FieldType::Boolean | FieldType::Integer => "INTEGER",
                FieldType::Decimal => "NUMERIC",
                FieldType::Text | FieldType::Json => "TEXT",
            },
        }
    }

    fn parameter(self, number: u32) -> String {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres => format!("${number}"),
            #[cfg(feature = "sqlite")]
            Self::Sqlite => format!("?{number}"),
        }
    }

    fn time(self) -> (&'static str, &'static str) {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres => ("timestamptz", "now()"),
            #[cfg(feature = "sqlite")]
            Self::Sqlite => ("TEXT", "strftime('%Y-%m-%dT%H:%M:%SZ','now')"),
        }
    }
}

impl Statements {
    pub(super) fn new(dialect: Dialect, table: &Table, columns: &Columns) -> Self {
        let scalars = columns.scalars().map(|(name, ty)| (dialect.name(name), ty));
        Self {
            dialect,
            table: dialect.quoted(table),
            states: dialect.quoted(&table.states()),
            columns: scalars.chain([(RAW.to_owned(), FieldType::Json)]).collect(),
        }
    }

    /// The names and types of all columns but that of the time.
    pub(super) fn columns(&self) -> &[(String, FieldType)] {
        &self.columns
    }

    pub(super) fn create_states(&self) -> String {
        let states = &self.states;
        format!("CREATE TABLE IF NOT EXISTS {states} (table_name text PRIMARY KEY, state text NOT NULL)")
    }

    /// Reads the state of the table 1.
    pub(super) fn read_state(&self) -> String {
        format!("SELECT state FROM {} WHERE table_name = {}", self.states, self.dialect.parameter(1))
    }

    /// Stores the first state 2 of the table 1. No row is changed if somebody else has stored one.
    pub(super) fn put_state(&self) -> String {
        let [table, state] = [1, 2].map(|number| self.dialect.parameter(number));
        format!("INSERT INTO {} VALUES ({table}, {state}) ON CONFLICT (table_name) DO NOTHING", self.states)
    }

    /// Replaces the state 3 of the table 1 by the state 2. No row is changed if somebody else has replaced it.
    pub(super) fn advance_state(&self) -> String {
        let [table, state, before] = [1, 2, 3].map(|number| self.dialect.parameter(number));
        format!("UPDATE {} SET state = {state} WHERE table_name = {table} AND state = {before}", self.states)
    }

    pub(super) fn create(&self) -> String {
        let columns = self.columns.iter().enumerate().map(|(index, (name, ty))| {
            let rule = match index {
                0 => " PRIMARY KEY",
                _ if name == RAW => " NOT NULL",
                _ => "",
            };
            format!("\"{name}\" {}{rule}", self.dialect.ty(*ty))
        });
        let columns: Vec<String> = columns.collect();
        let (ty, _) = self.dialect.time();
        format!("CREATE TABLE {} ({}, \"{EXPORTED_AT}\" {ty} NOT NULL)", self.table, columns.join(", "))
    }

    /// Converts the decimals of a table of an earlier version of authctl, which stored them as strings. `existing` are the columns
    /// with their declared types. SQLite can't change the type of a column.
    #[cfg(feature = "sqlite")]
    pub(super) fn convert_decimals(&self, existing: &[(String, String)]) -> Vec<String> {
        let is_text = |name: &str| existing.iter().any(|(own, ty)| own == name && ty == "TEXT");
        let decimals = self.columns.iter().filter(|(name, ty)| *ty == FieldType::Decimal && is_text(name));
        decimals
            .flat_map(|(name, ty)| {
                let (table, ty) = (&self.table, self.dialect.ty(*ty));
                [
                    format!("ALTER TABLE {table} ADD COLUMN _authctl_new {ty}"),
                    format!("UPDATE {table} SET _authctl_new = \"{name}\""),
                    format!("ALTER TABLE {table} DROP COLUMN \"{name}\""),
                    format!("ALTER TABLE {table} RENAME COLUMN _authctl_new TO \"{name}\""),
                ]
            })
            .collect()
    }

    /// Adds what a table of an earlier version doesn't have.
    pub(super) fn add_missing(&self, existing: &[String]) -> Vec<String> {
        let missing = self.columns.iter().filter(|(name, _)| !existing.contains(name));
        missing
            .map(|(name, ty)| {
                format!("ALTER TABLE {} ADD COLUMN \"{name}\" {}", self.table, self.dialect.ty(*ty))
            })
            .collect()
    }

    /// Inserts rows, or replaces those with the same id. `values` are expressions for the columns and where they come from.
    pub(super) fn upsert(&self, values: &str) -> String {
        let names: Vec<String> = self.columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let set: Vec<String> = names.iter().skip(1).map(|name| format!("{name} = excluded.{name}")).collect();
        let key = names.first().map_or("", String::as_str);
        format!(
            "INSERT INTO {} ({}, \"{EXPORTED_AT}\") {values} ON CONFLICT ({key}) \
             DO UPDATE SET {}, \"{EXPORTED_AT}\" = excluded.\"{EXPORTED_AT}\"",
            self.table,
            names.join(", "),
            set.join(", ")
        )
    }

    #[cfg(feature = "sqlite")]
    pub(super) fn upsert_one(&self) -> String {
        let values = vec!["?"; self.columns.len()];
        self.upsert(&format!("VALUES ({}, {})", values.join(", "), self.dialect.time().1))
    }

    /// With an array of text per column.
    #[cfg(feature = "postgres")]
    pub(super) fn upsert_arrays(&self) -> String {
        let (mut casts, mut arrays, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for (index, (_, ty)) in self.columns.iter().enumerate() {
            casts.push(format!("c{index}::{}", self.dialect.ty(*ty)));
            arrays.push(format!("${}", index + 1));
            names.push(format!("c{index}"));
        }
        self.upsert(&format!(
            "SELECT {}, {} FROM unnest({}) AS r({})",
            casts.join(", "),
            self.dialect.time().1,
            arrays.join(", "),
            names.join(", ")
        ))
    }
}

/// A state as it is stored.
pub(super) fn state_text(state: &State) -> String {
    serde_json::to_string(state).unwrap_or_default()
}

/// The state of a table that exists, from the text that is stored for it.
///
/// # Errors
///
/// Somebody else made the table, or another version of authctl.
pub(super) fn read_state(name: &str, stored: Option<&str>) -> Result<State, Failure> {
    let hint = "--table NAME writes to another table";
    let Some(text) = stored else {
        let what = format!("{name}: the table exists and was not made by an export");
        return Err(Failure::usage(what).hint(hint));
    };
    let state = serde_json::from_str::<State>(text).ok().filter(State::is_known);
    state.ok_or_else(|| mismatch(name, "its state was written by another version of authctl", hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_table_needs_no_quotes() {
        for (text, with_schema, shown) in
            [("gifts", false, "gifts"), ("_a1", true, "_a1"), ("crm.Gifts", true, "crm.Gifts")]
        {
            assert_eq!(Table::parse(text, with_schema).unwrap().shown(), shown);
        }
        let long = "a".repeat(61);
        for (text, with_schema) in [
            ("", true),
            ("1a", true),
            ("a b", true),
            ("a\"b", false),
            ("crm.gifts", false),
            ("a.b.c", true),
            (".a", true),
            ("_authctl_export", true),
            ("crm._AUTHCTL_export", true),
            ("sqlite_a", false),
            (&long, true),
        ] {
            assert!(Table::parse(text, with_schema).is_err(), "{text}");
        }
    }
}
