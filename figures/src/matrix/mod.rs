//! The survival matrix: every fault, at every class of operation, of every provider.
//!
//! A cell is one fault, class and provider. It goes through all forms of the fault: made once and for every attempt, before
//! and after the server has executed the request. It survives if each of these runs ends as it has to: with success or the
//! one expected error, in time, without a panic, a task that is left, a secret in what is printed or logged, or more effects
//! at the server than the class allows.

mod faults;
mod run;
mod soak;
mod vendors;
mod watch;

pub use faults::{Address, Content, Inject, Scope, Seen, Variant, all, ids};
pub use run::{Place, Wrong, run};
pub use soak::{Soaked, soak};

use auth_client_core::ErrorKind;
use auth_emulator::Fault;
use std::time::Duration;

/// The time limit of a call.
pub const DEADLINE: Duration = Duration::from_millis(1_000);
/// The time limit of an attempt.
pub const ATTEMPT: Duration = Duration::from_millis(400);
/// The time after the deadline at which a call must have ended.
pub const GRACE: Duration = Duration::from_millis(250);

/// A class of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A read.
    Read,
    /// A write that has the same effect when it is sent again.
    IdempotentWrite,
    /// Any other write.
    Write,
    /// A login, or opening a session.
    TokenFetch,
    /// The renewal of a token or session that has ended.
    TokenRefresh,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Read, Self::IdempotentWrite, Self::Write, Self::TokenFetch, Self::TokenRefresh];

    /// Whether it is a request for tokens.
    #[must_use]
    pub fn is_of_tokens(self) -> bool {
        matches!(self, Self::TokenFetch | Self::TokenRefresh)
    }

    /// One letter, for tables.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Read => 'R',
            Self::IdempotentWrite => 'I',
            Self::Write => 'W',
            Self::TokenFetch => 'F',
            Self::TokenRefresh => 'N',
        }
    }
}

/// A provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vendor {
    /// VISE.
    Vise,
    /// Vault Vision.
    VaultVision,
    /// Virtuous.
    Virtuous,
    /// ReveSecure.
    ReveSecure,
    /// Verigator.
    Verigator,
}

impl Vendor {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Vise, Self::VaultVision, Self::Virtuous, Self::ReveSecure, Self::Verigator];

    /// The name in the emulator.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Vise => "vise",
            Self::VaultVision => "vaultvision",
            Self::Virtuous => "virtuous",
            Self::ReveSecure => "revesecure",
            Self::Verigator => "verigator",
        }
    }

    /// Why the provider has no operation of this class.
    #[must_use]
    pub fn lacks(self, class: Class) -> Option<&'static str> {
        use Vendor::{ReveSecure, VaultVision, Verigator, Vise};
        match (self, class) {
            (Vise | VaultVision | Verigator, Class::IdempotentWrite) => {
                Some("the vendor documents no idempotent write")
            }
            (VaultVision, Class::TokenFetch | Class::TokenRefresh) => {
                Some("the management API has a key; logins by OpenID Connect are not part of the matrix")
            }
            (ReveSecure | Verigator, Class::TokenFetch | Class::TokenRefresh) => {
                Some("the credential does not change: there are no tokens")
            }
            _ => None,
        }
    }
}

/// Why a cell can't exist.
#[must_use]
pub fn impossible(variant: &Variant, vendor: Vendor, class: Class) -> Option<&'static str> {
    if let Some(why) = vendor.lacks(class) {
        return Some(why);
    }
    let nowhere = matches!(variant.inject, Inject::Address(_));
    if nowhere && (vendor, class) == (Vendor::Vise, Class::TokenRefresh) {
        return Some(
            "a session that ends was opened at its host before, and a host that can't be reached opens none",
        );
    }
    (variant.scope == Scope::Tokens && !class.is_of_tokens())
        .then_some("the fault is one of the request for tokens")
}

/// One run: a form of a fault, at an operation.
#[derive(Clone, Debug)]
pub struct Run {
    /// The fault.
    pub variant: Variant,
    /// The provider.
    pub vendor: Vendor,
    /// The class.
    pub class: Class,
    /// Whether the fault is made for every attempt, not only once.
    pub forever: bool,
    /// Whether the server executes the request before the fault.
    pub executed: bool,
}

/// All runs of all cells.
#[must_use]
pub fn runs() -> Vec<Run> {
    let mut runs = Vec::new();
    for variant in all() {
        for vendor in Vendor::ALL {
            for class in Class::ALL {
                if impossible(&variant, vendor, class).is_some() {
                    continue;
                }
                let orders: &[bool] = match class {
                    Class::Read => &[false],
                    _ if variant.has_two_orders() => &[false, true],
                    _ => &[false],
                };
                for forever in [false, true] {
                    if if forever { variant.forever() } else { variant.once() } {
                        runs.extend(orders.iter().map(|executed| Run {
                            variant: variant.clone(),
                            vendor,
                            class,
                            forever,
                            executed: *executed,
                        }));
                    }
                }
            }
        }
    }
    runs
}

/// Bytes in place of the whole response, its headers too.
fn is_raw(fault: &Fault) -> bool {
    matches!(fault, Fault::Raw { .. })
}

