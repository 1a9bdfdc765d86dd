//! Token storage between runs: files, the operating system's keyring, or a database that many machines share.
//!
//! All stores implement [`auth_core::store::TokenStore`]. A renewal locks the credential, reads it again, renews,
//! saves, and releases the lock. Blocking operations run on dedicated threads, so that a program can end while one is
//! in progress.
//!
//! | store | feature | storage | lock |
//! | --- | --- | --- | --- |
//! | [`FileStore`] | | a file per credential, mode 0600 | a lock file next to it |
//! | `KeyringStore` | `keyring` | Keychain, Credential Manager, Secret Service | a lock file in the user's home directory |
//! | `RedisStore` | `redis` | Redis or Valkey, encrypted with your key | a lease in the record |
//! | `PostgresStore` | `postgres` | PostgreSQL, encrypted with your key | a lease in the row |
//!
//! The stores in databases also share a budget of calls per hour: `RateBudget`.
//!
//! The feature `conformance` adds checks for the tests of custom stores and custom budgets.
//!
//! # Example
//!
//! ```
//! use auth_core::secret::SecretString;
//! use auth_core::store::{StoreKey, StoredToken, TokenStore};
//! use auth_token_store::FileStore;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
//! # let folder = std::env::temp_dir().join(format!("token-store-example-{}", std::process::id()));
//! let store = FileStore::in_folder(&folder);
//! let key = StoreKey::new("virtuous", "https://api.example.com", "user@example.com");
//!
//! let mut locked = store.lock(&key).await?;
//! locked.save(&StoredToken::new(1, SecretString::from("token"))).await?;
//! drop(locked);
//!
//! assert_eq!(store.load(&key).await?.map(|token| token.generation), Some(1));
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "postgres", feature = "redis"))]
mod budget;
#[cfg(feature = "conformance")]
pub mod conformance;
mod file;
mod format;
#[cfg(feature = "keyring")]
mod keyring;
mod lock;
#[cfg(feature = "postgres")]
mod postgres_store;
#[cfg(feature = "redis")]
mod redis_store;
#[cfg(all(test, any(feature = "postgres", feature = "redis")))]
#[allow(dead_code, reason = "the tests of one store don't start the servers of the other")]
mod servers;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod shared;
#[cfg(all(test, feature = "conformance", any(feature = "postgres", feature = "redis")))]
mod suite_tests;
mod worker;

/// The crate that [`RedisStore`] connects with. Enable its features, such as TLS, in your own manifest.
#[cfg(feature = "redis")]
pub use ::redis;
#[cfg(any(feature = "postgres", feature = "redis"))]
pub use budget::{RateBudget, RateBudgetStatus};
pub use file::FileStore;
#[cfg(feature = "keyring")]
pub use keyring::KeyringStore;
#[cfg(feature = "postgres")]
pub use postgres_store::PostgresStore;
#[cfg(feature = "redis")]
pub use redis_store::RedisStore;
#[cfg(any(feature = "postgres", feature = "redis"))]
pub use shared::{KeyRing, LeaseHolder, StoreStatus, Timings};

/// Compiles the code of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
