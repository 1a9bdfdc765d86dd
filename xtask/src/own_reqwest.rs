//! `cargo xtask own-reqwest`: a program's own reqwest does the same with and without one of our crates.
//!
//! Cargo unites the features of a package over a whole program, so a crate that turns on a feature of reqwest turns it on
//! for everybody. The program in `xtask/programs/own-reqwest` prints what its own reqwest does; this compares what it
//! prints with our crate and without.

use crate::report::{process, progress};
use crate::{Failure, workspace};

/// Compare what a program's own reqwest does with and without one of our crates.
///
/// Builds a program outside of the workspace in several combinations of features, and runs each: its own reqwest
/// without TLS, with rustls, with native-tls, or with rustls and a provider that it installs; our crate with default features or
/// with one of its reqwest features. Without --all: reqwest without TLS, our crate with default features and with `reqwest-013`.
#[derive(clap::Args, Debug, Default)]
#[command(
    after_help = "Examples:\n  cargo xtask own-reqwest          about a minute\n  cargo xtask own-reqwest --all    \
    about ten minutes the first time"
)]
pub(crate) struct Arguments {
    /// Every combination.
    #[arg(long)]
    all: bool,
}

/// Features of the program for its own reqwest. The first has no TLS.
const OWN: [&str; 4] = ["", "own-rustls", "own-native-tls", "own-no-provider"];

/// Features of the program for our crate, and the TLS that each brings into every reqwest.
const OURS: [(&str, &str); 4] = [
    ("ours", ""),
    ("ours-reqwest", ""),
    ("ours-reqwest-rustls", "tls: rustls with aws-lc-rs"),
    ("ours-reqwest-native-tls", "tls: native"),
];

pub(crate) fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let manifest = workspace::copy_program(&root, "own-reqwest")?;
    let observe = |features: &str| {
        progress(&format!("building and running the program with: {features}"));
        let mut run = process::cargo(&root, &["run", "--quiet", "--features", features, "--manifest-path"]);
        run.arg(&manifest).arg("--target-dir").arg(workspace::target(&root));
        let again = "cargo run --manifest-path target/xtask/own-reqwest/Cargo.toml --features";
        process::output(&mut run, &format!("{again} {features}"))
    };
    let (own, ours) = if arguments.all { (&OWN[..], &OURS[..]) } else { (&OWN[..1], &OURS[..2]) };
    let (mut report, mut differences) = (Vec::new(), Vec::new());
    for own in own {
        let alone = observe(own)?;
        for (ours, brings) in ours {
            let features = format!("{own},{ours}");
            let both = observe(&features)?;
            let [with, without] = [&both, &alone].map(|printed| of_reqwest(printed).join(", "));
            report.push(format!("{features}: {with}; alone {without}"));
            differences.extend(report.last().filter(|_| !is_allowed(&alone, &both, brings)).cloned());
        }
    }
    let next = "cargo tree -p verigator-client -e features -i reqwest   # which feature of ours changes it";
    Failure::unless_none("a program's own reqwest does something else:\n", &differences, next)?;
    Ok(report.join("\n"))
}

/// What the program printed about its own reqwest: whether `Client::new()` works, and which library speaks TLS.
fn of_reqwest(printed: &str) -> Vec<&str> {
    printed.lines().filter(|line| line.starts_with("new: ") || line.starts_with("tls: ")).collect()
}

/// The same as without our crate; or the TLS that the user asked our crate to bring.
fn is_allowed(alone: &str, both: &str, brings: &str) -> bool {
    let (alone, both) = (of_reqwest(alone), of_reqwest(both));
    !both.is_empty() && (alone == both || alone.first() == both.first() && both.last() == Some(&brings))
}
