//! The ready file: contains the ready line, so that `env` and `health` in another terminal find the emulator.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::failure::Failure;

/// The parts that `env` and `health` read.
#[derive(Debug, Deserialize)]
pub(crate) struct Ready {
    pub(crate) control: Control,
    pub(crate) providers: BTreeMap<String, Provider>,
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

/// A written ready file. Removed when dropped, unless another emulator has replaced it.
#[derive(Debug)]
pub(crate) struct ReadyFile {
    path: PathBuf,
    content: String,
}

impl ReadyFile {
    /// Writes `line` to `path` atomically. The file contains the control token; only its owner can read it.
    pub(crate) fn write(path: &Path, line: &str) -> io::Result<Self> {
        let content = format!("{line}\n");
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
        let temporary = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
        // A file of that name is left over from another process, or an attack; `create_new` does not follow links.
        let _ = fs::remove_file(&temporary);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options.open(&temporary).and_then(|mut file| file.write_all(content.as_bytes()));
        if let Err(error) = written.and_then(|()| fs::rename(&temporary, path)) {
            let _ = fs::remove_file(&temporary);
            return Err(error);
        }
        Ok(Self { path: path.to_owned(), content })
    }
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        if fs::read_to_string(&self.path).is_ok_and(|content| content == self.content) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Reads a ready file.
pub(crate) fn read(path: Option<&Path>) -> Result<Ready, Failure> {
    let path = path.map_or_else(default_path, Path::to_owned);
    let shown = path.display();
    let content = fs::read_to_string(&path).map_err(|error| {
        Failure::not_running(format!("no running emulator: {shown} can't be read ({error}); start one with `auth-emulator serve`, or pass its --ready-file"))
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
    fn a_file_is_atomic_private_and_removed_only_by_its_writer() {
        let dir = scratch("ready");
        let path = dir.join("ready.json");
        let first = ReadyFile::write(&path, "one").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\n");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let second = ReadyFile::write(&path, "two").unwrap();
        drop(first);
        assert_eq!(fs::read_to_string(&path).unwrap(), "two\n", "replaced, so not removed");
        drop(second);
        assert!(!path.exists());
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 0, "nothing is left beside it");
        fs::remove_dir(&dir).unwrap();
    }

    #[test]
    fn a_missing_directory_is_an_error() {
        let dir = scratch("nowhere");
        assert!(ReadyFile::write(&dir.join("no/such/ready.json"), "one").is_err());
        assert!(read(Some(&dir.join("none.json"))).is_err());
        fs::remove_dir(&dir).unwrap();
    }
}
