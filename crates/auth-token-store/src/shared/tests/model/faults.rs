//! Planted faults: what a wrong implementation would do. The check must find each.

use super::world::NOW;
use crate::shared::operation::{Operation, Reply};
use crate::shared::record::{Content, Lease, Record, Token};
use crate::shared::seen::Seen;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fault {
    /// The refresh token is sent before its mark is written.
    MarkAfterSend,
    /// A pair is saved only under the newest lease.
    SaveByLease,
    /// A pair is saved over any other.
    BlindSave,
    /// The pair is read before the lock is acquired, and not compared when the refresh begins.
    LoadBeforeLock,
    /// A late save ignores that the user has logged out.
    TombstoneIgnored,
    /// A login whose lease has ended is saved over a logout.
    LoginOverLogout,
    /// A release does not compare the owner.
    ReleaseOfOthers,
    /// A refresh in doubt is tried again at once.
    NoWaitInDoubt,
    /// A retried refresh is not counted.
    TriesForgotten,
    /// A refresh that could not begin removes the mark of another one.
    WithdrawsOthersMark,
    /// The mark is removed after a lost response.
    UnmarkAfterLoss,
    /// A refresh begins under a lease that has ended.
    EndedLease,
    /// A process does not restore what the store has lost.
    NoHeal,
    /// A process restores its pair over a logout.
    HealOverTombstone,
    /// A process restores its pair over any with another number.
    HealByNumber,
}

impl Fault {
    /// Changes what an operation is computed from.
    pub(super) fn before(
        fault: Option<Self>,
        mut stored: Option<Record>,
        operation: &Operation,
        fence: u64,
        seen: &mut Seen,
    ) -> (Option<Record>, Operation) {
        let mut operation = operation.clone();
        let (Some(fault), Some(record)) = (fault, &mut stored) else { return (stored, operation) };
        match (fault, &mut operation) {
            (Self::SaveByLease, Operation::Renew { spent, .. }) if fence != record.fence => spent.clear(),
            (Self::BlindSave, Operation::Renew { spent, .. }) => {
                if let Some(token) = record.token() {
                    spent.clone_from(&token.fingerprint);
                }
            }
            (Self::LoadBeforeLock, Operation::Begin { generation, token, .. }) => {
                if let Some(stored) = record.token() {
                    (*generation, token.fingerprint) = (record.generation, stored.fingerprint.clone());
                }
            }
            (Self::TombstoneIgnored, Operation::Renew { spent, token, .. })
                if record.content == Content::Cleared =>
            {
                record.content = Content::Token(Token { fingerprint: spent.clone(), ..token.clone() });
            }
            (Self::LoginOverLogout, Operation::LogIn { owner, base, .. })
                if record.lease.as_ref().is_none_or(|lease| lease.until <= NOW) =>
            {
                *base = record.generation;
                record.lease = Some(Lease { owner: owner.clone(), until: 0 });
            }
            (Self::ReleaseOfOthers, Operation::Release { owner }) => {
                if let Some(lease) = &record.lease {
                    owner.clone_from(&lease.owner);
                }
            }
            (Self::NoWaitInDoubt, Operation::Begin { may_take_over, .. }) => {
                *may_take_over = true;
                if let Some(mark) = &mut record.mark {
                    mark.until = 0;
                }
            }
            (Self::WithdrawsOthersMark, Operation::Rewrite { fence, unmark: true, .. }) => {
                if let Some(mark) = &mut record.mark {
                    (*fence, mark.tries) = (mark.fence, 0);
                }
            }
            (Self::EndedLease, Operation::Begin { owner, .. }) => {
                record.lease = Some(Lease { owner: owner.clone(), until: u64::MAX / 2 });
            }
            (Self::NoHeal, _) => *seen.newest() = None,
            (Self::HealOverTombstone, _) => {
                let newest = seen.newest().clone().filter(|newest| newest.token().is_some());
                if let (Some(newest), Content::Cleared) = (newest, &record.content) {
                    record.content = newest.content;
                }
            }
            (Self::HealByNumber, _) => {
                if let Some(newest) = seen.newest().clone()
                    && record.generation <= newest.generation
                {
                    record.content = newest.content;
                }
            }
            _ => {}
        }
        (stored, operation)
    }

    /// Changes the result.
    pub(super) fn after(fault: Option<Self>, operation: &Operation, reply: &Reply, record: &mut Record) {
        if let (Some(Self::TriesForgotten), Operation::Begin { .. }, Reply::Done) = (fault, operation, reply)
            && let Some(mark) = &mut record.mark
        {
            mark.tries = 0;
        }
    }
}
