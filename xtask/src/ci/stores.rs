//! The token stores in databases and authctl's exports to PostgreSQL, against real servers that the tests start.

use crate::Failure;
use crate::report::process::{self, run as finish};
use std::path::Path;
use std::process::{Command, Stdio};

/// Makes the tests start servers, and fail if one is missing.
const VARIABLE: &str = "AUTH_TOKEN_STORE_TEST_SERVERS";

/// Makes the test of a partition connect network namespaces, and fail if it can't.
const NAMESPACES: &str = "AUTH_TOKEN_STORE_TEST_NAMESPACES";

/// The tests that use servers, or try more when they may take their time: a part of the name of each.
const TESTS: [&str; 4] = ["redis_store::", "postgres", "budget::simulation::", "killed_at_random"];

/// Makes a test start servers if they are installed.
pub(crate) fn offer(test: &mut Command) {
    if missing().is_empty() {
        test.env(VARIABLE, "1");
    }
}

/// The missing servers, by the names of Debian's packages. The tests look for them in the same places.
fn missing() -> Vec<&'static str> {
    let redis = std::env::var("AUTH_TOKEN_STORE_TEST_REDIS").unwrap_or_else(|_| "redis-server".to_owned());
    let mut versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let has_postgres =
        versions.any(|version| version.path().join("bin/initdb").exists()) || process::is_there("initdb");
    [("postgresql", has_postgres), ("redis-server", process::is_there(&redis))]
        .into_iter()
        .filter_map(|(package, is_there)| (!is_there).then_some(package))
        .collect()
}

pub(super) fn run(root: &Path) -> Result<String, Failure> {
    let missing = missing();
    if !missing.is_empty() {
        let list = missing.join(" ");
        let elsewhere = "on another system install PostgreSQL and Redis or Valkey (AUTH_TOKEN_STORE_TEST_REDIS names the program)";
        let next = format!("apt-get install {list}; {elsewhere}; or cargo xtask ci --skip stores");
        return Err(Failure::new(
            format!("these servers are missing, so no store was checked: {list}"),
            next,
        ));
    }
    let next = "cargo xtask ci --only stores";
    // With the features of `cargo test --workspace`, nothing is compiled again.
    let command = |more: &[&str]| {
        let all = ["test", "--quiet", "--workspace", "--lib", "--test", "databases", "--test", "fleet", "--"];
        process::cargo(root, &[&all, more, &TESTS[..]].concat())
    };
    let names = process::output(&mut command(&["--list"]), next)?;
    if let Some(gone) = TESTS.iter().find(|part| !names.lines().any(|name| name.contains(**part))) {
        let what = format!("no test has `{gone}` in its name, so those that it stood for were not run");
        return Err(Failure::new(what, "correct TESTS in xtask/src/ci/stores.rs"));
    }
    let mut tests = command(&[]);
    tests.env(VARIABLE, "1");
    if !can_connect_namespaces() {
        finish(&mut tests, next)?;
        return Ok("not run: the partition between two hosts, which needs root and `ip netns`".to_owned());
    }
    finish(tests.env(NAMESPACES, "1"), next)
}

/// Whether this user may make network namespaces.
fn can_connect_namespaces() -> bool {
    let name = format!("authc-probe-{}", std::process::id());
    let ip = |what: &str| {
        let done = Command::new("ip").args(["netns", what, &name]).stderr(Stdio::null()).status();
        done.is_ok_and(|status| status.success())
    };
    ip("add") && ip("delete")
}
