//! Token files, which are replaced atomically, readable only by their owner, and locked during renewals.

use crate::format;
use crate::lock::{self, Lock, folder_or_here};
use crate::worker::{self, Workers};
use async_trait::async_trait;
use auth_core::secret::{ExposeSecret as _, SecretBox};
use auth_core::store::{LockError, LockedToken, StoreError, StoreKey, StoredToken, TokenStore};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Maximum size of a token file, in bytes; larger than any token.
const MAX_FILE_SIZE: u64 = 1 << 20;

/// Default timeout for acquiring a lock.
pub(crate) const LOCK_TIMEOUT: Duration = Duration::from_secs(60);

/// File-based token store.
///
/// A token is written to a new file, flushed to disk and renamed over the old one, so that a crash leaves either the
/// old or the new file complete. Files have mode 0600. A file that its group or other users can read is rejected,
/// because the token may have leaked. On Windows, the permissions of the directory apply.
///
/// Locking, reading and writing are blocking operations. They run on dedicated threads, so that a program can end while
/// it waits for a lock. A leading `~` in a path is the user's home directory.
///
/// ```
/// use std::time::Duration;
/// use auth_token_store::FileStore;
///
/// let store = FileStore::in_folder("/home/anna/.local/state/my-program/tokens").lock_timeout(Duration::from_secs(20));
/// # let _ = store;
/// ```
#[derive(Clone, Debug)]
pub struct FileStore {
    place: Place,
    lock_timeout: Duration,
    workers: Workers,
}

/// Maximum number of concurrent operations of one store, not counting those of lock holders.
const AT_ONCE: usize = 64;

#[derive(Clone, Debug)]
enum Place {
    Folder(PathBuf),
    File(PathBuf),
}

/// The files of one credential.
#[derive(Clone, Debug)]
struct Paths {
    token: PathBuf,
    lock: PathBuf,
}

impl FileStore {
    /// Creates a store with one file per credential in this directory, named by a hash of the credential. The
    /// directory is created with mode 0700 when it is first needed.
    ///
    /// ```
    /// # use auth_token_store::FileStore;
    /// # let folder = std::env::temp_dir().join(format!("token-store-in-folder-{}", std::process::id()));
    /// let store = FileStore::in_folder(&folder);
    /// assert!(!folder.exists(), "nothing has been locked or saved yet");
    /// ```
    #[must_use]
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self::new(Place::Folder(expand(folder.into())))
    }

    /// Creates a store for one credential in this file; other credentials are rejected. The lock file has the same name
    /// with `.lock` appended.
    ///
    /// ```
    /// use auth_token_store::FileStore;
    ///
    /// let store = FileStore::at("/home/anna/.config/my-program/token.json");
    /// # let _ = store;
    /// ```
    #[must_use]
    pub fn at(file: impl Into<PathBuf>) -> Self {
        Self::new(Place::File(expand(file.into())))
    }

    fn new(place: Place) -> Self {
        Self { place, lock_timeout: LOCK_TIMEOUT, workers: Workers::new(AT_ONCE) }
    }

    /// Sets the time to wait for a lock that another process holds. Default: 60 seconds, which is longer than a
    /// renewal takes.
    ///
    /// ```
    /// use auth_core::store::{LockError, StoreKey, TokenStore};
    /// use std::time::Duration;
    /// use auth_token_store::FileStore;
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// # let folder = std::env::temp_dir().join(format!("token-store-lock_timeout-{}", std::process::id()));
    /// # let key = StoreKey::new("virtuous", "https://api.example.com", "user@example.com");
    /// let store = FileStore::in_folder(&folder).lock_timeout(Duration::from_millis(10));
    /// let first = store.lock(&key).await?;
    /// assert!(matches!(store.lock(&key).await, Err(LockError::Held)));
    /// # drop(first);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn lock_timeout(mut self, lock_timeout: Duration) -> Self {
        self.lock_timeout = lock_timeout;
        self
    }

    fn paths(&self, action: &'static str, key: &StoreKey) -> Result<Paths, StoreError> {
        let (Place::Folder(place) | Place::File(place)) = &self.place;
        if let Some(reason) = mistake(place) {
            return Err(StoreError::new(action, format!("{:?} {reason}", place.display().to_string())));
        }
        Ok(match &self.place {
            Place::Folder(folder) => {
                let name = format::name_of(key);
                Paths {
                    token: folder.join(format!("{name}.json")),
                    lock: folder.join(format!("{name}.lock")),
                }
            }
            Place::File(file) => {
                // Resolve links, so that two names of one file share a lock.
                let token = fs::canonicalize(file).unwrap_or_else(|_| file.clone());
                let mut lock = token.clone().into_os_string();
                lock.push(".lock");
                Paths { token, lock: lock.into() }
            }
        })
    }
}

