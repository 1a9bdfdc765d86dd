//! `authctl policy …`: checks the file with the callers of the proxy, and explains what it decides.

use crate::broker::caller::{Caller, Token};
use crate::broker::policy::{self, Decision, RAW, Subject};
use crate::broker::resolve::{first_segment, resolve};
use crate::failure::Failure;
use crate::globals::Globals;
use crate::index::{self, Class, Key, PROVIDERS};
use crate::json::{Line, quote};
use crate::output::{Out, Printer};
use crate::routes::Routes;
use crate::{resolve, target};
use auth_client_core::provider::auth_core::{Clock as _, SystemClock};
use clap::Subcommand;
use http::Uri;
use std::io::Write as _;
use std::path::PathBuf;

const FILE: &str = "\
The file is TOML:
  [[caller]]
  name = \"reports\"                          # letters, digits, - _ .
  # From authctl policy token. On a unix socket, instead: user_id = 1000
  token_sha256 = \"…\"
  allow = [\"virtuous:class:read\", \"virtuous:contacts.update\", \"verigator\"]
  deny = [\"virtuous:gifts.*\"]               # wins
  rate = \"60/min\"                           # per s, min or h
  expires = 2027-01-31T12:00:00Z

A rule is a provider, PROVIDER:class:CLASS with the class read, idempotent-write or write (both kinds of writes), or
PROVIDER:ID with the id of an operation (authctl list), where * stands for any characters; without a provider it applies to
all. What no rule allows is refused. Three things are allowed by their name only, and not by a class, a provider or *:
operations whose responses contain credentials, such as revesecure:bypass_codes.list; paths that no operation has, as
virtuous:raw; and the hosts of VISE, as vise:HOST, vise:*.example.com or vise. Under deny, a rule applies to these too.

Examples:
  $ authctl policy token reports >> callers.toml
  $ authctl policy check callers.toml
  $ authctl policy explain callers.toml GET /virtuous/api/Contact/12";

/// Check and explain the policy of the proxy.
#[derive(clap::Args, Debug)]
#[command(after_help = FILE)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check a policy, and print how many operations each caller may call.
    Check {
        /// The policy.
        file: PathBuf,
    },
    /// Print what each caller may do with a request, and by which line.
    Explain {
        /// The policy.
        file: PathBuf,
        /// The method.
        method: String,
        /// The path at the proxy, such as /virtuous/api/Contact/12.
        path: String,
    },
    /// Create a token for a caller: prints the token on standard error, and the lines for the policy on standard output.
    Token {
        /// The name of the caller.
        name: String,
    },
}

pub(crate) fn run(arguments: &Arguments, globals: &Globals) -> Result<(), Failure> {
    let why = "the command makes no call";
    globals.refuse(&["--all", "--dry-run", "--emulator"], why)?;
    match &arguments.command {
        Command::Check { file } => check(&policy::load(file, false)?, globals),
        Command::Explain { file, method, path } => {
            explain(&policy::load(file, false)?, method, path, globals)
        }
        Command::Token { name } => token(name),
    }
}

fn check(callers: &[Caller], globals: &Globals) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for caller in callers {
        for provider in PROVIDERS.into_iter().filter(|one| *one != "vise") {
            let mut counts = [0; 3];
            let mut total = 0;
            for operation in index::operations(provider).filter_map(Key::operation) {
                total += 1;
                if caller.rules.decide(Subject::of(&operation, &operation.id())).allowed
                    && let Some(count) = counts.get_mut(operation.class as usize)
                {
                    *count += 1;
                }
            }
            let raw =
                Subject { provider, id: RAW, class: Class::Write, is_known: false, returns_secrets: false };
            let [reads, idempotent, writes] = counts;
            let row = Line::default()
                .text("caller", caller.name.as_str())
                .text("provider", provider)
                .json("reads", reads)
                .json("idempotent_writes", idempotent)
                .json("writes", writes)
                .json("operations", total)
                .json("other_paths", caller.rules.decide(raw).allowed);
            rows.push(row.end());
        }
    }
    print(&rows, globals)
}

fn explain(callers: &[Caller], method: &str, path: &str, globals: &Globals) -> Result<(), Failure> {
    let method = target::method(method)?;
    let uri: Uri = path.parse().map_err(|_| Failure::usage(format!("{path:?} is no path")))?;
    let (name, path) = first_segment(uri.path());
    let provider = resolve::provider(name)
        .map_err(|failure| failure.hint("the path begins with a provider: /virtuous/api/Contact/12"))?;
    let resolved = resolve(Routes::of(provider), None, &method, path, uri.query().unwrap_or_default());
    let resolved = resolved.map_err(|problem| Failure::usage(problem.detail))?;
    let now = SystemClock::new().now();
    let rows: Vec<String> = callers
        .iter()
        .map(|caller| {
            let mut decision = caller.rules.decide(resolved.subject(provider));
            if caller.expires.is_some_and(|end| end <= now.wall) {
                decision = Decision { allowed: false, reason: "the token has expired".to_owned() };
            }
            let row = Line::default()
                .text("caller", caller.name.as_str())
                .text("operation", resolved.id.as_str())
                .text("class", resolved.target.class.as_str())
                .json("allowed", decision.allowed)
                .text("reason", decision.reason.as_str());
            row.end()
        })
        .collect();
    print(&rows, globals)
}

fn token(name: &str) -> Result<(), Failure> {
    policy::check_name(name).map_err(Failure::usage)?;
    let (text, token) =
        Token::create().map_err(|error| Failure::local(format!("no random numbers for a token: {error}")))?;
    // Apart, so that the lines can be appended to the policy, which has no token.
    let _ = writeln!(std::io::stderr(), "token: {text}");
    Out::default().write(
        format!(
            "[[caller]]\nname = {}\ntoken_sha256 = \"{}\"\nallow = [\"class:read\"]\n",
            quote(name),
            token.digits()
        )
        .as_bytes(),
    )
}

fn print(rows: &[String], globals: &Globals) -> Result<(), Failure> {
    let body = format!("[{}]", rows.join(","));
    Printer::new(globals, &[], &[], None).body(body.as_bytes(), None, globals.limit)
}
