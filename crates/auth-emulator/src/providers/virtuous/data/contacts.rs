//! All contacts, found by reference, by email address or by the id of a part. `put` maintains the indexes of written contacts;
//! seeded ones are found by calculation.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::table::{Row, Table, counter, note};
use crate::providers::virtuous::data::contact::{
    ADDRESS, Contact, FIRST, INDIVIDUAL, METHOD, SOURCE, TAGGED, cell, make, number_of_email,
};
use crate::providers::virtuous::query::{Cell, Plan, Source};

/// A part of a contact that has an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Individual,
    Address,
    Method,
    Tagged,
}

impl Part {
    fn distance(self) -> i64 {
        match self {
            Self::Individual => INDIVIDUAL,
            Self::Address => ADDRESS,
            Self::Method => METHOD,
            Self::Tagged => TAGGED,
        }
    }
}

/// The ids of one kind of part: the owners, for written contacts, and the next id.
#[derive(Clone, Debug)]
struct Parts {
    owners: BTreeMap<i64, i64>,
    next: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Contacts {
    table: Table<Contact>,
    /// Contacts by reference id and source.
    references: BTreeMap<(String, String), BTreeSet<i64>>,
    emails: BTreeMap<String, BTreeSet<i64>>,
    individuals: Parts,
    addresses: Parts,
    methods: Parts,
    tagged: Parts,
}

impl Contacts {
    pub(crate) fn new(seeded: i64) -> Self {
        let parts = |part: Part| Parts { owners: BTreeMap::new(), next: FIRST + part.distance() + seeded };
        Self {
            table: Table::seeded("contacts", FIRST, seeded, 1, make),
            references: BTreeMap::new(),
            emails: BTreeMap::new(),
            individuals: parts(Part::Individual),
            addresses: parts(Part::Address),
            methods: parts(Part::Method),
            tagged: parts(Part::Tagged),
        }
    }

    fn parts(&mut self, part: Part) -> &mut Parts {
        match part {
            Part::Individual => &mut self.individuals,
            Part::Address => &mut self.addresses,
            Part::Method => &mut self.methods,
            Part::Tagged => &mut self.tagged,
        }
    }

    pub(crate) fn next_id(&mut self) -> i64 {
        self.table.next_id()
    }

    pub(crate) fn next_part(&mut self, part: Part) -> i64 {
        let parts = self.parts(part);
        parts.next += 1;
        parts.next - 1
    }

    pub(crate) fn find(&self, id: i64) -> Result<Cow<'_, Contact>, Problem> {
        self.table.find(id)
    }

    pub(crate) fn has(&self, id: i64) -> bool {
        self.table.row(id).is_some()
    }

    pub(crate) fn has_capacity(&self, more: usize) -> Result<(), Problem> {
        self.table.has_capacity(more)
    }

