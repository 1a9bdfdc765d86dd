//! The program that makes the calls: built apart from the workspace, with the workspace's lock file.

use super::callgrind;
use crate::Failure;
use crate::report::process::{self, Background};
use serde::Deserialize;
use std::fs;
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
        let folder = root.join("target/xtask/calls");
        copy(&root.join("xtask/programs/calls"), &folder)?;
        let lock = process::read(&root.join("Cargo.lock"))?;
        // Cargo drops what the program doesn't need, so the copy is made anew each time.
        process::write_if_changed(&folder.join("Cargo.lock"), &lock)?;
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

/// Copies the manifest and the sources. The copy is as deep below the root as the original, so paths stay right.
fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let manifest = process::read(&from.join("Cargo.toml"))?;
    process::write_if_changed(&to.join("Cargo.toml"), &manifest)?;
    let sources = from.join("src");
    let unreadable =
        |error| Failure::new(format!("{} can't be read: {error}", sources.display()), "git status");
    for entry in fs::read_dir(&sources).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        process::write_if_changed(&to.join("src").join(entry.file_name()), &process::read(&entry.path())?)?;
    }
    Ok(())
}
