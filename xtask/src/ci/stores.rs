//! The token stores in databases and authctl's exports to PostgreSQL, against real servers that the tests start.

use crate::Failure;
use crate::report::process::{self, run as finish};
use std::path::Path;

/// Makes the tests start servers, and fail if one is missing.
const VARIABLE: &str = "AUTH_TOKEN_STORE_TEST_SERVERS";

/// Debian's packages, and a program of each, or the folder of its versions.
const SERVERS: &[(&str, &str)] = &[("postgresql", "/usr/lib/postgresql"), ("redis-server", "redis-server")];

pub(super) fn run(root: &Path) -> Result<String, Failure> {
    let missing: Vec<&str> = SERVERS
        .iter()
        .filter(|(_, program)| !Path::new(program).exists() && !process::is_there(program))
        .map(|(package, _)| *package)
        .collect();
    if !missing.is_empty() {
        let list = missing.join(" ");
        let next = format!(
            "apt-get install {list}, or the same servers of another system; or leave the step out: cargo xtask ci --skip stores"
        );
        return Err(Failure::new(
            format!("these servers are missing, so no store was checked: {list}"),
            &*next,
        ));
    }
    // With the features of `cargo test --workspace`, nothing is compiled again.
    let command =
        ["test", "--quiet", "--workspace", "--lib", "--test", "databases", "--", "redis_store::", "postgres"];
    let mut tests = process::cargo(root, &command);
    tests.env(VARIABLE, "1");
    finish(&mut tests, "cargo xtask ci --only stores")
}
