//! `auth-emulator health`: a health check that requires neither a shell nor curl.

use crate::args::Health;
use crate::client::Client;
use crate::failure::Failure;

pub(crate) fn run(args: &Health) -> Result<(), Failure> {
    Client::find(&args.connection)?.check()
}
