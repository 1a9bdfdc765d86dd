//! Clients from environment variables, each case in its own process: variables belong to the whole process.
//!
//! The tests of several crates include this file by its path.

#![allow(dead_code, reason = "each test program uses a part")]

use auth_client_core::Error;
use std::fmt::{Debug, Display};
use std::ops::Deref;
use std::process::Command;

/// Set in the process of a case.
const CASE: &str = "ENVIRONMENT_TEST_CASE";

/// The name of the case in whose process this is; the test `a_program_of_its_own` returns without one.
pub(crate) fn case() -> Option<String> {
    std::env::var(CASE).ok()
}

/// What the test `a_program_of_its_own` does: prints what a program sees that builds its client from the environment.
#[expect(clippy::print_stdout, reason = "the parent process reads it")]
pub(crate) fn print<T: Debug, E: Deref<Target = Error> + Display>(from_env: impl FnOnce() -> Result<T, E>) {
    if case().is_none() {
        return;
    }
    match from_env() {
        Ok(client) => println!("built {client:?}"),
        Err(error) => println!("refused {} {error}", error.field().unwrap_or_default()),
    }
}

/// Runs the test `a_program_of_its_own` with these of all variables, and returns the line that it prints.
pub(crate) fn run(case: &str, all: &[&str], variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["a_program_of_its_own", "--exact", "--nocapture"]).env(CASE, case);
    for name in all {
        command.env_remove(name);
    }
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let printed = |line: &&str| ["built", "refused", "called"].iter().any(|word| line.contains(word));
    text.lines().find(printed).unwrap_or_else(|| panic!("nothing was printed: {text}")).to_owned()
}

/// Checks that each set of variables leads to a line with this text, and that the secret is not in it.
pub(crate) fn check<'a>(
    secret: &str,
    all: &[&str],
    cases: impl IntoIterator<Item = (Vec<(&'a str, &'a str)>, &'a str)>,
) {
    for (variables, expected) in cases {
        let seen = run("build", all, &variables);
        assert!(seen.contains(expected), "{variables:?}: {seen}");
        assert!(!seen.contains(secret), "{seen}");
    }
}
