//! `cargo xtask features`: every crate with every set of features that somebody may choose, and what each brings along.
//!
//! A build of the whole workspace unites the features of all crates and so hides what one of them forgot to ask for; here
//! each is compiled alone.

use crate::ci::tools;
use crate::report::{process, progress};
use crate::{Failure, workspace};
use cargo_metadata::Package;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Check each library crate alone: without features, with each, with the default ones; and what it depends on.
///
/// Three checks, the first two of which build nothing:
/// the features of the facade auth-clients are those of the provider crates, forwarded by name, and theirs those of
/// auth-client-core; each crate's packages are those of its committed list, xtask/trees/<crate>.txt;
/// `cargo check` of each crate alone with every one of its features.
#[derive(clap::Args, Debug, Default)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// The comparison and the lists only: nothing is built.
    #[arg(long)]
    quick: bool,
    /// Write the lists of packages instead of comparing them; nothing is built.
    #[arg(long, conflicts_with = "quick")]
    bless: bool,
    /// Only these crates, such as `vise-client`. All library crates by default.
    #[arg(value_name = "CRATE")]
    crates: Vec<String>,
}

const AFTER_HELP: &str = "\
Examples:
  cargo xtask features --quick               some seconds
  cargo xtask features verigator-client      one crate with all its features
  cargo xtask features --bless               after a change of dependencies

Who brings a package that should not be there:
  $ cargo tree -p verigator-client -e normal -i PACKAGE";

pub(crate) fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let chosen =
        workspace::chosen(workspace::published_crates(&root)?, &arguments.crates, "cargo xtask features")?;
    let metadata = workspace::metadata(&root)?;
    let of = |name: &str| workspace::package(&metadata, name);
    let members: Vec<&Package> = workspace::providers(&root)?.iter().filter_map(|name| of(name)).collect();
    let mut findings = Vec::new();
    if let Some((engine, facade)) = of("auth-client-core").zip(of("auth-clients")) {
        let features: Vec<_> =
            members.iter().map(|package| (package.name.as_str(), &package.features)).collect();
        findings.extend(not_passed_on(&engine.features, &features));
        findings.extend(not_forwarded(&facade.features, &features));
        findings.extend(members.iter().filter_map(|member| not_optional(facade, &member.name)));
    }
    // The emulator is a dependency of tests only, the facade brings nothing without features, and nobody depends on a program.
    for name in
        chosen.iter().filter(|name| !matches!(name.as_str(), "auth-clients" | "auth-emulator" | "authctl"))
    {
        findings.extend(tree(&root, name, arguments.bless)?);
    }
    Failure::unless_none("", &findings, "do what the lines say, then cargo xtask features --quick")?;
    let report =
        format!("features of {} providers are forwarded, packages are those of xtask/trees/", members.len());
    if arguments.quick || arguments.bless {
        return Ok(report);
    }
    let mut builds = 0;
    for package in chosen.iter().filter_map(|name| of(name)) {
        let forwards = members.contains(&package) || *package.name == "auth-clients";
        builds += each_feature(&root, package, forwards)?;
    }
    Ok(format!("{report}\ncargo check: {builds} sets of features"))
}

type Features = BTreeMap<String, Vec<String>>;

/// What fields lack of the engine's features, or don't pass on to it, each with the line to write.
fn not_passed_on(engine: &Features, members: &[(&str, &Features)]) -> Vec<String> {
    let mut findings = Vec::new();
    for feature in engine.keys().filter(|name| *name != "default" && !name.starts_with("__")) {
        let forwarded = format!("auth-client-core/{feature}");
        let lacks = |own: &Features| own.get(feature).is_none_or(|items| !items.contains(&forwarded));
        let lacking = members.iter().filter(|(_, own)| lacks(own));
        let line = |name| format!("crates/{name}/Cargo.toml: {feature} = [\"{forwarded}\"]");
        findings.extend(lacking.map(|(name, _)| line(name)));
    }
    findings
}

/// What the facade lacks or has too much: it has one feature per provider, `full`, and every feature of a provider under the
/// same name, forwarded with a question mark to the providers that are turned on.
fn not_forwarded(facade: &Features, members: &[(&str, &Features)]) -> Vec<String> {
    let mut wanted: BTreeMap<&str, BTreeSet<String>> = BTreeMap::from([("default", BTreeSet::new())]);
    for (name, features) in members {
        let word = name.trim_end_matches("-client");
        wanted.entry("full").or_default().insert(word.to_owned());
        wanted.entry(word).or_default().insert(format!("dep:{name}"));
        for (feature, items) in features.iter().filter(|(feature, _)| !feature.starts_with("__")) {
            let list = wanted.entry(feature).or_default();
            if feature == "default" {
                list.extend(items.iter().cloned());
            } else {
                list.insert(format!("{name}?/{feature}"));
            }
        }
    }
    let there = |feature: &str| facade.get(feature).map(|items| items.iter().cloned().collect());
    let differs = wanted.iter().filter(|(feature, items)| there(feature).as_ref() != Some(*items));
    let lines = differs.map(|(feature, items)| format!("{feature} = {:?}", Vec::from_iter(items)));
    let extra = facade.keys().filter(|feature| !wanted.contains_key(feature.as_str()));
    let lines = lines.chain(extra.map(|feature| format!("delete the feature {feature}")));
    lines.map(|line| format!("crates/auth-clients/Cargo.toml: {line}")).collect()
}

