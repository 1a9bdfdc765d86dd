//! Seed files, in YAML or JSON: seed, clock, settings, credentials, records and fault rules with which every namespace starts.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::framework::faults::FaultRule;
use crate::framework::seed::{ProviderSeed, SeedProblem, SeedRecord};
use crate::framework::suggest::{did_you_mean, with_suggestion};
use crate::framework::timestamp::Timestamp;

/// A seed file can't be used.
///
/// ```
/// let error = auth_emulator::Emulator::builder().seed_file("seed: 7\nfualts: []\n").err().expect("a mistake");
/// assert_eq!((error.line(), error.to_string().contains("did you mean \"faults\"?")), (Some(2), true));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct SeedError {
    line: Option<usize>,
    message: String,
}

impl SeedError {
    /// Returns the line, counted from 1.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    seed: Option<u64>,
    /// The time at which the clock is stopped.
    #[serde(default)]
    clock: Option<Timestamp>,
    #[serde(default)]
    settings: BTreeMap<String, Map<String, Value>>,
    #[serde(default)]
    credentials: BTreeMap<String, String>,
    #[serde(default)]
    records: Vec<SeedRecord>,
    #[serde(default)]
    faults: Vec<FaultRule>,
}

/// A parsed seed file.
#[derive(Clone, Default)]
pub(crate) struct SeedFile {
    text: String,
    pub seed: Option<u64>,
    pub clock: Option<Timestamp>,
    pub settings: BTreeMap<String, Map<String, Value>>,
    pub providers: BTreeMap<String, ProviderSeed>,
    pub faults: Vec<FaultRule>,
}

/// The beginnings of the names of credentials, and their providers.
const PREFIXES: [(&str, &str); 5] = [
    ("VERIGATOR_", "verigator"),
    ("REVESECURE_", "revesecure"),
    ("VISE_", "vise"),
    ("VV_", "vaultvision"),
    ("VIRTUOUS_", "virtuous"),
];

impl SeedFile {
    pub(crate) fn parse(text: &str) -> Result<Self, SeedError> {
        let written: Written = serde_yaml_ng::from_str(text).map_err(|error| {
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or(&message);
            // serde names the field; its path precedes it.
            let (path, problem) = match message.find("unknown ") {
                Some(at) => message.split_at(at),
                None => ("", message),
            };
            let line = error.location().map(|at| at.line());
            let named = problem.split('`').nth(1).and_then(|name| locate_name(text, name));
            let line = if problem.starts_with("unknown field") { named.or(line) } else { line };
            SeedError { line, message: format!("{path}{}", with_suggestion(problem)) }
        })?;
        let mut file = Self { text: text.to_owned(), ..Self::default() };
        (file.seed, file.clock, file.settings) = (written.seed, written.clock, written.settings);
        let known = || PREFIXES.iter().map(|(_, provider)| *provider);
        for (position, rule) in written.faults.iter().enumerate() {
            rule.check()
                .map_err(|error| file.error_at(&[Key("faults"), Item(position)], error.to_string()))?;
            if !known().any(|name| name == rule.provider) {
                let hint = did_you_mean(&rule.provider, known());
                let message = format!("unknown provider {:?}{hint}", rule.provider);
                return Err(file.error_at(&[Key("faults"), Item(position)], message));
            }
        }
        file.faults = written.faults;
        for (name, value) in written.credentials {
            let provider = PREFIXES.iter().find(|(prefix, _)| name.starts_with(prefix));
            let Some((_, provider)) = provider else {
                let message = format!("{name} is not the variable of a credential");
                return Err(file.error_at(&[Key("credentials"), Key(&name)], message));
            };
            let seed = file.providers.entry((*provider).to_owned()).or_default();
            seed.credentials.push((name, value));
        }
        for (position, record) in written.records.into_iter().enumerate() {
            if !known().any(|name| name == record.provider) {
                let hint = did_you_mean(&record.provider, known());
                let message = format!("unknown provider {:?}{hint}", record.provider);
                return Err(file.error_at(&[Key("records"), Item(position)], message));
            }
            let seed = file.providers.entry(record.provider.clone()).or_default();
            seed.records.push((position, record));
        }
        Ok(file)
    }

    /// The error of a setting.
    pub(crate) fn of_setting(&self, provider: &str, message: String) -> SeedError {
        let setting = message.split(['`', ':']).find_map(|part| {
            let name = part.trim();
            let here = self.settings.get(provider)?;
            here.keys().find(|key| *key == name).cloned()
        });
        let line = self.locate(&[Key("settings"), Key(provider)]);
        let line =
            setting.and_then(|name| self.locate(&[Key("settings"), Key(provider), Key(&name)])).or(line);
        SeedError { line, message }
    }

