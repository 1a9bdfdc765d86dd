//! Transactions of contacts and gifts: accepted with an empty response, and visible only after the nightly run in
//! `matching.rs`. Gift transactions are de-duplicated by source and id. A contact transaction with a known source and id is
//! accepted again, since it updates the contact.

use std::collections::BTreeSet;

use crate::providers::virtuous::base::custom::RecordKind;
use crate::providers::virtuous::base::fields::{
    Field, collections_known, custom_known, flag, int, items, loose_day, number, object, objects, price,
    strings, text,
};
use crate::providers::virtuous::base::record::JsonFields;
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::table::MAX_RECORDS;
use crate::providers::virtuous::base::violations::{REQUIRED, Violations};
use crate::providers::virtuous::data::job::{Job, Outcome, Output};
use crate::providers::virtuous::data::transactions::{MAX_KEYS, Transaction, string_of};

const ATTENDANCE: &[Field] =
    &[int("volunteerOpportunityId"), text("volunteerOpportunityName"), text("date"), text("hours")];

const CONTACT: &[Field] = &[
    text("referenceSource"),
    text("referenceId"),
    text("contactType"),
    text("name"),
    text("title"),
    text("firstName").required(),
    text("middleName"),
    text("lastName").required(),
    text("suffix"),
    text("emailType"),
    text("email"),
    text("phoneType"),
    text("phone"),
    text("address1"),
    text("address2"),
    text("city"),
    text("state"),
    text("postal"),
    text("country"),
    int("eventId"),
    text("eventName"),
    flag("invited"),
    flag("rsvp"),
    flag("rsvpResponse"),
    flag("attended"),
    text("tags"),
    text("originSegmentCode"),
    strings("emailLists"),
    custom_known(RecordKind::Contact),
    items("volunteerAttendances", ATTENDANCE),
];
const CONTACTS: &[Field] = &[text("referenceSource"), items("contacts", CONTACT)];

const ADDRESS: &[Field] =
    &[text("address1"), text("address2"), text("city"), text("state"), text("postal"), text("country")];

macro_rules! giver_fields {
    ($($names:expr),*) => {
        &[
            $($names,)*
            text("middlename"),
            text("referenceId"),
            int("id"),
            text("name"),
            text("type"),
            text("title"),
            text("suffix"),
            text("birthMonth"),
            text("birthDay"),
            text("birthYear"),
            text("gender"),
            text("emailType"),
            text("email"),
            text("phoneType"),
            text("phone"),
            object("address", ADDRESS),
            text("tags"),
            strings("emailLists"),
        ]
    };
}

const GIVER: &[Field] = giver_fields!(text("firstname").required(), text("lastname").required());
// Often an organization, which has no such names.
const PASSTHROUGH: &[Field] = giver_fields!(text("firstname"), text("lastname"));
const DESIGNATION: &[Field] = &[int("id"), text("name"), text("code"), text("amountDesignated")];
const PREMIUM: &[Field] = &[int("id"), text("name"), text("code"), int("quantity")];
const TRIBUTE: &[Field] = &[
    int("tributeId"),
    text("tributeType"),
    text("tributeFirstName"),
    text("tributeLastName"),
    text("tributeCity"),
    text("tributeState"),
    int("acknowledgeeIndividualId"),
    text("acknowledgeeFirstName"),
    text("acknowledgeeLastName"),
    text("acknowledgeeAddress"),
    text("acknowledgeeCity"),
    text("acknowledgeeState"),
    text("acknowledgeePostal"),
    text("acknowledgeeEmail"),
    text("acknowledgeePhone"),
];
const ATTENDEE: &[Field] = &[
    int("eventId"),
    text("eventName"),
    flag("invited"),
    flag("rsvp"),
    flag("rsvpResponse"),
    flag("attended"),
];

macro_rules! gift_members {
    ($kind:expr) => {
        &[
            text("transactionSource"),
            text("transactionId"),
            object("contact", GIVER).required(),
            loose_day("giftDate"),
            loose_day("cancelDate"),
            $kind,
            price("amount").required(),
            text("currencyCode"),
            number("exchangeRate"),
            text("frequency"),
            text("recurringGiftTransactionId"),
            flag("recurringGiftTransactionUpdate"),
            text("pledgeFrequency"),
            text("pledgeTransactionId"),
            text("pledgeExpectedFullfillmentDate"),
            text("batch"),
            text("notes"),
            text("segment"),
            text("mediaOutlet"),
            loose_day("receiptDate"),
            text("receiptSegment"),
            text("cashAccountingCode"),
            text("tribute"),
            object("tributeDedication", TRIBUTE),
            flag("isPrivate"),
            flag("isTaxDeductible"),
            text("checkNumber"),
            text("creditCardType"),
            int("nonCashGiftTypeId"),
            text("nonCashGiftType"),
            text("nonCashGiftDescription"),
            text("stockTickerSymbol"),
            int("stockNumberOfShares"),
            text("iraCustodian"),
            text("submissionUrl"),
            items("designations", DESIGNATION),
            items("premiums", PREMIUM),
            custom_known(RecordKind::Gift),
            collections_known("customObjects", &[RecordKind::Contact, RecordKind::Individual]),
            int("contactIndividualId"),
            object("passthroughContact", PASSTHROUGH),
            object("eventAttendee", ATTENDEE),
        ]
    };
}

