//! One server of Redis or Valkey: its connections, and the commands that read and replace a record.

use super::Connecting;
use crate::shared::Swap;
use crate::shared::record::{Micros, SECOND};
use ::redis::aio::MultiplexedConnection;
use ::redis::{ErrorKind, Pipeline, RedisError, RedisResult, ServerErrorKind, Value};
use auth_core::store::StoreError;
use std::sync::Arc;
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

/// Number of replicas that must confirm a durable write.
#[derive(Clone, Copy)]
pub(super) enum Confirmations {
    Exactly(u32),
    /// One if the server has or had replicas, otherwise none.
    AsTheServerHas,
}

/// Why a server has not executed a command.
#[derive(Debug)]
pub(super) enum NodeError {
    /// Another node of the cluster has the record, or has it already while it is moved.
    Elsewhere {
        address: String,
        moving: bool,
    },
    /// Nothing was sent.
    Unreachable(StoreError),
    /// The connection ended.
    Broken(StoreError),
    Failed(StoreError),
}

impl NodeError {
    fn of(action: &'static str, error: &RedisError) -> Self {
        let errors = error.clone().into_server_errors();
        let elsewhere = errors.iter().flat_map(|errors| errors.iter()).find_map(|(_, error)| {
            let moving = match error.kind()? {
                ServerErrorKind::Moved => false,
                ServerErrorKind::Ask => true,
                _ => return None,
            };
            // The slot and the address.
            let address = error.details()?.split_ascii_whitespace().nth(1)?.to_owned();
            Some(Self::Elsewhere { address, moving })
        });
        elsewhere.unwrap_or_else(|| {
            let problem = StoreError::new(action, reason(error));
            if error.is_io_error() && !error.is_timeout() {
                Self::Broken(problem)
            } else {
                Self::Failed(problem)
            }
        })
    }
}

pub(super) struct Node {
    connect: Arc<dyn Fn() -> Connecting + Send + Sync>,
    connection: Mutex<Option<MultiplexedConnection>>,
}

impl Node {
    pub(super) fn new(connect: Arc<dyn Fn() -> Connecting + Send + Sync>) -> Self {
        Self { connect, connection: Mutex::default() }
    }

    /// Reads the time of the server and a record. `moving`: the record is on its way to this node.
    pub(super) async fn read(
        &self,
        name: &str,
        moving: bool,
    ) -> Result<(Micros, Option<Vec<u8>>), NodeError> {
        let mut commands = ::redis::pipe();
        commands.cmd("ROLE");
        on_record(&mut commands, moving, READ, name);
        type Read = (Value, ((u64, u64), Option<Vec<u8>>));
        // A connection that was idle may have been closed. A read can be sent again.
        let read: Result<Read, NodeError> = match self.send("read", &commands).await {
            Err(NodeError::Broken(_)) => self.send("read", &commands).await,
            read => read,
        };
        let (role, ((seconds, micros), record)) = read?;
        if replicas_of(&role).is_none() {
            self.disconnect().await;
            let reason = "the server is a replica; connect to the primary";
            return Err(NodeError::Failed(StoreError::new("read", reason)));
        }
        let now = seconds.saturating_mul(SECOND).saturating_add(micros);
        Ok((now, record))
    }

    /// Replaces a record that is unchanged.
    pub(super) async fn swap(
        &self,
        swap: &Swap<'_>,
        moving: bool,
        confirmations: Confirmations,
    ) -> Result<bool, NodeError> {
        let mut commands = ::redis::pipe();
        let replace = |commands: &mut Pipeline| {
            let arguments = on_record(commands, moving, SWAP, swap.name);
            arguments.arg(swap.old.unwrap_or_default()).arg(swap.new).arg(swap.before);
        };
        if !swap.durable {
            replace(&mut commands);
            let (swapped,): (bool,) = self.send("write", &commands).await?;
            return Ok(swapped);
        }
        // Not the other connection: the server processes nothing else of a connection while it waits for its replicas.
        let mut connection = self.open("write").await?;
        let failed = |error: RedisError| NodeError::of("write", &error);
        let required = match confirmations {
            Confirmations::Exactly(replicas) => replicas,
            // Whether there are replicas is learned before the write that they confirm.
            Confirmations::AsTheServerHas => {
                let mut asked = ::redis::pipe();
                asked.cmd("ROLE").cmd("EXISTS").arg(HAS_REPLICAS);
                let (role, had): (Value, bool) = asked.query_async(&mut connection).await.map_err(failed)?;
                let has = replicas_of(&role).is_some_and(|replicas| replicas > 0);
                if has && !had {
                    commands.cmd("SET").arg(HAS_REPLICAS).arg(1).ignore();
                }
                u32::from(has || had)
            }
        };
        replace(&mut commands);
        let (swapped,): (bool,) = commands.query_async(&mut connection).await.map_err(failed)?;
        let mut wait = ::redis::cmd("WAIT");
        wait.arg(required).arg(REPLICA_LIMIT);
        let confirmed: u32 = match swapped && required > 0 {
            true => wait.query_async(&mut connection).await.map_err(failed)?,
            false => required,
        };
        if !swapped || confirmed < required {
            // The record may have been read from a primary that has been replaced, so the next one is read from a server that
            // is asked for anew.
            self.disconnect().await;
        }
        if confirmed < required {
            let reason = format!(
                "{confirmed} of {required} replicas have confirmed it: it may be lost if the primary fails. For a server \
                 without replicas, call RedisStore::replicas(0) and leave out min-replicas-to-write"
            );
            return Err(NodeError::Failed(StoreError::new("write", reason)));
        }
        Ok(swapped)
    }

