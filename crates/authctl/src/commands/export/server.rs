//! The address of a PostgreSQL server: what is accepted, where the password comes from, and when TLS is required.

use crate::config::secret_file;
use crate::failure::{Failure, visible};
use crate::target::decode;
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

const FORM: &str = "expected postgres://USER@HOST/DATABASE";

/// A server and a database.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) config: Config,
    authority: Option<PathBuf>,
}

impl Server {
    /// Reads an address. The address is never part of a message, because somebody may have written a password into it.
    pub(super) fn parse(url: &str) -> Result<Self, Failure> {
        let invalid = |why: &str| Failure::usage(format!("--to postgres: {why}"));
        let (_, rest) = url.split_once("://").ok_or_else(|| invalid(FORM))?;
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        let authority = address.split('/').next().unwrap_or_default();
        let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
        let pairs = || {
            query
                .split('&')
                .filter(|pair| !pair.is_empty())
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        };
        if user.contains(':') || pairs().any(|(name, _)| matches!(name, "password" | "sslpassword")) {
            return Err(invalid(
                "a password in the address is visible in process lists and in the history of the shell",
            )
            .hint("set PGPASSWORD, or name a file by PGPASSFILE"));
        }
        let (mut mode, mut authority, mut others) = (None, None, Vec::new());
        for (name, value) in pairs() {
            match name {
                "sslmode" => mode = Some(value),
                "sslrootcert" => authority = decode(value),
                _ => others.push(format!("{name}={value}")),
            }
        }
        let address = format!("postgres://{address}?{}", others.join("&"));
        let mut config: Config = address.parse().map_err(|error: tokio_postgres::Error| {
            let cause =
                std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
            invalid(&format!("the address is invalid{cause}; {FORM}"))
        })?;
        if config.get_hosts().is_empty() {
            return Err(invalid(&format!("the address has no host; {FORM}")));
        }
        let is_local = is_local(&config);
        let verified = match mode {
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
        if let (None, Some(user)) = (config.get_user(), variable("PGUSER")) {
            config.user(user);
        }
        if let Some(password) = password(&config, variable)? {
            config.password(password);
        }
        let authority = authority.or_else(|| variable("PGSSLROOTCERT")).map(PathBuf::from);
        Ok(Self { config, authority })
    }

    /// The address for people.
    pub(super) fn name(&self) -> String {
        let hosts: Vec<String> = self.config.get_hosts().iter().map(host).collect();
        let database = self.config.get_dbname().or(self.config.get_user()).unwrap_or_default();
        visible(&format!("postgres://{}/{database}", hosts.join(",")))
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

fn host(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
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
    let hosts: Vec<String> = match config.get_hosts() {
        [Host::Tcp(name)] => vec![name.clone()],
        // A socket of this machine is `localhost` in this file.
        _ => vec!["localhost".to_owned()],
    };
    let port = config.get_ports().first().map_or_else(|| "5432".to_owned(), u16::to_string);
    let user = config.get_user().map_or_else(whoami, str::to_owned);
    let database = config.get_dbname().unwrap_or(&user).to_owned();
    let found = text.lines().find_map(|line| {
        let fields = fields(line)?;
        let [host, own_port, own_database, own_user, password] = fields.as_slice() else { return None };
        let fits = |pattern: &str, value: &str| pattern == "*" || pattern == value;
        let fits = hosts.iter().any(|name| fits(host, name))
            && fits(own_port, &port)
            && fits(own_database, &database)
            && fits(own_user, &user);
        fits.then(|| password.clone())
    });
    if found.is_none() && is_named {
        return Err(Failure::credentials(format!("{name} has no line for this server, database and user"))
            .hint("a line is HOST:PORT:DATABASE:USER:PASSWORD"));
    }
    Ok(found)
}

/// The user of this process, as the client of PostgreSQL finds it.
fn whoami() -> String {
    std::env::var("USER").unwrap_or_default()
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
            "postgres:///crm?host=/var/run/postgresql",
        ] {
            assert_eq!(mode(url), Some(SslMode::Disable), "{url}");
        }
        assert_eq!(mode("postgres://localhost/crm?sslmode=verify-full"), Some(SslMode::Require));
        for url in [
            "postgres://app@db.example/crm?sslmode=require",
            "postgres://app@db.example/crm?sslmode=disable",
            "postgres://app@localhost,db.example/crm?sslmode=prefer",
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
        assert!(problem("postgres://db/crm?colour=red").contains("colour"));
        let server = Server::parse("postgres://app@db.example:6000/crm").unwrap();
        assert_eq!(server.name(), "postgres://db.example/crm");
    }

    #[test]
    fn a_line_of_the_password_file_has_five_fields() {
        assert_eq!(fields(r"db\:1:5432:*:app:p\\w\:d:x").unwrap(), ["db:1", "5432", "*", "app", r"p\w:d:x"]);
        assert_eq!(fields("# db:5432:*:app:x"), None);
        assert_eq!(fields("").unwrap(), [""]);
    }
}
