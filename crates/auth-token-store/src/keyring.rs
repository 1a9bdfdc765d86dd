//! Tokens in the operating system's keyring: Keychain on macOS, Credential Manager on Windows, the Secret Service
//! elsewhere, by way of the crate `keyring`.
//!
//! A keyring has no lock that could be held over a renewal, so a lock file does it. It stands in the user's home folder,
//! because its reach must be that of the keyring, which is the user's: a lock per program or per working folder would
//! let two of them renew at once.

use crate::file::{PATIENCE, blocking};
use crate::format;
use crate::lock::{self, Lock};
use async_trait::async_trait;
use auth_core::secret::{ExposeSecret as _, SecretBox};
use auth_core::store::{LockError, LockedToken, StoreError, StoreKey, StoredToken, TokenStore};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Keeps tokens in the operating system's keyring.
///
/// Available with the feature `keyring`. The Credential Manager of Windows takes 2,560 bytes at most, which is enough for
/// the usual pair of tokens; a longer one fails to be saved, before it is used.
///
/// ```no_run
/// use std::time::Duration;
/// use auth_token_store::KeyringStore;
///
/// let store = KeyringStore::new("my-program")?.patience(Duration::from_secs(20));
/// # Ok::<(), auth_core::store::StoreError>(())
/// ```
#[derive(Clone)]
pub struct KeyringStore {
    safe: Arc<dyn Safe>,
    locks: PathBuf,
    patience: Duration,
}

impl KeyringStore {
    /// A store whose entries carry this name of a service, usually that of the program. Programs that share tokens must
    /// use the same name.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the user has no home folder to keep the locks in.
    pub fn new(service: impl Into<String>) -> Result<Self, StoreError> {
        let home = std::env::home_dir()
            .filter(|home| !home.as_os_str().is_empty())
            .ok_or_else(|| StoreError::new("lock", "this user has no home folder to keep lock files in"))?;
        let locks = home.join(".token-store").join("locks");
        Ok(Self { safe: Arc::new(Os { service: service.into() }), locks, patience: PATIENCE })
    }

    /// How long to wait for somebody else's lock before it counts as held. Default 60 s, which is longer than a renewal
    /// takes.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

impl fmt::Debug for KeyringStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyringStore")
            .field("safe", &self.safe)
            .field("locks", &self.locks)
            .finish_non_exhaustive()
    }
}

/// What a keyring can do; blocking, one credential at a time.
trait Safe: Send + Sync + fmt::Debug {
    fn get(&self, user: &str) -> Result<Option<SecretBox<Vec<u8>>>, StoreError>;
    fn set(&self, user: &str, secret: &SecretBox<Vec<u8>>) -> Result<(), StoreError>;
    fn remove(&self, user: &str) -> Result<(), StoreError>;
}

/// The keyring of this machine.
#[derive(Debug)]
struct Os {
    service: String,
}

impl Os {
    fn entry(&self, action: &'static str, user: &str) -> Result<::keyring::Entry, StoreError> {
        ::keyring::Entry::new(&self.service, user).map_err(|error| failed(action, &error))
    }
}

impl Safe for Os {
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

/// In words of ours: some of the keyring's errors carry the secret that they could not read.
fn failed(action: &'static str, error: &::keyring::Error) -> StoreError {
    use ::keyring::Error;
    let reason = match error {
        Error::NoStorageAccess(_) => "the keyring is locked, or this program may not use it",
        Error::NoDefaultStore => "this machine has no keyring that is running",
        Error::TooLong(..) => "the token is longer than this keyring allows",
        Error::Ambiguous(_) => "the keyring has more than one entry for this credential",
        Error::BadEncoding(_) | Error::BadDataFormat(..) | Error::BadStoreFormat(_) => {
            "what the keyring holds is damaged"
        }
        Error::NotSupportedByStore(_) | Error::Invalid(..) => "this keyring does not take such entries",
        _ => "the keyring failed",
    };
    StoreError::new(action, reason)
}

impl KeyringStore {
    async fn run<T: Send + 'static>(
        &self,
        action: &'static str,
        work: impl FnOnce(&dyn Safe) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let safe = Arc::clone(&self.safe);
        blocking(action, move || work(&*safe)).await
    }

