//! Sessions that many processes share: the cookies of a host in a token store.
//!
//! The store's lock makes one process open a session for all. A process whose session was rejected takes the one that
//! another process has opened since, and opens a new one only if there is none. Unlike a refresh token, a key phrase can be
//! sent any number of times, so a process opens its own session when the store can't be reached.
//!
//! A record contains the sessions of all key phrases that the account has for a host. The phrases are part of what the
//! store protects like a token: a name that depends on one, even through a hash, would allow guessing it.

use crate::cookies::{Jar, Kept};
use crate::domain::KeyPhrase;
use crate::material::Material;
use crate::rules::NAME;
use crate::session_opener::SessionOpener;
use auth_client_core::provider::auth_core::store::{
    LockError, LockedToken, StoreError, StoreKey, StoredToken, TokenStore,
};
use auth_client_core::provider::auth_core::token::Lifetime;
use auth_client_core::provider::auth_core::{CredentialError, ExposeSecret as _, SecretString};
use auth_client_core::provider::{Engine, Renewed};
use std::cmp::Reverse;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

/// Time limit for one operation of the store.
const STORE_LIMIT: Duration = Duration::from_secs(10);

/// Time limit for locking, for stores without their own limit.
const LOCK_LIMIT: Duration = Duration::from_secs(90);

/// Time limit for opening a session under the lock: in a database, the lock is a lease of 30 seconds.
const OPEN_LIMIT: Duration = Duration::from_secs(25);

/// What a call waits for while another process holds the lock.
pub(crate) const OTHER_PROCESS: &str = "another process is opening the session";

/// Maximum time for which a session without an expiry is shared.
const LONGEST_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

/// Maximum number of sessions of one account at one host.
const MAX_SESSIONS: usize = 16;

/// The store of a client and the name of its account.
#[derive(Clone, Debug)]
pub(crate) struct SessionStore {
    pub(crate) store: Arc<dyn TokenStore>,
    pub(crate) account: String,
}

/// The record of a host in a store.
struct Place<'a> {
    opener: &'a SessionOpener,
    store: &'a dyn TokenStore,
    key: StoreKey,
}

/// What the record of a host contains.
#[derive(Default)]
struct Record {
    /// Generation of the record, which rises with each save.
    generation: u64,
    sessions: Vec<Shared>,
    /// It was written with another key or by another version.
    is_unreadable: bool,
}

impl Record {
    /// The generation after which another process has written a record. Which one a record has that can't be read is not
    /// known, so its writer is waited for.
    fn known(&self) -> u64 {
        if self.is_unreadable { u64::MAX } else { self.generation }
    }
}

/// A session in the store.
struct Shared {
    /// Its number: a session that is opened later has a higher one.
    generation: u64,
    phrase: KeyPhrase,
    opened: SystemTime,
    jar: Arc<Jar>,
}

/// A session as it is stored: generation, phrase, time of opening, and cookies. Times are microseconds relative to the
/// expiry of the record, which the store converts to the clock of each machine.
type Row = (u64, String, i64, Vec<(String, String, String, Option<i64>)>);

/// A session of another process, or the lock under which this one opens the next.
enum Found {
    Session(Shared),
    Locked(Box<dyn LockedToken>, Record),
    /// The store can't be reached.
    Alone,
}

impl SessionOpener {
    /// Takes a session that another process has opened after `held`, or opens one for all.
    pub(crate) async fn share(
        &self,
        store: &SessionStore,
        phrase: KeyPhrase,
        held: Option<&Material>,
    ) -> Result<Renewed<Material>, CredentialError> {
        let place = Place::new(self, store);
        let generation = held.map_or(0, |held| held.generation);
        match place.find(&phrase, held).await? {
            Found::Session(session) => Ok(self.adopt(session)),
            Found::Alone => {
                let mut opened = self.reopen(phrase).await?;
                (opened.material.generation, opened.material.is_own) = (generation, true);
                Ok(opened)
            }
            Found::Locked(locked, record) => {
                let opening = self.engine.within(OPEN_LIMIT, self.reopen(phrase)).await;
                let late = || {
                    let reason = format!("no session within {} seconds", OPEN_LIMIT.as_secs());
                    Err(CredentialError::unavailable(reason).with_message("could not open the session"))
                };
                match opening.unwrap_or_else(late) {
                    Ok(mut opened) => {
                        opened.material.generation = generation;
                        place.save(locked, record, &mut opened.material).await;
                        Ok(opened)
                    }
                    Err(error) => {
                        place.release(locked).await;
                        Err(error)
                    }
                }
            }
        }
    }

