//! `cargo xtask own-reqwest`: a program's own reqwest does the same with and without one of our crates.
//!
//! Cargo unites the features of a package over a whole program, so a crate that turns on a feature of reqwest turns it on
//! for everybody. The program in `xtask/programs/own-reqwest` prints what its own reqwest does; this compares what it
//! prints with our crate and without.

use crate::report::{process, progress};
use crate::{Failure, workspace};
use std::path::Path;

/// Compare what a program's own reqwest does with and without one of our crates.
///
/// Builds a program outside of the workspace in several combinations of features, and runs each: its own reqwest
/// without TLS, with rustls, with native-tls, or with rustls and a provider that it installs; our crate as it comes or
/// with one of its reqwest features. Without --all: reqwest without TLS, our crate as it comes and with `reqwest-013`.
#[derive(clap::Args, Debug, Default)]
#[command(
    after_help = "Examples:\n  cargo xtask own-reqwest          about a minute\n  cargo xtask own-reqwest --all    \
    about ten minutes the first time"
)]
pub struct Arguments {
    /// Every combination.
    #[arg(long)]
    pub all: bool,
}

/// The program's own reqwest: a feature of the program, and what it is called. The first has no TLS.
const OWN: [(&str, &str); 4] = [
    ("", "default-features = false"),
    ("own-rustls", "rustls"),
    ("own-native-tls", "native-tls"),
    ("own-no-provider", "rustls-no-provider"),
];

/// Our crate: a feature of the program, what it is called, and the TLS that it brings into every reqwest.
const OURS: [(&str, &str, Option<&str>); 4] = [
    ("ours", "as it comes", None),
    ("ours-reqwest", "reqwest-013", None),
    ("ours-reqwest-rustls", "reqwest-013-rustls", Some("rustls with aws-lc-rs")),
    ("ours-reqwest-native-tls", "reqwest-013-native-tls", Some("native")),
];

/// What a run of the program printed about its own reqwest.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    new: String,
    tls: String,
}

/// Builds, runs and compares.
pub fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let (own, ours) = if arguments.all { (&OWN[..], &OURS[..]) } else { (&OWN[..1], &OURS[..2]) };
    let mut lines = Vec::new();
    let mut differences = Vec::new();
    for (own_feature, own_title) in own {
        let alone = observe(&root, &[own_feature])?;
        lines.push(format!("reqwest with {own_title}: new {}, TLS {}", alone.new, alone.tls));
        for (feature, title, brings) in ours {
            let seen = observe(&root, &[own_feature, feature])?;
            lines.push(format!("  beside our crate, {title}: new {}, TLS {}", seen.new, seen.tls));
            if !is_allowed(&alone, &seen, *brings) {
                differences.push(format!(
                    "reqwest with {own_title}, beside our crate, {title}: new {} instead of {}, TLS {} instead of {}",
                    seen.new, alone.new, seen.tls, alone.tls
                ));
            }
        }
    }
    if differences.is_empty() {
        return Ok(lines.join("\n"));
    }
    let next = "cargo tree -p verigator-client -e features -i reqwest   # which feature of ours changes it";
    Err(Failure::new(differences.join("\n"), next))
}

/// The same as without our crate; or the TLS that the user asked our crate to bring.
fn is_allowed(alone: &Seen, seen: &Seen, brings: Option<&str>) -> bool {
    alone.new == seen.new && (alone.tls == seen.tls || brings == Some(seen.tls.as_str()))
}

fn observe(root: &Path, features: &[&str]) -> Result<Seen, Failure> {
    let folder = workspace::copy_program(root, "own-reqwest")?;
    let features =
        features.iter().filter(|feature| !feature.is_empty()).copied().collect::<Vec<_>>().join(",");
    progress(&format!("building and running the program with: {features}"));
    let mut run = process::cargo(&["run", "--quiet", "--manifest-path"]);
    run.arg(folder.join("Cargo.toml")).arg("--target-dir").arg(root.join("target/xtask/build/own-reqwest"));
    run.arg("--features").arg(&features);
    let next =
        format!("cargo run --manifest-path target/xtask/own-reqwest/Cargo.toml --features \"{features}\"");
    let out = process::output(&mut run, &next)?;
    let seen = parse(&out);
    seen.ok_or_else(|| {
        Failure::new(format!("the program printed something else than expected:\n{out}"), next)
    })
}

fn parse(out: &str) -> Option<Seen> {
    let value = |key: &str| out.lines().find_map(|line| line.strip_prefix(key)).map(str::to_owned);
    let new = value("new: ")?;
    let tls = if new == "panics" { "none".to_owned() } else { value("tls: ")? };
    Some(Seen { new, tls })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(new: &str, tls: &str) -> Seen {
        Seen { new: new.to_owned(), tls: tls.to_owned() }
    }

    #[test]
    fn what_the_program_prints_is_read() {
        assert_eq!(parse("new: works\ntls: native\nours: works\n"), Some(seen("works", "native")));
        assert_eq!(parse("new: panics\nours: works\n"), Some(seen("panics", "none")));
        assert_eq!(parse("new: works\n"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn only_the_tls_that_was_asked_for_may_be_new() {
        let alone = seen("works", "none");
        assert!(is_allowed(&alone, &alone.clone(), None));
        assert!(is_allowed(&alone, &seen("works", "native"), Some("native")));
        assert!(!is_allowed(&alone, &seen("works", "native"), None));
        assert!(!is_allowed(&alone, &seen("panics", "none"), Some("native")));
    }
}
