//! The program that makes the calls: built apart from the workspace, with the workspace's lock file.

use super::callgrind;
use crate::report::process::{self, Background};
use crate::{Failure, workspace};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Who makes the call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Client {
    Verigator,
    VerigatorOverReqwest,
    Reqwest,
    Hyper,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    User,
    Create,
    List,
}

/// What a number of calls cost.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Cost {
    pub(super) allocations: u64,
    /// Allocations that were made larger.
    pub(super) grown: u64,
    pub(super) cpu_ns: u64,
}

/// The built program, and its server in a process of its own.
pub(super) struct Program {
    path: PathBuf,
    folder: PathBuf,
    url: String,
    _server: Background,
}

const NEXT: &str = "cargo build --release --manifest-path target/xtask/calls/Cargo.toml";

/// For a program that was built and then failed.
const BY_HAND: &str = "cargo xtask bench --help   # how to run the program by hand";

impl Program {
    pub(super) fn start(root: &Path) -> Result<Self, Failure> {
        let folder = workspace::copy_program(root, "calls")?;
        let target = root.join("target/xtask/build/calls");
        let mut build = process::cargo(&["build", "--quiet", "--release", "--manifest-path"]);
        build.arg(folder.join("Cargo.toml")).arg("--target-dir").arg(&target);
        process::output(&mut build, NEXT)?;
        let path = target.join("release").join(format!("calls{}", std::env::consts::EXE_SUFFIX));
        let (server, port) = Background::start(Command::new(&path).arg("serve"), NEXT)?;
        let url = format!("http://127.0.0.1:{}", port.trim());
        Ok(Self { path, folder, url, _server: server })
    }

    /// What `calls` calls cost after the warm-up.
    pub(super) fn run(&self, client: Client, what: What, warm_up: u32, calls: u32) -> Result<Cost, Failure> {
        let mut command = Command::new(&self.path);
        let out = process::output(self.arguments(&mut command, client, what, warm_up, calls), BY_HAND)?;
        serde_json::from_str(&out)
            .map_err(|error| Failure::new(format!("`{}`: {error}", process::show(&command)), NEXT))
    }

    /// The instructions of a whole run with `calls` calls, start-up included.
    pub(super) fn instructions(&self, client: Client, what: What, calls: u32) -> Result<u64, Failure> {
        let file = self.folder.join("callgrind.out");
        let mut command = Command::new("valgrind");
        command.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", file.display()));
        command.arg(&self.path);
        process::output(self.arguments(&mut command, client, what, 0, calls), BY_HAND)?;
        let text = process::read(&file)?;
        callgrind::instructions(&String::from_utf8_lossy(&text)).ok_or_else(|| {
            Failure::new(
                format!("{} names no total", file.display()),
                "valgrind --version   # known to work: 3.18 to 3.24",
            )
        })
    }

    fn arguments<'a>(
        &self,
        command: &'a mut Command,
        client: Client,
        what: What,
        warm_up: u32,
        calls: u32,
    ) -> &'a mut Command {
        let client = match client {
            Client::Verigator => "verigator",
            Client::VerigatorOverReqwest => "verigator-reqwest",
            Client::Reqwest => "reqwest",
            Client::Hyper => "hyper",
        };
        command.args(["run", client, what.word(), &self.url, &warm_up.to_string(), &calls.to_string()])
    }
}

impl What {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Create => "create",
            Self::List => "list",
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::User => "GET 300 B",
            Self::Create => "POST 300 B",
            Self::List => "GET 50 KB",
        }
    }
}
