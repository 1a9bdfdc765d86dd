//! The provider interface, in two layers. A provider implements [`Emulate`] on the type that holds all of its mutable state;
//! `Instance` (in `instance.rs`) wraps that state in a mutex and implements [`Provider`], the object-safe trait that the
//! server and the control API use.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use http::{Method, StatusCode};
use serde_json::Value;

use crate::framework::checks::Checks;
use crate::framework::clock::Clock;
use crate::framework::effects::Ledger;
use crate::framework::exchange::{Call, Done, Reply};
use crate::framework::instance::Captured;
use crate::framework::pending::{Decision, DecisionError, PendingCode};
use crate::framework::random::Random;
use crate::framework::relaxation::Relaxation;
use crate::framework::route::Route;
use crate::framework::seed::{ProviderSeed, SeedProblem};
use crate::framework::settings::{ActionError, ProviderSettings};

/// Static description of a provider.
#[derive(Debug)]
pub(crate) struct Spec {
    /// The name in URLs, the ready line and the journal: lower-case letters.
    pub name: &'static str,
    pub routes: &'static [&'static [Route]],
    /// The routes of the listeners in addition to that of `base_url`; those of `routes` if empty.
    pub extra_routes: &'static [&'static [Route]],
    /// Operations that only the records of a seed file have; they are not served.
    pub seed_routes: &'static [Route],
    /// Operations that the emulator does not carry out: 501 with `x-emulator-unimplemented`.
    pub unimplemented: &'static [&'static str],
    /// Whether the response to an operation is a guess.
    pub assumed: fn(&str) -> bool,
    /// Whether case and a slash at the end of paths are ignored; see [`Emulate::lenient_paths`] for a setting.
    pub ignore_case: bool,
    /// Listeners in addition to the one of `base_url`. Each namespace has its own, because clients resolve paths against their
    /// addresses, which would drop a prefix. See [`Emulate::extra_listeners`] for a number that is a setting; namespaces share
    /// those.
    pub extra_listeners: usize,
    /// The variables of [`Emulate::env`] that are secret. A user name or the id of a key pair is none: it names the caller.
    pub secret_variables: &'static [&'static str],
    /// Path parameters that are secret and therefore hidden in the journal.
    pub secret_params: &'static [&'static str],
    /// Request headers (lower-case) whose values the journal may show.
    pub shown_headers: &'static [&'static str],
    /// Query parameters whose values the journal may show.
    pub shown_query: &'static [&'static str],
    pub relaxations: &'static [Relaxation],
}

impl Spec {
    /// The ids of all operations.
    pub(crate) fn operations(&self) -> impl Iterator<Item = &'static str> {
        let routes = self.routes.iter().chain(self.extra_routes).copied().flatten();
        routes.map(|route| route.operation)
    }

    /// The routes of a listener; 0 is that of `base_url`.
    pub(crate) fn routes_of(&self, listener: usize) -> &'static [&'static [Route]] {
        if listener == 0 || self.extra_routes.is_empty() { self.routes } else { self.extra_routes }
    }
}

/// Addresses of listeners, which are opened when they are read for the first time.
pub(crate) type Origins = Arc<LazyLock<Vec<String>, Box<dyn FnOnce() -> Vec<String> + Send>>>;

/// The environment that the framework passes to a provider.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub spec: &'static Spec,
    /// `http://127.0.0.1:<port>`, without a trailing slash.
    pub origin: String,
    pub extra_origins: Origins,
    pub clock: Clock,
    /// Of ids, tokens and codes.
    pub(crate) seed: u64,
    /// Of the credentials, which namespaces share unless they have their own seed.
    pub(crate) credential_seed: u64,
    pub(crate) ledger: Ledger,
    pub(crate) runtime: Option<tokio::runtime::Handle>,
    pub(crate) start: Arc<ProviderSeed>,
}

