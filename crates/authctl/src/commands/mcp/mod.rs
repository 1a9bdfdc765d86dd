//! `authctl mcp`: an MCP server, by which agents call operations without ever seeing a credential.
//!
//! `pipes` and `http` are the transports, whose messages `message` reads. `server` handles the protocol, `tools` has the tools,
//! `catalog` finds and describes operations, `arguments` turns the arguments of a tool into a call, and `result` what comes back into a
//! result. Calls go through `crate::broker`, as those of the proxy do.

mod arguments;
mod catalog;
mod http;
mod message;
mod pipes;
mod result;
mod server;
mod tools;
mod vise;

use self::pipes::Pipes;
use self::server::Server;
use super::proxy::{self, Options, hosts};
use crate::broker::serve::{DRAIN, Socket};
use crate::failure::Failure;
use crate::globals::Globals;
use crate::interrupt::Signals;
use rmcp::ServiceExt as _;
use rmcp::service::ServerInitializeError;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

const EXAMPLES: &str = "\
Tools: search_operations, describe_operation and read; with --allow-writes also write. `read` calls
operations of the class read whose responses contain no credentials, `write` all others. A deletion
needs a confirmation, which its first call returns. The policy is that of the proxy
(authctl policy --help), and so is the audit log.

On standard input and output, one line of JSON-RPC per message; nothing else is printed there. The
end of the input or a signal ends the server when writes in progress have ended; a second signal
stops them. With --http, one JSON object is printed when the socket listens,
with the URL and, without --policy, a token for the header Authorization: Bearer.

Set-up of an agent that has a JSON file of servers:
  {\"mcpServers\": {\"authctl\": {\"command\": \"authctl\", \"args\": [\"mcp\", \"--audit\", \"calls.ndjson\"]}}}

Examples:
  $ authctl mcp --provider virtuous
  $ authctl mcp --allow-writes --policy callers.toml --caller agent --audit calls.ndjson
  $ authctl mcp --http 127.0.0.1:4100
Example, without an account:
  $ authctl --emulator mcp";

/// Serve agents over the Model Context Protocol, without giving them the credentials.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Add the tool `write`, for everything that isn't a read, and for responses with credentials.
    #[arg(long)]
    allow_writes: bool,
    /// Never write, whatever else is said.
    #[arg(long)]
    read_only: bool,
    /// Call only this provider.
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// The callers and what each may call: authctl policy --help.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The caller of the policy that standard input is.
    #[arg(long, value_name = "NAME", requires = "policy", conflicts_with = "http")]
    caller: Option<String>,
    /// Append a line per call to this file, without secrets and bodies.
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
    /// Serve streamable HTTP at /mcp of this loopback address instead; port 0 is any free port.
    #[arg(long, value_name = "ADDRESS:PORT")]
    http: Option<SocketAddr>,
    /// Another value of the header Host that is allowed; can be repeated.
    #[arg(long, value_name = "HOST", requires = "http", value_parser = proxy::host)]
    allow_host: Vec<String>,
    /// Web pages of this origin may call, such as http://localhost:6274; can be repeated.
    #[arg(long, value_name = "ORIGIN", requires = "http", value_parser = proxy::origin)]
    allow_origin: Vec<String>,
}

pub(crate) async fn run(arguments: &Arguments, globals: &Globals) -> Result<(), Failure> {
    globals.refuse_all_but_emulator("results go to the agent")?;
    let options = Options {
        provider: arguments.provider.clone(),
        policy: arguments.policy.clone(),
        read_only: arguments.read_only || !arguments.allow_writes,
        audit: arguments.audit.clone(),
        allow_host: arguments.allow_host.clone(),
        allow_origin: arguments.allow_origin.clone(),
    };
    // An unknown one, before anything else.
    options.provider()?;
    let writes = !options.read_only;
    match arguments.http {
        Some(address) => over_http(&options, globals, writes, address).await,
        None => {
            let (caller, _) = options.chosen("mcp", arguments.caller.as_deref())?;
            // The protocol never waits for a keyring.
            let broker = Arc::new(options.broker(globals, Vec::new(), None).await?);
            over_pipes(Server { broker, writes, caller: Some(Arc::new(caller)) }).await
        }
    }
}

/// Serves standard input and output until the input ends, or until a signal. Writes in progress then end, unless another signal
/// stops them.
async fn over_pipes(server: Server) -> Result<(), Failure> {
    let broker = Arc::clone(&server.broker);
    let mut signals = Signals::new()?;
    let (input, output) = rmcp::transport::stdio_pipes();
    let transport = Pipes::new(input, output, http::MAX_MESSAGE);
    let served = async {
        let failed =
            |error: &dyn std::fmt::Display| Failure::local(format!("the MCP server failed: {error}"));
        match server.serve(transport).await {
            Ok(running) => running.waiting().await.map(drop).map_err(|error| failed(&error)),
            Err(ServerInitializeError::ConnectionClosed(_)) => Ok(()),
            Err(error) => Err(failed(&error)),
        }
    };
    let (outcome, first) = tokio::select! {
        outcome = served => (outcome, None),
        signal = signals.next() => (Ok(()), Some(signal)),
    };
    let second = tokio::select! {
        // Ignored: after the time, calls are stopped.
        _ = tokio::time::timeout(DRAIN, broker.idle()) => None,
        signal = signals.next() => Some(signal),
    };
    broker.end().await;
    if let Some(signal) = first.or(second) {
        // A thread may still wait for the input.
        std::process::exit(signal.code());
    }
    outcome
}

async fn over_http(
    options: &Options,
    globals: &Globals,
    writes: bool,
    address: SocketAddr,
) -> Result<(), Failure> {
    let hint = "the address must be a loopback address, such as 127.0.0.1:0";
    crate::server::check_loopback("--http", address, hint)?;
    let (callers, token) = options.all_callers("mcp", None)?;
    let (socket, address) = Socket::bind(address).await?;
    let broker = Arc::new(options.broker(globals, callers, Some(hosts(address))).await?);
    broker.gate.backends.build_all()?;
    let url = format!("http://{address}{}", http::PATH);
    let signals = Signals::new()?;
    proxy::announce(&broker.gate, "mcp", Some(url), None, token.as_deref())?;
    let server = Server { broker: Arc::clone(&broker), writes, caller: None };
    proxy::until_stopped(signals, options, &broker, |stop| http::listen(server, socket, stop)).await
}
