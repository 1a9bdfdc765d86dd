//! `cargo xtask outside`: the examples of a provider crate compile in a program that depends on that crate alone.
//!
//! A doc test may name every dependency of its crate, so it does not notice that a user would need a second crate.
//! `extract` finds the examples, `program` writes packages of them, and this compiles the packages and reports errors by
//! the place of the example.

mod extract;
mod program;

use crate::report::{process, progress};
use crate::{Failure, workspace};
use program::{Program, Source};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Compile each provider's examples in programs that depend on that provider crate alone.
///
/// The examples are those of the crate's README and doc comments, and those of the README and docs/*.md that name no
/// other provider. They become two packages per provider in a workspace of their own, target/xtask/outside: one that
/// depends on the provider crate and on packages of other people, and one that has auth-emulator as well, for examples
/// that use an emulator. Lines that rustdoc hides are compiled, except `use` lines. Functions of auth_client_examples
/// in hidden lines are replaced by functions that do nothing. An example that names auth_client_core or auth_core fails.
#[derive(clap::Args, Debug, Default)]
#[command(
    after_help = "Examples:\n  cargo xtask outside              all providers: about a minute the first time\n  cargo xtask outside verigator    one of them"
)]
pub struct Arguments {
    /// Only these providers, such as `verigator`. All by default.
    #[arg(value_name = "PROVIDER")]
    pub providers: Vec<String>,
}

/// Where the packages are written, below the root.
const FOLDER: &str = "target/xtask/outside";

/// Extracts, writes and compiles.
///
/// # Errors
///
/// [`Failure`] when an example doesn't compile, or a provider is not there.
pub fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let all = providers(&root)?;
    if let Some(unknown) = arguments.providers.iter().find(|name| !all.contains(name)) {
        let what = format!("there is no provider `{unknown}`; those that there are: {}", all.join(", "));
        return Err(Failure::new(what, "cargo xtask outside, for all of them"));
    }
    let sources = sources(&root)?;
    let chosen =
        all.iter().filter(|name| arguments.providers.is_empty() || arguments.providers.contains(name));
    let mut programs = Vec::new();
    let mut report = Vec::new();
    for provider in chosen {
        let features = features(&root, provider)?;
        let own = program::of_provider(provider, &all, &sources);
        let [alone, emulated] =
            [false, true].map(|emulator| Program::new(provider, &features, emulator, &own));
        if alone.examples == 0 {
            return Err(Failure::new(
                format!("{provider}: no example was found"),
                "cargo xtask docs --quick",
            ));
        }
        report.push(format!(
            "{provider}: {} examples compile with {provider}-client alone, {} with auth-emulator as well",
            alone.examples, emulated.examples
        ));
        programs.extend([alone, emulated]);
    }
    write(&root, &programs)?;
    progress(&format!("compiling {} packages in {FOLDER}", programs.len()));
    check(&root, &programs)?;
    Ok(report.join("\n"))
}

/// The names of the providers: those of the crates `…-client`.
fn providers(root: &Path) -> Result<Vec<String>, Failure> {
    let crates = workspace::library_crates(root)?;
    Ok(crates.iter().filter_map(|name| name.strip_suffix("-client")).map(str::to_owned).collect())
}

/// The files that have examples for users.
fn sources(root: &Path) -> Result<Vec<Source>, Failure> {
    let mut found = Vec::new();
    for path in workspace::files(root)? {
        let read = |extract: fn(&str) -> Vec<extract::Example>| {
            let text = fs::read_to_string(root.join(&path))
                .map_err(|error| Failure::new(format!("{path} can't be read: {error}"), "git status"))?;
            Ok(Source { path: path.clone(), examples: extract(&text) })
        };
        let of_client = path.starts_with("crates/") && path.contains("-client/");
        if path == "README.md"
            || (path.starts_with("docs/") && path.ends_with(".md"))
            || (of_client && path.ends_with("/README.md"))
        {
            found.push(read(extract::of_markdown)?);
        } else if of_client && path.contains("/src/") && path.ends_with(".rs") {
            found.push(read(extract::of_rust)?);
        }
    }
    Ok(found)
}

/// The features of a provider crate that need no library of the system. Examples may ask for any of them.
fn features(root: &Path, provider: &str) -> Result<Vec<String>, Failure> {
    let path = format!("crates/{provider}-client/Cargo.toml");
    let failed = |what: String| Failure::new(format!("{path}: {what}"), format!("git checkout {path}"));
    let text = fs::read_to_string(root.join(&path)).map_err(|error| failed(error.to_string()))?;
    let manifest: toml::Table = text.parse().map_err(|error: toml::de::Error| failed(error.to_string()))?;
    let table = manifest.get("features").and_then(toml::Value::as_table);
    let native = ["aws-lc", "native-tls", "reqwest-013-rustls", "keyring", "default"];
    let all = table.into_iter().flat_map(|table| table.keys());
    Ok(all.filter(|name| !native.iter().any(|word| name.contains(word))).cloned().collect())
}

