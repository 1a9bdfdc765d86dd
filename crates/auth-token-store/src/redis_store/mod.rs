//! Redis and Valkey as a backend: a string per credential, replaced by a script if it is unchanged.

mod node;
mod route;

use crate::budget::RateBudget;
use crate::shared::record::Micros;
use crate::shared::{Backend, KeyRing, Shared, Swap, shared_store};
use ::redis::aio::MultiplexedConnection;
use ::redis::{Client, RedisResult};
use async_trait::async_trait;
use auth_core::store::{LockError, LockedToken, StoreError, StoreKey, StoredToken, TokenStore};
use node::Confirmations;
use route::Servers;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The number of replicas is that of the server.
const AUTOMATIC: u32 = u32::MAX;

type Connecting = Pin<Box<dyn Future<Output = RedisResult<MultiplexedConnection>> + Send>>;

/// Token store in Redis or Valkey, shared by any number of machines.
///
/// Available with the feature `redis`. Tokens are encrypted with the keys that the program passes. A refresh token is
/// sent by one process at a time; the guide about fleets describes what is guaranteed after a crash and after a failover,
/// and which settings the server needs: `maxmemory-policy noeviction`, which is checked, and `appendonly yes`.
///
/// If the server can't be reached, tokens that are still valid remain in use, and none is refreshed.
///
/// ```no_run
/// use auth_token_store::{KeyRing, RedisStore, redis};
///
/// # fn key_from_secret_manager() -> [u8; 32] { [0; 32] }
/// let client = redis::Client::open("redis://redis.internal:6379")?;
/// let keys = KeyRing::new("2026-11", key_from_secret_manager());
/// let store = RedisStore::new(client, keys);
/// # let _ = store;
/// # Ok::<(), redis::RedisError>(())
/// ```
///
/// For TLS (`rediss://`), enable a TLS feature of the crate [`redis`](crate::redis) in your program.
#[derive(Clone)]
pub struct RedisStore {
    shared: Shared<Redis>,
}

impl RedisStore {
    /// Creates a store. It connects when it is first used, and again after a connection was lost.
    #[must_use]
    pub fn new(client: Client, keys: KeyRing) -> Self {
        Self { shared: Shared::new(Redis::of(client), keys) }
    }

    /// Creates a store that gets its connections from a function, for example from a Sentinel client, which asks for the
    /// current primary, or with a custom TLS configuration. The function must return a new connection to the primary
    /// each time: two stores must not share one.
    ///
    /// ```no_run
    /// use auth_token_store::{KeyRing, RedisStore, redis};
    ///
    /// # fn run(keys: KeyRing) -> Result<(), redis::RedisError> {
    /// let client = redis::Client::open("redis://redis.internal:6379")?;
    /// let connect = move || {
    ///     let client = client.clone();
    ///     async move { client.get_multiplexed_async_connection().await }
    /// };
    /// let store = RedisStore::with_connections(connect, keys);
    /// # let _ = store;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_connections<F>(connect: impl Fn() -> F + Send + Sync + 'static, keys: KeyRing) -> Self
    where
        F: Future<Output = RedisResult<MultiplexedConnection>> + Send + 'static,
    {
        let connect = move || Box::pin(connect()) as Connecting;
        Self { shared: Shared::new(Redis::new(Servers::one(Arc::new(connect))), keys) }
    }

    /// Creates a store in a Redis cluster, from clients of some of its nodes. The node that has a record is found by
    /// asking those, so name several, or an address that leads to any node which is up. Other nodes are reached with the
    /// user, password and TLS settings of the first client.
    ///
    /// By default, one replica must confirm a write; call [`replicas`](Self::replicas) for a cluster without replicas.
    ///
    /// ```no_run
    /// use auth_token_store::{KeyRing, RedisStore, redis};
    ///
    /// # fn run(keys: KeyRing) -> Result<(), redis::RedisError> {
    /// let nodes = [
    ///     redis::Client::open("redis://redis-1.internal:6379")?,
    ///     redis::Client::open("redis://redis-2.internal:6379")?,
    /// ];
    /// let store = RedisStore::cluster(&nodes, keys);
    /// # let _ = store;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn cluster(nodes: &[Client], keys: KeyRing) -> Self {
        Self { shared: Shared::new(Redis::new(Servers::cluster(nodes)), keys) }
    }

    /// Sets the number of replicas that must confirm a write before a refresh token is sent or a new one is used.
    /// Default: one if the server has or had replicas, otherwise none; in a cluster, always one. Set 0 if the server has
    /// lost its replicas for good.
    #[must_use]
    pub fn replicas(self, replicas: u32) -> Self {
        self.shared.backend().replicas.store(replicas.min(AUTOMATIC - 1), Ordering::Relaxed);
        self
    }

    /// Returns the budget of calls per hour with this name, which all processes with the same name share. Its record
    /// contains numbers and the names of callers only, and is not encrypted.
    #[must_use]
    pub fn rate_budget(&self, name: &str) -> RateBudget {
        self.shared.rate_budget(name)
    }
}

shared_store!(RedisStore);

struct Redis {
    servers: Servers,
    replicas: AtomicU32,
}

impl Redis {
    fn new(servers: Servers) -> Self {
        Self { servers, replicas: AtomicU32::new(AUTOMATIC) }
    }

    fn of(client: Client) -> Self {
        Self::new(Servers::one(connecting_to(client)))
    }

    fn confirmations(&self) -> Confirmations {
        match self.replicas.load(Ordering::Relaxed) {
            AUTOMATIC if self.servers.is_cluster() => Confirmations::Exactly(1),
            AUTOMATIC => Confirmations::AsTheServerHas,
            replicas => Confirmations::Exactly(replicas),
        }
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").finish_non_exhaustive()
    }
}

#[async_trait]
impl Backend for Redis {
    async fn read(&self, name: &str) -> Result<(Micros, Option<Vec<u8>>), StoreError> {
        let mut route = self.servers.route(name, "read")?;
        loop {
            match route.node.read(name, route.moving).await {
                Ok(read) => {
                    route.remember().await;
                    return Ok(read);
                }
                Err(error) => route.next(error)?,
            }
        }
    }

    async fn swap(&self, swap: Swap<'_>) -> Result<bool, StoreError> {
        let mut route = self.servers.route(swap.name, "write")?;
        loop {
            match route.node.swap(&swap, route.moving, self.confirmations()).await {
                Ok(swapped) => {
                    route.leave();
                    return Ok(swapped);
                }
                Err(error) => route.next(error)?,
            }
        }
    }
}

/// Returns the function that connects by a client.
fn connecting_to(client: Client) -> Arc<dyn Fn() -> Connecting + Send + Sync> {
    Arc::new(move || {
        let client = client.clone();
        Box::pin(async move { client.get_multiplexed_async_connection().await })
    })
}

#[cfg(test)]
mod tests;
