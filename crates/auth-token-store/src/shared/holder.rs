//! The decisions of a process that holds the lease of a credential, without I/O: the next operation of each step, and what
//! its reply means.
//!
//! ```text
//! acquire ──► load ──► begin ──► save (of the response) ──► release
//!                        │
//!                        └─► withdraw (nothing was sent)
//! ```
//!
//! [`Locked`](super::locked::Locked) performs the operations on a database, the model check on a record in memory.

use super::operation::{Loaded, Operation, Reply};
use super::record::{Content, Micros, Record, Token};

/// Attempts of a step that other processes interrupt. At the end, its token is returned to the caller with the error.
const MAX_ATTEMPTS: u32 = 8;

/// A token without its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pair {
    pub(crate) generation: u64,
    /// Of the refresh token.
    pub(crate) fingerprint: String,
    /// Of the whole pair: the next one may have the same refresh token.
    pub(crate) identity: String,
    pub(crate) is_refreshing: bool,
}

/// A lock on a credential, held or lost.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Holder {
    /// Random, of this acquisition.
    owner: String,
    fence: u64,
    /// Generation, login and content of the record when it was last read.
    base: u64,
    login: String,
    was_empty: bool,
    was_cleared: bool,
    /// Identity of the pair that was loaded last.
    loaded: Option<String>,
    begun: Option<Begun>,
    /// Identity of the pair that was saved last, and the identifier of the save, which a retry keeps.
    saving: Option<(String, String)>,
    step: Step,
    attempts: u32,
    /// Whether the step first acquires the lease again.
    is_regaining: bool,
}

/// A refresh that has begun.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Begun {
    generation: u64,
    /// Fingerprint of the refresh token.
    spent: String,
    identity: String,
    /// The pair was written to an empty record.
    into_empty: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step {
    Acquire,
    Load,
    Begin { pair: Pair, generation: u64 },
    Withdraw { generation: u64 },
    Rewrite { pair: Pair, generation: u64 },
    Save { save_id: String, generation: u64 },
    Clear,
    Release,
}

/// What follows from a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Done,
    /// The next operation of the same step follows.
    Continue,
    /// The same, after another process has released the lease or at most this time has passed.
    Wait(Micros),
    /// The lease was lost, or the record contains another pair.
    Lost,
    /// The responses to two refreshes were lost.
    InDoubt,
    Superseded,
    /// Other processes changed the record each time.
    Interrupted,
    Unexpected(Reply),
}

impl Holder {
    /// Creates a lock that is not acquired yet. Its first step is to acquire it.
    pub(crate) fn new(owner: String) -> Self {
        Self {
            owner,
            fence: 0,
            base: 0,
            login: String::new(),
            was_empty: true,
            was_cleared: false,
            loaded: None,
            begun: None,
            saving: None,
            step: Step::Acquire,
            attempts: 0,
            is_regaining: false,
        }
    }

    pub(crate) fn fence(&self) -> u64 {
        self.fence
    }

    /// Whether the last load found the record of a logout.
    pub(crate) fn was_cleared(&self) -> bool {
        self.was_cleared
    }

    pub(crate) fn load(&mut self) {
        self.start(Step::Load);
    }

    /// Notes the pair that was loaded.
    pub(crate) fn loaded(&mut self, identity: Option<String>) {
        self.loaded = identity;
    }

    pub(crate) fn begin(&mut self, pair: Pair) {
        let generation = pair.generation;
        self.start(Step::Begin { pair, generation });
    }

    /// Saves a new pair, or the one that is stored, to remove its mark. `id` is a new random identifier.
    pub(crate) fn save(&mut self, pair: Pair, id: String) {
        let stored = match &self.begun {
            Some(begun) if begun.identity == pair.identity => Some(begun.generation),
            None if pair.generation == self.base && self.loaded.as_ref() == Some(&pair.identity) => {
                Some(self.base)
            }
            _ => None,
        };
        if let Some(generation) = stored {
            return self.start(Step::Rewrite { pair, generation });
        }
        let save_id = match self.saving.take().filter(|(of, _)| *of == pair.identity) {
            Some((_, save_id)) => save_id,
            None => id,
        };
        self.saving = Some((pair.identity, save_id.clone()));
        self.start(Step::Save { save_id, generation: pair.generation });
    }

    pub(crate) fn clear(&mut self) {
        self.start(Step::Clear);
    }

    pub(crate) fn release(&mut self) {
        self.start(Step::Release);
    }

    fn start(&mut self, step: Step) {
        (self.step, self.attempts, self.is_regaining) = (step, 0, false);
    }

