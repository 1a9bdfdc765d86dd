//! The library's entry points: [`Emulator`](running::Emulator), its builder, its namespaces, and the accessors of the providers.

mod accessors;
pub(crate) mod builder;
pub(crate) mod error;
pub(crate) mod expectation;
pub(crate) mod handle;
mod ports;
pub(crate) mod running;
mod snapshots;
mod start;
