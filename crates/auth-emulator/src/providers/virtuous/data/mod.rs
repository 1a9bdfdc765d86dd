//! The stored data of the organization, and the context of an operation on it.

pub(crate) mod contact;
pub(crate) mod contacts;
pub(crate) mod gifts;
pub(crate) mod giving;
pub(crate) mod job;
pub(crate) mod received;
pub(crate) mod store;
pub(crate) mod tags;
pub(crate) mod transactions;
