//! The sums of a contact's gifts.

use serde_json::json;

use crate::providers::virtuous::base::dates;
use crate::providers::virtuous::base::money::{self, Amount};
use crate::providers::virtuous::base::record::JsonFields;
use crate::providers::virtuous::data::store::Store;

/// A number of gifts and their sum.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum {
    pub count: i64,
    pub amount: Amount,
}

impl Sum {
    fn add(&mut self, amount: Amount) {
        self.count += 1;
        self.amount = self.amount.saturating_add(amount);
    }
}

/// The sums over the gifts of a contact.
#[derive(Debug, Default)]
pub(crate) struct Giving {
    pub life: Sum,
    pub year: Sum,
    /// The last twelve months.
    pub rolling: Sum,
    /// Day and amount of three gifts.
    pub first: Option<(i64, Amount)>,
    pub last: Option<(i64, Amount)>,
    pub largest: Option<(i64, Amount)>,
}

impl Giving {
    pub(crate) fn of(contact: i64, store: &Store) -> Self {
        let (year, ..) = dates::civil(store.today);
        let mut giving = Self::default();
        let gifts = store.gifts.of_contact(contact);
        for (day, amount) in gifts.into_iter().filter_map(|id| store.gifts.day_and_amount(id)) {
            giving.life.add(amount);
            if dates::civil(day).0 == year {
                giving.year.add(amount);
            }
            if (store.today - 365..=store.today).contains(&day) {
                giving.rolling.add(amount);
            }
            let one = Some((day, amount));
            if giving.first.is_none_or(|(first, _)| day < first) {
                giving.first = one;
            }
            if giving.last.is_none_or(|(last, _)| last <= day) {
                giving.last = one;
            }
            if giving.largest.is_none_or(|(_, largest)| largest < amount) {
                giving.largest = one;
            }
        }
        giving
    }

    pub(crate) fn write(&self, shown: &mut JsonFields) {
        // Recorded without gifts: `$0`, and a date that is unavailable.
        let last_amount = money::display(self.last.map_or(0, |(_, amount)| amount));
        let last_date = self.last.map_or("Unavailable".to_owned(), |(day, _)| dates::display(day));
        shown.insert("lifeToDateGiving".to_owned(), json!(money::display(self.life.amount)));
        shown.insert("yearToDateGiving".to_owned(), json!(money::display(self.year.amount)));
        shown.insert("lastGiftAmount".to_owned(), json!(last_amount));
        shown.insert("lastGiftDate".to_owned(), json!(last_date));
    }
}
