//! Token storage between runs.
//!
//! The loss of a rotated refresh token requires a new login, so saving it is part of the renewal: lock, reload, compare
//! the generation, begin, renew, save, release. The lock is part of the store, because it must cover all users of the
//! store: other tasks, processes or machines. There is one lock per credential, so that two configurations with the same
//! login share it.
//!
//! A lock that ends with its process, such as that of a file, can't be lost while it is held. A lock in a database is a
//! lease: it ends after some time, even if its holder is only slow. No lease protects the token endpoint, so a refresh
//! token is protected by two more rules: [`begin`](LockedToken::begin) marks it durably before it is sent, and
//! [`save`](LockedToken::save) accepts the response to it even if the lease has ended.
//!
//! [`MemoryStore`] is defined here; stores for files, the operating system's keyring and databases are in other crates.

mod memory;

pub use memory::MemoryStore;

use crate::secret::SecretString;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

/// Attribute of a token whose refresh token may have been sent.
const REFRESHING: &str = "refreshing";

/// Key of a stored token: provider, origin and account. It contains no secret.
///
/// ```
/// use auth_core::store::StoreKey;
///
/// let key = StoreKey::new("virtuous", "https://api.example.com", "user@example.com");
/// assert_eq!(key.as_str(), "virtuous https://api.example.com user@example.com");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreKey(String);

impl StoreKey {
    /// Creates a key from its three parts.
    #[must_use]
    pub fn new(provider: &str, origin: &str, account: &str) -> Self {
        Self(format!("{provider} {origin} {account}"))
    }

    /// Returns the key as a string, which stores can use as a name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A stored token.
///
/// ```
/// use auth_core::secret::SecretString;
/// use auth_core::store::StoredToken;
///
/// let mut token = StoredToken::new(1, SecretString::from("access"));
/// token.refresh = Some(SecretString::from("refresh"));
/// assert!(!format!("{token:?}").contains("access\""), "tokens are redacted");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoredToken {
    /// Number of renewals of this credential across all processes. Each renewal increments it.
    pub generation: u64,
    /// Access token.
    pub access: SecretString,
    /// Refresh token, if there is one.
    pub refresh: Option<SecretString>,
    /// Expiry of the access token, if known.
    pub expires_at: Option<SystemTime>,
    /// Additional provider-specific values, none of them secret.
    pub attributes: BTreeMap<String, String>,
}

impl StoredToken {
    /// Creates a token without refresh token, expiry or attributes.
    #[must_use]
    pub fn new(generation: u64, access: SecretString) -> Self {
        Self { generation, access, refresh: None, expires_at: None, attributes: BTreeMap::new() }
    }

    /// Returns whether the token is marked: its refresh token may have been sent, and the response is not known. See
    /// [`LockedToken::begin`].
    #[must_use]
    pub fn is_refreshing(&self) -> bool {
        self.attributes.contains_key(REFRESHING)
    }

    /// Sets or removes the mark, which is the attribute `refreshing`.
    ///
    /// ```
    /// # use auth_core::{secret::SecretString, store::StoredToken};
    /// let mut token = StoredToken::new(1, SecretString::from("access"));
    /// token.set_refreshing(true);
    /// assert!(token.is_refreshing());
    /// ```
    pub fn set_refreshing(&mut self, refreshing: bool) {
        if refreshing {
            self.attributes.insert(REFRESHING.to_owned(), "true".to_owned());
        } else {
            self.attributes.remove(REFRESHING);
        }
    }
}

/// A token store.
///
/// See [`MemoryStore`] for an example of its use. Implement the trait for your own storage, such as a database
/// row: the lock must cover every process that uses the token.
///
/// ```
/// use auth_core::store::{LockError, LockedToken, MemoryStore, StoreError, StoreKey, StoredToken, TokenStore};
///
/// /// A store that logs reads.
/// #[derive(Debug)]
/// struct Logged(MemoryStore);
///
/// #[async_trait::async_trait]
/// impl TokenStore for Logged {
///     async fn load(&self, key: &StoreKey) -> Result<Option<StoredToken>, StoreError> {
///         println!("reading the token of {}", key.as_str());
///         self.0.load(key).await
///     }
///     async fn lock(&self, key: &StoreKey) -> Result<Box<dyn LockedToken>, LockError> {
///         self.0.lock(key).await
///     }
/// }
/// ```
#[async_trait]
pub trait TokenStore: Send + Sync + fmt::Debug {
    /// Reads the token of a credential without locking it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store can't be read or contains invalid data.
    async fn load(&self, key: &StoreKey) -> Result<Option<StoredToken>, StoreError>;

