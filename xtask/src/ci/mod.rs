//! `cargo xtask ci`: every check that a change has to pass, in the order in which failures are cheapest.
//!
//! Each step is one command that can also be run directly, or one check of this crate; a failure names the next command.
//! The same steps run on a developer's machine and in CI.

mod openapi;
pub(crate) mod stores;
pub(crate) mod tools;

use crate::report::{process, progress};
use crate::{
    Failure, codegen, docs, features, figures, minimal, new_provider, outside, own_reqwest, package,
    public_api, sizes, tidy, workspace,
};
use cargo_metadata::{DependencyKind, Metadata, Package, PackageId, semver::Version};
use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Run every check that a change has to pass; --list shows which.
///
/// All steps run even if one fails; a table at the end has the result, the time and the processor time of each. Cheap steps
/// come first: the first half minute builds nothing. Tools such as cargo-deny are installed once, below `target/xtask`; after
/// that no step needs the network.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  cargo xtask ci\n  cargo xtask ci --only fmt --only clippy\n  cargo xtask ci --list"
)]
pub(crate) struct Arguments {
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

type Run = fn(&Path) -> Result<String, Failure>;

type Step = (&'static str, &'static str, Run);

#[rustfmt::skip]
const STEPS: &[Step] = &[
    // Nothing is built for these.
    ("fmt", "code and manifests are formatted", fmt),
    ("spelling", "no misspelled word", spelling),
    ("tidy", "rules of the workspace that need no build", |_| tidy::run(&tidy::Arguments::default())),
    ("codegen", "generated code is up to date", |_| codegen::run(&codegen::Arguments { check: true, providers: Vec::new() })),
    ("figures", "the page of figures has those of today's table; its tests are among the others", |_| figures::run(&figures::Arguments { check: true, ..figures::Arguments::default() })),
    ("markdown", "links, code and commands in Markdown files are valid", docs::markdown),
    ("openapi", "the API descriptions pass two linters, and other languages' generators write every operation", openapi::run),
    // The workspace as a whole.
    ("clippy", "no lint warns, with all features", |root| cargo(root, &["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"])),
    ("test", "tests and doc tests pass", |root| cargo(root, &["test", "--workspace"])),
    ("outside", "examples for users compile with one provider crate and its default features", |_| outside::run(&outside::Arguments::default())),
    ("stores", "token stores in databases pass their tests with real servers", stores::run),
    // As in a program where another crate turns on exact numbers; that feature changes how serde reads every number.
    ("test-native", "tests pass with features that need a C compiler or a library of the system, and with serde_json's exact numbers", native),
    // Each crate alone; later steps reuse what earlier ones compiled.
    ("features", "each crate compiles alone with each of its features, and depends on what is listed", |_| features::run(&features::Arguments::default())),
    ("package", "each crate can be packaged, and compiles from its package", |_| package::run(&package::Arguments::default())),
    ("minimal", "the crates compile with the oldest dependencies that their manifests allow", |_| minimal::run(&minimal::Arguments::default())),
    ("docs", "documentation builds for each crate alone without a warning, and its links are valid", |root| docs::built(root, &[])),
    ("public-api", "the public API is the committed one", |_| public_api::run(&public_api::Arguments::default())),
    ("new-provider", "a new provider compiles and passes its tests", new_provider::check),
    ("own-reqwest", "a program's own reqwest does the same beside one of our crates", |_| own_reqwest::run(&own_reqwest::Arguments::default())),
    // Programs and times are measured by hand: RELEASING.md.
    ("sizes", "packages and generated lines are within their limits", |_| sizes::run(&sizes::Arguments { quick: true, ..sizes::Arguments::default() })),
    ("semver", "the version fits what changed since the last release", semver),
    ("deny", "licences, bans, sources and Rust versions of all dependencies", deny),
];

/// Runs the steps that were asked for.
pub(crate) fn run(arguments: &Arguments) -> Result<String, Failure> {
    if arguments.list {
        let list = STEPS.iter().map(|(name, what, _)| format!("{name:<12} {what}"));
        return Ok(list.collect::<Vec<_>>().join("\n"));
    }
    let mut named = arguments.only.iter().chain(&arguments.skip);
    if let Some(name) = named.find(|name| !STEPS.iter().any(|(step, ..)| step == name)) {
        return Err(Failure::new(format!("there is no step `{name}`"), "cargo xtask ci --list"));
    }
    let is = |list: &[String], step: &str| list.iter().any(|name| name == step);
    let chosen = STEPS.iter().filter(|(name, ..)| arguments.only.is_empty() || is(&arguments.only, name));
    let chosen: Vec<&Step> = chosen.filter(|(name, ..)| !is(&arguments.skip, name)).collect();
    if chosen.is_empty() {
        let what = "every step that --only names is skipped, so nothing was checked";
        return Err(Failure::new(what, "cargo xtask ci --help"));
    }
    let root = workspace::root();
    let (mut report, mut failed) = (String::from("  step                   time  processor\n"), Vec::new());
    for (number, (name, what, step)) in chosen.iter().enumerate() {
        progress(&format!("[{}/{}] {name}: {what}", number + 1, chosen.len()));
        let cpu = process::children_cpu_seconds();
        #[expect(clippy::disallowed_methods, reason = "a person sees how long a step took")]
        let start = Instant::now();
        let result = step(&root);
        let cpu = process::children_cpu_seconds().zip(cpu).map_or(0.0, |(after, before)| after - before);
        let word = if result.is_ok() { "passed" } else { "FAILED" };
        report += &format!("  {name:<12} {word}  {:>6} s  {cpu:>6.0} s\n", start.elapsed().as_secs());
        match result {
            Ok(text) if text.is_empty() => {}
            Ok(text) => progress(&text),
            Err(failure) => {
                progress(&format!("\n{failure}"));
                failed.push(*name);
            }
        }
    }
    let report = format!("{report}\n{} passed, {} failed", chosen.len() - failed.len(), failed.len());
    match failed.first() {
        None => Ok(report),
        Some(first) => Err(Failure::new(report, format!("cargo xtask ci --only {first}"))),
    }
}

/// Returns the function of a step.
pub(crate) fn step(name: &str) -> Option<Run> {
    STEPS.iter().find(|(step, ..)| *step == name).map(|(.., run)| *run)
}

/// Runs a cargo command, which is also what to run next when it fails.
fn cargo(root: &Path, arguments: &[&str]) -> Result<String, Failure> {
    process::run(&mut process::cargo(root, arguments), &format!("cargo {}", arguments.join(" ")))
}

/// Tests whose subject isn't what a response contains, and that need no TLS library: what they decode, others decode too.
const THE_SAME: [&str; 6] = ["blocking", "environment", "memory", "parse_cost", "processes", "vectors"];

/// The shared crates and the clients, in one command, so that everything is compiled once.
fn native(root: &Path) -> Result<String, Failure> {
    let mut crates = workspace::providers(root)?;
    crates.extend(["auth-client-core", "auth-token-store"].map(str::to_owned));
    let metadata = workspace::metadata(root)?;
    let packages = metadata.packages.iter().filter(|package| crates.contains(&package.name));
    let tests = packages.flat_map(|package| &package.targets).filter(|target| target.is_test());
    let tests: BTreeSet<&str> =
        tests.map(|test| &*test.name).filter(|name| !THE_SAME.contains(name)).collect();
    let mut features = vec!["--all-features", "--features", "serde_json/arbitrary_precision"];
    features.extend(crates.iter().flat_map(|name| ["-p", name.as_str()]));
    let mut targets = vec!["test", "--lib"];
    targets.extend(tests.iter().flat_map(|test| ["--test", *test]));
    cargo(root, &[&targets[..], &features].concat())?;
    // The other doc tests ran with `cargo test --workspace`, which has not this feature.
    cargo(root, &[&["test", "--doc"], &features[..], &["--", "keyring"]].concat())
}

fn fmt(root: &Path) -> Result<String, Failure> {
    process::run(&mut process::cargo(root, &["fmt", "--all", "--check"]), "cargo fmt --all")?;
    let mut taplo = tools::prebuilt(root, "taplo")?;
    // What is formatted is not worth a line each.
    taplo.args(["fmt", "--check"]).env("RUST_LOG", "error");
    process::run(&mut taplo, "taplo fmt, with taplo from target/xtask/tools")
}

fn spelling(root: &Path) -> Result<String, Failure> {
    let mut typos = tools::prebuilt(root, "typos")?;
    process::run(
        typos.args(["--format", "brief"]),
        "correct the words, or add them to _typos.toml with the reason",
    )
}

/// Advisories need a database from the network; RELEASING.md has them.
fn deny(root: &Path) -> Result<String, Failure> {
    let newer = newer_than_ours(&workspace::metadata(root)?);
    let next = "cargo update PACKAGE --precise VERSION, to one that supports it; or raise rust-version in Cargo.toml";
    Failure::unless_none("dependencies need a newer Rust than ours:\n", &newer, next)?;
    let mut deny = tools::prebuilt(root, "cargo-deny")?;
    deny.args(["--all-features", "check", "licenses", "bans", "sources"]);
    process::run(&mut deny, "correct the dependency or deny.toml, then cargo xtask ci --only deny")
}

/// Packages that the published crates compile, on any platform, and whose `rust-version` is above the workspace's. With one
/// toolchain, this and clippy's `incompatible_msrv` are what can be checked of `rust-version`.
fn newer_than_ours(metadata: &Metadata) -> Vec<String> {
    let published = || metadata.workspace_packages().into_iter().filter(|package| package.publish.is_none());
    let Some(ours) = published().find_map(|package| package.rust_version.clone()) else { return Vec::new() };
    let mut open: Vec<&PackageId> = published().map(|package| &package.id).collect();
    let mut seen: HashSet<&PackageId> = HashSet::new();
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            let dependencies = nodes.clone().filter(|node| node.id == *id).flat_map(|node| &node.deps);
            let compiled = dependencies.filter(|dependency| {
                dependency.dep_kinds.iter().any(|kind| kind.kind != DependencyKind::Development)
            });
            open.extend(compiled.map(|dependency| &dependency.pkg));
        }
    }
    let newer = |version: &Option<Version>| version.as_ref().is_some_and(|version| *version > ours);
    let packages =
        metadata.packages.iter().filter(|package| seen.contains(&package.id) && newer(&package.rust_version));
    let version = |package: &Package| package.rust_version.as_ref().map(Version::to_string);
    let line = |package: &Package| {
        format!("  {} {}: {}", package.name, package.version, version(package).unwrap_or_default())
    };
    packages.map(line).collect()
}

