//! `authctl mcp`: an MCP server, by which agents call operations without ever seeing a credential.
//!
//! `server` handles the protocol, `tools` has the tools, `catalog` finds and describes operations, `arguments` turns the arguments of
//! a tool into a call, and `result` what comes back into a result. Calls go through `crate::broker`, as those of the proxy do.

mod arguments;
mod catalog;
mod http;
mod result;
mod server;
mod tools;

use self::server::Server;
use super::proxy::{self, Options, Prepared, hosts};
use crate::broker::Broker;
use crate::broker::serve::Socket;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::interrupt::{self, Signals};
use rmcp::ServiceExt as _;
use rmcp::service::ServerInitializeError;
use rmcp::transport::async_rw::AsyncRwTransport;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

/// The longest that the end waits for calls in progress, after their results can't be delivered any more.
const END: Duration = Duration::from_secs(2);

const EXAMPLES: &str = "\
Tools: search_operations, describe_operation and read; with --allow-writes also write. `read` calls
operations of the class read whose responses contain no credentials, `write` all others. The policy
is that of the proxy (authctl policy --help), and so is the audit log.

On standard input and output, one line of JSON-RPC per message; nothing else is printed there. The
end of the input ends the server. With --http, one JSON object is printed when the socket listens,
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

/// Where the broker comes from: built with the first call, so that the protocol never waits for a keyring.
#[derive(Debug)]
struct Source {
    options: Options,
    globals: Globals,
    prepared: OnceCell<Prepared>,
}

impl Source {
    /// Returns the broker. A failure, such as missing credentials, is examined again by the next call.
    async fn broker(&self) -> Result<Arc<Broker>, Failure> {
        let prepare = || self.options.prepare(&self.globals, Vec::new(), None);
        self.prepared.get_or_try_init(prepare).await.map(|prepared| Arc::clone(&prepared.broker))
    }
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
    let provider = options.provider()?;
    if provider == Some("vise") {
        return Err(Failure::usage("--provider vise: VISE has no known operations")
            .hint("authctl proxy makes calls of its hosts"));
    }
    let writes = !options.read_only;
    match arguments.http {
        Some(address) => over_http(options, globals, provider, writes, address).await,
        None => {
            let (caller, _) = options.chosen("mcp", arguments.caller.as_deref())?;
            let source = Source { options, globals: globals.clone(), prepared: OnceCell::new() };
            let server =
                Server { source: Arc::new(source), provider, writes, caller: Some(Arc::new(caller)) };
            over_pipes(server).await
        }
    }
}

/// Serves standard input and output until the input ends.
async fn over_pipes(server: Server) -> Result<(), Failure> {
    let source = Arc::clone(&server.source);
    let (input, output) = rmcp::transport::stdio_pipes();
    let transport = AsyncRwTransport::new(input, output).with_max_line_length(http::MAX_MESSAGE);
    let served = async {
        let failed =
            |error: &dyn std::fmt::Display| Failure::local(format!("the MCP server failed: {error}"));
        match server.serve(transport).await {
            Ok(running) => running.waiting().await.map(drop).map_err(|error| failed(&error)),
            Err(ServerInitializeError::ConnectionClosed(_)) => Ok(()),
            Err(error) => Err(failed(&error)),
        }
    };
    let outcome = tokio::select! {
        outcome = served => outcome,
        () = interrupt::terminated() => {
            finish(&source).await;
            // A thread may still wait for the input.
            std::process::exit(143);
        }
    };
    finish(&source).await;
    outcome
}

/// Lets calls that were cancelled write the log, and renewals save their results.
async fn finish(source: &Source) {
    if let Some(prepared) = source.prepared.get() {
        // Ignored: after the time, what is left is dropped.
        let _ = tokio::time::timeout(END, async {
            prepared.broker.idle().await;
            prepared.broker.close().await;
        })
        .await;
    }
}

async fn over_http(
    options: Options,
    globals: &Globals,
    provider: Option<&'static str>,
    writes: bool,
    address: SocketAddr,
) -> Result<(), Failure> {
    if !address.ip().is_loopback() {
        return Err(Failure::usage(format!("--http {address}: other machines could reach it"))
            .hint("the address must be a loopback address, such as 127.0.0.1:0"));
    }
    let (callers, token) = options.all_callers("mcp", None)?;
    let (socket, address) = Socket::bind(address).await?;
    let prepared = options.prepare(globals, callers, Some(hosts(address))).await?;
    let broker = Arc::clone(&prepared.broker);
    let url = format!("http://{address}{}", http::PATH);
    let signals = Signals::new()?;
    proxy::announce(&broker.gate, "mcp", Some(url), None, token.as_deref())?;
    let prepared = OnceCell::new_with(Some(prepared));
    let source = Arc::new(Source { options, globals: globals.clone(), prepared });
    let server = Server { source: Arc::clone(&source), provider, writes, caller: None };
    let listen = |stop| http::listen(server, Arc::clone(&broker), socket, stop);
    proxy::until_stopped(signals, &source.options, &broker.gate, listen).await;
    Ok(())
}
