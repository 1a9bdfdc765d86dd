//! The commands as they are run: from a folder below the root, and with arguments that are wrong.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use std::process::{Command, Output};

fn xtask(arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments.split(' '))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))
        .output()
        .unwrap()
}

#[test]
fn commands_that_build_nothing_run_from_any_folder() {
    for (arguments, says) in [
        ("tidy", "nothing to tidy"),
        ("docs --quick", "all code compiled"),
        ("ci --list", "public-api"),
        ("ci --only tidy", "1 passed, 0 failed"),
        ("codegen --check verigator", "verigator-client: up to date"),
        ("codegen --help", "JSON pointer"),
    ] {
        let output = xtask(arguments);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains(says), "{arguments}: {output:?}");
    }
}

#[test]
fn wrong_arguments_end_with_the_next_command() {
    for (arguments, says) in [
        ("public-api no-such-crate", "no crate `no-such-crate`"),
        ("features no-such-crate", "no crate `no-such-crate`"),
        ("docs no-such-crate", "no crate `no-such-crate`"),
        ("codegen --check nobody", "no crate `nobody` here; crates that exist: revesecure-client"),
        ("new-provider Verigator", "small letters"),
        ("new-provider verigator", "exists already"),
        ("new-provider acme --description no-such-file.json", "no-such-file.json can't be read"),
        ("ci --only no-such-step", "no step `no-such-step`"),
        ("ci --only fmt --skip fmt", "nothing was checked"),
    ] {
        let output = xtask(arguments);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{arguments}");
        assert!(message.contains(says) && message.contains("\nnext: "), "{arguments}: {message}");
    }
}
