//! `auth-emulator serve`: starts the emulator, prints its addresses, and waits for a signal to stop.

use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::framework::suggest::did_you_mean;
use crate::{Builder, ClockStart, Emulator, Ready};
use serde_json::Value;
use tracing_subscriber::EnvFilter;

use super::args::Serve;
use super::failure::Failure;
use super::ready::{ReadyFile, default_path, free_path, own_path};

pub(crate) fn run(args: Serve, program: &str) -> Result<(), Failure> {
    if args.relax.iter().any(|name| name == "list") {
        return print(&relaxations());
    }
    if args.set.iter().any(|name| name == "list") {
        return print(&settings());
    }
    check_variables()?;
    let filter = EnvFilter::try_new(&args.log)
        .map_err(|error| Failure::not_started(format!("--log {}: {error}", args.log)))?;
    // Log lines contain the emulator's time instead of system time.
    // Another crate of the program may have compiled in colors, which a log file or a pipe must not contain.
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    log.without_time().with_ansi(false).init();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::not_started(error.to_string()))?;
    runtime.block_on(serve(args, program))
}

/// Refuses a variable of the emulator that no command reads: a setting with a mistake in its name would have no effect.
fn check_variables() -> Result<(), Failure> {
    let program = super::command("auth-emulator");
    let all = program.get_subcommands().flat_map(|command| command.get_arguments());
    let read = all.filter_map(|argument| argument.get_env()?.to_str()).chain([super::client::TOKEN]);
    // Both are there without the feature `tls`, too.
    let known: Vec<&str> = read.chain(["AUTH_EMULATOR_TLS", "AUTH_EMULATOR_CA_FILE"]).collect();
    let given = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    match given.filter(|name| name.starts_with("AUTH_EMULATOR_")).find(|name| !known.contains(&name.as_str()))
    {
        Some(name) => {
            let hint = did_you_mean(&name, known);
            Err(Failure::usage(format!("unknown environment variable {name}{hint}")))
        }
        None => Ok(()),
    }
}

async fn serve(args: Serve, program: &str) -> Result<(), Failure> {
    // Before the ready line: a reader of it may send the signal immediately.
    let signal = Signals::listen().map_err(|error| Failure::not_started(format!("signals: {error}")))?;
    let path = match &args.ready_file {
        Some(path) => Some(absolute(path)?),
        None if args.child => None,
        None => Some(free_path()),
    };
    let emulator = builder(&args, path.as_deref())?
        .start()
        .await
        .map_err(|error| Failure::not_started(error.to_string()))?;
    let ready = emulator.ready();
    let line = serde_json::to_string(ready).map_err(|error| Failure::not_started(error.to_string()))?;
    let ready_file =
        path.map(|path| write_ready_file(&path, args.ready_file.is_some(), &line)).transpose()?.flatten();
    let path = ready_file.as_ref().map(ReadyFile::path);
    if let Some(path) = path {
        emulator.set_env_command(env_command(path, program));
    }
    let _ca_file = ready.tls.as_ref().map(|tls| CaFile(tls.ca_file.clone()));
    let is_json = args.json || args.child;
    print(&if is_json { format!("{line}\n") } else { welcome(ready, &args, path, program) })?;
    if args.child {
        tokio::select! {
            () = signal.wait() => {}
            () = end_of_input() => {}
        }
    } else {
        signal.wait().await;
    }
    tracing::info!("stopping");
    emulator.stop().await;
    Ok(())
}

/// Waits until standard input ends, on a thread that the end of the process ends too.
async fn end_of_input() {
    let (ended, end) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _ = ended.send(());
    });
    let _ = end.await;
}

/// Other programs read the path, and run in other folders.
fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

fn builder(args: &Serve, ready_file: Option<&Path>) -> Result<Builder, Failure> {
    let mut builder = Emulator::builder()
        .port(args.port)
        .listen(args.listen)
        .idle_timeout(Duration::from_secs(args.idle_timeout));
    match args.seed.as_ref().map(|seed| (seed, seed.parse())) {
        None => {}
        Some((_, Ok(number))) => builder = builder.seed(number),
        Some((file, Err(_))) => {
            let text = std::fs::read_to_string(file).map_err(|error| {
                let problem = match error.kind() {
                    ErrorKind::InvalidData => "the file is not UTF-8".to_owned(),
                    _ => format!("neither a number nor a file: {error}"),
                };
                Failure::usage(format!("--seed {file}: {problem}"))
            })?;
            let seeded = builder.seed_file(&text);
            builder = seeded.map_err(|error| Failure::usage(format!("--seed {file}: {error}")))?;
        }
    }
    if let Some(at) = args.frozen_at {
        builder = builder.clock(ClockStart::Frozen(at));
    }
    if let Some(directory) = &args.socket_dir {
        builder = builder.socket_dir(absolute(directory)?);
    }
    #[cfg(feature = "tls")]
    if args.tls || args.ca_file.is_some() {
        let beside = || ready_file.map_or_else(own_path, Path::to_owned).with_extension("ca.pem");
        builder = builder.tls(absolute(&args.ca_file.clone().unwrap_or_else(beside))?);
    }
    #[cfg(not(feature = "tls"))]
    let _ = ready_file;
    builder = args.allow_host.iter().fold(builder, Builder::allow_host);
    for setting in args.set.iter().filter(|setting| !setting.is_empty()) {
        let (name, value) = setting
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("--set {setting}: expected PROVIDER.SETTING=VALUE")))?;
        builder = builder.set(name, value_for(name, value));
    }
    Ok(args.relax.iter().fold(builder, |builder, name| builder.relax(name)))
}