    pub(crate) fn table(&self) -> &Table<Contact> {
        &self.table
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = (i64, Row<'_, Contact>)> {
        self.table.rows()
    }

    pub(crate) fn rows_of(&self, plan: &Plan<'_>) -> impl Iterator<Item = (i64, Row<'_, Contact>)> {
        plan.id_ranges().into_iter().flat_map(|(first, last)| self.table.rows_between(first, last))
    }

    pub(crate) fn materialize<'t>(&self, row: &Row<'t, Contact>) -> Cow<'t, Contact> {
        self.table.materialize(row)
    }

    /// The value in a row without creating the contact, if possible.
    pub(crate) fn cell_without_record(row: &Row<'_, Contact>, source: Source<'_>) -> Option<Cell> {
        match row {
            Row::Seeded(number) => cell(*number, source),
            Row::Stored(_) => None,
        }
    }

    /// The contact that owns a part.
    pub(crate) fn owner(&self, part: Part, id: i64) -> Result<Cow<'_, Contact>, Problem> {
        let parts = match part {
            Part::Individual => &self.individuals,
            Part::Address => &self.addresses,
            Part::Method => &self.methods,
            Part::Tagged => &self.tagged,
        };
        if let Some(owner) = parts.owners.get(&id) {
            return self.find(*owner);
        }
        let owner = id.saturating_sub(part.distance());
        let row =
            self.table.row(owner).filter(|row| matches!(row, Row::Seeded(_))).ok_or(Problem::NotFound)?;
        let contact = self.table.materialize(&row);
        // Not every seeded contact has a tag.
        if part == Part::Tagged && contact.tags.is_empty() { Err(Problem::NotFound) } else { Ok(contact) }
    }

    /// The first contact with this reference, of this source or of any source.
    pub(crate) fn by_reference(&self, source: Option<&str>, id: &str) -> Option<i64> {
        let fits = |given: &str| source.is_none_or(|source| source == given);
        let from = (id.to_owned(), String::new());
        let held = self.references.range(from..).take_while(|((held, _), _)| held == id);
        let held = held.filter(|((_, source), _)| fits(source)).filter_map(|(_, ids)| ids.first().copied());
        let seeded = id.strip_prefix("crm/").and_then(|contact| contact.parse().ok());
        let seeded = seeded.filter(|contact| {
            let untouched = matches!(self.table.row(*contact), Some(Row::Seeded(_)));
            untouched && fits(SOURCE) && format!("crm/{contact}") == id
        });
        held.chain(seeded).min()
    }

    /// The first contact with this email address.
    pub(crate) fn by_email(&self, email: &str) -> Option<i64> {
        let email = email.to_lowercase();
        let seeded = number_of_email(&email).map(|number| FIRST + number);
        let seeded = seeded.filter(|id| matches!(self.table.row(*id), Some(Row::Seeded(_))));
        let kept = self.emails.get(&email).and_then(|ids| ids.first().copied());
        seeded.into_iter().chain(kept).min()
    }

    /// Stores a new or changed contact.
    pub(crate) fn put(&mut self, contact: Contact) -> Result<(), Problem> {
        let id = contact.id();
        let before = match self.table.row(id) {
            Some(Row::Stored(before)) => Some(before.clone()),
            _ => None,
        };
        self.table.put(id, contact.clone())?;
        if let Some(before) = before {
            self.index(&before, false);
        }
        self.index(&contact, true);
        Ok(())
    }

    /// What differs from the seeded contacts, for a file.
    pub(crate) fn save(&self) -> serde_json::Result<Value> {
        let parts = [&self.individuals, &self.addresses, &self.methods, &self.tagged];
        serde_json::to_value((self.table.save()?, parts.map(|parts| parts.next)))
    }

    /// Restores what `save` returned.
    pub(crate) fn load(&mut self, saved: Value) -> serde_json::Result<()> {
        let (table, next): (Value, [i64; 4]) = serde_json::from_value(saved)?;
        self.table.load(table)?;
        for (part, next) in
            [Part::Individual, Part::Address, Part::Method, Part::Tagged].into_iter().zip(next)
        {
            let parts = self.parts(part);
            parts.next = counter(next, parts.next)?;
        }
        let stored: Vec<Contact> = self.table.stored().cloned().collect();
        stored.iter().for_each(|contact| self.index(contact, true));
        Ok(())
    }

    fn index(&mut self, contact: &Contact, add: bool) {
        let id = contact.id();
        for (source, reference) in &contact.references {
            note(&mut self.references, (reference.clone(), source.clone()), id, add);
        }
        for email in contact.reached_by("Email") {
            note(&mut self.emails, email.to_lowercase(), id, add);
        }
        let mut own = |part: Part, part_id: i64| {
            let owners = &mut self.parts(part).owners;
            if add {
                owners.insert(part_id, id);
            } else {
                owners.remove(&part_id);
            }
        };
        for individual in &contact.individuals {
            own(Part::Individual, individual.record.id);
            individual.methods.iter().for_each(|method| own(Part::Method, method.id));
        }
        contact.addresses.iter().for_each(|address| own(Part::Address, address.id));
        contact.tags.iter().for_each(|tagged| own(Part::Tagged, tagged.id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_and_written_contacts_are_found_in_every_way() {
        let mut contacts = Contacts::new(200_000);
        assert_eq!(contacts.by_reference(None, "crm/20"), Some(20));
        assert_eq!(contacts.by_reference(Some("shop"), "crm/20"), None);
        assert_eq!(contacts.by_email("ANNA@example.org"), Some(17));
        assert_eq!(contacts.owner(Part::Individual, 820).unwrap().id(), 20);
        let mut contact = contacts.find(20).unwrap().into_owned();
        contact.references = vec![("shop".to_owned(), "7".to_owned())];
        contact.addresses.clear();
        contacts.put(contact).unwrap();
        assert_eq!(contacts.by_reference(None, "crm/20"), None);
        assert_eq!(contacts.by_reference(Some("shop"), "7"), Some(20));
        assert!(contacts.owner(Part::Address, 120).is_err() && contacts.owner(Part::Method, 320).is_ok());
        assert_eq!(contacts.next_id(), 200_017);
    }
}
