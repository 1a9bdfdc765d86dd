//! A call that is sent many times with different numeric query parameters: the pages of a list.

use super::Call;
use crate::decode::Decode;
use crate::decode::rows::Recover;
use crate::encode::query;
use crate::engine::{CallOptions, Engine, Outgoing};
use crate::error::Error;
use crate::operation::Operation;
use std::fmt;
use std::marker::PhantomData;

/// Call template: creates one call per page position. [`Step`](crate::provider::Step) takes one for
/// [`pages`](Call::pages).
pub struct CallTemplate<T, E = Error> {
    pub(super) engine: Engine,
    pub(super) outgoing: Outgoing,
    pub(super) options: Option<Box<CallOptions>>,
    pub(super) decode: Decode<T>,
    /// Set by `on_unreadable`, so that other calls don't compile this code.
    pub(super) recover: Option<Recover<T>>,
    pub(super) error: PhantomData<fn() -> E>,
}

impl<T, E: From<Error>> CallTemplate<T, E> {
    /// Returns the operation.
    #[must_use]
    pub fn operation(&self) -> &Operation {
        &self.outgoing.operation
    }

    /// Returns the number in this query parameter.
    #[must_use]
    pub fn query_number(&self, name: &str) -> Option<u64> {
        query::find(&self.outgoing.target, name)?.parse().ok()
    }

    /// Returns the call with these query parameters, which replace those of the same names.
    pub fn call(&self, numbers: &[(&'static str, u64)]) -> Call<T, E> {
        let mut outgoing = self.outgoing.clone();
        for (name, value) in numbers {
            query::set(&mut outgoing.target, name, value);
        }
        Call {
            engine: self.engine.clone(),
            outgoing: Ok(outgoing),
            options: self.options.clone(),
            decode: self.decode,
            recover: self.recover,
            error: PhantomData,
        }
    }
}

impl<T, E> fmt::Debug for CallTemplate<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallTemplate")
            .field("operation", &self.outgoing.operation.id())
            .finish_non_exhaustive()
    }
}
