//! Running other programs: cargo, valgrind, what is measured.

use crate::Failure;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Runs a command to its end and gives back its standard output; what it says on standard error is shown only when it
/// fails.
pub fn output(command: &mut Command, next: &str) -> Result<String, Failure> {
    let output = finish(command, next)?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(format!("`{}` failed:\n{}", show(command), tail(&errors, 40)), next));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a command to its end: whether it succeeded, and both outputs.
pub fn all(command: &mut Command, next: &str) -> Result<(bool, String, String), Failure> {
    let output = finish(command, next)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.success(), text(&output.stdout), text(&output.stderr)))
}

fn finish(command: &mut Command, next: &str) -> Result<Output, Failure> {
    command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure::new(format!("`{}` can't be started: {error}", show(command)), next))
}

/// A cargo command, as if typed into a shell.
#[must_use]
pub fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsStr::new("cargo").to_owned());
    let mut command = Command::new(cargo);
    command.args(arguments);
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

/// Whether there is a program of this name.
#[must_use]
pub fn is_there(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A program in the background, ended when this is dropped.
#[derive(Debug)]
pub struct Background {
    child: Child,
}

impl Background {
    /// Starts a program and waits for the first line of its standard output.
    pub fn start(command: &mut Command, next: &str) -> Result<(Self, String), Failure> {
        let shown = show(command);
        let failed = |why: String| Failure::new(format!("`{shown}` {why}"), next);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| failed(format!("can't be started: {error}")))?;
        let out = child.stdout.take();
        let background = Self { child };
        let line =
            out.and_then(first_line).ok_or_else(|| failed("printed no line within 10 s".to_owned()))?;
        Ok((background, line))
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn first_line(out: ChildStdout) -> Option<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        // Without a line the sender is dropped and the receiver learns of it.
        if BufReader::new(out).read_line(&mut line).is_ok_and(|read| read > 0) {
            let _ = sender.send(line);
        }
    });
    receiver.recv_timeout(Duration::from_secs(10)).ok()
}

/// Writes a file unless it has that content already: what cargo built from it then stays fresh.
pub fn write_if_changed(path: &Path, content: &[u8]) -> Result<(), Failure> {
    if fs::read(path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    let write = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, content)
    };
    write().map_err(|error: std::io::Error| {
        Failure::new(
            format!("{} can't be written: {error}", path.display()),
            "look at the rights of that folder",
        )
    })
}

/// Reads a file as bytes.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path)
        .map_err(|error| Failure::new(format!("{} can't be read: {error}", path.display()), "git status"))
}

/// Reads a file as text.
pub fn read_text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("{} can't be read: {error}", path.display()), "git status"))
}

/// The command line as a person would type it.
#[must_use]
pub fn show(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_stem().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// The last lines of a text.
#[must_use]
pub fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    let skipped = all.len().saturating_sub(lines);
    all.into_iter().skip(skipped).collect::<Vec<_>>().join("\n")
}

/// Processor time of the processes that this one started and that have ended, with theirs in turn.
#[must_use]
pub fn children_cpu_seconds() -> Option<f64> {
    children_of_stat(&fs::read_to_string("/proc/self/stat").ok()?)
}

/// Fields 16 and 17 of proc_pid_stat(5), in the ticks of which every Linux has 100 in a second.
fn children_of_stat(stat: &str) -> Option<f64> {
    // The second field is the program's name in parentheses and may hold anything.
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(13);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_command_shows_the_end_of_what_it_said() {
        let failure = output(&mut cargo(&["no-such-command"]), "the next step").unwrap_err().to_string();
        assert!(
            failure.contains("no-such-command` failed") && failure.ends_with("next: the next step"),
            "{failure}"
        );
        assert_eq!(tail("a\nb\nc", 2), "b\nc");
    }

    #[test]
    fn a_program_that_is_not_there_is_known_to_be_not_there() {
        assert!(!is_there("no-such-program-anywhere"));
    }

    #[test]
    fn the_time_of_children_is_found_behind_any_name() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 100 200 0 0 11 12 1300 450 20 0 1 0 999 1 1";
        assert_eq!(children_of_stat(stat), Some(17.5));
        assert_eq!(children_of_stat("7 (x) S 1"), None);
    }
}
