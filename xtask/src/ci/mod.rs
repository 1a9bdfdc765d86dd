//! `cargo xtask ci`: every check that a change has to pass, in the order in which failures are cheapest.
//!
//! Each step is one command that can be run by itself, or one check of ours; what fails says what to run next. The
//! same steps run on a developer's machine and in CI.

mod new_provider;
mod openapi;
pub(crate) mod tools;

use crate::{
    Failure, codegen, coverage, docs, features, own_reqwest, package, public_api, sizes, tidy, workspace,
};
use clap::Args;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Run every check that a change has to pass; --list says which.
///
/// It stops at nothing: all steps run, and a table at the end says which failed and what to run next. On an empty
/// target folder it takes about twenty minutes on two cores; what it needs, such as cargo-deny, it installs below
/// `target/xtask`. The steps stand in the order in which failures are cheapest: the first half minute builds nothing.
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
    run: fn(&Path) -> Result<(), Failure>,
}

const STEPS: &[Step] = &[
    // Nothing is built for these.
    Step { name: "fmt", what: "the code is formatted", run: fmt },
    Step { name: "tidy", what: "the rules of the house that are plain text", run: tidied },
    Step { name: "codegen", what: "generated code is up to date", run: generated },
    Step {
        name: "markdown",
        what: "links, code and commands of Markdown files lead somewhere",
        run: markdown,
    },
    Step {
        name: "openapi",
        what: "the API descriptions pass two linters, and other languages' generators write every operation",
        run: openapi::run,
    },
    // The workspace as a whole.
    Step { name: "clippy", what: "no lint warns, with all features", run: clippy },
    Step { name: "test", what: "tests and doc tests pass, with all features", run: test },
    // Each crate alone; the later ones find compiled what the first has left.
    Step {
        name: "features",
        what: "each crate compiles alone with any of its features, and brings only what is listed",
        run: featured,
    },
    Step {
        name: "docs",
        what: "the documentation of each crate builds alone without a warning, and its links lead somewhere",
        run: documentation,
    },
    Step {
        name: "package",
        what: "each crate can be packaged, and compiles from its package",
        run: packaged,
    },
    Step { name: "public-api", what: "what users can name is what is committed", run: public },
    Step { name: "alone", what: "each crate passes its tests alone", run: alone },
    Step {
        name: "new-provider",
        what: "a new provider compiles and passes its tests",
        run: new_provider::run,
    },
    Step {
        name: "own-reqwest",
        what: "a program's own reqwest does the same beside one of our crates",
        run: own_reqwest_compared,
    },
    Step {
        name: "coverage",
        what: "which operations the emulator carries out is what is committed",
        run: covered,
    },
    Step {
        name: "sizes",
        what: "packages, programs and generated lines are within their limits",
        run: sized,
    },
    Step { name: "semver", what: "the version says what changed since the last release", run: semver },
    Step { name: "deny", what: "licences, bans and sources of all dependencies", run: deny },
];

/// Runs the steps that were asked for.
///
/// # Errors
///
/// When a step fails, or there is no step of a name that was given.
pub fn run(arguments: &Arguments) -> Result<String, Failure> {
    if arguments.list {
        let lines: Vec<String> =
            STEPS.iter().map(|step| format!("{:<11} {}", step.name, step.what)).collect();
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
        let (result, took) = timed(|| (step.run)(&root));
        let verdict = if result.is_ok() { "passed" } else { "FAILED" };
        report.push(format!("  {:<11} {verdict}  {:>6} s", step.name, took.as_secs()));
        if let Err(failure) = result {
            tell(&format!("\n{failure}"));
            failed.push(step.name);
        }
    }
    let report =
        format!("\n{}\n\n{} passed, {} failed", report.join("\n"), chosen.len() - failed.len(), failed.len());
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
fn cargo(root: &Path, arguments: &[&str], environment: &[(&str, &str)], next: &str) -> Result<(), Failure> {
    let shown = format!("cargo {}", arguments.join(" "));
    tell(&format!("$ {shown}"));
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).args(arguments).envs(environment.iter().copied());
    // These would make the inner cargo believe that it builds this program.
    command.env_remove("CARGO_MANIFEST_DIR").env_remove("CARGO_PKG_NAME");
    finish(command, &shown, next)
}

