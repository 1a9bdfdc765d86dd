//! Conversions from responses to update requests, where the API has two types for one object.

use crate::amount::Amount;
use crate::custom_fields::Flag;
use crate::error::Error;
use crate::error::PROVIDER;
use crate::models::{DateTime, PaymentGift};
use auth_client_core::provider::check;
use auth_client_core::provider::record::{self, Field};
use auth_client_core::{Reply, UnknownFields};
use serde::Serialize;

/// Returns a field that the update requires, or an error if the response doesn't contain it.
pub(crate) fn required<T>(value: Option<T>, member: &'static str) -> Result<T, Error> {
    value.ok_or_else(|| refused(member, "missing in the response, but required by the update"))
}

/// Returns the value of a renamed field, or what the response has under the name in the update.
pub(crate) fn either<T>(
    renamed: Option<T>,
    unknown: impl FnOnce() -> Result<Option<T>, Error>,
) -> Result<Option<T>, Error> {
    if renamed.is_some() { Ok(renamed) } else { unknown() }
}

/// Decodes a field of the update that is not a field of the response model.
pub(crate) fn known<T: Field>(unknown: &UnknownFields, member: &'static str) -> Result<Option<T>, Error> {
    record::known(unknown, member).map_err(|_| refused(member, "the response has a value of another type"))
}

/// Converts a displayed amount of a response to the number in an update.
pub(crate) fn amount(display: Option<&String>, member: &'static str) -> Result<Option<Amount>, Error> {
    let Some(text) = display.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    let amount = Amount::from_display(text);
    amount.map(Some).ok_or_else(|| refused(member, "the response contains no valid amount"))
}

/// Returns a date of a response, or an error if it can't be parsed: it would be sent unchanged, and the server would
/// discard it.
pub(crate) fn date(date: Option<&DateTime>, member: &'static str) -> Result<Option<DateTime>, Error> {
    let Some(date) = date.filter(|date| !date.as_str().trim().is_empty()) else { return Ok(None) };
    let is_readable = date.civil().is_some();
    is_readable
        .then(|| Some(date.clone()))
        .ok_or_else(|| refused(member, "the response contains no readable date"))
}

/// Returns the amount of a gift that was a payment.
pub(crate) fn paid(gift: Option<&PaymentGift>, _: &'static str) -> Result<Option<Amount>, Error> {
    Ok(gift.and_then(|gift| gift.amount))
}

/// Converts a boolean that responses represent as a string.
pub(crate) fn flag(flag: Option<&Flag>, member: &'static str) -> Result<Option<bool>, Error> {
    let Some(flag) = flag else { return Ok(None) };
    flag.is_set().map(Some).ok_or_else(|| refused(member, "the response contains neither yes nor no"))
}

/// Returns an error if an update contains characters that were lost when the object was read.
pub(crate) fn intact<T, U: Serialize>(read: &Reply<T>, update: &U) -> Result<(), Error> {
    if !read.is_damaged() {
        return Ok(());
    }
    let json = serde_json::to_string(update).unwrap_or_default();
    let fields: UnknownFields = serde_json::from_str(&json).unwrap_or_default();
    let fields = fields.iter().map(|(name, value)| (name, value.get()));
    check::not_damaged("modify", fields).map_err(|error| error.with_provider(PROVIDER).into())
}

fn refused(member: &'static str, reason: &'static str) -> Error {
    auth_client_core::Error::invalid_input("modify", member, reason).with_provider(PROVIDER).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{PlannedGift, PlannedGiftUpdate, Pledge, PledgeUpdate};

    #[test]
    fn amounts_for_display_become_numbers_or_an_error() {
        let mut gift: PlannedGift =
            serde_json::from_str(r#"{"id":1,"anticipatedAmount":"$1,000.50","currentValue":""}"#).unwrap();
        let update = PlannedGiftUpdate::try_from(&gift).unwrap();
        assert_eq!((update.anticipated_amount, update.current_value), (Some(Amount::new(100_050, 2)), None));
        gift.current_value = Some("Unavailable".to_owned());
        let error = PlannedGiftUpdate::try_from(&gift).unwrap_err();
        assert_eq!((error.kind(), error.field()), (crate::ErrorKind::InvalidInput, Some("currentValue")));
        assert!(!error.to_string().contains("Unavailable"), "{error}");
    }

    #[test]
    fn a_field_that_the_update_requires_must_be_in_the_response() {
        let pledge: Pledge = serde_json::from_str(r#"{"id":1,"amountPledged":5}"#).unwrap();
        let error = PledgeUpdate::try_from(&pledge).unwrap_err();
        assert_eq!(error.field(), Some("frequency"));
    }
}
