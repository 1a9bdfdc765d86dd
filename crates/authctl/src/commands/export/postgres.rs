//! A table of a PostgreSQL database as a target.
//!
//! The rows of a batch are one statement with an array per column. They are committed together with the state, so it doesn't matter
//! where a run is killed. Statements are not prepared by name, so that a connection pool can be in between; such a pool may lose the
//! advisory lock. So a run also claims the state at its start, and every batch compares it: a run whose state was claimed by another
//! one ends.

use super::columns::{Columns, Values};
use super::server::Server;
use super::sink::Sink;
use super::state::State;
use super::table::{self, Dialect, Statements, Table};
use crate::failure::{Exit, Failure};
use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use std::error::Error as _;
use std::time::Duration;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Transaction};
use virtuous_client::export::ExportedRow;

/// How long the server may take to notice that a killed run is gone.
const LOCK_TRIES: u32 = 20;
const LOCK_DELAY: Duration = Duration::from_millis(100);

/// A connection that holds the lock of the table.
pub(super) struct Postgres {
    client: Client,
    /// For messages.
    name: String,
    key: String,
    statements: Statements,
    values: Values,
    state: Option<State>,
    /// The state as it is in the database, also of a table that was removed.
    stored: Option<String>,
}

impl Postgres {
    pub(super) async fn open(server: &Server, table: &Table, columns: &Columns) -> Result<Self, Failure> {
        let name = server.name();
        let tls = server.tls()?;
        let (client, connection) = server.config.connect(tls).await.map_err(|error| failed(&name, &error))?;
        // Ends with the client; what it reports, the statements report too.
        tokio::spawn(connection);
        let mut this = Self {
            client,
            key: table.name().to_ascii_lowercase(),
            statements: Statements::new(Dialect::Postgres, table, columns),
            values: Values::new(columns.clone()),
            state: None,
            stored: None,
            name: format!("{name}, table {}", table.shown()),
        };
        this.lock().await?;
        this.read().await?;
        Ok(this)
    }

    async fn lock(&self) -> Result<(), Failure> {
        let lock = lock_number(&self.statements.table);
        for _ in 0..LOCK_TRIES {
            let rows = self.query("SELECT pg_try_advisory_lock($1)", &[(&lock, Type::INT8)]).await?;
            if rows.first().and_then(|row| row.try_get(0).ok()).unwrap_or(false) {
                return Ok(());
            }
            tokio::time::sleep(LOCK_DELAY).await;
        }
        Err(super::file::locked(&self.name))
    }

    async fn read(&mut self) -> Result<(), Failure> {
        let exists = "SELECT to_regclass($1) IS NOT NULL, to_regclass($2) IS NOT NULL";
        let (table, states) = (&self.statements.table, &self.statements.states);
        let rows = self.query(exists, &[(table, Type::TEXT), (states, Type::TEXT)]).await?;
        let flag = |index: usize| rows.first().and_then(|row| row.try_get(index).ok()).unwrap_or(false);
        if flag(1) {
            let rows = self.query(&self.statements.read_state(), &[(&self.key, Type::TEXT)]).await?;
            self.stored = rows.first().and_then(|row| row.try_get::<_, String>(0).ok());
        }
        if flag(0) {
            self.state = Some(table::read_state(&self.name, self.stored.as_deref())?);
        }
        Ok(())
    }

    async fn query(
        &self,
        statement: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<tokio_postgres::Row>, Failure> {
        self.client.query_typed(statement, parameters).await.map_err(|error| failed(&self.name, &error))
    }
}

/// Creates the table with the states. One run at a time does it, also of different tables.
async fn create_states(
    transaction: &Transaction<'_>,
    statements: &Statements,
) -> Result<(), tokio_postgres::Error> {
    let lock = lock_number(&statements.states);
    transaction.query_typed("SELECT pg_advisory_xact_lock($1)", &[(&lock, Type::INT8)]).await?;
    let exists = "SELECT to_regclass($1) IS NOT NULL";
    let rows = transaction.query_typed(exists, &[(&statements.states, Type::TEXT)]).await?;
    if !rows.first().and_then(|row| row.try_get(0).ok()).unwrap_or(false) {
        transaction.query_typed(&statements.create_states(), &[]).await?;
    }
    Ok(())
}

/// Creates the table, or what a table of an earlier version doesn't have.
async fn create(
    transaction: &Transaction<'_>,
    statements: &Statements,
    is_new: bool,
    restart: bool,
) -> Result<(), tokio_postgres::Error> {
    let mut all = Vec::new();
    if is_new {
        all.push(statements.create());
    } else {
        let existing = "SELECT attname::text FROM pg_attribute \
                        WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped";
        let rows = transaction.query_typed(existing, &[(&statements.table, Type::TEXT)]).await?;
        let existing: Vec<String> = rows.iter().filter_map(|row| row.try_get(0).ok()).collect();
        all.extend(statements.add_missing(&existing));
        if restart {
            all.push(format!("DELETE FROM {}", statements.table));
        }
    }
    for statement in all {
        transaction.query_typed(&statement, &[]).await?;
    }
    Ok(())
}

/// Stores the state, and returns whether it was the one that this run knows.
async fn store(
    transaction: &Transaction<'_>,
    statements: &Statements,
    (key, stored, text): (&str, Option<&str>, &str),
) -> Result<bool, tokio_postgres::Error> {
    let mut parameters: Vec<(&(dyn ToSql + Sync), Type)> = vec![(&key, Type::TEXT), (&text, Type::TEXT)];
    let mut statement = statements.put_state();
    if let Some(before) = &stored {
        parameters.push((before, Type::TEXT));
        statement = statements.advance_state();
    }
    let changed = transaction.query_typed(&(statement + " RETURNING 1"), &parameters).await?;
    Ok(!changed.is_empty())
}

#[async_trait(?Send)]
impl Sink for Postgres {
    fn state(&self) -> Option<&State> {
        self.state.as_ref()
    }

