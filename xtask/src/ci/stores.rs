//! The token stores in databases, against real servers that the tests start.

use crate::Failure;
use crate::report::process::{self, run as finish};
use std::path::{Path, PathBuf};
use std::process::Command;

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
        install(&missing)?;
    }
    let mut tests = process::cargo(root, &["test", "-p", "auth-token-store", "--all-features"]);
    tests.env(VARIABLE, "1");
    finish(&mut tests, "cargo xtask ci --only stores")
}

/// Installs packages without starting their services. Where that is not possible, a person is asked to do it.
fn install(packages: &[&str]) -> Result<(), Failure> {
    let list = packages.join(" ");
    let next = format!(
        "apt-get install {list}, or the same servers of another system; or leave the step out: cargo xtask ci --skip stores"
    );
    let missing =
        || Failure::new(format!("these servers are missing, so no store was checked: {list}"), &*next);
    let policy = PathBuf::from("/usr/sbin/policy-rc.d");
    if !process::is_there("apt-get") {
        return Err(missing());
    }
    // While this file is there, no package starts its service.
    let is_ours = !policy.exists();
    if is_ours && std::fs::write(&policy, "#!/bin/sh\nexit 101\n").is_err() {
        return Err(missing());
    }
    let mut allow = Command::new("chmod");
    allow.arg("755").arg(&policy);
    let installed = finish(&mut allow, &next).and_then(|_| {
        finish(Command::new("apt-get").args(["update", "-q"]), &next)?;
        let mut install = Command::new("apt-get");
        install.env("DEBIAN_FRONTEND", "noninteractive").args([
            "install",
            "-y",
            "-q",
            "--no-install-recommends",
        ]);
        finish(install.args(packages), &next)
    });
    if is_ours {
        let _ = std::fs::remove_file(&policy);
    }
    installed.map(drop)
}