    async fn read(&self, key: &StoreKey) -> Result<Option<StoredToken>, StoreError> {
        let key = key.clone();
        self.run("read", move |safe| match safe.get(key.as_str())? {
            Some(text) => format::read(&key, "the keyring's entry", text.expose_secret()).map(Some),
            None => Ok(None),
        })
        .await
    }
}

#[async_trait]
impl TokenStore for KeyringStore {
    async fn load(&self, key: &StoreKey) -> Result<Option<StoredToken>, StoreError> {
        self.read(key).await
    }

    async fn lock(&self, key: &StoreKey) -> Result<Box<dyn LockedToken>, LockError> {
        let path = self.locks.join(format!("{}.lock", format::name_of(key)));
        let patience = self.patience;
        match tokio::task::spawn_blocking(move || lock::acquire(&path, patience)).await {
            Ok(lock) => {
                Ok(Box::new(LockedEntry { store: self.clone(), key: key.clone(), lock: Arc::new(lock?) }))
            }
            Err(_) => Err(LockError::Unavailable(StoreError::new("lock", "the program is being shut down"))),
        }
    }
}

#[derive(Debug)]
struct LockedEntry {
    store: KeyringStore,
    key: StoreKey,
    /// Shared with the work that is under way, so that a caller who goes away doesn't unlock in the middle of it.
    lock: Arc<Lock>,
}

#[async_trait]
impl LockedToken for LockedEntry {
    async fn load(&mut self) -> Result<Option<StoredToken>, StoreError> {
        self.store.read(&self.key).await
    }

    async fn save(&mut self, token: &StoredToken) -> Result<(), StoreError> {
        let text = format::write(&self.key, token)?;
        let (key, lock) = (self.key.clone(), Arc::clone(&self.lock));
        self.store
            .run("write", move |safe| {
                let result = safe.set(key.as_str(), &text);
                drop(lock);
                result
            })
            .await
    }

    async fn clear(&mut self) -> Result<(), StoreError> {
        let (key, lock) = (self.key.clone(), Arc::clone(&self.lock));
        self.store
            .run("clear", move |safe| {
                let result = safe.remove(key.as_str());
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

    /// A keyring in memory: tests must not touch that of the person who runs them.
    #[derive(Debug, Default)]
    struct Drawer(Mutex<BTreeMap<String, Vec<u8>>>);

    impl Safe for Drawer {
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
        let drawer = Arc::new(Drawer::default());
        let store = KeyringStore { safe: drawer.clone(), locks: locks.clone(), patience: Duration::ZERO };
        let key = StoreKey::new("p", "o", "a");
        assert!(store.load(&key).await.unwrap().is_none());

        let mut locked = store.lock(&key).await.unwrap();
        assert!(matches!(store.lock(&key).await, Err(LockError::Held)));
        locked.save(&StoredToken::new(3, SecretString::from("canary"))).await.unwrap();
        assert_eq!(locked.load().await.unwrap().unwrap().generation, 3);
        drop(locked);
        let kept = store.load(&key).await.unwrap().unwrap();
        assert_eq!(kept.access.expose_secret(), "canary");

        drawer.0.lock().unwrap().insert(key.as_str().to_owned(), b"half of a canary".to_vec());
        let error = store.load(&key).await.unwrap_err().to_string();
        assert!(error.contains("damaged") && !error.contains("canary"), "{error}");

        let mut locked = store.lock(&key).await.unwrap();
        locked.clear().await.unwrap();
        assert!(locked.load().await.unwrap().is_none());
        drop(locked);
        std::fs::remove_dir_all(locks).unwrap();
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
