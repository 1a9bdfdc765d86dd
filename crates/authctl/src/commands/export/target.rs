//! Where the rows of an export go: a file with a lock, or a stream, which is fed from a temporary file page by page.

use crate::failure::{Exit, Failure, visible};
use fs4::TryLockError;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Where rows go.
#[derive(Debug)]
pub(super) enum Target {
    /// A file, which can be resumed.
    File(PathBuf),
    /// A pipe or a device; `None` is standard output.
    Stream(Option<PathBuf>),
}

impl Target {
    pub(super) fn parse(to: &str, restart: bool) -> Result<Self, Failure> {
        let path = PathBuf::from(to);
        let target = match fs::metadata(&path) {
            _ if to == "-" => Self::Stream(None),
            Ok(metadata) if metadata.is_dir() => {
                return Err(Failure::usage(format!("--to {to}: is a folder")).hint("name a file in it"));
            }
            Ok(metadata) if !metadata.is_file() => Self::Stream(Some(path)),
            _ => Self::File(path),
        };
        match &target {
            Self::Stream(_) if restart => {
                Err(Failure::usage(format!("--restart: {to} has no earlier export")))
            }
            Self::File(path) => match path.extension().and_then(|extension| extension.to_str()) {
                Some("ndjson" | "jsonl") => Ok(target),
                _ => Err(Failure::usage(format!(
                    "--to {to}: the name of the file must end with .ndjson or .jsonl, the format of an export"
                ))
                .hint("- writes to standard output")),
            },
            Self::Stream(_) => Ok(target),
        }
    }
}

/// A lock that ends with the process, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Takes the lock of a file, and creates the file. `restart` discards its rows.
pub(super) fn lock(path: &Path, restart: bool) -> Result<Lock, Failure> {
    let failed = |error: io::Error| Failure::local(format!("{} can't be written: {error}", path.display()));
    let open = |path: &Path| {
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)
    };
    // Elsewhere, a lock keeps this process from opening the file a second time.
    let lock = if cfg!(unix) { path.to_owned() } else { beside(path, ".lock") };
    let lock = open(&lock)?;
    // Fully qualified: the standard library has a method of this name since Rust 1.89.
    match fs4::FileExt::try_lock(&lock) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let message = format!("another export to {} is running", path.display());
            return Err(
                Failure::new(Exit::Prevented, "locked", message).hint("wait for it, or choose another file")
            );
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    if restart {
        let file = open(path)?;
        let is_empty = file.metadata().map_err(failed)?.len() == 0;
        if !is_empty && !beside(path, ".export").exists() {
            let message = format!("--restart: {} was not written by an export", path.display());
            return Err(Failure::usage(message).hint("delete it, or choose another file"));
        }
        file.set_len(0).and_then(|()| file.sync_data()).map_err(failed)?;
    }
    Ok(Lock { _file: lock })
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Copies the pages of an export from a temporary file, which only this user can read, to a stream.
pub(super) struct Stream {
    folder: Folder,
    file: PathBuf,
    rows: Option<File>,
    to: Box<dyn Write + Send>,
    name: String,
    failed: Option<io::Error>,
}

impl Stream {
    /// Opens a pipe or a device, or standard output.
    pub(super) fn open(to: Option<&Path>) -> Result<Self, Failure> {
        let name = to.map_or_else(|| "standard output".to_owned(), |path| path.display().to_string());
        let to: Box<dyn Write + Send> = match to {
            Some(path) => {
                let file = OpenOptions::new().write(true).open(path);
                Box::new(file.map_err(|error| Failure::local(format!("{name} can't be written: {error}")))?)
            }
            None => Box::new(io::stdout()),
        };
        let folder = Folder::new().map_err(|error| {
            Failure::local(format!(
                "no temporary folder can be created in {}: {error}",
                std::env::temp_dir().display()
            ))
        })?;
        let file = folder.0.join("rows.ndjson");
        Ok(Self { folder, file, rows: None, to, name, failed: None })
    }

    /// The temporary file.
    pub(super) fn path(&self) -> &Path {
        &self.file
    }

    /// Copies what was written since the last call.
    pub(super) fn forward(&mut self) {
        if self.failed.is_none() {
            self.failed = self.copy().err();
        }
    }

    fn copy(&mut self) -> io::Result<()> {
        if self.rows.is_none() {
            match File::open(&self.file) {
                Ok(file) => self.rows = Some(file),
                // A delay before the first page.
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                Err(error) => return Err(error),
            }
            // Where the system allows it, the files lose their names at once: nothing is left behind if the process is killed.
            self.folder.remove();
        }
        if let Some(rows) = &mut self.rows {
            io::copy(rows, &mut self.to)?;
        }
        self.to.flush()
    }

    /// Why the stream takes no more rows. A closed pipe ends the export, and is no failure: `authctl … | head -1`.
    pub(super) fn problem(&mut self) -> Option<Result<(), Failure>> {
        let error = self.failed.take()?;
        if error.kind() == ErrorKind::BrokenPipe {
            return Some(Ok(()));
        }
        Some(Err(Failure::local(format!("{} can't be written: {error}", visible(&self.name)))))
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").field("to", &self.name).finish_non_exhaustive()
    }
}

/// A folder that only this user can read, removed at the end.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt as _;
            builder.mode(0o700);
        }
        let mut number = 0;
        loop {
            // An earlier process with this id may have been killed.
            let name = format!("authctl-export-{}-{number}", std::process::id());
            let path = std::env::temp_dir().join(name);
            match builder.create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists && number < 1000 => number += 1,
                Err(error) => return Err(error),
            }
        }
    }

    fn remove(&self) {
        // Ignored: without permission to remove it, the folder stays, readable by this user alone.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.remove();
    }
}
