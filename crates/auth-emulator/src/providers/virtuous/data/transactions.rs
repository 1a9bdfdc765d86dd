//! The transactions that wait for the nightly run.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::providers::virtuous::base::record::JsonFields;
use crate::providers::virtuous::base::table::MAX_RECORDS;

/// What waits for the night, and what was there before.
#[derive(Debug, Default)]
pub(crate) struct Transactions {
    pub(crate) waiting: Vec<Transaction>,
    /// Those that wait for staff.
    pub(crate) needing_update: Vec<Transaction>,
    /// Source and id of every gift's transaction that was taken in.
    pub gift_keys: BTreeSet<(String, String)>,
}

/// Sources and ids that are remembered.
pub(crate) const MAX_KEYS: usize = 10 * MAX_RECORDS;

impl Transactions {
    /// How many of a kind are held.
    pub(crate) fn held(&self, of_gifts: bool) -> usize {
        let held = self.waiting.iter().chain(&self.needing_update);
        held.filter(|waiting| matches!(waiting, Transaction::Gift(_)) == of_gifts).count()
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Transaction {
    Contact(JsonFields),
    Gift(JsonFields),
}

/// A text of what was read; empty where there is none.
pub(crate) fn string_of<'m>(fields: &'m JsonFields, name: &str) -> &'m str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}
