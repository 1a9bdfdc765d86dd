//! From a socket to a provider: threads, listeners, and the pipeline that every request passes through.

pub(crate) mod body;
pub(crate) mod bomb;
pub(crate) mod head;
pub(crate) mod host;
pub(crate) mod inject;
pub(crate) mod listener;
pub(crate) mod long_part;
pub(crate) mod mounted;
pub(crate) mod pipeline;
pub(crate) mod refusal;
pub(crate) mod reply;
#[cfg(unix)]
pub(crate) mod socket;
pub(crate) mod stream;
pub(crate) mod threads;
pub(crate) mod tls;
pub(crate) mod wire;