/// How a run has to end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expected {
    /// With success.
    Success,
    /// With this kind of error, and whether it says that the call may have been executed: false for reads, and for calls that
    /// wait for a credential.
    Error(ErrorKind, bool),
}

impl Run {
    /// What one attempt is to this client.
    fn seen(&self, seen: Seen) -> Seen {
        let content = self.variant.content;
        match (self.vendor, self.class, seen) {
            // The vendor documents no sign of the end of a session, so a redirect and a page are one. Neither proves that
            // nothing was executed.
            (Vendor::Vise, Class::Read, Seen::Broken(kind) | Seen::Fatal(kind))
                if content == Content::Page || kind == ErrorKind::Redirect =>
            {
                Seen::CredentialRejected(kind)
            }
            // A session is its cookie: the body of the response that sets it does not matter.
            (Vendor::Vise, class, Seen::Broken(kind))
                if class.is_of_tokens()
                    && matches!(kind, ErrorKind::Decode | ErrorKind::EmptyResponse)
                    && !matches!(&self.variant.inject, Inject::Exchange(faults) if faults.iter().any(is_raw))
                    && (self.executed || !self.variant.has_two_orders()) =>
            {
                Seen::Success
            }
            // The vendor documents no response of a write, so any JSON is one, and none too.
            (Vendor::ReveSecure, Class::IdempotentWrite | Class::Write, _)
                if content == Content::JsonOrNothing =>
            {
                Seen::Success
            }
            _ => seen,
        }
    }

    /// What each single attempt that meets the fault can be to this client.
    fn each(&self) -> impl Iterator<Item = Seen> {
        std::iter::once(self.variant.seen).chain(self.variant.seen_early).map(|seen| self.seen(seen))
    }

    /// Whether each response says that the request was not executed.
    pub fn refuses(&self) -> bool {
        self.each()
            .all(|seen| matches!(seen, Seen::Fatal(_) | Seen::Throttled(_) | Seen::CredentialRejected(_)))
    }

    /// How it can end. The last attempt decides on the kind of an error. A request may have been executed if that is so of any
    /// attempt, and each attempt can be another, where the client can notice the fault at different times.
    pub fn expected(&self) -> Vec<Expected> {
        let doubt = self.each().any(|seen| matches!(seen, Seen::Lost(_) | Seen::Broken(_)));
        let earlier = doubt && self.forever && self.retries();
        let ends = self.each().flat_map(|seen| {
            let end = self.expected_of(seen);
            let doubted = match end {
                Expected::Error(kind, false) if earlier => Some(self.error(kind, true)),
                _ => None,
            };
            std::iter::once(end).chain(doubted)
        });
        ends.collect()
    }

    fn error(&self, kind: ErrorKind, maybe_executed: bool) -> Expected {
        match self.is_credential() {
            true => Expected::Error(ErrorKind::Credentials, false),
            false => Expected::Error(kind, maybe_executed && self.class != Class::Read),
        }
    }

    /// Whether the client tries again after an attempt that may have been executed.
    fn retries(&self) -> bool {
        match self.class {
            Class::Read | Class::IdempotentWrite => true,
            Class::Write => false,
            // A login of Virtuous may cost a one-time code, and a refresh token is good for one use.
            Class::TokenFetch | Class::TokenRefresh => self.vendor == Vendor::Vise,
        }
    }

    /// Whether the request is one for the credential of a call: the call's error is about the call, which was not sent.
    fn is_credential(&self) -> bool {
        self.class.is_of_tokens() && (self.vendor, self.class) != (Vendor::Virtuous, Class::TokenFetch)
    }

    fn expected_of(&self, seen: Seen) -> Expected {
        let retries = self.retries();
        let passes = |kind: ErrorKind, executed: bool, retries: bool| match retries && !self.forever {
            true => Expected::Success,
            false => self.error(kind, executed),
        };
        match seen {
            Seen::Success => Expected::Success,
            Seen::NotSent(kind) => passes(kind, false, retries || self.class == Class::Write),
            Seen::Fatal(kind) => self.error(kind, false),
            // Of several attempts that hang, the deadline of the call that waits ends the last.
            Seen::Lost(ErrorKind::Timeout)
                if self.forever && self.vendor == Vendor::Vise && self.is_credential() =>
            {
                Expected::Error(ErrorKind::Timeout, false)
            }
            Seen::Lost(kind) => passes(kind, true, retries),
            Seen::Broken(kind) => self.error(kind, true),
            Seen::Throttled(may_wait) => {
                // The vendor documents that a throttled request was not executed.
                let retries = retries || self.vendor == Vendor::VaultVision;
                passes(ErrorKind::Throttled, false, retries && may_wait)
            }
            Seen::CredentialRejected(kind) => {
                let renews = match self.vendor {
                    Vendor::Virtuous => !self.class.is_of_tokens(),
                    Vendor::Vise => self.class == Class::Read,
                    _ => false,
                };
                passes(kind, false, renews)
            }
        }
    }

    /// In words.
    #[must_use]
    pub fn name(&self) -> String {
        let Self { variant, vendor, class, forever, executed } = self;
        let times = if *forever { "for every attempt" } else { "once" };
        let order = if *executed { ", after the request was executed" } else { "" };
        format!("{} ({}) {times}{order} at {} {class:?}", variant.id, variant.what, vendor.name())
    }
}
