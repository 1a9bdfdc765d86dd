//! A lock across processes: an empty file with the operating system's advisory lock.
//!
//! The operating system releases the lock when its process ends. The file stays: removing it could remove it
//! while another process has just locked it, and then two processes would hold the lock.

use auth_core::store::{LockError, StoreError};
use fs4::{FileExt, TryLockError};
use std::fs::{self, File, OpenOptions};
use std::path::Path;
use std::time::Duration;

/// Interval between attempts to acquire the lock.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A held lock; dropping it releases it.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// Acquires the lock, waiting up to `timeout`. Blocks the thread.
///
/// Blocking lock calls have no timeout, so the lock is polled.
pub(crate) fn acquire(path: &Path, timeout: Duration) -> Result<Lock, LockError> {
    let unavailable = |error: &std::io::Error| {
        LockError::Unavailable(StoreError::new("lock", format!("{}: {}", path.display(), error.kind())))
    };
    if let Some(folder) = path.parent() {
        make_folder(folder).map_err(|error| unavailable(&error))?;
    }
    let file = open(path).map_err(|error| unavailable(&error))?;
    let mut left = timeout;
    loop {
        // Fully qualified: the standard library has a method of this name since Rust 1.89.
        match FileExt::try_lock(&file) {
            Ok(()) => return Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) if left.is_zero() => return Err(LockError::Held),
            Err(TryLockError::WouldBlock) => {
                let nap = POLL_INTERVAL.min(left);
                left -= nap;
                std::thread::sleep(nap);
            }
            Err(TryLockError::Error(error)) => return Err(unavailable(&error)),
        }
    }
}

/// Creates the directory and its parents for this user only; an existing one is unchanged.
pub(crate) fn make_folder(folder: &Path) -> std::io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn open(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
