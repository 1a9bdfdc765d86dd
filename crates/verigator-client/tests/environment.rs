//! Settings from environment variables, each case in its own process: variables belong to the whole process.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../../auth-client-core/tests/common/environment.rs"]
mod environment;

use verigator_client::Client;

const VARIABLES: [&str; 3] = ["VERIGATOR_USERNAME", "VERIGATOR_PASSWORD", "VERIGATOR_BASE_URL"];

#[test]
fn a_program_of_its_own() {
    environment::print(Client::from_env);
}

#[test]
fn each_variable_counts_and_is_named_if_it_is_invalid() {
    let (user, password) = (("VERIGATOR_USERNAME", "user"), ("VERIGATOR_PASSWORD", "canary"));
    let cases = [
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
    ];
    environment::check("canary", &VARIABLES, cases);
}