    fn adopt(&self, session: Shared) -> Renewed<Material> {
        let now = self.account.clock().now();
        let age = now.wall.duration_since(session.opened).unwrap_or_default();
        let limit = self.account.options.session_lifetime;
        let limit = limit.map(|limit| now.after(limit.saturating_sub(age)));
        let mut material = Material::new(session.jar, session.opened, limit);
        material.generation = session.generation;
        let lifetime = self.lifetime(&material, now);
        Renewed { material, lifetime }
    }
}

impl<'a> Place<'a> {
    fn new(opener: &'a SessionOpener, store: &'a SessionStore) -> Self {
        let key = StoreKey::new(NAME, &opener.engine.origin().to_string(), &store.account);
        Self { opener, store: &*store.store, key }
    }

    fn engine(&self) -> &Engine {
        &self.opener.engine
    }

    fn now(&self) -> SystemTime {
        self.opener.account.clock().now().wall
    }

    /// Returns a session that was opened after `held`, or the lock to open one. Fails if another process holds the lock for
    /// too long, because it may be opening a session.
    async fn find(&self, phrase: &KeyPhrase, held: Option<&Material>) -> Result<Found, CredentialError> {
        let Some(mut record) = self.read(self.store.load(&self.key)).await else { return Ok(Found::Alone) };
        if let Some(session) = self.newer(&mut record, phrase, held) {
            return Ok(Found::Session(session));
        }
        let locking = async {
            let mut known = record.known();
            loop {
                let locked = self.store.lock_unless_newer(&self.key, known).await;
                if !matches!(locked, Err(LockError::Held)) {
                    return locked;
                }
                let newest = self.read(self.store.load(&self.key)).await;
                let Some(mut newest) = newest.filter(|newest| newest.known() > known) else {
                    return locked;
                };
                if self.newer(&mut newest, phrase, held).is_some() {
                    return locked;
                }
                // Another process has opened a session of another key phrase.
                known = newest.known();
            }
        };
        self.opener.waits_for_other.store(true, Ordering::Release);
        let locked = self.engine().within(LOCK_LIMIT, locking).await;
        self.opener.waits_for_other.store(false, Ordering::Release);
        let mut locked = match locked.unwrap_or(Err(LockError::Held)) {
            Ok(locked) => locked,
            Err(error @ LockError::Held) => {
                let record = self.read(self.store.load(&self.key)).await;
                let session = record.and_then(|mut record| self.newer(&mut record, phrase, held));
                return session
                    .map(Found::Session)
                    .ok_or_else(|| CredentialError::unavailable(error).with_message(OTHER_PROCESS));
            }
            Err(_) => return Ok(Found::Alone),
        };
        let Some(mut record) = self.read(locked.load()).await else {
            self.release(locked).await;
            return Ok(Found::Alone);
        };
        match self.newer(&mut record, phrase, held) {
            Some(session) => {
                self.release(locked).await;
                Ok(Found::Session(session))
            }
            None => Ok(Found::Locked(locked, record)),
        }
    }

    /// Reads the record. One that can't be decrypted or that another version has written counts as empty, because it is
    /// replaced. `None` if the store can't be reached.
    async fn read(
        &self,
        loading: impl Future<Output = Result<Option<StoredToken>, StoreError>>,
    ) -> Option<Record> {
        match self.engine().within(STORE_LIMIT, loading).await? {
            Ok(Some(stored)) => {
                let sessions = self.parse(&stored).unwrap_or_default();
                Some(Record { generation: stored.generation, sessions, is_unreadable: false })
            }
            Ok(None) => Some(Record::default()),
            Err(error) => error.is_unreadable().then(|| Record { is_unreadable: true, ..Record::default() }),
        }
    }

    /// Takes a usable session for this phrase that was opened after `held` out of a record.
    fn newer(&self, record: &mut Record, phrase: &KeyPhrase, held: Option<&Material>) -> Option<Shared> {
        let now = self.now();
        let is_newer = |session: &Shared| {
            held.is_none_or(|held| {
                // The number of a session that this process has opened alone is not known.
                session.generation > held.generation && (!held.is_own || session.opened > held.opened)
            })
        };
        let position = record.sessions.iter().position(|session| {
            session.phrase.is_same(phrase) && self.serves(session, now) && is_newer(session)
        });
        position.map(|position| record.sessions.swap_remove(position))
    }

