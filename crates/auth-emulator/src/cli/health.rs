//! `auth-emulator health`: a health check that requires neither a shell nor curl.

use super::args::Health;
use super::client::Client;
use super::failure::Failure;

pub(crate) fn run(args: &Health) -> Result<(), Failure> {
    Client::find(&args.connection)?.check()
}