/// Returns what is wrong with a path that only another program would read as it was meant: a folder of that name would be
/// created.
fn mistake(path: &Path) -> Option<String> {
    let text = path.to_string_lossy();
    if text.chars().any(char::is_control) {
        return Some("contains a line break or another control character".to_owned());
    }
    if text.starts_with(['"', '\'', '`', '\u{201c}', '\u{201e}', '\u{2018}', '\u{ab}']) {
        return Some("begins with a quotation mark: write the path without".to_owned());
    }
    if text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:")) {
        return Some("is a URL: write the path in it".to_owned());
    }
    if text.starts_with('~') {
        return Some(
            "begins with `~`, which only a shell can expand: write the whole path, or `./~`".to_owned(),
        );
    }
    // A folder may have another name that begins with one of these signs.
    let variable = path.components().find_map(|name| match name.as_os_str().as_encoded_bytes() {
        [b'$', b'{' | b'(' | b'A'..=b'Z', ..] => Some("$NAME"),
        [b'%', rest @ ..] if rest.contains(&b'%') => Some("%NAME%"),
        _ => None,
    })?;
    Some(format!("contains a variable (`{variable}`), which only a shell can expand: write its value"))
}

/// Replaces a leading `~` with the user's home directory.
fn expand(path: PathBuf) -> PathBuf {
    match (path.strip_prefix("~"), std::env::home_dir()) {
        (Ok(rest), Some(home)) if !home.as_os_str().is_empty() => home.join(rest),
        _ => path,
    }
}

#[async_trait]
impl TokenStore for FileStore {
    async fn load(&self, key: &StoreKey) -> Result<Option<StoredToken>, StoreError> {
        let (store, key) = (self.clone(), key.clone());
        self.workers.run("read", move |_| read(&store.paths("read", &key)?.token, &key)).await
    }

    async fn lock(&self, key: &StoreKey) -> Result<Box<dyn LockedToken>, LockError> {
        let (store, key) = (self.clone(), key.clone());
        let locking = move |is_wanted: &dyn Fn() -> bool| {
            let paths = store.paths("lock", &key)?;
            let lock = lock::acquire(&paths.lock, Some(&paths.token), store.lock_timeout, is_wanted)?;
            hold_place(&paths.token, &lock)?;
            let held = Held { lock, token: paths.token };
            Ok(LockedFile { key, held: Arc::new(held) })
        };
        let locked: Result<_, LockError> = self.workers.run("lock", locking).await;
        locked.map(|locked| Box::new(locked) as Box<dyn LockedToken>)
    }
}

#[derive(Debug)]
struct LockedFile {
    key: StoreKey,
    /// Shared with the operation in progress, so that a canceled caller doesn't release the lock in the middle
    /// of it.
    held: Arc<Held>,
}

/// A lock, and the file that it protects.
#[derive(Debug)]
struct Held {
    lock: Lock,
    token: PathBuf,
}

/// Removes the empty file of a lock under which no token was saved, before the lock is released.
impl Drop for Held {
    fn drop(&mut self) {
        if cfg!(unix) && is_empty_file(&self.token) {
            let _ = fs::remove_file(&self.token);
        }
    }
}

#[async_trait]
impl LockedToken for LockedFile {
    async fn load(&mut self) -> Result<Option<StoredToken>, StoreError> {
        let (key, held) = (self.key.clone(), Arc::clone(&self.held));
        // The holder of a lock must not wait behind operations that wait for the lock.
        Workers::new(1).run("read", move |_| read(&held.token, &key)).await
    }

    async fn save(&mut self, token: &StoredToken) -> Result<(), StoreError> {
        let text = format::write(&self.key, token)?;
        let held = Arc::clone(&self.held);
        worker::write("write", move || {
            replace(&held.token, &text, &held.lock)
                .map_err(|error| not_replaced("write", &held.token, &error))
        })
        .await
    }

