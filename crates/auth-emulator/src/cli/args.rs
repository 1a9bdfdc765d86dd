//! The command line.

use std::net::IpAddr;
use std::path::PathBuf;

use crate::Timestamp;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

/// A strict local emulator of five vendor authentication APIs.
///
/// It stores state, checks every credential like the vendor, and requires no account, no network and no container. It listens
/// on 127.0.0.1 unless told otherwise.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLE)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLE: &str = "\
Example, in two terminals:
  $ auth-emulator serve
  $ eval \"$(auth-emulator env)\"      # sets VERIGATOR_BASE_URL and the other variables
  $ my-program-that-uses-a-client

Exit codes:
  0  success, or stopped by Ctrl-C or SIGTERM
  1  no running emulator was found (env, health, and the commands that control one)
  2  invalid command line
  3  the emulator could not be started, for example because a port is in use
  4  the emulator rejected the command";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the emulator and run until Ctrl-C or SIGTERM.
    Serve(Serve),
    /// Print the environment variables that configure clients for a running emulator.
    Env(Env),
    /// Check whether an emulator is running: exit code 0 if it is, 1 if not.
    Health(Health),
    /// List every operation of every provider, and whether it is implemented. Requires no running emulator.
    Routes(Routes),
}

#[derive(Debug, ClapArgs)]
#[command(after_help = SERVE_EXAMPLE)]
pub(crate) struct Serve {
    /// Address to listen on. One that others can reach requires --allow-host.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", env = "AUTH_EMULATOR_LISTEN")]
    pub(crate) listen: IpAddr,

    /// Accept requests whose Host is this name; can be repeated. The first one is also the name in the URLs of the providers if others
    /// can reach the emulator.
    #[arg(long, value_name = "NAME", env = "AUTH_EMULATOR_ALLOW_HOST", value_delimiter = ',')]
    pub(crate) allow_host: Vec<String>,

    /// Port of the control API; the providers use the following ones. 0: any free ports.
    #[arg(long, default_value_t = 0, value_name = "N", env = "AUTH_EMULATOR_PORT")]
    pub(crate) port: u16,

    /// Print only one line of JSON on standard output, when all listeners are up.
    #[arg(long)]
    pub(crate) json: bool,

    /// For a program that starts the emulator: like --json, but without a ready file unless --ready-file names one, and until
    /// standard input ends, so that the emulator stops with the program that holds the other end. It stops at once if standard
    /// input is /dev/null, as in a systemd unit and in `docker run` without -i.
    #[arg(long)]
    pub(crate) child: bool,

    /// Change a setting, for example virtuous.calls_per_hour=10; can be repeated, in the variable one per line. `--set list` prints
    /// all of them.
    #[arg(long, value_name = "PROVIDER.SETTING=VALUE", env = "AUTH_EMULATOR_SET", value_delimiter = '\n')]
    pub(crate) set: Vec<String>,

    /// Serve the providers over HTTPS.
    #[cfg(feature = "tls")]
    #[arg(long, env = "AUTH_EMULATOR_TLS", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) tls: bool,

