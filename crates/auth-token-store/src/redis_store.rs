//! Redis and Valkey as a backend: a string per credential, replaced by a script if it is unchanged.

use crate::budget::RateBudget;
use crate::shared::record::{Micros, SECOND};
use crate::shared::{Backend, KeyRing, Shared, Swap, shared_store};
use ::redis::aio::MultiplexedConnection;
use ::redis::{Client, ErrorKind, RedisError, RedisResult, Value};
use async_trait::async_trait;
use auth_core::store::{LockError, LockedToken, StoreError, StoreKey, StoredToken, TokenStore};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;

/// The time of the server and the record.
const READ: &str = "return {redis.call('TIME'), redis.call('GET', KEYS[1])}";

/// Replaces the record if it is unchanged and was read recently.
const SWAP: &str = "\
local now = redis.call('TIME')
if now[1] * 1000000 + now[2] > tonumber(ARGV[3]) then return 0 end
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1";

/// Set once the server has had a replica. From then on, writes must be confirmed by one.
const HAS_REPLICAS: &str = "authc:1:replicated";

/// Time limit of the driver, below that of an operation, so that a connection that does not respond is replaced.
const RESPONSE_LIMIT: Duration = Duration::from_millis(1_800);

/// Time that a server waits for its replicas, in milliseconds.
const REPLICA_LIMIT: u32 = 1_000;

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
        Self { shared: Shared::new(Redis::new(Arc::new(connect)), keys) }
    }

    /// Sets the number of replicas that must confirm a write before a refresh token is sent or a new one is used.
    /// Default: one if the server has or had replicas, otherwise none. Set 0 if the server has lost its replicas for good.
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
    connect: Arc<dyn Fn() -> Connecting + Send + Sync>,
    connection: Mutex<Option<MultiplexedConnection>>,
    /// Idle connections for writes that replicas must confirm, one write at a time: the server processes nothing else of
    /// a connection while it waits for its replicas. With each is the number of `connection` at its opening, so that a
    /// record is not read from one server and written to another.
    confirming: Mutex<Vec<(u32, MultiplexedConnection)>>,
    opened: AtomicU32,
    replicas: AtomicU32,
}

impl Redis {
    fn new(connect: Arc<dyn Fn() -> Connecting + Send + Sync>) -> Self {
        Self {
            connect,
            connection: Mutex::default(),
            confirming: Mutex::default(),
            opened: AtomicU32::new(0),
            replicas: AtomicU32::new(AUTOMATIC),
        }
    }

    fn of(client: Client) -> Self {
        Self::new(Arc::new(move || {
            let client = client.clone();
            Box::pin(async move { client.get_multiplexed_async_connection().await }) as Connecting
        }))
    }

    /// Sends commands on the connection of the store, in one go. Replaces a connection that fails.
    async fn send<T: ::redis::FromRedisValue>(
        &self,
        action: &'static str,
        commands: &::redis::Pipeline,
    ) -> Result<T, StoreError> {
        let mut slot = self.connection.lock().await;
        let mut connection = match &*slot {
            Some(connection) => connection.clone(),
            None => {
                let connection = self.open(action).await?;
                self.opened.fetch_add(1, Ordering::Relaxed);
                slot.insert(connection).clone()
            }
        };
        drop(slot);
        let sent = commands.query_async(&mut connection).await;
        if sent.is_err() {
            *self.connection.lock().await = None;
        }
        sent.map_err(|error| failed(action, &error))
    }

    /// Connects and checks the server.
    async fn open(&self, action: &'static str) -> Result<MultiplexedConnection, StoreError> {
        let connecting = (self.connect)().await;
        let mut connection = connecting.map_err(|error| failed(action, &error))?;
        connection.set_response_timeout(RESPONSE_LIMIT);
        let mut checks = ::redis::pipe();
        checks.cmd("INFO").arg("memory");
        let checked: RedisResult<(String,)> = checks.query_async(&mut connection).await;
        let (memory,) = checked.map_err(|error| failed(action, &error))?;
        let policy = memory.lines().find_map(|line| line.trim().strip_prefix("maxmemory_policy:"));
        match policy {
            Some("noeviction") | None => Ok(connection),
            Some(policy) => {
                let reason = format!(
                    "the server may evict tokens (maxmemory-policy {policy}): set maxmemory-policy to noeviction"
                );
                Err(StoreError::new(action, reason))
            }
        }
    }

