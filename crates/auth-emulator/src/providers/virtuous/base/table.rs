//! A table of records: seeded ones, which are created from their number when they are accessed and use no memory, and written
//! ones, which are stored. Changing a seeded record stores it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use serde::de::{DeserializeOwned, Error as _};
use serde_json::Value;

use crate::providers::virtuous::base::replies::Problem;

/// The maximum number of stored records of one kind.
pub(crate) const MAX_RECORDS: usize = 10_000;

/// Creates a seeded record from its number, counted from 0.
pub(crate) type Make<T> = fn(number: i64, per_owner: i64) -> T;

#[derive(Clone, Debug)]
pub(crate) struct Table<T> {
    /// The kind of record, for error messages.
    what: &'static str,
    first: i64,
    seeded: i64,
    per_owner: i64,
    make: Make<T>,
    // Shared with snapshots until the next change.
    stored: Arc<BTreeMap<i64, T>>,
    removed: Arc<BTreeSet<i64>>,
    next: i64,
}

/// A row of a table.
#[derive(Debug)]
pub(crate) enum Row<'t, T> {
    /// A seeded record, by its number.
    Seeded(i64),
    Stored(&'t T),
}

impl<T: Clone> Table<T> {
    /// A table whose seeded records have the ids from `first` on.
    pub(crate) fn seeded(what: &'static str, first: i64, seeded: i64, per_owner: i64, make: Make<T>) -> Self {
        let next = first + seeded;
        let (stored, removed) = Default::default();
        Self { what, first, seeded, per_owner, make, stored, removed, next }
    }

    /// The number of a seeded record, stored or not.
    pub(crate) fn number(&self, id: i64) -> Option<i64> {
        (self.first..self.first + self.seeded).contains(&id).then(|| id - self.first)
    }

    pub(crate) fn row(&self, id: i64) -> Option<Row<'_, T>> {
        if let Some(stored) = self.stored.get(&id) {
            return Some(Row::Stored(stored));
        }
        self.number(id).filter(|_| !self.removed.contains(&id)).map(Row::Seeded)
    }

    pub(crate) fn get(&self, id: i64) -> Option<Cow<'_, T>> {
        self.row(id).map(|row| self.materialize(&row))
    }

    /// Like `get`; a missing record is an error.
    pub(crate) fn find(&self, id: i64) -> Result<Cow<'_, T>, Problem> {
        self.get(id).ok_or(Problem::NotFound)
    }

    pub(crate) fn materialize<'t>(&self, row: &Row<'t, T>) -> Cow<'t, T> {
        match row {
            Row::Seeded(number) => Cow::Owned((self.make)(*number, self.per_owner)),
            Row::Stored(stored) => Cow::Borrowed(stored),
        }
    }

    /// All rows with their ids, in the order of ids.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (i64, Row<'_, T>)> {
        self.rows_between(i64::MIN, i64::MAX)
    }

    /// The rows with ids from `first` to `last`.
    pub(crate) fn rows_between(&self, first: i64, last: i64) -> impl Iterator<Item = (i64, Row<'_, T>)> {
        let end = self.first + self.seeded;
        let untouched = self.stored.range(..end).next().is_none() && self.removed.is_empty();
        let seeded = first.max(self.first)..end.min(last.saturating_add(1));
        let seeded = seeded.filter_map(move |id| {
            if untouched {
                Some((id, Row::Seeded(id - self.first)))
            } else {
                self.row(id).map(|row| (id, row))
            }
        });
        // An inverted range panics in `BTreeMap::range`.
        let stored = (first.max(end) <= last).then(|| self.stored.range(first.max(end)..=last));
        seeded.chain(stored.into_iter().flatten().map(|(id, stored)| (*id, Row::Stored(stored))))
    }

    /// The number of rows, and the last ones, in the order of ids. Does not visit the seeded records before those.
    pub(crate) fn last_rows(&self, most: usize) -> (usize, Vec<Row<'_, T>>) {
        let end = self.first + self.seeded;
        let removed = self.removed.range(self.first..end).filter(|id| !self.stored.contains_key(id));
        let seeded = usize::try_from(self.seeded).unwrap_or_default().saturating_sub(removed.count());
        let count = seeded + self.stored.range(end..).count();
        let stored = self.stored.range(end..).rev().map(|(_, stored)| Row::Stored(stored));
        let seeded = (self.first..end).rev().filter_map(|id| self.row(id));
        let mut last: Vec<_> = stored.chain(seeded).take(most).collect();
        last.reverse();
        (count, last)
    }

    /// The number of seeded records, stored or not.
    pub(crate) fn seeded_count(&self) -> i64 {
        self.seeded
    }

    /// The numbers of the seeded records that were changed or removed.
    pub(crate) fn changed(&self) -> impl Iterator<Item = i64> {
        let seeded = self.first..self.first + self.seeded;
        let removed = self.removed.range(seeded.clone()).filter(|id| !self.stored.contains_key(id));
        self.stored.range(seeded).map(|(id, _)| id).chain(removed).map(|id| id - self.first)
    }

    /// The stored records, in the order of ids.
    pub(crate) fn stored(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.stored.values()
    }

    /// The id of the next record. The caller must `put` it.
    pub(crate) fn next_id(&mut self) -> i64 {
        self.next += 1;
        self.next - 1
    }

    /// Stores a record.
    pub(crate) fn put(&mut self, id: i64, record: T) -> Result<(), Problem> {
        if self.stored.len() >= MAX_RECORDS && !self.stored.contains_key(&id) {
            return Err(Problem::Full(self.what));
        }
        Arc::make_mut(&mut self.stored).insert(id, record);
        Ok(())
    }

    /// Checks that `more` records can be stored.
    pub(crate) fn has_capacity(&self, more: usize) -> Result<(), Problem> {
        if self.stored.len() + more > MAX_RECORDS { Err(Problem::Full(self.what)) } else { Ok(()) }
    }

    /// Checks that these records can be stored; some may be stored already. Ids must be unique.
    pub(crate) fn has_capacity_for(&self, ids: impl Iterator<Item = i64>) -> Result<(), Problem> {
        self.has_capacity(ids.filter(|id| !self.stored.contains_key(id)).count())
    }

    pub(crate) fn remove(&mut self, id: i64) -> Result<T, Problem> {
        let record = self.find(id)?.into_owned();
        if self.number(id).is_some() {
            if self.removed.len() >= MAX_RECORDS {
                return Err(Problem::Full(self.what));
            }
            Arc::make_mut(&mut self.removed).insert(id);
        }
        Arc::make_mut(&mut self.stored).remove(&id);
        Ok(record)
    }

    /// What differs from the seeded records, for a file.
    pub(crate) fn save(&self) -> serde_json::Result<Value>
    where
        T: Serialize,
    {
        serde_json::to_value((&*self.stored, &*self.removed, self.next))
    }

    /// Restores what `save` returned.
    pub(crate) fn load(&mut self, saved: Value) -> serde_json::Result<()>
    where
        T: DeserializeOwned,
    {
        let (stored, removed, next): (BTreeMap<i64, T>, BTreeSet<i64>, i64) = serde_json::from_value(saved)?;
        let wrong = |problem: &str| Err(serde_json::Error::custom(format!("{}: {problem}", self.what)));
        if stored.len().max(removed.len()) > MAX_RECORDS {
            return wrong("there are too many records");
        }
        if stored.keys().chain(&removed).any(|id| !(1..next).contains(id)) {
            return wrong("the next id is not above the others");
        }
        let next = counter(next, self.next)?;
        (self.stored, self.removed, self.next) = (Arc::new(stored), Arc::new(removed), next);
        Ok(())
    }
}

