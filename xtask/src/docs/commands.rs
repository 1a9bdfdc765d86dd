//! Commands in Markdown: what `cargo` is told to run is there, and `cargo xtask` takes its arguments.

use crate::{Failure, commands, workspace};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use toml::{Table, Value};

/// What there is to run.
#[derive(Debug, Default)]
pub(super) struct Known {
    examples: BTreeSet<String>,
    packages: BTreeSet<String>,
}

impl Known {
    pub(super) fn read(root: &Path) -> Result<Self, Failure> {
        let mut known = Self::default();
        for path in workspace::files(root)? {
            if path.ends_with("Cargo.toml") && !path.contains("/programs/") {
                let manifest: Table = fs::read_to_string(root.join(&path))
                    .ok()
                    .and_then(|text| text.parse().ok())
                    .unwrap_or_default();
                let name = |table: &Value| table.get("name").and_then(Value::as_str).map(str::to_owned);
                known.packages.extend(manifest.get("package").and_then(name));
                let examples = manifest.get("example").and_then(Value::as_array);
                known.examples.extend(examples.into_iter().flatten().filter_map(name));
            }
            // Those that cargo finds by itself.
            let found = path.split_once("/examples/").and_then(|(_, file)| file.strip_suffix(".rs"));
            known.examples.extend(found.filter(|name| !name.contains('/')).map(str::to_owned));
        }
        Ok(known)
    }
}

/// How many commands there were, and lines for those that can't be run.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) checked: usize,
    pub(super) wrong: Vec<String>,
}

pub(super) fn check(name: &str, text: &str, known: &Known) -> Found {
    let mut found = Found::default();
    for (number, command) in commands_in(text) {
        found.checked += 1;
        let why = wrong(&command, known);
        found.wrong.extend(why.map(|why| format!("  {name}:{number}: {command}: {why}")));
    }
    found
}

/// The `cargo` commands of shell blocks and of code in prose, with the number of their line.
fn commands_in(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fence: Option<bool> = None;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if let Some(language) = line.trim_start().strip_prefix("```") {
            let shell = matches!(language.trim(), "sh" | "bash" | "shell" | "console");
            fence = if fence.is_some() { None } else { Some(shell) };
            continue;
        }
        match fence {
            Some(true) => {
                let code = line.split(" #").next().unwrap_or_default();
                found.extend(from_cargo(code).map(|command| (number, command)));
            }
            Some(false) => {}
            None => {
                let code = line.split('`').skip(1).step_by(2);
                let commands = code.filter(|code| code.starts_with("cargo ")).filter_map(from_cargo);
                found.extend(commands.map(|command| (number, command)));
            }
        }
    }
    found
}

/// The part of a line that cargo is: behind a prompt or variables, before a pipe or what a shell does next.
fn from_cargo(line: &str) -> Option<String> {
    let at = line.find("cargo ")?;
    let command = line.get(at..)?;
    let command = command.split([')', '|', '&', ';', '>']).next().unwrap_or(command);
    Some(command.trim().trim_end_matches('"').to_owned())
}

fn wrong(command: &str, known: &Known) -> Option<String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    if words.get(1) == Some(&"xtask") {
        return commands::refuses(words.get(2..).unwrap_or_default());
    }
    // What stands behind two hyphens is the program's own.
    let own = words.iter().position(|word| *word == "--").unwrap_or(words.len());
    let mut words = words.iter().take(own);
    while let Some(word) = words.next() {
        let (list, what) = match *word {
            "--example" => (&known.examples, "example"),
            "-p" | "--package" => (&known.packages, "package"),
            _ => continue,
        };
        let name = words.next().copied().unwrap_or_default();
        // Capitals and angle brackets are for the reader to fill in.
        let placeholder =
            name.contains(['<', '…', '$']) || name.chars().all(|c| c.is_uppercase() || c == '-');
        if !placeholder && !list.contains(name) {
            return Some(format!("there is no {what} `{name}`"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Known { examples: set(&["tour"]), packages: set(&["auth-emulator"]) }
    }

    fn found(text: &str) -> Found {
        check("a.md", text, &known())
    }

    #[test]
    fn commands_are_found_in_shell_blocks_and_in_code_of_prose() {
        let text = "Run `cargo test` or\n\n```sh\nX=1 cargo run --example tour   # cargo x\n$ eval \"$(cargo run -p auth-emulator -- env)\"\n```\n\n```rust\n// cargo run\n```\nto cargo run it\n";
        let commands: Vec<String> =
            commands_in(text).into_iter().map(|(line, command)| format!("{line} {command}")).collect();
        assert_eq!(
            commands,
            ["1 cargo test", "4 cargo run --example tour", "5 cargo run -p auth-emulator -- env"]
        );
        assert!(found(text).wrong.is_empty() && found(text).checked == 3);
    }

    #[test]
    fn what_is_not_there_is_told_with_its_place() {
        for (command, why) in [
            ("cargo run --example tourr", "no example `tourr`"),
            ("cargo run -q -p emulator -- serve", "no package `emulator`"),
            ("cargo test --package nothing", "no package `nothing`"),
            ("cargo xtask cii", "cii"),
            ("cargo xtask ci --onyl fmt", "--onyl"),
        ] {
            let found = found(&format!("\n```sh\n{command}\n```\n"));
            assert!(
                found.wrong.len() == 1
                    && found.wrong[0].starts_with("  a.md:3: cargo ")
                    && found.wrong[0].contains(why),
                "{found:?}"
            );
        }
    }

    #[test]
    fn what_a_reader_fills_in_is_left_alone() {
        for command in [
            "cargo test -p <vendor>-client",
            "cargo tree -p CRATE",
            "cargo xtask codegen <vendor>",
            "cargo xtask --help",
        ] {
            assert!(found(&format!("`{command}`")).wrong.is_empty(), "{command}");
        }
    }
}
