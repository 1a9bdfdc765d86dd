//! PostgreSQL as a backend: a row per credential, replaced by one statement if it is unchanged.
//!
//! Every statement is its own transaction, because one that stays open during a refresh would occupy a connection,
//! and a server that ends idle transactions would release its lock without notice. Statements are not prepared by name,
//! so that a connection pool in transaction mode can be in between.

use crate::budget::RateBudget;
use crate::shared::record::Micros;
use crate::shared::{Backend, KeyRing, Shared, Swap, shared_store};
use async_trait::async_trait;
use auth_core::store::{LockError, LockedToken, StoreError, StoreKey, StoredToken, TokenStore};
use rustls::client::WantsClientCert;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use rustls_platform_verifier::BuilderVerifierExt;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Time limit to connect, below that of an operation.
const CONNECT_LIMIT: Duration = Duration::from_millis(1_800);

const CREATE: &str = "CREATE TABLE IF NOT EXISTS authc_store (name text PRIMARY KEY, record bytea NOT NULL)";

/// `now()` is the beginning of the transaction; a statement can wait after that.
const READ: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, pg_is_in_recovery(), \
                    (SELECT record FROM authc_store WHERE name = $1)";

/// The same before the table exists.
const READ_NOTHING: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, pg_is_in_recovery(), \
                            NULL::bytea WHERE $1::text IS NOT NULL";

const EXISTS: &str = "SELECT to_regclass('authc_store') IS NOT NULL";

const INSERT: &str = "INSERT INTO authc_store (name, record) SELECT $1, $2 \
                      WHERE (extract(epoch FROM clock_timestamp()) * 1000000)::bigint <= $3 \
                      ON CONFLICT (name) DO NOTHING RETURNING 1";

const UPDATE: &str = "UPDATE authc_store SET record = $2 WHERE name = $1 AND record = $4 \
                      AND (extract(epoch FROM clock_timestamp()) * 1000000)::bigint <= $3 RETURNING 1";

/// Token store in PostgreSQL, shared by any number of machines.
///
/// Available with the feature `postgres`. Tokens are encrypted with the keys that the program passes. The rows are in the
/// table `authc_store`, which the first write creates. `synchronous_commit` must not be `off`, which is checked. With
/// a synchronous standby, a failover to it loses nothing; the guide about fleets describes what is guaranteed.
///
/// If the server can't be reached, tokens that are still valid remain in use, and none is refreshed.
///
/// ```no_run
/// use auth_token_store::{KeyRing, PostgresStore};
///
/// # fn key_from_secret_manager() -> [u8; 32] { [0; 32] }
/// let address = "postgresql://app@db.internal/app?sslmode=require";
/// let keys = KeyRing::new("2026-11", key_from_secret_manager());
/// let store = PostgresStore::new(address, keys)?;
/// # let _ = store;
/// # Ok::<(), auth_core::store::StoreError>(())
/// ```
#[derive(Clone)]
pub struct PostgresStore {
    shared: Shared<Postgres>,
}

impl PostgresStore {
    /// Creates a store with the address of the primary, as a `postgresql://` URL or as `host=… user=…`. It connects when
    /// it is first used, and again after a connection was lost.
    ///
    /// With several hosts, add `target_session_attrs=read-write`. TLS is used if the server offers it, and required with
    /// `sslmode=require`; certificates are checked by the operating system's trust store. A system without one can use
    /// servers on the same machine, and `sslmode=disable`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the address is invalid, or if the operating system has no trust store and TLS may be needed.
    pub fn new(address: &str, keys: KeyRing) -> Result<Self, StoreError> {
        let config = config(address)?;
        let tls = match tls(BuilderVerifierExt::with_platform_verifier) {
            Ok(tls) => Some(tls),
            Err(_) if !needs_tls(&config) => None,
            Err(error) => return Err(error),
        };
        Ok(Self { shared: Shared::new(Postgres::new(config, tls), keys) })
    }

