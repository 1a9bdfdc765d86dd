//! The client: the account, its domains, and the sessions at their hosts.

use crate::Call;
use crate::account::Account;
use crate::domain::{AccountDomain, KeyPhrase, VISE_PHRASE, VISE_URL};
use crate::error::{Error, OPEN};
use crate::host::ViseHost;
use crate::rules::NAME;
use crate::session::Session;
use crate::session_opener::SessionOpener;
use auth_client_core::UnknownFields;
use auth_client_core::provider::auth_core::SecretString;
use auth_client_core::provider::auth_core::secret::check_trimmed;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Maximum number of cached sessions per host: one per phrase, and phrases can change.
const MAX_PER_HOST: usize = 8;

/// Client for the VISE API. Cheap to clone; clones share connections and sessions.
///
/// The authentication can start at each of its steps:
///
/// | available | method |
/// | --- | --- |
/// | the account token | [`list_account_domains`](Self::list_account_domains), then [`open_session`](Self::open_session), or [`for_all_domains`](Self::for_all_domains) |
/// | token, a host and its phrase | [`session`](Self::session) |
/// | token, a host and a session cookie | [`resume_session`](Self::resume_session) |
///
/// ```
/// use vise_client::Client;
///
/// let vise = Client::builder("account-token").dashboard_url("https://dashboard.example").build()?;
/// # Ok::<(), vise_client::Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    account: Arc<Account>,
    sessions: Arc<Mutex<HashMap<ViseHost, Vec<Session>>>>,
    /// Host and phrase of the default session, from the builder or the environment.
    default: Option<(ViseHost, KeyPhrase)>,
}

impl Client {
    pub(crate) fn new(account: Account, default: Option<(ViseHost, KeyPhrase)>) -> Self {
        Self { account: Arc::new(account), sessions: Arc::default(), default }
    }

