//! The person in a transaction.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::providers::virtuous::base::record::JsonFields;
use crate::providers::virtuous::data::transactions::string_of;

/// A person in either kind of transaction.
pub(super) struct Person<'m> {
    pub(super) source: &'m str,
    pub(super) reference: &'m str,
    pub(super) id: Option<i64>,
    pub(super) kind: &'m str,
    pub(super) name: &'m str,
    pub(super) first: &'m str,
    pub(super) last: &'m str,
    pub(super) given: &'m JsonFields,
    pub(super) address: Cow<'m, JsonFields>,
    pub(super) segment: &'m str,
    /// Records in custom collections.
    pub(super) objects: Option<&'m Value>,
    /// Whether the transaction updates a contact found by the reference.
    pub(super) updates: bool,
}

impl<'m> Person<'m> {
    pub(super) fn of_contact(given: &'m JsonFields) -> Self {
        Self {
            source: string_of(given, "referenceSource"),
            reference: string_of(given, "referenceId"),
            id: None,
            kind: string_of(given, "contactType"),
            name: string_of(given, "name"),
            first: string_of(given, "firstName"),
            last: string_of(given, "lastName"),
            given,
            address: Cow::Borrowed(given),
            segment: string_of(given, "originSegmentCode"),
            objects: None,
            updates: true,
        }
    }

    pub(super) fn of_gift(gift: &'m JsonFields, given: &'m JsonFields) -> Self {
        let address = given.get("address").and_then(Value::as_object);
        Self {
            source: string_of(gift, "transactionSource"),
            reference: string_of(given, "referenceId"),
            id: given.get("id").and_then(Value::as_i64),
            kind: string_of(given, "type"),
            name: string_of(given, "name"),
            first: string_of(given, "firstname"),
            last: string_of(given, "lastname"),
            given,
            address: address.map_or_else(|| Cow::Owned(JsonFields::new()), Cow::Borrowed),
            segment: "",
            objects: gift.get("customObjects"),
            updates: false,
        }
    }

    /// The fields of the individual.
    pub(super) fn individual(&self) -> JsonFields {
        let middle = ["middleName", "middlename"].map(|name| string_of(self.given, name));
        let fields = [
            ("firstName", self.first),
            ("lastName", self.last),
            ("middleName", middle.into_iter().find(|middle| !middle.is_empty()).unwrap_or_default()),
            ("prefix", string_of(self.given, "title")),
            ("suffix", string_of(self.given, "suffix")),
            ("gender", string_of(self.given, "gender")),
        ];
        let given = fields.into_iter().filter(|(_, value)| !value.is_empty());
        given.map(|(name, value)| (name.to_owned(), json!(value))).collect()
    }
}
