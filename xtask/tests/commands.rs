//! The commands as they are run: from a folder below the root, with arguments that are wrong, and what their help says.

#![allow(clippy::panic, clippy::unwrap_used, reason = "in a test, a panic is the report")]

use std::process::{Command, Output};

fn xtask(arguments: &[&str]) -> Output {
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
fn commands_that_build_nothing_run_from_any_folder() {
    for arguments in [["tidy"].as_slice(), &["docs", "--quick"], &["ci", "--list"], &["ci", "--only", "tidy"]]
    {
        let output = xtask(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        assert!(!output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn wrong_arguments_end_with_the_next_command() {
    for arguments in [
        ["public-api", "no-such-crate"].as_slice(),
        &["features", "no-such-crate"],
        &["docs", "no-such-crate"],
        &["new-provider", "Verigator"],
        &["new-provider", "verigator"],
        &["new-provider", "acme", "--description", "no-such-file.json"],
        &["ci", "--only", "no-such-step"],
    ] {
        let output = xtask(arguments);
        let message = text(&output.stderr);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(message.contains("\nnext: "), "{arguments:?}: {message}");
    }
}

#[test]
fn every_command_has_an_example_or_says_what_it_reads() {
    let help = text(&xtask(&["--help"]).stdout);
    let names = help
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help");
    let names: Vec<&str> = names.collect();
    assert!(names.len() >= 12, "{help}");
    for name in names {
        let help = text(&xtask(&[name, "--help"]).stdout);
        assert!(help.lines().count() > 10, "{name}: {help}");
    }
}
