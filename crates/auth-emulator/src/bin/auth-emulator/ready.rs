//! The ready file: the ready line in a file, so that a second terminal finds the emulator of the first.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::Failure;

/// What `env` and `health` read of it.
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

/// Where the file is when nobody says.
pub(crate) fn default_path() -> PathBuf {
    std::env::temp_dir().join("auth-emulator.json")
}

/// A written ready file. Removed when dropped, unless another emulator has put its own in its place.
#[derive(Debug)]
pub(crate) struct ReadyFile {
    path: PathBuf,
    content: String,
}

impl ReadyFile {
    /// Writes `line` to `path`, whole or not at all. The file holds the control token, so that only its owner may read it.
    pub(crate) fn write(path: &Path, line: &str) -> io::Result<Self> {
        let content = format!("{line}\n");
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
        let beside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
        // A file of that name is a leftover of a process that is gone, or a trap; `create_new` follows neither.
        let _ = fs::remove_file(&beside);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options.open(&beside).and_then(|mut file| file.write_all(content.as_bytes()));
        if let Err(error) = written.and_then(|()| fs::rename(&beside, path)) {
            let _ = fs::remove_file(&beside);
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
        Failure::not_running(format!("no emulator seems to run: {shown} can't be read ({error}). Start one with `auth-emulator serve`, or name its ready file with --ready-file"))
    })?;
    serde_json::from_str(&content)
        .map_err(|error| Failure::not_running(format!("{shown} is no ready file ({error})")))
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
    fn a_file_is_whole_private_and_removed_by_its_writer_only() {
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
        assert_eq!(fs::read_to_string(&path).unwrap(), "two\n", "not the first one's to remove");
        drop(second);
        assert!(!path.exists());
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 0, "nothing is left beside it");
        fs::remove_dir(&dir).unwrap();
    }

    #[test]
    fn a_place_that_is_not_there_is_an_error() {
        let dir = scratch("nowhere");
        assert!(ReadyFile::write(&dir.join("no/such/ready.json"), "one").is_err());
        assert!(read(Some(&dir.join("none.json"))).is_err());
        fs::remove_dir(&dir).unwrap();
    }
}
