//! The reasons for which an emulator does not start.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;

use crate::framework::settings::ActionError;
use crate::namespace::seed_file::SeedError;

/// The emulator could not be started. Nothing is left running.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use auth_emulator::{Emulator, StartError};
///
/// let error = Emulator::builder().relax("verigator.no-such-check").start().await.unwrap_err();
/// assert!(matches!(error, StartError::UnknownRelaxation { .. }));
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A port could not be bound; usually another program uses it.
    #[error(
        "port {port} of {ip} is not available for {listener}: {cause}; choose another one, or 0 for any free port"
    )]
    #[non_exhaustive]
    Bind {
        /// The address.
        ip: IpAddr,
        /// The requested port; 0 means any free port.
        port: u16,
        /// The name of the provider, or "the control API".
        listener: &'static str,
        /// The operating system's error.
        cause: io::Error,
    },
    /// The first port leaves too few ports for all listeners.
    #[error(
        "the listeners need {needed} consecutive ports, but port {port} leaves fewer; choose a lower one"
    )]
    #[non_exhaustive]
    PortTooHigh {
        /// The first port.
        port: u16,
        /// The number of ports required.
        needed: usize,
    },
    /// A Unix socket could not be bound, for example because another emulator uses it.
    #[error("the Unix socket {} can't be bound: {cause}", path.display())]
    #[non_exhaustive]
    Socket {
        /// The path of the socket.
        path: PathBuf,
        /// The operating system's error.
        cause: io::Error,
    },
    /// Others can reach the address, so that a name is required by which they do.
    #[error(
        "{ip} can be reached by others: also allow a host name by which they reach it (`--allow-host NAME`, `Builder::allow_host`)"
    )]
    #[non_exhaustive]
    NoAllowedHost {
        /// The address.
        ip: IpAddr,
    },
    /// The allowed host is no host name without a port.
    #[error("{host:?} is not a host name such as emulator or api.test")]
    #[non_exhaustive]
    InvalidHost {
        /// The host.
        host: String,
    },
    /// A setting does not exist or has an invalid value.
    #[error("{setting}: {problem}")]
    #[non_exhaustive]
    Setting {
        /// The setting.
        setting: String,
        /// What is wrong.
        problem: ActionError,
    },
    /// The certificate could not be made, or the file of the certification authority could not be written.
    #[error("TLS can't be used with the CA file {}: {cause}", ca_file.display())]
    #[non_exhaustive]
    Tls {
        /// The file.
        ca_file: PathBuf,
        /// The error.
        cause: io::Error,
    },
    /// The operating system refuses more threads.
    #[error("the emulator's threads could not be started: {cause}")]
    #[non_exhaustive]
    Threads {
        /// The operating system's error.
        cause: io::Error,
    },
    /// A part of the seed file is refused.
    #[error("seed file: {problem}")]
    #[non_exhaustive]
    Seed {
        /// What is wrong, with its line.
        problem: SeedError,
    },
    /// The relaxation does not exist.
    #[error("unknown relaxation {name:?}; known are: {known}")]
    #[non_exhaustive]
    UnknownRelaxation {
        /// The requested name.
        name: String,
        /// The names of all relaxations, separated by commas.
        known: String,
    },
}