    /// Locks the credential against all other users of the store. Waits up to the timeout of the store.
    ///
    /// # Errors
    ///
    /// [`LockError::Held`] if another holder doesn't release the lock before the timeout, [`LockError::Unavailable`] if
    /// the store can't lock. In both cases the token must not be renewed.
    async fn lock(&self, key: &StoreKey) -> Result<Box<dyn LockedToken>, LockError>;

    /// Locks the credential to renew its token of generation `known`, or of an earlier one. Another holder may have renewed
    /// it before it releases the lock; a store that notices this while it waits returns [`LockError::Held`] at once, and
    /// the caller reads the new token. Default: [`lock`](Self::lock); a store that wraps another one passes the call on.
    ///
    /// # Errors
    ///
    /// [`LockError`] as for [`lock`](Self::lock).
    async fn lock_unless_newer(&self, key: &StoreKey, known: u64) -> Result<Box<dyn LockedToken>, LockError> {
        let _ = known;
        self.lock(key).await
    }
}

/// A locked credential. Dropping it releases the lock.
///
/// The required methods are enough for a store whose lock can't be lost while its holder lives. A store whose lock is a
/// lease also implements [`begin`](Self::begin), [`was_cleared`](Self::was_cleared) and [`release`](Self::release), and
/// remembers between `begin` and `save` which token was spent.
///
/// ```
/// use auth_core::store::{LockedToken, StoreError, StoredToken};
/// # use auth_core::{secret::SecretString, store::{MemoryStore, StoreKey, TokenStore}};
///
/// /// Renews the token of generation `seen` unless another process already has.
/// async fn renew(locked: &mut dyn LockedToken, seen: u64) -> Result<StoredToken, StoreError> {
///     if let Some(newer) = locked.load().await?.filter(|token| token.generation > seen) {
///         return Ok(newer);
///     }
///     let token = StoredToken::new(seen + 1, SecretString::from("renewed"));
///     locked.save(&token).await?;
///     Ok(token)
/// }
/// # let run = async {
/// #     let key = StoreKey::new("virtuous", "https://api.example.com", "user@example.com");
/// #     let mut locked = MemoryStore::new().lock(&key).await.expect("a lock");
/// #     for _ in 0..2 {
/// #         assert_eq!(renew(&mut *locked, 1).await.expect("a token").generation, 2);
/// #     }
/// # };
/// # let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
/// # assert!(std::future::Future::poll(std::pin::pin!(run), &mut cx).is_ready());
/// ```
#[async_trait]
pub trait LockedToken: Send + fmt::Debug {
    /// Reads the token again, now that no other process can change it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] as for [`TokenStore::load`].
    async fn load(&mut self) -> Result<Option<StoredToken>, StoreError>;

    /// Returns whether the last [`load`](Self::load) found no token because [`clear`](Self::clear) removed it. `false`
    /// means that the store has no record: it is new or has lost its data, and a process that still has the token
    /// writes it back. Default: `true`, for stores that don't lose records.
    fn was_cleared(&self) -> bool {
        true
    }

    /// Marks durably that the refresh token of `token` is about to be sent. Only its success permits sending it, once
    /// and within the returned time; after that time, the request must be aborted.
    ///
    /// The mark shows the next holder that the refresh token may be spent, if this process dies before it saves the
    /// response. [`save`](Self::save) removes the mark, both for the new token and for `token` itself, if the refresh
    /// token was not sent or the server has rejected it.
    ///
    /// Default: saves the token [marked](StoredToken::set_refreshing), without a time limit. This suits stores whose
    /// lock can't be lost.
    ///
    /// # Errors
    ///
    /// [`LockError::Held`] if the lock was lost or the stored token is no longer `token`: read it again.
    /// [`LockError::InDoubt`] if the refresh token may not be sent again. [`LockError::Unavailable`] if the store can't
    /// save the mark durably.
    async fn begin(&mut self, token: &StoredToken) -> Result<Duration, LockError> {
        let mut marked = token.clone();
        marked.set_refreshing(true);
        self.save(&marked).await?;
        Ok(Duration::MAX)
    }

