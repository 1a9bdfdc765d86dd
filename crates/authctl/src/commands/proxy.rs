//! `authctl proxy`: a local HTTP server that makes the calls of programs in any language with credentials that they don't have.

use crate::broker::Broker;
use crate::broker::audit::Audit;
use crate::broker::backend::Backends;
use crate::broker::caller::{Caller, Token};
use crate::broker::gate::Gate;
use crate::broker::policy::{self, Rules};
use crate::broker::serve::{self, Socket};
use crate::broker::vise::Side;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::interrupt::{Signal, Signals};
use crate::json::Line;
use crate::output::{Out, note};
use crate::server;
use http::uri::Authority;
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use tokio::sync::watch;

const EXAMPLES: &str = "\
A call: the path begins with the provider, then comes the path of its API. The caller's token is sent as bearer, as name or
password of Basic, or in x-authctl-token. The response is that of the vendor, with x-authctl-attempts and
x-authctl-operation; if the proxy refuses or fails, it is a problem document (RFC 9457) with `code` and
`may_have_executed`.

Output: one JSON object when the socket listens, {\"type\":\"ready\",\"url\":…,\"token\":…}; lines of text on a terminal.
Without --policy, one caller may do everything, or only read with --read-only; its token is printed and ends with the proxy.

Signals: Ctrl-C and SIGTERM end the proxy when calls in progress have ended, after 30 s at the latest; a second one ends it
at once. SIGHUP reads the policy again.

Examples:
  $ authctl proxy --bind 127.0.0.1:4000 --policy callers.toml --audit calls.ndjson
  $ curl -H \"authorization: Bearer $TOKEN\" http://127.0.0.1:4000/virtuous/api/Contact/12
Example, without an account:
  $ authctl --emulator proxy --read-only";

/// Serve calls of programs in any language, without giving them the credentials.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The address to listen on; port 0 is any free port.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0", conflicts_with = "unix")]
    bind: SocketAddr,
    /// Listen on this unix socket instead, which only your user can open.
    #[arg(long, value_name = "PATH")]
    unix: Option<PathBuf>,
    /// Listen on an address that other machines can reach. The connection is not encrypted.
    #[arg(long)]
    allow_remote: bool,
    #[command(flatten)]
    options: Options,
}

/// Options of `proxy` and `run`, and of `mcp`, which describes them itself.
#[derive(clap::Args, Debug)]
pub(super) struct Options {
    /// Serve only this provider, with its paths at the root, for clients that only change their base URL.
    #[arg(long, value_name = "NAME")]
    pub(super) provider: Option<String>,
    /// The callers and what each may call: authctl policy --help.
    #[arg(long, value_name = "FILE")]
    pub(super) policy: Option<PathBuf>,
    /// Refuse every call that isn't an operation of the class read, and responses with credentials.
    #[arg(long)]
    pub(super) read_only: bool,
    /// Append a line per call to this file, without secrets and bodies.
    #[arg(long, value_name = "FILE")]
    pub(super) audit: Option<PathBuf>,
    /// Another value of the header Host that is allowed, such as proxy.internal:4000; can be repeated.
    #[arg(long, value_name = "HOST", value_parser = host)]
    pub(super) allow_host: Vec<String>,
    /// Web pages of this origin may call, such as http://localhost:5173; can be repeated.
    #[arg(long, value_name = "ORIGIN", value_parser = origin)]
    pub(super) allow_origin: Vec<String>,
}

pub(super) fn host(text: &str) -> Result<String, String> {
    let is_host = text.parse::<Authority>().is_ok_and(|host| host.as_str() == text && !text.contains('@'));
    if is_host { Ok(text.to_ascii_lowercase()) } else { Err("must be HOST or HOST:PORT".to_owned()) }
}

pub(super) fn origin(text: &str) -> Result<String, String> {
    let host = text.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"));
    match host.and_then(|(_, rest)| host_of(rest)) {
        Some(()) => Ok(text.to_owned()),
        None => Err("must be an origin such as http://localhost:5173, without a path".to_owned()),
    }
}

fn host_of(text: &str) -> Option<()> {
    host(text).ok().filter(|lower| lower == text).map(drop)
}