    /// Returns the number of replicas that must confirm a write.
    fn required(&self, role: &Value, had_replicas: bool) -> u32 {
        match self.replicas.load(Ordering::Relaxed) {
            AUTOMATIC => u32::from(had_replicas || replicas_of(role).is_some_and(|replicas| replicas > 0)),
            replicas => replicas,
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
        let mut commands = ::redis::pipe();
        commands.cmd("ROLE").cmd("EVAL").arg(READ).arg(1).arg(key_of(name));
        type Read = (Value, ((u64, u64), Option<Vec<u8>>));
        let (role, ((seconds, micros), record)): Read = self.send("read", &commands).await?;
        if replicas_of(&role).is_none() {
            *self.connection.lock().await = None;
            return Err(StoreError::new("read", "the server is a replica; connect to the primary"));
        }
        let now = seconds.saturating_mul(SECOND).saturating_add(micros);
        Ok((now, record))
    }

    async fn swap(&self, swap: Swap<'_>) -> Result<bool, StoreError> {
        let (old, before) = (swap.old.unwrap_or_default(), swap.before);
        let mut commands = ::redis::pipe();
        let key = key_of(swap.name);
        let replace = |commands: &mut ::redis::Pipeline| {
            commands.cmd("EVAL").arg(SWAP).arg(1).arg(&key).arg(old).arg(swap.new).arg(before);
        };
        if !swap.durable {
            replace(&mut commands);
            let (swapped,): (bool,) = self.send("write", &commands).await?;
            return Ok(swapped);
        }
        // Taken out, so that a canceled or failed write closes its connection.
        let opened = self.opened.load(Ordering::Relaxed);
        let idle = {
            let mut idle = self.confirming.lock().await;
            idle.retain(|(of, _)| *of == opened);
            idle.pop()
        };
        let mut connection = match idle {
            Some((_, connection)) => connection,
            None => self.open("write").await?,
        };
        let failed = |error: RedisError| failed("write", &error);
        // Whether there are replicas is learned before the write that they confirm.
        let mut asked = ::redis::pipe();
        asked.cmd("ROLE").cmd("EXISTS").arg(HAS_REPLICAS);
        let (role, had_replicas): (Value, bool) = asked.query_async(&mut connection).await.map_err(failed)?;
        let required = self.required(&role, had_replicas);
        if !had_replicas && replicas_of(&role).is_some_and(|replicas| replicas > 0) {
            commands.cmd("SET").arg(HAS_REPLICAS).arg(1).ignore();
        }
        replace(&mut commands);
        // Behind the write, on the same connection.
        commands.cmd("WAIT").arg(required).arg(REPLICA_LIMIT);
        let (swapped, confirmed): (bool, u32) =
            commands.query_async(&mut connection).await.map_err(failed)?;
        self.confirming.lock().await.push((opened, connection));
        if swapped && confirmed < required {
            let reason = format!(
                "{confirmed} of {required} replicas have confirmed it: it may be lost if the primary fails. For a server \
                 without replicas, call RedisStore::replicas(0) and leave out min-replicas-to-write"
            );
            return Err(StoreError::new("write", reason));
        }
        Ok(swapped)
    }
}

/// The braces keep all keys of a credential on one node of a cluster.
fn key_of(name: &str) -> String {
    format!("authc:1:{{{name}}}")
}

/// Returns the number of connected replicas, or `None` if the server itself is one.
fn replicas_of(role: &Value) -> Option<usize> {
    let Value::Array(parts) = role else { return None };
    match (parts.first(), parts.get(2)) {
        (Some(Value::BulkString(role)), Some(Value::Array(replicas))) if role == b"master" => {
            Some(replicas.len())
        }
        _ => None,
    }
}

fn failed(action: &'static str, error: &RedisError) -> StoreError {
    let reason = match error.kind() {
        ErrorKind::Io if error.is_timeout() => "Redis did not respond in time".to_owned(),
        ErrorKind::Io => format!("Redis can't be reached: {error}"),
        _ => format!("Redis failed: {error}"),
    };
    StoreError::new(action, reason)
}

#[cfg(test)]
#[path = "redis_store_tests.rs"]
mod tests;
