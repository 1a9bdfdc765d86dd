//! The transactions that wait for the nightly run.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::providers::virtuous::base::record::JsonFields;
use crate::providers::virtuous::base::table::MAX_RECORDS;

/// Pending and past transactions.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Transactions {
    pub(crate) waiting: Vec<Transaction>,
    /// Transactions that staff must correct.
    pub(crate) needing_update: Vec<Transaction>,
    /// Source and id of every accepted gift transaction.
    pub gift_keys: BTreeSet<(String, String)>,
}

/// The maximum number of remembered sources and ids.
pub(crate) const MAX_KEYS: usize = 10 * MAX_RECORDS;

impl Transactions {
    /// The number of stored transactions of a kind.
    pub(crate) fn held(&self, of_gifts: bool) -> usize {
        let held = self.waiting.iter().chain(&self.needing_update);
        held.filter(|waiting| matches!(waiting, Transaction::Gift(_)) == of_gifts).count()
    }
}

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) enum Transaction {
    Contact(JsonFields),
    Gift(JsonFields),
}

/// A string field; empty if it is missing.
pub(crate) fn string_of<'m>(fields: &'m JsonFields, name: &str) -> &'m str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}
