//! Tokens in the operating system's keyring: Keychain on macOS, Credential Manager on Windows, the Secret Service
//! elsewhere. Uses the crate `keyring`.
//!
//! A keyring has no lock that can be held during a renewal, so a lock file is used. Keyrings are per user, so the lock
//! file is in the user's home directory: with a lock per program or per working directory, two programs could renew
//! concurrently.

use crate::file::LOCK_TIMEOUT;
use crate::format;
use crate::lock::{self, Lock};
use crate::worker::{self, Workers};
use async_trait::async_trait;
use auth_core::secret::{ExposeSecret as _, SecretBox};
use auth_core::store::{LockError, LockedToken, StoreError, StoreKey, StoredToken, TokenStore};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Token store in the operating system's keyring.
///
/// Available with the feature `keyring`. The Windows Credential Manager accepts up to 2,560 bytes, which is
/// enough for the usual pair of tokens; saving a longer one fails before it is used.
///
/// ```no_run
/// use std::time::Duration;
/// use auth_token_store::KeyringStore;
///
/// let store = KeyringStore::new("my-program")?.lock_timeout(Duration::from_secs(20));
/// # Ok::<(), auth_core::store::StoreError>(())
/// ```
#[derive(Clone)]
pub struct KeyringStore {
    backend: Arc<dyn Backend>,
    locks: PathBuf,
    lock_timeout: Duration,
    workers: Workers,
}

/// Maximum number of concurrent reads, because a keyring can prompt the user for each.
const AT_ONCE: usize = 4;

impl KeyringStore {
    /// Creates a store whose entries have this service name, usually the program's name. Programs that share tokens
    /// must use the same service name.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the user has no home directory for the lock files.
    pub fn new(service: impl Into<String>) -> Result<Self, StoreError> {
        let home = std::env::home_dir()
            .filter(|home| !home.as_os_str().is_empty())
            .ok_or_else(|| StoreError::new("lock", "the user has no home directory for lock files"))?;
        let locks = home.join(".token-store").join("locks");
        Ok(Self {
            backend: Arc::new(SystemKeyring { service: service.into() }),
            locks,
            lock_timeout: LOCK_TIMEOUT,
            workers: Workers::new(AT_ONCE),
        })
    }

    /// Sets the time to wait for a lock that another process holds. Default: 60 seconds, which is longer than a
    /// renewal takes.
    #[must_use]
    pub fn lock_timeout(mut self, lock_timeout: Duration) -> Self {
        self.lock_timeout = lock_timeout;
        self
    }
}

impl fmt::Debug for KeyringStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyringStore")
            .field("backend", &self.backend)
            .field("locks", &self.locks)
            .finish_non_exhaustive()
    }
}

/// Blocking keyring operations for one credential.
trait Backend: Send + Sync + fmt::Debug {
    fn get(&self, user: &str) -> Result<Option<SecretBox<Vec<u8>>>, StoreError>;
    fn set(&self, user: &str, secret: &SecretBox<Vec<u8>>) -> Result<(), StoreError>;
    fn remove(&self, user: &str) -> Result<(), StoreError>;
}

/// The operating system's keyring.
#[derive(Debug)]
struct SystemKeyring {
    service: String,
}

impl SystemKeyring {
    fn entry(&self, action: &'static str, user: &str) -> Result<::keyring::Entry, StoreError> {
        ::keyring::Entry::new(&self.service, user).map_err(|error| failed(action, &error))
    }
}

