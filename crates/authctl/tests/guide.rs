//! Runs the commands of three guides, each in order, in one shell, against one emulator.

#![cfg(unix)]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_emulator::Emulator;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The longest that all commands may take.
const LIMIT: Duration = Duration::from_secs(120);

/// A command of the guide, with its exit code and output.
#[derive(Debug)]
struct Step {
    command: String,
    code: i32,
    output: Vec<String>,
}

/// The commands of the `console` blocks.
fn steps(guide: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for line in guide.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| inside) {
            let (command, code) = command.split_once("  # exit code ").unwrap_or((command, "0"));
            steps.push(Step { command: command.to_owned(), code: code.parse().unwrap(), output: Vec::new() });
        } else if inside {
            steps.last_mut().unwrap().output.push(line.to_owned());
        }
    }
    steps
}

/// Whether the output is as in the guide, where `…` stands for any text, also of several lines.
fn fits(expected: &[String], output: &str) -> bool {
    let expected = expected.join("\n");
    let mut rest = output.trim_end();
    let mut parts = expected.split('…').map(|part| part.trim_matches('\n'));
    let first = parts.next().unwrap_or_default();
    let Some(after) = rest.strip_prefix(first) else { return false };
    rest = after;
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.is_empty() || expected.ends_with('…')
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_command_line_work() {
    run("command-line.md", 20).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_exports_work() {
    run("exports.md", 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_proxy_work() {
    run("proxy.md", 7).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_guide_for_agents_work() {
    run("mcp.md", 7).await;
}

async fn run(guide: &str, at_least: usize) {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(guide))
        .unwrap();
    let steps = steps(&text);
    assert!(steps.len() >= at_least, "{}", steps.len());
    let emulator = Emulator::builder().seed(7).start().await.unwrap();
    let folder = std::env::temp_dir().join(format!("authctl-{guide}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut script = String::new();
    for (index, step) in steps.iter().enumerate() {
        writeln!(script, "{{ {}\n}} > out.{index} 2>&1; echo $? > code.{index}", step.command).unwrap();
    }
    let program = Path::new(env!("CARGO_BIN_EXE_authctl")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new("bash");
    command
        .args(["-c", &script])
        .env_clear()
        .env("PATH", path)
        .env("HOME", &folder)
        .current_dir(&folder)
        .envs(emulator.env());
    let mut child = command.stdin(Stdio::null()).spawn().unwrap();
    let ended = tokio::time::timeout(LIMIT, tokio::task::spawn_blocking(move || child.wait())).await;
    assert!(ended.is_ok(), "the guide takes too long");
    let mut problems = String::new();
    for (index, step) in steps.iter().enumerate() {
        let output = std::fs::read_to_string(folder.join(format!("out.{index}"))).unwrap();
        let code = std::fs::read_to_string(folder.join(format!("code.{index}"))).unwrap();
        if code.trim() != step.code.to_string() || !fits(&step.output, &output) {
            writeln!(
                problems,
                "$ {}\nexpected {} {:?}\ngot {} {output}",
                step.command,
                step.code,
                step.output,
                code.trim()
            )
            .unwrap();
        }
    }
    let _ = std::fs::remove_dir_all(&folder);
    assert!(problems.is_empty(), "{problems}");
}
