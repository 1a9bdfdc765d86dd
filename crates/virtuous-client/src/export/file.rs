//! The file of an export. The last complete line determines where the next run resumes.

use super::{ExportError, Resource, Row};
use auth_client_core::provider::record::{Field as _, Reading};
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

/// State of the file.
#[derive(Debug, Default)]
struct Found {
    rows: u64,
    last_id: Option<i64>,
    /// Length of all complete lines, in bytes; the rest is an interrupted write.
    length: u64,
}

impl ExportFile {
    /// Opens a file, checks that it belongs to the same export, and truncates an incomplete line.
    pub(super) fn open(
        path: &Path,
        resource: Resource,
        from: &str,
        query: &Value,
    ) -> Result<Self, ExportError> {
        let note = beside(path);
        let wanted = json!({ "from": from, "resource": resource.name(), "query": query }).to_string();
        let mismatch =
            |reason: &str| ExportError::Mismatch { path: path.to_owned(), reason: reason.to_owned() };
        let failed =
            |doing: &'static str| move |cause| ExportError::File { path: path.to_owned(), doing, cause };
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed("written"))?;
        let found = read(&mut file, resource)
            .map_err(failed("read"))?
            .map_err(|line| mismatch(&format!("line {line} is not a row")))?;
        let is_empty = file.metadata().map_err(failed("read"))?.len() == 0;
        match fs::read_to_string(&note) {
            // Written atomically and before the first row, so that no row exists without it.
            _ if is_empty => write_whole(&note, &wanted).map_err(failed("written"))?,
            Ok(noted) if noted.trim() == wanted => {}
            Ok(_) => return Err(mismatch("it contains another export")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(mismatch("the file that describes its content is missing"));
            }
            Err(error) => return Err(failed("read")(error)),
        }
        file.set_len(found.length).and_then(|()| file.seek(SeekFrom::End(0))).map_err(failed("written"))?;
        Ok(Self { path: path.to_owned(), file, rows: found.rows, last_id: found.last_id })
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns the id of the last row.
    pub(super) fn last_id(&self) -> Option<i64> {
        self.last_id
    }

    /// Writes rows and flushes them to disk.
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
        write().map_err(|cause| ExportError::File { path: self.path.clone(), doing: "written", cause })?;
        self.rows += count;
        Ok(())
    }
}

/// Writes to a temporary file first, so that no incomplete file is ever visible.
fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let mut file = File::create(&new)?;
    writeln!(file, "{text}")?;
    file.sync_data()?;
    fs::rename(new, path)
}

/// Returns the path of the description: `gifts.jsonl.export`.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".export");
    PathBuf::from(name)
}

/// Reads a file in chunks. The error is the number of a complete line that is not a row.
fn read(file: &mut File, resource: Resource) -> std::io::Result<Result<Found, u64>> {
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut found = Found::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        // An incomplete line at the end of the file.
        if reader.read_until(b'\n', &mut line)? == 0 || line.last() != Some(&b'\n') {
            break;
        }
        found.rows += 1;
        found.length += u64::try_from(line.len()).unwrap_or(u64::MAX);
        let mut row = Row::blank();
        let is_row = std::str::from_utf8(&line).is_ok_and(|line| row.raw(line, Reading::Lenient).is_ok());
        if !is_row {
            return Ok(Err(found.rows));
        }
        let id = resource.row_id()(&row);
        found.last_id = id.or(found.last_id);
    }
    Ok(Ok(found))
}
