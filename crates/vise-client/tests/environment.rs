//! Settings from environment variables, each case in a process of its own: variables belong to the whole process.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::process::Command;
use vise_client::Client;

const CASE: &str = "VISE_TEST_CASE";

/// What a program sees that builds its client from the environment.
#[test]
fn a_program_of_its_own() {
    if std::env::var_os(CASE).is_none() {
        return;
    }
    match Client::from_env() {
        Ok(client) => {
            let session = client.default_session().unwrap().map(|session| session.host().to_string());
            println!("built {session:?} {client:?}");
        }
        Err(error) => println!("refused {} {error}", error.field().unwrap_or_default()),
    }
}

fn run(variables: &[(&str, &str)]) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["a_program_of_its_own", "--exact", "--nocapture"])
        .env_remove("VISE_DASHBOARD_URL")
        .env_remove("VISE_API_TOKEN")
        .env_remove("VISE_HOST")
        .env_remove("VISE_PHRASE")
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
    let url = ("VISE_DASHBOARD_URL", "https://d.example/api");
    let token = ("VISE_API_TOKEN", "canary");
    let (host, phrase) = (("VISE_HOST", "a.example"), ("VISE_PHRASE", "canary"));
    for (variables, expected) in [
        (vec![], "refused VISE_API_TOKEN"),
        (vec![url], "refused VISE_API_TOKEN"),
        (vec![url, ("VISE_API_TOKEN", "")], "refused VISE_API_TOKEN"),
        (vec![token], "refused VISE_DASHBOARD_URL"),
        (vec![token, ("VISE_DASHBOARD_URL", "")], "refused VISE_DASHBOARD_URL"),
        (vec![token, url], "built None"),
        (vec![token, url], "https://d.example"),
        (vec![token, url, host, phrase], "built Some(\"a.example\")"),
        (vec![token, host, phrase], "built Some(\"a.example\")"),
        (vec![token, url, host], "refused VISE_PHRASE"),
        (vec![token, phrase], "refused VISE_HOST"),
        (vec![token, ("VISE_DASHBOARD_URL", "http://d.example")], "refused VISE_DASHBOARD_URL"),
        (vec![("VISE_API_TOKEN", "canary\n"), url], "refused VISE_API_TOKEN"),
        (vec![token, url, ("VISE_HOST", "10.0.0.1"), phrase], "refused VISE_HOST"),
        (vec![token, url, ("VISE_HOST", "canary@a.example"), phrase], "refused VISE_HOST"),
        // This machine counts only where the variables say plainly that it is a test.
        (vec![token, url, ("VISE_HOST", "127.0.0.1:8080"), phrase], "refused VISE_HOST"),
        (vec![token, ("VISE_HOST", "http://127.0.0.1:8080"), phrase], "built Some(\"127.0.0.1:8080\")"),
        (vec![token, ("VISE_HOST", "http://10.0.0.1:8080"), phrase], "refused VISE_HOST"),
        (
            vec![token, ("VISE_DASHBOARD_URL", "http://127.0.0.1:1"), ("VISE_HOST", "127.0.0.1:2"), phrase],
            "built Some",
        ),
    ] {
        let seen = run(&variables);
        assert!(seen.contains(expected), "{variables:?}: {seen}");
        assert!(!seen.contains("canary"), "{seen}");
    }
}

/// What the emulator says is enough for a client, without a line of code.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_emulators_variables_are_the_ones_that_are_read() {
    let emulator = auth_emulator::Emulator::start().await.unwrap();
    let env = emulator.vise().env();
    let variables: Vec<(&str, &str)> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert!(run(&variables).contains(&format!("built Some({:?})", emulator.vise().host(0))));
    let (needed, _) = variables.split_at(2);
    assert!(run(needed).contains("built None"));
}