/// JSON, or a string if it is none, or if the setting is a string and it is no object.
fn value_for(setting: &str, value: &str) -> Value {
    let is_string =
        Builder::default_settings().into_iter().any(|(name, default)| name == setting && default.is_string());
    match serde_json::from_str(value) {
        // A choice with a value, such as {"header": "NAME"}.
        Ok(json @ Value::Object(_)) => json,
        Ok(json) if !is_string => json,
        _ => Value::from(value),
    }
}

/// The file of the certification authority; removed at the end, because the authority is gone then.
struct CaFile(PathBuf);

impl Drop for CaFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Writes the ready file. An error is fatal only for a given path: the temporary directory may be full or read-only.
fn write_ready_file(path: &Path, is_given: bool, line: &str) -> Result<Option<ReadyFile>, Failure> {
    let written = match ReadyFile::write(path, line) {
        // Another emulator has taken the path since it was free.
        Err(error) if !is_given && error.kind() == ErrorKind::AlreadyExists => {
            ReadyFile::write(&own_path(), line)
        }
        written => written,
    };
    match written {
        Ok(file) => Ok(Some(file)),
        Err(error) if is_given => {
            Err(Failure::not_started(format!("the ready file {} can't be written: {error}", path.display())))
        }
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "the ready file can't be written, so other commands won't find this emulator; give it its own with --ready-file");
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
fn welcome(ready: &Ready, args: &Serve, ready_file: Option<&Path>, program: &str) -> String {
    let mut text = format!(
        "auth-emulator {} is running on {}.\n\ncontrol API: {url}\n  token: {token}\n  page: {url}/#token={token}\n",
        ready.version,
        args.listen,
        url = ready.control.url,
        token = ready.control.token
    );
    if let Some(tls) = &ready.tls {
        let _ = writeln!(text, "\nClients must trust the certificate in {}.", tls.ca_file.display());
    }
    for (name, provider) in &ready.providers {
        let _ = writeln!(text, "\n{name}: {}", provider.base_url);
        for (variable, value) in &provider.env {
            let _ = writeln!(text, "  {variable}={value}");
        }
    }
    text.push('\n');
    if let Some(path) = ready_file {
        let command = env_command(path, program);
        let _ = writeln!(text, "Set these variables in another terminal:  eval \"$({command})\"");
    }
    text + "Press Ctrl-C to stop.\n"
}

/// The command that prints the variables.
fn env_command(ready_file: &Path, program: &str) -> String {
    if ready_file == default_path() {
        return format!("{program} env");
    }
    let path = ready_file.display().to_string();
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "/._-+:@".contains(char);
    let quoted = format!("'{}'", path.replace('\'', r"'\''"));
    format!("{program} env --ready-file {}", if path.chars().all(is_plain) { path } else { quoted })
}

fn settings() -> String {
    Builder::default_settings().iter().fold(String::new(), |mut text, (name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let _ = writeln!(text, "{name}={value}");
        text
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_was_taken_meanwhile_is_replaced_by_an_own_one_unless_it_was_given() {
        let path = own_path().with_extension("taken");
        let first = ReadyFile::write(&path, "one").unwrap();
        let second = write_ready_file(&path, false, "two").unwrap().unwrap();
        assert_eq!(second.path(), own_path());
        assert!(write_ready_file(&path, true, "two").is_err());
        assert_eq!(first.path(), path);
    }

    #[test]
    fn a_setting_is_a_string_a_number_or_a_choice_with_a_value() {
        assert_eq!(value_for("vise.dashboard_token", "bearer"), "bearer");
        assert_eq!(value_for("vise.dashboard_token", r#"{"header":"X-T"}"#)["header"], "X-T");
        assert_eq!(value_for("virtuous.calls_per_hour", "10"), 10);
    }
}
