//! The audit log: one JSON object per line, without secrets and bodies.
//!
//! A write has a line before it is sent, which is on the disk by then, and one afterwards; any other call has one line. If the log can't
//! be written, writes are refused.

use super::problem::Problem;
use crate::failure::Failure;
use crate::index::{Class, Operation};
use crate::json::Line;
use crate::target;
use auth_client_core::provider::auth_core::Now;
use auth_emulator::Timestamp;
use http::{Method, StatusCode};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The size at which a new file is begun.
const MAX_BYTES: u64 = 64 << 20;
/// Files that are kept: FILE, FILE.1, …
const FILES: u32 = 8;

/// The log, if there is one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Audit(Option<Arc<Log>>);

#[derive(Debug)]
struct Log {
    path: PathBuf,
    max_bytes: u64,
    open: Mutex<Open>,
}

#[derive(Debug)]
struct Open {
    /// `None` after a new file could not be begun; the next line tries again.
    file: Option<Arc<File>>,
    bytes: u64,
}

/// The call of a line.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The number of the call since the start.
    pub(crate) call: u64,
    pub(crate) started: Now,
    pub(crate) caller: Option<String>,
    pub(crate) provider: Option<&'static str>,
    pub(crate) operation: Option<String>,
    pub(crate) class: Option<Class>,
    pub(crate) method: String,
    /// The path of a call that is no known operation, without its query.
    pub(crate) path: Option<String>,
    /// The names and values of the path parameters.
    pub(crate) ids: Vec<(String, String)>,
}

/// The end of a call.
#[derive(Debug, Default)]
pub(crate) struct End {
    pub(crate) status: StatusCode,
    pub(crate) attempts: u32,
    pub(crate) request_bytes: usize,
    pub(crate) response_bytes: usize,
    /// The vendor reported a failure, and may have executed the call nevertheless.
    pub(crate) may_have_executed: bool,
    /// The code and the reason of a call that the proxy refused or that failed.
    pub(crate) problem: Option<Problem>,
}

impl Entry {
    pub(crate) fn new(call: u64, started: Now, method: &Method) -> Self {
        Self {
            call,
            started,
            caller: None,
            provider: None,
            operation: None,
            class: None,
            // Any other method is refused, and may have any length.
            method: if target::METHODS.iter().any(|known| method.as_str().eq_ignore_ascii_case(known)) {
                method.to_string()
            } else {
                "other".to_owned()
            },
            path: None,
            ids: Vec::new(),
        }
    }

    pub(crate) fn set_operation(&mut self, operation: &Operation) {
        (self.provider, self.operation) = (Some(operation.provider()), Some(operation.id()));
        self.class = Some(operation.class);
    }

    /// Returns `true` if the call is a write, or may be one.
    pub(crate) fn is_write(&self) -> bool {
        self.class != Some(Class::Read)
    }
}

impl Audit {
    /// Opens the log, and appends to what is there.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        Self::open_with(path, MAX_BYTES)
            .map_err(|error| Failure::local(format!("{} can't be written: {error}", path.display())))
    }

    fn open_with(path: &Path, max_bytes: u64) -> io::Result<Self> {
        let open = Mutex::new(Open::at(path)?);
        Ok(Self(Some(Arc::new(Log { path: path.to_owned(), max_bytes, open }))))
    }

    /// Writes that a call is about to be sent, and waits until the line is on the disk. Only writes have such a line.
    pub(crate) async fn before(&self, entry: &Entry) -> io::Result<()> {
        let Some(log) = self.0.clone().filter(|_| entry.is_write()) else { return Ok(()) };
        let line = line("before", entry, entry.started, None);
        tokio::task::spawn_blocking(move || log.write(&line, true)).await.map_err(io::Error::other)?
    }

    /// Writes how a call ended, or why it was refused.
    pub(crate) fn after(&self, entry: &Entry, now: Now, end: &End) -> io::Result<()> {
        match &self.0 {
            Some(log) => log.write(&line("after", entry, now, Some(end)), false),
            None => Ok(()),
        }
    }
}

