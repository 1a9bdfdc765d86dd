//! The emulator as a program: built, started, asked.

use super::NEXT;
use super::http::{Answer, Connection, failed};
use crate::Failure;
use crate::report::process::{self, Background};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// The release program.
pub(super) struct Binary {
    path: PathBuf,
    bytes: u64,
    ready_file: PathBuf,
}

/// How it is started.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Options {
    /// The first port; 0 lets the system choose all of them.
    pub(super) port: u16,
    /// A seed, and a clock that stands still.
    pub(super) seed: Option<u64>,
}

/// A running emulator, ended when this is dropped.
pub(super) struct Server {
    process: Background,
    start_milliseconds: f64,
    ready: Ready,
}

/// The line that says where everything listens.
#[derive(Debug, Deserialize)]
struct Ready {
    control: Control,
    providers: BTreeMap<String, Provider>,
}

#[derive(Debug, Deserialize)]
struct Control {
    url: String,
    token: String,
}

#[derive(Debug, Deserialize)]
struct Provider {
    base_url: String,
    env: BTreeMap<String, String>,
}

impl Binary {
    pub(super) fn build(root: &Path) -> Result<Self, Failure> {
        let mut build = process::cargo(&["build", "--quiet", "--release", "--message-format", "json"]);
        build.args(["--package", "auth-emulator", "--bin", "auth-emulator"]).current_dir(root);
        let next = "cargo build --release -p auth-emulator --bin auth-emulator";
        let messages = process::output(&mut build, next)?;
        let path = executable(&messages)
            .ok_or_else(|| Failure::new("cargo did not say where it put auth-emulator", next))?;
        let size = fs::metadata(&path)
            .map_err(|error| Failure::new(format!("{} is not there: {error}", path.display()), next))?;
        let folder = root.join("target/xtask/emulator");
        fs::create_dir_all(&folder).map_err(|error| failed(format!("{}: {error}", folder.display())))?;
        Ok(Self { path, bytes: size.len(), ready_file: folder.join("ready.json") })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Server {
    #[expect(clippy::disallowed_methods, reason = "how long another program takes is measured in real time")]
    pub(super) fn start(binary: &Binary, options: &Options) -> Result<Self, Failure> {
        let mut command = Command::new(&binary.path);
        command.args(["serve", "--json", "--log", "off", "--port", &options.port.to_string()]);
        // Away from the place where `auth-emulator env` would find it.
        command.arg("--ready-file").arg(&binary.ready_file);
        if let Some(seed) = options.seed {
            command.args(["--seed", &seed.to_string(), "--frozen-at", "2026-01-31T12:00:00Z"]);
        }
        let begun = Instant::now();
        let (process, line) = Background::start(&mut command, NEXT)?;
        let start_milliseconds = begun.elapsed().as_secs_f64() * 1000.0;
        let ready = serde_json::from_str(&line)
            .map_err(|error| failed(format!("the ready line {line:?}: {error}")))?;
        Ok(Self { process, start_milliseconds, ready })
    }

    /// From start to the ready line.
    pub(super) fn start_milliseconds(&self) -> f64 {
        self.start_milliseconds
    }

    /// Memory that it has in RAM; only Linux says it.
    pub(super) fn resident_bytes(&self) -> Option<u64> {
        resident_of(&fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?)
    }

    /// A connection to the emulated Verigator.
    pub(super) fn verigator(&self) -> Result<Connection, Failure> {
        Connection::open(&self.provider()?.base_url)
    }

    /// User name and password, as they stand in the header.
    pub(super) fn credential(&self) -> Result<String, Failure> {
        let provider = self.provider()?;
        let variable = |name: &str| {
            provider.env.get(name).ok_or_else(|| failed(format!("the ready line has no {name}")))
        };
        Ok(format!("{}:{}", variable("VERIGATOR_USERNAME")?, variable("VERIGATOR_PASSWORD")?))
    }

    /// Asks the control API.
    pub(super) fn control(&self, path: &str) -> Result<Answer, Failure> {
        let token = format!("authorization: Bearer {}", self.ready.control.token);
        Connection::open(&self.ready.control.url)?.send("GET", path, &[token.as_bytes()], b"")
    }

    fn provider(&self) -> Result<&Provider, Failure> {
        self.ready
            .providers
            .get("verigator")
            .ok_or_else(|| failed("the ready line has no verigator".to_owned()))
    }
}

/// Where cargo put the program, from its messages.
fn executable(messages: &str) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Message {
        executable: Option<PathBuf>,
    }
    let read = |line: &str| serde_json::from_str::<Message>(line).ok()?.executable;
    messages.lines().filter_map(read).next_back()
}

/// `VmRSS` of proc_pid_status(5), which is in KiB.
fn resident_of(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_named_in_cargos_messages() {
        let messages = "{\"reason\":\"compiler-artifact\",\"executable\":null}\n\
            {\"reason\":\"compiler-artifact\",\"executable\":\"/t/release/auth-emulator\"}\n\
            {\"reason\":\"build-finished\",\"success\":true}\n";
        assert_eq!(executable(messages), Some(PathBuf::from("/t/release/auth-emulator")));
        assert_eq!(executable("{}\nnot json\n"), None);
    }

    #[test]
    fn resident_memory_is_found() {
        assert_eq!(resident_of("VmPeak:\t   9 kB\nVmRSS:\t    6144 kB\n"), Some(6 << 20));
        assert_eq!(resident_of("VmPeak: 9 kB\n"), None);
    }
}
