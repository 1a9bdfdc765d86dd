//! What a process remembers of a shared credential, and how it restores what the store has lost.

use super::operation::{Operation, Reply, apply};
use super::record::{Content, Mark, Micros, Record, Timing, Token};

/// What a process has seen of a credential.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Seen {
    /// The latest record with a token, or of a logout.
    newest: Option<Record>,
    /// The mark, and the time of this process when it was first seen.
    mark: Option<(Mark, Micros)>,
}

impl Seen {
    /// Computes an operation on the stored record, after restoring what the store has lost. `renumber` encrypts a token
    /// under another generation.
    pub(crate) fn compute<E>(
        &self,
        stored: Option<Record>,
        operation: &Operation,
        now: Micros,
        timing: &Timing,
        renumber: impl FnOnce(&mut Token, u64, u64) -> Result<(), E>,
    ) -> Result<(Record, Reply), E> {
        let mut record = stored.unwrap_or_else(Record::new);
        let before = record.clone();
        if let Some(seen) = &self.newest {
            if self.is_behind(&record) {
                restore(&mut record, seen, now, timing);
            }
            if let Some(generation) = renumbered(&record, seen) {
                if let Content::Token(token) = &mut record.content {
                    renumber(token, record.generation, generation)?;
                }
                record.generation = generation;
            }
        }
        let (mut record, reply) = apply(record, operation, now, timing);
        if record != before {
            record.revision = record.revision.max(before.revision).saturating_add(1);
        }
        Ok((record, reply))
    }

    /// Remembers a record that is certainly in the store. `now` is the time of this process.
    pub(crate) fn saw(&mut self, record: &Record, now: Micros) {
        if self.mark.as_ref().map(|(mark, _)| mark) != record.mark.as_ref() {
            self.mark = record.mark.clone().map(|mark| (mark, now));
        }
        let is_late = self.newest.as_ref().is_some_and(|newest| record.is_before(newest));
        if record.content != Content::Empty && !is_late {
            self.newest = Some(Record { lease: None, ..record.clone() });
        }
    }

    /// Whether the store has lost something that this process has seen.
    pub(super) fn is_behind(&self, record: &Record) -> bool {
        let is_cleared = record.content == Content::Cleared;
        self.newest.as_ref().is_some_and(|newest| !is_cleared && record.is_before(newest))
    }

    /// Whether there is nothing to remember.
    pub(crate) fn is_empty(&self) -> bool {
        self.newest.is_none()
    }

    /// Whether an open mark was first seen so long ago that its refresh is over by the clock of this process, too.
    pub(crate) fn may_take_over(&self, now: Micros, timing: &Timing) -> bool {
        let limit = timing.refresh.saturating_add(timing.settle);
        self.mark.as_ref().is_some_and(|(_, since)| now.saturating_sub(*since) >= limit)
    }
}

/// For the model check.
#[cfg(test)]
impl Seen {
    pub(super) fn newest(&mut self) -> &mut Option<Record> {
        &mut self.newest
    }

    pub(super) fn mark_since(&self) -> Option<Micros> {
        self.mark.as_ref().map(|(_, since)| *since)
    }

    /// Moves all times.
    pub(super) fn age(&mut self, record: impl Fn(&mut Record), earlier: impl Fn(&mut Micros)) {
        self.newest.iter_mut().for_each(&record);
        if let Some((mark, since)) = &mut self.mark {
            let mut aged = Record { mark: Some(mark.clone()), ..Record::new() };
            record(&mut aged);
            *mark = aged.mark.unwrap_or_else(|| mark.clone());
            earlier(since);
        }
    }
}

/// Restores what a process has seen last, if the store has lost it. The record is marked, because the lost part may have
/// been a refresh: processes that know a later pair have time to restore that.
///
/// Never restores over a later change: neither a login nor a logout. Which change is later is decided without clocks: the
/// record of a login names the logins before it.
fn restore(record: &mut Record, seen: &Record, now: Micros, timing: &Timing) {
    let until = now.saturating_add(timing.refresh).saturating_add(timing.step);
    record.fence = record.fence.max(seen.fence);
    record.revision = seen.revision;
    if (&record.login, record.generation) == (&seen.login, seen.generation) {
        // Of the pair itself nothing is lost, but perhaps the mark of a refresh, which others must not start as well.
        let fence = |mark: &Option<Mark>| mark.as_ref().map(|mark| mark.fence);
        if fence(&record.mark) < fence(&seen.mark) {
            record.mark.clone_from(&seen.mark);
        }
        return;
    }
    record.content = seen.content.clone();
    record.generation = seen.generation;
    record.login.clone_from(&seen.login);
    record.earlier.clone_from(&seen.earlier);
    record.origin.clone_from(&seen.origin);
    record.save_id.clone_from(&seen.save_id);
    record.mark = seen.token().map(|_| Mark { fence: 0, until, tries: 0 });
}

/// Returns the generation that a record needs because it is a later change than what a process has seen, with an earlier
/// number: a login after the store had lost its data. Without it, that process would take its own pair for the newer one.
fn renumbered(record: &Record, seen: &Record) -> Option<u64> {
    let is_later = record.content != Content::Empty && record.login != seen.login && !record.is_before(seen);
    (is_later && record.generation <= seen.generation).then(|| seen.generation.saturating_add(1))
}
