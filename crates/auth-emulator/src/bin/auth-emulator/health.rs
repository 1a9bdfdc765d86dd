//! `auth-emulator health`: a health check that requires neither a shell nor curl.

use crate::args::Health;
use crate::failure::Failure;
use crate::{probe, ready};

pub(crate) fn run(args: &Health) -> Result<(), Failure> {
    if let (Some(url), Some(token)) = (&args.control, &args.token) {
        return probe::health(url, token);
    }
    let ready = ready::read(args.ready_file.as_deref())?;
    probe::health(&ready.control.url, &ready.control.token)
}
