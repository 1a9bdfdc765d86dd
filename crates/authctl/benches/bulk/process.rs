//! Processes that serve, and those that are measured.

use auth_client_core::provider::auth_core::{Clock as _, SystemClock};
use serde::{Deserialize, Serialize};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What a program has done, and what it cost.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Cost {
    pub(crate) seconds: f64,
    /// Processor time of the process.
    pub(crate) cpu: f64,
    /// Of all pages.
    pub(crate) bytes: u64,
    /// The memory before, and the most memory that the process ever held.
    pub(crate) base_kib: u64,
    pub(crate) peak_kib: u64,
}

/// A line such as `VmHWM:  1024 kB` of the status of a process; 0 where the system does not say.
pub(crate) fn memory(process: &str, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|text| text.strip_prefix(line));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or(0)
}

/// The processor time of the main thread, in seconds, which is the only one that works; 0 where the system does not say.
pub(crate) fn processor_time() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    text.split_whitespace().next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

/// The processor time of all programs that this process has started and that have ended: proc_pid_stat(5).
fn processor_time_of_ended() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    // Linux counts in hundredths of a second.
    (ticks(13) + ticks(14)) / 100.0
}

/// A server in its own process.
pub(crate) struct Server {
    child: Child,
    url: String,
    key: String,
}

impl Server {
    pub(crate) fn emulator(contacts: u64) -> Self {
        Self::start(&["serve", &contacts.to_string()])
    }

    pub(crate) fn fixed() -> Self {
        Self::start(&["answer"])
    }

    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (url, key) = line.trim().split_once(' ').unwrap();
        Self { child, url: url.to_owned(), key: key.to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Where the measured programs write.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("authctl-bulk-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// Runs a case to its end.
    pub(crate) fn run(&self, case: &str, server: &Server, number: u64) -> Cost {
        let folder = self.0.join("run");
        std::fs::create_dir_all(&folder).unwrap();
        let cost = match case {
            "ndjson" => self.authctl(server, "rows.ndjson"),
            "csv" => self.authctl(server, "rows.csv"),
            "sqlite" => self.authctl(server, "sqlite:rows.db"),
            _ => {
                let mut command = Command::new(std::env::current_exe().unwrap());
                command.args(["run", case, &server.url, &server.key, &number.to_string()]).arg(&folder);
                let output = command.stderr(Stdio::inherit()).output().unwrap();
                assert!(output.status.success(), "{case} of {number}");
                serde_json::from_slice(&output.stdout).unwrap()
            }
        };
        std::fs::remove_dir_all(&folder).unwrap();
        cost
    }

    fn authctl(&self, server: &Server, to: &str) -> Cost {
        let folder = self.0.join("run");
        let mut command = Command::new(env!("CARGO_BIN_EXE_authctl"));
        command.args(["virtuous", "export", "contacts", "--to", to]).env_clear().env("HOME", &folder);
        command.env("VIRTUOUS_BASE_URL", &server.url).env("VIRTUOUS_API_KEY", &server.key);
        let (clock, cpu) = (SystemClock::new(), processor_time_of_ended());
        let start = clock.now();
        let mut child = command.current_dir(&folder).stderr(Stdio::null()).spawn().unwrap();
        let id = child.id().to_string();
        let mut peak_kib = 0;
        let status = loop {
            // 0 when the process has ended.
            peak_kib = memory(&id, "VmHWM:").max(peak_kib);
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let seconds = clock.now().since(start).as_secs_f64();
        assert!(status.success(), "{to}");
        Cost { seconds, cpu: processor_time_of_ended() - cpu, peak_kib, ..Cost::default() }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Ignored: it is in the folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
