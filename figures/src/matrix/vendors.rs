//! The calls of the matrix: one for each provider and class, with a client whose limits are short.

use super::{ATTEMPT, Class, DEADLINE, Vendor};
use crate::scheme::{Failed, Outcome, failed};
use auth_client_core::provider::auth_core::ExposeSecret as _;
use auth_client_core::{RetryPolicy, TransportSettings, decode};
use auth_emulator::Emulator;
use http::Method;
use serde_json::{Value, json};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

/// The tenant that the emulated Vault Vision starts with.
const TENANT: &str = "CmKJPDorO34hGJ0J";
const LIMIT: usize = 1 << 20;

/// A name that no other call of this process has taken.
fn unique(name: &str) -> String {
    static TAKEN: AtomicU64 = AtomicU64::new(0);
    format!("{name}-{}.example", TAKEN.fetch_add(1, Ordering::Relaxed))
}

/// A call that can be made several times.
pub(super) type Op = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Outcome>>>>;

/// A client that is ready to make the call of a cell.
pub(super) struct Ready {
    pub(super) op: Op,
    /// The emulator's name of the operation that the fault is for.
    pub(super) operation: &'static str,
    /// Makes at the server what the calls need, such as a login: first when the client is new, and again after a reset.
    pub(super) needs: Op,
    /// A call before it on the same connection, and its operation.
    pub(super) before: (Op, &'static str),
    /// The effect that the server counts.
    pub(super) effect: Option<&'static str>,
    /// Credentials, to be searched for in everything that is printed.
    pub(super) secrets: Vec<String>,
}

/// How a client is built.
#[derive(Clone, Debug)]
pub(super) struct Tuning {
    /// An authority to trust.
    pub(super) ca_pem: Option<String>,
    /// The connect timeout.
    pub(super) connect: Duration,
    /// Whether connections are kept.
    pub(super) keep: bool,
    /// The base URL if nothing is there; otherwise the emulator's.
    pub(super) nowhere: Option<String>,
}

impl Tuning {
    fn transport(&self) -> TransportSettings {
        let idle = if self.keep { Duration::from_secs(50) } else { Duration::ZERO };
        let settings = TransportSettings::new().idle_timeout(idle);
        match &self.ca_pem {
            Some(pem) => settings.add_root_certificate(pem.clone()),
            None => settings,
        }
    }
}

fn policy() -> RetryPolicy {
    let short = Duration::from_millis(5);
    RetryPolicy::default().base_delay(short).max_delay(short).throttle_delay(short)
}

/// The limits of all clients.
macro_rules! tuned {
    ($builder:expr, $tuning:expr) => {
        $builder
            .transport_settings($tuning.transport())
            .connect_timeout($tuning.connect)
            .attempt_timeout(ATTEMPT)
            .operation_timeout(DEADLINE)
            .retry(policy())
            .max_response_bytes(LIMIT)
    };
}

/// A call of a client, to be made later.
macro_rules! op {
    ($client:ident => $call:expr) => {{
        let $client = $client.clone();
        Box::new(move || {
            let call = $call;
            Box::pin(async move { call.await.map(drop).map_err(|error| failed!(error)) })
                as Pin<Box<dyn Future<Output = Outcome>>>
        }) as Op
    }};
}

fn env(emulator: &Emulator, provider: &str) -> Vec<(String, String)> {
    let provider = &emulator.ready().providers[provider];
    provider.env.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

/// Every value that a provider's variables hold, but for addresses and names of users.
fn secrets(emulator: &Emulator, provider: &str) -> Vec<String> {
    let is_secret = |name: &str| !["URL", "HOST", "USERNAME"].iter().any(|end| name.ends_with(end));
    let values = env(emulator, provider).into_iter().filter(|(name, _)| is_secret(name));
    values.map(|(_, value)| value).collect()
}

/// Needs nothing at the server.
fn nothing() -> Op {
    Box::new(|| Box::pin(async { Ok(()) }))
}

fn setup<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, Failed> {
    result.map_err(|error| Failed::setup(format!("the call could not be prepared: {error}")))
}

/// Prepares the call of a cell; what comes before it is done.
pub(super) async fn prepare(
    vendor: Vendor,
    class: Class,
    emulator: &Emulator,
    tuning: &Tuning,
) -> Result<Ready, Failed> {
    match vendor {
        Vendor::Verigator => verigator(class, emulator, tuning).await,
        Vendor::VaultVision => vaultvision(class, emulator, tuning),
        Vendor::ReveSecure => revesecure(class, emulator, tuning).await,
        Vendor::Virtuous => virtuous(class, emulator, tuning).await,
        Vendor::Vise => vise(class, emulator, tuning).await,
    }
}

async fn verigator(class: Class, emulator: &Emulator, tuning: &Tuning) -> Result<Ready, Failed> {
    use verigator_client::Client;
    use verigator_client::models::NewService;

    let own = emulator.verigator();
    let url = tuning.nowhere.clone().unwrap_or_else(|| own.base_url());
    let client = tuned!(Client::builder(own.username(), own.password()), tuning).base_url(url);
    let client = setup(client.build())?;
    let service = || NewService::fqdn(unique("a")).name("A");
    let id = match tuning.nowhere {
        None => setup(client.services().create(service()).await)?.id,
        Some(_) => "s1".to_owned(),
    };
    let needs = op!(client => client.services().create(service()));
    let get = || {
        let id = id.clone();
        op!(client => client.services().get(&id))
    };
    let (op, operation, effect) = match class {
        Class::Read => (get(), "services.get", None),
        _ => {
            let create = op!(client => client.services().create(NewService::fqdn(unique("b")).name("B")));
            (create, "services.create", Some("service_created"))
        }
    };
    let secrets = secrets(emulator, "verigator");
    Ok(Ready { op, operation, needs, before: (get(), "services.get"), effect, secrets })
}

fn vaultvision(class: Class, emulator: &Emulator, tuning: &Tuning) -> Result<Ready, Failed> {
    use vaultvision_client::Client;
    use vaultvision_client::models::NewUser;

    let own = emulator.vaultvision();
    let url = tuning.nowhere.clone().unwrap_or_else(|| own.base_url());
    let client = setup(tuned!(Client::builder(own.api_key()), tuning).base_url(url).build())?;
    let get = || op!(client => client.tenants().get(TENANT));
    let (op, operation, effect) = match class {
        Class::Read => (get(), "tenants.get", None),
        _ => {
            let create =
                op!(client => client.users(TENANT).create(&NewUser::email(format!("a@{}", unique("a")))));
            (create, "users.create", Some("user_created"))
        }
    };
    let secrets = secrets(emulator, "vaultvision");
    Ok(Ready { op, operation, needs: nothing(), before: (get(), "tenants.get"), effect, secrets })
}

async fn revesecure(class: Class, emulator: &Emulator, tuning: &Tuning) -> Result<Ready, Failed> {
    use revesecure_client::Client;
    use revesecure_client::models::{NewUser, UserUpdate};

    let own = emulator.revesecure();
    let url = tuning.nowhere.clone().unwrap_or_else(|| own.base_url());
    let client = tuned!(Client::builder(own.api_key(), own.secret_key()), tuning).base_url(url);
    let client = setup(client.build())?;
    // Several clients share the user.
    let client_of_needs = client.clone();
    let needs: Op = Box::new(move || {
        let client = client_of_needs.clone();
        Box::pin(async move {
            if setup(client.users().list().await)?.is_empty() {
                let anna = NewUser::contact_number("8123465790").country_code("91").user_name("anna");
                setup(client.users().create(anna).await)?;
            }
            Ok(())
        })
    });
    let mut id = "u1".to_owned();
    if tuning.nowhere.is_none() {
        needs().await?;
        let users = setup(client.users().list().await)?;
        id = setup(users.first().ok_or("there is no user"))?.user_id.clone();
    }
    let get = || op!(client => client.users().list());
    let (op, operation, effect) = match class {
        Class::Read => (get(), "users.list", None),
        Class::IdempotentWrite => {
            let update = op!(client => client.users().update(UserUpdate::new(&id).first_name("Anna")));
            (update, "users.update", Some("user_updated"))
        }
        _ => {
            let create = op!(client => client.users().create(
                NewUser::contact_number("8123465791").country_code("91").user_name(unique("bert"))
            ));
            (create, "users.create", Some("user_created"))
        }
    };
    let secrets = secrets(emulator, "revesecure");
    Ok(Ready { op, operation, needs, before: (get(), "users.list"), effect, secrets })
}

async fn virtuous(class: Class, emulator: &Emulator, tuning: &Tuning) -> Result<Ready, Failed> {
    use virtuous_client::models::{ContactUpdate, NoteCreate};
    use virtuous_client::{Client, Tokens};

    let own = emulator.virtuous();
    let mut secrets = secrets(emulator, "virtuous");
    let url = tuning.nowhere.clone().unwrap_or_else(|| own.base_url());
    let mut builder = tuned!(Client::builder(), tuning).base_url(url).min_renewal_interval(Duration::ZERO);
    if tuning.nowhere.is_some() && class != Class::TokenFetch {
        // Tokens that have ended are renewed before anything else is sent.
        let tokens = Tokens::new("c4n4ry-access-token".to_owned())
            .with_refresh_token("c4n4ry-refresh-token".to_owned());
        secrets.extend(["c4n4ry-access-token", "c4n4ry-refresh-token"].map(str::to_owned));
        builder = builder.tokens(match class {
            Class::TokenRefresh => tokens.with_expires_at(UNIX_EPOCH),
            _ => tokens,
        });
    }
    let client = setup(builder.build())?;
    let login = || {
        let (user, password) = (own.username(), own.password());
        op!(client => std::future::IntoFuture::into_future(client.login(user.clone(), password.clone())))
    };
    let needs = login();
    if tuning.nowhere.is_none() && class != Class::TokenFetch {
        setup(needs().await.map_err(|failed| failed.printed))?;
        let tokens = setup(client.tokens().ok_or("there are no tokens"))?;
        secrets.push(tokens.access_token().expose_secret().to_owned());
        secrets.extend(tokens.refresh_token().map(|refresh| refresh.expose_secret().to_owned()));
    }
    let get = || op!(client => client.organizations().current());
    let current = "organizations.current";
    let (op, operation, effect, before) = match class {
        Class::Read => (get(), current, None, (get(), current)),
        Class::IdempotentWrite => {
            let update = op!(client => client.contacts().update(17, ContactUpdate::new().website("https://a.example")));
            (update, "contacts.update", None, (get(), current))
        }
        Class::Write => {
            let note = op!(client => client.contact_notes().create(
                NoteCreate::contact_id(17).kind("General").note("called")
            ));
            (note, "contact_notes.create", Some("record_created"), (get(), current))
        }
        Class::TokenFetch => (login(), "tokens.request", Some("login"), (login(), "tokens.request")),
        Class::TokenRefresh => {
            own.expire_access_tokens();
            (get(), "tokens.request", Some("token_refreshed"), (get(), current))
        }
    };
    Ok(Ready { op, operation, needs, before, effect, secrets })
}

/// Makes the call, and then another phrase is the current one: a client opens another session with it.
fn then_rotate(open: Op, own: auth_emulator::providers::vise::Vise) -> Op {
    Box::new(move || {
        let (opened, own) = (open(), own.clone());
        Box::pin(async move {
            opened.await?;
            setup(own.rotate_phrase(0)).map(drop)
        })
    })
}

async fn vise(class: Class, emulator: &Emulator, tuning: &Tuning) -> Result<Ready, Failed> {
    use vise_client::{Client, Error, HostPolicy};

    let own = emulator.vise();
    let mut secrets = secrets(emulator, "vise");
    let url = tuning.nowhere.clone().unwrap_or_else(|| own.dashboard_url());
    let policy = HostPolicy::new().dangerously_allow_loopback_for_tests();
    let client = tuned!(Client::builder(own.token()), tuning).dashboard_url(url.clone()).host_policy(policy);
    let client = setup(client.build())?;
    let listed = env(emulator, "vise").into_iter().find(|(name, _)| name == "VISE_HOST");
    let host = tuning.nowhere.clone().or(listed.map(|(_, value)| value)).unwrap_or_default();
    let session = match (class, &tuning.nowhere) {
        (Class::Read | Class::Write, Some(_)) => {
            secrets.push("c4n4ry-session-cookie".to_owned());
            setup(client.resume_session(&host, "c4n4ry-session-cookie".to_owned()))?
        }
        _ => setup(client.session(&host, own.phrase(0)))?,
    };
    let get = || op!(session => session.vise_domains());
    let open = || op!(session => { let session = session.clone(); async move { session.open().await } });
    if tuning.nowhere.is_none() && class != Class::TokenFetch {
        setup(open()().await.map_err(|failed| failed.printed))?;
    }
    let domains = "vise_domains.list";
    let (op, operation, effect, before) = match class {
        Class::Read => (get(), domains, None, (get(), domains)),
        Class::Write => {
            let note = op!(session => session.request(Method::POST, "/notes").json(&json!({ "text": "a" })).call::<Value, Error>(decode::json));
            (note, "notes.create", Some("note_created"), (get(), domains))
        }
        Class::TokenFetch => {
            let open_current = || {
                let (host, own) = (host.clone(), own.clone());
                op!(client => { let session = client.session(&host, own.phrase(0)); async move { session?.open().await } })
            };
            (
                open_current(),
                "session.open",
                Some("session_opened"),
                (then_rotate(open_current(), own), "session.open"),
            )
        }
        _ => {
            own.expire_all_sessions();
            (get(), "session.open", Some("session_opened"), (get(), domains))
        }
    };
    // A read opens the session again, wherever it has ended.
    Ok(Ready { op, operation, needs: get(), before, effect, secrets })
}
