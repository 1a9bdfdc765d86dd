//! The address of a PostgreSQL server: what is accepted, where the password comes from, and when TLS is required.

use crate::config::secret_file;
use crate::failure::{Failure, visible};
use crate::target::decode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_platform_verifier::BuilderVerifierExt as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Time limit to connect, unless the address has one.
const CONNECT_LIMIT: Duration = Duration::from_secs(15);

/// Idle time before the connection is checked. An export can wait an hour for the rate limit of the vendor.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// The port of an address without one.
const PORT: u16 = 5432;

/// What is percent-encoded in a user name.
const PART: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

const FORM: &str = "expected postgres://USER@HOST/DATABASE";

/// Parameters of an address that tokio-postgres reads, beyond those of TLS and passwords.
const PARAMETERS: [&str; 17] = [
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "port",
    "sslnegotiation",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

fn password_in_address() -> Failure {
    Failure::usage(
        "--to postgres: a password in the address is visible in process lists and in the history of the shell",
    )
    .hint("set PGPASSWORD, or name a file by PGPASSFILE")
}

/// A server and a database.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) config: Config,
    authority: Option<PathBuf>,
}

impl Server {
    /// Reads an address as tokio-postgres does. No part of it but names of parameters is in a message, because somebody may have
    /// written a password into it.
    pub(super) fn parse(url: &str) -> Result<Self, Failure> {
        let invalid = |why: &str| Failure::usage(format!("--to postgres: {why}"));
        let (_, rest) = url.split_once("://").ok_or_else(|| invalid(FORM))?;
        // Credentials end at the first @, wherever it is.
        let (credentials, rest) = match rest.split_once('@') {
            Some((credentials, rest)) => (format!("{credentials}@"), rest),
            None => (String::new(), rest),
        };
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (mut mode, mut authority, mut others) = (None, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let undecodable = || invalid("the address has an invalid percent-encoding");
            let name = decode(name).ok_or_else(undecodable)?;
            match name.as_str() {
                "password" | "sslpassword" => return Err(password_in_address()),
                "sslmode" => mode = Some(decode(value).ok_or_else(undecodable)?),
                "sslrootcert" => authority = Some(decode(value).ok_or_else(undecodable)?),
                name if PARAMETERS.contains(&name) => others.push(format!("{name}={value}")),
                name => {
                    let is_name = name.len() <= 40
                        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
                    let name = if is_name { name } else { "a parameter" };
                    return Err(invalid(&format!("{name} of the address is not known; {FORM}")));
                }
            }
        }
        let address = format!("postgres://{credentials}{address}?{}", others.join("&"));
        let mut config: Config = address.parse().map_err(|error: tokio_postgres::Error| {
            if credentials.contains(':') {
                return password_in_address();
            }
            let cause =
                std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
            invalid(&format!("the address is invalid{cause}; {FORM}"))
        })?;
        if config.get_password().is_some() {
            return Err(password_in_address());
        }
        match (config.get_hosts().len(), config.get_hostaddrs().len()) {
            (1, 0 | 1) => {}
            (0, _) => return Err(invalid(&format!("the address has no host; {FORM}"))),
            _ => {
                return Err(invalid(
                    "the address has several hosts, and an export needs to know which one has its rows",
                )
                .hint("name the primary"));
            }
        }
        let is_local = is_local(&config);
        let verified = match mode.as_deref() {
            None => !is_local,
            Some("verify-full") => true,
            Some("require" | "verify-ca") if is_local => true,
            Some("disable" | "allow" | "prefer") if is_local => false,
            Some(mode) => {
                return Err(invalid(&format!(
                    "sslmode={} doesn't check which server it is; only verify-full is accepted for another machine",
                    visible(mode)
                ))
                .hint("leave sslmode out; sslrootcert=FILE names the certificate of a private authority"));
            }
        };
        config.ssl_mode(if verified { SslMode::Require } else { SslMode::Disable });
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_LIMIT);
        }
        config.keepalives_idle(KEEPALIVE);
        if config.get_application_name().is_none() {
            config.application_name("authctl export");
        }
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        if config.get_user().is_none_or(str::is_empty) {
            let user = variable("PGUSER")
                .ok_or_else(|| invalid(&format!("the address has no user; {FORM}")).hint("or set PGUSER"))?;
            config.user(user);
        }
        if let Some(password) = password(&config, variable)? {
            config.password(password);
        }
        let authority = authority.or_else(|| variable("PGSSLROOTCERT")).map(PathBuf::from);
        Ok(Self { config, authority })
    }

    /// The address for people, without a password.
    pub(super) fn name(&self) -> String {
        let port = self.config.get_ports().first().copied().unwrap_or(PORT);
        let user = self.config.get_user().unwrap_or_default();
        let database = self.config.get_dbname().unwrap_or(user);
        let user = utf8_percent_encode(user, &PART);
        visible(&match self.config.get_hosts().first() {
            Some(Host::Tcp(name)) if name.contains(':') => {
                format!("postgres://{user}@[{name}]:{port}/{database}")
            }
            Some(Host::Tcp(name)) => format!("postgres://{user}@{name}:{port}/{database}"),
            #[cfg(unix)]
            Some(Host::Unix(path)) => {
                format!("postgres://{user}@/{database}?host={}&port={port}", path.display())
            }
            None => format!("postgres://{user}@/{database}"),
        })
    }

    /// TLS that checks the certificate and the name of the server.
    pub(super) fn tls(&self) -> Result<MakeRustlsConnect, Failure> {
        let failed = |why: String| Failure::local(format!("TLS is not available: {why}"));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(error.to_string()))?;
        let Some(path) = &self.authority else {
            let builder = builder.with_platform_verifier().map_err(|error| failed(error.to_string()))?;
            return Ok(MakeRustlsConnect::new(builder.with_no_client_auth()));
        };
        let name = visible(&path.display().to_string());
        let unusable =
            |why: String| Failure::usage(format!("sslrootcert: {name} has no usable certificate: {why}"));
        let mut roots = rustls::RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unusable(error.to_string()))? {
            let added = certificate.map_err(|error| error.to_string());
            added
                .and_then(|certificate| roots.add(certificate).map_err(|error| error.to_string()))
                .map_err(unusable)?;
        }
        if roots.is_empty() {
            return Err(unusable("it has none in PEM format".to_owned()));
        }
        Ok(MakeRustlsConnect::new(builder.with_root_certificates(roots).with_no_client_auth()))
    }
}

