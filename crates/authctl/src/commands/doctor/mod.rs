//! `authctl doctor PROVIDER`: compares the assumptions of the SDK with what a server does, by reads only.
//!
//! The assumptions are those of `docs/assumptions.md`, from the same list. `probe` sends the calls, within a budget, and only
//! operations that read; a file per provider has its checks. A row that no check observes is reported as such.

mod probe;
mod recorder;
mod revesecure;
mod summary;
mod vaultvision;
mod verigator;
mod virtuous;
mod vise;

use crate::failure::{Exit, Failure};
use crate::globals::{Format, Globals};
use crate::json::Line;
use crate::settings::{Settings, variables};
use crate::{assumptions, emulate, interrupt, output, resolve};
use probe::Probe;
use serde_json::Value;
use std::path::PathBuf;
use summary::Counts;

/// The rows of docs/assumptions.md, written by `cargo xtask codegen`.
static ROWS: &str = include_str!("../../generated/assumptions.tsv");
const COLUMNS: [&str; 5] = ["assumption", "result", "observed", "setting", "assumed"];

const NOTES: &str = "\
Only operations that read are called. Those of ReveSecure that look a user up send a user name that is in the list of users,
or one that doesn't exist. For VISE, sessions are opened at one host of the account. For Vault Vision, the discovery document and
the signing keys of a tenant's logins are read, without a credential. The report contains no names, ids or
credentials: only statuses, names of fields, types, formats, counts, and the limits of the account.

The column setting has the key of a profile that ends a difference, or the reason why none is needed. Keys that the profile has
are tried first, and named in the row of their assumption; then the defaults, and other values.

A rejected credential counts as a failed login at some vendors. After the first rejection, other settings are tried at most
five times, with two seconds in between; without these limits if the called host is a loopback address.

Results: confirmed, if another behavior would have been seen; differs, with the setting to change; not decided, if what was
seen fits other behaviors too, and untested, both with the reason. A table leaves out what no read shows. A summary on standard
error counts the results, and shows what to write into a profile.

Exit codes: 0 if all checks were made, also if something differs; 4 if no variant of the credential is accepted; 6 if the server
throttles; 8 after --max-calls; 9 with --strict if something differs.

Example, without an account:
  $ authctl --emulator doctor revesecure";

/// Compare the SDK's assumptions about a provider with what its server does, by reads only.
#[derive(clap::Args, Debug)]
#[command(after_help = NOTES)]
pub(crate) struct Arguments {
    /// The provider.
    provider: String,
    /// Write the findings to this file as JSON, to send them to the project. It contains no names and no ids.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Exit code 9 if something differs.
    #[arg(long)]
    strict: bool,
    /// Print only this assumption, by its id; can be repeated. All calls are made.
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// The most calls to make [default: 60; 500 to a loopback address].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    max_calls: Option<u32>,
    /// Renew the tokens of a login once, to see what the server returns. The new tokens are stored, as after every renewal.
    #[arg(long)]
    allow_refresh: bool,
    /// Log in with the user name and the password of the settings, to see where a one-time code is read. Asks for two codes, or
    /// reads them from lines of standard input. The session is not kept.
    #[arg(long)]
    allow_login: bool,
    /// Vault Vision: the issuer of logins, whose discovery document is read [default: VV_ISSUER_URL, or https:// and the domain of
    /// the first tenant].
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// List the assumptions and how each is observed, and call nothing.
    #[arg(long, conflicts_with_all = ["report", "strict", "max_calls", "allow_refresh", "allow_login", "issuer"])]
    list: bool,
}

impl Arguments {
    fn wants(&self, id: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|own| own == id)
    }
}

/// An assumption.
#[derive(Debug)]
struct Row {
    id: &'static str,
    assumed: &'static str,
    /// The settings of the client.
    client: &'static str,
}

impl Row {
    /// The settings that a profile has. They are no difference from what is assumed, but explain it.
    fn set_by(&self, profile: &toml::Table) -> String {
        let own = |key: &&String| self.client.contains(&format!("`{key}`"));
        let keys: Vec<&str> = profile.keys().filter(own).map(String::as_str).collect();
        match keys.as_slice() {
            [] => String::new(),
            keys => format!("; the profile sets {}", keys.join(", ")),
        }
    }
}

/// How an assumption is observed.
type How = (&'static str, &'static str);

/// What was observed about one assumption.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Finding {
    /// Another behavior would have been seen.
    Confirmed(String),
    /// With what to change: a key of a profile with its value, if there is one.
    Differs(String, String),
    /// What was seen fits other behaviors too.
    Undecided(String),
    Untested(String),
}

impl Finding {
    fn differs(observed: impl Into<String>, setting: impl Into<String>) -> Self {
        Self::Differs(observed.into(), setting.into())
    }

    /// Differs if `on`.
    fn differs_if(on: bool, observed: impl Into<String>, setting: impl Into<String>) -> Self {
        if on { Self::differs(observed, setting) } else { Self::Confirmed(observed.into()) }
    }

