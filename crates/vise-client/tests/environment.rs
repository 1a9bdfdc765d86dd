//! Settings from environment variables, each case in its own process: variables belong to the whole process.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../../auth-client-core/tests/common/environment.rs"]
mod environment;

use vise_client::Client;

const VARIABLES: [&str; 4] = ["VISE_DASHBOARD_URL", "VISE_API_TOKEN", "VISE_HOST", "VISE_PHRASE"];

/// The client, and the host of its default session.
#[test]
fn a_program_of_its_own() {
    environment::print(|| {
        let client = Client::from_env()?;
        let host = client.default_session()?.map(|session| session.host().to_string());
        Ok::<_, vise_client::Error>((host, client))
    });
}

#[test]
fn each_variable_counts_and_is_named_if_it_is_invalid() {
    let url = ("VISE_DASHBOARD_URL", "https://d.example/api");
    let token = ("VISE_API_TOKEN", "canary");
    let (host, phrase) = (("VISE_HOST", "a.example"), ("VISE_PHRASE", "canary"));
    let cases = [
        (vec![], "refused VISE_API_TOKEN"),
        (vec![url], "refused VISE_API_TOKEN"),
        (vec![url, ("VISE_API_TOKEN", "")], "refused VISE_API_TOKEN"),
        (vec![token], "refused VISE_DASHBOARD_URL"),
        (vec![token, ("VISE_DASHBOARD_URL", "")], "refused VISE_DASHBOARD_URL"),
        (vec![token, url], "built (None"),
        (vec![token, url], "https://d.example"),
        (vec![token, url, host, phrase], "built (Some(\"a.example\")"),
        (vec![token, host, phrase], "built (Some(\"a.example\")"),
        (vec![token, url, host], "refused VISE_PHRASE"),
        (vec![token, url, host, ("VISE_PHRASE", "canary\n")], "refused VISE_PHRASE"),
        (vec![token, url, host, ("VISE_PHRASE", " canary")], "refused VISE_PHRASE"),
        (vec![token, phrase], "refused VISE_HOST"),
        (vec![token, ("VISE_DASHBOARD_URL", "http://d.example")], "refused VISE_DASHBOARD_URL"),
        (vec![("VISE_API_TOKEN", "canary\n"), url], "refused VISE_API_TOKEN"),
        (vec![token, url, ("VISE_HOST", "10.0.0.1"), phrase], "refused VISE_HOST"),
        (vec![token, url, ("VISE_HOST", "canary@a.example"), phrase], "refused VISE_HOST"),
        // This machine counts only where the variables say plainly that it is a test.
        (vec![token, url, ("VISE_HOST", "127.0.0.1:8080"), phrase], "refused VISE_HOST"),
        (vec![token, ("VISE_HOST", "http://127.0.0.1:8080"), phrase], "built (Some(\"127.0.0.1:8080\")"),
        (vec![token, ("VISE_HOST", "http://10.0.0.1:8080"), phrase], "refused VISE_HOST"),
        (
            vec![token, ("VISE_DASHBOARD_URL", "http://127.0.0.1:1"), ("VISE_HOST", "127.0.0.1:2"), phrase],
            "built (Some",
        ),
    ];
    environment::check("canary", &VARIABLES, cases);
}

/// What the emulator says is enough for a client, without a line of code.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_emulators_variables_are_the_ones_that_are_read() {
    let emulator = auth_emulator::Emulator::start().await.unwrap();
    let env = emulator.vise().env();
    let variables: Vec<(&str, &str)> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let run = |variables: &[(&str, &str)]| environment::run("build", &VARIABLES, variables);
    assert!(run(&variables).contains(&format!("built (Some({:?})", emulator.vise().host(0))));
    let (needed, _) = variables.split_at(2);
    assert!(run(needed).contains("built (None"));
}