    fn serves(&self, session: &Shared, now: SystemTime) -> bool {
        let age = now.duration_since(session.opened).unwrap_or_default();
        let limit = self.opener.account.options.session_lifetime;
        session.ends() > now
            && limit.is_none_or(|limit| age < limit)
            && session.jar.has_session(now)
            && session.jar.header("/", now).is_some()
    }

    /// Stores a session that this process has opened, for the others, and releases the lock. A session that can't be stored
    /// serves this process alone.
    async fn save(&self, mut locked: Box<dyn LockedToken>, record: Record, material: &mut Material) {
        let mut is_saved = false;
        if let Some(phrase) = self.opener.phrase() {
            let now = self.now();
            let Record { generation, mut sessions, .. } = record;
            let known = sessions.iter().map(|session| session.generation).max().unwrap_or_default();
            let next = known.max(material.generation).saturating_add(1);
            sessions.retain(|session| !session.phrase.is_same(&phrase) && self.serves(session, now));
            let jar = Arc::clone(&material.jar);
            sessions.push(Shared { generation: next, phrase, opened: material.opened, jar });
            sessions.sort_by_key(|session| Reverse(session.generation));
            sessions.truncate(MAX_SESSIONS);
            if let Some((sessions, ends)) = written(&sessions, now) {
                let mut token = StoredToken::new(generation.saturating_add(1), sessions);
                token.expires_at = Some(ends);
                let saved = self.engine().within(STORE_LIMIT, locked.save(&token)).await;
                is_saved = matches!(saved, Some(Ok(())));
            }
            if is_saved {
                material.generation = next;
            }
        }
        material.is_own = !is_saved;
        self.release(locked).await;
    }

    async fn release(&self, locked: Box<dyn LockedToken>) {
        // A lock that can't be released expires.
        let _ = self.engine().within(STORE_LIMIT, locked.release()).await;
    }

    /// Parses a record. `None` if it is not what [`written`] returns.
    fn parse(&self, stored: &StoredToken) -> Option<Vec<Shared>> {
        let ends = stored.expires_at?;
        let rows: Vec<Row> = serde_json::from_str(stored.access.expose_secret()).ok()?;
        let session = |(generation, phrase, opened, cookies): Row| {
            let cookies = cookies.into_iter().map(|(name, value, path, end)| Kept {
                name,
                value: SecretString::from(value),
                path,
                ends: end.and_then(|end| at(ends, end)),
            });
            let (host, cookie) = (self.opener.host().name(), self.opener.session_cookie().clone());
            Some(Shared {
                generation,
                phrase: KeyPhrase::from(phrase),
                opened: at(ends, opened)?,
                jar: Arc::new(Jar::of(cookie, host, cookies.collect())),
            })
        };
        rows.into_iter().map(session).collect()
    }
}

impl Shared {
    fn ends(&self) -> SystemTime {
        let limit = self.opened.checked_add(LONGEST_LIFETIME).unwrap_or(self.opened);
        match self.jar.lifetime() {
            Lifetime::Until(end) => end.min(limit),
            _ => limit,
        }
    }
}

/// Returns the sessions as they are stored, and the expiry of the record, in whole milliseconds.
fn written(sessions: &[Shared], now: SystemTime) -> Option<(SecretString, SystemTime)> {
    let ends = sessions.iter().map(Shared::ends).max()?;
    let millis = ends.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis();
    let ends = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(u64::try_from(millis).ok()?))?;
    let row = |session: &Shared| -> Option<Row> {
        let cookies = session.jar.cookies(now).into_iter().map(|cookie| {
            let end = cookie.ends.and_then(|end| relative(ends, end));
            (cookie.name, cookie.value.expose_secret().to_owned(), cookie.path, end)
        });
        let opened = relative(ends, session.opened)?;
        Some((session.generation, session.phrase.expose().to_owned(), opened, cookies.collect()))
    };
    let rows: Option<Vec<Row>> = sessions.iter().map(row).collect();
    Some((SecretString::from(serde_json::to_string(&rows?).ok()?), ends))
}

/// Returns a time in microseconds relative to another one.
fn relative(to: SystemTime, time: SystemTime) -> Option<i64> {
    match time.duration_since(to) {
        Ok(later) => i64::try_from(later.as_micros()).ok(),
        Err(earlier) => i64::try_from(earlier.duration().as_micros()).ok().map(|micros| -micros),
    }
}

fn at(reference: SystemTime, micros: i64) -> Option<SystemTime> {
    let distance = Duration::from_micros(micros.unsigned_abs());
    if micros < 0 { reference.checked_sub(distance) } else { reference.checked_add(distance) }
}
