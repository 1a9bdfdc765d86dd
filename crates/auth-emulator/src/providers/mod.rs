//! The vendors, one folder each, and the table that mounts them.
//!
//! # How to add one
//!
//! 1. Make the folder `src/providers/<name>/` with a `mod.rs`. In it, a type that holds the state behind a mutex and takes
//!    everything from the `Context` that it is given: the time (`context.clock`), ids and codes (`context.random()`), the
//!    ledger of side effects (`context.effect("sms_sent")`), its own address (`context.origin`).
//! 2. Describe it: a `static SPEC: Spec` with its name, its route table (every operation of the vendor; those that you do
//!    not carry out get `.unimplemented()` and answer 501 by themselves), its relaxations, and the few headers and query
//!    parameters whose values may be shown in the journal. Everything else is redacted.
//! 3. Implement `Provider`: `handle` answers one request, synchronously; note each check in `Checks` in the order in which
//!    the vendor would make it. `refuse` answers what the framework rejects (unknown path, wrong method, body too large) in
//!    the vendor's own form. `env` gives exactly the variables that the client reads. The other methods have defaults: take
//!    `pending_codes` and `decide` when there are codes, `expire_tokens` and `revoke_tokens` when there are tokens.
//! 4. Implement `Mount`: `Settings` (a serde struct of knobs, each with a default that is the documented behaviour or a
//!    named assumption) and `mount`.
//! 5. In the same folder, write the typed handle: `impl Emulator { pub fn <name>(&self) -> … }` on top of
//!    `self.providers().<name>`, and `impl Builder { pub fn <name>(self, change: impl FnOnce(&mut Settings)) -> Self }` on top
//!    of `self.settings.<name>`.
//! 6. Register it here: `pub mod <name>;` and one line in the `providers!` table. Ports, `Host` check, body cap, faults,
//!    journal, explanations, request ids, ready line and control API come by themselves. New providers go to the end of the
//!    table, because its order is the order of the ports.
//!
//! A provider whose API spans more than one host asks for `extra_listeners` (in its `Spec`, or in `Mount` when their number is
//! a setting) and finds them in `context.extra_origins`;
//! `call.listener` says on which one a request came in.
//!
//! # What there is to use
//!
//! - `Call`: `param`, `header_once`, `has_content_type`, and everything as it stood on the wire for signatures: `path`, `query`,
//!   `host`, `headers`, `body`.
//! - `Checks`: `pass`, `fail`, `fail_with` (with data, such as the text that a signature was expected over),
//!   `fail_unless_relaxed` (for the checks that `--lax` may drop).
//! - `Reply`: `json`, `text`, `empty`, `header`, `unimplemented`, `full` (for the caps on stored data, which every provider
//!   has to have).
//! - `Fields` for JSON bodies, `totp` for app codes, `Random` for ids, digits and UUIDs, `PendingCode` and `Decision` for codes.
//! - Route templates: `{id}`, or `{id:int}` for digits only; a literal wins over a parameter; `ignore_case` for servers that do.
//!
//! Keep everything of a provider under one mutex and hold it for the whole of `handle`: each request is then carried out whole
//! or not at all. `reset` draws a new `context.random("state")`, so that the same calls give the same ids again.
//!
//! Tests: rules beside the code, behaviour over a socket in `tests/<name>.rs` with the client in `tests/common`.

use std::sync::Arc;

use http::StatusCode;
use serde_json::Value;

use crate::checks::Checks;
use crate::clock::Clock;
use crate::effects::Ledger;
use crate::exchange::{Call, Reply};
use crate::lax::LaxRule;
use crate::pending::{DecideError, Decision, PendingCode};
use crate::random::Random;
use crate::route::Route;

pub mod revesecure;
pub mod vaultvision;
pub mod verigator;
pub mod virtuous;
pub mod vise;

providers! {
    verigator: verigator::VerigatorProvider,
    revesecure: revesecure::ReveSecureProvider,
    vise: vise::ViseProvider,
    vaultvision: vaultvision::VaultVisionProvider,
    virtuous: virtuous::VirtuousProvider,
}

/// What the framework needs to know about a provider before it runs.
#[derive(Debug)]
pub(crate) struct Spec {
    /// The name in URLs, the ready line and the journal: lower-case letters.
    pub name: &'static str,
    pub routes: &'static [Route],
    /// Whether literal path segments are compared without regard to case.
    pub ignore_case: bool,
    /// Listeners beside the one of `base_url`, where their number is no setting: see `Mount::extra_listeners`.
    pub extra_listeners: usize,
    /// Path parameters that are secret and therefore hidden in the journal.
    pub secret_params: &'static [&'static str],
    /// Request headers (lower-case) whose values the journal may show.
    pub shown_headers: &'static [&'static str],
    /// Query parameters whose values the journal may show.
    pub shown_query: &'static [&'static str],
    pub lax_rules: &'static [LaxRule],
}

