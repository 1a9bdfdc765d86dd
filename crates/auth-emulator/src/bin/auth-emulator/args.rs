//! The command line.

use std::path::PathBuf;

use auth_emulator::Timestamp;
use clap::{Args as ClapArgs, Parser, Subcommand};

/// A strict local stand-in for vendor authentication APIs.
///
/// It keeps state, checks every credential as the vendor would, and needs no account, no network and no container. It
/// listens on 127.0.0.1 only.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLE)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLE: &str = "\
Example, in two terminals:
  $ auth-emulator serve
  $ eval \"$(auth-emulator env)\"      # VERIGATOR_BASE_URL and so on now point at it
  $ my-program-that-uses-a-client

Exit codes:
  0  done, or stopped by Ctrl-C or SIGTERM
  1  no emulator is running there (env, health)
  2  the command line could not be read
  3  the emulator could not be started, for example because a port is in use";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the emulator and run until Ctrl-C or SIGTERM.
    Serve(Serve),
    /// Print shell exports that point clients at a running emulator.
    Env(Env),
    /// Ask whether an emulator is running: exit code 0 if it is, 1 if not.
    Health(Health),
    /// List every operation of every provider, and whether the emulator carries it out. Needs no running emulator.
    Routes(Routes),
}

#[derive(Debug, ClapArgs)]
#[command(after_help = SERVE_EXAMPLE)]
pub(crate) struct Serve {
    /// First port: the control API listens on it, the providers on the next ones. 0: the system chooses them all.
    #[arg(long, default_value_t = 0, value_name = "N", env = "AUTH_EMULATOR_PORT")]
    pub(crate) port: u16,

    /// Print one line of JSON when everything listens, and nothing else on standard output.
    #[arg(long)]
    pub(crate) json: bool,

    /// Seed of all ids, codes, credentials and of the control token, to have the same run twice.
    #[arg(long, value_name = "N", env = "AUTH_EMULATOR_SEED")]
    pub(crate) seed: Option<u64>,

    /// Begin with a clock that stands still at this time (RFC 3339) until the control API moves it.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) frozen_at: Option<Timestamp>,

    /// What to log on standard error, for example `off`, `warn`, `debug`.
    #[arg(long, default_value = "info", value_name = "FILTER", env = "AUTH_EMULATOR_LOG")]
    pub(crate) log: String,

    /// Relax one check by name; can be given more than once. `--lax list` shows the names.
    #[arg(long, value_name = "RULE")]
    pub(crate) lax: Vec<String>,

    /// Where to write the ready line, for `env` and `health`; `auth-emulator.json` in the temporary directory where it is
    /// not given. The file appears when everything listens and goes when the emulator stops.
    #[arg(long, value_name = "PATH")]
    pub(crate) ready_file: Option<PathBuf>,
}

const SERVE_EXAMPLE: &str = "\
Example, from a script:
  $ auth-emulator serve --seed 7 --log warn --ready-file ready.json > /dev/null &
  $ until auth-emulator health --ready-file ready.json 2> /dev/null; do sleep 0.1; done
  $ eval \"$(auth-emulator env --ready-file ready.json)\"";

#[derive(Debug, ClapArgs)]
pub(crate) struct Env {
    /// The ready file of the emulator; `auth-emulator.json` in the temporary directory where it is not given.
    #[arg(long, value_name = "PATH")]
    pub(crate) ready_file: Option<PathBuf>,

    /// Only this provider's variables; can be given more than once.
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Health {
    /// The ready file of the emulator; `auth-emulator.json` in the temporary directory where it is not given.
    #[arg(long, value_name = "PATH", conflicts_with = "control")]
    pub(crate) ready_file: Option<PathBuf>,

    /// The URL of the control API, in place of a ready file.
    #[arg(long, value_name = "URL", requires = "token")]
    pub(crate) control: Option<String>,

    /// The token that goes with it.
    #[arg(long, env = "AUTH_EMULATOR_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub(crate) token: Option<String>,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = ROUTES_EXAMPLE)]
pub(crate) struct Routes {
    /// Only this provider's operations.
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Option<String>,

    /// Print one JSON array of {provider, operation, method, path, implemented}.
    #[arg(long)]
    pub(crate) json: bool,
}

const ROUTES_EXAMPLE: &str = "\
Example, what is missing of one provider:
  $ auth-emulator routes --provider virtuous --json | jq -r '.[] | select(.implemented | not) | .path'";

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_rfc3339(text).ok_or_else(|| "not a time like 2026-01-31T12:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Args;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }
}
