//! Commands in Markdown: what `cargo` is told to run is there, and `cargo xtask` takes its arguments.

use super::Refuses;
use crate::{Failure, workspace};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use toml::{Table, Value};

/// What there is to run.
#[derive(Debug)]
pub(super) struct Known {
    refuses: Refuses,
    examples: BTreeSet<String>,
    packages: BTreeSet<String>,
}

impl Known {
    pub(super) fn read(root: &Path, refuses: Refuses) -> Result<Self, Failure> {
        let mut known = Self { refuses, examples: BTreeSet::new(), packages: BTreeSet::new() };
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
    let mut prose = String::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let language = line.trim_start().strip_prefix("```");
        if language.is_some() || line.trim().is_empty() {
            found.extend(in_prose(&std::mem::take(&mut prose), number));
        }
        if let Some(language) = language {
            let shell = matches!(language.trim(), "sh" | "bash" | "shell" | "console");
            fence = if fence.is_some() { None } else { Some(shell) };
        } else if fence == Some(true) {
            let code = line.split(" #").next().unwrap_or_default();
            found.extend(from_cargo(code).map(|command| (number, command)));
        } else if fence.is_none() && !line.trim().is_empty() {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    found.extend(in_prose(&prose, text.lines().count() + 1));
    found
}

/// The commands between back ticks of a paragraph that ends before this line; they may go on in the next line.
fn in_prose(paragraph: &str, end: usize) -> Vec<(usize, String)> {
    let mut number = end - paragraph.lines().count();
    let mut found = Vec::new();
    for (index, piece) in paragraph.split('`').enumerate() {
        if index % 2 == 1 && piece.starts_with("cargo ") {
            found.extend(from_cargo(&piece.replace('\n', " ")).map(|command| (number, command)));
        }
        number += piece.matches('\n').count();
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
    let words = words(command);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if words.get(1) == Some(&"xtask") {
        return (known.refuses)(words.get(2..).unwrap_or_default());
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

/// As a shell would split it; quotes hold words together.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in command.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Known {
            refuses: crate::commands::refuses,
            examples: set(&["tour"]),
            packages: set(&["auth-emulator"]),
        }
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
    fn code_in_prose_goes_on_in_the_next_line() {
        let text =
            "One.\n\nTwo lines: `cargo run --example\ntour`, and `x`\nand `cargo run --example nothing`.\n";
        assert_eq!(
            found(text).wrong,
            ["  a.md:5: cargo run --example nothing: there is no example `nothing`"]
        );
        assert_eq!(found(text).checked, 2);
    }

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(words("a 'b c'  \"d e\"f ''"), ["a", "b c", "d ef", ""]);
        assert!(found("`cargo xtask new-provider acme --title 'Acme Identity'`").wrong.is_empty());
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
