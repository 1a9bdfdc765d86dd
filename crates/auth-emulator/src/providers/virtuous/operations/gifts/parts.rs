//! The lists in a gift: designations, premiums, and payments of pledges and recurring gifts, which change by the states of their
//! items.

use serde_json::{Value, json};

use super::recurring;
use crate::providers::virtuous::base::fields::{Field, int, number, objects, one_of, text};
use crate::providers::virtuous::base::record::{JsonFields, Record};
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::violations::{NOT_VALID, REQUIRED};
use crate::providers::virtuous::data::job::Job;
use crate::providers::virtuous::data::store::Store;
use crate::providers::virtuous::records::relations::{Target, exists};
use crate::providers::virtuous::records::special;

pub(super) const STATES: &[&str] = &["Add", "Added", "Update", "Updated", "Delete", "Deleted", "Ignore"];
pub(super) const DESIGNATION: &[Field] =
    &[int("projectId").required(), number("amount"), one_of("state", STATES)];
pub(super) const PREMIUM: &[Field] = &[int("premiumId").required(), int("quantity"), one_of("state", STATES)];
pub(super) const PLEDGED: &[Field] = &[int("id").required(), number("amount"), one_of("state", STATES)];
pub(super) const PAYMENT: &[Field] =
    &[int("id"), text("paymentId"), number("amount"), one_of("state", STATES)];

/// A list in a gift: the field of an item that refers to another record, and what the item has of it.
pub(super) struct Part {
    pub(super) list: &'static str,
    pub(super) key: &'static str,
    amount: &'static str,
}

pub(super) const PARTS: [Part; 4] = [
    Part { list: "giftDesignations", key: "projectId", amount: "amount" },
    Part { list: "giftPremiums", key: "premiumId", amount: "quantity" },
    Part { list: "pledgePayments", key: "id", amount: "amount" },
    Part { list: "recurringGiftPayments", key: "id", amount: "amount" },
];

impl Part {
    /// Whether the record exists.
    pub(super) fn refers(&self, id: i64, store: &Store) -> bool {
        match self.list {
            "giftDesignations" => store.projects.get(id).is_some(),
            "giftPremiums" => exists(Target::Record("premiums"), id, store),
            "pledgePayments" => special::payments(store).any(|payment| special::id_of(payment) == Some(id)),
            _ => store.recurring.get(id).is_some(),
        }
    }

    /// The record that an item refers to.
    fn key_of(&self, item: &JsonFields) -> Option<i64> {
        match self.list {
            "recurringGiftPayments" => recurring::schedule_of(item),
            _ => item.get(self.key).and_then(Value::as_i64),
        }
    }
}

/// Takes the lists out of the fields of a gift.
pub(super) fn take_parts(given: &mut JsonFields) -> [Vec<JsonFields>; 4] {
    // They follow from `contactPassthroughId`.
    given.remove("giftPassthroughs");
    PARTS.map(|part| objects(given, part.list))
}

/// A change to a part of a gift: its key, and its amount.
struct Change {
    state: String,
    key: i64,
    amount: Value,
}

impl Change {
    fn new(item: &JsonFields, key: i64, amount: &str) -> Self {
        let state = item.get("state").and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { state, key, amount: item.get(amount).cloned().unwrap_or_default() }
    }

    /// Whether the change deletes the part, has no effect or keeps the amount.
    fn needs_no_amount(&self) -> bool {
        matches!(self.state.as_str(), "Update" | "Updated" | "Delete" | "Deleted" | "Ignore")
    }
}

/// The items of a list after the changes.
fn changed(
    before: &[Value],
    changes: Vec<Change>,
    part: &Part,
    mut make: impl FnMut(i64, Value) -> JsonFields,
) -> Value {
    let replaces = changes.iter().all(|change| change.state.is_empty());
    let mut list: Vec<Value> = if replaces { Vec::new() } else { before.to_vec() };
    for Change { state, key, amount } in changes {
        let is_of = |held: &Value| held.get(part.key).and_then(Value::as_i64) == Some(key);
        match (state.as_str(), before.iter().any(is_of)) {
            ("Delete" | "Deleted", _) => list.retain(|held| !is_of(held)),
            ("Ignore", _) | ("Update" | "Updated", false) => {}
            // A part that exists can't be added again; its amount is set.
            ("Update" | "Updated" | "Add" | "Added", true) => {
                let held = list.iter_mut().find(|held| is_of(held)).and_then(Value::as_object_mut);
                if let Some(held) = held.filter(|_| !amount.is_null()) {
                    held.insert(part.amount.to_owned(), amount);
                }
            }
            _ => list.push(Value::Object(make(key, amount))),
        }
    }
    json!(list)
}

/// Changes the lists in a gift. An empty one changes nothing.
pub(super) fn change_parts(
    gift: &mut Record,
    parts: &[Vec<JsonFields>; 4],
    parameter: &str,
    job: &mut Job<'_>,
) -> Result<(), Problem> {
    let mut wrong = Vec::new();
    for (part, items) in PARTS.iter().zip(parts) {
        let mut changes = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let at = |name: &str| format!("{parameter}.{}[{index}].{name}", part.list);
            match part.key_of(item) {
                Some(key) => {
                    let change = Change::new(item, key, part.amount);
                    // The other parts have an amount elsewhere.
                    let needed = part.list == "giftDesignations" && !change.needs_no_amount();
                    if needed && change.amount.is_null() {
                        wrong.push((at(part.amount), REQUIRED.to_owned()));
                    }
                    changes.push(change);
                }
                None if item.get("paymentId").is_some_and(Value::is_string) => {
                    wrong.push((at("paymentId"), NOT_VALID.to_owned()));
                }
                None => wrong.push((at(part.key), REQUIRED.to_owned())),
            }
        }
        if changes.is_empty() {
            continue;
        }
        let list = changed(gift.list(part.list), changes, part, |key, amount| {
            let mut item = JsonFields::new();
            if part.key != "id" {
                item.insert("id".to_owned(), json!(job.store.gifts.next_designation()));
            }
            item.insert(part.key.to_owned(), json!(key));
            item.insert(part.amount.to_owned(), amount);
            item
        });
        gift.set(part.list, list);
    }
    if wrong.is_empty() { Ok(()) } else { Err(Problem::Invalid(wrong)) }
}
