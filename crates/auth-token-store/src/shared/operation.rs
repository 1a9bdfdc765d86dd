//! The operations on a record, as a pure function.
//!
//! Backends only read a record and replace it if it is unchanged (compare-and-set), so this function is what runs on every
//! backend, and what the model check explores.

use super::record::{Content, Lease, Mark, Micros, Origin, Record, Timing, Token};

/// What a process has found in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Loaded {
    Nothing,
    Logout,
    /// The token that it refreshes.
    Token,
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
        /// What the record contained when it was loaded under the lease.
        loaded: Loaded,
        /// Whether the caller has known an open mark for long enough to take it over.
        may_take_over: bool,
    },
    /// Saves the pair that was obtained for the token with this fingerprint.
    Renew {
        save_id: String,
        spent: String,
        /// The lease under which it was sent.
        fence: u64,
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

impl Operation {
    /// Name in errors.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Acquire { .. } => "lock",
            Self::Begin { .. } => "begin",
            Self::Renew { .. } | Self::LogIn { .. } | Self::Rewrite { .. } => "write",
            Self::Clear { .. } => "clear",
            Self::Release { .. } => "release",
            Self::Look => "read",
        }
    }

    /// Whether what follows relies on its result even if the primary fails.
    pub(crate) fn is_durable(&self) -> bool {
        !matches!(self, Self::Acquire { .. } | Self::Release { .. } | Self::Look)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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

/// Applies an operation at the time `now`. A reply that refuses it leaves the content as it was.
pub(crate) fn apply(
    mut record: Record,
    operation: &Operation,
    now: Micros,
    timing: &Timing,
) -> (Record, Reply) {
    let reply = match operation {
        Operation::Acquire { owner } => acquire(&mut record, owner, now, timing),
        Operation::Begin { owner, generation, token, loaded, may_take_over } => {
            begin(&mut record, owner, (*generation, token), *loaded, *may_take_over, now, timing)
        }
        Operation::Renew { save_id, spent, fence, generation, token } => {
            let is_of = record.is_of(spent, *fence);
            let reply = match &record.content {
                _ if record.save_id.as_ref() == Some(save_id) => Reply::Done,
                Content::Token(_) if is_of => save(&mut record, None, save_id, (*generation, token), now),
                Content::Token(_) | Content::Cleared => Reply::Superseded,
                // The store has lost its data.
                Content::Empty => save(&mut record, Some(save_id), save_id, (*generation, token), now),
            };
            if reply == Reply::Done {
                record.origin = Some(Origin { spent: spent.clone(), fence: *fence });
            }
            reply
        }
        Operation::LogIn { owner, base, save_id, generation, token } => {
            if record.save_id.as_ref() == Some(save_id) {
                Reply::Done
            } else if record.is_owned_by(owner) && record.generation == *base {
                save(&mut record, Some(save_id), save_id, (*generation, token), now)
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
                    record.begin_login(owner);
                    record.change(generation, content);
                    record.save_id = None;
                }
                Reply::Done
            }
        }
        Operation::Release { owner } => {
            if record.is_owned_by(owner) {
                record.lease = None;
                let fence = record.fence;
                // The second refresh has returned no pair either, so nobody waits for one.
                if let Some(mark) = record.mark.as_mut().filter(|mark| mark.fence == fence && mark.tries > 0)
                {
                    mark.until = 0;
                }
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
    loaded: Loaded,
    may_take_over: bool,
    now: Micros,
    timing: &Timing,
) -> Reply {
    match &mut record.lease {
        // Not with each poll of a process that waits: that would be a write each time.
        Some(lease) if lease.owner == owner && now < lease.until => {
            if lease.until - now < timing.lease / 4 * 3 {
                lease.until = now.saturating_add(timing.lease);
            }
        }
        _ => return Reply::Lost,
    }
    let until = now.saturating_add(timing.refresh).saturating_add(timing.step);
    match &record.content {
        Content::Token(stored)
            if record.generation == generation && stored.fingerprint == token.fingerprint => {}
        Content::Token(_) => return Reply::Lost,
        // Another process has restored a logout, or has emptied the record.
        Content::Empty if loaded == Loaded::Token => return Reply::Lost,
        Content::Cleared if loaded != Loaded::Logout => return Reply::Lost,
        // A pair that the store has not seen: the program has passed it, or the store has lost it.
        Content::Empty | Content::Cleared if generation > record.generation => {
            record.begin_login(owner);
            record.change(generation, Content::Token(Token { issued: now, ..token.clone() }));
        }
        Content::Empty | Content::Cleared => return Reply::Behind(record.generation.saturating_add(1)),
    }
    let tries = match &mut record.mark {
        None => 0,
        // Retried after a lost reply, or after the store could not confirm it.
        Some(mark) if mark.fence == record.fence => mark.tries,
        Some(Mark { until: 0, tries: 1.., .. }) => return Reply::Exhausted,
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
    if let Some(lease) = &mut record.lease {
        lease.until = now.saturating_add(timing.lease);
    }
    Reply::Done
}

fn save(
    record: &mut Record,
    login: Option<&str>,
    save_id: &str,
    (generation, token): (u64, &Token),
    now: Micros,
) -> Reply {
    if generation <= record.generation {
        return Reply::Behind(record.generation.saturating_add(1));
    }
    if let Some(login) = login {
        record.begin_login(login);
    }
    record.change(generation, Content::Token(Token { issued: now, ..token.clone() }));
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