    fn result(&self) -> (&'static str, &str, &str) {
        match self {
            Self::Confirmed(observed) => ("confirmed", observed, ""),
            Self::Differs(observed, setting) => ("differs", observed, setting),
            Self::Undecided(why) => ("not decided", why, ""),
            Self::Untested(why) => ("untested", why, ""),
        }
    }
}

/// The setting of a difference that the profile has.
const KEPT: &str = "none: the profile has it";

/// The finding about a key of a profile, by the value that the server accepts.
fn judged(
    settings: &Settings,
    name: &str,
    accepted: impl Into<Value>,
    default: impl Into<Value>,
    observed: impl Into<String>,
) -> Finding {
    let (accepted, default) = (accepted.into(), default.into());
    let own = settings.assumed.get(name).and_then(|own| serde_json::to_value(own).ok());
    match own {
        own if accepted == default && own.as_ref().is_none_or(|own| *own == accepted) => {
            Finding::Confirmed(observed.into())
        }
        Some(own) if own == accepted => Finding::differs(observed, KEPT),
        _ => Finding::differs(observed, key(settings.provider, name, accepted)),
    }
}

/// All parts of the keys that a profile has, the smallest first: what to do without, if the server rejects what the keys make.
fn parts(settings: &Settings, keys: &[&'static str]) -> Vec<Vec<&'static str>> {
    let mut all = vec![Vec::new()];
    for key in keys.iter().filter(|key| settings.assumed.contains_key(**key)) {
        let with: Vec<Vec<_>> = all.iter().map(|part| [part.as_slice(), &[*key]].concat()).collect();
        all.extend(with);
    }
    all.sort_by_key(Vec::len);
    all
}

/// An assumption, and one of the findings about it.
type Found<'r> = (&'r Row, Finding);

/// A key of a profile with its value, as it is written there.
fn key(provider: &str, name: &str, value: impl Into<Value>) -> String {
    // The strings and booleans of JSON are those of TOML.
    let line = format!("{name} = {}", value.into());
    debug_assert!(
        toml::from_str::<toml::Table>(&line).is_ok_and(|table| {
            let known = assumptions::keys(provider).iter().find(|key| key.name == name);
            known.is_some_and(|key| table.get(name).is_some_and(key.fits))
        }),
        "{line}"
    );
    line
}

/// Findings by the ids of their assumptions; several checks may observe one.
#[derive(Debug, Default)]
struct Findings(Vec<(&'static str, Finding)>);

impl Findings {
    fn add(&mut self, id: &'static str, finding: Finding) {
        self.0.push((id, finding));
    }
}

fn rows(provider: &str) -> Vec<Row> {
    let rows = ROWS.lines().filter_map(|line| {
        let mut cells = line.split('\t');
        (cells.next() == Some(provider)).then_some(())?;
        let (id, _, assumed, client) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
        Some(Row { id, assumed, client })
    });
    rows.collect()
}

/// The assumptions that checks observe, and how.
fn observed(provider: &str) -> &'static [How] {
    match provider {
        "revesecure" => &revesecure::OBSERVED,
        "vaultvision" => &vaultvision::OBSERVED,
        "verigator" => &verigator::OBSERVED,
        "virtuous" => &virtuous::OBSERVED,
        "vise" => &vise::OBSERVED,
        _ => &[],
    }
}

const UNOBSERVED: &str = "no read shows it";

pub(crate) async fn run(arguments: &Arguments, globals: &Globals) -> Result<(), Failure> {
    let provider = resolve::provider(&arguments.provider)?;
    globals
        .refuse(&["--all", "--limit", "--dry-run"], "doctor makes its own calls; --list describes them")?;
    output::check_rows(globals, &COLUMNS)?;
    let rows = rows(provider);
    for id in &arguments.only {
        if !rows.iter().any(|row| row.id == id) {
            let near = crate::words::did_you_mean(id, rows.iter().map(|row| row.id));
            return Err(Failure::usage(format!("--only: {provider} has no assumption {id:?}{near}")));
        }
    }
    if arguments.allow_refresh && provider != "virtuous" {
        return Err(Failure::usage(format!("--allow-refresh: {provider} has no tokens to renew")));
    }
    if arguments.allow_login && provider != "virtuous" {
        return Err(Failure::usage(format!("--allow-login: {provider} has no logins of users")));
    }
    if let Some(issuer) = &arguments.issuer {
        if provider != "vaultvision" {
            return Err(Failure::usage(format!("--issuer: {provider} has no OpenID Connect logins")));
        }
        vaultvision::check_issuer("--issuer", issuer)?;
    }
    if arguments.list {
        let wanted = rows.iter().filter(|row| arguments.wants(row.id));
        return list(provider, wanted, globals);
    }
    emulate::with(globals, provider, async |settings| {
        let profile = &settings.assumed;
        let mut probe = Probe::new(settings, globals, arguments.max_calls)?;
        let mut findings = Findings::default();
        let checks = async {
            match provider {
                "vaultvision" => {
                    let issuer = match &arguments.issuer {
                        Some(issuer) => Some(issuer.clone()),
                        None => settings.issuer(),
                    };
                    if let Some(issuer) = &issuer {
                        vaultvision::check_issuer("VV_ISSUER_URL", issuer)?;
                    }
                    vaultvision::check(&mut probe, &mut findings, issuer).await
                }
                "verigator" => verigator::check(&mut probe, &mut findings).await,
                "virtuous" => virtuous::check(&mut probe, &mut findings, arguments, globals).await,
                "vise" => vise::check(&mut probe, &mut findings).await,
                _ => revesecure::check(&mut probe, &mut findings).await,
            }
        };
        let outcome = interrupt::until(crate::index::Class::Read, checks).await?;
        let found: Vec<Found<'_>> = rows
            .iter()
            .filter(|row| arguments.wants(row.id))
            .flat_map(|row| found(row, provider, &findings))
            .collect();
        let shown = found.iter().filter(|found| !arguments.only.is_empty() || is_shown(found, globals));
        let columns = if globals.format().0 == Format::Table { &COLUMNS[..4] } else { &COLUMNS };
        output::whole_rows(globals, columns, &shown.map(|found| line(found, profile)).collect::<Vec<_>>())?;
        output::note(&summary::text(settings, &found, probe.calls()));
        if let Some(path) = &arguments.report {
            write(path, settings, &found, profile, probe.calls())?;
        }
        outcome?;
        match Counts::of(&found).differs > 0 && arguments.strict {
            true => Err(Failure::new(Exit::Partly, "differs", "the server differs from the assumptions")),
            false => Ok(()),
        }
    })
    .await
}

/// The findings about one assumption.
fn found<'r>(row: &'r Row, provider: &str, findings: &Findings) -> Vec<Found<'r>> {
    let of_row = findings.0.iter().filter(|(id, _)| *id == row.id);
    let found: Vec<Found<'r>> = of_row.map(|(_, finding)| (row, finding.clone())).collect();
    if !found.is_empty() {
        return found;
    }
    let is_observed = observed(provider).iter().any(|(id, _)| *id == row.id);
    let why = if is_observed { "not reached" } else { UNOBSERVED };
    vec![(row, Finding::Untested(why.to_owned()))]
}