    /// Creates a store that trusts the certificate authorities of a PEM file instead, such as the one of a managed
    /// database. TLS is required.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the address is invalid, or if `authorities` contains no valid certificate.
    pub fn with_authorities(address: &str, authorities: &[u8], keys: KeyRing) -> Result<Self, StoreError> {
        let invalid =
            || StoreError::new("connect", "the file of certificate authorities contains no valid one");
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(authorities) {
            roots.add(certificate.map_err(|_| invalid())?).map_err(|_| invalid())?;
        }
        if roots.is_empty() {
            return Err(invalid());
        }
        let mut config = config(address)?;
        config.ssl_mode(SslMode::Require);
        let tls = tls(|tls| Ok(tls.with_root_certificates(roots)))?;
        Ok(Self { shared: Shared::new(Postgres::new(config, Some(tls)), keys) })
    }

    /// Returns the budget of calls per hour with this name, which all processes with the same name share. Its record
    /// contains numbers and the names of callers only, and is not encrypted.
    #[must_use]
    pub fn rate_budget(&self, name: &str) -> RateBudget {
        self.shared.rate_budget(name)
    }
}

shared_store!(PostgresStore);

struct Postgres {
    config: Config,
    /// `None`: connections are not encrypted.
    tls: Option<MakeRustlsConnect>,
    connection: Mutex<Option<Connection>>,
}

struct Connection {
    client: Client,
    /// Whether the table is known to exist.
    has_table: bool,
}

impl Postgres {
    fn new(config: Config, tls: Option<MakeRustlsConnect>) -> Self {
        Self { config, tls, connection: Mutex::default() }
    }

    /// Sends a statement, and returns its first row. Replaces a connection that fails or does not respond.
    async fn send(
        &self,
        action: &'static str,
        statement: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Option<tokio_postgres::Row>, StoreError> {
        let mut slot = self.connection.lock().await;
        // Taken out, so that a canceled or failed statement closes its connection.
        let mut connection = match slot.take().filter(|connection| !connection.client.is_closed()) {
            Some(connection) => connection,
            None => Connection { client: self.open(action).await?, has_table: false },
        };
        if !connection.has_table {
            connection.has_table = has_table(action, &connection.client, statement != READ).await?;
        }
        let statement = if connection.has_table { statement } else { READ_NOTHING };
        let rows = connection.client.query_typed(statement, parameters).await;
        let rows = rows.map_err(|error| failed(action, &error))?;
        *slot = Some(connection);
        Ok(rows.into_iter().next())
    }

    /// Connects and checks the server.
    async fn open(&self, action: &'static str) -> Result<Client, StoreError> {
        let failed = |error| failed(action, &error);
        // The connection's task ends with the client.
        let client = if let Some(tls) = &self.tls {
            let (client, connection) = self.config.connect(tls.clone()).await.map_err(failed)?;
            tokio::spawn(connection);
            client
        } else {
            let (client, connection) = self.config.connect(NoTls).await.map_err(failed)?;
            tokio::spawn(connection);
            client
        };
        let checks = "SELECT current_setting('synchronous_commit'), pg_is_in_recovery()";
        let rows = client.query_typed(checks, &[]).await.map_err(failed)?;
        let row = rows.first().ok_or_else(|| StoreError::new(action, "PostgreSQL returned no row"))?;
        let (commit, is_replica): (String, bool) = (column(action, row, 0)?, column(action, row, 1)?);
        if is_replica {
            return Err(replica(action));
        }
        // `local` and `remote_write` confirm what the loss of the primary can undo.
        if !matches!(commit.as_str(), "on" | "remote_apply") {
            let reason = "the server confirms writes that can be lost: set synchronous_commit to on";
            return Err(StoreError::new(action, reason));
        }
        Ok(client)
    }
}

/// Returns whether the table exists, and creates it for a write: a process that only reads needs no right to create it.
async fn has_table(action: &'static str, client: &Client, is_write: bool) -> Result<bool, StoreError> {
    let exists = async || {
        let rows = client.query_typed(EXISTS, &[]).await.map_err(|error| failed(action, &error))?;
        rows.first().map_or(Ok(false), |row| column::<bool>(action, row, 0))
    };
    let is_there = exists().await?;
    if is_there || !is_write {
        return Ok(is_there);
    }
    match client.query_typed(CREATE, &[]).await {
        Ok(_) => Ok(true),
        // Another process may have created it at the same time.
        Err(error) if !exists().await? => Err(failed(action, &error)),
        Err(_) => Ok(true),
    }
}

fn config(address: &str) -> Result<Config, StoreError> {
    // The message of the parser may quote a password.
    let invalid = |_| StoreError::new("connect", "the address of PostgreSQL is invalid");
    let mut config: Config = address.parse().map_err(invalid)?;
    config.connect_timeout(CONNECT_LIMIT);
    Ok(config)
}

/// Returns whether a connection must be encrypted if the server offers it: to another machine, or because the address says
/// so.
fn needs_tls(config: &Config) -> bool {
    let is_loopback = |host: &Host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    // `hostaddr` takes precedence over the names.
    let is_here = match config.get_hostaddrs() {
        [] => config.get_hosts().iter().all(is_loopback),
        addresses => addresses.iter().all(IpAddr::is_loopback),
    };
    match config.get_ssl_mode() {
        SslMode::Disable => false,
        SslMode::Prefer => !is_here,
        _ => true,
    }
}

/// TLS by ring, whatever the provider of the process is.
fn tls(
    verify: impl FnOnce(
        ConfigBuilder<ClientConfig, WantsVerifier>,
    ) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, rustls::Error>,
) -> Result<MakeRustlsConnect, StoreError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let tls = tls
        .and_then(verify)
        .map_err(|error| StoreError::new("connect", format!("TLS is not available: {error}")))?;
    Ok(MakeRustlsConnect::new(tls.with_no_client_auth()))
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").finish_non_exhaustive()
    }
}

