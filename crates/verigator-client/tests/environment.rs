//! Settings from environment variables, each case in a process of its own: variables belong to the whole process.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::process::Command;
use verigator_client::Client;

const CASE: &str = "VERIGATOR_TEST_CASE";

/// What a program sees that builds its client from the environment.
#[test]
fn a_program_of_its_own() {
    if std::env::var_os(CASE).is_none() {
        return;
    }
    match Client::from_env() {
        Ok(client) => println!("built {client:?}"),
        Err(error) => println!("refused {} {error}", error.field().unwrap_or_default()),
    }
}

fn run(variables: &[(&str, &str)]) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["a_program_of_its_own", "--exact", "--nocapture"])
        .env_remove("VERIGATOR_USERNAME")
        .env_remove("VERIGATOR_PASSWORD")
        .env_remove("VERIGATOR_BASE_URL")
        .env(CASE, "1")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find(|line| line.contains("built") || line.contains("refused"));
    line.unwrap_or_else(|| panic!("nothing was printed: {text}")).to_owned()
}

#[test]
fn each_variable_counts_and_is_named_if_it_is_invalid() {
    let (user, password) = (("VERIGATOR_USERNAME", "user"), ("VERIGATOR_PASSWORD", "canary"));
    for (variables, expected) in [
        (vec![], "refused VERIGATOR_USERNAME"),
        (vec![user], "refused VERIGATOR_PASSWORD"),
        (vec![password], "refused VERIGATOR_USERNAME"),
        (vec![user, ("VERIGATOR_PASSWORD", "")], "refused VERIGATOR_PASSWORD"),
        (vec![user, password], "https://api.verigator.com"),
        (vec![user, password, ("VERIGATOR_BASE_URL", "")], "https://api.verigator.com"),
        (vec![user, password, ("VERIGATOR_BASE_URL", "https://x.example/y")], "https://x.example"),
        (vec![user, password, ("VERIGATOR_BASE_URL", "http://x.example")], "refused VERIGATOR_BASE_URL"),
        (vec![("VERIGATOR_USERNAME", "a:b"), password], "refused VERIGATOR_USERNAME"),
        (vec![user, ("VERIGATOR_PASSWORD", "canary\n")], "refused VERIGATOR_PASSWORD"),
    ] {
        let seen = run(&variables);
        assert!(seen.contains(expected), "{variables:?}: {seen}");
        assert!(!seen.contains("canary"), "{seen}");
    }
}
