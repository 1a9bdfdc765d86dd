//! Checks docs/assumptions.md against the code: every assumption has a row, every row an assumption, and every setting a row.
//!
//! An assumption is a comment `Assumption (id): …`, or such a sentence in an API description, in the code of the provider's
//! client or emulator. Its row is the one with that id in the provider's section; a note that documents a setting needs that
//! setting in its row.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The sections of the page with the folders that they cover: those of the client, and those of the emulator.
const SECTIONS: [(&str, &str, &str); 6] = [
    ("Common to all", "crates/auth-client-core", "crates/auth-emulator/src/framework"),
    ("Messente Verigator", "crates/verigator-client", "crates/auth-emulator/src/providers/verigator"),
    ("ReveSecure", "crates/revesecure-client", "crates/auth-emulator/src/providers/revesecure"),
    ("Vault Vision", "crates/vaultvision-client", "crates/auth-emulator/src/providers/vaultvision"),
    ("Virtuous CRM", "crates/virtuous-client", "crates/auth-emulator/src/providers/virtuous"),
    ("Vecurity VISE", "crates/vise-client", "crates/auth-emulator/src/providers/vise"),
];

/// A row of the page: its id, and the settings of the client and of the emulator that it names.
struct Row {
    id: String,
    client: Vec<String>,
    emulator: Vec<String>,
}

/// A comment or a sentence that states an assumption, and the setting that it documents.
struct Note {
    /// `None` if the note lacks one.
    id: Option<String>,
    text: String,
    setting: Option<String>,
}

/// The code of a section, and its API description.
struct Code {
    /// The handwritten code of the client.
    client: String,
    /// The description, and the code generated from it; its fields are not settings.
    generated: String,
    emulator: String,
}

impl Code {
    fn of(client: &str, emulator: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let description: String = descriptions(client).into_iter().map(|(_, text)| text).collect();
        let source = root.join(client).join("src");
        let generated = source.join("generated");
        let code = if generated.is_dir() { sources(&generated) } else { String::new() };
        Self {
            client: sources(&source),
            generated: code + &description,
            emulator: sources(&root.join(emulator)),
        }
    }

    fn notes(&self) -> impl Iterator<Item = Note> {
        let generated = notes(&self.generated).into_iter().map(|note| Note { setting: None, ..note });
        notes(&self.client).into_iter().chain(generated).chain(notes(&self.emulator))
    }
}

/// Returns the API descriptions of a client, with their file names: `openapi.json`, or all files of `openapi`.
fn descriptions(client: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(client);
    let files = fs::read_dir(folder.join("openapi")).into_iter().flatten().map(|entry| entry.unwrap().path());
    let files = files.chain([folder.join("openapi.json")]).filter(|path| path.is_file());
    files.map(|path| (path.display().to_string(), fs::read_to_string(&path).unwrap())).collect()
}

/// Returns all Rust code in a folder and its subfolders except `generated`, concatenated.
fn sources(folder: &PathBuf) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.ends_with("generated") {
            continue;
        }
        if path.is_dir() {
            text += &sources(&path);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            text += &fs::read_to_string(&path).unwrap();
        }
    }
    text
}

fn rows(section: &str) -> Vec<Row> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/assumptions.md");
    let page = fs::read_to_string(page).unwrap();
    let text = page.split_once(&format!("\n## {section}\n")).expect(section).1;
    let text = text.split("\n## ").next().unwrap();
    let code = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let lines = text.lines().filter(|line| line.starts_with("| ")).skip(2);
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [_, id, _, _, client, emulator, _] = cells[..] else { panic!("{line}: not five cells") };
            Row { id: id.to_owned(), client: code(client), emulator: code(emulator) }
        })
        .collect()
}

/// Finds the notes in code or a description. A run of comment lines belongs to the item that follows it.
fn notes(code: &str) -> Vec<Note> {
    let mut found = Vec::new();
    let mut comment = String::new();
    for line in code.lines().map(str::trim) {
        match line.strip_prefix("//").map(|rest| rest.trim_start_matches(['/', '!'])) {
            Some(rest) => comment = comment + " " + rest.trim(),
            None if line.starts_with("#[") => {}
            None => {
                found.extend(notes_in(&comment, setting(line)));
                found.extend(notes_in(line, None));
                comment.clear();
            }
        }
    }
    found
}

fn notes_in(text: &str, setting: Option<&str>) -> Vec<Note> {
    let mut found = Vec::new();
    for (at, word) in text.match_indices("Assumption") {
        let rest = &text[at + word.len()..];
        let id = rest.strip_prefix(" (").and_then(|rest| rest.split_once("):")).map(|(id, _)| id.to_owned());
        // `marked "Assumption:"` speaks of notes and is none.
        if id.is_some() || (rest.starts_with(':') && !text[..at].ends_with('"')) {
            let text = text[at..].chars().take(80).collect();
            found.push(Note { id, text, setting: setting.map(str::to_owned) });
        }
    }
    found
}

/// Returns the name of the setting that a line of code declares: a field of `Settings`, or a method of a builder.
fn setting(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("pub ")?;
    match rest.strip_prefix("fn ") {
        Some(method) => {
            method.split_once('(').filter(|(_, rest)| rest.starts_with("mut self")).map(|(name, _)| name)
        }
        None => rest.split_once(": ").map(|(name, _)| name).filter(|name| !name.contains([' ', '(', '<'])),
    }
}

