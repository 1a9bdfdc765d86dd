//! A lock across processes: an empty file with the operating system's advisory lock.
//!
//! The operating system releases the lock when its process ends. The lock file is never removed, because another
//! process could have just locked it, and two processes would then hold the lock. If a user deletes it, the lock
//! remains effective: within the process because of a list of held locks, for other processes because the token file is
//! locked too.

use auth_core::store::{LockError, StoreError};
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Interval between attempts to acquire the lock.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The locks that this process holds.
static HELD: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A held lock; dropping it releases it.
#[derive(Debug)]
pub(crate) struct Lock {
    /// The token file, which is locked too. Fields are dropped in this order, so that the lock file is released last.
    token: Mutex<Option<File>>,
    _listed: Listed,
    _file: File,
}

/// An entry in [`HELD`].
#[derive(Debug)]
struct Listed(PathBuf);

impl Listed {
    fn new(path: PathBuf) -> Option<Self> {
        // Not eagerly: dropping an entry removes it from the list.
        let is_new = held().insert(path.clone());
        is_new.then(|| Self(path))
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        held().remove(&self.0);
    }
}

impl Lock {
    /// Locks the file that is about to replace the token file, and returns the one before it, still locked.
    pub(crate) fn cover(&self, file: File) -> Option<File> {
        let locked = cfg!(unix) && matches!(try_lock(&file), Ok(true));
        std::mem::replace(&mut *self.token(), locked.then_some(file))
    }

    /// Restores the previous file.
    pub(crate) fn restore(&self, file: Option<File>) {
        *self.token() = file;
    }

    fn token(&self) -> MutexGuard<'_, Option<File>> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Acquires the lock, waiting up to `timeout` while `is_wanted` returns `true`. `token` is the protected file, if any.
/// Blocks the thread.
///
/// Blocking lock calls have no timeout, so the lock is polled.
pub(crate) fn acquire(
    path: &Path,
    token: Option<&Path>,
    timeout: Duration,
    is_wanted: &dyn Fn() -> bool,
) -> Result<Lock, LockError> {
    let unavailable = |error: io::Error| {
        let reason = format!("{}: {}", path.display(), error.kind());
        LockError::Unavailable(StoreError::new("lock", reason))
    };
    if let Some(folder) = path.parent() {
        make_folder(folder).map_err(unavailable)?;
    }
    let mut left = timeout;
    loop {
        if let Some(lock) = attempt(path, token).map_err(unavailable)? {
            return Ok(lock);
        }
        if left.is_zero() || !is_wanted() {
            return Err(LockError::Held);
        }
        let nap = POLL_INTERVAL.min(left);
        left -= nap;
        std::thread::sleep(nap);
    }
}

/// Returns `None` if there is another holder.
fn attempt(path: &Path, token: Option<&Path>) -> io::Result<Option<Lock>> {
    let file = open(path)?;
    if !try_lock(&file)? || !is_at(&file, path) {
        return Ok(None);
    }
    let name = match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => fs::canonicalize(folder_or_here(folder))?.join(name),
        _ => path.to_owned(),
    };
    let Some(listed) = Listed::new(name) else { return Ok(None) };
    let token = match token.filter(|_| cfg!(unix)).map(|token| (token, open_token(token))) {
        Some((token, Some(file))) => {
            // An error is reported when the token is read.
            if matches!(try_lock(&file), Ok(false)) || !is_at(&file, token) {
                return Ok(None);
            }
            Some(file)
        }
        _ => None,
    };
    Ok(Some(Lock { token: Mutex::new(token), _listed: listed, _file: file }))
}

/// Opens a token file, if there is one. Other file types are skipped, because opening a pipe may never return.
fn open_token(token: &Path) -> Option<File> {
    fs::metadata(token).ok().filter(fs::Metadata::is_file)?;
    File::open(token).ok()
}

fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Returns whether `path` still refers to this file.
fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let (Ok(open), Ok(there)) = (file.metadata(), fs::metadata(path)) else { return false };
        (open.dev(), open.ino()) == (there.dev(), there.ino())
    }
    #[cfg(not(unix))]
    {
        let _ = (file, path);
        true
    }
}

fn held() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Creates the directory and its parents for this user only; an existing one is unchanged.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Returns the directory of a path; the current directory for a bare file name.
pub(crate) fn folder_or_here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