fn finish(mut command: Command, shown: &str, next: &str) -> Result<(), Failure> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::new(format!("`{shown}` failed: {status}"), next)),
        Err(error) => {
            Err(Failure::new(format!("`{shown}` can't be run: {error}"), "install it and run this again"))
        }
    }
}

fn fmt(root: &Path) -> Result<(), Failure> {
    cargo(root, &["fmt", "--all", "--check"], &[], "cargo fmt --all")
}

fn generated(_: &Path) -> Result<(), Failure> {
    codegen::run(&codegen::Arguments { check: true, providers: Vec::new() }).map(|report| tell(&report))
}

fn tidied(_: &Path) -> Result<(), Failure> {
    tidy::run(&tidy::Arguments::default()).map(|report| tell(&report))
}

fn public(_: &Path) -> Result<(), Failure> {
    public_api::run(&public_api::Arguments::default()).map(|report| tell(&report))
}

fn packaged(_: &Path) -> Result<(), Failure> {
    package::run(&package::Arguments::default()).map(|report| tell(&report))
}

fn own_reqwest_compared(_: &Path) -> Result<(), Failure> {
    own_reqwest::run(&own_reqwest::Arguments::default()).map(|report| tell(&report))
}

fn semver(root: &Path) -> Result<(), Failure> {
    public_api::semver_check(root).map(|report| tell(&report))
}

fn covered(_: &Path) -> Result<(), Failure> {
    coverage::run(&coverage::Arguments { check: true, routes: None }).map(|report| tell(&report))
}

fn sized(_: &Path) -> Result<(), Failure> {
    // Times are measured by hand, on a quiet machine: `cargo xtask sizes`.
    sizes::run(&sizes::Arguments { no_times: true, ..sizes::Arguments::default() })
        .map(|report| tell(&report))
}

fn clippy(root: &Path) -> Result<(), Failure> {
    let arguments = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    cargo(root, &arguments, &[], "cargo clippy --workspace --all-targets --all-features")
}

fn test(root: &Path) -> Result<(), Failure> {
    let arguments = ["test", "--workspace", "--all-features"];
    cargo(root, &arguments, &[], "cargo test --workspace --all-features")
}

fn featured(_: &Path) -> Result<(), Failure> {
    features::run(&features::Arguments::default()).map(|report| tell(&report))
}

/// A build of the whole workspace unites the features of all crates and so hides what one of them forgot to ask for.
fn alone(root: &Path) -> Result<(), Failure> {
    for name in workspace::library_crates(root)? {
        let test = ["test", "-p", &name];
        cargo(root, &test, &[], &format!("cargo {}", test.join(" ")))?;
    }
    Ok(())
}

fn markdown(root: &Path) -> Result<(), Failure> {
    docs::text(root).map(|report| tell(&report))
}

fn documentation(root: &Path) -> Result<(), Failure> {
    docs::built(root, &[]).map(|report| tell(&report))
}

fn deny(root: &Path) -> Result<(), Failure> {
    let tool = tools::cargo_deny(root)?;
    // Advisories need a database from the network, which CI doesn't have; run `cargo deny check advisories` by hand.
    let arguments = ["--all-features", "check", "licenses", "bans", "sources"];
    let shown = format!("cargo deny {}", arguments.join(" "));
    tell(&format!("$ {shown}"));
    let mut command = tool.command("cargo-deny");
    command.current_dir(root).args(arguments);
    finish(command, &shown, "cargo deny --all-features check licenses bans sources, and deny.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(only: &[&str], list: bool) -> Arguments {
        Arguments { only: only.iter().map(|name| (*name).to_owned()).collect(), skip: Vec::new(), list }
    }

    #[test]
    fn an_unknown_step_is_refused_with_the_way_to_find_the_known_ones() {
        let failure = run(&arguments(&["clipy"], false)).unwrap_err().to_string();
        assert!(failure.contains("clipy") && failure.contains("--list"), "{failure}");
    }

    #[test]
    fn checking_nothing_is_no_success() {
        let mut nothing = arguments(&["fmt"], false);
        nothing.skip.push("fmt".to_owned());
        assert!(run(&nothing).unwrap_err().to_string().contains("nothing was checked"));
    }

    #[test]
    fn the_list_names_every_step_once() {
        let list = run(&arguments(&[], true)).unwrap();
        for step in STEPS {
            assert_eq!(list.lines().filter(|line| line.starts_with(step.name)).count(), 1, "{}", step.name);
        }
    }
}
