//! All gifts, seeded and written, found by contact, by source and id, or by designation.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

use crate::providers::virtuous::base::dates;
use crate::providers::virtuous::base::money::{self, Amount};
use crate::providers::virtuous::base::record::{JsonFields, Record};
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::table::{Row, Table, counter, note};
use crate::providers::virtuous::data::contact as contacts;
use crate::providers::virtuous::data::received::Sums;
use crate::providers::virtuous::query::{Cell, Plan, Source};

/// The id of the first seeded gift. The id of its designation has a fixed offset.
const FIRST: i64 = 301;
const DESIGNATION: i64 = 700;
/// The source of the transactions of seeded gifts.
const SOURCE: &str = "shop";
/// The project of seeded gifts.
pub(crate) const PROJECT: i64 = 51;

/// The vendor's types of gifts.
pub(crate) const TYPES: &[&str] = &[
    "Cash",
    "Check",
    "Credit",
    "Cryptocoin",
    "Electronic Funds Transfer",
    "Non-Cash",
    "Other",
    "Paypal",
    "Qualified Charitable Distribution",
    "Reversing Transaction",
    "Stock",
];

/// The type with this name, compared case-insensitively. Transactions have two others for it.
pub(crate) fn type_named(name: &str) -> Option<&'static str> {
    const OTHERS: [(&str, &str); 2] = [("EFT", "Electronic Funds Transfer"), ("NonCash", "Non-Cash")];
    let other = OTHERS.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
    let name = other.map_or(name, |(_, known)| known);
    TYPES.iter().find(|known| known.eq_ignore_ascii_case(name)).copied()
}

/// The fields that only gifts of a type have. Assumption (gift-type-fields): reads have them under the names of writes, as
/// recorded of `creditCardType`.
pub(crate) fn of_type(kind: &str) -> &'static [&'static str] {
    match kind {
        "Check" => &["checkNumber"],
        "Credit" => &["creditCardType"],
        "Cryptocoin" => &[
            "cryptocoinType",
            "transactionHash",
            "coinSoldForCash",
            "coinAmount",
            "dateCoinWasSold",
            "coinSaleAmount",
        ],
        "Non-Cash" => &[
            "nonCashGiftTypeId",
            "nonCashGiftType",
            "description",
            "nonCashSoldForCash",
            "dateNonCashWasSold",
            "nonCashOriginalAmount",
            "nonCashSaleAmount",
        ],
        "Qualified Charitable Distribution" => &["iraCustodian"],
        "Stock" => {
            &["tickerSymbol", "numberOfShares", "stockSoldForCash", "dateStockWasSold", "stockSaleAmount"]
        }
        _ => &[],
    }
}

const DAY: i64 = 86_400_000_000;

fn kind(number: i64) -> &'static str {
    match number % 4 {
        1 if number >= 3 => "Check",
        2 if number >= 3 => "Cash",
        _ => "Credit",
    }
}

/// `$10.50` for the first three, various amounts for the others.
pub(super) fn amount(number: i64) -> Amount {
    if number < 3 { 105_000 } else { (number % 50 + 1) * 50_000 }
}

/// The day of a seeded gift: 2023-12-07; all but the first three are some days earlier.
pub(super) fn day(number: i64) -> i64 {
    19_698 - if number < 3 { 0 } else { number % 365 }
}

pub(super) fn contact_of(number: i64, per_contact: i64) -> i64 {
    contacts::FIRST + number / per_contact.max(1)
}

fn make(number: i64, per_contact: i64) -> Record {
    let contact = contact_of(number, per_contact);
    let designation = json!({ "id": FIRST + DESIGNATION + number, "projectId": PROJECT, "amount": money::json(amount(number)) });
    let fields = json!({
        "contactId": contact,
        "contactIndividualId": contact + contacts::INDIVIDUAL,
        "giftType": kind(number),
        "giftDate": dates::midnight(day(number)),
        "amount": money::json(amount(number)),
        "transactionSource": SOURCE,
        "transactionId": format!("T-{}", number + 1),
        "isTaxDeductible": true,
        "giftDesignations": [designation],
    });
    let fields = if let Value::Object(fields) = fields { fields } else { JsonFields::new() };
    Record::new(FIRST + number, fields, contacts::audit(number))
}

/// Project and amount of each designation.
pub(crate) fn designated(gift: &Record) -> impl Iterator<Item = (i64, i64)> + '_ {
    gift.list("giftDesignations").iter().filter_map(|value| {
        Some((value.get("projectId")?.as_i64()?, value.get("amount").and_then(money::of)?))
    })
}