/// The facade's line for a provider, unless that is optional and without features that nobody could turn off.
fn not_optional(facade: &Package, member: &str) -> Option<String> {
    let good = |dependency: &cargo_metadata::Dependency| {
        dependency.name == member && dependency.optional && dependency.features.is_empty()
    };
    let line = format!("crates/auth-clients/Cargo.toml: {member} = {{ workspace = true, optional = true }}");
    (!facade.dependencies.iter().any(good)).then_some(line)
}

/// What differs from the committed list of a crate's packages, and what must never be there without a transport.
fn tree(root: &Path, name: &str, bless: bool) -> Result<Vec<String>, Failure> {
    let path = format!("xtask/trees/{name}.txt");
    let found = packages(root, name, &[])?;
    if bless {
        let head = format!("# What {name} brings along on Linux with its default features.");
        let lines = Vec::from_iter(found).join("\n");
        let text = format!("{head} Renewed by `cargo xtask features --bless`.\n{lines}\n");
        process::write_if_changed(&root.join(&path), text)?;
        return Ok(Vec::new());
    }
    let text = process::read_text(&root.join(&path)).unwrap_or_default();
    let listed: BTreeSet<String> =
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
    let new = found.difference(&listed).map(|package| format!("{path}: {package} is new"));
    let gone = listed.difference(&found).map(|package| format!("{path}: {package} is not needed any more"));
    let mut findings: Vec<String> = new.chain(gone).collect();
    if !findings.is_empty() {
        findings.push(format!("if it is intended: cargo xtask features --bless {name}"));
    }
    let bare = packages(root, name, &["--no-default-features"])?;
    findings.extend(unwanted(name, &bare, &["hyper", "ring", "rustls", "tracing"], "without features"));
    if name == "auth-core" {
        let all = packages(root, name, &["--all-features"])?;
        let runtime = ["hyper", "mio", "reqwest", "rustls", "socket2", "tokio"];
        findings.extend(unwanted(name, &all, &runtime, "with all features: it does no I/O"));
    }
    Ok(findings)
}

fn unwanted(name: &str, packages: &BTreeSet<String>, never: &[&str], when: &str) -> Vec<String> {
    let found = never.iter().filter(|package| packages.contains(**package));
    found.map(|package| format!("{name} must not depend on {package} {when}")).collect()
}

/// The names of a crate's packages, itself left out. One platform, so that lists don't depend on who writes them.
fn packages(root: &Path, name: &str, options: &[&str]) -> Result<BTreeSet<String>, Failure> {
    let arguments = ["tree", "--quiet", "--edges", "normal", "--prefix", "none", "-p", name];
    let mut command = process::cargo(root, &arguments);
    command.args(["--target", "x86_64-unknown-linux-gnu"]).args(options);
    let text = process::output(&mut command, &format!("cargo tree -e normal -p {name}"))?;
    let names = text.lines().skip(1).filter_map(|line| line.split_whitespace().next());
    Ok(names.filter(|package| *package != name).map(str::to_owned).collect())
}

/// `cargo check` of a crate alone: without features, with each one, and with the default ones. With all features, each is
/// compiled alone by `cargo xtask docs`. What is unused without a feature is a warning, and a failure here.
fn each_feature(root: &Path, package: &Package, forwards: bool) -> Result<usize, Failure> {
    let mut hack = tools::prebuilt(root, "cargo-hack")?;
    hack.args(["hack", "check", "--quiet", "--each-feature", "--exclude-all-features", "-p", &package.name]);
    // A feature that begins with two underscores is not for users, and what turns it on is checked.
    let private = package.features.keys().filter(|name| name.starts_with("__")).cloned().collect();
    let excluded = if forwards { forwarded(package)? } else { private };
    hack.args(excluded.iter().flat_map(|feature| ["--exclude-features", feature]));
    progress(&process::show(&hack));
    let next =
        "run the cargo check command that is named above; the crate needs a feature that it does not ask for";
    let (succeeded, _, errors) = process::all(&mut hack, next)?;
    if succeeded && !errors.lines().any(|line| line.starts_with("warning")) {
        return Ok(errors.lines().filter(|line| line.starts_with("info: running")).count());
    }
    let what =
        format!("{} does not compile alone without a warning:\n{}", package.name, process::tail(&errors, 60));
    Err(Failure::new(what, next))
}