    /// The error of a part that a provider refuses.
    pub(crate) fn of_provider(&self, problem: SeedProblem) -> SeedError {
        match problem {
            SeedProblem::Credential { name, message } => {
                self.error_at(&[Key("credentials"), Key(&name)], message)
            }
            SeedProblem::Record { position, message } => {
                self.error_at(&[Key("records"), Item(position)], message)
            }
        }
    }

    fn error_at(&self, path: &[Step<'_>], message: String) -> SeedError {
        SeedError { line: self.locate(path), message }
    }

    /// The line of a part of the file. Lists that are written on one line have the line of their key.
    fn locate(&self, path: &[Step<'_>]) -> Option<usize> {
        let lines: Vec<&str> = self.text.lines().collect();
        let mut at = 0;
        let mut found = None;
        for step in path {
            let rest = lines.iter().enumerate().skip(at);
            let line = match step {
                Key(name) => rest.clone().find(|(_, line)| is_key(line, name)).map(|(index, _)| index),
                Item(position) => {
                    let dashes: Vec<_> =
                        rest.clone().filter(|(_, line)| line.trim_start().starts_with("- ")).collect();
                    let indent = |line: &str| line.len() - line.trim_start().len();
                    let least = dashes.first().map(|(_, line)| indent(line));
                    let mut items = dashes.iter().filter(|(_, line)| Some(indent(line)) == least);
                    items.nth(*position).map(|(index, _)| *index)
                }
            };
            let Some(line) = line else { break };
            found = Some(line + 1);
            at = line + usize::from(matches!(step, Key(_)));
        }
        found
    }
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Item(usize),
}
use Step::{Item, Key};

fn is_key(line: &str, name: &str) -> bool {
    let line = line.trim_start().trim_start_matches("- ").trim_start_matches(['{', '"', '\'', ' ']);
    line.strip_prefix(name)
        .is_some_and(|rest| rest.trim_start_matches(['"', '\'']).trim_start().starts_with(':'))
}

fn locate_name(text: &str, name: &str) -> Option<usize> {
    text.lines().position(|line| is_key(line, name)).map(|index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> (Option<usize>, String) {
        let error = SeedFile::parse(text).err().unwrap();
        (error.line, error.message)
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        for (text, line, message) in [
            ("seed: 7\nfualts: []\n", 2, "did you mean \"faults\"?"),
            ("seed: x\n", 1, "invalid type"),
            ("clock: yesterday\n", 1, "RFC 3339"),
            ("faults:\n  - provider: virtuous\n    fualt: {status: 503}\n", 3, "did you mean \"fault\"?"),
            ("faults:\n  - provider: virtuous\n    fault: {statsu: 503}\n", 3, "statsu"),
            (
                "faults:\n  - provider: virtuous\n    fault: {status: 503}\n  - provider: virtuos\n    fault: {status: 500}\n",
                4,
                "did you mean \"virtuous\"?",
            ),
            ("faults:\n  - provider: virtuous\n    fault: {status: 99}\n", 2, "not between"),
            ("credentials:\n  API_KEY: x\n", 2, "not the variable"),
            (
                "records:\n  - provider: verigator\n    operation: services.create\n  - provider: verigatr\n    operation: x\n",
                4,
                "did you mean",
            ),
            ("{\"seed\": 7,\n \"clok\": 1}", 2, "did you mean \"clock\"?"),
            ("a: [\n", 1, "unknown field `a`"),
        ] {
            let (found, told) = error(text);
            assert_eq!(found, Some(line), "{text}: {told}");
            assert!(told.contains(message), "{told}");
        }
    }

    #[test]
    fn a_seed_is_yaml_or_json() {
        let yaml = "seed: 7\nclock: 2026-01-31T12:00:00Z\nsettings:\n  virtuous: {two_factor: true}\n";
        let json = r#"{"seed":7,"clock":"2026-01-31T12:00:00Z","settings":{"virtuous":{"two_factor":true}}}"#;
        for text in [yaml, json] {
            let file = SeedFile::parse(text).unwrap();
            assert_eq!(
                (file.seed, file.clock.map(|at| at.to_string())),
                (Some(7), Some("2026-01-31T12:00:00.000Z".to_owned()))
            );
            assert_eq!(file.settings["virtuous"]["two_factor"], true);
        }
        assert!(SeedFile::parse("{}").is_ok());
    }
}