fn write(root: &Path, programs: &[Program]) -> Result<(), Failure> {
    let folder = root.join(FOLDER);
    let mut wanted = BTreeSet::from(["Cargo.toml".to_owned(), "Cargo.lock".to_owned()]);
    let members: Vec<&str> = programs.iter().map(|program| program.name.as_str()).collect();
    process::write_if_changed(&folder.join("Cargo.toml"), program::workspace(&members).as_bytes())?;
    for program in programs {
        for (path, text) in program.files() {
            let path = format!("{}/{path}", program.name);
            process::write_if_changed(&folder.join(&path), text.as_bytes())?;
            wanted.insert(path);
        }
    }
    for path in workspace::walked(&folder)?.iter().filter(|path| !wanted.contains(*path)) {
        // An old example would only be dead text, but it would mislead whoever looks.
        let _ = fs::remove_file(folder.join(path));
    }
    // The versions of the workspace; cargo drops what the packages don't need, so the copy is made anew each time.
    process::write_if_changed(&folder.join("Cargo.lock"), &process::read(&root.join("Cargo.lock"))?)
}

fn check(root: &Path, programs: &[Program]) -> Result<(), Failure> {
    let mut check = process::cargo(&["check", "--workspace", "--keep-going", "--message-format", "json"]);
    check.arg("--manifest-path").arg(root.join(FOLDER).join("Cargo.toml"));
    check.arg("--target-dir").arg(workspace::target(root));
    let next = format!("cargo check --manifest-path {FOLDER}/Cargo.toml");
    let (passed, out, errors) = process::all(&mut check, &next)?;
    if passed {
        return Ok(());
    }
    let found: Vec<String> = out.lines().filter_map(|line| error(line, programs)).collect();
    if found.is_empty() {
        return Err(Failure::new(process::tail(&errors, 40), next));
    }
    let what = format!(
        "examples that don't compile with one dependency:\n{}",
        found.iter().take(MOST).cloned().collect::<Vec<_>>().join("\n")
    );
    let next = "name items by the provider crate, show the imports, then cargo xtask outside";
    Err(Failure::new(what, next))
}

/// More errors than these are rarely read.
const MOST: usize = 40;

/// An error of the compiler with the place of the example, if this message of cargo is one.
fn error(line: &str, programs: &[Program]) -> Option<String> {
    let message: Value = serde_json::from_str(line).ok()?;
    if message.get("reason")? != "compiler-message" {
        return None;
    }
    let target = message.pointer("/target/name")?.as_str()?;
    let message = message.get("message")?;
    let text = message.get("message")?.as_str()?;
    if message.get("level")? != "error" || text.starts_with("aborting due to") {
        return None;
    }
    let place = message.get("spans")?.as_array()?.iter().find(|span| span["is_primary"] == true);
    let place = place.and_then(|span| {
        let program = programs.iter().find(|program| program.name.replace('-', "_") == target)?;
        program.place(span["file_name"].as_str()?, usize::try_from(span["line_start"].as_u64()?).ok()?)
    });
    Some(match place {
        Some(place) => format!("  {place}: {text}"),
        None => format!("  {target}: {}", message.get("rendered")?.as_str()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_that_is_not_there_is_refused_with_those_that_are() {
        let failure = run(&Arguments { providers: vec!["verifier".to_owned()] }).unwrap_err().to_string();
        assert!(failure.contains("`verifier`") && failure.contains("verigator"), "{failure}");
    }

    #[test]
    fn an_error_has_the_place_of_the_example() {
        let example = extract::of_markdown("\n```rust\n\nuse auth_client_core::decode;\n```\n");
        let source = Source { path: "docs/errors.md".to_owned(), examples: example };
        let program = Program::new("verigator", &[], false, &[source]);
        let (file, text) =
            program.files().into_iter().find(|(_, text)| text.contains("use auth_client_core")).unwrap();
        let line = text.lines().position(|line| line.contains("use auth_client_core")).unwrap() + 1;
        let message = serde_json::json!({
            "reason": "compiler-message",
            "target": { "name": "verigator_alone" },
            "message": {
                "level": "error",
                "message": "unresolved import",
                "rendered": "error: unresolved import",
                "spans": [{ "is_primary": true, "file_name": format!("verigator-alone/{file}"), "line_start": line }],
            },
        });
        let shown = error(&message.to_string(), &[program]).unwrap();
        assert_eq!(shown, "  docs/errors.md:4: unresolved import");
    }

    #[test]
    fn features_that_need_a_library_of_the_system_are_left_out() {
        let found = features(&workspace::root(), "virtuous").unwrap();
        assert!(found.iter().any(|name| name == "testing"), "{found:?}");
        assert!(!found.iter().any(|name| name.contains("keyring") || name.contains("native")), "{found:?}");
    }
}