const GIFT: &[Field] = gift_members!(text("giftType").required());
// In a batch, the default is `defaultGiftType`.
const GIFT_IN_BATCH: &[Field] = gift_members!(text("giftType"));
const GIFTS: &[Field] = &[
    text("transactionSource").required(),
    items("transactions", GIFT_IN_BATCH).required(),
    flag("createImport"),
    text("importName"),
    text("batch"),
    number("batchTotal"),
    loose_day("defaultGiftDate"),
    text("defaultGiftType"),
];

/// A parsed gift transaction, with its name in errors.
struct Entry {
    parameter: String,
    fields: JsonFields,
}

/// Stores gift transactions, all or none. A duplicate of a transaction or gift is an error, or ignored if the settings say
/// so.
fn take(job: &mut Job<'_>, entries: Vec<Entry>) -> Result<(), Problem> {
    let transactions = &job.store.transactions;
    let keys = transactions.gift_keys.len();
    if transactions.held(true) + entries.len() > MAX_RECORDS || keys + entries.len() > MAX_KEYS {
        return Err(Problem::Full("transactions of gifts"));
    }
    let mut fresh: Vec<(JsonFields, Option<(String, String)>)> = Vec::new();
    let mut seen = BTreeSet::new();
    for Entry { parameter, fields } in entries {
        let [source, id] =
            ["transactionSource", "transactionId"].map(|name| string_of(&fields, name).to_owned());
        let there = |(source, id): &(String, String)| {
            job.store.transactions.gift_keys.contains(&(source.clone(), id.clone()))
                || job.store.gifts.by_source(source, id).is_some()
        };
        let key = (!id.is_empty()).then_some((source, id));
        let repeated = key.as_ref().is_some_and(|key| there(key) || !seen.insert(key.clone()));
        if !repeated {
            fresh.push((fields, key));
        } else if job.settings.repeated_transaction_status == 200 {
            job.checks.pass("a repeated transaction is passed over");
        } else {
            let words = "A transaction with this source and id is there already.";
            return Err(Problem::field(format!("{parameter}.transactionId"), words));
        }
    }
    for (fields, key) in fresh {
        let transactions = &mut job.store.transactions;
        transactions.gift_keys.extend(key);
        transactions.waiting.push(Transaction::Gift(fields));
        job.context.effect("gift_transaction");
    }
    Ok(())
}

/// Stores contact transactions, all or none.
fn take_contacts(job: &mut Job<'_>, contacts: Vec<JsonFields>) -> Result<(), Problem> {
    if job.store.transactions.held(false) + contacts.len() > MAX_RECORDS {
        return Err(Problem::Full("transactions of contacts"));
    }
    for fields in contacts {
        job.store.transactions.waiting.push(Transaction::Contact(fields));
        job.context.effect("contact_transaction");
    }
    Ok(())
}

/// `create_gift_transaction`.
pub(crate) fn gift(job: &mut Job<'_>) -> Outcome {
    let fields = job.fields("giftTransaction", GIFT)?;
    take(job, vec![Entry { parameter: "giftTransaction".to_owned(), fields }])?;
    Ok(Output::Empty)
}

/// `create_gift_transactions`: all or none.
pub(crate) fn gifts(job: &mut Job<'_>) -> Outcome {
    let mut batch = job.fields("giftTransactions", GIFTS)?;
    let (mut entries, mut wrong) = (Vec::new(), Violations::of(job.settings));
    for (index, mut fields) in objects(&mut batch, "transactions").into_iter().enumerate() {
        let parameter = format!("giftTransactions.transactions[{index}]");
        for (name, default) in [
            ("transactionSource", "transactionSource"),
            ("giftType", "defaultGiftType"),
            ("giftDate", "defaultGiftDate"),
            ("batch", "batch"),
        ] {
            let missing = string_of(&fields, name).is_empty();
            if let (true, Some(value)) = (missing, batch.get(default).filter(|value| !value.is_null())) {
                fields.insert(name.to_owned(), value.clone());
            }
        }
        if string_of(&fields, "giftType").is_empty() {
            wrong.push((format!("{parameter}.giftType"), REQUIRED.to_owned()));
        }
        entries.push(Entry { parameter, fields });
    }
    take(job, wrong.or(entries)?)?;
    Ok(Output::Empty)
}

/// `create_contact_transaction`.
pub(crate) fn contact(job: &mut Job<'_>) -> Outcome {
    let fields = job.fields("contactTransaction", CONTACT)?;
    take_contacts(job, vec![fields])?;
    Ok(Output::Empty)
}

/// `create_contact_transactions`: all or none.
pub(crate) fn contacts(job: &mut Job<'_>) -> Outcome {
    let mut batch = job.fields("unmatchedContactsBindingModel", CONTACTS)?;
    let source = batch.get("referenceSource").cloned().unwrap_or_default();
    let mut contacts = objects(&mut batch, "contacts");
    for fields in contacts.iter_mut().filter(|fields| string_of(fields, "referenceSource").is_empty()) {
        fields.insert("referenceSource".to_owned(), source.clone());
    }
    take_contacts(job, contacts)?;
    Ok(Output::Empty)
}
