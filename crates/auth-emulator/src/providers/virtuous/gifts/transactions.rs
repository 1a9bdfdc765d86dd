//! Transactions of contacts and gifts: taken in with an empty answer, de-duplicated by source and id, and not to be seen
//! before the nightly run of `matching.rs`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::providers::virtuous::custom::Owner;
use crate::providers::virtuous::job::{Answer, Job, Outcome};
use crate::providers::virtuous::money;
use crate::providers::virtuous::record::Members;
use crate::providers::virtuous::replies::Problem;
use crate::providers::virtuous::shape::{
    Member, REQUIRED, custom_map, day, flag, ignored, int, items, number, object, objects, text, texts,
};
use crate::providers::virtuous::table::MOST;

/// What waits for the night, and what was there before.
#[derive(Debug, Default)]
pub(crate) struct Transactions {
    pub(super) waiting: Vec<Waiting>,
    /// Those that wait for staff.
    pub(super) need_update: Vec<Waiting>,
    /// Source and id of every transaction that was taken in: of gifts, and of contacts.
    gift_keys: BTreeSet<(String, String)>,
    contact_keys: BTreeSet<(String, String)>,
}

#[derive(Clone, Debug)]
pub(super) enum Waiting {
    Contact(Members),
    Gift(Members),
}

const ATTENDANCE: &[Member] =
    &[int("volunteerOpportunityId"), text("volunteerOpportunityName"), text("date"), text("hours")];

const CONTACT: &[Member] = &[
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
    texts("emailLists"),
    custom_map(Owner::Contact),
    items("volunteerAttendances", ATTENDANCE),
];
/// All but the source, which the batch has.
const IN_BATCH: &[Member] = CONTACT.split_at(1).1;
const CONTACTS: &[Member] = &[text("referenceSource").required(), items("contacts", IN_BATCH).required()];

const ADDRESS: &[Member] =
    &[text("address1"), text("address2"), text("city"), text("state"), text("postal"), text("country")];

const GIVER: &[Member] = &[
    text("firstname").required(),
    text("lastname").required(),
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
    texts("emailLists"),
];
const DESIGNATION: &[Member] = &[int("id"), text("name"), text("code"), text("amountDesignated")];
const PREMIUM: &[Member] = &[int("id"), text("name"), text("code"), text("quantity")];

macro_rules! gift_members {
    ($kind:expr) => {
        &[
            text("transactionSource"),
            text("transactionId"),
            object("contact", GIVER).required(),
            day("giftDate"),
            day("cancelDate"),
            $kind,
            text("amount").required(),
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
            day("receiptDate"),
            text("receiptSegment"),
            text("cashAccountingCode"),
            text("tribute"),
            ignored("tributeDedication"),
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
            custom_map(Owner::Gift),
            ignored("customObjects"),
            int("contactIndividualId"),
            ignored("passthroughContact"),
            ignored("eventAttendee"),
        ]
    };
}

const GIFT: &[Member] = gift_members!(text("giftType").required());
// In a batch the type can come from `defaultGiftType`.
const GIFT_IN_BATCH: &[Member] = gift_members!(text("giftType"));
const GIFTS: &[Member] = &[
    text("transactionSource").required(),
    items("transactions", GIFT_IN_BATCH).required(),
    flag("createImport"),
    text("importName"),
    text("batch"),
    number("batchTotal"),
    day("defaultGiftDate"),
    text("defaultGiftType"),
];

/// A text of what was read; empty where there is none.
pub(super) fn word<'m>(members: &'m Members, name: &str) -> &'m str {
    members.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// One transaction that is ready to be taken in, where errors name it.
struct Entry {
    parameter: String,
    waiting: Waiting,
}