    async fn begin(&mut self, state: &State, restart: bool) -> Result<(), Failure> {
        let failed = |error| failed(&self.name, &error);
        let text = table::state_text(state);
        let transaction = self.client.transaction().await.map_err(failed)?;
        create_states(&transaction, &self.statements).await.map_err(failed)?;
        let state = (self.key.as_str(), self.stored.as_deref(), text.as_str());
        if !store(&transaction, &self.statements, state).await.map_err(failed)? {
            return Err(super::file::locked(&self.name));
        }
        create(&transaction, &self.statements, self.state.is_none(), restart).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        self.stored = Some(text);
        Ok(())
    }

    async fn write(&mut self, rows: &[ExportedRow], state: &State) -> Result<(), Failure> {
        let mut arrays: Vec<Vec<Option<String>>> = vec![Vec::new(); self.statements.columns().len()];
        for row in rows {
            let all = self.values.of(row)?.into_iter().chain([Some(row.json.clone())]);
            for (array, value) in arrays.iter_mut().zip(all) {
                array.push(value);
            }
        }
        let failed = |error| failed(&self.name, &error);
        let text = table::state_text(state);
        let transaction = self.client.transaction().await.map_err(failed)?;
        if !rows.is_empty() {
            let parameters: Vec<(&(dyn ToSql + Sync), Type)> = arrays
                .iter()
                .map(|array| -> (&(dyn ToSql + Sync), Type) { (array, Type::TEXT_ARRAY) })
                .collect();
            transaction.query_typed(&self.statements.upsert_arrays(), &parameters).await.map_err(failed)?;
        }
        let state = (self.key.as_str(), self.stored.as_deref(), text.as_str());
        if !store(&transaction, &self.statements, state).await.map_err(failed)? {
            return Err(super::file::locked(&self.name));
        }
        transaction.commit().await.map_err(failed)?;
        self.stored = Some(text);
        Ok(())
    }

    fn note(&self) -> Option<String> {
        self.values.note()
    }
}

/// The number of an advisory lock, which has no name.
fn lock_number(name: &str) -> i64 {
    let digest = Sha256::digest(format!("authctl export {name}"));
    digest.iter().take(8).fold(0, |number, byte| number << 8 | i64::from(*byte))
}

/// Turns an error into what failed and what to do. Details are left out, because they can quote values.
fn failed(name: &str, error: &tokio_postgres::Error) -> Failure {
    if let Some(error) = error.as_db_error() {
        let code = error.code().code();
        let message = format!("{name}: {} ({code})", error.message());
        return match code.get(..2).unwrap_or_default() {
            "28" => Failure::credentials(message).hint("the password comes from PGPASSWORD or PGPASSFILE"),
            // Connections, conflicts, a server without space, memory or connections, and one that starts or stops.
            "08" | "40" | "53" | "57" => Failure::new(Exit::Retry, "database", message)
                .hint("run the same command again: it resumes after the last rows that were committed"),
            _ if code == "42501" => Failure::local(message)
                .hint("the user must be allowed to create tables; --table SCHEMA.TABLE names a schema"),
            _ if code == "3D000" => Failure::usage(message),
            _ => Failure::local(message),
        };
    }
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    let causes: String = causes.map(|cause| format!(": {cause}")).collect();
    let text = error.to_string();
    // Some versions of the client print the cause themselves.
    let text = if text.contains(causes.trim_start_matches(": ")) { text } else { text + &causes };
    if text.contains("TLS") || text.contains("certificate") {
        return Failure::local(format!("{name}: no secure connection: {text}"))
            .hint("sslrootcert=FILE in the address names the certificate of a private authority");
    }
    if text.contains("password missing") {
        return Failure::credentials(format!("{name}: the server asks for a password"))
            .hint("set PGPASSWORD, or name a file by PGPASSFILE");
    }
    Failure::new(Exit::Retry, "database", format!("{name} can't be reached: {text}")).hint(
        "if the server is up, run the same command again: it resumes after the last rows that were committed",
    )
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgres").field("name", &self.name).finish_non_exhaustive()
    }
}
