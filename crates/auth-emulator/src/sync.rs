//! One way to take a lock, used by every module that keeps state.
//!
//! A thread that panicked while it held a lock has left the state of a test tool behind, nothing more; the others go on.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Takes `mutex`, whether or not an earlier holder panicked.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
