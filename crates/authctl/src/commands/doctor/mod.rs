//! `authctl doctor PROVIDER`: compares the assumptions of the SDK with what a server does, by reads only.
//!
//! The assumptions are those of `docs/assumptions.md`, from the same list. `probe` sends the calls, within a budget, and only
//! operations that read; a file per provider has its checks. A row that no check observes is reported as such.

mod probe;
mod revesecure;
mod vaultvision;
mod verigator;
mod virtuous;
mod vise;

use crate::failure::{Exit, Failure};
use crate::globals::Globals;
use crate::json::Line;
use crate::settings::{Settings, variables};
use crate::{emulate, interrupt, output, resolve};
use probe::Probe;
use std::path::PathBuf;

/// The rows of docs/assumptions.md, written by `cargo xtask codegen`.
static ROWS: &str = include_str!("../../generated/assumptions.tsv");
const COLUMNS: [&str; 5] = ["assumption", "result", "observed", "setting", "assumed"];

const NOTES: &str = "\
Only operations that read are called. Those of ReveSecure that look a user up send a user name that is in the list of users,
or one that doesn't exist. For VISE, sessions are opened at one host of the account. The report contains no names, ids or
credentials: only statuses, names of fields, types, formats, counts, and the limits of the account.

A profile may have settings for an assumption, which are named in its row. Settings that a check varies are tried from the
defaults on, whatever the profile has; others are used as they are.

A rejected credential counts as a failed login at some vendors. After the first rejection, other settings are tried at most
five times, with two seconds in between; without these limits if the called host is a loopback address.

Results: confirmed; differs, with the setting to change; untested, with the reason.
Exit codes: 0 if all checks were made; 4 if no variant of the credential is accepted; 6 if the server throttles; 8 after
--max-calls; 9 with --strict if something differs.

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
    /// List the assumptions and how each is observed, and call nothing.
    #[arg(long, conflicts_with_all = ["report", "strict", "max_calls"])]
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
    Confirmed(String),
    /// With the setting to change; of the emulator, if the client accepts both.
    Differs(String, &'static str),
    Untested(String),
}

impl Finding {
    /// Differs if `on`.
    fn differs_if(on: bool, observed: impl Into<String>, setting: &'static str) -> Self {
        if on { Self::Differs(observed.into(), setting) } else { Self::Confirmed(observed.into()) }
    }

    fn result(&self) -> (&'static str, &str, &'static str) {
        match self {
            Self::Confirmed(observed) => ("confirmed", observed, ""),
            Self::Differs(observed, setting) => ("differs", observed, setting),
            Self::Untested(why) => ("untested", why, ""),
        }
    }
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
    if arguments.list {
        let wanted = rows.iter().filter(|row| arguments.wants(row.id));
        return list(provider, wanted, globals);
    }
    emulate::with(globals, provider, async |settings| {
        let profile = &settings.assumed;
        let varied: &[&str] = if provider == "revesecure" { &revesecure::VARIED } else { &[] };
        let settings = &settings.without_assumed(varied);
        let mut probe = Probe::new(settings, globals, arguments.max_calls)?;
        let mut findings = Findings::default();
        let checks = async {
            match provider {
                "vaultvision" => vaultvision::check(&mut probe, &mut findings).await,
                "verigator" => verigator::check(&mut probe, &mut findings).await,
                "virtuous" => virtuous::check(&mut probe, &mut findings).await,
                "vise" => vise::check(&mut probe, &mut findings).await,
                _ => revesecure::check(&mut probe, &mut findings).await,
            }
        };
        let outcome = interrupt::until(crate::index::Class::Read, checks).await?;
        let rows = rows.iter().filter(|row| arguments.wants(row.id));
        let lines: Vec<String> = rows.flat_map(|row| lines(row, provider, &findings, profile)).collect();
        output::rows(globals, &COLUMNS, &lines)?;
        if let Some(path) = &arguments.report {
            write(path, provider, settings, &lines, probe.calls())?;
        }
        outcome?;
        let differs = findings
            .0
            .iter()
            .any(|(id, finding)| arguments.wants(id) && matches!(finding, Finding::Differs(..)));
        match differs && arguments.strict {
            true => Err(Failure::new(Exit::Partly, "differs", "the server differs from the assumptions")),
            false => Ok(()),
        }
    })
    .await
}

/// The findings about one assumption.
fn lines(row: &Row, provider: &str, findings: &Findings, profile: &toml::Table) -> Vec<String> {
    let set = row.set_by(profile);
    let line = |finding: &Finding| {
        let (result, observed, setting) = finding.result();
        let observed = format!("{observed}{set}");
        let line = Line::default()
            .text("assumption", row.id)
            .text("result", result)
            .text("observed", observed.as_str());
        line.text("setting", Some(setting).filter(|setting| !setting.is_empty()))
            .text("assumed", row.assumed)
            .end()
    };
    let found: Vec<String> =
        findings.0.iter().filter(|(id, _)| *id == row.id).map(|(_, finding)| line(finding)).collect();
    if !found.is_empty() {
        return found;
    }
    let is_observed = observed(provider).iter().any(|(id, _)| *id == row.id);
    let why = if is_observed { "not reached" } else { UNOBSERVED };
    vec![line(&Finding::Untested(why.to_owned()))]
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
    output::rows(globals, &COLUMNS, &lines.collect::<Vec<_>>())
}

/// Writes the report. Credentials can't be in it; should one be nevertheless, it is removed.
fn write(
    path: &PathBuf,
    provider: &str,
    settings: &Settings,
    lines: &[String],
    calls: u32,
) -> Result<(), Failure> {
    let mut findings = format!("[{}]", lines.join(","));
    for variable in variables(provider).iter().filter(|variable| variable.secret) {
        // Shorter ones could be a part of any word.
        if let Some(value) = settings.get(variable.name).filter(|value| value.len() >= 8) {
            findings = findings.replace(value, "[redacted]");
        }
    }
    let report = Line::default()
        .json("version", 1)
        .text("authctl", env!("CARGO_PKG_VERSION"))
        .text("provider", provider)
        .json("calls", calls)
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