    /// Saves the token durably. After it returns, a crash must not lose the token. A save that failed can be repeated.
    ///
    /// After [`begin`](Self::begin), the token must be saved even if the lock was lost in the meantime, provided that
    /// the store still contains the token that was spent: the new one may be the only valid one.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it could not be saved; the previous token is then unchanged. If
    /// [`is_superseded`](StoreError::is_superseded) returns `true`, the store contains a token of another origin, such as
    /// a later login, which replaces this one.
    async fn save(&mut self, token: &StoredToken) -> Result<(), StoreError>;

    /// Removes the token.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it could not be removed.
    async fn clear(&mut self) -> Result<(), StoreError>;

    /// Releases the lock, and returns when other processes can acquire it. Dropping releases it as well, but a lock in a
    /// database may then be held a little longer. Default: drops the lock.
    async fn release(self: Box<Self>) {
        drop(self);
    }
}

/// The error of a store that can't be read or written. The message contains the location and the reason, but no token.
///
/// ```
/// use auth_core::store::StoreError;
///
/// let error = StoreError::new("read", "tokens.json: permission denied");
/// assert_eq!(error.to_string(), "token store: read failed: tokens.json: permission denied");
/// ```
#[derive(Clone, Debug)]
pub struct StoreError {
    action: &'static str,
    reason: String,
    superseded: bool,
    unreadable: bool,
}

impl StoreError {
    /// Creates an error of `action`, such as `read`.
    #[must_use]
    pub fn new(action: &'static str, reason: impl Into<String>) -> Self {
        Self { action, reason: reason.into(), superseded: false, unreadable: false }
    }

    /// Creates the error of a save that would replace a token of another origin. See [`LockedToken::save`].
    ///
    /// ```
    /// use auth_core::store::StoreError;
    ///
    /// assert!(StoreError::superseded().is_superseded());
    /// ```
    #[must_use]
    pub fn superseded() -> Self {
        let reason = "the store contains a token of a later login, or was cleared";
        Self { superseded: true, ..Self::new("write", reason) }
    }

    /// Creates the error of a store that contains a record of this credential which it can't decrypt or parse. A store
    /// whose records are not certainly its own, such as a file that the user has named, returns another error.
    ///
    /// ```
    /// use auth_core::store::StoreError;
    ///
    /// let error = StoreError::unreadable("the record is encrypted with an unknown key");
    /// assert!(error.is_unreadable());
    /// assert!(!StoreError::new("read", "permission denied").is_unreadable());
    /// ```
    #[must_use]
    pub fn unreadable(reason: impl Into<String>) -> Self {
        Self { unreadable: true, ..Self::new("read", reason) }
    }

    /// Returns whether the store was reached, but contains a record of this credential that can't be read. It can be
    /// replaced under the lock.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        self.unreadable
    }

    /// Returns whether the store contains another token, which replaces the one that was not saved.
    #[must_use]
    pub fn is_superseded(&self) -> bool {
        self.superseded
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "token store: {} failed: {}", self.action, self.reason)
    }
}

impl std::error::Error for StoreError {}

/// The error of a lock that could not be acquired.
///
/// ```
/// use auth_core::store::{LockError, StoreError};
///
/// assert_eq!(LockError::Held.to_string(), "timed out waiting for the token lock: another process holds it");
/// let error = LockError::Unavailable(StoreError::new("lock", "no space left"));
/// assert_eq!(error.to_string(), "could not lock the token: token store: lock failed: no space left");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LockError {
    /// Another holder did not release the lock before the timeout, or the lock was lost. The token may have changed.
    Held,
    /// The refresh token may already have been sent twice without a response, so it is not sent again: a new login is
    /// required.
    InDoubt,
    /// The store can't lock: no permission, no space, no such directory.
    Unavailable(StoreError),
}

impl From<StoreError> for LockError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error)
    }
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held => f.write_str("timed out waiting for the token lock: another process holds it"),
            Self::InDoubt => f.write_str("the responses to earlier refreshes were lost: log in again"),
            Self::Unavailable(error) => write!(f, "could not lock the token: {error}"),
        }
    }
}

impl std::error::Error for LockError {}
