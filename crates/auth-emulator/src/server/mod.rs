//! From a socket to a provider: the listener, and the pipeline that every request passes through.

pub(crate) mod cut;
pub(crate) mod host;
pub(crate) mod listener;
pub(crate) mod pipeline;
pub(crate) mod stream;
pub(crate) mod wire;
