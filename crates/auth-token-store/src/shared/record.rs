//! The protocol of a shared credential: one record, and the operations on it as a pure function.
//!
//! Backends only read a record and replace it if it is unchanged (compare-and-set), so this function is what runs on every
//! backend, and what the tests check. All times are those of the store's clock, because the clocks of hosts
//! differ.
//!
//! A lease makes it rare that a refresh token is sent twice, a mark makes it detectable. A pair is saved by its origin: the
//! record must contain the token that was spent for it. The lease plays no part in that, because a late process may hold
//! the only valid pair.

use serde::{Deserialize, Serialize};

/// Microseconds since 1970 by the store's clock, or a duration in microseconds.
pub(crate) type Micros = u64;

pub(crate) const SECOND: Micros = 1_000_000;

/// The layout that is written, and the only supported one.
pub(crate) const LAYOUT: u32 = 1;

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
    /// When the generation rose; a later change has a later time, even if the clock was set back.
    pub(crate) changed: Micros,
    pub(crate) content: Content,
    /// Rises with each acquisition of the lease.
    pub(crate) fence: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lease: Option<Lease>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mark: Option<Mark>,
    /// The last save, to recognize one that is retried after a lost reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) save_id: Option<String>,
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
    /// The refresh is over at this time.
    pub(crate) until: Micros,
    /// Earlier refreshes with the same token whose responses were lost.
    pub(crate) tries: u32,
}

/// An operation. All can be repeated after a lost reply.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// Acquires the lease; the same owner gets the same fence.
    Acquire {
        owner: String,
    },
    /// Marks that a refresh token is about to be sent.
    Begin {
        owner: String,
        generation: u64,
        token: Token,
        /// Whether the caller has known an open mark for long enough to take it over.
        may_take_over: bool,
    },
    /// Saves the pair that was obtained for the token with this fingerprint.
    Renew {
        save_id: String,
        spent: String,
        generation: u64,
        token: Token,
    },
    /// Saves the pair of a login.
    LogIn {
        owner: String,
        base: u64,
        save_id: String,
        generation: u64,
        token: Token,
    },
    /// Writes the stored pair again. Removes the caller's mark if nothing was spent; a mark that it had taken over returns.
    Rewrite {
        fence: u64,
        generation: u64,
        token: Token,
        unmark: bool,
    },
    /// Logs out, or removes what a refresh has written to an empty record.
    Clear {
        owner: String,
        base: u64,
        is_logout: bool,
    },
    Release {
        owner: String,
    },
    /// Changes nothing.
    Look,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Done,
    /// The lease is held with this fence.
    Acquired(u64),
    /// Another owner holds the lease for this time, unless it is released.
    Held(Micros),
    /// The lease has ended, or the record has changed since.
    Lost,
    /// Another refresh is certainly over after this time.
    InDoubt(Micros),
    /// The responses to two refreshes were lost.
    Exhausted,
    /// The record contains a pair of another origin, or was cleared.
    Superseded,
    /// The generation must be at least this one.
    Behind(u64),
}

impl Record {
    pub(crate) fn new() -> Self {
        Self {
            layout: LAYOUT,
            generation: 0,
            changed: 0,
            content: Content::Empty,
            fence: 0,
            lease: None,
            mark: None,
            save_id: None,
        }
    }

    pub(crate) fn token(&self) -> Option<&Token> {
        match &self.content {
            Content::Token(token) => Some(token),
            Content::Empty | Content::Cleared => None,
        }
    }

    fn is_of(&self, fingerprint: &str) -> bool {
        self.token().is_some_and(|token| token.fingerprint == fingerprint)
    }

    /// Whether this owner holds the lease: it has not ended, or nobody has acquired it since.
    fn is_owned_by(&self, owner: &str) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.owner == owner)
    }

    fn change(&mut self, generation: u64, content: Content, now: Micros) {
        self.generation = generation;
        self.changed = now.max(self.changed.saturating_add(1));
        self.content = content;
        self.mark = None;
    }
}

/// Applies an operation at the time `now`. A reply that refuses it leaves the content as it was.
pub(crate) fn apply(
    mut record: Record,
    operation: &Operation,
    now: Micros,
    timing: &Timing,
) -> (Record, Reply) {
    let reply = match operation {
        Operation::Acquire { owner } => acquire(&mut record, owner, now, timing),
        Operation::Begin { owner, generation, token, may_take_over } => {
            begin(&mut record, owner, (*generation, token), *may_take_over, now, timing)
        }
        Operation::Renew { save_id, spent, generation, token } => match &record.content {
            _ if record.save_id.as_ref() == Some(save_id) => Reply::Done,
            Content::Cleared => Reply::Superseded,
            Content::Token(_) if !record.is_of(spent) => Reply::Superseded,
            Content::Token(_) | Content::Empty => save(&mut record, save_id, *generation, token, now),
        },
        Operation::LogIn { owner, base, save_id, generation, token } => {
            if record.save_id.as_ref() == Some(save_id) {
                Reply::Done
            } else if record.is_owned_by(owner) && record.generation == *base {
                save(&mut record, save_id, *generation, token, now)
            } else {
                Reply::Lost
            }
        }
        Operation::Rewrite { fence, generation, token, unmark } => {
            rewrite(&mut record, *fence, (*generation, token), *unmark)
        }
        Operation::Clear { owner, base, is_logout } => {
            let is_cleared = record.content == Content::Cleared;
            if !record.is_owned_by(owner) || !is_cleared && record.generation != *base {
                Reply::Lost
            } else {
                if !is_cleared {
                    let generation = record.generation.saturating_add(1);
                    let content = if *is_logout { Content::Cleared } else { Content::Empty };
                    record.change(generation, content, now);
                    record.save_id = None;
                }
                Reply::Done
            }
        }
        Operation::Release { owner } => {
            if record.is_owned_by(owner) {
                record.lease = None;
            }
            Reply::Done
        }
        Operation::Look => Reply::Done,
    };
    (record, reply)
}

