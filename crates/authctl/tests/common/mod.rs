//! Running the program as a user does: in its own home directory, to its end, with what it printed.

#![allow(dead_code, reason = "each test program uses a part")]

pub(crate) mod proxy;

use auth_client_core::provider::auth_core::{Clock as _, SystemClock};
use auth_emulator::Emulator;
use serde_json::Value;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The longest that one command, or one line of it, may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(90);

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_authctl");

/// A home directory and the environment of the program. The directory is removed when dropped.
pub(crate) struct Home {
    pub(crate) folder: PathBuf,
    pub(crate) env: Vec<(&'static str, String)>,
}

impl Home {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("authctl-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self { folder, env: Vec::new() }
    }

    /// With the credentials of an emulator; of Virtuous the API key and not the login of a user.
    pub(crate) fn of(emulator: &Emulator) -> Self {
        let mut home = Self::new();
        home.env = emulator.env();
        home.env.retain(|(name, _)| !matches!(*name, "VIRTUOUS_USERNAME" | "VIRTUOUS_PASSWORD"));
        home
    }

    pub(crate) fn prepared(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("HOME", &self.folder).current_dir(&self.folder);
        // The default ready file, which an emulator of this machine may have.
        command.env("TMPDIR", &self.folder).env("TMP", &self.folder).env("TEMP", &self.folder);
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.prepared(PROGRAM, arguments)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.command(arguments).spawn().unwrap())
    }

    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Outcome {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        // A program that has ended reads nothing.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Outcome::of(child)
    }

    /// Writes a file that only its owner can read.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        path
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Waits until a condition holds.
#[track_caller]
pub(crate) fn wait_until(mut is_so: impl FnMut() -> bool) {
    let clock = SystemClock::new();
    let start = clock.now();
    while !is_so() {
        assert!(clock.now().since(start) < LIMIT, "the condition did not come true");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// What a program has printed. `code` is -1 if a signal ended it.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Outcome {
    /// Waits for the end of a program.
    pub(crate) fn of(child: Child) -> Self {
        let id = child.id();
        let (send, receive) = std::sync::mpsc::channel();
        std::thread::spawn(move || send.send(child.wait_with_output()));
        let ended = receive.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("process {id} didn't end"));
        let Output { status, stdout, stderr } = ended.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: status.code().unwrap_or(-1), out: text(stdout), err: text(stderr) }
    }

    /// Checks the exit code, and what the program has printed: never a secret, which tests call canary.
    #[track_caller]
    pub(crate) fn expect(self, code: i32, part: &str) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.err.contains(part) || self.out.contains(part), "{part:?} in {self:?}");
        assert!(!self.err.contains("panicked"), "{self:?}");
        assert!(!self.err.contains("canary") && !self.out.contains("canary"), "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
