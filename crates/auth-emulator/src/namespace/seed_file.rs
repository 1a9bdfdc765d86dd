//! Seed files, in YAML or JSON: seed, clock, settings, credentials, records and fault rules with which every namespace starts.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::locate;
use crate::framework::faults::FaultRule;
use crate::framework::seed::{ProviderSeed, SeedProblem, SeedRecord};
use crate::framework::suggest::{did_you_mean, explained};
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

/// What problems of syntax mean in a seed file.
const SYNTAX: [(&str, &str); 7] = [
    ("found character that cannot start any token", "a value needs quotes"),
    ("did not find expected ','", "a list or map in brackets is not closed, or a comma is missing"),
    ("did not find expected node content", "a list or map in brackets is not closed, or a value is missing"),
    ("did not find expected key", "the line is not indented like those before it"),
    ("did not find expected '-'", "the line is not indented like those before it"),
    ("could not find expected ':'", "a colon is missing, or the line is not indented like those before it"),
    (
        "mapping values are not allowed",
        "a value with a colon and a space needs quotes, or the indentation is wrong",
    ),
];

impl SeedError {
    fn of_parser(text: &str, error: &serde_yaml_ng::Error) -> Self {
        let line = error.location().map(|at| at.line());
        let whole = error.to_string();
        let (message, context) = whole.split_once(" at line ").unwrap_or((&whole, ""));
        // The position is that of the error; what follows it says what was begun where.
        let context = context.split_once(", ").map(|(_, context)| format!(", {context}")).unwrap_or_default();
        let here = line.and_then(|line| text.lines().nth(line - 1)).unwrap_or_default();
        if message.starts_with("found character") && here.trim_start_matches(' ').starts_with('\t') {
            return Self { line, message: "a tab can't indent a line; use spaces".to_owned() };
        }
        if let Some((_, meaning)) = SYNTAX.iter().find(|(problem, _)| message.starts_with(problem)) {
            return Self { line, message: format!("{meaning} ({message}{context})") };
        }
        match message {
            "deserializing from YAML containing more than one document is not supported" => {
                let line = text.lines().collect::<Vec<_>>().iter().rposition(|line| line.starts_with("---"));
                let message = "a seed file is one YAML document".to_owned();
                Self { line: line.map(|line| line + 1), message }
            }
            "recursion limit exceeded" => Self { line, message: "nested too deeply".to_owned() },
            message => Self { line, message: explained(message) },
        }
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
        // Some editors start a file with a byte order mark, which would shift the first line.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let written: Written = locate::check(text)
            .and_then(|()| serde_yaml_ng::from_str(text))
            .map_err(|error| SeedError::of_parser(text, &error))?;
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
        let unknown = message.strip_prefix("unknown setting `").and_then(|rest| rest.split('`').next());
        let path = unknown.or_else(|| message.split_once(": ").map(|(path, _)| path)).unwrap_or_default();
        self.error_at(&format!("settings.{provider}.{path}"), message)
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
            ("seed: 7\nclock:\n  [1]\n", 3, "expected a"),
            ("seed: 7\nclock: 2026-01-31\n", 2, "RFC 3339"),
            ("records:\n  - provider: virtuous\n    operation: [a]\n", 3, "expected a"),
            ("records:\n  - provider: virtuous\n    operation: a\n    params: 5\n", 4, "expected a"),
            ("records:\n  - provider: virtuous\n    bod: 5\n", 3, "did you mean \"body\"?"),
            ("records:\n  - provider: virtuous\n", 2, "missing field `operation`"),
            (
                "records: [{provider: x, operation: y}]\nfaults:\n  - {provider: virtuous, fault: {status: 500}}\n",
                1,
                "unknown provider",
            ),
            ("faults:\n  - provider: virtuous\n    fault:\n      status: x\n", 4, "expected a"),
            ("settings:\n  virtuous:\n    - 5\n", 3, "expected a"),
            ("credentials:\n  VV_API_KEY: [5]\n", 2, "expected a"),
            ("seed: 7\nfualts: []\n", 2, "did you mean \"faults\"?"),
            ("seed: x\n", 1, "expected a"),
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
            ("a: [\n", 2, "is not closed"),
            ("", 1, "the file is empty"),
            ("# nothing yet\n", 2, "the file is empty"),
            ("\u{feff}seed: 7\nclok: 1\n", 2, "did you mean \"clock\"?"),
            ("settings:\n\tvirtuous: {}\n", 2, "a tab can't indent"),
            ("credentials:\n  VV_API_KEY: @x\n", 2, "needs quotes"),
            (
                "records: [\n  {provider: x\n",
                3,
                "is not closed, or a comma is missing (did not find expected ',' or '}', while",
            ),
            ("settings:\n  virtuous:\n    contacts: 3\n   vise: {}\n", 4, "not indented like"),
            ("credentials:\n  VV_API_KEY: a: b\n", 2, "needs quotes"),
            ("seed: 7\nclock: 2026-01-31T12:00:00Z\nseed: 8\n", 3, "\"seed\" occurs twice"),
            ("settings:\n  virtuous:\n    contacts: 3\n    contacts: 4\n", 4, "\"contacts\" occurs twice"),
            (
                "records:\n  - provider: a\n    body:\n      - {x: 1,\n         x: 2}\n",
                5,
                "\"x\" occurs twice",
            ),
            ("settings:\n  vise: &a {hosts: 2}\n  virtuous:\n    <<: *a\n", 4, "merge keys"),
            ("settings:\n  vise: !x {}\n", 2, "YAML tags"),
            ("settings:\n  vise: *x\n", 2, "unknown anchor"),
            ("records:\n  - params: {id: {{x.id}}}\n", 2, "must be in quotes"),
            ("seed: 7\n---\nseed: 8\n", 2, "one YAML document"),
            ("seed: 99999999999999999999999\n", 1, "0 or more, found 99999999999999999999999"),
            ("seed: -1\n", 1, "expected a whole number, 0 or more, found -1"),
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
