//! A session at one VISE host.

use crate::Call;
use crate::account::Account;
use crate::domain::KeyPhrase;
use crate::error::{Error, OPEN, VISE_DOMAINS};
use crate::host::ViseHost;
use crate::rules::{self, NAME};
use crate::session_opener::SessionOpener;
use auth_client_core::provider::auth_core::token::{Lifetime, RenewalSettings};
use auth_client_core::provider::auth_core::{CredentialSource, SecretString};
use auth_client_core::provider::{Engine, Operation, RenewingCredential};
use auth_client_core::{Idempotency, Request, decode};
use http::Method;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A session at one VISE host. Cheap to clone; clones are the same session.
///
/// The first call, or [`open`](Self::open), opens the session; a call reopens it if it has ended. Concurrent calls
/// share one request to `/auth`. A session has ended when its cookie expires, when a response clears the cookie, or
/// when the response to a call is a 401, a redirect, or an HTML page instead of JSON. A read is then sent once more; a
/// write returns an error with [`RenewedNotReplayed`](crate::SessionProblem::RenewedNotReplayed).
///
/// ```no_run
/// # async fn run(vise: vise_client::Client) -> Result<(), vise_client::Error> {
/// use vise_client::{Call, RawJson, decode, http::Method};
///
/// let session = vise.session("shop-1.vise.example", "the domain's key phrase")?;
/// println!("{}", session.vise_domains().await?);
///
/// // Any path of the same host, with the same session and token.
/// let rules = session.request(Method::GET, "/rules").query("page", 2_i64);
/// let rules: Call<RawJson> = rules.call(decode::json);
/// println!("{}", rules.await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Session {
    inner: Arc<Inner>,
}

struct Inner {
    account: Arc<Account>,
    source: RenewingCredential<SessionOpener>,
    engine: Engine,
}

impl Session {
    pub(crate) fn new(account: Arc<Account>, opener: SessionOpener) -> Result<Self, auth_client_core::Error> {
        let base = opener.host().base_url()?.with_prefix(&account.options.vise_prefix)?;
        let clock = Arc::clone(account.clock());
        let rules = rules::Calls {
            session: account.options.session_cookie.clone(),
            clock,
            html_ends_session: account.options.html_ends_session,
            forbidden_ends_sessions: account.options.forbidden_ends_sessions,
        };
        let origin = base.origin().clone();
        let source = RenewingCredential::new(NAME, opener, origin, &account.settings, renewal_settings());
        let engine = Engine::new(&account.settings, base, rules, Some(Arc::new(source.clone())))?;
        Ok(Self { inner: Arc::new(Inner { account, source, engine }) })
    }

    /// Installs the cookie of a session that another program has opened.
    pub(crate) fn install(&self, cookie: SecretString) -> Result<(), auth_client_core::Error> {
        let material = self.inner.source.renewer().material_of(cookie);
        let lifetime = self.inner.account.options.session_lifetime.map_or(Lifetime::Unknown, Lifetime::For);
        Ok(self.inner.source.install(material, lifetime)?)
    }

    /// Returns whether this session can be returned to callers with this phrase.
    pub(crate) fn serves(&self, phrase: &KeyPhrase) -> bool {
        self.inner.source.renewer().uses(phrase)
    }

    /// Returns the host.
    ///
    /// ```
    /// let vise = vise_client::Client::builder("account-token").build()?;
    /// let session = vise.session("https://Shop-1.vise.example/", "phrase")?;
    /// assert_eq!(session.host().name(), "shop-1.vise.example");
    /// # Ok::<(), vise_client::Error>(())
    /// ```
    #[must_use]
    pub fn host(&self) -> &ViseHost {
        self.inner.source.renewer().host()
    }

    /// Opens the session if it is not open yet.
    ///
    /// ```no_run
    /// # async fn example(session: &vise_client::Session) -> Result<(), vise_client::Error> {
    /// session.open().await?;
    /// assert!(session.is_open());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`](crate::ErrorKind::Credentials) if no session could be opened;
    /// [`session_problem`](Error::session_problem) returns the reason. [`ErrorKind::Timeout`](crate::ErrorKind::Timeout)
    /// after the time limit of a call.
    pub async fn open(&self) -> Result<(), Error> {
        let operation = Operation::new(OPEN, Method::GET, "", Idempotency::Read);
        self.inner.engine.authenticate(&operation).await.map_err(Into::into)
    }

    /// Returns `true` if the session is open, as far as known without a request.
    ///
    /// ```
    /// let vise = vise_client::Client::builder("account-token").build()?;
    /// assert!(!vise.session("shop-1.vise.example", "phrase")?.is_open(), "nothing has been sent yet");
    /// # Ok::<(), vise_client::Error>(())
    /// ```
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.inner.source.current(self.inner.account.clock().now()).is_some()
    }

    /// Calls the VISE Domains endpoint of this host.
    ///
    /// Assumption (vise-paths): the request is `GET /domains`. The vendor documents neither the path nor the response,
    /// so the JSON is returned unchanged. See
    /// [`ClientBuilder::vise_domains_path`](crate::ClientBuilder::vise_domains_path). To list the account's domains,
    /// use [`Client::list_account_domains`](crate::Client::list_account_domains).
    ///
    /// ```no_run
    /// # async fn example(session: &vise_client::Session) -> Result<(), vise_client::Error> {
    /// let domains = session.vise_domains().await?;
    /// println!("{domains}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error`] if no session could be opened or the call fails; [`session_problem`](Error::session_problem) returns
    /// the problem with the session.
    pub fn vise_domains(&self) -> Call<Value> {
        let operation = Operation::new(VISE_DOMAINS, Method::GET, "", Idempotency::Read);
        let path = &self.inner.account.options.vise_domains_path;
        self.inner.engine.request_at(operation, path).call(decode::json)
    }

    /// Creates a request to any path of this host, with the session cookie and the token.
    ///
    /// The path must be percent-encoded, and can't leave the host or the prefix of
    /// [`ClientBuilder::vise_prefix`](crate::ClientBuilder::vise_prefix); add query parameters with
    /// [`query`](crate::Request::query). Only GET, HEAD, OPTIONS and TRACE are retried or sent again after a renewal,
    /// unless you set another class with [`idempotency`](crate::Request::idempotency).
    ///
    /// ```no_run
    /// # async fn example(session: &vise_client::Session) -> Result<(), vise_client::Error> {
    /// use vise_client::{Call, RawJson, decode, http::Method};
    ///
    /// let rules: Call<RawJson> =
    ///     session.request(Method::GET, "/rules").call(decode::json);
    /// println!("{}", rules.await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method, path: &str) -> Request {
        self.inner.engine.raw(method, path)
    }
}

/// Returns the settings of the renewal.
fn renewal_settings() -> RenewalSettings {
    let mut settings = RenewalSettings::default();
    // A session may end at any time, even right after it was opened. `renew` limits the rate.
    settings.min_renewal_interval = Duration::ZERO;
    settings
}

/// Prints the host and whether the session is open.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("host", &self.host().to_string())
            .field("is_open", &self.is_open())
            .finish_non_exhaustive()
    }
}
