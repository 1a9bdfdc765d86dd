//! Standard output, a pipe or a device as a target. It can't be resumed, so it has no state.

use super::columns::Columns;
use super::format::Format;
use super::sink::Sink;
use super::state::State;
use crate::failure::{Failure, visible};
use async_trait::async_trait;
use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use virtuous_client::export::ExportedRow;

/// An open stream.
pub(super) struct Stream {
    to: Box<dyn Write>,
    name: String,
    format: Format,
    columns: Columns,
    started: bool,
    closed: bool,
}

impl Stream {
    pub(super) fn open(path: Option<&Path>, format: Format, columns: &Columns) -> Result<Self, Failure> {
        let name =
            path.map_or_else(|| "standard output".to_owned(), |path| visible(&path.display().to_string()));
        let to: Box<dyn Write> = match path {
            Some(path) => {
                let file = OpenOptions::new().write(true).open(path);
                Box::new(file.map_err(|error| Failure::local(format!("{name} can't be written: {error}")))?)
            }
            None => Box::new(io::stdout()),
        };
        Ok(Self { to, name, format, columns: columns.clone(), started: false, closed: false })
    }
}

#[async_trait(?Send)]
impl Sink for Stream {
    fn state(&self) -> Option<&State> {
        None
    }

    async fn begin(&mut self, _: &State, _: bool) -> Result<(), Failure> {
        Ok(())
    }

    async fn write(&mut self, rows: &[ExportedRow], _: &State) -> Result<(), Failure> {
        let header = || self.format.header(&self.columns);
        let mut text = if self.started { String::new() } else { header() };
        for row in rows {
            self.format.append(&self.columns, &row.json, &mut text);
        }
        self.started = true;
        match self.to.write_all(text.as_bytes()).and_then(|()| self.to.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            Err(error) => Err(Failure::local(format!("{} can't be written: {error}", self.name))),
        }
    }

    fn is_closed(&self) -> bool {
        self.closed
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").field("to", &self.name).finish_non_exhaustive()
    }
}
