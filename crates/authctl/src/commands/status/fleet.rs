//! `authctl status virtuous --fleet ADDRESS`: who refreshes a login that many machines share, and what is left of their budget.
//! Only numbers and names are read; no key and no token.

use crate::commands::login;
use crate::failure::{Exit, Failure};
use crate::globals::Globals;
use crate::json::Line;
use crate::output;
use crate::settings::{Settings, Source};
use auth_client_core::provider::auth_core::store::{StoreError, StoreKey};
use auth_token_store::{KeyRing, PostgresStore, RateBudgetStatus, RedisStore, StoreStatus};
use redis::Client;
use std::time::Duration;

const COLUMNS: [&str; 19] = [
    "account",
    "has_token",
    "generation",
    "lease",
    "lease_held_s",
    "lease_ends_s",
    "refreshing_s",
    "token_expires_s",
    "refreshes",
    "refresh_last_s",
    "refresh_average_s",
    "refresh_ended_s",
    "wait_last_s",
    "wait_average_s",
    "budget_left",
    "budget_limit",
    "budget_resets_s",
    "budget_paused_s",
    "budget_processes",
];

/// What is asked for. Named apart from the arguments of the command, because clap makes a group of each.
#[derive(clap::Args, Debug)]
pub(super) struct FleetArguments {
    /// Show who refreshes the login that a fleet shares, and how long that takes: the address of its Redis or PostgreSQL, or
    /// env:NAME for an address with a password.
    #[arg(long = "fleet", value_name = "ADDRESS", requires = "provider")]
    address: Option<String>,
    /// The account name of the fleet's login. Default: the user of the credentials.
    #[arg(long, value_name = "NAME", requires = "address")]
    account: Option<String>,
    /// Also show the fleet's budget of calls with this name.
    #[arg(long, value_name = "NAME", requires = "address")]
    budget: Option<String>,
}

/// The store of a fleet.
enum Store {
    Redis(RedisStore),
    Postgres(PostgresStore),
}

impl FleetArguments {
    /// Whether it is asked for.
    pub(super) fn is_given(&self) -> bool {
        self.address.is_some()
    }

    /// Prints one row about the login of a provider.
    pub(super) async fn show(&self, provider: &'static str, globals: &Globals) -> Result<(), Failure> {
        output::check_rows(globals, &COLUMNS)?;
        let Some(address) = &self.address else { return Ok(()) };
        if provider != "virtuous" {
            return Err(Failure::usage(format!("--fleet: {provider} has no logins that are refreshed")));
        }
        let store = Store::open(address)?;
        let settings = Settings::find(provider, globals)?;
        let user = settings.as_ref().and_then(|settings| match &settings.source {
            Source::Login(_, login) => Some(login.user.as_str()),
            _ => settings.get("VIRTUOUS_USERNAME"),
        });
        let account = self.account.as_deref().or(user).ok_or_else(|| {
            Failure::usage("--fleet: the account is not known").hint("--account NAME, as in the programs")
        })?;
        let url = settings.as_ref().and_then(|settings| settings.get(login::URL));
        let key = login::key_of(url, account)?;
        let failed = |error: StoreError| {
            Failure::new(Exit::Retry, "store", error.to_string())
                .hint("check the address of --fleet, and that its user may read")
        };
        let status = store.status(&key).await.map_err(failed)?;
        let budget = match &self.budget {
            Some(name) => Some(store.budget(name).await.map_err(failed)?),
            None => None,
        };
        let row = with_lease(Line::default().text("account", account), status.as_ref());
        output::whole_rows(globals, &COLUMNS, &[with_budget(row, budget.as_ref()).end()])
    }
}

