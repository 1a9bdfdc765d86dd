//! Opening and reopening sessions: the renewal behind [`Session`](crate::Session).
//!
//! A separate engine without a credential calls `/auth`, so that neither the token nor cookies of the previous session
//! are sent with the phrase; `redirects.rs` follows its redirects. The state machine is that of OAuth2 renewals: one
//! session is opened at a time, regardless of the number of calls.

use crate::account::Account;
use crate::cookies::{Jar, SessionCookie};
use crate::domain::{AccountDomain, KeyPhrase};
use crate::error::{NoPhrase, OPEN, PhraseRefused, SessionsRefused, is_html};
use crate::host::ViseHost;
use crate::material::Material;
use crate::shared_session::OTHER_PROCESS;
use crate::{redirects, rules};
use async_trait::async_trait;
use auth_client_core::UnknownFields;
use auth_client_core::provider::auth_core::token::Lifetime;
use auth_client_core::provider::auth_core::{
    CredentialError, CredentialSource, InvalidCredential, Now, Sign, SignError, SignedParts, SigningRequest,
    StaticCredential,
};
use auth_client_core::provider::{Engine, Observed, Operation, Renew, Renewed};
use auth_client_core::{Call, Error, ErrorKind, Idempotency, decode};
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};
use percent_encoding::percent_decode_str;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Number of consecutive sessions that may be rejected at their first call before the rate is limited.
const MAX_REFUSED: u32 = 10;
/// Minimum interval after that, because the protection layer would probably block an endless loop.
const REFUSED_INTERVAL: Duration = Duration::from_secs(10);

/// Delay until a rejected phrase is tried again, in case of a temporary failure of the host; doubles with each
/// rejection.
const FIRST_RETRY: Duration = Duration::from_secs(10);
const MAX_RETRY: Duration = Duration::from_secs(600);

/// Opens sessions at one host.
pub(crate) struct SessionOpener {
    pub(crate) account: Arc<Account>,
    host: ViseHost,
    pub(crate) engine: Engine,
    /// The other fields of the domain, to find it again in a later list.
    identity: UnknownFields,
    phrase: Mutex<Option<KeyPhrase>>,
    refused_in_a_row: AtomicU32,
    opened: Mutex<Option<Now>>,
    /// Number of consecutive rejections of the phrase.
    refusals: AtomicU32,
    /// Whether another process is opening the session.
    pub(crate) waits_for_other: AtomicBool,
}

/// A response to the phrase without a session.
struct Refusal {
    why: PhraseRefused,
    for_good: bool,
    /// The delay that the host requested.
    wait: Option<Duration>,
}

enum NotOpened {
    Refused(Refusal),
    Failed(Error),
}

impl SessionOpener {
    pub(crate) fn new(
        account: Arc<Account>,
        host: ViseHost,
        phrase: Option<KeyPhrase>,
        identity: UnknownFields,
    ) -> Result<Self, Error> {
        let base = host.base_url()?;
        let credential: Option<Arc<dyn CredentialSource>> = account.options.token_on_auth.then(|| {
            let signer = SharedToken(Arc::clone(&account));
            Arc::new(StaticCredential::new(signer, base.origin().clone())) as Arc<dyn CredentialSource>
        });
        let engine = Engine::new(&account.settings, base, rules::Opening, credential)?;
        Ok(Self {
            account,
            host,
            engine,
            identity,
            phrase: Mutex::new(phrase),
            refused_in_a_row: AtomicU32::new(0),
            opened: Mutex::default(),
            refusals: AtomicU32::new(0),
            waits_for_other: AtomicBool::new(false),
        })
    }

    pub(crate) fn host(&self) -> &ViseHost {
        &self.host
    }

    /// Returns the phrase in use: the given one, or one that the dashboard has listed since.
    pub(crate) fn phrase(&self) -> Option<KeyPhrase> {
        lock(&self.phrase).clone()
    }

    /// Returns whether this is the phrase in use.
    pub(crate) fn uses(&self, phrase: &KeyPhrase) -> bool {
        lock(&self.phrase).as_ref().is_some_and(|used| used.is_same(phrase))
    }

    fn call(&self, phrase: &KeyPhrase) -> Call<Response<Bytes>> {
        let options = &self.account.options;
        let operation = Operation::new(OPEN, options.auth_method.clone(), "", Idempotency::Read).sensitive();
        let request = self.engine.request_at(operation, &options.auth_path);
        let request = match options.phrase_is_encoded {
            false => request.query(&options.auth_parameter, phrase.expose()),
            // An encoded phrase is decoded first, so that encoding restores it. A `+` is a space, as in any query.
            true => match percent_decode_str(&phrase.expose().replace('+', " ")).decode_utf8() {
                Ok(plain) => request.query(&options.auth_parameter, &*plain),
                Err(_) => request.check(Err(Error::invalid_input(
                    OPEN,
                    "key phrase",
                    "must be valid percent-encoded UTF-8",
                ))),
            },
        };
        request.call(decode::raw)
    }