impl Options {
    /// The broker of a server, with the log open and the clients of all providers with credentials, and the socket that is the
    /// address of all hosts of VISE.
    pub(super) async fn prepare(
        &self,
        globals: &Globals,
        callers: Vec<Caller>,
        address: Option<SocketAddr>,
    ) -> Result<(Arc<Broker>, Option<Socket>), Failure> {
        globals.refuse_all_but_emulator("the proxy prints no responses")?;
        let mut broker = self.broker(globals, callers, address.map(hosts)).await?;
        let backends = &broker.gate.backends;
        backends.build_all()?;
        // A client calls hosts of VISE without encryption on this machine only.
        let local = address.map(|address| address.ip()).filter(IpAddr::is_loopback);
        let socket = match local.filter(|_| backends.all().iter().any(|one| one.provider == "vise")) {
            Some(ip) => {
                let (socket, address) = Socket::bind(SocketAddr::from((ip, 0))).await?;
                broker.gate.vise = Some(Side::new(address, hosts(address), backends.only()));
                Some(socket)
            }
            None => None,
        };
        Ok((Arc::new(broker), socket))
    }

    /// The same, but clients are built when calls need them.
    pub(super) async fn broker(
        &self,
        globals: &Globals,
        callers: Vec<Caller>,
        hosts: Option<Vec<String>>,
    ) -> Result<Broker, Failure> {
        let audit = self.audit.as_deref().map(Audit::open).transpose()?.unwrap_or_default();
        let backends = Backends::new(self.provider()?, globals).await?;
        let hosts = hosts.map(|mut hosts| {
            hosts.extend(self.allow_host.iter().cloned());
            hosts
        });
        let gate = Gate {
            backends,
            callers: callers.into_iter().map(Arc::new).collect::<Vec<_>>().into(),
            hosts,
            origins: self.allow_origin.clone(),
            vise: None,
        };
        Ok(Broker::new(gate, audit))
    }

    /// The only provider, if there is one.
    pub(super) fn provider(&self) -> Result<Option<&'static str>, Failure> {
        self.provider.as_deref().map(crate::resolve::provider).transpose()
    }

    /// The one caller of a program, with a token: that of the policy with the name that is `wanted`, or one that is called `name`.
    pub(super) fn chosen(&self, name: &str, wanted: Option<&str>) -> Result<(Caller, String), Failure> {
        let (caller, token) = self.single(name, None)?;
        let Some(policy) = &self.policy else { return Ok((caller, token)) };
        let callers = self.callers(policy)?;
        let names: Vec<String> = callers.iter().map(|caller| caller.name.clone()).collect();
        let wanted = wanted.or_else(|| names.first().filter(|_| names.len() == 1).map(String::as_str));
        let found = callers.into_iter().find(|caller| Some(caller.name.as_str()) == wanted);
        let mut found = found.ok_or_else(|| {
            let what = match wanted {
                Some(wanted) => format!("--caller: the policy has no caller {}", crate::json::quote(wanted)),
                None => format!("--caller is missing: the caller of the policy that `{name}` is"),
            };
            Failure::usage(what).hint(format!("the callers: {}", names.join(", ")))
        })?;
        found.token = caller.token;
        Ok((found, token))
    }

    /// The callers of the policy; without one, a single caller and its token. `user` may connect to the unix socket.
    pub(super) fn all_callers(
        &self,
        name: &str,
        user: Option<u32>,
    ) -> Result<(Vec<Caller>, Option<String>), Failure> {
        match &self.policy {
            Some(policy) => Ok((self.callers(policy)?, None)),
            None => self.single(name, user).map(|(caller, token)| (vec![caller], Some(token))),
        }
    }

    /// A caller without a policy file, and its token.
    fn single(&self, name: &str, user_id: Option<u32>) -> Result<(Caller, String), Failure> {
        let (text, token) = Token::create()
            .map_err(|error| Failure::local(format!("no random numbers for a token: {error}")))?;
        let rules = Rules::open(self.read_only);
        Ok((Caller::only(name.to_owned(), token, user_id, rules), text))
    }

    fn callers(&self, policy: &Path) -> Result<Vec<Caller>, Failure> {
        policy::load(policy, self.read_only)
    }
}

/// Serves until `stop` becomes true and calls in progress have ended.
pub(super) async fn serve(
    broker: &Arc<Broker>,
    socket: Socket,
    vise: Option<Socket>,
    stop: watch::Receiver<bool>,
) -> Result<(), Failure> {
    let own = Arc::clone(broker);
    let respond = move |request, peer| {
        let broker = Arc::clone(&own);
        async move { broker.respond(request, peer).await }
    };
    serve::serve(socket, vise, Arc::clone(broker), respond, stop).await
}

/// The values of `Host` for an address of this machine.
pub(super) fn hosts(address: SocketAddr) -> Vec<String> {
    let port = address.port();
    vec![
        address.to_string(),
        format!("localhost:{port}"),
        format!("127.0.0.1:{port}"),
        format!("[::1]:{port}"),
    ]
}