    /// Lists the account's domains with the dashboard's Domains API.
    ///
    /// Assumption (domains-endpoint): the request is `GET /domains` below the dashboard's URL; the vendor documents
    /// neither method nor path. Any list whose entries have `domain_vise_url` is accepted.
    ///
    /// ```no_run
    /// # async fn example(vise: vise_client::Client) -> Result<(), vise_client::Error> {
    /// for domain in vise.list_account_domains().await? {
    ///     println!("{domain:?}"); // Without its phrase.
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of any call, [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the client has no
    /// dashboard URL, and [`ErrorKind::Decode`](crate::ErrorKind::Decode) if the response has no known shape; that
    /// error contains the names of the fields, but no values.
    pub fn list_account_domains(&self) -> Call<Vec<AccountDomain>> {
        self.account.list()
    }

    /// Returns the session at a domain's host. Nothing is sent until it is used.
    ///
    /// Calls with the same host and phrase return the same session.
    ///
    /// ```
    /// use vise_client::{AccountDomain, Client};
    ///
    /// let vise = Client::builder("account-token").build()?;
    /// let session = vise.session_for(&AccountDomain::new("shop-1.vise.example", "phrase"))?;
    /// assert_eq!(session.host().name(), "shop-1.vise.example");
    /// # Ok::<(), vise_client::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the domain has no VISE host or phrase, or
    /// if its host must not be called; [`session_problem`](Error::session_problem) returns the reason.
    pub fn session_for(&self, domain: &AccountDomain) -> Result<Session, Error> {
        let missing =
            |field| invalid(auth_client_core::Error::invalid_input(OPEN, field, "missing in the domain"));
        let host = domain.vise_url.as_deref().ok_or_else(|| missing(VISE_URL))?;
        let phrase = domain.vise_phrase.clone().ok_or_else(|| missing(VISE_PHRASE))?;
        self.session_with(self.check(host)?, phrase, domain.other.clone())
    }

    /// Returns the session at a domain's host after opening it.
    ///
    /// ```no_run
    /// # async fn example(vise: &vise_client::Client) -> Result<(), vise_client::Error> {
    /// for domain in vise.list_account_domains().await? {
    ///     let session = vise.open_session(&domain).await?;
    ///     println!("{}: {}", session.host(), session.vise_domains().await?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`session_for`](Self::session_for) and [`Session::open`].
    pub async fn open_session(&self, domain: &AccountDomain) -> Result<Session, Error> {
        let session = self.session_for(domain)?;
        session.open().await?;
        Ok(session)
    }

    /// Returns the session at a host whose phrase is known. Nothing is sent until it is used.
    ///
    /// ```no_run
    /// # async fn example(vise: &vise_client::Client) -> Result<(), vise_client::Error> {
    /// let session = vise.session("shop-1.vise.example", "the domain's key phrase")?;
    /// println!("{}", session.vise_domains().await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`session_for`](Self::session_for).
    pub fn session(&self, host: &str, phrase: impl Into<KeyPhrase>) -> Result<Session, Error> {
        let phrase = phrase.into();
        check_trimmed("key phrase", phrase.expose()).map_err(|error| {
            invalid(auth_client_core::Error::invalid_input(OPEN, error.field(), error.reason().to_owned()))
        })?;
        self.session_with(self.check(host)?, phrase, UnknownFields::new())
    }

    /// Resumes a session that another program has opened, with the value of its cookie. Such a session can't be
    /// reopened: after it has ended, calls fail with [`SessionProblem::NoPhrase`](crate::SessionProblem::NoPhrase).
    ///
    /// The first call sends the account token to this host.
    ///
    /// ```no_run
    /// # async fn example(vise: vise_client::Client, cookie: String) -> Result<(), vise_client::Error> {
    /// let session = vise.resume_session("shop-1.vise.example", cookie)?;
    /// println!("{}", session.vise_domains().await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`session_for`](Self::session_for), and an error if the cookie is not a valid header value.
    pub fn resume_session(&self, host: &str, cookie: impl Into<SecretString>) -> Result<Session, Error> {
        let host = self.check(host)?;
        let resume = || {
            let opener = SessionOpener::new(Arc::clone(&self.account), host, None, UnknownFields::new())?;
            let session = Session::new(Arc::clone(&self.account), opener)?;
            session.install(check_cookie(cookie.into())?)?;
            Ok(session)
        };
        resume().map_err(invalid)
    }

    /// Returns the session at the host set by [`ClientBuilder::default_host`](crate::ClientBuilder::default_host) or the environment, or `None` if
    /// there is none.
    ///
    /// ```no_run
    /// # async fn example(vise: &vise_client::Client) -> Result<(), vise_client::Error> {
    /// if let Some(session) = vise.default_session()? {
    ///     println!("{}", session.vise_domains().await?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`session_for`](Self::session_for).
    pub fn default_session(&self) -> Result<Option<Session>, Error> {
        let open = |(host, phrase): &(ViseHost, KeyPhrase)| {
            self.session_with(host.clone(), phrase.clone(), UnknownFields::new())
        };
        self.default.as_ref().map(open).transpose()
    }

    fn check(&self, host: &str) -> Result<ViseHost, Error> {
        self.account.options.policy.check(host).map_err(|why| {
            let error = auth_client_core::Error::invalid_input(OPEN, VISE_URL, "the host must not be called");
            invalid(error.with_source(why))
        })
    }

    fn session_with(
        &self,
        host: ViseHost,
        phrase: KeyPhrase,
        identity: UnknownFields,
    ) -> Result<Session, Error> {
        let mut sessions = self.sessions();
        let here = sessions.entry(host.clone()).or_default();
        if let Some(session) = here.iter().find(|session| session.serves(&phrase)) {
            return Ok(session.clone());
        }
        let make = || {
            let opener = SessionOpener::new(Arc::clone(&self.account), host, Some(phrase), identity)?;
            Session::new(Arc::clone(&self.account), opener)
        };
        let session = make().map_err(invalid)?;
        if here.len() >= MAX_PER_HOST {
            here.remove(0);
        }
        here.push(session.clone());
        Ok(session)
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<ViseHost, Vec<Session>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn invalid(error: auth_client_core::Error) -> Error {
    error.with_provider(NAME).into()
}

fn check_cookie(cookie: SecretString) -> Result<SecretString, auth_client_core::Error> {
    use auth_client_core::provider::auth_core::ExposeSecret as _;

    check_trimmed("session cookie", cookie.expose_secret())?;
    if cookie.expose_secret().contains([';', ',', ' ']) {
        return Err(auth_client_core::Error::invalid_input(
            OPEN,
            "session cookie",
            "must be the value of a cookie only",
        ));
    }
    Ok(cookie)
}

/// Prints the hosts without secrets.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("account", &self.account)
            .field("hosts", &self.sessions().keys().map(ToString::to_string).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