    /// File for the certificate that clients must trust, as PEM; implies --tls [default: beside the ready file, with the extension
    /// `ca.pem`].
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "PATH", env = "AUTH_EMULATOR_CA_FILE")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Also listen on Unix sockets in this directory: control.sock, verigator.sock and so on.
    #[arg(long, value_name = "DIRECTORY", env = "AUTH_EMULATOR_SOCKET_DIR")]
    pub(crate) socket_dir: Option<PathBuf>,

    /// Close connections that are idle, and requests that do not arrive, after this many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 120, env = "AUTH_EMULATOR_IDLE_TIMEOUT", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) idle_timeout: u64,

    /// Seed of all ids, codes, credentials and the control token, for a reproducible run: a number, or a YAML or JSON file with
    /// seed, clock, settings, credentials, records and faults.
    #[arg(long, value_name = "N|FILE", env = "AUTH_EMULATOR_SEED")]
    pub(crate) seed: Option<String>,

    /// Start with the clock stopped at this time (RFC 3339), until the control API changes it.
    #[arg(long, value_name = "TIME", value_parser = time, env = "AUTH_EMULATOR_FROZEN_AT")]
    pub(crate) frozen_at: Option<Timestamp>,

    /// Log filter for standard error, for example `off`, `warn` or `debug`.
    #[arg(long, default_value = "info", value_name = "FILTER", env = "AUTH_EMULATOR_LOG")]
    pub(crate) log: String,

    /// Disable one check by name; can be repeated. `--relax list` prints the names.
    #[arg(long, alias = "lax", value_name = "CHECK", env = "AUTH_EMULATOR_RELAX", value_delimiter = ',')]
    pub(crate) relax: Vec<String>,

    /// File for the ready line, which `env` and `health` read [default: `auth-emulator.json` in the temporary directory, or if another
    /// emulator has that, a file beside it]. It exists while the emulator is running, and no other emulator can take it.
    #[arg(long, value_name = "PATH", env = "AUTH_EMULATOR_READY_FILE")]
    pub(crate) ready_file: Option<PathBuf>,
}

const SERVE_EXAMPLE: &str = "\
Example, from a script:
  $ auth-emulator serve --seed 7 --log warn --ready-file ready.json > /dev/null &
  $ timeout 30 sh -c 'until auth-emulator health --ready-file ready.json 2> /dev/null; do sleep 0.1; done'
  $ eval \"$(auth-emulator env --ready-file ready.json)\"";

#[derive(Debug, ClapArgs)]
pub(crate) struct Env {
    /// Ready file of the emulator [default: `auth-emulator.json` in the temporary directory].
    #[arg(long, value_name = "PATH", env = "AUTH_EMULATOR_READY_FILE")]
    pub(crate) ready_file: Option<PathBuf>,

    /// The format: shell exports, a .env file, a JSON object, or PowerShell.
    #[arg(long, value_enum, default_value_t = Format::Sh, value_name = "FORMAT")]
    pub(crate) format: Format,

    /// Namespace whose variables are printed, instead of the default one. It is created if it is new.
    #[arg(long, value_name = "NAME", env = "AUTH_EMULATOR_NAMESPACE")]
    pub(crate) namespace: Option<String>,

    /// Print only the variables of this provider; can be repeated.
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Sh,
    Dotenv,
    Json,
    Powershell,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Health {
    #[command(flatten)]
    pub(crate) connection: Connection,
}

// The emulator that a command talks to. As documentation, it would be the description of the commands.
#[derive(Debug, ClapArgs)]
pub(crate) struct Connection {
    /// Ready file of the emulator [default: `auth-emulator.json` in the temporary directory].
    #[arg(long, value_name = "PATH", conflicts_with = "control", env = "AUTH_EMULATOR_READY_FILE")]
    pub(crate) ready_file: Option<PathBuf>,

    /// URL of the control API, or unix: and the path of its socket, instead of a ready file. The token comes from
    /// AUTH_EMULATOR_TOKEN, because other users see the arguments of a process.
    #[arg(long, value_name = "URL")]
    pub(crate) control: Option<String>,

    /// Namespace that the command is about, instead of the default one.
    #[arg(long, value_name = "NAME", env = "AUTH_EMULATOR_NAMESPACE")]
    pub(crate) namespace: Option<String>,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = ROUTES_EXAMPLE)]
pub(crate) struct Routes {
    /// List only the operations of this provider.
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Option<String>,

    /// Print one JSON array of {provider, operation, method, path, implemented}.
    #[arg(long)]
    pub(crate) json: bool,
}

const ROUTES_EXAMPLE: &str = "\
Example: list the unimplemented operations of one provider:
  $ auth-emulator routes --provider virtuous --json | jq -r '.[] | select(.implemented | not) | .path'";

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_rfc3339(text)
        .ok_or_else(|| "not an RFC 3339 time such as 2026-01-31T12:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Args;

    #[test]
    fn the_command_line_is_consistent() {
        super::super::controls::add(Args::command()).debug_assert();
    }
}