#[derive(Clone, Debug)]
pub(crate) struct Gifts {
    table: Table<Record>,
    per_contact: i64,
    seeded_contacts: i64,
    /// Written gifts, by contact.
    by_contact: BTreeMap<i64, BTreeSet<i64>>,
    by_source: BTreeMap<(String, String), BTreeSet<i64>>,
    /// The gift of each designation of a written gift.
    designations: BTreeMap<i64, i64>,
    next_designation: i64,
    pub(super) sums_at_start: Arc<OnceLock<Sums>>,
}

impl Gifts {
    pub(crate) fn new(seeded_contacts: i64, per_contact: i64) -> Self {
        let seeded = seeded_contacts * per_contact;
        Self {
            table: Table::seeded("gifts", FIRST, seeded, per_contact, make),
            per_contact,
            seeded_contacts,
            by_contact: BTreeMap::new(),
            by_source: BTreeMap::new(),
            designations: BTreeMap::new(),
            next_designation: FIRST + DESIGNATION + seeded,
            sums_at_start: Arc::default(),
        }
    }

    /// The numbers of contacts with gifts at start, and of the gifts of each.
    pub(super) fn at_start(&self) -> (i64, i64) {
        (self.seeded_contacts, self.per_contact)
    }

    /// The contacts with written gifts.
    pub(super) fn givers(&self) -> impl Iterator<Item = i64> {
        self.by_contact.keys().copied()
    }

    pub(crate) fn next_id(&mut self) -> i64 {
        self.table.next_id()
    }

    pub(crate) fn next_designation(&mut self) -> i64 {
        self.next_designation += 1;
        self.next_designation - 1
    }

