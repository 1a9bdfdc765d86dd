//! `cargo xtask ci`: every check that a change has to pass, in the order in which failures are cheapest.
//!
//! Each step is one command that can also be run directly, or one check of this crate; a failure names the next command.
//! The same steps run on a developer's machine and in CI.

mod new_provider;
mod openapi;
pub(crate) mod tools;

use crate::report::process;
use crate::{
    Failure, codegen, coverage, docs, features, minimal, outside, own_reqwest, package, public_api, sizes,
    tidy, workspace,
};
use clap::Args;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Run every check that a change has to pass; --list says which.
///
/// All steps run even if one fails; a table at the end has the result, the time and the processor time of each. Cheap steps
/// come first: the first half minute builds nothing. Tools such as cargo-deny are installed once, below `target/xtask`; after
/// that no step needs the network.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  cargo xtask ci\n  cargo xtask ci --only fmt --only clippy\n  cargo xtask ci --list"
)]
pub struct Arguments {
    /// Runs only this step; can be given more than once.
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,
    /// Leaves this step out; can be given more than once.
    #[arg(long, value_name = "STEP")]
    skip: Vec<String>,
    /// Lists the steps and runs none.
    #[arg(long)]
    list: bool,
}

struct Step {
    name: &'static str,
    what: &'static str,
    run: fn(&Path, docs::Refuses) -> Result<String, Failure>,
}

const fn step(
    name: &'static str,
    what: &'static str,
    run: fn(&Path, docs::Refuses) -> Result<String, Failure>,
) -> Step {
    Step { name, what, run }
}

const STEPS: &[Step] = &[
    // Nothing is built for these.
    step("fmt", "code and manifests are formatted", |root, _| fmt(root)),
    step("spelling", "no misspelled word", |root, _| spelling(root)),
    step("tidy", "rules of the workspace that need no build", |_, _| tidy::run(&tidy::Arguments::default())),
    step("codegen", "generated code is up to date", |_, _| {
        codegen::run(&codegen::Arguments { check: true, providers: Vec::new() })
    }),
    step("markdown", "links, code and commands in Markdown files are valid", docs::text),
    step(
        "openapi",
        "the API descriptions pass two linters, and other languages' generators write every operation",
        |root, _| openapi::run(root),
    ),
    // The workspace as a whole.
    step("clippy", "no lint warns, with all features", |root, _| clippy(root)),
    step("test", "tests and doc tests pass", |root, _| {
        cargo(root, &["test", "--workspace"], &[], "cargo test --workspace")
    }),
    step(
        "test-native",
        "tests of features that need a C compiler or a library of the system pass",
        |root, _| {
            let arguments = ["test", "-p", "auth-client-core", "-p", "auth-token-store", "--all-features"];
            cargo(root, &arguments, &[], &format!("cargo {}", arguments.join(" ")))
        },
    ),
    // Each crate alone; later steps reuse what earlier ones compiled.
    step(
        "features",
        "each crate compiles alone with each of its features, and depends on what is listed",
        |_, _| features::run(&features::Arguments::default()),
    ),
    step("package", "each crate can be packaged, and compiles from its package", |_, _| {
        package::run(&package::Arguments::default())
    }),
    step("minimal", "the crates compile with the oldest dependencies that their manifests allow", |_, _| {
        minimal::run(&minimal::Arguments::default())
    }),
    step(
        "docs",
        "documentation builds for each crate alone without a warning, and its links are valid",
        |root, _| docs::built(root, &[]),
    ),
    step("public-api", "the public API is the committed one", |_, _| {
        public_api::run(&public_api::Arguments::default())
    }),
    step("new-provider", "a new provider compiles and passes its tests", |root, _| new_provider::run(root)),
    step("outside", "examples compile in programs that depend on one provider crate alone", |_, _| {
        outside::run(&outside::Arguments::default())
    }),
    step("own-reqwest", "a program's own reqwest does the same beside one of our crates", |_, _| {
        own_reqwest::run(&own_reqwest::Arguments::default())
    }),
    step("coverage", "the list of operations that the emulator implements is up to date", |_, _| {
        coverage::run(&coverage::Arguments { check: true, routes: None })
    }),
    // Times are measured by hand, on a quiet machine: `cargo xtask sizes`.
    step("sizes", "packages, programs and generated lines are within their limits", |_, _| {
        sizes::run(&sizes::Arguments { no_times: true, ..sizes::Arguments::default() })
    }),
    step("semver", "the version fits what changed since the last release", |root, _| {
        public_api::semver_check(root)
    }),
    step("deny", "licences, bans, sources and Rust versions of all dependencies", |root, _| deny(root)),
];