/// What a provider is given to live on.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "not every provider needs all of it")]
pub(crate) struct Context {
    pub spec: &'static Spec,
    /// `http://127.0.0.1:<port>`, without a slash at the end.
    pub origin: String,
    pub extra_origins: Vec<String>,
    pub clock: Clock,
    pub(crate) seed: u64,
    pub(crate) ledger: Ledger,
}

impl Context {
    /// The provider's own stream of ids and codes, from its beginning. `purpose` keeps two streams of one provider apart:
    /// credentials must not change when one more id is drawn.
    pub(crate) fn random(&self, purpose: &str) -> Random {
        Random::new(self.seed, &format!("{}/{purpose}", self.spec.name))
    }

    /// Writes a side effect into the ledger.
    pub(crate) fn effect(&self, name: &'static str) {
        self.ledger.record(self.spec.name, name);
    }
}

/// A request that the framework refuses; the provider only dresses the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// 404.
    UnknownPath,
    /// 405. The framework adds `Allow`.
    WrongMethod,
    /// 400: the path's percent-encoding is broken.
    BadEncoding,
    /// 413.
    BodyTooLarge,
}

impl Refusal {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::UnknownPath => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::BadEncoding => StatusCode::BAD_REQUEST,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::UnknownPath => "no such path",
            Self::WrongMethod => "the path has no such method",
            Self::BadEncoding => "the path is not percent-encoded UTF-8",
            Self::BodyTooLarge => "the body is larger than 1 MiB",
        }
    }
}

/// An action or a change of settings was not carried out.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = auth_emulator::Emulator::start().await?;
/// let error = emulator.verigator().give_app("nobody").unwrap_err();
/// println!("{error}");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotDone(pub(crate) String);

/// One vendor.
pub(crate) trait Provider: Send + Sync + 'static {
    fn spec(&self) -> &'static Spec;
    /// What a client takes as the base URL.
    fn base_url(&self) -> String;
    /// The environment variables that point a client at it.
    fn env(&self) -> Vec<(&'static str, String)>;
    /// Answers a request for one of the routes.
    fn handle(&self, call: &Call, checks: &mut Checks) -> Reply;
    /// Answers a request that the framework refuses, in the vendor's form.
    fn refuse(&self, refusal: Refusal) -> Reply;
    /// Back to the data at start, the stream of ids included; settings stay.
    fn reset(&self);
    /// Settings back to those at start.
    fn reset_settings(&self);
    fn settings(&self) -> Value;
    /// Changes the settings that `change` (an object) names; all or nothing.
    fn change_settings(&self, change: &Value) -> Result<(), NotDone>;

    fn pending_codes(&self) -> Vec<PendingCode> {
        Vec::new()
    }

    fn decide(&self, id: &str, _decision: Decision) -> Result<(), DecideError> {
        Err(DecideError::NotFound(id.to_owned()))
    }

    /// Something that happens outside of the vendor's API, for example a person installing an app. None: no such action.
    fn act(&self, _action: &str, _input: &Value) -> Option<Result<Value, NotDone>> {
        None
    }

    /// Lets every token run out now; how many. None: the provider has no tokens.
    fn expire_tokens(&self) -> Option<usize> {
        None
    }

    /// Takes every token back now; how many. None: the provider has no tokens.
    fn revoke_tokens(&self) -> Option<usize> {
        None
    }
}

/// How a provider comes into being.
pub(crate) trait Mount: Provider + Sized {
    type Settings: Clone + Default + Send + 'static;
    const SPEC: &'static Spec;

    /// Listeners beside the one of `base_url`, for the settings at start.
    fn extra_listeners(_: &Self::Settings) -> usize {
        Self::SPEC.extra_listeners
    }

    fn mount(context: Context, settings: Self::Settings) -> Self;
}

/// Makes the typed table of providers: one field each, so that a typed handle needs no look-up that could fail.
macro_rules! providers {
    ($($name:ident: $provider:ty),+ $(,)?) => {
        /// Every provider of one emulator.
        pub(crate) struct Providers {
            $(pub(crate) $name: Arc<$provider>,)+
        }

        /// What the builder collects for them.
        #[derive(Clone, Default)]
        pub(crate) struct ProviderSettings {
            $(pub(crate) $name: <$provider as Mount>::Settings,)+
        }

        impl ProviderSettings {
            /// How many listeners each provider asks for beside its first, in the order of `SPECS`.
            pub(crate) fn extra_listeners(&self) -> Vec<usize> {
                vec![$(<$provider as Mount>::extra_listeners(&self.$name)),+]
            }
        }

        /// In the order of their ports.
        pub(crate) static SPECS: &[&Spec] = &[$(<$provider as Mount>::SPEC),+];

        impl Providers {
            pub(crate) fn mount(settings: ProviderSettings, context: impl Fn(&'static Spec) -> Context) -> Self {
                Self {
                    $($name: Arc::new(<$provider as Mount>::mount(
                        context(<$provider as Mount>::SPEC),
                        settings.$name,
                    )),)+
                }
            }

            pub(crate) fn list(&self) -> Vec<Arc<dyn Provider>> {
                vec![$(Arc::clone(&self.$name) as Arc<dyn Provider>),+]
            }
        }
    };
}
use providers;
