//! The state of the provider.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use tokio::runtime::Handle;

use super::base::settings::Settings;
use super::data::store::Store;
use super::limit::RateLimit;
use super::outbox::Remembered;
use super::signature::{KeyPair, Nonces};
use super::tokens::Tokens;

#[derive(Clone)]
pub(crate) struct VirtuousProvider {
    pub(super) user: User,
    pub(super) api_key: String,
    pub(super) keys: KeyPair,
    pub(super) settings: Settings,
    pub(super) tokens: Tokens,
    pub(super) nonces: Nonces,
    pub(super) limit: RateLimit,
    pub(super) store: Store,
    /// The last deliveries that were due, oldest first.
    pub(super) deliveries: VecDeque<Remembered>,
    /// The runtime that sends deliveries in the background.
    pub(super) runtime: Option<Handle>,
    /// The number of deliveries being sent.
    pub(super) sending: Arc<AtomicUsize>,
}

/// The one user.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) password: String,
}
