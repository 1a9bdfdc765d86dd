//! The file of an export. It is its own memory: the last whole line tells where the next run goes on.

use super::{ExportError, Resource, id_of};
use serde_json::{Value, json};
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub(super) struct ExportFile {
    path: PathBuf,
    file: File,
    rows: u64,
    last_id: Option<i64>,
}

/// What a file holds so far.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    rows: u64,
    last_id: Option<i64>,
    /// The length of all whole lines; what is behind them was cut off while it was written.
    length: u64,
}

impl ExportFile {
    /// Opens a file, makes sure that it was begun for the same thing, and takes half a line off its end.
    pub(super) fn open(path: &Path, resource: Resource, query: &Value) -> Result<Self, ExportError> {
        let note = beside(path);
        let wanted = json!({ "resource": resource.name(), "query": query }).to_string();
        let mismatch =
            |reason: &str| ExportError::Mismatch { path: path.to_owned(), reason: reason.to_owned() };
        let failed =
            |doing: &'static str| move |source| ExportError::File { path: path.to_owned(), doing, source };
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed("written"))?;
        let found = read(&mut file)
            .map_err(failed("read"))?
            .map_err(|line| mismatch(&format!("line {line} is no row")))?;
        match fs::read_to_string(&note) {
            Ok(noted) if noted.trim() == wanted => {}
            Ok(_) => return Err(mismatch("it holds another export")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && found == Found::default() => {
                // Before the first row, so that no row is ever without it.
                fs::write(&note, wanted + "\n").map_err(failed("written"))?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(mismatch("nothing beside it says what it holds"));
            }
            Err(error) => return Err(failed("read")(error)),
        }
        file.set_len(found.length).and_then(|()| file.seek(SeekFrom::End(0))).map_err(failed("written"))?;
        Ok(Self { path: path.to_owned(), file, rows: found.rows, last_id: found.last_id })
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// The id of the last row.
    pub(super) fn last_id(&self) -> Option<i64> {
        self.last_id
    }

    /// Writes rows, all the way to the disk.
    pub(super) fn append<'r>(&mut self, rows: impl Iterator<Item = &'r str>) -> Result<(), ExportError> {
        let mut writer = BufWriter::with_capacity(1 << 20, &self.file);
        let mut count = 0;
        let write = || {
            for row in rows {
                writer.write_all(row.as_bytes())?;
                writer.write_all(b"\n")?;
                count += 1;
            }
            writer.flush()?;
            self.file.sync_data()
        };
        write().map_err(|source| ExportError::File { path: self.path.clone(), doing: "written", source })?;
        self.rows += count;
        Ok(())
    }
}

/// `gifts.jsonl.export`
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".export");
    PathBuf::from(name)
}

/// Reads through a file, a piece at a time; the number of a whole line that is no row is an error.
fn read(file: &mut File) -> std::io::Result<Result<Found, u64>> {
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut found = Found::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        // What is left at the end is half a line.
        if reader.read_until(b'\n', &mut line)? == 0 || line.last() != Some(&b'\n') {
            break;
        }
        found.rows += 1;
        found.length += u64::try_from(line.len()).unwrap_or(u64::MAX);
        let id = std::str::from_utf8(&line).ok().and_then(|line| id_of(line).ok());
        let Some(id) = id else { return Ok(Err(found.rows)) };
        found.last_id = id.or(found.last_id);
    }
    Ok(Ok(found))
}