/// Features that only turn on features of other crates, where they are checked, or other features: the crate's own code is the
/// same with them.
fn forwarded(package: &Package) -> Result<Vec<String>, Failure> {
    let source = package.manifest_path.as_std_path().with_file_name("src");
    let mut code = String::new();
    for path in workspace::files(&source)?.iter().filter(|path| path.ends_with(".rs")) {
        code += &process::read_text(&source.join(path))?;
    }
    let forwarded = package.features.iter().filter(|(name, items)| {
        *name != "default"
            && !items.iter().any(|item| item.starts_with("dep:"))
            && !code.contains(&format!("feature = \"{name}\""))
    });
    Ok(forwarded.map(|(name, _)| name.clone()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(list: &[(&str, &[&str])]) -> Features {
        let owned = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
        list.iter().map(|(name, items)| ((*name).to_owned(), owned(items))).collect()
    }

    #[test]
    fn members_pass_the_engines_features_on() {
        let engine = features(&[("default", &["tls"]), ("tls", &[]), ("__inner", &[])]);
        let found = |member: &Features| not_passed_on(&engine, &[("a-client", member)]);
        assert_eq!(found(&features(&[("tls", &["auth-client-core/tls", "dep:x"])])), [""; 0]);
        for member in [features(&[]), features(&[("tls", &[])])] {
            assert_eq!(found(&member), ["crates/a-client/Cargo.toml: tls = [\"auth-client-core/tls\"]"]);
        }
    }

    #[test]
    fn the_facade_has_the_union_of_its_members_features() {
        let a = features(&[("default", &["tls"]), ("tls", &[]), ("__inner", &[])]);
        let b = features(&[("default", &["tls", "store"]), ("tls", &[]), ("store", &[])]);
        let found = |facade: &Features| not_forwarded(facade, &[("a-client", &a), ("b-client", &b)]);
        let both = ["a-client?/tls", "b-client?/tls"];
        let whole = features(&[
            ("default", &["tls", "store"]),
            ("full", &["a", "b"]),
            ("a", &["dep:a-client"]),
            ("b", &["dep:b-client"]),
            ("tls", &both),
            ("store", &["b-client?/store"]),
        ]);
        assert_eq!(found(&whole), [""; 0]);
        for (feature, items, line) in [
            ("full", &["a"][..], "full = [\"a\", \"b\"]"),
            ("default", &["tls"], "default = [\"store\", \"tls\"]"),
            ("b", &[], "b = [\"dep:b-client\"]"),
            ("tls", &[both[0], both[1], "a-client/tls"], "tls = [\"a-client?/tls\", \"b-client?/tls\"]"),
            ("other", &[], "delete the feature other"),
        ] {
            let mut facade = whole.clone();
            facade.extend(features(&[(feature, items)]));
            assert_eq!(found(&facade), [format!("crates/auth-clients/Cargo.toml: {line}")]);
        }
    }

    #[test]
    fn what_must_not_be_there_is_named() {
        let packages = BTreeSet::from(["http", "ring"].map(str::to_owned));
        let found = unwanted("a", &packages, &["ring", "rustls"], "now");
        assert_eq!(found, ["a must not depend on ring now"]);
    }

    /// Features that need a C compiler or a library of the system, whose tests run in the step `test-native`, as the README says.
    const NOT_RUST_ALONE: [&str; 4] =
        ["keyring", "reqwest-013-native-tls", "reqwest-013-rustls", "rustls-aws-lc"];

    #[test]
    fn the_readmes_test_command_runs_the_tests_of_every_other_feature() {
        let packages = workspace::metadata(&workspace::root()).unwrap().packages;
        let of = |name: &str| packages.iter().find(|package| package.name.as_str() == name).unwrap();
        let turned_on = of("xtask").dependencies.iter().find(|dependency| dependency.name == "auth-clients");
        let on: BTreeSet<&str> = turned_on.unwrap().features.iter().map(String::as_str).collect();
        let facade = of("auth-clients");
        let full: BTreeSet<&str> = facade.features["full"].iter().map(String::as_str).collect();
        let off = facade.features.keys().map(String::as_str).filter(|name| {
            // A TLS library turns the transport on.
            !["default", "hyper"].contains(name) && !on.contains(name) && !full.contains(name)
        });
        assert_eq!(off.collect::<Vec<_>>(), NOT_RUST_ALONE);
        assert!(on.contains("full"));
    }
}
