//! Transactions of contacts and gifts: taken in with an empty answer, and not to be seen before the nightly run of
//! `matching.rs`. Those of gifts are de-duplicated by source and id. One of a contact whose source and id were there before
//! is taken in again, since that is how a contact is brought up to date.

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
    /// Source and id of every gift's transaction that was taken in.
    gift_keys: BTreeSet<(String, String)>,
}

/// Sources and ids that are remembered.
const MOST_KEYS: usize = 10 * MOST;

impl Transactions {
    /// How many of a kind are held.
    fn held(&self, of_gifts: bool) -> usize {
        let held = self.waiting.iter().chain(&self.need_update);
        held.filter(|waiting| matches!(waiting, Waiting::Gift(_)) == of_gifts).count()
    }
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

/// One gift's transaction that is ready to be taken in, where errors name it.
struct Entry {
    parameter: String,
    members: Members,
}

/// Takes the transactions of gifts in, all or none. Those that repeat the source and the id of another, or of a gift, are
/// an error, or are passed over where the settings say that a repeat is a success.
fn take(job: &mut Job<'_>, entries: Vec<Entry>) -> Result<(), Problem> {
    let transactions = &job.store.transactions;
    let keys = transactions.gift_keys.len();
    if transactions.held(true) + entries.len() > MOST || keys + entries.len() > MOST_KEYS {
        return Err(Problem::Full("transactions of gifts"));
    }
    let mut fresh: Vec<(Members, Option<(String, String)>)> = Vec::new();
    let mut seen = BTreeSet::new();
    for Entry { parameter, members } in entries {
        let [source, id] = ["transactionSource", "transactionId"].map(|name| word(&members, name).to_owned());
        let there = |(source, id): &(String, String)| {
            job.store.transactions.gift_keys.contains(&(source.clone(), id.clone()))
                || job.store.gifts.by_source(source, id).is_some()
        };
        let key = (!id.is_empty()).then_some((source, id));
        let repeated = key.as_ref().is_some_and(|key| there(key) || !seen.insert(key.clone()));
        if !repeated {
            fresh.push((members, key));
        } else if job.settings.repeated_transaction_status == 200 {
            job.checks.pass("a repeated transaction is passed over");
        } else {
            let words = "A transaction with this source and id is there already.";
            return Err(Problem::field(format!("{parameter}.transactionId"), words));
        }
    }
    for (members, key) in fresh {
        let transactions = &mut job.store.transactions;
        transactions.gift_keys.extend(key);
        transactions.waiting.push(Waiting::Gift(members));
        job.context.effect("gift_transaction");
    }
    Ok(())
}

/// Takes the transactions of contacts in, all or none.
fn take_contacts(job: &mut Job<'_>, contacts: Vec<Members>) -> Result<(), Problem> {
    if job.store.transactions.held(false) + contacts.len() > MOST {
        return Err(Problem::Full("transactions of contacts"));
    }
    for members in contacts {
        job.store.transactions.waiting.push(Waiting::Contact(members));
        job.context.effect("contact_transaction");
    }
    Ok(())
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
    take(job, vec![Entry { parameter: "giftTransaction".to_owned(), members }])?;
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
        entries.push(Entry { parameter, members });
    }
    take(job, entries)?;
    Ok(Answer::Empty)
}

/// `create_contact_transaction`.
pub(super) fn contact(job: &mut Job<'_>) -> Outcome {
    let members = job.members("contactTransaction", CONTACT)?;
    take_contacts(job, vec![members])?;
    Ok(Answer::Empty)
}

/// `create_contact_transactions`: all or none.
pub(super) fn contacts(job: &mut Job<'_>) -> Outcome {
    let mut batch = job.members("contactTransactions", CONTACTS)?;
    let source = batch.get("referenceSource").cloned().unwrap_or_default();
    let mut contacts = objects(&mut batch, "contacts");
    for members in &mut contacts {
        members.insert("referenceSource".to_owned(), source.clone());
    }
    take_contacts(job, contacts)?;
    Ok(Answer::Empty)
}
