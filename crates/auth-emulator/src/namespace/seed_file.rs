//! Seed files, in YAML or JSON: seed, clock, settings, credentials, records and fault rules with which every namespace starts.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::locate;
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
            SeedError { line, message: format!("{path}{}", with_suggestion(problem)) }
        })?;
        let mut file = Self { text: text.to_owned(), ..Self::default() };
        (file.seed, file.clock, file.settings) = (written.seed, written.clock, written.settings);
        file.faults = written.faults;
        for (name, value) in written.credentials {
            let provider = PREFIXES.iter().find(|(prefix, _)| name.starts_with(prefix));
            let Some((_, provider)) = provider else {
                let message = format!("{name} is not the variable of a credential");
                return Err(file.error_at(&format!("credentials.{name}"), message));
            };
            let seed = file.providers.entry((*provider).to_owned()).or_default();
            seed.credentials.push((name, value));
        }
        let known = || PREFIXES.iter().map(|(_, provider)| *provider);
        for (position, record) in written.records.into_iter().enumerate() {
            if !known().any(|name| name == record.provider) {
                let hint = did_you_mean(&record.provider, known());
                let message = format!("unknown provider {:?}{hint}", record.provider);
                return Err(file.error_at(&format!("records[{position}].provider"), message));
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
        self.error_at(&format!("settings.{provider}.{}", setting.unwrap_or_default()), message)
    }

    /// The error of a part that a provider refuses.
    pub(crate) fn of_provider(&self, problem: SeedProblem) -> SeedError {
        match problem {
            SeedProblem::Credential { name, message } => {
                self.error_at(&format!("credentials.{name}"), message)
            }
            SeedProblem::Record { position, at, message } => {
                self.error_at(&format!("records[{position}].{at}"), message)
            }
        }
    }

    /// The error of a fault rule, by its position. Messages begin with the field.
    pub(crate) fn of_fault(&self, position: usize, message: String) -> SeedError {
        let field = message.strip_prefix("unknown ").unwrap_or(&message);
        let field = field.split([':', ' ']).next().unwrap_or_default();
        let rule = format!("faults[{position}]");
        let of = |part: &str| locate::line_of_part(&self.text, &format!("{rule}.{part}{field}"));
        let line = of("").or_else(|| of("fault.")).or_else(|| locate::line(&self.text, &rule));
        SeedError { line, message }
    }

    fn error_at(&self, path: &str, message: String) -> SeedError {
        SeedError { line: locate::line(&self.text, path), message }
    }
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
            ("seed: 7\nclock:\n  [1]\n", 3, "invalid type"),
            ("seed: 7\nclock: 2026-01-31\n", 2, "RFC 3339"),
            ("records:\n  - provider: virtuous\n    operation: [a]\n", 3, "invalid type"),
            ("records:\n  - provider: virtuous\n    operation: a\n    params: 5\n", 4, "invalid type"),
            ("records:\n  - provider: virtuous\n    bod: 5\n", 3, "did you mean \"body\"?"),
            ("records:\n  - provider: virtuous\n", 2, "missing field `operation`"),
            (
                "records: [{provider: x, operation: y}]\nfaults:\n  - {provider: virtuous, fault: {status: 500}}\n",
                1,
                "unknown provider",
            ),
            ("faults:\n  - provider: virtuous\n    fault:\n      status: x\n", 4, "invalid type"),
            ("settings:\n  virtuous:\n    - 5\n", 3, "invalid type"),
            ("credentials:\n  VV_API_KEY: [5]\n", 2, "invalid type"),
            ("seed: 7\nfualts: []\n", 2, "did you mean \"faults\"?"),
            ("seed: x\n", 1, "invalid type"),
            ("clock: yesterday\n", 1, "RFC 3339"),
            ("faults:\n  - provider: virtuous\n    fualt: {status: 503}\n", 3, "did you mean \"fault\"?"),
            ("faults:\n  - provider: virtuous\n    fault: {statsu: 503}\n", 3, "statsu"),
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
