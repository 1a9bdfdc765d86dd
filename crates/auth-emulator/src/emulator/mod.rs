//! The library's entry points: [`Emulator`](handle::Emulator), its builder, and the accessors of the providers.

mod accessors;
pub(crate) mod builder;
pub(crate) mod handle;
