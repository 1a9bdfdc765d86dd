//! Which packages a crate brings to those who depend on it: a committed list, and what must never be in it.

use crate::Failure;
use crate::report::process;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Where the lists are, below the root.
pub(crate) const FOLDER: &str = "xtask/trees";
/// One platform for all lists, so that they don't depend on who writes them.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// What no user's program should build, why, and the crates that may have it with default features.
const NEVER: &[(&str, &str, &[&str])] = &[
    ("auth-emulator", "the stand-in is for tests", &[]),
    ("aws-lc-rs", "TLS is by ring unless somebody asks for it", &[]),
    ("axum", "no client is a server", &[]),
    ("chrono", "one calendar is enough, and it is not this one", &[]),
    ("clap", "no client has a command line", &[]),
    ("cookie", "cookies are VISE's alone", &["vise-client"]),
    ("encoding_rs", "answers are JSON in UTF-8", &[]),
    ("fs4", "files of tokens are Virtuous's alone", &["auth-token-store", "virtuous-client"]),
    ("h2", "HTTP/2 is a feature that is off", &[]),
    ("hmac", "signatures are two vendors' alone", &["revesecure-client", "virtuous-client"]),
    ("keyring", "a feature that is off", &[]),
    ("native-tls", "TLS is by rustls unless somebody asks for it", &[]),
    ("openidconnect", "a feature that is off", &[]),
    ("openssl", "TLS is by rustls unless somebody asks for it", &[]),
    ("proptest", "for tests", &[]),
    ("reqwest", "a program's own is left alone; the transport over it is a feature that is off", &[]),
    ("serde_yaml", "deprecated by its author", &[]),
    ("time", "a calendar that cookies alone need", &["vise-client"]),
    (
        "auth-token-store",
        "tokens outlive a program at Virtuous alone",
        &["auth-token-store", "virtuous-client"],
    ),
    ("tokio-macros", "a procedural macro that only tests and examples use", &[]),
    ("tracing-subscriber", "who writes logs is the program's choice", &[]),
];

/// What is not built without the features that bring a transport.
const TRANSPORT: &[&str] = &["hyper", "ring", "rustls", "tracing"];

/// What the crate below everything has never, with any feature.
const NO_RUNTIME: &[&str] = &["hyper", "mio", "reqwest", "rustls", "socket2", "tokio"];

/// The emulator is nobody's dependency but tests', and the facade brings nothing by itself.
pub(super) fn is_listed(name: &str) -> bool {
    !matches!(name, "auth-clients" | "auth-emulator")
}

/// Renews the list of a crate.
pub(super) fn write(root: &Path, name: &str) -> Result<String, Failure> {
    let packages = packages(root, name, &[])?;
    refuse(name, &packages)?;
    let head = format!(
        "# What {name} brings along on Linux with its default features. Renewed by `cargo xtask features --bless`.\n"
    );
    let lines: Vec<String> = packages.iter().map(|package| format!("{package}\n")).collect();
    let path = format!("{FOLDER}/{name}.txt");
    process::write_if_changed(&root.join(&path), format!("{head}{}", lines.concat()).as_bytes())?;
    Ok(format!("{path}: {} packages written", packages.len()))
}

/// What differs from the list, and what must never be there.
pub(super) fn check(root: &Path, name: &str) -> Result<Vec<String>, Failure> {
    let path = format!("{FOLDER}/{name}.txt");
    let text = fs::read_to_string(root.join(&path)).map_err(|error| {
        Failure::new(
            format!("{path} can't be read: {error}"),
            format!("git checkout {path}; for a new crate cargo xtask features --bless {name}"),
        )
    })?;
    let listed: BTreeSet<String> =
        text.lines().filter(|line| !line.starts_with('#')).map(|line| line.trim().to_owned()).collect();
    let found = packages(root, name, &[])?;
    let mut differences = compare(&path, &listed, &found);
    differences.extend(forbidden(name, &found));
    let bare = packages(root, name, &["--no-default-features"])?;
    differences.extend(without(name, &bare, TRANSPORT, "without features"));
    if name == "auth-core" {
        let all = packages(root, name, &["--all-features"])?;
        differences.extend(without(name, &all, NO_RUNTIME, "with all features: it does no I/O"));
    }
    Ok(differences)
}

fn refuse(name: &str, packages: &BTreeSet<String>) -> Result<(), Failure> {
    let found = forbidden(name, packages);
    if found.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        found.join("\n"),
        format!("cargo tree -e normal -p {name} -i PACKAGE   # who brings it"),
    ))
}

fn compare(path: &str, listed: &BTreeSet<String>, found: &BTreeSet<String>) -> Vec<String> {
    let new = found.difference(listed).map(|package| format!("{path}: {package} is new"));
    let gone = listed.difference(found).map(|package| format!("{path}: {package} is not needed any more"));
    new.chain(gone).collect()
}

fn forbidden(name: &str, packages: &BTreeSet<String>) -> Vec<String> {
    let of_others = packages.iter().filter(|package| package.ends_with("-client") && *package != name);
    let never = NEVER
        .iter()
        .filter(|(package, _, allowed)| packages.contains(*package) && !allowed.contains(&name))
        .map(|(package, why, _)| format!("{name} must not depend on {package}: {why}"));
    of_others
        .map(|other| format!("{name} must not depend on {other}: another vendor's"))
        .chain(never)
        .collect()
}

fn without(name: &str, packages: &BTreeSet<String>, never: &[&str], when: &str) -> Vec<String> {
    let found = never.iter().filter(|package| packages.contains(**package));
    found.map(|package| format!("{name} must not depend on {package} {when}")).collect()
}

/// The names of a crate's packages, itself left out.
fn packages(root: &Path, name: &str, options: &[&str]) -> Result<BTreeSet<String>, Failure> {
    let arguments =
        ["tree", "--quiet", "--edges", "normal", "--prefix", "none", "--target", PLATFORM, "-p", name];
    let mut command = process::cargo(&arguments);
    command.args(options).current_dir(root);
    let text = process::output(&mut command, &format!("cargo tree -e normal -p {name}"))?;
    let names = text.lines().skip(1).filter_map(|line| line.split_whitespace().next());
    Ok(names.filter(|package| *package != name).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_came_and_what_went_is_named() {
        let differences = compare("x.txt", &set(&["a", "b"]), &set(&["b", "c"]));
        assert_eq!(differences, ["x.txt: c is new", "x.txt: a is not needed any more"]);
    }

    #[test]
    fn what_must_not_be_there_is_named_unless_it_is_this_crates() {
        assert_eq!(forbidden("vise-client", &set(&["cookie", "time", "http"])), [""; 0]);
        let found = forbidden("verigator-client", &set(&["time", "vise-client", "http"]));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].contains("vise-client: another vendor's") && found[1].contains("time: "),
            "{found:?}"
        );
        assert!(
            refuse("verigator-client", &set(&["clap"])).unwrap_err().to_string().contains("command line")
        );
    }

    #[test]
    fn a_missing_list_is_told_with_the_command_that_makes_it() {
        let failure = check(&std::env::temp_dir(), "x-client").unwrap_err().to_string();
        assert!(
            failure.contains("xtask/trees/x-client.txt") && failure.contains("--bless x-client"),
            "{failure}"
        );
    }

    #[test]
    fn without_a_transport_nothing_of_it_is_there() {
        assert_eq!(
            without("a", &set(&["http", "ring"]), TRANSPORT, "now"),
            ["a must not depend on ring now"]
        );
    }
}
