//! Settings from environment variables, each case in its own process: variables belong to the whole process.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../../auth-client-core/tests/common/environment.rs"]
mod environment;

use vaultvision_client::Client;

const VARIABLES: [&str; 2] = ["VV_API_KEY", "VV_BASE_URL"];

#[test]
fn a_program_of_its_own() {
    environment::print(Client::from_env);
}

#[test]
fn each_variable_counts_and_is_named_if_it_is_invalid() {
    let key = ("VV_API_KEY", "canary");
    let cases = [
        (vec![], "refused VV_API_KEY"),
        (vec![("VV_API_KEY", "")], "refused VV_API_KEY"),
        (vec![("VV_API_KEY", "canary\n")], "refused VV_API_KEY"),
        (vec![("VV_API_KEY", "canary canary")], "refused VV_API_KEY"),
        (vec![key], "https://api.vaultvision.com"),
        (vec![key, ("VV_BASE_URL", "")], "https://api.vaultvision.com"),
        (vec![key, ("VV_BASE_URL", "https://x.example/y")], "https://x.example"),
        (vec![key, ("VV_BASE_URL", "http://x.example")], "refused VV_BASE_URL"),
        (vec![key, ("VV_BASE_URL", "x")], "refused VV_BASE_URL"),
    ];
    environment::check("canary", &VARIABLES, cases);
}
