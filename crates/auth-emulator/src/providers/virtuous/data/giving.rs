//! The sums of a contact's gifts.

use serde_json::json;

use crate::providers::virtuous::base::dates;
use crate::providers::virtuous::base::money::{self, Amount};
use crate::providers::virtuous::base::record::JsonFields;
use crate::providers::virtuous::data::store::Store;

/// The sums over the gifts of a contact.
#[derive(Clone, Debug, Default)]
pub(crate) struct Giving {
    life_to_date: Amount,
    year_to_date: Amount,
    /// Day and amount of the last gift.
    last: Option<(i64, Amount)>,
}

impl Giving {
    pub(crate) fn of(contact: i64, store: &Store) -> Self {
        let (year, ..) = dates::civil(store.today);
        let mut giving = Self::default();
        let gifts = store.gifts.of_contact(contact);
        for (day, amount) in gifts.into_iter().filter_map(|id| store.gifts.day_and_amount(id)) {
            giving.life_to_date = giving.life_to_date.saturating_add(amount);
            if dates::civil(day).0 == year {
                giving.year_to_date = giving.year_to_date.saturating_add(amount);
            }
            if giving.last.is_none_or(|(last, _)| last <= day) {
                giving.last = Some((day, amount));
            }
        }
        giving
    }

    pub(crate) fn life_to_date(&self) -> Amount {
        self.life_to_date
    }

    pub(crate) fn last_amount(&self) -> Option<Amount> {
        self.last.map(|(_, amount)| amount)
    }

    pub(crate) fn last_instant(&self) -> Option<i64> {
        self.last.map(|(day, _)| day * 86_400_000_000)
    }

    pub(crate) fn write(&self, shown: &mut JsonFields) {
        let last_amount = self.last.map_or("Unavailable".to_owned(), |(_, amount)| money::display(amount));
        let last_date = self.last.map_or("Unavailable".to_owned(), |(day, _)| dates::display(day));
        shown.insert("lifeToDateGiving".to_owned(), json!(money::display(self.life_to_date)));
        shown.insert("yearToDateGiving".to_owned(), json!(money::display(self.year_to_date)));
        shown.insert("lastGiftAmount".to_owned(), json!(last_amount));
        shown.insert("lastGiftDate".to_owned(), json!(last_date));
    }
}
