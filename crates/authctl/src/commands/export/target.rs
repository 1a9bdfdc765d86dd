//! Where the rows of an export go, from `--to` and the options that belong to it. Nothing is opened here.

use super::format::Format;
#[cfg(feature = "postgres")]
use super::server::Server;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
use super::table::Table;
use crate::failure::{Failure, visible};
use std::fs;
use std::path::{Path, PathBuf};
use virtuous_client::export::Resource;

/// Where rows go.
#[derive(Debug)]
pub(super) enum Target {
    /// A file, which can be resumed.
    File { path: PathBuf, format: Format },
    /// A pipe or a device; without a path, standard output.
    Stream { path: Option<PathBuf>, format: Format },
    /// A table of a SQLite database.
    #[cfg(feature = "sqlite")]
    Sqlite { path: PathBuf, table: Table },
    /// A table of a PostgreSQL database.
    #[cfg(feature = "postgres")]
    Postgres { server: Box<Server>, table: Table },
}

/// The options that not every target has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options<'a> {
    pub(super) table: Option<&'a str>,
    pub(super) csv_safe: bool,
    pub(super) restart: bool,
}

impl Target {
    pub(super) fn parse(to: &str, resource: Resource, options: Options<'_>) -> Result<Self, Failure> {
        let target = Self::named(to, resource, options)?;
        let is_csv = matches!(
            target,
            Self::File { format: Format::Csv { .. }, .. } | Self::Stream { format: Format::Csv { .. }, .. }
        );
        let given = [
            (
                options.csv_safe && !is_csv,
                "--csv-safe",
                "only a CSV file has cells that a spreadsheet could run",
            ),
            (
                options.table.is_some() && !target.replaces(),
                "--table",
                "only a database has tables: sqlite:FILE or postgres://USER@HOST/DATABASE",
            ),
            (
                options.restart && matches!(target, Self::Stream { .. }),
                "--restart",
                "standard output, a pipe or a device has no earlier export",
            ),
        ];
        match given.iter().find(|(is_wrong, ..)| *is_wrong) {
            Some((_, option, why)) => Err(Failure::usage(format!("{option}: {why}"))),
            None => Ok(target),
        }
    }

    fn named(to: &str, resource: Resource, options: Options<'_>) -> Result<Self, Failure> {
        let format = |path: &Path| match path.extension().and_then(|extension| extension.to_str()) {
            Some("ndjson" | "jsonl") => Some(Format::Ndjson),
            Some("csv") => Some(Format::Csv { safe: options.csv_safe }),
            _ => None,
        };
        if to == "-" {
            return Ok(Self::Stream { path: None, format: Format::Ndjson });
        }
        let shown = shown(to);
        let (scheme, rest) = to.split_once(':').unwrap_or_default();
        match scheme {
            "sqlite" => return sqlite(rest, resource, options),
            "postgres" | "postgresql" => return postgres(to, resource, options),
            _ if rest.starts_with("//") => {
                let scheme = if scheme.contains(['@', '/']) { "…" } else { scheme };
                return Err(Failure::usage(format!(
                    "--to {scheme}://…: this kind of target is not supported"
                ))
                .hint(TARGETS));
            }
            _ => {}
        }
        let path = PathBuf::from(to);
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => {
                Err(Failure::usage(format!("--to {shown}: is a folder")).hint("name a file in it"))
            }
            Ok(metadata) if !metadata.is_file() => {
                Ok(Self::Stream { format: format(&path).unwrap_or(Format::Ndjson), path: Some(path) })
            }
            _ => match format(&path) {
                Some(format) => Ok(Self::File { path, format }),
                None => Err(Failure::usage(format!(
                    "--to {shown}: the name of the file must end with .ndjson, .jsonl or .csv, the formats of an export"
                ))
                .hint(TARGETS)),
            },
        }
    }

    /// Whether it has one row per id.
    pub(super) fn replaces(&self) -> bool {
        !matches!(self, Self::File { .. } | Self::Stream { .. })
    }

    /// What it contains, as its state says.
    pub(super) fn format(&self) -> Option<Format> {
        match self {
            Self::File { format, .. } | Self::Stream { format, .. } => Some(*format),
            #[cfg(any(feature = "postgres", feature = "sqlite"))]
            _ => None,
        }
    }

    /// The name for people, without a password; `None` for standard output.
    pub(super) fn name(&self) -> Option<String> {
        match self {
            Self::File { path, .. } => Some(visible(&path.display().to_string())),
            Self::Stream { path, .. } => path.as_ref().map(|path| visible(&path.display().to_string())),
            #[cfg(feature = "sqlite")]
            Self::Sqlite { path, table } => {
                Some(format!("{}, table {}", visible(&path.display().to_string()), table.shown()))
            }
            #[cfg(feature = "postgres")]
            Self::Postgres { server, table } => Some(format!("{}, table {}", server.name(), table.shown())),
        }
    }
}

const TARGETS: &str = "targets are FILE.ndjson, FILE.csv, sqlite:FILE, postgres://USER@HOST/DATABASE, and - for standard output";

/// The target for messages; not if it could be a mistyped address with a password.
fn shown(to: &str) -> &str {
    if to.contains('@') || to.to_ascii_lowercase().contains("password") { "…" } else { to }
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
fn table(resource: Resource, options: Options<'_>, with_schema: bool) -> Result<Table, Failure> {
    match options.table {
        Some(name) => Table::parse(name, with_schema),
        None => Table::parse(&resource.name().replace('-', "_"), with_schema),
    }
}

#[cfg(feature = "sqlite")]
fn sqlite(rest: &str, resource: Resource, options: Options<'_>) -> Result<Target, Failure> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let rest = shown(rest);
    if path.is_empty() || path.starts_with(':') || path.ends_with(['/', '\\']) {
        return Err(Failure::usage(format!("--to sqlite:{rest}: a file must be named"))
            .hint("for example --to sqlite:crm.db"));
    }
    if fs::metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
        return Err(Failure::usage(format!("--to sqlite:{rest}: is a folder")).hint("name a file in it"));
    }
    Ok(Target::Sqlite { path: PathBuf::from(path), table: table(resource, options, false)? })
}

#[cfg(not(feature = "sqlite"))]
fn sqlite(_: &str, _: Resource, _: Options<'_>) -> Result<Target, Failure> {
    Err(Failure::usage("--to sqlite: this authctl was built without the feature `sqlite`"))
}

#[cfg(feature = "postgres")]
fn postgres(to: &str, resource: Resource, options: Options<'_>) -> Result<Target, Failure> {
    let server = Box::new(Server::parse(to)?);
    Ok(Target::Postgres { server, table: table(resource, options, true)? })
}

#[cfg(not(feature = "postgres"))]
fn postgres(_: &str, _: Resource, _: Options<'_>) -> Result<Target, Failure> {
    Err(Failure::usage("--to postgres: this authctl was built without the feature `postgres`"))
}
