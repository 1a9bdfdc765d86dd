//! A file as a target, with its description in a second file, `FILE.export`.
//!
//! Rows are on the disk before the description that counts them. A run that was killed between the two leaves rows after the
//! length that the description states; the next run removes them.

use super::columns::Columns;
use super::format::Format;
use super::sink::Sink;
use super::state::{State, mismatch};
use crate::failure::{Exit, Failure, visible};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use virtuous_client::export::ExportedRow;

/// What the second file says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    /// The length of the file up to the last row that counts.
    bytes: u64,
    /// The columns of a CSV file.
    columns: Vec<String>,
    state: State,
}

impl Description {
    fn parse(text: &str) -> Option<Self> {
        serde_json::from_str::<Self>(text).ok().filter(|description| description.state.is_known())
    }
}

/// A file, locked.
#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    format: Format,
    columns: Columns,
    open: Option<(fs::File, Lock)>,
    state: Option<State>,
    /// The columns of its rows.
    own_columns: Vec<String>,
    /// The end of the last row that counts.
    length: u64,
}

impl File {
    pub(super) fn open(
        path: &Path,
        format: Format,
        columns: &Columns,
        restart: bool,
    ) -> Result<Self, Failure> {
        let mut this = Self {
            path: path.to_owned(),
            format,
            columns: columns.clone(),
            open: None,
            state: None,
            own_columns: Vec::new(),
            length: 0,
        };
        if !path.exists() {
            if fs::symlink_metadata(path).is_ok() {
                return Err(Failure::usage(format!(
                    "{} is a link to a file that doesn't exist",
                    this.name()
                )));
            }
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            return match folder.map(fs::metadata).transpose() {
                Ok(_) => Ok(this),
                Err(error) => Err(this.failed("written", &error)),
            };
        }
        this.lock()?;
        let is_empty = fs::metadata(path).map_err(|error| this.failed("read", &error))?.len() == 0;
        let name = this.name();
        match fs::read_to_string(beside(path, ".export")) {
            Ok(text) => match Description::parse(&text) {
                Some(Description { bytes, columns, state }) => {
                    (this.state, this.own_columns, this.length) = (Some(state), columns, bytes);
                }
                None if is_empty || restart => {}
                None => {
                    let reason = format!("{name}.export, which describes its content, can't be read");
                    return Err(mismatch(&name, &reason, &remove(&name)));
                }
            },
            Err(error) if error.kind() == ErrorKind::NotFound && is_empty => {}
            Err(error) if error.kind() == ErrorKind::NotFound && restart => {
                return Err(Failure::usage(format!("--restart: {name} was not written by an export"))
                    .hint("delete it, or choose another file"));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let hint = format!("choose another file; if an export wrote it, restore {name}.export");
                return Err(mismatch(
                    &name,
                    "it was not written by an export, or its description is missing",
                    &hint,
                ));
            }
            Err(error) => return Err(this.failed("read", &error)),
        }
        Ok(this)
    }

    fn name(&self) -> String {
        visible(&self.path.display().to_string())
    }

    fn failed(&self, doing: &str, error: &io::Error) -> Failure {
        Failure::local(format!("{} can't be {doing}: {error}", self.name()))
    }

    fn lock(&mut self) -> Result<(), Failure> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&self.path);
        let file = file.map_err(|error| self.failed("written", &error))?;
        // Elsewhere, a lock keeps this process from writing.
        let lock = if cfg!(unix) { self.path.clone() } else { beside(&self.path, ".lock") };
        let lock = Lock::take(&lock, &self.name())?;
        self.open = Some((file, lock));
        Ok(())
    }

    fn file(&mut self) -> Result<&mut fs::File, Failure> {
        let missing = || Failure::local("the file of the export is not open");
        self.open.as_mut().map(|(file, _)| file).ok_or_else(missing)
    }

    fn store(&self, state: &State) -> Result<(), Failure> {
        let description = Description {
            bytes: self.length,
            columns: self.format.columns(&self.columns),
            state: state.clone(),
        };
        serde_json::to_string(&description)
            .map_err(io::Error::from)
            .and_then(|text| write_whole(&beside(&self.path, ".export"), &text))
            .map_err(|error| Failure::local(format!("{}.export can't be written: {error}", self.name())))
    }
}

fn remove(name: &str) -> String {
    format!("choose another file, or remove it and {name}.export")
}

