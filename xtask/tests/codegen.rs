//! The command as it is run: what it says, and how it ends.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use std::process::{Command, Output};

fn xtask(arguments: &[&str]) -> Output {
    // From a folder below the root: the command finds the workspace automatically.
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_committed_files_agree_with_the_descriptions() {
    let output = xtask(&["codegen", "--check", "verigator"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("verigator-client"));
}

#[test]
fn an_unknown_provider_is_refused_with_those_that_are_known() {
    let output = xtask(&["codegen", "--check", "nobody"]);
    assert!(!output.status.success());
    let message = text(&output.stderr);
    assert!(message.contains("no crate `nobody`") && message.contains("verigator-client"), "{message}");
    assert!(message.contains("\nnext: cargo xtask codegen"), "{message}");
}

#[test]
fn the_help_says_what_is_read_and_written() {
    let output = xtask(&["codegen", "--help"]);
    let help = text(&output.stdout);
    for part in ["openapi.json", "src/generated/", "tests/generated/", "README.md", "--check"] {
        assert!(help.contains(part), "{part}: {help}");
    }
}
