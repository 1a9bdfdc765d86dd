//! Settings from environment variables, each case in a process of its own: variables belong to the whole process.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::process::Command;
use vaultvision_client::Client;

const CASE: &str = "VV_TEST_CASE";

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
        .env_remove("VV_API_KEY")
        .env_remove("VV_BASE_URL")
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
    let key = ("VV_API_KEY", "canary");
    for (variables, expected) in [
        (vec![], "refused VV_API_KEY"),
        (vec![("VV_API_KEY", "")], "refused VV_API_KEY"),
        (vec![("VV_API_KEY", "canary\n")], "refused VV_API_KEY"),
        (vec![("VV_API_KEY", "canary canary")], "refused VV_API_KEY"),
        (vec![key], "https://api.vaultvision.com"),
        (vec![key, ("VV_BASE_URL", "")], "https://api.vaultvision.com"),
        (vec![key, ("VV_BASE_URL", "https://x.example/y")], "https://x.example"),
        (vec![key, ("VV_BASE_URL", "http://x.example")], "refused VV_BASE_URL"),
        (vec![key, ("VV_BASE_URL", "x")], "refused VV_BASE_URL"),
    ] {
        let seen = run(&variables);
        assert!(seen.contains(expected), "{variables:?}: {seen}");
        assert!(!seen.contains("canary"), "{seen}");
    }
}