impl Log {
    fn write(&self, line: &str, durable: bool) -> io::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let length = line.len() as u64;
        if open.bytes.saturating_add(length) > self.max_bytes && open.bytes > 0 {
            self.rotate()?;
            *open = Open { file: None, bytes: 0 };
        }
        if open.file.is_none() {
            *open = Open::at(&self.path)?;
        }
        let before = open.bytes;
        let Some(file) = open.file.clone() else { return Err(io::ErrorKind::NotFound.into()) };
        if let Err(error) = (&*file).write_all(line.as_bytes()) {
            // Ignored: a part of a line then remains at the end, on a full disk.
            let _ = file.set_len(before);
            return Err(error);
        }
        open.bytes = before.saturating_add(length);
        // Other lines don't wait for the disk.
        drop(open);
        if durable { file.sync_data() } else { Ok(()) }
    }

    /// Renames FILE to FILE.1, FILE.1 to FILE.2, and so on; the oldest one is overwritten.
    fn rotate(&self) -> io::Result<()> {
        let name = |number: u32| match number {
            0 => self.path.clone(),
            number => PathBuf::from(format!("{}.{number}", self.path.display())),
        };
        for number in (0..FILES - 1).rev() {
            match std::fs::rename(name(number), name(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Open {
    fn at(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let file = options.open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { file: Some(Arc::new(file)), bytes })
    }
}

fn line(event: &str, entry: &Entry, now: Now, end: Option<&End>) -> String {
    let time = Timestamp::from_system_time(now.wall).to_string();
    let mut line = Line::default().text("time", time.as_str()).text("event", event).json("call", entry.call);
    for (name, value) in [
        ("caller", entry.caller.as_deref()),
        ("provider", entry.provider),
        ("operation", entry.operation.as_deref()),
        ("class", entry.class.map(Class::as_str)),
        ("method", Some(entry.method.as_str())),
        ("path", entry.path.as_deref()),
    ] {
        line = if value.is_some() { line.text(name, value) } else { line };
    }
    if !entry.ids.is_empty() {
        let ids = entry.ids.iter();
        line = line.json(
            "ids",
            ids.fold(Line::default(), |line, (name, value)| line.text(name, value.as_str())).end(),
        );
    }
    if let Some(end) = end {
        line = line
            .json("status", end.status.as_u16())
            .json("attempts", end.attempts)
            .json("request_bytes", end.request_bytes)
            .json("response_bytes", end.response_bytes)
            .json("ms", format_args!("{:.1}", now.since(entry.started).as_secs_f64() * 1000.0));
        if let Some(problem) = &end.problem {
            line = line
                .text("problem", problem.code)
                .text("reason", problem.detail.as_str())
                .json("may_have_executed", problem.may_have_executed);
        } else if end.may_have_executed {
            line = line.json("may_have_executed", true);
        }
    }
    line.end() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_client_core::provider::auth_core::{Clock as _, ManualClock};
    use std::time::SystemTime;

    #[test]
    fn a_file_that_can_not_be_begun_costs_no_other_file() {
        let folder = std::env::temp_dir().join(format!("authctl-audit-begin-{}", std::process::id()));
        let away = folder.with_extension("away");
        std::fs::create_dir_all(&folder).unwrap();
        let audit = Audit::open_with(&folder.join("a"), 300).unwrap();
        let now = ManualClock::new(SystemTime::UNIX_EPOCH).now();
        let write = |call| audit.after(&Entry::new(call, now, &Method::GET), now, &End::default());
        write(1).unwrap();
        write(2).unwrap();
        // The next line needs another file.
        std::fs::rename(&folder, &away).unwrap();
        for call in 3..20 {
            assert!(write(call).is_err());
        }
        std::fs::rename(&away, &folder).unwrap();
        write(20).unwrap();
        let text =
            ["a", "a.1"].map(|name| std::fs::read_to_string(folder.join(name)).unwrap_or_default()).concat();
        let written = ["\"call\":1,", "\"call\":2,", "\"call\":20,"];
        assert!(written.iter().all(|part| text.contains(part)), "{text}");
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_log_keeps_a_number_of_files_and_loses_no_line_of_them() {
        let folder = std::env::temp_dir().join(format!("authctl-audit-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("audit.ndjson");
        let audit = Audit::open_with(&path, 2_000).unwrap();
        let now = ManualClock::new(SystemTime::UNIX_EPOCH).now();
        for call in 1..=300 {
            let entry = Entry::new(call, now, &Method::GET);
            audit.after(&entry, now, &End::default()).unwrap();
        }
        let mut calls = Vec::new();
        for number in (0..FILES).rev() {
            let name = if number == 0 {
                path.clone()
            } else {
                PathBuf::from(format!("{}.{number}", path.display()))
            };
            let text = std::fs::read_to_string(&name).unwrap();
            assert!(text.len() <= 2_000, "{}", text.len());
            calls.extend(text.lines().map(|line| {
                serde_json::from_str::<serde_json::Value>(line).unwrap()["call"].as_u64().unwrap()
            }));
        }
        assert!(!folder.join("audit.ndjson.8").exists());
        let first = calls[0];
        assert!(first > 1 && first < 250, "{first}");
        assert_eq!(calls, (first..=300).collect::<Vec<_>>());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