/// Runs the steps that were asked for.
pub(crate) fn run(arguments: &Arguments, refuses: docs::Refuses) -> Result<String, Failure> {
    if arguments.list {
        let lines: Vec<String> =
            STEPS.iter().map(|step| format!("{:<12} {}", step.name, step.what)).collect();
        return Ok(lines.join("\n"));
    }
    for name in arguments.only.iter().chain(&arguments.skip) {
        if !STEPS.iter().any(|step| step.name == name) {
            return Err(Failure::new(format!("there is no step `{name}`"), "cargo xtask ci --list"));
        }
    }
    let chosen: Vec<&Step> = STEPS
        .iter()
        .filter(|step| arguments.only.is_empty() || arguments.only.iter().any(|name| name == step.name))
        .filter(|step| !arguments.skip.iter().any(|name| name == step.name))
        .collect();
    if chosen.is_empty() {
        return Err(Failure::new(
            "every step that --only names is skipped, so nothing was checked",
            "cargo xtask ci --help",
        ));
    }
    let root = workspace::root();
    let mut report = Vec::new();
    let mut failed = Vec::new();
    for (number, step) in chosen.iter().enumerate() {
        tell(&format!("\n=== [{}/{}] {}: {} ===", number + 1, chosen.len(), step.name, step.what));
        let cpu = process::children_cpu_seconds();
        let (result, took) = timed(|| (step.run)(&root, refuses));
        let cpu = process::children_cpu_seconds().zip(cpu).map_or(0.0, |(after, before)| after - before);
        let word = if result.is_ok() { "passed" } else { "FAILED" };
        report.push(format!("  {:<12} {word}  {:>6} s  {cpu:>6.0} s", step.name, took.as_secs()));
        match result {
            Ok(text) if text.is_empty() => {}
            Ok(text) => tell(&text),
            Err(failure) => {
                tell(&format!("\n{failure}"));
                failed.push(step.name);
            }
        }
    }
    let report = format!(
        "\n  step                   time  processor\n{}\n\n{} passed, {} failed",
        report.join("\n"),
        chosen.len() - failed.len(),
        failed.len()
    );
    match failed.as_slice() {
        [] => Ok(report),
        [first, ..] => Err(Failure::new(report, format!("cargo xtask ci --only {first}"))),
    }
}

/// Progress goes to standard error, so that standard output holds the report alone.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[expect(clippy::disallowed_methods, reason = "a person is told how long a step took")]
fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let value = run();
    (value, start.elapsed())
}

/// Runs a cargo command in the workspace; `next` is what the failure tells to do.
fn cargo(
    root: &Path,
    arguments: &[&str],
    environment: &[(&str, &str)],
    next: &str,
) -> Result<String, Failure> {
    let shown = format!("cargo {}", arguments.join(" "));
    tell(&format!("$ {shown}"));
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).args(arguments).envs(environment.iter().copied());
    // These would make the inner cargo believe that it builds this program.
    command.env_remove("CARGO_MANIFEST_DIR").env_remove("CARGO_PKG_NAME");
    finish(command, &shown, next)
}

/// Runs a program that writes to the terminal itself; nothing is left to report.
fn finish(mut command: Command, shown: &str, next: &str) -> Result<String, Failure> {
    match command.status() {
        Ok(status) if status.success() => Ok(String::new()),
        Ok(status) => Err(Failure::new(format!("`{shown}` failed: {status}"), next)),
        Err(error) => {
            Err(Failure::new(format!("`{shown}` can't be run: {error}"), "install it and run this again"))
        }
    }
}

fn fmt(root: &Path) -> Result<String, Failure> {
    cargo(root, &["fmt", "--all", "--check"], &[], "cargo fmt --all")?;
    let mut taplo = tools::taplo(root)?.command("taplo");
    // What is formatted is not worth a line each.
    taplo.args(["fmt", "--check"]).env("RUST_LOG", "error").current_dir(root);
    finish(taplo, "taplo fmt --check", "taplo fmt, with taplo from target/xtask/tools")
}

fn spelling(root: &Path) -> Result<String, Failure> {
    let mut typos = tools::typos(root)?.command("typos");
    typos.args(["--format", "brief"]).current_dir(root);
    finish(typos, "typos --format brief", "correct the words, or add them to _typos.toml with the reason")
}

fn clippy(root: &Path) -> Result<String, Failure> {
    let arguments = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    cargo(root, &arguments, &[], "cargo clippy --workspace --all-targets --all-features")
}

/// Advisories need a database from the network; RELEASING.md has them.
fn deny(root: &Path) -> Result<String, Failure> {
    rust_versions(root)?;
    let mut deny = tools::cargo_deny(root)?.command("cargo-deny");
    let arguments = ["--all-features", "check", "licenses", "bans", "sources"];
    deny.args(arguments).current_dir(root);
    let shown = format!("cargo deny {}", arguments.join(" "));
    finish(deny, &shown, &format!("correct the dependency or deny.toml, then {shown}"))
}