fn acquire(record: &mut Record, owner: &str, now: Micros, timing: &Timing) -> Reply {
    let until = now.saturating_add(timing.lease);
    match &mut record.lease {
        Some(lease) if lease.owner == owner => lease.until = until,
        // A lease that ends later than any can: the clock was set back.
        Some(lease) if lease.until > until.saturating_add(timing.lease) => {
            lease.until = until;
            return Reply::Held(timing.lease);
        }
        Some(lease) if lease.until > now => return Reply::Held(lease.until - now),
        _ => {
            record.fence = record.fence.saturating_add(1);
            record.lease = Some(Lease { owner: owner.to_owned(), until });
        }
    }
    Reply::Acquired(record.fence)
}

fn begin(
    record: &mut Record,
    owner: &str,
    (generation, token): (u64, &Token),
    may_take_over: bool,
    now: Micros,
    timing: &Timing,
) -> Reply {
    match &mut record.lease {
        Some(lease) if lease.owner == owner && now < lease.until => {
            lease.until = now.saturating_add(timing.lease);
        }
        _ => return Reply::Lost,
    }
    let until = now.saturating_add(timing.refresh).saturating_add(timing.step);
    match &record.content {
        Content::Token(stored)
            if record.generation == generation && stored.fingerprint == token.fingerprint => {}
        Content::Token(_) => return Reply::Lost,
        // A pair that the program has passed, and that the store has not seen.
        Content::Empty | Content::Cleared if generation > record.generation => {
            record.change(generation, Content::Token(Token { issued: now, ..token.clone() }), now);
        }
        Content::Empty | Content::Cleared => return Reply::Behind(record.generation.saturating_add(1)),
    }
    let tries = match &mut record.mark {
        None => 0,
        // Retried after a lost reply, or after the store could not confirm it.
        Some(mark) if mark.fence == record.fence => mark.tries,
        Some(mark) => {
            // A mark that ends later than any can: the clock was set back.
            if mark.until > until.saturating_add(until - now) {
                mark.until = until;
            }
            let over = mark.until.saturating_add(timing.settle);
            if over > now || !may_take_over {
                return Reply::InDoubt(over.saturating_sub(now));
            }
            if mark.tries > 0 {
                return Reply::Exhausted;
            }
            1
        }
    };
    record.mark = Some(Mark { fence: record.fence, until, tries });
    Reply::Done
}

fn save(record: &mut Record, save_id: &str, generation: u64, token: &Token, now: Micros) -> Reply {
    if generation <= record.generation {
        return Reply::Behind(record.generation.saturating_add(1));
    }
    record.change(generation, Content::Token(Token { issued: now, ..token.clone() }), now);
    record.save_id = Some(save_id.to_owned());
    Reply::Done
}

fn rewrite(record: &mut Record, fence: u64, (generation, token): (u64, &Token), unmark: bool) -> Reply {
    let same = record.generation == generation;
    let (true, Content::Token(stored)) = (same, &mut record.content) else { return Reply::Superseded };
    if stored.fingerprint != token.fingerprint {
        return Reply::Superseded;
    }
    (stored.key_id, stored.sealed) = (token.key_id.clone(), token.sealed.clone());
    match &mut record.mark {
        // The refresh that was taken over remains in doubt.
        Some(mark) if mark.fence == fence && mark.tries > 0 => {
            *mark = Mark { fence: 0, until: 0, tries: mark.tries - 1 };
        }
        Some(mark) if mark.fence == fence && unmark => record.mark = None,
        _ => {}
    }
    Reply::Done
}

/// Restores what a process has seen last, if the store has lost it. The record is marked, because the lost part may have
/// been a refresh: processes that know a later pair have time to restore that.
///
/// Never restores over a later change: neither a login nor a logout.
pub(crate) fn restore(record: &mut Record, seen: &Record, now: Micros, timing: &Timing) {
    let is_older = record.content == Content::Empty || record.changed < seen.changed;
    if seen.content == Content::Empty || !is_older || record.content == Content::Cleared {
        return;
    }
    record.content = seen.content.clone();
    (record.generation, record.changed) = (seen.generation, seen.changed);
    record.save_id.clone_from(&seen.save_id);
    record.fence = record.fence.max(seen.fence);
    let until = now.saturating_add(timing.refresh).saturating_add(timing.step);
    record.mark = seen.token().map(|_| Mark { fence: 0, until, tries: 0 });
}

/// Returns the generation that a record needs because it is a later change than what a process has seen, with an earlier
/// number: a login after the store had lost its data. Without it, that process would take its own pair for the newer one.
pub(crate) fn renumbered(record: &Record, seen: &Record) -> Option<u64> {
    let is_later = record.content != Content::Empty && record.changed > seen.changed;
    (is_later && record.generation <= seen.generation).then(|| seen.generation.saturating_add(1))
}
