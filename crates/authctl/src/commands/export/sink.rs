//! What every target of an export can do.

use super::columns::Columns;
use super::state::State;
use super::target::Target;
use crate::failure::Failure;
use async_trait::async_trait;
use virtuous_client::export::ExportedRow;

/// A target that is open, and locked until it is dropped.
#[async_trait(?Send)]
pub(super) trait Sink {
    /// Returns what the target holds, unless it is new.
    fn state(&self) -> Option<&State>;

    /// Creates what is missing, and stores the state of a run that starts. `restart` discards the rows of earlier runs.
    async fn begin(&mut self, state: &State, restart: bool) -> Result<(), Failure>;

    /// Stores rows together with the state after them: if the process is killed, both are there or neither. Without rows, it stores
    /// the state alone.
    async fn write(&mut self, rows: &[ExportedRow], state: &State) -> Result<(), Failure>;

    /// Whether nobody reads any more.
    fn is_closed(&self) -> bool {
        false
    }

    /// What the user should know at the end.
    fn note(&self) -> Option<String> {
        None
    }
}

/// Opens a target without changing it.
pub(super) async fn open(
    target: &Target,
    columns: &Columns,
    restart: bool,
) -> Result<Box<dyn Sink>, Failure> {
    Ok(match target {
        Target::File { path, format } => Box::new(super::file::File::open(path, *format, columns, restart)?),
        Target::Stream { path, format } => {
            Box::new(super::stream::Stream::open(path.as_deref(), *format, columns)?)
        }
        #[cfg(feature = "sqlite")]
        Target::Sqlite { path, table } => Box::new(super::sqlite::Sqlite::open(path, table, columns)?),
        #[cfg(feature = "postgres")]
        Target::Postgres { server, table } => {
            Box::new(super::postgres::Postgres::open(server, table, columns).await?)
        }
    })
}