    async fn open(&self, phrase: &KeyPhrase) -> Result<Arc<Jar>, NotOpened> {
        let response = self.call(phrase).await.map_err(NotOpened::from)?;
        let jar = Arc::new(Jar::new(self.account.options.session_cookie.clone(), self.host.name()));
        jar.take(response.headers(), self.account.clock().now().wall);
        let last = redirects::follow(&self.account, &self.host, &jar, response).await;
        // Only the cookies matter: a page after the one that set the session cookie may fail.
        if jar.has_session(self.account.clock().now().wall) {
            return Ok(jar);
        }
        let last = last.map_err(NotOpened::from)?;
        let page = is_html(content_type(last.headers()), last.body());
        let why = PhraseRefused { status: last.status().as_u16(), page, relisted: false };
        Err(NotOpened::Refused(Refusal { why, for_good: false, wait: None }))
    }

    /// Returns another phrase for this host, from a list that was requested after the rejection.
    async fn other_phrase(&self, refused: &KeyPhrase, seen: u64) -> Option<KeyPhrase> {
        let domains = self.account.list_after(seen).await?;
        let policy = &self.account.options.policy;
        let here: Vec<&AccountDomain> = domains
            .iter()
            .filter(|domain| {
                domain.vise_url.as_deref().is_some_and(|url| policy.check(url).as_ref() == Ok(&self.host))
            })
            .collect();
        // If several domains share a host, only the one whose other fields are all equal is used.
        let mine = match here.as_slice() {
            [only] => Some(*only),
            several => {
                let mut same = several.iter().filter(|domain| domain.other == self.identity);
                same.next().filter(|_| same.next().is_none()).copied()
            }
        };
        mine?.vise_phrase.clone().filter(|phrase| !phrase.is_same(refused))
    }

    async fn open_or_relist(&self, phrase: KeyPhrase) -> Result<Arc<Jar>, NotOpened> {
        let seen = self.account.lists();
        let refused = match self.open(&phrase).await {
            Err(NotOpened::Refused(refusal)) => NotOpened::Refused(refusal),
            done => return done,
        };
        if !self.account.has_dashboard || !self.account.options.refresh_phrase_on_rejection {
            return Err(refused);
        }
        // The phrase may have been changed since it was listed. Tried once per rejection.
        let Some(fresh) = self.other_phrase(&phrase, seen).await else {
            return Err(refused.after_relisting());
        };
        let jar = self.open(&fresh).await.map_err(NotOpened::after_relisting)?;
        *lock(&self.phrase) = Some(fresh);
        Ok(jar)
    }

    /// Counts sessions that ended without a successful call, and fails if there were too many.
    fn limit_rate(&self, held: Option<&Material>) -> Result<(), CredentialError> {
        let now = self.account.clock().now();
        let Some(refused) = held.filter(|held| !held.accepted.load(Ordering::Acquire)) else {
            self.refused_in_a_row.store(0, Ordering::Release);
            return Ok(());
        };
        if !refused.counted.swap(true, Ordering::AcqRel) {
            self.refused_in_a_row.fetch_add(1, Ordering::AcqRel);
        }
        let since = lock(&self.opened).map_or(Duration::MAX, |opened| now.since(opened));
        if self.refused_in_a_row.load(Ordering::Acquire) >= MAX_REFUSED && since < REFUSED_INTERVAL {
            return Err(CredentialError::unavailable(SessionsRefused)
                .with_message("could not open a usable session")
                .with_retry_after(REFUSED_INTERVAL.saturating_sub(since)));
        }
        Ok(())
    }

    pub(crate) fn lifetime(&self, material: &Material, now: Now) -> Lifetime {
        let said = material.jar.lifetime();
        let limit = material.limit.map(|end| end.since(now));
        match (said.remaining(now), limit) {
            (Some(left), Some(limit)) if left <= limit => said,
            (_, Some(limit)) => Lifetime::For(limit),
            (_, None) => said,
        }
    }

    /// Returns the delay after one more rejection of the phrase.
    fn pace(&self) -> Duration {
        let refusals = self.refusals.fetch_add(1, Ordering::AcqRel).min(16);
        FIRST_RETRY.saturating_mul(1 << refusals).min(MAX_RETRY)
    }

    pub(crate) fn session_cookie(&self) -> &SessionCookie {
        &self.account.options.session_cookie
    }

    /// Returns the material of a session that another program has opened.
    pub(crate) fn material_of(
        &self,
        cookie: auth_client_core::provider::auth_core::SecretString,
    ) -> Material {
        let jar = Jar::with_session(self.session_cookie().clone(), self.host.name(), cookie);
        self.material(Arc::new(jar), self.account.clock().now())
    }

    fn material(&self, jar: Arc<Jar>, now: Now) -> Material {
        let limit = self.account.options.session_lifetime;
        Material::new(jar, now.wall, limit.map(|limit| now.after(limit)))
    }
}

#[async_trait]
impl Renew for SessionOpener {
    type Material = Material;

    async fn renew(&self, held: Option<Arc<Material>>) -> Result<Renewed<Material>, CredentialError> {
        let Some(phrase) = self.phrase() else {
            return Err(CredentialError::refused(NoPhrase).with_message("the session can't be reopened"));
        };
        self.limit_rate(held.as_deref())?;
        match &self.account.options.sessions {
            Some(store) => self.share(store, phrase, held.as_deref()).await,
            None => self.reopen(phrase).await,
        }
    }