impl Context {
    /// Starts the provider's stream of ids, tokens and codes.
    pub(crate) fn random(&self) -> Random {
        Random::new(self.seed, &format!("{}/state", self.spec.name))
    }

    /// Starts the provider's stream of credentials, which must not change when one more id is drawn.
    pub(crate) fn credentials(&self) -> Random {
        Random::new(self.credential_seed, &format!("{}/credential", self.spec.name))
    }

    /// Records a side effect in the ledger.
    pub(crate) fn effect(&self, name: &'static str) {
        self.ledger.record(self.spec.name, name);
    }
}

/// A request that the framework rejects; the provider only formats the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// 404.
    UnknownPath,
    /// 405. The framework adds `Allow`.
    WrongMethod,
    /// 400: the path's percent-encoding is invalid.
    BadEncoding,
    /// 411: a POST, PUT or PATCH without a `Content-Length`, even of 0. IIS sends this.
    LengthRequired,
    /// 413.
    BodyTooLarge,
}

impl Rejection {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::UnknownPath => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::BadEncoding => StatusCode::BAD_REQUEST,
            Self::LengthRequired => StatusCode::LENGTH_REQUIRED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }

    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::UnknownPath => "no such path",
            Self::WrongMethod => "method not allowed for this path",
            Self::BadEncoding => "the path is not valid percent-encoded UTF-8",
            Self::LengthRequired => {
                "a POST, PUT or PATCH must have a Content-Length, which is 0 without a body"
            }
            Self::BodyTooLarge => "the body is larger than 4 MiB",
        }
    }
}

/// The long part of a request. It runs outside of the provider's lock.
pub(crate) type LongPart = Box<dyn FnOnce() -> Done + Send>;

/// The records of one kind.
pub(crate) struct RecordGroup {
    pub kind: &'static str,
    pub count: usize,
    /// The last ones, as objects.
    pub last: Vec<Value>,
}

impl RecordGroup {
    /// The maximum number of records in `last`.
    pub(crate) const SHOWN: usize = 100;
}

/// One provider's state and behavior. The framework calls every method under the lock of `Instance`, so that each request
/// is executed completely or not at all.
///
/// The state is a value: a clone is a snapshot, and `save` and `load` turn it into JSON and back.
pub(crate) trait Emulate: Clone + Send + Sync + 'static {
    type Settings: ProviderSettings;
    const SPEC: &'static Spec;

    /// Listeners in addition to the one of `base_url`, for the settings at start.
    fn extra_listeners(_: &Self::Settings) -> usize {
        Self::SPEC.extra_listeners
    }

    fn new(context: &Context, settings: Self::Settings) -> Self;

    fn settings(&self) -> &Self::Settings;

    fn settings_mut(&mut self) -> &mut Self::Settings;

    /// The stream of [`Context::random`].
    fn random(&mut self) -> &mut Random;

    /// The route that a request is meant for, if routes are settings: `Some` replaces the requested method and path.
    fn routed(&self, _: &Method, _: &str) -> Option<(Method, &'static str)> {
        None
    }

    /// Whether case and a slash at the end of a path are ignored.
    fn lenient_paths(&self) -> bool {
        Self::SPEC.ignore_case
    }

    /// The environment variables that configure a client for this provider.
    fn env(&self, context: &Context) -> Vec<(&'static str, String)>;

    /// Executes a request for one of the routes.
    fn handle(&mut self, call: &Call, checks: &mut Checks, context: &Context) -> Reply;

    /// The part of a request with a secret that takes long, such as a password's hash. The framework runs it before `handle`,
    /// which finds the result in `Call::done`. The state may have changed in between.
    fn long_part(&mut self, _: &Call) -> Option<LongPart> {
        None
    }

    /// Formats the response to a request that the framework rejects, of which it gets the method and the URL.
    fn reject(&mut self, rejection: Rejection, method: &Method, url: &str) -> Reply;

    /// Sets a credential by the environment variable of the client. Returns false if there is none, or the value is invalid.
    fn set_credential(&mut self, variable: &str, value: &str) -> bool;

    /// The state without the settings, for a file.
    fn save(&self) -> serde_json::Result<Value>;

    /// Replaces the state of a new provider by a saved one.
    fn load(&mut self, saved: Value) -> serde_json::Result<()>;

    /// The records for people, of a provider whose saved state lacks those at start. Secrets are left out later.
    fn records(&self) -> Option<Vec<RecordGroup>> {
        None
    }

    /// The secrets besides those of `env` and `pending_codes`, which the journal must not show either: tokens, sessions, other keys.
    fn issued(&self) -> Vec<Cow<'_, str>> {
        Vec::new()
    }

    fn pending_codes(&self, _: &Context) -> Vec<PendingCode> {
        Vec::new()
    }

    fn decide(&mut self, id: &str, _: Decision, _: &Context) -> Result<(), DecisionError> {
        Err(DecisionError::NotFound(id.to_owned()))
    }

    /// Performs something that happens outside the vendor's API, for example a person installing an app. Returns `None` for an
    /// unknown action.
    fn act(&mut self, _action: &str, _input: &Value, _: &Context) -> Option<Result<Value, ActionError>> {
        None
    }

    /// Expires all tokens and returns their number. `None`: the provider issues no tokens.
    fn expire_tokens(&mut self, _: &Context) -> Option<usize> {
        None
    }

    /// Revokes all tokens and returns their number. `None`: the provider issues no tokens.
    fn revoke_tokens(&mut self, _: &Context) -> Option<usize> {
        None
    }
}

