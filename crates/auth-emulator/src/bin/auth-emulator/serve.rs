//! `auth-emulator serve`: starts the emulator, says where it listens, waits for the signal to stop.

use std::fmt::Write as _;
use std::io::Write as _;

use auth_emulator::{Builder, ClockStart, Emulator, Ready};
use tracing_subscriber::EnvFilter;

use crate::Failure;
use crate::args::Serve;
use crate::ready::{ReadyFile, default_path};

pub(crate) fn run(args: Serve) -> Result<(), Failure> {
    if args.lax.iter().any(|rule| rule == "list") {
        return print(&lax_rules());
    }
    let filter = EnvFilter::try_new(&args.log)
        .map_err(|error| Failure::not_started(format!("--log {}: {error}", args.log)))?;
    // Lines carry the emulator's time; the subscriber's own would be another clock.
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).without_time().init();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::not_started(error.to_string()))?;
    runtime.block_on(serve(args))
}

async fn serve(args: Serve) -> Result<(), Failure> {
    // Before the ready line: who reads it may send the signal at once.
    let signal = Signals::listen().map_err(|error| Failure::not_started(format!("signals: {error}")))?;
    let emulator = builder(&args).start().await.map_err(|error| Failure::not_started(error.to_string()))?;
    let ready = emulator.ready();
    let line = serde_json::to_string(ready).map_err(|error| Failure::not_started(error.to_string()))?;
    let _ready_file = write_ready_file(&args, &line)?;
    print(&if args.json { format!("{line}\n") } else { welcome(ready, &args) })?;
    signal.wait().await;
    tracing::info!("stopping");
    emulator.stop().await;
    Ok(())
}

fn builder(args: &Serve) -> Builder {
    let mut builder = Emulator::builder().port(args.port);
    if let Some(seed) = args.seed {
        builder = builder.seed(seed);
    }
    if let Some(at) = args.frozen_at {
        builder = builder.clock(ClockStart::Frozen(at));
    }
    args.lax.iter().fold(builder, |builder, rule| builder.lax(rule))
}

/// A place that was asked for has to work; the default one is a convenience, and may belong to another user.
fn write_ready_file(args: &Serve, line: &str) -> Result<Option<ReadyFile>, Failure> {
    let path = args.ready_file.clone().unwrap_or_else(default_path);
    match ReadyFile::write(&path, line) {
        Ok(file) => Ok(Some(file)),
        Err(error) if args.ready_file.is_some() => {
            Err(Failure::not_started(format!("the ready file {} can't be written: {error}", path.display())))
        }
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "the ready file can't be written; `env` will not find this emulator");
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

/// For a person. The credentials are demo values that open nothing but this emulator.
fn welcome(ready: &Ready, args: &Serve) -> String {
    let mut text = format!(
        "auth-emulator {} listens on 127.0.0.1; control API {} with token {}\n",
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
        "\nPoint a client at it:  eval \"$(auth-emulator env{})\"\nStop it with Ctrl-C.",
        option.unwrap_or_default()
    );
    text
}

fn lax_rules() -> String {
    Builder::lax_rules().iter().fold(String::new(), |mut text, rule| {
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