    async fn clear(&mut self) -> Result<(), StoreError> {
        let held = Arc::clone(&self.held);
        worker::write("clear", move || {
            let path = &held.token;
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("clear", path, &error)),
                _ => sync_folder(path).map_err(|error| failed("clear", path, &error)),
            }
        })
        .await
    }
}

/// Writes an empty token file if there is no token. This detects a file that can't be written before a token is requested,
/// and its lock remains if a user removes the lock file.
fn hold_place(path: &Path, lock: &Lock) -> Result<(), StoreError> {
    let is_missing = || matches!(fs::metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound);
    if !cfg!(unix) || !(is_empty_file(path) || is_missing()) {
        return Ok(());
    }
    let nothing = SecretBox::new(Box::default());
    replace(path, &nothing, lock).map_err(|error| not_replaced("lock", path, &error))
}

fn is_empty_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() == 0)
}

fn not_replaced(action: &'static str, path: &Path, error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::ResourceBusy => {
            let reason = "can't be replaced: it is a mount point, so mount its folder instead";
            StoreError::new(action, format!("{} {reason}", path.display()))
        }
        _ => failed(action, path, error),
    }
}

fn failed(action: &'static str, path: &Path, error: &io::Error) -> StoreError {
    StoreError::new(action, format!("{}: {}", path.display(), error.kind()))
}

fn read(path: &Path, key: &StoreKey) -> Result<Option<StoredToken>, StoreError> {
    let refuse = |reason: &str| Err(StoreError::new("read", format!("{} {reason}", path.display())));
    // Checked before opening, because opening a pipe blocks until it has a writer.
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return refuse("is not a file");
    }
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read", path, &error)),
    };
    // Metadata of the open file, so that the checked file is the one that is read.
    let metadata = file.metadata().map_err(|error| failed("read", path, &error))?;
    if !metadata.is_file() {
        return refuse("is not a file");
    }
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return refuse(&format!(
                "is readable by other users (mode {mode:04o}), who may know the token: set its mode to 0600, and log in \
                 again if they should not"
            ));
        }
    }
    if metadata.len() == 0 {
        return Ok(None);
    }
    if metadata.len() > MAX_FILE_SIZE {
        return refuse("is too large to be a token file");
    }
    // Allocate the full size: a growing buffer leaves copies in memory that are not erased.
    let room = usize::try_from(metadata.len()).unwrap_or_default().saturating_add(1);
    let mut text = Vec::with_capacity(room);
    let result = file.take(MAX_FILE_SIZE).read_to_end(&mut text);
    let text = SecretBox::new(Box::new(text));
    result.map_err(|error| failed("read", path, &error))?;
    format::read(key, &path.display().to_string(), text.expose_secret()).map(Some)
}

/// Writes a new file and renames it over the old one.
fn replace(path: &Path, text: &SecretBox<Vec<u8>>, lock: &Lock) -> io::Result<()> {
    // Distinguishes the name from that of a process with the same id on another machine that shares this
    // directory.
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let prefix = format!(".{name}.");
    sweep(path, &prefix);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let beside = path.with_file_name(format!("{prefix}{}-{count}.tmp", std::process::id()));
    let written = write_whole(&beside, text).and_then(|file| {
        // The old file remains locked until the new one, which is locked as well, has replaced it.
        let old = lock.cover(file);
        let renamed = fs::rename(&beside, path);
        if renamed.is_err() {
            lock.restore(old);
        }
        renamed
    });
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written?;
    sync_folder(path)
}

/// Removes temporary files of processes that were killed while writing. The lock is held, so no other process is
/// writing.
fn sweep(path: &Path, prefix: &str) {
    let Some(entries) = path.parent().and_then(|folder| fs::read_dir(folder_or_here(folder)).ok()) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(prefix) && name.ends_with(".tmp") {
            // A file that can't be removed is harmless.
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn write_whole(path: &Path, text: &SecretBox<Vec<u8>>) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.expose_secret())?;
    file.sync_all()?;
    Ok(file)
}

/// Makes sure that a directory entry survives a power failure.
fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        File::open(folder_or_here(folder))?.sync_all()?;
    }
    let _ = path;
    Ok(())
}
