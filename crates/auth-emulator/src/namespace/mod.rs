//! Namespaces: several emulators behind one set of listeners. Each has its own data, settings, clock, journal, faults, counts
//! and ids. The server finds the namespace of a request, and the control API and the typed handle work on one.

mod locate;
pub(crate) mod registry;
pub(crate) mod seed_file;
pub(crate) mod snapshot;
pub(crate) mod space;