/// The next number after a file was read: settings may have another number of seeded records than those of the file.
pub(crate) fn counter(saved: i64, current: i64) -> serde_json::Result<i64> {
    match i32::try_from(saved) {
        Ok(_) => Ok(saved.max(current)),
        Err(_) => {
            Err(serde_json::Error::custom("a next id is above those of the vendor, which have 32 bits"))
        }
    }
}

/// Adds or removes an id in an index.
pub(crate) fn note<K: Ord>(index: &mut BTreeMap<K, BTreeSet<i64>>, key: K, id: i64, add: bool) {
    if add {
        index.entry(key).or_default().insert(id);
    } else if let Some(ids) = index.get_mut(&key) {
        ids.remove(&id);
        if ids.is_empty() {
            index.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table<String> {
        Table::seeded("things", 10, 3, 1, |number, _| format!("seed {number}"))
    }

    fn ids(table: &Table<String>) -> Vec<i64> {
        table.rows().map(|(id, _)| id).collect()
    }

    #[test]
    fn seeded_records_can_be_changed_and_removed() {
        let mut table = table();
        assert_eq!(*table.find(12).unwrap(), "seed 2");
        table.put(11, "changed".to_owned()).unwrap();
        let id = table.next_id();
        table.put(id, "new".to_owned()).unwrap();
        assert_eq!((id, ids(&table)), (13, vec![10, 11, 12, 13]));
        let between = |first, last| table.rows_between(first, last).map(|(id, _)| id).collect::<Vec<_>>();
        assert_eq!((between(12, 20), between(0, 10), between(11, 11)), (vec![12, 13], vec![10], vec![11]));
        assert_eq!((between(14, 20), between(12, 11), between(i64::MAX, i64::MAX)), (vec![], vec![], vec![]));
        assert_eq!(*table.find(11).unwrap(), "changed");
        table.remove(10).unwrap();
        table.remove(13).unwrap();
        assert_eq!(ids(&table), [11, 12]);
        let last = |most| {
            let (count, rows) = table.last_rows(most);
            (count, rows.iter().map(|row| table.materialize(row).into_owned()).collect::<Vec<_>>())
        };
        assert_eq!(last(9), (2, vec!["changed".to_owned(), "seed 2".to_owned()]));
        assert_eq!(last(1), (2, vec!["seed 2".to_owned()]));
        assert!(table.remove(10).is_err() && table.get(13).is_none() && table.get(9).is_none());
    }

    #[test]
    fn counters_of_a_file_never_go_back_or_overflow() {
        let mut table = table();
        table.load(serde_json::json!([{ "10": "changed" }, [], 11])).unwrap();
        assert_eq!(table.next_id(), 13, "above the seeded ones");
        assert!(table.load(serde_json::json!([{}, [], i64::MAX])).is_err());
    }

    #[test]
    fn stored_data_is_bounded() {
        let mut table = table();
        for _ in 0..MAX_RECORDS {
            let id = table.next_id();
            table.put(id, String::new()).unwrap();
        }
        assert_eq!(table.put(10, String::new()), Err(Problem::Full("things")));
        assert!(table.put(20, String::new()).is_ok(), "what is stored can be changed");
    }
}
