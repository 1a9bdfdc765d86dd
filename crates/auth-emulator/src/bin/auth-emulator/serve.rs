//! `auth-emulator serve`: starts the emulator, prints its addresses, and waits for a signal to stop.

use std::error::Error as _;
use std::fmt::Write as _;
use std::io::Write as _;

use auth_emulator::{Builder, ClockStart, Emulator, Ready, StartError};
use tracing_subscriber::EnvFilter;

use crate::args::Serve;
use crate::failure::Failure;
use crate::ready::{ReadyFile, default_path};

pub(crate) fn run(args: Serve) -> Result<(), Failure> {
    if args.relax.iter().any(|name| name == "list") {
        return print(&relaxations());
    }
    let filter = EnvFilter::try_new(&args.log)
        .map_err(|error| Failure::not_started(format!("--log {}: {error}", args.log)))?;
    // Log lines contain the emulator's time instead of system time.
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).without_time().init();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::not_started(error.to_string()))?;
    runtime.block_on(serve(args))
}

async fn serve(args: Serve) -> Result<(), Failure> {
    // Before the ready line: a reader of it may send the signal immediately.
    let signal = Signals::listen().map_err(|error| Failure::not_started(format!("signals: {error}")))?;
    let emulator = builder(&args).start().await.map_err(|error| not_started(&error))?;
    let ready = emulator.ready();
    let line = serde_json::to_string(ready).map_err(|error| Failure::not_started(error.to_string()))?;
    let _ready_file = write_ready_file(&args, &line)?;
    print(&if args.json { format!("{line}\n") } else { welcome(ready, &args) })?;
    signal.wait().await;
    tracing::info!("stopping");
    emulator.stop().await;
    Ok(())
}

/// The error with its source, such as "address in use".
fn not_started(error: &StartError) -> Failure {
    let source = error.source().map(|source| format!(" ({source})")).unwrap_or_default();
    Failure::not_started(format!("{error}{source}"))
}

fn builder(args: &Serve) -> Builder {
    let mut builder = Emulator::builder().port(args.port);
    if let Some(seed) = args.seed {
        builder = builder.seed(seed);
    }
    if let Some(at) = args.frozen_at {
        builder = builder.clock(ClockStart::Frozen(at));
    }
    args.relax.iter().fold(builder, |builder, name| builder.relax(name))
}

/// Writes the ready file. An error is fatal only for a given path: the default one may belong to another user.
fn write_ready_file(args: &Serve, line: &str) -> Result<Option<ReadyFile>, Failure> {
    let path = args.ready_file.clone().unwrap_or_else(default_path);
    match ReadyFile::write(&path, line) {
        Ok(file) => Ok(Some(file)),
        Err(error) if args.ready_file.is_some() => {
            Err(Failure::not_started(format!("the ready file {} can't be written: {error}", path.display())))
        }
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "the ready file can't be written, so `auth-emulator env` won't find this emulator");
            Ok(None)
        }
    }
}

fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Failure::not_started(format!("standard output: {error}")))
}

/// The output for people. The credentials are demo values for this emulator.
fn welcome(ready: &Ready, args: &Serve) -> String {
    let mut text = format!(
        "auth-emulator {} is running on 127.0.0.1.\n\ncontrol API: {}\n  token: {}\n",
        ready.version, ready.control.url, ready.control.token
    );
    for (name, provider) in &ready.providers {
        let _ = writeln!(text, "\n{name}: {}", provider.base_url);
        for (variable, value) in &provider.env {
            let _ = writeln!(text, "  {variable}={value}");
        }
    }
    let option = args.ready_file.as_ref().map(|path| format!(" --ready-file {}", path.display()));
    let _ = writeln!(
        text,
        "\nSet these variables in another terminal:  eval \"$(auth-emulator env{})\"\nPress Ctrl-C to stop.",
        option.unwrap_or_default()
    );
    text
}

fn relaxations() -> String {
    Builder::relaxations().iter().fold(String::new(), |mut text, rule| {
        let _ = writeln!(text, "{}: accepts {}", rule.name, rule.accepts);
        text
    })
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn wait(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn wait(self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