#[test]
fn every_assumption_has_a_row_and_every_row_an_assumption() {
    let mut wrong = Vec::new();
    for (section, client, emulator) in SECTIONS {
        let mut rows: BTreeMap<String, Row> = BTreeMap::new();
        for row in self::rows(section) {
            let twice = rows.insert(row.id.clone(), row);
            wrong.extend(twice.map(|row| format!("{section}: two rows {}", row.id)));
        }
        let mut noted = BTreeSet::new();
        for note in Code::of(client, emulator).notes() {
            let Note { id, text, setting } = note;
            let Some(row) = id.as_ref().and_then(|id| rows.get(id)) else {
                wrong.push(format!("{section}: no row for `{text}`"));
                continue;
            };
            noted.insert(row.id.clone());
            if let Some(setting) = setting
                && !row.client.iter().chain(&row.emulator).any(|named| named.ends_with(&setting))
            {
                wrong.push(format!("{section}: the row {} does not name {setting}", row.id));
            }
        }
        wrong.extend(
            rows.keys()
                .filter(|id| !noted.contains(*id))
                .map(|id| format!("{section}: no note for the row {id}")),
        );
    }
    assert!(wrong.is_empty(), "docs/assumptions.md:\n{}", wrong.join("\n"));
}

#[test]
fn rows_name_settings_that_exist_and_all_settings_of_the_emulator() {
    let mut checked = 0;
    let mut wrong = Vec::new();
    let shared = Code::of(SECTIONS[0].1, SECTIONS[0].2).client;
    for (section, client, emulator) in SECTIONS {
        let code = Code::of(client, emulator);
        let rows = rows(section);
        for name in rows.iter().flat_map(|row| &row.client) {
            let (owner, method) = name.split_once("::").unwrap_or(("ClientBuilder", name));
            // Vault Vision's objects declare their types and setters by a macro.
            let declared = [format!("pub fn {method}("), format!(", {method}: ")];
            let owned = [format!("pub struct {owner}"), format!("{owner} expects ")];
            let stands = |texts: &[String; 2]| {
                texts.iter().any(|text| code.client.contains(text) || code.generated.contains(text))
            };
            let own = stands(&declared) && stands(&owned);
            if !own && !shared.contains(&format!("pub fn {method}(mut self")) {
                wrong.push(format!("{section}: the client has no {name}"));
            }
            checked += 1;
        }
        let named: BTreeSet<&str> = rows.iter().flat_map(|row| &row.emulator).map(String::as_str).collect();
        let settings = code.emulator.split_once("pub struct Settings {").map_or("", |(_, rest)| rest);
        let settings = settings.split("\n}").next().unwrap_or_default();
        let settings: BTreeSet<&str> = settings.lines().filter_map(|line| setting(line.trim())).collect();
        for name in &named {
            if !settings.contains(name) && !code.emulator.contains(&format!("\"{name}\"")) {
                wrong.push(format!("{section}: the emulator has no {name}"));
            }
            checked += 1;
        }
        let size = ["contacts", "gifts_per_contact"];
        let missing = settings.iter().filter(|name| !named.contains(*name) && !size.contains(name));
        wrong.extend(missing.map(|name| format!("{section}: no row names {name}")));
    }
    assert!(wrong.is_empty(), "docs/assumptions.md:\n{}", wrong.join("\n"));
    assert!(checked > 100, "{checked}");
}

/// The statuses other than 2xx that the vendor documents. ReveSecure documents none, which its description states at the top.
const DOCUMENTED: [(&str, &[&str]); 4] = [
    ("crates/verigator-client", &["401", "403", "404", "409", "422"]),
    ("crates/vaultvision-client", &["401"]),
    ("crates/virtuous-client", &["400", "401", "403", "404", "409", "429", "503"]),
    ("crates/vise-client", &[]),
];

#[test]
fn every_described_status_is_documented_or_an_assumption() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for (client, documented) in DOCUMENTED {
        for (file, text) in descriptions(client) {
            let whole: serde_json::Value = serde_json::from_str(&text).unwrap();
            let operations = whole["paths"].as_object().unwrap().iter().flat_map(|(path, item)| {
                item.as_object().unwrap().iter().map(move |(method, operation)| (path, method, operation))
            });
            for (path, method, operation) in operations {
                for (status, response) in operation["responses"].as_object().into_iter().flatten() {
                    let response = match response["$ref"].as_str() {
                        Some(shared) => whole.pointer(shared.trim_start_matches('#')).unwrap(),
                        None => response,
                    };
                    let is_marked = response["description"].as_str().unwrap().contains("Assumption (");
                    if !(status.starts_with('2') || documented.contains(&status.as_str()) || is_marked) {
                        wrong.push(format!("{file}: {method} {path}, {status}"));
                    }
                    checked += 1;
                }
            }
        }
    }
    assert!(wrong.is_empty(), "statuses that no vendor documents and no note marks:\n{}", wrong.join("\n"));
    assert!(checked > 1000, "{checked}");
    let (_, revesecure) = descriptions("crates/revesecure-client").remove(0);
    assert!(revesecure.contains("the vendor documents neither error statuses nor error bodies"));
}

#[test]
fn notes_are_found_across_lines_and_without_ids() {
    let code = "/// Status of creations. Assumption\n    /// (create-status): 200.\n    #[serde]\n    pub create_status: u16,\n\
                // Everything is marked \"Assumption:\".\nfn f() {} // See Assumptions.\n//! Assumption: nobody knows.\n\n\
                \"description\": \"Assumption (forbidden): 403.\",\n";
    let found: Vec<_> = notes(code)
        .into_iter()
        .map(|note| (note.id.unwrap_or_default(), note.setting.unwrap_or_default()))
        .collect();
    let expected = [("create-status", "create_status"), ("", ""), ("forbidden", "")];
    assert_eq!(found, expected.map(|(id, setting)| (id.to_owned(), setting.to_owned())));
}