    /// Returns the next operation. `seal` encrypts the token of the step under a generation.
    pub(crate) fn operation<E>(
        &mut self,
        may_take_over: bool,
        seal: impl FnOnce(u64) -> Result<Token, E>,
    ) -> Result<Operation, E> {
        let owner = self.owner.clone();
        if self.is_regaining {
            return Ok(Operation::Acquire { owner });
        }
        Ok(match &self.step {
            Step::Acquire => Operation::Acquire { owner },
            Step::Load => Operation::Look,
            Step::Begin { pair, generation } => {
                self.begun = Some(Begun {
                    generation: *generation,
                    spent: pair.fingerprint.clone(),
                    identity: pair.identity.clone(),
                    into_empty: self.was_empty,
                });
                let loaded = match self.loaded.as_ref() == Some(&pair.identity) {
                    true => Loaded::Token,
                    false if self.was_cleared => Loaded::Logout,
                    false => Loaded::Nothing,
                };
                let (generation, token) = (*generation, seal(*generation)?);
                Operation::Begin { owner, generation, token, loaded, may_take_over }
            }
            Step::Withdraw { generation } => Operation::Rewrite {
                fence: self.fence,
                generation: *generation,
                token: seal(*generation)?,
                unmark: true,
            },
            Step::Rewrite { pair, generation } => Operation::Rewrite {
                fence: self.fence,
                generation: *generation,
                token: seal(*generation)?,
                unmark: !pair.is_refreshing,
            },
            Step::Save { save_id, generation } => {
                let (save_id, generation, token) = (save_id.clone(), *generation, seal(*generation)?);
                match &self.begun {
                    Some(begun) => {
                        let (spent, fence) = (begun.spent.clone(), self.fence);
                        Operation::Renew { save_id, spent, fence, generation, token }
                    }
                    None => Operation::LogIn { owner, base: self.base, save_id, generation, token },
                }
            }
            // What a refresh has written to an empty record is removed without a trace: that is no logout.
            Step::Clear => Operation::Clear {
                owner,
                base: self.base,
                is_logout: !self.begun.as_ref().is_some_and(|begun| begun.into_empty),
            },
            Step::Release => Operation::Release { owner },
        })
    }

    /// Returns what follows from the reply to the operation, and from the record after it.
    pub(crate) fn reply(&mut self, record: &Record, reply: Reply) -> Next {
        if self.is_regaining || self.step == Step::Acquire {
            return match reply {
                Reply::Acquired(fence) => {
                    // While the lease was held, only a process that restores what was lost has changed the record.
                    let is_replaced = fence != self.fence && record.login != self.login;
                    let is_login = matches!(self.step, Step::Save { .. });
                    self.fence = fence;
                    self.read(record);
                    match std::mem::take(&mut self.is_regaining) {
                        true if is_login && is_replaced => Next::Superseded,
                        true => Next::Continue,
                        false => Next::Done,
                    }
                }
                Reply::Held(left) => Next::Wait(left),
                other => Next::Unexpected(other),
            };
        }
        let next = match (&mut self.step, reply) {
            (Step::Load, Reply::Done) => {
                self.read(record);
                self.was_cleared = record.content == Content::Cleared;
                return Next::Done;
            }
            (Step::Begin { generation, .. }, reply) => match reply {
                Reply::Done => Next::Done,
                Reply::Lost | Reply::Superseded => Next::Lost,
                Reply::Exhausted => Next::InDoubt,
                Reply::InDoubt(left) => Next::Wait(left),
                Reply::Behind(needed) => {
                    *generation = needed;
                    Next::Continue
                }
                other => Next::Unexpected(other),
            },
            (Step::Withdraw { .. } | Step::Rewrite { .. }, reply) => {
                let is_over = !matches!(&self.step, Step::Rewrite { pair, .. } if pair.is_refreshing);
                if reply != Reply::Done {
                    return Next::Superseded;
                }
                if is_over {
                    self.begun = None;
                }
                return Next::Done;
            }
            (Step::Save { .. } | Step::Clear, Reply::Done) => {
                self.begun = None;
                Next::Done
            }
            (Step::Save { .. }, Reply::Superseded) => return Next::Superseded,
            (Step::Save { .. } | Step::Clear, Reply::Lost | Reply::Behind(_))
                if self.attempts + 1 == MAX_ATTEMPTS =>
            {
                return Next::Interrupted;
            }
            (Step::Save { generation, .. }, Reply::Behind(needed)) => {
                *generation = needed;
                self.attempts += 1;
                return Next::Continue;
            }
            // A login replaces a pair that another process has refreshed, a logout any.
            (Step::Save { .. } | Step::Clear, Reply::Lost) => {
                self.attempts += 1;
                self.is_regaining = true;
                return Next::Continue;
            }
            (Step::Release, Reply::Done) => return Next::Done,
            (_, other) => return Next::Unexpected(other),
        };
        self.read(record);
        if matches!(next, Next::Lost | Next::InDoubt) {
            self.begun = None;
        }
        next
    }

    /// Notes that a step has failed: the reply to its last operation was lost. Returns whether the next step, which
    /// withdraws what may have been written, must be performed.
    pub(crate) fn failed(&mut self) -> bool {
        match (&self.step, &self.begun) {
            (Step::Begin { .. }, Some(begun)) => {
                let generation = begun.generation;
                self.start(Step::Withdraw { generation });
                true
            }
            (Step::Withdraw { .. }, _) => {
                self.begun = None;
                false
            }
            _ => false,
        }
    }

    fn read(&mut self, record: &Record) {
        self.base = record.generation;
        self.login.clone_from(&record.login);
        self.was_empty = record.content == Content::Empty;
    }
}
