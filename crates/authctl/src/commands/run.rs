//! `authctl run -- COMMAND`: a program with its own proxy, and without the credentials.

use super::proxy::{self, Options};
use crate::broker::serve::Socket;
use crate::config::Config;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::index::PROVIDERS;
use crate::interrupt::{Signal, Signals};
use crate::settings;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitStatus;
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// The exit code if the command was not started for another reason than the command itself.
const OWN_FAILURE: i32 = 125;

const EXAMPLES: &str = "\
The command gets, for each provider with credentials, its base URL at the proxy and a token in place of the credential, in the
variables that the clients read: VIRTUOUS_BASE_URL and VIRTUOUS_API_KEY, VV_BASE_URL and VV_API_KEY, REVESECURE_BASE_URL,
REVESECURE_API_KEY and REVESECURE_SECRET_KEY, VERIGATOR_BASE_URL, VERIGATOR_USERNAME and VERIGATOR_PASSWORD,
VISE_DASHBOARD_URL and VISE_API_TOKEN, and VISE_HOST and VISE_PHRASE if they are set. For other clients: AUTHCTL_PROXY_URL and
AUTHCTL_PROXY_TOKEN. The variables with the credentials are removed, and the loopback addresses are added to NO_PROXY.

Exit code: that of the command; 128 and the number of a signal that ended it; 125 if the proxy can't be
started, 126 if the command can't be run, 127 if there is none. Ctrl-C is for the command.

Examples:
  $ authctl run --read-only -- python3 report.py
  $ authctl run --policy callers.toml --caller reports --audit calls.ndjson -- ./nightly.sh
Example, without an account:
  $ authctl --emulator run -- sh -c 'curl -s -H \"authorization: Bearer $VIRTUOUS_API_KEY\" $VIRTUOUS_BASE_URL/api/Contact/17'";

/// Run a command that calls through a proxy, and never has the credentials.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    options: Options,
    /// The caller of the policy that the command is.
    #[arg(long, value_name = "NAME", requires = "policy")]
    caller: Option<String>,
    /// The command and its arguments.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

pub(crate) async fn run(arguments: &Arguments, globals: &Globals) -> Result<(), Failure> {
    match start(arguments, globals).await {
        Ok(code) => std::process::exit(code),
        Err(failure) => {
            crate::report(&failure);
            std::process::exit(OWN_FAILURE)
        }
    }
}

async fn start(arguments: &Arguments, globals: &Globals) -> Result<i32, Failure> {
    let options = &arguments.options;
    let (caller, token) = options.chosen("run", arguments.caller.as_deref())?;
    let (socket, address) = Socket::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let (broker, vise) = options.prepare(globals, vec![caller], Some(address)).await?;
    let backends = &broker.gate.backends;
    let (program, rest) =
        arguments.command.split_first().ok_or_else(|| Failure::usage("the command is missing"))?;
    let mut command = Command::new(program);
    command.args(rest).kill_on_drop(true);
    for name in hidden()? {
        command.env_remove(name);
    }
    let url = format!("http://{address}");
    for backend in backends.all() {
        let at = if backends.only().is_some() { url.clone() } else { format!("{url}/{}", backend.provider) };
        command.envs(variables(backend.provider, at, &token));
        if let (Some(side), Some(host)) = (&broker.gate.vise, backend.own_host()) {
            command.env("VISE_HOST", side.url()).env("VISE_PHRASE", host);
        }
    }
    command.env("AUTHCTL_PROXY_URL", &url).env("AUTHCTL_PROXY_TOKEN", &token);
    for name in ["NO_PROXY", "no_proxy"] {
        let own = "127.0.0.1,localhost,::1";
        let value = std::env::var(name).ok().filter(|value| !value.is_empty());
        command.env(name, value.map_or_else(|| own.to_owned(), |value| format!("{value},{own}")));
    }
    // Before the command exists, which a signal would leave behind otherwise.
    let signals = Signals::new()?;
    let child = command.spawn().map_err(|error| {
        let code = if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 };
        crate::report(&Failure::local(format!("{program} can't be run: {error}")));
        std::process::exit(code)
    })?;
    let (stop, stopped) = watch::channel(false);
    let ended = async {
        let status = wait(child, signals).await;
        stop.send_replace(true);
        // Not an error here: calls in progress end first.
        Ok(status)
    };
    let ((), status) = tokio::try_join!(proxy::serve(&broker, socket, vise, stopped), ended)?;
    status.map(code).map_err(|error| Failure::local(format!("{program}: {error}")))
}