/// Whether every address is on this machine.
fn is_local(config: &Config) -> bool {
    let is_loopback =
        |name: &str| name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    config.get_hostaddrs().iter().all(IpAddr::is_loopback)
        && config.get_hosts().iter().all(|host| match host {
            Host::Tcp(name) => is_loopback(name),
            #[cfg(unix)]
            Host::Unix(_) => true,
        })
}

/// Returns the password of `PGPASSWORD`, or of a file as `psql` reads it.
fn password(config: &Config, variable: impl Fn(&str) -> Option<String>) -> Result<Option<String>, Failure> {
    if let Some(password) = variable("PGPASSWORD") {
        return Ok(Some(password));
    }
    let named = variable("PGPASSFILE").map(PathBuf::from);
    let usual = || variable("HOME").map(|home| Path::new(&home).join(".pgpass")).filter(|path| path.exists());
    let is_named = named.is_some();
    let Some(path) = named.or_else(usual) else { return Ok(None) };
    let name = visible(&path.display().to_string());
    let text = secret_file("PGPASSFILE", &path)?;
    let server = match config.get_hosts() {
        [Host::Tcp(name)] => name,
        // A socket of this machine is `localhost` in this file.
        _ => "localhost",
    };
    let port = config.get_ports().first().map_or_else(|| PORT.to_string(), u16::to_string);
    let user = config.get_user().unwrap_or_default();
    let database = config.get_dbname().unwrap_or(user);
    let found = text.lines().find_map(|line| {
        let fields = fields(line)?;
        let [host, own_port, own_database, own_user, password] = fields.as_slice() else { return None };
        let fits = |pattern: &str, value: &str| pattern == "*" || pattern == value;
        let fits = fits(host, server)
            && fits(own_port, &port)
            && fits(own_database, database)
            && fits(own_user, user);
        fits.then(|| password.clone())
    });
    if found.is_none() && is_named {
        return Err(Failure::credentials(format!("{name} has no line for this server, database and user"))
            .hint("a line is HOST:PORT:DATABASE:USER:PASSWORD"));
    }
    Ok(found)
}

