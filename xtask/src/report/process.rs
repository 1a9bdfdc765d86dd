//! Running other programs: cargo, valgrind, what is measured; and files that they read.

use crate::{Context as _, Failure};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// A cargo command in the workspace, as if typed into a shell.
pub(crate) fn cargo(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root);
    // `cargo run` sets variables of the package that it runs.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    // A cache of compiled code would make builds cheaper than they are.
    command.env_remove("RUSTC_WRAPPER");
    command
}

/// Runs a program that writes to the terminal itself; `next` is what to do when it fails.
pub(crate) fn run(command: &mut Command, next: &str) -> Result<String, Failure> {
    let shown = show(command);
    super::progress(&shown);
    let status = command.stdin(Stdio::null()).status();
    let status = status.context(format!("`{shown}` can't be started"), next)?;
    if !status.success() {
        return Err(Failure::new(format!("`{shown}` failed: {status}"), next));
    }
    Ok(String::new())
}

/// Runs a program and returns its standard output; its standard error is shown only when it fails.
pub(crate) fn output(command: &mut Command, next: &str) -> Result<String, Failure> {
    let (succeeded, output, errors) = all(command, next)?;
    let what = || format!("`{}` failed:\n{}", show(command), tail(&errors, 40));
    if succeeded { Ok(output) } else { Err(Failure::new(what(), next)) }
}

/// Runs a program: whether it succeeded, and both outputs.
pub(crate) fn all(command: &mut Command, next: &str) -> Result<(bool, String, String), Failure> {
    let what = format!("`{}` can't be started", show(command));
    let output = command.stdin(Stdio::null()).output().context(what, next)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.success(), text(&output.stdout), text(&output.stderr)))
}

/// Builds a release program by a command that begins with `cargo build`, and returns its path.
pub(crate) fn release(
    build: &mut Command,
    target: &Path,
    name: &str,
    next: &str,
) -> Result<PathBuf, Failure> {
    // Programs for another target would be in another folder.
    build.env_remove("CARGO_BUILD_TARGET");
    output(build.args(["--quiet", "--release", "--target-dir"]).arg(target), next)?;
    Ok(target.join("release").join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}

/// Whether there is a program of this name that can be run.
pub(crate) fn is_there(program: &str) -> bool {
    let mut command = Command::new(program);
    all(command.arg("--version"), "").is_ok_and(|(succeeded, ..)| succeeded)
}

/// A program in the background, ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Background(Child);

impl Background {
    /// Starts a program and waits for the first line of its standard output.
    pub(crate) fn start(command: &mut Command, next: &str) -> Result<(Self, String), Failure> {
        let shown = show(command);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = child.context(format!("`{shown}` can't be started"), next)?;
        let (out, background) = (child.stdout.take(), Self(child));
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            // Without a line the sender is dropped, and the receiver notices.
            if out.is_some_and(|out| BufReader::new(out).read_line(&mut line).is_ok_and(|read| read > 0)) {
                let _ = sender.send(line);
            }
        });
        let line = receiver.recv_timeout(Duration::from_secs(10));
        let line = line.context(format!("`{shown}` printed no line"), next)?;
        Ok((background, line))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // It may have ended on its own.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Writes a file unless it has that content already: what cargo built from it then stays fresh.
pub(crate) fn write_if_changed(path: &Path, content: impl AsRef<[u8]>) -> Result<(), Failure> {
    let content = content.as_ref();
    if fs::read(path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, content));
    written.context(format!("{} can't be written", path.display()), "check the permissions of the folder")
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).context(unreadable(path), RESTORE)
}

pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).context(unreadable(path), RESTORE)
}

const RESTORE: &str = "git status; git checkout restores a file";

pub(crate) fn unreadable(path: &Path) -> String {
    format!("{} can't be read", path.display())
}

/// The command line as a person would type it.
pub(crate) fn show(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_stem().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// The last lines of a string.
pub(crate) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all.get(all.len().saturating_sub(lines)..).unwrap_or_default().join("\n")
}

/// Processor time of the processes that this one started and that have ended, with theirs in turn. Only Linux reports it.
pub(crate) fn children_cpu_seconds() -> Option<f64> {
    children_of_stat(&fs::read_to_string("/proc/self/stat").ok()?)
}

/// Fields 16 and 17 of proc_pid_stat(5), in the ticks of which every Linux has 100 in a second.
fn children_of_stat(stat: &str) -> Option<f64> {
    // The second field is the program's name in parentheses and may hold anything.
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(13).map(str::parse::<f64>);
    Some((fields.next()?.ok()? + fields.next()?.ok()?) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_command_shows_the_end_of_its_errors() {
        let mut command = cargo(&crate::workspace::root(), &["no-such-command"]);
        let failure = output(&mut command, "the next step").unwrap_err().to_string();
        assert!(
            failure.contains("no-such-command` failed") && failure.ends_with("next: the next step"),
            "{failure}"
        );
        assert_eq!(tail("a\nb\nc", 2), "b\nc");
        assert!(!is_there("no-such-program-anywhere"));
    }

    #[test]
    fn the_time_of_children_is_found_behind_any_name() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 100 200 0 0 11 12 1300 450 20 0 1 0 999 1 1";
        assert_eq!(children_of_stat(stat), Some(17.5));
        assert_eq!(children_of_stat("7 (x) S 1"), None);
    }
}