/// A table shows what the checks have found; programs get all rows.
fn is_shown((_, finding): &Found<'_>, globals: &Globals) -> bool {
    globals.format().0 != Format::Table || !matches!(finding, Finding::Untested(why) if why == UNOBSERVED)
}

fn line((row, finding): &Found<'_>, profile: &toml::Table) -> String {
    let (result, observed, setting) = finding.result();
    let observed = format!("{observed}{}", row.set_by(profile));
    let line =
        Line::default().text("assumption", row.id).text("result", result).text("observed", observed.as_str());
    line.text("setting", Some(setting).filter(|setting| !setting.is_empty()))
        .text("assumed", row.assumed)
        .end()
}

fn list<'r>(provider: &str, rows: impl Iterator<Item = &'r Row>, globals: &Globals) -> Result<(), Failure> {
    let lines = rows.map(|row| {
        let how = observed(provider).iter().find(|(id, _)| *id == row.id).map(|(_, how)| *how);
        let result = if how.is_some() { "planned" } else { "untested" };
        let line = Line::default().text("assumption", row.id).text("result", result);
        line.text("observed", how.unwrap_or(UNOBSERVED))
            .text("setting", None)
            .text("assumed", row.assumed)
            .end()
    });
    output::whole_rows(globals, &COLUMNS, &lines.collect::<Vec<_>>())
}

/// Writes the report. Credentials can't be in it; should one be nevertheless, it is removed.
fn write(
    path: &PathBuf,
    settings: &Settings,
    found: &[Found<'_>],
    profile: &toml::Table,
    calls: u32,
) -> Result<(), Failure> {
    let lines: Vec<String> = found.iter().map(|found| line(found, profile)).collect();
    let mut findings = format!("[{}]", lines.join(","));
    for variable in variables(settings.provider).iter().filter(|variable| variable.secret) {
        // Shorter ones could be a part of any word.
        if let Some(value) = settings.get(variable.name).filter(|value| value.len() >= 8) {
            findings = findings.replace(value, "[redacted]");
        }
    }
    let Counts { confirmed, differs, undecided, untested } = Counts::of(found);
    let report = Line::default()
        .json("version", 1)
        .text("authctl", env!("CARGO_PKG_VERSION"))
        .text("provider", settings.provider)
        .json("calls", calls)
        .json("confirmed", confirmed)
        .json("differs", differs)
        .json("not_decided", undecided)
        .json("untested", untested)
        .json("findings", findings);
    std::fs::write(path, report.end() + "\n")
        .map_err(|error| Failure::local(format!("{} can't be written: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_observed_assumption_is_a_row_of_the_page() {
        for provider in crate::index::PROVIDERS {
            let rows = rows(provider);
            assert!(rows.len() > 5, "{provider}");
            assert!(!observed(provider).is_empty(), "{provider}");
            for (id, how) in observed(provider) {
                assert!(rows.iter().any(|row| row.id == *id) && !how.is_empty(), "{provider} {id}");
            }
        }
    }
}