    pub(crate) fn find(&self, id: i64) -> Result<Cow<'_, Record>, Problem> {
        self.table.find(id)
    }

    pub(crate) fn has_capacity(&self, more: usize) -> Result<(), Problem> {
        self.table.has_capacity(more)
    }

    pub(crate) fn has_capacity_for(&self, ids: impl Iterator<Item = i64>) -> Result<(), Problem> {
        self.table.has_capacity_for(ids)
    }

    pub(crate) fn table(&self) -> &Table<Record> {
        &self.table
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = (i64, Row<'_, Record>)> {
        self.table.rows()
    }

    pub(crate) fn rows_of(&self, plan: &Plan<'_>) -> impl Iterator<Item = (i64, Row<'_, Record>)> {
        plan.id_ranges().into_iter().flat_map(|(first, last)| self.table.rows_between(first, last))
    }

    pub(crate) fn stored(&self) -> impl Iterator<Item = &Record> {
        self.table.stored()
    }

    pub(crate) fn materialize<'t>(&self, row: &Row<'t, Record>) -> Cow<'t, Record> {
        self.table.materialize(row)
    }

    /// The values that conditions use most, without creating the gift. `None`: the gift must be created.
    pub(crate) fn cell_without_record(&self, row: &Row<'_, Record>, source: Source<'_>) -> Option<Cell> {
        let Row::Seeded(number) = row else { return None };
        if source.custom {
            return Some(Cell::Unknown);
        }
        match source.field {
            "id" => Some(Cell::Number(FIRST + number)),
            "contactId" => Some(Cell::Number(contact_of(*number, self.per_contact))),
            "giftType" => Some(Cell::String(kind(*number).to_owned())),
            "giftDate" => Some(Cell::Number(day(*number) * DAY)),
            "amount" => Some(Cell::Number(amount(*number))),
            "created" | "modified" => Some(Cell::Number(contacts::created_micros(*number))),
            "isPrivate" => Some(Cell::Flag(false)),
            "batch" | "segment" | "campaign" | "receiptDate" | "notes" => Some(Cell::Unknown),
            _ => None,
        }
    }

    /// The id of a row.
    pub(crate) fn id_of(row: &Row<'_, Record>) -> i64 {
        match row {
            Row::Seeded(number) => FIRST + number,
            Row::Stored(gift) => gift.id,
        }
    }

    /// Day and amount, without creating a seeded gift.
    pub(crate) fn day_and_amount(&self, id: i64) -> Option<(i64, Amount)> {
        match self.table.row(id)? {
            Row::Seeded(number) => Some((day(number), amount(number))),
            Row::Stored(gift) => Some((dates::parse_day(gift.text("giftDate"))?, gift.amount("amount"))),
        }
    }

    /// The ids of a contact's gifts, in order.
    pub(crate) fn of_contact(&self, contact: i64) -> Vec<i64> {
        let index = contact.saturating_sub(contacts::FIRST);
        let mut ids: BTreeSet<i64> = BTreeSet::new();
        if (0..self.seeded_contacts).contains(&index) {
            let first = FIRST + index * self.per_contact;
            let is_seeded = |id: &i64| matches!(self.table.row(*id), Some(Row::Seeded(_)));
            ids.extend((first..first + self.per_contact).filter(is_seeded));
        }
        ids.extend(self.by_contact.get(&contact).into_iter().flatten());
        ids.into_iter().collect()
    }

    /// The segments of a contact's gifts. Seeded gifts have none.
    pub(crate) fn segments_of(&self, contact: i64) -> impl Iterator<Item = i64> + '_ {
        let ids = self.by_contact.get(&contact).into_iter().flatten();
        ids.filter_map(|id| self.table.get(*id)?.int("segmentId"))
    }

    /// The first gift of a transaction.
    pub(crate) fn by_source(&self, source: &str, id: &str) -> Option<i64> {
        let kept =
            self.by_source.get(&(source.to_owned(), id.to_owned())).and_then(|ids| ids.first().copied());
        kept.or_else(|| {
            let number = id.strip_prefix("T-").filter(|_| source == SOURCE)?.parse::<i64>().ok()?;
            let gift = number.checked_add(FIRST - 1)?;
            let untouched = matches!(self.table.row(gift), Some(Row::Seeded(_)));
            (untouched && format!("T-{number}") == id).then_some(gift)
        })
    }

    /// The gift of a designation.
    pub(crate) fn of_designation(&self, id: i64) -> Option<Cow<'_, Record>> {
        let gift = self.designations.get(&id).copied().unwrap_or(id.saturating_sub(DESIGNATION));
        self.table.get(gift)
    }

    /// The id of the designation of a seeded gift.
    pub(crate) fn seeded_designation(number: i64) -> i64 {
        FIRST + DESIGNATION + number
    }

    pub(crate) fn put(&mut self, gift: Record) -> Result<(), Problem> {
        let id = gift.id;
        let before = self.table.row(id).map(|row| self.table.materialize(&row).into_owned());
        self.table.put(id, gift.clone())?;
        if let Some(before) = before {
            self.index(&before, false);
        }
        self.index(&gift, true);
        Ok(())
    }

    pub(crate) fn remove(&mut self, id: i64) -> Result<Record, Problem> {
        let gift = self.table.remove(id)?;
        self.index(&gift, false);
        Ok(gift)
    }

    /// What differs from the seeded gifts, for a file.
    pub(crate) fn save(&self) -> serde_json::Result<Value> {
        serde_json::to_value((self.table.save()?, self.next_designation))
    }

    /// Restores what `save` returned.
    pub(crate) fn load(&mut self, saved: Value) -> serde_json::Result<()> {
        let (table, next): (Value, i64) = serde_json::from_value(saved)?;
        self.table.load(table)?;
        self.next_designation = counter(next, self.next_designation)?;
        let stored: Vec<Record> = self.table.stored().cloned().collect();
        stored.iter().for_each(|gift| self.index(gift, true));
        Ok(())
    }

    fn index(&mut self, gift: &Record, add: bool) {
        let id = gift.id;
        let contact = gift.int("contactId").unwrap_or_default();
        note(&mut self.by_contact, contact, id, add);
        let (source, transaction) = (gift.text("transactionSource"), gift.text("transactionId"));
        if !transaction.is_empty() {
            note(&mut self.by_source, (source.to_owned(), transaction.to_owned()), id, add);
        }
        for designation in gift.list("giftDesignations") {
            let Some(designation) = designation.get("id").and_then(Value::as_i64) else { continue };
            if add {
                self.designations.insert(designation, id);
            } else {
                self.designations.remove(&designation);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::virtuous::query::Type;

    #[test]
    fn cells_equal_those_of_the_full_gift() {
        let gifts = Gifts::new(1000, 3);
        for number in [0, 2, 3, 7, 2999] {
            let gift = make(number, 3);
            assert_eq!(gift.amount("amount"), amount(number));
            assert_eq!(
                gifts.day_and_amount(gift.id),
                Some((dates::parse_day(gift.text("giftDate")).unwrap(), amount(number)))
            );
            let source = Source { field: "contactId", kind: Type::Int, custom: false };
            let quick = gifts.cell_without_record(&Row::Seeded(number), source);
            assert_eq!(quick, gift.int("contactId").map(Cell::Number));
            assert!(gifts.of_contact(gift.int("contactId").unwrap()).contains(&gift.id));
        }
        assert_eq!(make(0, 1).text("giftDate"), "2023-12-07T00:00:00");
        assert_eq!(gifts.by_source("shop", "T-3000"), Some(3300));
        assert_eq!(gifts.by_source("shop", "T-3001"), None);
    }
}