#[async_trait]
impl Backend for Postgres {
    async fn read(&self, name: &str) -> Result<(Micros, Option<Vec<u8>>), StoreError> {
        let row = self.send("read", READ, &[(&name, Type::TEXT)]).await?;
        let row = row.ok_or_else(|| StoreError::new("read", "PostgreSQL returned no row"))?;
        if column("read", &row, 1)? {
            *self.connection.lock().await = None;
            return Err(replica("read"));
        }
        let now = u64::try_from(column::<i64>("read", &row, 0)?).unwrap_or_default();
        Ok((now, column("read", &row, 2)?))
    }

    /// A commit waits for the disk, and for a synchronous standby if there is one: each is durable.
    async fn swap(&self, swap: Swap<'_>) -> Result<bool, StoreError> {
        let before = i64::try_from(swap.before).unwrap_or(i64::MAX);
        let (name, new) = (swap.name, swap.new);
        let mut parameters: Vec<(&(dyn ToSql + Sync), Type)> =
            vec![(&name, Type::TEXT), (&new, Type::BYTEA), (&before, Type::INT8)];
        let row = match &swap.old {
            None => self.send("write", INSERT, &parameters).await?,
            Some(old) => {
                parameters.push((old, Type::BYTEA));
                self.send("write", UPDATE, &parameters).await?
            }
        };
        Ok(row.is_some())
    }
}

fn column<'a, T: tokio_postgres::types::FromSql<'a>>(
    action: &'static str,
    row: &'a tokio_postgres::Row,
    index: usize,
) -> Result<T, StoreError> {
    row.try_get(index).map_err(|_| StoreError::new(action, "PostgreSQL returned another type"))
}

fn replica(action: &'static str) -> StoreError {
    StoreError::new(action, "the server is a standby; connect to the primary")
}

/// The details of an error are left out, because they can quote parameters.
fn failed(action: &'static str, error: &tokio_postgres::Error) -> StoreError {
    let reason = match error.as_db_error() {
        Some(error) => format!("PostgreSQL failed: {} ({})", error.message(), error.code().code()),
        None => format!("PostgreSQL can't be reached: {error}"),
    };
    StoreError::new(action, reason)
}

#[cfg(test)]
#[path = "postgres_store_tests.rs"]
mod tests;
