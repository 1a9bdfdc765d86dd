//! Settings from environment variables, each case in a process of its own: variables belong to the whole process.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use revesecure_client::Client;
use std::process::Command;

const CASE: &str = "REVESECURE_TEST_CASE";

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
        .env_remove("REVESECURE_API_KEY")
        .env_remove("REVESECURE_SECRET_KEY")
        .env_remove("REVESECURE_BASE_URL")
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
    let (key, secret) = (("REVESECURE_API_KEY", "key"), ("REVESECURE_SECRET_KEY", "cafe5ca4a7"));
    for (variables, expected) in [
        (vec![], "refused REVESECURE_API_KEY"),
        (vec![key], "refused REVESECURE_SECRET_KEY"),
        (vec![secret], "refused REVESECURE_API_KEY"),
        (vec![key, ("REVESECURE_SECRET_KEY", "")], "refused REVESECURE_SECRET_KEY"),
        (vec![key, secret], "https://dashboard.revesecure.com"),
        (vec![key, secret, ("REVESECURE_BASE_URL", "")], "https://dashboard.revesecure.com"),
        (vec![key, secret, ("REVESECURE_BASE_URL", "https://x.example/y")], "https://x.example"),
        (vec![key, secret, ("REVESECURE_BASE_URL", "http://x.example")], "refused REVESECURE_BASE_URL"),
        (vec![("REVESECURE_API_KEY", "a:b"), secret], "refused REVESECURE_API_KEY"),
        (vec![key, ("REVESECURE_SECRET_KEY", "cafe5ca4a7a")], "refused REVESECURE_SECRET_KEY"),
    ] {
        let seen = run(&variables);
        assert!(seen.contains(expected), "{variables:?}: {seen}");
        assert!(!seen.contains("cafe5ca4a7"), "{seen}");
    }
}
