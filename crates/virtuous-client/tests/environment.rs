//! Settings from environment variables, each case in its own process: variables belong to the whole process.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../../auth-client-core/tests/common/environment.rs"]
mod environment;

use auth_emulator::Emulator;
use std::time::Duration;
use virtuous_client::Client;

const VARIABLES: [&str; 7] = [
    "VIRTUOUS_API_KEY",
    "VIRTUOUS_USERNAME",
    "VIRTUOUS_PASSWORD",
    "VIRTUOUS_BASE_URL",
    "VIRTUOUS_TOKEN_FILE",
    "VIRTUOUS_APPLICATION_KEY",
    "VIRTUOUS_PRIVATE_KEY",
];

#[tokio::test]
async fn a_program_of_its_own() {
    if environment::case().as_deref() != Some("call") {
        return environment::print(Client::from_env);
    }
    let client = Client::from_env().unwrap();
    let call = client.organizations().current().into_future();
    let outcome = tokio::time::timeout(Duration::from_secs(20), call).await.unwrap();
    println!("called {:?}", outcome.map(|organization| organization.organization_name));
}

#[test]
fn each_variable_counts_and_is_named_if_it_is_invalid() {
    let key = ("VIRTUOUS_API_KEY", "canary");
    let (user, password) = (("VIRTUOUS_USERNAME", "user"), ("VIRTUOUS_PASSWORD", "canary"));
    let (application, private) = (("VIRTUOUS_APPLICATION_KEY", "app"), ("VIRTUOUS_PRIVATE_KEY", "Y2FuYXJ5"));
    let file = ("VIRTUOUS_TOKEN_FILE", "/nowhere/tokens.json");
    let vendor = "built Client { origin: \"https://api.virtuoussoftware.com\"";
    let cases = [
        (vec![], "refused VIRTUOUS_API_KEY"),
        (vec![("VIRTUOUS_API_KEY", "")], "refused VIRTUOUS_API_KEY"),
        (vec![key], vendor),
        (vec![("VIRTUOUS_API_KEY", "canary canary")], "refused VIRTUOUS_API_KEY"),
        (vec![user], "refused VIRTUOUS_PASSWORD"),
        (vec![password], "refused VIRTUOUS_USERNAME"),
        (vec![file], "refused VIRTUOUS_USERNAME"),
        (vec![user, password], vendor),
        (vec![user, file], vendor),
        (vec![user, password, file], vendor),
        (vec![key, user, password, file], vendor),
        (vec![("VIRTUOUS_USERNAME", "a\tb"), password], "refused VIRTUOUS_USERNAME"),
        (vec![application, private], vendor),
        (vec![key, application, private], vendor),
        (vec![application], "refused VIRTUOUS_PRIVATE_KEY"),
        (vec![key, private], "refused VIRTUOUS_APPLICATION_KEY"),
        (vec![application, ("VIRTUOUS_PRIVATE_KEY", "canary!")], "refused VIRTUOUS_PRIVATE_KEY"),
        (vec![("VIRTUOUS_APPLICATION_KEY", "a:b"), private], "refused VIRTUOUS_APPLICATION_KEY"),
        (
            vec![key, ("VIRTUOUS_BASE_URL", "https://x.example/y")],
            "built Client { origin: \"https://x.example\"",
        ),
        (vec![key, ("VIRTUOUS_BASE_URL", "")], vendor),
        (vec![key, ("VIRTUOUS_BASE_URL", "http://x.example")], "refused VIRTUOUS_BASE_URL"),
        (vec![key, ("VIRTUOUS_BASE_URL", "https://x.example/api/")], "refused VIRTUOUS_BASE_URL"),
    ];
    environment::check("canary", &VARIABLES, cases);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_emulator_says_leads_to_it() {
    let emulator = Emulator::start().await.unwrap();
    let all = emulator.virtuous().env();
    let file = std::env::temp_dir().join(format!("virtuous-environment-{}.json", std::process::id()));
    let file = file.to_str().unwrap().to_owned();
    let pick = |names: &[&str]| -> Vec<(&str, &str)> {
        let chosen = all.iter().filter(|(name, _)| names.contains(name));
        chosen.map(|(name, value)| (*name, value.as_str())).collect()
    };
    let mut user = pick(&["VIRTUOUS_USERNAME", "VIRTUOUS_PASSWORD", "VIRTUOUS_BASE_URL"]);
    user.push(("VIRTUOUS_TOKEN_FILE", &file));
    let mut kept = pick(&["VIRTUOUS_USERNAME", "VIRTUOUS_BASE_URL"]);
    kept.push(("VIRTUOUS_TOKEN_FILE", &file));
    let everything: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    assert!(everything.iter().all(|name| VARIABLES.contains(name)), "{everything:?}");
    for variables in [pick(&everything), user, kept] {
        let seen = tokio::task::block_in_place(|| environment::run("call", &VARIABLES, &variables));
        assert!(seen.contains("called Ok(Some(\"Emulated Sandbox\"))"), "{seen}");
    }
    assert_eq!(emulator.virtuous().effect("login"), 1, "the second run found the tokens in the file");
    std::fs::remove_file(&file).unwrap();
    std::fs::remove_file(format!("{file}.lock")).unwrap();
}
