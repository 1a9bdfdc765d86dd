//! State that all hosts of a client share: settings, token, dashboard and the list of domains.

use crate::cookies::SessionCookie;
use crate::domain::{self, AccountDomain};
use crate::error::LIST;
use crate::host::HostPolicy;
use crate::shared_session::SessionStore;
use crate::token_placement::PlacedToken;
use auth_client_core::provider::auth_core::Clock;
use auth_client_core::provider::{Engine, Operation, Settings};
use auth_client_core::{Call, Error, Idempotency};
use http::Method;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// VISE-specific settings. The defaults for undocumented behavior of the vendor's API are defined here.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) domains_path: String,
    pub(crate) domains_method: Method,
    pub(crate) auth_method: Method,
    pub(crate) auth_path: String,
    pub(crate) auth_parameter: String,
    pub(crate) max_auth_redirects: u32,
    pub(crate) token_on_auth: bool,
    pub(crate) phrase_is_encoded: bool,
    pub(crate) session_cookie: SessionCookie,
    pub(crate) session_lifetime: Option<Duration>,
    pub(crate) html_ends_session: bool,
    pub(crate) forbidden_ends_sessions: bool,
    pub(crate) refresh_phrase_on_rejection: bool,
    pub(crate) vise_prefix: String,
    pub(crate) vise_domains_path: String,
    pub(crate) policy: HostPolicy,
    /// Where sessions are shared with other processes.
    pub(crate) sessions: Option<SessionStore>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            domains_path: "/domains".to_owned(),
            domains_method: Method::GET,
            auth_method: Method::GET,
            auth_path: "/auth".to_owned(),
            auth_parameter: "pfk".to_owned(),
            max_auth_redirects: 5,
            token_on_auth: false,
            phrase_is_encoded: false,
            session_cookie: SessionCookie::default(),
            session_lifetime: None,
            html_ends_session: true,
            forbidden_ends_sessions: false,
            refresh_phrase_on_rejection: true,
            vise_prefix: String::new(),
            vise_domains_path: "/domains".to_owned(),
            policy: HostPolicy::default(),
            sessions: None,
        }
    }
}

impl Options {
    /// Fails if a setting is invalid.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let refuse = |field: &'static str, reason: &'static str| Err(Error::configuration(field, reason));
        if self.policy.is_broken() {
            return refuse("host policy", "contains an invalid host name");
        }
        if matches!(&self.session_cookie, SessionCookie::Named(name) if name.is_empty()) {
            return refuse("session cookie", "must have a name");
        }
        if self.auth_parameter.is_empty() {
            return refuse("auth parameter", "must have a name");
        }
        if self.session_lifetime == Some(Duration::ZERO) {
            return refuse("session lifetime", "must not be zero");
        }
        Ok(())
    }
}

/// The account of a client.
pub(crate) struct Account {
    pub(crate) settings: Settings,
    pub(crate) options: Options,
    /// The token with its placement in requests to VISE hosts.
    pub(crate) token: Arc<PlacedToken>,
    /// Engine for the dashboard. Without a dashboard URL, its calls fail before anything is sent.
    pub(crate) dashboard: Engine,
    pub(crate) has_dashboard: bool,
    /// Number of lists that were requested because a phrase was rejected.
    lists: AtomicU64,
    last_list: tokio::sync::Mutex<Option<Listed>>,
}

/// A list and its number; `None` if it could not be obtained.
struct Listed {
    number: u64,
    domains: Option<Arc<Vec<AccountDomain>>>,
}

impl Account {
    pub(crate) fn new(
        settings: Settings,
        options: Options,
        token: PlacedToken,
        dashboard: Engine,
        has_dashboard: bool,
    ) -> Self {
        Self {
            settings,
            options,
            token: Arc::new(token),
            dashboard,
            has_dashboard,
            lists: AtomicU64::new(0),
            last_list: tokio::sync::Mutex::default(),
        }
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        self.settings.clock()
    }

    pub(crate) fn list<E: From<Error>>(&self) -> Call<Vec<AccountDomain>, E> {
        let method = self.options.domains_method.clone();
        // Listing is a read, whatever its method. Its response contains all key phrases.
        let operation = Operation::new(LIST, method, "", Idempotency::Read).sensitive();
        let check = match self.has_dashboard {
            true => Ok(()),
            false => Err(Error::configuration(
                "dashboard URL",
                "is not set; there is no default, because a wrong host would receive the account's token",
            )),
        };
        self.dashboard.request_at(operation, &self.options.domains_path).check(check).call(domain::read_list)
    }

    /// Returns the number of lists so far, for [`list_after`](Self::list_after).
    pub(crate) fn lists(&self) -> u64 {
        self.lists.load(Ordering::Acquire)
    }

    /// Returns a list that was requested after `seen` lists. Hosts whose phrases are rejected at the same time share
    /// the list or its failure.
    pub(crate) async fn list_after(&self, seen: u64) -> Option<Arc<Vec<AccountDomain>>> {
        let mut last = self.last_list.lock().await;
        if let Some(listed) = last.as_ref().filter(|listed| listed.number > seen) {
            return listed.domains.clone();
        }
        let number = self.lists.fetch_add(1, Ordering::AcqRel) + 1;
        let domains = self.list::<Error>().await.ok().map(Arc::new);
        *last = Some(Listed { number, domains: domains.clone() });
        domains
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("dashboard", &self.has_dashboard.then(|| self.dashboard.origin().to_string()))
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