    fn waits_for(&self) -> Option<&'static str> {
        Some(match self.waits_for_other.load(Ordering::Acquire) {
            true => OTHER_PROCESS,
            false => "the host has not opened a session",
        })
    }

    fn signer(&self, material: &Material) -> Result<Arc<dyn Sign>, InvalidCredential> {
        let jar = Arc::clone(&material.jar);
        if jar.header("/", self.account.clock().now().wall).is_none() {
            return Err(InvalidCredential::new("session cookie", "must be a valid header value"));
        }
        Ok(Arc::new(SessionSigner { jar, account: Some(Arc::clone(&self.account)) }))
    }

    /// Stores the cookies that a response sets. The session ends if it clears its cookie, and has another lifetime
    /// if it changes the cookie's.
    fn observe(&self, material: &Material, status: StatusCode, headers: &HeaderMap) -> Observed {
        let page = is_html(content_type(headers), b"");
        if status.is_success() && !page {
            material.accepted.store(true, Ordering::Release);
        }
        let now = self.account.clock().now();
        let before = material.jar.lifetime();
        if material.jar.take(headers, now.wall) {
            return Observed::Ended;
        }
        match material.jar.lifetime() == before {
            true => Observed::Unchanged,
            false => Observed::Lifetime(self.lifetime(material, now)),
        }
    }
}

impl SessionOpener {
    /// Opens a session with the phrase.
    pub(crate) async fn reopen(&self, phrase: KeyPhrase) -> Result<Renewed<Material>, CredentialError> {
        match self.open_or_relist(phrase).await {
            Ok(jar) => {
                let now = self.account.clock().now();
                *lock(&self.opened) = Some(now);
                self.refusals.store(0, Ordering::Release);
                let material = self.material(jar, now);
                let lifetime = self.lifetime(&material, now);
                Ok(Renewed { material, lifetime })
            }
            Err(NotOpened::Refused(Refusal { why, for_good, wait })) => {
                let error = match (for_good, wait) {
                    // The rejection may come from a firewall instead of the API, so the phrase is tried again later.
                    (true, _) => {
                        let wait = self.pace().max(wait.unwrap_or_default());
                        CredentialError::refused(why).with_retry_after(wait)
                    }
                    // A page or a redirect may be temporary and independent of the phrase.
                    (false, Some(wait)) => CredentialError::unavailable(why).with_retry_after(wait),
                    (false, None) => CredentialError::unavailable(why),
                };
                Err(error.with_message("the host did not open a session"))
            }
            Err(NotOpened::Failed(error)) => {
                let wait = error.retry_after();
                let failed = CredentialError::unavailable(error).with_message("could not open the session");
                Err(match wait {
                    Some(wait) => failed.with_retry_after(wait),
                    None => failed,
                })
            }
        }
    }
}

/// Prints the host without secrets.
impl fmt::Debug for SessionOpener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionOpener").field("host", &self.host.to_string()).finish_non_exhaustive()
    }
}

impl NotOpened {
    fn after_relisting(self) -> Self {
        match self {
            Self::Refused(refusal) => {
                Self::Refused(Refusal { why: PhraseRefused { relisted: true, ..refusal.why }, ..refusal })
            }
            failed => failed,
        }
    }
}

impl From<Error> for NotOpened {
    fn from(error: Error) -> Self {
        let Some(status) = error.status() else { return Self::Failed(error) };
        let page = is_html(error.headers().and_then(content_type), error.body().map_or(&[][..], |body| body));
        let why = PhraseRefused { status: status.as_u16(), page, relisted: false };
        match error.kind() {
            ErrorKind::InvalidData
            | ErrorKind::Unauthenticated
            | ErrorKind::Forbidden
            | ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::Status => Self::Refused(Refusal { why, for_good: !page, wait: error.retry_after() }),
            _ => Self::Failed(error),
        }
    }
}

/// Signs calls with the cookies of the session and, except for redirects of `/auth`, the account's token.
pub(crate) struct SessionSigner {
    pub(crate) jar: Arc<Jar>,
    pub(crate) account: Option<Arc<Account>>,
}

impl Sign for SessionSigner {
    fn sign(&self, request: &SigningRequest<'_>) -> Result<SignedParts, SignError> {
        let mut parts = SignedParts::new();
        if let Some(cookies) = self.jar.header(request.path(), request.time()) {
            parts = parts.secret_header(header::COOKIE, cookies);
        }
        match &self.account {
            Some(account) => account.token.add_to(parts, request),
            None => Ok(parts),
        }
    }
}

impl fmt::Debug for SessionSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionSigner").field("jar", &self.jar).finish_non_exhaustive()
    }
}

/// The token alone, for servers that require it with the phrase.
#[derive(Debug)]
struct SharedToken(Arc<Account>);

impl Sign for SharedToken {
    fn sign(&self, request: &SigningRequest<'_>) -> Result<SignedParts, SignError> {
        self.0.token.sign(request)
    }
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