/// Compares with the last tag `v…` by cargo-semver-checks, where there is one.
fn semver(root: &Path) -> Result<String, Failure> {
    let git = |arguments: &[&str]| {
        process::output(
            Command::new("git").args(arguments).current_dir(root),
            "run it in a clone of the repository",
        )
    };
    let Ok(shallow) = git(&["rev-parse", "--is-shallow-repository"]) else {
        return Ok("not run: this is no clone that git can read, so no release is known".to_owned());
    };
    let tags = git(&["tag", "--list", "v*", "--sort=-version:refname", "--merged", "HEAD"])?;
    let Some(tag) = last_release(&tags) else {
        let part = "this clone holds only a part of the history; git fetch --unshallow --tags";
        let none = "there is no tag v… yet, so nothing was promised to anybody";
        return Ok(format!("not run: {}", if shallow.trim() == "true" { part } else { none }));
    };
    let mut command = tools::cargo_semver_checks(root)?.command("cargo-semver-checks");
    command.args(["semver-checks", "--all-features", "--baseline-rev", tag]).current_dir(root);
    command.args(workspace::library_crates(root)?.iter().flat_map(|name| ["--package", name]));
    process::run(
        &mut command,
        "raise the version in Cargo.toml as the lines above ask, or restore what was there",
    )
}

