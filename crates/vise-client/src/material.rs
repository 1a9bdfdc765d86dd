//! A session as it is held by a process.

use crate::cookies::Jar;
use auth_client_core::provider::auth_core::Now;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

/// A session: its cookies, and whether any call with it succeeded.
pub(crate) struct Material {
    pub(crate) jar: Arc<Jar>,
    pub(crate) accepted: AtomicBool,
    /// Set when the session has been counted as rejected.
    pub(crate) counted: AtomicBool,
    pub(crate) opened: SystemTime,
    /// Its end by the maximum lifetime of sessions.
    pub(crate) limit: Option<Now>,
    /// Its number in the store that shares it. If it is not shared, that of the last one that was.
    pub(crate) generation: u64,
    /// Whether this process has opened it for itself alone.
    pub(crate) is_own: bool,
}

impl Material {
    pub(crate) fn new(jar: Arc<Jar>, opened: SystemTime, limit: Option<Now>) -> Self {
        let (accepted, counted) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { jar, accepted, counted, opened, limit, generation: 0, is_own: false }
    }
}
