//! The record of a shared credential. All times are those of the store's clock, because the clocks of hosts
//! differ; times are only compared with those of the same record.
//!
//! A lease makes it rare that a refresh token is sent twice, a mark makes it detectable. A pair is saved by its origin: the
//! record must contain the token that was spent for it. The lease plays no part in that, because a late process may hold
//! the only valid pair.

use super::activity::Activity;
use serde::{Deserialize, Serialize};

/// Microseconds since 1970 by the store's clock, or a duration in microseconds.
pub(crate) type Micros = u64;

pub(crate) const SECOND: Micros = 1_000_000;

/// The layout that is written, and the only supported one.
pub(crate) const LAYOUT: u32 = 1;

/// Number of earlier logins in a record: as many lost logins can be recognized.
const MAX_EARLIER: usize = 4;

/// Lengths of the protocol.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    /// Length of a lease: longer than a refresh and the operations around it.
    pub(crate) lease: Micros,
    /// Time limit of a refresh, from before its mark is written until its response.
    pub(crate) refresh: Micros,
    /// Time limit of one operation of the store.
    pub(crate) step: Micros,
    /// Time after the end of a mark in which its holder can still save.
    pub(crate) settle: Micros,
}

impl Default for Timing {
    fn default() -> Self {
        Self { lease: 30 * SECOND, refresh: 20 * SECOND, step: 2 * SECOND, settle: 10 * SECOND }
    }
}

/// A credential in the store.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Record {
    #[serde(rename = "v")]
    pub(crate) layout: u32,
    /// Rises with each pair and with each logout.
    #[serde(rename = "gen")]
    pub(crate) generation: u64,
    /// Random, of the login or logout that the content comes from.
    pub(crate) login: String,
    /// The latest logins and logouts before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) earlier: Vec<String>,
    /// Rises with each write.
    pub(crate) revision: u64,
    pub(crate) content: Content,
    /// Rises with each acquisition of the lease.
    pub(crate) fence: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lease: Option<Lease>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mark: Option<Mark>,
    /// The refresh that returned the content; a login has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) origin: Option<Origin>,
    /// The last save, to recognize one that is retried after a lost reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) save_id: Option<String>,
    #[serde(default, skip_serializing_if = "Activity::is_empty")]
    pub(crate) activity: Activity,
}

/// A refresh whose response was saved.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// Fingerprint of the refresh token that was spent.
    pub(super) spent: String,
    /// The lease under which it was sent.
    pub(super) fence: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Content {
    /// No token was saved yet; the record only holds a lease.
    Empty,
    /// Logged out.
    Cleared,
    Token(Token),
}

/// An encrypted token.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Token {
    /// Fingerprint of the refresh token.
    #[serde(rename = "fp")]
    pub(crate) fingerprint: String,
    /// Identifier of the key that `sealed` is encrypted with.
    #[serde(rename = "kid")]
    pub(crate) key_id: String,
    #[serde(rename = "box")]
    pub(crate) sealed: String,
    /// When it was saved.
    pub(crate) issued: Micros,
    /// Lifetime from then on, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) life: Option<Micros>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Lease {
    /// Random, of one acquisition: names of hosts and processes are not unique.
    pub(crate) owner: String,
    pub(crate) until: Micros,
}

/// A refresh whose response is not saved.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// The lease under which it was sent; 0 if the record was restored and it is unknown whether one was sent.
    pub(crate) fence: u64,
    /// The refresh is over at this time; 0 if none is under way.
    pub(crate) until: Micros,
    /// Earlier refreshes with the same token whose responses were lost.
    pub(crate) tries: u32,
}

impl Mark {
    /// When the refresh began, if one is under way.
    pub(super) fn began(&self, timing: &Timing) -> Option<Micros> {
        self.until.checked_sub(timing.refresh.saturating_add(timing.step))
    }
}

impl Record {
    pub(crate) fn new() -> Self {
        Self {
            layout: LAYOUT,
            generation: 0,
            login: String::new(),
            earlier: Vec::new(),
            revision: 0,
            content: Content::Empty,
            fence: 0,
            lease: None,
            mark: None,
            origin: None,
            save_id: None,
            activity: Activity::default(),
        }
    }

    pub(crate) fn token(&self) -> Option<&Token> {
        match &self.content {
            Content::Token(token) => Some(token),
            Content::Empty | Content::Cleared => None,
        }
    }

    /// Whether the record contains a token of a later generation that has not expired.
    pub(super) fn has_newer(&self, known: u64, now: Micros) -> bool {
        let serves = |token: &Token| token.life.is_none_or(|life| token.issued.saturating_add(life) > now);
        self.generation > known && self.token().is_some_and(serves)
    }

    /// Whether the record contains the token that was spent under this lease, or the response to an earlier refresh with
    /// it. Of two responses, a server that forgives retries regards the later one as valid.
    pub(super) fn is_of(&self, fingerprint: &str, fence: u64) -> bool {
        self.token().is_some_and(|token| token.fingerprint == fingerprint)
            || self.origin.as_ref().is_some_and(|origin| origin.spent == fingerprint && origin.fence < fence)
    }

    /// Whether this owner holds the lease: it has not ended, or nobody has acquired it since.
    pub(super) fn is_owned_by(&self, owner: &str) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.owner == owner)
    }

    pub(super) fn change(&mut self, generation: u64, content: Content) {
        self.generation = generation;
        self.content = content;
        (self.mark, self.origin) = (None, None);
    }

    /// Notes that the next content comes from another login, or from a logout.
    pub(super) fn begin_login(&mut self, id: &str) {
        let before = std::mem::replace(&mut self.login, id.to_owned());
        if !before.is_empty() {
            self.earlier.insert(0, before);
            self.earlier.truncate(MAX_EARLIER);
        }
    }

    /// Whether this record is an earlier state of `seen`: the store has lost what came after it. Decided without clocks.
    pub(super) fn is_before(&self, seen: &Self) -> bool {
        match self.login == seen.login {
            true => (self.generation, self.revision) < (seen.generation, seen.revision),
            false => self.login.is_empty() || seen.earlier.contains(&self.login),
        }
    }
}