#[async_trait(?Send)]
impl Sink for File {
    fn state(&self) -> Option<&State> {
        self.state.as_ref()
    }

    async fn begin(&mut self, state: &State, restart: bool) -> Result<(), Failure> {
        let name = self.name();
        let columns = self.format.columns(&self.columns);
        if !restart && self.state.is_some() && self.own_columns != columns {
            let reason = "its columns are those of another version of authctl";
            return Err(mismatch(&name, reason, &remove(&name)));
        }
        if self.open.is_none() {
            match OpenOptions::new().write(true).create_new(true).open(&self.path) {
                Ok(_) => self.lock()?,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(locked(&name)),
                Err(error) => return Err(self.failed("written", &error)),
            }
        }
        if restart {
            self.length = 0;
        }
        let length = self.length;
        let file = self.file()?;
        let is = file.metadata().map(|metadata| metadata.len());
        if is.as_ref().is_ok_and(|is| *is < length) {
            let hint = "restore the file, or --restart starts again";
            return Err(mismatch(&name, "it is shorter than at the end of the last export", hint));
        }
        // First, because a description of more rows than there are would lose some.
        self.store(state)?;
        let file = self.file()?;
        let cut = is.and_then(|_| file.set_len(length)).and_then(|()| file.seek(SeekFrom::End(0)));
        cut.map(drop).map_err(|error| self.failed("written", &error))
    }

    async fn write(&mut self, rows: &[ExportedRow], state: &State) -> Result<(), Failure> {
        let mut text = if self.length == 0 { self.format.header(&self.columns) } else { String::new() };
        for row in rows {
            self.format.append(&self.columns, &row.json, &mut text);
        }
        let before = self.length;
        if !text.is_empty() {
            let file = self.file()?;
            let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_data());
            if let Err(error) = written {
                // Ignored: what can't be removed now, the next run removes.
                let _ = file.set_len(before).and_then(|()| file.seek(SeekFrom::End(0)));
                return Err(self.failed("written", &error));
            }
        }
        self.length = before.saturating_add(u64::try_from(text.len()).unwrap_or(u64::MAX));
        self.store(state)
    }
}

/// A lock that ends with the process, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    file: fs::File,
    /// Its file has no other use.
    temporary: Option<PathBuf>,
}

impl Lock {
    /// Takes a lock, and creates its file.
    fn take(path: &Path, name: &str) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::local(format!("{name} can't be written: {error}"));
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let file = file.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file, temporary: None }),
            Err(fs::TryLockError::WouldBlock) => Err(locked(name)),
            Err(fs::TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// The same with a separate file, which is removed at the end.
    #[cfg(feature = "sqlite")]
    pub(super) fn temporary(path: &Path, name: &str) -> Result<Self, Failure> {
        loop {
            let mut lock = Self::take(path, name)?;
            // Another run may have removed the file after it was opened here; a new one may have another lock.
            if lock.is_of(path) {
                lock.temporary = Some(path.to_owned());
                return Ok(lock);
            }
        }
    }

    #[cfg(all(feature = "sqlite", unix))]
    fn is_of(&self, path: &Path) -> bool {
        use std::os::unix::fs::MetadataExt as _;
        let id = |metadata: io::Result<fs::Metadata>| metadata.map(|is| (is.dev(), is.ino())).ok();
        id(self.file.metadata()) == id(fs::metadata(path))
    }

    /// An open file can't be removed elsewhere.
    #[cfg(all(feature = "sqlite", not(unix)))]
    fn is_of(&self, _: &Path) -> bool {
        true
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(path) = &self.temporary {
            // Ignored: a file that stays has no lock, and the next run takes it.
            let _ = fs::remove_file(path);
        }
        let _ = self.file.unlock();
    }
}

/// A second export to the same target.
pub(super) fn locked(name: &str) -> Failure {
    Failure::new(Exit::Prevented, "locked", format!("another export to {name} is running"))
        .hint("wait for it, or choose another target")
}

pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Writes to a temporary file first, so that no incomplete file is ever visible.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let new = beside(path, ".new");
    let write = || {
        let mut file = fs::File::create(&new)?;
        writeln!(file, "{text}")?;
        file.sync_data()?;
        drop(file);
        fs::rename(&new, path)
    };
    write().inspect_err(|_| {
        // Ignored: the next run replaces it.
        let _ = fs::remove_file(&new);
    })
}