/// The variables by which a client of a provider calls the proxy.
fn variables(provider: &str, url: String, token: &str) -> Vec<(&'static str, String)> {
    let token = || token.to_owned();
    match provider {
        // Hexadecimal, as the client expects it; the proxy signs with the real one.
        "revesecure" => vec![
            ("REVESECURE_BASE_URL", url),
            ("REVESECURE_API_KEY", token()),
            ("REVESECURE_SECRET_KEY", "00".repeat(32)),
        ],
        "vaultvision" => vec![("VV_BASE_URL", url), ("VV_API_KEY", token())],
        "verigator" => vec![
            ("VERIGATOR_BASE_URL", url),
            ("VERIGATOR_USERNAME", "authctl".to_owned()),
            ("VERIGATOR_PASSWORD", token()),
        ],
        "virtuous" => vec![("VIRTUOUS_BASE_URL", url), ("VIRTUOUS_API_KEY", token())],
        "vise" => vec![("VISE_DASHBOARD_URL", url), ("VISE_API_TOKEN", token())],
        _ => Vec::new(),
    }
}

/// The variables that may have credentials: those that clients read, those that the configuration names, and the name of a profile,
/// with which `authctl` in the command would bypass the proxy.
fn hidden() -> Result<Vec<String>, Failure> {
    let known = PROVIDERS.into_iter().flat_map(|provider| {
        settings::variables(provider).iter().chain(settings::webhook_variables(provider))
    });
    let mut names: Vec<String> = known.map(|variable| variable.name.to_owned()).collect();
    names.extend(Config::load()?.named_variables());
    names.push("AUTHCTL_PROFILE".to_owned());
    Ok(names)
}

/// Waits for the end of the command, and passes signals on to it.
async fn wait(mut child: Child, mut signals: Signals) -> std::io::Result<ExitStatus> {
    let id = child.id();
    loop {
        tokio::select! {
            status = child.wait() => return status,
            signal = signals.next() => pass_on(id, signal),
        }
    }
}

#[cfg(unix)]
fn pass_on(id: Option<u32>, signal: Signal) {
    use rustix::process::{self, Pid, kill_process};
    let Some(pid) = id.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) else { return };
    let signal = match signal {
        // From its terminal, the command has received it already.
        Signal::Interrupt if is_in_front() => return,
        Signal::Interrupt => process::Signal::INT,
        Signal::Terminate => process::Signal::TERM,
        Signal::HangUp => process::Signal::HUP,
    };
    // Ignored: the command may have ended.
    let _ = kill_process(pid, signal);
}

/// Returns `true` if the terminal sends Ctrl-C to this program, and so to the command too.
#[cfg(unix)]
fn is_in_front() -> bool {
    let terminal = std::fs::File::open("/dev/tty").ok();
    let group = terminal.and_then(|terminal| rustix::termios::tcgetpgrp(terminal).ok());
    group.is_some_and(|group| group == rustix::process::getpgrp())
}

#[cfg(not(unix))]
fn pass_on(_: Option<u32>, _: Signal) {}

fn code(status: ExitStatus) -> i32 {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        if let Some(signal) = status.signal() {
            return 128 + signal;
        }
    }
    status.code().unwrap_or(1)
}
