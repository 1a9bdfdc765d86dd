//! What projects received. The gifts at start are summed once; later, only those of contacts whose gifts have changed.

use std::collections::{BTreeMap, BTreeSet};

use crate::providers::virtuous::base::dates;
use crate::providers::virtuous::base::money::Amount;
use crate::providers::virtuous::base::table::Row;
use crate::providers::virtuous::data::contact as contacts;
use crate::providers::virtuous::data::gifts::{Gifts, PROJECT, amount, contact_of, day, designated};

/// Sum, number of gifts and number of givers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Received {
    pub amount: Amount,
    pub gifts: i64,
    pub givers: i64,
}

/// By project and year; without a year, in total.
pub(crate) type Sums = BTreeMap<(i64, Option<i64>), Received>;

/// The sums of one contact's gifts, given their days, projects and amounts.
fn of_giver(gifts: impl Iterator<Item = (i64, i64, Amount)>) -> Sums {
    let mut sums = Sums::new();
    for (day, project, amount) in gifts {
        for year in [None, Some(dates::civil(day).0)] {
            let sum = sums.entry((project, year)).or_default();
            sum.amount = sum.amount.saturating_add(amount);
            sum.gifts += 1;
            sum.givers = 1;
        }
    }
    sums
}

fn add(all: &mut Sums, giver: Sums, sign: i64) {
    for (key, sum) in giver {
        let all = all.entry(key).or_default();
        all.amount = all.amount.saturating_add(sum.amount.saturating_mul(sign));
        all.gifts += sum.gifts * sign;
        all.givers += sum.givers * sign;
    }
}

impl Gifts {
    pub(crate) fn received(&self) -> Sums {
        let (owners, per_contact) = self.at_start();
        let start_of = |owner: i64| {
            let numbers = owner * per_contact..(owner + 1) * per_contact;
            of_giver(numbers.map(|number| (day(number), PROJECT, amount(number))))
        };
        let at_start = self.sums_at_start.get_or_init(|| {
            let mut all = Sums::new();
            (0..owners).for_each(|owner| add(&mut all, start_of(owner), 1));
            all
        });
        let mut all = at_start.clone();
        let changed: BTreeSet<i64> = self.changed_contacts().collect();
        let owners = changed
            .iter()
            .map(|id| id.saturating_sub(contacts::FIRST))
            .filter(|owner| (0..owners).contains(owner));
        owners.for_each(|owner| add(&mut all, start_of(owner), -1));
        for contact in changed {
            let rows = self.of_contact(contact).into_iter().filter_map(|id| self.table().row(id));
            let gifts = rows.flat_map(|row| match row {
                Row::Seeded(number) => vec![(day(number), PROJECT, amount(number))],
                Row::Stored(gift) => {
                    let day = dates::parse_day(gift.text("giftDate")).unwrap_or_default();
                    designated(gift).map(|(project, amount)| (day, project, amount)).collect()
                }
            });
            add(&mut all, of_giver(gifts), 1);
        }
        all
    }

    /// The contacts whose gifts differ from those at start.
    fn changed_contacts(&self) -> impl Iterator<Item = i64> {
        let (_, per_contact) = self.at_start();
        self.table().changed().map(move |number| contact_of(number, per_contact)).chain(self.givers())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The sums of all gifts, one by one.
    fn walked(gifts: &Gifts) -> Sums {
        let mut by_contact: BTreeMap<i64, Vec<_>> = BTreeMap::new();
        for (_, row) in gifts.rows() {
            let gift = gifts.materialize(&row);
            let day = dates::parse_day(gift.text("giftDate")).unwrap();
            let parts = designated(&gift).map(|(project, amount)| (day, project, amount));
            by_contact.entry(gift.int("contactId").unwrap()).or_default().extend(parts);
        }
        let mut all = Sums::new();
        by_contact.into_values().for_each(|gifts| add(&mut all, of_giver(gifts.into_iter()), 1));
        all
    }

    fn without_zeros(sums: Sums) -> Sums {
        sums.into_iter().filter(|(_, sum)| *sum != Received::default()).collect()
    }

    #[test]
    fn sums_equal_those_of_a_walk() {
        let mut gifts = Gifts::new(500, 3);
        assert_eq!(gifts.received(), walked(&gifts));
        gifts.remove(301).unwrap();
        // All of one contact.
        (316..319).for_each(|id| drop(gifts.remove(id).unwrap()));
        let mut moved = gifts.find(400).unwrap().into_owned();
        moved.set("contactId", 17);
        gifts.put(moved).unwrap();
        let mut changed = gifts.find(500).unwrap().into_owned();
        changed.set("giftDate", "2020-05-05T00:00:00");
        changed.set(
            "giftDesignations",
            json!([
                { "id": 1, "projectId": 52, "amount": 3.5 }, { "id": 2, "projectId": 53, "amount": 1 },
            ]),
        );
        let mut new = changed.clone();
        gifts.put(changed).unwrap();
        new.id = gifts.next_id();
        new.set("contactId", 9999);
        gifts.put(new).unwrap();
        let sums = gifts.received();
        assert_eq!(without_zeros(sums.clone()), walked(&gifts));
        assert_eq!(sums[&(52, Some(2020))], Received { amount: 70_000, gifts: 2, givers: 2 });
        let copy = gifts.clone();
        gifts.remove(501).unwrap();
        assert_eq!(copy.received(), sums);
    }
}