impl Backend for SystemKeyring {
    fn get(&self, user: &str) -> Result<Option<SecretBox<Vec<u8>>>, StoreError> {
        match self.entry("read", user)?.get_secret() {
            Ok(secret) => Ok(Some(SecretBox::new(Box::new(secret)))),
            Err(::keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(failed("read", &error)),
        }
    }

    fn set(&self, user: &str, secret: &SecretBox<Vec<u8>>) -> Result<(), StoreError> {
        self.entry("write", user)?.set_secret(secret.expose_secret()).map_err(|error| failed("write", &error))
    }

    fn remove(&self, user: &str) -> Result<(), StoreError> {
        match self.entry("clear", user)?.delete_credential() {
            Ok(()) | Err(::keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(failed("clear", &error)),
        }
    }
}

/// Fixed messages, because some of the keyring's errors contain the secret that could not be decoded.
fn failed(action: &'static str, error: &::keyring::Error) -> StoreError {
    use ::keyring::Error;
    let reason = match error {
        Error::NoStorageAccess(_) => "the keyring is locked, or this program has no access to it",
        Error::NoDefaultStore => "no keyring is running on this machine",
        Error::TooLong(..) => "the token is too long for this keyring",
        Error::Ambiguous(_) => "the keyring has more than one entry for this credential",
        Error::BadEncoding(_) | Error::BadDataFormat(..) | Error::BadStoreFormat(_) => {
            "the keyring entry is damaged"
        }
        Error::NotSupportedByStore(_) | Error::Invalid(..) => "this keyring does not support such entries",
        _ => "the keyring failed",
    };
    StoreError::new(action, reason)
}

impl KeyringStore {
    async fn read(&self, workers: &Workers, key: &StoreKey) -> Result<Option<StoredToken>, StoreError> {
        let (backend, key) = (Arc::clone(&self.backend), key.clone());
        let read = move |_: &dyn Fn() -> bool| match backend.get(key.as_str())? {
            Some(text) => format::read(&key, "the keyring entry", text.expose_secret()).map(Some),
            None => Ok(None),
        };
        workers.run("read", read).await
    }
}

#[async_trait]
impl TokenStore for KeyringStore {
    async fn load(&self, key: &StoreKey) -> Result<Option<StoredToken>, StoreError> {
        self.read(&self.workers, key).await
    }

    async fn lock(&self, key: &StoreKey) -> Result<Box<dyn LockedToken>, LockError> {
        let path = self.locks.join(format!("{}.lock", format::name_of(key)));
        let lock_timeout = self.lock_timeout;
        let locking = move |is_wanted: &dyn Fn() -> bool| lock::acquire(&path, None, lock_timeout, is_wanted);
        let lock: Result<Lock, LockError> = Workers::new(1).run("lock", locking).await;
        Ok(Box::new(LockedEntry { store: self.clone(), key: key.clone(), lock: Arc::new(lock?) }))
    }
}

#[derive(Debug)]
struct LockedEntry {
    store: KeyringStore,
    key: StoreKey,
    /// Shared with the operation in progress, so that a canceled caller doesn't release the lock in the middle
    /// of it.
    lock: Arc<Lock>,
}

#[async_trait]
impl LockedToken for LockedEntry {
    async fn load(&mut self) -> Result<Option<StoredToken>, StoreError> {
        self.store.read(&Workers::new(1), &self.key).await
    }

    async fn save(&mut self, token: &StoredToken) -> Result<(), StoreError> {
        let text = format::write(&self.key, token)?;
        let (backend, key, lock) =
            (Arc::clone(&self.store.backend), self.key.clone(), Arc::clone(&self.lock));
        worker::write("write", move || {
            let result = backend.set(key.as_str(), &text);
            drop(lock);
            result
        })
        .await
    }

    async fn clear(&mut self) -> Result<(), StoreError> {
        let (backend, key, lock) =
            (Arc::clone(&self.store.backend), self.key.clone(), Arc::clone(&self.lock));
        worker::write("clear", move || {
            let result = backend.remove(key.as_str());
            drop(lock);
            result
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_core::secret::SecretString;
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    /// An in-memory keyring, because tests must not use the developer's own keyring.
    #[derive(Debug, Default)]
    struct MemoryBackend(Mutex<BTreeMap<String, Vec<u8>>>);

    impl Backend for MemoryBackend {
        fn get(&self, user: &str) -> Result<Option<SecretBox<Vec<u8>>>, StoreError> {
            Ok(self.0.lock().unwrap().get(user).cloned().map(|secret| SecretBox::new(Box::new(secret))))
        }

        fn set(&self, user: &str, secret: &SecretBox<Vec<u8>>) -> Result<(), StoreError> {
            self.0.lock().unwrap().insert(user.to_owned(), secret.expose_secret().clone());
            Ok(())
        }

        fn remove(&self, user: &str) -> Result<(), StoreError> {
            self.0.lock().unwrap().remove(user);
            Ok(())
        }
    }

    #[tokio::test]
    async fn it_keeps_locks_and_forgets() {
        let locks = std::env::temp_dir().join(format!("token-store-keyring-{}", std::process::id()));
        let memory = Arc::new(MemoryBackend::default());
        let store = KeyringStore {
            backend: memory.clone(),
            locks: locks.clone(),
            lock_timeout: Duration::ZERO,
            workers: Workers::new(AT_ONCE),
        };
        let key = StoreKey::new("p", "o", "a");
        assert!(store.load(&key).await.unwrap().is_none());

        let mut locked = store.lock(&key).await.unwrap();
        assert!(matches!(store.lock(&key).await, Err(LockError::Held)));
        locked.save(&StoredToken::new(3, SecretString::from("canary"))).await.unwrap();
        assert_eq!(locked.load().await.unwrap().unwrap().generation, 3);
        drop(locked);
        let kept = store.load(&key).await.unwrap().unwrap();
        assert_eq!(kept.access.expose_secret(), "canary");

        memory.0.lock().unwrap().insert(key.as_str().to_owned(), b"half of a canary".to_vec());
        let error = store.load(&key).await.unwrap_err().to_string();
        assert!(error.contains("damaged") && !error.contains("canary"), "{error}");

        let mut locked = store.lock(&key).await.unwrap();
        locked.clear().await.unwrap();
        assert!(locked.load().await.unwrap().is_none());
        drop(locked);
        std::fs::remove_dir_all(locks).unwrap();
    }

    /// A keyring whose prompt is never confirmed.
    #[derive(Debug)]
    struct Asking(Mutex<std::sync::mpsc::Receiver<()>>);

    impl Backend for Asking {
        fn get(&self, _: &str) -> Result<Option<SecretBox<Vec<u8>>>, StoreError> {
            let _ = self.0.lock().unwrap().recv();
            Ok(None)
        }

        fn set(&self, _: &str, _: &SecretBox<Vec<u8>>) -> Result<(), StoreError> {
            Ok(())
        }

        fn remove(&self, _: &str) -> Result<(), StoreError> {
            Ok(())
        }
    }

    #[test]
    fn a_program_ends_while_the_keyring_asks() {
        let (_user, answers) = std::sync::mpsc::channel();
        let store = KeyringStore {
            backend: Arc::new(Asking(Mutex::new(answers))),
            locks: PathBuf::new(),
            lock_timeout: Duration::ZERO,
            workers: Workers::new(AT_ONCE),
        };
        let (ended, end) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async {
                let key = StoreKey::new("p", "o", "a");
                tokio::time::timeout(Duration::from_millis(1), store.load(&key)).await.unwrap_err();
            });
            drop(runtime);
            ended.send(()).unwrap();
        });
        end.recv_timeout(Duration::from_secs(20)).expect("the runtime shuts down");
    }

    #[test]
    fn errors_of_the_keyring_show_no_secret() {
        let secret = b"canary".to_vec();
        for error in [
            ::keyring::Error::BadEncoding(secret.clone()),
            ::keyring::Error::BadDataFormat(secret, "canary".into()),
            ::keyring::Error::Invalid("canary".to_owned(), "canary".to_owned()),
            ::keyring::Error::PlatformFailure("canary".into()),
        ] {
            let shown = failed("read", &error);
            assert!(!format!("{shown} {shown:?}").contains("canary"), "{shown}");
        }
    }
}