    /// Returns the addresses of the nodes of the cluster, with their replicas, as this node knows them.
    pub(super) async fn peers(&self) -> Result<Vec<String>, NodeError> {
        let mut commands = ::redis::pipe();
        commands.cmd("CLUSTER").arg("SLOTS");
        let (ranges,): (Vec<Vec<Value>>,) = self.send("read", &commands).await?;
        // Of each range: its first and last slot, and then its nodes, of which each is host, port and id.
        let nodes = ranges.into_iter().flat_map(|range| range.into_iter().skip(2));
        let addresses = nodes.filter_map(|node| {
            let Value::Array(parts) = node else { return None };
            match (parts.first()?, parts.get(1)?) {
                (Value::BulkString(host), Value::Int(port)) if !host.is_empty() => {
                    Some(format!("{}:{port}", std::str::from_utf8(host).ok()?))
                }
                _ => None,
            }
        });
        Ok(addresses.collect())
    }

    /// Sends commands on the connection for them, in one go. Replaces a connection that fails.
    async fn send<T: ::redis::FromRedisValue>(
        &self,
        action: &'static str,
        commands: &Pipeline,
    ) -> Result<T, NodeError> {
        let mut slot = self.connection.lock().await;
        let mut connection = match &*slot {
            Some(connection) => connection.clone(),
            None => {
                let connection = self.open(action).await?;
                slot.insert(connection).clone()
            }
        };
        drop(slot);
        let sent = commands.query_async(&mut connection).await;
        let sent = sent.map_err(|error| NodeError::of(action, &error));
        if matches!(sent, Err(NodeError::Failed(_) | NodeError::Broken(_))) {
            self.disconnect().await;
        }
        sent
    }

    async fn disconnect(&self) {
        *self.connection.lock().await = None;
    }

    /// Connects and checks the server.
    async fn open(&self, action: &'static str) -> Result<MultiplexedConnection, NodeError> {
        let connecting = (self.connect)().await;
        let unreachable = |error| NodeError::Unreachable(StoreError::new(action, reason(&error)));
        let mut connection = connecting.map_err(unreachable)?;
        connection.set_response_timeout(RESPONSE_LIMIT);
        let mut checks = ::redis::pipe();
        checks.cmd("INFO").arg("memory");
        let checked: RedisResult<(String,)> = checks.query_async(&mut connection).await;
        let (memory,) = checked.map_err(|error| NodeError::of(action, &error))?;
        let policy = memory.lines().find_map(|line| line.trim().strip_prefix("maxmemory_policy:"));
        match policy {
            Some("noeviction") | None => Ok(connection),
            Some(policy) => {
                let reason = format!(
                    "the server may evict tokens (maxmemory-policy {policy}): set maxmemory-policy to noeviction"
                );
                Err(NodeError::Failed(StoreError::new(action, reason)))
            }
        }
    }
}

/// Adds a script on a record. A node that a record is moved to takes it after `ASKING` only.
fn on_record<'a>(commands: &'a mut Pipeline, moving: bool, script: &str, name: &str) -> &'a mut Pipeline {
    if moving {
        commands.cmd("ASKING").ignore();
    }
    commands.cmd("EVAL").arg(script).arg(1).arg(key_of(name))
}

/// The braces keep the keys that a later version may add on the same node of a cluster.
pub(super) fn key_of(name: &str) -> String {
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

fn reason(error: &RedisError) -> String {
    match error.kind() {
        ErrorKind::Io if error.is_timeout() => "Redis did not respond in time".to_owned(),
        ErrorKind::Io => format!("Redis can't be reached: {error}"),
        _ => format!("Redis failed: {error}"),
    }
}
