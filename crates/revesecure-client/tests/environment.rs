//! Settings from environment variables, each case in its own process: variables belong to the whole process.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../../auth-client-core/tests/common/environment.rs"]
mod environment;

use revesecure_client::Client;

const VARIABLES: [&str; 3] = ["REVESECURE_API_KEY", "REVESECURE_SECRET_KEY", "REVESECURE_BASE_URL"];

#[test]
fn a_program_of_its_own() {
    environment::print(Client::from_env);
}

#[test]
fn each_variable_counts_and_is_named_if_it_is_invalid() {
    let (key, secret) = (("REVESECURE_API_KEY", "key"), ("REVESECURE_SECRET_KEY", "cafe5ca4a7"));
    let cases = [
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
    ];
    environment::check("cafe5ca4a7", &VARIABLES, cases);
}
