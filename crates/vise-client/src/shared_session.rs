//! Sessions that many processes share: the cookies of a host in a token store.
//!
//! The store's lock makes one process open a session for all. A process whose session was rejected takes the one that
//! another process has opened since, and opens a new one only if there is none. Unlike a refresh token, a key phrase can be
//! sent any number of times, so a process opens its own session when the store can't be reached.

use crate::cookies::Jar;
use crate::domain::KeyPhrase;
use crate::host::ViseHost;
use crate::rules::NAME;
use crate::session_opener::{Material, SessionOpener};
use auth_client_core::provider::auth_core::store::{LockedToken, StoreKey, StoredToken, TokenStore};
use auth_client_core::provider::auth_core::{CredentialError, ExposeSecret as _, SecretString};
use auth_client_core::provider::{Engine, Renewed};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Time limits for one operation of the store, and for its lock: another process may be opening a session.
const STORE_LIMIT: Duration = Duration::from_secs(10);
const LOCK_LIMIT: Duration = Duration::from_secs(60);

/// The store of a client and the name of its account.
#[derive(Clone, Debug)]
pub(crate) struct SessionStore {
    pub(crate) store: Arc<dyn TokenStore>,
    pub(crate) account: String,
}

/// The stored session of one host and phrase.
pub(crate) struct Place<'a> {
    engine: &'a Engine,
    store: &'a dyn TokenStore,
    key: StoreKey,
}

/// A session of another process, or the lock under which this one opens the next.
pub(crate) enum Found {
    Session(StoredToken),
    Locked(Box<dyn LockedToken>, u64),
    /// The store can't be reached.
    Alone,
}

impl SessionStore {
    pub(crate) fn place<'a>(&'a self, engine: &'a Engine, host: &ViseHost, phrase: &KeyPhrase) -> Place<'a> {
        // Several domains of a host have different phrases, and different sessions.
        let digest = Sha256::new().chain_update(host.to_string()).chain_update([0]);
        let digest = digest.chain_update(phrase.expose()).finalize();
        let mut account = format!("{} ", self.account);
        for byte in digest.iter().take(8) {
            let _ = write!(account, "{byte:02x}");
        }
        let key = StoreKey::new(NAME, &engine.origin().to_string(), &account);
        Place { engine, store: &*self.store, key }
    }
}

impl SessionOpener {
    /// Takes a session that another process has opened after `seen`, or opens one for all.
    pub(crate) async fn share(
        &self,
        store: &SessionStore,
        phrase: KeyPhrase,
        seen: u64,
    ) -> Result<Renewed<Material>, CredentialError> {
        let place = store.place(&self.engine, self.host(), &phrase);
        let (locked, generation) = match place.find(seen, self.account.clock().now().wall).await {
            Found::Session(stored) => match self.adopt(&stored) {
                Some(adopted) => return Ok(adopted),
                None => return self.reopen(phrase).await,
            },
            Found::Alone => return self.reopen(phrase).await,
            Found::Locked(locked, generation) => (locked, generation),
        };
        let mut opened = match self.reopen(phrase.clone()).await {
            // The phrase that another one has replaced is not that of this place.
            Ok(opened) if self.uses(&phrase) => opened,
            other => {
                place.release(locked).await;
                return other;
            }
        };
        let now = self.account.clock().now();
        let ends = opened.lifetime.remaining(now).and_then(|left| now.wall.checked_add(left));
        let cookies = opened.material.jar.to_stored(now.wall);
        opened.material.generation = place.save(locked, generation, cookies, ends).await;
        Ok(opened)
    }

    fn adopt(&self, stored: &StoredToken) -> Option<Renewed<Material>> {
        let now = self.account.clock().now();
        let jar = Jar::new(self.session_cookie().clone(), self.host().name()).restore(stored)?;
        jar.header("/", now.wall)?;
        let mut material = Material::new(Arc::new(jar), now);
        material.generation = stored.generation;
        let lifetime = self.lifetime(&material, now);
        Some(Renewed { material, lifetime })
    }
}

impl Place<'_> {
    /// Returns a session that was stored after `seen`, or the lock to open one.
    pub(crate) async fn find(&self, seen: u64, now: SystemTime) -> Found {
        let newer = |stored: Option<StoredToken>| {
            stored.filter(|stored| stored.generation > seen && serves(stored, now))
        };
        let loaded = self.engine.within(STORE_LIMIT, self.store.load(&self.key)).await;
        match loaded {
            Some(Ok(stored)) => {
                if let Some(session) = newer(stored) {
                    return Found::Session(session);
                }
            }
            Some(Err(_)) | None => return Found::Alone,
        }
        let locked = self.engine.within(LOCK_LIMIT, self.store.lock(&self.key)).await;
        let Some(Ok(mut locked)) = locked else { return Found::Alone };
        let Some(Ok(stored)) = self.engine.within(STORE_LIMIT, locked.load()).await else {
            self.release(locked).await;
            return Found::Alone;
        };
        let generation = stored.as_ref().map_or(0, |stored| stored.generation).max(seen);
        match newer(stored) {
            Some(session) => {
                self.release(locked).await;
                Found::Session(session)
            }
            None => Found::Locked(locked, generation),
        }
    }

    /// Stores a session that this process has opened, for the others. Returns its generation, or 0 if it could not be stored:
    /// it serves this process alone.
    pub(crate) async fn save(
        &self,
        mut locked: Box<dyn LockedToken>,
        generation: u64,
        cookies: SecretString,
        ends: Option<SystemTime>,
    ) -> u64 {
        let generation = generation.saturating_add(1);
        let mut token = StoredToken::new(generation, cookies);
        token.expires_at = ends;
        let saved = self.engine.within(STORE_LIMIT, locked.save(&token)).await;
        self.release(locked).await;
        if matches!(saved, Some(Ok(()))) { generation } else { 0 }
    }

    pub(crate) async fn release(&self, locked: Box<dyn LockedToken>) {
        // A lock that can't be released expires.
        let _ = self.engine.within(STORE_LIMIT, locked.release()).await;
    }
}

fn serves(stored: &StoredToken, now: SystemTime) -> bool {
    stored.expires_at.is_none_or(|ends| ends > now)
}

impl Jar {
    /// Returns the cookies as a JSON list of names, values and paths.
    pub(crate) fn to_stored(&self, now: SystemTime) -> SecretString {
        let cookies = self.cookies(now).into_iter().map(|cookie| serde_json::json!(cookie));
        SecretString::from(serde_json::Value::from_iter(cookies).to_string())
    }

    /// Restores stored cookies. `None` if they are not what [`to_stored`](Self::to_stored) writes.
    pub(crate) fn restore(self, stored: &StoredToken) -> Option<Self> {
        let cookies: Vec<[String; 3]> = serde_json::from_str(stored.access.expose_secret()).ok()?;
        for cookie in cookies {
            self.keep(cookie, stored.expires_at);
        }
        Some(self)
    }
}
