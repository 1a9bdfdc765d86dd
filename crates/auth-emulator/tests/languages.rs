//! The helpers for other languages in `examples/`, and the programs of the vendors' pages, run by those languages. A language that is not
//! installed is left out, except in CI.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "in a test, a panic is the report"
)]
#![cfg(unix)]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_auth-emulator");

fn examples(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(language)
}

fn scratch(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

/// Whether the program is installed; in CI, it must be unless `is_optional`.
fn is_installed(program: &str, is_optional: bool) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(found || is_optional || std::env::var_os("CI").is_none(), "{program} is not installed");
    if !found {
        eprintln!("left out: {program} is not installed");
    }
    found
}

/// Runs a command with the emulator to its end; returns its output.
fn run(command: &mut Command, directory: &Path) -> String {
    let scratch = scratch("languages");
    command.current_dir(directory).env("AUTH_EMULATOR", PROGRAM).env("TMPDIR", &scratch);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {text}");
    text.into_owned()
}

#[test]
fn python() {
    if !is_installed("python3", false) {
        return;
    }
    // pytest is installed for this test alone.
    let packages = scratch("pytest");
    let path = std::env::join_paths([&packages]).unwrap();
    let pytest = || {
        let mut command = Command::new("python3");
        command.args(["-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"]).env("PYTHONPATH", &path);
        command
    };
    if !pytest().arg("--version").output().unwrap().status.success() {
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"];
        let installed =
            Command::new("python3").args(pip).arg(&packages).arg("pytest>=8,<10").status().unwrap();
        if !installed.success() && std::env::var_os("CI").is_none() {
            eprintln!("left out: pytest can't be installed");
            return;
        }
        assert!(installed.success(), "pytest can't be installed");
    }
    let output = run(&mut pytest(), &examples("python"));
    assert!(output.contains("4 passed"), "{output}");

    // The same with a running emulator.
    let ready_file = scratch("attach").join("ready.json");
    let mut serve = Command::new(PROGRAM);
    serve.args(["serve", "--child", "--log", "warn", "--ready-file"]).arg(&ready_file);
    let mut server = serve.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let output = run(pytest().env("AUTH_EMULATOR_READY_FILE", &ready_file), &examples("python"));
    assert!(output.contains("4 passed"), "{output}");
    drop(server.stdin.take());
    assert!(server.wait().unwrap().success());
}

#[cfg(feature = "tls")]
#[test]
fn the_programs_of_the_vendors_pages() {
    if !["python3", "bash", "curl", "jq"].iter().all(|program| is_installed(program, false)) {
        return;
    }
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vendor_pages");
    let mut python = Command::new("python3");
    python.args(["-B", "pages.py"]).env("PYTHONPATH", examples("python").canonicalize().unwrap());
    let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("vendor-pages.yaml");
    let output = run(python.env("VENDOR_PAGES", seed), &tests);
    assert_eq!(output.matches("passed: ").count(), 5, "{output}");
}

#[test]
fn node() {
    if !is_installed("node", false) {
        return;
    }
    let output = run(Command::new("node").args(["--test", "login.test.mjs"]), &examples("node"));
    assert!(output.contains("pass 4") && output.contains("fail 0"), "{output}");
}

/// A JDK is large and few have one, so that it is optional in CI too.
#[test]
fn java() {
    if !is_installed("javac", true) {
        return;
    }
    let classes = scratch("java");
    let sources = ["AuthEmulator.java", "Login.java"];
    run(
        Command::new("javac").arg("-Xlint:all").arg("-Werror").arg("-d").arg(&classes).args(sources),
        &examples("java"),
    );
    let output = run(Command::new("java").arg("-cp").arg(&classes).arg("Login"), &classes);
    assert_eq!(output.matches("passed: ").count(), 2, "{output}");
}