/// A mounted provider, as the server and the control API see it. The methods are those of [`Emulate`].
pub(crate) trait Provider: Send + Sync + 'static {
    fn spec(&self) -> &'static Spec;
    fn base_url(&self) -> String;
    fn env(&self) -> Vec<(&'static str, String)>;
    fn routed(&self, _: &Method, _: &str) -> Option<(Method, &'static str)> {
        None
    }
    fn lenient_paths(&self) -> bool {
        self.spec().ignore_case
    }
    fn handle(&self, call: &Call, checks: &mut Checks) -> Reply;
    fn long_part(&self, _: &Call) -> Option<LongPart> {
        None
    }
    fn reject(&self, rejection: Rejection, method: &Method, url: &str) -> Reply;
    /// Restores the data at start, including the stream of ids; settings stay.
    fn reset(&self);
    /// Restores data and settings at start.
    fn reset_all(&self);
    fn settings(&self) -> Value;
    /// The words of each setting that takes nothing else.
    fn setting_words(&self) -> BTreeMap<String, Vec<String>> {
        BTreeMap::new()
    }
    fn change_settings(&self, change: &Value) -> Result<(), ActionError>;
    /// Those of `issued` that occur in one of these strings.
    fn issued_in(&self, _: &[String]) -> Vec<String> {
        Vec::new()
    }
    fn pending_codes(&self) -> Vec<PendingCode>;
    fn decide(&self, id: &str, decision: Decision) -> Result<(), DecisionError>;
    fn act(&self, action: &str, input: &Value) -> Option<Result<Value, ActionError>>;
    fn expire_tokens(&self) -> Option<usize>;
    fn revoke_tokens(&self) -> Option<usize>;
    /// The state, shared until it is changed.
    fn capture(&self) -> Captured;
    /// `is_foreign`: the state of another namespace, whose next ids and tokens must not be the same here.
    fn put_back(&self, captured: &Captured, is_foreign: bool);
    /// Creates the state, and returns what is wrong with the seed.
    fn try_seed(&self) -> Result<(), SeedProblem>;
    fn records(&self) -> Option<Vec<RecordGroup>> {
        None
    }
    /// Settings and state as JSON.
    fn export(&self) -> Result<Value, ActionError>;
    /// Reads what `export` returned.
    fn import(&self, exported: &Value) -> Result<Captured, ActionError>;
}