pub(crate) async fn run(arguments: &Arguments, globals: &Globals) -> Result<(), Failure> {
    let options = &arguments.options;
    if !arguments.allow_remote {
        server::check_loopback("--bind", arguments.bind, server::ALLOW_REMOTE)?;
    }
    let (mut callers, token) = options.all_callers("default", None)?;
    let (socket, address) = match &arguments.unix {
        None => {
            let (socket, address) = Socket::bind(arguments.bind).await?;
            (socket, Some(address))
        }
        Some(path) => {
            let shared = callers.iter().any(|caller| caller.user_id.is_some());
            let (socket, user) = unix(path, shared).await?;
            if token.is_some() {
                callers.iter_mut().for_each(|caller| caller.user_id = Some(user));
            }
            (socket, None)
        }
    };
    let (broker, vise) = options.prepare(globals, callers, address).await?;
    let signals = Signals::new()?;
    let url = address.map(|address| format!("http://{address}"));
    announce(&broker.gate, "proxy", url, arguments.unix.as_deref(), token.as_deref())?;
    until_stopped(signals, options, &broker, |stopped| serve(&broker, socket, vise, stopped)).await
}

/// Serves until the first Ctrl-C or SIGTERM, and then until calls in progress have ended. A second one stops them, and ends the
/// program. SIGHUP reads the policy again.
pub(super) async fn until_stopped<F: Future<Output = Result<(), Failure>>>(
    signals: Signals,
    options: &Options,
    broker: &Broker,
    serve: impl FnOnce(watch::Receiver<bool>) -> F,
) -> Result<(), Failure> {
    let (stop, stopped) = watch::channel(false);
    tokio::select! {
        served = serve(stopped) => served,
        signal = second(signals, &stop, || reload(options, &broker.gate)) => {
            broker.end().await;
            std::process::exit(signal.code())
        }
    }
}

#[cfg(unix)]
async fn unix(path: &Path, shared: bool) -> Result<(Socket, u32), Failure> {
    use std::os::unix::fs::MetadataExt as _;
    let socket = Socket::bind_unix(path, shared).await?;
    let user = std::fs::metadata(path).map(|one| one.uid());
    let user = user.map_err(|error| Failure::local(format!("{} can't be read: {error}", path.display())))?;
    Ok((socket, user))
}

#[cfg(not(unix))]
async fn unix(_: &Path, _: bool) -> Result<(Socket, u32), Failure> {
    Err(Failure::usage("--unix: this system has no unix sockets"))
}

/// Prints where the server of this command is.
pub(super) fn announce(
    gate: &Gate,
    command: &str,
    url: Option<String>,
    socket: Option<&Path>,
    token: Option<&str>,
) -> Result<(), Failure> {
    let socket = socket.map(|path| path.display().to_string());
    let backends = gate.backends.all();
    let providers: Vec<&str> = backends.iter().map(|backend| backend.provider).collect();
    if !std::io::stdout().is_terminal() {
        let ready = Line::default()
            .text("type", "ready")
            .text("url", url.as_deref())
            .text("socket", socket.as_deref())
            .json("providers", serde_json::to_string(&providers).unwrap_or_default())
            .text("token", token);
        return Out::default().line(&ready.end());
    }
    let at = url.or(socket).unwrap_or_default();
    let mut text = format!("authctl {command} listens on {at}\n");
    // Writing to a String can't fail.
    for provider in providers.iter().filter(|_| command == "proxy") {
        let path = if gate.backends.only().is_some() { String::new() } else { format!("/{provider}") };
        let _ = writeln!(text, "  {provider:<12} {at}{path}");
    }
    if let Some(token) = token {
        let _ = writeln!(text, "token: {token}");
    }
    text.push_str("Ctrl-C ends it.\n");
    Out::default().write(text.as_bytes())
}

/// Reads the policy again. An invalid one changes nothing.
fn reload(options: &Options, gate: &Gate) {
    let Some(policy) = &options.policy else { return };
    match options.callers(policy) {
        Ok(callers) => {
            let mut current = gate.callers.write().unwrap_or_else(PoisonError::into_inner);
            let callers: Vec<_> =
                callers.into_iter().map(|caller| Arc::new(caller.continuing(&current))).collect();
            note(&format!("{} was read again: {} callers", policy.display(), callers.len()));
            *current = callers;
        }
        Err(failure) => {
            crate::report(&failure.hint("the policy from before stays in force"));
        }
    }
}

/// Stops the server by the first Ctrl-C or SIGTERM, and returns the second one.
async fn second(mut signals: Signals, stop: &watch::Sender<bool>, reload: impl Fn()) -> Signal {
    loop {
        match signals.next().await {
            #[cfg(unix)]
            Signal::HangUp => reload(),
            signal if *stop.borrow() => return signal,
            _ => {
                stop.send_replace(true);
            }
        }
    }
}