/// No dependency of a published crate asks for a newer Rust than the workspace does. With one toolchain, this and clippy's
/// `incompatible_msrv` are what can be checked of `rust-version`.
fn rust_versions(root: &Path) -> Result<(), Failure> {
    let mut metadata = process::cargo(&["metadata", "--format-version", "1", "--all-features", "--locked"]);
    let text = process::output(metadata.current_dir(root), "cargo metadata --locked")?;
    let text: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| Failure::new(format!("cargo metadata: {error}"), "cargo metadata --locked"))?;
    let newer = newer_than_ours(&text);
    if newer.is_empty() {
        return Ok(());
    }
    let next = "cargo update PACKAGE --precise VERSION, to one that supports it; or raise rust-version in Cargo.toml";
    Err(Failure::new(format!("dependencies need a newer Rust than ours:\n{}", newer.join("\n")), next))
}

/// Packages that the published crates compile, on any platform, and whose `rust-version` is above the workspace's.
#[expect(clippy::indexing_slicing, reason = "a key that JSON does not have is null")]
fn newer_than_ours(metadata: &serde_json::Value) -> Vec<String> {
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    // `1.88` is `1.88.0`.
    let version = |package: &serde_json::Value| -> Vec<u64> {
        let text = word(&package["rust_version"]);
        let parts = text.split('.').filter_map(|part| part.parse().ok());
        parts.chain([0, 0, 0]).take(3).collect()
    };
    let packages: BTreeMap<String, serde_json::Value> =
        list(&metadata["packages"]).into_iter().map(|package| (word(&package["id"]), package)).collect();
    let nodes: BTreeMap<String, serde_json::Value> =
        list(&metadata["resolve"]["nodes"]).into_iter().map(|node| (word(&node["id"]), node)).collect();
    // A crate that is not published has an empty list of registries.
    let published = |id: &&String| packages.get(*id).is_some_and(|package| package["publish"].is_null());
    let members: Vec<String> = list(&metadata["workspace_members"]).iter().map(word).collect();
    let mut open: Vec<String> = members.iter().filter(published).cloned().collect();
    let ours = open.first().and_then(|id| packages.get(id)).map(version).unwrap_or_default();
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if seen.insert(id.clone()) {
            let dependencies = nodes.get(&id).map(|node| list(&node["deps"])).unwrap_or_default();
            let compiled = dependencies
                .iter()
                .filter(|dependency| list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"] != "dev"));
            open.extend(compiled.map(|dependency| word(&dependency["pkg"])));
        }
    }
    let newer = seen.iter().filter_map(|id| packages.get(id)).filter(|package| version(package) > ours);
    newer
        .map(|package| {
            format!(
                "  {} {}: {}",
                word(&package["name"]),
                word(&package["version"]),
                word(&package["rust_version"])
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(only: &[&str], list: bool) -> Arguments {
        Arguments { only: only.iter().map(|name| (*name).to_owned()).collect(), skip: Vec::new(), list }
    }

    #[test]
    fn an_unknown_step_is_refused_with_the_way_to_find_the_known_ones() {
        let failure = run(&arguments(&["clipy"], false), |_| None).unwrap_err().to_string();
        assert!(failure.contains("clipy") && failure.contains("--list"), "{failure}");
    }

    #[test]
    fn a_dependency_that_needs_a_newer_rust_is_found_unless_it_is_for_tests() {
        let package = |name: &str, rust: &str, publish: &str| {
            format!(
                r#"{{"id":"{name}","name":"{name}","version":"1.0.0","rust_version":"{rust}","publish":{publish}}}"#
            )
        };
        let metadata = |kind: &str| {
            let packages = [
                package("a", "1.88", "null"),
                package("xtask", "1.88", "[]"),
                package("b", "1.89.1", "null"),
                package("c", "1.88.0", "null"),
            ];
            let text = format!(
                r#"{{"packages":[{}],"workspace_members":["a","xtask"],"resolve":{{"nodes":[
                    {{"id":"a","deps":[{{"pkg":"b","dep_kinds":[{{"kind":{kind}}}]}},{{"pkg":"c","dep_kinds":[{{"kind":null}}]}}]}},
                    {{"id":"xtask","deps":[{{"pkg":"b","dep_kinds":[{{"kind":null}}]}}]}}]}}}}"#,
                packages.join(",")
            );
            serde_json::from_str::<serde_json::Value>(&text).unwrap()
        };
        assert_eq!(newer_than_ours(&metadata("null")), ["  b 1.0.0: 1.89.1"]);
        assert!(newer_than_ours(&metadata("\"dev\"")).is_empty());
    }

    #[test]
    fn checking_nothing_is_no_success() {
        let mut nothing = arguments(&["fmt"], false);
        nothing.skip.push("fmt".to_owned());
        assert!(run(&nothing, |_| None).unwrap_err().to_string().contains("nothing was checked"));
    }

    #[test]
    fn the_list_names_every_step_once() {
        let list = run(&arguments(&[], true), |_| None).unwrap();
        for step in STEPS {
            assert_eq!(
                list.lines().filter(|line| line.split(' ').next() == Some(step.name)).count(),
                1,
                "{}",
                step.name
            );
        }
    }
}