/// The fields of a line, where `\` comes before `:` and `\`.
fn fields(line: &str) -> Option<Vec<String>> {
    if line.starts_with('#') {
        return None;
    }
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match c {
            ':' if fields.len() < 5 => fields.push(String::new()),
            '\\' => fields.last_mut()?.extend(characters.next()),
            c => fields.last_mut()?.push(c),
        }
    }
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(url: &str) -> String {
        Server::parse(url).unwrap_err().text(false)
    }

    #[test]
    fn a_password_in_the_address_is_refused_and_not_repeated() {
        for url in [
            "postgres://app:canary@db/crm",
            "postgresql://app:@db/crm",
            "postgres://app@db/crm?password=canary",
            "postgres://app:can@ary@db/crm",
            "postgres://app:can/ary@db/crm",
            "postgres://app:canary?x@db/crm",
            "postgres://app:canary#@db:x/crm",
            "postgres://app:c%61nary@db/crm",
            "postgres://app@db/crm?p%61ssword=canary",
            "postgres://app@db/crm?passw%6Frd=canary&sslmode=disable",
            "postgres://db/crm?sslpassword=canary",
        ] {
            let problem = problem(url);
            assert!(problem.contains("PGPASSWORD") && !problem.contains("canary"), "{problem}");
        }
    }

    #[test]
    fn another_machine_needs_a_certificate() {
        let mode = |url: &str| Server::parse(url).map(|server| server.config.get_ssl_mode()).ok();
        for url in ["postgres://app@db.example/crm", "postgres://app@10.0.0.1/crm?sslmode=verify-full"] {
            assert_eq!(mode(url), Some(SslMode::Require), "{url}");
        }
        for url in [
            "postgres://app@localhost/crm",
            "postgres://app@127.0.0.1:5433/crm?sslmode=prefer",
            "postgres://app@[::1]/crm",
            "postgres://app@/crm?host=/var/run/postgresql",
        ] {
            assert_eq!(mode(url), Some(SslMode::Disable), "{url}");
        }
        assert_eq!(mode("postgres://app@localhost/crm?ssl%6Dode=verify-full"), Some(SslMode::Require));
        for url in [
            "postgres://app@db.example/crm?sslmode=require",
            "postgres://app@db.example/crm?sslmode=disable",
            "postgres://app@localhost/crm?hostaddr=10.0.0.1&sslmode=disable",
            "postgres://app@localhost.example/crm?sslmode=verify-ca",
        ] {
            assert!(problem(url).contains("verify-full"), "{url}");
        }
    }

    #[test]
    fn a_wrong_address_is_explained() {
        assert!(problem("postgres:crm").contains("expected postgres://USER@HOST/DATABASE"));
        assert!(problem("postgres:///crm").contains("no host"));
        assert!(problem("postgres://app@db/crm?colour=red").contains("colour of the address is not known"));
        let canary = problem("postgres://app@db/crm?canary%40=y");
        assert!(!canary.contains("canary"), "{canary}");
        for url in [
            "postgres://app@a,b/crm",
            "postgres://app@a/crm?host=b",
            "postgres://app@localhost/crm?hostaddr=127.0.0.1,127.0.0.2",
        ] {
            assert!(problem(url).contains("several hosts"), "{url}");
        }
        for url in ["postgres://db/crm", "postgres://@db/crm"] {
            assert!(problem(url).contains("no user") && problem(url).contains("PGUSER"), "{url}");
        }
        let server = Server::parse("postgres://a%40b%3Ac@db.example/crm").unwrap();
        assert_eq!(server.config.get_user(), Some("a@b:c"));
        let server = Server::parse("postgres://app@db.example:6000/crm").unwrap();
        assert_eq!(server.name(), "postgres://app@db.example:6000/crm");
        let name = |url: &str| Server::parse(url).unwrap().name();
        assert_eq!(name("postgres://app@[::1]"), "postgres://app@[::1]:5432/app");
        assert_eq!(name("postgres://a%40b@db.example/crm"), "postgres://a%40b@db.example:5432/crm");
        let socket = "postgres://app@/crm?host=/var/run/postgresql";
        assert_eq!(name(socket), format!("{socket}&port=5432"));
    }

    #[test]
    fn a_line_of_the_password_file_has_five_fields() {
        assert_eq!(fields(r"db\:1:5432:*:app:p\\w\:d:x").unwrap(), ["db:1", "5432", "*", "app", r"p\w:d:x"]);
        assert_eq!(fields("# db:5432:*:app:x"), None);
        assert_eq!(fields("").unwrap(), [""]);
    }
}
