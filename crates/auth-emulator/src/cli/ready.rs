//! The ready file: contains the ready line, so that `env` and `health` in another terminal find the emulator.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;

#[cfg(not(unix))]
use super::client::Client;
use super::failure::Failure;

/// The parts that `env` and `health` read.
#[derive(Debug, Deserialize)]
pub(crate) struct Ready {
    pub(crate) control: Control,
    pub(crate) providers: BTreeMap<String, Provider>,
    pub(crate) tls: Option<Tls>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Tls {
    pub(crate) ca_file: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Control {
    pub(crate) url: String,
    pub(crate) token: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Provider {
    pub(crate) env: BTreeMap<String, String>,
}

/// The default path of the file.
pub(crate) fn default_path() -> PathBuf {
    std::env::temp_dir().join("auth-emulator.json")
}

/// The path if no `--ready-file` is given: the default one, or another one beside it if another emulator has that.
pub(crate) fn free_path() -> PathBuf {
    let path = default_path();
    if is_taken(&path) { own_path() } else { path }
}

/// A path that no other process uses.
pub(crate) fn own_path() -> PathBuf {
    default_path().with_file_name(format!("auth-emulator-{}.json", std::process::id()))
}

/// Whether the file belongs to a running emulator, or to another user.
#[cfg(unix)]
fn is_taken(path: &Path) -> bool {
    match File::open(path) {
        Ok(file) => file.try_lock().is_err(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// Whether the emulator in the file is running. Locked files can't be read on some systems, so that the emulator is asked.
#[cfg(not(unix))]
fn is_taken(path: &Path) -> bool {
    read(Some(path)).is_ok_and(|ready| Client::new(ready.control.url, ready.control.token).check().is_ok())
}

/// A written ready file. Removed when dropped.
///
/// The file is locked while the emulator runs, so that another one can't take it; the system releases the lock when the process
/// ends in whatever way, so that a file that is left over can be replaced.
#[derive(Debug)]
pub(crate) struct ReadyFile {
    path: PathBuf,
    #[cfg(unix)]
    file: File,
}

impl ReadyFile {
    /// Writes `line` to `path` atomically, unless the file belongs to a running emulator. It contains the control token; only its
    /// owner can read it.
    pub(crate) fn write(path: &Path, line: &str) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
        let temporary = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
        // A file of that name is left over from another process, or an attack; `create_new` does not follow links.
        let _ = fs::remove_file(&temporary);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options.open(&temporary).and_then(|mut file| {
            file.write_all(format!("{line}\n").as_bytes())?;
            Self::publish(file, &temporary, path)
        });
        let _ = fs::remove_file(&temporary);
        written
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file its name.
    #[cfg(unix)]
    fn publish(file: File, temporary: &Path, path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt as _;

        file.try_lock()?;
        loop {
            // Fails if the name exists, also if another process creates it at this moment.
            match fs::hard_link(temporary, path) {
                Ok(()) => return Ok(Self { path: path.to_owned(), file }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
            let old = match File::open(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened?,
            };
            if old.try_lock().is_err() {
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it belongs to a running emulator"));
            }
            // Only who holds the lock of the file of this name may replace it.
            let id = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
            if fs::metadata(path).is_ok_and(|now| old.metadata().is_ok_and(|old| id(now) == id(old))) {
                fs::rename(temporary, path)?;
                return Ok(Self { path: path.to_owned(), file });
            }
        }
    }

    /// Gives the file its name.
    #[cfg(not(unix))]
    fn publish(file: File, temporary: &Path, path: &Path) -> io::Result<Self> {
        drop(file);
        if is_taken(path) {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it belongs to a running emulator"));
        }
        fs::rename(temporary, path)?;
        Ok(Self { path: path.to_owned() })
    }
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            // Somebody may have removed or replaced it by hand.
            let id = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
            let (named, own) = (fs::metadata(&self.path), self.file.metadata());
            if !named.is_ok_and(|named| own.is_ok_and(|own| id(named) == id(own))) {
                return;
            }
        }
        let _ = fs::remove_file(&self.path);
    }
}

/// Reads a ready file.
pub(crate) fn read(path: Option<&Path>) -> Result<Ready, Failure> {
    let path = path.map_or_else(default_path, Path::to_owned);
    let shown = path.display();
    let content = fs::read_to_string(&path).map_err(|error| {
        Failure::not_running(format!("no running emulator: {shown} can't be read ({error}); start one with the command `serve`, or pass its --ready-file"))
    })?;
    serde_json::from_str(&content)
        .map_err(|error| Failure::not_running(format!("{shown} is not a ready file ({error})")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("auth-emulator-{}-{name}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        dir
    }

    #[test]
    fn a_file_is_private_and_belongs_to_its_writer_until_the_end() {
        let dir = scratch("ready");
        let path = dir.join("ready.json");
        fs::write(&path, "left over").unwrap();
        let first = ReadyFile::write(&path, "one").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\n");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            let error = ReadyFile::write(&path, "two").unwrap_err();
            assert!(error.to_string().contains("running emulator"), "{error}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\n");
        drop(first);
        assert!(!path.exists());
        let second = ReadyFile::write(&path, "two").unwrap();
        // Somebody replaced it by hand.
        fs::remove_file(&path).unwrap();
        fs::write(&path, "foreign").unwrap();
        drop(second);
        assert_eq!(fs::read_to_string(&path).unwrap(), "foreign");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1, "nothing is left beside it");
        fs::remove_dir_all(&dir).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn of_many_writers_exactly_one_gets_the_file() {
        for left_over in [false, true] {
            let dir = scratch(&format!("race-{left_over}"));
            let path = dir.join("ready.json");
            if left_over {
                fs::write(&path, "left over").unwrap();
            }
            let start = std::sync::Barrier::new(8);
            let mut files: Vec<ReadyFile> = Vec::new();
            std::thread::scope(|scope| {
                let write = |number: usize| {
                    // Each process has its own temporary file; so have these threads.
                    let (path, start) = (&path, &start);
                    scope.spawn(move || {
                        let temporary = path.with_extension(number.to_string());
                        fs::write(&temporary, number.to_string()).unwrap();
                        let file = File::open(&temporary).unwrap();
                        start.wait();
                        ReadyFile::publish(file, &temporary, path).ok()
                    })
                };
                let writers: Vec<_> = (0..8).map(write).collect();
                files.extend(writers.into_iter().filter_map(|writer| writer.join().unwrap()));
            });
            assert_eq!(files.len(), 1);
            drop(files);
            assert!(!path.exists());
            fs::remove_dir_all(&dir).unwrap();
        }
    }

    #[test]
    fn a_missing_directory_is_an_error() {
        let dir = scratch("nowhere");
        assert!(ReadyFile::write(&dir.join("no/such/ready.json"), "one").is_err());
        assert!(read(Some(&dir.join("none.json"))).is_err());
        fs::remove_dir(&dir).unwrap();
    }
}