/// The newest tag that is a version and no pre-release.
fn last_release(tags: &str) -> Option<&str> {
    let release = |version: &str| Version::parse(version).is_ok_and(|version| version.pre.is_empty());
    tags.lines().map(str::trim).find(|tag| tag.strip_prefix('v').is_some_and(release))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_that_needs_a_newer_rust_is_found_unless_it_is_for_tests() {
        let metadata = workspace::metadata(&workspace::root()).unwrap();
        assert_eq!(newer_than_ours(&metadata), [""; 0]);
        let found = |name: &str| {
            let mut metadata = metadata.clone();
            let package = metadata.packages.iter_mut().find(|package| *package.name == *name).unwrap();
            package.rust_version = Some(Version::new(1, 999, 0));
            newer_than_ours(&metadata)
        };
        assert!(found("bytes")[0].contains("bytes"));
        assert_eq!(found("proptest"), [""; 0]);
        assert_eq!(found("public-api"), [""; 0], "only xtask compiles it");
    }

    #[test]
    fn the_last_release_is_the_first_tag_that_is_a_version() {
        assert_eq!(last_release("v0.3.0-rc.1\nv0.2.1\nv0.2.0\n"), Some("v0.2.1"));
        assert_eq!([last_release("vendor\nv1\n"), last_release("")], [None; 2]);
    }
}
