//! A lock across processes: a file that nobody reads, and the operating system's advisory lock on it.
//!
//! The lock goes away with its process, however that ends. The file stays: whoever removed it could remove it from
//! under somebody who has just locked it, and two would hold "the" lock.

use auth_core::store::{LockError, StoreError};
use fs4::{FileExt, TryLockError};
use std::fs::{self, File, OpenOptions};
use std::path::Path;
use std::time::Duration;

/// How often somebody who waits looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A held lock; dropping it lets go.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// Takes the lock, waiting for it as long as `patience`. Blocks its thread.
///
/// There is no way to be told when a lock is let go that could also be given up after a time, so it is asked for again
/// and again.
pub(crate) fn acquire(path: &Path, patience: Duration) -> Result<Lock, LockError> {
    let unavailable = |error: &std::io::Error| {
        LockError::Unavailable(StoreError::new("lock", format!("{}: {}", path.display(), error.kind())))
    };
    if let Some(folder) = path.parent() {
        make_folder(folder).map_err(|error| unavailable(&error))?;
    }
    let file = open(path).map_err(|error| unavailable(&error))?;
    let mut left = patience;
    loop {
        // By its full name: the standard library has a method of this name since Rust 1.89.
        match FileExt::try_lock(&file) {
            Ok(()) => return Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) if left.is_zero() => return Err(LockError::Held),
            Err(TryLockError::WouldBlock) => {
                let nap = LOOK_AGAIN.min(left);
                left -= nap;
                std::thread::sleep(nap);
            }
            Err(TryLockError::Error(error)) => return Err(unavailable(&error)),
        }
    }
}

/// Makes the folder, and those above it, for this user alone; one that is there stays as it is.
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