/// Takes them all in, or none. Those that repeat a source and an id are an error, or are passed over where the settings
/// say that a repeat is a success.
fn take(job: &mut Job<'_>, entries: Vec<Entry>) -> Result<usize, Problem> {
    let held = job.store.transactions.waiting.len() + job.store.transactions.need_update.len();
    if held + entries.len() > MOST || job.store.transactions.gift_keys.len() + entries.len() > 10 * MOST {
        return Err(Problem::Full("transactions"));
    }
    let mut fresh: Vec<(Waiting, Option<(String, String)>)> = Vec::new();
    let mut seen = BTreeSet::new();
    for Entry { parameter, waiting } in entries {
        let transactions = &job.store.transactions;
        let (members, keys, names) = match &waiting {
            Waiting::Gift(members) => {
                (members, &transactions.gift_keys, ["transactionSource", "transactionId"])
            }
            Waiting::Contact(members) => {
                (members, &transactions.contact_keys, ["referenceSource", "referenceId"])
            }
        };
        let [source, id] = names.map(|name| word(members, name).to_owned());
        let key = (!id.is_empty()).then_some((source, id));
        let repeated = key.as_ref().is_some_and(|key| keys.contains(key) || !seen.insert(key.clone()));
        if !repeated {
            fresh.push((waiting, key));
        } else if job.settings.repeated_transaction_status == 200 {
            job.checks.pass("a repeated transaction is passed over");
        } else {
            let [_, name] = names;
            let words = "A transaction with this source and id is there already.";
            return Err(Problem::field(format!("{parameter}.{name}"), words));
        }
    }
    let count = fresh.len();
    for (waiting, key) in fresh {
        let transactions = &mut job.store.transactions;
        let keys = match &waiting {
            Waiting::Gift(_) => &mut transactions.gift_keys,
            Waiting::Contact(_) => &mut transactions.contact_keys,
        };
        keys.extend(key);
        transactions.waiting.push(waiting);
    }
    Ok(count)
}

fn checked_amount(members: &Members, parameter: &str) -> Result<(), Problem> {
    if money::parse(word(members, "amount")).is_some() {
        return Ok(());
    }
    Err(Problem::field(format!("{parameter}.amount"), "The amount is not a number like 500.00."))
}

/// `create_gift_transaction`.
pub(super) fn gift(job: &mut Job<'_>) -> Outcome {
    let members = job.members("giftTransaction", GIFT)?;
    checked_amount(&members, "giftTransaction")?;
    let entry = Entry { parameter: "giftTransaction".to_owned(), waiting: Waiting::Gift(members) };
    for _ in 0..take(job, vec![entry])? {
        job.context.effect("gift_transaction");
    }
    Ok(Answer::Empty)
}

/// `create_gift_transactions`: all or none.
pub(super) fn gifts(job: &mut Job<'_>) -> Outcome {
    let mut batch = job.members("giftTransactions", GIFTS)?;
    let mut entries = Vec::new();
    for (index, mut members) in objects(&mut batch, "transactions").into_iter().enumerate() {
        let parameter = format!("giftTransactions.transactions[{index}]");
        for (name, default) in [
            ("transactionSource", "transactionSource"),
            ("giftType", "defaultGiftType"),
            ("giftDate", "defaultGiftDate"),
            ("batch", "batch"),
        ] {
            let missing = word(&members, name).is_empty();
            if let (true, Some(value)) = (missing, batch.get(default).filter(|value| !value.is_null())) {
                members.insert(name.to_owned(), value.clone());
            }
        }
        checked_amount(&members, &parameter)?;
        if word(&members, "giftType").is_empty() {
            return Err(Problem::field(format!("{parameter}.giftType"), REQUIRED));
        }
        entries.push(Entry { parameter, waiting: Waiting::Gift(members) });
    }
    for _ in 0..take(job, entries)? {
        job.context.effect("gift_transaction");
    }
    Ok(Answer::Empty)
}

/// `create_contact_transaction`.
pub(super) fn contact(job: &mut Job<'_>) -> Outcome {
    let members = job.members("contactTransaction", CONTACT)?;
    let entry = Entry { parameter: "contactTransaction".to_owned(), waiting: Waiting::Contact(members) };
    for _ in 0..take(job, vec![entry])? {
        job.context.effect("contact_transaction");
    }
    Ok(Answer::Empty)
}

/// `create_contact_transactions`: all or none.
pub(super) fn contacts(job: &mut Job<'_>) -> Outcome {
    let mut batch = job.members("contactTransactions", CONTACTS)?;
    let source = batch.get("referenceSource").cloned().unwrap_or_default();
    let mut entries = Vec::new();
    for (index, mut members) in objects(&mut batch, "contacts").into_iter().enumerate() {
        members.insert("referenceSource".to_owned(), source.clone());
        let parameter = format!("contactTransactions.contacts[{index}]");
        entries.push(Entry { parameter, waiting: Waiting::Contact(members) });
    }
    for _ in 0..take(job, entries)? {
        job.context.effect("contact_transaction");
    }
    Ok(Answer::Empty)
}