impl Store {
    fn open(address: &str) -> Result<Self, Failure> {
        let address = match address.strip_prefix("env:") {
            Some(name) => std::env::var(name)
                .map_err(|_| Failure::credentials(format!("--fleet: the variable {name} is not set")))?,
            None if has_password(address) => {
                let problem =
                    "a password in the address is visible in process lists and in the history of the shell";
                return Err(Failure::usage(format!("--fleet: {problem}")).hint("--fleet env:NAME"));
            }
            None => address.to_owned(),
        };
        // Nothing is decrypted.
        let keys = KeyRing::new("none", [0; 32]);
        if address.starts_with("redis://") || address.starts_with("rediss://") {
            // The driver's TLS takes the provider of the process; one that is there already remains.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let client = Client::open(address)
                .map_err(|_| Failure::usage("--fleet: the address of Redis is invalid"))?;
            // Reads from a single server, too.
            return Ok(Self::Redis(RedisStore::cluster(&[client], keys)));
        }
        if !address.starts_with("postgres://") && !address.starts_with("postgresql://") {
            return Err(Failure::usage(
                "--fleet: the address must begin with redis://, rediss:// or postgresql://",
            ));
        }
        let store = PostgresStore::new(&address, keys);
        store.map(Self::Postgres).map_err(|error| Failure::usage(format!("--fleet: {error}")))
    }

    async fn status(&self, key: &StoreKey) -> Result<Option<StoreStatus>, StoreError> {
        match self {
            Self::Redis(store) => store.status(key).await,
            Self::Postgres(store) => store.status(key).await,
        }
    }

    async fn budget(&self, name: &str) -> Result<RateBudgetStatus, StoreError> {
        match self {
            Self::Redis(store) => store.rate_budget(name).status().await,
            Self::Postgres(store) => store.rate_budget(name).status().await,
        }
    }
}

fn has_password(address: &str) -> bool {
    let authority = address.split_once("://").map_or(address, |(_, rest)| rest);
    authority.rsplit_once('@').is_some_and(|(credentials, _)| credentials.contains(':'))
        || address.contains("password=")
}

fn with_lease(row: Line, status: Option<&StoreStatus>) -> Line {
    let holder = status.and_then(|status| status.holder.as_ref());
    let lease = match (status, holder) {
        (None, _) => Some("no record"),
        (Some(_), holder) => holder.map(|holder| holder.instance.as_str()).or(Some("free")),
    };
    let timings = |of: fn(&StoreStatus) -> &auth_token_store::Timings| status.map(of);
    let (refreshes, waits) = (timings(|status| &status.refreshes), timings(|status| &status.waits));
    row.json("has_token", status.is_some_and(|status| status.has_token))
        .json("generation", number(status.map(|status| status.generation)))
        .text("lease", lease)
        .json("lease_held_s", seconds(holder.map(|holder| holder.held_for)))
        .json("lease_ends_s", seconds(holder.map(|holder| holder.ends_in)))
        .json("refreshing_s", seconds(status.and_then(|status| status.refreshing_for)))
        .json("token_expires_s", seconds(status.and_then(|status| status.expires_in)))
        .json("refreshes", number(refreshes.map(|refreshes| refreshes.count)))
        .json("refresh_last_s", seconds(refreshes.and_then(|refreshes| refreshes.last)))
        .json("refresh_average_s", seconds(refreshes.and_then(|refreshes| refreshes.average)))
        .json("refresh_ended_s", seconds(refreshes.and_then(|refreshes| refreshes.last_ended)))
        .json("wait_last_s", seconds(waits.and_then(|waits| waits.last)))
        .json("wait_average_s", seconds(waits.and_then(|waits| waits.average)))
}

fn with_budget(row: Line, budget: Option<&RateBudgetStatus>) -> Line {
    row.json("budget_left", number(budget.and_then(|budget| budget.left)))
        .json("budget_limit", number(budget.and_then(|budget| budget.limit)))
        .json("budget_resets_s", seconds(budget.and_then(|budget| budget.resets_in)))
        .json("budget_paused_s", seconds(budget.and_then(|budget| budget.paused_for)))
        .json("budget_processes", number(budget.map(|budget| budget.processes)))
}

/// A duration as a number of seconds.
fn seconds(time: Option<Duration>) -> String {
    time.map_or("null".to_owned(), |time| format!("{:.3}", time.as_secs_f64()))
}

fn number(number: Option<u64>) -> String {
    number.map_or("null".to_owned(), |number| number.to_string())
}
